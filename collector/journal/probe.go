package journal

import (
	"context"
	"time"
)

// Writable makes a small write and returns why the journal does not take any, nil
// if it does. It costs an fsync.
func (j *Journal) Writable(_ context.Context) error {
	return j.write("probe", func(w *writer) error {
		_, err := w.exec(`INSERT INTO meta VALUES ('probe', ?) ON CONFLICT DO UPDATE SET value = excluded.value`, time.Now().Unix())
		return err
	})
}
