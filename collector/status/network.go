package status

import (
	"strconv"
	"strings"
	"time"
)

// networkView is one network on the front page.
type networkView struct {
	Name, Title, Link string
	Tone              string
	Accounts          string
	States            []phrase
	Running           bool
	Next              moment
	Rate              string
	Last              moment
	LastText          string
	Ticks             string
	Error, Hint       string
	ErrorAt           moment
	Quotas            []meter
	Tokens            []tokenView
}

// tokenView is one token of a network.
type tokenView struct {
	Slot, State, Tone, Reason string
	Until, Expires            moment
	Expired, Endless, Renewed bool
	Link                      string
	Quotas                    []meter
}

func networkViewOf(now time.Time, n *Network) networkView {
	v := networkView{
		Name: n.Name, Title: titleOfNetwork(n), Link: selection{filter: filter{Network: n.Name}}.link(),
		Tone: toneGood, Accounts: plural(int64(n.Accounts), "account", "accounts"), States: statePhrases(n),
		Running: n.Running, Next: momentOf(now, n.NextPoll), Rate: rateText(n.Rate, len(n.Tokens)),
		Ticks: ticksText(n.Skipped, n.Missed), Error: n.LastError, Hint: n.Hint, ErrorAt: momentOf(now, n.LastErrorAt),
		Quotas: metersOf(&n.Spending, n.Usage),
	}
	if p := n.LastPoll; p != nil {
		v.Last, v.LastText = momentOf(now, p.Time), pollText(p)
		if n.LastError != "" && !n.LastErrorAt.Before(p.Time) {
			v.Tone = toneWarn
		}
	} else if n.LastError == "" {
		v.Tone = toneIdle
	}
	for _, t := range n.Tokens {
		tv := tokenViewOf(now, t)
		v.Tokens = append(v.Tokens, tv)
		v.Tone = worse(v.Tone, tv.Tone)
	}
	return v
}

func tokenViewOf(now time.Time, t Token) tokenView {
	tone := map[string]string{"ok": toneGood, "cooling": toneIdle, "parked": toneWarn}[t.State]
	if tone == "" {
		tone = toneBad
	}
	if tone == toneGood && endsSoon(now, &t) {
		tone = toneWarn
	}
	return tokenView{
		Slot: t.Slot, State: t.State, Tone: tone, Reason: t.Reason, Link: webLink(t.Link), Quotas: metersOf(&t.Spending, t.Usage),
		Until: momentOf(now, t.Until), Expires: momentOf(now, t.Expires),
		Expired: !t.Expires.IsZero() && t.Expires.Before(now), Endless: t.Endless, Renewed: t.Renewed,
	}
}

// endsSoon reports whether a person must see to a token that works: within a week it
// expires, and nobody renews it.
func endsSoon(now time.Time, t *Token) bool {
	return !t.Renewed && !t.Expires.IsZero() && t.Expires.Sub(now) < week
}

// statePhrases counts a network's accounts by state, in the order of the states.
func statePhrases(n *Network) []phrase {
	var out []phrase
	for _, st := range states() {
		key := st.Name
		if key == stateUnknown {
			key = ""
		}
		if c := n.States[key]; c > 0 {
			out = append(out, phrase{Text: thousands(int64(c)) + " " + st.Title, Tone: st.Tone,
				Link: selection{filter: filter{Network: n.Name, State: st.Name}}.link()})
		}
	}
	return out
}

// rateText writes a rate as requests in the unit of time that reads best.
func rateText(perSecond float64, tokens int) string {
	text := ""
	switch {
	case perSecond <= 0:
		return ""
	case perSecond >= 1:
		text = rounded(perSecond) + " requests/s"
	case perSecond*60 >= 1:
		text = rounded(perSecond*60) + " requests/min"
	default:
		text = rounded(perSecond*3600) + " requests/h"
	}
	if tokens > 1 {
		text += " for each token"
	}
	return text
}

// rounded writes a number with at most one decimal.
func rounded(v float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
}

func ticksText(skipped, missed int64) string {
	var parts []string
	if skipped > 0 {
		parts = append(parts, thousands(skipped)+" skipped")
	}
	if missed > 0 {
		parts = append(parts, thousands(missed)+" missed")
	}
	return strings.Join(parts, ", ")
}

func pollText(p *Poll) string {
	text := thousands(int64(p.OK)) + " ok"
	if p.Failed > 0 {
		text += ", " + thousands(int64(p.Failed)) + " failed"
	}
	text += "; " + plural(int64(p.Requests), "request", "requests") + " in " + span(p.Duration)
	if p.Retries > 0 {
		text += ", " + plural(int64(p.Retries), "retry", "retries")
	}
	return text
}
