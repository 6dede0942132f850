package keychain_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"collectord/keychain"
)

func TestState(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	must(t, k.Assign("vk", keychain.Bare("secret-one")))
	must(t, k.Assign("vk:b", keychain.Bare("secret-two")))
	if err := k.SetState("yt", keychain.State{Name: keychain.Dead}); !errors.Is(err, keychain.ErrEmpty) {
		t.Errorf("state of an empty slot: %v", err)
	}
	s := keychain.State{Name: keychain.Parked, Reason: "captcha for secret-one", Hint: "open it",
		Link:  "https://id.vk.ru/not_robot_captcha?session_token=" + strings.Repeat("eyJ0", 500) + "#remixstlid=1", // a page is told whole
		Until: time.Date(2026, 11, 22, 1, 2, 3, 4, time.UTC), Times: 3}
	must(t, k.SetState("vk", s))
	must(t, k.SetState("vk:b", keychain.State{Name: keychain.Dead, Reason: strings.Repeat("x\n", 2000), Link: "https://vk.ru/" + strings.Repeat("x", 5000)}))
	s.Reason = "captcha for [redacted]"
	for range 2 {
		if got := k.State("vk"); got != s {
			t.Errorf("state: %+v", got)
		}
		if r := k.State("vk:b").Reason; len(r) > 510 || strings.Contains(r, "\n") {
			t.Errorf("reason of %d bytes", len(r))
		}
		if l := k.State("vk:b").Link; l != "" {
			t.Errorf("a part of a link: %s", l)
		}
		k = loaded(t, dir) // restarted
	}
	if n := len(dumpFiles(t, dir)); n != 2 {
		t.Errorf("%d dumps: a state wrote one", n)
	}
	info := k.Show()[0]
	if info.Slot != "vk" || info.State != s || info.Kind == "" || time.Since(info.AssignedAt) > time.Minute {
		t.Errorf("show: %+v", info)
	}

	must(t, k.Assign("vk", keychain.Bare("secret-one"))) // the same value is a new one, too
	must(t, k.SetState("vk:b", keychain.State{Name: keychain.OK}))
	for range 2 {
		if k.State("vk") != (keychain.State{}) || k.State("vk:b") != (keychain.State{}) || k.Show()[0].State.Name != keychain.OK {
			t.Errorf("states: %+v %+v", k.State("vk"), k.State("vk:b"))
		}
		k = loaded(t, dir)
	}
	must(t, k.SetState("vk", s))
	must(t, k.Delete("vk"))
	if k.State("vk") != (keychain.State{}) {
		t.Error("an empty slot has a state")
	}
}

func TestDamagedStates(t *testing.T) {
	dir := t.TempDir()
	k := open(t, dir)
	must(t, k.Assign("vk", keychain.Bare("one")))
	must(t, os.WriteFile(filepath.Join(dir, "keychain", "state.json"), []byte("{rubbish"), 0o600))
	k = loaded(t, dir)
	want(t, k, "vk", "one")
	if w := k.Warnings(); len(w) != 1 || !strings.Contains(w[0].Error(), "state.json") {
		t.Errorf("warnings: %v", w)
	}
	must(t, k.SetState("vk", keychain.State{Name: keychain.Dead}))
	if loaded(t, dir).State("vk").Name != keychain.Dead {
		t.Error("the file was not mended")
	}
}
