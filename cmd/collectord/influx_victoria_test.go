package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"collectord/collector/point"
	"collectord/internal/faultproxy"
	"collectord/internal/influxdtest"
)

// TestIntoVictoriaMetrics has the daemon deliver to a real VictoriaMetrics, some of it
// twice, because an answer is cut. What is read back is what the journal has: a series
// for every field, numbers as they are, truths as 1 and 0. Texts it does not keep.
func TestIntoVictoriaMetrics(t *testing.T) {
	t.Parallel()
	vm := influxdtest.StartVictoria(t)
	r := newAwayRigWith(t, &influxdtest.Server{URL: vm.URL, Database: "followers"}, "")
	r.proxy.Set(t, faultproxy.CutAnswer())
	r.start()
	r.see("waiting", "broke off", byItself)
	r.proxy.Set(t, faultproxy.Pass())
	eventually(t, 20*time.Second, "three polls are delivered", func() bool {
		s := r.status()
		polls := int64(3)
		for _, n := range s.Networks {
			polls = min(polls, n.Totals.Polls)
		}
		return polls == 3 && s.InfluxDB.State == "ok" && s.InfluxDB.Backlog == 0
	})
	r.end()
	got := map[string]string{}
	for _, s := range vm.Export(t, "(profile|account_state|poll).*") {
		key := sampleKey(s.Name, s.Tags, s.Time)
		if _, twice := got[key]; twice {
			t.Errorf("twice: %s", key)
		}
		got[key] = s.Value.String()
	}
	want := 0
	for _, p := range parsed(t, r.command("export", "--format", "lp")) {
		for _, f := range p.Fields {
			key := sampleKey(p.Measurement+"_"+f.Key(), tagsOf(p), p.Time)
			value, there := got[key]
			if want++; !there || value != number(f) && f.Kind() != point.KindString {
				t.Errorf("%s: %s, want %s", key, value, number(f))
			}
		}
	}
	if want != len(got) || want < 20 {
		t.Errorf("%d fields in the journal, %d samples", want, len(got))
	}
	t.Logf("%d fields read back", want)
	for _, label := range []string{"РИА Новости", `a,b=c "d"`, "bsky.app"} {
		if !strings.Contains(fmt.Sprint(got), label) {
			t.Errorf("nothing of %s", label)
		}
	}
}

func sampleKey(name string, tags map[string]string, at time.Time) string {
	return pointText(name, tags, at, nil)
}

// number is how VictoriaMetrics keeps a field.
func number(f point.Field) string {
	if b, ok := f.Bool(); ok {
		return map[bool]string{true: "1", false: "0"}[b]
	}
	return fmt.Sprint(f.Value())
}
