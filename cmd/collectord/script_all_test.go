package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"collectord/networks/sim"
)

// everyNetwork adds to the world of the scripts, for each network, a token and accounts
// in each state that the network tells. Their names begin with all_, or with all where
// there can be no underscore.
func everyNetwork(w *sim.World) {
	everyToken(w)
	const did, channel = "did:plc:aaaaaaaaaaaaaaaaaaaaaaa", "UCall-of-the-channels-00"
	for _, a := range []sim.Account{
		{Network: "vk", Handle: "all_ok", ID: "101", Type: "group"},
		{Network: "vk", Handle: "all_gone", ID: "102", Type: "person", State: sim.NotFound},
		{Network: "vk", Handle: "all_banned", ID: "103", Type: "group", State: sim.Suspended},
		{Network: "vk", Handle: "all_closed", ID: "104", Type: "person", State: sim.Private},
		{Network: "vk", Handle: "all_hidden", ID: "105", Type: "person", State: sim.Hidden},
		{Network: "twitter", Handle: "all_ok", ID: "201"},
		{Network: "twitter", Handle: "all_closed", ID: "202", State: sim.Private},
		{Network: "twitter", Handle: "all_gone", ID: "203", State: sim.NotFound},
		{Network: "twitter", Handle: "all_banned", ID: "204", State: sim.Suspended},
		{Network: "instagram", Handle: "all_us", ID: "301"},
		{Network: "instagram", Handle: "all_ok", ID: "302"},
		{Network: "instagram", Handle: "all_taken", ID: "303"},
		{Network: "instagram", Handle: "all_closed", ID: "304", State: sim.Private},
		{Network: "facebook", Handle: "all.ok", ID: "40000001", Type: "page"},
		{Network: "facebook", Handle: "all.gone", ID: "40000002", Type: "page", State: sim.NotFound},
		{Network: "bluesky", Handle: "all-ok.bsky.social", ID: did + "a"},
		{Network: "bluesky", Handle: "all-gone.bsky.social", ID: did + "b", State: sim.NotFound},
		{Network: "bluesky", Handle: "all-banned.bsky.social", ID: did + "c", State: sim.Suspended},
		{Network: "mastodon", Handle: "all_ok", Host: "a.example", ID: "601"},
		{Network: "mastodon", Handle: "all_gone", Host: "a.example", ID: "602", State: sim.NotFound},
		{Network: "mastodon", Handle: "all_banned", Host: "b.example", ID: "603", State: sim.Suspended},
		{Network: "mastodon", Handle: "all_hidden", Host: "b.example", ID: "604", State: sim.Hidden},
		{Network: "youtube", Handle: "all_ok", ID: channel, Type: "channel"},
		{Network: "youtube", Handle: "all_hidden", ID: "UCthat-hides-its-count-1", Type: "channel", State: sim.Hidden},
		{Network: "github", Handle: "all-ok", ID: "801"},
		{Network: "github", Handle: "all-of-us", ID: "802", State: sim.Organization},
		{Network: "odnoklassniki", Handle: "all-ok", ID: "53000000000901", Type: "group"},
		{Network: "odnoklassniki", Handle: "all-gone", ID: "53000000000902", Type: "group", State: sim.NotFound},
		{Network: "threads", Handle: "all_ok", ID: "1001"},
		{Network: "telegram", Handle: "all_ok", ID: "-1001000001101", Type: "channel"},
		{Network: "telegram", Handle: "all_closed", ID: "-1001000001102", Type: "group", State: sim.Private},
		{Network: "telegram", Handle: "all_angry", ID: "-1001000001103", Type: "channel", State: sim.Kicked},
		{Network: "twitch", Handle: "all_ok", ID: "1201"},
		{Network: "twitch", Handle: "all_banned", ID: "1202", State: sim.Suspended},
		{Network: "reddit", Handle: "all_ok", ID: "t5_1301", Type: "group"},
		{Network: "reddit", Handle: "all_closed", ID: "t5_1302", Type: "group", State: sim.Private},
		{Network: "tiktok", Handle: "all_ok", ID: "-1401"},
		{Network: "livejournal", Handle: "all_ok", ID: "all_ok"},
		{Network: "livejournal", Handle: "all_of_us", ID: "all_of_us", Type: "group"},
	} {
		a.Name, a.Followers = "All of "+a.Network, 987 // few enough for YouTube to be exact
		if a.Type == "" {
			a.Type = "person"
		}
		w.Add(a)
	}
}

// everyToken allows what once_all.txtar assigns.
func everyToken(w *sim.World) {
	w.XApp("x-key", "MARKED-secret")
	w.XClient("x-client", "MARKED-secret", "201")
	w.XClient("x-public", "", "201")
	w.AllowToken("facebook", "7|MARKED-app", "7", "MARKED-app")
	w.AllowToken("facebook", "MARKED-page", "7", "MARKED-app", "PAGE")
	w.AllowToken("facebook", "MARKED-data", "7", "MARKED-app", "PAGE", "0", strconv.FormatInt(time.Now().Add(40*24*time.Hour).Unix(), 10))
	w.AllowToken("instagram", "MARKED-ig", "301", "")
	w.AllowToken("facebook", "MARKED-fb", "1", "")
	w.AllowToken("youtube", "MARKED-yt")
	w.AllowToken("github", "MARKED-gh")
	w.AllowToken("odnoklassniki", "MARKED-ok", "MARKED-key", "MARKED-secret")
	w.AllowToken("threads", "MARKED-th", "1001")
	w.AllowToken("telegram", "1234567:MARKED-tg")
	w.AllowToken("twitch", "app", "MARKED-secret")
	w.AllowToken("reddit", "app", "MARKED-secret")
	w.AllowToken("tiktok", "MARKED-rft", "app", "MARKED-secret", "-1401")
}

// rename gives an account of the script's world another handle: rename NETWORK HANDLE NEW.
// With a host the old one is HANDLE@HOST.
func rename(ts *testscript.TestScript, neg bool, args []string) {
	world, ok := ts.Value(worldKey{}).(*sim.World)
	if neg || len(args) != 3 || !ok {
		ts.Fatalf("usage: rename NETWORK HANDLE NEW")
	}
	handle, _, _ := strings.Cut(args[2], "@")
	if !world.Update(args[0], args[1], func(a *sim.Account) { a.Handle = handle }) {
		ts.Fatalf("%s has no account %s", args[0], args[1])
	}
}

// revoke makes a token of the script's world one that was good once: revoke NETWORK TOKEN.
func revoke(ts *testscript.TestScript, neg bool, args []string) {
	world, ok := ts.Value(worldKey{}).(*sim.World)
	if neg || len(args) != 2 || !ok {
		ts.Fatalf("usage: revoke NETWORK TOKEN")
	}
	world.RevokeToken(args[0], args[1])
}
