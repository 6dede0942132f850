package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestTargets(t *testing.T) {
	got := targetsOf("FuzzA\nFuzzB\nok  \tcollectord/a\t0.1s\n?   \tcollectord/b\t[no test files]\nok  \tcollectord/c\t0.1s\nFuzzC\nok  \tcollectord/d\t(cached)\n")
	if want := []target{{"collectord/a", "FuzzA"}, {"collectord/a", "FuzzB"}, {"collectord/d", "FuzzC"}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestParse(t *testing.T) {
	o, err := parse([]string{"-time", "10x", "-run", "Parse$"})
	if err != nil || o.time != "10x" || !o.run.MatchString("a.FuzzParse") || !slices.Equal(o.packages, []string{"./..."}) {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := parse([]string{"-run", "("}); err == nil {
		t.Error("a bad pattern is taken")
	}
}

func TestProgress(t *testing.T) {
	text := "fuzz: elapsed: 0s, execs: 1 (1/sec)\nfuzz: elapsed: 1s, execs: 90 (89/sec), new interesting: 2 (total: 9)\nPASS\n"
	if got := progress([]byte(text)); got != "execs: 90 (89/sec), new interesting: 2 (total: 9)" {
		t.Error(got)
	}
}

func TestClipped(t *testing.T) {
	if got := clipped([]byte("a\n" + strings.Repeat("x", 9000) + "\nb")); len(got) > 600 || !strings.HasPrefix(got, "a\nx") || !strings.HasSuffix(got, "x ...\nb") {
		t.Errorf("%d bytes: %.20q", len(got), got)
	}
}

// TestOneTarget runs a real one, and one that does not exist.
func TestOneTarget(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a package with instruments")
	}
	t.Setenv("GOFLAGS", "") // a race detector here is one more build for nothing
	var out bytes.Buffer
	o := options{time: "10x", parallel: 1, packages: []string{"collectord/collector/schedule"}}
	if err := run(t.Context(), o, &out); err != nil || !strings.Contains(out.String(), "ok   collectord/collector/schedule.FuzzParse") {
		t.Errorf("%v\n%s", err, &out)
	}
	out.Reset()
	if err := (target{"collectord/nowhere", "FuzzNothing"}).fuzz(t.Context(), o, &out); err == nil || !strings.HasPrefix(out.String(), "FAIL") {
		t.Errorf("%v\n%s", err, &out)
	}
}
