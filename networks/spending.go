package networks

import (
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // minimal systems have no zone files
)

// Spending is what a network takes for its answers, and by which day it counts.
// The zero Spending is that of a network that sells nothing: requests are counted,
// one each, by the UTC day.
type Spending struct {
	Unit string // what is spent: "USD", "units", "requests"
	// PerRequest is what each request takes, whatever comes of it.
	PerRequest float64
	// PerAccountDay is what an account takes on a day on which it is asked for, once,
	// however often.
	PerAccountDay float64
	// Zone is where the day begins at midnight: "America/Los_Angeles"; empty for UTC.
	Zone string
	// Allowance is what the network gives each token a day, where it publishes that;
	// else 0.
	Allowance float64
	// Source is where the figures stand, and when they were read there:
	// "docs.x.com, read 2026-09".
	Source string
}

// The units of Spending.Unit that are known by name.
const (
	USD      = "USD"
	Requests = "requests"
)

// Filled returns s with its defaults written out.
func (s Spending) Filled() Spending {
	if s.Unit == "" {
		s.Unit = Requests
	}
	if s.PerRequest == 0 && s.PerAccountDay == 0 {
		s.PerRequest = 1
	}
	if s.Zone == "" {
		s.Zone = "UTC"
	}
	return s
}

// Location is the zone of the day; UTC where this system does not know it.
func (s Spending) Location() *time.Location {
	if zone, err := time.LoadLocation(s.Zone); err == nil { // "" is UTC
		return zone
	}
	return time.UTC
}

// Money reports whether the unit is a currency.
func (s Spending) Money() bool { return s.Unit == USD }

// Amount writes an amount with its unit: "10.00 USD", "0.005 USD", "9,000 units".
func (s Spending) Amount(n float64) string {
	unit := s.Filled().Unit
	if n == 1 && !s.Money() {
		unit = strings.TrimSuffix(unit, "s")
	}
	return s.Number(n) + " " + unit
}

// Number writes an amount without its unit: money with two decimals, or as many as
// it has, and everything with separators.
func (s Spending) Number(n float64) string {
	whole, rest, _ := strings.Cut(strings.TrimRight(strconv.FormatFloat(n, 'f', 6, 64), "0"), ".")
	if s.Money() && len(rest) < 2 {
		rest += "00"[len(rest):]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest == "" {
		return whole
	}
	return whole + "." + rest
}
