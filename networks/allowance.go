package networks

import (
	"context"
	"time"
)

// Allowance is what an answer, good or bad, says of one of the network's limits. A
// network tells it while it reads the answer ([TellAllowance]); the poller goes slower,
// or waits, before a request is refused.
type Allowance struct {
	// Limit is the limit's name, in the network's words: "x-rate-limit", "X-App-Usage".
	Limit string
	// Used is the share that is used up, from 0 to 1. At 1 no request is left.
	Used float64
	// Until is when there is some of it again; zero where the network does not say.
	Until time.Time
	// Rolling is true where what was used comes back little by little, and not all at
	// once at the end of a window. Of such a limit it is better not to use everything.
	Rolling bool
}

type allowanceKey struct{}

// WithAllowances returns a context for one call of Network.Profiles: tell is called, before
// that returns, with every allowance that the answer speaks of.
func WithAllowances(ctx context.Context, tell func(Allowance)) context.Context {
	return context.WithValue(ctx, allowanceKey{}, tell)
}

// TellAllowance tells an allowance to whoever made ctx by [WithAllowances], if anybody did.
func TellAllowance(ctx context.Context, a Allowance) {
	if tell, ok := ctx.Value(allowanceKey{}).(func(Allowance)); ok {
		tell(a)
	}
}
