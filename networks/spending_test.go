package networks_test

import (
	"testing"

	"collectord/networks"
)

func TestAmount(t *testing.T) {
	usd, units, none := networks.Spending{Unit: networks.USD}, networks.Spending{Unit: "units"}, networks.Spending{}
	for _, c := range []struct {
		s    networks.Spending
		n    float64
		want string
	}{
		{usd, 0, "0.00 USD"}, {usd, 10, "10.00 USD"}, {usd, 0.005, "0.005 USD"}, {usd, 1234567.5, "1,234,567.50 USD"}, {usd, 1, "1.00 USD"},
		{usd, 0.010 * 3, "0.03 USD"}, {units, 10_000, "10,000 units"}, {units, 1, "1 unit"}, {units, 0, "0 units"}, {units, 2.5, "2.5 units"},
		{none, 999, "999 requests"}, {none, 1, "1 request"}, {none, 1000, "1,000 requests"},
	} {
		if got := c.s.Amount(c.n); got != c.want {
			t.Errorf("%v of %q is %q, want %q", c.n, c.s.Unit, got, c.want)
		}
	}
}

func TestSpendingFilled(t *testing.T) {
	if got, want := (networks.Spending{}).Filled(), (networks.Spending{Unit: "requests", PerRequest: 1, Zone: "UTC"}); got != want {
		t.Errorf("the zero Spending is %+v, want %+v", got, want)
	}
	if got := (networks.Spending{Unit: networks.USD, PerAccountDay: 0.01}).Filled(); got.PerRequest != 0 {
		t.Errorf("a network that charges for accounts charges %v for a request too", got.PerRequest)
	}
	if got := (networks.Spending{Zone: "America/Los_Angeles"}).Location().String(); got != "America/Los_Angeles" {
		t.Errorf("the day is that of %s", got)
	}
}
