package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"collectord/collector/point"
	"collectord/internal/disktest"
)

// question is one that is asked of a journal: its answer, whatever it is.
type question struct {
	name string
	ask  func(ctx context.Context, j *Journal) (any, error)
}

// questions are all that can be asked.
func questions() []question {
	at := t0.Add(time.Hour)
	return []question{
		{"Read", func(ctx context.Context, j *Journal) (any, error) {
			rows, last, err := j.Read(ctx, 0, 1000)
			return fmt.Sprint(len(rows), last), err
		}},
		{"Cursor", func(ctx context.Context, j *Journal) (any, error) { return j.Cursor(ctx, "i") }},
		{"Refused", func(ctx context.Context, j *Journal) (any, error) { return j.Refused(ctx, 10) }},
		{"Retry", func(ctx context.Context, j *Journal) (any, error) { return j.Retry(ctx, "i", 10) }},
		{"Backlog", func(ctx context.Context, j *Journal) (any, error) { return j.Backlog(ctx, "i") }},
		{"Points", func(ctx context.Context, j *Journal) (any, error) {
			var all []point.Point
			for p, err := range j.Points(ctx, Filter{Since: at, Account: "a1"}) {
				if err != nil {
					return nil, err
				}
				all = append(all, p)
			}
			return all, nil
		}},
		{"History", func(ctx context.Context, j *Journal) (any, error) { return j.History(ctx, "vk", "a1", t0) }},
		{"Latest", func(ctx context.Context, j *Journal) (any, error) { return j.Latest(ctx) }},
		{"At", func(ctx context.Context, j *Journal) (any, error) { return j.At(ctx, at, time.Hour) }},
		{"Stats", func(ctx context.Context, j *Journal) (any, error) {
			s, err := j.Stats(ctx)
			return s.Points, err
		}},
		{"Tick", func(ctx context.Context, j *Journal) (any, error) {
			_, ok, err := j.Tick(ctx, "vk", at)
			return ok, err
		}},
		{"OpenTicks", func(ctx context.Context, j *Journal) (any, error) {
			all, err := j.OpenTicks(ctx)
			return len(all), err
		}},
		{"Answered", func(ctx context.Context, j *Journal) (any, error) { return j.Answered(ctx, "vk", at) }},
		{"Slots", func(ctx context.Context, j *Journal) (any, error) { return j.Slots(ctx) }},
		{"Accounts", func(ctx context.Context, j *Journal) (any, error) { return j.Accounts(ctx) }},
		{"Spent", func(ctx context.Context, j *Journal) (any, error) { return j.Spent(ctx, "2026-10-17") }},
	}
}

// filled makes a journal that has an answer to every question.
func filled(t *testing.T, path string) {
	t.Helper()
	j := open(t, path)
	for hour := range 2 {
		at := t0.Add(time.Duration(hour) * time.Hour)
		var points []point.Point
		for i := range 60 {
			points = append(points, profile("vk", fmt.Sprint("a", i), at, int64(i)))
		}
		err := errors.Join(
			j.BeginTick(t.Context(), Tick{Network: "vk", Time: at}, map[string]time.Time{"@hourly": at.Add(time.Hour)}),
			j.Record(t.Context(), Batch{Network: "vk", Time: at, Points: points, Answered: []string{"other"}, OK: 60, Requests: 1,
				Accounts: []Account{{Network: "vk", Label: "a1", ID: "1", State: "ok"}}}),
			j.Advance(t.Context(), "i", int64(hour)+1, []Refused{{Seq: int64(hour) + 1, Reason: "why not"}}),
		)
		if _, spendErr := j.Spend(t.Context(), "vk", Spent{Slot: "vk", Day: "2026-10-17", Micros: 7}); err != nil || spendErr != nil {
			t.Fatal(err, spendErr)
		}
	}
	if n, err := j.MarkResend(t.Context(), []int64{1}); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestEveryQuestionHeedsItsContext: whoever does not wait any more is told so, and
// never that there is nothing.
func TestEveryQuestionHeedsItsContext(t *testing.T) {
	path := temp(t)
	filled(t, path)
	j := open(t, path)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for _, q := range questions() {
		if answer, err := q.ask(over, j); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, %v", q.name, answer, err)
		}
	}
}

// TestClosedJournalSaysSo, whatever it is asked.
func TestClosedJournalSaysSo(t *testing.T) {
	path := temp(t)
	filled(t, path)
	j := open(t, path)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for _, q := range questions() {
		if answer, err := q.ask(t.Context(), j); !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v, %v", q.name, answer, err)
		}
	}
}

// answers asks all questions of a journal and says each answer on a line.
func answers() error {
	ctx := context.Background()
	j, err := Open(ctx, Options{Path: os.Getenv(childEnv), ReadOnly: os.Getenv(stepsEnv) == "beside"})
	if err != nil {
		return err
	}
	for _, q := range questions() {
		answer, err := q.ask(ctx, j)
		if err != nil {
			answer = "error"
		}
		fmt.Printf("%s: %+v\n", q.name, answer)
	}
	_ = j.Close() // reading is what this is about
	return nil
}

// TestReadsTellOfADiskThatBreaks has reads fail, one at a time: each answer is the right
// one or an error, never a part of it.
func TestReadsTellOfADiskThatBreaks(t *testing.T) {
	path := temp(t)
	filled(t, path)
	run := func(way string, fail func(disktest.Call) syscall.Errno) disktest.Report {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"="+path, stepsEnv+"="+way)
		return disktest.Process{Cmd: cmd, Dir: filepath.Dir(path), Fail: fail}.Run(t)
	}
	for _, way := range []string{"questions", "beside"} {
		right := strings.Split(run(way, nil).Output, "\n")
		if len(right) != len(questions())+1 || slices.ContainsFunc(right, func(s string) bool { return strings.HasSuffix(s, ": error") }) {
			t.Fatalf("%s: %q", way, right)
		}
		errs, every := 0, 2
		if *everyCall {
			every = 1
		}
		for n := 1; ; n += every {
			reads := 0
			r := run(way, func(c disktest.Call) syscall.Errno {
				if c.Name == "read" {
					reads++
				}
				if c.Name == "read" && reads == n {
					return syscall.EIO
				}
				return 0
			})
			if r.Failed == nil {
				break
			}
			if r.Code != 0 {
				continue // it was not opened
			}
			for i, line := range strings.Split(r.Output, "\n") {
				if strings.HasSuffix(line, ": error") {
					errs++
				} else if line != right[i] {
					t.Errorf("%s: after read %d (%v): %s\nwant %s", way, n, r.Failed, line, right[i])
				}
			}
		}
		if errs == 0 {
			t.Errorf("%s: no read was of consequence", way)
		}
	}
}
