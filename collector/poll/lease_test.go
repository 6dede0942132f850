package poll

import (
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
)

// oneLease is a token that is this process's since a time.
type oneLease struct{ since time.Time }

func (l *oneLease) Use(string) (time.Time, bool) { return l.since, true }

// told is a keychain that heard of another machine what became of a token.
type told struct {
	*fakeTokens
	state keychain.State
}

func (t *told) State(string) keychain.State { return t.state }

// TestHandedOver: a token that another machine used until now rests here as it did there;
// one that was used here all the time has the state that was found here.
func TestHandedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNetwork{size: 10, answer: good}
		tokens := &told{fakeTokens: tokensOf(map[string]string{"a": "token"})}
		lease := &oneLease{since: time.Now()}
		p := pollerOf(f, tokens.fakeTokens, 10, "a")
		p.opts.Tokens, p.opts.Leases = tokens, lease
		poll(t, p, named(3), 0)
		tokens.state = keychain.State{Name: keychain.Cooling, Until: time.Now().Add(20 * time.Second), Reason: "too many requests"}
		before := f.count()
		if o := poll(t, p, named(3), 0); o.took > time.Second || f.count() != before+1 {
			t.Errorf("a token that stayed here rests by what others said: %v", o.took)
		}
		lease.since = time.Now()
		if o := poll(t, p, named(3), time.Minute); o.took < 19*time.Second || o.took > 22*time.Second {
			t.Errorf("a token that was handed over was asked with after %v; it rests for 20 s", o.took)
		}
		if f.count() != before+2 {
			t.Errorf("%d requests", f.count()-before)
		}
	})
}
