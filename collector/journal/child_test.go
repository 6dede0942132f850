package journal

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"collectord/collector/point"
)

// childEnv names the journal that the test binary, run again, writes to.
const childEnv = "JOURNAL_TEST_CHILD"

// childBatch is how many points the child records at once.
const childBatch = 5

// child records one tick after the other until it is killed, and says the number
// of each that was recorded. It goes on where the one before it stopped.
func child() int {
	if way := os.Getenv(stepsEnv); way != "" {
		do := steps
		if way == "questions" || way == "beside" {
			do = answers
		}
		if err := do(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	ctx := context.Background()
	j, err := Open(ctx, Options{Path: os.Getenv(childEnv), KeepFor: time.Hour})
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	s, err := j.Stats(ctx)
	for i := s.Points / childBatch; err == nil; i++ {
		at := t0.Add(time.Duration(i) * time.Second)
		points := make([]point.Point, childBatch)
		for k := range points {
			points[k] = profile("vk", fmt.Sprintf("%d.%d", i%100, k), at, i)
		}
		b := Batch{Network: "vk", Time: at, Points: points, Answered: []string{"x"}, OK: childBatch, Requests: 1,
			Accounts: []Account{{Network: "vk", Label: "last", Info: strconv.FormatInt(i, 10)}}}
		if err = j.BeginTick(ctx, Tick{Network: "vk", Time: at}, map[string]time.Time{"@hourly": at}); err != nil {
			break
		}
		if err = j.Record(ctx, b); err != nil {
			break
		}
		fmt.Println("recorded", i)
		if i%3 == 0 {
			err = j.Advance(ctx, "i", i, nil)
		}
		if i%2 == 0 && err == nil {
			err = j.EndTick(ctx, "vk", at, nil)
		}
	}
	fmt.Println("error", err)
	return 1
}

// Kill -9 at any moment loses nothing that Record acknowledged, leaves no half of a
// batch, and makes nothing twice.
func TestKill(t *testing.T) {
	kills := 16
	if n, err := strconv.Atoi(os.Getenv("JOURNAL_KILLS")); err == nil {
		kills = n
	}
	path := filepath.Join(t.TempDir(), "journal.db")
	recorded := int64(-1)
	for range kills {
		recorded = max(recorded, killOne(t, path, 1+rand.IntN(12)))
		if t.Failed() {
			return
		}
		checkKilled(t, path, recorded)
	}
	t.Logf("%d kills, %d batches", kills, recorded+1)
}

// killOne runs a child and kills it as soon as it has said that many batches; it
// returns the last one that it said.
func killOne(t *testing.T, path string, batches int) (last int64) {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last = -1
	for lines := bufio.NewScanner(out); lines.Scan(); {
		text, ok := strings.CutPrefix(lines.Text(), "recorded ")
		if !ok {
			t.Errorf("child: %s", lines.Text())
			break
		}
		if last, err = strconv.ParseInt(text, 10, 64); err != nil {
			t.Error(err)
		}
		// What it says between the kill and its end counts too: the loop goes on.
		if batches--; batches == 0 {
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	_ = cmd.Process.Kill() // after an error it may still be there
	_ = cmd.Wait()         // says that it was killed
	return last
}

func checkKilled(t *testing.T, path string, recorded int64) {
	t.Helper()
	j, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	}()
	n := map[int64]int{}
	for p, err := range j.Points(t.Context(), Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		n[p.Time.Unix()-t0.Unix()]++
	}
	for i := range int64(len(n)) {
		if n[i] != childBatch {
			t.Errorf("tick %d has %d points", i, n[i])
		}
	}
	batches := int64(len(n))
	if batches < recorded+1 || batches > recorded+2 {
		t.Errorf("%d batches, %d were acknowledged", batches, recorded+1)
	}
	ticks := must(j.ticks(t.Context(), `1 ORDER BY time DESC`))(t)
	ticks = slices.DeleteFunc(ticks, func(tick Tick) bool { return tick.Requests == 0 }) // begun, not recorded
	if len(ticks) != len(n) || ticks[0].OK != childBatch || ticks[0].Requests != 1 {
		t.Errorf("%d ticks of %d batches; the last %+v", len(ticks), len(n), ticks[0])
	}
	info := must(j.Accounts(t.Context()))(t)[AccountKey{"vk", "last"}].Info
	if info != strconv.FormatInt(batches-1, 10) {
		t.Errorf("the account is from batch %s, the points are from %d", info, batches-1)
	}
	answered := must(j.Answered(t.Context(), "vk", ticks[0].Time))(t)
	if ticks[0].Closed.IsZero() && len(answered) != childBatch+1 {
		t.Errorf("answered %v", answered)
	}
	if s := must(j.Stats(t.Context()))(t); s.Points != batches*childBatch || s.Rotten != 0 || j.Damaged() != "" {
		t.Errorf("stats %+v", s)
	}
}
