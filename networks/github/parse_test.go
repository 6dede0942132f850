package github_test

import (
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/github"
)

func TestParse(t *testing.T) {
	n := github.New(networks.Options{})
	for account, want := range map[string]networks.Ref{
		"torvalds":                               {Name: "torvalds"},
		" @Torvalds ":                            {Name: "Torvalds"},
		"12345":                                  {Name: "12345"},
		"octo_corp":                              {Name: "octo_corp"},
		"settings":                               {Name: "settings"},
		"id:1024025":                             {ID: "1024025"},
		"github.com/torvalds":                    {Name: "torvalds"},
		"HTTPS://GitHub.com/torvalds/":           {Name: "torvalds"},
		"https://github.com/torvalds/linux/pull": {Name: "torvalds"},
		"https://www.github.com/torvalds#x":      {Name: "torvalds"},
		"https://github.com/orgs/golang/people":  {Name: "golang"},
		"https://github.com/sponsors/torvalds":   {Name: "torvalds"},
	} {
		if got, err := n.Parse(account); err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", account, got, err, want)
		}
	}
	for account, want := range map[string]string{
		"a.b":                          `github: "a.b": expected a name of 1 to 39 letters`,
		"https://github.com/explore":   `is a page of GitHub`,
		"https://github.com/orgs":      `is a page of GitHub`,
		"id:12a":                       `expected an id of digits`,
		"https://gitlab.com/a":         `expected a name`,
		"https://github.com/a%22){x}/": `expected a name`,
	} {
		if got, err := n.Parse(account); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %+v, %v, want an error with %q", account, got, err, want)
		}
	}
}

func TestPlan(t *testing.T) {
	n := github.New(networks.Options{})
	var refs []networks.Ref
	for range 130 {
		refs = append(refs, networks.Ref{Name: "a", ID: "1"})
	}
	refs = append(refs, networks.Ref{Kind: "org", Name: "b"}, networks.Ref{Kind: "id", ID: "1", Name: "c"}, networks.Ref{ID: "2"}, networks.Ref{Kind: "org", ID: "3"})
	var got []string
	var cost []int
	for _, b := range n.Plan(refs) {
		got, cost = append(got, b.Op), append(cost, b.Cost)
	}
	if want := "graphql graphql users user user user"; strings.Join(got, " ") != want {
		t.Errorf("Plan made %q, want %q", got, want)
	}
	if cost[0] != 2 || cost[1] != 1 {
		t.Errorf("queries for 100 and 30 accounts cost %v points, want 2 and 1", cost)
	}
}
