package meta

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"collectord/networks"
)

// TestUsage: the headers as Meta documents them, and what is wrong with them.
func TestUsage(t *testing.T) {
	for name, c := range map[string]struct {
		app, business string
		percent       float64
		header        string
		regain        time.Duration
	}{
		"nothing":              {},
		"an app's":             {app: `{"call_count":28,"total_time":91,"total_cputime":25}`, percent: 91, header: appUsage},
		"minutes are no share": {business: `{"1":[{"type":"pages","call_count":30,"total_cputime":25,"total_time":25,"estimated_time_to_regain_access":190}]}`, percent: 30, header: businessUsage, regain: 190 * time.Minute},
		"the worse of two":     {app: `{"call_count":28}`, business: `{"1":[{"call_count":80}],"2":[{"call_count":81}]}`, percent: 81, header: businessUsage},
		"minutes out of sight": {business: `{"1":[{"call_count":100,"estimated_time_to_regain_access":1e12}]}`, percent: 100, header: businessUsage, regain: longest},
		"minutes below 0":      {business: `{"1":[{"call_count":100,"estimated_time_to_regain_access":-5}]}`, percent: 100, header: businessUsage},
		"no JSON":              {app: `28`, business: `[1,2]`},
		"text for a number":    {app: `{"call_count":"28"}`},
	} {
		h := http.Header{}
		h.Set(appUsage, c.app)
		h.Set(businessUsage, c.business)
		u := ReadUsage(h)
		// The clock moves on between reading the hint and measuring it.
		if u.Percent != c.percent || u.Header != c.header || (u.Regain-c.regain).Abs() > time.Millisecond {
			t.Errorf("%s: %+v", name, u)
		}
	}
}

// TestAllowance: what a usage tells the poller.
func TestAllowance(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		u    Usage
		want networks.Allowance
		told bool
	}{
		{Usage{}, networks.Allowance{}, false},
		{Usage{Percent: 96, Header: appUsage}, networks.Allowance{Limit: appUsage, Used: 0.96, Rolling: true}, true},
		{Usage{Percent: 240, Header: appUsage, Regain: time.Hour}, networks.Allowance{Limit: appUsage, Used: 1, Until: now.Add(time.Hour), Rolling: true}, true},
		{Usage{Regain: time.Hour}, networks.Allowance{}, false}, // a limit that was not told
	} {
		if a, told := c.u.allowance(now); a != c.want || told != c.told {
			t.Errorf("%+v became %+v, %v", c.u, a, told)
		}
	}
}

// TestBatchTellsItsItems: the last items of a batch counted those before them, so that the
// worst of all is told, and it is told of a single object as well.
func TestBatchTellsItsItems(t *testing.T) {
	item := `{"code":200,"headers":[{"name":"X-App-Usage","value":"{\"call_count\":PERCENT}"}],"body":"{}"}`
	c := answering{200, "[" + strings.ReplaceAll(item, "PERCENT", "40") + "," + strings.ReplaceAll(item, "PERCENT", "96") + "," + strings.ReplaceAll(item, "PERCENT", "60") + "]"}.client()
	var told []networks.Allowance
	ctx := networks.WithAllowances(t.Context(), func(a networks.Allowance) { told = append(told, a) })
	if _, err := c.Batch(ctx, Access{Bearer: "x"}, "op", []string{"1", "2", "3"}); err != nil {
		t.Fatal(err)
	}
	if len(told) != 1 || told[0].Used != 0.96 {
		t.Errorf("told %+v, want 96 %%", told)
	}
}
