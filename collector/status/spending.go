package status

import (
	"strconv"
	"strings"
)

// spentText is what was spent today: "0.40 of 10.00 USD today", "480 of 10,000 units
// today", "1,234 requests today". Before anything was spent it is empty, unless there
// is something to hold it against.
func spentText(s *Spending) string {
	of := s.bound()
	if s.Unit == "" || of == 0 && s.Today == 0 {
		return ""
	}
	text := s.amount(s.Today)
	unit := s.Unit
	if of > 0 {
		text += " of " + s.amount(of)
	} else if s.Today == 1 && !s.Money {
		unit = strings.TrimSuffix(unit, "s")
	}
	return text + " " + unit + " today"
}

// bound is the most that may be spent a day, 0 where nobody knows of one.
func (s *Spending) bound() float64 {
	if s.Budget == 0 || s.Allowance > 0 && s.Allowance < s.Budget {
		return s.Allowance
	}
	return s.Budget
}

// amount writes money with two decimals or more, and anything else as it is.
func (s *Spending) amount(n float64) string {
	whole, rest, _ := strings.Cut(strings.TrimRight(strconv.FormatFloat(n, 'f', 6, 64), "0"), ".")
	if s.Money && len(rest) < 2 {
		rest += "00"[len(rest):]
	}
	if n, err := strconv.ParseInt(whole, 10, 64); err == nil {
		whole = thousands(n)
	}
	if rest == "" {
		return whole
	}
	return whole + "." + rest
}

func spendingJSONOf(s *Spending) *spendingJSON {
	if s.Unit == "" {
		return nil
	}
	v := &spendingJSON{Unit: s.Unit, Today: s.Today, DayEnds: instant(s.Ends)}
	if s.Budget > 0 {
		v.Budget = &s.Budget
	}
	if s.Allowance > 0 {
		v.Allowance = &s.Allowance
	}
	return v
}
