package status

import (
	"strconv"
	"time"
)

// storeView is one of the two places where points are: the journal, and InfluxDB.
type storeView struct {
	Name, Title, State, Tone string
	Facts                    []fact
	Error, Hint              string
	Refused                  []refusalView
}

// fact is a name with what is known of it; of the three, those that are set are shown.
type fact struct {
	Key    string
	Meter  meter
	Moment moment
	After  string // text behind the moment
}

// refusalView is a point that InfluxDB refused for good.
type refusalView struct {
	Time         moment
	Reason, Line string
	Resend       bool
}

func storeViews(now time.Time, ov *Overview) []storeView {
	return []storeView{journalView(now, &ov.Journal, ov.Influx == nil), influxView(now, ov.Influx)}
}

func plainFact(key, text string) fact { return fact{Key: key, Meter: meter{Text: text}} }

func journalView(now time.Time, j *Journal, alone bool) storeView {
	v := storeView{Name: "journal", Title: "Journal", State: "takes points", Tone: toneGood, Error: j.Error}
	if j.Refused+j.Rotten+j.Dropped > 0 || j.DamageAs != "" {
		v.Tone = toneWarn
	}
	if j.Error != "" {
		v.State, v.Tone = "takes no points", toneBad
		v.Hint = "See that its disk has room and that state_dir can be written."
	}
	held := plainFact("Holds", plural(j.Points, "point", "points"))
	if alone {
		held.After = "; without an influxdb section it is the store"
	}
	v.Facts = append(v.Facts, held, fact{Key: "Size", Meter: sizeMeter(j)})
	if !j.Oldest.IsZero() {
		v.Facts = append(v.Facts, fact{Key: "Oldest", Moment: momentOf(now, j.Oldest)}, fact{Key: "Newest", Moment: momentOf(now, j.Newest)})
	}
	for _, c := range []struct {
		key string
		n   int64
	}{{"Refused", j.Refused}, {"Rotten", j.Rotten}, {"Dropped", j.Dropped}} {
		if c.n > 0 {
			v.Facts = append(v.Facts, plainFact(c.key, plural(c.n, "point", "points")))
		}
	}
	for _, r := range j.RefusedLast {
		v.Refused = append(v.Refused, refusalView{momentOf(now, r.Time), r.Reason, r.Line, r.Resend})
	}
	return v
}

// sizeMeter is the journal's size, and how much it is of what it may have.
func sizeMeter(j *Journal) meter {
	if j.MaxBytes <= 0 {
		return meter{Text: size(j.Bytes)}
	}
	share := float64(j.Bytes) / float64(j.MaxBytes)
	part := strconv.FormatFloat(100*share, 'f', 1, 64)
	if share > 0 && share < 0.001 {
		part = "less than 0.1"
	}
	return barOf(size(j.Bytes)+" of "+size(j.MaxBytes)+" ("+part+" %)", share)
}

func influxView(now time.Time, in *Influx) storeView {
	if in == nil {
		return storeView{Name: "influxdb", Title: "InfluxDB", State: "not in the config", Tone: toneIdle,
			Hint: "Add an influxdb section, and all that the journal holds is delivered."}
	}
	v := storeView{Name: "influxdb", Title: "InfluxDB", State: in.State, Tone: toneGood, Error: in.Error, Hint: in.Hint}
	if in.State != stateOK {
		v.Tone = toneBad
	} else {
		v.Error, v.Hint = "", ""
	}
	if !in.Since.IsZero() {
		v.State += " for " + coarse(now.Sub(in.Since))
	}
	backlog := plainFact("Waiting", "nothing")
	if in.Backlog > 0 {
		backlog = plainFact("Waiting", plural(in.Backlog, "point", "points"))
		if !in.Oldest.IsZero() {
			backlog.Meter.Text += ", the oldest of"
			backlog.Moment = momentOf(now, in.Oldest)
		}
	}
	delivered := plural(in.Delivered, "point", "points") + " since the start"
	if in.Refused > 0 {
		delivered += ", " + thousands(in.Refused) + " refused"
	}
	v.Facts = []fact{
		plainFact("Address", publicURL(in.URL)+", bucket "+in.Bucket),
		backlog, plainFact("Delivered", delivered),
		{Key: "Last success", Moment: momentOf(now, in.LastSuccess)},
	}
	if !in.NextTry.IsZero() {
		v.Facts = append(v.Facts, fact{Key: "Next try", Moment: momentOf(now, in.NextTry)})
	}
	return v
}
