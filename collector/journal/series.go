package journal

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"sync"
	"unique"

	"collectord/collector/point"
)

// series is what the points of one series have in common. There are three of them an
// account, so what many have in common is held once.
type series struct {
	id           int64
	key          string // as a line has it
	label, ident string // the tags account and id; pieces of key where nothing is escaped
	family       unique.Handle[family]
}

// family is what a great many series share.
type family struct{ measurement, network, kind string } // kind is the tag type

func (s *series) measurement() string { return s.family.Value().measurement }
func (s *series) network() string     { return s.family.Value().network }
func (s *series) kind() string        { return s.family.Value().kind }
func (s *series) account() AccountKey { return AccountKey{s.network(), s.label} }

// seriesCache holds the series in memory: 100,000 of them in some 30 MB. It is
// loaded when first needed, and never holds what is not committed.
type seriesCache struct {
	mu     sync.RWMutex
	loaded bool
	top    int64 // the highest id
	byKey  map[string]*series
	byID   map[int64]*series
	// profiles are the ids of the profile series of every account: one, or more
	// where its id, type or own tags have changed.
	profiles map[AccountKey][]int64
}

const seriesColumns = `id, key, copy, crc`

// forget empties the cache: the file was exchanged.
func (c *seriesCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loaded, c.top, c.byKey, c.byID, c.profiles = false, 0, nil, nil, nil
}

// queryer is a database or a connection.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// load reads all series once.
func (c *seriesCache) load(ctx context.Context, db queryer) error {
	c.mu.RLock()
	loaded := c.loaded
	c.mu.RUnlock()
	if loaded {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loaded {
		return nil
	}
	c.top, c.byKey, c.byID, c.profiles = 0, map[string]*series{}, map[int64]*series{}, map[AccountKey][]int64{}
	if err := c.fill(ctx, db, `SELECT `+seriesColumns+` FROM series`); err != nil {
		return err
	}
	c.loaded = true
	return nil
}

// fill adds what a query finds. The caller holds mu.
func (c *seriesCache) fill(ctx context.Context, db queryer, query string, args ...any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err has said it all
	for rows.Next() {
		v, err := scanAny(rows, 4)
		if err != nil {
			return err
		}
		if s := seriesOf(v); s != nil {
			c.put(s)
		}
	}
	return rows.Err()
}

// seriesOf is a row of series, nil if it rotted beyond use: of the two copies of the
// key and their CRC, two must agree.
func seriesOf(v []any) *series {
	id, _ := v[0].(int64) // a rowid is nothing else
	for _, k := range v[1:3] {
		if key, ok := k.(string); ok && (checksum([]byte(key)) == v[3] || v[1] == v[2]) {
			if s, err := parseSeries(id, key); err == nil {
				return s
			}
		}
	}
	return nil
}

// parseSeries takes the tags that are searched for out of a key.
func parseSeries(id int64, key string) (*series, error) {
	m, tags, err := point.ParseSeries(key)
	if err != nil {
		return nil, err
	}
	p := point.Point{Tags: tags}
	of := unique.Make(family{m, p.Tag("network"), p.Tag("type")})
	return &series{id: id, key: key, label: p.Tag("account"), ident: p.Tag("id"), family: of}, nil
}

// put adds one series. The caller holds mu.
func (c *seriesCache) put(s *series) {
	if c.byID[s.id] != nil {
		return
	}
	c.byKey[s.key], c.byID[s.id] = s, s
	c.top = max(c.top, s.id)
	if s.measurement() == point.Profile {
		c.profiles[s.account()] = append(c.profiles[s.account()], s.id)
	}
}

// get returns the series with that id, nil if there is none. What another process
// added since is looked up.
func (c *seriesCache) get(ctx context.Context, db queryer, id int64) (*series, error) {
	if err := c.load(ctx, db); err != nil {
		return nil, err
	}
	c.mu.RLock()
	s := c.byID[id]
	c.mu.RUnlock()
	if s != nil {
		return s, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.fill(ctx, db, `SELECT `+seriesColumns+` FROM series WHERE id = ?`, id); err != nil {
		return nil, err
	}
	return c.byID[id], nil
}

// find returns the series with that key, nil if it is not known yet. The cache
// must have been loaded.
func (c *seriesCache) find(key string) *series {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.byKey[key]
}

// add takes series in that were committed.
func (c *seriesCache) add(all []*series) {
	if len(all) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range all {
		c.put(s)
	}
}

// allProfiles returns a copy of profiles.
func (c *seriesCache) allProfiles(ctx context.Context, db queryer) (map[AccountKey][]int64, error) {
	if err := c.reload(ctx, db); err != nil {
		return nil, err
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return maps.Clone(c.profiles), nil // the slices are only ever appended to
}

// profilesOf returns the ids of the profile series of one account.
func (c *seriesCache) profilesOf(ctx context.Context, db queryer, key AccountKey) ([]int64, error) {
	if err := c.reload(ctx, db); err != nil {
		return nil, err
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Clone(c.profiles[key]), nil
}

// reload loads the cache, or adds what another process has added since.
func (c *seriesCache) reload(ctx context.Context, db queryer) error {
	if err := c.load(ctx, db); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fill(ctx, db, `SELECT `+seriesColumns+` FROM series WHERE id > ?`, c.top)
}
