// Command collectord polls the follower counts of accounts at social networks on
// cron schedules and writes them as InfluxDB points, losing none.
//
//	run, once, demo ──────────┐
//	check, account, schema ───┼──▶ environment: --config, $VARIABLES, stdin, stdout
//	keychain ... ─────────────┤          │
//	export, plot, refused ────┘          ▼
//	                            config ─ keychain ─ journal ─ collector
//
// This package is wiring: one file a command, and the mapping of errors to exit
// statuses: 0 done, 1 it ran and failed, 2 the command line or the config is wrong. What
// the program does is in collectord/collector.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"collectord/collector/config"
)

// The exit statuses of every command.
const (
	exitDone   = 0 // done
	exitFailed = 1 // it ran and failed
	exitUsage  = 2 // the command line or the config is wrong
)

func main() { os.Exit(run(os.Args[1:], newEnvironment())) }

// run executes one command line and returns its exit status. The first SIGINT or
// SIGTERM ends it in order; a second one ends it at once.
func run(args []string, env *environment) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	cmd := newRootCommand(env)
	cmd.SetArgs(args)
	return exitStatus(env.errorsTo(), cmd.ExecuteContext(ctx))
}

// exitStatus prints err with its hint, if it has not been printed, and maps it.
func exitStatus(stderr io.Writer, err error) int {
	if err == nil {
		return exitDone
	}
	var mistakes config.Mistakes
	switch {
	case errors.Is(err, errSilent):
	case errors.As(err, &mistakes): // file:line:col first, as editors and people look for it
		_, _ = fmt.Fprintln(stderr, visibleLines(mistakes.Error()+environmentHint(mistakes)))
	default:
		_, _ = fmt.Fprintf(stderr, "collectord: %s\n", visibleLines(err.Error()))
	}
	var u usageError
	if errors.As(err, &u) {
		return exitUsage
	}
	return exitFailed
}

// errSilent ends a command with status 1 when all has been said already.
var errSilent = errors.New("said already")

// usageError is an error of the command line or the config: exit status 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// usage makes err an error of the command line or the config.
func usage(err error) error { return usageError{err} }

func newRootCommand(env *environment) *cobra.Command {
	root := &cobra.Command{
		Use:           "collectord",
		Short:         "Collect follower counts from social networks into InfluxDB",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage(errors.New("a command is missing; `collectord --help` lists them"))
		},
	}
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.PersistentFlags().StringVar(&env.configFile, "config", "",
		"the config file (default ./config.yaml, then /etc/collectord/config.yaml)")
	root.AddCommand(
		newRunCommand(env), newOnceCommand(env), newCheckCommand(env), newDemoCommand(env),
		newKeychainCommand(env), newExportCommand(env), newRefusedCommand(env), newVersionCommand(env),
		newAccountCommand(env), newPlotCommand(env), newSchemaCommand(env), newManCommand(),
	)
	completeArguments(root)
	return root
}

// noArguments refuses positional arguments as a mistake of the command line.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(fmt.Errorf("%s takes no argument %q; `%s --help` shows what it takes", cmd.CommandPath(), args[0], cmd.CommandPath()))
	}
	return nil
}
