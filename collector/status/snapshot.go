package status

import (
	"context"
	"time"
)

// Source is what the pages, the JSON and the metrics are made from. All methods
// are cheap, safe for concurrent use, and return nothing secret.
type Source interface {
	// Accounts returns every configured account in the order of the config. The
	// slice is the caller's.
	Accounts(ctx context.Context) ([]Account, error)
	// Overview returns everything else.
	Overview(ctx context.Context) (Overview, error)
	// History returns the follower counts of one account since a time, ascending.
	History(ctx context.Context, network, label string, since time.Time) ([]Sample, error)
	// Ready returns nil when the config is loaded and the journal takes writes.
	Ready(ctx context.Context) error
}

// Historian is a Source that also knows what became of an account beside its count.
// A Source need not be one; the account's page then leaves that table out.
type Historian interface {
	// Changes returns the changes of one account's state, names and id, ascending. The
	// first tells the state at first sight. whole is false while older points
	// are still being looked through, a part at every call; calling again goes on.
	Changes(ctx context.Context, network, label string) (changes []Change, whole bool, err error)
}

// Change is something about an account that is not the same any more.
type Change struct {
	Time   time.Time
	What   string // state, name, handle, link, id, verified
	Before string // "" at first sight
	After  string
}

// Sample is a follower count at the time of its poll.
type Sample struct {
	Time      time.Time
	Followers int64
}

// Account is one account as it stands now. Zero times and empty strings are
// unknown; a nil number is unknown.
type Account struct {
	Network, Label                 string
	ID, Type, Nickname, Name, Link string
	State                          string // ok, not_found, suspended, private, hidden, blocked, renamed, taken_over; "" before the first answer
	StateSince                     time.Time
	Followers                      *int64
	Rounded                        bool // the network rounds followers: of so large a number not every digit is known
	Following, Posts, Views, Likes *int64
	Delta24h, Delta7d, Delta30d    *int64
	LastPoll, LastSuccess          time.Time
	NextPoll                       time.Time
	Error                          string // the last error in one line, "" when the last poll answered
	Hint                           string // what to do about the error or the state
	Tags                           map[string]string
}

// Overview is the state of the daemon beside its accounts.
type Overview struct {
	Version    string
	Started    time.Time
	ConfigFile string
	ConfigHash string
	ConfigTime time.Time // when the config in force was taken
	// ConfigError is why the last edit was not taken, with file, line and column;
	// "" when the file and the config in force agree.
	ConfigError string
	Networks    []Network
	Journal     Journal
	Influx      *Influx  // nil: no influxdb section
	Cluster     *Cluster // nil: this machine is alone
	Meters      DaemonMeters
}

// Network is one configured network.
type Network struct {
	Name, Title string
	Accounts    int
	States      map[string]int // accounts by state; "" before the first answer
	NextPoll    time.Time
	Running     bool    // a poll is under way
	Rate        float64 // requests per second and token that are allowed; 0 unknown
	Tokens      []Token
	Spending    Spending // of a network without tokens
	Usage       []Usage  // likewise
	LastPoll    *Poll
	LastError   string // the last error of a whole request
	LastErrorAt time.Time
	Hint        string
	Skipped     int64 // ticks skipped because the one before was still running
	Missed      int64 // ticks missed while the daemon was down
	Totals      Totals
}

// Poll is one finished poll.
type Poll struct {
	Time                                    time.Time
	Accounts, OK, Failed, Requests, Retries int
	Duration                                time.Duration
}

// Totals are counters since the start of the process, for metrics.
type Totals struct {
	Polls, Requests, Retries int64
	Results                  map[string]int64 // accounts by "ok" or the error kind's label
	LimiterWait              time.Duration
	Meters                   Meters
}

// Token is one slot of the keychain as a network uses it.
type Token struct {
	Slot    string
	State   string // ok, cooling, parked, dead, missing
	Reason  string
	Until   time.Time // cooling: until when
	Expires time.Time
	Endless bool   // the network says that it does not expire
	Renewed bool   // the daemon renews it before it expires
	Link    string // parked: the page a person must open

	Spending Spending
	Usage    []Usage // what the network last told of its limits, the fullest first
}

// Usage is how much of one of a network's limits is used up, as its answers tell it.
type Usage struct {
	Limit string    // in the network's words: "x-rate-limit", "X-App-Usage"
	Used  float64   // from 0 to 1
	Until time.Time // when there is some of it again; zero where nobody says
}

// Spending is what a token, or a network without tokens, has spent on the network's
// day.
type Spending struct {
	Unit      string // "USD", "units", "requests"; "" if nothing is counted
	Money     bool   // the unit is a currency
	Today     float64
	Budget    float64   // the most that it may spend a day; 0 for no bound
	Allowance float64   // what the network allows a day; 0 unknown
	Ends      time.Time // of the day
}

// Journal is the state of the store on disk.
type Journal struct {
	Points   int64
	Bytes    int64
	MaxBytes int64     // journal.max_size, 0 for no bound
	Oldest   time.Time // of the points that are kept; zero if there is none
	Newest   time.Time
	Refused  int64 // points set aside because InfluxDB refused them for good
	Rotten   int64 // rows set aside because their checksum is wrong
	Dropped  int64 // undelivered points dropped to keep max_size
	Error    string
	DamageAs string // where a damaged journal was set aside, "" if none
	// RefusedLast are some of the points that were refused, the newest first.
	RefusedLast []Refusal
}

// Refusal is a point that InfluxDB refused for good.
type Refusal struct {
	Time   time.Time // when it was refused
	Reason string
	Line   string // the point, in line protocol; "" if it is gone
	Resend bool   // it is marked for sending again
}

// Influx is the state of delivery.
type Influx struct {
	URL, Bucket string
	State       string // ok, waiting
	Error, Hint string
	Since       time.Time // of the state
	Backlog     int64     // points not yet delivered
	Oldest      time.Time // time of the oldest of them
	Delivered   int64     // since the start
	Refused     int64     // since the start
	LastSuccess time.Time
	NextTry     time.Time
}
