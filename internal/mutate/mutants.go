package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// pkg is a package as `go list` describes it.
type pkg struct {
	ImportPath string
	Dir        string
	GoFiles    []string // for this system, without tests
	Module     struct{ Path, Dir string }
}

// name is the import path without the module's.
func (p pkg) name() string { return strings.TrimPrefix(p.ImportPath, p.Module.Path+"/") }

// listPackages asks the go command, in a folder.
func listPackages(ctx context.Context, dir string, patterns []string) ([]pkg, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-json=ImportPath,Dir,GoFiles,Module"}, patterns...)...) //nolint:gosec // the developer's own words
	cmd.Dir = dir
	var said bytes.Buffer
	cmd.Stderr = &said
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, &said)
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		all = append(all, p)
	}
}

// mutant is one edit: in the file, from start up to end stands text instead.
type mutant struct {
	file       string // absolute
	line       int
	start, end int // in bytes
	text       string
	kind       string // of those in the package's comment
	was        string // what stands there now, on one line
}

func (m mutant) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", filepath.Base(m.file), m.line, m.kind, m.was)
}

// apply returns the file with the edit made.
func (m mutant) apply() ([]byte, error) {
	src, err := os.ReadFile(m.file)
	if err != nil {
		return nil, err
	}
	return slices.Concat(src[:m.start], []byte(m.text), src[m.end:]), nil
}

// mutants returns all that can be made of the package's files, by place. Code that
// was generated is not: its generator is what is written.
func (p pkg) mutants() ([]mutant, error) {
	var all []mutant
	for _, name := range p.GoFiles {
		path := filepath.Join(p.Dir, name)
		src, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, path, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		if ast.IsGenerated(f) {
			continue
		}
		all = append(all, find(set, f, src)...)
	}
	slices.SortStableFunc(all, func(a, b mutant) int {
		return cmp.Or(strings.Compare(a.file, b.file), a.start-b.start, strings.Compare(a.kind, b.kind))
	})
	return all, nil
}

// choose returns the mutants in the order in which they are tried, all of them: how
// many compile is not known yet.
func (o options) choose(all []mutant) []mutant {
	all = slices.DeleteFunc(all, func(m mutant) bool { return !o.at.MatchString(m.String()) })
	if o.n > 0 {
		random := rand.New(rand.NewPCG(o.seed, 0))
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	}
	return all
}
