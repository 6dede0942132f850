package tiktok_test

import (
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/tiktok"
)

func TestParse(t *testing.T) {
	n := tiktok.New(networks.Options{})
	for account, want := range map[string]networks.Ref{
		"me":                                    {Kind: "me"},
		" me ":                                  {Kind: "me"},
		"@me":                                   {Name: "me"},
		"tiktok":                                {Name: "tiktok"},
		"@Brand.co_":                            {Name: "brand.co_"},
		"id:-000a_B":                            {ID: "-000a_B"},
		"https://www.tiktok.com/@tiktok":        {Name: "tiktok"},
		"HTTPS://TikTok.com/@TikTok?lang=en#x":  {Name: "tiktok"},
		"m.tiktok.com/@tiktok/video/7012345678": {Name: "tiktok"},
	} {
		if got, err := n.Parse(account); err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", account, got, err, want)
		}
	}
	for _, account := range []string{"a", "no name", "https://www.tiktok.com/tag/x", "https://x.com/tiktok", "id:/"} {
		if got, err := n.Parse(account); err == nil || !strings.Contains(err.Error(), "expected me, or a username") {
			t.Errorf("Parse(%q) = %+v, %v, want an error that says what was expected", account, got, err)
		}
	}
}
