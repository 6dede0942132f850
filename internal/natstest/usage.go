package natstest

import (
	"io/fs"
	"path/filepath"
	"testing"
)

// Usage is what the largest of the servers takes.
type Usage struct{ Memory, Disk int64 } // bytes

// Usage looks at all servers that run.
func (s *Servers) Usage(tb testing.TB) (most Usage) {
	tb.Helper()
	for i, n := range s.nodes {
		if n.process == nil {
			continue
		}
		var info struct {
			Mem int64 `json:"mem"`
		}
		if err := s.ask(tb.Context(), i, "varz", &info); err != nil {
			tb.Fatalf("natstest: %v", err)
		}
		disk := int64(0)
		_ = filepath.WalkDir(filepath.Join(s.dir, n.name), func(_ string, entry fs.DirEntry, err error) error {
			if err != nil {
				return nil // a file that was there a moment ago
			}
			if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
				disk += info.Size()
			}
			return nil
		})
		most.Memory, most.Disk = max(most.Memory, info.Mem), max(most.Disk, disk)
	}
	return most
}
