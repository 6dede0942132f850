package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// TestShippedConfigs checks the configs that packages and the compose file bring along:
// they are right as they are, and so is that of the packages with its examples switched
// on.
func TestShippedConfigs(t *testing.T) {
	packaged := readDoc(t, "deploy", "package", "config.yaml")
	on := strings.Replace(packaged, "networks: {}", "networks:", 1)
	on = strings.NewReplacer("\n#influxdb", "\ninfluxdb", "\n#  ", "\n  ").Replace(on)
	for name, c := range map[string]struct{ text, says string }{
		"package":             {packaged, "ok: 0 networks, 0 accounts"},
		"package switched on": {on, "ok: 2 networks, 2 accounts"},
		"compose":             {readDoc(t, "deploy", "compose", "config", "config.yaml"), "ok: 2 networks, 3 accounts"},
	} {
		path := filepath.Join(t.TempDir(), "config.yaml")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs strings.Builder
		env := &environment{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: func(name string) (string, bool) {
			return "token", name == "INFLUXDB_TOKEN"
		}}
		if code := run([]string{"check", "--config", path}, env); code != 0 || !strings.Contains(out.String(), c.says) {
			t.Errorf("%s: check ends with %d and says %s%s", name, code, &out, &errs)
		}
	}
}

// TestComposeNamesFiles wants everything that the compose file mounts to be there, and
// what Grafana is told to be what its data sources ask for.
func TestComposeNamesFiles(t *testing.T) {
	var file struct {
		Services map[string]struct {
			Volumes     []string
			Environment map[string]string
		}
		Volumes map[string]any
	}
	if err := yaml.Unmarshal([]byte(readDoc(t, "deploy", "compose", "compose.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Services) != 3 {
		t.Errorf("%d services, want 3", len(file.Services))
	}
	for name, s := range file.Services {
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if _, named := file.Volumes[from]; named {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, "deploy", "compose", from)); err != nil {
				t.Errorf("%s mounts what is not there: %v", name, err)
			}
		}
	}
	sources := readDoc(t, "deploy", "grafana", "provisioning", "datasources", "collectord.yaml")
	for name := range file.Services["grafana"].Environment {
		if strings.HasPrefix(name, "COLLECTORD_") && !strings.Contains(sources, "${"+name+"}") {
			t.Errorf("no data source asks for %s", name)
		}
	}
}
