package status

import (
	"net/http"
	"strings"
	"testing"
)

func TestSpentText(t *testing.T) {
	for _, c := range []struct {
		s    Spending
		want string
	}{
		{Spending{}, ""},
		{Spending{Unit: "requests"}, ""},
		{Spending{Unit: "requests", Today: 1}, "1 request today"},
		{Spending{Unit: "requests", Today: 1234}, "1,234 requests today"},
		{Spending{Unit: "requests", Today: 1, Budget: 1}, "1 of 1 requests today"},
		{Spending{Unit: "units", Allowance: 10_000}, "0 of 10,000 units today"},
		{Spending{Unit: "units", Today: 480, Allowance: 10_000, Budget: 9000}, "480 of 9,000 units today"},
		{Spending{Unit: "units", Today: 480, Allowance: 10_000, Budget: 20_000}, "480 of 10,000 units today"},
		{Spending{Unit: "USD", Money: true, Today: 0.4, Budget: 10}, "0.40 of 10.00 USD today"},
		{Spending{Unit: "USD", Money: true, Today: 0.005}, "0.005 USD today"},
		{Spending{Unit: "USD", Money: true, Today: 0.01 * 3, Budget: 1234.5}, "0.03 of 1,234.50 USD today"},
	} {
		if got := spentText(&c.s); got != c.want {
			t.Errorf("%+v is %q, want %q", c.s, got, c.want)
		}
	}
}

func TestSpendingOnThePage(t *testing.T) {
	page := get(t, newHandler(t, newFake(testNow)), http.MethodGet, "/").Body.String()
	for _, want := range []string{"0.04 of 10.00 USD today", "1,231 of 5,000 requests today", "<dt>Used</dt><dd>1 request today</dd>"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
}
