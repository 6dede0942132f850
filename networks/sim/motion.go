package sim

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"time"
)

const (
	// step is how long one draw of noise lasts before the next takes over.
	step = 10 * time.Minute
	// wave is the part of a day's growth by which the count runs ahead in the
	// evening and behind in the morning. Under 1/2π a growing account never falls.
	wave = 0.12
)

// Move lets counts move from start on, and before it: at start every account has
// the Followers it was added with. The zero time stops all motion.
func (w *World) Move(start time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.start = start
}

// Count returns the followers of a at t: the number it was added with or, after
// [World.Move], a number that depends on nothing but the world's seed, the
// account, the start of motion and t. It grows by 0.03 to 0.3 % a day (one account
// in eight shrinks a little), faster by day than by night, with a little noise,
// and is never negative.
func (w *World) Count(a Account, t time.Time) int64 {
	w.mu.RLock()
	start := w.start
	w.mu.RUnlock()
	if start.IsZero() || a.Followers <= 0 {
		return max(a.Followers, 0)
	}
	h := w.draw(a, 0)
	size := float64(a.Followers)
	perDay := size * (0.0003 + 0.0027*unit(h)*unit(h))
	if h>>32%8 == 0 {
		perDay *= -0.25
	}
	days := t.Sub(start).Hours() / 24
	phase := unit(h>>24) - 0.5
	grown := perDay * (days + wave*(swing(t, phase)-swing(start, phase)))
	noise := math.Abs(perDay) * step.Hours() / 24 * (w.noise(a, t) - w.noise(a, start))
	return max(int64(math.Round(size+grown+noise)), 0)
}

// swing is the daily wave, between -1 and 1. Phase, in days, is the account's
// own time zone and habit.
func swing(t time.Time, phase float64) float64 {
	days := float64(t.Unix()%86400) / 86400
	return math.Sin(2 * math.Pi * (days + phase/4))
}

// noise is between -0.5 and 0.5 and without jumps.
func (w *World) noise(a Account, t time.Time) float64 {
	n, rest := t.UnixNano()/int64(step), t.UnixNano()%int64(step)
	from, to := unit(w.draw(a, n)), unit(w.draw(a, n+1))
	return from + (to-from)*float64(rest)/float64(step) - 0.5
}

// draw is a number that is always the same for this world, account and n.
func (w *World) draw(a Account, n int64) uint64 {
	f := fnv.New64a()
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], w.seed)
	binary.LittleEndian.PutUint64(b[8:], uint64(n))
	_, _ = f.Write(b[:]) // a hash never fails
	_, _ = f.Write([]byte(a.Network + "\x00" + a.Host + "\x00" + a.ID))
	return mix(f.Sum64())
}

// mix spreads what FNV leaves alike for inputs that differ in one bit
// (https://prng.di.unimi.it/splitmix64.c).
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// unit maps the lower 24 bits of h to [0, 1).
func unit(h uint64) float64 { return float64(h&0xffffff) / (1 << 24) }
