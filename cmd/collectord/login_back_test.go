package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"collectord/keychain"
	"collectord/networks"
)

// fakeSession is a login whose own address ends in "mine".
type fakeSession struct {
	mu    sync.Mutex
	taken []string
}

func (*fakeSession) URL() string { return "https://network.example/authorize" }

func (s *fakeSession) Finish(_ context.Context, address string) (keychain.Fresh, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = append(s.taken, address)
	switch {
	case strings.HasSuffix(address, "mine"):
		return keychain.Fresh{Value: keychain.Bare("token")}, nil
	case strings.HasSuffix(address, "denied"):
		return keychain.Fresh{}, &networks.Error{Op: "fake: login", Kind: networks.Unauthorized, Msg: "access_denied"}
	}
	return keychain.Fresh{}, networks.ErrOtherLogin
}

// waiting is a login that listens, and what came of it.
type waiting struct {
	base   string
	done   chan error
	fresh  keychain.Fresh
	cancel context.CancelCauseFunc
}

func wait(t *testing.T, s networks.LoginSession) *waiting {
	t.Helper()
	empty, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = empty.Close() })
	l := &login{env: &environment{Stdin: empty, Stdout: io.Discard, Stderr: io.Discard},
		flags: &loginFlags{listen: "127.0.0.1:0", redirect: "http://127.0.0.1:1/back"}}
	back, err := l.wayBack(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	t.Cleanup(func() { cancel(nil) })
	w := &waiting{base: "http://" + back.listener.Addr().String(), done: make(chan error, 1), cancel: cancel}
	go func() {
		var err error
		w.fresh, err = l.finish(ctx, s, back)
		w.done <- err
	}()
	return w
}

func (w *waiting) get(t *testing.T, method, path string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if h := resp.Header; h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: headers %v", path, h)
	}
	return resp.StatusCode, string(page)
}

// TestListenerTakesItsOwnAddressAlone: whatever else is asked for, the login waits on.
func TestListenerTakesItsOwnAddressAlone(t *testing.T) {
	s := &fakeSession{}
	w := wait(t, s)
	for path, want := range map[string]int{
		"/": 404, "/favicon.ico": 404, "/back": 404, "/other?mine": 404, "/back?foreign": 400, "/back?" + strings.Repeat("x", 9000): 400,
	} {
		if status, page := w.get(t, http.MethodGet, path); status != want || strings.Contains(page, "foreign") {
			t.Errorf("%.40s: %d %q, want %d", path, status, page, want)
		}
	}
	if status, _ := w.get(t, http.MethodPost, "/back?mine"); status != 404 {
		t.Errorf("POST: %d", status)
	}
	if status, page := w.get(t, http.MethodGet, "/back?mine"); status != 200 || !strings.Contains(page, "You are logged in. You can close this window.") {
		t.Errorf("%d %q", status, page)
	}
	if err := <-w.done; err != nil || w.fresh.Value.Bare() != "token" {
		t.Errorf("%v %v", w.fresh.Value, err)
	}
	if last := s.taken[len(s.taken)-1]; last != "/back?mine" || len(s.taken) != 3 {
		t.Errorf("the session got %d addresses, the last %.40q", len(s.taken), last)
	}
	if _, err := http.DefaultTransport.RoundTrip(httptest.NewRequest(http.MethodGet, w.base, nil)); err == nil {
		t.Error("somebody still listens")
	}
}

func TestListenerTellsOfADenial(t *testing.T) {
	w := wait(t, &fakeSession{})
	if status, page := w.get(t, http.MethodGet, "/back?denied"); status != 200 || !strings.Contains(page, "the terminal says why") {
		t.Errorf("%d %q", status, page)
	}
	if err := <-w.done; err == nil || !strings.Contains(err.Error(), "access_denied") {
		t.Error(err)
	}
}

// TestListenerEnds: by an interrupt or when nobody came in time, also while a
// connection is open that says nothing.
func TestListenerEnds(t *testing.T) {
	late := errors.New("nobody came")
	w := wait(t, &fakeSession{})
	w.cancel(late)
	select {
	case err := <-w.done:
		if !errors.Is(err, late) {
			t.Errorf("%v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it waits on")
	}
}

func TestWayBack(t *testing.T) {
	for name, c := range map[string]struct {
		flags    loginFlags
		fixed    string
		redirect string
		path     string
		listens  bool
		refused  string
	}{
		"a loopback redirect":   {flags: loginFlags{redirect: "http://localhost:0/cb", listen: "127.0.0.1:0"}, redirect: "http://localhost:0/cb", path: "/cb", listens: true},
		"pasted":                {flags: loginFlags{paste: true}, redirect: "http://127.0.0.1:9185/", path: "/"},
		"somebody else's host":  {flags: loginFlags{redirect: "https://me.example/cb"}, redirect: "https://me.example/cb", path: "/cb"},
		"a proxy before us":     {flags: loginFlags{redirect: "https://me.example/cb", listen: "127.0.0.1:0"}, redirect: "https://me.example/cb", path: "/cb", listens: true},
		"fixed by the network":  {fixed: "https://oauth.vk.ru/blank.html", redirect: "https://oauth.vk.ru/blank.html", path: "/"},
		"every address":         {flags: loginFlags{listen: ":80"}, refused: "loopback"},
		"another host":          {flags: loginFlags{listen: "192.0.2.1:80"}, refused: "loopback"},
		"no port":               {flags: loginFlags{listen: "127.0.0.1"}, refused: "loopback"},
		"no address":            {flags: loginFlags{redirect: "back", listen: "127.0.0.1:0"}, refused: "--redirect"},
		"another way altogeter": {flags: loginFlags{redirect: "ftp://x/", listen: "127.0.0.1:0"}, refused: "--redirect"},
	} {
		t.Run(name, func(t *testing.T) {
			l := &login{flags: &c.flags, method: networks.Login{Redirect: c.fixed}}
			back, err := l.wayBack(t.Context())
			if c.refused != "" {
				var u usageError
				if !errors.As(err, &u) || !strings.Contains(err.Error(), c.refused) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil || back.redirect != c.redirect || back.path != c.path || (back.listener != nil) != c.listens {
				t.Errorf("%+v %v", back, err)
			}
			if back.listener != nil {
				_ = back.listener.Close()
			}
		})
	}
}

// TestEveryNetworksLogins: what the command needs of each way in.
func TestEveryNetworksLogins(t *testing.T) {
	root := newRootCommand(&environment{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, Getenv: os.LookupEnv})
	cmd, _, err := root.Find([]string{"keychain", "login"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range loginFields() {
		if cmd.Flags().Lookup(strings.ReplaceAll(f.Name, "_", "-")) == nil {
			t.Errorf("%s is no flag", f.Name)
		}
	}
	for _, secret := range []string{"client-secret", "password", "service-token", "app-secret", "success-token", "login"} {
		if cmd.Flags().Lookup(secret) != nil {
			t.Errorf("--%s is a flag", secret)
		}
	}
}

// TestLoginFromTwoPlaces: a file with fields of another login is refused, and its
// values are not repeated.
func TestLoginFromAWrongFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f.yaml")
	if err := os.WriteFile(path, []byte("client_id: 1\nMARKED: MARKED\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := &login{flags: &loginFlags{from: path}, method: networks.Login{Name: "x", Fields: []networks.LoginField{{Name: "client_id"}}}}
	if _, err := l.from(); err == nil || strings.Contains(err.Error(), "MARKED") {
		t.Errorf("%v", err)
	}
}
