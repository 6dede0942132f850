package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"collectord/keychain"
)

// maxInput bounds what is read of a value, in bytes.
const maxInput = 1 << 20

var errValueArgument = errors.New("a value is never given as an argument: other users can see it in the process list; " +
	"use --from FILE or --from -, or leave it out to be asked")

var errInterrupted = errors.New("assign: interrupted")

func newAssignCommand(env *environment) *cobra.Command {
	var from string
	var check bool
	cmd := &cobra.Command{
		Use:   "assign SLOT [--from FILE|-] [--check]",
		Short: "Put a value into a slot",
		Long: `Put a value into a slot: a bare string, or a YAML or JSON mapping. It comes from a
file, from standard input (--from -), or is asked for on the terminal without echo,
after a question which kind it is where the slot takes several.
It is checked for its form, and with --check it must also be accepted by the
network before anything is stored.`,
		Args: func(_ *cobra.Command, args []string) error {
			switch len(args) {
			case 0:
				return usage(errors.New("assign: a slot is missing, such as vk or vk:second"))
			case 1:
				return nil
			}
			return usage(errValueArgument)
		},
		RunE: withKeychain(env, func(ctx context.Context, k *keychain.KeyChain, args []string) error {
			return assign(ctx, env, k, args[0], from, check)
		}),
	}
	cmd.Flags().StringVar(&from, "from", "", "the `FILE` with the value, - for standard input")
	cmd.Flags().BoolVar(&check, "check", false, "store the value only if the network accepts it")
	cmd.SetFlagErrorFunc(func(*cobra.Command, error) error {
		return usage(errors.New("assign: a flag is unknown or lacks its value; it takes --from FILE and --check"))
	})
	return cmd
}

func assign(ctx context.Context, env *environment, k *keychain.KeyChain, slot, from string, check bool) error {
	f, err := k.FormatOf(slot)
	if err != nil {
		return err
	}
	if check && !k.Checks(slot) {
		return usage(fmt.Errorf("assign: --check: nothing can try %s yet", slot))
	}
	v, err := readValue(ctx, env, f, from)
	if err != nil {
		return err
	}
	if check {
		err = assignChecked(ctx, env, k, slot, v)
	} else {
		err = k.Assign(slot, v)
	}
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(env.Stderr, "%s assigned\n", slot)
	return nil
}

// assignChecked assigns a value that the network accepts. One whose token has still to
// be made is stored with the token, before that is tried: its refresh token is used up
// by then.
func assignChecked(ctx context.Context, env *environment, k *keychain.KeyChain, slot string, v keychain.Value) error {
	report, err := k.Try(ctx, slot, v)
	made := errors.Is(err, keychain.ErrUnmade)
	if made {
		err = k.PutMade(ctx, slot, v)
	}
	switch {
	case errors.Is(err, keychain.ErrFormat):
		return err
	case err != nil:
		return fmt.Errorf("%s was left as it is: %w%s", slot, err, hintOf(k, err))
	case made:
		if report, err = k.Check(ctx, slot); err != nil {
			return fmt.Errorf("%s was assigned, because its refresh token is used up by now, and is refused: %w%s", slot, err, hintOf(k, err))
		}
	default:
		if err := k.Assign(slot, v); err != nil {
			return err
		}
	}
	_, _ = fmt.Fprintf(env.Stderr, "%s: %s\n", slot, report)
	return nil
}

// readValue takes the value from where --from says, or asks for it.
func readValue(ctx context.Context, env *environment, f keychain.Format, from string) (keychain.Value, error) {
	switch from {
	case "":
		tty, ok := env.Stdin.(*os.File)
		if !ok || !term.IsTerminal(int(tty.Fd())) {
			return keychain.Value{}, usage(errors.New("assign: there is no terminal to ask on; " +
				"use --from FILE, or --from - for standard input"))
		}
		return prompt{ctx, tty, env.Stderr}.value(f)
	case "-":
		return interruptible(ctx, func() (keychain.Value, error) { return parseInput(env.Stdin) })
	}
	return interruptible(ctx, func() (keychain.Value, error) {
		file, err := os.Open(from)
		if err != nil {
			return keychain.Value{}, usage(fmt.Errorf("assign: --from: %w", withoutSecret(err, from)))
		}
		defer func() { _ = file.Close() }()
		v, err := parseInput(file)
		if about := (*fs.PathError)(nil); errors.As(err, &about) { // a folder opens, and cannot be read
			return v, usage(fmt.Errorf("assign: --from: %w", withoutSecret(about, from)))
		}
		return v, err
	})
}

// interruptible is what read returns, or an error once ctx ends: a terminal and a pipe
// keep a reader waiting for as long as nobody writes. The read that is left behind ends
// with the process.
func interruptible(ctx context.Context, read func() (keychain.Value, error)) (keychain.Value, error) {
	type result struct {
		value keychain.Value
		err   error
	}
	done := make(chan result, 1)
	go func() {
		v, err := read()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		return keychain.Value{}, errInterrupted
	}
}

func parseInput(r io.Reader) (keychain.Value, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxInput))
	if err != nil {
		return keychain.Value{}, fmt.Errorf("assign: %w", err)
	}
	return keychain.ParseValue(text)
}

// withoutSecret leaves the path out of an error about a file, where it does not
// look like a path: it may be a value in the wrong place.
func withoutSecret(err error, path string) error {
	if len(path) <= 64 && strings.ContainsAny(path, "./") {
		return err
	}
	var about *fs.PathError
	if errors.As(err, &about) {
		return fmt.Errorf("the file named there: %w; it takes a file and not the value itself", about.Err)
	}
	return err
}

// prompt asks on a terminal.
type prompt struct {
	ctx context.Context //nolint:containedctx // a prompt lives as long as its command
	tty *os.File
	out io.Writer
}

// value asks for a value of one of the format's shapes, field by field.
func (p prompt) value(f keychain.Format) (keychain.Value, error) {
	shape, err := p.shape(f)
	if err != nil {
		return keychain.Value{}, err
	}
	if shape.Bare {
		s, err := p.secret(f.Title + ": ")
		return keychain.Bare(s), err
	}
	fields := make(map[string]string)
	for _, name := range shape.Required {
		if fields[name], err = p.secret(name + ": "); err != nil {
			return keychain.Value{}, err
		}
	}
	for _, name := range shape.Optional {
		if fields[name], err = p.secret(name + " (Enter for none): "); err != nil {
			return keychain.Value{}, err
		}
	}
	return keychain.Mapping(fields), nil
}

// shape asks which one, where there are several.
func (p prompt) shape(f keychain.Format) (keychain.Shape, error) {
	if len(f.Shapes) == 1 {
		return f.Shapes[0], nil
	}
	for i, s := range f.Shapes {
		_, _ = fmt.Fprintf(p.out, "%d) %s\n", i+1, s.Kind)
	}
	for {
		_, _ = fmt.Fprintf(p.out, "Which of these, 1 to %d (Enter for 1)? ", len(f.Shapes))
		// Without echo as well: somebody may paste the token here.
		answer, err := p.secret("")
		if err != nil {
			return keychain.Shape{}, err
		}
		if answer == "" {
			return f.Shapes[0], nil
		}
		if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= len(f.Shapes) {
			return f.Shapes[n-1], nil
		}
		_, _ = fmt.Fprintln(p.out, "That is no number of the list, and was not stored. The value is asked for next.")
	}
}

// secret asks for one line without echo. An interrupt gives the terminal its echo
// back; the read that is left behind ends with the process.
func (p prompt) secret(question string) (string, error) {
	fd := int(p.tty.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("assign: terminal: %w", err)
	}
	_, _ = fmt.Fprint(p.out, question)
	type line struct {
		text []byte
		err  error
	}
	read := make(chan line, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		read <- line{text, err}
	}()
	select {
	case l := <-read:
		_, _ = fmt.Fprintln(p.out)
		if l.err != nil {
			return "", fmt.Errorf("assign: terminal: %w", l.err)
		}
		return strings.TrimSpace(string(l.text)), nil
	case <-p.ctx.Done():
		_ = term.Restore(fd, before)
		return "", errInterrupted
	}
}
