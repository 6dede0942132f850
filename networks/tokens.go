package networks

import (
	"context"

	"collectord/keychain"
)

// Renewer is a Network whose tokens can be renewed, or made from what is in a raw_
// slot. The keychain does the rest: when, once at a time, saved before used.
type Renewer interface {
	// Refreshers are by kind of slot ("vk").
	Refreshers() map[string]keychain.Refresher
	// Makers are by kind of raw_ slot ("raw_vk").
	Makers() map[string]keychain.Maker
}

// LoginNetwork is a Network at which a person can get a token in a browser.
type LoginNetwork interface {
	// Logins are the ways to do so, the recommended one first.
	Logins() []Login
}

// Login is one way to get a token: a page is opened, a person agrees, the network
// redirects to an address that carries the proof, and that is exchanged for the
// token.
type Login struct {
	Name  string // for the command line: "vkid", "code", "implicit"
	Title string // what it is and what it needs, in one line
	Slot  string // kind of the slot that the value is for: "vk"
	// Fields are what the person is asked for first: app id, secrets.
	Fields []LoginField
	// Redirect is the redirect address to register with the app where it is fixed;
	// empty where a loopback port of ours may be used.
	Redirect string
	// Begin returns the session of one login. In holds Fields by name; redirect is
	// the address that the network will redirect to. No I/O.
	Begin func(in map[string]keychain.Secret, redirect string) (LoginSession, error)
}

// LoginField is one thing to ask for before a login.
type LoginField struct {
	Name     string // of the flag (--client-id) and of the value's field (client_id)
	Prompt   string
	Secret   bool // asked without echo, never a flag
	Optional bool
	Default  string
}

// LoginSession is one login under way. Its state and verifier are its own.
type LoginSession interface {
	// URL is the page to open.
	URL() string
	// Finish takes the address that the network redirected to, whole, and returns
	// the new value of the slot. The error is an *Error.
	Finish(ctx context.Context, redirected string) (keychain.Value, error)
}
