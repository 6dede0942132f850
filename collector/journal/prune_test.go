package journal

import (
	"fmt"
	"testing"
	"time"

	"collectord/collector/point"
)

func TestPruneByAge(t *testing.T) {
	j := openWith(t, Options{Path: temp(t), KeepFor: 2 * time.Hour})
	fill(t, j, 3, 6) // 18 points, 3 an hour
	now := t0.Add(5 * time.Hour)
	prune := func(want Pruned, left int, sinks ...string) {
		t.Helper()
		if got := must(j.Prune(t.Context(), now, sinks))(t); got != want {
			t.Errorf("pruned %+v, want %+v", got, want)
		}
		if n := len(lines(t, j)); n != left {
			t.Errorf("%d left, want %d", n, left)
		}
		if s := must(j.Stats(t.Context()))(t); s.Points != int64(left) || s.Dropped != 0 {
			t.Errorf("stats %+v", s)
		}
	}
	prune(Pruned{}, 18)      // without sinks it is kept for ever
	prune(Pruned{}, 18, "i") // nothing is delivered
	if err := j.Advance(t.Context(), "i", 4, []Refused{{2, "no"}}); err != nil {
		t.Fatal(err)
	}
	prune(Pruned{}, 18, "i", "second")   // the second sink has none
	prune(Pruned{Delivered: 3}, 15, "i") // 1, 3 and 4; 2 was refused, 5 to 9 are not delivered
	if err := j.Advance(t.Context(), "i", 18, nil); err != nil {
		t.Fatal(err)
	}
	prune(Pruned{Delivered: 5}, 10, "i") // 3 hours are not older than 2
	if ticks := must(j.ticks(t.Context(), `1`))(t); len(ticks) != 6 {
		t.Errorf("%d ticks: the refused point is of the first", len(ticks))
	}
	if err := j.Forgive(t.Context(), "i", []int64{2}); err != nil {
		t.Fatal(err)
	}
	prune(Pruned{Delivered: 1}, 9, "i")
	if ticks := must(j.ticks(t.Context(), `1`))(t); len(ticks) != 3 {
		t.Errorf("%d ticks", len(ticks))
	}
	// Numbers are not used again.
	record(t, j, "vk", now.Add(time.Hour), profile("vk", "a", time.Time{}, 1))
	if rows, _, err := j.Read(t.Context(), 18, 10); err != nil || len(rows) != 1 || rows[0].Seq != 19 {
		t.Errorf("%v %v", rows, err)
	}
}

func TestPruneEverythingKeepsTheNumbers(t *testing.T) {
	path := temp(t)
	j := openWith(t, Options{Path: path, KeepFor: time.Hour})
	fill(t, j, 3, 1)
	if err := j.Advance(t.Context(), "i", 3, nil); err != nil {
		t.Fatal(err)
	}
	if got := must(j.Prune(t.Context(), t0.Add(100*time.Hour), []string{"i"}))(t); got.Delivered != 3 {
		t.Fatalf("pruned %+v", got)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, path)
	fill(t, j, 1, 1)
	if b := must(j.Backlog(t.Context(), "i"))(t); b.Rows != 1 {
		t.Errorf("backlog %+v: a new point took the number of an old one", b)
	}
}

func TestPruneBySize(t *testing.T) {
	const size = 160 << 10
	for _, c := range []struct {
		name      string
		delivered bool
		sinks     []string
	}{
		{"delivered", true, []string{"i"}},
		{"not delivered", false, []string{"i"}},
		{"no sinks", false, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := openWith(t, Options{Path: temp(t), MaxSize: size})
			fill(t, j, 250, 16) // twice as much
			if c.delivered {
				if err := j.Advance(t.Context(), "i", 3_750, nil); err != nil {
					t.Fatal(err)
				}
			}
			got := must(j.Prune(t.Context(), t0, c.sinks))(t)
			s := must(j.Stats(t.Context()))(t)
			if s.Bytes > size || s.Bytes < size*8/10 {
				t.Errorf("%d bytes, want a little under %d", s.Bytes, size)
			}
			gone, none := got.Delivered, got.Dropped
			if !c.delivered {
				gone, none = none, gone
			}
			if none != 0 || gone == 0 || s.Points != 4_000-gone || s.Dropped != got.Dropped {
				t.Errorf("pruned %+v, stats %+v", got, s)
			}
			if !s.Newest.Equal(t0.Add(15*time.Hour)) || !s.Oldest.After(t0) {
				t.Errorf("kept %v to %v", s.Oldest, s.Newest)
			}
			if again := must(j.Prune(t.Context(), t0, c.sinks))(t); again != (Pruned{}) {
				t.Errorf("pruned again %+v", again)
			}
			if n := int64(len(must(j.History(t.Context(), "vk", "account 5", time.Time{}))(t))); n == 0 || n > 1+s.Points/250 {
				t.Errorf("%d samples of %d points", n, s.Points)
			}
		})
	}
}

func TestPruneSparesTheNewest(t *testing.T) {
	j := openWith(t, Options{Path: temp(t), MaxSize: 1})
	fill(t, j, 20, 3)
	if got := must(j.Prune(t.Context(), t0, nil))(t); got.Dropped != 40 {
		t.Errorf("pruned %+v", got)
	}
	if n := len(lines(t, j)); n != 20 {
		t.Errorf("%d left", n)
	}
}

func TestPruneDeliveredFirst(t *testing.T) {
	j := openWith(t, Options{Path: temp(t), MaxSize: 160 << 10})
	fill(t, j, 250, 16)
	if err := j.Advance(t.Context(), "i", 500, nil); err != nil {
		t.Fatal(err)
	}
	got := must(j.Prune(t.Context(), t0, []string{"i"}))(t)
	if got.Delivered != 500 || got.Dropped == 0 {
		t.Errorf("pruned %+v", got)
	}
	if b := must(j.Backlog(t.Context(), "i"))(t); b.Rows != 3_500-got.Dropped {
		t.Errorf("backlog %+v after %+v", b, got)
	}
}

func TestLargeBacklogIsEstimated(t *testing.T) {
	j := open(t, temp(t))
	points := make([]point.Point, exactBacklog+1)
	for i := range points {
		points[i] = profile("vk", fmt.Sprint(i), t0, 1)
	}
	record(t, j, "vk", t0, points...)
	if b := must(j.Backlog(t.Context(), "i"))(t); b.Rows != exactBacklog+1 || !b.Oldest.Equal(t0) {
		t.Errorf("backlog %+v", b)
	}
}
