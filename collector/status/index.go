package status

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"go.uber.org/zap"
)

// indexView is the front page.
type indexView struct {
	head
	Now      moment
	Overview overviewView
	Networks []networkView
	Storage  []storeView
	Accounts tableView
}

// refreshSeconds is how often the front page asks for itself anew. It does so
// only while nothing is picked, so that nobody's filter is taken away while it is
// typed in.
const refreshSeconds = "30"

func (s *server) index(w http.ResponseWriter, r *http.Request) {
	view, err := s.indexView(r.Context(), r.URL.Query(), time.Now())
	if err != nil {
		s.broken(w, "state of the daemon", err)
		return
	}
	if r.URL.RawQuery == "" {
		w.Header().Set("Refresh", refreshSeconds)
	}
	s.render(w, http.StatusOK, "index.html", view)
}

func (s *server) indexView(ctx context.Context, query url.Values, now time.Time) (*indexView, error) {
	accounts, err := s.src.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	ov, err := s.src.Overview(ctx)
	if err != nil {
		return nil, err
	}
	total := tallyOf(accounts)
	view := &indexView{
		head:     s.head(titleOf(total, &ov)),
		Now:      momentOf(now, now),
		Overview: overviewOf(now, &ov, total),
	}
	for i := range ov.Networks {
		view.Networks = append(view.Networks, networkViewOf(now, &ov.Networks[i]))
	}
	view.Storage = storeViews(now, &ov)
	view.Accounts = s.table(ctx, now, selectionOf(query), accounts, &ov)
	return view, nil
}

// tableView is the table of accounts with its filter.
type tableView struct {
	Selection selection
	Networks  []option
	States    []option
	Orders    []option
	Columns   []columnView
	Rows      []rowView
	Total     string // configured accounts: "10,000", "" for none
	Range     string // of the accounts that the filter lets through: "51–100 of 10,000"
	First     string // address of the first page, "" on it and on the one behind it
	Prev      string // of the page before, "" on the first
	Next      string
	Last      string
	Filtered  bool
	Config    string // the config file, for those who have no account yet
	FirstPoll moment // the next poll while no account has been polled
}

// option is one choice of a filter.
type option struct {
	Value, Text string
	Selected    bool
}

// columnView is the head of a column.
type columnView struct {
	column
	Link  string // sorts by the column; "" where it cannot be
	Aria  string // aria-sort
	Arrow string
}

// rowView is one account in the table.
type rowView struct {
	Network, Label, Handle, Path, Link string
	Spark                              sparkline
	Followers                          string
	Delta24h, Delta7d, Delta30d        string
	Trend24h, Trend7d, Trend30d        string
	State                              stateView
	Last, Next                         moment
}

// stateView is how an account stands and what to do about it.
type stateView struct {
	Title, Tone, Error, Hint string
	Since                    moment // of a state that is not well
	For                      string // how long it has lasted
}

func stateViewOf(now time.Time, a *Account) stateView {
	info := stateOf(a.State)
	v := stateView{Title: info.Title, Tone: toneOf(a), Error: a.Error, Hint: a.Hint}
	if v.Hint == "" && a.Error == "" {
		v.Hint = info.Hint
	}
	if a.Error != "" && (a.State == stateOK || a.State == "") {
		v.Title = "poll failed" // the account itself is well, as far as anybody knows
	} else if a.State != stateOK {
		v.Since, v.For = momentOf(now, a.StateSince), coarse(now.Sub(a.StateSince))
	}
	return v
}

// table fills the table. Only the accounts that are shown have their series read.
func (s *server) table(ctx context.Context, now time.Time, sel selection, accounts []Account, ov *Overview) tableView {
	t := tableView{Config: ov.ConfigFile, Filtered: sel.filter != filter{}}
	if len(accounts) > 0 {
		t.Total = thousands(int64(len(accounts)))
	}
	if first, ok := firstPoll(accounts); ok {
		t.FirstPoll = momentOf(now, first)
	}
	found := sel.filter.apply(accounts)
	sel.order.apply(found)
	shown, pages := sel.cut(found)
	t.Selection = sel
	t.Networks, t.States = networkOptions(ov, sel.Network), stateOptions(sel.State)
	t.Orders = orderOptions(sel.order)
	t.Columns = columnViews(sel)
	t.Range = rangeText((sel.Page-1)*perPage, len(shown), len(found))
	t.turn(sel, pages)
	titles := networkTitles(ov)
	t.Rows = make([]rowView, len(shown))
	for i, a := range shown {
		t.Rows[i] = rowViewOf(now, a, titles[a.Network])
	}
	s.sparklines(ctx, now, shown, t.Rows)
	return t
}

// turn fills the addresses of the other pages.
func (t *tableView) turn(sel selection, pages int) {
	page := func(n int) string { return selection{sel.filter, sel.order, n}.link() }
	if sel.Page > 1 {
		t.Prev = page(sel.Page - 1)
	}
	if sel.Page > 2 {
		t.First = page(1)
	}
	if sel.Page < pages {
		t.Next = page(sel.Page + 1)
	}
	if sel.Page < pages-1 {
		t.Last = page(pages)
	}
}

// rangeText says which part of a list is shown.
func rangeText(before, shown, all int) string {
	return thousands(int64(before+1)) + "–" + thousands(int64(before+shown)) + " of " + thousands(int64(all))
}

// sparklines draws the series of the rows. A journal that cannot be read costs
// the page its pictures alone.
func (s *server) sparklines(ctx context.Context, now time.Time, shown []*Account, rows []rowView) {
	for i, a := range shown {
		samples, err := s.src.History(ctx, a.Network, a.Label, now.Add(-week))
		if err != nil {
			s.log.Warn("the series cannot be read for the status page",
				zap.String("network", a.Network), zap.String("account", a.Label), zap.Error(err), zap.String("hint", journalHint))
			return
		}
		rows[i].Spark = sparklineOf(samples, now)
	}
}

func rowViewOf(now time.Time, a *Account, title string) rowView {
	return rowView{
		Network: title, Label: a.Label, Handle: handleOf(a),
		Path: accountPath(a.Network, a.Label), Link: webLink(a.Link),
		Followers: followersText(a),
		Delta24h:  signed(a.Delta24h), Trend24h: trend(a.Delta24h),
		Delta7d: signed(a.Delta7d), Trend7d: trend(a.Delta7d),
		Delta30d: signed(a.Delta30d), Trend30d: trend(a.Delta30d),
		State: stateViewOf(now, a),
		Last:  momentOf(now, a.LastPoll), Next: momentOf(now, a.NextPoll),
	}
}

// handleOf is what the network calls the account, where it differs from the label.
func handleOf(a *Account) string {
	if a.Nickname != "" && a.Nickname != a.Label {
		return a.Nickname
	}
	if a.Name != "" && a.Name != a.Label {
		return a.Name
	}
	return ""
}

// firstPoll returns the next poll of any account while none has been polled.
func firstPoll(accounts []Account) (next time.Time, ok bool) {
	for i := range accounts {
		a := &accounts[i]
		if !a.LastPoll.IsZero() {
			return time.Time{}, false
		}
		if !a.NextPoll.IsZero() && (next.IsZero() || a.NextPoll.Before(next)) {
			next = a.NextPoll
		}
	}
	return next, !next.IsZero()
}

// networkTitles gives every network's name its title.
func networkTitles(ov *Overview) map[string]string {
	titles := make(map[string]string, len(ov.Networks))
	for i := range ov.Networks {
		titles[ov.Networks[i].Name] = titleOfNetwork(&ov.Networks[i])
	}
	return titles
}

func titleOfNetwork(n *Network) string {
	if n.Title != "" {
		return n.Title
	}
	return n.Name
}

func networkOptions(ov *Overview, selected string) []option {
	out := []option{{"", "all networks", selected == ""}}
	for i := range ov.Networks {
		n := &ov.Networks[i]
		out = append(out, option{n.Name, titleOfNetwork(n), selected == n.Name})
	}
	return out
}

func stateOptions(selected string) []option {
	out := []option{
		{"", "all states", selected == ""},
		{stateTrouble, "needs a look", selected == stateTrouble},
	}
	for _, st := range states() {
		out = append(out, option{st.Name, st.Title, selected == st.Name})
	}
	return out
}

// orderOptions offers every order in words: on a phone the table has no heads.
func orderOptions(selected order) []option {
	out := []option{{"", "as in the config", selected == order{}}}
	for _, c := range columns() {
		if c.sortKey == nil {
			continue
		}
		for _, o := range []order{{c.Key, c.Number}, {c.Key, !c.Number}} {
			way := map[bool]string{true: "greatest first", false: "least first"}[o.Down]
			if c.Key == "last" || c.Key == "next" {
				way = map[bool]string{true: "latest first", false: "earliest first"}[o.Down]
			} else if !c.Number {
				way = map[bool]string{true: "Z to A", false: "A to Z"}[o.Down]
			}
			out = append(out, option{o.Sort(), c.Title + ", " + way, o == selected})
		}
	}
	return out
}

func columnViews(sel selection) []columnView {
	var out []columnView
	for _, c := range columns() {
		v := columnView{column: c}
		if c.sortKey != nil {
			v.Link = selection{sel.filter, sel.order.toggled(c), 1}.link()
		}
		if sel.Key == c.Key {
			v.Aria, v.Arrow = "ascending", "↑"
			if sel.Down {
				v.Aria, v.Arrow = "descending", "↓"
			}
		}
		out = append(out, v)
	}
	return out
}
