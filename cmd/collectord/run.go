package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"collectord/collector"
	"collectord/collector/config"
	"collectord/keychain"
)

func newRunCommand(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Run the daemon: poll on schedule, deliver to InfluxDB, serve the status page",
		Long: `Run the daemon until SIGTERM or Ctrl-C. Saving the config file is enough to change
what it does; SIGHUP makes it look at once.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// First of all: a SIGHUP that comes before this would end the process.
			hup := make(chan os.Signal, 1)
			signal.Notify(hup, syscall.SIGHUP)
			defer signal.Stop(hup)
			env.spareMemory()
			cfg, err := env.loadConfig()
			if err != nil {
				return err
			}
			return runDaemon(cmd.Context(), env, cfg, hup)
		},
	}
}

// runDaemon runs the daemon of a config until ctx ends.
func runDaemon(ctx context.Context, env *environment, cfg *config.Config, hup <-chan os.Signal) error {
	var secrets mask
	log, level, err := newLog(cfg.Log, env.logTo(), &secrets)
	if err != nil {
		return err
	}
	keys, err := openDaemonKeychain(cfg, env, log)
	if err != nil {
		return err
	}
	secrets.use(keys, cfg)
	reload := make(chan struct{}, 1)
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	go forward(inner, hup, reload)
	d, err := collector.NewDaemon(ctx, collector.DaemonOptions{
		Config: cfg, Load: func() (*config.Config, error) { return reloaded(env, &secrets, keys) },
		Keys: keys, Log: log, Level: level, Version: version, Reload: reload,
	})
	if err != nil {
		keys.Close()
		return unlessEnded(ctx, err)
	}
	if err := d.Run(ctx); err != nil {
		return err
	}
	_ = log.Sync() // what was not counted yet is said before the last line
	log.Info("collectord stopped")
	return nil
}

// reloaded reads the config anew; a new secret in it is masked from then on.
func reloaded(env *environment, secrets *mask, keys *keychain.KeyChain) (*config.Config, error) {
	cfg, err := env.loadConfig()
	if err == nil {
		secrets.use(keys, cfg)
	}
	return cfg, err
}

// unlessEnded is err, or nil where a signal ended the start: that is an end in
// order.
func unlessEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// forward turns signals into requests for a reload; those that come while one
// waits are one with it.
func forward(ctx context.Context, signals <-chan os.Signal, reload chan<- struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
			select {
			case reload <- struct{}{}:
			default:
			}
		}
	}
}

// openDaemonKeychain opens the keychain for the daemon. One that cannot be read
// stops the networks that need tokens, not the daemon.
func openDaemonKeychain(cfg *config.Config, env *environment, log *zap.Logger) (*keychain.KeyChain, error) {
	keys, err := openKeychain(cfg, env)
	if keys == nil {
		return nil, err
	}
	if err != nil {
		log.Error("the keychain cannot be read; networks that need a token have none", zap.Error(err),
			zap.String("hint", "`collectord keychain check` says what is wrong"))
	}
	for _, w := range keys.Warnings() {
		log.Warn("the keychain works, and something in it looks wrong", zap.Error(w), zap.String("hint", "`collectord keychain check` says more"))
	}
	return keys, nil
}
