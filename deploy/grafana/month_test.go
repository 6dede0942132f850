package grafana

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"collectord/collector/point"
	"collectord/internal/influxdtest"
	"collectord/networks/all"
)

// month is a simulated time of collectord: what it would have written, in the line
// protocol that it writes.
type month struct {
	accounts int
	span     time.Duration
	every    time.Duration // between two polls
	end      time.Time     // of the last poll
	bad      bool          // things go wrong in the end: every alert has its reason
}

// The troubles of a bad month.
const (
	silent     = "vk"       // was polled last three hours before the end
	unanswered = "telegram" // gets no answers in the end
	fallen     = 2          // the account that loses a tenth of its followers in the end
	gone       = 3          // the account that is not there any more
	suspended  = 4
	takenOver  = 5
)

// writer sends lines to InfluxDB, some thousands in a request.
type writer struct {
	t      *testing.T
	db     *influxdtest.Server
	client *http.Client
	lines  []byte
}

func (w *writer) add(p point.Point) {
	w.t.Helper()
	series, err := p.Series()
	if err != nil {
		w.t.Fatal(err)
	}
	fields, err := p.FieldSet()
	if err != nil {
		w.t.Fatal(err)
	}
	w.lines = append(point.AppendLine(w.lines, series, fields, p.Time.Unix()), '\n')
	if len(w.lines) > 1<<20 {
		w.flush()
	}
}

func (w *writer) flush() {
	w.t.Helper()
	address := w.db.URL + "/api/v2/write?precision=s&bucket=" + w.db.Database
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, address, strings.NewReader(string(w.lines)))
	if err != nil {
		w.t.Fatal(err)
	}
	resp, err := w.client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusNoContent {
		w.t.Fatalf("write: status %d, %v", resp.StatusCode, err)
	}
	w.lines = w.lines[:0]
}

// write makes a database of the month and has the server answer from it.
func (m month) write(t *testing.T, db *influxdtest.Server, name string) {
	t.Helper()
	db.Exec(t, fmt.Sprintf("CREATE DATABASE %q", name))
	db.Database = name
	w := &writer{t: t, db: db, client: &http.Client{Transport: &http.Transport{}}}
	defer w.client.CloseIdleConnections()
	of := map[string]int{} // accounts by network
	for i := range m.accounts {
		of[m.network(i)]++
		m.account(w, i)
	}
	for network, accounts := range of {
		m.polls(w, network, accounts)
	}
	w.flush()
}

func (m month) network(i int) string {
	networks := all.List()
	return networks[i%len(networks)].Name
}

// label is one brand on every network, as it is in life, and not easy to quote.
func (m month) label(i int) string {
	if i == 0 {
		return `РИА, a/b=c "d" (1.0)`
	}
	return fmt.Sprintf("Brand %d", i/len(all.List()))
}

func (m month) tags(i int) []point.Tag {
	tags := []point.Tag{{Key: "network", Value: m.network(i)}, {Key: "account", Value: m.label(i)},
		{Key: "id", Value: fmt.Sprint(1000 + i)}, {Key: "type", Value: []string{"person", "page", "channel"}[i%3]}}
	if i%4 != 3 { // an own tag is not on every account
		tags = append(tags, point.Tag{Key: "team", Value: []string{"news", "sport", "brand"}[i%3]})
	}
	return tags
}

// times calls f with the time of each poll of an account, without its gaps, and
// the time left to the end.
func (m month) times(i int, f func(at time.Time, left time.Duration)) {
	for at := m.end.Add(-m.span); !at.After(m.end); at = at.Add(m.every) {
		left := m.end.Sub(at)
		gap := m.span > 20*24*time.Hour && i%5 == 0 && left > 200*time.Hour && left < 230*time.Hour
		if gap || m.bad && m.network(i) == silent && left < 3*time.Hour {
			continue
		}
		f(at, left)
	}
}

func (m month) account(w *writer, i int) {
	tags := m.tags(i)
	size, growth := 1000*math.Pow(10, float64(i%40)/10), float64(i%9-2)/1000 // a day
	m.times(i, func(at time.Time, left time.Duration) {
		days := -left.Hours() / 24
		followers := size * (1 + growth*(days+math.Sin(days*2*math.Pi)/5))
		if m.bad && i == fallen && left < 12*time.Hour {
			followers *= 0.9
		}
		if m.bad && (i == gone || i == suspended || i == takenOver) && left < 10*time.Hour {
			return
		}
		w.add(point.Point{Measurement: point.Profile, Tags: tags, Time: at, Fields: []point.Field{
			point.Int("followers", int64(followers)), point.Int("following", int64(100+i)), point.Int("posts", int64(2000+days*3))}})
	})
	start := m.end.Add(-m.span)
	m.info(w, i, start, fmt.Sprintf("handle%d", i))
	m.state(w, i, start, "ok")
	if i%3 == 0 { // renamed in the middle of the time
		m.info(w, i, start.Add(m.span/2), fmt.Sprintf("newhandle%d", i))
		m.state(w, i, start.Add(m.span/2), "renamed")
	}
	if s := map[int]string{gone: "not_found", suspended: "suspended", takenOver: "taken_over"}[i]; m.bad && s != "" {
		m.state(w, i, m.end.Add(-10*time.Hour), s)
	}
}

func (m month) info(w *writer, i int, at time.Time, handle string) {
	w.add(point.Point{Measurement: point.ProfileInfo, Tags: m.tags(i), Time: at, Fields: []point.Field{
		point.String("name", "Name of "+handle), point.String("nickname", handle),
		point.String("link", "https://example.org/"+handle), point.Bool("verified", i%2 == 0)}})
}

func (m month) state(w *writer, i int, at time.Time, state string) {
	w.add(point.Point{Measurement: point.AccountState, Time: at, Tags: m.tags(i)[:2],
		Fields: []point.Field{point.String("state", state)}})
}

func (m month) polls(w *writer, network string, accounts int) {
	for at := m.end.Add(-m.span); !at.After(m.end); at = at.Add(m.every) {
		left, failed := m.end.Sub(at), 0
		if at.Unix()/3600%50 == 7 {
			failed = 1
		}
		if m.bad && network == silent && left < 3*time.Hour {
			continue
		}
		if m.bad && network == unanswered && left < 6*time.Hour {
			failed = accounts
		}
		w.add(point.Point{Measurement: point.Poll, Time: at, Tags: []point.Tag{{Key: "network", Value: network}}, Fields: []point.Field{
			point.Int("accounts", int64(accounts)), point.Int("ok", int64(accounts-failed)), point.Int("failed", int64(failed)),
			point.Int("requests", int64(1+accounts/25+failed)), point.Int("retries", int64(failed)), point.Int("duration_ms", 200+at.Unix()/3600%300)}})
	}
}
