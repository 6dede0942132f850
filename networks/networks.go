// Package networks says what a social network is to collectord: something that
// turns references to accounts into profiles, many at a time.
//
// The one idea: a network answers for a batch in one request. What goes wrong
// with one account is part of the answer (Result.Err), what goes wrong with the
// request is the error. A network is stateless: it holds no timer, no retry, no
// limiter and no token. Those stand outside, once for all networks, in
// collectord/collector/poll; a network only says, by the Kind of an Error, what
// happened, and the poller acts on the Kind. What an answer tells beside that, how much
// of a limit is used up, goes to the poller as an Allowance.
//
//	Parse      "https://vk.com/durov"  ->  Ref{Name: "durov"}           no I/O
//	Plan       []Ref                   ->  []Batch, the fewest requests  no I/O
//	Profiles   Batch, token            ->  []Result                      one request
//
// One folder holds one network; its name is the key in the config, the value of
// the tag network and the name of the package. Package networks/all lists them.
//
// What a network knows of its tokens (how one is tried, renewed, made, or got by a login)
// it hands to a keychain by Introduce; when that happens is the keychain's to say.
package networks

import (
	"context"
	"net/http"

	"collectord/keychain"
)

// Network turns account references into profiles.
type Network interface {
	// Parse reads a handle, an id or a profile URL as the config has it. It does
	// no I/O. The Ref's Name is in the form in which Profile.Nickname comes back,
	// upper and lower case aside. The error says what was expected.
	Parse(account string) (Ref, error)

	// Plan cuts refs into the fewest requests: what may share one goes into one
	// Batch. Every ref is in exactly one batch. It does no I/O.
	Plan(refs []Ref) []Batch

	// Profiles makes exactly one request. results[i] belongs to batch.Refs[i].
	// The error is about the request as a whole and is always an *Error; results
	// are nil then.
	Profiles(ctx context.Context, token keychain.Token, batch Batch) (results []Result, err error)
}

// Checker is a Network that can try a token with one cheap request.
type Checker interface {
	// Check asks the network whether it accepts the token. Report says in a few
	// words what the token is and what it may do. The error is an *Error.
	Check(ctx context.Context, token keychain.Token) (report string, err error)
}

// Ref names one account of one network. Refs are comparable.
type Ref struct {
	// Kind is the network's own word for how to ask for the account, where that
	// depends on something (VK: "user", "group"); empty where unknown or of no matter.
	// A network that takes two requests to answer for an account may put what the
	// first one told here for the second; nobody else reads it.
	Kind string
	// ID is the network's stable id, empty while unknown.
	ID string
	// Name is the handle, empty where the config names the account by id alone.
	Name string
	// Host is the server that holds the account, where there are many (Mastodon).
	Host string
}

// Batch is what one request asks.
type Batch struct {
	Refs []Ref
	// Op names the request for logs and metrics, and for the network itself:
	// "users.get".
	Op string
	// Limiter names what the request counts against beside its token: empty for
	// the token's own limiter, a host where every server has its own (Mastodon).
	Limiter string
	// Cost is how many units of the limit the request takes; 0 means 1. Meta counts
	// every account of a batch.
	Cost int
}

// Result is what a network said about one Ref. Either Profile or Err or Next is
// set; Profile and Err together mean that the account exists and its count is
// withheld (Err.Kind Private or Hidden), so that its name is still known.
type Result struct {
	Profile *Profile
	Err     *Error
	// Next is a better reference to ask for in this same poll (VK: no such user,
	// so perhaps a group).
	Next *Ref
	// Known is, with a Profile, the reference to ask by from now on: kind and id
	// filled in.
	Known Ref
	// MovedFrom is, with a Profile, the id that the network itself says the account had
	// before (Telegram: a group became a supergroup). Without it another id means
	// another account.
	MovedFrom string
}

// Profile is an account at one moment.
type Profile struct {
	ID       string // the network's stable id, bare
	Type     string // person, page, group, event or channel
	Name     string // display name
	Nickname string // handle, as the network writes it
	Link     string // address of the profile page
	Verified Flag

	// Followers is unknown where the network withholds it; it is never 0 for
	// unknown.
	Followers Count
	Following Count
	Posts     Count
	Views     Count
	Likes     Count
}

// The values of Profile.Type.
const (
	Person  = "person"
	Page    = "page"
	Group   = "group"
	Event   = "event"
	Channel = "channel"
)

// Count is a number that a network may withhold. The zero Count is unknown.
type Count struct {
	n     int64
	known bool
}

// Known is the count n.
func Known(n int64) Count { return Count{n: n, known: true} }

// Get returns the number and whether it is known.
func (c Count) Get() (n int64, known bool) { return c.n, c.known }

// Flag is a yes or no that a network may withhold. The zero Flag is unknown.
type Flag uint8

// The values of Flag.
const (
	Unknown Flag = iota
	No
	Yes
)

// FlagOf is Yes for true and No for false.
func FlagOf(b bool) Flag {
	if b {
		return Yes
	}
	return No
}

// Rounds reports whether a follower count has more digits than the network tells.
func (d Descriptor) Rounds(followers int64) bool {
	most := int64(1)
	for range d.Digits {
		most *= 10
	}
	return d.Digits > 0 && followers >= most
}

// Options is what a network is made with. Zero values mean the network's own
// documented defaults.
type Options struct {
	BaseURL    string       // where the API is
	AuthURL    string       // where tokens are made
	OAuthURL   string       // where the older flows of VK are
	APIVersion string       // the version of the API, where it is part of a request
	HTTP       *http.Client // http.DefaultTransport without redirects if nil
	UserAgent  string
}

// Descriptor is what the rest of the program knows of a network without asking
// it anything: the one line of package networks/all is a call that returns it.
type Descriptor struct {
	Name  string // config key, network tag, folder and package name
	Title string // as people write it: "VK", "X (Twitter)"

	// Slots are the keychain slots of the network; the first one is the default
	// of the config's token key. None means that the network takes no token.
	Slots []keychain.Format
	// TokenOptional is true where a network with slots answers without a token.
	TokenOptional bool

	// Spending is what answers cost and by which day that is counted. The zero value
	// counts requests.
	Spending Spending

	// Digits is how many significant figures of a follower count the network tells, where
	// it rounds; 0 means all of them.
	Digits int

	// RequestsPerSecond is the default rate per token (or per Batch.Limiter).
	RequestsPerSecond float64
	// Concurrency is how many requests may be under way at once per token; 0
	// means as many as keep pace with the rate where an answer takes a second,
	// 4 at least.
	Concurrency int

	BaseURL  string // default of Options.BaseURL
	AuthURL  string // default of Options.AuthURL; empty: has no token service
	OAuthURL string // default of Options.OAuthURL
	// APIVersion is the default of Options.APIVersion; empty where the API has none.
	APIVersion string

	New func(Options) Network
}
