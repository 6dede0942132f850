package telegram_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"collectord/networks"
	"collectord/networks/telegram"
)

func TestParse(t *testing.T) {
	n := telegram.New(networks.Options{})
	for account, want := range map[string]networks.Ref{
		"durov":                            {Name: "durov"},
		" @Durov ":                         {Name: "durov"},
		"rian_ru":                          {Name: "rian_ru"},
		"ton":                              {Name: "ton"},
		"-1001005640892":                   {ID: "-1001005640892"},
		"id:-1001005640892":                {ID: "-1001005640892"},
		"-12345":                           {ID: "-12345"},
		"t.me/durov":                       {Name: "durov"},
		"https://t.me/durov":               {Name: "durov"},
		"HTTPS://T.ME/durov/123?single#x":  {Name: "durov"},
		"https://t.me/s/durov/5":           {Name: "durov"},
		"https://t.me/@durov":              {Name: "durov"},
		"http://www.telegram.me/durov":     {Name: "durov"},
		"https://durov.t.me":               {Name: "durov"},
		"https://durov.t.me/12":            {Name: "durov"},
		"durov.t.me":                       {Name: "durov"},
		"tg://resolve?domain=durov&post=1": {Name: "durov"},
		"https://t.me/c/1234567890/5":      {ID: "-1001234567890"},
		"https://t.me/c/1234567890":        {ID: "-1001234567890"},
	} {
		if got, err := n.Parse(account); err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", account, got, err, want)
		}
	}
	for account, want := range map[string]string{
		"a b":                           `telegram: "a b": expected the username`,
		"https://t.me/+AbCdEf":          "is an invitation",
		"https://t.me/joinchat/AbCd":    "is an invitation",
		"https://t.me/addstickers/Cats": "is not the address of a chat",
		"https://vk.com/ria":            "expected the username",
		"123456":                        "expected the username",
	} {
		if got, err := n.Parse(account); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %+v, %v, want an error with %q", account, got, err, want)
		}
	}
}

// TestPlanAsksForOldNames: a reference that holds names is asked for its count, until
// they are a day old.
func TestPlanAsksForOldNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simulated(world())
		ref := known(t, n, "durov")
		for _, c := range []struct {
			kind string
			wait time.Duration
			op   string
		}{
			{ref.Kind, 0, "getChatMemberCount"},
			{ref.Kind, 24*time.Hour - time.Second, "getChatMemberCount"},
			{ref.Kind, time.Second, "getChat"},
			{"", 0, "getChat"},
			{"{}", 0, "getChat"},
			{`{"at":`, 0, "getChat"},
			{"channel", 0, "getChat"},
			{`{"at":99999999999,"type":"channel"}`, 0, "getChat"},
			{`{"at":-1,"type":"channel"}`, 0, "getChat"},
		} {
			time.Sleep(c.wait)
			if got := n.Plan([]networks.Ref{{Kind: c.kind, ID: ref.ID, Name: "durov"}}); len(got) != 1 || got[0].Op != c.op {
				t.Errorf("%q after %v: %+v, want %s", c.kind, c.wait, got, c.op)
			}
		}
	})
}
