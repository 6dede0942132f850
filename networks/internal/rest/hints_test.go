package rest_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"time"

	"collectord/networks"
	"collectord/networks/internal/rest"
)

// noHint is what makes no sense, and so says nothing.
const noHint = time.Duration(-1)

// longest is the longest wait that is believed.
const longest = 25 * time.Hour

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func epoch(d time.Duration) string { return strconv.FormatInt(noon.Add(d).Unix(), 10) }

func wantUntil(t *testing.T, what string, got time.Time, want time.Duration) {
	t.Helper()
	switch {
	case want == noHint && !got.IsZero():
		t.Errorf("%s = %v, want none", what, got)
	case want != noHint && !got.Equal(noon.Add(want)):
		t.Errorf("%s = %v, want in %v", what, got, want)
	}
}

// TestForms: every form in which a network writes when to ask again, and what stands in
// its place when something is wrong.
func TestForms(t *testing.T) {
	nothing := map[string]time.Duration{
		"": noHint, "soon": noHint, "-1": noHint, "NaN": noHint, "-Inf": noHint, "12:00": noHint, "{}": noHint, "null": noHint,
		"1e300": longest, "Inf": longest,
	}
	numbers := map[string]time.Duration{
		"0": 0, "5": 5 * time.Second, " 5 ": 5 * time.Second, "0.5": 500 * time.Millisecond,
		"90000": longest, "1780315200000": longest,
		epoch(time.Minute): time.Minute, epoch(-time.Minute): 0, epoch(48 * time.Hour): longest,
	}
	dates := map[string]time.Duration{
		"2026-06-01T12:05:00Z": 5 * time.Minute, "2026-06-01T12:05:00.250Z": 5*time.Minute + 250*time.Millisecond,
		"2026-06-01T15:05:00+03:00": 5 * time.Minute, "2026-06-01T11:00:00Z": 0, "2030-01-01T00:00:00Z": longest,
		"Mon, 01 Jun 2026 12:01:00 GMT": time.Minute, "Mon, 01 Jun 2020 12:01:00 GMT": 0,
	}
	waits := map[string]time.Duration{"90001": longest, "999999999": longest}
	epochs := map[string]time.Duration{"90001": 0, "999999999": 0} // long past
	minutes := map[string]time.Duration{
		"0": 0, "19": 19 * time.Minute, "0.5": 30 * time.Second, "1500": longest, "1501": longest, epoch(0): longest, "2026-06-01T12:05:00Z": noHint,
	}
	for form, tables := range map[rest.Form][]map[string]time.Duration{
		rest.Seconds: {nothing, numbers, dates, waits}, rest.Epoch: {nothing, numbers, dates, epochs},
		rest.Wait: {nothing, numbers, dates, waits}, rest.Time: {nothing, numbers, dates, waits}, rest.Minutes: {nothing, minutes},
	} {
		for _, table := range tables {
			for text, want := range table {
				wantUntil(t, "form "+strconv.Itoa(int(form))+" of "+text, form.Until(text, noon), want)
			}
		}
	}
}

// TestWrongClock: where this machine's clock is wrong, a time that the server names is
// as far away as the server's own clock has it.
func TestWrongClock(t *testing.T) {
	for name, c := range map[string]struct {
		off  time.Duration // the server's clock from ours
		hint rest.Hint
		text string // by the server's clock, which is at noon
		want time.Duration
	}{
		"right":               {0, rest.Hint{Header: "X-Reset", Form: rest.Epoch}, epoch(time.Minute), time.Minute},
		"ours an hour behind": {time.Hour, rest.Hint{Header: "X-Reset", Form: rest.Epoch}, epoch(time.Minute), time.Minute},
		"ours an hour ahead":  {-time.Hour, rest.Hint{Header: "X-Reset", Form: rest.Epoch}, epoch(time.Minute), time.Minute},
		"ours 26 years back":  {26 * 365 * 24 * time.Hour, rest.Hint{Header: "X-Reset", Form: rest.Time}, "2026-06-01T12:05:00Z", 5 * time.Minute},
		"seconds need none":   {time.Hour, rest.Hint{Header: "X-Reset", Form: rest.Seconds}, "17", 17 * time.Second},
		"a date to wait for":  {time.Hour, rest.Hint{Header: "Retry-After", Form: rest.Wait}, "Mon, 01 Jun 2026 12:01:00 GMT", time.Minute},
		"nonsense":            {time.Hour, rest.Hint{Header: "X-Reset", Form: rest.Time}, "soon", noHint},
	} {
		h := http.Header{"Date": {noon.Format(http.TimeFormat)}}
		h.Set(c.hint.Header, c.text)
		got := c.hint.Until(h, noon.Add(-c.off))
		if !got.IsZero() {
			got = got.Add(c.off)
		}
		wantUntil(t, name, got, c.want)
	}
	h := http.Header{"Date": {"yesterday"}, "Retry-After": {"9"}}
	wantUntil(t, "a Date that is none", rest.RetryAfter(h, noon), 9*time.Second)
}

var window = rest.Window{
	Name: "x", Size: "X-Limit", Left: "X-Left", Used: "X-Used", Reset: rest.Hint{Header: "X-Reset", Form: rest.Seconds},
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i+1 < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

func TestWindow(t *testing.T) {
	for name, c := range map[string]struct {
		h    http.Header
		told bool
		used float64
	}{
		"nothing":            {header(), false, 0},
		"no number":          {header("X-Left", "many"), false, 0},
		"below nothing":      {header("X-Left", "-3", "X-Limit", "100"), false, 0},
		"endless":            {header("X-Left", "Inf", "X-Limit", "100"), false, 0},
		"a quarter":          {header("X-Left", "75", "X-Limit", "100"), true, 0.25},
		"by what is used":    {header("X-Left", "150.0", "X-Used", "50"), true, 0.25},
		"in the draft's way": {header("X-Left", "75", "X-Limit", "100, 100;w=300"), true, 0.25},
		"more than all":      {header("X-Left", "200", "X-Limit", "100"), true, 0},
		"of none":            {header("X-Left", "2", "X-Limit", "0"), true, 0},
		"all of it":          {header("X-Left", "100", "X-Limit", "100"), true, 0},
		"of unknown size":    {header("X-Left", "200"), true, 0},
		"none left":          {header("X-Left", "0", "X-Limit", "100"), true, 1},
		"less than one left": {header("X-Left", "0.4"), true, 1},
	} {
		a, told := window.Allowance(c.h, noon)
		if told != c.told || a.Used != c.used || told && (a.Limit != "x" || a.Rolling) {
			t.Errorf("%s: %+v, %v", name, a, told)
		}
	}
	a, _ := window.Allowance(header("X-Left", "0", "X-Reset", "40"), noon)
	wantUntil(t, "the reset", a.Until, 40*time.Second)
}

// TestEveryAnswerTells: a good answer and a bad one tell the allowance, and one after
// which it is too late for it as well.
func TestEveryAnswerTells(t *testing.T) {
	for path, status := range map[string]int{"/good": 200, "/bad": 500, "/limited": 429} {
		base := server(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Left", "0")
			w.WriteHeader(status)
		})
		var told []networks.Allowance
		ctx := networks.WithAllowances(t.Context(), func(a networks.Allowance) { told = append(told, a) })
		c := rest.NewClient("x", networks.Options{}, window)
		if _, err := c.Do(ctx, rest.Request{Op: "get", URL: base + path}); err != nil {
			t.Fatal(err)
		}
		if len(told) != 1 || told[0].Used != 1 {
			t.Errorf("%s told %+v", path, told)
		}
		if _, err := c.Do(context.Background(), rest.Request{Op: "get", URL: base + path}); err != nil { // nobody listens
			t.Error(err)
		}
	}
}

// TestLimitedUntil: which of several hints a 429 goes by.
func TestLimitedUntil(t *testing.T) {
	day := rest.Window{Name: "day", Left: "Day-Left", Reset: rest.Hint{Header: "Day-Reset", Form: rest.Seconds}}
	c := rest.NewClient("x", networks.Options{}, window, day)
	for name, w := range map[string]struct {
		h    http.Header
		want time.Duration
	}{
		"no hint":                  {header(), noHint},
		"Retry-After before all":   {header("Retry-After", "9", "X-Left", "0", "X-Reset", "40"), 9 * time.Second},
		"the window":               {header("X-Left", "0", "X-Reset", "40"), 40 * time.Second},
		"a window with something":  {header("X-Left", "5", "X-Reset", "40"), 40 * time.Second},
		"the later of two":         {header("X-Left", "0", "X-Reset", "40", "Day-Left", "0", "Day-Reset", "400"), 400 * time.Second},
		"the one that is used up":  {header("X-Left", "0", "X-Reset", "40", "Day-Left", "7", "Day-Reset", "400"), 40 * time.Second},
		"the other is used up":     {header("X-Left", "3", "X-Reset", "40", "Day-Left", "0", "Day-Reset", "400"), 400 * time.Second},
		"a time without an amount": {header("X-Reset", "40"), 40 * time.Second},
	} {
		before := time.Now()
		e := c.Refuse(&rest.Response{Op: "get", Status: http.StatusTooManyRequests, Header: w.h})
		switch {
		case w.want == noHint && !e.Until.IsZero():
			t.Errorf("%s: until %v, want none", name, e.Until)
		case w.want != noHint && (e.Until.Before(before.Add(w.want)) || e.Until.After(time.Now().Add(w.want))):
			t.Errorf("%s: in %v, want in %v", name, e.Until.Sub(before), w.want)
		}
	}
}
