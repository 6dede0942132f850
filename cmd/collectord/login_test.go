package main

import (
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"collectord/networks/sim"
)

// vkApps are the applications at the simulated VK of the scripts.
func vkApps() []sim.VKApp {
	return []sim.VKApp{
		{ID: "51", User: "1"},
		{ID: "52", User: "1", Confidential: true, ServiceKey: "MARKED-service-key"},
		{ID: "53", User: "1", Deny: true},
		{ID: "54", User: "1", Secret: "MARKED-secret", Older: true, OlderLife: 24 * time.Hour, Groups: []string{"15755094"}},
		{ID: "55", User: "1", Secret: "MARKED-secret", Direct: true, Login: "+70000000000", Password: "MARKED-password"},
		{ID: "56", User: "1", Secret: "MARKED-secret", Direct: true, Login: "+70000000000", Password: "MARKED-password",
			Steps: []string{"captcha", "2fa_sms"}},
	}
}

// browse opens the page whose address a file holds, as soon as it does, follows the
// redirect, and keeps what it saw: browse FILE ended.txt page.txt. With - in place of
// page.txt the redirect is not followed: the browser is on another machine.
func browse(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: browse FILE ENDED PAGE|-")
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(addressIn(ts, args[0]))
	ts.Check(err)
	_ = resp.Body.Close()
	ended := resp.Header.Get("Location")
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(ended+"\n"), 0o600))
	if args[2] == "-" {
		return
	}
	resp, err = client.Get(ended)
	ts.Check(err)
	defer func() { _ = resp.Body.Close() }()
	page, err := io.ReadAll(resp.Body)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), page, 0o600))
}

// worldKey is where a script keeps its world.
type worldKey struct{}

// captcha makes the simulated VK ask for one: captcha TOKEN.
func captcha(ts *testscript.TestScript, neg bool, args []string) {
	world, ok := ts.Value(worldKey{}).(*sim.World)
	if neg || len(args) != 1 || !ok {
		ts.Fatalf("usage: captcha TOKEN")
	}
	world.VKCaptcha(args[0], sim.VKSuccessToken, "9069780796616521905")
}

// addressIn waits for a file to hold an address.
func addressIn(ts *testscript.TestScript, name string) string {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		text, _ := os.ReadFile(ts.MkAbs(name)) // it may not be there yet
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "http") && strings.HasSuffix(line, "\n") {
				return strings.TrimSpace(line)
			}
		}
	}
	ts.Fatalf("%s never held an address", name)
	return ""
}
