package status

import (
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// unknown stands where a number or a time is not known.
const unknown = "–"

// thousands writes n with separators: 1234567 is "1,234,567".
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// count is thousands, or unknown for nil.
func count(n *int64) string {
	if n == nil {
		return unknown
	}
	return thousands(*n)
}

// followersText is an account's count, as "≈ 12,300,000" where the network rounds it.
func followersText(a *Account) string {
	if a.Followers != nil && a.Rounded {
		return "≈ " + thousands(*a.Followers)
	}
	return count(a.Followers)
}

// signed is count with the sign always written; no change is "0".
func signed(n *int64) string {
	if n != nil && *n > 0 {
		return "+" + thousands(*n)
	}
	return count(n)
}

// trend is the CSS class of a change: "up", "down", or "" for none or unknown.
func trend(n *int64) string {
	switch {
	case n == nil || *n == 0:
		return ""
	case *n > 0:
		return "up"
	}
	return "down"
}

// plural writes a number with its noun: "1 account", "2,000 accounts".
func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

// span writes a duration in its one or two greatest units: "340 ms", "1.2 s",
// "12 min", "3 h", "5 d". A negative one is written without its sign.
func span(d time.Duration) string {
	d = d.Abs()
	switch {
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < 10*time.Second:
		return strings.TrimSuffix(strconv.FormatFloat(d.Truncate(100*time.Millisecond).Seconds(), 'f', 1, 64), ".0") + " s"
	}
	return coarse(d)
}

// coarse is span for durations in which parts of a second do not matter, rounded
// to the nearest unit.
func coarse(d time.Duration) string {
	const day = 24 * time.Hour
	for _, u := range []struct {
		below, unit time.Duration
		name        string
	}{
		{time.Minute, time.Second, "s"},
		{2 * time.Hour, time.Minute, "min"},
		{2 * day, time.Hour, "h"},
		{730 * day, day, "d"},
	} {
		if whole := d.Round(u.unit); whole < u.below {
			return strconv.FormatInt(int64(whole/u.unit), 10) + " " + u.name
		}
	}
	return strconv.FormatInt(int64(d/(365*day)), 10) + " y"
}

// relative says where t is as seen from now: "3 min ago", "in 12 min", "now".
func relative(now, t time.Time) string {
	d := t.Sub(now)
	switch {
	case d.Abs() < time.Second:
		return "now"
	case d > 0:
		return "in " + coarse(d)
	}
	return coarse(-d) + " ago"
}

// size writes a number of bytes in powers of 1000: "12 MB", "1.5 GB".
func size(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	f := float64(n)
	unit := ""
	for _, u := range []string{"kB", "MB", "GB", "TB", "PB", "EB"} {
		f, unit = f/1000, u
		if f < 999.5 {
			break
		}
	}
	if f < 9.95 {
		return fmt.Sprintf("%.1f %s", f, unit)
	}
	return fmt.Sprintf("%.0f %s", f, unit)
}

// moment is a time as a page shows it. The zero moment is unknown.
type moment struct {
	ISO string // RFC 3339, UTC: for the attribute datetime
	Abs string // "2026-03-12 14:00:05 UTC"
	Rel string // "3 min ago"
}

func momentOf(now, t time.Time) moment {
	if t.IsZero() {
		return moment{}
	}
	t = t.UTC()
	return moment{ISO: t.Format(time.RFC3339), Abs: t.Format("2006-01-02 15:04:05 MST"), Rel: relative(now, t)}
}

// daysLeft is the time to t in days, rounded as keychain show has it, below 0 when it is
// past; nil for the zero time.
func daysLeft(now, t time.Time) *int {
	if t.IsZero() {
		return nil
	}
	days := int(math.Round(t.Sub(now).Hours() / 24))
	return &days
}

// webLink returns a link that is safe to follow, "" for anything but http and
// https with a host.
func webLink(link string) string {
	u, err := url.Parse(link)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return ""
	}
	return link
}

// publicURL is a URL without the user and the password that it may hold.
func publicURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	u.User = nil
	return u.String()
}

// escapeLabel makes a label one segment of a path. Dots alone would otherwise
// mean another folder.
func escapeLabel(label string) string {
	if label == "." || label == ".." {
		return strings.ReplaceAll(label, ".", "%2E")
	}
	return url.PathEscape(label)
}

// accountPath is the address of an account's page.
func accountPath(network, label string) string {
	return "/accounts/" + url.PathEscape(network) + "/" + escapeLabel(label)
}

// seriesPath is the address of an account's series as JSON.
func seriesPath(network, label string) string {
	return "/api/v1/accounts/" + url.PathEscape(network) + "/" + escapeLabel(label) + "/series"
}
