package leaktest

import "strings"

// accounts are accounts of every network, asked for in every way there is, as the config
// has them.
const accounts = `networks:
  vk: {accounts: [durov, club1]}
  twitter: {accounts: [golang]}
  instagram: {accounts: [natgeo, {label: own, handle: me, token: 'ig'}]}
  facebook: {accounts: [some.page]}
  youtube: {accounts: ['@somebody', UCsomebody00000000000001]}
  odnoklassniki: {accounts: [some-group]}
  telegram: {accounts: [durov]}
  mastodon: {accounts: [Gargron@mastodon.example]}
  bluesky: {accounts: [bsky.app]}
  reddit: {accounts: [golang]}
  github: {accounts: [golang]}
  twitch: {accounts: [somebody]}
  livejournal: {accounts: [somebody]}
  tiktok: {accounts: {own: {handle: me, token: tt}}}
  threads: {accounts: {own: {handle: me, token: th}}}
`

// Networks is the section networks of a config with accounts of every network. Settings
// are put into each, by its name: "token: [vk], requests_per_second: 100".
func Networks(settings map[string]string) string {
	text := accounts
	for name, s := range settings {
		text = strings.Replace(text, "\n  "+name+": {", "\n  "+name+": {"+s+", ", 1)
	}
	return text
}
