package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// spentLife is how long it is known what was spent on a day: two, wherever the network's
// day ends.
const spentLife = 50 * time.Hour

// spentTries is how often a word about money is tried.
const spentTries = 3

// Spent is what a node spent with a token on a day.
type Spent struct {
	Network, Slot, Day string
	Micros             int64 // more than was said before, in millionths
	// Before is what this node's own journal had of it at the start of the process. What
	// the others know beyond that was spent before the journal was lost.
	Before int64
}

// Spend tells the others what this node has spent, and returns what was spent that its own
// journal does not have: by all the others, and by itself before a journal was lost. The
// token is this node's, so theirs does not grow meanwhile. A node that polls by itself knows
// nothing of the others, and each has the whole budget.
func (c *Cluster) Spend(ctx context.Context, s Spent) (others int64, err error) {
	c.mu.Lock()
	b := c.buckets
	c.mu.Unlock()
	if c.Alone() {
		return 0, nil
	}
	if b == nil {
		return 0, ErrAway
	}
	prefix := fmt.Sprintf("spent.%s.%s.%s.", s.Network, slotKey(s.Slot)+"=", s.Day)
	c.spending.Lock()
	defer c.spending.Unlock()
	for try := 1; ; try++ {
		var e entry
		if e, _, err = b.tokens.get(ctx, prefix+c.opts.Node); err == nil {
			total := amount(e.value) + s.Micros
			value, _ := json.Marshal(total) // a number always encodes
			var revision uint64
			if revision, err = b.tokens.replace(ctx, prefix+c.opts.Node, value, e.revision, spentLife); err == nil {
				if _, known := c.lostSpent[prefix]; !known {
					c.lostSpent[prefix] = max(0, amount(e.value)-s.Before)
				}
				if err = b.tokens.catchUp(ctx, revision); err != nil {
					return 0, err // it is written down, and not again
				}
				break
			}
		}
		if try == spentTries || ctx.Err() != nil {
			return 0, err
		}
	}
	others = c.lostSpent[prefix]
	b.tokens.all(func(key string, e entry) {
		if strings.HasPrefix(key, prefix) && key != prefix+c.opts.Node {
			others += amount(e.value)
		}
	})
	return others, nil
}

func amount(value []byte) int64 {
	var n int64
	if json.Unmarshal(value, &n) != nil {
		return 0
	}
	return n
}
