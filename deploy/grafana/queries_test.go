package grafana

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"collectord/internal/influxdtest"
)

var hold = flag.Duration("hold", 0, "keep the InfluxDB of TestQueries running this long after each month, to look at it with Grafana")

// most is the greatest number of lines that a plot may have: one for each network,
// and room for the counts that come in fives.
const most = 20

// day is a day.
const day = 24 * time.Hour

// TestQueries asks every query of the dashboards that stand on InfluxDB.
func TestQueries(t *testing.T) {
	db := influxdtest.Start(t)
	end := time.Now().Truncate(time.Hour)
	for _, c := range []struct {
		name  string
		month month
		young bool // a panel that says so may be empty yet
	}{
		{"few", month{accounts: 5, span: 31 * day, every: time.Hour, end: end}, false},
		{"month", month{accounts: 45, span: 31 * day, every: time.Hour, end: end}, false},
		{"many", month{accounts: 500, span: 31 * day, every: 6 * time.Hour, end: end}, false},
		{"young", month{accounts: 15, span: 2 * time.Hour, every: time.Hour, end: end}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.month.write(t, db, c.name)
			for _, file := range []string{"followers.json", "collectord.json"} {
				d := load(t, file)
				s := open(t, db, d, end.Add(-30*day), end.Add(20*time.Minute))
				if c.month.every > time.Hour && s.values["step"] != nil {
					s.values["step"] = []string{"6h"}
				}
				if s.values["one"] != nil { // has a gap and another name, and is hard to quote
					s.values["one_network"], s.values["one"] = []string{c.month.network(0)}, []string{c.month.label(0)}
				}
				askPanels(t, db, d, s, c.young)
				askAnnotations(t, db, d, s, c.young)
			}
			if *hold > 0 {
				t.Logf("%s, database %s", db.URL, db.Database)
				select {
				case <-time.After(*hold):
				case <-t.Context().Done():
				}
			}
		})
	}
}

func askPanels(t *testing.T, db *influxdtest.Server, d dashboard, s *screen, young bool) {
	t.Helper()
	for _, p := range d.Panels {
		for _, q := range p.Targets {
			query := s.fill(t, q.Query, s.interval(t, p))
			rows := db.Query(t, query)
			n, lines := count(rows)
			t.Logf("%5d values  %s, %s %s: %s", n, d.Title, p.Title, q.RefID, query)
			if n == 0 && (!young || p.FieldConfig.Defaults.NoValue == "") {
				t.Errorf("%s: panel %q: no data: %s", d.Title, p.Title, query)
			}
			if q.ResultFormat == "time_series" && lines > most {
				t.Errorf("%s: panel %q has %d lines", d.Title, p.Title, lines)
			}
			if p.Type == "stat" && len(rows) != 1 {
				t.Errorf("%s: panel %q has %d numbers, want one", d.Title, p.Title, len(rows))
			}
			if q.ResultFormat == "table" && len(rows) > 0 && len(rows[0].Tags) > 1 {
				// Grafana mixes up the columns of tags then (it ranges over a map).
				t.Errorf("%s: panel %q is a table grouped by %d tags", d.Title, p.Title, len(rows[0].Tags))
			}
		}
	}
}

// count returns how many values there are that are not null, and of how many lines.
func count(rows []influxdtest.Row) (values, lines int) {
	series := map[string]bool{}
	for _, row := range rows {
		for column, value := range row.Values {
			if value != nil {
				values++
				series[fmt.Sprint(column, row.Tags)] = true
			}
		}
	}
	return values, len(series)
}

func askAnnotations(t *testing.T, db *influxdtest.Server, d dashboard, s *screen, young bool) {
	t.Helper()
	for _, a := range d.Annotations.List {
		if a.BuiltIn == 1 {
			continue
		}
		query := s.fill(t, a.Target.Query, "1h")
		rows := db.Query(t, query)
		t.Logf("%5d rows    %s, annotation %s: %s", len(rows), d.Title, a.Name, query)
		// Nothing is lost in a good month, and gaps are an hourly account's.
		if must := (a.Name == "Names" || a.Name == "States" || a.Name == "Gaps") && !young; len(rows) == 0 && must && db.Database == "month" {
			t.Errorf("%s: annotation %q: nothing: %s", d.Title, a.Name, query)
		}
		for _, row := range rows {
			if _, ok := row.Values[a.Target.TextColumn]; !ok || row.Time.Year() < 2000 {
				t.Fatalf("%s: annotation %q: no %s, or no time: %v", d.Title, a.Name, a.Target.TextColumn, row)
			}
		}
	}
}

// TestGrowth holds the figures against what was written: queries that bring rows
// may still bring wrong ones.
func TestGrowth(t *testing.T) {
	db := influxdtest.Start(t)
	end := time.Now().Truncate(time.Hour)
	month{accounts: 15, span: 31 * day, every: time.Hour, end: end}.write(t, db, "growth")
	d := load(t, "followers.json")
	s := open(t, db, d, end.Add(-30*day), end.Add(20*time.Minute))
	one := func(title string) int64 {
		for _, p := range d.Panels {
			if p.Title == title {
				for _, v := range db.Query(t, s.fill(t, p.Targets[0].Query, "1h"))[0].Values {
					return int64(mustFloat(t, v))
				}
			}
		}
		t.Fatalf("no panel %q", title)
		return 0
	}
	at := func(back time.Duration) (sum int64) {
		query := fmt.Sprintf(`SELECT sum("followers") AS "n" FROM "profile" WHERE time = %ds`, end.Add(-back).Unix())
		return db.Query(t, query)[0].Int(t, "n")
	}
	for title, want := range map[string]int64{"Followers": at(0), "Accounts with a count": 15,
		"Growth in 24 hours": at(0) - at(day), "Growth in 7 days": at(0) - at(7*day), "Growth in 30 days": at(0) - at(30*day)} {
		if got := one(title); got != want {
			t.Errorf("%s: %d, want %d", title, got, want)
		}
	}
	tag := s.values["tag"]
	if strings.Join(tag, "") != "network" {
		t.Errorf("the tag to compare by is %v at first", tag)
	}
	s.values["tag"] = []string{"team"} // an own tag that not every account has
	if got := one("Accounts with a count"); got != 15 {
		t.Errorf("with all values of an own tag there are %d accounts", got)
	}
}
