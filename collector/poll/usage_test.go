package poll

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"collectord/keychain"
	"collectord/networks"
)

// The usage of every request, failed ones among them, says what came of it and how long
// it took.
func TestUsageOfEveryRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNetwork{size: 10, takes: 3 * time.Second}
		f.answer = func(token keychain.Token, b networks.Batch) ([]networks.Result, error) {
			switch f.count() {
			case 1:
				return nil, fail(networks.Temporary)
			case 2:
				return nil, fail(networks.RateLimited)
			}
			return good(token, b)
		}
		var told []string
		err := pollerOf(f, tokensOf(nil), 100).Poll(t.Context(), Job{Accounts: named(5), Answer: func(_ context.Context, _ []Answer, used Usage) error {
			told = append(told, fmt.Sprint(used.Requests, " ", used.Outcome, " ", used.Took))
			return nil
		}})
		if want := []string{"1 temporary 3s", "1 rate limited 3s", "1 unknown 3s"}; err != nil || !slices.Equal(told, want) {
			t.Errorf("%q, want %q (%v)", told, want, err)
		}
	})
}
