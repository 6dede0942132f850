package networktest

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"collectord/networks"
)

// testSpoiltCheck has the answer to a check of the token be anything: what comes is a report
// in words, or an error like any other, and no secret in either.
func (s Suite) testSpoiltCheck(t *testing.T) {
	plain := s.rig(t, nil)
	if _, ok := plain.Network.(networks.Checker); !ok {
		return
	}
	check := func(t *testing.T, wrap func(http.Handler) http.Handler) {
		t.Helper()
		r := s.rig(t, wrap)
		c, ok := r.Network.(networks.Checker)
		if !ok {
			t.Fatal("no networks.Checker any more")
		}
		report, err := c.Check(t.Context(), s.Token)
		if err != nil {
			r.failed(nil, err, 0)
		} else if strings.TrimSpace(report) == "" || len(report) > 2000 {
			t.Errorf("the report is %.100q", report)
		}
		if strings.Contains(report, Marker) {
			t.Errorf("the report holds a secret: %s", report)
		}
	}
	for _, body := range []string{"", " \n ", "<!DOCTYPE html>", "null", "{}", "[]", "[null]", "12", `"` + Marker + `"`, `{"data":null}`, `{"data":[null]}`, `{"ok":true}`, "\x00\xff"} {
		t.Run(body, func(t *testing.T) {
			check(t, always(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
		})
	}
	keys := make(map[string]bool)
	check(t, rewrite(func(v any) (any, bool) { note(keys, v); return v, true }))
	for key := range keys {
		for _, bad := range spoilt() {
			t.Run(key+" "+bad.name, func(t *testing.T) { check(t, rewrite(bad.spoil(key))) })
		}
	}
}
