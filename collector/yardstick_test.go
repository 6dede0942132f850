package collector

import (
	"fmt"
	"slices"
	"strings"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/sim"
)

// yard is one way to ask one network, and the fewest requests that its API takes for
// it: what a poller is measured by.
type yard struct {
	way      string // the network, and in which way where there are several
	network  string
	accounts int
	slots    map[string]keychain.Value
	allow    func(*sim.World)
	// account is the i-th of the accounts and how the config names it.
	account func(i int) (a sim.Account, entry string)
	unknown string // how the config names an account that is not there; "" where there can be none

	// first and later are the fewest requests that the API allows for a poll of
	// accounts whose ids are unknown, or known.
	first, later int
	// over is how many requests a later poll may make beyond the fewest, and because
	// the reason. It is 0 for every API that lets it be.
	over    int
	because string

	// units is what a later poll takes of the limit, cost what the largest of its
	// requests does, and limiters how many limits share that; 0 is one a request, 1, 1.
	units, cost, limiters int
}

// How many accounts most yards have: full batches of every size, so that smaller ones
// show. Networks that are asked for one account at a time have few.
const (
	many = 200
	few  = 50
)

// yards are all ways. The sizes of batches are those of the networks' documentation,
// written down here once more: a network that batches worse is found out.
func yards() []yard {
	list := []yard{vkYard(), mastodonYard(), githubYard(), livejournalYard()}
	list = append(append(append(list, plainYards()...), appYards()...), ownYards()...)
	slices.SortFunc(list, func(a, b yard) int { return strings.Compare(a.way, b.way) })
	return list
}

// up is how many batches of a size n accounts are.
func up(n, size int) int { return (n + size - 1) / size }

// vkYard has names of which VK does not tell the kind: all of them go to users.get, and
// those that are none to groups.getById. Known ones are 1000 and 500 a request.
func vkYard() yard {
	return yard{
		way: "vk", network: "vk", accounts: vkAccounts, unknown: "nobody_at_all",
		account: func(i int) (sim.Account, string) {
			a := sim.Account{ID: fmt.Sprint(1000 + i/2), Handle: fmt.Sprintf("some_name_%d", i), Type: networks.Person}
			if i%2 == 1 {
				a.Type = networks.Group
			}
			return a, a.Handle
		},
		first: up(vkAccounts, 1000) + up(vkAccounts/2, 500),
		later: up(vkAccounts/2, 1000) + up(vkAccounts/2, 500),
	}
}

// mastodonYard has five servers, each of which answers for its own: a name is a lookup,
// ids are 40 a list.
func mastodonYard() yard {
	const servers, accounts = 5, 5 * 80
	return yard{
		way: "mastodon", network: "mastodon", accounts: accounts, unknown: "nobody@server0.example",
		account: func(i int) (sim.Account, string) {
			a := sim.Account{ID: fmt.Sprint(1000 + i), Handle: fmt.Sprintf("name%d", i), Host: fmt.Sprintf("server%d.example", i%servers)}
			return a, a.Handle + "@" + a.Host
		},
		first: accounts,
		later: servers * up(accounts/servers, 40), limiters: servers,
	}
}

// githubYard has 100 organisations, whose followers REST alone tells, each in a request
// of its own.
func githubYard() yard {
	const organisations = 100
	return yard{
		way: "github", network: "github", accounts: many, unknown: "never-was",
		slots: map[string]keychain.Value{"gh": keychain.Bare("ghp_token")},
		allow: func(w *sim.World) { w.AllowToken("github", "ghp_token") },
		account: func(i int) (sim.Account, string) {
			a := sim.Account{ID: fmt.Sprint(1000 + i), Handle: fmt.Sprintf("name-%d", i)}
			if i >= many-organisations {
				a.State = sim.Organization
			}
			return a, a.Handle
		},
		first: up(many, 100) + organisations,
		later: up(many-organisations, 100) + organisations,
		units: 2*up(many-organisations, 100) + organisations, cost: 2,
	}
}

// livejournalYard has 20 communities, which are taken for journals at first.
func livejournalYard() yard {
	const communities = 20
	return yard{
		way: "livejournal", network: "livejournal", accounts: few, unknown: "never_was",
		account: func(i int) (sim.Account, string) {
			a, entry := named(i)
			a.ID = a.Handle
			if i >= few-communities {
				a.Type = networks.Group
			}
			return a, entry
		},
		first: few + communities, later: few,
	}
}

// plainYards are networks with a token that is a string or a set of keys.
func plainYards() []yard {
	return []yard{
		{
			way: "twitter", network: "twitter", accounts: many, account: named, unknown: "never_was",
			slots: map[string]keychain.Value{"tw": keychain.Mapping(map[string]string{"bearer_token": "AAAAbearer"})},
			allow: func(w *sim.World) { w.AllowToken("twitter", "AAAAbearer") },
			first: up(many, 100), later: up(many, 100),
		},
		{
			way: "instagram", network: "instagram", accounts: many, account: named, unknown: "never_was",
			slots: map[string]keychain.Value{"ig": keychain.Mapping(map[string]string{"access_token": "EAAGtoken", "ig_user_id": "17841400000000001"})},
			allow: func(w *sim.World) {
				w.Add(sim.Account{Network: "instagram", ID: "17841400000000001", Handle: "ourselves"})
				w.AllowToken("instagram", "EAAGtoken", "17841400000000001", "")
			},
			first: up(many, 50), later: up(many, 50), units: many, cost: 50,
		},
		{
			way: "facebook", network: "facebook", accounts: many, unknown: "never.was",
			slots: map[string]keychain.Value{"fb": keychain.Bare("EAAGtoken")},
			allow: func(w *sim.World) { w.AllowToken("facebook", "EAAGtoken", "1234", "") },
			account: func(i int) (sim.Account, string) {
				a := sim.Account{ID: fmt.Sprint(54_971_000_000 + i), Handle: fmt.Sprintf("some.page%d", i), Type: networks.Page}
				return a, a.Handle
			},
			first: up(many, 50), later: up(many, 50), units: many, cost: 50,
		},
		{
			way: "bluesky", network: "bluesky", accounts: many, unknown: "nobody.bsky.social",
			account: func(i int) (sim.Account, string) {
				a := sim.Account{ID: fmt.Sprintf("did:plc:%024d", i), Handle: fmt.Sprintf("name%d.bsky.social", i)}
				return a, a.Handle
			},
			first: up(many, 25), later: up(many, 25),
		},
		{
			way: "youtube", network: "youtube", accounts: many, unknown: "never_was",
			slots: map[string]keychain.Value{"yt": keychain.Bare("AIzaKey")},
			allow: func(w *sim.World) { w.AllowToken("youtube", "AIzaKey") },
			account: func(i int) (sim.Account, string) {
				a := sim.Account{ID: fmt.Sprintf("UCsomebody%014d", i), Handle: fmt.Sprintf("name_%d", i), Type: networks.Channel}
				return a, "'@" + a.Handle + "'"
			},
			first: many, later: up(many, 50), // a handle is a request
		},
		{
			way: "telegram", network: "telegram", accounts: few, unknown: "never_was",
			slots: map[string]keychain.Value{"tg": keychain.Bare("1234567:AAtoken")},
			allow: func(w *sim.World) { w.AllowToken("telegram", "1234567:AAtoken") },
			account: func(i int) (sim.Account, string) {
				a := sim.Account{ID: fmt.Sprint(-1_001_000_000_000 - i), Handle: fmt.Sprintf("name_%d", i), Type: networks.Channel}
				return a, a.Handle
			},
			first: 2 * few, later: few, // who it is, and the count
		},
	}
}

// appYards are networks with the token of an app.
func appYards() []yard {
	app := func(network string) func(*sim.World) {
		return func(w *sim.World) {
			w.AllowToken(network, "app-id", "app-secret")
			w.AllowToken(network, "app-token", "app-id")
		}
	}
	token := keychain.Mapping(map[string]string{
		"client_id": "app-id", "client_secret": "app-secret", "access_token": "app-token", "expires_at": "2027-01-31T12:00:00Z",
	})
	return []yard{
		{
			way: "twitch", network: "twitch", accounts: 2 * few, account: named, unknown: "never_was",
			slots: map[string]keychain.Value{"tc": token}, allow: app("twitch"),
			first: up(2*few, 100) + 2*few, later: 2 * few,
			over: up(2*few, 100), because: "the count alone does not say whether a channel is renamed, closed or gone",
		},
		{
			way: "reddit", network: "reddit", accounts: many, unknown: "never_was",
			slots: map[string]keychain.Value{"rd": token}, allow: app("reddit"),
			account: func(i int) (sim.Account, string) {
				a := sim.Account{ID: fmt.Sprintf("t5_%d", 1000+i), Handle: fmt.Sprintf("name_%d", i), Type: networks.Group}
				return a, a.Handle
			},
			first: up(many, 100), later: up(many, 100),
		},
		{
			way: "odnoklassniki", network: "odnoklassniki", accounts: many, unknown: "never-was",
			slots: map[string]keychain.Value{"ok": keychain.Mapping(map[string]string{
				"app_key": "KEY", "app_secret": "SECRET", "access_token": "tkn1",
			})},
			allow: func(w *sim.World) { w.AllowToken("odnoklassniki", "tkn1", "KEY", "SECRET") },
			account: func(i int) (sim.Account, string) {
				a := sim.Account{ID: fmt.Sprint(53_000_000_000_000 + i), Handle: fmt.Sprintf("name-%d", i), Type: networks.Group}
				return a, a.Handle
			},
			first: many + up(many, 100), later: up(many, 100), // an address is a request
		},
	}
}

// ownYards are networks whose tokens show one account each.
func ownYards() []yard {
	tokens := func(slot string, token func(string) keychain.Value) map[string]keychain.Value {
		return map[string]keychain.Value{slot + ":a0": token("access0"), slot + ":a1": token("access1")}
	}
	allow := func(network string) func(*sim.World) {
		return func(w *sim.World) {
			for i := range 2 {
				w.AllowToken(network, fmt.Sprintf("access%d", i), fmt.Sprint(1000+i))
			}
		}
	}
	account := func(slot string) func(int) (sim.Account, string) {
		return func(i int) (sim.Account, string) {
			a, _ := named(i)
			return a, fmt.Sprintf("{handle: me, token: %s:a%d}", slot, i)
		}
	}
	return []yard{
		{
			way: "instagram, own", network: "instagram", accounts: 2, account: account("ig"),
			slots: tokens("ig", keychain.Bare), allow: allow("instagram"),
			first: 2, later: 2, limiters: 2,
		},
		{
			way: "threads, own", network: "threads", accounts: 2, account: account("th"),
			slots: tokens("th", keychain.Bare), allow: allow("threads"),
			first: 4, later: 2, limiters: 2,
			over: 2, because: "a count does not say for certain whose it is, and the token may be another account's by now",
		},
		{
			way: "tiktok, own", network: "tiktok", accounts: 2, account: account("tt"),
			slots: tokens("tt", func(access string) keychain.Value {
				return keychain.Mapping(map[string]string{"client_key": "key", "client_secret": "secret", "refresh_token": "rft", "access_token": access})
			}),
			allow: allow("tiktok"),
			first: 2, later: 2, limiters: 2,
		},
	}
}

// named is an account that is called by a plain name.
func named(i int) (sim.Account, string) {
	a := sim.Account{ID: fmt.Sprint(1000 + i), Handle: fmt.Sprintf("name_%d", i)}
	return a, a.Handle
}
