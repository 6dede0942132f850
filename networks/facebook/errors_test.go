package facebook_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"collectord/networks"
)

func fault(code, subcode int) string {
	return fmt.Sprintf(`{"error":{"message":"(#%d) words","type":"OAuthException","code":%d,"error_subcode":%d}}`, code, code, subcode)
}

// TestRecordedItems has Meta refuse one Page of a batch.
func TestRecordedItems(t *testing.T) {
	const person = `{"error":{"message":"(#100) Tried accessing nonexisting field (followers_count) on node type (User)","type":"OAuthException","code":100}}`
	for _, c := range []struct {
		body, hint string
		kind       networks.Kind
	}{
		{recorded(t, "error-803.json"), "misspelt", networks.NotFound},
		{recorded(t, "error-100-unsupported-get.json"), "misspelt", networks.NotFound},
		{recorded(t, "error-100-no-permission.json"), "Page Public Metadata Access", networks.Forbidden},
		{recorded(t, "error-100-appsecret-proof.json"), "app_secret", networks.Forbidden},
		{recorded(t, "error-190.json"), "password", networks.Unauthorized},
		{person, "person's profile", networks.NotFound},
		{fault(10, 0), "Page Public Metadata Access", networks.Forbidden},
		{fault(100, 33), "misspelt", networks.NotFound},
		{fault(424242, 0), "", networks.Malformed},
	} {
		results, err := ask(t, says(200, batchOf(item(400, c.body), pageOf("2", "b", "7"))), bare, "a", "b")
		if err != nil {
			t.Fatal(err)
		}
		e := results[0].Err
		if e == nil || e.Kind != c.kind || !strings.Contains(e.Hint, c.hint) || e.Msg == "" {
			t.Errorf("%s: %v (hint %q), want %s with %q", c.body, e, e.Hint, c.kind, c.hint)
		}
		if results[1].Profile == nil {
			t.Errorf("%s: the neighbour: %v", c.body, results[1].Err)
		}
	}
}

// TestWhole has all of a batch refused, in its items or as one.
func TestWhole(t *testing.T) {
	for _, c := range []struct {
		code  int
		kind  networks.Kind
		whole bool // both items refused is the request refused
	}{
		{4, networks.RateLimited, true}, {17, networks.RateLimited, true}, {32, networks.RateLimited, true},
		{613, networks.RateLimited, true}, {80001, networks.RateLimited, true}, {190, networks.Unauthorized, true},
		{10, networks.Forbidden, true}, {200, networks.Forbidden, true}, {2, networks.Temporary, true},
		{368, networks.Challenge, true}, {803, networks.NotFound, false},
	} {
		bad := item(400, fault(c.code, 0))
		results, err := ask(t, says(200, batchOf(bad, bad)), bare, "a", "b")
		var e *networks.Error
		if errors.As(err, &e) != c.whole || c.whole && e.Kind != c.kind {
			t.Errorf("code %d in both items: %v, %v, want %s", c.code, results, err, c.kind)
		}
		_, err = ask(t, says(400, fault(c.code, 0)), bare, "a", "b")
		if !errors.As(err, &e) || c.whole && e.Kind != c.kind || e.Kind.OfAccount() {
			t.Errorf("code %d of the request: %v, want %s", c.code, err, c.kind)
		}
	}
}
