package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"collectord/networks/all"
	"collectord/networks/sim"
)

// TestMain lets the test binary be collectord: scripts start it as a program.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"collectord": main})
}

// TestScripts runs testdata/script/*.txtar: the program as a program, its output,
// its exit status and its files. In every script $VK, $TWITTER and so on are the
// addresses of simulated networks, whose world is that of scriptWorld.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			world := scriptWorld()
			env.Values[worldKey{}] = world
			servers, err := startSimulators(t.Context(), world)
			if err != nil {
				return err
			}
			env.Defer(servers.stop)
			for name, address := range servers.addresses {
				env.Setenv(upper(name), address)
			}
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("NOWHERE", "http://"+freeAddress(t))
			env.Setenv("LISTEN", freeAddress(t))
			env.Setenv("LOGIN", freeAddress(t))
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"expand":  expandFile,
			"retry":   retryHTTP,
			"exists1": oneFile,
			"browse":  browse,
			"captcha": captcha,
			"rename":  rename,
			"revoke":  revoke,
		},
	})
}

func upper(s string) string { return string(bytes.ToUpper([]byte(s))) }

// scriptWorld is the world of the scripts: still, and with every state.
func scriptWorld() *sim.World {
	w := sim.NewWorld(1)
	w.AllowToken("vk", "vk-good-token")
	w.AllowToken("twitter", "tw-bearer")
	for _, a := range vkApps() {
		w.VKApp(a)
	}
	for _, a := range []sim.Account{
		{Network: "vk", Handle: "ria", ID: "15755094", Type: "page", Name: "РИА Новости", Followers: 579_277},
		{Network: "vk", Handle: "durov", ID: "1", Type: "person", Name: "Павел Дуров", Followers: 6_000_000},
		{Network: "vk", Handle: "closed", ID: "5", Type: "person", Name: "Closed", Followers: 5, State: sim.Private},
		{Network: "vk", Handle: "banned", ID: "6", Type: "person", Name: "Banned", Followers: 5, State: sim.Suspended},
		{Network: "bluesky", Handle: "bsky.app", ID: "did:plc:z72i7hdynmk6r22z27h6tvur", Type: "person", Name: "Bluesky", Followers: 32_000_000},
	} {
		w.Add(a)
	}
	everyNetwork(w)
	return w
}

// freeAddress is an address on loopback where nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// expandFile replaces $VARIABLES of the script in files.
func expandFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: expand FILE...")
	}
	for _, name := range args {
		path := ts.MkAbs(name)
		text := os.Expand(ts.ReadFile(name), func(v string) string {
			if s := ts.Getenv(v); s != "" {
				return s
			}
			return "${" + v + "}"
		})
		ts.Check(os.WriteFile(path, []byte(text), 0o600))
	}
}

// retryHTTP asks an address until the answer holds a text: retry URL TEXT.
func retryHTTP(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: retry URL TEXT")
	}
	last := ""
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		body, err := get(args[0])
		if err == nil && bytes.Contains(body, []byte(args[1])) {
			return
		}
		last = fmt.Sprintf("%v %s", err, body)
	}
	ts.Fatalf("%s never said %q; last: %s", args[0], args[1], last)
}

func get(url string) ([]byte, error) {
	resp, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	var b bytes.Buffer
	_, err = b.ReadFrom(resp.Body)
	return b.Bytes(), err
}

// oneFile demands that a pattern matches exactly one file, with a mode: exists1 PATTERN 0600.
func oneFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: exists1 PATTERN MODE")
	}
	files, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(files) != 1 {
		ts.Fatalf("%s matches %d files", args[0], len(files))
	}
	info, err := os.Stat(files[0])
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s has mode %s", files[0], got)
	}
}

// TestEveryNetworkHasASimulator keeps the demo and the scripts whole.
func TestEveryNetworkHasASimulator(t *testing.T) {
	simulators := all.Simulators()
	for _, d := range all.List() {
		if simulators[d.Name] == nil {
			t.Errorf("%s has no simulator", d.Name)
		}
	}
}
