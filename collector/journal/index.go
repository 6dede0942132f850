package journal

import (
	"context"
	"hash/maphash"
	"slices"
)

// index tells the number of a series by its key, and the profile series of every account.
// It holds no texts, for there are three series an account: 100,000 accounts take some
// 10 MB.
type index struct {
	seed maphash.Seed // of this process: nobody can make hashes meet
	top  int64        // the highest number that was given
	keys map[uint64]place
	// met are keys whose hash is that of another one. Nobody will ever see one.
	met map[string]int64

	accounts map[uint64]newest // by hash of the AccountKey
	older    map[uint32]uint32 // the profile series that an account had before this one
	networks []string
}

// place is a series: its number, and the CRC32C of its key, which together with the hash
// makes 96 bits.
type place struct{ crc, id uint32 }

// newest is the last profile series of an account. There are several where its id, type
// or own tags have changed.
type newest struct{ id, network uint32 }

func newIndex(series int64) *index {
	return &index{seed: maphash.MakeSeed(), keys: make(map[uint64]place, series), accounts: make(map[uint64]newest, series/3), older: map[uint32]uint32{}}
}

func keyCRC(key string) uint32 { return uint32(checksum([]byte(key))) }

// find returns the number of the series with that key, 0 if there is none.
func (x *index) find(key string) int64 {
	p, ok := x.keys[maphash.String(x.seed, key)]
	switch {
	case !ok:
		return 0
	case p.crc != keyCRC(key):
		return x.met[key]
	}
	return int64(p.id)
}

// add takes series in whose numbers are higher than all before; others it knows.
func (x *index) add(r run) {
	for i, key := range r.keys {
		if id := r.first + int64(i); id > x.top && id <= maxSeriesID {
			x.top = id
			x.put(uint32(id), key)
		}
	}
}

func (x *index) put(id uint32, key string) {
	if key == "" {
		return
	}
	hash, crc := maphash.String(x.seed, key), keyCRC(key)
	if p, ok := x.keys[hash]; ok && p.crc != crc {
		if x.met == nil {
			x.met = map[string]int64{}
		}
		x.met[key] = int64(id)
	} else {
		x.keys[hash] = place{crc, id}
	}
	if s := (series{int64(id), key}); s.isProfile() {
		account := s.account()
		hash = x.hash(account)
		if before, ok := x.accounts[hash]; ok {
			x.older[id] = before.id
		}
		x.accounts[hash] = newest{id, x.network(account.Network)}
	}
}

func (x *index) hash(account AccountKey) uint64 {
	var h maphash.Hash
	h.SetSeed(x.seed)
	_, _ = h.WriteString(account.Network) // it never fails
	_ = h.WriteByte(0)
	_, _ = h.WriteString(account.Label)
	return h.Sum64()
}

// network returns the place of a network's name.
func (x *index) network(name string) uint32 {
	at := slices.Index(x.networks, name)
	if at < 0 {
		at = len(x.networks)
		x.networks = append(x.networks, name)
	}
	return uint32(at) // there are some twenty
}

// profilesOf returns the profile series of one account, the newest first.
func (x *index) profilesOf(account AccountKey) (ids []int64) {
	if last, ok := x.accounts[x.hash(account)]; ok {
		ids = x.chain(ids, last.id)
	}
	return ids
}

// chain appends a profile series and those that its account had before.
func (x *index) chain(ids []int64, id uint32) []int64 {
	for ok := true; ok; id, ok = x.older[id] {
		ids = append(ids, int64(id))
	}
	return ids
}

// profiles are the profile series of one account, the newest first.
type profiles struct {
	network string
	ids     []int64
}

// allProfiles returns those of all accounts.
func (x *index) allProfiles() []profiles {
	ids := make([]int64, 0, len(x.accounts)+len(x.older)) // of all of them
	all := make([]profiles, 0, len(x.accounts))
	for _, last := range x.accounts {
		from := len(ids)
		ids = x.chain(ids, last.id)
		all = append(all, profiles{x.networks[last.network], ids[from:len(ids):len(ids)]})
	}
	return all
}

// readIndex makes the index of a file. Where a row of series is broken, or one is
// missing, both tables are read and what is good in either counts.
func readIndex(ctx context.Context, db raw) (*index, error) {
	var most, behind int64
	if err := eachRun(ctx, db, func(r runRow) { most = r.id }, `SELECT id, key, crc FROM series ORDER BY id DESC LIMIT 1`); err != nil {
		return nil, err
	}
	names, err := db.hasTable(ctx, "names")
	if err != nil {
		return nil, err
	}
	if names {
		err := eachRun(ctx, db, func(r runRow) { last, _ := r.run(); behind = last.end() - 1 }, `SELECT id, key, crc FROM names ORDER BY id DESC LIMIT 1`)
		if err != nil {
			return nil, err
		}
	}
	x, whole := newIndex(min(most, maxHint)), true
	if err := eachRun(ctx, db, func(row runRow) {
		r, ok := row.run()
		whole = whole && ok && r.first == x.top+1
		x.add(r)
	}, `SELECT id, key, crc FROM series ORDER BY id`); err != nil {
		return nil, err
	}
	if !names || whole && behind <= x.top {
		return x, nil
	}
	return readBoth(ctx, db)
}

// maxHint is up to how many series are believed to be there before they are seen.
const maxHint = 1_000_000

// readBoth makes the index from all rows of both tables.
func readBoth(ctx context.Context, db raw) (*index, error) {
	var g gathered
	for _, table := range []string{"series", "names"} {
		if err := eachRun(ctx, db, g.take, `SELECT id, key, crc FROM `+table); err != nil {
			return nil, err
		}
	}
	x := newIndex(int64(len(g.keys)))
	for _, r := range g.runs() {
		x.add(r)
	}
	x.top = max(x.top, g.highest)
	return x, nil
}
