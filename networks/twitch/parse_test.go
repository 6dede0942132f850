package twitch_test

import (
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/twitch"
)

func TestParse(t *testing.T) {
	n := twitch.New(networks.Options{})
	for account, want := range map[string]networks.Ref{
		"shroud":                              {Name: "shroud"},
		" @Shroud ":                           {Name: "shroud"},
		"12345":                               {Name: "12345"},
		"videos":                              {Name: "videos"},
		"id:37402112":                         {ID: "37402112"},
		"twitch.tv/shroud":                    {Name: "shroud"},
		"HTTPS://Twitch.tv/Shroud/":           {Name: "shroud"},
		"https://m.twitch.tv/shroud/about?x":  {Name: "shroud"},
		"https://www.twitch.tv/popout/a/chat": {Name: "a"},
	} {
		if got, err := n.Parse(account); err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", account, got, err, want)
		}
	}
	for account, want := range map[string]string{
		"a-b":                          `twitch: "a-b": expected a name of 1 to 25 letters`,
		"https://www.twitch.tv/videos": `is a page of Twitch`,
		"id:12a":                       `expected an id of digits`,
		"https://youtube.com/a":        `expected a name`,
	} {
		if got, err := n.Parse(account); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %+v, %v, want an error with %q", account, got, err, want)
		}
	}
}

func TestPlan(t *testing.T) {
	n := twitch.New(networks.Options{})
	var refs []networks.Ref
	for i := range 130 {
		r := networks.Ref{Name: "a"}
		if i%2 == 0 {
			r.ID = "1" // ids and names share a request
		}
		refs = append(refs, r)
	}
	refs = append(refs, networks.Ref{Kind: "seen\t\ta\tA", ID: "1", Name: "a"}, networks.Ref{Kind: "seen\t\tb\tB", ID: "2", Name: "b"}, networks.Ref{Kind: "seen\t\ta\tA", ID: "1"})
	var got []string
	var size []int
	for _, b := range n.Plan(refs) {
		got, size = append(got, b.Op), append(size, len(b.Refs))
	}
	if want := "users users channels/followers channels/followers"; strings.Join(got, " ") != want || size[2] != 2 {
		t.Errorf("Plan made %q of %v, want %q and both names of a channel in one", got, size, want)
	}
}
