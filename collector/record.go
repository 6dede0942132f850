package collector

import (
	"encoding/json"
	"strings"
	"time"
	"unicode"

	"collectord/collector/config"
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
	row     journal.Account
	profile *networks.Profile // nil: none
	counted bool              // the profile has a count, and it is believed
	told    names
	ref     networks.Ref
	hint    string
}

// apply makes the change. The caller holds the lock of the account.
func (c change) apply(at time.Time) {
	a := c.account
	a.row, a.ref, a.told, a.failing, a.hint, a.lastPoll = c.row, c.ref, c.told, "", c.hint, at
	if c.profile != nil {
		a.profile = *c.profile
	}
	if c.counted {
		a.lastSuccess = at
	}
}

// add puts one answer into the batch and returns what it changes.
func (r recorder) add(b *journal.Batch, a *account, answer poll.Answer) change {
	c := change{account: a, row: a.row, ref: a.ref, told: a.told}
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
	if c.row != a.row || c.told != a.told {
		row := c.row
		row.Info = c.told.encode()
		b.Accounts = append(b.Accounts, row)
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
	c.row.Kind, c.row.ID, c.row.Host, c.row.Name = answer.Known.Kind, p.ID, answer.Known.Host, p.Nickname
	c.ref = answer.Known
	c.ref.Name = c.account.Ref.Name
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
	case a.Ref.Name != "" && !strings.EqualFold(a.Ref.Name, answer.Profile.Nickname):
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
	if told == c.account.told {
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

// names is the part of a profile that seldom changes, with the tags it was told
// under. Encoded, it is journal.Account.Info.
type names struct {
	ID, Type, Name, Nickname, Link string
	Verified                       networks.Flag
	Tags                           string
}

func namesOf(p *networks.Profile, a *account) names {
	return names{p.ID, p.Type, p.Name, p.Nickname, p.Link, p.Verified, a.ownTags}
}

func (n names) encode() string {
	if n == (names{}) {
		return ""
	}
	b, err := json.Marshal(n)
	if err != nil {
		return "" // strings and numbers always encode
	}
	return string(b)
}

// decodeNames reads what encode wrote; what cannot be read is as good as unknown.
func decodeNames(info string) names {
	var n names
	if json.Unmarshal([]byte(info), &n) != nil {
		return names{}
	}
	return n
}

// profile is the profile as far as the names tell it: the counts are unknown.
func (n names) profile() networks.Profile {
	return networks.Profile{ID: n.ID, Type: n.Type, Name: n.Name, Nickname: n.Nickname, Link: n.Link, Verified: n.Verified}
}

// joinTags is an account's own tags as one text, to compare.
func joinTags(tags []config.Tag) string {
	var b strings.Builder
	for _, t := range tags {
		b.WriteString(t.Key + "=" + t.Value + "\n")
	}
	return b.String()
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
