package sim

import (
	"net/http"
	"net/url"
	"regexp"
	"time"
)

const instagramNet = "instagram"

// Instagram simulates both hosts of Instagram's API on the accounts of the network
// "instagram": GET /vN.N/me of graph.instagram.com, and GET /vN.N/{id} and the batch
// POST /vN.N/ of graph.facebook.com, with Business Discovery; and Instagram's token
// service.
//
// A token of Instagram Login is allowed by AllowToken("instagram", token, id), where
// id is its own account's; one for Business Discovery by AllowToken("instagram",
// token, id, appSecret), where an empty appSecret takes any proof. A third secret and
// those after it are as for [Facebook]. An app is AllowToken("instagram",
// "APP_ID|APP_SECRET", id) and the same with appSecret, where id is the account that
// logs in. Tokens are taken from the Authorization header or a form and, but for the
// token service, never from an address. An account in any state other than OK is a
// personal one or none, which Graph does not tell apart.
func Instagram(w *World) http.Handler {
	x := &instagram{w}
	g := &graph{w: w, net: instagramNet, batch: true, get: x.get, tokens: newMetaTokens(w, instagramNet, "ig", true)}
	return g.handler()
}

type instagram struct{ w *World }

var graphDiscovery = regexp.MustCompile(`^business_discovery\.username\(([^(){}]+)\)\{([a-z_,]+)\}$`)

// get answers to one object: the caller's own account or, through it, another one.
func (x *instagram) get(caller graphCaller, path string, query url.Values) graphReply {
	if e := onlyParameters(query, "fields", "appsecret_proof"); e != nil {
		return *e
	}
	id, login := caller.secret(0), len(caller.secrets) == 1
	if path == "me/accounts" && !login {
		return x.pages(id, query)
	}
	if login != (path == "me") || !login && path != id {
		return unsupported(path)
	}
	own, ok := x.w.ByID(instagramNet, id)
	if !ok {
		return graphError("Error validating access token: The user is not a confirmed user.", 190, 464)
	}
	m := graphDiscovery.FindStringSubmatch(query.Get("fields"))
	if m == nil {
		return x.object(own, query.Get("fields"), login)
	}
	a, ok := x.w.ByHandle(instagramNet, m[1])
	switch {
	case login:
		return graphError("(#100) Tried accessing nonexisting field (business_discovery)", 100, 0)
	case !ok || a.State != OK && a.State != "":
		return graphError("Invalid user id", 110, 2207013)
	}
	reply := x.object(a, m[2], false)
	if reply.code == "" {
		reply.body = map[string]any{"business_discovery": reply.body, "id": own.ID}
	}
	return reply
}

// pages are the Pages that a person manages, with their Instagram accounts.
func (x *instagram) pages(id string, query url.Values) graphReply {
	own, ok := x.w.ByID(instagramNet, id)
	if query.Get("fields") != "name,instagram_business_account{id,username}" {
		return graphError("(#100) Tried accessing nonexisting field", 100, 0)
	}
	pages := []any{map[string]any{"id": "1", "name": "A Page without an Instagram account"}}
	if ok {
		account := map[string]any{"id": own.ID, "username": own.Handle}
		pages = append(pages, map[string]any{"id": "2", "name": own.Name, "instagram_business_account": account})
	}
	return graphReply{http.StatusOK, map[string]any{"data": pages}, ""}
}

// object is an account with the fields asked for.
func (x *instagram) object(a Account, fields string, login bool) graphReply {
	all := map[string]any{
		"id": a.ID, "username": a.Handle, "name": a.Name,
		"followers_count": x.w.Count(a, time.Now()), "follows_count": a.Following, "media_count": a.Posts,
	}
	if login { // an id of the app's own beside the one that all apps know
		all["id"], all["user_id"] = "7"+a.ID, a.ID
	}
	return graphFields(all, fields, "IGUser")
}
