package sim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// older is POST /access_token: an authorization code, or client credentials.
func (s *vkAuth) older(w *World, rw http.ResponseWriter, q url.Values, a *vkKnown) string {
	switch {
	case !a.Older:
		return vkRefuse(rw, http.StatusUnauthorized, "invalid_request", "", "Security Error")
	case q.Get("client_secret") != a.Secret:
		return vkRefuse(rw, http.StatusUnauthorized, "invalid_client", "", "client_secret is incorrect")
	}
	if q.Get("grant_type") == "client_credentials" {
		token := vkRandom("vk1.a.")
		w.AllowToken("vk", token)
		JSON(rw, http.StatusOK, map[string]any{"access_token": token})
		return ""
	}
	code, ok := s.codes[q.Get("code")]
	if !ok || code.app != a.ID || code.challenge != "" {
		return vkRefuse(rw, http.StatusUnauthorized, "invalid_grant", "", "Code is invalid or expired.")
	}
	if code.redirect != q.Get("redirect_uri") {
		return vkRefuse(rw, http.StatusUnauthorized, "invalid_grant", "", "Code is invalid: redirect_uri differs")
	}
	delete(s.codes, q.Get("code"))
	token := vkRandom("vk1.a.")
	if code.group != "" {
		w.AllowToken("vk", token, "community", code.group)
		JSON(rw, http.StatusOK, map[string]any{"expires_in": 0,
			"groups": []any{map[string]any{"group_id": json.Number(code.group), "access_token": token}}})
		return ""
	}
	s.allowOlder(w, token, a)
	JSON(rw, http.StatusOK, map[string]any{"access_token": token, "expires_in": int(a.OlderLife.Seconds()), "user_id": json.Number(a.User)})
	return ""
}

func (s *vkAuth) allowOlder(w *World, token string, a *vkKnown) {
	if a.OlderLife == 0 {
		w.AllowToken("vk", token, "user", a.User)
		return
	}
	w.AllowTokenUntil("vk", token, time.Now().Add(a.OlderLife), "user", a.User)
}

// direct is POST /token: login and password, and what else Steps say. It answers
// every error with 401 and has no memory: a request brings all that was asked for.
func (s *vkAuth) direct(w *World, rw http.ResponseWriter, q url.Values, a *vkKnown) string {
	a.tries++
	switch {
	case !a.Direct || q.Get("client_secret") != a.Secret:
		return vkRefuse(rw, http.StatusUnauthorized, "invalid_client", "", "client is not allowed to use direct authorization")
	case q.Get("grant_type") != "password":
		return vkRefuse(rw, http.StatusUnauthorized, "unsupported_grant_type", "", "unknown grant type")
	case a.Tries > 0 && a.tries > a.Tries:
		return vkRefuse(rw, http.StatusUnauthorized, "invalid_request", "too_much_tries", "Too many tries. Try again in a few hours.")
	case q.Get("username") != a.Login || q.Get("password") != a.Password:
		return vkRefuse(rw, http.StatusUnauthorized, "invalid_client", "username_or_password_is_incorrect", "wrong login or password for "+q.Get("username"))
	}
	for _, step := range a.Steps {
		if key := s.step(rw, q, step); key != "" {
			return key
		}
	}
	token := vkRandom("vk1.a.")
	s.allowOlder(w, token, a)
	JSON(rw, http.StatusOK, map[string]any{"access_token": token, "expires_in": int(a.OlderLife.Seconds()), "user_id": json.Number(a.User)})
	return ""
}

// step asks for one thing, unless the request brings it.
func (s *vkAuth) step(rw http.ResponseWriter, q url.Values, step string) string {
	key := "need_validation"
	ask := map[string]any{"error_description": "open redirect_uri in browser [5]. Also you can use 2fa_supported param",
		"redirect_uri": "https://m.vk.com/login?act=authcheck&api_hash=sim"}
	switch step {
	case "captcha":
		if q.Get("captcha_sid") == "805796598930" && q.Get("captcha_key") == VKCaptchaKey {
			return ""
		}
		key, ask = "need_captcha", map[string]any{"captcha_sid": json.Number("805796598930"), "captcha_img": "https://api.vk.com/captcha.php?sid=805796598930"}
	case "captcha_page":
		if q.Get("success_token") == VKSuccessToken {
			return ""
		}
		key, ask = "need_captcha", map[string]any{"captcha_sid": "1", "captcha_img": "https://api.vk.com/captcha.php?sid=1",
			"redirect_uri": "https://id.vk.com/not_robot_captcha?session_token=sim"}
	case "2fa_sms", "2fa_app":
		switch code := q.Get("code"); {
		case code == VKOTP && q.Get("2fa_supported") == "1":
			return ""
		case code == "":
			ask["validation_type"], ask["validation_sid"], ask["phone_mask"] = step, "2fa_1_1_1", "+7 *** *** ** 00"
		case len(code) != len(VKOTP):
			return vkRefuse(rw, http.StatusUnauthorized, "invalid_request", "otp_format_is_incorrect", "the code has six digits")
		default:
			return vkRefuse(rw, http.StatusUnauthorized, "invalid_request", "wrong_otp", "wrong code")
		}
	}
	ask["error"] = key
	JSON(rw, http.StatusUnauthorized, ask)
	return key
}
