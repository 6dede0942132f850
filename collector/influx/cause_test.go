package influx

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// TestCausesWithoutTheirWords: of a cause what can be tested for is left, and nothing that
// it said.
func TestCausesWithoutTheirWords(t *testing.T) {
	for _, known := range []error{context.DeadlineExceeded, context.Canceled} {
		if got := redactedCause(fmt.Errorf("post with s3cr3t: %w", known)); got != known { //nolint:errorlint // it alone, wrapped in nothing
			t.Errorf("%v, want %v", got, known)
		}
	}
	if got := redactedCause(errors.New("s3cr3t")); got != nil {
		t.Error(got)
	}
}
