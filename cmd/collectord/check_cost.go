package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"collectord/collector/config"
	"collectord/collector/schedule"
	"collectord/networks"
)

const (
	// costDays is over how many days a config's cost is reckoned: whole weeks, and
	// every month once.
	costDays = 364
	// costMonth is the month that people think in.
	costMonth = 30
	// manyTicks a day are as many on the next; mostTicks is one each second.
	manyTicks = 300
	mostTicks = 24 * 60 * 60
	// peakFactor is how much dearer than others a day is that is named: more than one of
	// 25 hours.
	peakFactor = 1.1
)

// costFinding is what a config costs at one network, once the network's ids of the
// accounts are known.
type costFinding struct {
	Network   string  `json:"network"`
	Accounts  int     `json:"accounts"`
	Unit      string  `json:"unit"`
	PerDay    float64 `json:"per_day"`    // on average
	PeakDay   float64 `json:"peak_day"`   // on the dearest day
	In30Days  float64 `json:"in_30_days"` // on average
	Budget    float64 `json:"budget,omitempty"`
	Allowance float64 `json:"allowance,omitempty"`

	spending networks.Spending
	short    []string // why that does not fit
}

// costs reckons what the config costs where that is money, or is bounded by the
// network or by a budget.
func costs(cfg *config.Config, now time.Time) []costFinding {
	all := []costFinding{}
	for _, n := range cfg.Networks {
		s := n.Descriptor.Spending
		if len(n.Accounts) > 0 && (s.PerAccountDay > 0 || s.Allowance > 0 || n.Budget > 0) {
			all = append(all, costOf(n, now))
		}
	}
	return all
}

// ask is the accounts that are asked for with the same tokens on the same schedule.
type ask struct {
	tokens   []string
	schedule schedule.Schedule
	refs     []networks.Ref
}

func asksOf(n config.Network) []ask {
	type key struct{ pool, expr string }
	type once struct {
		key
		ref networks.Ref
	}
	at, seen := make(map[key]int), make(map[once]bool)
	var asks []ask
	for _, a := range n.Accounts {
		tokens := a.Tokens
		if len(tokens) == 0 {
			tokens = n.Tokens
		}
		k := key{strings.Join(tokens, " "), a.Schedule.String()}
		if seen[once{k, a.Ref()}] {
			continue
		}
		seen[once{k, a.Ref()}] = true
		if _, ok := at[k]; !ok {
			at[k] = len(asks)
			asks = append(asks, ask{tokens: tokens, schedule: a.Schedule})
		}
		asks[at[k]].refs = append(asks[at[k]].refs, a.Ref())
	}
	return asks
}

// costOf reckons with each schedule alone: two that tick at the same time share
// requests, so that it is at most that.
func costOf(n config.Network, now time.Time) costFinding {
	s := n.Descriptor.Spending.Filled()
	f := costFinding{Network: n.Name, Accounts: len(n.Accounts), Unit: s.Unit, Budget: n.Budget, Allowance: s.Allowance, spending: s}
	network := n.Descriptor.New(networks.Options{BaseURL: n.BaseURL})
	days := daysFrom(now, s.Location())
	all, pools := make([]float64, costDays), make(map[string][]float64)
	slots := make(map[string]int)
	for _, a := range asksOf(n) {
		pool := strings.Join(a.tokens, " ")
		if pools[pool] == nil {
			pools[pool], slots[pool] = make([]float64, costDays), max(1, len(a.tokens))
		}
		requests := float64(len(network.Plan(settled(a.refs))))
		for i, ticks := range ticksOn(a.schedule, days) {
			if ticks > 0 {
				cost := float64(ticks)*requests*s.PerRequest + float64(len(a.refs))*s.PerAccountDay
				all[i] += cost
				pools[pool][i] += cost
			}
		}
	}
	for _, pool := range slices.Sorted(maps.Keys(pools)) {
		f.holdAgainst(rounded(slices.Max(pools[pool])), slots[pool])
	}
	sum := 0.0
	for _, cost := range all {
		sum += cost
	}
	f.PerDay, f.In30Days, f.PeakDay = rounded(sum/costDays), rounded(sum/costDays*costMonth), rounded(slices.Max(all))
	return f
}

// rounded takes the noise out of a sum.
func rounded(n float64) float64 { return math.Round(n*1e6) / 1e6 }

// settled are the refs as they are asked for from the second poll on: by id.
func settled(refs []networks.Ref) []networks.Ref {
	byID := slices.Clone(refs)
	for i := range byID {
		if byID[i].ID == "" {
			byID[i].ID = strconv.Itoa(i)
		}
	}
	return byID
}

// daysFrom are the midnights of a zone from the one before now on: the beginnings of
// costDays days, and the end of the last.
func daysFrom(now time.Time, zone *time.Location) []time.Time {
	y, m, d := now.In(zone).Date()
	days := make([]time.Time, costDays+1)
	for i := range days {
		days[i] = time.Date(y, m, d+i, 0, 0, 0, 0, zone)
	}
	return days
}

// ticksOn counts the ticks of a schedule on each of some days.
func ticksOn(s schedule.Schedule, days []time.Time) []int {
	ticks := make([]int, len(days)-1)
	for i := range ticks {
		if i > 0 && ticks[i-1] >= manyTicks {
			ticks[i] = ticks[i-1]
			continue
		}
		justBefore := -time.Second
		ticks[i] = s.Missed(days[i].Add(justBefore), days[i+1].Add(justBefore), mostTicks)
	}
	return ticks
}

// holdAgainst notes where the dearest day of some tokens is beyond what they have.
func (f *costFinding) holdAgainst(peak float64, tokens int) {
	s, each := f.spending, ""
	if tokens > 1 {
		each = fmt.Sprintf(" for each of %d tokens", tokens)
	}
	if most := f.Budget * float64(tokens); f.Budget > 0 && peak > most {
		f.short = append(f.short, fmt.Sprintf("%s a day%s is less than the %s that a day comes to; accounts without room in it have no answer on that day",
			s.Amount(f.Budget), each, s.Amount(peak)))
	}
	if most := f.Allowance * float64(tokens); f.Allowance > 0 && peak > most {
		f.short = append(f.short, fmt.Sprintf("a day comes to %s; the network allows %s%s (%s)", s.Amount(peak), s.Amount(f.Allowance), each, s.Source))
	}
}

// String is the finding as a line for people.
func (f *costFinding) String() string {
	s := f.spending
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "%s: %s: %s a day", f.Network, accountsText(f.Accounts), s.Amount(readable(f.PerDay)))
	if f.PeakDay > peakFactor*f.PerDay {
		_, _ = fmt.Fprintf(&b, " on average and %s at most", s.Amount(readable(f.PeakDay)))
	}
	if s.Money() {
		_, _ = fmt.Fprintf(&b, ", %s in %d days", s.Amount(readable(f.In30Days)), costMonth)
	}
	switch {
	case s.PerAccountDay > 0:
		_, _ = fmt.Fprintf(&b, " at %s for each account and day", price(s))
	case f.Allowance > 0:
		_, _ = fmt.Fprintf(&b, " of the %s that the network allows a token", s.Amount(f.Allowance))
	}
	if s.Source != "" {
		b.WriteString(" (" + s.Source + ")")
	}
	return b.String()
}

// monthOf is what all networks that charge take in costMonth days, in USD.
func monthOf(costs []costFinding) float64 {
	sum := 0.0
	for _, c := range costs {
		if c.spending.Money() {
			sum += c.In30Days
		}
	}
	return rounded(sum)
}

// monthText says what a month costs, for people.
func monthText(usd float64) string {
	if usd == 0 {
		return fmt.Sprintf("%d days cost nothing: no network charges for these accounts", costMonth)
	}
	return fmt.Sprintf("%d days cost %s", costMonth, networks.Spending{Unit: networks.USD}.Amount(readable(usd)))
}

// readable rounds as far as nobody minds.
func readable(n float64) float64 {
	if n < 1 {
		return math.Round(n*1e4) / 1e4
	}
	return math.Round(n*100) / 100
}

// price writes a price with three decimals at least: "0.010 USD".
func price(s networks.Spending) string {
	text := s.Amount(s.PerAccountDay)
	if s.Money() && len(s.Number(s.PerAccountDay)) == len("0.00") {
		text = strings.Replace(text, " ", "0 ", 1)
	}
	return text
}

func accountsText(n int) string {
	return networks.Spending{Unit: "accounts"}.Amount(float64(n))
}

// warnings are the findings that an operator should act on.
func (f *costFinding) warnings(file string) []config.Mistake {
	path := "networks." + f.Network
	if f.Budget > 0 {
		path += ".budget"
	}
	var list []config.Mistake
	for _, text := range f.short {
		list = append(list, config.Mistake{File: file, Path: path, Msg: text})
	}
	return list
}
