// Package journal is where a point is collected: in one SQLite file, fsynced. What
// a network answered is here before anything else happens with it; everything
// behind it (InfluxDB, the status page, export) reads it from here.
//
// # The promise
//
// When [Journal.Record] returns nil, its points, the accounts answered, what is
// remembered of them and the tick's totals are on disk, together or not at all.
// The commit of that one transaction is the fsync point: the file is in WAL mode
// with synchronous=FULL. kill -9 at any moment loses nothing that was recorded and
// leaves no half of a batch. A point is known by its series and its time, and the
// first journalled value wins, so that a poll that is repeated makes no second
// point and a line that is sent again is byte for byte the line sent before. Every
// row carries a CRC32C over its series, its time and its fields, checked whenever
// it is read: one that rotted is set aside and counted, and never given to anybody.
//
// # The picture
//
//	               one writer (a mutex)                      readers (mode=ro)
//	BeginTick ─┐                                          ┌─ Read, Retry     → InfluxDB
//	Record ────┼─▶ one transaction each ─▶ journal.db ─▶──┼─ Points          → export
//	EndTick ───┘    commit = fsync          + -wal -shm   └─ History, Latest → page
//
//	series    id  keys of series 7, 8, 9, ... as far as a page goes
//	           7  profile,account=ria,id=1,network=vk,type=group
//	           ▲  profile,account=... a line for each
//	points  seq │series time       fields          crc
//	         1  └─ 7    1792224000 followers=42i    …    ◀── cursor: sink → seq
//	         2     9    1792224000 followers=7i     …    ◀── refused: sink, seq, reason
//	         ▲
//	         order of arrival, never used twice; delivery is a cursor over it
//	      unique index (time, series): a tick is one range at the end of the index,
//	      so inserts append, however many series there are
//
//	ticks     one row a network and time; closed = 0 while its poll goes on
//	answers   accounts answered at an open tick without a profile point
//	names     the keys of the series once more, on pages of their own
//	spans     from when to when a profile series has points, and its newest one
//	slots     the next tick of every schedule
//	accounts  what is remembered of every account; written when it changes
//	spent     what each token spent on each day;  paid  on which accounts, where that matters
//	rotten    raw copies of rows whose CRC was wrong
//	counters  points, dropped;  meta  version of this layout
//
// What is in memory does not grow with the points, and little with the accounts: for
// every series a hash of its key and its number, some 30 bytes, and for every account when
// it had its newest point. Keys are read where they are needed, a few megabytes of them
// are kept.
//
// An open tick is how a poll is resumed after a crash: [Journal.OpenTicks] names
// it, [Journal.Answered] tells which accounts need not be asked again.
//
// An account's history walks the ticks of its network and looks each (time,
// series) up, so it needs no second index; and the ticks stay as long as their
// points.
//
// # Who may open it
//
// One process writes; it holds a lock on PATH.lock for as long as it is open.
// Others open it with ReadOnly beside it; the one thing they may change is to mark
// refused points for sending again ([Journal.MarkResend]).
//
// # Damage and full disks
//
// A file that is no database, or whose pages are broken, is renamed to
// PATH.damaged-TIME and a fresh one is begun. Every point of the old one that can
// still be found, by way of SQLite or in any page of the file, and whose CRC is
// right, is copied over under its old number; so are the cursors, the accounts and
// the slots, as far as SQLite can read them. [Journal.Damaged] says that it
// happened; damage that is met while the journal is open is mended there and then. A
// file that is deleted, or exchanged, under an open journal is put back whole by the
// next write, for it is open still. A
// disk that is full is [ErrFull]: nothing is half written, and the same call
// succeeds when there is room.
package journal

import (
	"database/sql"
	"errors"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	"collectord/collector/point"
)

// Errors that a caller can act on. Test for them with errors.Is.
var (
	// ErrLocked is returned by Open while another process writes the journal.
	ErrLocked = errors.New("in use by another collectord")
	// ErrFull is returned when the disk is full, read-only or failing, or another
	// process keeps the file locked. Nothing was written; the same call may be made
	// again later.
	ErrFull = errors.New("disk full or not writable")
	// ErrReadOnly is returned by what would write in a journal that was opened with
	// ReadOnly.
	ErrReadOnly = errors.New("journal is open for reading only")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("journal is closed")
)

// Options is how a journal is opened.
type Options struct {
	// Path is the database file. Its folder is created (0700) if need be; beside it
	// stand Path-wal, Path-shm and Path.lock.
	Path string
	// KeepFor is how long delivered points are kept; 0 is for ever.
	KeepFor time.Duration
	// MaxSize bounds the file and its write-ahead log, in bytes; 0 is no bound.
	MaxSize int64
	// ReadOnly opens the journal beside the daemon that writes it, or where there is
	// none. The file must exist.
	ReadOnly bool
}

// Journal is the store of points. Its methods may be called by any number of
// goroutines. Each says which errors it returns beyond those of the disk and ctx.
type Journal struct {
	opts    Options
	lock    *flock.Flock // nil if ReadOnly
	damaged atomic.Pointer[string]

	mu     sync.Mutex  // holds the writer
	writer *writer     // nil if ReadOnly or closed
	file   fs.FileInfo // of the file that writer has open

	pool    sync.RWMutex // holds readers and repairs: changed by Close and by repair alone
	readers *sql.DB      // nil once closed
	repairs int          // how often the file was mended

	series  seriesCache
	spans   spans
	changed changes
	rotten  atomic.Int64 // rows found rotten by a journal that cannot write them down
}

// Tick is one poll of one network at one time.
type Tick struct {
	Network string
	Time    time.Time // whole seconds
	MadeUp  bool      // made up for a missed one
	Specs   []string  // the schedule expressions that are due
	// Accounts is how many were to be asked; OK and Failed how many of them were
	// answered for, Requests and Retries what that took, as far as recorded.
	Accounts, OK, Failed, Requests, Retries int
	Started                                 time.Time // to the millisecond
	Closed                                  time.Time // to the millisecond; zero while the tick is open
}

// AccountKey names an account: the network and the label it has in the config.
type AccountKey struct{ Network, Label string }

// Account is what is remembered of an account between polls. Times count in whole
// seconds; the zero time stands for none.
type Account struct {
	Network, Label string
	Asked          string // what the config had when the identity below was found
	// Kind, ID, Host and Name are the identity, as networks.Ref has it.
	Kind, ID, Host, Name string

	State      string // ok, not_found, suspended, private, ...
	StateSince time.Time
	Info       string // what the last profile_info said, in whatever form the caller likes

	Error, ErrorKind   string // the last failure; empty if the last poll went well
	ErrorAt, SkipUntil time.Time
}

// Key returns the account's key.
func (a Account) Key() AccountKey { return AccountKey{a.Network, a.Label} }

// Batch is what one request, or a few, brought for an open tick.
type Batch struct {
	Network string
	Time    time.Time // of the tick
	// Points have the time of the tick, or the zero time, which stands for it.
	Points []point.Point
	// Answered are the labels that were answered for without a profile point
	// (not_found, private, failed for good).
	Answered []string
	Accounts []Account // written over what was remembered
	// What is added to the tick's totals.
	OK, Failed, Requests, Retries int
	Spent                         []Spent // what that took
}

// Row is a point as InfluxDB gets it.
type Row struct {
	Seq  int64
	Line []byte // without a newline; seconds
}

// Refused names a row that a sink refused for good, and why.
type Refused struct {
	Seq    int64
	Reason string
}

// RefusedRow is a point that was set aside because a sink refused it.
type RefusedRow struct {
	Seq    int64
	Sink   string
	At     time.Time // when it was refused
	Reason string
	Line   []byte // nil if the point is gone
	Resend bool   // marked for sending again
}

// Backlog is what a sink has not got yet. Refused points are not part of it.
type Backlog struct {
	// Rows is exact up to 10,000. Beyond, it may count a few too many: it is then
	// the distance between the newest row and the cursor.
	Rows   int64
	Oldest time.Time // time of the oldest point; zero if there is none
}

// Sample is the number of followers at one time.
type Sample struct {
	Time      time.Time
	Followers int64
}

// Latest is the newest profile point of an account.
type Latest struct {
	ID, Type string
	Time     time.Time
	Seq      int64
	Counts   Counts
}

// Followers returns the number of followers and whether it is known.
func (l Latest) Followers() (n int64, known bool) { return l.Counts.Get("followers") }

// Filter says which points to read. The zero Filter is all of them.
type Filter struct {
	Since, Until time.Time // Since ≤ time < Until; zero is no bound
	Network      string
	Account      string // the label
	Measurement  string
}

// Pruned is how many points Prune deleted.
type Pruned struct {
	Delivered int64 // delivered to every sink, and old, or in the way
	Dropped   int64 // not delivered to every sink: lost to the bound on the size
}

// Stats is how the journal is.
type Stats struct {
	Points  int64 // in the file
	Refused int64 // set aside, all sinks
	Rotten  int64 // found rotten
	Dropped int64 // dropped undelivered since the file was begun
	Bytes   int64 // of the file and its write-ahead log
	Oldest  time.Time
	Newest  time.Time // both zero if there is no point
}

// changes wakes those who wait for new points.
type changes struct {
	mu sync.Mutex
	ch chan struct{}
}

func (c *changes) next() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ch == nil {
		c.ch = make(chan struct{})
	}
	return c.ch
}

func (c *changes) poke() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ch != nil {
		close(c.ch)
		c.ch = nil
	}
}

// Changed returns a channel that is closed by the first commit after this call
// that adds a point or marks one for sending again, in this process. Take the
// channel, then read; if there is nothing left to read, wait for the channel: no
// change in between is missed. What another process marks is not noticed.
func (j *Journal) Changed() <-chan struct{} { return j.changed.next() }

// Damaged returns the name that a damaged journal was given, "" if there was none.
// It can change while the journal is open: damage that is found by a write is
// mended in the same way.
func (j *Journal) Damaged() string {
	if p := j.damaged.Load(); p != nil {
		return *p
	}
	return ""
}

// Mended returns how often the file was mended, or put back after somebody deleted it,
// since it was opened.
func (j *Journal) Mended() int {
	j.pool.RLock()
	defer j.pool.RUnlock()
	return j.repairs
}

// Path returns the name of the file.
func (j *Journal) Path() string { return j.opts.Path }
