// Package grafana holds collectord's Grafana files to what collectord writes.
// There is no code here beside the tests: dashboards/ and provisioning/ are files
// that Grafana reads.
//
// Three things are tested. The files are what Grafana expects: every panel has a
// title, a unit, a description and a place of its own, no data source is written
// into a panel. Every InfluxQL query, of panels, variables and annotations, runs
// against a real InfluxDB that holds a simulated month, with Grafana's macros and
// variables filled in as Grafana does, and brings rows; every PromQL query runs in
// promtool over what /metrics really sends. Every alert rule is silent over a good
// month and fires over a bad one.
package grafana

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// schemaVersion is the dashboard format of Grafana 12.4, whose components drew the
// pictures in docs/. An older one makes Grafana convert the file at every load.
const schemaVersion = 42

// dashboard is the part of a dashboard's JSON that the tests look at.
type dashboard struct {
	UID           string  `json:"uid"`
	Title         string  `json:"title"`
	Description   string  `json:"description"`
	SchemaVersion int     `json:"schemaVersion"`
	Panels        []panel `json:"panels"`
	Templating    struct {
		List []variable `json:"list"`
	} `json:"templating"`
	Annotations struct {
		List []struct {
			Name       string     `json:"name"`
			BuiltIn    int        `json:"builtIn"`
			Datasource datasource `json:"datasource"`
			Target     target     `json:"target"`
			Filter     struct {
				IDs []int `json:"ids"`
			} `json:"filter"`
		} `json:"list"`
	} `json:"annotations"`
}

type datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

type panel struct {
	ID            int        `json:"id"`
	Type          string     `json:"type"`
	Title         string     `json:"title"`
	Description   string     `json:"description"`
	Datasource    datasource `json:"datasource"`
	Interval      string     `json:"interval"`
	MaxDataPoints int        `json:"maxDataPoints"`
	GridPos       struct {
		X, Y, W, H int
	} `json:"gridPos"`
	FieldConfig struct {
		Defaults struct {
			Unit    string `json:"unit"`
			NoValue string `json:"noValue"`
		} `json:"defaults"`
	} `json:"fieldConfig"`
	Targets []target `json:"targets"`
}

type target struct {
	RefID        string     `json:"refId"`
	Datasource   datasource `json:"datasource"`
	Query        string     `json:"query"` // InfluxQL
	Expr         string     `json:"expr"`  // PromQL
	ResultFormat string     `json:"resultFormat"`
	TextColumn   string     `json:"textColumn"`
}

type variable struct {
	Name       string          `json:"name"`
	Type       string          `json:"type"`
	Query      json.RawMessage `json:"query"`
	Regex      string          `json:"regex"`
	Multi      bool            `json:"multi"`
	IncludeAll bool            `json:"includeAll"`
	AllValue   string          `json:"allValue"`
	Datasource datasource      `json:"datasource"`
	Current    struct {
		Value any `json:"value"`
	} `json:"current"`
}

// text is the query where it is one text, as all but Prometheus' are.
func (v variable) text() string {
	var s string
	if json.Unmarshal(v.Query, &s) != nil {
		return ""
	}
	return s
}

func load(t *testing.T, file string) dashboard {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("dashboards", file))
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&d); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return d
}

func dashboardFiles(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("dashboards/*.json")
	if err != nil || len(paths) < 3 {
		t.Fatalf("%d dashboards: %v", len(paths), err)
	}
	files := make([]string, len(paths))
	for i, path := range paths {
		files[i] = filepath.Base(path)
	}
	return files
}

func TestDashboards(t *testing.T) {
	uids := map[string]string{}
	for _, file := range dashboardFiles(t) {
		d := load(t, file)
		if d.UID == "" || d.Title == "" || d.Description == "" || uids[d.UID] != "" {
			t.Errorf("%s: uid %q, title %q, description %q; the uid is that of %q, too", file, d.UID, d.Title, d.Description, uids[d.UID])
		}
		uids[d.UID] = file
		if d.SchemaVersion != schemaVersion {
			t.Errorf("%s: schemaVersion %d, want %d", file, d.SchemaVersion, schemaVersion)
		}
		checkPanels(t, file, d)
		checkSources(t, file, d)
	}
}

func checkPanels(t *testing.T, file string, d dashboard) {
	t.Helper()
	ids := map[int]bool{}
	taken := map[[2]int]string{}
	for i, p := range d.Panels {
		if ids[p.ID] || p.ID == 0 {
			t.Errorf("%s: panel %q: id %d is there twice, or none", file, p.Title, p.ID)
		}
		ids[p.ID] = true
		if p.Title == "" {
			t.Errorf("%s: panel %d has no title", file, p.ID)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%s: panel %q lies over %q, or beyond the edge, at %d, %d", file, p.Title, other, x, y)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			if i+1 == len(d.Panels) || d.Panels[i+1].Type == "row" {
				t.Errorf("%s: row %q is empty", file, p.Title)
			}
			continue
		}
		if p.Description == "" || p.FieldConfig.Defaults.Unit == "" || len(p.Targets) == 0 {
			t.Errorf("%s: panel %q: description %q, unit %q, %d queries", file, p.Title, p.Description, p.FieldConfig.Defaults.Unit, len(p.Targets))
		}
	}
	for _, a := range d.Annotations.List {
		for _, id := range a.Filter.IDs {
			if !ids[id] {
				t.Errorf("%s: annotation %q is for panel %d, which is not there", file, a.Name, id)
			}
		}
	}
}

// checkSources demands that whoever looks can choose the data source.
func checkSources(t *testing.T, file string, d dashboard) {
	t.Helper()
	if len(d.Templating.List) == 0 || d.Templating.List[0].Name != "datasource" || d.Templating.List[0].Type != "datasource" {
		t.Fatalf("%s: the first variable is not the data source", file)
	}
	kind := d.Templating.List[0].text()
	check := func(what string, got datasource) {
		if got.UID != "${datasource}" || got.Type != kind {
			t.Errorf("%s: %s has data source %+v, want the variable, of type %s", file, what, got, kind)
		}
	}
	for _, p := range d.Panels {
		if p.Type == "row" {
			continue
		}
		check("panel "+p.Title, p.Datasource)
		for _, q := range p.Targets {
			check("query "+q.RefID+" of panel "+p.Title, q.Datasource)
		}
	}
	for _, v := range d.Templating.List {
		if v.Type == "query" {
			check("variable "+v.Name, v.Datasource)
		}
	}
	for _, a := range d.Annotations.List {
		if a.BuiltIn == 0 {
			check("annotation "+a.Name, a.Datasource)
		}
	}
}

// TestDashboardsSayNothingPrivate finds addresses and uids that an export from a
// live Grafana leaves behind.
func TestDashboardsSayNothingPrivate(t *testing.T) {
	for _, file := range dashboardFiles(t) {
		text, err := os.ReadFile(filepath.Join("dashboards", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, never := range []string{"http://", "https://", "__inputs", "localhost"} {
			if strings.Contains(string(text), never) {
				t.Errorf("%s: %q is in it", file, never)
			}
		}
	}
}
