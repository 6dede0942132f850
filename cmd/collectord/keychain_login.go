package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/all"
)

const (
	// loginPatience is how long a login waits for the person.
	loginPatience = 10 * time.Minute
	// loginListen is where the redirect of a login is waited for. It is fixed because
	// it stands in the settings of the application at the network.
	loginListen = "127.0.0.1:9185"
)

// loginFlags is what a login was called with.
type loginFlags struct {
	slot, method, from, redirect, listen string
	paste                                bool
	fields                               map[string]*string // by the field's name
}

func newLoginCommand(env *environment) *cobra.Command {
	f := loginFlags{fields: make(map[string]*string)}
	cmd := &cobra.Command{
		Use:   "login NETWORK",
		Short: "Get a token from a network: walk through its OAuth",
		Long: `Get a token from a network and store it. The address to open is printed on standard
output. After the login the network redirects the browser to this machine, where the
command waits for it; on a machine without a browser, --paste takes the address at
which the browser ended. The redirect address must stand in the settings of the
application at the network: http://` + loginListen + `/, or what --redirect says. Where a
method names https://localhost/ nothing waits there: the address is always pasted.

Secrets are asked for without echo, or read from --from FILE as YAML; what the slot
holds already is not asked for again. The methods:

` + loginMethods(),
		Args: oneArgument("a network"),
		RunE: withLogin(env, &f),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.slot, "slot", "", "the `SLOT` for the token (default: the network's own)")
	flags.StringVar(&f.method, "method", "", "the `NAME` of the way to log in (default: the network's first)")
	flags.StringVar(&f.from, "from", "", "the `FILE` with the fields as YAML, - for standard input")
	flags.StringVar(&f.redirect, "redirect", "", "the redirect `URL` in the settings of the application")
	flags.StringVar(&f.listen, "listen", "", "the loopback `ADDRESS` to wait on (default "+loginListen+")")
	flags.BoolVar(&f.paste, "paste", false, "do not listen; take the address at which the browser ended")
	flags.BoolVar(&f.paste, "no-browser", false, "the same as --paste")
	for _, field := range loginFields() {
		if name := strings.ReplaceAll(field.Name, "_", "-"); flags.Lookup(name) == nil {
			f.fields[field.Name] = flags.String(name, "", field.Prompt)
		}
	}
	cmd.SetFlagErrorFunc(func(*cobra.Command, error) error {
		return usage(errors.New("login: a flag is unknown or lacks its value; secrets are never flags; `collectord keychain login --help` lists the flags"))
	})
	return cmd
}

// logins are the ways into a network; none where it has none.
func logins(n networks.Network) []networks.Login {
	if l, ok := n.(networks.LoginNetwork); ok {
		return l.Logins()
	}
	return nil
}

// loginFields are the fields of all logins that can be flags, each once.
func loginFields() []networks.LoginField {
	var fields []networks.LoginField
	for _, d := range all.List() {
		for _, l := range logins(d.New(networks.Options{})) {
			for _, f := range l.Fields {
				if !f.Secret && !slices.ContainsFunc(fields, func(g networks.LoginField) bool { return g.Name == f.Name }) {
					fields = append(fields, f)
				}
			}
		}
	}
	return fields
}

// loginNetworks are the networks that have a way in.
func loginNetworks() []string {
	var names []string
	for _, d := range all.List() {
		if len(logins(d.New(networks.Options{}))) > 0 {
			names = append(names, d.Name)
		}
	}
	return names
}

// loginMethods lists every network's ways in.
func loginMethods() string {
	var b strings.Builder
	for _, d := range all.List() {
		for _, l := range logins(d.New(networks.Options{})) {
			_, _ = fmt.Fprintf(&b, "  %s --method %s\n      %s\n", d.Name, l.Name, l.Title)
		}
	}
	return b.String()
}

// withLogin is the body of the command.
func withLogin(env *environment, f *loginFlags) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		cfg, err := env.loadConfig(keychainSections()...)
		if err != nil {
			return err
		}
		d, ok := all.Find(args[0])
		if !ok {
			return usage(fmt.Errorf("login: no network of that name; there is a login for %s", strings.Join(loginNetworks(), ", ")))
		}
		method, err := f.choose(d, logins(d.New(networkOptions(cfg, d.Name))))
		if err != nil {
			return usage(err)
		}
		return withKeychain(env, func(ctx context.Context, k *keychain.KeyChain, _ []string) error {
			l := &login{env: env, keys: k, method: method, flags: f, slot: f.slot}
			if l.slot == "" {
				l.slot = method.Slot
			}
			if kind, _, err := keychain.ParseSlot(l.slot); err != nil || kind != method.Slot {
				return usage(fmt.Errorf("login: --slot: a slot of kind %s is needed, such as %s or %s:second", method.Slot, method.Slot, method.Slot))
			}
			ctx, cancel := context.WithTimeoutCause(ctx, loginPatience, errors.New("login: nobody came back within "+loginPatience.String()))
			defer cancel()
			return l.run(ctx)
		})(cmd, nil)
	}
}

// choose returns the way to log in.
func (f *loginFlags) choose(d networks.Descriptor, ways []networks.Login) (networks.Login, error) {
	var names []string
	for _, l := range ways {
		if f.method == "" || f.method == l.Name {
			return l, nil
		}
		names = append(names, l.Name)
	}
	switch {
	case len(d.Slots) == 0:
		return networks.Login{}, fmt.Errorf("login: %s takes no token", d.Name)
	case len(ways) == 0:
		return networks.Login{}, fmt.Errorf("login: there is no login for %s; store a token with `collectord keychain assign %s`", d.Name, d.Slots[0].Slot)
	}
	return networks.Login{}, fmt.Errorf("login: --method: %s has %s", d.Name, strings.Join(names, ", "))
}

// login is one login under way.
type login struct {
	env    *environment
	keys   *keychain.KeyChain
	method networks.Login
	flags  *loginFlags
	slot   string
}

func (l *login) say(format string, args ...any) {
	_, _ = fmt.Fprintf(l.env.Stderr, format+"\n", args...)
}

func (l *login) run(ctx context.Context) error {
	in, err := l.fields(ctx)
	if err != nil {
		return err
	}
	if state := l.keys.State(l.slot); state.Name == keychain.Parked && state.Link != "" {
		in["link"] = keychain.Secret(state.Link)
	}
	back, err := l.wayBack(ctx)
	if err != nil {
		return err
	}
	session, err := l.method.Begin(in, back.redirect)
	if err != nil {
		return usage(fmt.Errorf("login: %w%s", err, hintOf(l.keys, err)))
	}
	fresh, err := l.finish(ctx, session, back)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if errors.Is(err, context.Canceled) {
			err = errors.New("interrupted")
		}
		return fmt.Errorf("%s was left as it is: %w%s", l.slot, err, hintOf(l.keys, err))
	}
	if err := l.keys.Put(l.slot, fresh); err != nil {
		return err
	}
	l.clearMaker()
	return l.report(ctx, fresh)
}

// clearMaker takes back that a login from the raw_ slot waits for a person: one was
// there.
func (l *login) clearMaker() {
	raw := "raw_" + l.slot
	if l.keys.State(raw).Name == keychain.Parked {
		_ = l.keys.SetState(raw, keychain.State{}) // shown only; the token is stored
	}
}

// report says what was got, without saying it.
func (l *login) report(ctx context.Context, fresh keychain.Fresh) error {
	if fresh.Value.IsZero() {
		_, _ = fmt.Fprintf(l.env.Stdout, "%s: the next request takes the answer along\n", l.slot)
		return nil
	}
	format, err := l.keys.FormatOf(l.slot)
	if err != nil {
		return err
	}
	ends := "no expiry known"
	for _, info := range l.keys.Show() {
		if info.Slot == l.slot && !info.ExpiresAt.IsZero() {
			ends = "expires " + expiry(info.ExpiresAt)
		}
	}
	_, _ = fmt.Fprintf(l.env.Stdout, "%s: %s, %s\n", l.slot, format.Kind(fresh.Value), ends)
	if !l.keys.Checks(l.slot) {
		return nil
	}
	says, err := l.keys.Check(ctx, l.slot)
	if err != nil {
		return fmt.Errorf("%s is stored, and was not accepted: %w%s; the value before it is in a dump: `collectord keychain dumps`", l.slot, err, hintOf(l.keys, err))
	}
	_, _ = fmt.Fprintf(l.env.Stdout, "%s: %s\n", l.slot, says)
	return nil
}

// fields gathers what the login needs: from flags, --from, the slot and its raw_
// slot, defaults, and the person, in this order.
func (l *login) fields(ctx context.Context) (map[string]keychain.Secret, error) {
	given, err := l.from()
	if err != nil {
		return nil, err
	}
	held, _ := l.keys.Get(l.slot)
	raw, _ := l.keys.Get("raw_" + l.slot)
	in := make(map[string]keychain.Secret)
	var missing []networks.LoginField
	for _, f := range l.method.Fields {
		candidates := []string{"", given.Get(f.Name), raw.Get(f.Name), held.Get(f.Name), f.Default}
		if flag := l.flags.fields[f.Name]; flag != nil && !f.Secret {
			candidates[0] = *flag
		}
		for _, s := range candidates {
			if s = strings.TrimSpace(s); s != "" && in[f.Name] == "" {
				in[f.Name] = keychain.Secret(s)
			}
		}
		if in[f.Name] == "" {
			missing = append(missing, f)
		}
	}
	if l.flags.from != "" { // whoever wrote the file left out what is optional
		missing = slices.DeleteFunc(missing, func(f networks.LoginField) bool { return f.Optional })
	}
	return in, l.askFields(ctx, in, missing)
}

// from reads --from.
func (l *login) from() (keychain.Value, error) {
	var v keychain.Value
	var err error
	switch l.flags.from {
	case "":
		return v, nil
	case "-":
		v, err = parseInput(l.env.Stdin)
	default:
		file, openErr := os.Open(l.flags.from)
		if openErr != nil {
			return v, usage(fmt.Errorf("login: --from: %w", withoutSecret(openErr, l.flags.from)))
		}
		defer func() { _ = file.Close() }()
		v, err = parseInput(file)
	}
	if err != nil {
		return v, err
	}
	var known []string
	for _, f := range l.method.Fields {
		known = append(known, f.Name)
	}
	takes := fmt.Errorf("login: --from: %s takes a mapping of %s", l.method.Name, strings.Join(known, ", "))
	if v.IsBare() {
		return v, usage(takes)
	}
	for _, name := range v.Names() {
		if !slices.Contains(known, name) {
			return v, usage(fmt.Errorf("%w; another field is there", takes))
		}
	}
	return v, nil
}

// askFields asks the person. What only may be given is asked for at a terminal, and
// left out elsewhere.
func (l *login) askFields(ctx context.Context, in map[string]keychain.Secret, missing []networks.LoginField) error {
	tty, ok := l.terminal()
	var names []string
	for _, f := range missing {
		if !ok {
			if !f.Optional {
				names = append(names, l.howToGive(f))
			}
			continue
		}
		question := f.Name + " (" + f.Prompt + "): "
		if f.Optional {
			question = f.Name + " (" + f.Prompt + "; Enter for none): "
		}
		answer, err := prompt{ctx, tty, l.env.Stderr}.ask(question, f.Secret)
		if err != nil {
			return err
		}
		if answer == "" && !f.Optional {
			return usage(fmt.Errorf("login: %s is needed", f.Name))
		}
		in[f.Name] = keychain.Secret(answer)
	}
	if len(names) > 0 {
		return usage(fmt.Errorf("login: there is no terminal to ask on; give %s", strings.Join(names, ", ")))
	}
	return nil
}

func (l *login) howToGive(f networks.LoginField) string {
	if l.flags.fields[f.Name] != nil && !f.Secret {
		return "--" + strings.ReplaceAll(f.Name, "_", "-")
	}
	return f.Name + " with --from FILE"
}

// terminal returns standard input where a person sits at it.
func (l *login) terminal() (*os.File, bool) {
	tty, ok := l.env.Stdin.(*os.File)
	return tty, ok && term.IsTerminal(int(tty.Fd()))
}

// question puts a question of the network to the person.
func (l *login) question(ctx context.Context, q *networks.Question) (string, error) {
	tty, ok := l.terminal()
	if !ok && l.flags.from == "-" {
		return "", fmt.Errorf("%w, and standard input was the fields", q)
	}
	if q.Link != "" {
		l.say("Open this page, and answer with what it shows or ends with:")
		_, _ = fmt.Fprintln(l.env.Stdout, visible(q.Link))
	}
	if ok {
		return prompt{ctx, tty, l.env.Stderr}.ask(q.Prompt+": ", q.Secret)
	}
	l.say("%s:", q.Prompt)
	return l.line(ctx)
}

// line reads one line of standard input, which is no terminal. The read that an
// interrupt leaves behind ends with the process.
func (l *login) line(ctx context.Context) (string, error) {
	type read struct {
		text string
		err  error
	}
	done := make(chan read, 1)
	go func() {
		text, err := readLine(l.env.Stdin)
		done <- read{text, err}
	}()
	select {
	case r := <-done:
		if r.err != nil || r.text == "" {
			return "", fmt.Errorf("login: nothing came on standard input: %w", errors.Join(r.err, errEmptyLine))
		}
		return r.text, nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

var errEmptyLine = errors.New("an empty line")

// readLine reads up to the next line break and no byte further.
func readLine(r io.Reader) (string, error) {
	var line strings.Builder
	var one [1]byte
	for line.Len() < maxInput {
		n, err := r.Read(one[:])
		if n > 0 && one[0] != '\n' {
			line.WriteByte(one[0])
		}
		if n > 0 && one[0] == '\n' || errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
	}
	return strings.TrimSpace(line.String()), nil
}
