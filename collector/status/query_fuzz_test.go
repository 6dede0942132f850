package status

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
)

// FuzzQuery gives every page that takes a query any query: it answers or says in a
// line of JSON or on a page what is wrong, and never with what it was asked for
// unescaped.
func FuzzQuery(f *testing.F) {
	for _, q := range []string{"", "since=30d", "since=2026-11-21T00:00:00Z", "since=1e9y", "limit=5&offset=2", "limit=-1", "limit=99999999999999999999",
		"offset=9223372036854775807&limit=1000", "network=vk&state=ok&q=a", "state=trouble&q=%00", "sort=-followers&page=2", "sort=x&page=-1",
		"%zz", "a;b", "q=%F0%28%8C%BC", "q=<script>alert(1)</script>", "state=\"><img src=x>", "v=abc"} {
		f.Add(uint8(0), q)
	}
	f.Add(uint8(1), "since=2w")
	f.Add(uint8(4), "name[]=x")
	h := Handler(newFake(time.Unix(1_792_224_000, 0)), zap.NewNop())
	f.Fuzz(func(t *testing.T, page uint8, query string) {
		pages := []string{"/", "/accounts/vk/ria", "/api/v1/accounts", "/api/v1/accounts/vk/ria/series", "/metrics", "/api/v1/status", "/healthz"}
		path := pages[int(page)%len(pages)]
		req := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: path, RawQuery: query}, Header: http.Header{}, Host: "localhost",
			RequestURI: path, Body: http.NoBody}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, req.WithContext(t.Context()))
		switch rec.Code {
		case http.StatusOK, http.StatusBadRequest, http.StatusNotFound, http.StatusSeeOther, http.StatusFound:
		default:
			t.Fatalf("%s?%s: %d %s", path, query, rec.Code, rec.Body)
		}
		kind := rec.Header().Get("Content-Type")
		if strings.HasPrefix(kind, "application/json") && !json.Valid(rec.Body.Bytes()) {
			t.Fatalf("%s?%s: no JSON: %s", path, query, rec.Body)
		}
		if strings.HasPrefix(kind, "text/html") && strings.Contains(rec.Body.String(), "<script>alert") {
			t.Fatalf("%s?%s: a script in the page", path, query)
		}
	})
}
