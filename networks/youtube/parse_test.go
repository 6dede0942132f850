package youtube_test

import (
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/youtube"
)

func TestParse(t *testing.T) {
	n := youtube.New(networks.Options{})
	for account, want := range map[string]networks.Ref{
		"GoogleDevelopers": {Name: "GoogleDevelopers"},
		" @a.b-c_d ":       {Name: "a.b-c_d"},
		"@" + developers:   {Name: developers},
		developers:         {ID: developers},
		"https://www.youtube.com/@GoogleDevelopers":    {Name: "GoogleDevelopers"},
		"HTTP://YouTube.com/@GoogleDevelopers?sub=1#x": {Name: "GoogleDevelopers"},
		"m.youtube.com/@GoogleDevelopers/shorts":       {Name: "GoogleDevelopers"},
		"https://www.youtube.com/@%D0%B8%D0%BC%D1%8F":  {Name: "имя"},
		"@日本": {Name: "日本"},
		"https://music.youtube.com/channel/" + developers:      {ID: developers},
		"youtube.com/channel/" + developers + "/videos?view=0": {ID: developers},
		"https://www.youtube.com/user/GoogleDevelopers":        {Kind: "user googledevelopers"},
	} {
		if got, err := n.Parse(account); err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", account, got, err, want)
		}
	}
	for account, want := range map[string]string{
		"https://www.youtube.com/c/Google":     "copy the handle",
		"https://www.youtube.com/watch?v=x":    "expected a handle of 3 to 30",
		"ab":                                   "expected a handle of 3 to 30",
		"https://vk.com/ria":                   "expected a handle",
		"https://www.youtube.com/channel/ria":  "or a channel's id",
		"https://www.youtube.com/@a%2Fb%2Fc":   "expected a handle",
		"https://www.youtube.com/user/a-b":     "expected a handle",
		"https://www.youtube.com/feed/explore": "expected a handle",
	} {
		if got, err := n.Parse(account); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %+v, %v, want an error with %q", account, got, err, want)
		}
	}
}

func TestPlan(t *testing.T) {
	n := youtube.New(networks.Options{})
	var refs []networks.Ref
	for i := range 101 {
		refs = append(refs, networks.Ref{ID: id(i), Name: "a"})
	}
	refs = append(refs, networks.Ref{Name: "b"}, networks.Ref{Kind: "user c"}, networks.Ref{Kind: "user c", ID: developers})
	var got []string
	for _, b := range n.Plan(refs) {
		got = append(got, b.Op)
	}
	const want = "channels.list channels.list channels.list channels.list/forHandle channels.list/forUsername"
	if strings.Join(got, " ") != want {
		t.Errorf("Plan made %q, want %q", got, want)
	}
}
