package natstest

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

const (
	command  = "github.com/nats-io/nats-server/v2"
	toolFile = "tools/nats/go.mod" // from the project's root

	// buildTimeout bounds the wait for a build, our own or another process's: a
	// minute with a cold cache, more where several builds share the machine.
	buildTimeout = 8 * time.Minute
)

// build returns the path of nats-server, built if it was not yet. Test binaries that
// want it at the same time wait for the one that builds.
func build(ctx context.Context) (string, error) {
	root, err := projectRoot()
	if err != nil {
		return "", err
	}
	path, err := binaryPath(root)
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
	return path, compile(ctx, root, path)
}

// compile builds under another name first: a build cut short leaves no half of a
// program under the name that is shared.
func compile(ctx context.Context, root, path string) error {
	part := path + ".part"
	cmd := exec.CommandContext(ctx, "go", "build", "-modfile="+toolFile, "-o", part, command) //nolint:gosec // G204: all of it is constants and a path of this package's own
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", command, err, out)
	}
	return os.Rename(part, path)
}

// binaryPath names the program after what it is built from, so that a change of
// its version or of Go's builds another.
func binaryPath(root string) (string, error) {
	mod, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(toolFile)))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append(mod, runtime.Version()+runtime.GOARCH...))
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("collectord-tools-%d", os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return filepath.Join(dir, fmt.Sprintf("nats-server-%x", sum[:6])), nil
}

// projectRoot walks up from the folder of the test to the one that holds go.mod.
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
			return "", errors.New("the project's go.mod is in no folder above the test")
		}
		dir = parent
	}
}
