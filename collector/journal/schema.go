package journal

// version is the layout below. A journal of a newer version is refused, one of an
// older version is brought up to date by open.
const version = 4

// applicationID marks the file as a journal ("clj1"), for file(1) and for people.
const applicationID = 0x636c6a31

// schema is the layout. Columns of points have no constraints: what a flipped bit
// makes of a row is found by its CRC and must not stop SQLite from reading the
// others. Times are Unix seconds, those that end in _ms are milliseconds; 0 stands
// for none.
const schema = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE points (seq INTEGER PRIMARY KEY AUTOINCREMENT,
	series INTEGER, time INTEGER, fields TEXT, crc INTEGER);
CREATE UNIQUE INDEX points_time_series ON points (time, series);
CREATE TABLE accounts (network TEXT, label TEXT, asked TEXT, kind TEXT, ident TEXT, host TEXT, name TEXT,
	state TEXT, state_since INTEGER, info TEXT, error TEXT, error_kind TEXT, error_at INTEGER, skip_until INTEGER,
	PRIMARY KEY (network, label)) WITHOUT ROWID;
CREATE TABLE ticks (network TEXT, time INTEGER, made_up INTEGER, specs TEXT, first_seq INTEGER,
	accounts INTEGER, ok INTEGER, failed INTEGER, requests INTEGER, retries INTEGER,
	started_ms INTEGER, closed_ms INTEGER,
	PRIMARY KEY (network, time)) WITHOUT ROWID;
CREATE INDEX ticks_time ON ticks (time);
CREATE INDEX ticks_open ON ticks (time) WHERE closed_ms = 0;
CREATE TABLE answers (network TEXT, time INTEGER, label TEXT, PRIMARY KEY (network, time, label)) WITHOUT ROWID;
CREATE TABLE slots (network TEXT, spec TEXT, next INTEGER, PRIMARY KEY (network, spec)) WITHOUT ROWID;
CREATE TABLE cursors (sink TEXT PRIMARY KEY, seq INTEGER) WITHOUT ROWID;
CREATE TABLE refused (seq INTEGER, sink TEXT, at INTEGER, reason TEXT, resend INTEGER, PRIMARY KEY (seq, sink)) WITHOUT ROWID;
CREATE INDEX refused_resend ON refused (sink, seq) WHERE resend = 1;
CREATE TABLE rotten (seq INTEGER PRIMARY KEY, series, time, fields, crc, found INTEGER);
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;
` + schemaSeries + schemaSpent + schemaSpans

// The names of the counters.
const (
	countPoints  = "points"  // rows in points
	countDropped = "dropped" // points dropped undelivered
)
