package collector

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"collectord/collector/point"
	"collectord/keychain"
	"collectord/networks/sim"
)

// The bubble's clock begins at 2000-01-01T00:00:00Z.

func vkWorld(r *rig) {
	r.world.Add(sim.Account{Network: "vk", ID: "15755094", Handle: "ria", Name: "РИА Новости", Type: "page", Followers: 3_000_000, Verified: true})
	r.world.Add(sim.Account{Network: "vk", ID: "1", Handle: "durov", Name: "Павел Дуров", Type: "person", Followers: 6_000_000})
}

const vkConfig = `
networks:
  vk:
    schedule: "@every 10m"
    base_url: http://vk
    accounts:
      РИА Новости: {handle: ria, tags: {team: news}}
      'a,b=c "d"': durov
`

func TestTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		vkWorld(r)
		r.start(vkConfig)
		time.Sleep(25 * time.Minute)
		r.world.Update("vk", "ria", func(a *sim.Account) { a.Followers = 3_000_001 })
		time.Sleep(10 * time.Minute)
		r.wantLines(point.Profile,
			"00:10:00 РИА Новости followers=3000000", `00:10:00 a,b=c "d" followers=6000000`,
			"00:20:00 РИА Новости followers=3000000", `00:20:00 a,b=c "d" followers=6000000`,
			"00:30:00 РИА Новости followers=3000001", `00:30:00 a,b=c "d" followers=6000000`)
		r.wantLines(point.AccountState, "00:10:00 РИА Новости state=ok", `00:10:00 a,b=c "d" state=ok`)
		r.wantLines(point.ProfileInfo,
			"00:10:00 РИА Новости name=РИА Новости nickname=ria link=https://vk.com/ria verified=true",
			`00:10:00 a,b=c "d" name=Павел Дуров nickname=durov link=https://vk.com/durov verified=false`)
		r.wantLines(point.Poll,
			"00:10:00 accounts=2 ok=2 failed=0 requests=2 retries=0", // users.get, then groups.getById
			"00:20:00 accounts=2 ok=2 failed=0 requests=2 retries=0",
			"00:30:00 accounts=2 ok=2 failed=0 requests=2 retries=0")
		p := r.points(point.Profile)[0]
		for key, want := range map[string]string{"network": "vk", "id": "15755094", "type": "page", "team": "news"} {
			if p.Tag("account") == "РИА Новости" && p.Tag(key) != want {
				t.Errorf("tag %s is %q, want %q", key, p.Tag(key), want)
			}
		}
		r.halt()
	})
}

func TestResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		vkWorld(r)
		// The second request of the first tick hangs, and the process ends meanwhile.
		r.world.Break("vk", func(_ http.ResponseWriter, req *http.Request) bool {
			if strings.HasSuffix(req.URL.Path, "groups.getById") {
				<-req.Context().Done()
			}
			return false
		})
		r.start(vkConfig)
		time.Sleep(10*time.Minute + 5*time.Second)
		r.halt()
		r.world.Break("vk", nil)
		r.world.ResetLog("vk")
		time.Sleep(time.Minute)
		r.open()
		r.start(vkConfig)
		time.Sleep(2 * time.Second)
		r.wantLines(point.Profile, "00:10:00 РИА Новости followers=3000000", `00:10:00 a,b=c "d" followers=6000000`)
		r.wantLog("goes on")
		for _, x := range r.world.Log("vk") {
			if x.Accounts != 1 {
				t.Errorf("a resumed poll asked for %d accounts in %s, want the one left", x.Accounts, x.Op)
			}
		}
		polls := r.points(point.Poll)
		if n, _ := must(polls[0].Field("ok")).Int(); len(polls) != 1 || n != 2 {
			t.Errorf("polls: %v", lines(polls))
		}
		r.halt()
	})
}

func must[T any](v T, _ bool) T { return v }

func TestMissedTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		vkWorld(r)
		r.start(vkConfig)
		time.Sleep(11 * time.Minute)
		r.halt()
		time.Sleep(5*time.Hour + 2*time.Minute) // 05:13: ticks 00:20 to 05:10 are missed
		r.open()
		r.start(vkConfig)
		time.Sleep(8 * time.Minute)
		r.wantLines(point.Poll,
			"00:10:00 accounts=2 ok=2 failed=0 requests=2 retries=0",
			"05:13:00 accounts=2 ok=2 failed=0 requests=2 retries=0",
			"05:20:00 accounts=2 ok=2 failed=0 requests=2 retries=0")
		r.wantLog("ticks were missed")
		if n := r.collector.Networks(r.keys)[0].Missed; n != 30 {
			t.Errorf("%d ticks missed, want 30", n)
		}
		r.halt()
	})
}

func TestFirstStartMissesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		vkWorld(r)
		time.Sleep(7 * time.Minute)
		r.start(vkConfig)
		time.Sleep(2 * time.Minute)
		if got := r.points(point.Poll); len(got) != 0 {
			t.Errorf("a poll before the first tick: %v", lines(got))
		}
		r.halt()
	})
}

func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		vkWorld(r)
		r.world.Add(sim.Account{Network: "vk", ID: "2", Handle: "second", Name: "Second", Type: "person", Followers: 7})
		r.start(vkConfig)
		time.Sleep(15 * time.Minute)
		r.collector.Configure(r.config(`
networks:
  vk:
    schedule: "@every 10m"
    base_url: http://vk
    accounts:
      РИА Новости: {handle: ria, schedule: "@every 3m", tags: {team: news}}
      new: second
`))
		time.Sleep(10 * time.Minute) // 00:25
		r.wantLines(point.Profile,
			"00:10:00 РИА Новости followers=3000000", `00:10:00 a,b=c "d" followers=6000000`,
			"00:18:00 РИА Новости followers=3000000", "00:21:00 РИА Новости followers=3000000", "00:24:00 РИА Новости followers=3000000",
			"00:20:00 new followers=7")
		r.collector.Configure(r.config("networks: {}"))
		time.Sleep(time.Hour)
		if n := len(r.points(point.Profile)); n != 6 {
			t.Errorf("%d points after the network was removed, want 6", n)
		}
		r.collector.Configure(r.config(vkConfig)) // at 01:25
		time.Sleep(6 * time.Minute)
		if n := len(r.points(point.Profile)); n != 8 {
			t.Errorf("%d points after it came back, want 8", n)
		}
		r.halt()
	})
}

func TestStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		vkWorld(r)
		r.world.Add(sim.Account{Network: "vk", ID: "3", Handle: "gone", Name: "Gone", Type: "person", Followers: 5, State: sim.NotFound})
		r.world.Add(sim.Account{Network: "vk", ID: "4", Handle: "banned", Name: "Banned", Type: "person", Followers: 5, State: sim.Suspended})
		r.world.Add(sim.Account{Network: "vk", ID: "5", Handle: "closed", Name: "Closed", Type: "person", Followers: 5, State: sim.Private})
		r.start(`
networks:
  vk:
    schedule: "@every 10m"
    base_url: http://vk
    accounts: [ria, durov, gone, banned, closed, never_was]
`)
		time.Sleep(11 * time.Minute)
		r.wantLines(point.Profile, "00:10:00 ria followers=3000000", "00:10:00 durov followers=6000000")
		r.wantLines(point.AccountState, "00:10:00 ria state=ok", "00:10:00 durov state=ok", "00:10:00 gone state=not_found",
			"00:10:00 banned state=suspended", "00:10:00 closed state=private", "00:10:00 never_was state=not_found")
		// The name changes; the id is asked for, the series goes on, and it is reported.
		r.world.Update("vk", "durov", func(a *sim.Account) { a.Handle = "pavel" })
		// Another account takes the freed name: nothing of it gets into the series.
		r.world.Add(sim.Account{Network: "vk", ID: "66", Handle: "durov", Name: "Impostor", Type: "person", Followers: 1})
		time.Sleep(10 * time.Minute)
		want := []string{"00:10:00 ria followers=3000000", "00:10:00 durov followers=6000000", "00:20:00 ria followers=3000000", "00:20:00 durov followers=6000000"}
		r.wantLines(point.Profile, want...)
		if s := r.account("durov"); s.State != stateRenamed || s.Nickname != "pavel" {
			t.Errorf("a renamed account: %+v", s)
		}
		r.halt()
	})
}

func TestSickNetworkLeavesOthersAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		vkWorld(r)
		r.world.Add(sim.Account{Network: "bluesky", ID: "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", Handle: "bsky.app", Name: "Bluesky", Type: "person", Followers: 9})
		r.world.Break("vk", func(w http.ResponseWriter, _ *http.Request) bool {
			_, _ = w.Write([]byte("<html>maintenance</html>"))
			return true
		})
		r.start(vkConfig + `
  bluesky:
    schedule: "@every 10m"
    base_url: http://bluesky
    accounts: [bsky.app]
`)
		time.Sleep(31 * time.Minute)
		r.wantLines(point.Profile, "00:10:00 bsky.app followers=9 following=0 posts=0",
			"00:20:00 bsky.app followers=9 following=0 posts=0", "00:30:00 bsky.app followers=9 following=0 posts=0")
		if s := r.account("РИА Новости"); !strings.Contains(s.Error, "HTML") {
			t.Errorf("the account's error: %q", s.Error)
		}
		r.world.Break("vk", nil)
		time.Sleep(10 * time.Minute)
		if s := r.account("РИА Новости"); s.Error != "" || s.Followers == nil || *s.Followers != 3_000_000 {
			t.Errorf("after the network is well: %+v", s)
		}
		r.halt()
	})
}

// A network that is back within the tick leaves no gap.
func TestShortOutageLeavesNoGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		vkWorld(r)
		back := time.Now().Add(10*time.Minute + 3*time.Minute)
		r.world.Break("vk", func(w http.ResponseWriter, _ *http.Request) bool {
			if time.Now().Before(back) {
				w.WriteHeader(http.StatusBadGateway)
				return true
			}
			return false
		})
		r.start(vkConfig)
		time.Sleep(19 * time.Minute)
		r.wantLines(point.Profile, "00:10:00 РИА Новости followers=3000000", `00:10:00 a,b=c "d" followers=6000000`)
		r.wantLog("accounts had no answer")
		r.halt()
	})
}

func TestSlowPollSkipsTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		vkWorld(r)
		r.world.Break("vk", func(http.ResponseWriter, *http.Request) bool { time.Sleep(25 * time.Second); return false })
		r.start(strings.ReplaceAll(vkConfig, "10m", "20s"))
		time.Sleep(2*time.Minute + time.Second)
		// The first poll takes two requests of 25 s and skips 00:40 and 01:00; the next
		// asks both at once and skips 01:40.
		seen := make(map[string]bool)
		for _, l := range lines(r.points(point.Profile)) {
			if seen[l] {
				t.Errorf("twice: %s", l)
			}
			seen[l] = true
		}
		n := r.collector.Networks(r.keys)[0]
		if n.Skipped != 3 {
			t.Errorf("%d ticks skipped, want 3", n.Skipped)
		}
		r.wantLog("a tick was skipped")
		r.halt()
	})
}

func TestTokenAssignedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		vkWorld(r)
		if err := r.keys.Delete("vk"); err != nil {
			t.Fatal(err)
		}
		r.start(vkConfig)
		time.Sleep(11 * time.Minute)
		if s := r.account("РИА Новости"); !strings.Contains(s.Error, "no token") || !strings.Contains(s.Hint, "keychain assign vk") {
			t.Errorf("without a token: error %q, hint %q", s.Error, s.Hint)
		}
		if err := r.keys.Assign("vk", keychain.Bare("good-token")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		r.wantLines(point.Profile, "00:10:00 РИА Новости followers=3000000", `00:10:00 a,b=c "d" followers=6000000`)
		r.halt()
	})
}

func TestRevokedTokenSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		vkWorld(r)
		r.start(vkConfig)
		time.Sleep(11 * time.Minute)
		r.world.RevokeToken("vk", "good-token")
		time.Sleep(10 * time.Minute)
		r.wantLog("the network refuses a token")
		tokens := r.collector.Networks(r.keys)[0].Tokens
		if tokens[0].State != keychain.Dead || tokens[0].Reason == "" {
			t.Errorf("tokens: %+v", tokens)
		}
		for _, e := range r.logs.All() {
			for _, f := range e.Context {
				if strings.Contains(f.String, "good-token") {
					t.Errorf("a token in the log: %s %s", e.Message, f.String)
				}
			}
		}
		if n := len(r.points(point.Profile)); n != 2 {
			t.Errorf("%d points, want those of before", n)
		}
		r.halt()
	})
}

func TestManyAccountsInFewRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		var accounts strings.Builder
		for i := range 5000 {
			id := itoa(i + 1)
			r.world.Add(sim.Account{Network: "vk", ID: id, Handle: "user" + id, Name: "U", Type: "person", Followers: int64(i)})
			r.world.Add(sim.Account{Network: "vk", ID: id, Handle: "group" + id, Name: "G", Type: "group", Followers: int64(i)})
			accounts.WriteString("      - user" + id + "\n      - group" + id + "\n")
		}
		r.start("networks:\n  vk:\n    schedule: \"@every 10m\"\n    base_url: http://vk\n    accounts:\n" + accounts.String())
		time.Sleep(29 * time.Minute)
		polls := r.points(point.Poll)
		if len(polls) != 2 {
			t.Fatalf("%d polls, want 2", len(polls))
		}
		for i, most := range []int64{30, 15} {
			n, _ := must(polls[i].Field("requests")).Int()
			ok, _ := must(polls[i].Field("ok")).Int()
			if n > most || ok != 10_000 {
				t.Errorf("poll %d: %d requests for %d accounts, want %d at most for 10000", i, n, ok, most)
			}
		}
		r.halt()
	})
}
