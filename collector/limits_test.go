package collector

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
	"collectord/networks/sim"
)

// spoken is how a network tells with every answer what is left of a window.
type spoken func(h http.Header, left, size int, reset time.Time)

// inHeaders has a header each for the size, the rest and the reset, which write formats.
func inHeaders(size, left, reset string, write func(time.Time) string) spoken {
	return func(h http.Header, n, all int, at time.Time) {
		h.Set(size, strconv.Itoa(all))
		h.Set(left, strconv.Itoa(n))
		h.Set(reset, write(at))
	}
}

func unix(t time.Time) string { return strconv.FormatInt(t.Add(time.Second-1).Unix(), 10) }

func toGo(t time.Time) string { return fmt.Sprintf("%.1f", time.Until(t).Seconds()) }

func iso(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// spokenBy are the networks that tell what is left, each in its own headers and form.
func spokenBy() map[string]spoken {
	return map[string]spoken{
		"twitter":  inHeaders("x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset", unix),
		"github":   inHeaders("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", unix),
		"twitch":   inHeaders("Ratelimit-Limit", "Ratelimit-Remaining", "Ratelimit-Reset", unix),
		"bluesky":  inHeaders("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", unix),
		"mastodon": inHeaders("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", iso),
		"reddit": func(h http.Header, left, size int, reset time.Time) {
			h.Set("X-Ratelimit-Used", strconv.Itoa(size-left))
			h.Set("X-Ratelimit-Remaining", strconv.Itoa(left)+".0")
			h.Set("X-Ratelimit-Reset", toGo(reset))
		},
	}
}

// quota is a network's own count of a window: who asks for more is refused.
type quota struct {
	size   int
	length time.Duration
	tell   spoken

	mu      sync.Mutex
	left    int
	reset   time.Time
	refused int
	windows int
}

// answer is a sim.Fault.
func (q *quota) answer(w http.ResponseWriter, _ *http.Request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if now := time.Now(); !now.Before(q.reset) {
		q.left, q.reset = q.size, now.Add(q.length)
		q.windows++
	}
	q.left--
	if q.left >= 0 {
		return false
	}
	q.refused++
	w.WriteHeader(http.StatusTooManyRequests)
	return true
}

// yardOf is the yard by a name.
func yardOf(t *testing.T, way string) yard {
	t.Helper()
	for _, y := range yards() {
		if y.way == way {
			return y
		}
	}
	t.Fatalf("there is no yard %q", way)
	return yard{}
}

// headers are those of an answer.
func (q *quota) headers(h http.Header) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tell(h, max(0, q.left), q.size, q.reset)
}

// TestNoRequestIsRefused: a network whose window is smaller than its documentation says
// tells so with every answer, and gets no request more than it has left. A short window is
// waited for within the pass, a long one within the tick.
func TestNoRequestIsRefused(t *testing.T) {
	for network, tell := range spokenBy() {
		for _, length := range []time.Duration{40 * time.Second, 10 * time.Minute} {
			t.Run(network+" "+length.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					y := yardOf(t, network)
					y.accounts = min(y.accounts, 3*max(1, y.accounts/y.first)) // three requests, or as many as it takes
					if network == "github" {                                   // organisations, of which each is a request
						y.account = organisation
					}
					if network == "mastodon" {
						y.account = func(i int) (sim.Account, string) {
							a, _ := named(i)
							a.Host = "server.example"
							return a, a.Handle + "@" + a.Host
						}
					}
					r := y.rig(t)
					q := &quota{size: 1, length: length, tell: tell}
					if network == "github" || network == "twitch" { // two requests an account, or one for all before
						q.size = 2
					}
					r.world.Break(network, q.answer)
					r.headers = q.headers
					r.start(y.config("@every 6h", "", ""))
					time.Sleep(11 * time.Hour)
					n := r.collector.Networks(r.keys)[0]
					if p := n.LastPoll; p == nil || p.OK != y.accounts || p.Retries != 0 {
						t.Errorf("the poll: %+v, %s", p, n.LastError)
					}
					if q.refused > 0 || q.windows < 2 {
						t.Errorf("%d requests were refused in %d windows", q.refused, q.windows)
					}
					r.halt()
				})
			})
		}
	}
}

// TestMetaUsage: Meta's three networks go on at their pace below 75 %, stop at 95 %, and
// show what is used.
func TestMetaUsage(t *testing.T) {
	for network, header := range map[string]func(percent, minutes int) (string, string){
		"instagram": func(percent, _ int) (string, string) {
			return "X-App-Usage", fmt.Sprintf(`{"call_count":%d,"total_time":25,"total_cputime":25}`, percent)
		},
		"facebook": func(percent, minutes int) (string, string) {
			return "X-Business-Use-Case-Usage", fmt.Sprintf(`{"178":[{"type":"pages","call_count":25,"total_cputime":%d,`+
				`"total_time":25,"estimated_time_to_regain_access":%d}]}`, percent, minutes)
		},
	} {
		t.Run(network, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				y := yardOf(t, network)
				r := y.rig(t)
				var mu sync.Mutex
				var asked []time.Time
				r.world.Break(network, nil) // which answers at once
				r.headers = func(h http.Header) {
					mu.Lock()
					defer mu.Unlock()
					asked = append(asked, time.Now())
					percent, minutes := 50, 0
					if len(asked) == 2 {
						percent, minutes = 96, 19
					}
					h.Set(header(percent, minutes))
				}
				r.start(y.config("@every 6h", "", "") + "    requests_per_second: 1\n")
				time.Sleep(6*time.Hour + 2*time.Minute)
				n := r.collector.Networks(r.keys)[0]
				if u := n.Tokens[0].Usage; len(u) != 1 || u[0].Used != 0.96 {
					t.Errorf("the usage that is shown: %+v", u)
				}
				time.Sleep(5 * time.Hour)
				n = r.collector.Networks(r.keys)[0]
				if p := n.LastPoll; p == nil || p.OK != y.accounts || p.Requests != 4 {
					t.Fatalf("the poll: %+v, %s", p, n.LastError)
				}
				rest := 15 * time.Minute
				if network == "facebook" {
					rest = 19 * time.Minute
				}
				if got := asked[2].Sub(asked[1]); got < rest || got > rest+time.Minute {
					t.Errorf("at 96 %% it rested for %v, want %v", got, rest)
				}
				r.halt()
			})
		})
	}
}

// TestXWaitsForTheLaterReset: while a day's window is empty the reset of the short one
// means nothing.
func TestXWaitsForTheLaterReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		y := yardOf(t, "twitter")
		r := y.rig(t)
		var day time.Time
		var asked []time.Time
		r.world.Break("twitter", func(w http.ResponseWriter, _ *http.Request) bool {
			now := time.Now()
			if asked = append(asked, now); len(asked) == 1 {
				day = now.Add(3 * time.Hour)
			}
			h := w.Header()
			h.Set("x-rate-limit-limit", "300")
			h.Set("x-rate-limit-remaining", "0")
			h.Set("x-rate-limit-reset", unix(now.Add(15*time.Minute)))
			h.Set("x-app-limit-24hour-limit", "500")
			h.Set("x-app-limit-24hour-remaining", "0")
			h.Set("x-app-limit-24hour-reset", unix(day))
			if now.Before(day) {
				w.WriteHeader(http.StatusTooManyRequests)
				return true
			}
			return false
		})
		r.start(y.config("@every 6h", "", ""))
		time.Sleep(8 * time.Hour)
		synctest.Wait() // for who answers
		if n := r.collector.Networks(r.keys)[0]; n.Tokens[0].State != keychain.Cooling || !n.Tokens[0].Until.Equal(day.Truncate(time.Second).Add(time.Second)) && !n.Tokens[0].Until.Equal(day) {
			t.Errorf("the token: %+v, want it to rest until %v", n.Tokens[0], day)
		}
		time.Sleep(5 * time.Hour)
		synctest.Wait()
		if len(asked) < 2 || asked[1].Before(day) {
			t.Errorf("asked at %v, want nothing between the first and %v", asked, day)
		}
		r.halt()
	})
}

// TestYouTubeRestsUntilMidnightPacific: once the day's units are used up no request is
// made before the next day begins in California, summer and winter.
func TestYouTubeRestsUntilMidnightPacific(t *testing.T) {
	for _, c := range []struct {
		sleep    time.Duration // from 2000-01-01T00:00:00Z
		midnight string
	}{{0, "2000-01-02T08:00:00Z"}, {182 * 24 * time.Hour, "2000-07-02T07:00:00Z"}} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(c.sleep)
			midnight, err := time.Parse(time.RFC3339, c.midnight)
			if err != nil {
				t.Fatal(err)
			}
			y := yardOf(t, "youtube")
			y.accounts = 3
			r := y.rig(t)
			var early, asked int
			spent := time.Now().Add(10 * time.Hour) // after the first day's midnight in California
			r.world.Break("youtube", func(w http.ResponseWriter, _ *http.Request) bool {
				now := time.Now()
				asked++
				if now.Before(spent) || !now.Before(midnight) {
					return false
				}
				early++
				sim.JSON(w, http.StatusForbidden, map[string]any{"error": map[string]any{"code": 403, "message": "quota",
					"errors": []any{map[string]any{"reason": "quotaExceeded", "domain": "youtube.quota"}}}})
				return true
			})
			r.start(y.config("@every 30m", "", ""))
			time.Sleep(time.Until(spent.Add(2 * time.Hour)))
			if s := r.collector.Networks(r.keys)[0].Tokens[0]; s.State != keychain.Cooling || !s.Until.Equal(midnight) {
				t.Errorf("the token: %+v, want it to rest until %v", s, midnight)
			}
			time.Sleep(time.Until(midnight.Add(31 * time.Minute)))
			if early != 1 {
				t.Errorf("%d requests were refused before midnight, want the first alone", early)
			}
			if s := r.collector.Networks(r.keys)[0]; s.Tokens[0].State != keychain.OK || s.LastPoll.OK != 3 {
				t.Errorf("after midnight: %+v, %+v", s.Tokens[0], s.LastPoll)
			}
			r.halt()
		})
	}
}

// TestPoolsOverNetworks: three tokens share the load, one that the network refuses costs
// one request and not one an account, and one that rests is stepped over.
func TestPoolsOverNetworks(t *testing.T) {
	for network, c := range map[string]struct {
		slots [3]string
		token func(name string) keychain.Value
		allow func(w *sim.World, name string)
	}{
		"telegram": {[3]string{"tg", "tg:b", "tg:c"}, func(n string) keychain.Value { return keychain.Bare("1234567:" + n) },
			func(w *sim.World, n string) { w.AllowToken("telegram", "1234567:"+n) }},
		"youtube": {[3]string{"yt", "yt:b", "yt:c"}, func(n string) keychain.Value { return keychain.Bare("AIza" + n) },
			func(w *sim.World, n string) { w.AllowToken("youtube", "AIza"+n) }},
		"github": {[3]string{"gh", "gh:b", "gh:c"}, func(n string) keychain.Value { return keychain.Bare("ghp_" + n) },
			func(w *sim.World, n string) { w.AllowToken("github", "ghp_"+n) }},
	} {
		t.Run(network, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				y := yardOf(t, network)
				y.accounts = min(y.accounts, 60)
				if network == "github" { // organisations, of which each is a request
					y.account = organisation
				}
				y.slots, y.allow = nil, nil
				r := y.rig(t)
				for i, name := range []string{"one", "two", "dead"} {
					if err := r.keys.Assign(c.slots[i], c.token(name)); err != nil {
						t.Fatal(err)
					}
					if name != "dead" {
						c.allow(r.world, name)
					}
				}
				by := countBy(r.world, network)
				r.start(fmt.Sprintf("%s    token: [%q, %q, %q]\n", y.config("@every 6h", "", ""), c.slots[0], c.slots[1], c.slots[2]))
				time.Sleep(7 * time.Hour)
				n := r.collector.Networks(r.keys)[0]
				if p := n.LastPoll; p == nil || p.OK != y.accounts {
					t.Fatalf("the poll: %+v, %s", p, n.LastError)
				}
				one, two, dead := by("one"), by("two"), by("dead")
				if dead != 1 || one < 2*two/3 || two < 2*one/3 || one+two < y.accounts {
					t.Errorf("requests by token: %d, %d, and %d with the refused one", one, two, dead)
				}
				if n.Tokens[2].State != keychain.Dead {
					t.Errorf("the refused token: %+v", n.Tokens[2])
				}
				r.halt()
			})
		})
	}
}

// organisation is a GitHub account of which only REST tells the followers.
func organisation(i int) (sim.Account, string) {
	a := sim.Account{ID: itoa(1000 + i), Handle: "name-" + itoa(i), State: sim.Organization}
	return a, a.Handle
}

// countBy counts the requests to a network by a part of the token in them.
func countBy(w *sim.World, network string) func(part string) int {
	var mu sync.Mutex
	var seen []string
	w.Break(network, func(_ http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, fmt.Sprint(r.URL.Path, r.Header))
		return false
	})
	return func(part string) (n int) {
		mu.Lock()
		defer mu.Unlock()
		for _, s := range seen {
			if strings.Contains(s, ":"+part+"/") || strings.Contains(s, "AIza"+part+"]") || strings.Contains(s, "ghp_"+part+"]") {
				n++
			}
		}
		return n
	}
}
