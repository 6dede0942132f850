package collector

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"pgregory.net/rapid"

	"collectord/collector/config"
	"collectord/collector/point"
	"collectord/networks"
)

// TestAccountComesBack has an account leave the config and come back: it is as it was, and
// what was told of it is not told again.
func TestAccountComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		vkWorld(r)
		r.start(vkConfig)
		time.Sleep(11 * time.Minute)
		const label = `a,b=c "d"`
		before := r.account(label)
		without := strings.ReplaceAll(vkConfig, "'"+label+"': durov", "Breaking: rbc")
		r.collector.Configure(r.config(without))
		time.Sleep(10 * time.Minute)
		told := len(r.points(point.ProfileInfo)) + len(r.points(point.AccountState))
		r.collector.Configure(r.config(vkConfig))
		if a := r.account(label); a.ID != before.ID || a.Name != before.Name || a.State != before.State || a.Followers == nil || !a.LastPoll.Equal(before.LastPoll) {
			t.Errorf("back: %+v\nleft: %+v", a, before)
		}
		time.Sleep(10 * time.Minute)
		if n := len(r.points(point.ProfileInfo)) + len(r.points(point.AccountState)); n != told {
			t.Errorf("%d points tell of names and states after it came back, %d before", n, told)
		}
		if n := len(r.collector.absent.numbers); n != 1 { // the one that was there meanwhile
			t.Errorf("%d accounts are absent, want 1", n)
		}
		r.halt()
	})
}

// TestWhoLeftIsForgotten edits the config again and again, each time with other accounts,
// during polls as well: nobody who left is held, and no config of before.
func TestWhoLeftIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		vkWorld(r)
		r.start(vkConfig)
		var configs []weak.Pointer[config.Account]
		for i := range 20 {
			cfg := r.config(strings.ReplaceAll(vkConfig, "a,b=c", fmt.Sprint("Durov ", i)))
			configs = append(configs, weak.Make(&cfg.Networks[0].Accounts[0]))
			r.collector.Configure(cfg)
			time.Sleep(5 * time.Minute)
		}
		synctest.Wait()
		runtime.GC()
		runtime.GC()
		for i, c := range configs[:len(configs)-1] {
			if c.Value() != nil {
				t.Errorf("config %d of %d is held", i, len(configs))
			}
		}
		n := r.collector.networks["vk"]
		if len(n.leaving) > 0 || len(n.accounts) != 2 {
			t.Errorf("%d accounts are leaving, %d are there", len(n.leaving), len(n.accounts))
		}
		r.halt()
		runtime.KeepAlive(configs)
	})
}

// TestIdentity packs any names and has them back.
func TestIdentity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Just(""), rapid.Just(strings.Repeat("ж", 200)))
		n := names{text.Draw(t, "id"), text.Draw(t, "type"), text.Draw(t, "name"), text.Draw(t, "nickname"), text.Draw(t, "link"),
			networks.Flag(rapid.IntRange(0, 2).Draw(t, "verified")), text.Draw(t, "tags")}
		kind := text.Draw(t, "kind")
		i := identify(n, kind)
		if i.names() != n || i.id() != n.ID {
			t.Errorf("%+v came back as %+v", n, i.names())
		}
		if i.kind() != kind && n != (names{}) {
			t.Errorf("kind %q came back as %q", kind, i.kind())
		}
		sameAsJSON(t, n.encode())
		sameAsJSON(t, strings.ReplaceAll(n.encode(), text.Draw(t, "old"), text.Draw(t, "new")))
	})
}

// sameAsJSON demands that the short way to read names finds what the long one does.
func sameAsJSON(t interface{ Errorf(string, ...any) }, info string) {
	var want names
	if json.Unmarshal([]byte(info), &want) != nil {
		want = names{}
	}
	if got := decodeNames(info); got != want {
		t.Errorf("%q was read as %+v, want %+v", info, got, want)
	}
}

func TestNamesAreReadTheShortWay(t *testing.T) {
	usual := names{"1", networks.Person, "Павел Дуров", "durov", "https://vk.com/durov", networks.Yes, "team=news"}
	if n, ok := cutNames(usual.encode()); !ok || n != usual {
		t.Errorf("%s: %+v, %v", usual.encode(), n, ok)
	}
	for _, odd := range []string{
		`{}`, `null`, `[1]`, `{"ID":"1"}`, `{"ID":"1","Type":"a","Name":"b","Nickname":"c","Link":"d","Verified":3,"Tags":""}`,
		`{"ID":"1","Type":"a","Name":"b","Nickname":"c","Link":"d","Verified":1,"Tags":""} `, `{"ID":"1","Type":"a","Name":"b","Nickname":"c","Link":"d","Verified":11,"Tags":""}`,
		`{"ID":"1","Type":"a","Name":"b","Nickname":"c","Link":"d","Verified":1,"Tags":"` + "\n" + `"}`, "{\"ID\":\"\xff\",\"Type\":\"a\",\"Name\":\"b\",\"Nickname\":\"c\",\"Link\":\"d\",\"Verified\":1,\"Tags\":\"\"}",
		"{\"ID\":\"\t\",\"Type\":\"a\",\"Name\":\"b\",\"Nickname\":\"c\",\"Link\":\"d\",\"Verified\":1,\"Tags\":\"\"}",
	} {
		sameAsJSON(t, odd)
	}
}
