package collector

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"collectord/collector/cluster"
)

// This file is what a node does about ticks that it missed while others were there.

// meet waits at the start for what the other nodes know.
func (n *network) meet(ctx context.Context) {
	if n.cluster != nil {
		n.cluster.Ready(ctx, meetFor)
	}
}

// makesUp reports whether this node makes the poll up that was missed. Where others were
// there all the time they have made it; where nobody was, one node makes it up for all.
func (n *network) makesUp(ctx context.Context, specs []string, now time.Time) bool {
	if n.cluster == nil {
		return true
	}
	slices.Sort(specs)
	var next time.Time
	n.mu.Lock()
	for _, spec := range specs {
		if at := n.next[spec]; next.IsZero() || at.Before(next) {
			next = at
		}
	}
	n.mu.Unlock()
	sum := sha256.Sum256([]byte(strings.Join(specs, "\n")))
	id := cluster.Piece{Network: n.name, Tick: next.Unix(), Cut: "missed-" + hex.EncodeToString(sum[:6])}
	why := "other nodes were there"
	if !n.cluster.Covered(now) {
		claim, err := n.cluster.Claim(ctx, id)
		if err == nil && claim != nil {
			_ = claim.Done(ctx, cluster.Tally{}, min(longestKeep, max(0, time.Until(next))+keepDone)) // the poll is worth more
			return true
		}
		why = "another node makes one poll up for all"
		if err != nil {
			why = "NATS does not answer"
		}
	}
	n.log.Info("missed ticks are not made up for here", zap.Strings("schedules", specs), zap.String("reason", why))
	return false
}
