package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// bucket is one key-value bucket, with a mirror of what is in it. The mirror may lag: it
// says what is worth trying, and compare-and-set decides.
type bucket struct {
	c      *Cluster
	kv     jetstream.KeyValue
	name   string
	watch  jetstream.KeyWatcher
	ended  chan struct{}
	synced chan struct{} // closed when everything of before the start has been seen

	seen atomic.Uint64 // the newest revision that the watch has brought

	mu     sync.Mutex
	mirror map[string]entry // nil where nobody needs one
}

// entry is what is known of a key. Gone entries are remembered for as long as the
// cluster runs out of them by markers.
type entry struct {
	value    []byte
	revision uint64
	created  time.Time // by the clock of the server
	heard    time.Time
	gone     bool // it ran out, or was taken back
}

// The errors of a compare-and-set.
var (
	// errTaken is that the key is another's.
	errTaken = errors.New("another node has it")
	// ErrAway is that nobody knows: NATS did not answer.
	ErrAway = errors.New("cluster: NATS does not answer")
)

func (c *Cluster) openBucket(ctx context.Context, cfg jetstream.KeyValueConfig, keep bool, heard func(string, entry)) (*bucket, error) {
	b := &bucket{c: c, name: cfg.Bucket, ended: make(chan struct{}), synced: make(chan struct{})}
	if keep {
		b.mirror = make(map[string]entry)
	}
	ask, cancel := context.WithTimeout(ctx, 2*longestRequest)
	defer cancel()
	var err error
	b.kv, err = c.js.CreateKeyValue(ask, cfg)
	if errors.Is(err, jetstream.ErrBucketExists) { // made with other settings: an operator may have
		b.kv, err = c.js.KeyValue(ask, cfg.Bucket)
	}
	switch {
	case errors.Is(err, jetstream.ErrLimitMarkerTTLNotSupported):
		close(b.ended)
		return b, fmt.Errorf("cluster: bucket %s: keys with a time to live need nats-server 2.11 or newer", cfg.Bucket)
	case err != nil:
		close(b.ended)
		return b, fmt.Errorf("cluster: bucket %s: %w", cfg.Bucket, err)
	}
	// The watch lives as long as the bucket, not as long as the caller's context.
	if b.watch, err = b.kv.WatchAll(context.Background()); err != nil {
		close(b.ended)
		return b, fmt.Errorf("cluster: bucket %s: %w", cfg.Bucket, err)
	}
	go b.follow(heard)
	return b, nil
}

// catchUp waits until the mirror has everything of before a revision.
func (b *bucket) catchUp(ctx context.Context, revision uint64) error {
	ctx, cancel := context.WithTimeout(ctx, longestRequest)
	defer cancel()
	for b.seen.Load() < revision {
		if err := sleep(ctx, 5*time.Millisecond); err != nil {
			return ErrAway
		}
	}
	return nil
}

// stop ends the watch.
func (b *bucket) stop() {
	if b.watch != nil {
		_ = b.watch.Stop() // the connection is about to be closed
	}
	select {
	case <-b.ended:
	case <-time.After(longestRequest): // a watcher of a connection that is gone may not end its channel
	}
}

// follow keeps the mirror.
func (b *bucket) follow(heard func(string, entry)) {
	defer close(b.ended)
	for update := range b.watch.Updates() {
		if update == nil {
			select {
			case <-b.synced:
			default:
				close(b.synced)
			}
			continue
		}
		e := entry{value: update.Value(), revision: update.Revision(), created: update.Created(), heard: time.Now(),
			gone: update.Operation() != jetstream.KeyValuePut}
		b.note(update.Key(), e)
		b.seen.Store(e.revision)
		if heard != nil {
			heard(update.Key(), e)
		}
	}
}

// note puts an entry into the mirror unless there is a newer one. Of an entry that is
// gone the value stays: it says whose it was.
func (b *bucket) note(key string, e entry) {
	if b.mirror == nil {
		return
	}
	b.mu.Lock()
	before, known := b.mirror[key]
	switch {
	case known && before.revision >= e.revision:
		b.mu.Unlock()
		return
	case e.gone && decodeHolding(before.value).Done: // nobody asks for it any more
		delete(b.mirror, key)
		b.mu.Unlock()
		return
	case e.gone:
		e.value = before.value
	}
	b.mirror[key] = e
	b.mu.Unlock()
	b.c.wake()
}

// look is what the mirror has of a key.
func (b *bucket) look(key string) (e entry, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, ok = b.mirror[key]
	return e, ok
}

// all calls each with every key of the mirror that is not gone.
func (b *bucket) all(each func(key string, e entry)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for key, e := range b.mirror {
		if !e.gone {
			each(key, e)
		}
	}
}

// prune forgets entries that drop says nobody will ask for.
func (b *bucket) prune(drop func(key string, e entry) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for key, e := range b.mirror {
		if drop(key, e) {
			delete(b.mirror, key)
		}
	}
}

// create makes a key that nobody has.
func (b *bucket) create(ctx context.Context, key string, value []byte, life time.Duration) (revision uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, longestRequest)
	defer cancel()
	revision, err = b.kv.Create(ctx, key, value, jetstream.KeyTTL(life))
	return b.outcome(key, value, revision, err)
}

// replace puts a value in the place of one with a revision, with a life of its own; 0
// is for ever.
func (b *bucket) replace(ctx context.Context, key string, value []byte, revision uint64, life time.Duration) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, longestRequest)
	defer cancel()
	opts := []jetstream.PublishOpt{jetstream.WithExpectLastSequencePerSubject(revision)}
	if life > 0 {
		opts = append(opts, jetstream.WithMsgTTL(life))
	}
	return b.publish(ctx, key, value, opts...)
}

// put writes a value whatever is there, with a life; 0 is for ever.
func (b *bucket) put(ctx context.Context, key string, value []byte, life time.Duration) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, longestRequest)
	defer cancel()
	var opts []jetstream.PublishOpt
	if life > 0 {
		opts = append(opts, jetstream.WithMsgTTL(life))
	}
	return b.publish(ctx, key, value, opts...)
}

func (b *bucket) publish(ctx context.Context, key string, value []byte, opts ...jetstream.PublishOpt) (uint64, error) {
	msg := &nats.Msg{Subject: b.subject(key), Data: value, Header: nats.Header{}}
	ack, err := b.c.js.PublishMsg(ctx, msg, opts...)
	if err != nil {
		return b.outcome(key, value, 0, err)
	}
	return b.outcome(key, value, ack.Sequence, nil)
}

func (b *bucket) subject(key string) string { return "$KV." + b.name + "." + key }

// The codes of JetStream for a compare-and-set that came too late: the key has moved, or
// another one is being written at this moment.
const (
	wrongRevision = 10071
	beingWritten  = 10164
)

// outcome turns what NATS said into errTaken, ErrAway or nil, and keeps the mirror.
func (b *bucket) outcome(key string, value []byte, revision uint64, err error) (uint64, error) {
	var refusal *jetstream.APIError
	switch {
	case err == nil:
		b.c.heard()
		b.note(key, entry{value: value, revision: revision, created: time.Now(), heard: time.Now()})
		return revision, nil
	case errors.Is(err, jetstream.ErrKeyExists), errors.As(err, &refusal) && (refusal.ErrorCode == wrongRevision || refusal.ErrorCode == beingWritten):
		b.c.heard()
		return 0, errTaken
	}
	return 0, fmt.Errorf("%w: bucket %s: %w", ErrAway, b.name, err)
}

// get reads a key. It is not ok where there is none.
func (b *bucket) get(ctx context.Context, key string) (e entry, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, longestRequest)
	defer cancel()
	got, err := b.kv.Get(ctx, key)
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound): // and where it was deleted
		b.c.heard()
		return entry{}, false, nil
	case err != nil:
		return entry{}, false, fmt.Errorf("%w: bucket %s: %w", ErrAway, b.name, err)
	}
	b.c.heard()
	return entry{value: got.Value(), revision: got.Revision(), created: got.Created(), heard: time.Now()}, true, nil
}
