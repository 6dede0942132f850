package networks_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/all"
)

func TestHintFor(t *testing.T) {
	for _, c := range []struct{ slot, hint, want string }{
		{"vk", "log in again: collectord keychain login vk", "log in again: collectord keychain login vk"},
		{"", "assign slot vk", "assign slot vk"},
		{"vk:b", "log in again: collectord keychain login vk", "log in again: collectord keychain login vk --slot vk:b"},
		{"vk:b", "hand it in: collectord keychain login vk --method captcha", "hand it in: collectord keychain login vk --slot vk:b --method captcha"},
		{"vk:b", "`collectord keychain login vk --slot vk:b`, again", "`collectord keychain login vk --slot vk:b`, again"},
		{"tw:a-1", "assign slot tw: {bearer_token}", "assign slot tw:a-1: {bearer_token}"},
		{"rd:b", "assign them to slot rd; an app", "assign them to slot rd:b; an app"},
		{"vk:b", "assign a token to the slot vk", "assign a token to the slot vk:b"},
		{"raw_vk:b", "assign raw_vk anew", "assign raw_vk:b anew"},
		{"raw_vk:b", "log in: collectord keychain login vk --method direct", "log in: collectord keychain login vk --slot vk:b --method direct"},
		{"ok:b", "put a refresh_token into slot raw_ok", "put a refresh_token into slot raw_ok:b"},
		{"ig:b", "give it its own slot (token: ig:NAME)", "give it its own slot (token: ig:NAME)"},
		{"th:b", "the slots say so", "the slots say so"},
	} {
		if got := networks.HintFor(c.hint, c.slot); got != c.want {
			t.Errorf("%s: %q, want %q", c.slot, got, c.want)
		}
		if again := networks.HintFor(c.want, c.slot); again != c.want {
			t.Errorf("%s: worded twice it is %q", c.slot, again)
		}
	}
}

// hinting is a network that refuses every token with a hint.
type hinting struct{ networks.Network }

func refusal() *networks.Error {
	return &networks.Error{Op: "vk: token", Kind: networks.Unauthorized, Hint: "log in again: collectord keychain login vk"}
}

func (hinting) Check(context.Context, keychain.Token) (string, error) { return "", refusal() }

func (h hinting) Refreshers() map[string]keychain.Refresher {
	return map[string]keychain.Refresher{"vk": h}
}

func (h hinting) Makers() map[string]keychain.Maker { return map[string]keychain.Maker{"raw_vk": h} }

func (hinting) Window(_ keychain.Token, held, _ time.Time) keychain.Window {
	return keychain.Window{From: held, By: held.Add(time.Second)}
}

func (hinting) Refresh(context.Context, keychain.Token) (keychain.Fresh, error) {
	e := refusal()
	return keychain.Fresh{}, &keychain.Refusal{State: keychain.State{Name: keychain.Dead, Hint: e.Hint}, Err: e}
}

func (hinting) Make(context.Context, keychain.Token) (keychain.Fresh, error) {
	return keychain.Fresh{}, &keychain.Later{After: time.Hour, Err: refusal()}
}

// TestHintsNameTheSlot: whichever way a network is asked about a token of a slot with a
// name, what the operator is told to do is about that slot.
func TestHintsNameTheSlot(t *testing.T) {
	vk, _ := all.Find("vk")
	opts := keychain.Options{Dir: t.TempDir()}
	networks.Introduce(&opts, vk, hinting{})
	k, err := keychain.Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	raw := keychain.Mapping(map[string]string{"app_id": "1", "app_secret": "x", "login": "l", "password": "p"})
	for slot, v := range map[string]keychain.Value{"vk:b": keychain.Bare("token"), "raw_vk:c": raw} {
		if err := k.Assign(slot, v); err != nil {
			t.Fatal(err)
		}
	}
	errs := make(map[string]error)
	_, errs["check of vk:b"] = k.Check(t.Context(), "vk:b")
	outcomes, err := k.Autocomplete(t.Context())
	if err != nil || len(outcomes) != 2 {
		t.Fatalf("%v, %v", outcomes, err)
	}
	for _, o := range outcomes {
		errs["renewal of "+o.Slot] = o.Err
	}
	for what, err := range errs {
		slot := what[strings.LastIndex(what, " ")+1:]
		var e *networks.Error
		if !errors.As(err, &e) || e.Hint != "log in again: collectord keychain login vk --slot "+slot {
			t.Errorf("%s: %v, hint %+v", what, err, e)
		}
	}
	if s := k.State("vk:b"); s.Name != keychain.Dead || !strings.HasSuffix(s.Hint, "--slot vk:b") {
		t.Errorf("the state is %+v", s)
	}
	if networks.HintFor(refusal().Hint, "vk") != refusal().Hint || refusal().ForSlot("vk").Hint != refusal().Hint {
		t.Error("a slot without a name needs no --slot")
	}
}
