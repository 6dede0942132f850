package networktest

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"collectord/networks"
)

// This file is for the tests of one network's oddities: what stands in for a server that
// gives one answer, a browser, and the answers that real networks gave.

// Recorded returns an answer that a real network gave or documents, by its path below
// shared/recorded beside the checkout: "twitch/users.json". Where that is not there the
// test is skipped; with CI=true it fails.
func Recorded(t testing.TB, path string) string {
	t.Helper()
	up := ""
	for { // a test runs in its package's folder, and the checkout ends with go.mod
		if _, err := os.Stat(up + "go.mod"); err == nil || len(up) > 60 {
			break
		}
		up += "../"
	}
	b, err := os.ReadFile(up + "../shared/recorded/" + path)
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		t.Fatal(err)
	default:
		t.Skipf("the recorded answers are not here: %v", err)
	}
	return string(b)
}

// Response is an answer to a request that was never on a line. Header may be nil.
func Response(r *http.Request, status int, header http.Header, body string) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{
		StatusCode: status, Header: header, Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(strings.NewReader(body)),
	}
}

// Form reads the form in a request's body, as far as it is one.
func Form(r *http.Request) url.Values {
	if r.Body == nil {
		return nil
	}
	b, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(b))
	return form
}

// Through is an http.RoundTripper that hands every request to a handler.
type Through struct{ http.Handler }

// RoundTrip returns what the handler answers.
func (h Through) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	resp := rec.Result()
	resp.Request = r
	return resp, nil
}

// Refs parses accounts, all of which are good.
func Refs(t testing.TB, n networks.Network, accounts ...string) []networks.Ref {
	t.Helper()
	refs := make([]networks.Ref, len(accounts))
	for i, a := range accounts {
		ref, err := n.Parse(a)
		if err != nil {
			t.Fatalf("Parse(%q) = %v", a, err)
		}
		refs[i] = ref
	}
	return refs
}

// Whole is the error about a request, or about the one account that it asked for; nil
// where neither is there.
func Whole(results []networks.Result, err error) *networks.Error {
	var e *networks.Error
	if !errors.As(err, &e) && len(results) > 0 {
		return results[0].Err
	}
	return e
}

// Browse opens a login's page as a browser does whose person agrees, and returns where the
// page redirects to.
func Browse(t testing.TB, page string) string {
	t.Helper()
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Get(page)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusFound {
		t.Fatalf("the page answers with %s", resp.Status)
	}
	return resp.Header.Get("Location")
}
