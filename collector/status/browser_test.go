package status

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser starts Chromium and returns its context. Screenshots go to the folder
// $SCREENSHOTS, where it is set.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("chromium is missing: apt-get install chromium")
		}
		t.Skip("chromium is missing")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true))
	// The allocator gives the browser a new, empty folder for its data and removes
	// it afterwards.
	allocator, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	whole, end := chromedp.NewContext(allocator)
	t.Cleanup(end)
	if _, err := chromedp.Call(whole, log.Enable, cdp.Empty{}); err != nil {
		t.Fatalf("chromium does not start: %v", err)
	}
	ctx, cancel := context.WithTimeout(whole, 90*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// complaints gathers all that the browser's console says.
type complaints struct {
	mu  sync.Mutex
	all []string
}

func (c *complaints) listen(ctx context.Context, t *testing.T) {
	t.Helper()
	err := chromedp.Listen(ctx, func(ev any) {
		c.mu.Lock()
		defer c.mu.Unlock()
		switch ev := ev.(type) {
		case *log.EventEntryAdded:
			c.all = append(c.all, ev.Entry.Text+" "+ev.Entry.URL)
		case *runtime.EventConsoleAPICalled:
			c.all = append(c.all, "console: "+string(ev.Type))
		case *runtime.EventExceptionThrown:
			c.all = append(c.all, ev.ExceptionDetails.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (c *complaints) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.all
	c.all = nil
	return all
}

// view is one way of looking at a page.
type view struct {
	name, path    string
	width, height int64
	scheme        string
}

func screenshot(ctx context.Context, t *testing.T, v view) {
	t.Helper()
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		return
	}
	png := run(ctx, t, chromedp.FullScreenshot(100))
	if err := os.WriteFile(filepath.Join(dir, v.name+".png"), png, 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs one action and returns its value.
func run[T any](ctx context.Context, t *testing.T, a chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// do runs actions that have no value.
func do(ctx context.Context, t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func show(ctx context.Context, t *testing.T, v view, url string) {
	t.Helper()
	do(ctx, t, chromedp.EmulateViewport(v.width, v.height))
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: v.scheme}},
	})
	if err != nil {
		t.Fatal(err)
	}
	do(ctx, t, chromedp.Navigate(url+v.path))
}

// strange are accounts whose labels try the page's layout.
func strange(now time.Time) []Account {
	var out []Account
	for _, label := range []string{"مرحبا بالعالم (עברית) 123", "👩‍👩‍👧‍👦🏳️‍🌈 Zürich " + strings.Repeat("e\u0301", 30), strings.Repeat("Донаудампфшиффартс", 12)} {
		out = append(out, Account{Network: "vk", Label: label, Nickname: strings.Repeat("x", 120), Name: "<b>" + label, State: "ok",
			Followers: num(9_007_199_254_740_993), Delta24h: num(-1_234_567_890), Delta7d: num(1), Delta30d: num(2), LastPoll: now, NextPoll: now})
	}
	return out
}

// TestBrowserPages looks at every page on a desk and on a phone, light and dark, and has
// a reader without JavaScript look at all of it.
func TestBrowserPages(t *testing.T) {
	ctx := browser(t)
	now := time.Now()
	src := newFake(now)
	src.accounts = append(src.accounts, strange(now)...)
	for _, a := range src.accounts[len(src.accounts)-3:] {
		src.history[a.Network+"/"+a.Label] = seriesOf(now, 5_000, 60, 24*20)
	}
	src.changes = map[string][]Change{"vk/РИА Новости": {{now.Add(-300 * day), "state", "", "ok"}, {now.Add(-20 * day), "link", "https://vk.example/old", "https://vk.example/ria"}}}
	src.overview.Journal.Refused, src.overview.Journal.RefusedLast = 1, []Refusal{{now, "field type conflict", strings.Repeat("profile,account=a", 20), false}}
	src.overview.ConfigError = `/etc/collectord/config.yaml:12:7: networks.vk.shedule: unknown key; did you mean "schedule"?`
	server := httptest.NewServer(newHandler(t, src))
	defer server.Close()
	var console complaints
	console.listen(ctx, t)
	account := accountPath("vk", "РИА Новости")
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	for _, v := range []view{
		{"index-light", "/", 1280, 900, "light"},
		{"index-dark", "/", 1280, 900, "dark"},
		{"index-tablet", "/", 820, 900, "light"},
		{"index-narrow", "/", 1110, 900, "dark"},
		{"index-phone", "/", 390, 844, "light"},
		{"index-phone-dark", "/", 390, 844, "dark"},
		{"account-light", account, 1280, 900, "light"},
		{"account-dark", account + "?since=7d", 1280, 900, "dark"},
		{"account-year", account + "?since=1y", 1280, 900, "light"},
		{"account-phone", account + "?since=7d", 390, 844, "light"},
		{"account-hostile", accountPath("bluesky", hostile), 390, 844, "light"},
		{"account-empty", accountPath("twitter", "NASA"), 390, 844, "dark"},
		{"account-rtl", accountPath("vk", strange(now)[0].Label), 390, 844, "light"},
		{"account-long", accountPath("vk", strange(now)[2].Label), 390, 844, "dark"},
		{"index-none", "/?q=nobody", 390, 844, "light"},
	} {
		show(ctx, t, v, server.URL)
		scroll := run(ctx, t, chromedp.Evaluate[int](`document.documentElement.scrollWidth`))
		client := run(ctx, t, chromedp.Evaluate[int](`document.documentElement.clientWidth`))
		scheme := run(ctx, t, chromedp.Evaluate[string](`getComputedStyle(document.body).backgroundColor`))
		if scroll > client {
			t.Errorf("%s: %d pixels wide on a screen of %d: it scrolls sideways", v.name, scroll, client)
		}
		if dark := scheme == "rgb(14, 19, 18)"; dark != (v.scheme == "dark") {
			t.Errorf("%s: background %s for %s", v.name, scheme, v.scheme)
		}
		if said := console.take(); len(said) > 0 {
			t.Errorf("%s: the console says %q", v.name, said)
		}
		screenshot(ctx, t, v)
	}
}

// TestBrowserKeyboard walks with the Tab key: the way past the head comes first, nothing
// that has the focus is out of sight, and what has it is marked.
func TestBrowserKeyboard(t *testing.T) {
	ctx := browser(t)
	server := httptest.NewServer(newHandler(t, many(10_000)))
	defer server.Close()
	for _, width := range []int64{1280, 390} {
		begun := time.Now()
		show(ctx, t, view{"", "/?sort=-followers", width, 900, "light"}, server.URL)
		t.Logf("10,000 accounts, %d pixels: there after %v", width, time.Since(begun).Round(time.Millisecond))
		reached := map[string]int{}
		for i := range 26 {
			do(ctx, t, chromedp.KeyEvent("\t"))
			got := run(ctx, t, chromedp.Evaluate[[]string](focused))
			if i == 0 && got[0] != "Skip to the content" {
				t.Errorf("%d: the first stop is %q", width, got)
			}
			if got[1] != "seen" || got[2] != "marked" {
				t.Errorf("%d: stop %d is %q", width, i, got)
			}
			reached[got[3]]++
		}
		for _, part := range []string{"header", "form", "table"} {
			if reached[part] == 0 {
				t.Errorf("%d: the keyboard does not reach the %s: %v", width, part, reached)
			}
		}
	}
}

// focused tells of the element that has the focus: its text, whether it can be seen and
// is marked, and what it is part of.
const focused = `(() => {
	const e = document.activeElement, r = e.getBoundingClientRect(), s = getComputedStyle(e);
	const seen = r.width > 1 && r.right > 0 && r.left < innerWidth && r.bottom > 0 && r.top < innerHeight;
	return [e.innerText || e.name, seen ? "seen" : "hidden", s.outlineStyle != "none" && parseFloat(s.outlineWidth) >= 1 ? "marked" : "plain",
		(e.closest("header, form, table") || {localName: ""}).localName];
})()`

// TestBrowserWay goes the way of a reader: picks a network, sorts, opens an
// account and its period.
func TestBrowserWay(t *testing.T) {
	ctx := browser(t)
	server := httptest.NewServer(newHandler(t, newFake(time.Now())))
	defer server.Close()
	show(ctx, t, view{"", "/", 1280, 900, "light"}, server.URL)
	do(ctx, t, chromedp.SetValue(`select[name=network]`, "vk"))
	follow(ctx, t, chromedp.Submit(`form.filter`))
	follow(ctx, t, chromedp.Click(`th.followers a`))
	if aria := run(ctx, t, chromedp.AttributeValue(`th.followers`, "aria-sort")); aria.Value != "descending" {
		t.Errorf("aria-sort is %q", aria.Value)
	}
	if first := run(ctx, t, chromedp.Text(`tbody tr:first-child th a`)); first != "Pavel Durov" {
		t.Errorf("sorted by followers, the first is %q", first)
	}
	spark := run(ctx, t, chromedp.AttributeValue(`tbody tr:first-child svg.spark`, "aria-label"))
	if !strings.HasPrefix(spark.Value, "7 days: between 12,9") {
		t.Errorf("its sparkline says %q", spark.Value)
	}
	follow(ctx, t, chromedp.Click(`tbody tr:nth-child(2) th a`))
	if heading := run(ctx, t, chromedp.Text(`h1`)); heading != "РИА Новости" {
		t.Errorf("the second is %q", heading)
	}
	if width := run(ctx, t, chromedp.Evaluate[float64](`document.querySelector(".plot .line").getBoundingClientRect().width`)); width < 800 {
		t.Errorf("the line of the plot is %v pixels wide", width)
	}
	follow(ctx, t, chromedp.Click(`.periods a:first-child`))
	if current := run(ctx, t, chromedp.Text(`.periods [aria-current]`)); current != "24 hours" {
		t.Errorf("the period is %q", current)
	}
	url, seen := run(ctx, t, chromedp.Location()), run(ctx, t, chromedp.Text(`table.points`))
	if !strings.HasSuffix(url, "?since=24h") || !strings.Contains(seen, "3,254,117") {
		t.Errorf("%s shows %q", url, seen)
	}
}

// follow does what leads to another page and waits until that is there.
func follow(ctx context.Context, t *testing.T, step chromedp.Action[chromedp.Void]) {
	t.Helper()
	response, err := chromedp.RunResponse(ctx, step)
	if err != nil || response.Status != http.StatusOK {
		t.Fatalf("answered %+v: %v", response, err)
	}
}
