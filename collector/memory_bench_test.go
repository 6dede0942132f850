package collector

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"collectord/collector/config"
	"collectord/collector/journal"
	"collectord/collector/point"
	"collectord/networks"
	"collectord/networks/sim"
)

// TestNewNameIsRemembered has a display name change and nothing else, and the process
// start anew: the name is told once.
func TestNewNameIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		vkWorld(r)
		r.start(vkConfig)
		time.Sleep(11 * time.Minute)
		r.world.Update("vk", "durov", func(a *sim.Account) { a.Name = "Кто-то другой" })
		time.Sleep(10 * time.Minute)
		r.halt()
		r.open()
		r.start(vkConfig)
		time.Sleep(10 * time.Minute)
		n := 0
		for _, p := range r.points(point.ProfileInfo) {
			if p.Tag("id") != "15755094" {
				n++
			}
		}
		if n != 2 {
			t.Errorf("%d points tell of the names of an account that has had two", n)
		}
		r.halt()
	})
}

// heldBytes is the most that may be held in memory for an account between polls: what
// was measured when this was written and half of it again.
const heldBytes = 600

// TestMemoryOfAnAccount fails where something is held twice for every account.
func TestMemoryOfAnAccount(t *testing.T) {
	most := int64(heldBytes)
	if vkAccounts < 10_000 { // the race detector holds memory of its own
		most *= 2
	}
	synctest.Test(t, func(t *testing.T) {
		const n = 3000
		r := newRig(t)
		var text strings.Builder
		text.WriteString("networks:\n  vk:\n    schedule: \"@every 10m\"\n    base_url: http://vk\n    accounts:\n")
		for i := range n {
			a := sim.Account{Network: "vk", ID: fmt.Sprint(10_000_000 + i), Handle: fmt.Sprintf("somebody_%d", i),
				Name: fmt.Sprintf("Some Body %d", i), Type: networks.Person, Followers: int64(i)}
			r.world.Add(a)
			_, _ = fmt.Fprintf(&text, "      Account number %d: %s\n", i, a.Handle)
		}
		before := held()
		r.start(text.String())
		time.Sleep(21 * time.Minute)
		each := (held() - before) / n
		if got := len(r.points(point.Profile)); got != 2*n {
			t.Errorf("%d points, want %d", got, 2*n)
		}
		t.Logf("%d bytes an account", each)
		if each > most {
			t.Errorf("%d bytes are held for an account, more than %d", each, most)
		}
		r.halt()
	})
}

// held is how large the heap is without garbage.
func held() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkNewAccount joins an account with what is remembered of it, as a start does for all.
func BenchmarkNewAccount(b *testing.B) {
	cfg := &config.Account{Label: "Account number 12345", Handle: "somebody_12345", Settings: &config.Settings{}}
	row := journal.Account{Network: "vk", Label: cfg.Label, Asked: asked(cfg.Ref()), Kind: "user", ID: "10012345", Name: "somebody_12345", State: "ok",
		Info: names{"10012345", networks.Person, "Some Body 12345", "somebody_12345", "https://vk.com/somebody_12345", networks.No, ""}.encode()}
	b.ReportAllocs()
	for b.Loop() {
		newAccount(cfg, row, journal.Latest{})
	}
}
