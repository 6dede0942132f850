package leaktest_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"collectord/internal/leaktest"
)

// TestFind plants a leak in every form; what holds none is left in peace.
func TestFind(t *testing.T) {
	s := leaktest.Secret("vk")
	asJSON, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for name, leak := range map[string]string{
		"plain": s, "JSON": string(asJSON), "quoted": fmt.Sprintf("%q", s), "query": url.QueryEscape(s), "path": url.PathEscape(s),
		"HTML": html.EscapeString(s), "upper case": strings.ToUpper(s), "hex": hex.EncodeToString([]byte(s)), "HEX": fmt.Sprintf("%X", s),
		"base64": base64.StdEncoding.EncodeToString([]byte(s)), "basic": base64.StdEncoding.EncodeToString([]byte("u:" + s)),
		"basic shifted": base64.URLEncoding.EncodeToString([]byte("us:" + s)), "Basic header": basic("user", s),
		"spaced": strings.Join(strings.Split(s, ""), " "), "bytes with zeros": strings.Join(strings.Split(s, ""), "\x00"),
	} {
		if around, found := leaktest.Find([]byte("before " + leak + " after")); !found || !strings.Contains(around, "before") {
			t.Errorf("%s: not found: %q", name, leak)
		}
	}
	if around, found := leaktest.Find([]byte("a token [redacted] m4rk3d and the like")); found {
		t.Errorf("found where there is none: %q", around)
	}
}

func basic(user, password string) string {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.SetBasicAuth(user, password)
	return r.Header.Get("Authorization")
}

// TestServerRepeats holds the server to its purpose: a client that prints what it is
// told leaks nearly always.
func TestServerRepeats(t *testing.T) {
	s := leaktest.NewServer(1)
	leaks := 0
	const requests = 300
	for range requests {
		req := httptest.NewRequest(http.MethodPost, "/method?access_token="+url.QueryEscape(leaktest.Secret("a")),
			strings.NewReader("password="+url.QueryEscape(leaktest.Secret("b"))))
		req.Header.Set("Authorization", basic("u", leaktest.Secret("c")))
		resp, err := s.RoundTrip(req)
		text := fmt.Sprint(err)
		if err == nil {
			body, _ := io.ReadAll(resp.Body) // from memory
			text = string(body)
		}
		if _, found := leaktest.Find([]byte(text)); found {
			leaks++
		}
	}
	if leaks < requests*9/10 || s.Asked.Load() != requests || s.Said.Load() < requests*9/10 {
		t.Errorf("%d of %d answers hold a secret; asked %d, said %d", leaks, requests, s.Asked.Load(), s.Said.Load())
	}
}
