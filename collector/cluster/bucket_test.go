package cluster

import (
	"errors"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
)

// TestOutcome: who comes too late is told that the key is taken, which is no outage; any
// other refusal is one.
func TestOutcome(t *testing.T) {
	b := &bucket{name: "tokens", c: &Cluster{}}
	for code, want := range map[jetstream.ErrorCode]error{wrongRevision: errTaken, beingWritten: errTaken, 10076: ErrAway} {
		if _, err := b.outcome("vk", nil, 0, &jetstream.APIError{Code: 400, ErrorCode: code}); !errors.Is(err, want) {
			t.Errorf("code %d is %v, want %v", code, err, want)
		}
	}
}
