package bluesky

import (
	"encoding/json"
	"testing"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
)

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		status      int
		body        string
		alone, many networks.Kind // as getProfile and getProfiles of two answer
	}{
		{400, `{"error":"InvalidRequest","message":"Profile not found"}`, networks.NotFound, networks.BadBatch},
		{400, `{"error":"AccountTakedown","message":"Account has been suspended"}`, networks.Suspended, networks.BadBatch},
		{400, `{"error":"AccountDeactivated","message":"Account is deactivated"}`, networks.NotFound, networks.BadBatch},
		{400, `{"error":"InvalidRequest","message":"Error: actor must be a valid did or a handle"}`, networks.NotFound, networks.BadBatch},
		{400, `{"error":"InvalidRequest","message":"something new"}`, networks.Malformed, networks.BadBatch},
		{400, `{"error":"ExpiredToken","message":"x"}`, networks.Unauthorized, networks.Unauthorized},
		{400, `{"error":"SomethingNew"}`, networks.Malformed, networks.Malformed},
		{401, `{"error":"AuthMissing","message":"Authentication Required"}`, networks.Unauthorized, networks.Unauthorized},
		{401, ``, networks.Unauthorized, networks.Unauthorized},
		{403, `{"error":"Forbidden"}`, networks.Forbidden, networks.Forbidden},
		{404, `Cannot GET`, networks.NotFound, networks.Malformed},
		{501, `{"error":"MethodNotImplemented"}`, networks.NotFound, networks.Malformed},
		{429, `{"error":"RateLimitExceeded","message":"Rate Limit Exceeded"}`, networks.RateLimited, networks.RateLimited},
		{502, `{"error":"UpstreamFailure"}`, networks.Temporary, networks.Temporary},
		{503, `<html>`, networks.Temporary, networks.Temporary},
	} {
		n := answering(t, c.status, c.body)
		one := networks.Batch{Op: getProfile, Refs: []networks.Ref{{Kind: why, Name: "a.example.com"}}}
		if e := networktest.Whole(n.Profiles(t.Context(), keychain.Token{}, one)); e == nil || e.Kind != c.alone {
			t.Errorf("%d %s of one account: %v, want %v", c.status, c.body, e, c.alone)
		}
		e := networktest.Whole(n.Profiles(t.Context(), keychain.Token{}, batch("a.example.com", "b.example.com")))
		if e == nil || e.Kind != c.many {
			t.Errorf("%d %s of two accounts: %v, want %v", c.status, c.body, e, c.many)
			continue
		}
		if wait := time.Until(e.Until); e.Kind == networks.RateLimited && (wait < 25*time.Second || wait > 31*time.Second) {
			t.Errorf("RateLimit-Reset: 30 became a wait of %v", wait)
		}
	}
}

// TestBadNameAlone: a name that getProfiles refuses is asked alone, which tells why.
func TestBadNameAlone(t *testing.T) {
	n := answering(t, 400, `{"error":"InvalidRequest","message":"Error: actors/0 must be a valid did or a handle"}`)
	results, err := n.Profiles(t.Context(), keychain.Token{}, batch("a.example.com"))
	if err != nil || len(results) != 1 || results[0].Next == nil || results[0].Next.Kind != why {
		t.Errorf("%+v, %v, want a Next", results, err)
	}
}

// TestRecordedErrors reads the bodies that Bluesky's own code sends.
func TestRecordedErrors(t *testing.T) {
	b := networktest.Recorded(t, "bluesky/errors.json")
	var bodies []json.RawMessage
	if err := json.Unmarshal([]byte(b), &bodies); err != nil || len(bodies) < 2 {
		t.Fatalf("%d bodies, %v", len(bodies), err)
	}
	for i, want := range []networks.Kind{networks.NotFound, networks.Suspended} {
		n := answering(t, 400, string(bodies[i]))
		e := networktest.Whole(n.Profiles(t.Context(), keychain.Token{}, networks.Batch{Op: getProfile, Refs: []networks.Ref{{Kind: why, Name: "a.b"}}}))
		if e == nil || e.Kind != want {
			t.Errorf("%s: %v, want %v", bodies[i], e, want)
		}
	}
}
