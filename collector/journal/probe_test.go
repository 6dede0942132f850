package journal

import (
	"errors"
	"testing"
)

func TestWritable(t *testing.T) {
	j := open(t, temp(t))
	for range 2 {
		if err := j.Writable(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := j.outside("test", "PRAGMA query_only = 1"); err != nil {
		t.Fatal(err)
	}
	if err := j.Writable(t.Context()); !errors.Is(err, ErrFull) {
		t.Errorf("not writable: %v", err)
	}
	beside := openWith(t, Options{Path: j.Path(), ReadOnly: true})
	if err := beside.Writable(t.Context()); !errors.Is(err, ErrReadOnly) {
		t.Errorf("beside: %v", err)
	}
}
