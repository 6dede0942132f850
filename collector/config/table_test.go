package config

import (
	"strings"
	"testing"
	"time"
)

func TestExpand(t *testing.T) {
	vars := testEnv(map[string]string{"A": "a", "EMPTY": "", "LOOP": "${LOOP}", "_x1": "$"}).Getenv
	for _, c := range []struct {
		in, want string
		problems int
	}{
		{"", "", 0},
		{"plain", "plain", 0},
		{"${A}", "a", 0},
		{"x${A}y${A}", "xaya", 0},
		{"[${EMPTY}]", "[]", 0},
		{"${LOOP}", "${LOOP}", 0},
		{"${_x1}{A}", "${A}", 0},
		{"$", "$", 0},
		{"$$", "$$", 0},
		{"$A", "$A", 0},
		{"a$", "a$", 0},
		{"$${A}", "${A}", 0},
		{"$$${A}", "$${A}", 0},
		{"$${A}${A}", "${A}a", 0},
		{"}{$", "}{$", 0},
		{"${B}", "", 1},
		{"${B}${C}", "", 2},
		{"${}", "${}", 1},
		{"${A", "${A", 1},
		{"${A-b}", "${A-b}", 1},
		{"${1A}", "${1A}", 1},
		{"${ж}", "${ж}", 1},
		{"${${A}}", "${a}", 1},
	} {
		e, problems := expand(c.in, vars)
		if len(problems) != c.problems || c.problems == 0 && e.text != c.want {
			t.Errorf("expand(%q) = %q, %q; want %q and %d problems", c.in, e.text, problems, c.want, c.problems)
		}
	}
}

func TestParseDuration(t *testing.T) {
	const day = 24 * time.Hour
	for in, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "90s": 90 * time.Second, "1h30m": 90 * time.Minute, "400d": 400 * day, "1w": 7 * day, "2w3d4h": 17*day + 4*time.Hour,
		"1.5d": 36 * time.Hour, ".5h": 30 * time.Minute, "250ms": 250 * time.Millisecond, "1µs": time.Microsecond, "106751d": 106751 * day,
	} {
		if got, err := parseDuration(in); err != nil || got != want {
			t.Errorf("parseDuration(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", " ", "1", "1.5", "d", "-1h", "+1h", "1 h", "1h ", "1y", "1M", "1..5h", "1hh", "1h1", "1e3s", "0x1h", "106752d", "99999999999999999999w",
		"1w" + strings.Repeat("106751d", 2), "ж", "1ж", ".h",
	} {
		if got, err := parseDuration(in); err == nil {
			t.Errorf("parseDuration(%q) = %v; want an error", in, got)
		}
	}
}

func TestParseSize(t *testing.T) {
	for in, want := range map[string]int64{
		"0": 0, "1": 1, "512MiB": 512 << 20, "10GB": 10_000_000_000, "10 GB": 10_000_000_000, "10gb": 10_000_000_000, "1.5GiB": 3 << 29,
		"2k": 2000, "2Ki": 2048, "3TB": 3_000_000_000_000, "10B": 10, "9007199254740992": 1 << 53,
	} {
		if got, err := parseSize(in); err != nil || got != want {
			t.Errorf("parseSize(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "GB", "-1", "1.5", "1.0001k", "10GBs", "1,000", "1e3", "0x10", "9007199254740994", "10000000TB", " 1", "1  k", ".5k", "1i", "1iB"} {
		if got, err := parseSize(in); err == nil {
			t.Errorf("parseSize(%q) = %v; want an error", in, got)
		}
	}
}

func TestBadURL(t *testing.T) {
	for _, s := range []string{"http://a", "https://a.b:8086/c/", "http://127.0.0.1:1", "http://[::1]:8086", "https://пример.рф/"} {
		if wrong := badURL(s); wrong != "" {
			t.Errorf("%q is refused: %s", s, wrong)
		}
	}
	for _, s := range []string{
		"", "a", "//a", "a:80", "ftp://a", "http:", "http://", "http:///x", "http://:80", "http://a?", "http://a?b", "http://a#", "http://u:p@a",
		"http://u@a", "http://a:0", "http://a:65536", "http://a:", "http://a:b", "http://a b", "http://%zz", "http://a\n",
	} {
		if badURL(s) == "" {
			t.Errorf("%q is accepted", s)
		}
	}
}

func TestIsLoopback(t *testing.T) {
	for listen, want := range map[string]bool{
		"127.0.0.1:1": true, "127.9.9.9:1": true, "localhost:1": true, "LOCALHOST:1": true, "[::1]:1": true, "[::ffff:127.0.0.1]:1": true,
		":1": false, "0.0.0.0:1": false, "[::]:1": false, "192.0.2.1:1": false, "example.com:1": false, "localhost.example.com:1": false, "x": false,
	} {
		if got := isLoopback(listen); got != want {
			t.Errorf("isLoopback(%q) = %v; want %v", listen, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"bucket", "org", "token", "token_file", "url", "schedule", "requests_per_second", "accounts"}
	for word, want := range map[string]string{
		"buckt": "bucket", "bukcet": "bucket", "Bucket": "bucket", "BUCKET": "bucket", "orgg": "org", "ulr": "url", "tokenfile": "token_file",
		"schedul": "schedule", "request_per_second": "requests_per_second", "account": "accounts", "second": "requests_per_second",
		"": "", "x": "", "xyz": "", "password": "", "измерение": "", strings.Repeat("bucket", 100): "",
	} {
		if got := nearest(word, known); got != want {
			t.Errorf("nearest(%q) = %q; want %q", word, got, want)
		}
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"":                        `""`,
		"РИА":                     `"РИА"`,
		"a\nb\x1b[31m":            `"a\nb\x1b[31m"`,
		"\u202e":                  `"\u202e"`,
		strings.Repeat("ж", 81):   `"` + strings.Repeat("ж", 80) + `…"`,
		strings.Repeat("a", 9000): `"` + strings.Repeat("a", 80) + `…"`,
	} {
		if got := quote(in); got != want {
			t.Errorf("quote(%q) = %s; want %s", in, got, want)
		}
	}
}
