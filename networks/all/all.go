// Package all lists the networks that collectord knows, one line each, with what
// simulates it. It is the one package that imports them: the rest of the program gets
// them as values, so that to add a network is to add its folder and its line here.
//
//	networks/vk ────┐            ┌─▶ config, keychain, collector: Descriptors
//	networks/... ───┼─▶ entries ─┤
//	networks/sim ───┘            └─▶ demo, tests, measurements: Simulators
package all

import (
	"net/http"

	"collectord/networks"
	"collectord/networks/bluesky"
	"collectord/networks/facebook"
	"collectord/networks/github"
	"collectord/networks/instagram"
	"collectord/networks/livejournal"
	"collectord/networks/mastodon"
	"collectord/networks/odnoklassniki"
	"collectord/networks/reddit"
	"collectord/networks/sim"
	"collectord/networks/telegram"
	"collectord/networks/threads"
	"collectord/networks/tiktok"
	"collectord/networks/twitch"
	"collectord/networks/twitter"
	"collectord/networks/vk"
	"collectord/networks/youtube"
)

// entry is one network and its simulator.
type entry struct {
	networks.Descriptor
	simulate func(*sim.World) http.Handler
}

func entries() []entry {
	return []entry{
		{vk.Descriptor(), sim.VK},
		{twitter.Descriptor(), sim.Twitter},
		{instagram.Descriptor(), sim.Instagram},
		{facebook.Descriptor(), sim.Facebook},
		{bluesky.Descriptor(), sim.Bluesky},
		{mastodon.Descriptor(), sim.Mastodon},
		{youtube.Descriptor(), sim.YouTube},
		{github.Descriptor(), sim.GitHub},
		{odnoklassniki.Descriptor(), sim.Odnoklassniki},
		{threads.Descriptor(), sim.Threads},
		{telegram.Descriptor(), sim.Telegram},
		{twitch.Descriptor(), sim.Twitch},
		{reddit.Descriptor(), sim.Reddit},
		{tiktok.Descriptor(), sim.TikTok},
		{livejournal.Descriptor(), sim.LiveJournal},
	}
}

// List returns every network, in the order in which people are shown them.
func List() []networks.Descriptor {
	var list []networks.Descriptor
	for _, e := range entries() {
		list = append(list, e.Descriptor)
	}
	return list
}

// Find returns the network called name, the key it has in the config.
func Find(name string) (networks.Descriptor, bool) {
	for _, e := range entries() {
		if e.Name == name {
			return e.Descriptor, true
		}
	}
	return networks.Descriptor{}, false
}

// tokenServices are what simulates the services where tokens are made, by the
// network's name.
func tokenServices() map[string]func(*sim.World) http.Handler {
	return map[string]func(*sim.World) http.Handler{
		"vk": sim.VKAuth,
	}
}

// Simulators returns, by the network's name, what simulates it and, by the name
// with _auth after it, what simulates its token service.
func Simulators() map[string]func(*sim.World) http.Handler {
	m := make(map[string]func(*sim.World) http.Handler)
	for _, e := range entries() {
		m[e.Name] = e.simulate
	}
	for name, simulate := range tokenServices() {
		m[name+"_auth"] = simulate
	}
	return m
}
