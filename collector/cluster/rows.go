package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// row is what one node tells the others of an account.
type row struct {
	Nonce string          `json:"nonce"`
	Value json.RawMessage `json:"value"`
}

// accountKey hashes the label: labels hold what keys cannot.
func accountKey(network, label string) string {
	sum := sha256.Sum256([]byte(label))
	return network + "." + hex.EncodeToString(sum[:12])
}

// Remember tells the others what is remembered of an account, as JSON. It does not wait;
// while NATS is away the newest of each account is kept.
func (c *Cluster) Remember(network, label string, value json.RawMessage) {
	text, err := json.Marshal(row{c.nonce, value})
	if err != nil {
		return
	}
	c.mu.Lock()
	c.rows[accountKey(network, label)] = text
	c.mu.Unlock()
	select {
	case c.rowsMoved <- struct{}{}:
	default:
	}
}

// Untold is of how many accounts the others have not been told yet what is remembered.
func (c *Cluster) Untold() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.rows) + c.telling
}

// heardRow hands on what another process remembers.
func (c *Cluster) heardRow(_ string, e entry) {
	var r row
	if c.opts.Account == nil || e.gone || json.Unmarshal(e.value, &r) != nil || r.Nonce == c.nonce {
		return
	}
	c.opts.Account(r.Value)
}

// sendRows sends what Remember was given, as long as NATS takes it.
func (c *Cluster) sendRows(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.rowsMoved:
		}
		for {
			left, failed := c.sendPending(ctx)
			if left == 0 {
				break
			}
			if failed && sleep(ctx, time.Second) != nil || ctx.Err() != nil {
				return
			}
		}
	}
}

// mostRows is how many rows are under way at once.
const mostRows = 2000

// sendPending sends a part of what waits. It returns how much waits yet, and whether
// something was not taken.
func (c *Cluster) sendPending(ctx context.Context) (left int, failed bool) {
	c.mu.Lock()
	b, pending := c.buckets, c.rows
	if b == nil {
		c.mu.Unlock()
		return len(pending), true
	}
	if len(pending) > mostRows { // the rest in another go
		pending = make(map[string][]byte, mostRows)
		for key, value := range c.rows {
			pending[key] = value
			delete(c.rows, key)
			if len(pending) == mostRows {
				break
			}
		}
	} else {
		c.rows = make(map[string][]byte)
	}
	c.telling = len(pending)
	c.mu.Unlock()
	futures := make(map[string]jetstream.PubAckFuture, len(pending))
	for key, value := range pending {
		f, err := c.js.PublishMsgAsync(&nats.Msg{Subject: b.accounts.subject(key), Data: value})
		if err == nil {
			futures[key] = f
		}
	}
	ctx, cancel := context.WithTimeout(ctx, longestRequest)
	defer cancel()
	for key, f := range futures {
		select {
		case <-f.Ok():
			delete(pending, key)
		case <-f.Err(): //nolint:errcheck // what was not taken waits on
		case <-ctx.Done():
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	failed, c.telling = len(pending) > 0, 0
	for key, value := range pending {
		if _, newer := c.rows[key]; !newer {
			c.rows[key] = value
		}
	}
	return len(c.rows), failed
}

// dumpKey is the key of the newest dump of the keychain.
const dumpKey = "dump"

// heardDump says that there is another dump.
func (c *Cluster) heardDump(key string, e entry) {
	if c.opts.Keychain != nil && key == dumpKey && !e.gone {
		c.opts.Keychain()
	}
}

// Dump is the newest dump of the keychain, encrypted, and its revision; 0 for none.
func (c *Cluster) Dump(ctx context.Context) (file []byte, revision uint64, err error) {
	c.mu.Lock()
	b := c.buckets
	c.mu.Unlock()
	if b == nil {
		return nil, 0, ErrAway
	}
	e, ok, err := b.keychain.get(ctx, dumpKey)
	if err != nil || !ok {
		return nil, 0, err
	}
	return e.value, e.revision, nil
}

// SetDump puts a dump in the place of the one with that revision. It is not ok where
// there is another one by now.
func (c *Cluster) SetDump(ctx context.Context, file []byte, revision uint64) (ok bool, err error) {
	c.mu.Lock()
	b := c.buckets
	c.mu.Unlock()
	if b == nil {
		return false, ErrAway
	}
	_, err = b.keychain.replace(ctx, dumpKey, file, revision, 0)
	if isTaken(err) {
		return false, nil
	}
	return err == nil, err
}
