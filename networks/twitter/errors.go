package twitter

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// problem is what X says is wrong, with the whole request or, in errors[] of a good
// answer, with one account (https://docs.x.com/x-api/fundamentals/response-codes-and-errors,
// read 2026-09). Type is an address whose last part names the problem; X writes
// it with either of its hosts, so the last part alone counts.
type problem struct {
	Title      string `json:"title"`
	Detail     string `json:"detail"`
	Type       string `json:"type"`
	Reason     string `json:"reason"`
	Parameter  string `json:"parameter"`
	Value      string `json:"value"`
	ResourceID string `json:"resource_id"`
}

// UnmarshalJSON never fails: a field of another type than X documents is left empty.
func (p *problem) UnmarshalJSON(b []byte) error {
	type plain problem
	_ = json.Unmarshal(b, (*plain)(p))
	return nil
}

// word is what the name of a problem or a reason looks like.
var word = regexp.MustCompile(`^[a-z-]{1,40}$`)

// kind is the last part of the type, "" for about:blank.
func (p *problem) kind() string {
	if last := path.Base(p.Type); word.MatchString(last) {
		return last
	}
	return ""
}

// problems are the errors[] of a good answer.
type problems struct {
	of map[string]*problem // by lower-cased handle or id
	// stray is one that names a field and no account: it is about whichever
	// account came without its counts.
	stray *problem
}

func sortProblems(list []problem) problems {
	ps := problems{of: make(map[string]*problem, len(list))}
	for i := range list {
		p := &list[i]
		for _, key := range []string{p.Value, p.ResourceID} {
			if key != "" {
				ps.of[strings.ToLower(key)] = p
			}
		}
		if p.Value == "" && p.ResourceID == "" {
			ps.stray = p
		}
	}
	return ps
}

// about returns the problem with a user that came.
func (ps problems) about(u user) *problem {
	for _, key := range []string{u.ID, strings.ToLower(u.Username)} {
		if p := ps.of[key]; p != nil {
			return p
		}
	}
	return ps.stray
}

// error is the problem as an error about one account. Unknown and suspended share
// a type; title and detail tell them apart.
func (p *problem) error(op string, token keychain.Token) *networks.Error {
	kind := networks.Malformed
	switch p.kind() {
	case "resource-not-found":
		kind = networks.NotFound
		if p.Title == "Forbidden" || strings.Contains(strings.ToLower(p.Detail), "suspended") {
			kind = networks.Suspended
		}
	case "not-authorized-for-resource", "resource-unavailable", "disallowed-resource":
		kind = networks.Blocked
	case "not-authorized-for-field", "field-unauthorized":
		kind = networks.Hidden
	case "field-hydration-failure", "internal-error":
		kind = networks.Temporary
	}
	msg := p.Detail
	if msg == "" {
		msg = p.Title
	}
	return refused(op, kind, p.kind(), rest.Words(token, msg))
}

// refusal is the body of an answer that is no 2xx: a problem, or the list of codes
// of API v1.1, which X's front doors still use.
type refusal struct {
	problem problem
	Errors  []struct {
		Code       int                        `json:"code"`
		Message    string                     `json:"message"`
		Parameters map[string]json.RawMessage `json:"parameters"`
	} `json:"errors"`
}

// about reports whether the refusal is about one of these parameters.
func (r *refusal) about(parameters ...string) bool {
	for _, p := range parameters {
		if r.problem.Parameter == p {
			return true
		}
		for _, e := range r.Errors {
			if _, ok := e.Parameters[p]; ok {
				return true
			}
		}
	}
	return false
}

// v11 is the table of the codes of API v1.1
// (https://developer.x.com/en/support/x-api/error-troubleshooting, read 2026-09).
var v11 = map[int]struct {
	kind networks.Kind
	hint string
}{
	17:  {networks.NotFound, ""},
	32:  {networks.Unauthorized, hintKeys},
	64:  {networks.Unauthorized, "X suspended the account or app of this token: use the token of another one"},
	88:  {networks.RateLimited, ""},
	89:  {networks.Unauthorized, hintKeys},
	99:  {networks.Unauthorized, hintKeys},
	130: {networks.Temporary, ""},
	131: {networks.Temporary, ""},
	135: {networks.Unauthorized, "X refuses the time of the request: set this machine's clock"},
	215: {networks.Unauthorized, hintKeys},
	326: {networks.Challenge, "the token's account is locked for now: log in at X and unlock it"},
	453: {networks.Forbidden, "the plan of the app does not include this call: change it at developer.x.com"},
}

const hintKeys = "X refuses the keys: make new ones on the app's page at developer.x.com and assign them; also see that this machine's clock is right"

const hintRenew = "collectord makes a new token by itself; to see it done: collectord keychain autocomplete"

// hints are what the operator can do, by the problem or its reason.
var hints = map[string]string{
	"client-not-enrolled":        "attach the app to a Project at developer.x.com, then make new keys",
	"client-forbidden":           "the app may not use this call: see its Project and plan at developer.x.com",
	"unsupported-authentication": "this call takes the four keys of a user, not a bearer token",
	"credits":                    "buy credits at developer.x.com; every account costs $0.010 a UTC day",
	"credits-depleted":           "buy credits at developer.x.com; every account costs $0.010 a UTC day",
	"usage-capped":               "the plan's or the spend limit's allowance of this billing period is used up: raise it at developer.x.com",
}

// refuse returns the error that an answer is, nil for a good one. Accounts is how
// many the request asked for.
func refuse(c *rest.Client, resp *rest.Response, token keychain.Token, accounts int) *networks.Error {
	e := c.Refuse(resp)
	if e == nil {
		return nil
	}
	var r refusal
	// What is no JSON leaves r empty and the status alone to go by.
	_ = json.Unmarshal(resp.Body, &r)
	_ = json.Unmarshal(resp.Body, &r.problem)
	e.Msg = rest.Words(token, r.words())
	r.classify(e, resp.Status, accounts)
	now := time.Now()
	if e.Kind == networks.RateLimited {
		limited(e, resp.Header, now)
	}
	if f := formOf(token); e.Kind == networks.Unauthorized && (f == appPair || f == userTokens) {
		e.Hint = hintRenew
	}
	if off := clockOff(resp.Header, now); off != 0 && e.Kind == networks.Unauthorized && formOf(token) == fourKeys {
		e.Hint = fmt.Sprintf("this machine's clock is %s off, and every signature with it: set the clock", off)
	}
	return e
}

func (r *refusal) words() string {
	switch {
	case len(r.Errors) > 0 && r.Errors[0].Message != "":
		return r.Errors[0].Message
	case r.problem.Detail != "":
		return r.problem.Detail
	}
	return r.problem.Title
}

// classify fills in kind, code and hint by X's own words; what X does not say stays
// as the status has it.
func (r *refusal) classify(e *networks.Error, status, accounts int) {
	if len(r.Errors) > 0 && r.Errors[0].Code != 0 {
		classifyOld(e, r.Errors[0].Code, accounts)
		return
	}
	kind := r.problem.kind()
	if kind != "" {
		e.Code, e.Hint = kind, hints[kind]
	}
	if reason := r.problem.Reason; word.MatchString(reason) {
		e.Code, e.Hint = reason, cmp.Or(hints[reason], e.Hint)
	}
	switch {
	case kind == "usage-capped":
		e.Kind = networks.Quota
	case kind == "credits", kind == "credits-depleted":
		e.Kind = networks.Payment
	case status == http.StatusBadRequest && r.about("usernames", "ids"):
		e.Kind = oneOf(accounts)
	case e.Kind == networks.NotFound && (accounts != 1 || kind != "resource-not-found"):
		e.Kind = networks.Malformed
		e.Hint = "X does not know this call: see base_url"
	case e.Kind == networks.Unauthorized:
		e.Hint = cmp.Or(e.Hint, hintKeys)
	}
}

// classifyOld goes by a code of API v1.1.
func classifyOld(e *networks.Error, code, accounts int) {
	e.Code = strconv.Itoa(code)
	if row, ok := v11[code]; ok {
		e.Kind, e.Hint = row.kind, row.hint
	}
	if e.Kind == networks.Challenge {
		e.Link = "https://x.com/login"
	}
	if e.Kind == networks.NotFound {
		e.Kind = oneOf(accounts)
	}
}

// oneOf is the kind of a refusal that some account of the request brought about: a
// bad batch, and of an account alone that X does not know it.
func oneOf(accounts int) networks.Kind {
	if accounts == 1 {
		return networks.NotFound
	}
	return networks.BadBatch
}

// limited tells a day's limit from the short one. X has a window of 15 minutes and, on
// older plans, two of 24 hours beside it; while one of those is empty the short one's
// reset means nothing, so the latest of the empty ones counts.
func limited(e *networks.Error, h http.Header, now time.Time) {
	for _, w := range windows()[1:] {
		// It is the one that holds longest: e.Until.
		if a, ok := w.Allowance(h, now); ok && a.Used == 1 && !a.Until.IsZero() && !a.Until.Before(e.Until) {
			e.Kind = networks.Quota
			e.Hint = "the plan's requests of this day are used up: poll less often, or change the plan"
		}
	}
}

// windows are X's windows: of 15 minutes and, on older plans, of a day for the app and
// for the user.
func windows() []rest.Window {
	of := func(name string) rest.Window {
		return rest.Window{
			Name: name, Size: name + "-limit", Left: name + "-remaining",
			Reset: rest.Hint{Header: name + "-reset", Form: rest.Epoch},
		}
	}
	return []rest.Window{of("x-rate-limit"), of("x-app-limit-24hour"), of("x-user-limit-24hour")}
}

// clockOff is by how much this machine's clock differs from X's, 0 for less than
// five minutes, which X takes.
func clockOff(h http.Header, now time.Time) time.Duration {
	t, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	off := now.Sub(t).Abs().Round(time.Second)
	if off < 5*time.Minute {
		return 0
	}
	return off
}
