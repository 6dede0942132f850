package collector

import (
	"strings"
	"time"

	"collectord/collector/config"
	"collectord/collector/journal"
	"collectord/networks"
)

// The states of an account, as account_state tells them.
const (
	stateOK        = "ok"
	stateNotFound  = "not_found"
	stateSuspended = "suspended"
	statePrivate   = "private"
	stateHidden    = "hidden"
	stateBlocked   = "blocked"
	stateRenamed   = "renamed"
	stateTakenOver = "taken_over"
)

// account is one configured account and what is remembered of it.
type account struct {
	*config.Account
	ownTags string // Tags, joined

	// row is what the journal remembers; it is written when it changes. Its Info is empty:
	// told says the same.
	row journal.Account
	// ref is what to ask for: what the config says, with what earlier answers added.
	ref networks.Ref

	told        names            // what the last profile_info said
	profile     networks.Profile // names of the last profile; counts of the last point
	lastPoll    time.Time        // the last tick in which the account was asked for
	lastSuccess time.Time        // the last tick that brought a count
	failing     string           // why the poll under way has no answer yet
	hint        string           // what to do about failing or row.Error
	polling     bool             // part of a poll that is under way
}

// asked is the reference of the config as one word: what is remembered under it
// holds for as long as the config names the same account.
func asked(r networks.Ref) string {
	return strings.Join([]string{r.Kind, r.ID, strings.ToLower(r.Name), r.Host}, "|")
}

// newAccount joins a configured account with what the journal remembers of it.
func newAccount(network string, cfg *config.Account, row journal.Account, latest journal.Latest) *account {
	a := &account{Account: cfg, ownTags: joinTags(cfg.Tags), row: row, ref: cfg.Ref}
	if row.Asked != asked(cfg.Ref) {
		a.row = journal.Account{Network: network, Label: cfg.Label, Asked: asked(cfg.Ref)}
	} else if row.ID != "" {
		a.ref = networks.Ref{Kind: row.Kind, ID: row.ID, Host: row.Host, Name: cfg.Ref.Name}
	}
	a.told = decodeNames(a.row.Info)
	a.row.Info = ""
	a.profile = a.told.profile()
	if !latest.Time.IsZero() && (row.ID == "" || latest.ID == a.row.ID) {
		a.recall(latest)
	}
	return a
}

// recall takes the counts of the account's newest point.
func (a *account) recall(latest journal.Latest) {
	a.profile.ID, a.profile.Type = latest.ID, latest.Type
	for field, to := range map[string]*networks.Count{
		"followers": &a.profile.Followers, "following": &a.profile.Following,
		"posts": &a.profile.Posts, "views": &a.profile.Views, "likes": &a.profile.Likes,
	} {
		if n, known := latest.Counts.Get(field); known {
			*to = networks.Known(n)
		}
	}
	a.lastPoll, a.lastSuccess = latest.Time, latest.Time
}

// become takes what a new config says of the same account.
func (a *account) become(network string, cfg *config.Account) *account {
	if asked(cfg.Ref) == a.row.Asked {
		a.Account, a.ownTags = cfg, joinTags(cfg.Tags)
		return a
	}
	return newAccount(network, cfg, journal.Account{}, journal.Latest{})
}

// leftOut reports whether the account spoils batches and is not yet to be tried
// again. A rest longer than any that is given was given by a clock that was wrong.
func (a *account) leftOut(now time.Time) bool {
	return a.row.SkipUntil.After(now) && !a.row.SkipUntil.After(now.Add(spoilerRest))
}

// stateOf is the state that an answer about an account means.
func stateOf(kind networks.Kind) string {
	switch kind {
	case networks.NotFound:
		return stateNotFound
	case networks.Suspended:
		return stateSuspended
	case networks.Private:
		return statePrivate
	case networks.Hidden:
		return stateHidden
	case networks.Blocked:
		return stateBlocked
	default:
		return "" // not about the account
	}
}

// stateHint says what the operator can do about a state.
func stateHint(state string) string {
	switch state {
	case stateNotFound:
		return "check the handle in the config; the account may be renamed or deleted"
	case stateSuspended:
		return "the network closed this account; nothing to do but wait or remove it"
	case statePrivate:
		return "the account shows its count to friends alone; a token of one of them would see it, or take the account out"
	case stateHidden:
		return "the account hides its count; nothing to do but wait, or take the account out"
	case stateBlocked:
		return "the account is closed to this server or token; try another token, or take the account out"
	case stateRenamed:
		return "followed by its id; write the new handle into the config"
	case stateTakenOver:
		return "the handle belongs to another account now; give that one a label of its own, or remove it"
	}
	return ""
}
