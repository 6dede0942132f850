package collector

import (
	"slices"
	"testing"
	"time"
)

// TestDifferingConfigs: a label is missing in the config of one node. Both poll all that
// theirs have at every tick, with one token between them, and both say that they differ,
// until they do not.
func TestDifferingConfigs(t *testing.T) {
	if !long(t) {
		return
	}
	t.Parallel()
	f := newFleet(t, "a", "b")
	const every = 2 * time.Second
	f.crowd(3)
	some := "  vk: {schedule: '@every 2s', base_url: 'http://vk', requests_per_second: 20, token: vk, accounts: [u1, u2]}"
	all := "  vk: {schedule: '@every 2s', base_url: 'http://vk', requests_per_second: 20, token: vk, accounts: [u1, u2, u3]}"
	f.assign("a", map[string]string{"vk": "good-token"})
	a, b := f.start("a", some), f.start("b", all)
	f.eventually(15*time.Second, "b has the account that a lacks", func() bool { return len(b.profiles()["u3"]) > 0 })
	first := b.profiles()["u3"][0]
	const more = 3
	last := first + more*int64(every/time.Second)
	<-time.After(time.Until(time.Unix(last, 0).Add(every - every/8)))
	for at := first; at <= last; at += int64(every / time.Second) {
		for _, u := range []string{"u1", "u2", "u3"} {
			if !slices.Contains(b.profiles()[u], at) {
				t.Errorf("b has no point of %s at %v", u, time.Unix(at, 0).UTC())
			}
		}
		for _, u := range []string{"u1", "u2"} {
			if !slices.Contains(a.profiles()[u], at) {
				t.Errorf("a has no point of %s at %v", u, time.Unix(at, 0).UTC())
			}
		}
	}
	const differ, same = "other nodes have another config", "all nodes have the same config"
	f.eventually(10*time.Second, "both say it", func() bool { return a.said(differ) == 1 && b.said(differ) == 1 })
	for _, n := range a.tellNodes().Nodes {
		if n.ConfigDiffers != (n.Name == "b") {
			t.Errorf("the page of a says of %s that its config differs: %t", n.Name, n.ConfigDiffers)
		}
	}
	b.stop()
	b = f.start("b", some)
	f.eventually(10*time.Second, "a says that it is over", func() bool { return a.said(same) == 1 })
	if b.said(differ) != 0 {
		t.Error("b says that configs differ that do not")
	}
}
