package rest

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"collectord/networks"
)

// Window is one of a network's limits, as the headers of its answers tell it: those are the
// names of the headers. A Client that is made with it tells [networks.Allowance] of
// every answer.
type Window struct {
	// Name is what the headers' names begin with, for people.
	Name string
	// Left is how many requests are left, perhaps with a fraction.
	Left string
	// Size is how many requests the limit is, or else Used how many of them are used; empty
	// where nobody says.
	Size, Used string
	// Reset is when all of them are there again.
	Reset Hint
}

// Allowance reads the limit. It is false where the answer does not tell it.
func (w Window) Allowance(h http.Header, now time.Time) (networks.Allowance, bool) {
	left, ok := quantity(h, w.Left)
	if !ok {
		return networks.Allowance{}, false
	}
	size, sized := quantity(h, w.Size)
	if used, ok := quantity(h, w.Used); ok {
		size, sized = used+left, true
	}
	a := networks.Allowance{Limit: w.Name, Until: w.Reset.Until(h, now)}
	switch {
	case left < 1:
		a.Used = 1
	case sized:
		a.Used = max(0, (size-left)/size) // more may be left than the limit is
	}
	return a, true
}

// quantity reads a number that cannot be below 0.
func quantity(h http.Header, name string) (n float64, ok bool) {
	if name == "" {
		return 0, false
	}
	// "300, 300;w=300" is the first number, and how it came about.
	text, _, _ := strings.Cut(h.Get(name), ",")
	n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return n, err == nil && n >= 0 && !math.IsInf(n, 1)
}

// tell tells the allowances of an answer.
func (c *Client) tell(ctx context.Context, h http.Header) {
	now := time.Now()
	for _, w := range c.windows {
		if a, ok := w.Allowance(h, now); ok {
			networks.TellAllowance(ctx, a)
		}
	}
}

// reset is when a limit that was reached ends: as Retry-After has it, else when the last of
// the limits with nothing left is whole again, else when the first one is.
func (c *Client) reset(h http.Header, now time.Time) time.Time {
	if t := RetryAfter(h, now); !t.IsZero() {
		return t
	}
	var spent, first time.Time
	for _, w := range c.windows {
		t := w.Reset.Until(h, now)
		if a, ok := w.Allowance(h, now); ok && a.Used == 1 && t.After(spent) {
			spent = t
		}
		if first.IsZero() {
			first = t
		}
	}
	if !spent.IsZero() {
		return spent
	}
	return first
}
