package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"collectord/collector/status"
)

// The size of a figure where the terminal does not tell its own.
const (
	usualColumns = 80
	usualRows    = 16
	mostRows     = 30
)

func newPlotCommand(env *environment) *cobra.Command {
	var since, output string
	var ascii bool
	cmd := &cobra.Command{
		Use:   "plot NETWORK LABEL",
		Short: "Draw an account's followers in the terminal, or into an SVG file",
		Long: `Draw an account's followers over time from the journal: in the terminal, as wide as it
is, or with -o into an SVG file. A gap is a poll without a count. A running daemon is
not disturbed, and accounts that are in the config no more can be drawn as well.`,
		Example:           "  collectord plot vk 'Pavel Durov' --since 7d\n  collectord plot vk 'Pavel Durov' -o durov.svg",
		Args:              arguments("NETWORK", "LABEL"),
		ValidArgsFunction: completeLabel(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := knownNetwork(args[0]); err != nil {
				return err
			}
			now := time.Now()
			from, err := status.ParseSince(now, since)
			if err != nil {
				return usage(fmt.Errorf("--since: %w", err))
			}
			if output != "" && !strings.EqualFold(filepath.Ext(output), ".svg") {
				return usage(fmt.Errorf("-o %s: the name of the file must end in .svg", output))
			}
			figure, err := figureOf(cmd.Context(), env, args[0], args[1], from, now)
			if err != nil {
				return err
			}
			return plot(env, figure, output, ascii)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&since, "since", "30d", "from when on: 30d, 12h, 2026-11-01T00:00:00Z, all")
	flags.StringVarP(&output, "output", "o", "", "write an SVG file")
	flags.BoolVar(&ascii, "ascii", false, "draw with ASCII alone, as is done where the locale is not UTF-8")
	return cmd
}

// figureOf reads an account's series beside whoever writes it.
func figureOf(ctx context.Context, env *environment, network, label string, from, to time.Time) (f status.Figure, err error) {
	cfg, err := env.loadConfig("state_dir")
	if err != nil {
		return f, err
	}
	j, err := openBeside(ctx, cfg.StateDir)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	samples, err := j.History(ctx, network, label, from)
	if err != nil {
		return f, err
	}
	f = status.Figure{Title: visible(label) + " at " + network + ": followers", From: from, To: to}
	for _, s := range samples {
		f.Samples = append(f.Samples, status.Sample{Time: s.Time, Followers: s.Followers})
	}
	if len(f.Samples) == 0 {
		return f, fmt.Errorf("%s: %s: no points in the journal%s; `collectord account list` names the accounts, --since all takes all points",
			network, visible(label), sinceText(from))
	}
	return f, nil
}

func sinceText(from time.Time) string {
	if from.IsZero() {
		return ""
	}
	return " since " + from.UTC().Format(time.RFC3339)
}

// plot draws a figure into a file, or on stdout.
func plot(env *environment, f status.Figure, output string, ascii bool) error {
	if output != "" {
		var b strings.Builder
		if err := f.WriteSVG(&b); err != nil {
			return err
		}
		const readable = 0o644
		return renameio.WriteFile(output, []byte(b.String()), readable)
	}
	columns, rows := env.size()
	return f.WriteText(env.Stdout, columns, rows, !ascii && env.isUTF8())
}

// size is how many columns and rows a figure may take: those of the terminal, less what
// stands around the plot; else those of $COLUMNS.
func (env *environment) size() (columns, rows int) {
	columns, rows = usualColumns, usualRows
	if text, ok := env.Getenv("COLUMNS"); ok {
		const most = 1000
		if n, err := strconv.Atoi(text); err == nil && n > 0 {
			columns = min(n, most)
		}
	}
	out, ok := env.Stdout.(*os.File)
	if !ok {
		return columns, rows
	}
	if w, h, err := term.GetSize(int(out.Fd())); err == nil && w > 0 {
		const around = 6 // title, axis, times, summary, and the prompt's lines
		columns, rows = w, min(h-around, mostRows)
	}
	return columns, rows
}

// isUTF8 reports whether the locale's characters are UTF-8.
func (env *environment) isUTF8() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale, _ := env.Getenv(name); locale != "" {
			locale = strings.ToLower(locale)
			return strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
		}
	}
	return false
}
