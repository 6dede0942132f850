// Package logfold keeps a log readable while something is broken: an error that is
// said again and again is said at once, then counted.
//
//	12:00:00  WARN  accounts had no answer  {"network": "vk", "reason": "timeout"}
//	12:01:00  WARN  accounts had no answer  {…, "times": 7, "since": "12:00:00"}
//	12:10:00  WARN  accounts had no answer  {…, "times": 61, "since": "12:00:00"}
//	13:00:00  WARN  accounts had no answer  {…, "times": 360, "since": "12:00:00"}
//	13:07:10  INFO  over: accounts had no answer  {…, "times": 402, "since": "12:00:00", "last": "13:07:00"}
//
// # What is the same
//
// Entries from [zapcore.WarnLevel] up are folded; what is below is news of its own. Two
// of them are the same where level, logger, message and everything that is said in words
// agree: strings, errors, lists and truth values. Numbers, times and durations may
// differ, and so may the local port in the text of a broken connection. So a different
// reason, account, token or file is a different error and is said at once, however much
// is being folded: nothing is sampled.
//
// # When it is over
//
// Who knows that something ended says so: a poll names its scope ([In]) in every
// complaint, and its last line ends those of the scope that did not come again ([Done]).
// All else is over once it was not said for ten minutes, or for three times its longest
// pause where that is more.
//
// With the level at debug, every repetition is there as well, as a debug entry.
package logfold

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

const (
	// daily is how often an error is counted that goes on for longer than the steps.
	daily = 24 * time.Hour
	// leastQuiet is how long an error is at least unsaid before it is over.
	leastQuiet = 10 * time.Minute
	// longestScope is how long a scope may be silent before its errors are forgotten:
	// nobody will end them any more.
	longestScope = 10 * daily
	// most is how many different errors are kept in mind; beyond it, the one that was
	// not said for longest is forgotten, and is said in full if it comes again.
	most = 1000
)

// steps are when an error is counted, from its first time on.
func steps() []time.Duration {
	return []time.Duration{time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour, daily}
}

// mark is what In, Done and Each tell the core. Encoders leave a field of SkipType out.
type mark struct {
	scope string
	done  bool
	since time.Time
	each  bool
}

func (m mark) field() zap.Field { return zap.Field{Type: zapcore.SkipType, Interface: m} }

// In says to which scope an entry belongs: it is over when Done ends it, not before.
func In(scope string) zap.Field { return mark{scope: scope}.field() }

// Done ends the entries of a scope that were not said since a time: they are over.
func Done(scope string, since time.Time) zap.Field {
	return mark{scope: scope, done: true, since: since}.field()
}

// Each says that an entry is never folded: it tells of a change, and is news every time.
func Each() zap.Field { return mark{each: true}.field() }

// Core folds what goes into another core. It is safe for concurrent use if that is.
type Core struct {
	next    zapcore.Core
	context string // the fields of With, as far as they tell one entry from another
	marks   []mark // of With
	folds   *folds
}

// New returns a Core before next. Its Sync says what was not counted yet; after it no
// timer is left.
func New(next zapcore.Core) *Core {
	return &Core{next: next, folds: &folds{all: make(map[string]*fold)}}
}

// Enabled is next's, but for information: it is asked for where next leaves it out as
// well, since it may be what ends a scope.
func (c *Core) Enabled(l zapcore.Level) bool { return l == zapcore.InfoLevel || c.next.Enabled(l) }

// With returns the core of a child logger.
func (c *Core) With(fields []zapcore.Field) zapcore.Core {
	words, marks := read(fields)
	child := *c
	child.next, child.context = c.next.With(fields), c.context+words
	child.marks = slices.Concat(c.marks, marks)
	return &child
}

// Check asks for every entry of an enabled level.
func (c *Core) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return checked.AddCore(e, c)
	}
	return checked
}

// Write writes an entry or counts it.
func (c *Core) Write(e zapcore.Entry, fields []zapcore.Field) error {
	words, marks := read(fields)
	var scope string
	each := e.Level < zapcore.WarnLevel
	for _, m := range slices.Concat(c.marks, marks) { // c.marks is shared
		switch {
		case m.done:
			defer c.folds.end(m.scope, m.since, e.Time)
		case m.each:
			each = true
		default:
			scope = m.scope
		}
	}
	switch {
	case !c.next.Enabled(e.Level):
		return nil
	case each:
		return c.next.Write(e, fields)
	}
	key := strings.Join([]string{e.Level.String(), e.LoggerName, e.Message, scope, c.context, words}, "\x00")
	return c.folds.take(key, said{core: c.next, entry: e, fields: fields}, scope)
}

// Sync says what was not counted yet, and syncs next.
func (c *Core) Sync() error {
	c.folds.flush(time.Now())
	return c.next.Sync()
}

// localPort is in the text of a connection that broke, and is another every time:
// "read tcp 192.0.2.1:40312->198.51.100.7:443: connection reset by peer".
var localPort = regexp.MustCompile(`:[0-9]+->`)

// Gist is a text without what differs between two that say the same.
func Gist(text string) string { return localPort.ReplaceAllString(text, "->") }

// read returns what tells the fields from others, as text, and the marks among them.
func read(fields []zapcore.Field) (words string, marks []mark) {
	var b strings.Builder
	for _, f := range fields {
		switch f.Type {
		case zapcore.SkipType:
			if m, ok := f.Interface.(mark); ok {
				marks = append(marks, m)
			}
		case zapcore.StringType:
			b.WriteString(f.Key + "=" + Gist(f.String) + "\x00")
		case zapcore.ErrorType, zapcore.StringerType, zapcore.BoolType, zapcore.ByteStringType,
			zapcore.ArrayMarshalerType, zapcore.ObjectMarshalerType, zapcore.ReflectType:
			told := zapcore.NewMapObjectEncoder()
			f.AddTo(told)
			b.WriteString(Gist(fmt.Sprint(told.Fields)) + "\x00") // in the order of the keys
		default: // a number, a time
		}
	}
	return b.String(), marks
}
