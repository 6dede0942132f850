package status

import (
	"strings"
	"time"
)

// phrase is a part of the sentence that says how everything is.
type phrase struct {
	Text, Tone string
	Link       string // "" for none
}

// notice is something that somebody should do.
type notice struct {
	Tone, Title, Text, Hint string
	Link, LinkText          string
}

// overviewView is the upper part of the front page and its foot.
type overviewView struct {
	Tone     string // the worst of the sentence's parts
	Sentence []phrase
	Notices  []notice

	Version, Config, ConfigHash string
	Started, ConfigTime         moment
	Cluster                     *clusterView
}

// titleOf is the document's title: what needs a look, so that a tab tells it.
func titleOf(t tally, ov *Overview) string {
	switch {
	case ov.ConfigError != "":
		return "config not taken"
	case ov.Influx != nil && ov.Influx.State != stateOK:
		return "InfluxDB waiting"
	case t.Trouble > 0:
		return thousands(int64(t.Trouble)) + " to look at"
	}
	return plural(int64(t.Total), "account", "accounts")
}

func overviewOf(now time.Time, ov *Overview, t tally) overviewView {
	v := overviewView{
		Sentence: append(accountPhrases(ov, t), influxPhrases(now, ov)...),
		Notices:  noticesOf(now, ov),
		Version:  ov.Version, Config: ov.ConfigFile, ConfigHash: ov.ConfigHash,
		Started: momentOf(now, ov.Started), ConfigTime: momentOf(now, ov.ConfigTime), Cluster: clusterViewOf(now, ov.Cluster),
	}
	v.Tone = toneGood
	if v.Cluster != nil {
		v.Tone = worse(v.Tone, v.Cluster.Tone)
	}
	for _, p := range v.Sentence {
		v.Tone = worse(v.Tone, p.Tone)
	}
	for _, n := range v.Notices {
		v.Tone = worse(v.Tone, n.Tone)
	}
	return v
}

// worse returns the graver of two tones.
func worse(a, b string) string {
	rank := map[string]int{toneWarn: 1, toneBad: 2}
	if rank[b] > rank[a] {
		return b
	}
	return a
}

func accountPhrases(ov *Overview, t tally) []phrase {
	where := ""
	if n := len(ov.Networks); n > 0 {
		where = " on " + plural(int64(n), "network", "networks")
	}
	out := []phrase{{Text: plural(int64(t.Total), "account", "accounts") + where}}
	for _, p := range []struct {
		n          int
		text, tone string
		state      string
	}{
		{t.Good, "ok", toneGood, ""},
		{t.Trouble, "to look at", toneWarn, stateTrouble},
		{t.Idle, "not polled yet", toneIdle, stateUnknown},
	} {
		if p.n == 0 {
			continue
		}
		link := ""
		if p.state != "" {
			link = selection{filter: filter{State: p.state}}.link()
		}
		out = append(out, phrase{Text: thousands(int64(p.n)) + " " + p.text, Tone: p.tone, Link: link})
	}
	return out
}

// influxPhrases says where the points go and how many wait.
func influxPhrases(now time.Time, ov *Overview) []phrase {
	in := ov.Influx
	if in == nil {
		return []phrase{{Text: "no InfluxDB: the journal keeps " + plural(ov.Journal.Points, "point", "points"), Tone: toneIdle}}
	}
	state := phrase{Text: "InfluxDB ok", Tone: toneGood}
	if in.State != stateOK {
		state = phrase{Text: "InfluxDB " + in.State, Tone: toneBad}
		if !in.Since.IsZero() {
			state.Text += " for " + coarse(now.Sub(in.Since))
		}
	}
	if in.Backlog == 0 {
		return []phrase{state, {Text: "nothing waits"}}
	}
	backlog := phrase{Text: plural(in.Backlog, "point waits", "points wait"), Tone: toneIdle}
	if in.State != stateOK {
		backlog.Tone = toneWarn
	}
	if !in.Oldest.IsZero() {
		backlog.Text += ", the oldest for " + coarse(now.Sub(in.Oldest))
	}
	return []phrase{state, backlog}
}

// noticesOf lists what needs a person, the gravest first.
func noticesOf(now time.Time, ov *Overview) []notice {
	var out []notice
	if ov.ConfigError != "" {
		out = append(out, notice{Tone: toneBad, Title: "The last edit of the config was not taken", Text: ov.ConfigError,
			Hint: "The config before it stays in force. Save a corrected file and it is taken at once."})
	}
	out = append(out, journalNotices(&ov.Journal)...)
	if in := ov.Influx; in != nil && in.State != stateOK {
		n := notice{Tone: toneBad, Title: "InfluxDB takes no points", Text: in.Error, Hint: in.Hint}
		if !in.NextTry.IsZero() {
			n.Hint = strings.TrimPrefix(strings.TrimSuffix(n.Hint, ".")+". ", ". ") + // hints end with a dot or without
				"The next try is " + relative(now, in.NextTry) + ", with all points that wait."
		}
		out = append(out, n)
	}
	for i := range ov.Networks {
		out = append(out, tokenNotices(now, &ov.Networks[i])...)
	}
	return out
}

func journalNotices(j *Journal) []notice {
	var out []notice
	if j.Error != "" {
		out = append(out, notice{Tone: toneBad, Title: "The journal takes no points", Text: j.Error,
			Hint: "See that its disk has room and that state_dir can be written."})
	}
	if j.DamageAs != "" {
		out = append(out, notice{Tone: toneBad, Title: "The journal was damaged and a new one was begun",
			Text: "The damaged one was set aside as " + j.DamageAs})
	}
	for _, c := range []struct {
		n                       int64
		title, text, tone, hint string
	}{
		{j.Dropped, "Points were dropped before InfluxDB had them", "dropped to keep journal.max_size", toneBad, ""},
		{j.Refused, "InfluxDB refused points for good", "set aside with the reason", toneWarn,
			"Mend what it says under Storage, then `collectord refused --resend` sends them again."},
		{j.Rotten, "Rows of the journal rotted", "set aside because their checksum is wrong", toneWarn, ""},
	} {
		if c.n > 0 {
			out = append(out, notice{Tone: c.tone, Title: c.title, Text: plural(c.n, "point", "points") + " " + c.text, Hint: c.hint})
		}
	}
	return out
}

// tokenNotices lists the tokens that a person must do something about.
func tokenNotices(now time.Time, n *Network) []notice {
	var out []notice
	for _, t := range n.Tokens {
		what := map[string]string{
			"parked": "waits for a person", "dead": "is refused", "missing": "is missing",
		}[t.State]
		if what == "" && endsSoon(now, &t) {
			out = append(out, notice{Tone: toneWarn, Title: titleOfNetwork(n) + ": the token " + t.Slot + " expires " + relative(now, t.Expires),
				Hint: "Nothing renews it. `collectord keychain assign " + t.Slot + "` puts a new one in its place, while the old one works."})
		}
		if what == "" {
			continue
		}
		v := notice{Tone: toneWarn, Title: titleOfNetwork(n) + ": the token " + t.Slot + " " + what, Text: t.Reason}
		if v.Link = webLink(t.Link); v.Link != "" {
			v.LinkText = "Open the page that asks for it"
		}
		if t.State != "parked" {
			v.Tone = toneBad
			v.Hint = "`collectord keychain assign " + t.Slot + "` puts a new one in its place."
		}
		out = append(out, v)
	}
	return out
}
