package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"collectord/collector"
	"collectord/collector/config"
	"collectord/collector/journal"
	"collectord/collector/status"
	"collectord/keychain"
)

func newCheckCommand(env *environment) *cobra.Command {
	var online, asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Say all that is wrong with the config, with file, line and column",
		Long: `Read the config file and say all that is wrong with it, and what it costs
where a network charges or allows so much a day. With --online, also try
every token and resolve every account; nothing is stored or delivered, and
the exit status is 1 where a token is refused or an account has no count.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c := checker{env: env, json: asJSON}
			return c.check(cmd.Context(), online)
		},
	}
	cmd.Flags().BoolVar(&online, "online", false, "also try every token and resolve every account")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON on stdout")
	return cmd
}

// checker is one run of `check`.
type checker struct {
	env  *environment
	json bool
}

// findings is what `check --json` prints.
type findings struct {
	File     string           `json:"file"`
	OK       bool             `json:"ok"`
	Errors   []config.Mistake `json:"errors"`
	Warnings []config.Mistake `json:"warnings"`
	Networks int              `json:"networks"`
	Accounts int              `json:"accounts"`
	Costs    []costFinding    `json:"costs"`
	Month    float64          `json:"usd_in_30_days"` // of all networks that charge
	Cluster  *clusterFinding  `json:"cluster,omitempty"`
	Tokens   []tokenFinding   `json:"tokens,omitempty"`
	Resolved []accountRow     `json:"resolved,omitempty"`
}

type tokenFinding struct {
	Slot   string `json:"slot"`
	OK     bool   `json:"ok"`
	Report string `json:"report,omitempty"`
	Error  string `json:"error,omitempty"`
}

func (c checker) check(ctx context.Context, online bool) error {
	path, err := c.env.configPath()
	if err != nil {
		return err
	}
	cfg, err := config.Load(path, c.env.configEnv())
	if err != nil {
		return c.broken(path, err)
	}
	f := findings{File: path, OK: true, Errors: []config.Mistake{}, Warnings: cfg.Warnings, Networks: len(cfg.Networks)}
	for _, n := range cfg.Networks {
		f.Accounts += len(n.Accounts)
	}
	f.Costs = costs(cfg, time.Now())
	f.Month = monthOf(f.Costs)
	f.Warnings = append(f.Warnings, c.files(cfg)...)
	for _, cost := range f.Costs {
		f.Warnings = append(f.Warnings, cost.warnings(cfg.File)...)
	}
	if f.Warnings == nil {
		f.Warnings = []config.Mistake{}
	}
	if !c.json {
		for _, w := range f.Warnings {
			_, _ = fmt.Fprintf(c.env.Stderr, "warning: %s\n", w)
		}
		text := fmt.Sprintf("%s: ok: %d networks, %d accounts\n", path, f.Networks, f.Accounts)
		for _, cost := range f.Costs {
			text += cost.String() + "\n"
		}
		if _, err := io.WriteString(c.env.Stdout, text); err != nil {
			return err
		}
	}
	if online {
		err = c.online(ctx, cfg, &f)
	}
	if c.json {
		return errors.Join(writeJSON(c.env.Stdout, f), err)
	}
	return err
}

// broken tells of a config that cannot be taken.
func (c checker) broken(path string, err error) error {
	var mistakes config.Mistakes
	if c.json && errors.As(err, &mistakes) {
		f := findings{File: path, Errors: mistakes, Warnings: []config.Mistake{}}
		return usage(errors.Join(errSilent, writeJSON(c.env.Stdout, f)))
	}
	return usage(err)
}

// online tries every token and resolves every account. It works on a journal of
// its own that is thrown away, so that it may run beside the daemon.
func (c checker) online(ctx context.Context, cfg *config.Config, f *findings) error {
	keys, err := openKeychain(cfg, c.env)
	if err != nil {
		return err
	}
	defer keys.Close()
	reached := c.cluster(ctx, cfg, f)
	refused := c.tokens(ctx, cfg, keys, f)
	accounts, err := c.resolve(ctx, cfg, keys)
	if err != nil {
		return err
	}
	missing := 0
	for _, a := range accounts {
		if a.Error != "" || a.State != "ok" && a.State != "renamed" {
			missing++
		}
	}
	if c.json {
		f.Resolved = accountRows(accounts)
	} else if err := c.print(accounts, f.Month); err != nil {
		return err
	}
	f.OK = refused == 0 && missing == 0 && reached
	switch {
	case f.OK:
		return nil
	case c.json:
		return errSilent
	}
	return f.wrong(refused, missing, len(accounts))
}

// wrong says what is not as it should be.
func (f *findings) wrong(refused, missing, accounts int) error {
	var wrong []string
	if f.Cluster != nil && !f.Cluster.OK {
		wrong = append(wrong, "NATS is not reached")
	}
	if refused > 0 || missing > 0 {
		wrong = append(wrong, fmt.Sprintf("%d of %d tokens refused or missing, %d of %d accounts without a count", refused, len(f.Tokens), missing, accounts))
	}
	return errors.New(strings.Join(wrong, "; "))
}

// print shows the accounts with their states, and what a month of them costs.
func (c checker) print(accounts []status.Account, month float64) error {
	if err := printAccounts(c.env.Stdout, accounts, false); err != nil {
		return err
	}
	_, err := fmt.Fprintln(c.env.Stdout, monthText(month))
	return err
}

// tokens tries every slot that the config uses and returns how many do not work.
func (c checker) tokens(ctx context.Context, cfg *config.Config, keys *keychain.KeyChain, f *findings) (refused int) {
	for _, slot := range slotsOf(cfg) {
		report, err := keys.Check(ctx, slot)
		t := tokenFinding{Slot: slot, OK: err == nil, Report: report}
		if err != nil {
			t.Error = err.Error()
			refused++
		}
		f.Tokens = append(f.Tokens, t)
		if !c.json {
			_, _ = fmt.Fprintf(c.env.Stdout, "token %s: %s\n", slot, visible(firstOf(t.Error, t.Report, "ok")))
		}
	}
	return refused
}

func firstOf(texts ...string) string {
	i := slices.IndexFunc(texts, func(s string) bool { return s != "" })
	return texts[i]
}

// slotsOf are the keychain slots that a config uses, sorted.
func slotsOf(cfg *config.Config) []string {
	var slots []string
	for _, n := range cfg.Networks {
		slots = append(slots, n.Tokens...)
		for _, a := range n.Accounts {
			slots = append(slots, a.Tokens...)
		}
	}
	slices.Sort(slots)
	return slices.Compact(slots)
}

// resolve asks for every account once.
func (c checker) resolve(ctx context.Context, cfg *config.Config, keys *keychain.KeyChain) (accounts []status.Account, err error) {
	dir, err := os.MkdirTemp("", "collectord-check-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	j, err := journal.Open(ctx, journal.Options{Path: filepath.Join(dir, "journal.db"), MaxSize: 0, KeepFor: time.Hour})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	purse, err := openPurse(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if purse != nil {
		defer func() { err = errors.Join(err, purse.Close()) }()
	}
	return pollOnce(ctx, c.env, cfg, collector.Options{
		Journal: j, Purse: purse, Tokens: collector.Tokens(keys, zap.NewNop()), Log: zap.NewNop(), UserAgent: collector.UserAgent(version, cfg.Contact),
	})
}

// openPurse opens the journal of the daemon beside it where a network has a budget:
// what is spent here leaves less for the daemon. It is nil where nothing is bounded
// or there is no journal yet.
func openPurse(ctx context.Context, cfg *config.Config) (*journal.Journal, error) {
	if !slices.ContainsFunc(cfg.Networks, func(n config.Network) bool { return n.Budget > 0 }) {
		return nil, nil
	}
	purse, err := journal.Open(ctx, journal.Options{Path: collector.JournalPath(cfg.StateDir), ReadOnly: true})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		if _, err = purse.Spend(ctx, "", journal.Spent{}); err != nil {
			err = errors.Join(err, purse.Close())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("a budget is kept in the journal: %w", err)
	}
	return purse, nil
}
