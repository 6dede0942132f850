package config

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"collectord/keychain"
	"collectord/networks"
)

// fakeNetwork parses handles as most networks do: a word, @word, id:digits or an
// address whose path is one.
type fakeNetwork struct{ name string }

var fakeHandle = regexp.MustCompile(`^[A-Za-z0-9_.:-]+$`)

func (f fakeNetwork) Parse(account string) (networks.Ref, error) {
	name := account
	if _, path, ok := strings.Cut(account, "://"); ok {
		if _, name, ok = strings.Cut(path, "/"); !ok {
			return networks.Ref{}, fmt.Errorf("%q: an address of a profile expected", account)
		}
	}
	name = strings.TrimPrefix(name, "@")
	if id, ok := strings.CutPrefix(name, "id:"); ok {
		return networks.Ref{ID: id}, nil
	}
	if !fakeHandle.MatchString(name) {
		return networks.Ref{}, errors.New("a handle of letters, digits, dots and dashes expected")
	}
	return networks.Ref{Name: strings.ToLower(name)}, nil
}

func (fakeNetwork) Plan([]networks.Ref) []networks.Batch { return nil }

func (fakeNetwork) Profiles(context.Context, keychain.Token, networks.Batch) ([]networks.Result, error) {
	return nil, nil
}

func fake(name string, rate float64, auth, oauth string, slots ...string) networks.Descriptor {
	d := networks.Descriptor{
		Name: name, Title: strings.ToUpper(name), RequestsPerSecond: rate, BaseURL: "https://api." + name + ".example",
		AuthURL: auth, OAuthURL: oauth,
		New: func(networks.Options) networks.Network { return fakeNetwork{name} },
	}
	for _, s := range slots {
		d.Slots = append(d.Slots, keychain.Format{Slot: s})
	}
	return d
}

// fakeNetworks stand for the list of networks: with a token service of two hosts,
// with tokens alone, and without tokens.
func fakeNetworks() []networks.Descriptor {
	return []networks.Descriptor{
		fake("vk", 3, "https://id.vk.example", "https://oauth.vk.example", "vk", "raw_vk"),
		fake("twitter", 0.33, "", "", "tw"),
		fake("instagram", 0.05, "", "", "ig"),
		fake("tiktok", 1, "https://auth.tiktok.example", "", "tt"),
		fake("bluesky", 1, "", ""),
		fake("mastodon", 1, "", ""),
	}
}

// testEnv is an Env with the fake networks and these variables alone.
func testEnv(vars map[string]string) Env {
	return Env{Networks: fakeNetworks(), Getenv: func(name string) (string, bool) {
		s, ok := vars[name]
		return s, ok
	}}
}
