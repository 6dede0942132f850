package reddit_test

import (
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/reddit"
)

func TestParse(t *testing.T) {
	n := reddit.New(networks.Options{})
	for account, want := range map[string]networks.Ref{
		"golang":              {Name: "golang"},
		" r/Golang ":          {Name: "Golang"},
		"/r/golang/":          {Name: "golang"},
		"R/golang":            {Name: "golang"},
		"12345":               {Name: "12345"},
		"t5_2rc7j":            {ID: "t5_2rc7j"},
		"t5_ABC":              {Name: "t5_ABC"},
		"reddit.com/r/golang": {Name: "golang"},
		"HTTPS://old.reddit.com/r/golang/new?a=b": {Name: "golang"},
		"https://www.reddit.com/r/golang#x":       {Name: "golang"},
	} {
		if got, err := n.Parse(account); err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", account, got, err, want)
		}
	}
	for account, want := range map[string]string{
		"a-b":                             `reddit: "a-b": expected a community`,
		"u/spez":                          `is a person`,
		"https://www.reddit.com/user/a/x": `is a person`,
		"https://www.reddit.com/top":      `expected a community`,
		"https://example.com/r/golang":    `expected a community`,
	} {
		if got, err := n.Parse(account); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %+v, %v, want an error with %q", account, got, err, want)
		}
	}
}

func TestPlanKeepsIDsAndNamesApart(t *testing.T) {
	n := reddit.New(networks.Options{})
	var refs []networks.Ref
	for i := range 250 {
		r := networks.Ref{Name: "a"}
		if i%2 == 0 {
			r.ID = "t5_1"
		}
		refs = append(refs, r)
	}
	var got []string
	for _, b := range n.Plan(refs) {
		got = append(got, b.Op)
		for _, r := range b.Refs {
			if (r.ID != "") != (b.Op == "info/id") {
				t.Fatalf("%+v is in a request of %s", r, b.Op)
			}
		}
	}
	if want := "info/id info/sr_name info/id info/sr_name"; strings.Join(got, " ") != want {
		t.Errorf("Plan made %q, want %q", got, want)
	}
}
