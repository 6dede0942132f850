package collector

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestShare: three nodes share a tick. In its middle one dies and one is cut off from NATS;
// the third has all of it done before the next tick, at the same time, with no token used by
// two at once. Back again, they share the next one. It is the short form of TestCluster of
// cmd/collectord, in one process, for the race detector.
func TestShare(t *testing.T) {
	if !raceDetector && !long(t) { // TestCluster of cmd/collectord has processes do it
		return
	}
	t.Parallel()
	f := newFleet(t, "a", "b", "c")
	const accounts, every = 60, 12 * time.Second
	f.crowd(accounts)
	pools := []string{"['vk:1', 'vk:2']", "['vk:2', 'vk:1']", "['vk:1', 'vk:3']", "['vk:3', 'vk:1']", "['vk:2', 'vk:3']", "['vk:3', 'vk:2']"}
	var list []string // each pool is a piece of its own, however few accounts it has
	for i := range accounts {
		list = append(list, fmt.Sprintf("u%[1]d: {handle: u%[1]d, token: %[2]s}", i+1, pools[i%len(pools)]))
	}
	networks := "  vk: {schedule: '@every 12s', base_url: 'http://vk', requests_per_second: 3, token: 'vk:1', accounts: {" + strings.Join(list, ", ") + "}}"
	f.assign("a", map[string]string{"vk:1": "token-1", "vk:2": "token-2", "vk:3": "token-3"})
	f.pause(300 * time.Millisecond)
	for name := range f.nodes {
		f.start(name, networks)
	}
	f.eventually(15*time.Second, "all nodes have the tokens and see each other", func() bool {
		return !slices.ContainsFunc(slices.Collect(maps.Values(f.nodes)), func(m *machine) bool {
			return len(m.keys.Slots()) < 3 || len(m.cluster.View().Nodes) < 3
		})
	})
	tick := time.Now().Truncate(every).Add(every)
	<-time.After(time.Until(tick))
	asker := func(not string) *machine {
		t.Helper()
		var name string
		from := time.Now()
		f.eventually(every/2, "a node asks", func() bool {
			i := slices.IndexFunc(f.questions(""), func(q question) bool { return q.at.After(from) && q.node != not })
			if i >= 0 {
				name = f.questions("")[i].node
			}
			return i >= 0
		})
		return f.nodes[name]
	}
	dead := asker("")
	dead.wire.Cut()
	cut := asker(dead.name)
	cut.wire.Cut()
	f.whole(tick, accounts, every-leaveEarly)
	dead.stop()
	dead.wire.Mend()
	cut.wire.Mend()
	f.start(dead.name, networks)
	next := tick.Add(every)
	<-time.After(time.Until(next))
	f.whole(next, accounts, every)
	took := int64(0)
	for _, n := range cut.cluster.View().Nodes {
		took += n.TakeOvers
	}
	if took == 0 {
		t.Error("nobody took anything over: the test missed")
	}
	f.oneAtATime(dead.name, cut.name)
}

// whole waits until the nodes together have a point of every account at a tick, and none at
// a time that is no tick's.
func (f *fleet) whole(tick time.Time, accounts int, within time.Duration) {
	f.t.Helper()
	have := make(map[string]bool)
	f.eventually(time.Until(tick.Add(within)), "the tick is whole", func() bool {
		clear(have)
		for _, m := range f.nodes {
			for label, times := range m.profiles() {
				have[label] = have[label] || slices.Contains(times, tick.Unix())
			}
		}
		n := 0
		for _, ok := range have {
			if ok {
				n++
			}
		}
		return n == accounts
	})
}

// oneAtATime demands that no token was used by two nodes within a pace of each other, but
// for those whose lease nobody could take back in time.
func (f *fleet) oneAtATime(but ...string) {
	f.t.Helper()
	by := make(map[string][]question)
	for _, q := range f.questions("") {
		by[q.token] = append(by[q.token], q)
	}
	for token, list := range by {
		for i := 1; i < len(list); i++ {
			gap := list[i].at.Sub(list[i-1].at)
			if gap < 300*time.Millisecond && !slices.Contains(but, list[i-1].node) {
				f.t.Errorf("%s: %s asks %v after %s", token, list[i].node, gap, list[i-1].node)
			}
		}
	}
}
