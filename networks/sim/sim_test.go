package sim_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"collectord/networks/sim"
)

func TestLookup(t *testing.T) {
	w := sim.NewWorld(1)
	w.Add(sim.Account{Network: "vk", ID: "1", Handle: "Durov", Type: "person"})
	w.Add(sim.Account{Network: "vk", ID: "1", Handle: "apiclub", Type: "group"})
	w.Add(sim.Account{Network: "mastodon", ID: "1", Handle: "Gargron", Host: "mastodon.social"})
	w.Add(sim.Account{Network: "mastodon", ID: "1", Handle: "Gargron", Host: "example.org", Name: "another"})
	if a, ok := w.ByHandle("vk", "dUROV"); !ok || a.Handle != "Durov" {
		t.Errorf("by handle: %+v, %v", a, ok)
	}
	if _, ok := w.ByHandle("twitter", "durov"); ok {
		t.Error("found in another network")
	}
	if a, ok := w.ByID("vk", "1", "page", "group"); !ok || a.Handle != "apiclub" {
		t.Errorf("by id and type: %+v, %v", a, ok)
	}
	if a, ok := w.ByHandle("mastodon", "gargron@EXAMPLE.org"); !ok || a.Name != "another" {
		t.Errorf("by handle and host: %+v, %v", a, ok)
	}
	if a, ok := w.ByID("mastodon", "1@mastodon.social"); !ok || a.Host != "mastodon.social" {
		t.Errorf("by id and host: %+v, %v", a, ok)
	}
	if n := len(w.Accounts("vk")); n != 2 {
		t.Errorf("%d accounts, want 2", n)
	}
}

func TestUpdate(t *testing.T) {
	w := sim.NewWorld(1)
	w.Add(sim.Account{Network: "vk", ID: "1", Handle: "old", Type: "person"})
	if !w.Update("vk", "OLD", func(a *sim.Account) { a.Handle = "new"; a.Followers = 5 }) {
		t.Fatal("no account to update")
	}
	if _, ok := w.ByHandle("vk", "old"); ok {
		t.Error("the old handle is still there")
	}
	if a, ok := w.ByID("vk", "1"); !ok || a.Handle != "new" || a.Followers != 5 {
		t.Errorf("after the rename: %+v, %v", a, ok)
	}
	if !w.Update("vk", "1", func(a *sim.Account) { a.ID = "2" }) {
		t.Fatal("no account with the id 1")
	}
	if a, ok := w.ByHandle("vk", "new"); !ok || a.ID != "2" {
		t.Errorf("after the takeover: %+v, %v", a, ok)
	}
	if _, ok := w.ByID("vk", "1"); ok {
		t.Error("the old id is still there")
	}
	if !w.Remove("vk", "2") || w.Remove("vk", "2") || w.Update("vk", "new", func(*sim.Account) {}) {
		t.Error("removed, and it is still there")
	}
	// A handle that changes hands belongs to the account it was given to last.
	w.Add(sim.Account{Network: "vk", ID: "3", Handle: "name"})
	w.Add(sim.Account{Network: "vk", ID: "4", Handle: "name"})
	w.Remove("vk", "3")
	if a, ok := w.ByHandle("vk", "name"); !ok || a.ID != "4" {
		t.Errorf("after the handle changed hands: %+v, %v", a, ok)
	}
}

func TestTokens(t *testing.T) {
	w := sim.NewWorld(1)
	w.AllowToken("twitter", "a", "secret")
	if s, secrets := w.Token("twitter", "a"); s != sim.TokenGood || !slices.Equal(secrets, []string{"secret"}) {
		t.Errorf("allowed: %v, %v", s, secrets)
	}
	if s, _ := w.Token("vk", "a"); s != sim.TokenUnknown {
		t.Errorf("in another network: %v", s)
	}
	w.RevokeToken("twitter", "a")
	if s, secrets := w.Token("twitter", "a"); s != sim.TokenRevoked || secrets != nil {
		t.Errorf("revoked: %v, %v", s, secrets)
	}
}

func TestCountStandsStill(t *testing.T) {
	w := sim.NewWorld(1)
	a := sim.Account{Network: "vk", ID: "1", Followers: 1000}
	if got := w.Count(a, time.Now()); got != 1000 {
		t.Errorf("%d, want 1000", got)
	}
}

func TestCountMoves(t *testing.T) {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	w, same, other := sim.NewWorld(7), sim.NewWorld(7), sim.NewWorld(8)
	for _, w := range []*sim.World{w, same, other} {
		w.Move(start)
	}
	grew, differ := 0, false
	for i := range 100 {
		a := sim.Account{Network: "vk", ID: fmt.Sprint(i), Followers: 100_000}
		if got := w.Count(a, start); got != a.Followers {
			t.Fatalf("account %d has %d at the start, want %d", i, got, a.Followers)
		}
		before, falls := w.Count(a, start.Add(-24*time.Hour)), 0
		first := before
		for at := start.Add(-23 * time.Hour); at.Before(start.AddDate(0, 0, 30)); at = at.Add(time.Hour) {
			n := w.Count(a, at)
			if n != same.Count(a, at) {
				t.Fatalf("account %d at %v: %d, and %d in an equal world", i, at, n, same.Count(a, at))
			}
			differ = differ || n != other.Count(a, at)
			if n < before {
				falls++
			}
			before = n
		}
		if change := float64(before-first) / 100_000; change > 0.003*31*1.1 || change < -0.003*31 {
			t.Errorf("account %d changed by %.1f %% in 31 days", i, 100*change)
		}
		if before > first {
			if grew++; falls > 31*24/10 {
				t.Errorf("account %d grows and falls in %d hours of %d", i, falls, 31*24)
			}
		}
	}
	if grew < 70 || grew == 100 || !differ {
		t.Errorf("%d of 100 accounts grow, another seed differs: %v", grew, differ)
	}
	far := w.Count(sim.Account{Network: "vk", ID: "1", Followers: 3}, start.AddDate(-100, 0, 0))
	if far < 0 {
		t.Errorf("%d followers", far)
	}
}

func TestHandlerCounts(t *testing.T) {
	w := sim.NewWorld(1)
	h := w.Handler("x", func(r *http.Request) string { return r.URL.Path }, func(rw http.ResponseWriter, _ *http.Request) (int, string) {
		sim.JSON(rw, http.StatusTeapot, "no")
		return 3, "17"
	})
	ask := func(path string) int {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
		return rec.Code
	}
	if got := ask("/a"); got != http.StatusTeapot {
		t.Errorf("status %d", got)
	}
	w.Break("x", func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/b" {
			http.Error(rw, "broken", http.StatusBadGateway)
		}
		return r.URL.Path == "/b"
	})
	if a, b := ask("/a"), ask("/b"); a != http.StatusTeapot || b != http.StatusBadGateway {
		t.Errorf("with a fault at /b: %d and %d", a, b)
	}
	w.Break("x", nil)
	if got := ask("/b"); got != http.StatusTeapot {
		t.Errorf("mended: %d", got)
	}
	want := []sim.Exchange{
		{Op: "/a", Accounts: 3, Status: 418, Code: "17"}, {Op: "/a", Accounts: 3, Status: 418, Code: "17"},
		{Op: "/b", Status: 502, Code: "fault"}, {Op: "/b", Accounts: 3, Status: 418, Code: "17"},
	}
	if got := w.Log("x"); !slices.Equal(got, want) {
		t.Errorf("log %+v, want %+v", got, want)
	}
	if ops := w.Ops("x"); w.Requests("x") != 4 || ops["/a"] != 2 || ops["/b"] != 2 {
		t.Errorf("%d requests, %v", w.Requests("x"), ops)
	}
	w.ResetLog("x")
	if w.Requests("x") != 0 || len(w.Log("x")) != 0 {
		t.Error("the log is not reset")
	}
}

// TestLogIsBounded: the counters go on, the log does not.
func TestLogIsBounded(t *testing.T) {
	w := sim.NewWorld(1)
	h := w.Handler("x", func(*http.Request) string { return "op" }, func(http.ResponseWriter, *http.Request) (int, string) { return 0, "" })
	for range 20_000 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	}
	if w.Requests("x") != 20_000 || len(w.Log("x")) != 4096 {
		t.Errorf("%d requests and %d in the log, want 20000 and 4096", w.Requests("x"), len(w.Log("x")))
	}
}

// TestConcurrently is for the race detector.
func TestConcurrently(t *testing.T) {
	w := sim.NewWorld(1)
	w.AllowToken("vk", "t")
	h := sim.VK(w)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 50 {
				id := fmt.Sprint(i*100 + j + 1)
				w.Add(sim.Account{Network: "vk", ID: id, Handle: "h" + id, Type: "person", Followers: 5})
				w.Update("vk", id, func(a *sim.Account) { a.Followers++ })
				w.Move(time.Now())
				if body := vk(h, "t", "users.get", "v=5.199&user_ids="+id); !strings.Contains(body, `"id":`+id) {
					t.Errorf("%s: %s", id, body)
				}
				w.Break("vk", nil)
				w.Log("vk")
			}
		})
	}
	all.Wait()
	if n := w.Requests("vk"); n != 400 {
		t.Errorf("%d requests, want 400", n)
	}
}

// vk asks the simulated VK.
func vk(h http.Handler, token, method, form string) string {
	r := httptest.NewRequest(http.MethodPost, "/method/"+method, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return strings.TrimSpace(rec.Body.String())
}

func TestVKIsStrict(t *testing.T) {
	w := sim.NewWorld(1)
	w.AllowToken("vk", "good")
	w.AllowToken("vk", "gone")
	w.RevokeToken("vk", "gone")
	w.Add(sim.Account{Network: "vk", ID: "1", Handle: "durov", Name: "Pavel Durov", Type: "person", Followers: 7})
	w.Add(sim.Account{Network: "vk", ID: "1", Handle: "apiclub", Name: "VK API", Type: "page", Followers: 8})
	h, poisoned := sim.VK(w), sim.VKPoisoned(w)
	for _, c := range []struct {
		h                   http.Handler
		token, method, form string
		want                string // a part of the answer
	}{
		{h, "", "users.get", "v=5.199&user_ids=1", `"error_msg":"User authorization failed: no access_token passed."`},
		{h, "bad", "users.get", "v=5.199&user_ids=1", `"error_msg":"User authorization failed: invalid access_token (4)."`},
		{h, "gone", "users.get", "v=5.199&user_ids=1", `"error_msg":"User authorization failed: user revoke access for this token."`},
		{h, "good", "users.get", "user_ids=1", `"error_code":8`},
		{h, "good", "users.get", "v=5.199&user_ids=1&x=1", `"error_code":100`},
		{h, "good", "friends.get", "v=5.199", `"error_code":3`},
		{h, "good", "users.get", "v=5.199&user_ids=nobody", `"error_code":113`},
		{h, "good", "users.get", "v=5.199&user_ids=apiclub", `"error_code":113`},
		{h, "good", "users.get", "v=5.199", `"error_code":113`},
		{h, "good", "users.get", "v=5.199&user_ids=1" + strings.Repeat(",1", 1000), `"error_code":103`},
		{h, "good", "groups.getById", "v=5.199&group_ids=1" + strings.Repeat(",1", 500), `"error_code":103`},
		{h, "good", "groups.getById", "v=5.199&group_ids=durov", `group_ids is undefined`},
		{h, "good", "users.get", "v=5.199&user_ids=1,nobody,DUROV", `{"response":[{"can_access_closed":true,"first_name":"Pavel","id":1,"is_closed":false,"last_name":"Durov"}]}`},
		{h, "good", "users.get", "v=5.199&user_ids=id1&fields=followers_count,domain", `"domain":"durov","first_name":"Pavel","followers_count":7`},
		{h, "good", "groups.getById", "v=5.199&group_ids=1&fields=members_count", `{"response":{"groups":[{"id":1,"is_closed":0,"members_count":8,"name":"VK API"`},
		{h, "good", "groups.getById", "v=5.131&group_ids=club1", `{"response":[{"id":1`},
		{poisoned, "good", "users.get", "v=5.199&user_ids=1,nobody", `"error_code":113`},
		{poisoned, "good", "users.get", "v=5.199&user_ids=1", `"id":1`},
	} {
		if got := vk(c.h, c.token, c.method, c.form); !strings.Contains(got, c.want) {
			t.Errorf("%s %.60s: %s, want %s in it", c.method, c.form, got, c.want)
		}
	}
}
