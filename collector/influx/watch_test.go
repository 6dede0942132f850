package influx

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Whenever a server that hung is mended, also in the middle of a request that it will
// never answer, delivery goes on within five seconds.
func TestHangingServerIsMendedAtAnyMoment(t *testing.T) {
	for after := 300 * time.Millisecond; after < 31*time.Second; after += 900 * time.Millisecond {
		hangFor(t, after, false)
		hangFor(t, after, true)
	}
	for after := 120 * time.Second; after < 133*time.Second; after += 900 * time.Millisecond {
		hangFor(t, after, false)
	}
}

// hangFor has a server hang for a while, from the start or after it was well.
func hangFor(t *testing.T, after time.Duration, atFirst bool) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var hangs atomic.Bool
		f := newFake(t, func(int, string) reply {
			if hangs.Load() {
				return reply{hang: true}
			}
			return noContent
		})
		all := lines(20)
		src := newMemory(all[:10]...)
		d := New(options(f), src, nil)
		hangs.Store(atFirst)
		stop := runningInBubble(t, d)
		synctest.Wait()
		hangs.Store(true)
		src.add(all[10:]...)
		time.Sleep(after)
		hangs.Store(false)
		start := time.Now()
		for d.Status().Delivered < 20 && time.Since(start) < time.Minute {
			time.Sleep(50 * time.Millisecond)
			synctest.Wait()
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("mended after %v: resumed after %v", after, took)
		}
		stop()
		for line, n := range f.taken {
			if n != 1 {
				t.Errorf("%q was taken %d times", line, n)
			}
		}
		if f.missing(all) != 0 {
			t.Errorf("%d are missing", f.missing(all))
		}
	})
}

func runningInBubble(t *testing.T, d *Deliverer) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- d.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

// A server that takes its time with points, but answers at once where there are none,
// is asked one batch twice, and no more.
func TestSlowServerIsGivenItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, func(_ int, body string) reply {
			if body == "\n" {
				return noContent
			}
			return reply{status: 204, delay: 8 * time.Second}
		})
		all := lines(50)
		opts := options(f)
		opts.BatchSize = 10
		if err := New(opts, newMemory(all...), nil).Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		var batches int
		for _, body := range f.requests() {
			if body != "\n" {
				batches++
			}
		}
		if batches != 6 || f.missing(all) != 0 {
			t.Errorf("%d batches for 5, %d points missing", batches, f.missing(all))
		}
	})
}

// A server that is as slow with everything is asked no batch twice.
func TestSlowLineIsNotTakenForAHangingServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, always(reply{status: 204, delay: 6 * time.Second}))
		all := lines(30)
		opts := options(f)
		opts.BatchSize = 10
		if err := New(opts, newMemory(all...), nil).Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		for line, n := range f.taken {
			if n != 1 {
				t.Errorf("%q was sent %d times", line, n)
			}
		}
	})
}

// blackHole is the way to a server on which connections die in silence: what is
// written to them later arrives nowhere.
type blackHole struct {
	mu    sync.Mutex
	conns []*deadConn
}

type deadConn struct {
	net.Conn
	dead atomic.Bool
}

func (c *deadConn) Write(p []byte) (int, error) {
	if c.dead.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

func (b *blackHole) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := &deadConn{Conn: conn}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.conns = append(b.conns, c)
	return c, nil
}

// swallow makes all connections die.
func (b *blackHole) swallow() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.conns {
		c.dead.Store(true)
	}
	return len(b.conns)
}

// A connection that died in silence is not used again, also where the server would
// speak HTTP/2, whose connections serve many requests.
func TestConnectionThatDiedInSilence(t *testing.T) {
	var mu sync.Mutex
	taken := map[string]int{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := unpacked(r.Body)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		taken[strings.TrimSpace(body)]++
		w.WriteHeader(http.StatusNoContent)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	var hole blackHole
	src := newMemory("m f=1i 1")
	d := New(Options{URL: server.URL, Bucket: "followers"}, src, nil)
	d.own.DialContext = hole.dial
	d.own.TLSClientConfig = &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	running(t, d)
	eventually(t, d, 10*time.Second, delivered(1))
	if hole.swallow() == 0 {
		t.Fatal("no connection")
	}
	src.add("m f=2i 2")
	if took := eventually(t, d, 20*time.Second, delivered(2)); took > 5*time.Second {
		t.Errorf("resumed after %v", took)
	}
	mu.Lock()
	defer mu.Unlock()
	if taken["m f=1i 1"] != 1 || taken["m f=2i 2"] != 1 {
		t.Errorf("taken: %v", taken)
	}
}

func unpacked(r io.Reader) (string, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(z)
	return string(b), err
}

// While a request hangs, the status says how much waits, and from when.
func TestBacklogIsCountedWhileARequestHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newMemory(lines(3)...)
		d := New(options(newFake(t, always(reply{hang: true}))), src, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Run(ctx) }()
		for _, want := range []int64{3, 5} {
			time.Sleep(idleEvery)
			synctest.Wait()
			if s := d.Status(); s.Backlog != want || s.Oldest.IsZero() {
				t.Errorf("status: %+v, want a backlog of %d", s, want)
			}
			src.add(lines(2)...)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
