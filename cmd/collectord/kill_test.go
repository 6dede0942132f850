package main

import (
	"flag"
	"os"
	"testing"
	"time"
)

// The long form is go test ./cmd/collectord -run 'TestKill$' -kills 10000 -timeout 3h .
var kills = flag.Int("kills", 0, "how often TestKill kills the daemon; 0 is 50 in CI and 10 elsewhere")

// grownEvery is how many kills lie between two looks at the journal, and between two
// long absences of the daemon.
const grownEvery = 50

// TestKill kills the daemon with -9 at random moments on the same state: while it
// starts, while it polls, while it delivers. Nothing is mended by hand. What the
// journal had once it has for good, every point came of one answer, no answer made
// two, every tick is there or was made up for, and InfluxDB gets what the journal has.
func TestKill(t *testing.T) {
	t.Parallel()
	r := newKillRig(t, nil)
	times := *kills
	switch {
	case times > 0:
	case os.Getenv("CI") != "":
		times = 50
	default:
		times = 10
	}
	for n := range times {
		p := r.start()
		r.waitToKill(n)
		r.kill(p)
		switch n % grownEvery {
		case 5: // long enough that ticks are missed
			<-time.After(2500 * time.Millisecond)
		case grownEvery - 1:
			r.grown()
		}
		if t.Failed() {
			return
		}
	}
	r.settle()
	t.Logf("%d kills", times)
}

// waitToKill waits for a moment of a life: of four, two at random since its start, and
// two while a network is asked or right behind it.
func (r *killRig) waitToKill(n int) {
	if n%2 == 0 {
		<-time.After(20*time.Millisecond + time.Duration(r.random.Int64N(int64(380*time.Millisecond))))
		return
	}
	select { // a word from the life before
	case <-r.ledger.asked:
	default:
	}
	select {
	case <-r.ledger.asked:
	case <-time.After(2 * time.Second): // a tick is at most a second away; the machine may be slow
	}
	<-time.After(time.Duration(r.random.Int64N(int64(30 * time.Millisecond))))
}
