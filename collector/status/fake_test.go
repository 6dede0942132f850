package status

import (
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"
)

// fakeSource is a Source that says what it is told to.
type fakeSource struct {
	accounts []Account
	overview Overview
	history  map[string][]Sample // by network and label, joined by a slash
	err      error               // of Accounts and Overview
	broken   error               // of History
	notReady error
	changes  map[string][]Change // by network and label
	partly   bool                // the journal is not looked through yet
	asked    int                 // calls of History
}

func (f *fakeSource) Accounts(context.Context) ([]Account, error) {
	return append([]Account(nil), f.accounts...), f.err
}

func (f *fakeSource) Overview(context.Context) (Overview, error) { return f.overview, f.err }

func (f *fakeSource) History(_ context.Context, network, label string, since time.Time) ([]Sample, error) {
	f.asked++
	var out []Sample
	for _, s := range f.history[network+"/"+label] {
		if !s.Time.Before(since) {
			out = append(out, s)
		}
	}
	return out, f.broken
}

func (f *fakeSource) Changes(_ context.Context, network, label string) ([]Change, bool, error) {
	return f.changes[network+"/"+label], !f.partly, f.broken
}

func (f *fakeSource) Ready(context.Context) error { return f.notReady }

func num(n int64) *int64 { return &n }

// hostile holds all that could end an attribute, an element, a path or a line.
const hostile = `<script>alert(1)</script>'"a,b=c "d"/&?#%2e`

// newFake is a daemon with accounts of every state on three networks, seen at now.
func newFake(now time.Time) *fakeSource {
	next := now.Add(12 * time.Minute)
	last := now.Add(-48 * time.Minute)
	ok := func(network, label, nick string, followers, d24, d7 int64) Account {
		return Account{Network: network, Label: label, ID: strconv.FormatInt(followers%99991, 10), Type: "group",
			Nickname: nick, Name: label, Link: "https://" + network + ".example/" + nick, State: "ok",
			Followers: num(followers), Delta24h: num(d24), Delta7d: num(d7), Delta30d: num(4 * d7), StateSince: last.AddDate(0, -1, 0),
			LastPoll: last, LastSuccess: last, NextPoll: next}
	}
	bad := func(network, label, state, err, hint string) Account {
		return Account{Network: network, Label: label, State: state, Error: err, Hint: hint, StateSince: last.Add(-40 * time.Hour), LastPoll: last, NextPoll: next}
	}
	stale := ok("vk", "Breaking", "rbc", 2_104_411, -310, -1_204)
	stale.Error, stale.Hint = "vk: users.get: code 10: temporary: Internal server error", "The network's fault; it is asked again at the next poll."
	withTags := ok("vk", "РИА Новости", "ria", 3_254_117, 1_204, 9_877)
	withTags.Posts, withTags.Views = num(412_002), num(0)
	withTags.Tags = map[string]string{"team": "news", "country": "ru"}
	bluesky := ok("bluesky", "theguardian.com", "theguardian.com", 512_903, 0, 2_210)
	renamed := ok("bluesky", "Old name", "new.example", 8_120, 12, -40)
	renamed.State = "renamed"
	f := &fakeSource{accounts: []Account{
		withTags, ok("vk", "Pavel Durov", "durov", 12_987_654, 842, -5_310), stale,
		bad("vk", "Gone", "not_found", "", ""), bad("vk", "Banned", "suspended", "", ""),
		bad("vk", "Shy", "private", "", ""),
		bluesky, renamed, ok("bluesky", hostile, "odd", 42, 1, 2),
		{Network: "twitter", Label: "NASA", NextPoll: next},
		bad("twitter", "Hidden count", "hidden", "", ""), bad("twitter", "Closed", "blocked", "", ""),
		bad("twitter", "Stolen", "taken_over", "", ""),
	}, overview: newOverview(now, next, last), history: map[string][]Sample{}}
	for i := range f.accounts {
		if a := &f.accounts[i]; a.Followers != nil {
			f.history[a.Network+"/"+a.Label] = seriesOf(last, *a.Followers, *a.Delta7d, 24*400)
		}
	}
	return f
}

func newOverview(now, next, last time.Time) Overview {
	return Overview{
		Version: "1.4.0", Started: now.Add(-75 * time.Hour), ConfigFile: "/etc/collectord/config.yaml",
		ConfigHash: "3f9a1c02", ConfigTime: now.Add(-20 * time.Hour),
		Networks: []Network{
			{Name: "vk", Title: "VK", Accounts: 6, States: map[string]int{"ok": 3, "not_found": 1, "suspended": 1, "private": 1},
				NextPoll: next, Rate: 3, Skipped: 2,
				Tokens: []Token{
					{Slot: "vk", State: "ok", Expires: now.Add(23 * time.Hour), Renewed: true, Spending: Spending{Unit: "requests", Today: 1_231, Allowance: 5_000, Ends: now.Add(10 * time.Hour)}},
					{Slot: "vk:second", State: "parked", Reason: "captcha needed", Link: "https://vk.example/captcha?sid=1"},
					{Slot: "vk:third", State: "ok", Endless: true},
				},
				LastPoll:  &Poll{Time: last, Accounts: 6, OK: 5, Failed: 1, Requests: 3, Retries: 1, Duration: 1240 * time.Millisecond},
				LastError: "vk: users.get: code 10: temporary: Internal server error", LastErrorAt: last, Hint: "The network's fault; it is asked again.",
				Totals: Totals{Polls: 75, Requests: 231, Retries: 4, Results: map[string]int64{"ok": 440, "temporary": 1, "not_found": 75}, LimiterWait: 90 * time.Second}},
			{Name: "bluesky", Title: "Bluesky", Accounts: 3, States: map[string]int{"ok": 2, "renamed": 1}, Running: true,
				NextPoll: next, Rate: 10, LastPoll: &Poll{Time: last, Accounts: 3, OK: 3, Requests: 1, Duration: 210 * time.Millisecond},
				Spending: Spending{Unit: "requests", Today: 1, Ends: now.Add(10 * time.Hour)},
				Usage:    []Usage{{Limit: "RateLimit", Used: 0.81, Until: now.Add(time.Minute)}}},
			{Name: "twitter", Title: "X (Twitter)", Accounts: 4, States: map[string]int{"": 1, "hidden": 1, "blocked": 1, "taken_over": 1},
				NextPoll: next, Rate: 1.0 / 3, Missed: 4, Tokens: []Token{{Slot: "tw", State: "cooling", Reason: "rate limited", Until: now.Add(9 * time.Minute),
					Spending: Spending{Unit: "USD", Money: true, Today: 0.04, Budget: 10, Ends: now.Add(10 * time.Hour)}}},
				LastPoll: &Poll{Time: last, Accounts: 4, OK: 3, Failed: 1, Requests: 1, Duration: 640 * time.Millisecond}},
		},
		Journal: Journal{Points: 184_210, Bytes: 48_300_000, MaxBytes: 10_000_000_000, Oldest: now.AddDate(0, -3, 0), Newest: last},
		Influx: &Influx{URL: "http://writer:hunter2@127.0.0.1:8086", Bucket: "followers", State: "ok", Delivered: 12_411,
			Since: now.Add(-75 * time.Hour), LastSuccess: last},
	}
}

// seriesOf is an hourly series that ends at a count and has two gaps: a day two
// days before its end, and a single hour after that.
func seriesOf(end time.Time, followers, week int64, hours int) []Sample {
	var out []Sample
	for h := hours; h >= 0; h-- {
		if h > 40 && h < 64 || h == 12 {
			continue
		}
		wave := math.Sin(float64(h)/24*2*math.Pi) * float64(week) / 30
		back := float64(week) * float64(h) / (7 * 24) * (1 + math.Sin(float64(h)/900)/3)
		out = append(out, Sample{end.Add(-time.Duration(h) * time.Hour), max(0, followers-int64(back+wave))})
	}
	return out
}

// get asks a handler and returns the answer.
func get(t *testing.T, h http.Handler, method, target string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w
}

func newHandler(t *testing.T, src Source) http.Handler { return Handler(src, zaptest.NewLogger(t)) }

var testNow = time.Date(2026, 3, 12, 14, 0, 0, 0, time.UTC)

// httpGet is get for benchmarks.
func httpGet(h http.Handler, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	return w
}
