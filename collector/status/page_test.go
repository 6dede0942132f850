package status

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// asked is get with one header.
func asked(t *testing.T, h http.Handler, method, target, key, value string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, target, nil)
	r.Header.Set(key, value)
	h.ServeHTTP(w, r)
	return w
}

// TestCompressed: text comes as gzip to those who take it, and is the same text.
func TestCompressed(t *testing.T) {
	h := newHandler(t, many(60))
	for _, target := range []string{"/", "/api/v1/accounts", "/metrics", "/style.css"} {
		plain := get(t, h, "GET", target)
		if plain.Header().Get("Content-Encoding") != "" || !strings.Contains(plain.Header().Get("Vary"), "Accept-Encoding") {
			t.Errorf("%s: %v", target, plain.Header())
		}
		for _, method := range []string{"GET", "HEAD"} {
			w := asked(t, h, method, target, "Accept-Encoding", "br, gzip;q=0.5")
			if w.Code != plain.Code || w.Header().Get("Content-Encoding") != "gzip" || w.Header().Get("Content-Type") != plain.Header().Get("Content-Type") {
				t.Errorf("%s %s: %d %v", method, target, w.Code, w.Header())
				continue
			}
			z, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatalf("%s: %v", target, err)
			}
			text, err := io.ReadAll(z)
			// Times and counters of two answers differ, on a busy machine in every row ("9 s
			// ago", "10 s ago"); their length hardly does.
			hardly := 100 + plain.Body.Len()/100
			if n := len(text) - plain.Body.Len(); err != nil || n < -hardly || n > hardly {
				t.Errorf("%s: %d bytes, plain %d: %v", target, len(text), plain.Body.Len(), err)
			}
		}
	}
	for target, accepts := range map[string]string{"/healthz": "gzip", "/api/v1/accounts?limit=x": "gzip", "/": "gzip;q=0", "/favicon.svg": "identity"} {
		if w := asked(t, h, "GET", target, "Accept-Encoding", accepts); w.Header().Get("Content-Encoding") != "" || w.Body.Len() == 0 {
			t.Errorf("%s for %q: %v", target, accepts, w.Header())
		}
	}
}

// TestCompressedOnce: what brings an encoding of its own stays as it is.
func TestCompressedOnce(t *testing.T) {
	body := strings.Repeat("x", 2*compressFrom)
	h := compressed(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Encoding", "zstd")
		_, _ = io.WriteString(w, body)
	}))
	if w := asked(t, h, "GET", "/", "Accept-Encoding", "gzip"); w.Header().Get("Content-Encoding") != "zstd" || w.Body.String() != body {
		t.Errorf("%v, %d bytes", w.Header(), w.Body.Len())
	}
}

func TestTakesGzip(t *testing.T) {
	for header, want := range map[string]bool{
		"gzip": true, "GZIP": true, "deflate, gzip;q=1.0, *;q=0.5": true, "*": true, "br;q=1, *;q=0.1": true,
		"": false, "br": false, "gzip;q=0": false, "gzip; q=0.000": false, "*;q=0": false, "gzip;q=x": false, "gzip;q=0, *": false, "xgzip": false,
	} {
		if takesGzip([]string{header}) != want {
			t.Errorf("%q: not %v", header, want)
		}
	}
}

// TestAPIMethod: who writes to the API is told so in JSON.
func TestAPIMethod(t *testing.T) {
	w := get(t, newHandler(t, newFake(testNow)), "POST", "/api/v1/accounts")
	var answer struct{ Error string }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Error == "" || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%v %s: %v", w.Header(), w.Body, err)
	}
}

// TestCSV: a series as a file whose name no label can spoil.
func TestCSV(t *testing.T) {
	src := newFake(time.Now())
	for label, name := range map[string]string{"РИА Новости": "", "../a\"b\r\nX: y": `attachment; filename=vk_.._a_b__X__y.csv`, "=cmd|calc": `attachment; filename=vk__cmd_calc.csv`} {
		src.accounts = append(src.accounts, Account{Network: "vk", Label: label})
		src.history["vk/"+label] = []Sample{{time.Unix(1700000000, 0), 7}, {time.Unix(1700003600, 0), 8}}
		w := get(t, newHandler(t, src), "GET", seriesPath("vk", label)+".csv?since=all")
		if want := "time,followers\r\n2023-11-14T22:13:20Z,7\r\n2023-11-14T23:13:20Z,8\r\n"; w.Code != http.StatusOK || w.Body.String() != want {
			t.Errorf("%q: %d %q", label, w.Code, w.Body)
		}
		if got := w.Header().Get("Content-Disposition"); name != "" && got != name || !strings.HasPrefix(got, "attachment; filename") {
			t.Errorf("%q: %s", label, got)
		}
	}
	for target, code := range map[string]int{"/api/v1/accounts/vk/nobody/series.csv": 404, "/api/v1/accounts/vk/Shy/series.csv?since=x": 400} {
		if w := get(t, newHandler(t, src), "GET", target); w.Code != code || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
}

// TestChangesOnThePage: the newest first, as text, and where some are still looked for,
// the page says so and asks anew.
func TestChangesOnThePage(t *testing.T) {
	src := newFake(time.Now())
	src.changes = map[string][]Change{"vk/Shy": {
		{testNow, "state", "", "ok"}, {testNow.Add(time.Hour), "name", "<b>", "c"}, {testNow.Add(2 * time.Hour), "state", "ok", "not_found"},
	}}
	w := get(t, newHandler(t, src), "GET", accountPath("vk", "Shy"))
	page := w.Body.String()
	last, first := strings.Index(page, "<td>state</td><td>ok</td><td>not found</td>"), strings.Index(page, `<td>state</td><td><span class="none">–</span></td><td>ok</td>`)
	if last < 0 || first < last || !strings.Contains(page, "<td>&lt;b&gt;</td>") || w.Header().Get("Refresh") != "" {
		t.Errorf("%d %d %v %s", last, first, w.Header(), page)
	}
	src.partly = true
	if w := get(t, newHandler(t, src), "GET", accountPath("vk", "Shy")); w.Header().Get("Refresh") != "5" || !strings.Contains(w.Body.String(), "still being looked through") {
		t.Errorf("%v", w.Header())
	}
	// A Source that knows nothing of changes has no such table.
	if page := get(t, newHandler(t, struct{ Source }{src}), "GET", accountPath("vk", "Shy")).Body.String(); strings.Contains(page, "Changes") || strings.Contains(page, "looked through") {
		t.Error("a table of changes that nobody told")
	}
}

// TestTokensThatEnd: days left, never, and a warning in the last week where nobody renews.
func TestTokensThatEnd(t *testing.T) {
	now := time.Now()
	src := newFake(now)
	src.overview.Networks = src.overview.Networks[2:]
	for name, c := range map[string]struct {
		token      Token
		page, json string
		warns      bool
	}{
		"renewed":   {Token{Expires: now.Add(50*time.Hour + time.Minute), Renewed: true}, `expires <time datetime=`, `"days_left":2,"never_expires":false,"renewable":true`, false},
		"soon":      {Token{Expires: now.Add(50*time.Hour + time.Minute)}, `the token tw expires in 2 d`, `"days_left":2,"never_expires":false,"renewable":false`, true},
		"far":       {Token{Expires: now.Add(60 * day)}, `>in 60 d</time>`, `"days_left":60`, false},
		"past":      {Token{Expires: now.Add(-40 * time.Hour), Renewed: true}, `expired <time datetime=`, `"days_left":-2`, false},
		"endless":   {Token{Endless: true}, `never expires`, `"expires":null,"days_left":null,"never_expires":true`, false},
		"no saying": {Token{}, `<code>tw</code> <span class="pill good">ok</span></li>`, `"expires":null,"days_left":null,"never_expires":false`, false},
	} {
		c.token.Slot, c.token.State = "tw", "ok"
		src.overview.Networks[0].Tokens = []Token{c.token}
		h := newHandler(t, src)
		page, answer := get(t, h, "GET", "/").Body.String(), get(t, h, "GET", "/api/v1/status").Body.String()
		if !strings.Contains(page, c.page) || strings.Contains(page, "Nothing renews it") != c.warns {
			t.Errorf("%s: the page does not hold %q, or warns", name, c.page)
		}
		if !strings.Contains(answer, c.json) {
			t.Errorf("%s: %s does not hold %s", name, answer, c.json)
		}
	}
}

// TestRefusedPoints: why InfluxDB refused what, on the page and in the JSON, as text.
func TestRefusedPoints(t *testing.T) {
	src := newFake(time.Now())
	src.overview.Journal.Refused = 2
	src.overview.Journal.RefusedLast = []Refusal{{Time: testNow, Reason: `<i>field type conflict</i>`, Line: `profile,account=a followers=1i 1`, Resend: true}, {Reason: "gone"}}
	h := newHandler(t, src)
	page, answer := get(t, h, "GET", "/").Body.String(), get(t, h, "GET", "/api/v1/status").Body.String()
	for _, want := range []string{"&lt;i&gt;field type conflict", "<code>profile,account=a followers=1i 1</code>", "It is sent again.", "`collectord refused --resend`"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not hold %s", want)
		}
	}
	if want := `"refused_last":[{"time":"2026-03-12T14:00:00Z","reason":"<i>field type conflict</i>","point":"profile,account=a followers=1i 1","resend":true},{"time":null,"reason":"gone","point":null,"resend":false}]`; !strings.Contains(answer, want) {
		t.Errorf("%s", answer)
	}
}

func TestPeriodText(t *testing.T) {
	at := func(hours int, n int64) Sample { return Sample{testNow.Add(time.Duration(hours) * time.Hour), n} }
	for want, samples := range map[string][]Sample{
		"": {at(0, 5)},
		"+5 (+5.0 %) in this period, between 100 and 105":                            {at(0, 100), at(1, 105)},
		"-1 (-0.0010 %) in this period, between 99,999 and 100,000":                  {at(0, 100_000), at(1, 99_999)},
		"0 in this period, between 0 and 9":                                          {at(0, 0), at(1, 9), at(2, 0)},
		"+200 (+200 %) in this period, between 100 and 300; 1 gap, the longest 27 h": {at(0, 100), at(1, 100), at(2, 100), at(29, 300), at(30, 300), at(31, 300)},
	} {
		if got := periodText(samples); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestFarPages: the first and the last page are one step away.
func TestFarPages(t *testing.T) {
	h := newHandler(t, many(500))
	for query, want := range map[string]string{
		"?page=5":  `<span><a href="/" aria-label="First page">« First</a> <a href="/?page=4#accounts" rel="prev">← Before</a></span>`,
		"?page=2":  `<span> <a href="/" rel="prev">← Before</a></span>`,
		"":         `<span><a href="/?page=2#accounts" rel="next">After →</a> <a href="/?page=10#accounts" aria-label="Last page">Last »</a></span>`,
		"?page=9":  `<span><a href="/?page=10#accounts" rel="next">After →</a> </span>`,
		"?page=10": `<span class="range">451–500 of 500</span>`,
	} {
		if page := get(t, h, "GET", "/"+query).Body.String(); !strings.Contains(page, want) {
			t.Errorf("%s does not hold %s", query, want)
		}
	}
}
