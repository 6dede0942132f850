// Package influx delivers the journal's lines to InfluxDB: oldest first, none
// left out, and none counted as delivered before InfluxDB said so.
//
// # The promise
//
// The journal is the queue; this package keeps a cursor in it and nothing else. A
// batch is read behind the cursor, sent, and the cursor moves when the answer is
// there. Whatever ends in between, the same lines go out again, byte for byte the
// same, and InfluxDB makes no second point of them. InfluxDB away for a month
// costs nothing but the journal's disk; a new InfluxDB, organisation or bucket is
// another sink with a cursor of its own and gets the whole history.
//
// # The picture
//
//	           Read             POST /api/v2/write               Advance
//	journal ─────────▶ a batch ────────────────────▶ InfluxDB ──────────▶ journal
//	   ▲                  │                             │
//	   │                  ▼ halves                      ▼ an answer
//	   └── set aside ── one point to blame          wait, try again
//
// # What an answer means
//
//	2xx                        delivered; the cursor moves
//	400, 422, "partial write"  a point is to blame: halves find it, it is set aside
//	                           with InfluxDB's reason, its neighbours arrive
//	400 to everything          the request is to blame (see below): wait
//	413                        smaller batches; a single line too large is set aside
//	401, 403, 404, 3xx, HTML,  refused: nothing is given up, Status says what to
//	bad certificate            mend, and a try every few seconds finds it mended
//	429, 503                   Retry-After, at most ten minutes; else as below
//	408, 5xx, no connection    again after 0.5 s, then longer, at most 4.4 s
//	silence                    again after 10 s, or as soon as others are answered
//
// A 400 alone does not say whether a point or the request is wrong, and a history
// must never be set aside because of a mistyped bucket or a proxy that garbles what
// it passes on. So a point is blamed only if InfluxDB took something beside it. Where
// it took nothing yet, an empty batch is sent as a control, and then up to eight
// points of the batch one by one: if all meet the same refusal, the request is to
// blame.
//
// # The client
//
// Requests are made by influxdb-client-go's blocking write API, without its
// batching. Answers are read here, because the client drops the body of a 2xx,
// reads Retry-After in one of its two forms, and loses the words of InfluxDB 1.8
// and of an answer that is not the JSON it says it is.
package influx

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"collectord/collector/journal"
	"collectord/keychain"
)

const (
	// DefaultBatchSize is what InfluxDB's documentation recommends for a batch.
	// https://docs.influxdata.com/influxdb/v2/write-data/best-practices/optimize-writes/
	// read 2026-11-21.
	DefaultBatchSize = 5000
	// DefaultTimeout bounds a request. InfluxDB gives a write up after 10 s itself
	// ([coordinator] write-timeout of InfluxDB 1.8), so a longer wait is for nothing.
	DefaultTimeout = 10 * time.Second

	maxBody   = 8 << 20         // bytes of a batch before compression
	idleEvery = 2 * time.Second // how often points marked for sending again are looked for
	grace     = 2 * time.Second // how long Run goes on delivering when it has to end
)

// Source is what a Deliverer needs of the journal. Its methods are called by one
// goroutine at a time, except Changed.
type Source interface {
	// Read returns up to most rows behind seq after, in order. Last is the seq up to
	// which was read, rows that cannot be delivered included; it is after if there
	// is nothing.
	Read(ctx context.Context, after int64, most int) (rows []journal.Row, last int64, err error)
	// Cursor returns up to which seq the sink has everything; 0 for a new sink.
	Cursor(ctx context.Context, sink string) (int64, error)
	// Advance moves the cursor and sets rows aside, in one transaction. A row that
	// was set aside before gets the new reason and loses its mark for Retry.
	Advance(ctx context.Context, sink string, seq int64, refused []journal.Refused) error
	// Retry returns rows that were set aside and are marked to be sent again.
	Retry(ctx context.Context, sink string, most int) ([]journal.Row, error)
	// Forgive forgets that the rows were set aside: they were delivered.
	Forgive(ctx context.Context, sink string, seqs []int64) error
	// Backlog says how much the sink has not got.
	Backlog(ctx context.Context, sink string) (journal.Backlog, error)
	// Changed returns a channel that is closed, or sent to, when there is something
	// new after the call.
	Changed() <-chan struct{}
}

// Options says where InfluxDB is. Zero values mean the documented default.
type Options struct {
	// URL is InfluxDB's address, with the path in front of /api if there is one.
	URL string
	// Org is the organisation; InfluxDB 1.8 ignores it. Bucket is the bucket, or
	// "database" or "database/retention policy" for InfluxDB 1.8.
	Org, Bucket string
	// Token is asked anew for every request, so that a file may be mended at any
	// time, by several goroutines at once; nil or empty sends none. For InfluxDB 1.8 it is "user:password".
	Token func() (keychain.Secret, error)
	// HTTP makes the requests. It is not changed, and redirects are not followed.
	HTTP *http.Client
	// BatchSize is the most points in one request; DefaultBatchSize if 0.
	BatchSize int
	// Timeout bounds a request, its answer included; DefaultTimeout if 0.
	Timeout time.Duration
	// Asked, if not nil, hears of every request: what came of it and how long it took.
	// The outcome is OutcomeOK, OutcomeBlamed, OutcomeTooLarge or a Cause. Calls may
	// overlap.
	Asked func(outcome string, took time.Duration)
}

// Sink names the place that the options describe, in the journal: address,
// organisation and bucket, and nothing secret. The cursor is kept under that name,
// so that another token keeps the place and another bucket begins at the beginning.
func (o Options) Sink() string {
	address := o.URL
	if u, err := url.Parse(o.URL); err == nil {
		address = strings.ToLower(u.Scheme+"://"+u.Host) + strings.TrimRight(u.EscapedPath(), "/")
	}
	return "influxdb " + address + "|" + o.Org + "|" + o.Bucket
}

// Deliverer delivers to one InfluxDB. Run and Drain may be called by different
// goroutines; Status by any.
type Deliverer struct {
	opts   Options
	src    Source
	report func(Event)
	sink   string
	http   *http.Client
	own    *http.Transport // of http, if it is not the caller's

	step    sync.Mutex // held while a batch is delivered; guards what follows
	ahead   batch      // read while the one before was sent
	cursor  int64      // as place read it
	most    int        // points in a batch for now
	smooth  int        // full batches delivered since most changed
	slow    bool       // InfluxDB takes its time, but answers: see post
	backoff backoff.ExponentialBackOff
	counted time.Time // when the backlog was asked last

	mu     sync.Mutex // guards status
	status Status
}

// New returns a Deliverer from src to the place in opts. Report may be nil; it is
// called when the state changes and when points are set aside, by the goroutine
// that delivers, which waits for it.
func New(opts Options, src Source, report func(Event)) *Deliverer {
	if opts.BatchSize <= 0 {
		opts.BatchSize = DefaultBatchSize
	}
	if opts.Timeout <= 0 {
		opts.Timeout = DefaultTimeout
	}
	if report == nil {
		report = func(Event) {}
	}
	d := &Deliverer{
		opts: opts, src: src, report: report, sink: opts.Sink(), most: opts.BatchSize,
		backoff: backoff.ExponentialBackOff{
			InitialInterval: 500 * time.Millisecond, Multiplier: 2, MaxInterval: 4 * time.Second,
			// At most 4.4 s: what was mended is noticed within 5.
			RandomizationFactor: 0.1,
		},
		status: Status{State: StateUnknown, Since: time.Now()},
	}
	d.backoff.Reset()
	d.http, d.own = newHTTP(opts.HTTP)
	return d
}

// Sink returns the name of the cursor in the journal.
func (d *Deliverer) Sink() string { return d.sink }

// Run delivers until ctx ends, and then, where InfluxDB was well, for another two
// seconds at most what is left. It returns nil.
func (d *Deliverer) Run(ctx context.Context) error {
	defer d.closeIdle()
	for ctx.Err() == nil {
		changed := d.src.Changed()
		moved, err := d.deliver(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			d.waitFor(ctx, d.pause(err), changed)
		case !moved:
			idle(ctx, changed)
		}
	}
	if s := d.Status().State; s == StateOK || s == StateUnknown {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		_ = d.Drain(last) // what is left stays in the journal for the next start
	}
	return nil
}

// Drain delivers until nothing is left. The error is ctx's, or an *Error: what
// only time or a person mends; the rest stays in the journal.
func (d *Deliverer) Drain(ctx context.Context) error {
	defer d.closeIdle()
	for {
		moved, err := d.deliver(ctx)
		if err != nil || !moved {
			return err
		}
	}
}

func (d *Deliverer) closeIdle() {
	if d.own != nil {
		d.own.CloseIdleConnections()
	}
}

func idle(ctx context.Context, changed <-chan struct{}) {
	timer := time.NewTimer(idleEvery)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-changed:
	case <-timer.C:
	}
}

// waitFor waits that long. Points that arrive meanwhile are counted, not sent.
func (d *Deliverer) waitFor(ctx context.Context, pause time.Duration, changed <-chan struct{}) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	look := time.NewTicker(idleEvery)
	defer look.Stop()
	defer d.change(func(s *Status) { s.NextTry = time.Time{} })
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			return
		case <-changed:
			changed = nil // the ticker is enough for those that follow
		case <-look.C:
		}
		d.step.Lock()
		d.count(ctx)
		d.step.Unlock()
	}
}
