package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"collectord/internal/faultproxy"
	"collectord/internal/influxdtest"
)

// The long form is go test ./cmd/collectord -run InfluxDBAway -faults all -outage 15s .
var (
	faults = flag.String("faults", "few", "what TestInfluxDBAway tries: few, all; in CI it is all")
	outage = flag.Duration("outage", 300*time.Millisecond, "how long each of its faults lasts once it is noticed")
)

// fault is one way in which InfluxDB is away.
type fault struct {
	name       string
	state      string // on /api/v1/status; "" where nothing need be seen there
	error      string // part of it
	hint       string // part of it, on the page and in the log
	away, mend func(*awayRig)
	few        bool // part of the short form
}

// through is a fault of the proxy.
func through(name string, f faultproxy.Fault, state, text, hint string) fault {
	return fault{name: name, state: state, error: text, hint: hint,
		away: func(r *awayRig) { r.proxy.Set(r.t, f) },
		mend: func(r *awayRig) { r.proxy.Set(r.t, faultproxy.Pass()) }}
}

func quick(f fault) fault {
	f.few = true
	return f
}

const (
	byItself  = "delivered by themselves"
	partial   = `{"error":"partial write: field type conflict dropped=0"}`
	noBucket  = `{"code":"not found","message":"bucket \"followers\" not found"}`
	forbidden = `{"code":"forbidden","message":"insufficient permissions for write"}`
)

func awayFaults() []fault {
	return []fault{
		quick(through("refused", faultproxy.Refuse(), "waiting", "connection refused", "Does InfluxDB run")),
		quick(through("answer cut", faultproxy.CutAnswer(), "waiting", "broke off", byItself)),
		through("request cut", faultproxy.CutRequest(), "waiting", "EOF", byItself),
		through("hanging", faultproxy.Hang(), "", "", ""),
		through("hanging until it is noticed", faultproxy.Hang(), "waiting", "no answer in time", "hangs or is slow"),
		through("slow", faultproxy.Slow(1500*time.Millisecond), "", "", ""),
		through("500", faultproxy.Answer(500, `{"error":"timeout"}`), "waiting", "500", "own log"),
		quick(through("503 for a second", faultproxy.Answer(503, "", "Retry-After", "1"), "waiting", "503", byItself)),
		{name: "503 until a date", state: "waiting", error: "503", hint: byItself,
			away: func(r *awayRig) {
				date := time.Now().Add(2 * time.Second).UTC().Format(http.TimeFormat)
				r.proxy.Set(r.t, faultproxy.Answer(503, "", "Retry-After", date))
			},
			mend: func(r *awayRig) { r.proxy.Set(r.t, faultproxy.Pass()) }},
		through("429", faultproxy.Answer(429, `{"code":"too many requests"}`, "Retry-After", "1"), "waiting", "429", byItself),
		quick(through("401", faultproxy.Answer(401, `{"code":"unauthorized"}`), "refused", "401", "influxdb.token")),
		through("403", faultproxy.Answer(403, forbidden), "refused", "403", "may not write to influxdb.bucket"),
		through("404", faultproxy.Answer(404, noBucket), "refused", "404", "influx bucket create"),
		through("408", faultproxy.Answer(408, "slow"), "waiting", "408", "too slow"),
		through("413 to everything", faultproxy.Answer(413, "large"), "refused", "413", "raise its limit"),
		through("200 with a partial write", faultproxy.Answer(200, partial), "refused", "partial write", "check influxdb.url"),
		through("400 with a partial write", faultproxy.Answer(400, partial), "refused", "partial write", "check influxdb.url"),
		through("another program", faultproxy.Answer(200, "<html>"), "refused", "HTML", "something else than InfluxDB"),
		{name: "killed, and back on its data", state: "waiting", error: "unreachable", hint: byItself,
			away: func(r *awayRig) { r.db.Kill() }, mend: func(r *awayRig) { r.db.Restart(r.t) }},
	}
}

// TestInfluxDBAway has a real InfluxDB go away in every way there is, one after the
// other, before a daemon that polls every second. Each time the page and the log say
// so and what to do, the polls keep their ticks, and within five seconds of the mend
// points are delivered again. In the end InfluxDB has what the journal has, no point
// more and none less.
func TestInfluxDBAway(t *testing.T) {
	t.Parallel()
	r := newAwayRig(t, "")
	r.start()
	all := *faults == "all" || os.Getenv("CI") != ""
	for _, f := range awayFaults() {
		if all || f.few {
			r.try(f)
		}
	}
	if all {
		r.smallerBatches()
	}
	r.endWhileItHangs()
	r.compare()
	for _, f := range awayFaults() {
		if f.hint != "" && (all || f.few) && !strings.Contains(r.logs, f.hint) {
			t.Errorf("%s: the log does not say %q", f.name, f.hint)
		}
	}
	if strings.Contains(r.logs, "set aside") {
		t.Errorf("points were set aside:\n%s", r.logs)
	}
	r.ticksWereKept()
}

// try breaks the way to InfluxDB, looks, and mends it.
func (r *awayRig) try(f fault) {
	r.t.Helper()
	before := r.status()
	start := time.Now()
	f.away(r)
	if f.state != "" {
		eventually(r.t, 20*time.Second, f.name+" is seen on the page", func() bool {
			s := r.status().InfluxDB
			return s.State == f.state && strings.Contains(s.Error, f.error) && strings.Contains(s.Hint, f.hint) && s.Backlog > 0
		})
	}
	<-time.After(*outage)
	during := r.status()
	mended := time.Now()
	f.mend(r)
	eventually(r.t, resumeWithin, f.name+": points are delivered again", func() bool {
		s := r.status().InfluxDB
		return s.State == "ok" && s.Delivered > during.InfluxDB.Delivered && s.Backlog == 0 && s.Error == ""
	})
	r.t.Logf("%-28s away %5.1f s, resumed after %4.1f s", f.name, mended.Sub(start).Seconds(), time.Since(mended).Seconds())
	after := r.status()
	for i, n := range after.Networks {
		// A tick may be due any moment, on either side.
		if want := int64(time.Since(start).Seconds()) - 2; n.Totals.Polls-before.Networks[i].Totals.Polls < want || n.Missed+n.Skipped > 0 {
			r.t.Errorf("%s: %s made %d polls, want %d or more; %d ticks missed, %d skipped", f.name, n.Name,
				n.Totals.Polls-before.Networks[i].Totals.Polls, want, n.Missed, n.Skipped)
		}
	}
}

// smallerBatches has a proxy take small requests alone.
func (r *awayRig) smallerBatches() {
	r.t.Helper()
	r.proxy.Set(r.t, faultproxy.Refuse())
	eventually(r.t, 20*time.Second, "some points wait", func() bool { return r.status().InfluxDB.Backlog > 20 })
	r.proxy.Set(r.t, faultproxy.Largest(300))
	eventually(r.t, resumeWithin, "they are delivered in smaller batches", func() bool {
		s := r.status()
		return s.InfluxDB.State == "ok" && s.InfluxDB.Backlog == 0 && s.Journal.Refused == 0
	})
	r.proxy.Set(r.t, faultproxy.Pass())
}

// endWhileItHangs ends the daemon while a request hangs, and has the next one deliver
// the rest.
func (r *awayRig) endWhileItHangs() {
	r.t.Helper()
	before := r.proxy.Requests()
	r.proxy.Set(r.t, faultproxy.Hang())
	eventually(r.t, 10*time.Second, "a request hangs", func() bool { return r.proxy.Requests() > before })
	start := time.Now()
	r.end()
	if took := time.Since(start); took > 5*time.Second {
		r.t.Errorf("SIGTERM took %v while a request hung", took)
	} else {
		r.t.Logf("SIGTERM while a request hangs: ended after %.1f s", took.Seconds())
	}
	r.proxy.Set(r.t, faultproxy.Pass())
	r.start()
	eventually(r.t, 20*time.Second, "the next daemon delivers the rest", func() bool {
		s := r.status().InfluxDB
		return s.State == "ok" && s.Backlog == 0
	})
	r.end()
}

// TestInfluxDBNameLeadsNowhere has the name of InfluxDB's machine be unknown, and mends
// it in the config. It belongs to the long form.
func TestInfluxDBNameLeadsNowhere(t *testing.T) {
	longAway(t)
	r := newAwayRig(t, "http://influxdb.invalid:8086")
	r.start()
	r.see("waiting", "influxdb.invalid", "leads nowhere")
	r.configure(r.proxy.URL)
	eventually(t, 7*time.Second, "delivered within 5 s of the config's being taken, which takes up to 2", func() bool {
		s := r.status().InfluxDB
		return s.State == "ok" && s.Backlog == 0
	})
	r.end()
	r.compare()
}

// TestInfluxDBWithABadCertificate has InfluxDB show a certificate that nobody signed
// whom this machine knows, and then one that is good. It belongs to the long form.
func TestInfluxDBWithABadCertificate(t *testing.T) {
	longAway(t)
	good, authority := faultproxy.Certificate(t)
	other, _ := faultproxy.Certificate(t)
	file := filepath.Join(t.TempDir(), "authority.pem")
	if err := os.WriteFile(file, authority, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_FILE", file)
	r := newAwayRig(t, "", faultproxy.WithTLS(other))
	r.start()
	r.see("refused", "certificate", "SSL_CERT_FILE")
	r.proxy.SetCertificate(t, good)
	eventually(t, resumeWithin, "delivered once the certificate is good", func() bool { return r.status().InfluxDB.State == "ok" })
	r.end()
	r.compare()
}

// TestInfluxDBTokenAndBucketAreMended has a real InfluxDB that refuses the token, then
// the user, and has no such database. It belongs to the long form.
func TestInfluxDBTokenAndBucketAreMended(t *testing.T) {
	longAway(t)
	r := newAwayRigWith(t, influxdtest.Start(t, influxdtest.WithAuth("admin", "open-sesame"), influxdtest.WithoutDatabase()), "")
	r.db.Exec(t, `CREATE USER "reader" WITH PASSWORD 'reads-only'`)
	token := func(text string) {
		if err := os.WriteFile(filepath.Join(r.dir, "token"), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	token("admin:canary-wrong")
	r.start()
	r.see("refused", "401", "influxdb.token")
	token("reader:reads-only")
	r.see("refused", "40", "influxdb.bucket") // 403 or 404: it has no database yet
	token(r.db.Token)
	r.see("refused", "404", "CREATE DATABASE")
	r.db.Exec(t, "CREATE DATABASE followers")
	mended := time.Now()
	eventually(t, resumeWithin, "delivered once the database is there", func() bool { return r.status().InfluxDB.State == "ok" })
	t.Logf("resumed after %.1f s", time.Since(mended).Seconds())
	r.end()
	r.compare()
	if strings.Contains(r.logs, "canary") {
		t.Error("the token is in the log")
	}
}

// TestInfluxDBConflictingType has somebody else's points have made a text of a number,
// for some of the points. They are set aside, the others arrive; once that is mended
// they are sent again. It belongs to the long form.
func TestInfluxDBConflictingType(t *testing.T) {
	longAway(t)
	r := newAwayRig(t, "")
	r.write(fmt.Sprintf("profile posts=\"many\" %d", time.Now().Unix()))
	r.start()
	eventually(t, 20*time.Second, "some are set aside, others arrive", func() bool {
		s := r.status()
		return s.Journal.Refused >= 2 && s.InfluxDB.State == "ok" && r.db.Count(t, "profile", "followers") >= 2
	})
	r.end()
	if !strings.Contains(r.logs, "field type conflict") || !strings.Contains(r.logs, "collectord refused") {
		t.Errorf("the log does not say why and what to do:\n%s", r.logs)
	}
	r.db.Exec(t, "DROP MEASUREMENT profile")
	out := r.command("refused", "--resend")
	r.start()
	eventually(t, 10*time.Second, "what was set aside is delivered: "+out, func() bool { return r.status().Journal.Refused == 0 })
	r.end()
	for point := range r.journalled() {
		if strings.HasPrefix(point, "profile account=bsky.app") && r.delivered()[point] != 1 {
			t.Errorf("missing: %s", point)
		}
	}
}

// longAway skips a test in the short form.
func longAway(t *testing.T) {
	t.Helper()
	if *faults != "all" && os.Getenv("CI") == "" {
		t.Skip("part of the long form: -faults all")
	}
}
