package youtube

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"
	"time"
	_ "time/tzdata" // minimal systems have no zone files, and the quota's day is Pacific

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

const (
	hintKey     = "make a new API key at https://console.cloud.google.com/apis/credentials and assign it to slot yt"
	hintEnable  = "enable the YouTube Data API v3 for the key's project at https://console.cloud.google.com/apis/library/youtube.googleapis.com"
	hintAllowed = "the key's restrictions refuse this machine or this API: change them at https://console.cloud.google.com/apis/credentials"
	hintQuota   = "the project's units of this day are used up: poll less often, or ask Google for more quota; they come back at midnight Pacific time"
)

// rule is what a reason means to us.
type rule struct {
	kind networks.Kind
	hint string
}

// rules are the reasons of refusals, in YouTube's own words and in those that all of
// Google's newer services use (https://developers.google.com/youtube/v3/docs/errors,
// https://cloud.google.com/apis/design/errors, read 2026-09). Where a reason is not
// here, the status speaks.
var rules = map[string]rule{
	"keyInvalid":      {networks.Unauthorized, hintKey},
	"keyExpired":      {networks.Unauthorized, hintKey},
	"API_KEY_INVALID": {networks.Unauthorized, hintKey},

	"quotaExceeded":      {networks.Quota, hintQuota},
	"dailyLimitExceeded": {networks.Quota, hintQuota},

	"rateLimitExceeded":     {networks.RateLimited, ""},
	"userRateLimitExceeded": {networks.RateLimited, ""},
	"RATE_LIMIT_EXCEEDED":   {networks.RateLimited, ""},

	"accessNotConfigured": {networks.Forbidden, hintEnable},
	"SERVICE_DISABLED":    {networks.Forbidden, hintEnable},

	"ipRefererBlocked":              {networks.Forbidden, hintAllowed},
	"API_KEY_SERVICE_BLOCKED":       {networks.Forbidden, hintAllowed},
	"API_KEY_IP_ADDRESS_BLOCKED":    {networks.Forbidden, hintAllowed},
	"API_KEY_HTTP_REFERRER_BLOCKED": {networks.Forbidden, hintAllowed},

	"backendError": {networks.Temporary, ""},

	"channelNotFound":  {networks.NotFound, ""},
	"channelForbidden": {networks.Blocked, ""},
}

// fault is the body of a refusal.
type fault struct {
	Error struct {
		Message string `json:"message"`
		Errors  []struct {
			Reason string `json:"reason"`
		} `json:"errors"`
		Details []struct {
			Reason   string            `json:"reason"`
			Metadata map[string]string `json:"metadata"`
		} `json:"details"`
	} `json:"error"`
}

// reason is the most telling of the reasons that there is a rule for, "" for none.
// The newer words (in details) say more: the older one of a wrong key is badRequest.
func (f *fault) reason() string {
	for _, d := range f.Error.Details {
		if _, ok := rules[d.Reason]; ok {
			return d.Reason
		}
	}
	for _, e := range f.Error.Errors {
		if _, ok := rules[e.Reason]; ok {
			return e.Reason
		}
	}
	return ""
}

// ofTheDay reports whether the limit that was reached is that of a day.
func (f *fault) ofTheDay() bool {
	for _, d := range f.Error.Details {
		if strings.HasPrefix(d.Metadata["quota_unit"], "1/d/") {
			return true
		}
	}
	return false
}

// refuse returns the error that an answer is, nil for a good one. Accounts is how
// many the request asked for.
func (n *network) refuse(resp *rest.Response, token keychain.Token, accounts int) *networks.Error {
	e := n.rest.Refuse(resp)
	if e == nil {
		return nil
	}
	var f fault
	_ = json.Unmarshal(resp.Body, &f) // what is no such object leaves the status to go by
	e.Msg = rest.Words(token, f.Error.Message)
	reason := f.reason()
	if r, ok := rules[reason]; ok {
		e.Kind, e.Code, e.Hint = r.kind, reason, r.hint
	} else if strings.HasPrefix(f.Error.Message, "API key ") && resp.Status == http.StatusBadRequest {
		e.Kind, e.Hint = networks.Unauthorized, hintKey // "API key not valid." and "API key expired." come without a reason of their own, too
	}
	now := time.Now()
	if e.Kind == networks.RateLimited && f.ofTheDay() {
		e.Kind, e.Hint = networks.Quota, hintQuota
	}
	switch {
	case e.Kind == networks.Quota:
		e.Until = midnight(now)
	case e.Kind == networks.RateLimited:
		e.Until = rest.RetryAfter(resp.Header, now)
	case e.Kind == networks.Unauthorized:
		e.Hint = cmp.Or(e.Hint, hintKey)
	case e.Kind == networks.NotFound && reason == "":
		e.Kind, e.Hint = networks.Malformed, "this is no YouTube API: see base_url"
	case e.Kind.OfAccount() && accounts != 1:
		e.Kind = networks.BadBatch
	}
	return e
}

// midnight is the next one in California, when the quota's day begins: 23 to 25
// hours from the last. Without zone files it is that of the winter, an hour late in
// summer at worst.
func midnight(now time.Time) time.Time {
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		zone = time.FixedZone("PST", -8*60*60)
	}
	year, month, day := now.In(zone).Date()
	return time.Date(year, month, day+1, 0, 0, 0, 0, zone)
}
