package floortest

import "testing"

// work is CPU time that no compiler takes away.
func work(n int) (x uint64) {
	for i := range n * 1_000_000 {
		x = x*6364136223846793005 + uint64(i)
	}
	return x
}

func TestCPU(t *testing.T) {
	var sink uint64
	if r := CPU(t, func() { sink += work(24) }, func() { sink += work(3) }); r < 3 || r > 20 {
		t.Errorf("eight times the work is %.1f times the floor", r)
	}
	if sink == 1 {
		t.Log("unlikely")
	}
}

func TestAllocations(t *testing.T) {
	var sink []*int
	if n := Allocations(100, func() {
		sink = sink[:0]
		for i := range 200 {
			sink = append(sink, &i)
		}
	}); n < 2 || n > 2.1 {
		t.Errorf("%.2f allocations an item, want 2", n)
	}
}
