package keychain_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"gopkg.in/yaml.v3"

	"collectord/keychain"
)

const marked = "MARKED-secret+1"

// printed is x in every way of printing that the program has.
func printed(t *testing.T, x any) string {
	t.Helper()
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", x)
		fmt.Fprintf(&out, verb+"\n", &x)
		fmt.Fprintf(&out, verb+"\n", []any{x})
		fmt.Fprintf(&out, verb+"\n", map[string]any{"x": x})
		if _, gap := x.(keychain.Secret); !gap {
			fmt.Fprintf(&out, verb+"\n", struct{ x any }{x}) // unexported: fmt cannot call Format
		}
	}
	text, err := json.Marshal(x)
	out.Write(text)
	fmt.Fprintln(&out, err)
	if text, err := yaml.Marshal(x); err == nil {
		out.Write(text)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "x", x)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "x", x)
	core, logs := observer.New(zap.DebugLevel)
	zap.New(core).Info("x", zap.Any("x", x), zap.Reflect("y", x))
	for _, e := range logs.All() {
		fmt.Fprintf(&out, "%v\n", e.ContextMap())
	}
	return out.String()
}

func hexOf(s string) string { return fmt.Sprintf("%x", s) }

func refuseMarked(t *testing.T, what, text string) {
	t.Helper()
	for _, form := range []string{marked, "MARKED", hexOf("MARKED"), strings.ToUpper(hexOf("MARKED"))} {
		if i := strings.Index(text, form); i >= 0 {
			t.Errorf("%s: a secret: ...%q", what, text[max(0, i-60):min(len(text), i+60)])
		}
	}
}

// holder keeps a value where fmt cannot call its methods.
type holder struct {
	v keychain.Value
	t keychain.Token
	k *keychain.KeyChain
}

func TestNothingPrintsSecrets(t *testing.T) {
	k := open(t, t.TempDir())
	m := keychain.Mapping(map[string]string{"consumer_key": marked, "consumer_secret": marked, "access_token": marked, "access_secret": marked})
	must(t, k.Assign("vk", keychain.Bare(marked)))
	must(t, k.Assign("tw", m))
	must(t, k.SetState("tw", keychain.State{Name: keychain.Dead, Reason: "got " + marked, Hint: marked, Link: "https://x/?t=MARKED-secret%2B1"}))
	b, _ := k.Token("vk")
	dumps, err := k.Dumps()
	must(t, err)
	for _, x := range []any{
		keychain.Secret(marked), keychain.Bare(marked), m, b, keychain.Token{Slot: "tw", Value: m}, k,
		holder{m, b, k}, &holder{m, b, k}, []keychain.Value{m}, map[string]keychain.Token{"vk": b},
		keychain.Fresh{Value: m, Raw: m}, k.Show(), k.State("tw"), dumps, keychain.Outcome{Slot: "vk"},
	} {
		refuseMarked(t, fmt.Sprintf("%T", x), printed(t, x))
	}
	if s := fmt.Sprint(b); s != "vk: [redacted]" {
		t.Errorf("token prints as %q", s)
	}
}

func TestFilesHoldNoSecrets(t *testing.T) {
	dir := t.TempDir()
	bad := errors.New("refused " + marked)
	k := open(t, dir, func(o *keychain.Options) {
		o.Refreshers = map[string]keychain.Refresher{"vk": &fakeRefresher{window: always, err: &keychain.Refusal{
			State: keychain.State{Name: keychain.Parked, Reason: bad.Error(), Link: "https://x/" + marked}, Err: bad}}}
	})
	must(t, k.Assign("vk", keychain.Bare(marked)))
	must(t, k.SetState("vk", keychain.State{Name: keychain.Cooling, Reason: marked}))
	must(t, k.Assign("vk:two", keychain.Bare(marked+"x")))
	outcomes, err := k.AutocompleteNow(context.Background())
	must(t, err)
	for _, o := range outcomes {
		refuseMarked(t, "outcome", fmt.Sprint(o))
	}
	if len(outcomes) != 2 {
		t.Errorf("outcomes: %v", outcomes)
	}
	files := 0
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		must(t, err)
		if d.IsDir() {
			return nil
		}
		files++
		data, err := os.ReadFile(path)
		must(t, err)
		refuseMarked(t, path, string(data))
		return nil
	}))
	if files < 6 { // key, dumps, states, intents, locks
		t.Errorf("%d files only", files)
	}
}

func TestErrorsHoldNoSecrets(t *testing.T) {
	dir := t.TempDir()
	echo := func(_ context.Context, token keychain.Token) (string, error) {
		return "report " + token.Bare(), fmt.Errorf("no: %s", token.Bare())
	}
	k := open(t, dir, func(o *keychain.Options) { o.Checkers = map[string]keychain.Checker{"vk": echo} })
	must(t, k.Assign("vk", keychain.Bare(marked)))
	report, err := k.Check(t.Context(), "vk")
	refuseMarked(t, "check", report+fmt.Sprintf("%v %+v", err, err))
	report, err = k.Try(t.Context(), "vk", keychain.Bare(marked+"2"))
	refuseMarked(t, "try", report+fmt.Sprint(err))
	contains(t, err, "no: [redacted]")
	for _, slot := range []string{"vk:" + marked, marked, "zz"} {
		for _, v := range []keychain.Value{keychain.Bare(marked), keychain.Mapping(map[string]string{marked: marked}), {}} {
			refuseMarked(t, "assign "+slot, fmt.Sprint(k.Assign(slot, v), k.Delete(slot), k.Load(marked)))
		}
	}
	_, err = k.Renew(t.Context(), keychain.Token{Slot: "vk", Value: keychain.Bare(marked)})
	refuseMarked(t, "renew", fmt.Sprint(err))
	if !errors.Is(err, keychain.ErrNotRenewable) {
		t.Errorf("renew: %v", err)
	}
}

func TestRedactTakesTheLongestFirst(t *testing.T) {
	v := keychain.Mapping(map[string]string{"a": "abcd", "b": "abcdEFGH", "c": "x y+"})
	if got := v.Redact("1 abcdEFGH 2 abcd 3 x+y%2B 4 x%20y+ 5"); got != "1 [redacted] 2 [redacted] 3 [redacted] 4 [redacted] 5" {
		t.Error(got)
	}
}

func TestWith(t *testing.T) {
	v := keychain.Mapping(map[string]string{"a": "1", "b": "2"})
	w := v.With(map[string]string{"b": "", "c": "3"})
	if !w.Equal(keychain.Mapping(map[string]string{"a": "1", "c": "3"})) || v.Get("b") != "2" {
		t.Errorf("%q %q", w.Names(), v.Names())
	}
}
