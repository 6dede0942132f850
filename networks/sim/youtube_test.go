package sim

import (
	"strings"
	"testing"
)

// TestYouTubeIsStrict has requests that the real YouTube refuses.
func TestYouTubeIsStrict(t *testing.T) {
	w := NewWorld(1)
	w.Add(Account{Network: "youtube", ID: "UCa", Handle: "abc", Followers: 12_345})
	w.AllowToken("youtube", "good")
	h := YouTube(w)
	const path = "/youtube/v3/channels?part=statistics"
	for _, c := range []struct {
		method, target, key string
		status              int
		want                string
	}{
		{"GET", path + "&id=UCa,UCb", "good", 200, `"subscriberCount":"12300"`},
		{"GET", path + "&forHandle=@ABC", "good", 200, `"id":"UCa"`},
		{"GET", path + "&forUsername=abc&key=good", "", 200, `"id":"UCa"`},
		{"GET", path + "&id=uca", "good", 200, `"totalResults":0`},
		{"GET", path + "&id=UCa&fields=kind,items(id,snippet(title))", "good", 200, `{"items":[`},
		{"GET", path + "&id=UCa", "other", 400, "API_KEY_INVALID"},
		{"GET", path + "&id=UCa", "", 403, "unregistered callers"},
		{"POST", path + "&id=UCa", "good", 400, "badRequest"},
		{"GET", path, "good", 400, "invalidFilters"},
		{"GET", path + "&id=UCa&forHandle=abc", "good", 400, "incompatibleParameters"},
		{"GET", path + "&id=UCa&x=1", "good", 400, "unknownParameter"},
		{"GET", path + "&id=UCa&id=UCb", "good", 400, "unknownParameter"},
		{"GET", path + "&id=UCa&maxResults=51", "good", 400, "invalidParameter"},
		{"GET", path + ",banana&id=UCa", "good", 400, "unknownPart"},
		{"GET", path + "&id=" + strings.Repeat("UCa,", 50) + "UCa", "good", 400, "invalidFilters"},
		{"GET", "/youtube/v3/videos?part=statistics&id=a", "good", 404, "<!DOCTYPE html>"},
	} {
		if status, body := request(h, c.method, c.target, "", "X-Goog-Api-Key", c.key); status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s %.80s: %d %s, want %d and %s", c.method, c.target, status, body, c.status, c.want)
		}
	}
	if _, body := request(h, "GET", path+"&id=uca", "", "X-Goog-Api-Key", "good"); strings.Contains(body, "items") {
		t.Errorf("a list of nobody is there: %s", body)
	}
}

func TestThreeFigures(t *testing.T) {
	for n, want := range map[int64]int64{0: 0, 987: 987, 999: 999, 1000: 1000, 1239: 1230, 45_678: 45_600, 12_345_678: 12_300_000} {
		if got := threeFigures(n); got != want {
			t.Errorf("%d is shown as %d, want %d", n, got, want)
		}
	}
}
