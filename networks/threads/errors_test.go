package threads_test

import (
	"fmt"
	"strings"
	"testing"

	"collectord/networks"
)

func fault(code, subcode int) string {
	return fmt.Sprintf(`{"error":{"message":"(#%d) words","type":"OAuthException","code":%d,"error_subcode":%d}}`, code, code, subcode)
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		body string
		kind networks.Kind
		hint string
	}{
		{recorded(t, "facebook/error-190.json"), networks.Unauthorized, "password"},
		{recorded(t, "facebook/error-100-unsupported-get.json"), networks.Forbidden, "own account"},
		{fault(10, 0), networks.Forbidden, "threads_manage_insights"},
		{fault(200, 0), networks.Forbidden, "threads_manage_insights"},
		{fault(4, 0), networks.RateLimited, ""},
		{fault(80002, 0), networks.RateLimited, ""},
		{fault(190, 459), networks.Challenge, "checkpoint"},
		{fault(2, 0), networks.Temporary, ""},
		{fault(424242, 0), networks.Malformed, ""},
	} {
		for _, bodies := range [][]string{{c.body}, {five, c.body}} { // in the first request, and in the second
			r := ask(t, says(200, bodies...), networks.Ref{Kind: "me"})[0]
			if r.Err == nil || r.Err.Kind != c.kind || !strings.Contains(r.Err.Hint, c.hint) {
				t.Errorf("%s: %v, want %s with the hint %q", c.body, r.Err, c.kind, c.hint)
			}
		}
	}
}
