package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"image/png"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

var pictures = flag.String("pictures", "", "the folder into which TestPictures makes the pictures of the page anew; without it, those of docs are looked at")

// picture is one of the pictures that docs/page.md shows.
type picture struct {
	name, path    string
	width, height int64
	scheme        string
}

func picturesOf() []picture {
	return []picture{
		{"page-wide-light", "/", 1280, 1380, "light"},
		{"page-wide-dark", "/?sort=-24h", 1280, 1380, "dark"},
		{"page-phone-light", "/?sort=-7d#accounts", 390, 1300, "light"},
		{"page-account", "/accounts/twitter/BBCWorld?since=30d", 1280, 1080, "light"},
	}
}

// TestPictures holds that the pictures of docs are there and small; with -pictures it
// makes them, from a demo in the same process.
func TestPictures(t *testing.T) {
	dir := *pictures
	if dir == "" {
		dir = filepath.Join("..", "..", "docs", "pictures")
	} else {
		takePictures(t, dir)
	}
	for _, p := range picturesOf() {
		data, err := os.ReadFile(filepath.Join(dir, p.name+".png"))
		if err != nil {
			t.Error(err)
			continue
		}
		if c, err := png.DecodeConfig(bytes.NewReader(data)); err != nil || int64(c.Width) != p.width || len(data) > 250_000 {
			t.Errorf("%s: %d pixels wide, %d bytes, %v", p.name, c.Width, len(data), err)
		}
	}
}

func takePictures(t *testing.T, dir string) {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is missing: apt-get install chromium")
	}
	url := startDemo(t)
	waitForPolls(t, url)
	allocator, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU)...)
	defer stop()
	ctx, end := chromedp.NewContext(allocator)
	defer end()
	for _, p := range picturesOf() {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: p.scheme}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(p.width, p.height), chromedp.Navigate(url+p.path)); err != nil {
			t.Fatal(err)
		}
		shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, p.name+".png"), shot, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// startDemo runs the demo for as long as the test and returns its address.
func startDemo(t *testing.T) string {
	t.Helper()
	out, in := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		env := &environment{Stdin: strings.NewReader(""), Stdout: in, Stderr: io.Discard, Getenv: os.LookupEnv}
		_ = in.CloseWithError(demo(ctx, env, "127.0.0.1:0"))
	})
	t.Cleanup(func() { cancel(); _ = out.Close(); running.Wait() })
	said := make([]byte, 4096)
	n, err := out.Read(said)
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).Find(said[:n])
	if err != nil || address == nil {
		t.Fatalf("the demo says %q: %v", said[:n], err)
	}
	return string(address)
}

// demoAccount is an account of /api/v1/accounts.
type demoAccount struct{ State *string }

// waitForPolls waits until every account was asked for.
func waitForPolls(t *testing.T, url string) {
	t.Helper()
	for range 300 {
		var accounts []demoAccount
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api/v1/accounts", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		err = json.NewDecoder(answer.Body).Decode(&accounts)
		_ = answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(accounts, func(a demoAccount) bool { return a.State == nil }) {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
	t.Fatal("not every account of the demo is polled")
}
