package journal

import (
	"errors"
	"testing"
	"time"
)

// While another process keeps the file locked, writes wait, and then say that they may
// be made again; once it lets go, they can.
func TestLockedForLong(t *testing.T) {
	path := temp(t)
	j := open(t, path)
	record(t, j, "vk", t0, profile("vk", "a", t0, 1))
	other, err := openWriter(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := other.close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := other.exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if err := j.outside("test", "PRAGMA busy_timeout = 50"); err != nil { // rather than 10 s
		t.Fatal(err)
	}
	if err := j.Record(t.Context(), batchOf(1)); !errors.Is(err, ErrFull) {
		t.Errorf("record: %v", err)
	}
	if n := len(lines(t, j)); n != 1 {
		t.Errorf("%d lines can be read meanwhile", n)
	}
	if _, err := other.exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := j.Record(t.Context(), batchOf(1)); err != nil {
		t.Error(err)
	}
	if _, ok, err := j.Tick(t.Context(), "vk", t0.Add(time.Hour)); !ok || err != nil {
		t.Errorf("the tick: %v %v", ok, err)
	}
}
