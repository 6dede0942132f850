package influx

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"collectord/collector/journal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The journal is the Source of the program.
var _ Source = (*journal.Journal)(nil)

// memory is a Source as the journal is one, kept in memory.
type memory struct {
	mu      sync.Mutex
	rows    []journal.Row
	cursors map[string]int64
	refused map[int64]string
	marked  map[int64]bool
	changed chan struct{}
	// failAdvance is returned by Advance, once; the cursor does not move: as if the
	// program had died between delivery and Advance.
	failAdvance error
	failRead    error
	mostRead    int
}

func newMemory(lines ...string) *memory {
	m := &memory{cursors: map[string]int64{}, refused: map[int64]string{}, marked: map[int64]bool{}, changed: make(chan struct{})}
	m.add(lines...)
	return m
}

func (m *memory) add(lines ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, line := range lines {
		m.rows = append(m.rows, journal.Row{Seq: int64(len(m.rows) + 1), Line: []byte(line)})
	}
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *memory) mark(seqs ...int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, seq := range seqs {
		m.marked[seq] = true
	}
}

func (m *memory) set(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

func (m *memory) Read(ctx context.Context, after int64, most int) ([]journal.Row, int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failRead != nil {
		return nil, after, m.failRead
	}
	rows := slices.Clone(m.rows[after:min(int(after)+most, len(m.rows))])
	last := after + int64(len(rows))
	m.mostRead = max(m.mostRead, len(rows))
	// A line that is nil has rotted: it is passed over.
	rows = slices.DeleteFunc(rows, func(r journal.Row) bool { return len(r.Line) == 0 })
	return rows, last, ctx.Err()
}

func (m *memory) Cursor(_ context.Context, sink string) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cursors[sink], nil
}

func (m *memory) Advance(ctx context.Context, sink string, seq int64, refused []journal.Refused) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := m.failAdvance; err != nil {
		m.failAdvance = nil
		return err
	}
	if seq < m.cursors[sink] {
		return fmt.Errorf("the cursor goes back from %d to %d", m.cursors[sink], seq)
	}
	m.cursors[sink] = seq
	for _, r := range refused {
		m.refused[r.Seq] = r.Reason
		delete(m.marked, r.Seq)
	}
	return nil
}

func (m *memory) Retry(_ context.Context, _ string, most int) ([]journal.Row, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var rows []journal.Row
	for seq := range m.marked {
		rows = append(rows, m.rows[seq-1])
	}
	slices.SortFunc(rows, func(a, b journal.Row) int { return cmp.Compare(a.Seq, b.Seq) })
	return rows[:min(most, len(rows))], nil
}

func (m *memory) Forgive(_ context.Context, _ string, seqs []int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, seq := range seqs {
		if !m.marked[seq] {
			return fmt.Errorf("%d was not to be sent again", seq)
		}
		delete(m.refused, seq)
		delete(m.marked, seq)
	}
	return nil
}

func (m *memory) Backlog(_ context.Context, sink string) (journal.Backlog, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := journal.Backlog{Rows: int64(len(m.rows)) - m.cursors[sink]}
	if b.Rows > 0 {
		b.Oldest = time.Unix(1_700_000_000, 0)
	}
	return b, nil
}

func (m *memory) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

// reasons returns the points set aside.
func (m *memory) reasons() map[int64]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := make(map[int64]string, len(m.refused))
	for k, v := range m.refused {
		c[k] = v
	}
	return c
}

func (m *memory) cursor(sink string) int64 {
	seq, _ := m.Cursor(context.Background(), sink)
	return seq
}

// lines makes n lines; line i is of account ai, at second 1700000000.
func lines(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("profile,account=a%d,network=vk followers=%di 1700000000", i, i)
	}
	return out
}

var errTest = errors.New("disk full")
