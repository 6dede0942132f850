package keychain

import (
	"context"
	"errors"
	"fmt"
)

// Checker asks a network whether it accepts a token. Report says in a few words
// what the token is.
type Checker func(ctx context.Context, token Token) (report string, err error)

// ErrUnmade is in the error of a Checker about a value whose token has still to be
// made, by its Refresher, out of the rest of the value.
var ErrUnmade = errors.New("the access token has still to be made")

// Check asks the network about the token in the slot. One that has still to be made is
// made first (Renew), as a poll would do. The error is an ErrSlot, an ErrEmpty, or what
// the network said.
func (k *KeyChain) Check(ctx context.Context, slot string) (report string, err error) {
	if _, err := k.formats.of(slot); err != nil {
		return "", err
	}
	v, ok := k.Get(slot)
	if !ok {
		return "", mistakef(ErrEmpty, "keychain: %s holds nothing", slot)
	}
	report, err = k.Try(ctx, slot, v)
	if !errors.Is(err, ErrUnmade) {
		return report, err
	}
	made, err := k.Renew(ctx, Token{Slot: slot, Value: v})
	if err != nil {
		return "", k.cleanError(err, v)
	}
	return k.Try(ctx, slot, made.Value)
}

// PutMade puts a value whose token has still to be made into a slot, with the token,
// once the network has given it. What the slot held stays where it has not.
func (k *KeyChain) PutMade(ctx context.Context, slot string, v Value) error {
	v, err := k.accept(slot, v)
	if err != nil {
		return err
	}
	kind, _, _ := ParseSlot(slot)
	by := k.opts.Refreshers[kind]
	if by == nil {
		return fmt.Errorf("keychain: %s: %w", slot, ErrNotRenewable)
	}
	if !k.renewals.begin() {
		return errors.New("keychain: closed")
	}
	defer k.renewals.busy.Done()
	// It goes on without who asked: the answer may be the only copy of a refresh token.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewTimeout)
	defer cancel()
	fresh, err := guarded(func() (Fresh, error) { return by.Refresh(ctx, Token{Slot: slot, Value: v}) })
	if err != nil {
		return k.cleanError(err, v)
	}
	return k.Put(slot, fresh)
}

// ErrNoChecker says that nobody has told how tokens of that kind are tried.
var ErrNoChecker = errors.New("nothing can try a token of this kind")

// Try is Check for a value that is not in the slot, or not yet.
func (k *KeyChain) Try(ctx context.Context, slot string, v Value) (report string, err error) {
	v, err = k.accept(slot, v)
	if err != nil {
		return "", err
	}
	kind, _, _ := ParseSlot(slot)
	check := k.opts.Checkers[kind]
	if check == nil {
		return "", fmt.Errorf("%s: %w", slot, ErrNoChecker)
	}
	report, err = guarded(func() (string, error) { return check(ctx, Token{Slot: slot, Value: v}) })
	return k.clean(report, v), k.cleanError(err, v)
}

// Checks reports whether there is a Checker for the slot's kind.
func (k *KeyChain) Checks(slot string) bool {
	kind, _, err := ParseSlot(slot)
	return err == nil && k.opts.Checkers[kind] != nil
}

// cleanedError is an error whose text has lost its secrets, and so has its Refusal.
// errors.As still finds what is in it.
type cleanedError struct {
	text    string
	err     error
	refusal *Refusal // nil where there is none in err
}

func (e *cleanedError) Error() string { return e.text }
func (e *cleanedError) Unwrap() error { return e.err }

// As hands out the Refusal without secrets: its state is shown and written down.
func (e *cleanedError) As(target any) bool {
	r, ok := target.(**Refusal)
	if !ok || e.refusal == nil {
		return false
	}
	*r = e.refusal
	return true
}

func (k *KeyChain) cleanError(err error, more ...Value) error {
	if err == nil {
		return nil
	}
	cleaned := &cleanedError{text: k.clean(err.Error(), more...), err: err}
	var refusal *Refusal
	if errors.As(err, &refusal) {
		r := *refusal
		r.State.Reason, r.State.Hint = k.clean(r.State.Reason, more...), k.clean(r.State.Hint, more...)
		r.State.Link = k.cleanLink(r.State.Link, more...)
		cleaned.refusal = &r
	}
	return cleaned
}
