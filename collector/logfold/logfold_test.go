package logfold

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lines are what was logged since began: "1m0s WARN message times=7".
func lines(logs *observer.ObservedLogs, began time.Time) []string {
	var all []string
	for _, e := range logs.TakeAll() {
		line := fmt.Sprint(e.Time.Sub(began), " ", e.Level.CapitalString(), " ", e.Message)
		fields := e.ContextMap()
		for _, key := range []string{"network", "reason", "times"} {
			if v, ok := fields[key]; ok {
				line += fmt.Sprintf(" %s=%v", key, v)
			}
		}
		all = append(all, line)
	}
	return all
}

// bubble runs f with a folded log of a level and returns what it wrote.
func bubble(t *testing.T, level zapcore.Level, f func(log *zap.Logger)) (got []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		core, logs := observer.New(level)
		log := zap.New(New(core))
		f(log)
		if err := log.Sync(); err != nil {
			t.Error(err)
		}
		got = lines(logs, began)
	})
	return got
}

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestSaidAtOnceThenCounted(t *testing.T) {
	want(t, bubble(t, zap.InfoLevel, func(log *zap.Logger) {
		log = log.With(zap.String("network", "vk"))
		for range 27 * 60 {
			log.Warn("no answer", zap.String("reason", "timeout"), zap.Duration("took", time.Duration(time.Now().UnixNano())), zap.Time("tick", time.Now()))
			time.Sleep(61 * time.Second)
		}
		time.Sleep(time.Hour)
	}),
		"0s WARN no answer network=vk reason=timeout",
		"10m0s WARN no answer network=vk reason=timeout times=10",
		"1h0m0s WARN no answer network=vk reason=timeout times=60",
		"6h0m0s WARN no answer network=vk reason=timeout times=355",
		"24h0m0s WARN no answer network=vk reason=timeout times=1417",
		"27h35m59s INFO over: no answer network=vk reason=timeout times=1620",
	)
}

// Whatever is different is said at once, however much is being folded.
func TestNothingDifferentIsHidden(t *testing.T) {
	said := func(f func(log *zap.Logger)) int {
		return len(bubble(t, zap.InfoLevel, func(log *zap.Logger) {
			for range 3 {
				log.With(zap.String("network", "vk")).Error("no answer", zap.String("reason", "timeout"), zap.Error(errors.New("http 500")))
			}
			f(log)
			time.Sleep(time.Second)
		})) - 2 // the first, and the count when the log ends
	}
	vk := func(log *zap.Logger) *zap.Logger { return log.With(zap.String("network", "vk")) }
	reason, cause := zap.String("reason", "timeout"), zap.Error(errors.New("http 500"))
	for _, c := range []struct {
		name string
		more int
		say  func(log *zap.Logger)
	}{
		{"the same", 0, func(log *zap.Logger) { vk(log).Error("no answer", reason, cause) }},
		{"other numbers", 0, func(log *zap.Logger) { vk(log).Error("no answer", reason, cause, zap.Int("accounts", 9)) }},
		{"another message", 1, func(log *zap.Logger) { vk(log).Error("no answer at all", reason, cause) }},
		{"another level", 1, func(log *zap.Logger) { vk(log).Warn("no answer", reason, cause) }},
		{"another network", 1, func(log *zap.Logger) { log.With(zap.String("network", "ok")).Error("no answer", reason, cause) }},
		{"another reason", 1, func(log *zap.Logger) { vk(log).Error("no answer", zap.String("reason", "timeouts"), cause) }},
		{"another error", 1, func(log *zap.Logger) { vk(log).Error("no answer", reason, zap.Error(errors.New("http 502"))) }},
		{"another list", 1, func(log *zap.Logger) { vk(log).Error("no answer", reason, cause, zap.Strings("slots", []string{"vk"})) }},
		{"another scope", 1, func(log *zap.Logger) { vk(log).Error("no answer", reason, cause, In("hourly")) }},
		{"another logger", 1, func(log *zap.Logger) { vk(log).Named("page").Error("no answer", reason, cause) }},
		{"news every time", 3, func(log *zap.Logger) {
			for range 3 {
				vk(log).Error("no answer", reason, cause, Each())
			}
		}},
		{"information", 3, func(log *zap.Logger) {
			for range 3 {
				vk(log).Info("no answer", reason, cause)
			}
		}},
	} {
		if got := said(c.say); got != c.more {
			t.Errorf("%s: %d lines more, want %d", c.name, got, c.more)
		}
	}
}

// A poll ends what it does not meet any more, and that alone.
func TestScopes(t *testing.T) {
	var got []string
	for _, line := range bubble(t, zap.InfoLevel, func(log *zap.Logger) {
		for hour := range 40 {
			began := time.Now()
			if hour < 30 {
				log.Warn("no answer", zap.String("reason", "quota"), In("vk hourly"))
			}
			if hour < 20 {
				log.Warn("no answer", zap.String("reason", "timeout"), In("vk hourly"))
			}
			if hour == 35 {
				log.Warn("no answer", zap.String("reason", "once"), In("vk hourly"))
			}
			log.Info("poll", Done("vk daily", began), Done("vk hourly", began))
			time.Sleep(61 * time.Minute)
		}
	}) {
		if !strings.HasSuffix(line, "INFO poll") {
			got = append(got, line)
		}
	}
	slices.Sort(got) // what is due at the same moment has no order
	want(t, got,
		"0s WARN no answer reason=quota",
		"0s WARN no answer reason=timeout",
		"20h20m0s INFO over: no answer reason=timeout times=20",
		"24h0m0s WARN no answer reason=quota times=24",
		"30h30m0s INFO over: no answer reason=quota times=30",
		"35h35m0s WARN no answer reason=once",
		"6h0m0s WARN no answer reason=quota times=6",
		"6h0m0s WARN no answer reason=timeout times=6",
	)
}

// An error that comes seldom is said in full each time: it was over in between.
func TestSeldom(t *testing.T) {
	want(t, bubble(t, zap.InfoLevel, func(log *zap.Logger) {
		for range 3 {
			log.Error("the page cannot be made")
			time.Sleep(daily)
		}
	}),
		"0s ERROR the page cannot be made",
		"24h0m0s ERROR the page cannot be made",
		"48h0m0s ERROR the page cannot be made",
	)
}

// What pauses now and then is not over in a pause of thrice its usual length.
func TestPauses(t *testing.T) {
	got := bubble(t, zap.InfoLevel, func(log *zap.Logger) {
		for range 20 {
			log.Error("disk full")
			time.Sleep(8 * time.Minute)
		}
		time.Sleep(12 * time.Minute) // 20 in all
		log.Error("disk full")
		time.Sleep(2 * time.Hour)
	})
	if last := "3h52m0s INFO over: disk full times=21"; len(got) != 4 || got[3] != last { // thrice the 20 minutes later
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}

// The fields of all With before count, as those of the last do.
func TestContexts(t *testing.T) {
	want(t, bubble(t, zap.InfoLevel, func(log *zap.Logger) {
		for _, network := range []string{"vk", "ok", "vk"} {
			log.With(zap.String("network", network)).With(zap.String("slot", "a")).Error("no token")
		}
	}), "0s ERROR no token network=vk", "0s ERROR no token network=ok", "0s ERROR no token network=vk times=2")
}

// What With was given tells scopes and changes as a message's own fields do.
func TestMarksOfWith(t *testing.T) {
	want(t, bubble(t, zap.InfoLevel, func(log *zap.Logger) {
		began := time.Now()
		in := log.With(In("vk"))
		in.Error("no answer")
		in.With(zap.String("network", "vk")).Error("no answer")
		time.Sleep(time.Second)
		in.Error("no answer")
		time.Sleep(time.Second)
		log.Info("poll", Done("vk", began.Add(time.Millisecond)))
		log.Info("poll", Done("vk", time.Now()))
		each := log.With(Each()).With(zap.String("network", "ok"))
		each.Error("changed")
		each.Error("changed")
	}),
		"0s ERROR no answer", "0s ERROR no answer network=vk", "2s INFO poll", "2s INFO poll", "2s INFO over: no answer times=2",
		"2s ERROR changed network=ok", "2s ERROR changed network=ok",
	)
}

// A Sync is not the end: what comes again after it is counted in time.
func TestCountedAfterASync(t *testing.T) {
	want(t, bubble(t, zap.InfoLevel, func(log *zap.Logger) {
		log.Error("disk full")
		if err := log.Sync(); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
		log.Error("disk full")
		time.Sleep(2 * time.Minute)
	}), "0s ERROR disk full", "1m0s ERROR disk full times=2")
}

// With the level at debug every time is there.
func TestDebug(t *testing.T) {
	want(t, bubble(t, zap.DebugLevel, func(log *zap.Logger) {
		for range 3 {
			log.Error("disk full")
			time.Sleep(time.Second)
		}
	}),
		"0s ERROR disk full", "1s DEBUG disk full", "2s DEBUG disk full", "3s ERROR disk full times=3")
}

// The end of the program counts what was not counted, and the level may have changed by
// then.
func TestSync(t *testing.T) {
	level := zap.NewAtomicLevelAt(zap.InfoLevel)
	core, logs := observer.New(level)
	log := zap.New(New(core))
	for range 5 {
		log.Warn("a warning")
		log.Error("an error")
	}
	level.SetLevel(zap.ErrorLevel)
	for range 2 { // the second has nothing to say
		if err := log.Sync(); err != nil {
			t.Fatal(err)
		}
	}
	if n := logs.FilterMessage("a warning").Len(); n != 1 {
		t.Errorf("%d warnings", n)
	}
	told := logs.FilterMessage("an error").All()
	if len(told) != 2 || told[1].ContextMap()["times"] != int64(5) {
		t.Errorf("%v", told)
	}
}

// There is an end to what is kept in mind, and nothing is lost at it.
func TestManyDifferent(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	log := zap.New(New(core))
	for i := range 3 * most {
		for range 2 {
			log.Error("odd", zap.String("reason", fmt.Sprint(i)))
		}
	}
	if err := log.Sync(); err != nil {
		t.Fatal(err)
	}
	if n := logs.Len(); n != 6*most { // each in full, and each counted
		t.Errorf("%d lines", n)
	}
}

// A poll's last line ends its scope where information is not logged as well: the same
// error is said at once when it comes again.
func TestScopesBelowTheLevel(t *testing.T) {
	want(t, bubble(t, zap.WarnLevel, func(log *zap.Logger) {
		for poll := range 4 {
			began := time.Now()
			if poll != 2 {
				log.Warn("no answer", In("vk"))
			}
			log.Info("poll", Done("vk", began))
			time.Sleep(20 * time.Second)
		}
	}), "0s WARN no answer", "1m0s WARN no answer")
}

// A broken connection has another local port every time, and is the same error.
func TestLocalPorts(t *testing.T) {
	want(t, bubble(t, zap.InfoLevel, func(log *zap.Logger) {
		for port := range 3 {
			text := fmt.Sprintf("read tcp 192.0.2.1:%d->192.0.2.2:443: reset", 40000+port)
			log.Warn("no answer", zap.Error(errors.New(text)), zap.String("again", text))
		}
	}), "0s WARN no answer", "0s WARN no answer times=3")
}

func TestGist(t *testing.T) {
	for text, want := range map[string]string{
		"read tcp 192.0.2.1:40312->198.51.100.7:443: reset":         "read tcp 192.0.2.1->198.51.100.7:443: reset",
		"write tcp [2001:db8::1]:40312->[2001:db8::2]:443: timeout": "write tcp [2001:db8::1]->[2001:db8::2]:443: timeout",
		"dial tcp 198.51.100.7:443: refused":                        "dial tcp 198.51.100.7:443: refused",
	} {
		if got := Gist(text); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}

func TestConcurrently(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	log := zap.New(New(core))
	done := make(chan struct{})
	for range 4 {
		go func() {
			defer func() { done <- struct{}{} }()
			for range 200 {
				log.With(zap.String("network", "vk")).Error("the same", In("scope"))
				log.Info("poll", Done("other", time.Now()))
			}
		}()
	}
	for range 4 {
		<-done
	}
	if err := log.Sync(); err != nil {
		t.Fatal(err)
	}
	told := logs.FilterMessage("the same").All()
	if len(told) != 2 || told[1].ContextMap()["times"] != int64(800) {
		t.Errorf("%d lines", len(told))
	}
}
