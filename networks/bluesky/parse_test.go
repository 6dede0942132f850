package bluesky

import (
	"testing"

	"collectord/networks"
)

func TestParse(t *testing.T) {
	n := New(networks.Options{})
	for in, want := range map[string]networks.Ref{
		"bsky.app":                              {Name: "bsky.app"},
		"@TheGuardian.com":                      {Name: "theguardian.com"},
		" name.bsky.social\n":                   {Name: "name.bsky.social"},
		"xn--d1acufc.xn--p1ai":                  {Name: "xn--d1acufc.xn--p1ai"},
		"8.cn":                                  {Name: "8.cn"},
		"https://bsky.app/profile/bsky.app":     {Name: "bsky.app"},
		"HTTP://BSKY.APP/profile/Bsky.App/":     {Name: "bsky.app"},
		"bsky.app/profile/bsky.app?ref=x#top":   {Name: "bsky.app"},
		"https://www.bsky.app/profile/a.b":      {Name: "a.b"},
		"at://bsky.app":                         {Name: "bsky.app"},
		"did:plc:z72i7hdynmk6r22z27h6tvur":      {ID: "did:plc:z72i7hdynmk6r22z27h6tvur"},
		"did:web:example.com":                   {ID: "did:web:example.com"},
		"did:web:localhost%3A2583":              {ID: "did:web:localhost%3A2583"},
		"at://did:plc:z72i7hdynmk6r22z27h6tvur": {ID: "did:plc:z72i7hdynmk6r22z27h6tvur"},
		"https://bsky.app/profile/did:plc:z72i7hdynmk6r22z27h6tvur": {ID: "did:plc:z72i7hdynmk6r22z27h6tvur"},
	} {
		if got, err := n.Parse(in); err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		"alice":          `bluesky: "alice": expected a handle with its domain (NAME.bsky.social), a DID (did:plc:...) or https://bsky.app/profile/NAME`,
		"Handle.Invalid": `bluesky: "Handle.Invalid" stands for a handle that is broken; give the account's DID (did:plc:...)`,
	} {
		if _, err := n.Parse(in); err == nil || err.Error() != want {
			t.Errorf("Parse(%q) = %v, want %s", in, err, want)
		}
	}
}
