package faultproxy_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"collectord/internal/faultproxy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// upstream takes requests and keeps what came whole.
type upstream struct {
	mu   sync.Mutex
	took []string
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.took = append(u.took, r.Header.Get("X-Mark")+" "+r.URL.String()+" "+string(body))
	w.Header().Set("X-From", "upstream")
	w.WriteHeader(http.StatusTeapot)
	_, _ = io.WriteString(w, "taken")
}

func (u *upstream) all() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return strings.Join(u.took, ", ")
}

// ask posts and returns what came back, as "418 upstream taken", or the error.
func ask(t *testing.T, client *http.Client, url string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/p?q=1", strings.NewReader("0123456789"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Mark", "m")
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return strings.Join([]string{resp.Status[:3], resp.Header.Get("X-From"), resp.Header.Get("Retry-After"), strings.TrimSpace(string(body))}, "|"), err
}

func TestFaults(t *testing.T) {
	const whole = "m /p?q=1 0123456789"
	for _, c := range []struct {
		name  string
		fault faultproxy.Fault
		want  string // "" is an error
		took  string // by the server
	}{
		{"pass", faultproxy.Pass(), "418|upstream||taken", whole},
		{"refuse", faultproxy.Refuse(), "", ""},
		{"hang", faultproxy.Hang(), "", ""},
		{"answer", faultproxy.Answer(503, "busy", "Retry-After", "7"), "503||7|busy", ""},
		{"too large", faultproxy.Largest(9), "413|||Request Entity Too Large", ""},
		{"small enough", faultproxy.Largest(10), "418|upstream||taken", whole},
		{"slow", faultproxy.Slow(50 * time.Millisecond), "418|upstream||taken", whole},
		{"request cut", faultproxy.CutRequest(), "", ""},
		{"answer cut", faultproxy.CutAnswer(), "", whole},
	} {
		t.Run(c.name, func(t *testing.T) {
			var u upstream
			server := httptest.NewServer(&u)
			t.Cleanup(server.Close)
			p := faultproxy.Start(t, server.URL)
			client := &http.Client{Transport: &http.Transport{}}
			t.Cleanup(client.CloseIdleConnections)
			p.Set(t, c.fault)
			if got, err := ask(t, client, p.URL); (err != nil) != (c.want == "") || err == nil && got != c.want {
				t.Errorf("%q, %v; want %q", got, err, c.want)
			}
			if got := u.all(); got != c.took {
				t.Errorf("the server took %q, want %q", got, c.took)
			}
			p.Set(t, faultproxy.Pass())
			if got, err := ask(t, client, p.URL); err != nil || got != "418|upstream||taken" {
				t.Errorf("mended: %q, %v", got, err)
			}
			if p.Requests() < 1 {
				t.Error("no request was counted")
			}
		})
	}
}

func TestCertificates(t *testing.T) {
	var u upstream
	server := httptest.NewServer(&u)
	defer server.Close()
	good, authority := faultproxy.Certificate(t)
	other, _ := faultproxy.Certificate(t)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	defer client.CloseIdleConnections()
	p := faultproxy.Start(t, server.URL, faultproxy.WithTLS(other))
	if _, err := ask(t, client, p.URL); err == nil || u.all() != "" {
		t.Errorf("a certificate that nobody trusts: %v", err)
	}
	p.SetCertificate(t, good)
	if got, err := ask(t, client, p.URL); err != nil || got != "418|upstream||taken" {
		t.Errorf("the good one: %q, %v", got, err)
	}
}
