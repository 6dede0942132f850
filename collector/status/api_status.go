package status

import (
	"net/http"
	"time"
)

// statusJSON is /api/v1/status: all that the front page shows beside the
// accounts. Times are RFC 3339 in UTC; what is unknown is null; a list or a
// mapping with nothing in it is empty.
type statusJSON struct {
	Version  *string       `json:"version"`
	Started  *string       `json:"started"`
	Ready    bool          `json:"ready"`
	NotReady *string       `json:"not_ready"` // why, null when ready
	Config   configJSON    `json:"config"`
	Accounts tallyJSON     `json:"accounts"`
	Networks []networkJSON `json:"networks"`
	Journal  journalJSON   `json:"journal"`
	InfluxDB *influxJSON   `json:"influxdb"`          // null without an influxdb section
	Cluster  *clusterJSON  `json:"cluster,omitempty"` // absent without a cluster section
}

type configJSON struct {
	File  *string `json:"file"`
	Hash  *string `json:"hash"`
	Taken *string `json:"taken"`
	Error *string `json:"error"`
}

type tallyJSON struct {
	Total   int `json:"total"`
	OK      int `json:"ok"`
	Trouble int `json:"trouble"`
	Unknown int `json:"unknown"`
}

type networkJSON struct {
	Name              string         `json:"name"`
	Title             *string        `json:"title"`
	Accounts          int            `json:"accounts"`
	States            map[string]int `json:"states"`
	NextPoll          *string        `json:"next_poll"`
	Running           bool           `json:"running"`
	RequestsPerSecond *float64       `json:"requests_per_second"`
	Tokens            []tokenJSON    `json:"tokens"`
	Spending          *spendingJSON  `json:"spending"` // of a network without tokens, else null
	Usage             []usageJSON    `json:"usage,omitempty"`
	LastPoll          *pollJSON      `json:"last_poll"`
	LastError         *string        `json:"last_error"`
	LastErrorAt       *string        `json:"last_error_at"`
	Hint              *string        `json:"hint"`
	TicksSkipped      int64          `json:"ticks_skipped"`
	TicksMissed       int64          `json:"ticks_missed"`
	Totals            totalsJSON     `json:"totals"`
}

type tokenJSON struct {
	Slot    string  `json:"slot"`
	State   *string `json:"state"`
	Reason  *string `json:"reason"`
	Until   *string `json:"until"`
	Expires *string `json:"expires"`
	Days    *int    `json:"days_left"`     // to expires, rounded, below 0 when it is past
	Never   bool    `json:"never_expires"` // the network says so; else expires is null where nobody knows
	Renewed bool    `json:"renewable"`     // the daemon renews it by itself
	Link    *string `json:"link"`

	Spending *spendingJSON `json:"spending"`
	Usage    []usageJSON   `json:"usage,omitempty"`
}

// spendingJSON is what was spent on the network's day, which is not always UTC's.
type spendingJSON struct {
	Unit      string   `json:"unit"`
	Today     float64  `json:"today"`
	Budget    *float64 `json:"budget"`    // the most a day, null for no bound
	Allowance *float64 `json:"allowance"` // what the network allows a day, null if unknown
	DayEnds   *string  `json:"day_ends"`
}

type pollJSON struct {
	Time       *string `json:"time"`
	Accounts   int     `json:"accounts"`
	OK         int     `json:"ok"`
	Failed     int     `json:"failed"`
	Requests   int     `json:"requests"`
	Retries    int     `json:"retries"`
	DurationMS int64   `json:"duration_ms"`
}

type totalsJSON struct {
	Polls              int64            `json:"polls"`
	Requests           int64            `json:"requests"`
	Retries            int64            `json:"retries"`
	Results            map[string]int64 `json:"results"`
	LimiterWaitSeconds float64          `json:"limiter_wait_seconds"`
}

type journalJSON struct {
	Points    int64   `json:"points"`
	Bytes     int64   `json:"bytes"`
	MaxBytes  *int64  `json:"max_bytes"` // journal.max_size, null for no bound
	Oldest    *string `json:"oldest"`
	Newest    *string `json:"newest"`
	Refused   int64   `json:"refused"`
	Rotten    int64   `json:"rotten"`
	Dropped   int64   `json:"dropped"`
	Error     *string `json:"error"`
	DamagedAs *string `json:"damaged_as"`

	RefusedLast []refusalJSON `json:"refused_last"` // a few of them, the newest first
}

type refusalJSON struct {
	Time   *string `json:"time"`
	Reason string  `json:"reason"`
	Point  *string `json:"point"`  // in line protocol, null where it is gone
	Resend bool    `json:"resend"` // it is sent again
}

type influxJSON struct {
	URL         string  `json:"url"`
	Bucket      string  `json:"bucket"`
	State       *string `json:"state"`
	Error       *string `json:"error"`
	Hint        *string `json:"hint"`
	Since       *string `json:"since"`
	Backlog     int64   `json:"backlog"`
	Oldest      *string `json:"oldest"`
	Delivered   int64   `json:"delivered"`
	Refused     int64   `json:"refused"`
	LastSuccess *string `json:"last_success"`
	NextTry     *string `json:"next_try"`
}

func (s *server) apiStatus(w http.ResponseWriter, r *http.Request) {
	ov, err := s.src.Overview(r.Context())
	if err != nil {
		s.apiBroken(w, r, err)
		return
	}
	accounts, err := s.src.Accounts(r.Context())
	if err != nil {
		s.apiBroken(w, r, err)
		return
	}
	v := statusJSONOf(time.Now(), &ov, tallyOf(accounts))
	v.Ready = true
	if err := s.src.Ready(r.Context()); err != nil {
		v.Ready, v.NotReady = false, text(err.Error())
	}
	writeJSON(w, http.StatusOK, v)
}

func statusJSONOf(now time.Time, ov *Overview, t tally) statusJSON {
	v := statusJSON{
		Version: text(ov.Version), Started: instant(ov.Started),
		Config: configJSON{
			File: text(ov.ConfigFile), Hash: text(ov.ConfigHash),
			Taken: instant(ov.ConfigTime), Error: text(ov.ConfigError),
		},
		Accounts: tallyJSON{Total: t.Total, OK: t.Good, Trouble: t.Trouble, Unknown: t.Idle},
		Networks: make([]networkJSON, len(ov.Networks)),
		Journal:  journalJSONOf(&ov.Journal),
		InfluxDB: influxJSONOf(ov.Influx),
		Cluster:  clusterJSONOf(ov.Cluster),
	}
	for i := range ov.Networks {
		v.Networks[i] = networkJSONOf(now, &ov.Networks[i])
	}
	return v
}

func journalJSONOf(j *Journal) journalJSON {
	v := journalJSON{
		Points: j.Points, Bytes: j.Bytes, Oldest: instant(j.Oldest), Newest: instant(j.Newest),
		Refused: j.Refused, Rotten: j.Rotten, Dropped: j.Dropped, Error: text(j.Error), DamagedAs: text(j.DamageAs),
		RefusedLast: make([]refusalJSON, len(j.RefusedLast)),
	}
	if j.MaxBytes > 0 {
		v.MaxBytes = &j.MaxBytes
	}
	for i, r := range j.RefusedLast {
		v.RefusedLast[i] = refusalJSON{Time: instant(r.Time), Reason: r.Reason, Point: text(r.Line), Resend: r.Resend}
	}
	return v
}

func influxJSONOf(in *Influx) *influxJSON {
	if in == nil {
		return nil
	}
	return &influxJSON{
		URL: publicURL(in.URL), Bucket: in.Bucket, State: text(in.State),
		Error: text(in.Error), Hint: text(in.Hint), Since: instant(in.Since),
		Backlog: in.Backlog, Oldest: instant(in.Oldest), Delivered: in.Delivered, Refused: in.Refused,
		LastSuccess: instant(in.LastSuccess), NextTry: instant(in.NextTry),
	}
}

func networkJSONOf(now time.Time, n *Network) networkJSON {
	v := networkJSON{
		Name: n.Name, Title: text(n.Title), Accounts: n.Accounts, States: map[string]int{},
		NextPoll: instant(n.NextPoll), Running: n.Running, Tokens: make([]tokenJSON, len(n.Tokens)),
		LastError: text(n.LastError), LastErrorAt: instant(n.LastErrorAt), Hint: text(n.Hint),
		TicksSkipped: n.Skipped, TicksMissed: n.Missed,
		Totals: totalsJSON{
			Polls: n.Totals.Polls, Requests: n.Totals.Requests, Retries: n.Totals.Retries,
			Results: n.Totals.Results, LimiterWaitSeconds: n.Totals.LimiterWait.Seconds(),
		},
	}
	v.Spending, v.Usage = spendingJSONOf(&n.Spending), usageJSONOf(n.Usage)
	if n.Rate > 0 {
		v.RequestsPerSecond = &n.Rate
	}
	if v.Totals.Results == nil {
		v.Totals.Results = map[string]int64{}
	}
	for state, accounts := range n.States {
		v.States[stateName(state)] += accounts
	}
	for i, t := range n.Tokens {
		v.Tokens[i] = tokenJSON{
			Slot: t.Slot, State: text(t.State), Reason: text(t.Reason),
			Until: instant(t.Until), Expires: instant(t.Expires), Days: daysLeft(now, t.Expires), Never: t.Endless, Renewed: t.Renewed,
			Link: text(t.Link), Spending: spendingJSONOf(&t.Spending), Usage: usageJSONOf(t.Usage),
		}
	}
	if p := n.LastPoll; p != nil {
		v.LastPoll = &pollJSON{
			Time: instant(p.Time), Accounts: p.Accounts, OK: p.OK, Failed: p.Failed,
			Requests: p.Requests, Retries: p.Retries, DurationMS: p.Duration.Round(time.Millisecond).Milliseconds(),
		}
	}
	return v
}
