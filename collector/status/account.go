package status

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"
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
	lastPoints    = 30 // rows of the table of points
)

// accountView is the page of one account.
type accountView struct {
	head
	Account                  rowView
	Type, ID, Name, Nickname string
	NetworkLink, Series      string
	Rounded                  bool
	Counts                   []tag // what the network tells beside the followers
	Tags                     []tag
	LastSuccess              moment
	Periods                  []period
	Since                    string
	Plot                     *plot
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
	s.render(w, http.StatusOK, "account.html", s.accountView(now, a, ov, chosen, since, samples))
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
		Rounded:     a.Rounded && a.Followers != nil,
		LastSuccess: momentOf(now, a.LastSuccess),
		Since:       chosen,
		Plot:        plotOf(samples, since, now),
		Points:      pointViews(now, samples),
		Samples:     plural(int64(len(samples)), "point", "points"),
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

// pointViews returns the last points, the newest first, each with its change
// from the one before.
func pointViews(now time.Time, samples []Sample) []pointView {
	var out []pointView
	for i := len(samples) - 1; i >= 0 && len(out) < lastPoints; i-- {
		at := samples[i].Time.UTC()
		p := pointView{
			Time: momentOf(now, at), Short: at.Format("2006-01-02 15:04"),
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
