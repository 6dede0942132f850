package journal

import (
	"context"
	"slices"
	"strings"
	"sync"

	"collectord/collector/point"
)

// series is what the points of one series have in common: its number and its key, as a
// line has it. The key is a piece of a run, which it keeps in memory.
type series struct {
	id  int64
	key string
}

func (s series) measurement() string { return point.MeasurementOf(s.key) }
func (s series) isProfile() bool     { return strings.HasPrefix(s.key, point.Profile+",") }
func (s series) network() string     { return point.TagOf(s.key, "network") }
func (s series) label() string       { return point.TagOf(s.key, "account") }
func (s series) account() AccountKey { return AccountKey{s.network(), s.label()} }

// identity is what a profile series says of its account beside the names.
func (s series) identity() (ident, kind string) {
	return point.TagOf(s.key, "id"), point.TagOf(s.key, "type")
}

// maxCached is up to how many bytes of keys are kept in memory. Points come in the order
// of their series, more or less, so few runs are enough.
const maxCached = 4 << 20

// seriesCache holds what is needed of the series: the index once somebody asks for it,
// and the keys that were looked up last. It never holds what is not committed.
type seriesCache struct {
	mu    sync.RWMutex
	index *index // nil until it is needed
	runs  []run  // by first
	bytes int    // of runs
}

// forget empties the cache: the file was exchanged.
func (c *seriesCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.index, c.runs, c.bytes = nil, nil, 0
}

// load makes the index, or adds to it what was added to the file since, by the
// transaction before this one or by another process.
func (c *seriesCache) load(ctx context.Context, db raw) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.loadLocked(ctx, db)
}

// loadLocked is load for a caller who holds mu.
func (c *seriesCache) loadLocked(ctx context.Context, db raw) (err error) {
	if c.index == nil {
		c.index, err = readIndex(ctx, db)
		return err
	}
	return eachRun(ctx, db, func(row runRow) {
		r, _ := row.run()
		c.index.add(r)
	}, `SELECT id, key, crc FROM series WHERE id > ? ORDER BY id`, c.index.top)
}

// get returns the series with that number, and whether there is one.
func (c *seriesCache) get(ctx context.Context, db raw, id int64) (series, bool, error) {
	c.mu.RLock()
	key := c.cached(id)
	c.mu.RUnlock()
	if key != "" {
		return series{id, key}, true, nil
	}
	found, err := runsOf(ctx, db, id)
	if err != nil || len(found) == 0 {
		return series{}, false, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range found {
		c.keep(r)
	}
	return series{id, found[0].key(id)}, true, nil
}

// cached returns the key of a series, "" if it is not in the cache.
func (c *seriesCache) cached(id int64) string {
	if at := c.place(id + 1); at > 0 {
		return c.runs[at-1].key(id)
	}
	return ""
}

// place is where a run that begins with that number is, or would be.
func (c *seriesCache) place(first int64) int {
	at, _ := slices.BinarySearchFunc(c.runs, first, func(r run, first int64) int { return int(r.first - first) })
	return at
}

// keep puts a run into the cache. One that is full is emptied: what went on in the order
// of the numbers does not come back to it soon.
func (c *seriesCache) keep(r run) {
	size := 48 // bytes of what holds the keys
	for _, key := range r.keys {
		size += len(key) + 17
	}
	if c.bytes+size > maxCached {
		c.runs, c.bytes = nil, 0
	}
	at := c.place(r.first)
	if at < len(c.runs) && c.runs[at].first == r.first {
		return
	}
	c.runs = slices.Insert(c.runs, at, r)
	c.bytes += size
}

// find returns the number of the series with that key, 0 if it has none yet. The index
// must have been loaded.
func (c *seriesCache) find(key string) int64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.index.find(key)
}

// next returns the number that no series has yet. The index must have been loaded.
func (c *seriesCache) next() int64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.index.top + 1
}

// add takes series in that were committed.
func (c *seriesCache) add(r run) {
	if len(r.keys) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.index != nil { // else the file was exchanged in between
		c.index.add(r)
	}
}

// allProfiles returns the profile series of every account.
func (c *seriesCache) allProfiles(ctx context.Context, db raw) ([]profiles, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.loadLocked(ctx, db); err != nil {
		return nil, err
	}
	return c.index.allProfiles(), nil
}

// profilesOf returns the profile series of one account.
func (c *seriesCache) profilesOf(ctx context.Context, db raw, key AccountKey) ([]int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.loadLocked(ctx, db); err != nil {
		return nil, err
	}
	return c.index.profilesOf(key), nil
}
