package influx

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
)

func always(r reply) func(int, string) reply { return func(int, string) reply { return r } }

// poisoned refuses what holds the word with the reply, takes everything else.
func poisoned(word string, r reply) func(int, string) reply {
	return func(_ int, body string) reply {
		if strings.Contains(body, word) {
			return r
		}
		return noContent
	}
}

func TestBatchesGoOutInOrderByteForByte(t *testing.T) {
	all := lines(12)
	all[3] = `profile,account=РИА\ Новости,network=vk followers=1i 1700000000`
	all[4] = `profile,account=a\,b\=c\ "d" followers=2i,name="x\"y" 1700000000`
	src := newMemory(all...)
	f := newFake(t, always(noContent))
	opts := options(f)
	opts.BatchSize = 5
	d := New(opts, src, nil)
	if err := d.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		strings.Join(all[:5], "\n") + "\n", strings.Join(all[5:10], "\n") + "\n", strings.Join(all[10:], "\n") + "\n",
	}
	if got := f.requests(); !slices.Equal(got, want) {
		t.Errorf("requests: %q", got)
	}
	s := d.Status()
	if s.State != StateOK || s.Delivered != 12 || s.Refused != 0 || s.Backlog != 0 || !s.Oldest.IsZero() || s.LastSuccess.IsZero() {
		t.Errorf("status: %+v", s)
	}
	if got := src.cursor("influxdb http://influx.test:8086/prefix|smm|followers"); got != 12 {
		t.Errorf("cursor %d", got)
	}
}

func TestBatchIsBoundedInBytes(t *testing.T) {
	long := make([]string, 30)
	for i := range long {
		long[i] = fmt.Sprintf(`profile_info,account=a%d name="%s" 1700000000`, i, strings.Repeat("x", 600_000))
	}
	huge := `profile_info,account=huge name="` + strings.Repeat("x", 9<<20) + `" 1700000000`
	f := newFake(t, always(noContent))
	src := newMemory(append(long, huge, "m f=1i 1")...)
	if err := New(options(f), src, nil).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, body := range f.requests() {
		if len(body) > maxBody && strings.Count(body, "\n") > 1 {
			t.Errorf("a request of %d bytes", len(body))
		}
	}
	if n := f.missing(long); n != 0 || len(f.requests()) > 5 {
		t.Errorf("%d missing after %d requests", n, len(f.requests()))
	}
}

func TestRottenRowsArePassedOver(t *testing.T) {
	src := newMemory("m f=1i 1", "", "m f=2i 2", "", "")
	f := newFake(t, always(noContent))
	d := New(options(f), src, nil)
	if err := d.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := f.requests(); len(got) != 1 || got[0] != "m f=1i 1\nm f=2i 2\n" || src.cursor(d.Sink()) != 5 {
		t.Errorf("requests %q, cursor %d", got, src.cursor(d.Sink()))
	}
}

func TestOneBadPointIsSetAsideAndItsNeighboursArrive(t *testing.T) {
	for name, r := range map[string]reply{
		"1.8 conflict":     says(400, `{"error":"partial write: field type conflict: input field \"followers\" on measurement \"profile\" is type string, already exists as type integer dropped=1"}`),
		"1.8 unparsable":   says(400, `{"error":"unable to parse 'bad': missing fields"}`),
		"2.x conflict":     says(422, `{"code":"unprocessable entity","message":"failure writing points to database: partial write: field type conflict: x dropped=1"}`),
		"2.x retention":    says(422, `{"code":"unprocessable entity","message":"failure writing points to database: partial write: points beyond retention policy dropped=1"}`),
		"3 partial":        says(400, `{"error":"partial write of line protocol occurred","data":[{"original_line":"bad","line_number":1,"error_message":"no fields"}]}`),
		"within a 2xx":     says(200, `{"error":"partial write: points beyond retention policy dropped=1"}`),
		"within a 500":     says(500, `{"error":"partial write: field type conflict dropped=1"}`),
		"unknown words":    says(400, `{"code":"invalid","message":"no thanks"}`),
		"no words":         says(400, ``),
		"empty JSON":       says(422, ``, "Content-Type", "application/json"),
		"too large":        says(413, `{"error":"Request Entity Too Large"}`),
		"header of 1.8":    says(400, ``, "X-Influxdb-Error", "partial write: x dropped=1"),
		"HTML, too large":  says(413, `<html><h1>413</h1></html>`, "Content-Type", "text/html"),
		"text, no JSON":    says(400, `unable to parse 'bad'`, "Content-Type", "text/plain"),
		"JSON of no shape": says(400, `["unable to parse"]`, "Content-Type", "application/json"),
	} {
		const n = 600
		for _, at := range []int{0, 1, n / 2, n - 1} {
			t.Run(fmt.Sprintf("%s at %d", name, at), func(t *testing.T) {
				all := lines(n)
				bad := int64(at + 1)
				all[at] = "profile,account=poison followers=\"x\" 1700000000"
				src := newMemory(all...)
				f := newFake(t, poisoned("poison", r))
				if err := New(options(f), src, nil).Drain(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := src.reasons(); len(got) != 1 || got[bad] == "" {
					t.Errorf("set aside: %v", got)
				}
				if n := f.missing(slices.Delete(slices.Clone(all), at, at+1)); n != 0 {
					t.Errorf("%d neighbours are missing", n)
				}
				if n := len(f.requests()); n > 32 {
					t.Errorf("%d requests", n)
				}
			})
		}
	}
}

func TestManyBadPoints(t *testing.T) {
	all := lines(300)
	var bad int
	for i := range all {
		if i%3 == 0 || i < 40 {
			all[i] = fmt.Sprintf("poison,i=%d f=1i 1", i)
			bad++
		}
	}
	src := newMemory(all...)
	f := newFake(t, poisoned("poison", says(400, `{"code":"invalid","message":"unheard of"}`)))
	var events []Event
	d := New(options(f), src, func(e Event) { events = append(events, e) })
	if err := d.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(src.reasons()) != bad || f.missing(all) != bad || d.Status().Refused != int64(bad) {
		t.Errorf("%d set aside, %d missing, want %d: %+v", len(src.reasons()), f.missing(all), bad, d.Status())
	}
	want := []Event{{State: StateOK}, {State: StateOK, SetAside: bad, Reason: "unheard of"}}
	for i := range events {
		events[i].Lasted = 0
	}
	if !slices.Equal(events, want) {
		t.Errorf("events: %+v", events)
	}
}

func TestWholeBatchBeyondRetention(t *testing.T) {
	src := newMemory(lines(5000)...)
	f := newFake(t, func(_ int, body string) reply {
		if n := strings.Count(body, "profile"); n > 0 {
			return says(400, fmt.Sprintf(`{"error":"partial write: points beyond retention policy dropped=%d"}`, n))
		}
		return noContent
	})
	if err := New(options(f), src, nil).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(src.reasons()) != 5000 || len(f.requests()) > 3 {
		t.Errorf("%d set aside by %d requests", len(src.reasons()), len(f.requests()))
	}
}

func TestARefusalOfEverythingSetsNothingAside(t *testing.T) {
	for name, r := range map[string]reply{
		"precision":     says(400, `{"code":"invalid","message":"invalid precision"}`),
		"no bucket":     says(400, `{"error":"database is required"}`),
		"empty":         says(400, ``, "Content-Type", "application/json"),
		"unparsable":    says(400, `{"error":"unable to parse 'x': missing fields"}`),
		"partial write": says(422, `{"message":"partial write: something dropped=0"}`),
		"too large":     says(413, `{"error":"Request Entity Too Large"}`),
	} {
		for _, n := range []int{1, 2, 4, 7, 900} {
			t.Run(fmt.Sprintf("%s, %d", name, n), func(t *testing.T) {
				src := newMemory(lines(n)...)
				f := newFake(t, always(r))
				d := New(options(f), src, nil)
				err := d.Drain(t.Context())
				var e *Error
				if !errors.As(err, &e) || e.Cause != CauseRequest || e.Hint == "" {
					t.Fatalf("error %v", err)
				}
				if got := src.reasons(); len(got) != 0 || src.cursor(d.Sink()) != 0 {
					t.Errorf("%d set aside, cursor %d", len(got), src.cursor(d.Sink()))
				}
				if s := d.Status(); s.State != StateRefused || s.Backlog != int64(n) {
					t.Errorf("status %+v", s)
				}
				if n := len(f.requests()); n > 60 {
					t.Errorf("%d requests", n)
				}
			})
		}
	}
}

// A server that answers the control as it answers a bad point must not stop the
// neighbours.
func TestControlThatIsRefusedToo(t *testing.T) {
	all := lines(1000)
	all[0], all[1] = "poison f=1i 1", "poison f=2i 2"
	src := newMemory(all...)
	f := newFake(t, func(_ int, body string) reply {
		if strings.Contains(body, "poison") || body == "\n" {
			return says(400, "bad line")
		}
		return noContent
	})
	if err := New(options(f), src, nil).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(src.reasons()) != 2 || f.missing(all) != 2 {
		t.Errorf("set aside %v, %d missing", src.reasons(), f.missing(all))
	}
}

func TestTooLargeMakesSmallerBatches(t *testing.T) {
	const most = 700 // points
	src := newMemory(lines(20000)...)
	f := newFake(t, func(_ int, body string) reply {
		if strings.Count(body, "\n") > most {
			return says(413, "")
		}
		return noContent
	})
	d := New(options(f), src, nil)
	if err := d.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	var sizes []int
	for _, body := range f.requests()[:5] {
		sizes = append(sizes, strings.Count(body, "\n"))
	}
	if want := []int{5000, 2500, 1250, 625, 625}; !slices.Equal(sizes, want) {
		t.Errorf("sizes %v, want %v", sizes, want)
	}
	if f.missing(lines(20000)) != 0 || len(src.reasons()) != 0 || len(f.requests()) > 45 {
		t.Errorf("%d missing, %d requests", f.missing(lines(20000)), len(f.requests()))
	}
}

func TestWhatIsKeptAndWhatIsSaid(t *testing.T) {
	html := says(200, `<!DOCTYPE html><title>Grafana</title>`, "Content-Type", "text/html; charset=utf-8")
	for _, c := range []struct {
		name  string
		r     reply
		state State
		cause Cause
		hint  string // part of it
	}{
		{"401 of 1.8", says(401, `{"error":"authorization failed"}`), StateRefused, CauseUnauthorized, "influxdb.token"},
		{"401 of 2", says(401, `{"code":"unauthorized","message":"unauthorized access"}`), StateRefused, CauseUnauthorized, "influxdb.token"},
		{"401 without a word", says(401, ``, "Content-Type", "application/json"), StateRefused, CauseUnauthorized, "influxdb.token"},
		{"403", says(403, `{"code":"forbidden","message":"insufficient permissions"}`), StateRefused, CauseForbidden, "influxdb.bucket"},
		{"404", says(404, `{"code":"not found","message":"bucket \"followers\" not found"}`), StateRefused, CauseNotFound, "influx bucket create"},
		{"404, another server", says(404, `404 page not found`), StateRefused, CauseNotFound, "influxdb.url"},
		{"no retention policy", says(500, `{"error":"retention policy not found: x"}`), StateRefused, CauseNotFound, "influxdb.bucket"},
		{"405", says(405, `no`), StateRefused, CauseUnexpected, "influxdb.url"},
		{"408", says(408, `slow`), StateWaiting, CauseTimeout, ""},
		{"429", says(429, `{"code":"too many requests","message":"limit"}`), StateWaiting, CauseLimited, ""},
		{"500", says(500, `{"error":"timeout"}`), StateWaiting, CauseUnavailable, ""},
		{"500 of a cluster", says(500, `{"error":"partial write"}`), StateWaiting, CauseUnavailable, ""},
		{"502 of a proxy", says(502, `<html>`, "Content-Type", "text/html"), StateWaiting, CauseUnavailable, ""},
		{"503", says(503, ``), StateWaiting, CauseUnavailable, ""},
		{"503 with a hint", says(503, ``, "Retry-After", "3"), StateWaiting, CauseLimited, ""},
		{"307", says(307, ``, "Location", "http://elsewhere.test/"), StateRefused, CauseUnexpected, "influxdb.url"},
		{"200 with a page", html, StateRefused, CauseUnexpected, "influxdb.url"},
		{"400 with a page", says(400, `<html>`), StateRefused, CauseUnexpected, "influxdb.url"},
		{"refused", reply{err: errors.New("connection refused")}, StateWaiting, CauseUnreachable, "does influxdb.url lead to it"},
		{"no such name", reply{err: &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "influx.test", IsNotFound: true}}},
			StateWaiting, CauseUnreachable, `name "influx.test" leads nowhere`},
		{"name servers are away", reply{err: &net.DNSError{Err: "i/o timeout", Name: "influx.test", IsTimeout: true}}, StateWaiting, CauseUnreachable, "DNS"},
		{"no connection in time", reply{err: &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}}, StateWaiting, CauseUnreachable, "influxdb.url"},
		{"untrusted certificate", reply{err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}}, StateRefused, CauseCertificate, "SSL_CERT_FILE"},
		{"https, but it is http", reply{err: http.ErrSchemeMismatch}, StateRefused, CauseUnexpected, "says https"},
		{"ended", reply{err: io.EOF}, StateWaiting, CauseUnreachable, ""},
		{"hanging", reply{hang: true}, StateWaiting, CauseTimeout, ""},
		{"cut", reply{status: 400, body: `{"error":"unable to parse"}`, cut: true}, StateWaiting, CauseUnreachable, ""},
		{"a 200 that is cut", reply{status: 200, body: `{"error":"partial write"}`, cut: true}, StateWaiting, CauseUnreachable, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				all := lines(10)
				src := newMemory(all...)
				var mended atomic.Bool
				f := newFake(t, func(int, string) reply {
					if mended.Load() {
						return noContent
					}
					return c.r
				})
				var events []Event
				d := New(options(f), src, func(e Event) { events = append(events, e) })
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error)
				go func() { done <- d.Run(ctx) }()
				time.Sleep(60 * time.Second)
				synctest.Wait()
				s := d.Status()
				if s.State != c.state || s.Cause != c.cause || !strings.Contains(s.Hint, c.hint) || s.LastError == "" ||
					s.Backlog != 10 || s.Oldest.IsZero() || s.Delivered != 0 {
					t.Errorf("status %+v", s)
				}
				if s.Hint == "" {
					t.Error("no hint")
				}
				if len(events) != 1 || events[0].Cause != c.cause {
					t.Errorf("events %+v", events)
				}
				mended.Store(true)
				start := time.Now()
				for d.Status().State != StateOK {
					time.Sleep(100 * time.Millisecond)
					synctest.Wait()
					if time.Since(start) > time.Minute {
						t.Fatal("does not resume")
					}
				}
				if took := time.Since(start); took > 5*time.Second {
					t.Errorf("resumed after %v", took)
				}
				cancel()
				if err := <-done; err != nil {
					t.Errorf("Run: %v", err)
				}
				if f.missing(all) != 0 || len(src.reasons()) != 0 || len(events) != 2 {
					t.Errorf("%d missing, set aside %v, events %+v", f.missing(all), src.reasons(), events)
				}
				for _, text := range []string{fmt.Sprintf("%+v", s), fmt.Sprintf("%+v", events)} {
					if strings.Contains(text, secret) {
						t.Errorf("the token is in %s", text)
					}
				}
			})
		})
	}
}

func TestRetryAfterIsObeyedAndClamped(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		after  func() string
		want   time.Duration
	}{
		{"seconds", 429, func() string { return "30" }, 30 * time.Second},
		{"503", 503, func() string { return "30" }, 30 * time.Second},
		{"a date", 429, func() string { return time.Now().Add(42 * time.Second).UTC().Format(http.TimeFormat) }, 42 * time.Second},
		{"a year", 429, func() string { return "31536000" }, 10 * time.Minute},
		{"more than a number", 429, func() string { return "99999999999999999999" }, 10 * time.Minute},
		{"a far date", 503, func() string { return "Fri, 31 Dec 2999 23:59:59 GMT" }, 10 * time.Minute},
		{"zero", 429, func() string { return "0" }, 500 * time.Millisecond},
		{"a past date", 429, func() string { return "Sun, 06 Nov 1994 08:49:37 GMT" }, 500 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, func(n int, _ string) reply {
					if n == 1 {
						return says(c.status, "", "Retry-After", c.after())
					}
					return noContent
				})
				d := New(options(f), newMemory(lines(3)...), nil)
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error)
				go func() { done <- d.Run(ctx) }()
				time.Sleep(c.want / 2)
				synctest.Wait()
				if next := d.Status().NextTry; len(f.requests()) != 1 || time.Until(next) <= 0 {
					t.Errorf("%d requests, next %v", len(f.requests()), next)
				}
				time.Sleep(c.want/2 + 10*time.Millisecond)
				synctest.Wait()
				times := f.when()
				if len(times) != 2 || times[1].Sub(times[0]) < c.want-time.Second || times[1].Sub(times[0]) > c.want {
					t.Errorf("requests at %v", times)
				}
				if !d.Status().NextTry.IsZero() {
					t.Errorf("status %+v", d.Status())
				}
				cancel()
				<-done
			})
		})
	}
}

func TestBackoffGrowsAndStaysBelowFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, always(says(503, "")))
		d := New(options(f), newMemory(lines(3)...), nil)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		if err := d.Run(ctx); err != nil {
			t.Error(err)
		}
		times := f.when()
		if first := times[1].Sub(times[0]); first > 600*time.Millisecond || first < 400*time.Millisecond {
			t.Errorf("first pause %v", first)
		}
		distinct := map[time.Duration]bool{}
		for i := 1; i < len(times); i++ {
			gap := times[i].Sub(times[i-1])
			distinct[gap] = true
			if gap > 4500*time.Millisecond || i > 5 && gap < 3500*time.Millisecond {
				t.Errorf("pause %d: %v", i, gap)
			}
		}
		if len(distinct) < len(times)/2 {
			t.Error("no jitter")
		}
	})
}

func TestASecondOutageBeginsWithAShortPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		f := newFake(t, func(int, string) reply {
			if since := time.Since(start); since < time.Minute || since > time.Hour {
				return says(503, "")
			}
			return noContent
		})
		src := newMemory("m f=1i 1")
		d := New(options(f), src, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Run(ctx) }()
		time.Sleep(2 * time.Hour)
		before := len(f.requests())
		src.add("m f=2i 2")
		time.Sleep(600 * time.Millisecond)
		synctest.Wait()
		if n := len(f.requests()) - before; n != 2 {
			t.Errorf("%d requests in the first 0.6 s of an outage, want 2", n)
		}
		cancel()
		<-done
	})
}

func TestWhatIsDeliveredAtTheEndIsNotSentAgain(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f := newFake(t, func(int, string) reply {
		cancel()
		return noContent
	})
	src := newMemory("m f=1i 1")
	d := New(options(f), src, nil)
	if err := d.Run(ctx); err != nil || len(f.requests()) != 1 || src.cursor(d.Sink()) != 1 {
		t.Errorf("%v, %d requests, cursor %d", err, len(f.requests()), src.cursor(d.Sink()))
	}
}

func TestNewPointsWakeRunAndShutdownDelivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, always(noContent))
		src := newMemory()
		d := New(options(f), src, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Run(ctx) }()
		time.Sleep(time.Hour + time.Millisecond)
		if s := d.Status(); s.State != StateUnknown || len(f.requests()) != 0 {
			t.Errorf("with nothing to send: %+v", s)
		}
		before := time.Now()
		src.add("m f=1i 1")
		synctest.Wait()
		if got := f.when(); len(got) != 1 || got[0].Sub(before) > 0 {
			t.Errorf("sent at %v", got)
		}
		src.set(func() { src.rows = append(src.rows, src.rows[0]); src.rows[1].Seq = 2 }) // unheard
		cancel()
		if err := <-done; err != nil || len(f.requests()) != 2 || d.Status().Delivered != 2 {
			t.Errorf("%v after %d requests", err, len(f.requests()))
		}
	})
}

func TestShutdownIsShortWhenInfluxDBHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, always(reply{hang: true}))
		d := New(options(f), newMemory(lines(3)...), nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Run(ctx) }()
		time.Sleep(time.Second)
		start := time.Now()
		cancel()
		if err := <-done; err != nil || time.Since(start) > grace {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestDrainSaysWhyNot(t *testing.T) {
	f := newFake(t, always(says(401, `{"message":"the token `+secret+` is unknown"}`)))
	src := newMemory(lines(3)...)
	d := New(options(f), src, nil)
	err := d.Drain(t.Context())
	var e *Error
	if !errors.As(err, &e) || e.Cause != CauseUnauthorized || e.Code != 401 || len(f.requests()) != 1 {
		t.Fatalf("%v after %d requests", err, len(f.requests()))
	}
	if got, want := err.Error(), "influxdb: 401: unauthorized: the token [redacted] is unknown"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Drain(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("after its context ended: %v", err)
	}
}

func TestCrashBetweenDeliveryAndAdvanceSendsTheSameBytes(t *testing.T) {
	src := newMemory(lines(7)...)
	src.failAdvance = errTest
	f := newFake(t, always(noContent))
	d := New(options(f), src, nil)
	var e *Error
	if err := d.Drain(t.Context()); !errors.As(err, &e) || e.Cause != CauseJournal || !errors.Is(err, errTest) {
		t.Fatalf("error %v", err)
	}
	if s := d.Status(); s.State != StateWaiting || s.Cause != CauseJournal {
		t.Errorf("status %+v", s)
	}
	if err := New(options(f), src, nil).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := f.requests(); len(got) != 2 || got[0] != got[1] {
		t.Errorf("requests %q", got)
	}
}

func TestWhatWasSettledBeforeAnOutageStaysSettled(t *testing.T) {
	all := lines(1000)
	all[10] = "poison f=1i 1"
	src := newMemory(all...)
	f := newFake(t, nil)
	away := false
	f.answer = func(_ int, body string) reply {
		switch {
		case away || strings.Contains(body, all[800]) && !strings.Contains(body, "poison"):
			away = true
			return says(503, "")
		case strings.Contains(body, "poison"):
			return says(400, `{"error":"partial write: x dropped=1"}`)
		}
		return noContent
	}
	d := New(options(f), src, nil)
	if err := d.Drain(t.Context()); err == nil {
		t.Fatal("no error")
	}
	if got := src.cursor(d.Sink()); got != 500 || len(src.reasons()) != 1 {
		t.Errorf("cursor %d, set aside %v", got, src.reasons())
	}
	f.answer = always(noContent)
	if err := d.Drain(t.Context()); err != nil || f.missing(all) != 1 || len(src.reasons()) != 1 {
		t.Errorf("%v, %d missing", err, f.missing(all))
	}
}

// The batch that was read ahead is of no use when only half of the one before it
// was settled.
func TestNothingIsLeftOutWhenABatchBreaksOff(t *testing.T) {
	all := lines(500)
	all[230] = "poison f=1i 1"
	away := true
	f := newFake(t, nil)
	f.answer = func(_ int, body string) reply {
		switch {
		case strings.Contains(body, "poison"):
			return says(400, `{"error":"partial write: x dropped=1"}`)
		case away && strings.Contains(body, all[270]):
			away = false
			return says(503, "")
		}
		return noContent
	}
	opts := options(f)
	opts.BatchSize = 100
	src := newMemory(all...)
	d := New(opts, src, nil)
	if err := d.Drain(t.Context()); err == nil || src.cursor(d.Sink()) != 250 {
		t.Errorf("%v, cursor %d", err, src.cursor(d.Sink()))
	}
	if err := d.Drain(t.Context()); err != nil || f.missing(all) != 1 || src.cursor(d.Sink()) != 500 {
		t.Errorf("%v, %d missing, cursor %d", err, f.missing(all), src.cursor(d.Sink()))
	}
	if want := slices.Delete(slices.Clone(all), 230, 231); !slices.Equal(f.order, want) {
		t.Error("out of order")
	}
}

func TestPointsSetAsideAreSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := lines(10)
		all[2], all[5] = "poison f=1i 1", "poison f=2i 2"
		src := newMemory(all...)
		f := newFake(t, poisoned("poison", says(400, `{"error":"partial write: first dropped=1"}`)))
		d := New(options(f), src, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Run(ctx) }()
		synctest.Wait()
		if len(src.reasons()) != 2 {
			t.Errorf("set aside: %v", src.reasons())
		}
		time.Sleep(time.Second)
		f.set(func() { f.answer = poisoned("poison f=2i", says(400, `{"error":"partial write: second dropped=1"}`)) })
		src.mark(3, 6)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if got := src.reasons(); len(got) != 1 || got[6] != "partial write: second dropped=1" || f.taken["poison f=1i 1"] != 1 {
			t.Errorf("set aside: %v", got)
		}
		n := len(f.requests())
		time.Sleep(time.Minute)
		if len(f.requests()) != n || src.cursor(d.Sink()) != 10 {
			t.Errorf("%d requests in a quiet minute, cursor %d", len(f.requests())-n, src.cursor(d.Sink()))
		}
		cancel()
		<-done
	})
}

func TestTokenIsReadAnewAtEachTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, always(noContent))
		opts := options(f)
		token, failure := keychain.Secret(""), fmt.Errorf("open /run/%s: no such file", "token")
		src := newMemory("m f=1i 1")
		opts.Token = func() (t keychain.Secret, err error) {
			src.set(func() { t, err = token, failure })
			return t, err
		}
		d := New(opts, src, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Run(ctx) }()
		time.Sleep(time.Minute)
		synctest.Wait()
		if s := d.Status(); s.Cause != CauseToken || s.State != StateRefused || !strings.Contains(s.Hint, "token_file") || len(f.requests()) != 0 {
			t.Errorf("status %+v", s)
		}
		src.set(func() { token, failure = keychain.Secret(secret+"\n"), nil })
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if s := d.Status(); s.State != StateOK {
			t.Errorf("status %+v", s)
		}
		// Authentication is switched off.
		src.set(func() { token = "" })
		f.set(func() { f.token = "" })
		src.add("m f=2i 2")
		synctest.Wait()
		if d.Status().Delivered != 2 {
			t.Errorf("status %+v", d.Status())
		}
		cancel()
		<-done
	})
}

func TestAddressThatIsNone(t *testing.T) {
	for _, address := range []string{"", "127.0.0.1:8086", "http://", "ftp://x", "http://[::1", "http://u:" + secret + "@x\x7f"} {
		f := newFake(t, always(noContent))
		opts := options(f)
		opts.URL = address
		err := New(opts, newMemory("m f=1i 1"), nil).Drain(t.Context())
		var e *Error
		if !errors.As(err, &e) || e.Cause != CauseConfig || strings.Contains(err.Error(), secret) || len(f.requests()) != 0 {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestSink(t *testing.T) {
	for _, c := range []struct {
		opts Options
		want string
	}{
		{Options{URL: "http://127.0.0.1:8086/", Org: "smm", Bucket: "followers"}, "influxdb http://127.0.0.1:8086|smm|followers"},
		{Options{URL: "HTTPS://Admin:hunter2@Influx.Example/Db/?token=x#y", Bucket: "a/b"}, "influxdb https://influx.example/Db||a/b"},
	} {
		if got := c.opts.Sink(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
