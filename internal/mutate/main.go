// Command mutate breaks lines of a package, one at a time, and counts how many of the
// breaks a test notices:
//
//	go run ./internal/mutate ./collector/journal
//	go run ./internal/mutate -n 100 -seed 7 ./networks/...
//	go run ./internal/mutate -n 0 -at 'prune.go:4[0-9]:' ./collector/journal
//
// A break (a mutant) is one edit of the source, of these kinds:
//
//	negated      a condition of an if, a for or a case is turned round
//	unchecked    an error that was looked at (err != nil) is not
//	swallowed    nil is returned in place of an error
//	unsynced     Sync, Flush or Close, or a function named after them, is not called
//	uncalled     a call that is a statement of its own is not made
//	unassigned   a variable, field or element keeps what it had
//	compared     < and <=, > and >=, == and != are exchanged
//	calculated   + and - are, and ++ and --
//	connected    && and || are
//	answered     true is returned in place of false, false in place of true
//
// They are the slips that a review overlooks, and between them they reach most lines.
// Literals are left alone: the length of a pause is a choice, and most of its
// neighbours are as good. So are deferred calls, which free what only a leak would
// show, locks and logs at debug. What evaluates to an operand (the error of a call that
// is swallowed, the arguments of one that is not made) is evaluated all the same: one
// edit breaks one thing. Libraries for this were looked at (gremlins, go-mutesting):
// they exchange operators, and drop neither an error check nor an fsync.
//
// The seed chooses n of all the mutants of a package, those that do not compile
// excepted. Nothing in the tree is touched: the edited file goes to the go command as
// an overlay, by $GOFLAGS, so that a program which a test builds has it too. The tests
// of the package are tried first, the quick ones of them before the rest, and then
// those of the packages that use it (users.go), until one fails. A mutant that makes
// a test run into its time limit, or out of memory, is caught: so would a person.
//
// Printed are the survivors (with -v all, each with the test that caught it) and a
// table. A mutant that changes nothing one could see is a survivor like any other: the
// line says more than it does, and might be simpler. The exit status is 0 if every
// package has at least the -least share, 1 if one has not or a test fails without any
// mutant, 2 if the command line is wrong.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"time"
)

// options is what the command line says.
type options struct {
	n        int            // mutants a package, 0 for all
	seed     uint64         // which of them
	at       *regexp.Regexp // of "FILE:LINE: what", base names
	run      string         // the tests to try at first, in place of those of users.go
	workers  int            // mutants at a time
	least    int            // the share that has to be caught, in percent
	own      bool           // the tests of the users are not tried
	list     bool           // say the mutants and try none
	verbose  bool
	dir      string // where the packages are looked for, "" for here
	packages []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	opts, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(2)
	}
	if err = boundMemory(); err == nil {
		err = run(ctx, opts, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	var at string
	fs := flag.NewFlagSet("mutate", flag.ContinueOnError)
	fs.IntVar(&o.n, "n", 20, "how many mutants a package; 0 is all")
	fs.Uint64Var(&o.seed, "seed", 1, "which of them")
	fs.StringVar(&at, "at", "", "only the mutants whose FILE:LINE: WHAT matches")
	fs.StringVar(&o.run, "run", "", "the tests to try first, as go test -run has them")
	fs.IntVar(&o.workers, "p", max(1, runtime.NumCPU()/2), "how many mutants at a time")
	fs.IntVar(&o.least, "least", 0, "how many of a hundred have to be caught")
	fs.BoolVar(&o.own, "own", false, "try the tests of the package alone, not those of its users")
	fs.BoolVar(&o.list, "list", false, "say the mutants, try none")
	fs.BoolVar(&o.verbose, "v", false, "say those that were caught too, and by which test")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if o.packages = fs.Args(); len(o.packages) == 0 {
		return o, errors.New("which packages?")
	}
	if o.n < 0 || o.workers < 1 {
		return o, errors.New("-n is at least 0 and -p at least 1")
	}
	var err error
	o.at, err = regexp.Compile(at)
	return o, err
}

// run tries the packages one after another and prints the table.
func run(ctx context.Context, o options, out io.Writer) error {
	began := time.Now()
	packages, err := listPackages(ctx, o.dir, o.packages)
	if err != nil {
		return err
	}
	var scores []score
	for _, p := range packages {
		all, err := p.mutants()
		if err != nil {
			return err
		}
		chosen := o.choose(all)
		if o.list {
			for _, m := range chosen {
				say(out, "%s\n", m)
			}
			continue
		}
		s, err := o.try(ctx, p, chosen, out)
		if err != nil {
			return fmt.Errorf("%s: %w", p.ImportPath, err)
		}
		scores = append(scores, s)
	}
	if o.list {
		return nil
	}
	return table(scores, o, time.Since(began), out)
}

// say prints a line of the report. Where it cannot be printed there is nobody to
// tell.
func say(out io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(out, format, args...) }
