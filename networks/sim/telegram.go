package sim

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const telegramNet = "telegram"

// The states of a Telegram chat beside those of every network. A Private one shows its
// names and keeps its count.
const (
	// Kicked is a chat that threw the bot out.
	Kicked = "kicked"
	// NameOnly is a chat that the server has met by its username alone, so that its id
	// is not found.
	NameOnly = "name_only"
	// Migrated is a group that became a supergroup, whose id is the old one with -100
	// in the place of the minus.
	Migrated = "migrated"
)

// Telegram simulates a Bot API server on the accounts of the network "telegram": getMe,
// getChat and getChatMemberCount. An ID is a chat id, minus included; Type group is a
// supergroup, person somebody's private chat. A token is allowed by
// AllowToken("telegram", token); the bot is called simulated_bot.
func Telegram(w *World) http.Handler {
	x := &telegram{w: w}
	return w.Handler(telegramNet, x.op, x.answer)
}

type telegram struct{ w *World }

// op is what follows the token in the path.
func (x *telegram) op(r *http.Request) string {
	return r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
}

func (x *telegram) answer(rw http.ResponseWriter, r *http.Request) (int, string) {
	path, ok := strings.CutPrefix(r.URL.Path, "/bot")
	tok, method, found := strings.Cut(path, "/")
	state, _ := x.w.Token(telegramNet, tok)
	switch {
	case !ok || !found || !strings.Contains(tok, ":"):
		return telegramRefuse(rw, http.StatusNotFound, "Not Found")
	case state != TokenGood:
		return telegramRefuse(rw, http.StatusUnauthorized, "Unauthorized")
	case r.ParseForm() != nil:
		return telegramRefuse(rw, http.StatusBadRequest, "Bad Request: the form is not readable")
	case method == "getMe":
		return telegramSay(rw, 0, map[string]any{"id": 1, "is_bot": true, "first_name": "Simulated", "username": "simulated_bot"})
	}
	return x.call(rw, method, r.Form)
}

// call answers to a method about a chat.
func (x *telegram) call(rw http.ResponseWriter, method string, form url.Values) (int, string) {
	switch {
	case method != "getChat" && method != "getChatMemberCount":
		return telegramRefuse(rw, http.StatusNotFound, "Not Found")
	case len(form) != 1 || len(form["chat_id"]) != 1 || form.Get("chat_id") == "":
		return telegramRefuse(rw, http.StatusBadRequest, "Bad Request: chat_id is empty")
	}
	a, ok := x.find(form.Get("chat_id"))
	switch {
	case !ok || a.State == NotFound || a.State == Suspended:
		return telegramRefuse(rw, http.StatusBadRequest, "Bad Request: chat not found")
	case a.State == Kicked:
		return telegramRefuse(rw, http.StatusForbidden, "Forbidden: bot was kicked from the channel chat")
	case a.State == Migrated:
		return x.migrated(rw, a)
	case method == "getChat":
		return telegramSay(rw, 1, x.chat(a))
	case a.State == Private:
		return telegramRefuse(rw, http.StatusBadRequest, "Bad Request: member list is inaccessible")
	}
	return telegramSay(rw, 1, x.w.Count(a, time.Now()))
}

// find returns the chat of an id or an @username.
func (x *telegram) find(chat string) (Account, bool) {
	if name, ok := strings.CutPrefix(chat, "@"); ok {
		return x.w.ByHandle(telegramNet, name)
	}
	a, ok := x.w.ByID(telegramNet, chat)
	return a, ok && a.State != NameOnly
}

// chat is a ChatFullInfo.
func (x *telegram) chat(a Account) map[string]any {
	id, _ := strconv.ParseInt(a.ID, 10, 64) // an ID that is no number is 0
	c := map[string]any{
		"id": id, "type": "channel", "title": a.Name, "accent_color_id": 1, "max_reaction_count": 11,
		"accepted_gift_types": map[string]bool{"unlimited_gifts": false},
	}
	if slices.Contains([]string{"group", "event", "page"}, a.Type) {
		c["type"] = "supergroup"
	}
	if a.Type == "person" {
		c["type"], c["first_name"] = "private", a.Name
		delete(c, "title")
	}
	if a.Handle != "" {
		c["username"], c["active_usernames"] = a.Handle, []string{a.Handle}
	}
	return c
}

func (x *telegram) migrated(rw http.ResponseWriter, a Account) (int, string) {
	to, _ := strconv.ParseInt("-100"+strings.TrimPrefix(a.ID, "-"), 10, 64) // an ID that is no number is 0
	JSON(rw, http.StatusBadRequest, map[string]any{
		"ok": false, "error_code": http.StatusBadRequest, "description": "Bad Request: group chat was upgraded to a supergroup chat",
		"parameters": map[string]any{"migrate_to_chat_id": to},
	})
	return 1, "400"
}

func telegramSay(rw http.ResponseWriter, accounts int, result any) (int, string) {
	JSON(rw, http.StatusOK, map[string]any{"ok": true, "result": result})
	return accounts, ""
}

func telegramRefuse(rw http.ResponseWriter, status int, description string) (int, string) {
	JSON(rw, status, map[string]any{"ok": false, "error_code": status, "description": description})
	return 0, strconv.Itoa(status)
}
