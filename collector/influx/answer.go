package influx

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter is the longest wait that a Retry-After is believed.
const maxRetryAfter = 10 * time.Minute

// verdict is what an answer means for the rows that were sent.
type verdict uint8

const (
	waiting  verdict = iota // keep all: err says why
	accepted                // all taken
	blamed                  // one of them, or the request, is wrong
	tooLarge                // fewer, please
)

// answer is what came back.
type answer struct {
	verdict verdict
	status  int
	words   string // InfluxDB's, redacted and bounded
	gist    string // the words without what differs from point to point
	html    bool   // a page came in place of words
	// ofPoints is true where the words speak of points.
	ofPoints bool
	dropped  int // how many points InfluxDB says it dropped
	err      *Error
}

// reason is what is kept with a point that was refused.
func (a answer) reason() string {
	if a.words == "" {
		return fmt.Sprintf("%d %s", a.status, http.StatusText(a.status))
	}
	return a.words
}

// ofRequest is the error of a request that is refused whatever is in it.
func (a answer) ofRequest() *Error {
	e := &Error{Cause: CauseRequest, Code: a.status, Msg: a.words,
		Hint: "InfluxDB refuses whatever is sent: check influxdb.url, influxdb.org and influxdb.bucket"}
	if a.verdict == tooLarge {
		e.Hint = "InfluxDB, or a proxy before it, takes no point at all: raise its limit of a request's size"
	}
	return e
}

// particulars are what differs between two refusals for the same reason: what is
// quoted, and numbers.
func particulars() *regexp.Regexp {
	return regexp.MustCompile(`'[^']*'|"[^"]*"|[0-9]+`)
}

// judge says what an exchange means.
func (d *Deliverer) judge(x *exchange, hide func(string) string) answer {
	if x.err != nil {
		return answer{err: unanswered(x.err, hide)}
	}
	a := answer{status: x.resp.StatusCode}
	full, html := said(x.resp.Header, x.body)
	a.words, a.html = hide(full), html
	a.ofPoints, a.dropped = speaksOfPoints(full), droppedOf(full)
	switch {
	case a.status == http.StatusRequestEntityTooLarge:
		a.verdict = tooLarge
	case a.takesPoints() && html:
		a.err = &Error{Cause: CauseUnexpected, Code: a.status, Msg: a.words,
			Hint: "influxdb.url: something else than InfluxDB answers there"}
	case a.status/100 == 2 && !a.ofPoints:
		a.verdict = accepted
	case a.takesPoints(), a.partial():
		a.verdict = blamed
	default:
		a.err = d.refusal(a, x.resp.Header)
	}
	if a.err == nil && a.verdict != accepted {
		a.gist = particulars().ReplaceAllString(full, "")
	}
	return a
}

// takesPoints reports whether the status is one with which InfluxDB speaks of
// points.
func (a answer) takesPoints() bool {
	return a.status/100 == 2 || a.status == http.StatusBadRequest || a.status == http.StatusUnprocessableEntity
}

// partial reports whether the answer, whatever its status, tells of points that
// were dropped while the others were taken. A cluster says "partial write" with a
// 5xx when a node is away: that is not about points unless it says more.
func (a answer) partial() bool {
	if !a.ofPoints {
		return false
	}
	switch a.status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusRequestTimeout,
		http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return false
	}
	if a.status < 500 {
		return true
	}
	low := strings.ToLower(a.words)
	return a.dropped > 0 || strings.Contains(low, "field type conflict") || strings.Contains(low, "unable to parse")
}

// refusal is the error for a status that is about neither points nor size.
func (d *Deliverer) refusal(a answer, h http.Header) *Error {
	e := &Error{Cause: CauseUnexpected, Code: a.status, Msg: a.words,
		Hint: "influxdb.url: is it InfluxDB that answers there?"}
	switch {
	case a.status == http.StatusUnauthorized:
		e.Cause = CauseUnauthorized
		e.Hint = "influxdb.token (or token_file) is wrong or no longer valid: make one with `influx auth create" +
			" --org " + d.opts.Org + " --write-buckets`; for InfluxDB 1.8 it is user:password"
	case a.status == http.StatusForbidden:
		e.Cause = CauseForbidden
		e.Hint = "influxdb.token (or token_file) may not write to influxdb.bucket " + strconv.Quote(d.opts.Bucket) +
			": give it that right, in InfluxDB 1.8 with GRANT WRITE"
	case a.status == http.StatusNotFound && (a.html || strings.Contains(a.words, "page not found")):
		e.Cause = CauseNotFound
	case a.status == http.StatusNotFound, strings.Contains(a.words, "retention policy not found"):
		e.Cause, e.Hint = CauseNotFound, d.missing()
	case a.status == http.StatusTooManyRequests:
		e.Cause, e.Hint, e.Until = CauseLimited, waits, retryAfter(h, time.Now())
	case a.status == http.StatusRequestTimeout:
		e.Cause, e.Hint = CauseTimeout, "InfluxDB, or a proxy before it, found the request too slow; smaller ones follow. "+waits
	case a.status >= 500:
		e.Cause, e.Hint, e.Until = CauseUnavailable, "InfluxDB's own log, or that of the proxy before it, says why. "+waits, retryAfter(h, time.Now())
		if a.status == http.StatusServiceUnavailable && !e.Until.IsZero() {
			e.Cause = CauseLimited
		}
	case a.status/100 == 3:
		e.Msg = "a redirect, which is not followed"
		e.Hint = "influxdb.url: give the address to which it leads (http or https?)"
	}
	return e
}

func (d *Deliverer) missing() string {
	database, _, _ := strings.Cut(d.opts.Bucket, "/")
	return fmt.Sprintf("influxdb.bucket %q or influxdb.org %q is not there: make it with `influx bucket create --name %s --org %s`, "+
		"in InfluxDB 1.8 with `influx -execute 'CREATE DATABASE %q'`", d.opts.Bucket, d.opts.Org, d.opts.Bucket, d.opts.Org, database)
}

// said returns InfluxDB's words, in the forms in which InfluxDB 1.8 ("error"), 2
// ("message") and 3 give them, or text that came in their place; html is true for
// a page.
func said(h http.Header, body []byte) (words string, html bool) {
	text := strings.TrimSpace(string(body))
	if strings.HasPrefix(text, "<") || strings.HasPrefix(h.Get("Content-Type"), "text/html") {
		return "an HTML page", true
	}
	var parts struct {
		Message string `json:"message"`
		Error   string `json:"error"`
		Data    []struct {
			Message string `json:"error_message"`
		} `json:"data"`
	}
	if json.Unmarshal(body, &parts) == nil {
		text = parts.Message
		if text == "" {
			text = parts.Error
		}
		for i, d := range parts.Data {
			if i < 3 {
				text += ": " + d.Message
			}
		}
	}
	if text == "" {
		text = h.Get("X-Influxdb-Error")
	}
	return text, false
}

// speaksOfPoints reports whether the words are some with which InfluxDB refuses
// points. Source: influxdata/influxdb v1.8.10 and v2.7 tsdb/store.go, tsdb/shard.go,
// models/points.go, http/points; InfluxDB 3's documentation of the write API; read
// 2026-11-21.
func speaksOfPoints(words string) bool {
	low := strings.ToLower(words)
	for _, known := range []string{
		"partial write", "unable to parse", "field type conflict", "points beyond retention policy",
		"dropped=", "max key size exceeded", "max-values-per-tag", "max-series-per-database",
		"time outside range", "input field",
	} {
		if strings.Contains(low, known) {
			return true
		}
	}
	return false
}

// droppedOf reads "dropped=N", 0 where there is none. InfluxDB 1.8 and 2 count
// with it the points of one shard, so that it tells something only if it is all.
func droppedOf(words string) int {
	_, after, found := strings.Cut(words, "dropped=")
	if !found {
		return 0
	}
	end := strings.IndexFunc(after, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		after = after[:end]
	}
	n, err := strconv.Atoi(after)
	if err != nil {
		return 0
	}
	return n
}

// retryAfter reads Retry-After, which is seconds or a date (RFC 9110 section
// 10.2.3), as a time at most ten minutes away; the zero time where there is none.
func retryAfter(h http.Header, now time.Time) time.Time {
	value := strings.TrimSpace(h.Get("Retry-After"))
	var at time.Time
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds >= 0 {
		at = now.Add(time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second)))
	} else if date, err := http.ParseTime(value); err == nil {
		at = date
	} else {
		return time.Time{}
	}
	if latest := now.Add(maxRetryAfter); at.After(latest) {
		return latest
	}
	return at
}

func itoa(n int) string { return strconv.Itoa(n) }
