package sim

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// VK simulates api.vk.ru: the methods users.get and groups.getById, of the
// versions 5.131 to 5.199. Unknown names are left out of an answer; where none is
// known it is error 113 or 100. Persons are users, all else communities, and a
// community's ID is its bare number. A token is a service key, or what AllowToken's
// secrets say: "user" and an id, "community" and an id; these may execute.
func VK(w *World) http.Handler { return vkHandler(w, false) }

// VKPoisoned is [VK] as it may be as well: one unknown name of many refuses the
// whole request. What the real one does is not documented.
func VKPoisoned(w *World) http.Handler { return vkHandler(w, true) }

func vkHandler(w *World, poisoned bool) http.Handler {
	return w.Handler("vk", vkMethod, func(rw http.ResponseWriter, r *http.Request) (int, string) {
		v := &vkSim{w: w, poisoned: poisoned}
		response, refusal := v.answer(r)
		if refusal != nil {
			refusal.Params = vkEcho(r)
			JSON(rw, http.StatusOK, map[string]any{"error": refusal})
			return v.asked, strconv.Itoa(refusal.Code)
		}
		JSON(rw, http.StatusOK, map[string]any{"response": response})
		return v.asked, ""
	})
}

func vkMethod(r *http.Request) string { return strings.TrimPrefix(r.URL.Path, "/method/") }

func vkToken(r *http.Request) string {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return token
	}
	return r.Form.Get("access_token")
}

// vkSim answers one request.
type vkSim struct {
	w        *World
	poisoned bool
	asked    int
}

// vkRefusal is VK's error object.
type vkRefusal struct {
	Code       int                 `json:"error_code"`
	Subcode    int                 `json:"error_subcode,omitempty"`
	Msg        string              `json:"error_msg"`
	Redirect   string              `json:"redirect_uri,omitempty"`
	Remixstlid json.Number         `json:"remixstlid,omitempty"`
	Params     []map[string]string `json:"request_params"`
}

func vkError(code int, msg string) *vkRefusal { return &vkRefusal{Code: code, Msg: msg} }

func vkInvalid(what string) *vkRefusal {
	return vkError(100, "One of the parameters specified was missing or invalid: "+what)
}

// vkParameters are those of the two methods.
var vkParameters = map[string]bool{
	"user_ids": true, "group_ids": true, "fields": true, "name_case": true, "lang": true, "v": true,
	"access_token": true, "test_mode": true, "success_token": true, "remixstlid": true, "code": true,
}

func (v *vkSim) answer(r *http.Request) (response any, refusal *vkRefusal) {
	version, refusal := v.request(r)
	if refusal != nil {
		return nil, refusal
	}
	fields := make(map[string]bool)
	for f := range strings.SplitSeq(r.Form.Get("fields"), ",") {
		fields[f] = true
	}
	switch vkMethod(r) {
	case "execute":
		return v.execute(r)
	case "users.get":
		return v.users(vkList(r.Form.Get("user_ids")), fields)
	}
	groups, refusal := v.groups(vkList(r.Form.Get("group_ids")), fields)
	if refusal != nil || version < 194 {
		return groups, refusal
	}
	return map[string]any{"groups": groups, "profiles": []any{}}, nil
}

// request checks all of a request but what it asks for. Version is what follows 5.
func (v *vkSim) request(r *http.Request) (version int, refusal *vkRefusal) {
	if r.Method != http.MethodPost && r.Method != http.MethodGet {
		return 0, vkError(9999, "Not supported http method")
	}
	if err := r.ParseForm(); err != nil {
		return 0, vkError(8, "Invalid request")
	}
	if m := vkMethod(r); m != "users.get" && m != "groups.getById" && m != "execute" {
		return 0, vkError(3, "Unknown method passed")
	}
	if refusal := v.token(r); refusal != nil {
		return 0, refusal
	}
	for name := range r.Form {
		if !vkParameters[name] {
			return 0, vkInvalid(name + " is unexpected")
		}
	}
	version, err := strconv.Atoi(strings.TrimPrefix(r.Form.Get("v"), "5."))
	if err != nil || version < 131 {
		return 0, vkError(8, "Invalid request: versions below 5.131 are deprecated")
	}
	return version, nil
}

func (v *vkSim) token(r *http.Request) *vkRefusal {
	token := vkToken(r)
	switch state, _ := v.w.Token("vk", token); {
	case token == "":
		return vkError(5, "User authorization failed: no access_token passed.")
	case state == TokenExpired:
		return vkError(5, "User authorization failed: access_token has expired.")
	case state == TokenRevoked:
		return vkError(5, "User authorization failed: user revoke access for this token.")
	case state != TokenGood:
		return vkError(5, "User authorization failed: invalid access_token (4).")
	}
	return v.w.vk.trouble(token, r)
}

func (v *vkSim) users(names []string, fields map[string]bool) (any, *vkRefusal) {
	return v.collect(names, 1000, vkError(113, "Invalid user id"), func(name string) (map[string]any, bool) {
		a, ok := v.find(name, "id", "person", "")
		return v.user(a, fields), ok
	})
}

func (v *vkSim) groups(names []string, fields map[string]bool) (any, *vkRefusal) {
	return v.collect(names, 500, vkInvalid("group_ids is undefined"), func(name string) (map[string]any, bool) {
		a, ok := v.find(name, "club", "page", "group", "event")
		return v.group(a, fields), ok
	})
}

// collect finds every name once. None found, or one not found where that is
// poison, is unknown.
func (v *vkSim) collect(names []string, most int, unknown *vkRefusal,
	get func(string) (map[string]any, bool),
) ([]any, *vkRefusal) {
	v.asked = len(names)
	if len(names) > most {
		return nil, vkError(103, "Out of limits")
	}
	list, seen, missed := []any{}, make(map[any]bool), false
	for _, name := range names {
		object, ok := get(name)
		if !ok {
			missed = true
		} else if !seen[object["id"]] {
			seen[object["id"]] = true
			list = append(list, object)
		}
	}
	if len(list) == 0 || missed && v.poisoned {
		return nil, unknown
	}
	return list, nil
}

// find takes a number, a screen name, or prefix and number.
func (v *vkSim) find(name, prefix string, types ...string) (Account, bool) {
	if a, ok := v.w.ByHandle("vk", name); ok {
		for _, t := range types {
			if a.Type == t {
				return a, true
			}
		}
		return Account{}, false
	}
	return v.w.ByID("vk", strings.TrimPrefix(name, prefix), types...)
}

func (v *vkSim) user(a Account, fields map[string]bool) map[string]any {
	id, _ := strconv.ParseInt(a.ID, 10, 64) // an ID that is no number is 0
	first, last, _ := strings.Cut(a.Name, " ")
	o := map[string]any{"id": id, "first_name": first, "last_name": last}
	switch a.State {
	case NotFound:
		o["first_name"], o["last_name"], o["deactivated"] = "DELETED", "", "deleted"
		return o
	case Suspended:
		o["deactivated"] = "banned"
		return o
	case Private:
		o["is_closed"], o["can_access_closed"] = true, false
	case Hidden:
		o["is_closed"], o["can_access_closed"], o["hidden"] = false, true, 1
	default:
		o["is_closed"], o["can_access_closed"] = false, true
		v.field(o, fields, "followers_count", v.w.Count(a, time.Now()))
	}
	v.field(o, fields, "screen_name", vkName(a, "id"))
	v.field(o, fields, "domain", vkName(a, "id"))
	v.field(o, fields, "verified", vkBit(a.Verified))
	return o
}

func (v *vkSim) group(a Account, fields map[string]bool) map[string]any {
	id, _ := strconv.ParseInt(a.ID, 10, 64) // an ID that is no number is 0
	o := map[string]any{
		"id": id, "name": a.Name, "type": a.Type, "is_closed": 0, "screen_name": vkName(a, "club"),
		"photo_50": "https://vk.com/images/community_50.png",
	}
	switch a.State {
	case NotFound:
		o["name"], o["deactivated"] = "DELETED", "deleted"
		return o
	case Suspended:
		o["deactivated"] = "banned"
		return o
	case Private:
		o["is_closed"] = 2
	case Hidden:
		o["is_closed"] = 1
	default:
		v.field(o, fields, "members_count", v.w.Count(a, time.Now()))
	}
	v.field(o, fields, "verified", vkBit(a.Verified))
	return o
}

func (v *vkSim) field(o map[string]any, fields map[string]bool, name string, value any) {
	if fields[name] {
		o[name] = value
	}
}

func vkName(a Account, prefix string) string {
	if a.Handle != "" {
		return a.Handle
	}
	return prefix + a.ID
}

func vkBit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func vkList(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// vkEcho repeats the request, its token included, as VK does in its errors.
func vkEcho(r *http.Request) []map[string]string {
	echo := []map[string]string{{"key": "method", "value": vkMethod(r)}, {"key": "oauth", "value": "1"}}
	for name := range r.Form {
		echo = append(echo, map[string]string{"key": name, "value": r.Form.Get(name)})
	}
	return append(echo, map[string]string{"key": "access_token", "value": r.Header.Get("Authorization")})
}
