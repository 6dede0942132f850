package main

import (
	"bytes"
	"strings"
	"testing"

	"go.uber.org/zap"

	"collectord/collector/config"
	"collectord/keychain"
)

// Whatever gets as far as the log, no secret of the keychain or the config is in it.
func TestMask(t *testing.T) {
	keys, err := keychain.Open(keychain.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	if err := keys.Assign("vk", keychain.Bare("vk-marked-secret")); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"json", "console"} {
		var out bytes.Buffer
		var m mask
		log, _, err := newLog(config.Log{Level: "debug", Format: format}, &out, &m)
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range []string{"influx-first-secret", "influx-second-secret"} { // as after a reload
			m.use(keys, &config.Config{InfluxDB: &config.InfluxDB{Token: keychain.Secret(token)}})
			log.Warn("before "+token, zap.String("field", "vk-marked-secret and "+token))
		}
		if s := out.String(); strings.Contains(s, "-secret") || strings.Count(s, "before ") != 2 {
			t.Errorf("%s: %s", format, s)
		}
	}
}

// What is said again and again is said once and counted, in either format; another error,
// and information, are not touched by it.
func TestRepeatedErrorsAreCounted(t *testing.T) {
	for _, format := range []string{"json", "console"} {
		var out bytes.Buffer
		log, level, err := newLog(config.Log{Level: "info", Format: format}, &out, new(mask))
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			log.Error("disk full", zap.String("file", "journal.db"))
			log.Info("poll")
		}
		log.Error("disk full", zap.String("file", "keychain"))
		level.SetLevel(zap.ErrorLevel) // as a reload does
		log.Info("poll")
		if err := log.Sync(); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		if n := strings.Count(text, "disk full"); n != 3 || strings.Count(text, "poll") != 5 || strings.Count(text, `"times"`) != 1 {
			t.Errorf("%s: %s", format, text)
		}
	}
}
