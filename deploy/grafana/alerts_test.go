package grafana

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"collectord/internal/influxdtest"
)

// rule is one alert rule, as Grafana's provisioning has it.
type rule struct {
	UID         string
	Title       string
	Condition   string
	For         string
	NoDataState string `yaml:"noDataState"`
	Annotations map[string]string
	Data        []step
}

// step is one step of a rule: a query, or an expression over steps before it.
type step struct {
	RefID             string `yaml:"refId"`
	RelativeTimeRange struct {
		From, To int // seconds before now
	} `yaml:"relativeTimeRange"`
	DatasourceUID string `yaml:"datasourceUid"`
	Model         struct {
		RefID      string `yaml:"refId"`
		Query      string
		Type       string
		Expression string
		Reducer    string
		Conditions []struct {
			Evaluator struct {
				Type   string
				Params []float64
			}
		}
	}
}

// numbers are the values of a step by their labels, "account=...;network=...".
type numbers map[string]float64

func rules(t *testing.T) []rule {
	t.Helper()
	text, err := os.ReadFile("provisioning/alerting/collectord.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		APIVersion int `yaml:"apiVersion"`
		Groups     []struct {
			Name, Folder, Interval string
			Rules                  []rule
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil || len(file.Groups) != 1 {
		t.Fatalf("%d groups: %v", len(file.Groups), err)
	}
	return file.Groups[0].Rules
}

// TestAlerts has every rule judge a good month and a bad one.
func TestAlerts(t *testing.T) {
	db := influxdtest.Start(t)
	now := time.Now()
	judge := func(name string, bad bool, every time.Duration) map[string][]string {
		end := now.Add(5*time.Minute - every).Truncate(time.Second) // the next poll is near: no rule may be impatient
		span := max(8*day, min(31*day, 400*every))                  // the rules look back over a week
		month{accounts: 15, span: span, every: every, end: end, bad: bad}.write(t, db, name)
		firing := map[string][]string{}
		for _, r := range rules(t) {
			firing[r.UID] = fires(t, db, r, now)
		}
		return firing
	}
	for _, every := range []time.Duration{15 * time.Minute, time.Hour, 6 * time.Hour, day} {
		for uid, labels := range judge("good"+every.String(), false, every) {
			if len(labels) > 0 {
				t.Errorf("%s fires in a good month of polls every %v: %v", uid, every, labels)
			}
		}
	}
	m := month{}
	account := func(i int) string { return "account=" + m.label(i) + ";network=" + m.network(i) }
	want := map[string][]string{
		"collectord-no-poll":            {"network=" + silent},
		"collectord-account-gone":       {account(gone), account(suspended)},
		"collectord-account-taken-over": {account(takenOver)},
		"collectord-followers-fall":     {account(fallen)},
		"collectord-unanswered":         {"network=" + unanswered},
	}
	got := judge("bad", true, time.Hour)
	for uid, labels := range got {
		slices.Sort(want[uid])
		if !slices.Equal(labels, want[uid]) {
			t.Errorf("%s fires in a bad month for %v, want %v", uid, labels, want[uid])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d rules, %d are tested", len(got), len(want))
	}
}

// fires returns the labels for which the condition of a rule holds, sorted.
func fires(t *testing.T, db *influxdtest.Server, r rule, now time.Time) []string {
	t.Helper()
	if r.NoDataState != "OK" || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
		t.Errorf("%s: no data is %q, summary %q", r.UID, r.NoDataState, r.Annotations["summary"])
	}
	values := map[string]numbers{}
	for _, s := range r.Data {
		if s.RefID != s.Model.RefID {
			t.Errorf("%s: step %s is called %s inside", r.UID, s.RefID, s.Model.RefID)
		}
		values[s.RefID] = evaluate(t, db, s, values, now)
	}
	var firing []string
	for labels, value := range values[r.Condition] {
		if value != 0 {
			firing = append(firing, labels)
		}
	}
	slices.Sort(firing)
	return firing
}

func evaluate(t *testing.T, db *influxdtest.Server, s step, before map[string]numbers, now time.Time) numbers {
	t.Helper()
	switch {
	case s.DatasourceUID == "collectord-influxdb":
		return ask(t, db, s, now)
	case s.DatasourceUID != "__expr__":
		t.Fatalf("step %s: data source %q", s.RefID, s.DatasourceUID)
	case s.Model.Type == "math":
		return calculate(t, s.Model.Expression, before)
	}
	of, known := before[s.Model.Expression]
	if !known {
		t.Fatalf("step %s: there is no step %q before it", s.RefID, s.Model.Expression)
	}
	result := numbers{}
	for labels, value := range of {
		switch s.Model.Type {
		case "reduce":
			if s.Model.Reducer != "last" { // ask keeps the last
				t.Fatalf("step %s: reducer %q", s.RefID, s.Model.Reducer)
			}
			result[labels] = value
		case "threshold":
			bound := s.Model.Conditions[0].Evaluator
			result[labels] = truth(bound.Type == "gt" && value > bound.Params[0] || bound.Type == "lt" && value < bound.Params[0])
		default:
			t.Fatalf("step %s: type %q", s.RefID, s.Model.Type)
		}
	}
	return result
}

// ask runs a query over its part of the time and keeps the last value of each
// series.
func ask(t *testing.T, db *influxdtest.Server, s step, now time.Time) numbers {
	t.Helper()
	over := &screen{from: now.Add(-time.Duration(s.RelativeTimeRange.From) * time.Second), to: now.Add(-time.Duration(s.RelativeTimeRange.To) * time.Second)}
	result := numbers{}
	for _, row := range db.Query(t, over.fill(t, s.Model.Query, "1h")) {
		if len(row.Values) != 1 {
			t.Fatalf("step %s: %d columns, want one", s.RefID, len(row.Values))
		}
		var labels []string
		for k, v := range row.Tags {
			labels = append(labels, k+"="+v)
		}
		slices.Sort(labels)
		for _, v := range row.Values {
			if v != nil {
				result[strings.Join(labels, ";")] = mustFloat(t, v)
			}
		}
	}
	return result
}

func mustFloat(t *testing.T, v any) float64 {
	t.Helper()
	n, ok := v.(json.Number)
	if !ok {
		t.Fatalf("%#v is not a number", v)
	}
	f, err := n.Float64()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// calculate works out a formula for the labels that all its steps have, as
// Grafana joins them. Its operators are those of Go.
func calculate(t *testing.T, formula string, before map[string]numbers) numbers {
	t.Helper()
	e, err := parser.ParseExpr(strings.ReplaceAll(formula, "$", ""))
	if err != nil {
		t.Fatalf("%s: %v", formula, err)
	}
	var names []string
	ast.Inspect(e, func(n ast.Node) bool {
		if name, ok := n.(*ast.Ident); ok {
			if before[name.Name] == nil {
				t.Fatalf("%s: there is no step %s before it", formula, name.Name)
			}
			names = append(names, name.Name)
		}
		return true
	})
	result := numbers{}
	for labels := range before[names[0]] {
		if !slices.ContainsFunc(names, func(name string) bool { _, ok := before[name][labels]; return !ok }) {
			result[labels] = value(t, e, func(name string) float64 { return before[name][labels] })
		}
	}
	return result
}

func value(t *testing.T, e ast.Expr, of func(string) float64) float64 {
	t.Helper()
	switch e := e.(type) {
	case *ast.Ident:
		return of(e.Name)
	case *ast.ParenExpr:
		return value(t, e.X, of)
	case *ast.BasicLit:
		f, err := strconv.ParseFloat(e.Value, 64)
		if err != nil {
			t.Fatal(err)
		}
		return f
	case *ast.BinaryExpr:
		return operate(t, e.Op, value(t, e.X, of), value(t, e.Y, of))
	}
	t.Fatalf("%T is not known here", e)
	return 0
}

func operate(t *testing.T, op token.Token, x, y float64) float64 {
	t.Helper()
	work, known := map[token.Token]func() float64{
		token.SUB:  func() float64 { return x - y },
		token.MUL:  func() float64 { return x * y },
		token.QUO:  func() float64 { return x / y },
		token.GEQ:  func() float64 { return truth(x >= y) },
		token.EQL:  func() float64 { return truth(x == y) },
		token.LAND: func() float64 { return truth(x != 0 && y != 0) },
		token.LOR:  func() float64 { return truth(x != 0 || y != 0) },
	}[op]
	if !known {
		t.Fatalf("%s is not known here", op)
	}
	return work()
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
