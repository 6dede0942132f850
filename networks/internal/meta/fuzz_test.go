package meta

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// answering is an http.RoundTripper that gives one answer.
type answering struct {
	status int
	body   string
}

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: a.status, Header: http.Header{}, Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(strings.NewReader(a.body)),
	}, nil
}

func (a answering) client() *Client {
	opts := networks.Options{HTTP: &http.Client{Transport: a}}
	return New(rest.NewClient("facebook", opts), "https://graph.example", "")
}

// FuzzGrant has token services and debug_token say anything: there is a token or an
// error, and no word of either has the old token in it.
func FuzzGrant(f *testing.F) {
	f.Add(200, `{"access_token":"new","token_type":"bearer","expires_in":5183944}`)
	f.Add(200, `{"data":[{"access_token":"new","expires_in":"3600"}]}`)
	f.Add(200, `{"access_token":"new","expires_in":1e300}`)
	f.Add(200, `{"data":{"is_valid":true,"type":"MARKEDtoken","scopes":["a"],"expires_at":1577347200}}`)
	f.Add(200, `{"data":{"is_valid":true,"expires_at":9007199254740991,"data_access_expires_at":300000000000}}`)
	f.Add(200, `{"data":{"is_valid":false,"error":{"code":190,"message":"MARKEDtoken"}}}`)
	f.Add(400, `{"error_type":"OAuthException","code":400,"error_message":"MARKEDtoken"}`)
	f.Add(400, `{"error":{"message":"Error validating client secret. MARKEDtoken","code":1}}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		c := answering{status, body}.client()
		g, err := c.Grant(t.Context(), Ask{Op: "refresh", Path: "x", Query: url.Values{"access_token": {"MARKEDtoken"}}})
		if (g.Token == "") != (err != nil) || g.Expires.After(time.Now().Add(longestLife)) {
			t.Fatalf("%+v, %v", g, err)
		}
		token := keychain.Token{Slot: "fb", Value: keychain.Bare("MARKEDtoken")}
		in, inspectErr := c.Inspect(t.Context(), Access{Slot: token, Bearer: token.Bare()}, token.Bare())
		if end, _ := in.End(); end.After(time.Now().Add(longestLife)) && !end.Equal(keychain.Never()) {
			t.Fatalf("it ends at %v, which no keychain can write down", end)
		}
		for _, text := range []string{in.String(), text(err), text(inspectErr)} {
			if strings.Contains(text, "MARKEDtoken") || strings.ContainsAny(text, "\n\r") {
				t.Fatalf("the token or a line break is in %q", text)
			}
		}
	})
}

// FuzzUsage has the headers of usage say anything: what is told is a share and a time that
// a poller can live with.
func FuzzUsage(f *testing.F) {
	f.Add(`{"call_count":28,"total_time":91,"total_cputime":25}`, `{"1":[{"call_count":80,"estimated_time_to_regain_access":19}]}`, "30")
	f.Add(`{"call_count":1e308}`, `{"1":[{"call_count":-1,"estimated_time_to_regain_access":1e308}]}`, "1e9")
	f.Add(`[]`, `{"1":[null],"2":{}}`, "Sun, 06 Nov 2994 08:49:37 GMT")
	f.Fuzz(func(t *testing.T, app, business, retry string) {
		now := time.Now()
		u := ReadUsage(http.Header{appUsage: {app}, businessUsage: {business}, "Retry-After": {retry}})
		if u.Regain < 0 || u.Regain > longest || u.until(now).After(now.Add(longest)) {
			t.Fatalf("the wait is %v", u.Regain)
		}
		if a, told := u.allowance(now); told && (!(a.Used > 0 && a.Used <= 1) || a.Limit == "") { // NaN is neither
			t.Fatalf("%+v became %+v", u, a)
		}
	})
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// FuzzRedirect pastes anything: a code is taken from an address with the session's own
// state alone.
func FuzzRedirect(f *testing.F) {
	for _, s := range []string{"?code=a&state=STATE#_=_", "?state=STATE&error=access_denied", "?code=a&state=STATE&state=x", "#code=a&state=STATE", "://", "?code=%zz&state=STATE"} {
		f.Add(Redirect + s)
	}
	f.Fuzz(func(t *testing.T, pasted string) {
		var code string
		s, err := answering{}.client().Session(Flow{ID: "1", Exchange: func(_ context.Context, c string) (keychain.Fresh, error) {
			code = c
			return keychain.Fresh{}, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		own, ok := s.(*session)
		if !ok {
			t.Fatalf("the session is a %T", s)
		}
		_, err = s.Finish(t.Context(), strings.ReplaceAll(pasted, "STATE", own.state))
		if (code == "") != (err != nil) || code != "" && !strings.Contains(pasted, "STATE") {
			t.Fatalf("%q: code %q, %v", pasted, code, err)
		}
	})
}
