// Package toolbuild builds the servers that tests and measurements run, once for a
// machine, and runs them.
//
//	binary, err := toolbuild.Tool{Name: "influxd", Command: ..., ModFile: ...}.Build(ctx)
//	p, err := toolbuild.Start(binary, "run", "-config", file)
//	p.End(os.Kill)
//
// It is for the packages that know a server, internal/influxdtest and internal/natstest;
// they decide whether a test without one is skipped.
package toolbuild

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// buildTimeout bounds the wait for a build, our own or another process's: a minute
// with a cold cache, more where several builds share the machine.
const buildTimeout = 8 * time.Minute

// Tool is a program of another module.
type Tool struct {
	Name    string // of the built file, before what tells its versions apart
	Command string // the package of its main function
	ModFile string // the go.mod that pins it, from the project's root
}

// Build returns the path of the program, built if it was not yet. Test binaries that
// want it at the same time wait for the one that builds. The working folder has to be
// within the project.
func (t Tool) Build(ctx context.Context) (string, error) {
	root, err := projectRoot()
	if err != nil {
		return "", err
	}
	path, err := t.binaryPath(root)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, buildTimeout)
	defer cancel()
	lock := flock.New(path + ".lock")
	if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return "", fmt.Errorf("lock %s.lock: %w", path, err)
	}
	defer func() { _ = lock.Unlock() }()
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		return path, nil
	}
	return path, t.compile(ctx, root, path)
}

// compile builds under another name first: a build cut short leaves no half of a
// program under the name that is shared.
func (t Tool) compile(ctx context.Context, root, path string) error {
	part := path + ".part"
	cmd := exec.CommandContext(ctx, "go", "build", "-modfile="+t.ModFile, "-o", part, t.Command) //nolint:gosec // G204: constants of two packages, and a path of this one's own
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", t.Command, err, out)
	}
	return os.Rename(part, path)
}

// binaryPath names the program after what it is built from, so that a change of
// its version or of Go's builds another.
func (t Tool) binaryPath(root string) (string, error) {
	mod, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(t.ModFile)))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append(mod, runtime.Version()+runtime.GOARCH...))
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("collectord-tools-%d", os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return filepath.Join(dir, fmt.Sprintf("%s-%x", t.Name, sum[:6])), nil
}

// projectRoot walks up from the working folder to the one that holds go.mod.
func projectRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(mod), "module collectord\n") {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("the project's go.mod is in no folder above this one")
		}
		dir = parent
	}
}
