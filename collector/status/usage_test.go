package status

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestUsageText(t *testing.T) {
	for want, usage := range map[string][]Usage{
		"":                         nil,
		"X-App-Usage 81 % used":    {{Limit: "X-App-Usage", Used: 0.812}},
		"a 100 % used, b 0 % used": {{Limit: "a", Used: 1}, {Limit: "b"}},
	} {
		if got := usageText(usage); got != want {
			t.Errorf("usageText(%+v) = %q, want %q", usage, got, want)
		}
	}
}

// TestUsageIsShown: of a token and of a network without any, on the page, in the JSON and
// in the metrics; a limit that two servers have is one series, of the fuller one.
func TestUsageIsShown(t *testing.T) {
	src := newFake(testNow)
	src.overview.Networks[0].Tokens[0].Usage = []Usage{{Limit: "X-App-Usage", Used: 0.75, Until: testNow.Add(time.Hour)}}
	src.overview.Networks[1].Usage = []Usage{{Limit: "RateLimit", Used: 0.9}, {Limit: "RateLimit", Used: 0.1}}
	h := newHandler(t, src)
	for target, want := range map[string][]string{
		"/":              {"X-App-Usage 75 % used", "RateLimit 90 % used"},
		"/api/v1/status": {`"usage":[{"limit":"X-App-Usage","used":0.75,"until":"2026-03-12T15:00:00Z"}]`, `"until":null}`},
		"/metrics": {`collectord_limit_used_ratio{limit="X-App-Usage",network="vk",slot="vk"} 0.75`,
			`collectord_limit_used_ratio{limit="RateLimit",network="bluesky",slot=""} 0.9`},
	} {
		body := get(t, h, http.MethodGet, target).Body.String()
		for _, text := range want {
			if !strings.Contains(body, text) {
				t.Errorf("%s does not hold %q", target, text)
			}
		}
	}
}

// TestRoundedCounts: a count of which the network does not tell every digit is marked as
// such wherever it is shown, and no other is.
func TestRoundedCounts(t *testing.T) {
	src := newFake(testNow)
	src.accounts = src.accounts[:2]
	src.accounts[1].Rounded = true
	h := newHandler(t, src)
	front := get(t, h, http.MethodGet, "/").Body.String()
	if !strings.Contains(front, "≈ 12,987,654") || strings.Contains(front, "≈ 3,254,117") {
		t.Error("the front page does not mark the rounded count, or marks another")
	}
	for label, rounded := range map[string]bool{"Pavel%20Durov": true, "%D0%A0%D0%98%D0%90%20%D0%9D%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8": false} {
		page := get(t, h, http.MethodGet, "/accounts/vk/"+label).Body.String()
		if strings.Contains(page, "rounded by the network") != rounded || strings.Contains(page, `"figure">≈ `) != rounded {
			t.Errorf("the page of %s: rounded is not %v", label, rounded)
		}
	}
	if list := get(t, h, http.MethodGet, "/api/v1/accounts").Body.String(); strings.Count(list, `"rounded":true`) != 1 ||
		!strings.Contains(list, `"followers":12987654,"rounded":true`) {
		t.Errorf("the JSON: %s", list)
	}
	src.accounts[1].Followers = nil // and what is unknown is not rounded
	if list := get(t, h, http.MethodGet, "/api/v1/accounts").Body.String(); strings.Contains(list, "rounded") {
		t.Errorf("the JSON: %s", list)
	}
}
