package networks

import (
	"context"
	"errors"

	"collectord/keychain"
)

// Renewer is a Network whose tokens can be renewed, or made from what is in a raw_
// slot. The keychain does the rest: when, once at a time, saved before used.
type Renewer interface {
	// Refreshers are by kind of slot ("vk").
	Refreshers() map[string]keychain.Refresher
	// Makers are by kind of raw_ slot ("raw_vk"). A Maker that cannot go on without
	// a person asks AskerOf its context, or gives up with a Refusal.
	Makers() map[string]keychain.Maker
}

// LoginNetwork is a Network at which a person can get a token.
type LoginNetwork interface {
	// Logins are the ways to do so, the recommended one first.
	Logins() []Login
}

// Login is one way to get a token. Mostly: a page is opened, a person agrees, the
// network redirects to an address that carries the proof, and that is exchanged for
// the token.
type Login struct {
	Name  string // for the command line: "vkid", "code", "implicit"
	Title string // what it is and what it needs, in one line
	Slot  string // kind of the slot that the value is for: "vk"
	// Fields are what the person is asked for first: app id, secrets. What the slot,
	// or its raw_ slot, holds under the same name need not be asked for.
	Fields []LoginField
	// Redirect is the redirect address where it is fixed. Nobody listens there, so
	// the person pastes the address at which the browser ends. Empty where a loopback
	// port of ours may be used.
	Redirect string
	// Begin returns the session of one login. In holds Fields by name, those that
	// were given, and under "link" the page that the slot's token is parked for, if
	// it is; redirect is the address that the network will redirect to. No I/O.
	Begin func(in map[string]keychain.Secret, redirect string) (LoginSession, error)
}

// LoginField is one thing to ask for before a login.
type LoginField struct {
	Name     string // of the value's field (client_id) and, with hyphens, of the flag (--client-id)
	Prompt   string
	Secret   bool // asked without echo, never a flag
	Optional bool
	Default  string
}

// LoginSession is one login under way. Its state and verifier are its own.
type LoginSession interface {
	// URL is the page to open; empty for a login without one, whose Finish is called
	// with "" at once.
	URL() string
	// Finish takes the address that the network redirected to, whole, and returns
	// the new value of the slot. The error is an *Error; a *Question, whose answer
	// is given to another call of Finish; or ErrOtherLogin, after which the session
	// still waits for its own redirect.
	Finish(ctx context.Context, redirected string) (keychain.Fresh, error)
}

// ErrOtherLogin says that a redirect belongs to another login: somebody else's, or
// an earlier one. Nothing was done with it.
var ErrOtherLogin = errors.New("the address belongs to another login: its state is not that of this one")

// Question is what a person has to answer before a login can go on.
type Question struct {
	Prompt string // "the code from the SMS to +7 *** 00"
	Link   string // the page to open for the answer; may be empty
	Secret bool   // asked without echo
}

// Error is the question in one line, without the link.
func (q *Question) Error() string { return "a person has to give " + q.Prompt }

// Asker puts a question to a person.
type Asker func(context.Context, *Question) (answer string, err error)

type askerKey struct{}

// WithAsker returns a context in which a Maker can ask a person.
func WithAsker(ctx context.Context, ask Asker) context.Context {
	return context.WithValue(ctx, askerKey{}, ask)
}

// AskerOf returns whom to ask, nil where nobody sits at a terminal.
func AskerOf(ctx context.Context) Asker {
	ask, _ := ctx.Value(askerKey{}).(Asker)
	return ask
}
