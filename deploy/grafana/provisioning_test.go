package grafana

import (
	"os"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// TestProvisioning holds the files that are read at Grafana's start against each
// other, and against the page that explains them.
func TestProvisioning(t *testing.T) {
	var sources struct {
		Datasources []struct{ UID, Type, URL string }
	}
	text, err := os.ReadFile("provisioning/datasources/collectord.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &sources); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{}
	for _, s := range sources.Datasources {
		kinds[s.UID] = s.Type
	}
	for _, r := range rules(t) {
		for _, s := range r.Data {
			if s.DatasourceUID != "__expr__" && kinds[s.DatasourceUID] != "influxdb" {
				t.Errorf("%s asks %q, which is no InfluxDB of the data sources", r.UID, s.DatasourceUID)
			}
		}
	}
	page, err := os.ReadFile("../../docs/dashboards.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(text), "${")[2:] { // the first is of a comment
		if name, _, _ := strings.Cut(part, "}"); !strings.Contains(string(page), "\n"+name+"=") {
			t.Errorf("docs/dashboards.md does not say what %s is", name)
		}
	}
	var providers struct {
		Providers []struct {
			Options struct{ Path string }
		}
	}
	if text, err = os.ReadFile("provisioning/dashboards/collectord.yaml"); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &providers); err != nil || len(providers.Providers) != 1 {
		t.Fatalf("%d providers: %v", len(providers.Providers), err)
	}
	if path := providers.Providers[0].Options.Path; !strings.Contains(string(page), "mkdir -p "+path+"\n") {
		t.Errorf("docs/dashboards.md does not put the dashboards into %s", path)
	}
}
