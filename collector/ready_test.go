package collector

import (
	"context"
	"errors"
	"testing"
)

// While what is remembered of the accounts is read, the daemon is ready and alive; who
// asks for accounts waits. Between that and Run the page knows the config of the start.
func TestReadyBeforeAccounts(t *testing.T) {
	d := stillDaemon(t, "  bluesky:\n    accounts:\n      a: a.example.org\n")
	reading := d.recalled
	d.recalled = make(chan struct{})
	if err := d.Ready(t.Context()); err != nil {
		t.Errorf("not ready: %v", err)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := d.Accounts(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("accounts that nobody has read yet: %v", err)
	}
	if _, err := d.Overview(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("the state of accounts that nobody has read yet: %v", err)
	}
	d.recalled = reading
	if all, err := d.Accounts(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%v, %v", all, err)
	}
	if o, err := d.Overview(t.Context()); err != nil || o.ConfigHash != d.config().Hash {
		t.Errorf("%+v, %v", o, err)
	}
}
