package sim

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestTelegramIsStrict has requests that the real Bot API refuses, with its words.
func TestTelegramIsStrict(t *testing.T) {
	w := NewWorld(1)
	w.Add(Account{Network: "telegram", ID: "-1001", Handle: "a", Type: "channel", Followers: 5})
	w.AllowToken("telegram", "1:good")
	w.RevokeToken("telegram", "1:gone")
	h := Telegram(w)
	for name, c := range map[string]struct {
		target, form string
		status       int
		has          string
	}{
		"getMe":          {"/bot1:good/getMe", "", 200, `"username":"simulated_bot"`},
		"getChat":        {"/bot1:good/getChat", "chat_id=@A", 200, `"type":"channel"`},
		"count by name":  {"/bot1:good/getChatMemberCount", "chat_id=@a", 200, `"result":5`},
		"count by id":    {"/bot1:good/getChatMemberCount", "chat_id=-1001", 200, `"result":5`},
		"in the address": {"/bot1:good/getChatMemberCount?chat_id=-1001", "", 200, `"result":5`},
		"no at sign":     {"/bot1:good/getChat", "chat_id=a", 400, "chat not found"},
		"no chat":        {"/bot1:good/getChat", "", 400, "chat_id is empty"},
		"parameter":      {"/bot1:good/getChat", "chat_id=@a&x=1", 400, "Bad Request"},
		"unknown":        {"/bot1:good/getChat", "chat_id=@b", 400, "chat not found"},
		"method":         {"/bot1:good/getChats", "chat_id=@a", 404, "Not Found"},
		"revoked":        {"/bot1:gone/getMe", "", 401, "Unauthorized"},
		"other token":    {"/bot1:other/getMe", "", 401, "Unauthorized"},
		"no token":       {"/bot/getMe", "", 404, "Not Found"},
		"no bot":         {"/getMe", "", 404, "Not Found"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, c.target, strings.NewReader(c.form))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			if rec.Code != c.status || !strings.Contains(rec.Body.String(), c.has) {
				t.Errorf("%d %s, want %d with %s", rec.Code, rec.Body, c.status, c.has)
			}
		})
	}
}
