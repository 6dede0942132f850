package sim

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	twitchNet = "twitch"
	// twitchLife is about what a token of an app gets.
	twitchLife = 60 * 24 * time.Hour
)

// Twitch simulates Twitch's Helix API on the accounts of the network "twitch", whose
// IDs are numbers: GET /helix/users and /helix/channels/followers, and POST
// /oauth2/token for the tokens of apps.
//
// An app is allowed by AllowToken("twitch", clientID, clientSecret), a token of it
// by AllowToken("twitch", token, clientID) or by asking for one. Limits are announced
// and not enforced.
func Twitch(w *World) http.Handler {
	t := twitchSim{w}
	return w.Handler(twitchNet, t.op, t.answer)
}

type twitchSim struct{ w *World }

func (t twitchSim) op(r *http.Request) string {
	return strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/helix"), "/")
}

func (t twitchSim) answer(rw http.ResponseWriter, r *http.Request) (int, string) {
	if r.URL.Path == "/oauth2/token" {
		return 0, t.token(rw, r)
	}
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	app, ok := t.w.appOf(twitchNet, bearer)
	switch {
	case bearer == "":
		return 0, twitchRefuse(rw, http.StatusUnauthorized, "OAuth token is missing")
	case !ok:
		return 0, twitchRefuse(rw, http.StatusUnauthorized, "Invalid OAuth token")
	case r.Header.Get("Client-Id") != app:
		return 0, twitchRefuse(rw, http.StatusUnauthorized, "Client ID and OAuth token do not match")
	}
	rw.Header().Set("Ratelimit-Limit", "800")
	rw.Header().Set("Ratelimit-Remaining", "799")
	rw.Header().Set("Ratelimit-Reset", strconv.FormatInt(time.Now().Add(time.Minute).Unix(), 10))
	switch {
	case r.Method == http.MethodGet && r.URL.Path == "/helix/users":
		return t.users(rw, r.URL.Query())
	case r.Method == http.MethodGet && r.URL.Path == "/helix/channels/followers":
		return t.followers(rw, r.URL.Query())
	}
	return 0, twitchRefuse(rw, http.StatusNotFound, "")
}

// token makes a token for an app.
func (t twitchSim) token(rw http.ResponseWriter, r *http.Request) string {
	known, right := t.w.appLogin(twitchNet, r.PostFormValue("client_id"), r.PostFormValue("client_secret"))
	refuse := func(status int, message string) string {
		JSON(rw, status, map[string]any{"status": status, "message": message})
		return message
	}
	switch {
	case r.Method != http.MethodPost:
		return refuse(http.StatusNotFound, "404 Page Not Found")
	case r.PostFormValue("client_id") == "":
		return refuse(http.StatusBadRequest, "missing client id")
	case r.PostFormValue("grant_type") != "client_credentials":
		return refuse(http.StatusBadRequest, "Invalid grant type")
	case !known:
		return refuse(http.StatusBadRequest, "invalid client")
	case !right:
		return refuse(http.StatusForbidden, "invalid client secret")
	}
	JSON(rw, http.StatusOK, map[string]any{
		"access_token": t.w.newAppToken(twitchNet, r.PostFormValue("client_id"), twitchLife),
		"expires_in":   int(twitchLife.Seconds()), "token_type": "bearer",
	})
	return ""
}

func (t twitchSim) users(rw http.ResponseWriter, q url.Values) (int, string) {
	login, number := regexp.MustCompile(`^[a-zA-Z0-9_]{1,25}$`), regexp.MustCompile(`^[0-9]{1,19}$`)
	asked := len(q["login"]) + len(q["id"])
	bad := asked == 0 || asked > 100
	for k, values := range q {
		pattern := map[string]*regexp.Regexp{"login": login, "id": number}[k]
		bad = bad || pattern == nil || slices.ContainsFunc(values, func(v string) bool { return !pattern.MatchString(v) })
	}
	if bad {
		return asked, twitchRefuse(rw, http.StatusBadRequest, "Invalid username(s), email(s), or ID(s). Bad Identifiers.")
	}
	data, seen := []any{}, []string{}
	add := func(a Account, ok bool) {
		if !ok || a.State == NotFound || a.State == Suspended || slices.Contains(seen, a.ID) {
			return
		}
		seen = append(seen, a.ID)
		data = append(data, t.user(a))
	}
	for _, v := range q["login"] {
		add(t.w.ByHandle(twitchNet, v))
	}
	for _, v := range q["id"] {
		add(t.w.ByID(twitchNet, v))
	}
	JSON(rw, http.StatusOK, map[string]any{"data": data})
	return asked, ""
}

func (t twitchSim) user(a Account) map[string]any {
	broadcaster := ""
	if a.Verified {
		broadcaster = "partner"
	}
	return map[string]any{
		"id": a.ID, "login": strings.ToLower(a.Handle), "display_name": a.Name, "type": "", "broadcaster_type": broadcaster,
		"description": "", "view_count": 0, "created_at": "2016-12-14T20:32:28Z",
	}
}

func (t twitchSim) followers(rw http.ResponseWriter, q url.Values) (int, string) {
	ids := q["broadcaster_id"]
	for k := range q {
		if k != "broadcaster_id" && k != "first" {
			return 0, twitchRefuse(rw, http.StatusBadRequest, "The parameter \""+k+"\" was malformed")
		}
	}
	if len(ids) != 1 || ids[0] == "" {
		return 0, twitchRefuse(rw, http.StatusBadRequest, "The broadcaster_id query parameter is required")
	}
	a, ok := t.w.ByID(twitchNet, ids[0])
	if !ok || a.State == NotFound || a.State == Suspended {
		return 1, twitchRefuse(rw, http.StatusBadRequest, "The ID in broadcaster_id was not found")
	}
	JSON(rw, http.StatusOK, map[string]any{"total": t.w.Count(a, time.Now()), "data": []any{}, "pagination": map[string]any{}})
	return 1, ""
}

func twitchRefuse(rw http.ResponseWriter, status int, message string) string {
	JSON(rw, status, map[string]any{"error": http.StatusText(status), "status": status, "message": message})
	return strconv.Itoa(status)
}
