package cluster_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"collectord/collector/cluster"
	"collectord/internal/natstest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The clients that asked the servers' monitors keep a connection for a while.
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// lease is the shortest that a config may have.
const lease = 2 * time.Second

// node is one node of a test, with what it said.
type node struct {
	*cluster.Cluster
	stop func()

	mu     sync.Mutex
	events []cluster.Event
}

func join(t *testing.T, name string, change func(*cluster.Options), urls ...string) *node {
	t.Helper()
	n := &node{}
	opts := cluster.Options{Servers: urls, Name: "test", Node: name, Replicas: 1, Lease: lease, Version: "v1", Tell: func(e cluster.Event) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.events = append(n.events, e)
	}}
	if change != nil {
		change(&opts)
	}
	n.Cluster, n.stop = run(t, opts)
	n.Ready(t.Context(), 20*time.Second)
	if !n.InTouch() {
		t.Fatalf("%s is not in touch with NATS", name)
	}
	return n
}

// running is a node that may reach no server.
func running(t *testing.T, opts cluster.Options) *cluster.Cluster {
	t.Helper()
	c, _ := run(t, opts)
	return c
}

func run(t *testing.T, opts cluster.Options) (c *cluster.Cluster, stop func()) {
	t.Helper()
	c, err := cluster.Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run(ctx)
	}()
	stop = sync.OnceFunc(func() { cancel(); <-done; c.Close() })
	t.Cleanup(stop)
	return c, stop
}

// said is what the node said of a kind of event.
func (n *node) said(is func(cluster.Event) bool) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	times := 0
	for _, e := range n.events {
		if is(e) {
			times++
		}
	}
	return times
}

func eventually(t *testing.T, within time.Duration, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(within); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", within, what)
		}
		<-time.After(10 * time.Millisecond)
	}
}

func claim(t *testing.T, n *node, p cluster.Piece) *cluster.Claim {
	t.Helper()
	c, err := n.Claim(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func piece(i int) cluster.Piece {
	return cluster.Piece{Network: "vk", Tick: 1_764_000_000, Cut: "c", Index: i}
}

// TestPieces: one node polls a piece; what is given back is free at once, what is done
// stays done, with its counts, for everybody.
func TestPieces(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1)
	a, b := join(t, "a", nil, servers.URLs()...), join(t, "b", nil, servers.URLs()...)
	mine := claim(t, a, piece(1))
	if mine == nil || claim(t, b, piece(1)) != nil {
		t.Fatal("a piece is claimed by none or by two")
	}
	eventually(t, time.Second, "b sees that it is held", func() bool { s, _ := b.Look(piece(1)); return s == cluster.Held })
	<-time.After(lease + lease/2) // it is renewed
	if err := mine.Check(t.Context()); err != nil || claim(t, b, piece(1)) != nil {
		t.Fatalf("a lease was not renewed: %v", err)
	}
	mine.Release()
	eventually(t, time.Second, "b sees that it is free", func() bool { s, _ := b.Look(piece(1)); return s == cluster.Free })
	theirs := claim(t, b, piece(1))
	if theirs == nil {
		t.Fatal("what was given back cannot be claimed")
	}
	if err := mine.Check(t.Context()); err == nil {
		t.Error("what was given back is still held")
	}
	want := cluster.Tally{OK: 5, Failed: 1, Requests: 2, Retries: 1, TookMS: 7}
	if err := theirs.Done(t.Context(), want, time.Minute); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Second, "a sees that it is done", func() bool { s, got := a.Look(piece(1)); return s == cluster.Done && got == want })
	if claim(t, a, piece(1)) != nil {
		t.Error("what is done was claimed")
	}
	if _, ok := a.Use("vk:x"); ok {
		t.Error("a token is used though its lease has run out")
	}
	if n := b.said(func(e cluster.Event) bool { return e.TakeOver != nil }); n != 0 {
		t.Errorf("%d take-overs of what was given back", n)
	}
}

// TestCutOff: a node behind a wire that is cut loses what it holds, finds that out
// before it writes anything down, and another has it within a lease and a moment.
func TestCutOff(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1)
	wire := natstest.Connect(t, servers.URLs()[0])
	a, b := join(t, "a", nil, wire.URL), join(t, "b", nil, servers.URLs()...)
	mine := claim(t, a, piece(1))
	if mine == nil || !a.Take(t.Context(), "vk:x") {
		t.Fatal("nothing was claimed")
	}
	wire.Cut()
	cut := time.Now()
	var theirs *cluster.Claim
	eventually(t, 10*time.Second, "b takes over", func() bool {
		theirs = claim(t, b, piece(1))
		return theirs != nil
	})
	if took := time.Since(cut); took > lease+3*time.Second {
		t.Errorf("it took %v", took)
	}
	eventually(t, 5*time.Second, "b has the token", func() bool { return b.Take(t.Context(), "vk:x") })
	if n := b.said(func(e cluster.Event) bool { return e.TakeOver != nil && e.TakeOver.From == "a" }); n != 1 {
		t.Errorf("%d take-overs were told", n)
	}
	eventually(t, 5*time.Second, "a notices", func() bool { return !a.InTouch() })
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := mine.Check(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("cut off, the lease is %v; nobody can know", err)
	}
	wire.Mend()
	if err := mine.Check(t.Context()); !errors.Is(err, cluster.ErrLost) {
		t.Errorf("the lease is %v; another node has it", err)
	}
	if err := theirs.Check(t.Context()); err != nil {
		t.Error(err)
	}
	eventually(t, 10*time.Second, "a is back", a.InTouch)
	if lost, back := a.said(func(e cluster.Event) bool { return e.Lost != nil }), a.said(func(e cluster.Event) bool { return e.InTouch }); lost != 1 || back != 2 {
		t.Errorf("a said %d times that NATS is away, %d times that it is there; want 1, 2", lost, back)
	}
}

// TestRegain: a node that was cut off, and whose piece nobody took, goes on with it.
func TestRegain(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1)
	wire := natstest.Connect(t, servers.URLs()[0])
	a := join(t, "a", nil, wire.URL)
	mine := claim(t, a, piece(1))
	wire.Cut()
	<-time.After(2 * lease)
	wire.Mend()
	if err := mine.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if err := mine.Done(t.Context(), cluster.Tally{}, time.Minute); err != nil {
		t.Error(err)
	}
}

// TestSolo: with Options.Solo a node that is out of touch has everything.
func TestSolo(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1)
	wire := natstest.Connect(t, servers.URLs()[0])
	a := join(t, "a", func(o *cluster.Options) { o.Solo = true }, wire.URL)
	b := join(t, "b", nil, servers.URLs()...)
	if claim(t, b, piece(1)) == nil || !b.Take(t.Context(), "vk") {
		t.Fatal("nothing was claimed")
	}
	if a.Take(t.Context(), "vk") {
		t.Fatal("two nodes have a token")
	}
	wire.Cut()
	eventually(t, 5*time.Second, "a is alone", a.Alone)
	mine := claim(t, a, piece(1))
	if mine == nil || mine.Check(t.Context()) != nil || !a.Take(t.Context(), "vk") {
		t.Fatal("a node that is alone does not poll")
	}
	if err := mine.Done(t.Context(), cluster.Tally{OK: 3}, time.Minute); err != nil {
		t.Fatal(err)
	}
	if s, tally := a.Look(piece(1)); s != cluster.Done || tally.OK != 3 {
		t.Errorf("%v %v", s, tally)
	}
	wire.Mend()
	eventually(t, 10*time.Second, "a is back", a.InTouch)
	if _, ok := a.Use("vk"); ok {
		t.Error("a token that was taken alone is used in company")
	}
}

// TestNodes: each node sees all, and a node that leaves is gone at once.
func TestNodes(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1)
	a, b := join(t, "a", nil, servers.URLs()...), join(t, "b", nil, servers.URLs()...)
	b.SetConfig("other")
	eventually(t, 2*lease, "a sees both", func() bool {
		v := a.View()
		return len(v.Nodes) == 2 && v.Nodes[1].ConfigHash == "other" && v.Nodes[0].Name == "a"
	})
	b.stop()
	eventually(t, time.Second, "a sees that b has left", func() bool { return len(a.View().Nodes) == 1 })
}

// TestAccounts: what one node remembers the others hear, also those that come later.
func TestAccounts(t *testing.T) {
	t.Parallel()
	servers := natstest.Start(t, 1)
	a := join(t, "a", nil, servers.URLs()...)
	a.Remember("vk", "Лента, новости", []byte(`{"ID":"1"}`))
	a.Remember("vk", "Лента, новости", []byte(`{"ID":"2"}`))
	heard := make(chan string, 10)
	join(t, "b", func(o *cluster.Options) { o.Account = func(v []byte) { heard <- string(v) } }, servers.URLs()...)
	for {
		select {
		case v := <-heard:
			if v == `{"ID":"2"}` {
				return
			}
		case <-time.After(5 * time.Second):
			t.Fatal("b has not heard")
		}
	}
}
