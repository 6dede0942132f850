package sim

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	redditNet = "reddit"
	// redditLife is what a token of an app gets.
	redditLife = 24 * time.Hour
)

// Reddit simulates Reddit's API on the accounts of the network "reddit", whose IDs
// begin with t5_ and which are communities: GET /api/info by sr_name or id, and POST
// /api/v1/access_token for the tokens of apps.
//
// An app is allowed by AllowToken("reddit", clientID, clientSecret), a token of it by
// AllowToken("reddit", token, clientID) or by asking for one. Communities that are
// unknown, deleted, suspended or private are left out. Limits are announced and not
// enforced.
func Reddit(w *World) http.Handler {
	s := redditSim{w}
	return w.Handler(redditNet, s.op, s.answer)
}

type redditSim struct{ w *World }

func (s redditSim) op(r *http.Request) string {
	switch q := r.URL.Query(); {
	case r.URL.Path != "/api/info":
		return strings.TrimPrefix(r.URL.Path, "/api/v1/")
	case q.Has("id"):
		return "info/id"
	}
	return "info/sr_name"
}

func (s redditSim) answer(rw http.ResponseWriter, r *http.Request) (int, string) {
	if r.UserAgent() == "" || strings.HasPrefix(r.UserAgent(), "Go-http-client") {
		// Unnamed clients are stopped before the API.
		http.Error(rw, "<html><title>whoa there, pardner!</title>", http.StatusTooManyRequests)
		return 0, "429"
	}
	if r.URL.Path == "/api/v1/access_token" && r.Method == http.MethodPost {
		return 0, s.token(rw, r)
	}
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if _, ok := s.w.appOf(redditNet, bearer); !ok {
		return 0, redditRefuse(rw, http.StatusUnauthorized)
	}
	rw.Header().Set("X-Ratelimit-Used", "1")
	rw.Header().Set("X-Ratelimit-Remaining", "599.0")
	rw.Header().Set("X-Ratelimit-Reset", strconv.Itoa(600-time.Now().Second()))
	if r.URL.Path != "/api/info" || r.Method != http.MethodGet {
		return 0, redditRefuse(rw, http.StatusNotFound)
	}
	return s.info(rw, r.URL.Query())
}

// token makes a token for an app.
func (s redditSim) token(rw http.ResponseWriter, r *http.Request) string {
	id, secret, ok := r.BasicAuth()
	if known, right := s.w.appLogin(redditNet, id, secret); !ok || !known || !right {
		return redditRefuse(rw, http.StatusUnauthorized)
	}
	if r.PostFormValue("grant_type") != "client_credentials" {
		JSON(rw, http.StatusOK, map[string]any{"error": "unsupported_grant_type"}) // with 200, as Reddit does
		return "unsupported_grant_type"
	}
	JSON(rw, http.StatusOK, map[string]any{
		"access_token": s.w.newAppToken(redditNet, id, redditLife), "token_type": "bearer",
		"expires_in": int(redditLife.Seconds()), "scope": "*",
	})
	return ""
}

func (s redditSim) info(rw http.ResponseWriter, q url.Values) (int, string) {
	for k, v := range q {
		if !slices.Contains([]string{"sr_name", "id", "raw_json"}, k) || len(v) != 1 {
			return 0, redditRefuse(rw, http.StatusBadRequest)
		}
	}
	if q.Has("id") == q.Has("sr_name") {
		return 0, redditRefuse(rw, http.StatusBadRequest)
	}
	asked := strings.Split(q.Get("id")+q.Get("sr_name"), ",")
	if len(asked) > 100 {
		return len(asked), redditRefuse(rw, http.StatusBadRequest)
	}
	now, children, seen := time.Now(), []any{}, []string{}
	for _, v := range asked {
		a, ok := s.w.ByHandle(redditNet, v)
		if q.Has("id") {
			a, ok = s.w.ByID(redditNet, v)
		}
		if !ok || slices.Contains([]string{NotFound, Suspended, Private}, a.State) || slices.Contains(seen, a.ID) {
			continue
		}
		seen = append(seen, a.ID)
		children = append(children, map[string]any{"kind": "t5", "data": s.subreddit(a, now)})
	}
	JSON(rw, http.StatusOK, map[string]any{"kind": "Listing", "data": map[string]any{
		"after": nil, "before": nil, "dist": len(children), "modhash": "", "geo_filter": "", "children": children,
	}})
	return len(asked), ""
}

func (s redditSim) subreddit(a Account, now time.Time) map[string]any {
	return map[string]any{
		"name": a.ID, "id": strings.TrimPrefix(a.ID, "t5_"), "display_name": a.Handle, "display_name_prefixed": "r/" + a.Handle,
		"title": a.Name, "url": "/r/" + a.Handle + "/", "subreddit_type": "public", "subscribers": s.w.Count(a, now),
		"over18": false, "quarantine": false, "created_utc": 1201243765.0,
	}
}

func redditRefuse(rw http.ResponseWriter, status int) string {
	JSON(rw, status, map[string]any{"message": http.StatusText(status), "error": status})
	return strconv.Itoa(status)
}
