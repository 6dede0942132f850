package config

import (
	"strconv"
	"testing"
	"time"
)

// FuzzDuration: what parseDuration takes is not negative and not shorter than what
// time.ParseDuration, which knows no days, makes of it.
func FuzzDuration(f *testing.F) {
	for _, s := range []string{"0", "15m", "1h30m", "400d", "2w1d", "1.5d", "106751d", "1e9h", "-1s", "5", "d", "1µs", ".5h", "1..h", "９h", "99999999999999999999d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := parseDuration(s)
		if err != nil {
			if len(err.Error()) > 200 {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if d < 0 {
			t.Fatalf("%q is %v", s, d)
		}
		if plain, err := time.ParseDuration(s); err == nil && max(plain-d, d-plain) > time.Microsecond {
			t.Fatalf("%q is %v, and %v without days", s, d, plain)
		}
		if again, err := parseDuration(d.String()); err != nil || again != d {
			t.Fatalf("%q is %v, and of that %v, %v", s, d, again, err)
		}
	})
}

// FuzzSize: what parseSize takes is not negative, and the same in bytes.
func FuzzSize(f *testing.F) {
	for _, s := range []string{"0", "10GB", "512MiB", "1.5k", "7 tib", "9223372036854775807", "9223372036854775808", "9e3", "1.0000000000001TiB", "-1", "B", "1kib", "8388607TiB", "8388608TiB"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := parseSize(s)
		if err != nil {
			if len(err.Error()) > 200 {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if n < 0 {
			t.Fatalf("%q is %d", s, n)
		}
		if again, err := parseSize(strconv.FormatInt(n, 10)); err != nil || again != n {
			t.Fatalf("%q is %d, and of that %d, %v", s, n, again, err)
		}
	})
}
