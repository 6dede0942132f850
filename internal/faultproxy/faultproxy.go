// Package faultproxy stands between a client and a server in a test and breaks what
// goes through it, in one way at a time, until it is told to let it through again.
//
//	proxy := faultproxy.Start(t, db.URL)   // lets everything through
//	point the client at proxy.URL
//	proxy.Set(faultproxy.Answer(503, "", "Retry-After", "1"))
//	proxy.Set(faultproxy.Pass())           // mended
//
// It speaks HTTP, so that a fault can be placed at a point of the exchange: before the
// connection, in the middle of the request, after the server has taken it, in the
// middle of the answer. A request that met a fault stays with it: what hung does not
// come to life when the proxy is mended, as it does not on a broken line.
package faultproxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// Fault is what becomes of a request. The zero Fault is Pass.
type Fault struct {
	refuse bool
	act    func(p *Proxy, w http.ResponseWriter, r *http.Request, body []byte)
}

// Pass lets requests through.
func Pass() Fault { return Fault{} }

// Refuse takes no connection and breaks those that there are.
func Refuse() Fault { return Fault{refuse: true} }

// Hang takes requests and never answers.
func Hang() Fault {
	return Fault{act: func(_ *Proxy, _ http.ResponseWriter, r *http.Request, _ []byte) { <-r.Context().Done() }}
}

// Answer answers in place of the server, with header names and values in turn.
func Answer(status int, body string, header ...string) Fault {
	return Fault{act: func(_ *Proxy, w http.ResponseWriter, _ *http.Request, _ []byte) {
		if strings.HasPrefix(body, "{") {
			w.Header().Set("Content-Type", "application/json")
		}
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // the client may be gone
	}}
}

// Largest answers 413 to bodies of more bytes than that and lets the others through.
func Largest(bytes int) Fault {
	return Fault{act: func(p *Proxy, w http.ResponseWriter, r *http.Request, body []byte) {
		if len(body) > bytes {
			http.Error(w, "Request Entity Too Large", http.StatusRequestEntityTooLarge)
			return
		}
		p.pass(w, r, body)
	}}
}

// Slow lets requests through after a while.
func Slow(wait time.Duration) Fault {
	return Fault{act: func(p *Proxy, w http.ResponseWriter, r *http.Request, body []byte) {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-r.Context().Done():
		case <-timer.C:
			p.pass(w, r, body)
		}
	}}
}

// CutRequest gives the server half of a request's body and then breaks the connection
// on both sides.
func CutRequest() Fault {
	return Fault{act: func(p *Proxy, w http.ResponseWriter, r *http.Request, body []byte) {
		half := io.MultiReader(bytes.NewReader(body[:len(body)/2]), brokenReader{})
		if resp, err := p.forward(r, half, int64(len(body))); err == nil {
			_ = resp.Body.Close()
		}
		hangUp(w, "")
	}}
}

// CutAnswer lets the server take the request and breaks the connection in the middle
// of the answer.
func CutAnswer() Fault {
	return Fault{act: func(p *Proxy, w http.ResponseWriter, r *http.Request, body []byte) {
		resp, err := p.forward(r, bytes.NewReader(body), int64(len(body)))
		if err == nil {
			_ = resp.Body.Close()
		}
		hangUp(w, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"err")
	}}
}

// Proxy is a running proxy.
type Proxy struct {
	URL string // http or https, 127.0.0.1 and a port

	target *url.URL
	out    *http.Transport
	config *tls.Config // nil without TLS

	mu       sync.Mutex
	fault    Fault
	cert     *tls.Certificate
	server   *http.Server // nil while connections are refused
	serving  sync.WaitGroup
	address  string
	requests int
}

// Option changes how the proxy is started.
type Option func(*Proxy)

// WithTLS has the proxy speak TLS with the certificate, which SetCertificate changes.
func WithTLS(cert tls.Certificate) Option {
	return func(p *Proxy) {
		p.cert = &cert
		p.config = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.cert, nil
		}}
	}
}

// Start runs a proxy before the server at the address target, for the length of the
// test.
func Start(tb testing.TB, target string, opts ...Option) *Proxy {
	tb.Helper()
	to, err := url.Parse(target)
	if err != nil {
		tb.Fatalf("faultproxy: %v", err)
	}
	p := &Proxy{target: to, out: &http.Transport{}, address: "127.0.0.1:0"}
	for _, opt := range opts {
		opt(p)
	}
	if err := p.listen(); err != nil {
		tb.Fatalf("faultproxy: %v", err)
	}
	scheme := "http://"
	if p.config != nil {
		scheme = "https://"
	}
	p.URL = scheme + p.address
	tb.Cleanup(func() {
		p.close()
		p.serving.Wait()
		p.out.CloseIdleConnections()
	})
	return p
}

// Set changes what becomes of the requests that come from now on.
func (p *Proxy) Set(tb testing.TB, f Fault) {
	tb.Helper()
	if f.refuse {
		p.close()
		return
	}
	p.mu.Lock()
	p.fault = f
	closed := p.server == nil
	p.mu.Unlock()
	if !closed {
		return
	}
	if err := p.listen(); err != nil {
		tb.Fatalf("faultproxy: %v", err)
	}
}

// SetCertificate changes the certificate of connections that come from now on, and
// breaks those that there are.
func (p *Proxy) SetCertificate(tb testing.TB, cert tls.Certificate) {
	tb.Helper()
	p.close()
	p.mu.Lock()
	p.cert = &cert
	p.mu.Unlock()
	if err := p.listen(); err != nil {
		tb.Fatalf("faultproxy: %v", err)
	}
}

// Requests is how many requests came.
func (p *Proxy) Requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests
}

// listen takes connections, at the address of before if there was one.
func (p *Proxy) listen() error {
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", p.address)
	if err != nil {
		return err
	}
	// Handshakes and connections that fail are what it is for.
	server := &http.Server{Handler: p, ReadHeaderTimeout: time.Minute, TLSConfig: p.config, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	p.mu.Lock()
	p.address, p.server = l.Addr().String(), server
	p.mu.Unlock()
	p.serving.Go(func() {
		if p.config != nil {
			_ = server.ServeTLS(l, "", "") // it was closed
			return
		}
		_ = server.Serve(l) // it was closed
	})
	return nil
}

// close breaks all connections and takes no more.
func (p *Proxy) close() {
	p.mu.Lock()
	server := p.server
	p.server = nil
	p.mu.Unlock()
	if server != nil {
		_ = server.Close() // nothing is left of it in any case
	}
}

// ServeHTTP deals with one request.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	p.mu.Lock()
	p.requests++
	act := p.fault.act
	p.mu.Unlock()
	if act == nil {
		p.pass(w, r, body)
		return
	}
	act(p, w, r, body)
}

func (p *Proxy) pass(w http.ResponseWriter, r *http.Request, body []byte) {
	resp, err := p.forward(r, bytes.NewReader(body), int64(len(body)))
	if err != nil {
		hangUp(w, "") // the client sees what the proxy saw
		return
	}
	defer func() { _ = resp.Body.Close() }()
	for key, values := range resp.Header {
		w.Header()[key] = values
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body) // one of the two is gone
}

func (p *Proxy) forward(r *http.Request, body io.Reader, length int64) (*http.Response, error) {
	to := *r.URL
	to.Scheme, to.Host = p.target.Scheme, p.target.Host
	// Not the request's context: what the client sent whole, the server gets whole.
	req, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, to.String(), io.NopCloser(body)) //nolint:gosec // the host is the test's
	if err != nil {
		return nil, err
	}
	req.Header = r.Header.Clone()
	req.ContentLength = length
	return p.out.RoundTrip(req)
}

// hangUp sends some bytes and breaks the connection.
func hangUp(w http.ResponseWriter, last string) {
	conn, buf, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // it is broken already
	}
	_, _ = buf.WriteString(last)
	_ = buf.Flush()
	_ = conn.Close()
}

var errCut = errors.New("cut")

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errCut }
