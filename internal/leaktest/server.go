package leaktest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
)

// Server answers every request with a failure that repeats what the request held, as
// the networks word their failures: their statuses, codes and fields, in turn and in
// every form of escaping. It is an http.Handler, and an http.RoundTripper where there
// is no line. Both may be used by many goroutines.
type Server struct {
	mu     sync.Mutex
	random *rand.Rand
	// Asked counts the requests.
	Asked atomic.Int64
	// Said counts the answers that held a marked secret.
	Said atomic.Int64
}

// NewServer returns a server whose answers the seed fixes.
func NewServer(seed uint64) *Server { return &Server{random: rand.New(rand.NewPCG(seed, 1))} }

func (s *Server) pick(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.random.IntN(n)
}

// answer is what the server says.
type answer struct {
	status int
	header http.Header
	body   []byte
	broken string // instead of all that: bytes that are no HTTP
}

// RoundTrip answers without a line.
func (s *Server) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		_ = req.Body.Close()
	}
	a := s.answer(req, body)
	if a.broken != "" {
		return nil, fmt.Errorf("net/http: HTTP/1.x transport connection broken: %w", fmt.Errorf("malformed HTTP status code %q", a.broken))
	}
	return &http.Response{StatusCode: a.status, Status: fmt.Sprint(a.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)), Request: req}, nil
}

// ServeHTTP answers on a line.
func (s *Server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body) // what broke off is repeated as far as it came
	a := s.answer(req, body)
	if a.broken != "" {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 %s\r\n\r\n", strings.ReplaceAll(a.broken, "\n", " "))
			_ = conn.Close()
		}
		return
	}
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

func (s *Server) answer(req *http.Request, sent []byte) answer {
	s.Asked.Add(1)
	words := s.words(req, sent)
	statuses := [...]int{200, 200, 200, 302, 400, 400, 401, 403, 404, 409, 429, 500}
	a := answer{status: statuses[s.pick(len(statuses))], header: http.Header{}}
	if s.pick(20) == 0 {
		a.broken = words
	}
	line := strings.NewReplacer("\r", " ", "\n", " ").Replace(words)
	for _, name := range []string{"Location", "Www-Authenticate", "X-Error", "Retry-After", "X-App-Usage"} {
		a.header.Set(name, line)
	}
	a.header.Set("Content-Type", "application/json")
	a.body = s.body(words)
	if _, found := Find([]byte(words)); found {
		s.Said.Add(1)
	}
	return a
}

// words are a piece of the request, in one of the forms in which a server repeats it.
// Pieces are short: what a program keeps of a network's words is.
func (s *Server) words(req *http.Request, sent []byte) string {
	pieces := []string{req.URL.RequestURI(), string(sent), strings.TrimPrefix(req.URL.Path, "/")}
	for _, name := range []string{"Authorization", "Client-Id", "X-Goog-Api-Key"} {
		h := req.Header.Get(name)
		if _, credentials, ok := strings.Cut(h, " "); ok {
			pieces = append(pieces, credentials)
			if plain, err := base64.StdEncoding.DecodeString(credentials); err == nil {
				pieces = append(pieces, string(plain))
			}
		}
		pieces = append(pieces, h)
	}
	for _, values := range []url.Values{req.URL.Query(), form(sent)} {
		for _, list := range values {
			pieces = append(pieces, list...)
		}
	}
	for _, p := range pieces {
		if plain, err := url.QueryUnescape(p); err == nil && plain != p {
			pieces = append(pieces, plain)
		}
	}
	marked := pieces[:0:0]
	for _, p := range pieces {
		if _, found := Find([]byte(p)); found {
			marked = append(marked, p)
		}
	}
	if len(marked) == 0 {
		return "nothing to say"
	}
	return s.form("no: ", marked[s.pick(len(marked))])
}

func form(sent []byte) url.Values {
	v, _ := url.ParseQuery(string(sent)) // what can be read of it
	return v
}

// form is a text in one of its forms.
func (s *Server) form(before, text string) string {
	asJSON, _ := json.Marshal(text) // a string always encodes
	forms := [...]string{
		text, text, string(asJSON), fmt.Sprintf("%q", text), url.QueryEscape(text), url.PathEscape(text), html.EscapeString(text),
		base64.StdEncoding.EncodeToString([]byte(text)), base64.RawURLEncoding.EncodeToString([]byte("user:" + text)),
		hex.EncodeToString([]byte(text)), "\r\n\x1b[31m" + text,
	}
	return before + forms[s.pick(len(forms))]
}

// body is a failure as one of the networks words it.
func (s *Server) body(words string) []byte {
	codes := [...]int{1, 4, 5, 6, 9, 10, 14, 17, 18, 29, 32, 88, 100, 102, 103, 113, 190, 200, 368, 453, 613, 803}
	code := codes[s.pick(len(codes))]
	link := "https://example.org/?a=" + words
	inner := map[string]any{
		"code": code, "error_code": code, "message": words, "error_msg": words, "error_text": words, "type": "OAuthException",
		"title": words, "detail": words, "description": words, "error_user_msg": words, "error_user_title": words, "value": words,
		"error_description": words, "captcha_sid": words, "captcha_img": link, "redirect_uri": link, "reason": words, "log_id": words,
		"request_params": []any{map[string]any{"key": "access_token", "value": words}},
	}
	names := [...]string{"invalid_grant", "invalid_client", "invalid_request", "need_captcha", "need_validation", "slow_down", words}
	whole := map[string]any{
		"error": inner, "errors": []any{inner}, "message": words, "detail": words, "title": words, "description": words, "ok": false,
		"error_description": words, "error_msg": words, "error_code": code, "redirect_uri": link, "phone_mask": words, "status": words,
	}
	switch s.pick(9) {
	case 0:
		whole["error"] = names[s.pick(len(names))]
	case 1:
		item, _ := json.Marshal(map[string]any{"error": inner}) // plain strings
		return encoded([]any{map[string]any{"code": 400, "body": string(item)}, map[string]any{"code": 400, "body": words}})
	case 2:
		return []byte(words)
	case 3:
		return []byte("<html><title>" + words + "</title>")
	case 4:
		all := encoded(whole)
		return all[:len(all)-1] // half a secret is none
	case 5:
		return encoded(map[string]any{words: words, "response": words, "data": words, "profiles": words, "items": map[string]any{words: words}})
	case 6:
		return encoded(map[string]any{"response": []any{words}, "data": []any{map[string]any{"id": 5, words: words}}, "access_token": 5, "expires_in": words})
	}
	return encoded(whole)
}

func encoded(v any) []byte {
	b, _ := json.Marshal(v) // plain strings
	return b
}
