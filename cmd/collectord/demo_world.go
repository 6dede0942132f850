package main

import (
	"time"

	"collectord/networks/sim"
)

// demoWorld is the simulated world of the demo; its counts move from start on, and
// have moved before it.
func demoWorld(start time.Time) *sim.World {
	w := sim.NewWorld(demoSeed)
	for _, a := range demoAccounts() {
		w.Add(a)
	}
	w.Move(start)
	w.AllowToken("vk", "demo-service-key")
	w.AllowToken("twitter", "demo-access-token", "demo-consumer-key", "demo-consumer-secret", "demo-access-secret")
	w.AllowToken("youtube", "demo-api-key")
	w.AllowToken("instagram", "demo-graph-token", "17841400000000001", "")
	return w
}

// demoAccounts are the accounts of the simulated world. The names are those of
// institutions that exist, the numbers are made up.
func demoAccounts() []sim.Account {
	accounts := []sim.Account{
		{Network: "vk", Handle: "ria", ID: "15755094", Type: "page", Name: "РИА Новости", Followers: 3_104_000},
		{Network: "vk", Handle: "apiclub", ID: "1", Type: "group", Name: "VK API", Followers: 402_300},
		{Network: "vk", Handle: "hermitage_museum", ID: "1411", Type: "page", Name: "Государственный Эрмитаж", Followers: 418_900},
		{Network: "vk", Handle: "bolshoitheatre", ID: "1412", Type: "page", Name: "Большой театр", Followers: 231_700},
		{Network: "vk", Handle: "durov", ID: "1", Type: "person", Name: "Павел Дуров", Followers: 6_020_000},
		{Network: "vk", Handle: "demo_closed_group", ID: "204", Type: "group", Name: "Demo, closed by VK", Followers: 48_300, State: sim.Suspended},
		{Network: "vk", Handle: "demo_private_group", ID: "205", Type: "group", Name: "Demo, private", Followers: 1_930, State: sim.Private},
		{Network: "youtube", Handle: "NASA", ID: "UCLA_DiR1FfKNvjuUpBHmylQ", Type: "channel", Name: "NASA", Followers: 12_600_000},
		{Network: "youtube", Handle: "TED", ID: "UCAuUUnT6oDeKwE6v1NGQxug", Type: "channel", Name: "TED", Followers: 26_800_000},
		{Network: "youtube", Handle: "demo_hidden", ID: "UCdemo00000000000hidden0", Type: "channel", Name: "Demo, count hidden", Followers: 3_100, State: sim.Hidden},
		{Network: "twitter", Handle: "demo_suspended", ID: "999000111", Type: "person", Name: "Demo, suspended by X", Followers: 9_870, State: sim.Suspended},
		{Network: "twitter", Handle: "NASA", ID: "11348282", Type: "person", Name: "NASA", Followers: 86_400_000},
		{Network: "twitter", Handle: "Wikipedia", ID: "86390214", Type: "person", Name: "Wikipedia", Followers: 702_000},
		{Network: "twitter", Handle: "BBCWorld", ID: "742143", Type: "person", Name: "BBC News (World)", Followers: 42_100_000},
		{Network: "twitter", Handle: "golang", ID: "113419064", Type: "person", Name: "Go", Followers: 151_000},
		{Network: "instagram", Handle: "natgeo", ID: "17841400000000787", Type: "person", Name: "National Geographic", Followers: 279_000_000},
		{Network: "instagram", Handle: "nasa", ID: "17841400000000528", Type: "person", Name: "NASA", Followers: 98_700_000},
		{Network: "instagram", Handle: "museelouvre", ID: "17841400000000909", Type: "person", Name: "Musée du Louvre", Followers: 5_430_000},
		{Network: "instagram", Handle: "demo_own_account", ID: "17841400000000001", Type: "person", Name: "Demo", Followers: 1_200},
		{Network: "bluesky", Handle: "theguardian.com", ID: "did:plc:demo3theguardian3demo22", Type: "person", Name: "The Guardian", Followers: 512_000},
		{Network: "bluesky", Handle: "bsky.app", ID: "did:plc:demo3bskyapp3demo2222222", Type: "person", Name: "Bluesky", Followers: 32_600_000},
		{Network: "bluesky", Handle: "nytimes.com", ID: "did:plc:demo3nytimes3demo222222", Type: "person", Name: "The New York Times", Followers: 1_090_000},
		{Network: "mastodon", Handle: "Mastodon", Host: "mastodon.social", ID: "13179", Type: "person", Name: "Mastodon", Followers: 851_000},
		{Network: "mastodon", Handle: "EU_Commission", Host: "social.network.europa.eu", ID: "110", Type: "person", Name: "European Commission", Followers: 112_000},
		{Network: "mastodon", Handle: "FediTips", Host: "social.growyourown.services", ID: "106", Type: "person", Name: "Fedi.Tips", Followers: 64_000},
	}
	for i := range accounts {
		a := &accounts[i]
		a.Following, a.Posts, a.Verified = 40+a.Followers%900, 1_000+a.Followers%40_000, a.Followers > 1e6
	}
	return accounts
}
