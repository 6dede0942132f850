package sim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	mastodonNet   = "mastodon"
	mastodonLimit = 300 // requests in mastodonWindow; announced, not enforced

	mastodonWindow = 5 * time.Minute
)

// Mastodon simulates every server of the network "mastodon": those that are the
// Host of an account. A request that names one of them in its Host header is
// answered by that server; any other one by all of them at once, so that one
// address may stand for all: names are then name@host, and an id is looked for on
// all of them.
//
// It takes no token. It answers /api/v1/accounts/lookup, /api/v1/accounts/:id and,
// as from Mastodon 4.3, lists of up to 40 ids. A Suspended account is shown as one,
// a Hidden one as Pleroma hides a count.
func Mastodon(w *World) http.Handler { return mastodonHandler(w, true) }

// MastodonOld is [Mastodon] before 4.3, without lists of ids.
func MastodonOld(w *World) http.Handler { return mastodonHandler(w, false) }

func mastodonHandler(w *World, lists bool) http.Handler {
	m := mastodonSim{w, lists}
	return w.Handler(mastodonNet, mastodonOp, m.answer)
}

// mastodonOp names a request; all ids are one name.
func mastodonOp(r *http.Request) string {
	op := strings.TrimPrefix(r.URL.Path, "/api/v1/")
	if id, ok := strings.CutPrefix(op, "accounts/"); ok && id != "lookup" {
		return "accounts/:id"
	}
	return op
}

type mastodonSim struct {
	w     *World
	lists bool
}

func (m mastodonSim) answer(rw http.ResponseWriter, r *http.Request) (int, string) {
	reset := time.Now().UTC().Truncate(mastodonWindow).Add(mastodonWindow)
	rw.Header().Set("X-RateLimit-Limit", strconv.Itoa(mastodonLimit))
	rw.Header().Set("X-RateLimit-Remaining", strconv.Itoa(mastodonLimit-1))
	rw.Header().Set("X-RateLimit-Reset", reset.Format("2006-01-02T15:04:05.000000Z"))
	query := r.URL.Query()
	rest, ok := strings.CutPrefix(r.URL.Path, "/api/v1/accounts")
	switch {
	case !ok || r.Method != http.MethodGet:
		return 0, mastodonRefuse(rw, http.StatusNotFound, "Not Found")
	case r.Header.Get("Authorization") != "":
		return 0, mastodonRefuse(rw, http.StatusUnauthorized, "The access token is invalid")
	case rest == "/lookup" && len(query) == 1 && len(query["acct"]) == 1:
		return m.lookup(rw, m.host(r), query.Get("acct"))
	case rest == "" && m.lists && len(query) == 1 && len(query["id[]"]) > 0:
		return m.list(rw, m.host(r), query["id[]"])
	case strings.HasPrefix(rest, "/") && len(query) == 0:
		return m.one(rw, m.host(r), rest[1:])
	}
	return 0, mastodonRefuse(rw, http.StatusNotFound, "Record not found")
}

// host is the server asked, or empty for all of them.
func (m mastodonSim) host(r *http.Request) string {
	host, _, _ := strings.Cut(strings.ToLower(r.Host), ":")
	for _, a := range m.w.Accounts(mastodonNet) {
		if a.Host == host {
			return host
		}
	}
	return ""
}

func (m mastodonSim) lookup(rw http.ResponseWriter, host, acct string) (int, string) {
	if !strings.Contains(acct, "@") {
		acct += "@" + host
	}
	a, ok := m.w.ByHandle(mastodonNet, acct)
	return m.show(rw, a, ok && (host == "" || a.Host == host))
}

func (m mastodonSim) one(rw http.ResponseWriter, host, id string) (int, string) {
	a, ok := m.byID(host, id)
	return m.show(rw, a, ok)
}

func (m mastodonSim) show(rw http.ResponseWriter, a Account, ok bool) (int, string) {
	if !ok || a.State == NotFound {
		return 1, mastodonRefuse(rw, http.StatusNotFound, "Record not found")
	}
	JSON(rw, http.StatusOK, m.view(a))
	return 1, ""
}

func (m mastodonSim) list(rw http.ResponseWriter, host string, ids []string) (int, string) {
	if len(ids) > 40 {
		return 0, mastodonRefuse(rw, http.StatusUnprocessableEntity, "Too many accounts")
	}
	list := []any{}
	// Another order than asked, as a database has it.
	for _, id := range slices.Backward(slices.Compact(slices.Sorted(slices.Values(ids)))) {
		if a, ok := m.byID(host, id); ok && a.State != NotFound {
			list = append(list, m.view(a))
		}
	}
	JSON(rw, http.StatusOK, list)
	return len(ids), ""
}

func (m mastodonSim) byID(host, id string) (Account, bool) {
	if host != "" {
		return m.w.ByID(mastodonNet, id+"@"+host)
	}
	for _, a := range m.w.Accounts(mastodonNet) {
		if a.ID == id {
			return a, true
		}
	}
	return Account{}, false
}

// view is an Account entity.
func (m mastodonSim) view(a Account) map[string]any {
	followers := m.w.Count(a, time.Now())
	v := map[string]any{
		"id": a.ID, "username": a.Handle, "acct": a.Handle, "display_name": a.Name,
		"locked": a.State == Private, "bot": false, "group": a.Type == "group",
		"created_at": "2016-11-24T00:00:00.000Z", "note": "", "uri": "https://" + a.Host + "/users/" + a.Handle,
		"url":             "https://" + a.Host + "/@" + a.Handle,
		"followers_count": followers, "following_count": a.Following, "statuses_count": a.Posts,
		"emojis": []any{}, "fields": []any{},
	}
	switch a.State {
	case Suspended:
		v["suspended"] = true
		v["display_name"], v["followers_count"], v["following_count"], v["statuses_count"] = "", 0, 0, 0
	case Hidden:
		v["followers_count"] = 0
		v["pleroma"] = map[string]any{"hide_followers": true, "hide_followers_count": true}
	}
	return v
}

func mastodonRefuse(rw http.ResponseWriter, status int, message string) string {
	JSON(rw, status, map[string]any{"error": message})
	return strconv.Itoa(status)
}
