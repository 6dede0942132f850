package rest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

const secret = "s3cr3t-token"

func client() *rest.Client { return rest.NewClient("x", networks.Options{UserAgent: "agent/1"}) }

func server(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func asError(t *testing.T, err error, kind networks.Kind) *networks.Error {
	t.Helper()
	var e *networks.Error
	if !errors.As(err, &e) || e.Kind != kind {
		t.Fatalf("the error is %v, want the Kind %q", err, kind)
	}
	if e.Op != "x: get" {
		t.Errorf("Op is %q", e.Op)
	}
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		for _, bad := range []string{secret, "127.0.0.1", "://1"} {
			if text := fmt.Sprintf("%v %+v", cause, cause); strings.Contains(text, bad) {
				t.Errorf("the error holds %q: %s", bad, text)
			}
		}
	}
	return e
}

func TestDoBuildsTheRequest(t *testing.T) {
	var got *http.Request
	var body []byte
	base := server(t, func(_ http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	})
	for _, c := range []struct {
		r                       rest.Request
		method, body, mediaType string
	}{
		{rest.Request{}, "GET", "", ""},
		{rest.Request{Method: "DELETE"}, "DELETE", "", ""},
		{rest.Request{Form: url.Values{"a": {"1", "ü"}}}, "POST", "a=1&a=%C3%BC", "application/x-www-form-urlencoded"},
		{rest.Request{JSON: map[string]int{"a": 1}}, "POST", `{"a":1}`, "application/json"},
		{rest.Request{Method: "PUT", JSON: 1}, "PUT", "1", "application/json"},
	} {
		c.r.Op, c.r.URL, c.r.Query, c.r.Bearer = "get", base+"/p", url.Values{"q": {"a b"}}, secret
		c.r.Header = http.Header{"X-Own": {"v"}}
		resp, err := client().Do(t.Context(), c.r)
		if err != nil || resp.Status != 200 || resp.Op != "get" {
			t.Fatalf("Do = %+v, %v", resp, err)
		}
		h := got.Header
		if got.Method != c.method || string(body) != c.body || h.Get("Content-Type") != c.mediaType {
			t.Errorf("%s %q %q, want %s %q %q", got.Method, body, h.Get("Content-Type"), c.method, c.body, c.mediaType)
		}
		if h.Get("User-Agent") != "agent/1" || h.Get("Authorization") != "Bearer "+secret || h.Get("X-Own") != "v" || h.Get("Accept") != "application/json" {
			t.Errorf("header %v", h)
		}
		if got.URL.String() != "/p?q=a+b" {
			t.Errorf("address %s", got.URL)
		}
	}
	_, err := client().Do(t.Context(), rest.Request{Op: "get", URL: base, JSON: func() {}})
	asError(t, err, networks.Malformed)
}

func TestDefaultUserAgent(t *testing.T) {
	base := server(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.UserAgent()) })
	resp, err := rest.NewClient("x", networks.Options{HTTP: &http.Client{}}).Do(t.Context(), rest.Request{Op: "get", URL: base})
	if err != nil || string(resp.Body) != "collectord" {
		t.Errorf("%+v, %v", resp, err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	requests := 0
	base := server(t, func(w http.ResponseWriter, r *http.Request) {
		requests++
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	})
	own := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
	c := rest.NewClient("x", networks.Options{HTTP: own})
	resp, err := c.Do(t.Context(), rest.Request{Op: "get", URL: base, Bearer: secret})
	if err != nil || resp.Status != http.StatusFound || requests != 1 {
		t.Fatalf("%+v, %v, %d requests", resp, err, requests)
	}
	if e := c.Refuse(resp); e == nil || e.Kind != networks.Malformed || e.Code != "http 302" {
		t.Errorf("Refuse = %v", e)
	}
}

func TestLimit(t *testing.T) {
	var member bytes.Buffer
	z := gzip.NewWriter(&member)
	_, _ = z.Write(make([]byte, 1<<16)) // into memory
	_ = z.Close()
	bomb := bytes.Repeat(member.Bytes(), 100<<20>>16) // one gzip file of many members
	base := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb)
		case "/limit":
			_, _ = w.Write(make([]byte, rest.Limit))
		default:
			_, _ = w.Write(make([]byte, rest.Limit+1))
		}
	})
	resp, err := client().Do(t.Context(), rest.Request{Op: "get", URL: base + "/limit"})
	if err != nil || len(resp.Body) != rest.Limit {
		t.Errorf("an answer of just Limit: %v", err)
	}
	for _, path := range []string{"/over", "/bomb"} {
		_, err := client().Do(t.Context(), rest.Request{Op: "get", URL: base + path})
		if e := asError(t, err, networks.Malformed); e.Msg != "the answer is larger than 8 MB" {
			t.Errorf("%s: %v", path, e)
		}
	}
}

// TestDeadline: a server that never answers costs Timeout and no more.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far := make(chan net.Conn, 1)
		transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			a, b := net.Pipe()
			far <- b
			go func() { _, _ = io.Copy(io.Discard, b) }() // ends when the client hangs up
			return a, nil
		}}
		c := rest.NewClient("x", networks.Options{HTTP: &http.Client{Transport: transport}})
		start := time.Now()
		_, err := c.Do(t.Context(), rest.Request{Op: "get", URL: "http://silent"})
		asError(t, err, networks.Temporary)
		if took := time.Since(start); took != rest.Timeout || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v after %v, want the deadline after %v", err, took, rest.Timeout)
		}
		_ = (<-far).Close()
	})
}

func TestNoAddressInErrors(t *testing.T) {
	down := server(t, func(http.ResponseWriter, *http.Request) {})
	hangUp := server(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	short := server(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "{")
	})
	badLocation := server(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "http://%zz/"+secret)
		w.WriteHeader(http.StatusFound)
	})
	garbage := raw(t, "HTTP/1.1 "+secret+"\r\n\r\n")
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + gone.Addr().String()
	_ = gone.Close()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		base string
		kind networks.Kind
	}{
		"cancelled":    {down, networks.Temporary},
		"refused":      {refused, networks.Temporary},
		"hung up":      {hangUp, networks.Temporary},
		"broken off":   {short, networks.Temporary},
		"bad location": {badLocation, networks.Temporary},
		"garbage":      {garbage, networks.Temporary},
		"no scheme":    {"ftp://127.0.0.1", networks.Temporary},
		"bad address":  {"http://127.0.0.1\x7f", networks.Malformed},
		"bad escape":   {"http://127.0.0.1/%zz", networks.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			if name == "cancelled" {
				ctx = cancelled
			}
			_, err := client().Do(ctx, rest.Request{Op: "get", URL: c.base + "/bot" + secret, Query: url.Values{"access_token": {secret}}})
			e := asError(t, err, c.kind)
			if errors.Is(err, rest.ErrNotSent) != (name == "refused") {
				t.Errorf("not sent: %v", e)
			}
			if name == "cancelled" && !errors.Is(err, context.Canceled) {
				t.Errorf("%v does not wrap context.Canceled", e)
			}
		})
	}
}

// raw answers every connection with text.
func raw(t *testing.T, text string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 4096))
			_, _ = io.WriteString(c, text)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return "http://" + l.Addr().String()
}

func TestTokenThatCannotBeSent(t *testing.T) {
	requests := 0
	base := server(t, func(http.ResponseWriter, *http.Request) { requests++ })
	_, err := client().Do(t.Context(), rest.Request{Op: "get", URL: base, Bearer: secret + "\nX-Evil: 1"})
	if e := asError(t, err, networks.Unauthorized); e.Hint == "" || requests != 0 {
		t.Errorf("%v, hint %q, %d requests", e, e.Hint, requests)
	}
}

func TestRefuse(t *testing.T) {
	for status, want := range map[int]networks.Kind{
		200: 0, 204: 0, 299: 0,
		301: networks.Malformed, 304: networks.Malformed, 400: networks.Malformed, 401: networks.Unauthorized,
		402: networks.Payment, 403: networks.Forbidden, 404: networks.NotFound, 408: networks.Temporary,
		410: networks.NotFound, 418: networks.Malformed, 429: networks.RateLimited,
		500: networks.Temporary, 502: networks.Temporary, 503: networks.Temporary, 529: networks.Temporary,
	} {
		e := client().Refuse(&rest.Response{Op: "get", Status: status, Header: http.Header{"Retry-After": {"60"}}})
		if want == 0 {
			if e != nil {
				t.Errorf("%d: %v, want none", status, e)
			}
			continue
		}
		if e == nil || e.Kind != want || e.Code != fmt.Sprintf("http %d", status) {
			t.Errorf("%d: %v, want %s", status, e, want)
			continue
		}
		hinted := want == networks.RateLimited || want == networks.Temporary
		if hinted == e.Until.IsZero() {
			t.Errorf("%d: Until is %v", status, e.Until)
		}
	}
}

func TestDecode(t *testing.T) {
	var v struct{ A struct{ B int } }
	decode := func(body string) error {
		return client().Decode(&rest.Response{Op: "get", Body: []byte(body)}, &v)
	}
	if err := decode(" {\"a\":{\"b\":5}}\n"); err != nil || v.A.B != 5 {
		t.Errorf("%+v, %v", v, err)
	}
	for body, want := range map[string]string{
		"":                     "x: get: malformed: the answer is empty",
		" \n":                  "x: get: malformed: the answer is empty",
		"\n<html>" + secret:    "x: get: malformed: the answer is HTML where JSON was expected",
		`{"a":{"b":"` + secret: "x: get: malformed: the answer is not the JSON that was expected: at byte 23: unexpected end of JSON input",
		`{"a":{"b":"` + secret + `"}}`: "x: get: malformed: the answer is not the JSON that was expected: at byte 24: " +
			"string where int was expected (a.b)",
		`{"a":{"b":` + strings.Repeat("9", 5000) + `}}`: "x: get: malformed: the answer is not the JSON that was expected: at byte 5010: " +
			"number where int was expected (a.b)",
	} {
		err := decode(body)
		if e := asError(t, err, networks.Malformed); !strings.EqualFold(e.Error(), want) {
			t.Errorf("%.40q: %v, want %s", body, e, want)
		}
	}
}

func TestWords(t *testing.T) {
	token := keychain.Bare(secret)
	for in, want := range map[string]string{
		"":                                "",
		" two\n lines\t":                  "two lines",
		"bad token " + secret + "!":       "bad token [redacted]!",
		"\x1b[31mred\x00":                 "[31mred",
		"\xff":                            "\uFFFD",
		strings.Repeat("x", 200):          strings.Repeat("x", 200),
		strings.Repeat("x", 201):          strings.Repeat("x", 200) + "…",
		strings.Repeat("x", 199) + "яя":   strings.Repeat("x", 199) + "…",
		strings.Repeat("x", 195) + secret: strings.Repeat("x", 195) + "[reda…",
	} {
		if got := rest.Words(token, in); got != want {
			t.Errorf("Words(%q) = %q, want %q", in, got, want)
		}
	}
}
