package networktest

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"collectord/networks"
)

// testDateHint has the server name the time at which to ask again, by its own clock, which
// may be far from ours: the wait is the same.
func (s Suite) testDateHint(t *testing.T) {
	for name, off := range map[string]time.Duration{"clocks agree": 0, "ours is slow": time.Hour, "ours is fast": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			e := s.try(t, always(func(w http.ResponseWriter, _ *http.Request) {
				now := time.Now().Add(off).UTC()
				w.Header().Set("Date", now.Format(http.TimeFormat))
				w.Header().Set("Retry-After", now.Add(40*time.Second).Format(http.TimeFormat))
				w.WriteHeader(http.StatusTooManyRequests)
			}), s.kind(http.StatusTooManyRequests))
			if wait := e.Until.Sub(start); !e.Until.IsZero() && (wait < 38*time.Second || wait > 45*time.Second) {
				t.Errorf("Until is in %v, want 40 s", wait)
			}
		})
	}
}

// rateHeaders are the headers in which networks tell of their limits.
func rateHeaders() []string {
	return []string{
		"x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset",
		"x-app-limit-24hour-limit", "x-app-limit-24hour-remaining", "x-app-limit-24hour-reset",
		"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Used",
		"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset",
		"X-App-Usage", "X-Business-Use-Case-Usage", "Retry-After",
	}
}

// testAllowance has a good answer tell nonsense of the limits: the answer is as good as
// before, and nothing is told that a poller could not live with.
func (s Suite) testAllowance(t *testing.T) {
	for _, nonsense := range []string{
		"", "-1", "0", "1e300", "NaN", "Inf", "soon", "null", "{}", "[]", "\"x\"", "99999999999999999999", "2999-01-01T00:00:00Z",
		`{"call_count":1e300,"total_time":-5}`, `{"1":[{"call_count":"x"}]}`, `{"1":[{"call_count":100,"estimated_time_to_regain_access":1e300}]}`,
	} {
		r := s.rig(t, func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				rec := httptest.NewRecorder()
				h.ServeHTTP(rec, req)
				for _, name := range rateHeaders() {
					rec.Header().Set(name, nonsense)
				}
				send(w, rec, rec.Body.Bytes())
			})
		})
		latest := time.Now().Add(26 * time.Hour)
		ctx := networks.WithAllowances(t.Context(), func(a networks.Allowance) {
			if !(a.Used >= 0 && a.Used <= 1) || a.Until.After(latest) || a.Limit == "" { // NaN is neither
				t.Errorf("%q became %+v", nonsense, a)
			}
		})
		refs := r.refs(s.Good, s.Second)
		for i, res := range networks.Ask(ctx, r, s.Token, refs) {
			s.sameAccount(t, r.profile(res, refs[i].Name), r.account(refs[i]))
		}
	}
}
