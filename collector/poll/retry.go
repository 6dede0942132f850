package poll

import (
	"context"
	"math/rand/v2"
	"time"
)

// retries are the waits before the request that failed for a passing reason is
// made again. After the last one its accounts are given up for this pass.
var retries = [...]time.Duration{
	1 * time.Second,  //  1 s after the first request
	4 * time.Second,  //  5 s
	15 * time.Second, // 20 s
}

// pauses are the waits between two passes over accounts that nobody answered for.
var pauses = [...]time.Duration{
	1 * time.Minute,  //  1 min after the first pass
	2 * time.Minute,  //  3 min
	4 * time.Minute,  //  7 min
	8 * time.Minute,  // 15 min
	15 * time.Minute, // 30 min, and every 15 min from then on
}

const (
	maxRounds      = 6  // better references followed in one pass
	maxHalving     = 40 // extra requests to find what spoils one batch; one of 500 takes 18
	maxLimited     = 5  // times in a row that one request is told to wait
	maxGivenUp     = 3  // requests given up in a row before the rest of a pass is
	unhintedRest   = 30 * time.Second
	longestInPass  = 2 * time.Minute // a longer rest is waited for between passes
	firstQuotaRest = time.Hour
	maxQuotaRest   = 24 * time.Hour
	firstParked    = 30 * time.Minute
	maxParked      = 6 * time.Hour
)

// pause is how long to wait after the pass with the number attempt, from 0.
func pause(attempt int) time.Duration {
	return jitter(pauses[min(attempt, len(pauses)-1)])
}

// jitter shortens d by up to a fifth, so that what failed together does not come
// back together.
func jitter(d time.Duration) time.Duration {
	return d - time.Duration(rand.Int64N(int64(d)/5+1))
}

// doubled is first doubled n times, at most longest.
func doubled(first, longest time.Duration, n int) time.Duration {
	for ; n > 0 && first < longest; n-- {
		first *= 2
	}
	return min(first, longest)
}

// sleep waits for d or for the end of ctx, whose error it returns then.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
