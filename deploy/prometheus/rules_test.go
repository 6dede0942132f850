// Package prometheus holds the alert rules on collectord's /metrics to what they
// promise. There is no code here beside the test: promtool runs collectord_test.yml
// over collectord.rules.yml, and every rule has a case in which it fires and one in
// which it does not.
package prometheus

import (
	"os"
	"os/exec"
	"testing"

	"gopkg.in/yaml.v3"
)

func promtool(t *testing.T, args ...string) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("promtool is missing (Debian: prometheus): %v", err)
		}
		t.Skipf("promtool is missing (Debian: prometheus): %v", err)
	}
	if out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}

func TestRules(t *testing.T) {
	promtool(t, "check", "rules", "--lint=all", "--lint-fatal", "collectord.rules.yml")
	promtool(t, "test", "rules", "collectord_test.yml")
}

func TestEveryRuleIsTested(t *testing.T) {
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert       string
				Labels      map[string]string
				Annotations map[string]string
			}
		}
	}
	read(t, "collectord.rules.yml", &rules)
	var tests struct {
		Tests []struct {
			Alerts []struct {
				Alertname string
				Expected  []any `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	read(t, "collectord_test.yml", &tests)
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, test := range tests.Tests {
		for _, a := range test.Alerts {
			if len(a.Expected) > 0 {
				fires[a.Alertname] = true
			} else {
				silent[a.Alertname] = true
			}
		}
	}
	seen := map[string]bool{}
	for _, r := range rules.Groups[0].Rules {
		if seen[r.Alert] || !fires[r.Alert] || !silent[r.Alert] {
			t.Errorf("%s: twice %t; tested to fire %t, to be silent %t", r.Alert, seen[r.Alert], fires[r.Alert], silent[r.Alert])
		}
		seen[r.Alert] = true
		if r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
			t.Errorf("%s: severity %q, summary %q", r.Alert, r.Labels["severity"], r.Annotations["summary"])
		}
	}
}

func read(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}
