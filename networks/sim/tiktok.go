package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const tiktokNet = "tiktok"

// TikTok simulates open.tiktokapis.com on the accounts of the network "tiktok": GET
// /v2/user/info/ of the token's own account, and the token service /v2/oauth/token/.
//
// An access token is allowed by AllowToken("tiktok", token, openID), where openID is
// its account's ID; a refresh token or a code of a login by AllowToken("tiktok", token,
// clientKey, clientSecret, openID) and, for a code with PKCE, the challenge in
// hexadecimal digits. Each is good for one use: a renewal gives another refresh token.
// What is made is called act.made-1 and rft.made-1, and so on. An account in any state
// other than OK is closed, and its tokens with it.
func TikTok(w *World) http.Handler {
	x := &tiktok{w}
	return w.Handler(tiktokNet, x.op, x.answer)
}

type tiktok struct{ w *World }

func (x *tiktok) op(r *http.Request) string {
	return strings.Trim(strings.TrimPrefix(r.URL.Path, "/v2"), "/")
}

func (x *tiktok) answer(rw http.ResponseWriter, r *http.Request) (int, string) {
	switch {
	case r.URL.Path == "/v2/user/info/" && r.Method == http.MethodGet:
		return x.info(rw, r)
	case r.URL.Path == "/v2/oauth/token/" && r.Method == http.MethodPost:
		if err := r.ParseForm(); err != nil || len(r.URL.RawQuery) > 0 {
			return tiktokRefuseGrant(rw, "invalid_request", "the form is not readable")
		}
		return x.grant(rw, r.PostForm)
	}
	http.Error(rw, "Unsupported path(Janus)", http.StatusNotFound)
	return 0, "404"
}

func (x *tiktok) info(rw http.ResponseWriter, r *http.Request) (int, string) {
	tok, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	state, secrets := x.w.Token(tiktokNet, tok)
	if tok == "" || state != TokenGood || len(secrets) != 1 {
		return tiktokSay(rw, http.StatusUnauthorized, "access_token_invalid", "The access token is invalid or not found in the request.", nil)
	}
	a, ok := x.w.ByID(tiktokNet, secrets[0])
	if !ok || a.State != OK && a.State != "" {
		return tiktokSay(rw, http.StatusUnauthorized, "access_token_invalid", "The access token is invalid or not found in the request.", nil)
	}
	all := map[string]any{
		"open_id": a.ID, "union_id": "u" + a.ID, "username": a.Handle, "display_name": a.Name, "is_verified": a.Verified,
		"follower_count": x.w.Count(a, time.Now()), "following_count": a.Following, "likes_count": a.Likes, "video_count": a.Posts,
	}
	user := make(map[string]any)
	for field := range strings.SplitSeq(r.URL.Query().Get("fields"), ",") {
		value, known := all[field]
		if !known || len(r.URL.Query()) != 1 {
			return tiktokSay(rw, http.StatusBadRequest, "invalid_params", "Fields is required or unknown: "+field, nil)
		}
		user[field] = value
	}
	return tiktokSay(rw, http.StatusOK, "ok", "", map[string]any{"user": user})
}

// tiktokSay answers as the API does, an error with a code and no data.
func tiktokSay(rw http.ResponseWriter, status int, code, message string, data map[string]any) (int, string) {
	if data == nil {
		data = map[string]any{}
	}
	JSON(rw, status, map[string]any{
		"data": data, "error": map[string]any{"code": code, "message": message, "log_id": "20261122000000ABCDEF"},
	})
	if code == "ok" {
		return 1, ""
	}
	return 0, code
}

// grant is the token service.
func (x *tiktok) grant(rw http.ResponseWriter, form url.Values) (int, string) {
	common := []string{"client_key", "client_secret", "grant_type"}
	proof, more := form.Get("refresh_token"), []string{"refresh_token"}
	switch form.Get("grant_type") {
	case "refresh_token":
	case "authorization_code":
		proof, more = form.Get("code"), []string{"code", "redirect_uri", "code_verifier"}
	default:
		return tiktokRefuseGrant(rw, "unsupported_grant_type", "The grant type is not supported.")
	}
	for k, v := range form {
		if !slices.Contains(append(common, more...), k) || len(v) != 1 {
			return tiktokRefuseGrant(rw, "invalid_request", "The request has a parameter too many: "+k)
		}
	}
	state, secrets := x.w.Token(tiktokNet, proof)
	switch {
	case state != TokenGood || len(secrets) < 3:
		return tiktokRefuseGrant(rw, "invalid_grant", "Refresh token or code is invalid or expired: "+proof)
	case form.Get("client_key") != secrets[0] || form.Get("client_secret") != secrets[1]:
		return tiktokRefuseGrant(rw, "invalid_client", "Client key or secret is incorrect: "+form.Get("client_secret"))
	case len(secrets) > 3 && tiktokChallenge(form.Get("code_verifier")) != secrets[3]:
		return tiktokRefuseGrant(rw, "invalid_request", "Code verifier or code challenge is invalid.")
	}
	n := x.w.Ops(tiktokNet)["oauth/token"]
	access, refresh := fmt.Sprintf("act.made-%d", n), fmt.Sprintf("rft.made-%d", n)
	x.w.RevokeToken(tiktokNet, proof)
	x.w.AllowToken(tiktokNet, access, secrets[2])
	x.w.AllowToken(tiktokNet, refresh, secrets[0], secrets[1], secrets[2])
	JSON(rw, http.StatusOK, map[string]any{
		"access_token": access, "expires_in": 86400, "open_id": secrets[2], "refresh_token": refresh,
		"refresh_expires_in": 31536000, "scope": "user.info.basic,user.info.profile,user.info.stats", "token_type": "Bearer",
	})
	return 0, ""
}

func tiktokChallenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return hex.EncodeToString(sum[:])
}

// tiktokRefuseGrant answers as the token service does: flat, and with status 200.
func tiktokRefuseGrant(rw http.ResponseWriter, name, description string) (int, string) {
	JSON(rw, http.StatusOK, map[string]any{"error": name, "error_description": description, "log_id": "20261122000000ABCDEF"})
	return 0, name
}
