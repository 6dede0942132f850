package influx

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"collectord/keychain"
)

func TestWords(t *testing.T) {
	base, err := url.Parse("http://admin:hunter22@influx.test/")
	if err != nil {
		t.Fatal(err)
	}
	hide := redactor("bob:s3same street", base)
	for _, c := range []struct{ in, want string }{
		{"no secret", "no secret"},
		{"a\r\n\tb\x00c\x1b[31m", "a b c [31m"},
		{"bob:s3same street is unknown", "[redacted] is unknown"},
		{"password s3same street", "password [redacted]"},
		{"q=bob%3As3same+street", "q=[redacted]"},
		{"hunter22", "[redacted]"},
		{"\xff", "?"},
	} {
		if got := hide(c.in); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
	long := hide("unable to parse '" + strings.Repeat("ж", 1000) + "': missing fields")
	if len(long) > 450 || !utf8.ValidString(long) || !strings.HasPrefix(long, "unable to parse") || !strings.HasSuffix(long, "missing fields") {
		t.Errorf("long words: %q", long)
	}
	if got := redactor("", base)("nothing to hide"); got != "nothing to hide" {
		t.Errorf("without a token: %q", got)
	}
}

func TestDropped(t *testing.T) {
	for in, want := range map[string]int{
		"": 0, "partial write: x dropped=12": 12, "dropped=3 more": 3, "dropped=": 0, "dropped=99999999999999999999": 0,
	} {
		if got := droppedOf(in); got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(400, "application/json", `{"error":"partial write: x dropped=1"}`, "5")
	f.Add(200, "text/html", "<html>", "")
	f.Add(503, "", "", "Fri, 31 Dec 1999 23:59:59 GMT")
	base := &url.URL{Scheme: "http", Host: "influx.test"}
	d := New(Options{URL: base.String()}, newMemory(), nil)
	f.Fuzz(func(t *testing.T, status int, contentType, body, after string) {
		body += secret
		x := &exchange{body: []byte(body), resp: &http.Response{StatusCode: status, Header: http.Header{
			"Content-Type": {contentType}, "Retry-After": {after}, "X-Influxdb-Error": {secret}}}}
		a := d.judge(x, redactor(keychain.Secret(secret), base))
		if (a.verdict == waiting) != (a.err != nil) {
			t.Fatalf("verdict %d, error %v", a.verdict, a.err)
		}
		if a.verdict == accepted && status/100 != 2 {
			t.Fatalf("status %d was taken for a success", status)
		}
		if strings.Contains(a.words, secret) || len(a.words) > 450 || !utf8.ValidString(a.words) {
			t.Fatalf("words %q", a.words)
		}
		if a.err != nil && time.Until(a.err.Until) > maxRetryAfter {
			t.Fatalf("until %v", a.err.Until)
		}
	})
}
