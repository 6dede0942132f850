package keychain_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"collectord/keychain"
)

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
	if err := k.Assign("tw", keychain.Mapping(map[string]string{
		"consumer_key":    "Consumer key",
		"consumer_secret": "Consumer secret",
		"acces_token":     "Access token",
		"access_secret":   "Access token secret",
	})); err != nil {
		fmt.Println(err)
	}
	dumps, _ := k.Dumps()
	fmt.Println(len(dumps), dumps[0].Slots)
	// Output:
	// tw: a mapping needs consumer_key, consumer_secret, access_token, access_secret, or bearer_token; unknown field "acces_token" (did you mean access_token?)
	// 1 [vk]
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
