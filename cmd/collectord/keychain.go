package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"collectord/collector"
	"collectord/collector/config"
	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/all"
)

// newKeychainCommand is `collectord keychain`: the tokens.
func newKeychainCommand(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keychain",
		Short: "Store, show and try the networks' tokens",
		Long: `The tokens of the networks, in slots: vk, tw, ig ... and vk:NAME for one more.
They are kept encrypted in the state folder. Every change leaves a dump of its own,
and a running daemon takes it over at once.`,
		Args: cobra.ArbitraryArgs, // RunE refuses them, and repeats none: one may be a token
	}
	cmd.RunE = func(*cobra.Command, []string) error {
		var names []string
		for _, c := range cmd.Commands() {
			names = append(names, c.Name())
		}
		return usage(fmt.Errorf("keychain: what to do? one of: %s", strings.Join(names, ", ")))
	}
	cmd.AddCommand(
		newAssignCommand(env), newGetCommand(env), newShowCommand(env), newKeychainCheckCommand(env),
		newDeleteCommand(env), newAutocompleteCommand(env), newDumpsCommand(env), newLoadCommand(env), newRekeyCommand(env), newLoginCommand(env),
	)
	return cmd
}

// keychainSections are the sections of the config that commands about tokens read: they
// work where a variable of another section is not set, or no file is there at all.
func keychainSections() []string { return []string{"state_dir", "contact", "networks"} }

// withKeychain is the body of a command that works on the keychain of the config.
// What is wrong with the command line or with what the user handed in has status 2.
func withKeychain(env *environment, do func(ctx context.Context, k *keychain.KeyChain, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		cfg, err := env.loadConfig(keychainSections()...)
		if err != nil {
			return err
		}
		k, err := openKeychain(cfg, env)
		if err != nil {
			return err
		}
		defer k.Close()
		for _, w := range k.Warnings() {
			_, _ = fmt.Fprintf(env.Stderr, "collectord: warning: %v\n", w)
		}
		err = do(cmd.Context(), k, args)
		if errors.Is(err, keychain.ErrSlot) || errors.Is(err, keychain.ErrFormat) {
			return usage(err)
		}
		return err
	}
}

// openKeychain opens the config's keychain, with what every network says of its
// slots, and loads the newest dump.
func openKeychain(cfg *config.Config, env *environment) (*keychain.KeyChain, error) {
	opts := keychain.Options{Dir: cfg.StateDir}
	opts.Credentials, _ = env.Getenv("CREDENTIALS_DIRECTORY")
	for _, d := range all.List() {
		networks.Introduce(&opts, d, d.New(networkOptions(cfg, d.Name)))
	}
	k, err := keychain.Open(opts)
	if err != nil {
		return nil, err
	}
	return k, k.LoadLast()
}

// networkOptions is what the config says of where a network is; its defaults where
// the config does not have the network.
func networkOptions(cfg *config.Config, name string) networks.Options {
	opts := networks.Options{UserAgent: collector.UserAgent(version, cfg.Contact)}
	if i := slices.IndexFunc(cfg.Networks, func(n config.Network) bool { return n.Name == name }); i >= 0 {
		n := cfg.Networks[i]
		opts.BaseURL, opts.AuthURL, opts.OAuthURL, opts.APIVersion = n.BaseURL, n.AuthURL, n.OAuthURL, n.APIVersion
	}
	return opts
}

// oneArgument takes exactly one, which is not repeated in the error.
func oneArgument(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage(fmt.Errorf("%s takes one argument: %s", cmd.CommandPath(), what))
		}
		return nil
	}
}

// knownSlot refuses a slot that no network has.
func knownSlot(k *keychain.KeyChain, slot string) error {
	_, err := k.FormatOf(slot)
	return err
}

func newGetCommand(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:   "get SLOT",
		Short: "Print the value of a slot: the one command that prints a secret",
		Args:  oneArgument("a slot"),
		RunE: withKeychain(env, func(_ context.Context, k *keychain.KeyChain, args []string) error {
			if err := knownSlot(k, args[0]); err != nil {
				return err
			}
			v, ok := k.Get(args[0])
			if !ok {
				return fmt.Errorf("%s holds nothing", args[0])
			}
			text, err := v.Reveal()
			if err != nil {
				return err
			}
			_, err = env.Stdout.Write(text)
			return err
		}),
	}
}

func newDeleteCommand(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:   "delete SLOT",
		Short: "Empty a slot (older dumps keep the value until they are pruned)",
		Args:  oneArgument("a slot"),
		RunE: withKeychain(env, func(_ context.Context, k *keychain.KeyChain, args []string) error {
			if err := k.Delete(args[0]); errors.Is(err, keychain.ErrEmpty) && knownSlot(k, args[0]) != nil {
				return knownSlot(k, args[0])
			} else if err != nil {
				return err
			}
			_, _ = fmt.Fprintf(env.Stderr, "%s deleted\n", args[0])
			return nil
		}),
	}
}

func newLoadCommand(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:   "load ID",
		Short: "Make an older dump the newest",
		Args:  oneArgument("the id of a dump; `collectord keychain dumps` lists them"),
		RunE: withKeychain(env, func(_ context.Context, k *keychain.KeyChain, args []string) error {
			if err := k.Load(args[0]); err != nil {
				return err
			}
			_, _ = fmt.Fprintf(env.Stderr, "loaded; the keychain holds: %s\n", strings.Join(k.Slots(), ", "))
			return nil
		}),
	}
}

func newAutocompleteCommand(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:   "autocomplete",
		Short: "Make and refresh the tokens that can be, now",
		Args:  noArguments,
		RunE: withKeychain(env, func(ctx context.Context, k *keychain.KeyChain, _ []string) error {
			if ask := askAtTerminal(env); ask != nil {
				ctx = networks.WithAsker(ctx, ask)
			}
			outcomes, err := k.AutocompleteNow(ctx)
			if err != nil {
				return err
			}
			if len(outcomes) == 0 {
				_, _ = fmt.Fprintln(env.Stderr, "there is no token that can be made or refreshed now")
			}
			for _, o := range outcomes {
				if o.Err != nil {
					_, _ = fmt.Fprintf(env.Stderr, "collectord: %s\n", visibleLines(o.Err.Error()+hintOf(k, o.Err)))
					err = errSilent
					continue
				}
				_, _ = fmt.Fprintf(env.Stdout, "%s: new token\n", o.Slot)
			}
			return err
		}),
	}
}
