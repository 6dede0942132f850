package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
)

// maxRefusedShown bounds the table; the number of all is said below it.
const maxRefusedShown = 100

func newRefusedCommand(env *environment) *cobra.Command {
	var resend bool
	cmd := &cobra.Command{
		Use:   "refused",
		Short: "List the points that InfluxDB refused for good, or send them again",
		Long: `List the points that InfluxDB refused for good, with its reason. They stay in the
journal; once the reason is mended, --resend has the daemon send them again.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return refused(cmd.Context(), env, resend) },
	}
	cmd.Flags().BoolVar(&resend, "resend", false, "send all of them again")
	return cmd
}

func refused(ctx context.Context, env *environment, resend bool) (err error) {
	cfg, err := env.loadConfig("state_dir")
	if err != nil {
		return err
	}
	j, err := openBeside(ctx, cfg.StateDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	if resend {
		marked, err := j.MarkResend(ctx, nil)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(env.Stdout, "%d points are sent again by the daemon, or by `collectord once`\n", marked)
		return err
	}
	rows, err := j.Refused(ctx, 0)
	if err != nil {
		return err
	}
	t := newTable()
	t.AppendHeader(table.Row{"refused at", "reason", "point"})
	for i, r := range rows {
		if i == maxRefusedShown {
			break
		}
		t.AppendRow(table.Row{r.At.UTC().Format(time.RFC3339), visible(r.Reason), visible(string(r.Line))})
	}
	if len(rows) > 0 {
		if err := render(env.Stdout, t); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(env.Stdout, "%d points refused\n", len(rows))
	return err
}
