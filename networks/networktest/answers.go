package networktest

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
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"collectord/networks"
	"collectord/networks/internal/rest"
)

// failed checks that a request came to nothing, with that kind, for the request
// as a whole or for each of its accounts. The kind 0 is any.
func (r *rig) failed(results []networks.Result, err error, kind networks.Kind) *networks.Error {
	r.t.Helper()
	var e *networks.Error
	if errors.As(err, &e) {
		r.checkError(e)
		if kind != 0 && e.Kind != kind {
			r.t.Errorf("the error is %v, want the Kind %q", e, kind)
		}
		return e
	}
	if err != nil {
		r.t.Fatalf("the error is a %T, want a *networks.Error: %v", err, err)
	}
	if len(results) == 0 {
		r.t.Fatalf("no error, want the Kind %q", kind)
	}
	for _, res := range results {
		if res.Profile != nil || res.Err == nil && res.Next == nil {
			r.t.Fatalf("the result is %+v, want an error of the Kind %q", res, kind)
		}
		if res.Err != nil && kind != 0 && res.Err.Kind != kind {
			r.t.Errorf("the account's error is %v, want the Kind %q", res.Err, kind)
		}
		e = res.Err
	}
	return e
}

// always answers every request in one way.
func always(answer http.HandlerFunc) func(http.Handler) http.Handler {
	return func(http.Handler) http.Handler { return answer }
}

// try asks for Good and Second, in one request where they may share it.
func (s Suite) try(t *testing.T, wrap func(http.Handler) http.Handler, kind networks.Kind) *networks.Error {
	t.Helper()
	r := s.rig(t, wrap)
	results, err := r.Profiles(t.Context(), s.Token, r.batch(s.Good, s.Second))
	return r.failed(results, err, kind)
}

func (s Suite) testStatus(t *testing.T) {
	for _, status := range []int{401, 403, 429, 500, 502, 503} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			s.try(t, always(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(status)
				_, _ = io.WriteString(w, "{}")
			}), s.kind(status))
		})
	}
	for _, status := range []int{302, 307, 400, 404, 410, 418} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			s.try(t, always(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "http://"+host+"/elsewhere")
				w.WriteHeader(status)
				_, _ = io.WriteString(w, "<html>")
			}), s.Kinds[status])
		})
	}
}

func (s Suite) testHint(t *testing.T) {
	for _, c := range []struct {
		header   string
		min, max time.Duration
	}{
		{"17", 16 * time.Second, 18 * time.Second},
		{"99999999", time.Hour, 26 * time.Hour},
		{"-5", 0, 0}, {"soon", 0, 0}, {"", 0, 0},
	} {
		t.Run("Retry-After "+c.header, func(t *testing.T) {
			start := time.Now()
			e := s.try(t, always(func(w http.ResponseWriter, _ *http.Request) {
				if c.header != "" {
					w.Header().Set("Retry-After", c.header)
				}
				w.WriteHeader(http.StatusTooManyRequests)
			}), s.kind(http.StatusTooManyRequests))
			if e.Until.IsZero() {
				if c.min > 0 {
					t.Errorf("Until is zero, want it in %v", c.min)
				}
				return
			}
			if wait := e.Until.Sub(start); wait < c.min || wait > max(c.max, 26*time.Hour) || c.max == 18*time.Second && wait > time.Minute {
				t.Errorf("Until is in %v, want %v to %v", wait, c.min, c.max)
			}
		})
	}
}

// goodAnswer is what the simulator says about Good and Second.
func (s Suite) goodAnswer(t *testing.T) []byte {
	t.Helper()
	var body []byte
	r := s.rig(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, req)
			body = bytes.Clone(rec.Body.Bytes())
			send(w, rec, body)
		})
	})
	if _, err := r.Profiles(t.Context(), s.Token, r.batch(s.Good, s.Second)); err != nil {
		t.Fatalf("the good answer: %v", err)
	}
	return body
}

func send(w http.ResponseWriter, rec *httptest.ResponseRecorder, body []byte) {
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.Header().Del("Content-Length")
	w.WriteHeader(rec.Code)
	_, _ = w.Write(body)
}

func (s Suite) testBody(t *testing.T) {
	good := s.goodAnswer(t)
	for name, body := range map[string]string{
		"html":      "<!DOCTYPE html><html><body>Checking your browser</body></html>",
		"empty":     "",
		"blank":     " \n ",
		"truncated": string(good[:len(good)/2]),
		"text":      "upstream connect error",
		"string":    `"hello"`,
		"number":    "12",
		"binary":    "\x00\xff\xfe",
	} {
		t.Run(name, func(t *testing.T) {
			s.try(t, always(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }), networks.Malformed)
		})
	}
	for _, body := range []string{"null", "{}", "[]", "[null]", `{"response":null,"data":null,"profiles":null}`, `{"error":null}`, `{"response":[null],"data":[null],"profiles":[null]}`} {
		t.Run(body, func(t *testing.T) {
			s.try(t, always(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }), 0)
		})
	}
	t.Run("broken off", func(t *testing.T) {
		s.try(t, always(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(good)))
			_, _ = w.Write(good[:len(good)/2])
		}), networks.Temporary)
	})
}

const hugeBody = 100 << 20

func (s Suite) testHuge(t *testing.T) {
	chunk := []byte(strings.Repeat("x", 1<<16))
	t.Run("plain", func(t *testing.T) {
		var written atomic.Int64
		s.bounded(t, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"response":"`)
			for written.Load() < hugeBody {
				n, err := w.Write(chunk)
				if written.Add(int64(n)); err != nil {
					return
				}
			}
		})
		if n := written.Load(); n > 2*rest.Limit {
			t.Errorf("%d MB were read of an answer, want at most %d MB", n>>20, rest.Limit>>20)
		}
	})
	t.Run("gzip", func(t *testing.T) {
		var member bytes.Buffer
		z := gzip.NewWriter(&member)
		_, _ = z.Write(chunk) // into memory
		_ = z.Close()
		// A gzip file may have many members: much cheaper to make than one large one.
		bomb := bytes.Repeat(member.Bytes(), hugeBody/len(chunk))
		s.bounded(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb)
		})
	})
}

// bounded checks that an endless answer is Malformed and costs little memory.
func (s Suite) bounded(t *testing.T, answer http.HandlerFunc) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s.try(t, always(answer), networks.Malformed)
	runtime.ReadMemStats(&after)
	// Growing a buffer to Limit allocates a few times Limit on the way.
	if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 64 {
		t.Errorf("%d MB were allocated, want at most 64", mb)
	}
}

func (s Suite) testSlow(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"no answer": func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() },
		"drip": func(w http.ResponseWriter, req *http.Request) {
			for req.Context().Err() == nil {
				_, _ = io.WriteString(w, " ")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(time.Second)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				e := s.try(t, always(answer), networks.Temporary)
				if took := time.Since(start); took > rest.Timeout {
					t.Errorf("it took %v, want at most %v (%v)", took, rest.Timeout, e)
				}
			})
		})
	}
}

func (s Suite) testLine(t *testing.T) {
	t.Run("no connection", func(t *testing.T) {
		r := s.rig(t, nil)
		r.dial = func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
		}
		results, err := r.Profiles(t.Context(), s.Token, r.batch(s.Good, s.Second))
		r.failed(results, err, networks.Temporary)
	})
	t.Run("hung up", func(t *testing.T) {
		s.try(t, always(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), networks.Temporary)
	})
}

func (s Suite) testCancelled(t *testing.T) {
	t.Run("before", func(t *testing.T) {
		r := s.rig(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		results, err := r.Profiles(ctx, s.Token, r.batch(s.Good, s.Second))
		r.failed(results, err, networks.Temporary)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the error is %v, want it to wrap context.Canceled", err)
		}
	})
	t.Run("meanwhile", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := s.rig(t, always(func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }))
			ctx, cancel := context.WithCancel(t.Context())
			stop := time.AfterFunc(time.Second, cancel)
			defer stop.Stop()
			start := time.Now()
			results, err := r.Profiles(ctx, s.Token, r.batch(s.Good, s.Second))
			r.failed(results, err, networks.Temporary)
			if took := time.Since(start); took != time.Second || !errors.Is(err, context.Canceled) {
				t.Errorf("it took %v and gave %v, want 1s and context.Canceled", took, err)
			}
		})
	})
}

func (s Suite) testAddress(t *testing.T) {
	r := s.emptyRig(t, "http://"+host+"/some/prefix/", always(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
	}))
	results, err := r.Profiles(t.Context(), s.Token, r.batch(s.Good))
	r.failed(results, err, s.kind(http.StatusInternalServerError))
	if path, _ := r.path.Load().(string); !strings.HasPrefix(path, "/some/prefix/") || strings.Contains(path, "//") {
		t.Errorf("with a prefix in BaseURL the path asked is %q", path)
	}
}

// testSecrets has the server repeat in its words, wherever a network may look for
// words, all that the request said.
func (s Suite) testSecrets(t *testing.T) {
	for _, status := range []int{200, 400, 401, 403, 404, 429, 500} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			s.try(t, always(func(w http.ResponseWriter, req *http.Request) {
				body, _ := io.ReadAll(req.Body)
				words := fmt.Sprintf("%s %s %s http://%s%s", req.Header.Get("Authorization"), body, s.secrets(), req.Host, req.URL)
				// Addresses are ours to leave out, words of the network are not.
				words = strings.ReplaceAll(words, host, "server")
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(status)
				_, _ = w.Write(echo(words))
			}), 0)
		})
	}
}
