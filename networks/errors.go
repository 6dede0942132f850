package networks

import (
	"strings"
	"time"
)

// Kind is what went wrong, as far as anybody has to act on it. The set is
// closed: the poller branches on it, metrics and pages show it.
type Kind uint8

// The kinds. About a request: Temporary to Payment. About one account: NotFound
// to Blocked; a request about one account may fail with these as well.
const (
	// Temporary: the network's or the line's fault; ask again soon.
	Temporary Kind = iota + 1
	// RateLimited: too many requests; not before Error.Until.
	RateLimited
	// Quota: a daily or monthly allowance is used up; not before Error.Until.
	Quota
	// Payment: the network wants money; asking again is useless until it has it.
	Payment
	// Unauthorized: the token is refused: expired, revoked or wrong.
	Unauthorized
	// Challenge: a person has to do something (captcha, confirmation) for the token.
	Challenge
	// Forbidden: the token is good and may not do this; the configuration is wrong.
	Forbidden
	// Malformed: the answer is not what the network documents.
	Malformed
	// BadBatch: one ref, nobody knows which, spoils the request; ask in halves.
	BadBatch

	// NotFound: there is no such account.
	NotFound
	// Suspended: the network closed the account.
	Suspended
	// Private: the account shows its count to friends alone.
	Private
	// Hidden: the account hides its count.
	Hidden
	// Blocked: the account is closed to us (country, age, blocked by its owner).
	Blocked
)

var kindNames = [...]string{
	Temporary: "temporary", RateLimited: "rate limited", Quota: "quota", Payment: "payment",
	Unauthorized: "unauthorized", Challenge: "challenge", Forbidden: "forbidden",
	Malformed: "malformed", BadBatch: "bad batch", NotFound: "not found",
	Suspended: "suspended", Private: "private", Hidden: "hidden", Blocked: "blocked",
}

// String returns the kind in words: "rate limited".
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return "unknown"
}

// Label returns the kind as a metric label: "rate_limited".
func (k Kind) Label() string { return strings.ReplaceAll(k.String(), " ", "_") }

// OfAccount reports whether the kind speaks of one account and so is an answer,
// rather than a failure to get one.
func (k Kind) OfAccount() bool { return k >= NotFound && k <= Blocked }

// Error is what a network answered in place of profiles, or of one profile. Its
// text never holds a secret.
type Error struct {
	Op   string // network and request: "vk: users.get"
	Kind Kind
	Code string // the network's own code: "29", "110/2207013", "http 502"
	Msg  string // the network's own words, bounded and redacted
	Hint string // what the operator can do
	// Until is when the next request may be made, for RateLimited and Quota; zero
	// where the network did not say. An Unauthorized with one speaks of a token that
	// is good, though not here and now: it rests until then and is not dead.
	Until time.Time
	// Link is the page a person must open, for Challenge.
	Link string
	Err  error // cause, may be nil
}

// Error says where and what: "vk: users.get: code 29: rate limited: Rate limit
// reached". The hint is not part of it.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Code != "" {
		b.WriteString(": code " + e.Code)
	}
	b.WriteString(": " + e.Kind.String())
	if e.Msg != "" {
		b.WriteString(": " + e.Msg)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
