package collector

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"collectord/collector/logfold"
	"collectord/networks"
)

// folded gives the rig's log the form that the program's has.
func (r *rig) folded() {
	r.log = r.log.WithOptions(zap.WrapCore(func(c zapcore.Core) zapcore.Core { return logfold.New(c) }))
}

// logLines are the log from info up, without its poll lines, and how many of those there
// were: "00:10:00 WARN message reason=... times=3".
func (r *rig) logLines(began time.Time) (lines []string, polls int) {
	for _, e := range r.logs.All() {
		if e.Level < zapcore.InfoLevel {
			continue
		}
		if e.Message == "poll" {
			polls++
			continue
		}
		line := fmt.Sprint(e.Time.Sub(began).Round(time.Minute), " ", e.Level.CapitalString(), " ", e.Message)
		for _, key := range []string{"reason", "times"} {
			if v, ok := e.ContextMap()[key]; ok {
				line += fmt.Sprintf(" %s=%v", key, v)
			}
		}
		lines = append(lines, line)
	}
	return lines, polls
}

// A day in which a network is away from six to eighteen o'clock and then slow to come
// back is told in a handful of lines, beside one line a poll.
func TestADayOfLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.folded()
		vkWorld(r)
		began := time.Now()
		status := func() int {
			switch since := time.Since(began); {
			case since < 6*time.Hour || since >= 18*time.Hour:
				return http.StatusOK
			case since < 15*time.Hour:
				return http.StatusBadGateway
			default:
				return http.StatusServiceUnavailable // another error: said at once
			}
		}
		r.world.Break("vk", func(w http.ResponseWriter, _ *http.Request) bool {
			s := status()
			if s != http.StatusOK {
				w.WriteHeader(s)
			}
			return s != http.StatusOK
		})
		r.start(vkConfig)
		time.Sleep(24*time.Hour + time.Minute)
		r.halt()
		if err := r.log.Sync(); err != nil {
			t.Fatal(err)
		}
		lines, polls := r.logLines(began)
		t.Logf("%s", strings.Join(lines, "\n"))
		if polls != 144 {
			t.Errorf("%d poll lines, want one a poll: 144", polls)
		}
		if len(lines) > 18 { // of two requests, twice: at once, after 1 min, 10 min, 1 h, 6 h, and that it is over
			t.Errorf("%d lines beside them", len(lines))
		}
		for _, want := range []string{
			"6h1m0s WARN accounts had no answer reason=vk: users.get: code http 502: temporary",
			"12h1m0s WARN accounts had no answer reason=vk: users.get: code http 502: temporary times=",
			"15h1m0s WARN accounts had no answer reason=vk: users.get: code http 503: temporary",
			"18h0m0s INFO over: accounts had no answer reason=vk: users.get: code http 503: temporary times=54",
		} {
			if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, want) }) {
				t.Errorf("no line %q", want)
			}
		}
		for _, e := range r.logs.All() {
			if hint, _ := e.ContextMap()["hint"].(string); e.Level >= zapcore.WarnLevel && hint == "" {
				t.Errorf("%s says nothing of what to do", e.Message)
			}
		}
	})
}

func TestFailures(t *testing.T) {
	fs := make(failures)
	if told := fs.told(); len(told) != 0 {
		t.Errorf("%v", told)
	}
	fs.add(&networks.Error{Op: "vk", Kind: networks.Temporary, Msg: "read tcp 192.0.2.1:1->192.0.2.2:443: reset"})
	fs.add(&networks.Error{Op: "vk", Kind: networks.Temporary, Msg: "read tcp 192.0.2.1:2->192.0.2.2:443: reset"})
	fs.add(&networks.Error{Op: "vk", Kind: networks.Forbidden, Hint: "its own"})
	fs.unfit("odd")
	told := fs.told()
	if len(told) != 3 || told[0].accounts != 2 || told[1].reason != "odd" || told[2].hint != "its own" {
		t.Errorf("%+v", told)
	}
	for i := range 20 {
		fs.unfit(fmt.Sprintf("reason %02d", i))
	}
	told = fs.told()
	if last := told[len(told)-1]; len(told) != maxReasons+1 || last.accounts != 13 || last.reason != "13 reasons more" || last.hint == "" {
		t.Errorf("%+v", told)
	}
}

// Every kind of error has a remedy where the network has none of its own.
func TestRemedy(t *testing.T) {
	seen := make(map[string]networks.Kind)
	for k := networks.Temporary; k <= networks.Blocked; k++ {
		hint := remedy(&networks.Error{Kind: k})
		if other, twice := seen[hint]; hint == "" || twice && k != networks.BadBatch {
			t.Errorf("%v: %q, as %v", k, hint, other)
		}
		seen[hint] = k
	}
}
