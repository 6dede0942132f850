package sim

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

const facebookNet = "facebook"

// Facebook simulates the Graph API of Facebook's Pages on the accounts of the network
// "facebook", alone (GET /vN.N/NAME_or_ID) and in batches (POST /vN.N/), and its token
// service. An account of another type than "page" is a person's profile; one in any
// state other than OK is not shown, as one that does not exist.
//
// A token is allowed by AllowToken("facebook", token, appID, appSecret): an empty
// appSecret takes any proof. A third secret is what debug_token calls the token's type
// (USER if missing), a fourth its end in seconds since 1970 (never if missing), a fifth
// the end of its access to data. An app
// is AllowToken("facebook", "APP_ID|APP_SECRET", appID, appSecret). Tokens are taken
// from the Authorization header or a form.
func Facebook(w *World) http.Handler {
	g := &graph{w: w, net: facebookNet, batch: true, tokens: newMetaTokens(w, facebookNet, "", true)}
	g.get = func(c graphCaller, path string, query url.Values) graphReply {
		return facebookNode(w, c, path, query)
	}
	return g.handler()
}

func facebookNode(w *World, c graphCaller, path string, query url.Values) graphReply {
	if e := onlyParameters(query, "fields", "appsecret_proof"); e != nil {
		return *e
	}
	if path == "me" {
		if strings.Contains(c.token, "|") {
			return graphError("An active access token must be used to query information about the current user.", 2500, 0)
		}
		return graphFields(map[string]any{"id": "1", "name": "Simulated Person"}, query.Get("fields"), "User")
	}
	a, ok := facebookFind(w, path)
	switch {
	case !ok && strings.Trim(path, "0123456789") == "":
		return unsupported(path)
	case !ok:
		return graphError("(#803) Some of the aliases you requested do not exist: "+path, 803, 0)
	case a.Type != "page":
		return graphFields(map[string]any{"id": a.ID, "name": a.Name}, query.Get("fields"), "User")
	}
	all := map[string]any{
		"id": a.ID, "name": a.Name, "username": nil, "link": "https://www.facebook.com/" + a.ID,
		"followers_count": w.Count(a, time.Now()), "fan_count": a.Likes, "verification_status": "not_verified",
	}
	if a.Handle != "" {
		all["username"], all["link"] = a.Handle, "https://www.facebook.com/"+a.Handle
	}
	if a.Verified {
		all["verification_status"] = "blue_verified"
	}
	return graphFields(all, query.Get("fields"), "Page")
}

// facebookFind finds an account by its id or its name, in which dots do not count.
func facebookFind(w *World, which string) (Account, bool) {
	a, ok := w.ByHandle(facebookNet, which)
	if !ok {
		a, ok = w.ByID(facebookNet, which)
	}
	if !ok {
		for _, b := range w.Accounts(facebookNet) {
			if b.Handle != "" && strings.EqualFold(strings.ReplaceAll(b.Handle, ".", ""), strings.ReplaceAll(which, ".", "")) {
				a, ok = b, true
			}
		}
	}
	return a, ok && (a.State == OK || a.State == "")
}
