package telegram_test

import (
	"fmt"
	"testing"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/networktest"
	"collectord/networks/sim"
	"collectord/networks/telegram"
)

func fill(w *sim.World) {
	for _, a := range []sim.Account{
		{ID: "-1001005640892", Handle: "rian_ru", Name: "РИА Новости", Followers: 3_123_456},
		{ID: "-1001006503122", Handle: "Durov", Name: "Pavel Durov", Followers: 11_234_567},
		{ID: "-1001000000001", Handle: "tdlibchat", Name: "TDLib", Followers: 12_345, Type: networks.Group},
		{ID: "-1001000000002", Handle: "gone_one", State: sim.NotFound},
		{ID: "-1001000000003", Handle: "banned_one", State: sim.Suspended},
		{ID: "-1001000000004", Handle: "shy_one", Name: "Shy", Followers: 4_321, State: sim.Private},
		{ID: "-1001000000005", Handle: "angry_one", State: sim.Kicked},
		{ID: "777000", Handle: "somebody", Type: networks.Person},
	} {
		a.Network = "telegram"
		if a.Type == "" {
			a.Type = networks.Channel
		}
		w.Add(a)
	}
}

func suite() networktest.Suite {
	const bot = "1234567:AA-" + networktest.Marker
	return networktest.Suite{
		Descriptor: telegram.Descriptor(),
		Simulate:   sim.Telegram,
		Fill:       fill,
		Token:      keychain.Token{Slot: "tg", Value: keychain.Bare(bot)},
		Allow:      func(w *sim.World) { w.AllowToken("telegram", bot) },
		Good:       "https://t.me/s/RIAN_RU/12?q=x", Second: "@durov",
		Troubled: map[string]networks.Kind{
			"gone_one": networks.NotFound, "banned_one": networks.NotFound, "never_was": networks.NotFound, "-1009": networks.NotFound,
			"shy_one": networks.Private, "angry_one": networks.Blocked, "somebody": networks.NotFound,
		},
		Invalid: []string{
			"a", "1abc", "_abc", "abc_", "dash-ed", "me", "@", "@@abc", "имя_имя", "777000", "-0", "-", "id:5", "t.me", "https://t.me/", "https://t.me/+AbCd",
			"https://t.me/joinchat/AbCd", "https://t.me/addstickers/x", "https://t.me/c/abc/1", "tg://resolve?phone=1", "ftp://t.me/durov", "https://t.me.evil.example/durov",
		},
		Account:    func(i int) string { return fmt.Sprintf("nobody_%d", i) },
		BatchLimit: 1,
		NamesFor:   24 * time.Hour,
	}
}

func TestConformance(t *testing.T) { networktest.Run(t, suite()) }
