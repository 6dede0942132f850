// Command release builds everything that is handed out: for each architecture a static
// binary, a .tar.gz, a .deb and a .rpm with manual pages, completions, the unit and the
// documentation, and the checksums of all of them.
//
//	go run ./internal/release -o dist
//
// The same sources, version and Go make the same bytes: paths are trimmed, the time of
// every file is $SOURCE_DATE_EPOCH (else that of the commit), names are sorted and owners
// are root. It is run in the project's root, and needs Go, and the module proxy for
// nfpm the first time (tools/nfpm).
//
//	sources ──► build ──► STAGE/usr/bin/collectord ─┐
//	              └─ collectord man, completion ──► stage ──► tar.gz
//	docs, deploy ───────────────────────────────────┘  └────► nfpm ──► deb, rpm
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// release is one run.
type release struct {
	out     string    // folder of what is handed out
	version string    // without a leading v
	at      time.Time // of every file
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	out := flags.String("o", "dist", "the folder to write to")
	version := flags.String("version", "", "the version (default: the tag at the commit, else 0.0.0 and the commit)")
	arches := flags.String("arch", runtime.GOARCH, "the architectures, with commas between: amd64,arm64")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if _, err := os.Stat("internal/release"); err != nil {
		return fmt.Errorf("to be run in the project's root: %w", err)
	}
	r := &release{version: strings.TrimPrefix(*version, "v")}
	var err error
	if r.out, err = filepath.Abs(*out); err != nil {
		return err
	}
	if r.at, err = sourceTime(ctx); err != nil {
		return err
	}
	if r.version == "" {
		r.version = versionOf(ctx)
	}
	var files []string
	for arch := range strings.SplitSeq(*arches, ",") {
		made, err := r.build(ctx, arch)
		if err != nil {
			return fmt.Errorf("%s: %w", arch, err)
		}
		files = append(files, made...)
	}
	return r.sums(files, stdout)
}

// build makes what is handed out for one architecture and returns its files.
func (r *release) build(ctx context.Context, arch string) ([]string, error) {
	stage, err := os.MkdirTemp("", "collectord-release-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(stage) }() // what is left in /tmp harms nobody
	if err := r.fill(ctx, stage, arch); err != nil {
		return nil, err
	}
	tar := filepath.Join(r.out, fmt.Sprintf("collectord_%s_linux_%s.tar.gz", r.version, arch))
	if err := r.tarball(tar, stage, strings.TrimSuffix(filepath.Base(tar), ".tar.gz")); err != nil {
		return nil, err
	}
	files := []string{tar}
	for _, format := range []string{"deb", "rpm"} {
		file := filepath.Join(r.out, fmt.Sprintf("collectord_%s_%s.%s", r.version, arch, format))
		cmd := command(ctx, "go", "tool", "-modfile=tools/nfpm/go.mod", "nfpm", "package",
			"--config", "deploy/package/nfpm.yaml", "--packager", format, "--target", file)
		cmd.Env = append(os.Environ(), "GOFLAGS=", "STAGE="+stage, "ARCH="+arch, "VERSION="+r.version,
			"SOURCE_DATE_EPOCH="+strconv.FormatInt(r.at.Unix(), 10))
		if _, err := output(cmd); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// sums writes SHA256SUMS and prints it.
func (r *release) sums(files []string, stdout io.Writer) error {
	slices.Sort(files)
	var text bytes.Buffer
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(&text, "%x  %s\n", sha256.Sum256(b), filepath.Base(name))
	}
	if _, err := stdout.Write(text.Bytes()); err != nil {
		return err
	}
	return put(filepath.Join(r.out, "SHA256SUMS"), text.Bytes())
}

// sourceTime is the time that every file gets.
func sourceTime(ctx context.Context) (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		out, err := output(command(ctx, "git", "log", "-1", "--format=%ct"))
		if err != nil {
			return time.Time{}, fmt.Errorf("no SOURCE_DATE_EPOCH, and no commit to take the time of: %w", err)
		}
		text = out
	}
	unix, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	return time.Unix(unix, 0).UTC(), nil
}

// versionOf is the tag at the commit, else a version below all tags with the commit.
func versionOf(ctx context.Context) string {
	if tag, err := output(command(ctx, "git", "describe", "--tags", "--exact-match", "--match", "v[0-9]*")); err == nil {
		return strings.TrimPrefix(tag, "v")
	}
	commit, err := output(command(ctx, "git", "rev-parse", "--short=12", "HEAD"))
	if err != nil {
		return "0.0.0" // not a checkout
	}
	return "0.0.0+" + commit
}

// command is a program with its arguments, which nobody but this program chooses.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, name, args...) //nolint:gosec // no shell, and no argument from outside
}

// put writes a file that everybody may read, and the folders above it.
func put(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // for everybody
		return err
	}
	return os.WriteFile(path, text, 0o644) //nolint:gosec // for everybody
}

// output runs a command and returns what it printed, trimmed. What it said on stderr is
// part of the error.
func output(cmd *exec.Cmd) (string, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", strings.Join(cmd.Args, " "), err, out, stderr.Bytes())
	}
	return strings.TrimSpace(string(out)), nil
}
