package sim

import (
	"crypto/md5" //nolint:gosec // Odnoklassniki signs with it
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const odnoklassnikiNet = "odnoklassniki"

// Odnoklassniki simulates api.ok.ru on the accounts of the network "odnoklassniki",
// all of which are groups: the methods group.getInfo, url.getInfo and
// auth.touchSession of /fb.do, and the token service /oauth/token.do. Signatures are
// verified. A group in any state other than OK is left out of answers.
//
// An access token is allowed by AllowToken("odnoklassniki", token, appKey, appSecret),
// a refresh token or a code of a login by AllowToken("odnoklassniki", token, appKey,
// appSecret, appID). A code is good for one use. The tokens that are made of them are
// called made-1, made-2 ... and are good.
func Odnoklassniki(w *World) http.Handler {
	x := &odnoklassniki{w: w}
	return w.Handler(odnoklassnikiNet, x.op, x.answer)
}

type odnoklassniki struct{ w *World }

// okRefusal is an error of OK's API.
type okRefusal struct {
	code int
	msg  string
}

func (x *odnoklassniki) op(r *http.Request) string {
	if r.URL.Path == "/oauth/token.do" {
		return "token.do"
	}
	if r.Method == http.MethodGet {
		return r.URL.Query().Get("method")
	}
	return "fb.do" // the method stands in the body, which is not read yet
}

func (x *odnoklassniki) answer(rw http.ResponseWriter, r *http.Request) (int, string) {
	if err := r.ParseForm(); err != nil {
		return okRefuse(rw, okRefusal{4, "REQUEST : the form is not readable"})
	}
	switch {
	case r.URL.Path == "/oauth/token.do" && r.Method == http.MethodPost:
		return x.grant(rw, r.Form)
	case r.URL.Path != "/fb.do":
		http.Error(rw, "<html>404</html>", http.StatusNotFound)
		return 0, "404"
	}
	if refusal := x.authorise(r.Form); refusal != nil {
		return okRefuse(rw, *refusal)
	}
	known := map[string][]string{
		"group.getInfo": {"uids", "fields", "move_to_top"}, "url.getInfo": {"url"}, "auth.touchSession": nil,
	}
	parameters, ok := known[r.Form.Get("method")]
	if !ok {
		return okRefuse(rw, okRefusal{3, "METHOD : Method " + r.Form.Get("method") + " not found"})
	}
	for name, values := range r.Form {
		common := slices.Contains([]string{"method", "application_key", "format", "sig", "access_token"}, name)
		if !common && !slices.Contains(parameters, name) || len(values) != 1 {
			return okRefuse(rw, okRefusal{100, "PARAM : Invalid parameter " + name})
		}
	}
	switch r.Form.Get("method") {
	case "group.getInfo":
		return x.groups(rw, r.Form)
	case "url.getInfo":
		return x.resolve(rw, r.Form.Get("url"))
	}
	JSON(rw, http.StatusOK, map[string]any{"success": true})
	return 0, ""
}

func okRefuse(rw http.ResponseWriter, e okRefusal) (int, string) {
	JSON(rw, http.StatusOK, map[string]any{"error_code": e.code, "error_msg": e.msg, "error_data": nil})
	return 0, strconv.Itoa(e.code)
}

// authorise checks app, token and signature.
func (x *odnoklassniki) authorise(form url.Values) *okRefusal {
	state, secrets := x.w.Token(odnoklassnikiNet, form.Get("access_token"))
	switch {
	case form.Get("application_key") == "":
		return &okRefusal{101, "PARAM_API_KEY : No application key"}
	case form.Get("access_token") == "":
		return &okRefusal{453, "SESSION_REQUIRED : Session is required"}
	case state == TokenRevoked:
		return &okRefusal{102, "PARAM_SESSION_EXPIRED : Session expired"}
	case state != TokenGood || len(secrets) != 2:
		return &okRefusal{103, "PARAM_SESSION_KEY : Invalid session key"}
	case form.Get("application_key") != secrets[0]:
		return &okRefusal{101, "PARAM_API_KEY : Invalid application key"}
	case form.Get("sig") != okSignature(form, form.Get("access_token"), secrets[1]):
		return &okRefusal{104, "PARAM_SIGNATURE : Invalid signature"}
	case form.Get("format") != "json":
		return &okRefusal{100, "PARAM : Invalid parameter format"}
	}
	return nil
}

// okSignature is what sig has to be.
func okSignature(form url.Values, token, secret string) string {
	text := ""
	for _, name := range slices.Sorted(maps.Keys(form)) {
		if name != "sig" && name != "access_token" && name != "session_key" {
			text += fmt.Sprintf("%s=%s", name, form.Get(name))
		}
	}
	inner := md5.Sum([]byte(token + secret))                      //nolint:gosec // see the import
	outer := md5.Sum([]byte(text + hex.EncodeToString(inner[:]))) //nolint:gosec // see the import
	return hex.EncodeToString(outer[:])
}

func (x *odnoklassniki) groups(rw http.ResponseWriter, form url.Values) (int, string) {
	asked := strings.Split(form.Get("uids"), ",")
	if len(asked) > 100 {
		return okRefuse(rw, okRefusal{100, "PARAM : Too many values in uids"})
	}
	list := []any{}
	var seen []string
	for _, id := range asked {
		if _, err := strconv.ParseInt(id, 10, 64); err != nil {
			return okRefuse(rw, okRefusal{100, "PARAM : Invalid uids value"})
		}
		a, ok := x.w.ByID(odnoklassnikiNet, id)
		if !ok || a.State != OK && a.State != "" || slices.Contains(seen, id) {
			continue
		}
		seen = append(seen, id)
		all := map[string]any{"uid": a.ID, "name": a.Name, "shortname": a.Handle, "members_count": x.w.Count(a, time.Now())}
		object := map[string]any{}
		for field := range strings.SplitSeq(form.Get("fields"), ",") {
			value, known := all[field]
			if !known {
				return okRefuse(rw, okRefusal{100, "PARAM : Invalid field " + field})
			}
			object[field] = value
		}
		if a.Handle == "" {
			delete(object, "shortname")
		}
		list = append(list, object)
	}
	JSON(rw, http.StatusOK, list)
	return len(asked), ""
}

func (x *odnoklassniki) resolve(rw http.ResponseWriter, address string) (int, string) {
	path, ok := strings.CutPrefix(address, "https://ok.ru/")
	if !ok || path == "" {
		return okRefuse(rw, okRefusal{100, "PARAM : Invalid url"})
	}
	a, ok := x.w.ByHandle(odnoklassnikiNet, path)
	switch {
	case !ok || a.State != OK && a.State != "":
		JSON(rw, http.StatusOK, map[string]any{"objectId": 0, "type": "UNKNOWN"})
	case a.Type == "person":
		JSON(rw, http.StatusOK, map[string]any{"objectIdStr": a.ID, "type": "PROFILE"})
	default:
		id, _ := strconv.ParseInt(a.ID, 10, 64) // an ID that is no number is 0
		JSON(rw, http.StatusOK, map[string]any{"objectId": id, "objectIdStr": a.ID, "type": "GROUP"})
	}
	return 1, ""
}

// grant is the token service.
func (x *odnoklassniki) grant(rw http.ResponseWriter, form url.Values) (int, string) {
	refuse := func(name, description string) (int, string) {
		JSON(rw, http.StatusUnauthorized, map[string]any{"error": name, "error_description": description})
		return 0, name
	}
	proof := form.Get("refresh_token")
	switch form.Get("grant_type") {
	case "refresh_token":
	case "authorization_code":
		proof = form.Get("code")
		if form.Get("redirect_uri") == "" {
			return refuse("invalid_request", "redirect_uri is missing")
		}
	default:
		return refuse("unsupported_grant_type", "grant_type is "+form.Get("grant_type"))
	}
	state, secrets := x.w.Token(odnoklassnikiNet, proof)
	if state != TokenGood || len(secrets) != 3 {
		return refuse("invalid_grant", "no such proof: "+proof)
	}
	key, secret, id := secrets[0], secrets[1], secrets[2]
	if form.Get("client_id") != id || form.Get("client_secret") != secret {
		return refuse("invalid_client", "client "+form.Get("client_id")+" and "+form.Get("client_secret"))
	}
	made := fmt.Sprintf("made-%d", x.w.Ops(odnoklassnikiNet)["token.do"])
	x.w.AllowToken(odnoklassnikiNet, made, key, secret)
	answer := map[string]any{"access_token": made, "token_type": "session", "expires_in": "1800"}
	if form.Get("grant_type") == "authorization_code" {
		x.w.RevokeToken(odnoklassnikiNet, proof)
		x.w.AllowToken(odnoklassnikiNet, "refresh-"+made, key, secret, id)
		answer["refresh_token"] = "refresh-" + made
	}
	JSON(rw, http.StatusOK, answer)
	return 0, ""
}
