package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"collectord/collector/config"
	"collectord/networks"
	"collectord/networks/all"
)

func newAccountCommand(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "account",
		Short: "List, add and remove the accounts of the config file",
		Long: `List, add and remove the accounts of the config file. The file is edited in place:
comments, order and style of all that is there stay, the result is checked before it
replaces the file, and a running daemon takes it within 2 s.`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			return usage(errors.New("a command is missing; `collectord account --help` lists them"))
		},
	}
	cmd.AddCommand(newAccountAddCommand(env), newAccountListCommand(env), newAccountRemoveCommand(env))
	return cmd
}

func newAccountAddCommand(env *environment) *cobra.Command {
	var label string
	cmd := &cobra.Command{
		Use:   "add NETWORK HANDLE",
		Short: "Add an account to the config file",
		Long: `Add an account to the config file, by its handle, id or profile URL, behind those
that its network has. Where the network has no section yet, one is made with a
schedule of its own. The label is the handle unless --label names another. What begins
with a dash comes after two of them.`,
		Example:           "  collectord account add vk https://vk.com/durov --label 'Pavel Durov'\n  collectord account add telegram --label 'Our own' -- -1001234567890",
		Args:              arguments("NETWORK", "HANDLE"),
		ValidArgsFunction: completeNetwork,
		RunE: func(_ *cobra.Command, args []string) error {
			path, err := env.configPath()
			if err != nil {
				return err
			}
			done, err := config.AddAccount(path, env.configEnv(), config.Addition{
				Network: args[0], Handle: args[1], Label: label, Schedule: politeSchedule(args[0]),
			})
			if err != nil {
				return editError(err)
			}
			return tellEdit(env, done, "added: %s: %s, %s")
		},
	}
	cmd.Flags().StringVar(&label, "label", "", "the account's name in the series (default the handle, or the name in a profile URL)")
	return cmd
}

func newAccountRemoveCommand(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:   "remove NETWORK LABEL",
		Short: "Remove an account from the config file; its points stay",
		Long: `Remove an account from the config file. What was collected stays in the journal and
in InfluxDB; the account is polled no more.`,
		Args:              arguments("NETWORK", "LABEL"),
		ValidArgsFunction: completeLabel(env),
		RunE: func(_ *cobra.Command, args []string) error {
			path, err := env.configPath()
			if err != nil {
				return err
			}
			done, err := config.RemoveAccount(path, env.configEnv(), args[0], args[1])
			if err != nil {
				return editError(err)
			}
			return tellEdit(env, done, "removed: %s: %s, it was at %s")
		},
	}
}

// accountEntry is one account in the JSON of `account list`.
type accountEntry struct {
	Network  string            `json:"network"`
	Account  string            `json:"account"`
	Handle   string            `json:"handle"`
	Schedule string            `json:"schedule"`
	Tags     map[string]string `json:"tags,omitempty"`
	Tokens   []string          `json:"tokens"` // names of keychain slots
	Position string            `json:"position"`
}

func newAccountListCommand(env *environment) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:               "list [NETWORK]",
		Short:             "List the accounts of the config file, and where they are written",
		Args:              atMostOne("NETWORK"),
		ValidArgsFunction: completeNetwork,
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, err := env.loadNetworks()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				if err := knownNetwork(args[0]); err != nil {
					return err
				}
				cfg.Networks = slices.DeleteFunc(cfg.Networks, func(n config.Network) bool { return n.Name != args[0] })
			}
			return listAccounts(env, cfg, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON on stdout")
	return cmd
}

func listAccounts(env *environment, cfg *config.Config, asJSON bool) error {
	entries := []accountEntry{}
	for _, n := range cfg.Networks {
		for _, a := range n.Accounts {
			e := accountEntry{Network: n.Name, Account: a.Label, Handle: a.Handle, Schedule: a.Schedule.String(), Tokens: a.Tokens, Position: a.Pos()}
			if a.Tokens == nil {
				e.Tokens = append([]string{}, n.Tokens...)
			}
			for _, t := range a.Tags {
				if e.Tags == nil {
					e.Tags = make(map[string]string, len(a.Tags))
				}
				e.Tags[t.Key] = t.Value
			}
			entries = append(entries, e)
		}
	}
	if asJSON {
		return writeJSON(env.Stdout, entries)
	}
	if len(entries) == 0 {
		_, err := fmt.Fprintln(env.Stdout, "no accounts; `collectord account add NETWORK HANDLE` adds one")
		return err
	}
	t := newTable()
	t.AppendHeader(table.Row{"network", "account", "handle", "schedule", "token", "written at"})
	for _, e := range entries {
		t.AppendRow(table.Row{e.Network, visible(e.Account), visible(e.Handle), visible(e.Schedule), orDash(strings.Join(e.Tokens, " ")), visible(e.Position)})
	}
	return render(env.Stdout, t)
}

// loadNetworks reads the networks of the config file alone: what is wrong with
// influxdb does not matter to who looks at accounts.
func (env *environment) loadNetworks() (*config.Config, error) {
	if _, err := env.configPath(); err != nil {
		return nil, err
	}
	return env.loadConfig("networks", "state_dir")
}

// politeSchedule is how often a network is polled where nobody has said; empty for the
// usual default. LiveJournal bans who asks often.
func politeSchedule(network string) string {
	if network == "livejournal" {
		return "@daily"
	}
	return ""
}

// editError tells an edit that the config does not allow from one that failed.
func editError(err error) error {
	var refused *config.RefusedError
	var mistakes config.Mistakes
	switch {
	case errors.As(err, &refused):
		return usage(errors.New(err.Error())) // a sentence; the file is as it was, and right
	case errors.As(err, &mistakes), errors.Is(err, fs.ErrNotExist):
		return usage(err)
	}
	return fmt.Errorf("the config was not changed: %w", err)
}

func tellEdit(env *environment, done config.Edited, format string) error {
	for _, m := range done.Unchecked {
		_, _ = fmt.Fprintf(env.Stderr, "warning: not checked here: %s\n", visible(m.String()))
	}
	a := done.Account
	_, err := fmt.Fprintf(env.Stdout, format+"\n", visible(a.Label), visible(a.Handle), visible(a.Pos()))
	return err
}

// arguments demands exactly these arguments.
func arguments(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != len(names) {
			return usage(fmt.Errorf("%s takes %s, got %d arguments; quote what has spaces in it", cmd.CommandPath(), strings.Join(names, " "), len(args)))
		}
		return nil
	}
}

// atMostOne allows one argument.
func atMostOne(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usage(fmt.Errorf("%s takes at most one %s, got %d arguments", cmd.CommandPath(), name, len(args)))
		}
		return nil
	}
}

// knownNetwork refuses the name of what is no network.
func knownNetwork(name string) error {
	if _, ok := all.Find(name); ok {
		return nil
	}
	return usage(fmt.Errorf("%q: unknown network; there are %s", name, strings.Join(networkNames(), ", ")))
}

// networkNames are the names of all networks.
func networkNames() []string {
	var names []string
	for _, d := range all.List() {
		names = append(names, d.Name)
	}
	return names
}

// completeNetwork completes the first argument of a command to a network.
func completeNetwork(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return networksForCompletion(all.List()), cobra.ShellCompDirectiveNoFileComp
}

func networksForCompletion(list []networks.Descriptor) []string {
	var names []string
	for _, d := range list {
		names = append(names, cobra.CompletionWithDesc(d.Name, d.Title))
	}
	return names
}

// completeLabel completes arguments NETWORK LABEL from the config.
func completeLabel(env *environment) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 1 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		network := ""
		if len(args) == 1 {
			network = args[0]
		}
		return labels(env, network), cobra.ShellCompDirectiveNoFileComp
	}
}

// labels are those of a network, or, where none is named, the networks that have
// accounts. A config that cannot be read completes to nothing.
func labels(env *environment, network string) []string {
	cfg, err := env.loadNetworks()
	if err != nil {
		return nil
	}
	var words []string
	for _, n := range cfg.Networks {
		if network == "" && len(n.Accounts) > 0 {
			words = append(words, cobra.CompletionWithDesc(n.Name, n.Descriptor.Title))
		}
		for _, a := range n.Accounts {
			if network == n.Name {
				words = append(words, cobra.CompletionWithDesc(a.Label, a.Handle))
			}
		}
	}
	return words
}
