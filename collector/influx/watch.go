package influx

import (
	"context"
	"sync"
	"time"
)

const (
	watchEvery = 2 * time.Second // how long an answer may take before it is asked beside it
	watchGrace = time.Second     // what a request has left once others are answered
)

// post makes one request and says what its answer means.
//
// A server that hung, or a connection that died in silence, leaves the request that
// was under way without an answer for ever, although the next one would be taken. So
// a request that has no answer yet is watched: empty batches go out beside it, and
// once one of them is answered, the request is given up and made again. The lines are
// the same, so that nothing is doubled. A server that is slow rather than gone is
// taken for gone once: while it takes its time, it is given all of it.
func (d *Deliverer) post(ctx context.Context, body payload) answer {
	defer d.countMeanwhile(ctx)()
	start := time.Now()
	a, stuck := d.watched(ctx, body)
	if stuck {
		start = time.Now()
		a = d.ask(ctx, body)
	}
	d.slow = time.Since(start) > watchEvery && (stuck || a.status != 0)
	return a
}

// countMeanwhile counts what waits in the journal for as long as a request takes: one
// that hangs must not have the status say that nothing waits. The function it returns
// ends that, and returns when it has ended.
func (d *Deliverer) countMeanwhile(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var looks sync.WaitGroup
	looks.Go(func() {
		look := time.NewTicker(idleEvery)
		defer look.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-look.C:
				d.count(ctx)
			}
		}
	})
	return func() {
		cancel()
		looks.Wait()
	}
}

// watched makes one request. It reports whether it was given up for want of an
// answer while others had one.
func (d *Deliverer) watched(ctx context.Context, body payload) (a answer, stuck bool) {
	if d.slow {
		return d.ask(ctx, body), false
	}
	request, giveUp := context.WithCancel(ctx)
	defer giveUp()
	var watch sync.WaitGroup
	watch.Go(func() {
		if d.othersAreAnswered(request) {
			stuck = true
			giveUp()
		}
	})
	a = d.ask(request, body)
	giveUp()
	watch.Wait()
	return a, stuck && a.status == 0 && ctx.Err() == nil
}

// othersAreAnswered sends an empty batch every two seconds, each with all the time
// that a request has, and returns true a moment after the first answer to one,
// whatever it says; false when ctx ends.
func (d *Deliverer) othersAreAnswered(ctx context.Context) bool {
	ctx, cancel := context.WithCancel(ctx)
	var controls sync.WaitGroup
	defer controls.Wait()
	defer cancel()
	answered := make(chan struct{}, 1)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
			controls.Go(func() {
				if d.ask(ctx, pack("\n")).status != 0 {
					select {
					case answered <- struct{}{}:
					default:
					}
				}
			})
		case <-answered:
			return passes(ctx, watchGrace)
		}
	}
}

// passes waits and reports whether ctx lasted as long.
func passes(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
