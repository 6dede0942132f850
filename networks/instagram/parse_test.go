package instagram_test

import (
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/instagram"
)

func TestParse(t *testing.T) {
	n := instagram.New(networks.Options{})
	for account, want := range map[string]networks.Ref{
		"natgeo":                                 {Name: "natgeo"},
		" @NatGeo ":                              {Name: "natgeo"},
		"a":                                      {Name: "a"},
		"12345":                                  {Name: "12345"},
		"ria.novosti_":                           {Name: "ria.novosti_"},
		"instagram.com":                          {Name: "instagram.com"},
		"me":                                     {Kind: "me"},
		"@me":                                    {Name: "me"},
		"https://www.instagram.com/me/":          {Name: "me"},
		"http://instagram.com/ria_novosti":       {Name: "ria_novosti"},
		"instagram.com/natgeo/":                  {Name: "natgeo"},
		"https://instagr.am/natgeo?igsh=abc":     {Name: "natgeo"},
		"https://m.instagram.com/natgeo/reels/":  {Name: "natgeo"},
		"https://instagram.com/stories/natgeo/1": {Name: "natgeo"},
		strings.Repeat("x", 30):                  {Name: strings.Repeat("x", 30)},
	} {
		if got, err := n.Parse(account); err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", account, got, err, want)
		}
	}
	for account, want := range map[string]string{
		"dash-ed":                        `instagram: "dash-ed": expected a username of 1 to 30 letters`,
		"id:17841401441775531":           "ids are not taken",
		"https://instagram.com/p/Cabc/":  "is a page of Instagram",
		"https://instagram.com/explore/": "is a page of Instagram",
		"https://vk.com/ria":             "expected a username",
	} {
		if got, err := n.Parse(account); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %+v, %v, want an error with %q", account, got, err, want)
		}
	}
}

func TestPlanCostsEveryAccount(t *testing.T) {
	n := instagram.New(networks.Options{})
	batches := n.Plan(make([]networks.Ref, 120))
	if len(batches) != 3 {
		t.Fatalf("120 accounts are %d requests, want 3", len(batches))
	}
	for i, want := range []int{50, 50, 20} {
		if b := batches[i]; b.Cost != want || len(b.Refs) != want {
			t.Errorf("batch %d has %d accounts and costs %d, want %d", i, len(b.Refs), b.Cost, want)
		}
	}
}
