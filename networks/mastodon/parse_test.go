package mastodon

import (
	"strings"
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

// FuzzParse: what Parse takes names a server and an account, and parsing that again
// gives the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"a@b.example", "@a@b.example", "https://b.example/@a", "https://b.example/users/a", "b.example/12", "https://b.example/@a@c.example",
		"acct:a@b.example", "a@ß.example", "://", "@@", "a@b.example/c", "https://b.example/ap/users/12",
	} {
		f.Add(seed)
	}
	n := New(networks.Options{})
	f.Fuzz(func(t *testing.T, in string) {
		ref, err := n.Parse(in)
		if err != nil {
			if ref != (networks.Ref{}) || strings.Contains(err.Error(), "\n") {
				t.Errorf("Parse(%q) = %+v, %q", in, ref, err)
			}
			return
		}
		if (ref.ID == "") == (ref.Name == "") || ref.Kind != "" || !domain.MatchString(ref.Host) {
			t.Fatalf("Parse(%q) = %+v", in, ref)
		}
		text := ref.Name
		if text == "" {
			text = "https://" + ref.Host + "/accounts/" + ref.ID
		}
		if again, err := n.Parse(text); err != nil || again != ref {
			t.Errorf("Parse(%q) = %+v, and of that %+v, %v", in, ref, again, err)
		}
	})
}
