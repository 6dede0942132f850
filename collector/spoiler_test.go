package collector

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"collectord/collector/point"
	"collectord/networks"
	"collectord/networks/sim"
)

// TestSpoilerIsTriedDaily: a name for which VK refuses the whole batch of 500 costs at most
// 18 requests more, once. It is left out then, also after a restart, and its neighbours go
// on; a day later it is tried again, and counted if VK knows it by then.
func TestSpoilerIsTriedDaily(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const accounts, bad = 500, 321
		r := newRig(t)
		var config strings.Builder
		config.WriteString("networks:\n  vk:\n    schedule: \"0 * * * *\"\n    base_url: http://vk\n    accounts:\n")
		for i := range accounts {
			r.world.Add(sim.Account{Network: "vk", ID: fmt.Sprint(7000 + i), Handle: fmt.Sprintf("some_group%d", i), Type: networks.Group, Followers: int64(100 + i)})
			fmt.Fprintf(&config, "      account %d: club%d\n", i, 7000+i)
		}
		r.world.Break("vk", func(w http.ResponseWriter, req *http.Request) bool {
			spoilt := slices.Contains(strings.Split(req.FormValue("group_ids"), ","), fmt.Sprint(7000+bad))
			if spoilt {
				_, _ = w.Write([]byte(`{"error":{"error_code":125,"error_msg":"Invalid group id"}}`)) // a recorder takes everything
			}
			return spoilt
		})
		polled := func(hour int) int {
			r.sleepUntil(time.Duration(hour)*time.Hour - time.Minute)
			r.world.ResetLog("vk")
			r.sleepUntil(time.Duration(hour)*time.Hour + 30*time.Minute)
			return r.world.Requests("vk")
		}
		label := fmt.Sprintf("account %d", bad)
		r.start(config.String())
		if n := polled(1); n < 2 || n > 19 {
			t.Errorf("the first poll takes %d requests, want 19 at most", n)
		}
		if a := r.account(label); a.State != stateNotFound || a.NextPoll.Before(a.LastPoll.Add(23*time.Hour)) {
			t.Errorf("after it: %+v", a)
		}
		r.halt()
		r.open()
		r.start(config.String())
		for hour := 2; hour <= 25; hour++ {
			if n := polled(hour); n != 1 {
				t.Fatalf("the poll at %d:00 takes %d requests, want 1", hour, n)
			}
		}
		if n := polled(26); n < 2 || n > 19 {
			t.Errorf("a day later the poll takes %d requests, want 19 at most", n)
		}
		r.world.Break("vk", nil)
		for hour := 27; hour <= 51; hour++ {
			polled(hour)
		}
		if a := r.account(label); a.State != stateOK || a.Followers == nil || *a.Followers != 100+bad {
			t.Errorf("after VK knows it: %+v", a)
		}
		for _, p := range r.points(point.Poll) {
			if got := lines([]point.Point{p})[0]; !strings.Contains(got, "accounts=500 ok=500 failed=0") {
				t.Fatalf("a poll: %s", got)
			}
		}
		r.halt()
	})
}
