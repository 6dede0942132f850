package status

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

func TestIsLocalName(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.0.0.1:9184": true, "[::1]:9184": true, "[::1]": true, "localhost": true, "LocalHost:9184": true,
		"tunnel.localhost:1": true, "192.0.2.7:9184": true, "": true,
		"evil.example": false, "evil.example:9184": false, "127.0.0.1.evil.example": false, "localhost.evil.example": false,
		"notlocalhost": false, "evil.example:80:80": false, "127.0.0.1@evil.example": false,
	} {
		if got := isLocalName(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}

// A browser that was led to 127.0.0.1 under another name is refused; where there is a
// password, that is enough.
func TestRebinding(t *testing.T) {
	file := filepath.Join(t.TempDir(), "web.yml")
	hash, err := bcrypt.GenerateFromPassword([]byte("x"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, fmt.Appendf(nil, "basic_auth_users: {ann: %s}\n", hash), 0o600); err != nil {
		t.Fatal(err)
	}
	for webConfig, wants := range map[string]map[string]int{
		"":   {"evil.example": 421, "localhost": 200, "127.0.0.1:1": 200},
		file: {"evil.example": 401, "localhost": 401},
	} {
		addr := serve(t, webConfig, newHandler(t, newFake(time.Now())))
		for host, want := range wants {
			for _, path := range []string{"/", "/api/v1/accounts", "/metrics"} {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Host = host
				answer, err := client(t, nil).Do(r)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(answer.Body) // looked at below
				_ = answer.Body.Close()
				if answer.StatusCode != want || want != 200 && strings.Contains(string(body), "РИА") {
					t.Errorf("%s as %s: %d, want %d", path, host, answer.StatusCode, want)
				}
			}
		}
	}
}

// No cookie is set, nothing of a page is kept by a cache, framed or sniffed, and no
// style or script of a page's own text is run.
func TestHeadersOfEveryAnswer(t *testing.T) {
	addr := serve(t, "", newHandler(t, newFake(time.Now())))
	for _, path := range []string{"/", "/nowhere", "/api/v1/accounts", "/api/v1/status", "/api/v1/accounts?limit=x", "/metrics", "/healthz", "/readyz", "/accounts/vk/nobody"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client(t, nil).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body) // looked at below
		_ = answer.Body.Close()
		h := answer.Header
		policy, page := h.Get("Content-Security-Policy"), strings.HasPrefix(h.Get("Content-Type"), "text/html")
		for what, bad := range map[string]bool{
			"a cookie":        h.Get("Set-Cookie") != "",
			"cached":          h.Get("Cache-Control") != "no-store",
			"sniffed":         h.Get("X-Content-Type-Options") != "nosniff",
			"framed":          h.Get("X-Frame-Options") != "DENY" || !strings.Contains(policy, "frame-ancestors 'none'"),
			"unsafe policy":   strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'"),
			"referrer":        h.Get("Referrer-Policy") != "no-referrer",
			"read across":     h.Get("Access-Control-Allow-Origin") != "" || h.Get("Cross-Origin-Resource-Policy") != "same-origin",
			"a script":        page && strings.Contains(string(body), "<script"),
			"a style in text": page && strings.Contains(string(body), "style=\"") || page && strings.Contains(string(body), "<style"),
		} {
			if bad {
				t.Errorf("%s: %s: %v", path, what, h)
			}
		}
	}
}

// Every phase of a connection has its bound, so that a client that sends a byte a minute
// is cut off.
func TestServerHasBounds(t *testing.T) {
	if readHeaderTimeout > 10*time.Second || readTimeout > time.Minute || writeTimeout > time.Minute {
		t.Errorf("the bounds are %v, %v, %v", readHeaderTimeout, readTimeout, writeTimeout)
	}
	s, err := Listen(Options{Listen: "127.0.0.1:0"}, http.NotFoundHandler())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.listener.Close() }()
	if h := s.http; h.ReadHeaderTimeout == 0 || h.ReadTimeout == 0 || h.WriteTimeout == 0 || h.IdleTimeout == 0 || h.MaxHeaderBytes == 0 || h.MaxHeaderBytes > 64<<10 {
		t.Errorf("the server has no bounds: %+v", h)
	}
}

// A long address is refused or answered, never worked on.
func TestHugeAddress(t *testing.T) {
	addr := serve(t, "", newHandler(t, newFake(time.Now())))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+"/?q="+strings.Repeat("x", 64<<10), nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := client(t, nil).Do(r); err == nil { // else it was cut off before it was read
		defer func() { _ = answer.Body.Close() }()
		if answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%d", answer.StatusCode)
		}
	}
	if code, body := ask(t, client(t, nil), "http://"+addr+"/?q="+strings.Repeat("x", 8<<10), "", ""); code >= 500 || len(body) > 1<<20 {
		t.Errorf("%d, %d bytes", code, len(body))
	}
}

// TLS below 1.2 is not spoken, whoever asks.
func TestOldTLSIsRefused(t *testing.T) {
	dir := t.TempDir()
	certificate, trust := selfSigned(t, dir)
	file := filepath.Join(dir, "web.yml")
	if err := os.WriteFile(file, []byte("tls_server_config: {cert_file: "+certificate+", key_file: key.pem}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	addr := serve(t, file, newHandler(t, newFake(time.Now())))
	for version, works := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		d := tls.Dialer{NetDialer: &net.Dialer{Timeout: 10 * time.Second}, Config: &tls.Config{RootCAs: trust, MinVersion: version, MaxVersion: version}}
		conn, err := d.DialContext(t.Context(), "tcp", addr)
		if err == nil {
			_ = conn.Close()
		}
		if (err == nil) != works {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
}
