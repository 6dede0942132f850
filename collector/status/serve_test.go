package status

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/crypto/bcrypt"
)

// serve starts a server and returns its address. Its end is waited for.
func serve(t *testing.T, webConfig string, h http.Handler) string {
	t.Helper()
	s, err := Listen(Options{Listen: "127.0.0.1:0", WebConfigFile: webConfig}, h)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return s.Addr().String()
}

// client makes no use of another test's connections.
func client(t *testing.T, trust *x509.CertPool) *http.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trust}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

func ask(t *testing.T, c *http.Client, url, user, password string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		r.SetBasicAuth(user, password)
	}
	answer, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func TestServe(t *testing.T) {
	defer goleak.VerifyNone(t)
	s, err := Listen(Options{Listen: "127.0.0.1:0"}, newHandler(t, newFake(time.Now())))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Serve(ctx) }()
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	if code, body := ask(t, c, "http://"+s.Addr().String()+"/healthz", "", ""); code != 200 || body != "ok\n" {
		t.Errorf("%d %s", code, body)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Serve: %v", err)
	}
	l, err := net.Listen("tcp", s.Addr().String())
	if err != nil {
		t.Fatalf("the address is still taken: %v", err)
	}
	_ = l.Close()
}

func TestServeEndsBeforeItBegan(t *testing.T) {
	defer goleak.VerifyNone(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s, err := Listen(Options{Listen: "127.0.0.1:0"}, http.NotFoundHandler())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(ctx); err != nil {
		t.Error(err)
	}
}

// TestServeCutsOff holds Serve to its 2 s while a request goes on for ever.
func TestServeCutsOff(t *testing.T) {
	defer goleak.VerifyNone(t)
	begun := make(chan struct{})
	s, err := Listen(Options{Listen: "127.0.0.1:0"}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
	}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Serve(ctx) }()
	asked := make(chan error)
	go func() {
		c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		r, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+s.Addr().String(), nil)
		_, err := c.Do(r)
		asked <- err
	}()
	<-begun
	cancel()
	start := time.Now()
	if err := <-done; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if took := time.Since(start); took > 10*time.Second || took < time.Second {
		t.Errorf("the end took %v", took)
	}
	if err := <-asked; err == nil {
		t.Error("the request was answered")
	}
}

func TestListenErrors(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.yml")
	if err := os.WriteFile(bad, []byte("basic_auth_users: {ann: plain-text}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing.yml")
	for _, c := range []struct {
		opts  Options
		wants []string
	}{
		{Options{Listen: taken.Addr().String()}, []string{"web.listen: " + taken.Addr().String(), "address already in use"}},
		{Options{Listen: "nonsense"}, []string{"web.listen: nonsense"}},
		{Options{Listen: "127.0.0.1:0", WebConfigFile: missing}, []string{"web.config_file: " + missing, "no such file"}},
		{Options{Listen: "127.0.0.1:0", WebConfigFile: bad}, []string{"web.config_file: " + bad}},
	} {
		_, err := Listen(c.opts, http.NotFoundHandler())
		if err == nil {
			t.Errorf("%+v is taken", c.opts)
			continue
		}
		for _, want := range c.wants {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%v does not say %q", err, want)
			}
		}
		if strings.Contains(err.Error(), "plain-text") {
			t.Errorf("%v shows a password", err)
		}
	}
}

func TestListenWarnsWithoutPassword(t *testing.T) {
	for listen, want := range map[string]int{"127.0.0.1:0": 0, "0.0.0.0:0": 1} {
		core, logs := observer.New(zapcore.WarnLevel)
		s, err := Listen(Options{Listen: listen, Log: zap.New(core)}, http.NotFoundHandler())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.listener.Close(); err != nil {
			t.Error(err)
		}
		if logs.Len() != want {
			t.Errorf("%s: %v", listen, logs.All())
		}
	}
}

// TestPassword also changes the password while the server runs.
func TestPassword(t *testing.T) {
	file := filepath.Join(t.TempDir(), "web.yml")
	set := func(password string) {
		hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("basic_auth_users:\n  ann: "+string(hash)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set("first")
	url := "http://" + serve(t, file, newHandler(t, newFake(time.Now())))
	c := client(t, nil)
	check := func(path, user, password string, want int) {
		t.Helper()
		if code, body := ask(t, c, url+path, user, password); code != want || want != 200 && strings.Contains(body, "Durov") {
			t.Errorf("%s as %s:%s: %d, want %d", path, user, password, code, want)
		}
	}
	for _, path := range []string{"/", "/api/v1/accounts", "/metrics", "/healthz"} {
		check(path, "", "", 401)
	}
	check("/", "ann", "second", 401)
	check("/", "bob", "first", 401)
	check("/", "ann", "first", 200)
	set("second")
	check("/", "ann", "first", 401)
	check("/api/v1/accounts", "ann", "second", 200)
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	certificate, trust := selfSigned(t, dir)
	file := filepath.Join(dir, "web.yml")
	if err := os.WriteFile(file, []byte("tls_server_config: {cert_file: "+certificate+", key_file: key.pem}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	addr := serve(t, file, newHandler(t, newFake(time.Now())))
	if code, body := ask(t, client(t, trust), "https://"+addr+"/", "", ""); code != 200 || !strings.Contains(body, "РИА Новости") {
		t.Errorf("%d %s", code, body)
	}
	if code, _ := ask(t, client(t, nil), "http://"+addr+"/", "", ""); code != 400 {
		t.Errorf("plain HTTP is answered with %d", code)
	}
}

// selfSigned writes cert.pem and key.pem for 127.0.0.1 and returns the former's
// name and what trusts it.
func selfSigned(t *testing.T, dir string) (string, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, data := range map[string][]byte{
		"cert.pem": certificate, "key.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	trust := x509.NewCertPool()
	trust.AppendCertsFromPEM(certificate)
	return "cert.pem", trust
}

func TestHugeHeaderIsRefused(t *testing.T) {
	addr := serve(t, "", newHandler(t, newFake(time.Now())))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Long", strings.Repeat("x", 64<<10))
	answer, err := client(t, nil).Do(r)
	if err != nil {
		return // cut off before it was read
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("%d", answer.StatusCode)
	}
}
