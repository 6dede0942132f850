package influx

import (
	"context"
	"time"
)

// State is how the delivery is.
type State string

// The states.
const (
	// StateUnknown: nothing was sent yet.
	StateUnknown State = "unknown"
	// StateOK: the last request was taken.
	StateOK State = "ok"
	// StateWaiting: InfluxDB is away or busy; time mends it.
	StateWaiting State = "waiting"
	// StateRefused: InfluxDB refuses the requests; a person has to mend something,
	// and Status.Hint says what.
	StateRefused State = "refused"
)

// Cause is why nothing is delivered. The set is closed.
type Cause string

// The causes. Those from CauseCertificate on make StateRefused.
const (
	CauseUnreachable Cause = "unreachable"  // no connection, or it broke
	CauseTimeout     Cause = "timeout"      // no answer in time, or 408
	CauseUnavailable Cause = "unavailable"  // 5xx
	CauseLimited     Cause = "rate_limited" // 429, or 503 with Retry-After
	CauseJournal     Cause = "journal"      // the journal could not be read or written

	CauseCertificate  Cause = "certificate"  // TLS with a certificate that is not trusted
	CauseUnauthorized Cause = "unauthorized" // 401
	CauseForbidden    Cause = "forbidden"    // 403
	CauseNotFound     Cause = "not_found"    // 404: no such bucket
	CauseRequest      Cause = "bad_request"  // 400 whatever is sent
	CauseUnexpected   Cause = "unexpected"   // not an answer of InfluxDB's
	CauseToken        Cause = "token"        // the token could not be read
	CauseConfig       Cause = "config"       // the address is none
)

func (c Cause) state() State {
	switch c {
	case CauseUnreachable, CauseTimeout, CauseUnavailable, CauseLimited, CauseJournal:
		return StateWaiting
	default:
		return StateRefused
	}
}

// Error is why nothing was delivered. Its text holds no secret.
type Error struct {
	Cause Cause
	Code  int    // HTTP status; 0 where there was no answer
	Msg   string // InfluxDB's words, bounded and redacted, or what happened
	Hint  string // what the operator can do
	Until time.Time
	Err   error // cause, may be nil
}

// Error says where and what: "influxdb: 401: unauthorized: authorization failed".
func (e *Error) Error() string {
	text := "influxdb: "
	if e.Code != 0 {
		text += itoa(e.Code) + ": "
	}
	text += string(e.Cause)
	if e.Msg != "" {
		text += ": " + e.Msg
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Event is something to log. An event with SetAside tells of points that InfluxDB
// refused for good, at most one a batch; any other tells of a new State or Cause.
type Event struct {
	State State
	Cause Cause  // empty with StateOK
	Error string // empty with StateOK
	Hint  string
	// Lasted is how long the state before this one lasted.
	Lasted time.Duration
	// SetAside is how many points were set aside, Reason what InfluxDB said to the
	// first of them.
	SetAside int
	Reason   string
}

// Status is the delivery at one moment. It holds no secret. Counts begin with the
// Deliverer; Backlog and Oldest are as of the last look at the journal, which is
// at most a few seconds old.
type Status struct {
	State State
	Cause Cause
	Since time.Time // of State and Cause
	// LastError and Hint are those of the present state; empty when it is well.
	LastError string
	Hint      string
	Delivered int64 // points taken by InfluxDB
	Refused   int64 // points set aside
	Backlog   int64 // points that wait in the journal
	Oldest    time.Time
	// NextTry is when the next request is made; zero if one is under way or nothing
	// waits.
	NextTry     time.Time
	LastSuccess time.Time // zero if there was none
}

// Status returns how the delivery is. It does no I/O.
func (d *Deliverer) Status() Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.status
}

func (d *Deliverer) change(f func(*Status)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f(&d.status)
}

// taken notes that InfluxDB took n points.
func (d *Deliverer) taken(n int) {
	now := time.Now()
	d.enter(StateOK, "", "", "", func(s *Status) {
		s.Delivered += int64(n)
		s.LastSuccess = now
	})
}

// failed notes why nothing is delivered.
func (d *Deliverer) failed(e *Error) {
	d.enter(e.Cause.state(), e.Cause, e.Error(), e.Hint, func(*Status) {})
}

func (d *Deliverer) enter(state State, cause Cause, text, hint string, more func(*Status)) {
	now := time.Now()
	var event Event
	d.change(func(s *Status) {
		if s.State != state || s.Cause != cause {
			event = Event{State: state, Cause: cause, Error: text, Hint: hint, Lasted: now.Sub(s.Since)}
			s.State, s.Cause, s.Since = state, cause, now
		}
		s.LastError, s.Hint, s.NextTry = text, hint, time.Time{}
		more(s)
	})
	if event.State != "" {
		d.report(event)
	}
}

// count looks how much waits in the journal. A journal that cannot say so says it
// again when it is read.
func (d *Deliverer) count(ctx context.Context) {
	d.counted = time.Now()
	backlog, err := d.src.Backlog(ctx, d.sink)
	if err != nil {
		return
	}
	d.change(func(s *Status) { s.Backlog, s.Oldest = backlog.Rows, backlog.Oldest })
}

// pause is how long to wait after err.
func (d *Deliverer) pause(err error) time.Duration {
	d.step.Lock()
	defer d.step.Unlock()
	e := asError(err)
	if e.Cause == CauseTimeout && e.Code == 0 { // the request itself was a long wait
		d.backoff.Reset()
	}
	pause := d.backoff.NextBackOff()
	if !e.Until.IsZero() {
		pause = max(time.Until(e.Until), d.backoff.InitialInterval)
	}
	next := time.Now().Add(pause)
	d.change(func(s *Status) { s.NextTry = next })
	return pause
}
