package transport

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"collectord/internal/leaktest"
)

// ask asks an address through a transport that change may change.
func ask(t *testing.T, address string, change func(*http.Transport)) (string, error) {
	t.Helper()
	transport := New()
	transport.ForceAttemptHTTP2 = true
	defer transport.CloseIdleConnections()
	if change != nil {
		change(transport)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

func trusting(s *httptest.Server) func(*http.Transport) {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return func(t *http.Transport) { t.TLSClientConfig.RootCAs = pool }
}

// A certificate that nobody signed is refused, one for another host too, and so is TLS
// older than 1.2.
func TestCertificatesAreVerified(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	if _, err := ask(t, s.URL, nil); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an unknown certificate: %v", err)
	}
	if body, err := ask(t, s.URL, trusting(s)); err != nil || body != "hello" {
		t.Errorf("a known certificate: %q, %v", body, err)
	}
	other := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	if _, err := ask(t, other, trusting(s)); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate for another host: %v", err)
	}
	old := httptest.NewUnstartedServer(http.NotFoundHandler())
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	old.StartTLS()
	defer old.Close()
	if _, err := ask(t, old.URL, trusting(old)); err == nil || !strings.Contains(err.Error(), "version") {
		t.Errorf("TLS 1.1: %v", err)
	}
}

// An answer with endless headers is given up.
func TestHeadersOfAnswersAreBounded(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := range 2000 {
			w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 1<<10))
		}
	}))
	defer s.Close()
	if _, err := ask(t, s.URL, nil); err == nil {
		t.Error("2 MB of headers are taken")
	}
}

// A proxy that refuses, and repeats the password as it does, is named by its status.
func TestProxyKeepsItsPassword(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 407 who is %s\r\n\r\n", r.Header.Get("Proxy-Authorization"))
		_ = conn.Close()
	}))
	defer proxy.Close()
	through, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	through.User = url.UserPassword("user", leaktest.Secret("proxy"))
	_, err = ask(t, "https://network.example", func(t *http.Transport) { t.Proxy = http.ProxyURL(through) })
	if err == nil || !strings.Contains(err.Error(), "http 407") {
		t.Errorf("%v", err)
	}
	leaktest.Refuse(t, "the error", []byte(fmt.Sprint(err)))
}
