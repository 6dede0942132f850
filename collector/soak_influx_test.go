package collector

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"collectord/collector/point"
)

// Where the soak's InfluxDB keeps the series.
const (
	soakOrg    = "smm"
	soakBucket = "followers"
	soakToken  = "canary-token-93f1"
)

// soakInflux is an InfluxDB in memory. It takes what the API documents and nothing
// else, and it minds what a real one does not: a point that comes again with other
// values fails the test.
type soakInflux struct {
	t       *testing.T
	weather soakWeather
	asleep  *soakSleep
	doom    soakDoom

	mu       sync.Mutex
	rows     map[string]string // by series and time: the fields
	points   []point.Point
	requests int
	again    int
	faults   map[string]int
}

func newSoakInflux(t *testing.T, seed uint64, from, to time.Time) *soakInflux {
	kinds := []string{"refused", "500", "401", "413", "429", "404", "hang", "lost", "partial", "flaky"}
	return &soakInflux{t: t, weather: newSoakWeather(seed, 1000, kinds, from, to),
		rows: make(map[string]string), faults: make(map[string]int)}
}

// RoundTrip answers as InfluxDB does in today's weather.
func (f *soakInflux) RoundTrip(req *http.Request) (*http.Response, error) {
	f.asleep.wait()
	lines := f.check(req)
	f.mu.Lock()
	f.requests++
	n := f.requests
	fault := f.weather.at(time.Now())
	if fault == "flaky" && soakDraw(1000, n)%2 == 0 {
		fault = ""
	}
	if fault != "" {
		f.faults[fault]++
	}
	f.mu.Unlock()
	resp, err := f.answer(req.Context(), fault, lines)
	f.doom.strike()
	return resp, err
}

func (f *soakInflux) answer(ctx context.Context, fault string, lines []string) (*http.Response, error) {
	say := func(status int, body string) (*http.Response, error) {
		return soakReply(status, body, "Content-Type", "application/json; charset=utf-8"), nil
	}
	switch fault {
	case "refused":
		return nil, errors.New("connect: connection refused")
	case "500", "flaky":
		return say(500, `{"code":"internal error","message":"unexpected error writing points to database: timeout"}`)
	case "401":
		return say(401, `{"code":"unauthorized","message":"unauthorized access"}`)
	case "404":
		return say(404, `{"code":"not found","message":"bucket \"followers\" not found"}`)
	case "429":
		return soakReply(429, `{"code":"too many requests","message":"org has exceeded limited_write plan limit"}`, "Retry-After", "20"), nil
	case "hang":
		<-ctx.Done()
		return nil, ctx.Err()
	case "lost": // it has them, and nobody hears of it
		f.store(lines)
		return nil, io.ErrUnexpectedEOF
	case "413":
		if len(lines) > 3 {
			return soakReply(413, "<html><h1>413 Request Entity Too Large</h1></html>", "Content-Type", "text/html"), nil
		}
	case "partial":
		if taken, dropped := f.part(lines); dropped > 0 {
			f.store(taken)
			return say(422, fmt.Sprintf(`{"code":"unprocessable entity","message":"failure writing points to database: partial write: field type conflict: input field \"followers\" on measurement \"profile\" is type integer, already exists as type float dropped=%d"}`, dropped))
		}
	}
	f.store(lines)
	return soakReply(http.StatusNoContent, ""), nil
}

// part leaves out the lines of one account, whose field somebody wrote as a float.
func (f *soakInflux) part(lines []string) (taken []string, dropped int) {
	for _, line := range lines {
		if strings.Contains(line, "account=bluesky\\ 3,") && strings.HasPrefix(line, "profile,") {
			dropped++
		} else {
			taken = append(taken, line)
		}
	}
	return taken, dropped
}

func (f *soakInflux) store(lines []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, line := range lines {
		p, err := point.Parse([]byte(line))
		if err != nil {
			f.t.Errorf("%q: %v", line, err)
			continue
		}
		series, err := p.Series()
		if err != nil {
			f.t.Errorf("%q: %v", line, err)
		}
		key := fmt.Sprint(series, " ", p.Time.Unix())
		switch before, there := f.rows[key]; {
		case !there:
			f.rows[key] = line
			f.points = append(f.points, p)
		case before != line:
			f.t.Errorf("a second value for one point:\n%s\n%s", before, line)
		default:
			f.again++
		}
	}
}

// check takes a request apart. What InfluxDB would not take fails the test.
func (f *soakInflux) check(req *http.Request) []string {
	defer func() { _ = req.Body.Close() }()
	if got := req.Method + " " + req.URL.String(); got != "POST http://influxdb/api/v2/write?bucket="+soakBucket+"&org="+soakOrg+"&precision=s" {
		f.t.Errorf("request %s", got)
	}
	if got := req.Header.Get("Authorization"); got != "Token "+soakToken {
		f.t.Errorf("Authorization: %q", got)
	}
	z, err := gzip.NewReader(req.Body)
	if err != nil {
		f.t.Errorf("gzip: %v", err)
		return nil
	}
	body, err := io.ReadAll(z)
	if err != nil {
		f.t.Errorf("gzip: %v", err)
	}
	// The control that asks whether the request itself is right is an empty line.
	return strings.FieldsFunc(string(body), func(r rune) bool { return r == '\n' })
}

// count returns how many points of a measurement there are; "" is all of them.
func (f *soakInflux) count(measurement string) (n int) {
	for _, p := range f.points {
		if measurement == "" || p.Measurement == measurement {
			n++
		}
	}
	return n
}

func soakReply(status int, body string, header ...string) *http.Response {
	resp := &http.Response{StatusCode: status, Status: http.StatusText(status), Header: http.Header{},
		ContentLength: int64(len(body)), ProtoMajor: 1, ProtoMinor: 1, Body: io.NopCloser(strings.NewReader(body))}
	for i := 0; i+1 < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp
}
