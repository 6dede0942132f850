package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestFilesAreTheOwners has everything that the program writes be its owner's alone,
// where the umask would let all others read and write: also the journal's write-ahead
// log, lock files, dumps and the key.
func TestFilesAreTheOwners(t *testing.T) {
	servers, err := startSimulators(t.Context(), scriptWorld())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.stop)
	dir := t.TempDir()
	text := fmt.Sprintf("state_dir: state\nweb: {listen: ''}\nnetworks:\n  vk: {base_url: %s, schedule: '@every 1s', accounts: [ria]}\n"+
		"  bluesky: {base_url: %s, schedule: '@every 1s', accounts: [bsky.app]}\n", servers.addresses["vk"], servers.addresses["bluesky"])
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	command := func(ctx context.Context, line string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, "sh", "-c", "umask 0; exec collectord "+line)
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		cmd.WaitDelay = 10 * time.Second
		cmd.Dir, cmd.Stdin = dir, strings.NewReader("vk-good-token\n")
		return cmd
	}
	for _, line := range []string{"keychain assign vk --from -", "keychain assign vk:second --from -", "once", "keychain check"} {
		if out, err := command(t.Context(), line).CombinedOutput(); err != nil && line != "keychain check" {
			t.Fatalf("%s: %v: %s", line, err, out)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	daemon := command(ctx, "run")
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	wal := filepath.Join(dir, "state", "journal.db-wal")
	eventually(t, 20*time.Second, "the daemon writes", func() bool { _, err := os.Stat(wal); return err == nil })
	seen := ownersAlone(t, filepath.Join(dir, "state"))
	for _, name := range []string{"journal.db", "journal.db-wal", "journal.db-shm", "keychain.key"} {
		if !strings.Contains(seen, "/"+name+"\n") {
			t.Errorf("%s was not looked at: %s", name, seen)
		}
	}
	cancel()
	_ = daemon.Wait() // it was told to end
	ownersAlone(t, filepath.Join(dir, "state"))
}

// ownersAlone checks every mode below a folder, and the folder's, and lists what it saw.
func ownersAlone(t *testing.T, dir string) (seen string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if os.IsNotExist(err) { // it was there a moment ago
			return nil
		}
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		seen += path + "\n"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return seen
}
