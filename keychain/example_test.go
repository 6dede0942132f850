package keychain_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"collectord/keychain"
)

// A token goes in and comes out. Printing it shows that there is one; the text itself is
// asked for by name (Bare, Get, Reveal).
func Example() {
	dir, _ := os.MkdirTemp("", "keychain")
	defer func() { _ = os.RemoveAll(dir) }()

	k, err := keychain.Open(keychain.Options{Dir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(k.Assign("vk", keychain.Bare("your_valid_token"))) // on disk, encrypted, when it returns
	token, ok := k.Token("vk")
	fmt.Println(token, ok)
	fmt.Printf("%#v %s\n", token, token.Bare())
	fmt.Println(k.Redact("GET https://api.vk.ru/?access_token=your_valid_token: connection refused"))
	// Output:
	// <nil>
	// vk: [redacted] true
	// vk: [redacted] your_valid_token
	// GET https://api.vk.ru/?access_token=[redacted]: connection refused
}

// k.assign('vk', 'your_valid_token'); k.dump(). A dump is written by the change.
func ExampleKeyChain_Assign() {
	dir, _ := os.MkdirTemp("", "keychain")
	defer func() { _ = os.RemoveAll(dir) }()

	k, err := keychain.Open(keychain.Options{Dir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := k.Assign("vk", keychain.Bare("your_valid_token")); err != nil {
		fmt.Println(err)
	}
	token := map[string]string{
		"consumer_key":    "Consumer-key",
		"consumer_secret": "Consumer-secret",
		"acces_token":     "Access-token",
		"access_secret":   "Access-token-secret",
	}
	if err := k.Assign("tw", keychain.Mapping(token)); err != nil {
		fmt.Println(err)
	}
	token["access_token"] = token["acces_token"]
	delete(token, "acces_token")
	fmt.Println(k.Assign("tw", keychain.Mapping(token)))
	fmt.Println(k.Assign("ig", keychain.Bare("access_token")))
	for _, info := range k.Show() {
		fmt.Println(info.Slot, info.State.Name, info.Kind)
	}
	// Output:
	// tw: a mapping needs consumer_key, consumer_secret, access_token, access_secret, or bearer_token, or consumer_key, consumer_secret, or client_id, access_token, refresh_token; unknown field "acces_token" (did you mean access_token?)
	// <nil>
	// <nil>
	// ig ok Instagram Login
	// tw ok four keys (OAuth 1.0a)
	// vk ok service key, community or user token
}

// k.dump(), the available dumps, and k.load() of one of them.
func ExampleKeyChain_Dump() {
	dir, _ := os.MkdirTemp("", "keychain")
	defer func() { _ = os.RemoveAll(dir) }()

	k, _ := keychain.Open(keychain.Options{Dir: dir})
	_ = k.Assign("vk", keychain.Bare("your_valid_token"))
	id, err := k.Dump()
	fmt.Println(err)
	_ = k.Delete("vk")

	dumps, _ := k.Dumps() // the newest first
	for _, d := range dumps {
		fmt.Println(d.Slots, d.ID == id)
	}
	fmt.Println(k.Load(id))
	fmt.Println(k.Slots())
	// Output:
	// <nil>
	// [] false
	// [vk] true
	// [vk] false
	// <nil>
	// [vk]
}

// A new key in place of one that somebody may have seen.
func ExampleKeyChain_Rekey() {
	dir, _ := os.MkdirTemp("", "keychain")
	defer func() { _ = os.RemoveAll(dir) }()

	k, _ := keychain.Open(keychain.Options{Dir: dir})
	_ = k.Assign("vk", keychain.Bare("your_valid_token"))
	_ = k.Assign("ig", keychain.Bare("access_token"))
	done, err := k.Rekey()
	fmt.Println(done.Dumps, done.SetAside, err)
	fmt.Println(k.LoadLast(), k.Slots())
	// Output:
	// 2 [] <nil>
	// <nil> [ig vk]
}

// A network's part: who tries a token, and who refreshes it.
type exampleNetwork struct{}

func (exampleNetwork) Check(_ context.Context, t keychain.Token) (string, error) {
	if t.Get("access_token") != "fresh" {
		return "", errors.New("code 5: unauthorized")
	}
	return "user token", nil
}

func (exampleNetwork) Window(_ keychain.Token, held, _ time.Time) keychain.Window {
	return keychain.Window{From: held, By: held.Add(time.Minute)}
}

func (exampleNetwork) Refresh(_ context.Context, t keychain.Token) (keychain.Fresh, error) {
	return keychain.Fresh{Value: t.With(map[string]string{"access_token": "fresh", "refresh_token": "next"})}, nil
}

// k.load_last(); k.autocomplete(); k.check('vk'); k.get('vk').
func ExampleKeyChain_LoadLast() {
	dir, _ := os.MkdirTemp("", "keychain")
	defer func() { _ = os.RemoveAll(dir) }()
	yesterday, _ := keychain.Open(keychain.Options{Dir: dir})
	_ = yesterday.Assign("vk", keychain.Mapping(map[string]string{
		"client_id": "1", "access_token": "stale", "refresh_token": "first", "device_id": "d"}))

	ctx := context.Background()
	vk := exampleNetwork{}
	k, err := keychain.Open(keychain.Options{
		Dir:        dir,
		Checkers:   map[string]keychain.Checker{"vk": vk.Check},
		Refreshers: map[string]keychain.Refresher{"vk": vk},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer k.Close()
	fmt.Println(k.LoadLast())
	_, err = k.Autocomplete(ctx)
	fmt.Println(err)
	fmt.Println(k.Check(ctx, "vk"))
	token, ok := k.Get("vk")
	fmt.Println(token, ok)
	// Output:
	// <nil>
	// <nil>
	// user token <nil>
	// {access_token, client_id, device_id, refresh_token: [redacted]} true
}

// A network's part: who logs in with what is in a raw_ slot.
type exampleLogin struct{}

func (exampleLogin) Make(_ context.Context, raw keychain.Token) (keychain.Fresh, error) {
	fmt.Println("logging in with", raw.Names())
	return keychain.Fresh{Value: keychain.Bare("fresh"), Expires: time.Now().Add(24 * time.Hour)}, nil
}

// k.assign('raw_vk', token); k.autocomplete(): the token is made out of its parts.
func ExampleKeyChain_Autocomplete() {
	dir, _ := os.MkdirTemp("", "keychain")
	defer func() { _ = os.RemoveAll(dir) }()

	k, err := keychain.Open(keychain.Options{Dir: dir, Makers: map[string]keychain.Maker{"raw_vk": exampleLogin{}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer k.Close()
	_ = k.Assign("raw_vk", keychain.Mapping(map[string]string{
		"app_id":     "1",
		"app_secret": "secret-key",
		"login":      "virtual@example.org",
		"password":   "its password",
	}))
	for range 2 { // the second time there is a token that works
		outcomes, err := k.Autocomplete(context.Background())
		fmt.Println(outcomes, err)
	}
	v, ok := k.Get("vk")
	fmt.Println(v, ok, v.Bare())
	// Output:
	// logging in with [app_id app_secret login password]
	// [{vk <nil>}] <nil>
	// [] <nil>
	// [redacted] true fresh
}
