package networks

import (
	"errors"
	"strings"
	"testing"
)

// TestKinds: every kind has words and a label of its own, and what is no kind has none.
func TestKinds(t *testing.T) {
	seen := make(map[string]bool)
	for k := Temporary; k <= Blocked; k++ {
		if s := k.String(); s == "unknown" || seen[s] || strings.Contains(k.Label(), " ") {
			t.Errorf("%d: %q, %q", k, s, k.Label())
		}
		seen[k.String()] = true
		if of := k >= NotFound; k.OfAccount() != of {
			t.Errorf("%v: of an account: %v", k, !of)
		}
	}
	for _, k := range []Kind{0, Blocked + 1, 255} {
		if k.String() != "unknown" || k.OfAccount() {
			t.Errorf("%d: %q, %v", k, k, k.OfAccount())
		}
	}
	if RateLimited.Label() != "rate_limited" {
		t.Error(RateLimited.Label())
	}
}

func TestErrorText(t *testing.T) {
	cause := errors.New("broken pipe")
	for want, e := range map[string]*Error{
		"vk: users.get: temporary":                                     {Op: "vk: users.get", Kind: Temporary},
		"vk: users.get: code 29: rate limited: slow down: broken pipe": {Op: "vk: users.get", Kind: RateLimited, Code: "29", Msg: "slow down", Err: cause, Hint: "wait"},
		"vk: users.get: malformed: broken pipe":                        {Op: "vk: users.get", Kind: Malformed, Err: cause},
	} {
		if e.Error() != want {
			t.Errorf("%q, want %q", e, want)
		}
		if errors.Is(e, cause) != (e.Err != nil) {
			t.Errorf("%v: its cause is not in its chain", e)
		}
	}
}

// TestRounds: a count with more digits than are told, and the last one that has not.
func TestRounds(t *testing.T) {
	for followers, want := range map[int64]bool{0: false, 999: false, 1000: true, 1001: true} {
		if got := (Descriptor{Digits: 3}).Rounds(followers); got != want {
			t.Errorf("%d with 3 digits: %v", followers, got)
		}
		if (Descriptor{}).Rounds(followers) {
			t.Errorf("%d is rounded by a network that tells all", followers)
		}
	}
}
