package schedule

import "time"

const (
	// Late is how long after its tick a poll may start and still carry the tick's time.
	// Later it is a missed one. By as much a clock may be set back without anybody
	// being the wiser: the next tick is waited for that much longer.
	Late = time.Minute
	// mostMissed bounds the counting of missed ticks.
	mostMissed = 1_000_000
)

// Turn is what there is to do about a schedule at a moment: nothing, or one of Due,
// Missed and SetBack.
type Turn struct {
	Due     bool // the tick that was waited for is to be polled for, in its time
	Missed  int  // so many ticks are over, that one too; one poll is made up for them
	SetBack bool // ticks lie between now and the one waited for: the clock was set back
	Next    time.Time
}

// Turn decides about a schedule that waits for the tick next, as an earlier call or
// Next had it. It knows nothing but the two times, so it does not matter whether the
// process ran meanwhile, was stopped, slept with its machine, or had its clock set:
//
//	next is ahead       wait for it
//	next is now         poll for it, if less than Late has gone by and no further tick
//	next is long ago    count what was missed, make up one poll, go on after now
//	next is too far     other ticks come first: go on with the first of them
//
// The last one is a clock that was wrong and is right again; without it, a schedule
// would be silent until the wrong time comes round. It may repeat ticks that the wrong
// clock has shown before. A clock that goes back by less than Late repeats none.
func (s Schedule) Turn(next, now time.Time) Turn {
	if next.After(now) {
		if first := s.Next(now.Add(Late)); first.IsZero() || !first.Before(next) {
			return Turn{Next: next}
		}
		return Turn{SetBack: true, Next: s.Next(now)}
	}
	t := Turn{Next: s.Next(now)}
	switch {
	case next.IsZero(): // there was none to wait for
	case now.Sub(next) <= Late && s.Next(next).After(now):
		t.Due = true
	default:
		t.Missed = max(1, s.Missed(next.Add(-time.Second), now, mostMissed))
	}
	return t
}
