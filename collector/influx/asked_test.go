package influx

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// Every request is told of, whatever came of it, but one that the end of the program
// cut short.
func TestAsked(t *testing.T) {
	for _, c := range []struct {
		name  string
		reply reply
		want  string
	}{
		{"taken", reply{status: http.StatusNoContent, delay: time.Second}, "ok 1s"},
		{"blamed", says(http.StatusBadRequest, `{"code":"invalid","message":"unable to parse"}`), "refused 0s"},
		{"too large", says(http.StatusRequestEntityTooLarge, ""), "too_large 0s"},
		{"busy", says(http.StatusTooManyRequests, ""), "rate_limited 0s"},
		{"token", says(http.StatusUnauthorized, `{"code":"unauthorized","message":"no"}`), "unauthorized 0s"},
		{"broken", says(http.StatusInternalServerError, ""), "unavailable 0s"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var told []string
			d := newAsked(t, c.reply, &told)
			d.ask(t.Context(), pack("a b=1 1\n"))
			if !slices.Equal(told, []string{c.want}) {
				t.Errorf("%s: %q, want %q", c.name, told, c.want)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		var told []string
		d := newAsked(t, reply{hang: true}, &told)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		d.ask(ctx, pack("a b=1 1\n"))
		d.ask(t.Context(), pack("a b=1 1\n")) // its own deadline is InfluxDB's fault
		if !slices.Equal(told, []string{"timeout 10s"}) {
			t.Errorf("cut short: %q", told)
		}
	})
}

func newAsked(t *testing.T, r reply, told *[]string) *Deliverer {
	t.Helper()
	f := newFake(t, func(int, string) reply { return r })
	opts := options(f)
	opts.Asked = func(outcome string, took time.Duration) { *told = append(*told, fmt.Sprint(outcome, " ", took)) }
	return New(opts, nil, nil)
}
