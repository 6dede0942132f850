package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"time"
)

// verdict is what became of a mutant.
type verdict int

const (
	survived     verdict = iota
	caught               // a test failed, or ran into its time limit
	uncompilable         // and so is not counted
)

// score is what became of the mutants of a package.
type score struct {
	pkg           string
	possible      int // mutants, those included that would not compile
	caught, tried int
	took          time.Duration
}

// trial tries the mutants of one package.
type trial struct {
	options
	pkg    pkg
	stages []*stage
	dir    string // of edited files
	out    io.Writer
}

// stage is a run of go test.
type stage struct {
	args  []string
	usual func() (time.Duration, error) // how long it takes with nothing broken, found out once
}

// try takes mutants in their order until n of them were counted.
func (o options) try(ctx context.Context, p pkg, mutants []mutant, out io.Writer) (score, error) {
	dir, err := os.MkdirTemp("", "collectord-mutate-")
	if err != nil {
		return score{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // what is left in /tmp harms nobody
	t := &trial{options: o, pkg: p, dir: dir, out: out}
	t.plan(ctx)
	began := time.Now()
	s := score{pkg: p.name(), possible: len(mutants)}
	if _, err := t.stages[0].usual(); err != nil {
		return s, err
	}
	err = t.all(ctx, mutants, &s)
	s.took = time.Since(began)
	return s, err
}

// plan lists the runs of go test that a mutant has to survive.
func (t *trial) plan(ctx context.Context) {
	add := func(args ...string) {
		s := &stage{args: args}
		s.usual = sync.OnceValues(func() (time.Duration, error) { return t.measure(ctx, s) })
		t.stages = append(t.stages, s)
	}
	if t.run != "" {
		add("-run="+t.run, t.pkg.ImportPath)
	} else if args := quick(t.pkg.name()); args != nil {
		add(append(args, t.pkg.ImportPath)...)
	}
	add(t.pkg.ImportPath)
	if !t.own {
		for _, args := range users(t.pkg.name()) {
			add(args...)
		}
	}
}

// all tries workers mutants at a time. Which n are counted depends on their order
// alone: a worker takes the next one only while those that count, and those of which
// nobody knows yet, are fewer than n.
func (t *trial) all(ctx context.Context, mutants []mutant, s *score) error {
	var (
		mu    sync.Mutex
		next  int
		open  int
		wake  = sync.NewCond(&mu)
		fault error
		wg    sync.WaitGroup
	)
	worker := func(id int) {
		mu.Lock()
		defer mu.Unlock()
		for {
			for t.n > 0 && s.tried+open >= t.n && open > 0 && fault == nil {
				wake.Wait()
			}
			if fault != nil || next == len(mutants) || t.n > 0 && s.tried >= t.n {
				return
			}
			m := mutants[next]
			next, open = next+1, open+1
			mu.Unlock()
			v, by, err := t.one(ctx, m, id)
			mu.Lock()
			open--
			wake.Broadcast()
			fault = errors.Join(fault, err)
			if err == nil && v != uncompilable {
				t.count(s, m, v, by)
			}
		}
	}
	for id := range t.workers {
		wg.Go(func() { worker(id) })
	}
	wg.Wait()
	return fault
}

// count enters a verdict into the score.
func (t *trial) count(s *score, m mutant, v verdict, by string) {
	s.tried++
	path := filepath.Join(t.pkg.name(), m.String())
	if v == caught {
		s.caught++
		if t.verbose {
			say(t.out, "caught    %s  [%s]\n", path, by)
		}
		return
	}
	say(t.out, "SURVIVED  %s\n", path)
}

// one tries one mutant and says which test caught it.
func (t *trial) one(ctx context.Context, m mutant, id int) (verdict, string, error) {
	overlay, err := t.write(m, id)
	if err != nil {
		return 0, "", err
	}
	if _, err := t.command(ctx, overlay, "build", "-o", os.DevNull, t.pkg.ImportPath); err != nil {
		return uncompilable, "", ctx.Err()
	}
	for _, s := range t.stages {
		usual, err := s.usual()
		if err != nil {
			return 0, "", err
		}
		said, err := t.goTest(ctx, overlay, 30*time.Second+4*usual, s.args...)
		if ctx.Err() != nil {
			return 0, "", ctx.Err()
		}
		if err != nil {
			return caught, reason(said), nil
		}
	}
	return survived, "", nil
}

// write makes the files of a mutant: the edited one, and the overlay that puts it in
// the other's place.
func (t *trial) write(m mutant, id int) (string, error) {
	edited := filepath.Join(t.dir, fmt.Sprintf("%d.go", id))
	src, err := m.apply()
	if err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{m.file: edited}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(t.dir, fmt.Sprintf("%d.json", id))
	return path, errors.Join(os.WriteFile(edited, src, 0o600), os.WriteFile(path, overlay, 0o600)) //nolint:gosec // G703: in a folder of our own
}

// measure runs a stage with nothing broken. A test that fails then would catch
// everything.
func (t *trial) measure(ctx context.Context, s *stage) (time.Duration, error) {
	began := time.Now()
	said, err := t.goTest(ctx, "", 20*time.Minute, append([]string{"-count=1"}, s.args...)...)
	if err != nil {
		return 0, fmt.Errorf("go test %v fails with nothing broken: %w\n%s", s.args, err, said)
	}
	return time.Since(began), nil
}

// goTest runs go test with an overlay and returns what it said. Past the time limit,
// and a while for its own end, it is killed.
func (t *trial) goTest(ctx context.Context, overlay string, limit time.Duration, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, limit+2*time.Minute)
	defer cancel()
	return t.command(ctx, overlay, append([]string{"test", "-vet=off", "-failfast", "-timeout=" + limit.String()}, args...)...)
}

// command runs the go command with an overlay, "" for none.
func (t *trial) command(ctx context.Context, overlay string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // of a table and of the developer's own words
	cmd.Dir = t.pkg.Module.Dir
	cmd.Env = os.Environ()
	if overlay != "" {
		cmd.Env = append(cmd.Env, "GOFLAGS="+os.Getenv("GOFLAGS")+" -overlay="+overlay)
	}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.WaitDelay = 5 * time.Second // a grandchild may hold the pipe
	err := cmd.Run()
	return said.Bytes(), err
}

// reason is the first test that failed, or the first words of a process that died.
func reason(said []byte) string {
	if found := failure.FindSubmatch(said); found != nil {
		return string(bytes.Join(found[1:], nil))
	}
	return "?"
}

var failure = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)|^(panic: .*|fatal error: .*)$`)
