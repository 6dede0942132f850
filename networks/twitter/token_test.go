package twitter_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/twitter"
)

func TestCheck(t *testing.T) {
	const me = `{"data":{"id":"1","name":"A","username":"a"}}`
	for name, c := range map[string]struct {
		token  keychain.Token
		status int
		body   string
		asked  string
		report string
		kind   networks.Kind
	}{
		"four keys":       {four, 200, me, "/2/users/me?user.fields=public_metrics", "four keys of @a", 0},
		"bearer":          {bearer, 200, `{"data":[]}`, "/2/users?ids=2244994945&user.fields=public_metrics", "bearer token", 0},
		"nameless":        {four, 200, `{}`, "", "", networks.Malformed},
		"no JSON":         {four, 200, `<html>`, "", "", networks.Malformed},
		"refused":         {four, 401, `{"title":"Unauthorized"}`, "", "", networks.Unauthorized},
		"out of credits":  {bearer, 402, `{"type":"https://api.x.com/2/problems/credits-depleted"}`, "", "", networks.Payment},
		"not enrolled":    {bearer, 403, `{"reason":"client-not-enrolled"}`, "", "", networks.Forbidden},
		"unknown address": {bearer, 404, `{}`, "", "", networks.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{status: c.status, body: c.body}
			report, err := s.network().(networks.Checker).Check(t.Context(), c.token)
			var e *networks.Error
			if errors.As(err, &e) && e.Kind != c.kind || err == nil && c.kind != 0 {
				t.Errorf("%v, want %s", err, c.kind)
			}
			if !strings.HasPrefix(report, c.report) || c.report == "" && report != "" {
				t.Errorf("the report is %q, want %q", report, c.report)
			}
			if c.asked != "" && s.asked.URL.RequestURI() != c.asked {
				t.Errorf("asked %s, want %s", s.asked.URL.RequestURI(), c.asked)
			}
		})
	}
}

func TestIncompleteTokens(t *testing.T) {
	all := map[string]string{"consumer_key": "a", "consumer_secret": "b", "access_token": "c", "access_secret": "d"}
	for missing := range all {
		rest := map[string]string{}
		for k, v := range all {
			if k != missing {
				rest[k] = v
			}
		}
		s := &server{status: 200, body: `{"data":[]}`}
		n := s.network()
		_, err := n.Profiles(t.Context(), keychain.Token{Slot: "tw", Value: keychain.Mapping(rest)}, n.Plan([]networks.Ref{{Name: "a"}})[0])
		var e *networks.Error
		if !errors.As(err, &e) || e.Kind != networks.Unauthorized || !strings.Contains(e.Hint, "consumer_key") || s.asked != nil {
			t.Errorf("without %s: %v (hint %q)", missing, err, e.Hint)
		}
	}
}

// TestSigning keeps what else the caller's client has, and gives each request a
// nonce of its own. That signatures are right the simulator verifies.
func TestSigning(t *testing.T) {
	s := &server{status: 200, body: `{"data":[]}`}
	client := &http.Client{Transport: s, Timeout: time.Minute}
	n := twitter.New(networks.Options{HTTP: client})
	var seen []string
	for range 2 {
		if _, err := n.Profiles(t.Context(), four, n.Plan([]networks.Ref{{Name: "a"}, {Name: "b"}})[0]); err != nil {
			t.Fatal(err)
		}
		seen = append(seen, s.asked.Header.Get("Authorization"))
	}
	for _, part := range []string{`OAuth `, `oauth_consumer_key="consumer"`, `oauth_token="token"`, `oauth_signature_method="HMAC-SHA1"`, `oauth_version="1.0"`} {
		if !strings.Contains(seen[0], part) {
			t.Errorf("%q is not in the header %s", part, seen[0])
		}
	}
	if seen[0] == seen[1] {
		t.Error("two requests are signed alike")
	}
	if got := s.asked.URL.RawQuery; !strings.Contains(got, "usernames=a%2Cb") {
		t.Errorf("the query is %s: a comma has to be encoded as in the signature", got)
	}
	if client.Transport != http.RoundTripper(s) {
		t.Error("the caller's client was changed")
	}
}
