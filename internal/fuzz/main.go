// Command fuzz runs every fuzz target of the module for a while, one after another:
//
//	go run ./internal/fuzz -time 1m
//	go run ./internal/fuzz -time 10m -run 'FuzzParse$' ./collector/...
//
// It finds the targets as `go test -list` names them, so a new one needs no line
// anywhere. What a target finds is written by the go command to the testdata/fuzz of
// its package and fails `go test` from then on, until it is mended; the other targets
// are run all the same. The exit status is 0 if no target failed, 1 if one did, 2 if
// the command line is wrong.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// target is one fuzz function.
type target struct{ pkg, name string }

// options is what the command line says.
type options struct {
	time     string // as go test's -fuzztime: "30s", or "1000x" for a number of inputs
	parallel int
	run      *regexp.Regexp // of "PACKAGE.FuzzName"
	packages []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	opts, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "fuzz:", err)
		os.Exit(2)
	}
	if err := run(ctx, opts, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "fuzz:", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	var pattern string
	fs := flag.NewFlagSet("fuzz", flag.ContinueOnError)
	fs.StringVar(&o.time, "time", "1m", "how long each target runs, or 1000x: how many inputs it gets")
	fs.IntVar(&o.parallel, "parallel", 1, "how many inputs at a time")
	fs.StringVar(&pattern, "run", "", "only the targets whose PACKAGE.NAME matches")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	var err error
	o.run, err = regexp.Compile(pattern)
	o.packages = fs.Args()
	if len(o.packages) == 0 {
		o.packages = []string{"./..."}
	}
	return o, err
}

// run lists the targets and runs each. The error names those that failed.
func run(ctx context.Context, o options, out io.Writer) error {
	began := time.Now()
	targets, err := list(ctx, o)
	if err != nil {
		return err
	}
	if len(targets) == 0 {
		return errors.New("no fuzz target matches")
	}
	var failed []string
	for _, t := range targets {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := t.fuzz(ctx, o, out); err != nil {
			failed = append(failed, t.String())
		}
	}
	say(out, "%d targets in %s, %d failed\n", len(targets), time.Since(began).Round(time.Second), len(failed))
	if len(failed) > 0 {
		return fmt.Errorf("failed: %s", strings.Join(failed, ", "))
	}
	return nil
}

// list asks the go command for the targets of the packages.
func list(ctx context.Context, o options) ([]target, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-list", "^Fuzz"}, o.packages...)...) //nolint:gosec // the developer's own words
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go test -list: %w\n%s", err, text)
	}
	var matching []target
	for _, t := range targetsOf(string(text)) {
		if o.run == nil || o.run.MatchString(t.String()) {
			matching = append(matching, t)
		}
	}
	return matching, nil
}

// targetsOf reads what `go test -list` prints: the names of a package, and after
// them its own name in a line that begins with "ok".
func targetsOf(text string) []target {
	var all []target
	var names []string
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 1 && strings.HasPrefix(fields[0], "Fuzz"):
			names = append(names, fields[0])
		case len(fields) >= 2 && fields[0] == "ok":
			for _, name := range names {
				all = append(all, target{fields[1], name})
			}
			names = nil
		}
	}
	return all
}

func (t target) String() string { return t.pkg + "." + t.name }

// fuzz runs the target and says in a line how it went. A failure is said in full.
func (t target) fuzz(ctx context.Context, o options, out io.Writer) error {
	began := time.Now()
	cmd := exec.CommandContext(ctx, "go", "test", "-run=^$", //nolint:gosec // likewise
		"-fuzz=^"+t.name+"$", "-fuzztime="+o.time,
		"-fuzzminimizetime=2s", // a minute, the default, is the whole time of a target
		"-parallel="+strconv.Itoa(o.parallel), t.pkg)
	text, err := cmd.CombinedOutput()
	took := time.Since(began).Round(100 * time.Millisecond)
	if err != nil {
		say(out, "FAIL %s after %s\n%s", t, took, clipped(text))
		return err
	}
	say(out, "ok   %s %s: %s\n", t, took, progress(text))
	return nil
}

// clipped is a text with its lines cut: an input that breaks a target may be long, and
// is in the file that the go command names.
func clipped(text []byte) string {
	const most = 500 // bytes
	var b strings.Builder
	for line := range strings.Lines(string(text)) {
		if len(line) > most {
			line = strings.ToValidUTF8(line[:most], "") + " ...\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

// progress is what the go command said last of the inputs it tried: "execs: 1000
// (500/sec), new interesting: 3 (total: 40)".
func progress(text []byte) string {
	last := "nothing said"
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if _, said, ok := strings.Cut(lines.Text(), "execs: "); ok {
			last = "execs: " + said
		}
	}
	return last
}

// say prints a line of the report. Where it cannot be printed there is nobody to
// tell.
func say(out io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(out, format, args...) }
