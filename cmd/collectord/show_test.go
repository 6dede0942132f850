package main

import (
	"testing"
	"time"
)

func TestExpiry(t *testing.T) {
	for in, want := range map[time.Duration]string{
		0:                          "",
		-50 * time.Hour:            "2d ago",
		-10*time.Minute - 1:        "10m ago",
		90*time.Minute + 1e9:       "in 1h",
		47*time.Hour + time.Minute: "in 47h",
		14 * 24 * time.Hour:        "in 14d",
		50 * time.Hour:             "in 2d",
	} {
		var end time.Time
		if in != 0 {
			end = time.Now().Add(in)
		}
		if got := expiry(end); got != want {
			t.Errorf("%v: %q, want %q", in, got, want)
		}
	}
}
