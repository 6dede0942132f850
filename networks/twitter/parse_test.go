package twitter_test

import (
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/twitter"
)

func TestParse(t *testing.T) {
	n := twitter.New(networks.Options{})
	for account, want := range map[string]networks.Ref{
		"durov":                              {Name: "durov"},
		" @Durov ":                           {Name: "Durov"},
		"_":                                  {Name: "_"},
		"12345":                              {Name: "12345"},
		"home":                               {Name: "home"},
		"id:34262462":                        {ID: "34262462"},
		"x.com/durov":                        {Name: "durov"},
		"https://x.com/durov":                {Name: "durov"},
		"HTTPS://X.com/durov/":               {Name: "durov"},
		"http://www.twitter.com/ria_novosti": {Name: "ria_novosti"},
		"https://mobile.twitter.com/@durov?lang=ru": {Name: "durov"},
		"https://twitter.com/durov/status/1#m":      {Name: "durov"},
		"https://x.com/i/user/34262462":             {ID: "34262462"},
		"fifteen_letters":                           {Name: "fifteen_letters"},
	} {
		if got, err := n.Parse(account); err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", account, got, err, want)
		}
	}
	for account, want := range map[string]string{
		"sixteen_letters_":        `twitter: "sixteen_letters_": expected a handle of 1 to 15 letters`,
		"https://x.com/home":      `"https://x.com/home" is a page of X`,
		"id:12a":                  `expected an id of 1 to 19 digits`,
		"https://vk.com/ria":      `expected a handle`,
		"https://x.com/i/x":       `is a page of X`,
		"https://x.com/i/lists/1": `is a page of X`,
	} {
		if got, err := n.Parse(account); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %+v, %v, want an error with %q", account, got, err, want)
		}
	}
}

func TestPlanKeepsIDsAndNamesApart(t *testing.T) {
	n := twitter.New(networks.Options{})
	var refs []networks.Ref
	for i := range 250 {
		r := networks.Ref{Name: "a"}
		if i%2 == 0 {
			r.ID = "1"
		}
		refs = append(refs, r)
	}
	var got []string
	for _, b := range n.Plan(refs) {
		got = append(got, b.Op)
		for _, r := range b.Refs {
			if (r.ID != "") != (b.Op == "users") {
				t.Fatalf("%+v is in a request to %s", r, b.Op)
			}
		}
	}
	if want := "users users/by users users/by"; strings.Join(got, " ") != want {
		t.Errorf("Plan made %q, want %q", got, want)
	}
}
