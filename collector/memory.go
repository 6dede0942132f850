package collector

import (
	"strings"
	"time"

	"collectord/collector/config"
	"collectord/collector/journal"
	"collectord/networks"
)

// account is one configured account and what is remembered of it. There may be a million:
// texts stand in one piece, times are Unix seconds (0 for none), and what few accounts
// have stands apart. 80 bytes are a size that Go's heap has.
type account struct {
	*config.Account

	told      identity // what the last profile_info said
	since     int64    // when the state began
	polled    int64    // the last tick in which the account was asked for
	succeeded int64    // the last tick that brought a count
	followers int64    // of the last point
	others    *others  // its other counts; nil: none is known
	odd       *odd     // nil: there is nothing
	state     state
	counted   bool // followers is known
	polling   bool // part of a poll that is under way
}

// others are the counts that not every network tells.
type others struct{ following, posts, views, likes networks.Count }

// odd is what is remembered of accounts with which something is not as usual.
type odd struct {
	// err and errKind are the last failure, at errAt; hint is what to do about it.
	err, errKind, hint string
	errAt              time.Time
	skipUntil          time.Time // it spoils the batches of others
	failing            string    // why the poll under way has no answer yet
	id, kind           string    // id and type of the newest point, where told does not have them
}

// asked is the reference of the config as one word: what is remembered under it
// holds for as long as the config names the same account.
func asked(r networks.Ref) string {
	return strings.Join([]string{r.Kind, r.ID, strings.ToLower(r.Name), r.Host}, "|")
}

// newAccount joins a configured account with what the journal remembers of it.
func newAccount(cfg *config.Account, row journal.Account, latest journal.Latest) *account {
	a := &account{Account: cfg}
	if row.Asked != asked(cfg.Ref()) {
		row = journal.Account{}
	}
	told := decodeNames(row.Info)
	if told.ID != row.ID { // it cannot be read: the next profile tells it anew
		told = names{ID: row.ID}
	}
	a.told = identify(told, row.Kind)
	a.note(row)
	if !latest.Time.IsZero() && (row.ID == "" || latest.ID == row.ID) {
		a.recall(told, latest)
	}
	return a
}

// recall takes the counts of the account's newest point.
func (a *account) recall(told names, latest journal.Latest) {
	count := func(field string) networks.Count {
		if n, known := latest.Counts.Get(field); known {
			return networks.Known(n)
		}
		return networks.Count{}
	}
	a.setCounts(&networks.Profile{Followers: count("followers"), Following: count("following"),
		Posts: count("posts"), Views: count("views"), Likes: count("likes")})
	if latest.ID != told.ID || latest.Type != told.Type {
		o := a.oddity()
		o.id, o.kind = latest.ID, latest.Type
		a.setOddity(o)
	}
	a.polled, a.succeeded = latest.Time.Unix(), latest.Time.Unix()
}

// become takes what a new config says of the same account.
func (a *account) become(cfg *config.Account) *account {
	if asked(cfg.Ref()) == asked(a.Ref()) {
		a.Account = cfg
		return a
	}
	return newAccount(cfg, journal.Account{}, journal.Latest{})
}

// reference is what to ask for: what the config says, with what earlier answers added.
func (a *account) reference() networks.Ref {
	ref := a.Ref()
	if id := a.told.id(); id != "" {
		ref.Kind, ref.ID = a.told.kind(), id
	}
	return ref
}

// row is what the journal remembers of the account, but for Asked and Info, which are made
// when it is written.
func (a *account) row(network string) journal.Account {
	o := a.oddity()
	row := journal.Account{Network: network, Label: a.Label, State: a.state.String(), StateSince: timeOf(a.since),
		Error: o.err, ErrorKind: o.errKind, ErrorAt: o.errAt, SkipUntil: o.skipUntil}
	if told := a.told.names(); told.ID != "" {
		row.Kind, row.ID, row.Host, row.Name = a.told.kind(), told.ID, a.Ref().Host, told.Nickname
	}
	return row
}

// written is the row as the journal has it.
func (a *account) written(network string) journal.Account {
	row := a.row(network)
	row.Asked, row.Info = asked(a.Ref()), a.told.names().encode()
	return row
}

// note takes of a row what is not identity.
func (a *account) note(row journal.Account) {
	a.state, a.since = stateNamed(row.State), unixOf(row.StateSince)
	o := a.oddity()
	o.err, o.errKind, o.errAt, o.skipUntil = row.Error, row.ErrorKind, row.ErrorAt, row.SkipUntil
	a.setOddity(o)
}

func (a *account) oddity() odd {
	if a.odd == nil {
		return odd{}
	}
	return *a.odd
}

func (a *account) setOddity(o odd) {
	switch {
	case o == odd{}:
		a.odd = nil
	case a.odd == nil:
		kept := o // o itself shall not be on the heap for all the others
		a.odd = &kept
	default:
		*a.odd = o
	}
}

// setCounts takes the counts of a profile; those that it has not are not known any more.
func (a *account) setCounts(p *networks.Profile) {
	a.followers, a.counted = p.Followers.Get()
	more := others{p.Following, p.Posts, p.Views, p.Likes}
	switch {
	case more == others{}:
		a.others = nil
	case a.others == nil:
		kept := more
		a.others = &kept
	default:
		*a.others = more
	}
}

// count is the last known number of followers.
func (a *account) count() networks.Count {
	if a.counted {
		return networks.Known(a.followers)
	}
	return networks.Count{}
}

// otherCounts are those of the last point.
func (a *account) otherCounts() others {
	if a.others == nil {
		return others{}
	}
	return *a.others
}

// leftOut reports whether the account spoils batches and is not yet to be tried
// again. A rest longer than any that is given was given by a clock that was wrong.
func (a *account) leftOut(now time.Time) bool {
	return a.odd != nil && a.odd.skipUntil.After(now) && !a.odd.skipUntil.After(now.Add(spoilerRest))
}

// unixOf returns the Unix seconds of t, 0 for the zero time.
func unixOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// timeOf is the inverse of unixOf.
func timeOf(unix int64) time.Time {
	if unix == 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0).UTC()
}
