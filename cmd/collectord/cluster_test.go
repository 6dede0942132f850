package main

import (
	"flag"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// The long form is go test ./cmd/collectord -run TestCluster -cluster -timeout 30m .
var clusterLong = flag.Bool("cluster", false, "let TestCluster break NATS, wires and clocks as well")

// TestCluster: three machines share the work. In the middle of a tick one is killed and
// one is stopped; the third has all of it done before the next tick, at the same time.
// Then they are all there again.
func TestCluster(t *testing.T) {
	if raceDetector {
		t.Log("the processes are too slow for their ticks: the race detector sees the cluster in TestShare of collector")
		return
	}
	t.Parallel()
	const perSecond = 3
	every := 6 * time.Second
	r := newClusterRig(t, clusterOptions{accounts: 5000, tokens: 3, nats: 3, every: every, lease: "2s", perSecond: perSecond, renewed: true, nodes: 3})
	r.slower(300 * time.Millisecond)
	r.start(r.nodes...)
	r.together()
	tick := r.nextTick()
	killed := r.asker(tick)
	r.kill(r.node(killed))
	stopped := r.asker(time.Now(), killed)
	r.signal(r.node(stopped), syscall.SIGSTOP)
	r.whole(tick, r.every-200*time.Millisecond)
	r.start(r.node(killed))
	r.signal(r.node(stopped), syscall.SIGCONT)
	last := r.nextTick()
	r.whole(last, r.every)
	r.together()
	took := int64(0)
	for _, n := range r.view(r.nodes[0]).Nodes {
		took += n.TakeOvers
	}
	if took == 0 {
		t.Error("nobody took anything over: the test missed")
	}
	r.settle(tick, last, perSecond)
	r.sealed()
	for _, n := range r.nodes {
		n.daemon.end()
	}
}

// TestClusterSolo: without NATS, nodes with on_loss: solo poll everything, each with the
// time of the tick, so that their points are the same.
func TestClusterSolo(t *testing.T) {
	if raceDetector {
		t.Log("the processes are too slow for their ticks")
		return
	}
	r := newClusterRig(t, clusterOptions{accounts: 2000, tokens: 2, nats: 1, every: 6 * time.Second, lease: "2s", perSecond: 20, nodes: 2, loss: "solo"})
	r.start(r.nodes...)
	r.together()
	eventually(t, 15*time.Second, "the other node has the tokens", func() bool {
		dumps, err := filepath.Glob(filepath.Join(r.nodes[1].dir, "state", "keychain", "*"))
		return err == nil && len(dumps) > 0
	})
	r.servers.Kill(0)
	for _, n := range r.nodes {
		eventually(t, 15*time.Second, "a node without NATS is alone", func() bool { return r.view(n).State == "alone" })
	}
	tick := r.nextTick()
	r.whole(tick, r.every)
	first := r.asker(tick)
	r.asker(tick, first) // the other one asks as well
	for _, n := range r.nodes {
		n.daemon.end()
	}
}

// TestClusterBreaks breaks one thing after the other, each in the middle of a tick.
func TestClusterBreaks(t *testing.T) {
	if !*clusterLong {
		t.Log("nothing was broken: a matter of minutes, see -cluster")
		return
	}
	const perSecond = 3
	r := newClusterRig(t, clusterOptions{accounts: 9000, tokens: 5, nats: 3, every: 40 * time.Second, lease: "5s", perSecond: perSecond, wired: true, renewed: true, nodes: 3})
	r.slower(700 * time.Millisecond)
	r.start(r.nodes...)
	r.together()
	var first, last time.Time
	skewed := false
	step := func(what string, do func(tick time.Time) (mend func())) {
		t.Helper()
		last = r.nextTick()
		if first.IsZero() {
			first = last
		}
		if !skewed { // a node whose clock is ahead may have done all of it by now
			r.asker(last)
		}
		t.Logf("%s: %s", last.UTC().Format(time.TimeOnly), what)
		mend := do(last)
		r.whole(last, r.every-time.Second)
		if mend != nil {
			mend()
		}
		r.together()
	}
	step("nothing", func(time.Time) func() { return nil })
	step("kill -9 of a node", func(tick time.Time) func() {
		n := r.node(r.asker(tick))
		r.kill(n)
		return func() { r.start(n) }
	})
	step("kill -9 of the NATS server that leads", func(time.Time) func() {
		i := max(0, r.servers.Leader(t, "KV_collectord_batches"))
		r.servers.Kill(i)
		return func() { r.servers.Restart(t, i); r.servers.WaitReady(t) }
	})
	step("kill -9 of two NATS servers for 8 s", func(time.Time) func() {
		r.servers.Kill(0)
		r.servers.Kill(1)
		<-time.After(8 * time.Second)
		r.servers.Restart(t, 0)
		r.servers.Restart(t, 1)
		return func() { r.servers.WaitReady(t) }
	})
	step("a node cut off from NATS", func(tick time.Time) func() {
		n := r.node(r.asker(tick))
		r.gone = append(r.gone, broken{n.name, time.Now()})
		for _, w := range n.wires {
			w.Cut()
		}
		return func() {
			eventually(t, 15*time.Second, "a node that is cut off says so", func() bool { return r.view(n).State == "cut_off" })
			for _, w := range n.wires {
				w.Mend()
			}
		}
	})
	step("SIGSTOP of a node until its leases are gone", func(tick time.Time) func() {
		n := r.node(r.asker(tick))
		r.signal(n, syscall.SIGSTOP)
		<-time.After(9 * time.Second)
		r.signal(n, syscall.SIGCONT)
		return nil
	})
	step("a restart of one node after the other", func(time.Time) func() {
		for _, n := range r.nodes {
			r.gone = append(r.gone, broken{n.name, time.Now()})
			n.daemon.end()
			r.start(n)
			<-time.After(time.Second)
		}
		return nil
	})
	step("clocks 5 s apart", func(time.Time) func() {
		skewClocks(t, r)
		skewed = true
		return nil
	})
	step("clocks 5 s apart, from the start of a tick", func(time.Time) func() { return nil })
	r.settle(first, last, perSecond)
	for _, n := range r.nodes {
		n.daemon.end()
	}
}

// TestClusterThroughput polls with 1, 2 and 3 nodes and a pool of tokens under their limits,
// and tells how soon all accounts are in InfluxDB. The tokens allow no more than
// accounts / 1,000 / tokens / perSecond seconds, and none is over its limit.
func TestClusterThroughput(t *testing.T) {
	if !*clusterLong {
		t.Log("nothing was measured: a matter of minutes, see -cluster")
		return
	}
	const accounts, tokens, perSecond = 60_000, 6, 1
	for nodes := 1; nodes <= 3; nodes++ {
		t.Run(fmt.Sprint(nodes), func(t *testing.T) {
			r := newClusterRig(t, clusterOptions{accounts: accounts, tokens: tokens, nats: 3, every: 30 * time.Second, lease: "15s", perSecond: perSecond, nodes: nodes})
			r.slower(100 * time.Millisecond)
			r.start(r.nodes...)
			r.together()
			r.nextTick() // the accounts are found, and the tokens dealt out
			tick := r.nextTick()
			r.whole(tick, r.every)
			t.Logf("%d nodes; the tokens allow %v", nodes, accounts/1000/tokens/perSecond*time.Second)
			r.paced(perSecond)
		})
	}
}
