package meta

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"collectord/networks/internal/rest"
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
	Regain  time.Duration // until calls are taken again, 0 if not told
}

// ReadUsage reads X-App-Usage, X-Business-Use-Case-Usage and Retry-After. What it
// cannot read it leaves out.
func ReadUsage(h http.Header) Usage {
	var u Usage
	var app load
	if json.Unmarshal([]byte(h.Get("X-App-Usage")), &app) == nil {
		u.add(app)
	}
	var business map[string][]load
	if json.Unmarshal([]byte(h.Get("X-Business-Use-Case-Usage")), &business) == nil {
		for _, list := range business {
			for _, l := range list {
				u.add(l)
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

func (u *Usage) add(l load) {
	u.Percent = max(u.Percent, l.Calls, l.Time, l.CPU)
	minutes := min(max(l.Minutes, 0), longest.Minutes())
	u.Regain = max(u.Regain, time.Duration(minutes*float64(time.Minute)))
}

// worse is the higher of two usages, number by number.
func (u Usage) worse(v Usage) Usage {
	return Usage{Percent: max(u.Percent, v.Percent), Regain: max(u.Regain, v.Regain)}
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
