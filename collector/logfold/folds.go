package logfold

import (
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// said is an entry with the core that writes it.
type said struct {
	core   zapcore.Core
	entry  zapcore.Entry
	fields []zapcore.Field
}

// write writes the entry as of another time, with fields more.
func (s said) write(at time.Time, more ...zapcore.Field) {
	s.entry.Time = at
	s.put(slices.Concat(s.fields, more))
}

// put writes the entry where its level is enabled. There is nobody to tell that a log
// cannot be written.
func (s said) put(fields []zapcore.Field) {
	if s.core.Enabled(s.entry.Level) {
		_ = s.core.Write(s.entry, fields)
	}
}

// fold is one error that may come again.
type fold struct {
	scope       string
	latest      said
	first, last time.Time
	longest     time.Duration // between two times
	times       int           // in all
	untold      bool          // it came since it was counted
	step        int           // of steps, and days behind them
}

// counting is when the error is counted next.
func (f *fold) counting() time.Time {
	all := steps()
	if f.step < len(all) {
		return f.first.Add(all[f.step])
	}
	return f.first.Add(daily * time.Duration(f.step-len(all)+2))
}

// quiet is when the error is over if it does not come again.
func (f *fold) quiet() time.Time {
	if f.scope != "" {
		return f.last.Add(longestScope)
	}
	return f.last.Add(max(leastQuiet, 3*f.longest))
}

// tell says how often it has been.
func (f *fold) tell(at time.Time) {
	if !f.untold {
		return
	}
	f.untold = false
	f.latest.write(at, zap.Int("times", f.times), zap.Time("since", f.first))
}

// over says that it is over. One that came once said all there is to say.
func (f *fold) over(at time.Time) {
	if f.times < 2 {
		return
	}
	s := f.latest
	s.entry.Level, s.entry.Message, s.entry.Stack = zapcore.InfoLevel, "over: "+s.entry.Message, ""
	s.entry.Time = at
	var fields []zapcore.Field
	for _, field := range s.fields {
		if field.Key != "hint" && (field.Type == zapcore.StringType || field.Type == zapcore.ErrorType) {
			fields = append(fields, field)
		}
	}
	s.put(append(fields, zap.Int("times", f.times), zap.Time("since", f.first), zap.Time("last", f.last)))
}

// folds are the errors that may come again.
type folds struct {
	mu    sync.Mutex
	all   map[string]*fold
	timer *time.Timer // nil where none is set
	at    time.Time   // when it goes off
}

// take writes an entry that is new, and counts one that is not.
func (fs *folds) take(key string, s said, scope string) error {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	at := s.entry.Time
	f := fs.all[key]
	if f == nil {
		fs.makeRoom(at)
		f = &fold{scope: scope, latest: s, first: at, last: at, times: 1}
		fs.all[key] = f
		fs.arm(f.counting())
		return s.core.Write(s.entry, s.fields)
	}
	f.longest = max(f.longest, at.Sub(f.last))
	f.latest, f.last = s, at
	f.times++
	f.untold = true
	fs.arm(f.counting())
	s.entry.Level = zapcore.DebugLevel
	s.put(s.fields)
	return nil
}

// makeRoom forgets the error that was not said for longest where there are too many.
func (fs *folds) makeRoom(at time.Time) {
	if len(fs.all) < most {
		return
	}
	var oldest string
	for key, f := range fs.all {
		if oldest == "" || f.last.Before(fs.all[oldest].last) {
			oldest = key
		}
	}
	fs.all[oldest].tell(at)
	delete(fs.all, oldest)
}

// end ends what a scope has not said since a time.
func (fs *folds) end(scope string, since, at time.Time) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for key, f := range fs.all {
		if f.scope == scope && f.last.Before(since) {
			f.over(at)
			delete(fs.all, key)
		}
	}
}

// arm sets the timer to t, unless it goes off before. The caller holds fs.mu.
func (fs *folds) arm(t time.Time) {
	if fs.timer != nil {
		if !t.Before(fs.at) {
			return
		}
		fs.timer.Stop()
	}
	fs.at = t
	fs.timer = time.AfterFunc(time.Until(t), fs.look)
}

// look counts what is due and ends what is over.
func (fs *folds) look() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.timer == nil {
		return // flush was there first
	}
	fs.timer.Stop() // it may be a later one
	fs.timer = nil
	now := time.Now()
	for key, f := range fs.all {
		if !now.Before(f.quiet()) {
			if f.scope == "" {
				f.over(now)
			}
			delete(fs.all, key)
			continue
		}
		for !now.Before(f.counting()) {
			f.step++
			if now.Before(f.counting()) {
				f.tell(now)
			}
		}
		next := f.counting()
		if quiet := f.quiet(); quiet.Before(next) {
			next = quiet
		}
		fs.arm(next)
	}
}

// flush counts everything now and sets no timer.
func (fs *folds) flush(now time.Time) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.timer != nil {
		fs.timer.Stop()
		fs.timer = nil
	}
	for _, f := range fs.all {
		f.tell(now)
	}
}
