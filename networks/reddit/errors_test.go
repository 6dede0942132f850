package reddit_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
	"collectord/networks"
)

// failure makes one request that fails.
func failure(t *testing.T, s *server) *networks.Error {
	t.Helper()
	results, err := ask(t, s, networks.Ref{Name: "a"})
	var e *networks.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v, %v, want a *networks.Error", results, err)
	}
	return e
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		kind   networks.Kind
		hint   string
	}{
		"a bad token":    {401, `{"message":"Unauthorized","error":401}`, networks.Unauthorized, "made anew"},
		"no access":      {403, `{"message":"Forbidden","error":403}`, networks.Forbidden, "approval"},
		"a block page":   {403, `<html>blocked by network security`, networks.Forbidden, "approval"},
		"another server": {404, `<html>`, networks.Malformed, "base_url"},
		"a redirect":     {302, ``, networks.Malformed, "base_url"},
		"a bad request":  {400, `{"message":"Bad Request","error":400}`, networks.Malformed, ""},
		"too fast":       {429, `{"message":"Too Many Requests","error":429}`, networks.RateLimited, ""},
		"down":           {503, `<html>`, networks.Temporary, ""},
		"no listing":     {200, `{"kind":"t5","data":{"children":[]}}`, networks.Malformed, ""},
		"no children":    {200, `{"kind":"Listing","data":{}}`, networks.Malformed, ""},
		"an error":       {200, `{"error":404}`, networks.Malformed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if e := failure(t, &server{status: c.status, body: c.body}); e.Kind != c.kind || !strings.Contains(e.Hint, c.hint) {
				t.Errorf("%v (hint %q), want %s, a hint with %q", e, e.Hint, c.kind, c.hint)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		for name, c := range map[string]struct {
			header http.Header
			until  time.Duration
		}{
			"seconds":      {http.Header{"X-Ratelimit-Reset": {"212"}}, 212 * time.Second},
			"a fraction":   {http.Header{"X-Ratelimit-Reset": {"0.5"}}, 500 * time.Millisecond},
			"Retry-After":  {http.Header{"X-Ratelimit-Reset": {"212"}, "Retry-After": {"9"}}, 9 * time.Second},
			"not a number": {http.Header{"X-Ratelimit-Reset": {"NaN"}}, 0},
			"nothing said": {nil, 0},
		} {
			e := failure(t, &server{status: 429, header: c.header})
			if c.until > 0 && !e.Until.Equal(now.Add(c.until)) || c.until == 0 && !e.Until.IsZero() {
				t.Errorf("%s: until %v, want in %v", name, e.Until.Sub(now), c.until)
			}
		}
	})
}

// TestNoToken: an app without a token is not asked for, and says so in a word that
// leads to a renewal.
func TestNoToken(t *testing.T) {
	s := &server{status: 200, body: listing()}
	n := s.network()
	app := keychain.Token{Slot: "rd", Value: keychain.Mapping(map[string]string{"client_id": "theapp", "client_secret": "appsecret"})}
	_, err := n.Profiles(t.Context(), app, n.Plan([]networks.Ref{{Name: "a"}})[0])
	var e *networks.Error
	if !errors.As(err, &e) || e.Kind != networks.Unauthorized || e.Code != "no app token" || s.asked != nil {
		t.Errorf("%v, want unauthorized and no request", err)
	}
}
