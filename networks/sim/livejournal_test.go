package sim

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestLiveJournalIsStrict has requests that the real one refuses.
func TestLiveJournalIsStrict(t *testing.T) {
	w := NewWorld(1)
	w.Add(Account{Network: "livejournal", ID: "a", Handle: "a", Type: "person", Followers: 2, Following: 1})
	w.Add(Account{Network: "livejournal", ID: "c", Handle: "c", Type: "group", Followers: 2, Following: 1})
	w.Add(Account{Network: "livejournal", ID: "x", Handle: "x", State: Suspended})
	h := LiveJournal(w)
	const path = "/misc/fdata.bml?user="
	for name, c := range map[string]struct {
		method, target, agent string
		status                int
		has                   string
	}{
		"journal":           {"GET", path + "A", "me", 200, "\n> friend_0\n< reader_0\n< reader_1\n"},
		"journal, typed":    {"GET", path + "a&comm=1", "me", 200, "\nP> friend_0\nP< reader_0\nP< reader_1\nC> some_community\n"},
		"community":         {"GET", path + "c&comm=1", "me", 200, "# Note: c is a community account\nP> friend_0\nP< reader_0\nP< reader_1\n"},
		"community, bare":   {"GET", path + "c", "me", 200, "! not a person\n"},
		"unknown":           {"GET", path + "nobody", "me", 200, "! invalid user\n"},
		"suspended":         {"GET", path + "x", "me", 200, "! user is not active\n"},
		"no user":           {"GET", "/misc/fdata.bml", "me", 200, "! bogus"},
		"parameter":         {"GET", path + "a&x=1", "me", 200, "! bogus"},
		"other comm":        {"GET", path + "a&comm=2", "me", 200, "! bogus"},
		"two users":         {"GET", path + "a&user=c", "me", 200, "! bogus"},
		"other path":        {"GET", "/misc/fdata?user=a", "me", 404, "<html>"},
		"POST":              {"POST", path + "a", "me", 403, "Bot Policy"},
		"nobody to mail to": {"GET", path + "a", "", 403, "Bot Policy"},
		"Go's own agent":    {"GET", path + "a", "Go-http-client/1.1", 403, "Bot Policy"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, c.target, http.NoBody)
			r.Header.Set("User-Agent", c.agent)
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			if rec.Code != c.status || !strings.Contains(rec.Body.String(), c.has) {
				t.Errorf("%d %q, want %d with %q", rec.Code, rec.Body, c.status, c.has)
			}
		})
	}
}
