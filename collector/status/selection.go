package status

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// filter says which accounts are wanted. Empty strings want all.
type filter struct {
	Network string
	State   string // a state, stateUnknown or stateTrouble
	Q       string // part of the label, name, nickname or id, in any case
}

func filterOf(v url.Values) filter {
	return filter{Network: v.Get("network"), State: v.Get("state"), Q: strings.TrimSpace(v.Get("q"))}
}

// apply returns the accounts that are wanted, in their order. It points into the
// slice, since accounts are large and there are many.
func (f filter) apply(accounts []Account) []*Account {
	q := strings.ToLower(f.Q)
	out := make([]*Account, 0, len(accounts))
	for i := range accounts {
		a := &accounts[i]
		if (f.Network == "" || f.Network == a.Network) && f.wantsState(a) && (q == "" || holds(a, q)) {
			out = append(out, a)
		}
	}
	return out
}

func (f filter) wantsState(a *Account) bool {
	switch f.State {
	case "":
		return true
	case stateTrouble:
		tone := toneOf(a)
		return tone == toneWarn || tone == toneBad
	}
	return stateName(a.State) == f.State
}

// holds reports whether one of the account's names holds the lower-case text q.
func holds(a *Account, q string) bool {
	for _, s := range [...]string{a.Label, a.Name, a.Nickname, a.ID} {
		if strings.Contains(strings.ToLower(s), q) {
			return true
		}
	}
	return false
}

// column is one column of the table of accounts.
type column struct {
	Key, Title string
	Number     bool                     // right-aligned
	sortKey    func(a *Account) sortKey // nil: the column cannot be sorted by
}

// sortKey is what one account is sorted by. A column uses the text or the number.
type sortKey struct {
	known  bool // those without a value come last, either way
	text   string
	number int64
}

// columns returns the columns in their order.
func columns() []column {
	text := func(key, title string, get func(*Account) string) column {
		return column{Key: key, Title: title, sortKey: func(a *Account) sortKey {
			return sortKey{known: true, text: strings.ToLower(get(a))}
		}}
	}
	number := func(key, title string, get func(*Account) *int64) column {
		return column{Key: key, Title: title, Number: true, sortKey: func(a *Account) sortKey {
			n := get(a)
			if n == nil {
				return sortKey{}
			}
			return sortKey{known: true, number: *n}
		}}
	}
	when := func(key, title string, get func(*Account) time.Time) column {
		return column{Key: key, Title: title, Number: true, sortKey: func(a *Account) sortKey {
			return sortKey{known: !get(a).IsZero(), number: get(a).Unix()}
		}}
	}
	return []column{
		text("account", "Account", func(a *Account) string { return a.Label }),
		text("network", "Network", func(a *Account) string { return a.Network }),
		{Key: "series", Title: "7 days"},
		number("followers", "Followers", func(a *Account) *int64 { return a.Followers }),
		number("24h", "24 h", func(a *Account) *int64 { return a.Delta24h }),
		number("7d", "7 d", func(a *Account) *int64 { return a.Delta7d }),
		number("30d", "30 d", func(a *Account) *int64 { return a.Delta30d }),
		text("state", "State", func(a *Account) string { return stateOf(a.State).Title }),
		when("last", "Last poll", func(a *Account) time.Time { return a.LastPoll }),
		when("next", "Next poll", func(a *Account) time.Time { return a.NextPoll }),
	}
}

// order says by which column accounts are sorted. The zero order is that of the
// config.
type order struct {
	Key  string
	Down bool // greatest first
}

// orderOf reads the query's sort: a column's key, with a minus for descending.
// What is no column means the order of the config.
func orderOf(v url.Values) order {
	key, down := strings.CutPrefix(v.Get("sort"), "-")
	for _, c := range columns() {
		if c.Key == key && c.sortKey != nil {
			return order{key, down}
		}
	}
	return order{}
}

// Sort is the query's sort.
func (o order) Sort() string {
	if o.Down {
		return "-" + o.Key
	}
	return o.Key
}

// toggled is the order after a click on a column's head: numbers and times begin
// with the greatest, text with the first, and a second click turns them round.
func (o order) toggled(c column) order {
	if o.Key == c.Key {
		return order{c.Key, !o.Down}
	}
	return order{c.Key, c.Number}
}

// apply sorts the accounts. Equal ones keep their order.
func (o order) apply(accounts []*Account) {
	i := slices.IndexFunc(columns(), func(c column) bool { return c.Key == o.Key })
	if i < 0 {
		return
	}
	type row struct {
		sortKey
		index   int // in the order of the config, which decides between equals
		account *Account
	}
	key := columns()[i].sortKey
	rows := make([]row, len(accounts))
	for j, a := range accounts {
		rows[j] = row{key(a), j, a} // made once, not at every comparison
	}
	slices.SortFunc(rows, func(a, b row) int {
		byKey := knownFirst(a.known, b.known)
		if byKey == 0 {
			byKey = cmp.Or(cmp.Compare(a.number, b.number), strings.Compare(a.text, b.text))
			if o.Down {
				byKey = -byKey
			}
		}
		return cmp.Or(byKey, cmp.Compare(a.index, b.index))
	})
	for j := range rows {
		accounts[j] = rows[j].account
	}
}

func knownFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// perPage is how many accounts a page shows.
const perPage = 50

// selection is what the front page is asked for.
type selection struct {
	filter
	order
	Page int // from 1
}

func selectionOf(v url.Values) selection {
	page, err := strconv.Atoi(v.Get("page"))
	if err != nil || page < 1 {
		page = 1
	}
	return selection{filterOf(v), orderOf(v), page}
}

// link is the address of the front page with this selection, at its table.
func (s selection) link() string {
	v := url.Values{}
	for key, value := range map[string]string{
		"network": s.Network, "state": s.State, "q": s.Q, "sort": s.Sort(),
	} {
		if value != "" {
			v.Set(key, value)
		}
	}
	if s.Page > 1 {
		v.Set("page", strconv.Itoa(s.Page))
	}
	if len(v) == 0 {
		return "/"
	}
	return "/?" + v.Encode() + "#accounts"
}

// cut returns the accounts of the selection's page, with the page moved to the
// last one where it is beyond it, and how many pages there are.
func (s *selection) cut(accounts []*Account) (shown []*Account, pages int) {
	pages = max(1, (len(accounts)+perPage-1)/perPage)
	s.Page = min(s.Page, pages)
	from := (s.Page - 1) * perPage
	return accounts[from:min(from+perPage, len(accounts))], pages
}
