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

// Spend tells the others what this node has spent, more than it said before, with a token
// on a day, in millionths, and returns what all the others have. The token is this
// node's, so theirs does not grow meanwhile. A node that polls by itself knows nothing of
// the others, and each has the whole budget.
func (c *Cluster) Spend(ctx context.Context, network, slot, day string, micros int64) (others int64, err error) {
	c.mu.Lock()
	b := c.buckets
	c.mu.Unlock()
	if c.Alone() {
		return 0, nil
	}
	if b == nil {
		return 0, ErrAway
	}
	prefix := fmt.Sprintf("spent.%s.%s.%s.", network, slotKey(slot)+"=", day)
	c.spending.Lock()
	defer c.spending.Unlock()
	for try := 1; ; try++ {
		var e entry
		if e, _, err = b.tokens.get(ctx, prefix+c.opts.Node); err == nil {
			total := amount(e.value) + micros
			value, _ := json.Marshal(total) // a number always encodes
			var revision uint64
			if revision, err = b.tokens.replace(ctx, prefix+c.opts.Node, value, e.revision, spentLife); err == nil {
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
