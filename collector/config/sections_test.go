package config

import (
	"errors"
	"testing"
)

func TestSections(t *testing.T) {
	src := []byte("influxdb: {url: nowhere, token: '${NOT_SET}'}\nstate_dir: /srv/x\nlog: {volume: 3}\nnetworks: {nosuch: {}}\n")
	env := testEnv(nil)
	env.Sections = []string{"state_dir"}
	cfg, err := Parse("config.yaml", src, env)
	if err != nil || cfg.StateDir != "/srv/x" || cfg.InfluxDB != nil || cfg.Log.Level != "info" {
		t.Errorf("%+v, %v", cfg, err)
	}
	if len(cfg.Warnings) > 0 {
		t.Errorf("warnings about what was not read: %v", cfg.Warnings)
	}
	// A key of the root that nobody knows stays a mistake, and so does what is read.
	for _, bad := range []string{"state_dri: /srv\n", "state_dir: [1]\n"} {
		var mistakes Mistakes
		if _, err := Parse("config.yaml", []byte(bad), env); !errors.As(err, &mistakes) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	env.Sections = []string{"state_dir", "networks"}
	if _, err := Parse("config.yaml", src, env); err == nil {
		t.Error("networks was not read")
	}
}
