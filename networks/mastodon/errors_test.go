package mastodon

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
)

func TestErrors(t *testing.T) {
	const next = networks.Kind(0) // a Next in place of an error
	for _, c := range []struct {
		status            int
		body              string
		lookup, one, list networks.Kind
		hint              string // of the lookup
	}{
		{404, `{"error":"Record not found"}`, networks.NotFound, next, next, hintGone},
		{410, `{"error":"gone"}`, networks.NotFound, next, next, hintGone},
		{404, `404 page not found`, networks.NotFound, next, next, hintGone},
		{404, `<!DOCTYPE html>`, networks.Malformed, networks.Malformed, next, hintServer},
		{401, `{"error":"This API requires an authenticated user"}`, networks.Forbidden, networks.Forbidden, networks.Forbidden, hintClosed},
		{403, `{"error":"x"}`, networks.Forbidden, networks.Forbidden, networks.Forbidden, hintClosed},
		{301, ``, networks.Malformed, networks.Malformed, networks.Malformed, hintRedirect},
		{308, ``, networks.Malformed, networks.Malformed, networks.Malformed, hintRedirect},
		{400, `{"error":"x"}`, networks.Malformed, networks.Malformed, next, ""},
		{422, `{"error":"x"}`, networks.Malformed, networks.Malformed, next, ""},
		{405, ``, networks.Malformed, networks.Malformed, next, ""},
		{429, `{"error":"Too many requests"}`, networks.RateLimited, networks.RateLimited, networks.RateLimited, ""},
		{500, `<html>`, networks.Temporary, networks.Temporary, networks.Temporary, ""},
		{503, `{"error":"x"}`, networks.Temporary, networks.Temporary, networks.Temporary, ""},
	} {
		n := answering(t, c.status, c.body)
		ref := networks.Ref{ID: "7", Name: "user@a.example", Host: "a.example"}
		for op, want := range map[string]networks.Kind{opLookup: c.lookup, opOne: c.one, opList: c.list} {
			results, err := n.Profiles(t.Context(), keychain.Token{}, networks.Batch{Op: op, Refs: []networks.Ref{ref}})
			e := networktest.Whole(results, err)
			if want == next {
				if e != nil || len(results) != 1 || results[0].Next == nil {
					t.Errorf("%s: %d %s: %+v, %v, want a Next", op, c.status, c.body, results, err)
				}
				continue
			}
			if e == nil || e.Kind != want {
				t.Errorf("%s: %d %s: %v, want %v", op, c.status, c.body, e, want)
			} else if op == opLookup && e.Hint != c.hint {
				t.Errorf("%s: %d %s: the hint is %q, want %q", op, c.status, c.body, e.Hint, c.hint)
			}
		}
	}
}

// TestGoneID: an account that the config names by its id alone has no name to fall
// back on.
func TestGoneID(t *testing.T) {
	n := answering(t, http.StatusNotFound, `{"error":"Record not found"}`)
	r := ask(t, n, "a.example/7")[0]
	if r.Err == nil || r.Err.Kind != networks.NotFound || r.Err.Msg != "Record not found" {
		t.Errorf("%+v, want not found", r)
	}
}

// TestReset reads the time in Mastodon's own form.
func TestReset(t *testing.T) {
	reset := time.Now().Add(3 * time.Minute).UTC()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-RateLimit-Reset", reset.Format("2006-01-02T15:04:05.000000Z"))
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, `{"error":"Too many requests"}`)
	}))
	defer server.Close()
	r := ask(t, New(networks.Options{BaseURL: server.URL}), "user@a.example")[0]
	if r.Err == nil || r.Err.Kind != networks.RateLimited || !r.Err.Until.Equal(reset.Truncate(time.Microsecond)) {
		t.Errorf("%+v, want rate limited until %v", r.Err, reset)
	}
}
