package keychain_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"collectord/keychain"
)

// TestCheckMakesWhatIsUnmade: a value whose token has still to be made gets it, in the
// slot, where there is something to check; one that is refused changes no slot.
func TestCheckMakesWhatIsUnmade(t *testing.T) {
	f := &fakeRefresher{window: keychain.Window{By: time.Unix(1, 0)}}
	k := open(t, t.TempDir(), refreshing(f), func(o *keychain.Options) {
		o.Checkers = map[string]keychain.Checker{"vk": func(_ context.Context, tok keychain.Token) (string, error) {
			if !strings.HasSuffix(tok.Bare(), "+") {
				return "", fmt.Errorf("vk: %w", keychain.ErrUnmade)
			}
			return "good", nil
		}}
	})
	must(t, k.Assign("vk", keychain.Bare("raw")))
	for range 2 { // the second time it is there
		report, err := k.Check(t.Context(), "vk")
		must(t, err)
		if v, _ := k.Get("vk"); report != "good" || v.Bare() != "raw+" || f.calls.Load() != 1 {
			t.Fatalf("%s, %d calls", report, f.calls.Load())
		}
	}
	if _, err := k.Try(t.Context(), "vk:b", keychain.Bare("other")); !errors.Is(err, keychain.ErrUnmade) {
		t.Errorf("tried before it was made: %v", err)
	}
	must(t, k.PutMade(t.Context(), "vk:b", keychain.Bare("other")))
	contains(t, k.PutMade(t.Context(), "vk:b", keychain.Bare("other")), "used twice")
	if v, _ := k.Get("vk:b"); v.Bare() != "other+" {
		t.Error("what the slot held is gone")
	}
	if err := k.PutMade(t.Context(), "yt", keychain.Bare("x")); !errors.Is(err, keychain.ErrNotRenewable) {
		t.Errorf("made by nobody: %v", err)
	}
}
