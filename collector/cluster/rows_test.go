package cluster_test

import (
	"flag"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"collectord/collector/cluster"
	"collectord/internal/natstest"
)

// The long form is go test ./collector/cluster -run TestManyAccounts -accounts 1000000 -v -timeout 30m .
var manyAccounts = flag.Int("accounts", 2000, "of how many accounts TestManyAccounts has nodes tell each other")

// TestManyAccounts: what one node remembers of many accounts reaches three servers, and a
// node that starts later. It tells how long that takes and what the servers need for it.
func TestManyAccounts(t *testing.T) {
	t.Parallel()
	n := *manyAccounts
	patience := time.Minute + time.Duration(n)*time.Millisecond
	servers := natstest.Start(t, 3)
	three := func(o *cluster.Options) { o.Replicas, o.Lease = 3, 15*time.Second }
	a := join(t, "a", three, servers.URLs()...)
	before := servers.Usage(t)
	started := time.Now()
	for i := range n {
		label := fmt.Sprintf("account %07d", i)
		a.Remember("vk", label, fmt.Appendf(nil, `{"Network":"vk","Label":%q,"Asked":"||user%d|","Kind":"user","ID":"%d","Type":"person","Nickname":"user%d","Name":"Somebody %d","Link":"https://vk.com/user%d","State":"ok"}`,
			label, i, 1000+i, i, i, i))
	}
	eventually(t, patience, "all are told", func() bool { return a.Untold() == 0 })
	told := time.Since(started)
	after := servers.Usage(t)
	var heard atomic.Int64
	started = time.Now()
	b := join(t, "b", func(o *cluster.Options) {
		three(o)
		o.Account = func([]byte) { heard.Add(1) }
	}, servers.URLs()...)
	ready := time.Since(started)
	eventually(t, patience, "another node has heard of all", func() bool { return heard.Load() == int64(n) })
	t.Logf("%d accounts: told within %v; a server has %d MB of memory, %d before, and %d MB on disk; another node is ready after %v and has heard of all after %v",
		n, told.Round(time.Millisecond), after.Memory>>20, before.Memory>>20, after.Disk>>20, ready.Round(time.Millisecond), time.Since(started).Round(time.Millisecond))
	if claim(t, b, piece(1)) == nil {
		t.Error("the other node claims nothing")
	}
}
