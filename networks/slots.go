package networks

import (
	"context"
	"regexp"
	"strings"
	"time"

	"collectord/keychain"
)

// Introduce puts what a network knows of tokens into the options of a keychain: the forms
// of its slots, how a token is tried, renewed and made. Errors and refusals that come
// that way have hints that name the slot they are about, as HintFor words them.
func Introduce(opts *keychain.Options, d Descriptor, n Network) {
	opts.Formats = append(opts.Formats, d.Slots...)
	if r, ok := n.(Renewer); ok {
		for kind, by := range r.Refreshers() {
			put(&opts.Refreshers, kind, keychain.Refresher(namingRefresher{by}))
		}
		for kind, by := range r.Makers() {
			put(&opts.Makers, kind, keychain.Maker(namingMaker{by}))
		}
	}
	c, ok := n.(Checker)
	if !ok {
		return
	}
	for _, f := range d.Slots {
		if !strings.HasPrefix(f.Slot, raw) {
			put(&opts.Checkers, f.Slot, namingChecker(c))
		}
	}
}

// put is m[kind] = v for a map that may not be there yet.
func put[V any](m *map[string]V, kind string, v V) {
	if *m == nil {
		*m = make(map[string]V)
	}
	(*m)[kind] = v
}

// raw begins the names of slots that tokens are made from.
const raw = "raw_"

var loginIn = regexp.MustCompile(`(keychain login [a-z]+)( --slot [a-z_]+(:[\w.-]*\w)?)?`)

// HintFor words a network's hint for the slot whose token it is about. Networks write
// "keychain login vk" and "slot vk" of the kind of slot that is theirs; of one with a
// name (vk:second) the commands must name it, or they put a good token beside the bad
// one. A raw_ slot is logged in for by way of the slot that is made from it.
func HintFor(hint, slot string) string {
	kind, name, err := keychain.ParseSlot(slot)
	if err != nil || name == "" {
		return hint
	}
	bare := strings.TrimPrefix(kind, raw)
	hint = loginIn.ReplaceAllString(hint, "$1 --slot "+bare+":"+name)
	of := regexp.MustCompile(`\b(slot |` + raw + `)` + bare + `\b(:[\w.-]+)?`)
	return of.ReplaceAllString(hint, "${1}"+bare+":"+name)
}

// ForSlot is the error in words about the token of one slot.
func (e *Error) ForSlot(slot string) *Error {
	hint := HintFor(e.Hint, slot)
	if hint == e.Hint {
		return e
	}
	named := *e
	named.Hint = hint
	return &named
}

// forSlot is ForSlot for what keychains are told: an error of a network by itself or in a
// refusal.
func forSlot(err error, slot string) error {
	switch e := err.(type) { //nolint:errorlint // what wraps is built anew, one layer at a time
	case *Error:
		return e.ForSlot(slot)
	case *keychain.Refusal:
		named := *e
		named.State.Hint, named.Err = HintFor(e.State.Hint, slot), forSlot(e.Err, slot)
		return &named
	case *keychain.Later:
		return &keychain.Later{After: e.After, Err: forSlot(e.Err, slot)}
	}
	return err
}

func namingChecker(c Checker) keychain.Checker {
	return func(ctx context.Context, t keychain.Token) (string, error) {
		report, err := c.Check(ctx, t)
		return report, forSlot(err, t.Slot)
	}
}

type namingRefresher struct{ by keychain.Refresher }

func (r namingRefresher) Window(t keychain.Token, held, expires time.Time) keychain.Window {
	return r.by.Window(t, held, expires)
}

func (r namingRefresher) Refresh(ctx context.Context, t keychain.Token) (keychain.Fresh, error) {
	fresh, err := r.by.Refresh(ctx, t)
	return fresh, forSlot(err, t.Slot)
}

type namingMaker struct{ by keychain.Maker }

func (m namingMaker) Make(ctx context.Context, t keychain.Token) (keychain.Fresh, error) {
	fresh, err := m.by.Make(ctx, t)
	return fresh, forSlot(err, t.Slot)
}
