package grafana

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"collectord/internal/influxdtest"
)

// screen is a dashboard as somebody looks at it: a time range, and a value for
// each variable.
type screen struct {
	from, to time.Time
	values   map[string][]string
	all      map[string]string // what a variable that stands on All is written as, where it says so
}

// open fills in the variables in their order, as Grafana does when it opens a
// dashboard: each is asked with the values of those before it.
func open(t *testing.T, db *influxdtest.Server, d dashboard, from, to time.Time) *screen {
	t.Helper()
	s := &screen{from: from, to: to, values: map[string][]string{}, all: map[string]string{}}
	for _, v := range d.Templating.List {
		switch v.Type {
		case "query":
			options := s.options(t, db, v)
			if len(options) == 0 {
				t.Errorf("%s: variable %s has no values: %s", d.Title, v.Name, s.fill(t, v.text(), "1h"))
				continue
			}
			s.choose(v, options)
		case "custom":
			s.values[v.Name] = []string{fmt.Sprint(v.Current.Value)}
		}
	}
	return s
}

// options are the values of a query variable: of SHOW TAG VALUES the values, else
// the first text of each row.
func (s *screen) options(t *testing.T, db *influxdtest.Server, v variable) []string {
	t.Helper()
	query := s.fill(t, v.text(), "1h")
	var options []string
	for _, row := range db.Query(t, query) {
		option := ""
		for column, value := range row.Values {
			if text, ok := value.(string); ok && column != "key" {
				option = text
			}
		}
		if option != "" && s.wanted(t, v, option) && !slices.Contains(options, option) {
			options = append(options, option)
		}
	}
	t.Logf("%5d values  variable %s: %s", len(options), v.Name, query)
	return options
}

// wanted applies the filter of a variable. The one filter that is in use looks
// ahead, which Go's expressions do not.
func (s *screen) wanted(t *testing.T, v variable, option string) bool {
	t.Helper()
	if v.Regex == "" {
		return true
	}
	names, ok := strings.CutPrefix(v.Regex, "/^(?!(?:")
	names, rest, found := strings.Cut(names, ")$)")
	if !ok || !found || rest != ".*/" {
		t.Fatalf("variable %s: what does %s keep?", v.Name, v.Regex)
	}
	return !slices.Contains(strings.Split(names, "|"), option)
}

func (s *screen) choose(v variable, options []string) {
	current, _ := v.Current.Value.(string)
	switch {
	case v.IncludeAll && v.AllValue != "":
		s.all[v.Name] = v.AllValue
	case v.IncludeAll:
		s.values[v.Name] = options
	case slices.Contains(options, current):
		s.values[v.Name] = []string{current}
	default:
		s.values[v.Name] = options[:1]
	}
}

var (
	placeholder = regexp.MustCompile(`\$\{(\w+)(?::(\w+))?\}|\$(\w+)`)
	special     = regexp.MustCompile(`[\\^$*+?.()|\[\]{}/]`)
)

// fill writes a query as Grafana sends it: the macros of its InfluxDB data source,
// the variables in the format that the query names.
func (s *screen) fill(t *testing.T, query, interval string) string {
	t.Helper()
	return placeholder.ReplaceAllStringFunc(query, func(match string) string {
		parts := placeholder.FindStringSubmatch(match)
		name, format := parts[1]+parts[3], parts[2]
		switch name {
		case "timeFilter":
			return fmt.Sprintf("time >= %dms and time <= %dms", s.from.UnixMilli(), s.to.UnixMilli())
		case "__interval":
			return interval
		case "__to":
			return strconv.FormatInt(s.to.UnixMilli(), 10)
		}
		if all, ok := s.all[name]; ok {
			return all
		}
		values, ok := s.values[name]
		if !ok {
			t.Errorf("nothing is called %s: %s", match, query)
		}
		if len(values) > 1 && format != "regex" {
			t.Errorf("%s has several values: %s", match, query)
		}
		if format == "regex" {
			return asRegex(values)
		}
		return strings.Join(values, ",")
	})
}

func asRegex(values []string) string {
	escaped := make([]string, len(values))
	for i, v := range values {
		escaped[i] = special.ReplaceAllString(v, `\$0`)
	}
	if len(escaped) == 1 {
		return escaped[0]
	}
	return "(" + strings.Join(escaped, "|") + ")"
}

// interval is the width of a step of a panel: no finer than the panel asks for, no
// more steps than it has room for, rounded up to a round one.
func (s *screen) interval(t *testing.T, p panel) string {
	t.Helper()
	room := p.MaxDataPoints
	if room == 0 {
		room = 800
	}
	width := s.to.Sub(s.from) / time.Duration(room)
	if p.Interval != "" {
		width = max(width, duration(t, s.fill(t, p.Interval, "")))
	}
	for _, round := range []string{"1m", "5m", "15m", "30m", "1h", "2h", "3h", "6h", "12h", "1d", "7d"} {
		if duration(t, round) >= width {
			return round
		}
	}
	return "30d"
}

// duration reads a duration of InfluxQL, which knows days.
func duration(t *testing.T, text string) time.Duration {
	t.Helper()
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil {
			t.Fatal(err)
		}
		return time.Duration(n) * 24 * time.Hour
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
