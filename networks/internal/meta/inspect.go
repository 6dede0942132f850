package meta

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// Inspection is what Meta says of a token
// (https://developers.facebook.com/docs/graph-api/reference/debug_token, read 2026-11-22).
type Inspection struct {
	Type    string // USER, PAGE, SYSTEM_USER, APP
	App     string // name of the app
	Scopes  []string
	Expires time.Time // zero: never
	// DataUntil is when Meta stops to show what the person's permissions opened,
	// though the token goes on; zero: never.
	DataUntil time.Time
}

const inspectOp = "debug_token"

// Inspect asks what the token a.Bearer is. By is the token that asks: the app's own
// (APP_ID|APP_SECRET), or the token itself, which Meta lets only some tokens do. A
// token that is not valid any more is Unauthorized, an app that is not known Forbidden.
// The error is a *networks.Error.
func (c *Client) Inspect(ctx context.Context, a Access, by string) (Inspection, error) {
	ask := Ask{Op: inspectOp, Path: c.Versioned(inspectOp), Query: url.Values{"input_token": {a.Bearer}}}
	if by == a.Bearer && a.Secret != "" {
		ask.Query.Set("appsecret_proof", Proof(a.Bearer, a.Secret))
	}
	resp, err := c.rest.Do(ctx, rest.Request{Op: ask.Op, URL: c.base + "/" + ask.Path, Query: ask.Query, Bearer: by})
	if err != nil {
		return Inspection{}, err
	}
	if e := c.refuse(resp, Usage{}, a); e != nil {
		if by != a.Bearer && e.Kind == networks.Unauthorized {
			e.Kind, e.Hint = networks.Forbidden, "app_id or app_secret is not the app's: see the app's settings at "+console
		}
		return Inspection{}, e
	}
	var body struct {
		Data *struct {
			Type      string   `json:"type"`
			App       string   `json:"application"`
			Valid     bool     `json:"is_valid"`
			Scopes    []string `json:"scopes"`
			Expires   moment   `json:"expires_at"`
			DataUntil moment   `json:"data_access_expires_at"`
			Error     *Fault   `json:"error"`
		} `json:"data"`
	}
	if err := c.rest.Decode(resp, &body); err != nil {
		return Inspection{}, err
	}
	d := body.Data
	switch {
	case d == nil:
		return Inspection{}, c.rest.Error(inspectOp, networks.Malformed, "", "data is missing", nil)
	case !d.Valid:
		f := Fault{Code: 190, Message: "the token is not valid"}
		if d.Error != nil && d.Error.Code != 0 {
			f = *d.Error
		}
		return Inspection{}, f.Error(c.rest, inspectOp, http.StatusBadRequest, Usage{}, a.Slot)
	}
	words := func(s string) string { return rest.Words(a.Slot, s) }
	in := Inspection{Type: words(d.Type), App: words(d.App), Expires: d.Expires.Time, DataUntil: d.DataUntil.Time}
	for _, s := range d.Scopes {
		in.Scopes = append(in.Scopes, words(s))
	}
	return in, nil
}

// End is when the token is of no more use: when it ends or, where that is sooner, when
// Meta stops to show data. Final says that it is the latter, which no exchange moves.
// Without either it is [keychain.Never].
func (in Inspection) End() (end time.Time, final bool) {
	end = in.Expires
	if end.IsZero() {
		end = keychain.Never()
	}
	if !in.DataUntil.IsZero() && in.DataUntil.Before(end) {
		return in.DataUntil, true
	}
	return end, false
}

// moment is a time in seconds since 1970. 0, what is no number, and what is further off
// than any token lives leave it zero.
type moment struct{ time.Time }

// UnmarshalJSON never fails.
func (m *moment) UnmarshalJSON(b []byte) error {
	*m = moment{}
	var n rest.Number
	_ = n.UnmarshalJSON(b) // never fails
	if seconds, _ := n.Get(); seconds > 0 && seconds < time.Now().Add(longestLife).Unix() {
		m.Time = time.Unix(seconds, 0).UTC()
	}
	return nil
}

// String is the inspection in a few words: `USER token of "App", scopes a, b,
// expires in 41 days (2027-01-02)`.
func (in Inspection) String() string {
	var b strings.Builder
	kind := strings.ToLower(strings.ReplaceAll(in.Type, "_", " "))
	if kind == "" {
		kind = "unknown"
	}
	b.WriteString(kind + " token")
	if in.App != "" {
		fmt.Fprintf(&b, " of the app %q", in.App)
	}
	if len(in.Scopes) > 0 {
		b.WriteString(", scopes " + strings.Join(in.Scopes, ", "))
	} else {
		b.WriteString(", no scopes")
	}
	now := time.Now()
	b.WriteString(", " + end("expires", in.Expires, now))
	if !in.DataUntil.IsZero() {
		b.WriteString(", " + end("access to data ends", in.DataUntil, now))
	}
	return b.String()
}

func end(verb string, t, now time.Time) string {
	switch {
	case t.IsZero():
		return "does not expire"
	case !t.After(now):
		return verb + " now"
	}
	return fmt.Sprintf("%s in %d days (%s)", verb, int(t.Sub(now).Hours()/24), t.Format(time.DateOnly))
}
