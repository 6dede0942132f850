package status

import (
	"context"
	"errors"
	"fmt"
	"html"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"
)

// rows returns the labels of the accounts that a page shows, in its order.
func rows(page string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`<th scope="row"[^>]*><a href="[^"]*">([^<]*)</a>`).FindAllStringSubmatch(page, -1) {
		out = append(out, html.UnescapeString(m[1]))
	}
	return out
}

func TestIndex(t *testing.T) {
	src := newFake(time.Now())
	w := get(t, newHandler(t, src), "GET", "/")
	page := w.Body.String()
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/html; charset=utf-8" || w.Header().Get("Refresh") != "30" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	for _, want := range []string{
		`<span class="phrase ">13 accounts on 3 networks</span><span class="phrase good">4 ok</span>` +
			`<span class="phrase warn"><a href="/?state=trouble#accounts">8 to look at</a></span>` +
			`<span class="phrase idle"><a href="/?state=unknown#accounts">1 not polled yet</a></span>` +
			`<span class="phrase good">InfluxDB ok</span><span class="phrase ">nothing waits</span>`,
		`<td role="cell" class="followers number" data-label="Followers">3,254,117</td>`,
		`<td role="cell" class="delta number up" data-label="24 h">&#43;1,204</td>`,
		`<td role="cell" class="delta number down" data-label="7 days">-5,310</td>`,
		`href="https://vk.example/captcha?sid=1"`, `polling now`, `2 skipped`, `20 requests/min`,
		`3 requests/s for each token`, `captcha needed`, `ready <time datetime=`, `1 failed; 3 requests in 1.2 s, 1 retry`,
		`<a href="/?network=vk&amp;state=not_found#accounts">1 not found</a>`,
		`vk: users.get: code 10: temporary: Internal server error`, `1–13 of 13`, `184,210 points`, `48 MB of 10 GB (0.5 %)`, `<dd>http://127.0.0.1:8086, bucket followers</dd>`, `expires <time datetime=`,
		`Write the new handle into the config.`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not hold %s", want)
		}
	}
	if got := len(rows(page)); got != 13 {
		t.Errorf("%d accounts", got)
	}
	if strings.Count(page, `<svg class="spark"`) != 6 {
		t.Error("not every series has its sparkline")
	}
	if strings.Contains(page, "hunter2") {
		t.Error("the page shows the password of InfluxDB's URL")
	}
}

func TestIndexNotices(t *testing.T) {
	now := time.Now()
	src := newFake(now)
	src.overview.ConfigError = `config.yaml:12:7: "<b>": unknown key`
	src.overview.Journal = Journal{Error: "disk full", DamageAs: "journal.db.damaged", Dropped: 1, Refused: 2, Rotten: 3}
	*src.overview.Influx = Influx{State: "waiting", Error: "401", Hint: "mend the token", Since: now.Add(-12 * time.Minute),
		Backlog: 1204, Oldest: now.Add(-2 * time.Hour), NextTry: now.Add(5 * time.Minute)}
	src.overview.Networks[0].Tokens[0].State = "dead"
	page := get(t, newHandler(t, src), "GET", "/").Body.String()
	for _, want := range []string{
		`config.yaml:12:7: &#34;&lt;b&gt;&#34;: unknown key`, "disk full", `<span class="pill bad">takes no points</span>`, "journal.db.damaged",
		"1 point dropped", "2 points set aside", "3 points set aside", "InfluxDB waiting for 12 min",
		"1,204 points wait, the oldest for 2 h", "mend the token. The next try is in 5 min, with all points that wait.",
		"the token vk is refused", "collectord keychain assign vk", `<h1 class="summary bad">`, "<title>config not taken",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not hold %s", want)
		}
	}
	src.overview.Influx = nil
	if page := get(t, newHandler(t, src), "GET", "/").Body.String(); !strings.Contains(page, "no InfluxDB: the journal keeps") {
		t.Error("the page does not say that there is no InfluxDB")
	}
}

func TestIndexEmpty(t *testing.T) {
	src := &fakeSource{overview: Overview{ConfigFile: "/etc/c.yaml"}}
	page := get(t, newHandler(t, src), "GET", "/").Body.String()
	if !strings.Contains(page, "There are no accounts yet.") || !strings.Contains(page, "<code>/etc/c.yaml</code>") || !strings.Contains(page, "0 accounts") {
		t.Errorf("without accounts: %s", page)
	}
	src.accounts = []Account{{Network: "vk", Label: "A", NextPoll: time.Now().Add(10*time.Minute + 5*time.Second)}}
	page = get(t, newHandler(t, src), "GET", "/").Body.String()
	if !strings.Contains(page, "No account has been polled yet. The first poll is <time") || !strings.Contains(page, ">in 10 min<") {
		t.Errorf("before the first poll: %s", page)
	}
	page = get(t, newHandler(t, src), "GET", "/?q=zz").Body.String()
	if !strings.Contains(page, "No account is like that.") {
		t.Error("nothing found is not said")
	}
}

func TestIndexFilterAndSort(t *testing.T) {
	h := newHandler(t, newFake(time.Now()))
	for query, want := range map[string][]string{
		"network=vk":                     {"РИА Новости", "Pavel Durov", "Breaking", "Gone", "Banned", "Shy"},
		"network=vk&sort=-followers":     {"Pavel Durov", "РИА Новости", "Breaking", "Gone", "Banned", "Shy"},
		"network=vk&sort=followers":      {"Breaking", "РИА Новости", "Pavel Durov", "Gone", "Banned", "Shy"},
		"network=vk&sort=account":        {"Banned", "Breaking", "Gone", "Pavel Durov", "Shy", "РИА Новости"},
		"network=vk&sort=-24h":           {"РИА Новости", "Pavel Durov", "Breaking", "Gone", "Banned", "Shy"},
		"network=vk&sort=7d":             {"Pavel Durov", "Breaking", "РИА Новости", "Gone", "Banned", "Shy"},
		"network=twitter&sort=-last":     {"Hidden count", "Closed", "Stolen", "NASA"},
		"network=twitter&sort=state":     {"Closed", "Hidden count", "NASA", "Stolen"},
		"network=vk&sort=nonsense":       {"РИА Новости", "Pavel Durov", "Breaking", "Gone", "Banned", "Shy"},
		"state=unknown":                  {"NASA"},
		"state=renamed":                  {"Old name"},
		"state=trouble&network=twitter":  {"Hidden count", "Closed", "Stolen"},
		"q=" + "%D0%BD%D0%BE%D0%92":      {"РИА Новости"}, // "ноВ"
		"q=DUROV":                        {"Pavel Durov"},
		"q=%3Cscript":                    {hostile},
		"q=nobody":                       nil,
		"network=nowhere":                nil,
		"page=99&network=bluesky":        {"theguardian.com", "Old name", hostile},
		"page=-1&network=bluesky&q=name": {"Old name"},
	} {
		if got := rows(get(t, h, "GET", "/?"+query).Body.String()); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	page := get(t, h, "GET", "/?network=vk&sort=-followers").Body.String()
	for _, want := range []string{`aria-sort="descending"`, `href="/?network=vk&amp;sort=followers#accounts"`,
		`<option value="vk" selected>VK</option>`, `<option value="-followers" selected>Followers, greatest first</option>`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not hold %s", want)
		}
	}
	if get(t, h, "GET", "/?q=x").Header().Get("Refresh") != "" {
		t.Error("a page with a filter reloads itself")
	}
}

// many is a Source with n accounts, all with a series.
func many(n int) *fakeSource {
	now := time.Now()
	src := &fakeSource{overview: Overview{Networks: []Network{{Name: "vk", Title: "VK", Accounts: n}}}, history: map[string][]Sample{}}
	series := seriesOf(now, 100_000, 900, 24*7)
	for i := range n {
		label := "Аккаунт " + strconv.Itoa(i)
		src.accounts = append(src.accounts, Account{Network: "vk", Label: label, ID: strconv.Itoa(i), Nickname: "n" + strconv.Itoa(i), Name: label,
			State: "ok", Followers: num(int64(i * 7919 % n)), Delta24h: num(int64(i)), LastPoll: now, LastSuccess: now, NextPoll: now.Add(time.Hour)})
		src.history["vk/"+label] = series
	}
	return src
}

func TestPaging(t *testing.T) {
	src := many(120)
	h := newHandler(t, src)
	seen := map[string]bool{}
	next := "/?sort=followers"
	for _, want := range []struct {
		n    int
		text string
	}{{50, "1–50 of 120"}, {50, "51–100 of 120"}, {20, "101–120 of 120"}} {
		src.asked = 0
		page := get(t, h, "GET", next).Body.String()
		got := rows(page)
		if len(got) != want.n || !strings.Contains(page, want.text) || src.asked != want.n {
			t.Errorf("%s: %d accounts, %d series read, want %d and %q", next, len(got), src.asked, want.n, want.text)
		}
		for _, label := range got {
			seen[label] = true
		}
		next = ""
		if m := regexp.MustCompile(`<a href="([^"]*)" rel="next">`).FindStringSubmatch(page); m != nil {
			next, _, _ = strings.Cut(html.UnescapeString(m[1]), "#")
		}
	}
	if len(seen) != 120 || next != "" {
		t.Errorf("%d accounts in all, then %q", len(seen), next)
	}
	if page := get(t, h, "GET", "/?page=2").Body.String(); !strings.Contains(page, `<a href="/" rel="prev">`) {
		t.Error("the second page does not lead to the first")
	}
}

func TestAccount(t *testing.T) {
	src := newFake(time.Now())
	h := newHandler(t, src)
	for i := range src.accounts {
		a := &src.accounts[i]
		w := get(t, h, "GET", accountPath(a.Network, a.Label))
		page := w.Body.String()
		if w.Code != http.StatusOK || !strings.Contains(page, "<h1>"+html.EscapeString(a.Label)+"</h1>") {
			t.Errorf("%s: %d %s", a.Label, w.Code, page)
		}
		if hasPlot := strings.Contains(page, `class="line"`); hasPlot != (a.Followers != nil) {
			t.Errorf("%s: a plot: %v", a.Label, hasPlot)
		}
		if strings.Contains(page, "<script") || strings.Contains(page, "ZgotmplZ") {
			t.Errorf("%s: something got through: %s", a.Label, page)
		}
	}
	page := get(t, h, "GET", accountPath("vk", "РИА Новости")+"?since=7d").Body.String()
	for _, want := range []string{
		`<dt>Posts</dt><dd>412,002</dd>`, `<dt>Views</dt><dd>0</dd>`, `<dt>Tag country</dt><dd>ru</dd>`, `<dt>Tag team</dt><dd>news</dd>`, `aria-current="page">7 days</a>`,
		`<a href="https://vk.example/ria" rel="noreferrer noopener" target="_blank">`,
		`/api/v1/accounts/vk/%D0%A0%D0%98%D0%90%20%D0%9D%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8/series?since=7d`,
		`144 points: <a href="/api/v1/accounts/vk/`, `/series.csv?since=7d" download>CSV</a>`, `in this period, between 3,24`, `2 gaps, the longest 24 h`, `<td class="number">3,254,117</td>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not hold %s", want)
		}
	}
	for target, want := range map[string]int{
		"/accounts/vk/nobody": 404, "/accounts/nowhere/NASA": 404, "/accounts/vk/": 404,
		"/accounts/vk/Shy?since=yesterday": 400, "/nothing": 404, "/accounts/vk/%3Cscript%3E": 404,
	} {
		w := get(t, h, "GET", target)
		if w.Code != want || !strings.Contains(w.Body.String(), "<h1>") || strings.Contains(w.Body.String(), "<script") {
			t.Errorf("%s: %d, want %d and a page: %s", target, w.Code, want, w.Body)
		}
	}
}

func TestUnsafeLinks(t *testing.T) {
	src := newFake(time.Now())
	src.accounts[0].Link = "javascript:alert(1)"
	src.overview.Networks[0].Tokens[1].Link = "javascript:alert(2)"
	h := newHandler(t, src)
	for _, target := range []string{"/", accountPath("vk", "РИА Новости")} {
		if page := get(t, h, "GET", target).Body.String(); strings.Contains(page, "javascript") {
			t.Errorf("%s links to a script", target)
		}
	}
}

func TestMethodsAndHeaders(t *testing.T) {
	h := newHandler(t, newFake(time.Now()))
	for _, target := range []string{"/", accountPath("vk", "Shy"), "/api/v1/accounts", "/api/v1/status", "/metrics", "/healthz", "/readyz", "/style.css", "/favicon.ico", "/nothing", "/api/nothing"} {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"} {
			if w := get(t, h, method, target); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d %v", method, target, w.Code, w.Header())
			}
		}
		got, head := get(t, h, "GET", target), get(t, h, "HEAD", target)
		if got.Code != head.Code || got.Header().Get("Content-Type") != head.Header().Get("Content-Type") {
			t.Errorf("%s: GET %d, HEAD %d", target, got.Code, head.Code)
		}
		for key, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Content-Security-Policy": pagePolicy,
		} {
			if got.Header().Get(key) != want {
				t.Errorf("%s: %s is %q", target, key, got.Header().Get(key))
			}
		}
	}
	page := get(t, h, "GET", "/")
	style := regexp.MustCompile(`/style\.css\?v=[0-9a-f]+`).FindString(page.Body.String())
	for target, want := range map[string]string{
		style: "public, max-age=31536000, immutable", "/style.css": "no-store", "/style.css?v=old": "no-store",
		"/": "no-store", "/api/v1/accounts": "no-store", "/favicon.svg": "public, max-age=86400",
	} {
		if got := get(t, h, "GET", target).Header().Get("Cache-Control"); got != want {
			t.Errorf("%s: Cache-Control %q, want %q", target, got, want)
		}
	}
}

func TestHealthAndReady(t *testing.T) {
	src := newFake(time.Now())
	h := newHandler(t, src)
	for _, target := range []string{"/healthz", "/readyz"} {
		if w := get(t, h, "GET", target); w.Code != http.StatusOK || w.Body.String() != "ok\n" {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
	src.notReady = errors.New("the journal takes no writes: disk full")
	if w := get(t, h, "GET", "/readyz"); w.Code != http.StatusServiceUnavailable || w.Body.String() != "the journal takes no writes: disk full\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := get(t, h, "GET", "/healthz"); w.Code != http.StatusOK {
		t.Errorf("not ready is not dead: %d", w.Code)
	}
}

func TestBrokenSource(t *testing.T) {
	src := newFake(time.Now())
	h := Handler(src, zap.NewNop())
	src.broken = errors.New("journal: <closed>")
	if w := get(t, h, "GET", "/"); w.Code != http.StatusOK || len(rows(w.Body.String())) != 13 {
		t.Errorf("without series the front page is %d", w.Code)
	}
	if w := get(t, h, "GET", accountPath("vk", "Shy")); w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "journal: &lt;closed&gt;") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	src.err = context.DeadlineExceeded
	for _, target := range []string{"/", accountPath("vk", "Shy"), "/api/v1/accounts", "/api/v1/status", "/api/v1/accounts/vk/Shy/series", "/metrics"} {
		if w := get(t, h, "GET", target); w.Code != http.StatusInternalServerError {
			t.Errorf("%s: %d", target, w.Code)
		}
	}
}

// TestContrast holds every tone of the style sheet to WCAG's 4.5 to 1 on every
// ground that it is written on (https://www.w3.org/TR/WCAG22/#contrast-minimum).
func TestContrast(t *testing.T) {
	css, err := files.ReadFile("static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, ok := strings.Cut(string(css), "@media (prefers-color-scheme: dark)")
	if !ok {
		t.Fatal("no dark colours")
	}
	for scheme, text := range map[string]string{"light": light, "dark": dark} {
		colours := map[string]float64{}
		for _, m := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{3,6});`).FindAllStringSubmatch(text, -1) {
			colours[m[1]] = luminance(m[2])
		}
		pairs := [][2]string{{"panel", "accent"}} // the text of a button
		for _, c := range []string{"ink", "muted", "accent", "good", "idle", "warn", "bad"} {
			pairs = append(pairs, [2]string{c, "page"}, [2]string{c, "panel"})
		}
		for _, tone := range []string{"good", "idle", "warn", "bad"} {
			pairs = append(pairs, [2]string{tone, tone + "-bg"}, [2]string{"ink", tone + "-bg"})
		}
		for _, p := range pairs {
			a, b := colours[p[0]], colours[p[1]]
			if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < 4.5 {
				t.Errorf("%s: %s on %s: contrast %.2f", scheme, p[0], p[1], ratio)
			}
		}
	}
}

// luminance is the relative luminance of a colour, "fff" or "ffffff".
func luminance(hex string) float64 {
	if len(hex) == 3 {
		hex = fmt.Sprintf("%c%c%c%c%c%c", hex[0], hex[0], hex[1], hex[1], hex[2], hex[2])
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, _ := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

func BenchmarkIndex10000(b *testing.B) {
	src := many(10_000)
	h := Handler(src, zap.NewNop())
	for _, target := range []string{"/", "/?sort=-followers&page=100", "/?sort=account", "/?q=%D1%83%D0%BD%D1%82+99"} {
		b.Run(target, func(b *testing.B) {
			before := cpuTime(b)
			for b.Loop() {
				if w := httpGet(h, target); w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
			}
			b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}

// cpuTime is what the process has used: the measure that a busy machine leaves
// alone.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
