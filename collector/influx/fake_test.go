package influx

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"collectord/keychain"
)

const secret = "canary-token-93f1"

// fake is InfluxDB in memory: strict about the request, and it answers what
// answer says. Nothing listens, so it works in a synctest bubble.
type fake struct {
	t      *testing.T
	answer func(n int, body string) reply // n counts from 1
	token  string                         // expected
	query  string                         // expected

	mu     sync.Mutex
	bodies []string
	times  []time.Time
	taken  map[string]int // lines that were answered with 2xx and how often
	order  []string
}

type reply struct {
	status int
	body   string
	header map[string]string
	err    error // no answer at all
	hang   bool
	delay  time.Duration // before the answer
	cut    bool          // the body breaks off
}

var noContent = reply{status: http.StatusNoContent}

func says(status int, body string, header ...string) reply {
	r := reply{status: status, body: body, header: map[string]string{}}
	for i := 0; i+1 < len(header); i += 2 {
		r.header[header[i]] = header[i+1]
	}
	if strings.HasPrefix(body, "{") {
		r.header["Content-Type"] = "application/json; charset=utf-8"
	}
	return r
}

func newFake(t *testing.T, answer func(n int, body string) reply) *fake {
	return &fake{t: t, answer: answer, token: "Token " + secret,
		query: "bucket=followers&org=smm&precision=s", taken: map[string]int{}}
}

func (f *fake) RoundTrip(req *http.Request) (*http.Response, error) {
	body := f.check(req)
	f.mu.Lock()
	f.bodies = append(f.bodies, body)
	f.times = append(f.times, time.Now())
	n, answer := len(f.bodies), f.answer
	f.mu.Unlock()
	r := answer(n, body)
	if r.hang || r.delay > 0 {
		var late <-chan time.Time // never, where it hangs
		if r.delay > 0 {
			late = time.After(r.delay)
		}
		select {
		case <-req.Context().Done():
			return nil, req.Context().Err()
		case <-late:
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	if r.status/100 == 2 {
		f.mu.Lock()
		for line := range strings.Lines(body) {
			if line = strings.TrimSuffix(line, "\n"); line != "" {
				if f.taken[line]++; f.taken[line] == 1 {
					f.order = append(f.order, line)
				}
			}
		}
		f.mu.Unlock()
	}
	resp := &http.Response{StatusCode: r.status, Status: strconv.Itoa(r.status) + " " + http.StatusText(r.status),
		Header: http.Header{}, Request: req, ContentLength: int64(len(r.body)), ProtoMajor: 1, ProtoMinor: 1}
	for k, v := range r.header {
		resp.Header.Set(k, v)
	}
	var reader io.Reader = strings.NewReader(r.body)
	if r.cut {
		reader = io.MultiReader(strings.NewReader(r.body[:len(r.body)/2]), brokenReader{})
	}
	resp.Body = io.NopCloser(reader)
	return resp, nil
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// check fails the test for a request that is not what InfluxDB documents.
func (f *fake) check(req *http.Request) string {
	defer func() { _ = req.Body.Close() }()
	compressed, err := io.ReadAll(req.Body)
	if err != nil {
		f.t.Errorf("body: %v", err)
	}
	if req.ContentLength != int64(len(compressed)) {
		f.t.Errorf("Content-Length %d, body has %d bytes", req.ContentLength, len(compressed))
	}
	if got := req.Method + " " + req.URL.Path; got != "POST /prefix/api/v2/write" {
		f.t.Errorf("request %s", got)
	}
	f.mu.Lock()
	token := f.token
	f.mu.Unlock()
	if got := req.URL.RawQuery; got != f.query {
		f.t.Errorf("query %s", got)
	}
	if _, there := req.Context().Deadline(); !there {
		f.t.Error("the request has no deadline")
	}
	for key, want := range map[string]string{"Authorization": token, "Content-Encoding": "gzip"} {
		if got := req.Header.Get(key); got != want {
			f.t.Errorf("%s: %q", key, got)
		}
	}
	z, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		f.t.Errorf("gzip: %v", err)
		return ""
	}
	body, err := io.ReadAll(z)
	if err != nil {
		f.t.Errorf("gzip: %v", err)
	}
	return string(body)
}

// set changes the fake while requests may be under way.
func (f *fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fake) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.bodies...)
}

func (f *fake) when() []time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]time.Time(nil), f.times...)
}

// missing returns how many of the lines were never taken.
func (f *fake) missing(lines []string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, line := range lines {
		if f.taken[line] == 0 {
			n++
		}
	}
	return n
}

func options(f *fake) Options {
	return Options{
		URL: "http://influx.test:8086/prefix", Org: "smm", Bucket: "followers",
		Token: func() (keychain.Secret, error) { return secret, nil },
		HTTP:  &http.Client{Transport: f},
	}
}
