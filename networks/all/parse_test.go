package all_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/all"
)

// hostileAccounts are what somebody might write into a list of accounts to have a
// request, and the token with it, go elsewhere.
func hostileAccounts() []string {
	return []string{
		"https://evil.example/..", "@evil.example", "..%2f..%2fadmin", "../../admin", "..", ".", "a/../../b", `a\..\b`, "a?access_token=1", "a&x=1", "a#b",
		"a%0d%0aX-Evil: 1", "a\r\nX-Evil: 1", "a\x00b", "http://127.0.0.1:8086/x", "https://169.254.169.254/latest/meta-data", "x@169.254.169.254",
		"x@127.0.0.1", "x@localhost", "x@[::1]", "x@evil.example:8080", "x@evil.example/path", "x@user:pw@evil.example", "x@0x7f000001", "x@2130706433",
		"x@evil.example#@mastodon.social", "//evil.example/x", "javascript:alert(1)", "file:///etc/passwd", "https://user:pw@evil.example/@x",
		"https://evil.example\\@vk.com/durov", "https://vk.com@evil.example/durov", "https://vk.com.evil.example/durov", "https://xn--vk-.example/durov",
		"https://ⓥⓚ.com/durov", "id1;id2", "durov,evil", "{{7*7}}", "$(id)", "%2e%2e/x", "id:..%2f", "a\u202eb", "a\u200bb",
	}
}

// keeper notes where requests go and answers none.
type keeper struct{ asked []*url.URL }

func (k *keeper) RoundTrip(r *http.Request) (*http.Response, error) {
	k.asked = append(k.asked, r.URL)
	return nil, http.ErrServerClosed
}

// TestAccountsLeadNowhereElse: whatever is taken for an account, its requests go to the
// network's own host, stay below its own path and have no parameter of the account's.
func TestAccountsLeadNowhereElse(t *testing.T) {
	const host = "network.example"
	for _, d := range all.List() {
		k := &keeper{}
		base := "https://" + host + "/base"
		n := d.New(networks.Options{BaseURL: base, AuthURL: base, OAuthURL: base, HTTP: &http.Client{Transport: k}})
		var token keychain.Token
		if len(d.Slots) > 0 {
			fields := map[string]string{}
			for _, f := range append(d.Slots[0].Shapes[0].Required, d.Slots[0].Shapes[0].Optional...) {
				fields[f] = "12345"
			}
			token = keychain.Token{Slot: d.Slots[0].Slot, Value: keychain.Mapping(fields)}
			if d.Slots[0].Shapes[0].Bare {
				token.Value = keychain.Bare("12345:token")
			}
		}
		taken := 0
		for _, account := range hostileAccounts() {
			ref, err := n.Parse(account)
			if err != nil {
				continue
			}
			taken++
			for _, b := range n.Plan([]networks.Ref{ref}) {
				k.asked = nil
				_, _ = n.Profiles(t.Context(), token, b) // it cannot succeed
				for _, u := range k.asked {
					if u.Host != host || u.Scheme != "https" || u.User != nil || !strings.HasPrefix(u.Path, "/base/") || strings.Contains(u.Path, "..") {
						t.Errorf("%s: %q asks %s", d.Name, account, u)
					}
					if u.Query().Has("x") || len(u.Query()["access_token"]) > 1 || u.Query().Get("access_token") == "1" || u.Fragment != "" {
						t.Errorf("%s: %q changes the parameters: %s", d.Name, account, u)
					}
				}
			}
		}
		t.Logf("%s takes %d of %d", d.Name, taken, len(hostileAccounts()))
	}
}

// TestMastodonAsksNamesAlone: a server of Mastodon is a name in DNS, asked by https with
// its certificate verified, and never an address of the machine or the network around.
func TestMastodonAsksNamesAlone(t *testing.T) {
	for _, d := range all.List() {
		if d.Name != "mastodon" {
			continue
		}
		k := &keeper{}
		n := d.New(networks.Options{HTTP: &http.Client{Transport: k}})
		for _, host := range []string{"127.0.0.1", "169.254.169.254", "[::1]", "localhost", "10.0.0.1", "0x7f.1", "2130706433", "0177.0.0.1", "a.example:22", "metadata"} {
			if ref, err := n.Parse("x@" + host); err == nil {
				t.Errorf("%s is taken: %+v", host, ref)
			}
		}
		ref, err := n.Parse("x@a.example")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = n.Profiles(t.Context(), keychain.Token{}, n.Plan([]networks.Ref{ref})[0]) // it cannot succeed
		if len(k.asked) != 1 || k.asked[0].Scheme != "https" || k.asked[0].Host != "a.example" {
			t.Errorf("asked %v", k.asked)
		}
	}
}
