package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"collectord/internal/leaktest"
	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/all"
)

// leakyRig is a folder with a config whose networks and InfluxDB repeat every secret
// that they are sent, and with a token in every slot.
type leakyRig struct {
	t      *testing.T
	dir    string
	listen string
	server *leaktest.Server
}

func newLeakyRig(t *testing.T) *leakyRig {
	t.Helper()
	r := &leakyRig{t: t, dir: t.TempDir(), listen: freeAddress(t), server: leaktest.NewServer(2)}
	web := httptest.NewServer(r.server)
	t.Cleanup(web.Close)
	settings := make(map[string]string)
	for _, d := range all.List() {
		settings[d.Name] = "base_url: " + web.URL + ", schedule: '@every 1s', requests_per_second: 100"
		if d.AuthURL != "" {
			settings[d.Name] += ", auth_url: " + web.URL
		}
	}
	text := fmt.Sprintf("web: {listen: '%s'}\nlog: {level: debug, format: json}\nkeychain: {autocomplete: '@every 1s'}\n"+
		"influxdb: {url: '%s', org: smm, bucket: followers, token: '${LEAKY_TOKEN}'}\n", r.listen, web.URL) + leaktest.Networks(settings)
	r.write("config.yaml", text)
	for _, d := range all.List() {
		for _, s := range leaktest.Slots(d.Slots) {
			value := map[string]string{}
			for _, name := range s.Value.Names() {
				value[name] = s.Value.Get(name)
			}
			input, err := json.Marshal(value)
			if s.Value.IsBare() {
				input = []byte(s.Value.Bare())
			}
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			env := &environment{Stdin: bytes.NewReader(input), Stdout: &out, Stderr: &out, Getenv: r.getenv}
			if code := run([]string{"keychain", "assign", s.Name, "--from", "-", "--config", filepath.Join(r.dir, "config.yaml")}, env); code != 0 {
				t.Fatalf("assign %s: %s", s.Name, &out)
			}
			leaktest.Refuse(t, "assign", out.Bytes())
		}
	}
	return r
}

func (r *leakyRig) getenv(name string) (string, bool) {
	switch name {
	case "LEAKY_TOKEN":
		return leaktest.Plain("influx"), true
	case "STATE_DIRECTORY":
		return filepath.Join(r.dir, "state"), true
	}
	return "", false
}

func (r *leakyRig) write(name, text string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// command is collectord as a process, which is interrupted after a while.
func (r *leakyRig) command(ctx context.Context, args ...string) (*exec.Cmd, *bytes.Buffer) {
	out := new(bytes.Buffer)
	cmd := exec.CommandContext(ctx, "collectord", args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Dir, cmd.Stdout, cmd.Stderr = r.dir, out, out
	token, _ := r.getenv("LEAKY_TOKEN")
	cmd.Env = append(os.Environ(), "LEAKY_TOKEN="+token, "STATE_DIRECTORY="+filepath.Join(r.dir, "state"))
	return cmd, out
}

// says runs commands side by side and looks at what they print.
func (r *leakyRig) says(within time.Duration, commands ...string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), within)
	defer cancel()
	var running sync.WaitGroup
	outputs := make([]*bytes.Buffer, len(commands))
	for i, line := range commands {
		var cmd *exec.Cmd
		cmd, outputs[i] = r.command(ctx, strings.Fields(line)...)
		running.Go(func() { _ = cmd.Run() }) // they may fail, as everything does here
	}
	running.Wait()
	said := 0
	for i, line := range commands {
		leaktest.Refuse(r.t, line, outputs[i].Bytes())
		if outputs[i].Len() > 0 {
			said++
		}
	}
	if said < len(commands)/2 {
		r.t.Errorf("%d of %d commands say anything", said, len(commands))
	}
}

// TestNoSecretOutsideTheProcess has the program as a program meet networks and an
// InfluxDB that repeat its secrets in every failure, at the most talkative log level.
func TestNoSecretOutsideTheProcess(t *testing.T) {
	r := newLeakyRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	daemon, out := r.command(ctx, "run")
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, "the daemon has asked everywhere", func() bool { return r.server.Asked.Load() > 40 })
	r.says(1500*time.Millisecond, "check --online", "check --online --json", "keychain check", "keychain check --json",
		"keychain show", "keychain show --json", "keychain dumps --json", "keychain autocomplete", "export", "export --format lp", "refused")
	arguments, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", daemon.Process.Pid))
	if err != nil && !os.IsNotExist(err) {
		t.Error(err)
	}
	leaktest.Refuse(t, "the command line", arguments)
	for _, path := range []string{"/", "/api/v1/accounts", "/api/v1/status", "/metrics", "/readyz", "/accounts/vk/durov", "/accounts/reddit/golang"} {
		body, err := get("http://" + r.listen + path)
		if err != nil || len(body) == 0 {
			t.Errorf("%s: %v, %d bytes", path, err, len(body))
		}
		leaktest.Refuse(t, path, body)
	}
	cancel()
	_ = daemon.Wait() // it was interrupted
	leaktest.Refuse(t, "the log", out.Bytes())
	if n := bytes.Count(out.Bytes(), []byte("\n")); n < 20 || r.server.Said.Load() < 30 {
		t.Errorf("%d lines of log, %d answers with secrets: too few to mean anything", n, r.server.Said.Load())
	}
	r.says(time.Second, "once --json")
	if seen := leaktest.RefuseFiles(t, filepath.Join(r.dir, "state")); seen < 10 {
		t.Errorf("only %d files", seen)
	}
}

// TestMistakesShowNoSecret writes secrets where they do not belong, or wrongly.
func TestMistakesShowNoSecret(t *testing.T) {
	dir := t.TempDir()
	s := leaktest.Plain("x")
	getenv := func(name string) (string, bool) { return s + " " + s, name == "LEAKY" }
	for _, text := range []string{
		"influxdb: {url: 'http://user:" + s + "@127.0.0.1:8086', bucket: b}",
		"influxdb: {url: 'http://user:" + s + "/x@127.0.0.1:8086', bucket: b}",
		"influxdb: {url: 'http://user:a@" + s + "@127.0.0.1:8086', bucket: b}",
		"influxdb: {url: 'user:" + s + "@127.0.0.1:8086', bucket: b}",
		"influxdb: {url: 'ftp://user:" + s + "@127.0.0.1', bucket: b}",
		"influxdb: {url: 'http://user:" + s + "@127.0.0.1:99999', bucket: b}",
		"influxdb: {url: 'http://127.0.0.1?token=" + s + "', bucket: b}",
		"influxdb: {url: ['" + s + "'], bucket: b, token: ['" + s + "']}",
		"influxdb: {url: http://a, bucket: b, token: 'two words " + s + "'}",
		"influxdb: {url: http://a, bucket: b, token: !x " + s + "}",
		"influxdb: {url: http://a, bucket: b, tokn: " + s + "}",
		"influxdb: {url: http://a, bucket: b, token: {value: " + s + "}}",
		"influxdb: {url: http://a, bucket: b, token: '${LEAKY}', token_file: x}",
		"influxdb: {url: '${LEAKY}', bucket: b}",
		"influxdb: {url: http://a, bucket: b, token: " + s + "\n",
		"influxdb: {url: http://a, bucket: b, token: \"" + s + "\\q\"}\n",
		"log: {level: '${LEAKY}'}", "journal: {keep: '${LEAKY}'}", "web: {listen: '${LEAKY}'}", "contact: '${LEAKY}'",
		"networks: {vk: {token: '${LEAKY}', accounts: ['${LEAKY}']}}", "networks: {vk: {base_url: 'https://u:" + s + "@h', accounts: [a]}}",
		"networks: {vk: {schedule: '${LEAKY}', accounts: {a: {handle: b, tags: {'network': '${LEAKY}'}}}}}",
	} {
		file := filepath.Join(dir, "config.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"check"}, {"check", "--json"}, {"run"}} {
			var out bytes.Buffer
			env := &environment{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Getenv: getenv}
			if code := run(append(args, "--config", file), env); code != exitUsage {
				t.Errorf("%q is taken: %d %s", text, code, &out)
			}
			leaktest.Refuse(t, text, out.Bytes())
		}
	}
}

// TestHintsHoldNoSecretOfAnotherSlot: a network knows the token that it was asked with and
// no other, and may repeat any.
func TestHintsHoldNoSecretOfAnotherSlot(t *testing.T) {
	k, err := keychain.Open(keychain.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Assign("vk", keychain.Bare("another-secret")); err != nil {
		t.Fatal(err)
	}
	e := &networks.Error{Op: "vk: users.get", Kind: networks.Challenge, Hint: "not another-secret", Link: "https://vk.ru/?of=another-secret"}
	if got, want := hintOf(k, e), hintMark+"not [redacted]; the page: https://vk.ru/?of=[redacted]"; got != want {
		t.Errorf("%s; want %s", got, want)
	}
}
