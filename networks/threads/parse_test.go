package threads_test

import (
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/threads"
)

func TestParse(t *testing.T) {
	n := threads.New(networks.Options{})
	for account, want := range map[string]networks.Ref{
		"me":                                  {Kind: "me"},
		" me ":                                {Kind: "me"},
		"@me":                                 {Name: "me"},
		"zuck":                                {Name: "zuck"},
		"@Zuck":                               {Name: "zuck"},
		"a.b_":                                {Name: "a.b_"},
		"threads.com":                         {Name: "threads.com"},
		"123":                                 {Name: "123"},
		"id:123":                              {ID: "123"},
		"https://www.threads.com/@Zuck":       {Name: "zuck"},
		"http://threads.net/@zuck/":           {Name: "zuck"},
		"threads.net/@zuck/post/C8?x=1":       {Name: "zuck"},
		"https://threads.com/@zuck#fragment":  {Name: "zuck"},
		"HTTPS://WWW.THREADS.NET/@zuck?xmt=1": {Name: "zuck"},
	} {
		if got, err := n.Parse(account); err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", account, got, err, want)
		}
	}
	for account, want := range map[string]string{
		"dash-ed":                    `threads: "dash-ed": expected me, or the username`,
		"id:x":                       "expected an id of 1 to 19 digits",
		"https://threads.com/search": "is no profile",
		"https://vk.com/@ria":        "is no profile",
	} {
		if got, err := n.Parse(account); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %+v, %v, want an error with %q", account, got, err, want)
		}
	}
}

// TestPlan keeps apart what is to be counted and what is to be named.
func TestPlan(t *testing.T) {
	n := threads.New(networks.Options{})
	batches := n.Plan([]networks.Ref{{Kind: "me"}, {Kind: "me followers 7"}, {Name: "a"}, {Kind: " followers 7", Name: "b"}})
	if len(batches) != 2 || batches[0].Op != "me/threads_insights" || batches[1].Op != "me" || len(batches[0].Refs) != 2 || len(batches[1].Refs) != 2 {
		t.Errorf("the plan is %+v", batches)
	}
}
