package mastodon

import (
	"testing"

	"collectord/networks"
)

func TestParse(t *testing.T) {
	n := New(networks.Options{})
	gargron := networks.Ref{Name: "Gargron@mastodon.social", Host: "mastodon.social"}
	first := networks.Ref{ID: "1", Host: "mastodon.social"}
	for in, want := range map[string]networks.Ref{
		"Gargron@mastodon.social":                             gargron,
		" @Gargron@Mastodon.Social\t":                         gargron,
		"acct:Gargron@mastodon.social":                        gargron,
		"https://mastodon.social/@Gargron":                    gargron,
		"HTTPS://Mastodon.Social/@Gargron/?x=1#top":           gargron,
		"mastodon.social/@Gargron":                            gargron,
		"https://mastodon.social/web/@Gargron":                gargron,
		"https://mastodon.social/users/Gargron":               gargron,
		"https://other.example/@Gargron@mastodon.social":      gargron,
		"https://mastodon.social/1":                           first,
		"mastodon.social/1":                                   first,
		"https://mastodon.social/web/accounts/1":              first,
		"https://mastodon.social/ap/users/1":                  first,
		"https://mastodon.social/api/v1/accounts/1":           first,
		"https://pleroma.example/accounts/9hVNoW8kJmCcSw5Tqi": {ID: "9hVNoW8kJmCcSw5Tqi", Host: "pleroma.example"},
		"1@mastodon.social":                                   {Name: "1@mastodon.social", Host: "mastodon.social"},
		"a.b-c_d@xn--mnchen-3ya.example":                      {Name: "a.b-c_d@xn--mnchen-3ya.example", Host: "xn--mnchen-3ya.example"},
		"a@München.example":                                   {Name: "a@xn--mnchen-3ya.example", Host: "xn--mnchen-3ya.example"},
	} {
		if got, err := n.Parse(in); err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", in, got, err, want)
		}
	}
	const want = `mastodon: "Gargron": expected NAME@SERVER, as in Gargron@mastodon.social, or https://SERVER/@NAME`
	if _, err := n.Parse("Gargron"); err == nil || err.Error() != want {
		t.Errorf("Parse = %v, want %s", err, want)
	}
}
