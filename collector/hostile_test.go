package collector

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap/zapcore"

	"collectord/collector/point"
	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/sim"
)

// faulty is a network whose code panics in the step that where names.
type faulty struct {
	networks.Network
	where *atomic.Value // a string
}

func (f faulty) Plan(refs []networks.Ref) []networks.Batch {
	if f.where.Load() == "Plan" {
		panic("a bug in Plan")
	}
	return f.Network.Plan(refs)
}

func (f faulty) Profiles(ctx context.Context, token keychain.Token, b networks.Batch) ([]networks.Result, error) {
	if f.where.Load() == "Profiles" {
		panic("a bug in Profiles")
	}
	return f.Network.Profiles(ctx, token, b)
}

// A panic of a network's code ends its poll: the other network's polls, and its own next
// tick, go on, and what to mend is in the log.
func TestPanicOfANetwork(t *testing.T) {
	for _, where := range []string{"Plan", "Profiles"} {
		t.Run(where, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				vkWorld(r)
				r.world.Add(sim.Account{Network: "bluesky", ID: "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", Handle: "bsky.app", Name: "Bluesky", Type: "person", Followers: 9})
				cfg := r.config(vkConfig + "  bluesky: {schedule: '@every 10m', base_url: http://bluesky, accounts: [bsky.app]}\n")
				vk, fault := &cfg.Networks[0].Descriptor, new(atomic.Value)
				fault.Store(where)
				whole := vk.New
				vk.New = func(o networks.Options) networks.Network { return faulty{whole(o), fault} }
				r.start("networks: {}")
				r.collector.Configure(cfg)
				time.Sleep(19 * time.Minute)
				if open, err := r.journal.OpenTicks(t.Context()); err != nil || len(open) != 0 {
					t.Errorf("ticks that stay open: %v, %v", open, err)
				}
				r.wantPanic("a bug in " + where)
				fault.Store("")
				time.Sleep(10 * time.Minute)
				want := []string{"00:20:00 РИА Новости followers=3000000", `00:20:00 a,b=c "d" followers=6000000`,
					"00:10:00 bsky.app followers=9 following=0 posts=0", "00:20:00 bsky.app followers=9 following=0 posts=0"}
				r.wantLines(point.Profile, want...)
				r.halt()
			})
		})
	}
}

// wantPanic demands one error about a panic, and its stack on another line at debug.
func (r *rig) wantPanic(text string) {
	r.t.Helper()
	told := r.logs.FilterMessageSnippet("a network's code panicked").All()
	if len(told) != 1 || told[0].Level != zapcore.ErrorLevel || !strings.Contains(told[0].ContextMap()["error"].(string), text) {
		r.t.Fatalf("the panic is told as %v", told)
	}
	stacks := r.logs.FilterMessageSnippet("the stack of the panic").All()
	if len(stacks) != 1 || stacks[0].Level != zapcore.DebugLevel {
		r.t.Fatalf("its stack is told as %v", stacks)
	}
	stack, _ := stacks[0].ContextMap()["stack"].(string)
	if !strings.Contains(stack, "faulty.P") {
		r.t.Errorf("the stack does not name the place: %s", stack)
	}
}
