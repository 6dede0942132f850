package status

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAPIAccounts(t *testing.T) {
	src := newFake(testNow)
	src.accounts = []Account{src.accounts[2], {Network: "twitter", Label: hostile}}
	w := get(t, newHandler(t, src), "GET", "/api/v1/accounts")
	want := `[{"network":"vk","account":"Breaking","id":"4600","type":"group","nickname":"rbc","name":"Breaking",` +
		`"link":"https://vk.example/rbc","state":"ok","followers":2104411,"delta_24h":-310,"delta_7d":-1204,` +
		`"last_poll":"2026-03-12T13:12:00Z","last_success":"2026-03-12T13:12:00Z","next_poll":"2026-03-12T14:12:00Z",` +
		`"error":"vk: users.get: code 10: temporary: Internal server error"},` +
		`{"network":"twitter","account":"<script>alert(1)</script>'\"a,b=c \"d\"/&?#%2e","id":null,"type":null,"nickname":null,"name":null,` +
		`"link":null,"state":null,"followers":null,"delta_24h":null,"delta_7d":null,` +
		`"last_poll":null,"last_success":null,"next_poll":null,"error":null}]` + "\n"
	if got := w.Body.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if w.Header().Get("Content-Type") != "application/json" || w.Header().Get("X-Total-Count") != "2" {
		t.Errorf("headers %v", w.Header())
	}
	if w := get(t, newHandler(t, &fakeSource{}), "GET", "/api/v1/accounts"); w.Body.String() != "[]\n" {
		t.Errorf("no account is %s", w.Body)
	}
}

func TestAPIAccountsZoneIsUTC(t *testing.T) {
	at := time.Date(2026, 3, 12, 17, 0, 0, 123456789, time.FixedZone("MSK", 3*3600))
	src := &fakeSource{accounts: []Account{{Network: "vk", Label: "A", LastPoll: at}}}
	if w := get(t, newHandler(t, src), "GET", "/api/v1/accounts"); !strings.Contains(w.Body.String(), `"last_poll":"2026-03-12T14:00:00Z"`) {
		t.Errorf("%s", w.Body)
	}
}

func TestAPIAccountsFilterAndPages(t *testing.T) {
	h := newHandler(t, newFake(time.Now()))
	big := newHandler(t, many(1500))
	for _, c := range []struct {
		h      http.Handler
		query  string
		total  string
		length int
		first  string
	}{
		{h, "", "13", 13, "РИА Новости"},
		{h, "?network=vk", "6", 6, "РИА Новости"},
		{h, "?network=vk&state=ok", "3", 3, "РИА Новости"},
		{h, "?state=unknown", "1", 1, "NASA"},
		{h, "?q=%D0%9D%D0%9E%D0%92%D0%9E", "1", 1, "РИА Новости"}, // "НОВО"
		{h, "?q=DUROV", "1", 1, "Pavel Durov"},
		{h, "?state=nonsense", "0", 0, ""},
		{h, "?limit=2&offset=1", "13", 2, "Pavel Durov"},
		{h, "?offset=100", "13", 0, ""},
		{h, "?limit=100000&network=bluesky&offset=2", "3", 1, hostile},
		{big, "", "1500", 1000, "Аккаунт 0"},
		{big, "?limit=1200", "1500", 1200, "Аккаунт 0"},
		{big, "?offset=1400", "1500", 100, "Аккаунт 1400"},
	} {
		w := get(t, c.h, "GET", "/api/v1/accounts"+c.query)
		var list []struct{ Account string }
		if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil {
			t.Fatal(err)
		}
		if len(list) != c.length || w.Header().Get("X-Total-Count") != c.total || c.length > 0 && list[0].Account != c.first {
			t.Errorf("%s: %d of %s, want %d of %s; %v", c.query, len(list), w.Header().Get("X-Total-Count"), c.length, c.total, list[:min(1, len(list))])
		}
	}
	for _, query := range []string{"limit=abc", "limit=-1", "limit=0", "limit=", "limit=100001", "limit=1.5", "offset=-1", "offset=x", "limit=99999999999999999999"} {
		w := get(t, h, "GET", "/api/v1/accounts?"+query)
		var answer struct{ Error string }
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusBadRequest ||
			!strings.Contains(answer.Error, "a whole number") {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
}

func TestAPISeries(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	src := newFake(now)
	labels := []string{"РИА Новости", "a/b", "a//b", "a/series", "..", "100%", "?#&", hostile, "x y+z"}
	for _, label := range labels {
		src.accounts = append(src.accounts, Account{Network: "vk", Label: label})
		src.history["vk/"+label] = []Sample{{time.Unix(1700000000, 0), 7}, {now.Add(-40 * day), 8}, {now.Add(-time.Hour), 9}}
	}
	h := newHandler(t, src)
	for _, label := range labels {
		w := get(t, h, "GET", seriesPath("vk", label)+"?since=1700000000")
		var answer struct{ Points [][2]int64 }
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
			t.Errorf("%q: %d %s %v", label, w.Code, w.Body, err)
		}
		want := [][2]int64{{1700000000, 7}, {now.Add(-40 * day).Unix(), 8}, {now.Add(-time.Hour).Unix(), 9}}
		if !slices.Equal(answer.Points, want) {
			t.Errorf("%q: %v", label, answer.Points)
		}
	}
	for target, points := range map[string]int{
		"": 1, "?since=": 1, "?since=30d": 1, "?since=6w": 2, "?since=all": 3, "?since=2023-11-14T22:13:21Z": 2, "?since=1m": 0,
	} {
		w := get(t, h, "GET", seriesPath("vk", "a/b")+target)
		if got := strings.Count(w.Body.String(), "[") - 1; got != points {
			t.Errorf("%s: %d points, want %d: %s", target, got, points, w.Body)
		}
	}
	if w := get(t, h, "GET", "/api/v1/accounts/vk/a/b/series?since=1m"); w.Body.String() != "{\"points\":[]}\n" {
		t.Errorf("a slash that is not escaped: %d %s", w.Code, w.Body)
	}
	for target, code := range map[string]int{
		"/api/v1/accounts/vk/nobody/series": 404, "/api/v1/accounts/nowhere/NASA/series": 404, "/api/v1/accounts/vk/Shy": 404,
		"/api/v1/accounts/vk/Shy/series?since=x": 400, "/api/v1/accounts/vk/Shy/series?since=-1d": 400, "/api/v1/nothing": 404, "/api/": 404,
	} {
		w := get(t, h, "GET", target)
		var answer struct{ Error string }
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != code || answer.Error == "" {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
}

func TestAPIStatus(t *testing.T) {
	src := newFake(testNow)
	src.overview.Networks = []Network{src.overview.Networks[2], {Name: "vk"}}
	got := get(t, newHandler(t, src), "GET", "/api/v1/status").Body.String()
	want := `{"version":"1.4.0","started":"2026-03-09T11:00:00Z","ready":true,"not_ready":null,` +
		`"config":{"file":"/etc/collectord/config.yaml","hash":"3f9a1c02","taken":"2026-03-11T18:00:00Z","error":null},` +
		`"accounts":{"total":13,"ok":4,"trouble":8,"unknown":1},` +
		`"networks":[{"name":"twitter","title":"X (Twitter)","accounts":4,"states":{"blocked":1,"hidden":1,"taken_over":1,"unknown":1},` +
		`"next_poll":"2026-03-12T14:12:00Z","running":false,"requests_per_second":0.3333333333333333,` +
		`"tokens":[{"slot":"tw","state":"cooling","reason":"rate limited","until":"2026-03-12T14:09:00Z","expires":null,"days_left":null,"never_expires":false,"renewable":false,"link":null,` +
		`"spending":{"unit":"USD","today":0.04,"budget":10,"allowance":null,"day_ends":"2026-03-13T00:00:00Z"}}],"spending":null,` +
		`"last_poll":{"time":"2026-03-12T13:12:00Z","accounts":4,"ok":3,"failed":1,"requests":1,"retries":0,"duration_ms":640},` +
		`"last_error":null,"last_error_at":null,"hint":null,"ticks_skipped":0,"ticks_missed":4,` +
		`"totals":{"polls":0,"requests":0,"retries":0,"results":{},"limiter_wait_seconds":0}},` +
		`{"name":"vk","title":null,"accounts":0,"states":{},"next_poll":null,"running":false,"requests_per_second":null,"tokens":[],"spending":null,` +
		`"last_poll":null,"last_error":null,"last_error_at":null,"hint":null,"ticks_skipped":0,"ticks_missed":0,` +
		`"totals":{"polls":0,"requests":0,"retries":0,"results":{},"limiter_wait_seconds":0}}],` +
		`"journal":{"points":184210,"bytes":48300000,"max_bytes":10000000000,"oldest":"2025-12-12T14:00:00Z","newest":"2026-03-12T13:12:00Z",` +
		`"refused":0,"rotten":0,"dropped":0,"error":null,"damaged_as":null,"refused_last":[]},` +
		`"influxdb":{"url":"http://127.0.0.1:8086","bucket":"followers","state":"ok","error":null,"hint":null,` +
		`"since":"2026-03-09T11:00:00Z","backlog":0,"oldest":null,"delivered":12411,"refused":0,` +
		`"last_success":"2026-03-12T13:12:00Z","next_try":null}}` + "\n"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	src.overview = Overview{}
	src.notReady = http.ErrServerClosed
	got = get(t, newHandler(t, src), "GET", "/api/v1/status").Body.String()
	for _, want := range []string{`"influxdb":null`, `"networks":[]`, `"ready":false,"not_ready":"http: Server closed"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in %s", want, got)
		}
	}
}
