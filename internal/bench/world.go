//nolint:gosec // paths and addresses are those of whoever runs the bench
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"collectord/networks"
	"collectord/networks/all"
	"collectord/networks/sim"
)

// token is one that the simulators take.
const token = "bench-token"

// account is the i-th account of a network in the simulated world, and how a config
// names it. Half of VK's are communities, which it is asked for apart.
func account(network string, i int) sim.Account {
	a := sim.Account{
		Network: network, ID: fmt.Sprint(10_000_000 + i), Handle: fmt.Sprintf("somebody_%d", i),
		Name: fmt.Sprintf("Some Body %d", i), Type: networks.Person, Followers: int64(1000 + 7*i), Verified: i%10 == 0,
	}
	switch network {
	case "vk":
		if i%2 == 1 {
			a.Type = networks.Group
		}
	case "bluesky":
		a.ID, a.Handle = fmt.Sprintf("did:plc:%024d", i), fmt.Sprintf("somebody%d.bsky.social", i)
	case "youtube":
		a.ID, a.Type = fmt.Sprintf("UCsomebody%014d", i), networks.Channel
	case "telegram":
		a.ID, a.Type = fmt.Sprint(-1_001_000_000_000-i), networks.Channel
	case "github":
		a.Handle = fmt.Sprintf("somebody-%d", i)
	}
	return a
}

// entry is how a config or a list names an account.
func entry(a sim.Account) string {
	if a.Network == "youtube" {
		return "@" + a.Handle
	}
	return a.Handle
}

// networksOf are those of a mix, and the slots of their tokens; "" for none.
func networksOf() map[string]string {
	return map[string]string{"vk": "vk", "twitter": "tw", "bluesky": "", "youtube": "yt", "telegram": "tg", "github": "gh"}
}

// tokenOf is what is in a slot.
func tokenOf(slot string) string {
	switch slot {
	case "tw":
		return `{"bearer_token": "` + token + `"}`
	case "tg":
		return "1234567:AA" + token
	}
	return token
}

// simulate serves simulated networks until stdin ends: each below a folder with its
// name, and at /count how many requests came in all. The first line of stdout is the
// address.
func simulate(ctx context.Context, o options) error {
	world := sim.NewWorld(1)
	mux := http.NewServeMux()
	for name, slot := range networksOf() {
		if o.only != "" && name != o.only {
			continue
		}
		for i := range o.accounts[0] {
			world.Add(account(name, i))
		}
		if slot != "" {
			world.AllowToken(name, strings.TrimSuffix(strings.TrimPrefix(tokenOf(slot), `{"bearer_token": "`), `"}`))
		}
		if o.latency > 0 {
			world.Break(name, func(_ http.ResponseWriter, r *http.Request) bool {
				_ = pause(r.Context(), o.latency) // who has gone is not answered either
				return false
			})
		}
		mux.Handle("/"+name+"/", http.StripPrefix("/"+name, all.Simulators()[name](world)))
	}
	mux.HandleFunc("/count", func(w http.ResponseWriter, _ *http.Request) {
		n := 0
		for name := range networksOf() {
			n += world.Requests(name)
		}
		_, _ = fmt.Fprint(w, n)
	})
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	_, _ = fmt.Println("http://" + l.Addr().String())
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := errors.Join(server.Close(), <-served); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// world is a running simulator.
type world struct {
	url   string
	cmd   *exec.Cmd
	stdin io.Closer
}

// newWorld starts a simulator with so many accounts of a network, or of each if only is "".
func newWorld(ctx context.Context, only string, accounts int, latency time.Duration) (*world, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-child", "simulate", "-accounts", fmt.Sprint(accounts), "-latency", latency.String(), "-only", only)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the simulator did not start: %w", err), stdin.Close(), cmd.Wait())
	}
	return &world{url: strings.TrimSpace(line), cmd: cmd, stdin: stdin}, nil
}

func (w *world) close() error { return errors.Join(w.stdin.Close(), w.cmd.Wait()) }

// requests is how many requests the simulator has seen.
func (w *world) requests(ctx context.Context) (n int, err error) {
	err = getJSON(ctx, w.url+"/count", &n)
	return n, err
}

// getJSON reads a short JSON answer.
func getJSON(ctx context.Context, url string, v any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	return json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(v)
}
