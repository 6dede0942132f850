package status

import (
	"context"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"go.uber.org/zap"
)

// period is how much of a series a page shows.
type period struct {
	Since, Title string
	Link         string
	Current      bool
}

// periods returns what the page of an account offers.
func periods() []period {
	return []period{
		{Since: "24h", Title: "24 hours"}, {Since: "7d", Title: "7 days"}, {Since: "30d", Title: "30 days"},
		{Since: "1y", Title: "1 year"}, {Since: "all", Title: "all"},
	}
}

const (
	defaultPeriod = "30d"
	lastPoints    = 30 // rows of the table of points, and of that of changes
	toTheMinute   = "2006-01-02 15:04"
)

// accountView is the page of one account.
type accountView struct {
	head
	Account                  rowView
	Type, ID, Name, Nickname string
	NetworkLink, Series, CSV string
	Rounded                  bool
	Counts                   []tag // what the network tells beside the followers
	Tags                     []tag
	LastSuccess              moment
	Periods                  []period
	Since                    string
	Plot                     *plot
	Period                   string // what became of the count in the period
	Node                     string // whose polls these are; "" where no other machine shares the work
	Changes                  []changeView
	Whole                    bool // all changes that the journal has are there
	Points                   []pointView
	Samples                  string
}

// tag is a name and its value.
type tag struct{ Key, Value string }

// pointView is one row of the table of points.
type pointView struct {
	Time      moment
	Short     string // the time to the minute
	Followers string
	Change    string
	Trend     string
}

// changeView is one row of the table of changes.
type changeView struct {
	Time          moment
	Short         string
	What          string
	Before, After string
}

func (s *server) account(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	network, label := r.PathValue("network"), r.PathValue("label")
	a, ov, err := s.find(r, network, label)
	if err != nil {
		s.broken(w, "account", err)
		return
	}
	if a == nil {
		s.render(w, http.StatusNotFound, "message.html", message{
			head: s.head("Not found"), Heading: "There is no such account",
			Text:   "The config has no account " + label + " on " + network + ".",
			Search: selection{filter: filter{Q: label}}.link(),
		})
		return
	}
	chosen := r.URL.Query().Get("since")
	if chosen == "" {
		chosen = defaultPeriod
	}
	since, err := ParseSince(now, chosen)
	if err != nil {
		s.render(w, http.StatusBadRequest, "message.html", message{
			head: s.head("Not understood"), Heading: "This period is not understood", Text: err.Error()})
		return
	}
	samples, err := s.src.History(r.Context(), network, label, since)
	if err != nil {
		s.broken(w, "series of "+label, err)
		return
	}
	view := s.accountView(now, a, ov, chosen, since, samples)
	s.addChanges(r.Context(), now, &view, network, label)
	if !view.Whole {
		w.Header().Set("Refresh", changesRefresh)
	}
	s.render(w, http.StatusOK, "account.html", view)
}

// changesRefresh is how soon, in seconds, a page asks for itself anew while the changes
// of its account are still being looked for.
const changesRefresh = "5"

// addChanges fills the table of changes, the newest first. A journal that cannot be read
// costs the page that table alone.
func (s *server) addChanges(ctx context.Context, now time.Time, v *accountView, network, label string) {
	v.Whole = true
	historian, ok := s.src.(Historian)
	if !ok {
		return
	}
	changes, whole, err := historian.Changes(ctx, network, label)
	if err != nil {
		s.log.Warn("the changes of an account cannot be read", zap.String("network", network), zap.String("account", label), zap.Error(err), zap.String("hint", journalHint))
		return
	}
	v.Whole = whole
	for i := len(changes) - 1; i >= 0 && len(v.Changes) < lastPoints; i-- {
		c := changes[i]
		if c.What == "state" {
			c.Before, c.After = stateTitle(c.Before), stateTitle(c.After)
		}
		v.Changes = append(v.Changes, changeView{momentOf(now, c.Time), c.Time.UTC().Format(toTheMinute), c.What, c.Before, c.After})
	}
}

// stateTitle is a state as people read it, "" where there was none before.
func stateTitle(state string) string {
	if state == "" {
		return ""
	}
	return stateOf(state).Title
}

// find returns the account, nil if the config has none by that name.
func (s *server) find(r *http.Request, network, label string) (*Account, *Overview, error) {
	accounts, err := s.src.Accounts(r.Context())
	if err != nil {
		return nil, nil, err
	}
	ov, err := s.src.Overview(r.Context())
	if err != nil {
		return nil, nil, err
	}
	for i := range accounts {
		if accounts[i].Network == network && accounts[i].Label == label {
			return &accounts[i], &ov, nil
		}
	}
	return nil, &ov, nil
}

func (s *server) accountView(now time.Time, a *Account, ov *Overview, chosen string, since time.Time, samples []Sample) accountView {
	v := accountView{
		head:    s.head(a.Label),
		Account: rowViewOf(now, a, networkTitles(ov)[a.Network]),
		Type:    a.Type, ID: a.ID, Name: a.Name, Nickname: a.Nickname,
		NetworkLink: selection{filter: filter{Network: a.Network}}.link(),
		Series:      seriesPath(a.Network, a.Label) + "?since=" + url.QueryEscape(chosen),
		CSV:         seriesPath(a.Network, a.Label) + ".csv?since=" + url.QueryEscape(chosen),
		Period:      periodText(samples),
		Rounded:     a.Rounded && a.Followers != nil,
		LastSuccess: momentOf(now, a.LastSuccess),
		Since:       chosen,
		Plot:        plotOf(samples, since, now),
		Points:      pointViews(now, samples),
		Samples:     plural(int64(len(samples)), "point", "points"),
	}
	if ov.Cluster != nil {
		v.Node = ov.Cluster.Node
	}
	for _, c := range []struct {
		name string
		n    *int64
	}{{"Following", a.Following}, {"Posts", a.Posts}, {"Views", a.Views}, {"Likes", a.Likes}} {
		if c.n != nil {
			v.Counts = append(v.Counts, tag{c.name, thousands(*c.n)})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(a.Tags)) {
		v.Tags = append(v.Tags, tag{key, a.Tags[key]})
	}
	for _, p := range periods() {
		p.Link, p.Current = v.Account.Path+"?since="+p.Since, p.Since == chosen
		v.Periods = append(v.Periods, p)
	}
	return v
}

// periodText says what became of the count in the period and how many polls it lacks:
// "+51,117 (+1.6 %) in this period, between 3,201,000 and 3,254,117; 2 gaps, the longest
// 24 h".
func periodText(samples []Sample) string {
	if len(samples) < 2 {
		return ""
	}
	first, last := samples[0].Followers, samples[len(samples)-1].Followers
	change := last - first
	text := signed(&change)
	if first > 0 && change != 0 {
		text += " (" + percentChange(first, change) + ")"
	}
	least, most := bounds(samples)
	text += " in this period, between " + thousands(least) + " and " + thousands(most)
	all := runs(samples)
	longest := time.Duration(0)
	for i := 1; i < len(all); i++ {
		longest = max(longest, all[i][0].Time.Sub(all[i-1][len(all[i-1])-1].Time))
	}
	if len(all) > 1 {
		text += "; " + plural(int64(len(all)-1), "gap", "gaps") + ", the longest " + coarse(longest)
	}
	return text
}

// percentChange writes a change as a part of what it began with, to two digits.
func percentChange(first, change int64) string {
	p := 100 * float64(change) / float64(first)
	digits := 0
	if abs := math.Abs(p); abs < 10 {
		digits = max(1, min(4, 1-int(math.Floor(math.Log10(abs)))))
	}
	text := strconv.FormatFloat(p, 'f', digits, 64)
	if change > 0 {
		text = "+" + text
	}
	return text + " %"
}

// pointViews returns the last points, the newest first, each with its change
// from the one before.
func pointViews(now time.Time, samples []Sample) []pointView {
	var out []pointView
	for i := len(samples) - 1; i >= 0 && len(out) < lastPoints; i-- {
		at := samples[i].Time.UTC()
		p := pointView{
			Time: momentOf(now, at), Short: at.Format(toTheMinute),
			Followers: thousands(samples[i].Followers), Change: unknown,
		}
		if i > 0 {
			change := samples[i].Followers - samples[i-1].Followers
			p.Change, p.Trend = signed(&change), trend(&change)
		}
		out = append(out, p)
	}
	return out
}
