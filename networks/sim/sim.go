// Package sim simulates the networks: for each of them an http.Handler that
// speaks the same HTTP as the real one, errors included, so that the demo, the
// tests and the benchmarks run the program as it is, with no token and no
// internet.
//
// The one idea: a [World] holds the accounts of all networks and says which
// tokens are good; a simulator only translates between its network's HTTP and the
// world. What happens to an account (it grows, is renamed, closed, deleted), to a
// token (revoked) or to a network (broken) is done to the world, while the
// simulators run.
//
//	                ┌─ VK(w) ──────── http.Handler ─ networks/vk
//	World ──────────┼─ Twitter(w) ─── http.Handler ─ networks/twitter
//	accounts tokens └─ ...
//	faults, counts
//
// A simulator is strict: a path, a parameter or a token that its network would
// not take gets the network's own refusal. It is written from the network's
// documentation and shares no code with the package that asks it.
package sim

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// The states of an account that every network has in some form. A simulator
// treats a state that it does not know as OK.
const (
	OK        = "ok"        // answers with its counts; the zero State is OK too
	NotFound  = "not_found" // deleted, and the network may still say so
	Suspended = "suspended" // closed by the network
	Private   = "private"   // exists and keeps its count from strangers
	Hidden    = "hidden"    // exists and hides its count from everybody
)

// Account is one simulated account.
type Account struct {
	Network string // "vk"
	// ID is the network's stable id. In one network it is unique among persons and
	// among all others (VK counts users and communities apart), per Host.
	ID string
	// Handle is the name that people use; upper and lower case are alike. It may
	// be empty where the network has accounts without one.
	Handle string
	Host   string // the server, where there are many (Mastodon)
	Name   string // display name
	Type   string // as networks.Profile.Type: person, page, group, event, channel

	Followers, Following, Posts, Views, Likes int64

	State    string
	Verified bool
}

// TokenState says what a network thinks of a token.
type TokenState uint8

// The states of a token.
const (
	TokenUnknown TokenState = iota // never heard of
	TokenGood
	TokenRevoked // was good once
	TokenExpired // its time is over
)

// World is a set of accounts and tokens that all simulators share. It is safe
// for concurrent use.
type World struct {
	seed uint64

	mu       sync.RWMutex
	start    time.Time // of motion; zero: nothing moves
	ids      map[key][]*Account
	handles  map[key]*Account
	tokens   map[string]map[string]token
	faults   map[string]Fault
	requests map[string]map[string]int
	log      map[string][]Exchange

	vk vkAuth
	x  struct{ given int } // tokens that X gave
}

// key finds an account: network and lower-cased handle or id, with @host where
// there is a host.
type key struct{ network, name string }

type token struct {
	state   TokenState
	secrets []string
	until   time.Time // zero: for ever
}

// NewWorld returns an empty world in which nothing moves. The seed decides how
// counts move after [World.Move]; equal seeds move alike.
func NewWorld(seed uint64) *World {
	return &World{
		seed:     seed,
		ids:      make(map[key][]*Account),
		handles:  make(map[key]*Account),
		tokens:   make(map[string]map[string]token),
		faults:   make(map[string]Fault),
		requests: make(map[string]map[string]int),
		log:      make(map[string][]Exchange),
	}
}

func keyOf(network, name, host string) key {
	if host != "" {
		name += "@" + host
	}
	return key{network, strings.ToLower(name)}
}

// Add puts a into the world, in place of an account with the same network, host,
// id and, person or not, type. Its handle is its own from now on.
func (w *World) Add(a Account) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.add(a)
}

func (w *World) add(a Account) {
	k := keyOf(a.Network, a.ID, a.Host)
	if i := slices.IndexFunc(w.ids[k], func(b *Account) bool { return isPerson(a) == isPerson(*b) }); i >= 0 {
		w.remove(w.ids[k][i])
	}
	p := &a
	w.ids[k] = append(w.ids[k], p)
	if a.Handle != "" {
		w.handles[keyOf(a.Network, a.Handle, a.Host)] = p
	}
}

func (w *World) remove(p *Account) {
	k := keyOf(p.Network, p.ID, p.Host)
	w.ids[k] = slices.DeleteFunc(w.ids[k], func(b *Account) bool { return b == p })
	if len(w.ids[k]) == 0 {
		delete(w.ids, k)
	}
	if h := keyOf(p.Network, p.Handle, p.Host); w.handles[h] == p {
		delete(w.handles, h)
	}
}

func isPerson(a Account) bool { return a.Type == "" || a.Type == "person" }

// Update changes the account with that handle or, if there is none, that id; on
// a network with hosts the name ends in @host. Everything may be changed: a new
// Handle is a rename, a new ID a takeover of the handle. It reports whether there
// is such an account.
func (w *World) Update(network, handleOrID string, change func(*Account)) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.find(network, handleOrID)
	if p == nil {
		return false
	}
	a := *p
	change(&a)
	w.remove(p)
	w.add(a)
	return true
}

// Remove takes the account with that handle or id out of the world, as if it had
// never been. It reports whether there was one.
func (w *World) Remove(network, handleOrID string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.find(network, handleOrID)
	if p == nil {
		return false
	}
	w.remove(p)
	return true
}

func (w *World) find(network, handleOrID string) *Account {
	k := keyOf(network, handleOrID, "")
	if p := w.handles[k]; p != nil {
		return p
	}
	if all := w.ids[k]; len(all) > 0 {
		return all[0]
	}
	return nil
}

// ByHandle returns the account with that handle, upper and lower case aside. On
// a network with hosts the handle ends in @host.
func (w *World) ByHandle(network, handle string) (Account, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if p := w.handles[keyOf(network, handle, "")]; p != nil {
		return *p, true
	}
	return Account{}, false
}

// ByID returns the account with that id and, if types are given, one of these
// types. On a network with hosts the id ends in @host.
func (w *World) ByID(network, id string, types ...string) (Account, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, p := range w.ids[keyOf(network, id, "")] {
		if len(types) == 0 || slices.Contains(types, p.Type) {
			return *p, true
		}
	}
	return Account{}, false
}

// Accounts returns the accounts of a network in no particular order.
func (w *World) Accounts(network string) []Account {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var all []Account
	for k, list := range w.ids {
		if k.network == network {
			for _, p := range list {
				all = append(all, *p)
			}
		}
	}
	return all
}

// AllowToken makes a token good. Secrets are what else belongs to it and the
// network checks (X: consumer secret, token secret), in the simulator's order.
func (w *World) AllowToken(network, tok string, secrets ...string) {
	w.setToken(network, tok, token{state: TokenGood, secrets: secrets})
}

// AllowTokenUntil is AllowToken for a token that expires.
func (w *World) AllowTokenUntil(network, tok string, until time.Time, secrets ...string) {
	w.setToken(network, tok, token{state: TokenGood, secrets: secrets, until: until})
}

// RevokeToken makes a token one that was good once.
func (w *World) RevokeToken(network, tok string) {
	w.setToken(network, tok, token{state: TokenRevoked})
}

func (w *World) setToken(network, tok string, t token) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tokens[network] == nil {
		w.tokens[network] = make(map[string]token)
	}
	w.tokens[network][tok] = t
}

// Token returns what the network thinks of a token, and the secrets it was
// allowed with.
func (w *World) Token(network, tok string) (TokenState, []string) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	t := w.tokens[network][tok]
	if t.state == TokenGood && !t.until.IsZero() && !time.Now().Before(t.until) {
		return TokenExpired, t.secrets
	}
	return t.state, t.secrets
}
