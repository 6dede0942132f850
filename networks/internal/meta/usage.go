package meta

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"collectord/networks"
	"collectord/networks/internal/rest"
)

// The headers of usage.
const (
	appUsage      = "X-App-Usage"
	businessUsage = "X-Business-Use-Case-Usage"
)

const (
	// pause is how long to wait when a limit is reached and Meta does not say how
	// long it holds: the window is a rolling hour, and a quarter of it later a
	// quarter of the allowance has come back.
	pause = 15 * time.Minute
	// longest bounds what Meta says; its windows are of an hour and of a day.
	longest = 24 * time.Hour
)

// Usage is how much of an allowance is used, as Meta's headers tell it
// (https://developers.facebook.com/docs/graph-api/overview/rate-limiting, read
// 2026-11-21). They are absent while little is used.
type Usage struct {
	Percent float64       // the highest one told, 0 if none; calls fail at 100
	Header  string        // that told it
	Regain  time.Duration // until calls are taken again, 0 if not told
}

// ReadUsage reads X-App-Usage, X-Business-Use-Case-Usage and Retry-After. What it
// cannot read it leaves out.
func ReadUsage(h http.Header) Usage {
	var u Usage
	var app load
	if json.Unmarshal([]byte(h.Get(appUsage)), &app) == nil {
		u.add(appUsage, app)
	}
	var business map[string][]load
	if json.Unmarshal([]byte(h.Get(businessUsage)), &business) == nil {
		for _, list := range business {
			for _, l := range list {
				u.add(businessUsage, l)
			}
		}
	}
	now := time.Now()
	if t := rest.RetryAfter(h, now); !t.IsZero() {
		u.Regain = max(u.Regain, t.Sub(now))
	}
	u.Regain = min(u.Regain, longest)
	return u
}

// load is one entry of a header: three numbers in percent, and minutes.
type load struct {
	Calls   float64 `json:"call_count"`
	Time    float64 `json:"total_time"`
	CPU     float64 `json:"total_cputime"`
	Minutes float64 `json:"estimated_time_to_regain_access"`
}

// regain is the minutes as a duration, bounded as every hint is.
func (l load) regain() time.Duration {
	now := time.Now()
	if t := rest.Minutes.Until(strconv.FormatFloat(l.Minutes, 'f', -1, 64), now); !t.IsZero() {
		return t.Sub(now)
	}
	return 0
}

func (u *Usage) add(header string, l load) {
	*u = u.worse(Usage{Percent: max(l.Calls, l.Time, l.CPU), Header: header, Regain: l.regain()})
}

// worse is the higher of two usages, number by number.
func (u Usage) worse(v Usage) Usage {
	u.Regain = max(u.Regain, v.Regain)
	if v.Percent > u.Percent {
		u.Percent, u.Header = v.Percent, v.Header
	}
	return u
}

// allowance is the usage as the poller heeds it; false where Meta told none.
func (u Usage) allowance(now time.Time) (networks.Allowance, bool) {
	if u.Percent <= 0 {
		return networks.Allowance{}, false
	}
	a := networks.Allowance{Limit: u.Header, Used: min(u.Percent/100, 1), Rolling: true}
	if u.Regain > 0 {
		a.Until = now.Add(u.Regain)
	}
	return a, true
}

// tell tells the usage to the poller.
func (u Usage) tell(ctx context.Context) {
	if a, ok := u.allowance(time.Now()); ok {
		networks.TellAllowance(ctx, a)
	}
}

// until is when to ask again after a limit was reached at now.
func (u Usage) until(now time.Time) time.Time {
	if u.Regain > 0 {
		return now.Add(u.Regain)
	}
	return now.Add(pause)
}

// hint adds to a hint how much is used, where Meta told that.
func (u Usage) hint(hint string) string {
	if u.Percent <= 0 {
		return hint
	}
	used := fmt.Sprintf("Meta counts %.0f %% as used", u.Percent)
	if hint == "" {
		return used
	}
	return hint + " (" + used + ")"
}
