package sim

import (
	"net/http"
	"net/url"
	"time"
)

const threadsNet = "threads"

// Threads simulates graph.threads.net on the accounts of the network "threads": GET
// /v1.0/me and /v1.0/me/threads_insights of the token's own account, and the token
// service. A token is allowed by AllowToken("threads", token, id), where id is its
// account's; an app by AllowToken("threads", "APP_ID|APP_SECRET", id), where id is the
// account that logs in. An account in any state other than OK is not shown.
func Threads(w *World) http.Handler {
	g := &graph{w: w, net: threadsNet, tokens: newMetaTokens(w, threadsNet, "th", false)}
	g.get = func(c graphCaller, path string, query url.Values) graphReply {
		a, ok := w.ByID(threadsNet, c.secret(0))
		switch {
		case !ok || a.State != OK && a.State != "":
			return unsupported(path)
		case path == "me/threads_insights":
			return threadsInsights(w, a, query)
		case path != "me":
			return unsupported(path)
		}
		if e := onlyParameters(query, "fields"); e != nil {
			return *e
		}
		return graphFields(map[string]any{
			"id": a.ID, "username": a.Handle, "name": a.Name, "is_verified": a.Verified,
			"threads_profile_picture_url": "https://example.invalid/x.jpg", "threads_biography": "",
		}, query.Get("fields"), "ThreadsUser")
	}
	return g.handler()
}

func threadsInsights(w *World, a Account, query url.Values) graphReply {
	if e := onlyParameters(query, "metric"); e != nil {
		return *e
	}
	if query.Get("metric") != "followers_count" {
		return graphError("(#100) metric[0] must be one of the following values: followers_count", 100, 0)
	}
	return graphReply{http.StatusOK, map[string]any{"data": []any{map[string]any{
		"name": "followers_count", "period": "day", "title": "followers_count",
		"description": "The number of followers", "id": a.ID + "/insights/followers_count/day",
		"total_value": map[string]any{"value": w.Count(a, time.Now())},
	}}}, ""}
}
