package collector

import (
	"strings"
	"time"
	"unicode"

	"collectord/collector/journal"
	"collectord/collector/point"
	"collectord/collector/poll"
	"collectord/networks"
)

// spoilerRest is how long an account that spoils the batches of others is left
// out.
const spoilerRest = 24 * time.Hour

// recorder turns the answers of one tick into what the journal takes.
type recorder struct {
	network string
	at      time.Time // of the tick
}

// change is what an answer does to an account, to be made once the journal has it.
type change struct {
	account *account
	before  journal.Account // as account.row has it
	row     journal.Account // what it is now
	told    names
	profile *networks.Profile // nil: none
	counted bool              // the profile has a count, and it is believed
	hint    string
}

// apply makes the change. The caller holds the lock of the account.
func (c change) apply(at time.Time) {
	a := c.account
	a.note(c.row)
	if told := identify(c.told, c.row.Kind); told != a.told {
		a.told = told
	}
	o := a.oddity()
	o.failing, o.hint = "", c.hint
	a.polled = at.Unix()
	if c.profile != nil {
		a.setCounts(c.profile)
		o.id, o.kind = "", ""
	}
	a.setOddity(o)
	if c.counted {
		a.succeeded = at.Unix()
	}
}

// add puts one answer into the batch and returns what it changes.
func (r recorder) add(b *journal.Batch, a *account, answer poll.Answer) change {
	row, told := a.row(r.network), a.told.names()
	c := change{account: a, before: row, row: row, told: told}
	switch {
	case answer.Err != nil && !answer.Err.Kind.OfAccount():
		r.failed(&c, answer.Err)
		b.Failed++
	case answer.Profile == nil:
		r.state(b, &c, stateOf(answer.Err.Kind))
		if answer.Spoiler {
			c.row.SkipUntil = time.Now().Add(spoilerRest)
		}
		r.answered(&c)
		b.OK++
	default:
		r.profile(b, &c, answer)
	}
	if !c.counted {
		b.Answered = append(b.Answered, a.Label)
	}
	if c.row != row || c.told != told {
		c.row.Asked, c.row.Info = asked(a.Ref()), c.told.encode()
		b.Accounts = append(b.Accounts, c.row)
	}
	return c
}

// failed remembers why nobody answered. A failure like the one before changes
// nothing on disk.
func (r recorder) failed(c *change, e *networks.Error) {
	c.hint = e.Hint
	if text := e.Error(); c.row.ErrorKind != e.Kind.Label() || c.row.Error != text {
		c.row.Error, c.row.ErrorKind, c.row.ErrorAt = text, e.Kind.Label(), r.at
	}
}

// answered forgets the last failure.
func (r recorder) answered(c *change) {
	c.row.Error, c.row.ErrorKind, c.row.ErrorAt = "", "", time.Time{}
}

// profile records a profile: its count if there is one, its names and its state if
// they changed.
func (r recorder) profile(b *journal.Batch, c *change, answer poll.Answer) {
	p := answer.Profile
	if e := unfit(p); e != nil {
		e.Op = r.network
		r.failed(c, e)
		b.Failed++
		return
	}
	b.OK++
	r.answered(c)
	c.row.SkipUntil = time.Time{}
	moved := answer.MovedFrom != "" && answer.MovedFrom == c.row.ID
	if c.row.ID != "" && c.row.ID != p.ID && !moved {
		r.state(b, c, stateTakenOver)
		return
	}
	c.profile = p
	c.row.Kind, c.row.ID, c.row.Host, c.row.Name = answer.Known.Kind, p.ID, c.account.Ref().Host, p.Nickname
	tags := r.tags(c.account, p)
	if n, known := p.Followers.Get(); known {
		c.counted = true
		b.Points = append(b.Points, point.Point{Measurement: point.Profile, Tags: tags, Fields: counts(p, n), Time: r.at})
	}
	r.info(b, c, tags, p)
	r.state(b, c, r.stateOfProfile(c.account, answer))
}

// stateOfProfile is the state of an account whose profile came.
func (r recorder) stateOfProfile(a *account, answer poll.Answer) string {
	switch {
	case answer.Err != nil:
		return stateOf(answer.Err.Kind)
	case a.Ref().Name != "" && !strings.EqualFold(a.Ref().Name, answer.Profile.Nickname):
		return stateRenamed
	}
	return stateOK
}

// tags are the tags of an account's points.
func (r recorder) tags(a *account, p *networks.Profile) []point.Tag {
	tags := make([]point.Tag, 0, 4+len(a.Tags))
	tags = append(tags, point.Tag{Key: "network", Value: r.network}, point.Tag{Key: "account", Value: a.Label},
		point.Tag{Key: "id", Value: p.ID}, point.Tag{Key: "type", Value: p.Type})
	for _, t := range a.Tags {
		tags = append(tags, point.Tag{Key: t.Key, Value: t.Value})
	}
	return tags
}

// counts are the fields of a profile point.
func counts(p *networks.Profile, followers int64) []point.Field {
	fields := append(make([]point.Field, 0, 5), point.Int("followers", followers))
	for _, c := range [...]struct {
		key   string
		count networks.Count
	}{{"following", p.Following}, {"posts", p.Posts}, {"views", p.Views}, {"likes", p.Likes}} {
		if n, known := c.count.Get(); known {
			fields = append(fields, point.Int(c.key, n))
		}
	}
	return fields
}

// state records the state if it is not the one before.
func (r recorder) state(b *journal.Batch, c *change, state string) {
	if c.row.State == state {
		return
	}
	c.row.State, c.row.StateSince = state, r.at
	b.Points = append(b.Points, point.Point{Measurement: point.AccountState, Time: r.at,
		Tags:   []point.Tag{{Key: "network", Value: r.network}, {Key: "account", Value: c.account.Label}},
		Fields: []point.Field{point.String("state", state)}})
}

// info records the names if they, or the tags they stand under, are not the ones
// before.
func (r recorder) info(b *journal.Batch, c *change, tags []point.Tag, p *networks.Profile) {
	told := namesOf(p, c.account)
	if told == c.told {
		return
	}
	c.told = told
	var fields []point.Field
	for _, f := range [...]struct{ key, value string }{{"name", p.Name}, {"nickname", p.Nickname}, {"link", p.Link}} {
		if f.value != "" {
			fields = append(fields, point.String(f.key, f.value))
		}
	}
	if p.Verified != networks.Unknown {
		fields = append(fields, point.Bool("verified", p.Verified == networks.Yes))
	}
	if len(fields) > 0 {
		b.Points = append(b.Points, point.Point{Measurement: point.ProfileInfo, Tags: tags, Fields: fields, Time: r.at})
	}
}

// maxTag bounds what a network may put into a tag, in bytes.
const maxTag = 256

// unfit says why a profile cannot become a point, whatever its network.
func unfit(p *networks.Profile) *networks.Error {
	bad := func(what string) *networks.Error {
		return &networks.Error{Kind: networks.Malformed, Msg: "a profile with " + what}
	}
	switch {
	case p.ID == "":
		return bad("no id")
	case p.Type == "":
		return bad("no type")
	}
	for _, s := range [...]string{p.ID, p.Type} {
		if len(s) > maxTag || strings.HasSuffix(s, `\`) || strings.IndexFunc(s, unicode.IsControl) >= 0 {
			return bad("an id or type that is no word")
		}
	}
	return nil
}
