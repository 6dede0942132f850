package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"collectord/networks"
)

// Addition is an account that AddAccount is to write into a config file.
type Addition struct {
	Network string // the key under networks
	Handle  string // a handle, an id or a profile URL
	// Label names the account; empty for the handle, or the name in a profile URL.
	Label string
	// Schedule is that of the network's section where the file has none yet; empty for
	// the default, written out.
	Schedule string
}

// Edited tells what became of an edit.
type Edited struct {
	// Account is the one that was written or removed.
	Account Account
	// Unchecked are what could not be checked: sections other than networks with
	// ${VARIABLE}s that the daemon may have and this process has not.
	Unchecked []Mistake
}

// ErrByHand is why an edit was refused that a person can make and this package cannot:
// the accounts are an alias, or in another file.
var ErrByHand = errors.New("edit the file by hand")

// RefusedError is an edit that the config does not allow, such as a label twice; the
// file is as it was.
type RefusedError struct{ err error }

func (e *RefusedError) Error() string { return e.err.Error() }

// Unwrap returns the reason.
func (e *RefusedError) Unwrap() error { return e.err }

func refuse(format string, args ...any) error { return &RefusedError{fmt.Errorf(format, args...)} }

// AddAccount writes one more account into the config file at path, in the style of the
// accounts that are there: every byte of before stays. The file is replaced whole or
// not at all, and only where the result is right in every part and differs from what
// was there by that account alone. The error is of type Mistakes where the file was
// broken before, else a *RefusedError, or that of writing the file.
func AddAccount(path string, env Env, add Addition) (Edited, error) {
	add.fillIn(env)
	return edit(path, env, func(src []byte, cfg *Config) (change, error) {
		if err := add.check(cfg, env); err != nil {
			return change{}, err
		}
		after, err := addition(src, add)
		return change{add.Network, add.Label, after, true}, err
	})
}

// RemoveAccount takes an account out of the config file at path, with the comment on
// its line; comments on lines of their own stay. Else it is like AddAccount.
func RemoveAccount(path string, env Env, network, label string) (Edited, error) {
	return edit(path, env, func(src []byte, cfg *Config) (change, error) {
		a, err := cfg.account(network, label)
		if err != nil {
			return change{}, err
		}
		after, err := removal(src, cfg.File, network, a)
		return change{network, label, after, false}, err
	})
}

// change is a file with one account more, or one less.
type change struct {
	network, label string
	after          []byte
	added          bool
}

// edit reads the file, has it changed, checks what came of it and replaces it, all
// under a lock that edits share.
func edit(path string, env Env, with func([]byte, *Config) (change, error)) (Edited, error) {
	file, err := openForEdit(path)
	if err != nil {
		return Edited{}, err
	}
	defer file.close()
	before, unchecked, err := checked(path, file.src, env)
	if err != nil {
		return Edited{}, err
	}
	c, err := with(file.src, before)
	if err != nil {
		return Edited{}, err
	}
	after, _, err := checked(path, c.after, env)
	if err != nil {
		return Edited{}, refuse("the file would be wrong then: %w", err)
	}
	more, less := after, before
	if !c.added {
		more, less = before, after
	}
	if !differsBy(more, less, c.network, c.label) {
		return Edited{}, refuse("more than this account would change, since others share what is written there: %w", ErrByHand)
	}
	a, err := more.account(c.network, c.label)
	if err != nil {
		return Edited{}, err
	}
	return Edited{Account: a, Unchecked: unchecked}, file.replace(c.after)
}

// checked parses a config strictly. Where nothing is wrong but variables that are not
// set, outside of networks, they are returned: who edits a file need not have the
// daemon's environment.
func checked(path string, src []byte, env Env) (*Config, []Mistake, error) {
	cfg, err := Parse(path, src, env)
	var all Mistakes
	if !errors.As(err, &all) || !slices.ContainsFunc(all, isUnset) || slices.ContainsFunc(all, func(m Mistake) bool { return !isUnset(m) }) {
		return cfg, nil, err
	}
	env.Sections = []string{sectionNetworks}
	cfg, err = Parse(path, src, env)
	return cfg, all, err
}

// sectionNetworks is the key that the networks stand under.
const sectionNetworks = "networks"

// isUnset reports whether a mistake is a variable of a section other than networks.
func isUnset(m Mistake) bool {
	return m.Unset() && !strings.HasPrefix(m.Path, sectionNetworks)
}

// fillIn takes the label from the handle where none is given.
func (a *Addition) fillIn(env Env) {
	if a.Schedule == "" {
		a.Schedule = defaultSchedule
	}
	if a.Label != "" {
		return
	}
	a.Label = a.Handle
	l := loader{env: env}
	if d, ok := l.descriptor(a.Network); ok && strings.Contains(a.Handle, "://") {
		if ref, err := d.New(networks.Options{}).Parse(a.Handle); err == nil && ref.Name != "" {
			a.Label = ref.Name
		}
	}
}

// check refuses what the config would refuse, or warn of, in words about the account
// rather than about a line that nobody wrote.
func (a *Addition) check(cfg *Config, env Env) error {
	l := loader{env: env}
	d, known := l.descriptor(a.Network)
	switch {
	case !known:
		return refuse("%s: unknown network%s", quote(a.Network), suggestion(a.Network, l.networkNames()))
	case !utf8.ValidString(a.Handle) || !utf8.ValidString(a.Label):
		return refuse("handle and label must be UTF-8")
	}
	ref, err := d.New(networks.Options{}).Parse(a.Handle)
	if err != nil {
		return refuse("%s: %w", a.Network, err)
	}
	if wrong := badTagText(a.Label); wrong != "" {
		return refuse("%s: a label %s", quote(a.Label), wrong)
	}
	for _, n := range cfg.Networks {
		for _, there := range n.Accounts {
			switch {
			case n.Name != a.Network:
			case there.Label == a.Label:
				return refuse("%s has an account with the label %s already, at %s", a.Network, quote(a.Label), there.Pos())
			case there.Ref() == ref && len(there.Tokens) == 0:
				return refuse("%s is the account with the label %s already, at %s", quote(a.Handle), quote(there.Label), there.Pos())
			}
		}
	}
	return nil
}

// account finds one account by its label.
func (c *Config) account(network, label string) (Account, error) {
	labels, known := []string{}, []string{}
	for _, n := range c.Networks {
		known = append(known, n.Name)
		for _, a := range n.Accounts {
			if n.Name == network && a.Label == label {
				return a, nil
			}
			if n.Name == network {
				labels = append(labels, a.Label)
			}
		}
	}
	if !slices.Contains(known, network) {
		return Account{}, refuse("%s: the config has no such network%s", quote(network), suggestion(network, known))
	}
	if near := nearest(label, labels); near != "" {
		return Account{}, refuse("%s has no account with the label %s; did you mean %s?", network, quote(label), quote(near))
	}
	return Account{}, refuse("%s has no account with the label %s", network, quote(label))
}

// differsBy reports whether two configs are the same but for one account, or for the
// network's section that has it alone.
func differsBy(with, without *Config, network, label string) bool {
	left := slices.Clone(with.Networks)
	for i, n := range left {
		if n.Name != network {
			continue
		}
		left[i].Accounts = slices.DeleteFunc(slices.Clone(n.Accounts), func(a Account) bool { return a.Label == label })
		if len(left[i].Accounts) == 0 && !slices.ContainsFunc(without.Networks, func(n Network) bool { return n.Name == network }) {
			left = slices.Delete(left, i, i+1)
			break
		}
	}
	return sameSettings(with, without) && sameBindings(with, without) && slices.EqualFunc(left, without.Networks, sameNetwork)
}

// sameSettings reports whether two configs are the same but for networks, the bindings
// of their tokens, and what follows from the bytes of the file.
func sameSettings(a, b *Config) bool {
	return reflect.DeepEqual(a.InfluxDB, b.InfluxDB) && a.StateDir == b.StateDir && a.Contact == b.Contact && a.Web == b.Web &&
		a.Log == b.Log && a.Journal == b.Journal && a.Keychain.Autocomplete.String() == b.Keychain.Autocomplete.String() &&
		reflect.DeepEqual(a.Cluster, b.Cluster) && slices.Equal(a.Files, b.Files) && slices.Equal(a.Globs, b.Globs)
}

// sameBindings reports whether two configs bind the same tokens to the same nodes, but for
// those that nobody uses in the smaller one.
func sameBindings(with, without *Config) bool {
	for slot, node := range with.Bound {
		if left := without.Bound[slot]; left != node && (left != "" || without.uses(slot)) {
			return false
		}
	}
	for slot := range without.Bound {
		if with.Bound[slot] == "" {
			return false
		}
	}
	return true
}

// uses reports whether any network or account names a slot.
func (c *Config) uses(slot string) bool {
	return slices.ContainsFunc(c.Networks, func(n Network) bool {
		return slices.Contains(n.Tokens, slot) ||
			slices.ContainsFunc(n.Accounts, func(a Account) bool { return slices.Contains(a.Tokens, slot) })
	})
}

func sameNetwork(a, b Network) bool {
	return a.Name == b.Name && a.Schedule.String() == b.Schedule.String() && slices.Equal(a.Tokens, b.Tokens) && a.Spread == b.Spread &&
		a.RequestsPerSecond == b.RequestsPerSecond && a.Budget == b.Budget && a.BaseURL == b.BaseURL && a.AuthURL == b.AuthURL &&
		a.OAuthURL == b.OAuthURL && a.APIVersion == b.APIVersion && slices.EqualFunc(a.Accounts, b.Accounts, sameAccount)
}

func sameAccount(a, b Account) bool {
	return a.Label == b.Label && a.Handle == b.Handle && a.Ref() == b.Ref() && a.Schedule.String() == b.Schedule.String() &&
		slices.Equal(a.Tags, b.Tags) && slices.Equal(a.Tokens, b.Tokens)
}

// rootOf parses a file that was read before without a mistake.
func rootOf(src []byte) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(src, &doc); err != nil || len(doc.Content) != 1 {
		return nil, refuse("it cannot be read twice: %w", errors.Join(err, ErrByHand))
	}
	return doc.Content[0], nil
}
