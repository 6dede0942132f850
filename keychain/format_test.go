package keychain_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"collectord/keychain"
)

func TestFormats(t *testing.T) {
	k := open(t, t.TempDir())
	vkID := `client_id: 7
access_token: vk2.a.SECRET
refresh_token: SECRET2
device_id: SECRET3
`
	for _, c := range []struct{ name, slot, text, err string }{
		{"bare", "vk", " vk1.a.SECRET\n", ""},
		{"VK ID", "vk", vkID + "expires_at: 2026-11-21T23:15:00+03:00\n", ""},
		{"with a name", "vk:a.b-C_9", "SECRET", ""},
		{"as JSON", "tt", `{"client_key": 7, "client_secret": "SECRET", "refresh_token": "b"}`, ""},
		{"raw", "raw_vk", "{app_id: 1, app_secret: SECRET, login: a@b.c, password: 'a b: c'}", ""},
		{"raw_ok with a password", "raw_ok", "{app_id: 1, app_key: k, app_secret: SECRET, login: l, password: p}", ""},
		{"raw_ok with a refresh token", "raw_ok", "{app_id: 1, app_key: k, app_secret: SECRET, refresh_token: r}", ""},
		{"ig without app_secret", "ig", "{access_token: SECRET, ig_user_id: 17841405309211844}", ""},
		{"fb app token", "fb", "123|SECRET", ""},
		{"tg", "tg", "123456:SECRET-x", ""},

		{"misspelt", "vk", strings.Replace(vkID, "access", "acess", 1) + "service_token: x", "vk: a mapping needs client_id, access_token, " +
			`refresh_token, device_id; unknown field "acess_token" (did you mean access_token?)`},
		{"misspelt and missing", "vk", "{client_id: 7, acess_token: SECRET, device_id: SECRET}", "vk: a mapping needs client_id, access_token, " +
			`refresh_token, device_id; refresh_token is missing; unknown field "acess_token" (did you mean access_token?)`},
		{"two missing", "rd", "{client_Id: SECRET}", `rd: a mapping needs client_id, client_secret; client_secret is missing; ` +
			`unknown field "client_Id" (did you mean client_id?)`},
		{"forms mixed", "tw", "{consumer_key: SECRET, consumer_secret: b, access_token: c, access_secret: d, bearer_token: e}",
			"tw: a mapping needs consumer_key, consumer_secret, access_token, access_secret, or bearer_token, or consumer_key, consumer_secret, or client_id, access_token, refresh_token; bearer_token does not go with them"},
		{"secret for a name", "rd", "{client_id: a, client_secret: b, SECRET0123456789: x}", "a field has an unknown name"},
		{"empty field", "rd", "{client_id: a, client_secret: ''}", "client_secret is missing"},
		{"null field", "rd", "{client_id: a, client_secret: ~}", "client_secret is missing"},
		{"string for a mapping", "tw", "SECRET", "tw: a string will not do; it takes a mapping of consumer_key, consumer_secret, access_token, access_secret, or a mapping of bearer_token"},
		{"mapping for a string", "yt", "{key: SECRET}", "yt: a mapping will not do; it takes a string (API key)"},
		{"time", "vk", vkID + "expires_at: 1763766900", "vk: expires_at: a time is written like 2026-11-22T15:04:05Z (RFC 3339)"},
		{"date", "vk", vkID + "expires_at: 2026-11-22", "RFC 3339"},
		{"address", "vk", "https://oauth.vk.ru/blank.html#access_token=SECRET&expires_in=0", "between access_token= and the next &"},
		{"fragment", "ig", "access_token=SECRET", "between access_token="},
		{"fragment in a field", "fb", "{access_token: '#access_token=SECRET&a', app_id: 1, app_secret: x}", "fb: access_token: this looks like an address"},
		{"space inside", "yt", "SECRET two", "a space"},
		{"two lines", "yt", "SECRET\ntwo", "a line break"},
		{"quoted twice", "yt", `'"SECRET"'`, "quotation mark"},
		{"quoted on one side", "yt", `"SECRET`, "quotation mark"},
		{"quoted and more", "yt", "\"SECRET\"\n---\ntwo", "quotation mark"},
		{"quoted mapping", "yt", `"{SECRET:x}"`, "quotation mark"},
		{"quoted nothing", "yt", `""`, "quotation mark"},
		{"empty", "yt", " \n", "the value is empty"},
		{"list", "yt", "[SECRET]", "a list"},
		{"nested", "rd", "{client_id: {a: SECRET}}", "nothing nested"},
		{"alias", "rd", "{client_id: &x SECRET, client_secret: *x}", "nothing nested"},
		{"twice", "rd", "{client_id: SECRET, client_id: b}", "twice"},
		{"two documents", "rd", "client_id: SECRET\n---\nx", "more after the mapping"},
		{"broken", "rd", "{client_id: SECRET, *SECRET: [", "neither one line nor a YAML or JSON mapping"},
		{"not text", "yt", "SECRET\xff", "UTF-8"},
		{"too long", "yt", strings.Repeat("SECRET", 20000), "at most"},
		{"unknown kind", "zz", "SECRET", "known: vk, raw_vk, tw, ig, yt, tg, fb, ok, raw_ok, rd, tt"},
		{"kind in capitals", "VK", "SECRET", "a slot is named like"},
		{"bad name", "vk:a/b", "SECRET", "a slot is named like"},
		{"no name", "vk:", "SECRET", "a slot is named like"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := keychain.ParseValue([]byte(c.text))
			if err == nil {
				err = k.Assign(c.slot, v)
			}
			if c.err == "" {
				must(t, err)
				return
			}
			contains(t, err, c.err)
			if strings.Contains(err.Error(), "SECRET") {
				t.Errorf("the value is in the error: %v", err)
			}
			if !errors.Is(err, keychain.ErrFormat) && !errors.Is(err, keychain.ErrSlot) {
				t.Errorf("neither ErrFormat nor ErrSlot: %v", err)
			}
		})
	}
}

// TestQuoted has strings as tools write them: in the quotation marks of YAML and JSON.
func TestQuoted(t *testing.T) {
	for text, want := range map[string]keychain.Value{
		`"vk1.a.x"` + "\n":                keychain.Bare("vk1.a.x"),
		"'123:abc'":                       keychain.Bare("123:abc"),
		`"a\u002fb"`:                      keychain.Bare("a/b"),
		`{"a": "b", "password": " x "}`:   keychain.Mapping(map[string]string{"a": "b", "password": " x "}),
		`{"a": " b ", "password": "x\n"}`: keychain.Mapping(map[string]string{"a": "b", "password": "x"}),
	} {
		v, err := keychain.ParseValue([]byte(text))
		must(t, err)
		if !v.Equal(want) {
			t.Errorf("%s is not what is between the quotation marks", text)
		}
	}
}

func TestOwnFormats(t *testing.T) {
	k := open(t, t.TempDir(), func(o *keychain.Options) {
		o.Formats = []keychain.Format{
			{Slot: "yt", Title: "overridden", Shapes: []keychain.Shape{{Kind: "pair", Required: []string{"a", "b"}}}},
			{Slot: "zz", Title: "new", Shapes: []keychain.Shape{{Kind: "string", Bare: true}}},
		}
	})
	must(t, k.Assign("zz:x", keychain.Bare("y")))
	contains(t, k.Assign("yt", keychain.Bare("y")), "a mapping of a, b")
	contains(t, k.Assign("qq", keychain.Bare("y")), "known: vk, raw_vk, tw, ig, yt, zz")
}

func TestAssignedAsRevealed(t *testing.T) {
	for _, v := range []keychain.Value{
		keychain.Bare("123:abc"), keychain.Bare("a|b"), keychain.Bare("-x"), keychain.Bare("@x"), keychain.Bare("007"), keychain.Bare("null"),
		keychain.Mapping(map[string]string{"a": "007", "b": "yes", "c": "a: b #c", "d": "'\"", "e": "2026-11-21T00:00:00Z", "f": "1e9", "g": "~"}),
	} {
		text, err := v.Reveal()
		must(t, err)
		back, err := keychain.ParseValue(text)
		must(t, err)
		if !back.Equal(v) {
			t.Errorf("%q came back as %q %q", text, back.Bare(), back.Names())
		}
	}
}

var atLine = regexp.MustCompile(`\(?line \d+\)?`)

func FuzzParseValue(f *testing.F) {
	for _, s := range []string{"abc", " x\n", "{a: b}", "a: b\nc: 007", `{"a": "b"}`, "{a: &x b, c: *x}", "- a", "a: |\n  b\n  c", "{<<: {a: b}}", "\ufeffx", "%x", "!!binary x", `"a"`, `"{a:b}"`, "'\"a\"'"} {
		f.Add([]byte(s))
	}
	format := keychain.Format{Slot: "vk", Shapes: []keychain.Shape{{Kind: "k", Bare: true}, {Kind: "m", Required: []string{"app_id", "app_secret"}}}}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := keychain.ParseValue(text)
		if err != nil {
			if s := strings.TrimSpace(string(text)); len(s) > 12 && strings.Contains(atLine.ReplaceAllString(err.Error(), ""), s) {
				t.Errorf("the text is in the error %q", err)
			}
			return
		}
		if v.IsZero() {
			t.Fatal("no value and no error")
		}
		_ = fmt.Sprint(format.Check("vk", v))
		if v.IsBare() && format.Check("vk", v) != nil {
			return // what Assign refuses need not come back
		}
		out, err := v.Reveal()
		must(t, err)
		back, err := keychain.ParseValue(out)
		if err != nil || !back.Equal(v) {
			t.Errorf("%q was revealed as %q and came back as %v, %v", text, out, back.Equal(v), err)
		}
	})
}
