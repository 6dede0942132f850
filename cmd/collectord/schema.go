package main

import (
	"github.com/spf13/cobra"

	"collectord/collector/config"
	"collectord/networks/all"
)

func newSchemaCommand(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the config file, for editors",
		Long: `Print the JSON Schema (draft 7) of the config file. Editors that speak to
yaml-language-server complete and check the file by it where its first line is

    # yaml-language-server: $schema=config.schema.json

The schema knows the form; ` + "`collectord check`" + ` knows all that is wrong.`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			schema, err := config.Schema(all.List())
			if err != nil {
				return err
			}
			_, err = env.Stdout.Write(schema)
			return err
		},
	}
}
