package keychain_test

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"collectord/keychain"
)

var kills = flag.Int("kills", 4, "how often TestKill kills")

func startChild(t *testing.T, dir, slot string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "KEYCHAIN_TEST_DIR="+dir, "KEYCHAIN_TEST_SLOT="+slot)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	return cmd, bufio.NewScanner(out)
}

// limitedChild runs a child whose files have a limit, in bytes, until it fails. It
// returns the value that the child then held.
func limitedChild(t *testing.T, dir, slot string, limit int) (holds, said string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "KEYCHAIN_TEST_DIR="+dir, "KEYCHAIN_TEST_SLOT="+slot, "KEYCHAIN_TEST_LIMIT="+strconv.Itoa(limit))
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	return stdout.String(), stderr.String(), err
}

// TestKill kills a process that assigns in a loop: the newest dump is one that was
// acknowledged, or the one that was being written.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	for n := range *kills {
		cmd, out := startChild(t, dir, "vk")
		last := -1
		for out.Scan() {
			i, err := strconv.Atoi(out.Text())
			must(t, err)
			last = i
			if i == 3+7*n {
				must(t, cmd.Process.Kill())
			}
		}
		_ = cmd.Wait()
		if last < 3+7*n {
			t.Fatalf("the child ended by itself after %d", last)
		}
		k := loaded(t, dir)
		v, _ := k.Get("vk")
		got, err := strconv.Atoi(strings.TrimPrefix(v.Bare(), "value-"))
		if err != nil || got < last || got > last+1 {
			t.Errorf("acknowledged %d, found %q", last, v.Bare())
		}
		if w := k.Warnings(); len(w) > 0 {
			t.Errorf("warnings: %v", w)
		}
	}
}

// TestTwoProcesses: two processes assign to two slots at once, while this one does
// to a third; nobody loses anything.
func TestTwoProcesses(t *testing.T) {
	dir := t.TempDir()
	const rounds = 20
	a, outA := startChild(t, dir, "vk:a")
	b, outB := startChild(t, dir, "vk:b")
	k := open(t, dir)
	lastA, lastB := "", ""
	for i := range rounds {
		must(t, k.Assign("vk:c", keychain.Bare(fmt.Sprint("mine-", i))))
		if !outA.Scan() || !outB.Scan() {
			t.Fatal("a child ended by itself")
		}
		lastA, lastB = outA.Text(), outB.Text()
	}
	must(t, a.Process.Kill())
	must(t, b.Process.Kill())
	for outA.Scan() {
		lastA = outA.Text()
	}
	for outB.Scan() {
		lastB = outB.Text()
	}
	_, _ = a.Wait(), b.Wait()
	must(t, k.LoadLast())
	want(t, k, "vk:c", fmt.Sprint("mine-", rounds-1))
	for slot, last := range map[string]string{"vk:a": lastA, "vk:b": lastB} {
		v, _ := k.Get(slot)
		got, _ := strconv.Atoi(strings.TrimPrefix(v.Bare(), "value-"))
		acknowledged, err := strconv.Atoi(last)
		if err != nil || got < acknowledged || got > acknowledged+1 {
			t.Errorf("%s: acknowledged %s, found %q", slot, last, v.Bare())
		}
	}
}

func BenchmarkAssign(b *testing.B) {
	k := open(b, b.TempDir())
	for b.Loop() {
		must(b, k.Assign("vk", keychain.Bare("value")))
	}
}

func BenchmarkLoadLast(b *testing.B) {
	dir := b.TempDir()
	must(b, open(b, dir).Assign("vk", keychain.Bare("value")))
	for b.Loop() {
		must(b, open(b, dir).LoadLast())
	}
}
