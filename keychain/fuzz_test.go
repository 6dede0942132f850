package keychain

import (
	"testing"
	"time"
)

// FuzzUnmarshal: no text makes the parser of dumps panic, and what it accepts it
// writes and reads again.
func FuzzUnmarshal(f *testing.F) {
	for _, s := range []string{
		`{"version":1,"time":"2026-11-21T23:15:00Z","slots":{"vk":{"value":"x","stamp":"s","assigned":"2026-11-21T23:15:00Z"}}}`,
		`{"version":1,"slots":{"tw:a":{"value":{"bearer_token":"x"}}}}`, `{"version":2}`, `{"version":1,"slots":{"vk":null}}`, `[]`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := unmarshal(text)
		if err != nil {
			return
		}
		again, err := c.marshal()
		if err != nil {
			t.Skip("a time that JSON cannot hold")
		}
		back, err := unmarshal(again)
		if err != nil || len(back.slots) != len(c.slots) {
			t.Fatalf("%q was written as %q: %v", text, again, err)
		}
		for slot, r := range c.slots {
			if !back.slots[slot].value.Equal(r.value) {
				t.Errorf("%s changed", slot)
			}
		}
	})
}

func FuzzParseID(f *testing.F) {
	f.Add("20261121T231500.123456789Z-5e0c1f2a.age")
	f.Add("20261321T231500.123456789Z-5e0c1f2a.age")
	f.Fuzz(func(t *testing.T, name string) {
		id, ok := parseID(name)
		if !ok {
			return
		}
		next := nextID(time.Time{}, id, id.tag())
		if next <= id && id.time().Year() < 9999 {
			t.Errorf("%s comes after %s", next, id)
		}
		if _, ok := parseID(string(next) + dumpExt); !ok && id.time().Year() < 9999 {
			t.Errorf("%s is no name", next)
		}
	})
}
