package networktest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/sim"
)

const (
	host  = "simulated.example"
	agent = "collectord/test (+conformance)"
)

// rig is a network that asks its simulator, and watches it: every answer of the
// network goes through the checks that hold for all of them.
type rig struct {
	networks.Network
	t     *testing.T
	s     Suite
	world *sim.World

	requests atomic.Int64
	busy     sync.WaitGroup // handlers at work
	agent    atomic.Value   // of the last request
	path     atomic.Value
	dial     func(context.Context, string, string) (net.Conn, error)
}

// rig makes a world with the suite's accounts, and its token allowed. Wrap, if
// not nil, stands between the network and the simulator. It must be made and used
// in one bubble, if in any.
func (s Suite) rig(t *testing.T, wrap func(http.Handler) http.Handler) *rig {
	t.Helper()
	r := s.emptyRig(t, "http://"+host+"/", wrap)
	s.Fill(r.world)
	if s.Allow != nil {
		s.Allow(r.world)
	}
	return r
}

func (s Suite) emptyRig(t *testing.T, base string, wrap func(http.Handler) http.Handler) *rig {
	t.Helper()
	r := &rig{t: t, s: s, world: sim.NewWorld(1)}
	h := s.Simulate(r.world)
	if wrap != nil {
		h = wrap(h)
	}
	watched := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.busy.Add(1)
		defer r.busy.Done()
		r.requests.Add(1)
		// A server notices that its client hung up only once the request is read.
		body, _ := io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(body))
		r.agent.Store(req.UserAgent())
		r.path.Store(req.URL.Path)
		h.ServeHTTP(w, req)
	})
	line := newLine()
	r.dial = line.dial
	server := &http.Server{Handler: watched}
	served := make(chan error, 1)
	go func() { served <- server.Serve(line) }()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		return r.dial(ctx, network, addr)
	}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
		<-served
		r.busy.Wait()
	})
	r.Network = s.Descriptor.New(networks.Options{
		BaseURL: base, AuthURL: base, OAuthURL: base,
		UserAgent: agent, HTTP: &http.Client{Transport: transport},
	})
	return r
}

// refs parses accounts.
func (r *rig) refs(accounts ...string) []networks.Ref {
	r.t.Helper()
	return Refs(r.t, r, accounts...)
}

// batch is the first request that the accounts need.
func (r *rig) batch(accounts ...string) networks.Batch {
	r.t.Helper()
	batches := r.Plan(r.refs(accounts...))
	if len(batches) == 0 || len(batches[0].Refs) == 0 {
		r.t.Fatalf("Plan of %q made no batch", accounts)
	}
	return batches[0]
}

// ask makes all the requests that refs need, and returns a result each.
func (r *rig) ask(refs ...networks.Ref) []networks.Result {
	r.t.Helper()
	return networks.Ask(r.t.Context(), r, r.s.Token, refs)
}

// profile is the profile of an account that must be there, count included.
func (r *rig) profile(res networks.Result, account string) networks.Profile {
	r.t.Helper()
	switch {
	case res.Err != nil:
		r.t.Fatalf("%s: %v", account, res.Err)
	case res.Profile == nil:
		r.t.Fatalf("%s: no profile and no error: %+v", account, res)
	}
	return *res.Profile
}

// account is the simulated account behind a ref.
func (r *rig) account(ref networks.Ref) sim.Account {
	r.t.Helper()
	name := r.s.Descriptor.Name
	if a, ok := r.world.ByHandle(name, handle(ref)); ok {
		return a
	}
	a, ok := r.world.ByID(name, withHost(ref.ID, ref.Host))
	if !ok {
		r.t.Fatalf("Fill put no account for %+v into the world", ref)
	}
	return a
}

func handle(ref networks.Ref) string {
	if strings.Contains(ref.Name, "@") {
		return strings.TrimPrefix(ref.Name, "@")
	}
	return withHost(ref.Name, ref.Host)
}

func withHost(name, host string) string {
	if host == "" {
		return name
	}
	return name + "@" + host
}

// Profiles asks the network and checks what holds for every answer.
func (r *rig) Profiles(ctx context.Context, token keychain.Token, b networks.Batch) ([]networks.Result, error) {
	r.t.Helper()
	before := r.requests.Load()
	results, err := r.Network.Profiles(ctx, token, b)
	if n := r.requests.Load() - before; n > 1 {
		r.t.Errorf("Profiles made %d requests, want exactly 1", n)
	} else if n == 0 && err == nil {
		r.t.Errorf("Profiles answered without a request")
	} else if got, _ := r.agent.Load().(string); n == 1 && got != agent {
		r.t.Errorf("User-Agent is %q, want %q", got, agent)
	}
	if err != nil {
		r.checkFailure(results, err, b)
		return nil, err
	}
	if len(results) != len(b.Refs) {
		r.t.Fatalf("Profiles returned %d results for %d refs", len(results), len(b.Refs))
	}
	for i, res := range results {
		r.checkResult(res, b.Refs[i])
	}
	return results, nil
}

func (r *rig) checkFailure(results []networks.Result, err error, b networks.Batch) {
	r.t.Helper()
	var e *networks.Error
	if !errors.As(err, &e) {
		r.t.Errorf("the error is a %T, want a *networks.Error: %v", err, err)
		return
	}
	if results != nil {
		r.t.Errorf("results came together with the error %v", err)
	}
	if e.Kind.OfAccount() && len(b.Refs) > 1 {
		r.t.Errorf("a request about %d accounts failed with a Kind that speaks of one: %v", len(b.Refs), e)
	}
	r.checkError(e)
}

func (r *rig) checkResult(res networks.Result, ref networks.Ref) {
	r.t.Helper()
	switch {
	case res.Next == nil && res.Profile == nil && res.Err == nil:
		r.t.Errorf("%+v: a result without Profile, Err and Next", ref)
	case res.Next != nil && (res.Profile != nil || res.Err != nil):
		r.t.Errorf("%+v: Next together with Profile or Err", ref)
	case res.Next != nil && *res.Next == ref:
		r.t.Errorf("%+v: Next is the ref itself", ref)
	}
	if res.Err != nil {
		r.checkError(res.Err)
	}
	if res.Profile != nil {
		r.checkCount(res, ref)
		r.checkProfile(res, ref)
	}
}

// checkCount checks that an unknown count has a reason, and a known one none.
func (r *rig) checkCount(res networks.Result, ref networks.Ref) {
	r.t.Helper()
	_, known := res.Profile.Followers.Get()
	switch {
	case !known && res.Err == nil:
		r.t.Errorf("%+v: Followers is unknown and no Err says why", ref)
	case known && res.Err != nil:
		r.t.Errorf("%+v: Followers is known beside the error %v", ref, res.Err)
	case res.Err != nil && res.Err.Kind != networks.Private && res.Err.Kind != networks.Hidden:
		r.t.Errorf("%+v: a Profile beside an error that is neither Private nor Hidden: %v", ref, res.Err)
	}
}

func (r *rig) checkProfile(res networks.Result, ref networks.Ref) {
	r.t.Helper()
	p := res.Profile
	if p.ID == "" || p.Type == "" || p.Nickname == "" || !strings.HasPrefix(p.Link, "https://") {
		r.t.Errorf("%+v: ID, Type, Nickname or Link is missing: %+v", ref, *p)
	}
	if res.Known.ID != p.ID || res.Known.Name != ref.Name || res.Known.Host != ref.Host {
		r.t.Errorf("%+v: Known is %+v, want the ID %q and Name and Host as they were", ref, res.Known, p.ID)
	}
}

// checkError looks for what an error must not hold.
func (r *rig) checkError(e *networks.Error) {
	r.t.Helper()
	if e.Kind < networks.Temporary || e.Kind > networks.Blocked {
		r.t.Errorf("the error has no Kind: %v", e)
	}
	if !strings.HasPrefix(e.Op, r.s.Descriptor.Name+": ") {
		r.t.Errorf("Op is %q, want it to begin with %q", e.Op, r.s.Descriptor.Name+": ")
	}
	texts := []string{e.Hint, e.Msg, e.Code, e.Link}
	for cause := error(e); cause != nil; cause = errors.Unwrap(cause) {
		texts = append(texts, cause.Error(), fmt.Sprintf("%+v", cause), fmt.Sprintf("%#v", cause))
	}
	for _, text := range texts {
		if strings.Contains(text, Marker) {
			r.t.Errorf("an error holds a secret: %s", text)
		}
		if strings.Contains(text, host) {
			r.t.Errorf("an error holds the address asked: %s", text)
		}
		if len(text) > 2000 {
			r.t.Errorf("an error of %d bytes: %.100s...", len(text), text)
		}
	}
}

// line is a network in memory: a listener, and dial to reach it.
type line struct {
	conns chan net.Conn
	done  chan struct{}
}

func newLine() *line { return &line{conns: make(chan net.Conn), done: make(chan struct{})} }

func (l *line) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept is for http.Server.
func (l *line) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close is for http.Server, which calls it once.
func (l *line) Close() error { close(l.done); return nil }

// Addr is for http.Server.
func (l *line) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }
