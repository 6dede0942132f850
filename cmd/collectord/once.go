package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"collectord/collector"
	"collectord/collector/config"
	"collectord/collector/influx"
	"collectord/collector/journal"
	"collectord/collector/status"
)

// deliverFor bounds how long `once` waits for an InfluxDB that does not answer.
// What is not delivered by then waits in the journal.
const deliverFor = 10 * time.Second

func newOnceCommand(env *environment) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "once",
		Short: "Poll every account now, once, print a table, deliver to InfluxDB",
		Long: `Poll every account of the config now, once. The points are journalled and delivered
as those of the daemon are. The exit status is 0 when every account was answered for
(not_found is an answer), 1 when a request or a token failed for good.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			env.spareMemory()
			cfg, err := env.loadConfig()
			if err != nil {
				return err
			}
			return once(cmd.Context(), env, cfg, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON on stdout")
	return cmd
}

// once polls, prints and delivers.
func once(ctx context.Context, env *environment, cfg *config.Config, asJSON bool) error {
	var secrets mask
	log, _, err := newLog(cfg.Log, env.logTo(), &secrets)
	if err != nil {
		return err
	}
	defer func() { _ = log.Sync() }()
	keys, err := openDaemonKeychain(cfg, env, log)
	if err != nil {
		return err
	}
	defer keys.Close()
	secrets.use(keys, cfg)
	j, err := collector.OpenJournal(ctx, cfg)
	if err != nil {
		return err
	}
	accounts, err := pollOnce(ctx, env, cfg, collector.Options{
		Journal: j, Tokens: collector.Tokens(keys, log), Log: quiet(log, env), UserAgent: collector.UserAgent(version, cfg.Contact),
	})
	if err == nil {
		err = printAccounts(env.Stdout, accounts, asJSON)
		deliverOnce(ctx, env, cfg, j, log) // also where nobody reads the table to its end
	}
	if err := errors.Join(err, j.Close()); err != nil {
		return err
	}
	if failed := countFailed(accounts); failed > 0 {
		return fmt.Errorf("%d of %d accounts had no answer", failed, len(accounts))
	}
	return nil
}

// quiet leaves out, on a terminal, the lines that the table says better.
func quiet(log *zap.Logger, env *environment) *zap.Logger {
	if isTerminal(env.Stderr) {
		return log.WithOptions(zap.IncreaseLevel(zap.ErrorLevel))
	}
	return log
}

// pollOnce polls every account, with a progress bar on a terminal.
func pollOnce(ctx context.Context, env *environment, cfg *config.Config, opts collector.Options) ([]status.Account, error) {
	c, err := collector.New(ctx, cfg, opts)
	if err != nil {
		return nil, err
	}
	var each func(int)
	if isTerminal(env.Stderr) {
		bar := progressbar.NewOptions(cfg.Size(), progressbar.OptionSetWriter(env.Stderr), progressbar.OptionSetDescription("polling"),
			progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
		each = func(n int) { _ = bar.Add(n) } // a bar that cannot be drawn stops nothing
		defer func() { _ = bar.Finish() }()
	}
	if err := c.Once(ctx, each); err != nil {
		return nil, err
	}
	accounts := c.Accounts()
	for i := range accounts {
		if a := &accounts[i]; !a.LastSuccess.Equal(a.LastPoll) { // counts of an earlier poll
			a.Followers, a.Following, a.Posts, a.Views, a.Likes = nil, nil, nil, nil, nil
		}
	}
	return accounts, nil
}

// deliverOnce delivers what the journal has. What InfluxDB does not take now waits
// there and is no failure of the polls.
func deliverOnce(ctx context.Context, env *environment, cfg *config.Config, j *journal.Journal, log *zap.Logger) {
	if cfg.InfluxDB == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, deliverFor)
	defer cancel()
	delivery := collector.NewDelivery(cfg.InfluxDB, j, log)
	if err := delivery.Drain(ctx); err != nil {
		_, _ = fmt.Fprintf(env.Stderr, "collectord: points wait in %s and are delivered at the next run: %v\n", j.Path(), err)
		var e *influx.Error
		if errors.As(err, &e) && e.Hint != "" {
			_, _ = fmt.Fprintf(env.Stderr, "  hint: %s\n", e.Hint)
		}
	}
}

// countFailed counts the accounts that nobody answered for.
func countFailed(accounts []status.Account) int {
	failed := 0
	for _, a := range accounts {
		if a.Error != "" || a.State == "" {
			failed++
		}
	}
	return failed
}
