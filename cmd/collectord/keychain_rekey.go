package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"collectord/keychain"
)

func newRekeyCommand(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:   "rekey",
		Short: "Put a new key in place of the one that encrypts the keychain",
		Long: `Put a new key in place of the one that encrypts the keychain. Every dump is encrypted
anew, and the old key leaves its file: what was copied of both before stays readable,
so after a theft the tokens want replacing as well. A running daemon goes on. Cut short
at any moment nothing is lost, and the command called again finishes.`,
		Args: noArguments,
		RunE: withKeychain(env, func(_ context.Context, k *keychain.KeyChain, _ []string) error {
			done, err := k.Rekey()
			for _, path := range done.SetAside {
				_, _ = fmt.Fprintf(env.Stderr, "collectord: warning: a dump is damaged and was set aside as %s\n", path)
			}
			for _, path := range done.Left {
				_, _ = fmt.Fprintf(env.Stderr, "collectord: warning: %s is for a key that is not here; it was left as it is\n", path)
			}
			if err != nil {
				return err
			}
			_, _ = fmt.Fprintf(env.Stderr, "the key in %s is the new one; dumps encrypted for it: %d\n", done.Key, done.Dumps)
			if done.Spare > 0 {
				_, _ = fmt.Fprintln(env.Stderr, "nothing needs the older keys below it any more: take them out")
			}
			return nil
		}),
	}
}
