package collector

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"collectord/collector/logfold"
	"collectord/networks"
)

// Every warning and every error of the log says in the field "hint" what to do about it,
// or that there is nothing to do. These are the hints that several of them share.
const (
	diskHint     = "see that the disk of state_dir has room, is well and can be written"
	clockHint    = "have the clock steered (NTP), so that it is never set while collectord runs"
	setAsideHint = "look at the disk and who writes to state_dir; delete what was set aside once nothing is missed"
	keychainHint = "`collectord keychain check` says what is wrong"
	natsHint     = "see that the servers of cluster.nats run, are reached from here, and have JetStream"
	leaseHint    = "nothing to do: the other node polls it; if it comes often, see what holds this one up"
	nextTickHint = "nothing to do: the accounts are asked for at their next tick"
)

// remedy is what to do about an error of a network: what the network's own code knows
// of it, or what helps against errors of that kind.
func remedy(e *networks.Error) string {
	if e.Hint != "" {
		return e.Hint
	}
	switch e.Kind {
	case networks.Temporary:
		return "nothing to do while it passes: the network or the line to it is at fault, and the accounts are asked for again"
	case networks.RateLimited:
		return "nothing to do while it passes; if it stays, lower requests_per_second, poll less often, or add tokens"
	case networks.Quota:
		return "the next allowance mends it; so that it lasts, poll less often or add tokens"
	case networks.Payment:
		return "the network wants money for more: pay there, or poll less often"
	case networks.Unauthorized:
		return "store another token: collectord keychain assign SLOT; collectord keychain show has the slots"
	case networks.Challenge:
		return "open the page that the status page links beside the token, and do what it asks"
	case networks.Forbidden:
		return "the token is good and may not do this: give it the right at the network, or use another"
	case networks.Malformed, networks.BadBatch:
		return "if it stays, the network changed its API: look for a newer collectord, or report it"
	default: // of an account
		return stateHint(e.Kind.Label())
	}
}

// failure is why some accounts had no answer.
type failure struct {
	reason, hint string
	accounts     int
}

// failures are the failures of one poll, by what they say.
type failures map[string]*failure

// add counts an account that nobody answered for.
func (fs failures) add(e *networks.Error) { fs.count(e.Error(), remedy(e)) }

// unfit counts an account whose profile cannot become a point.
func (fs failures) unfit(reason string) {
	fs.count(reason, remedy(&networks.Error{Kind: networks.Malformed}))
}

func (fs failures) count(reason, hint string) {
	reason = logfold.Gist(reason)
	f := fs[reason]
	if f == nil {
		f = &failure{reason: reason, hint: hint}
		fs[reason] = f
	}
	f.accounts++
}

// maxReasons is how many different reasons a poll names: accounts may have one each.
const maxReasons = 10

// told are the reasons to name, the most frequent first. The last one stands for those
// beyond maxReasons; the status page has the reason of every account.
func (fs failures) told() []failure {
	all := make([]failure, 0, len(fs))
	for f := range maps.Values(fs) {
		all = append(all, *f)
	}
	slices.SortFunc(all, func(a, b failure) int {
		return cmp.Or(cmp.Compare(b.accounts, a.accounts), cmp.Compare(a.reason, b.reason))
	})
	if len(all) <= maxReasons {
		return all
	}
	rest := failure{hint: "the status page has the reason of every account"}
	for _, f := range all[maxReasons:] {
		rest.accounts += f.accounts
	}
	rest.reason = fmt.Sprintf("%d reasons more", len(all)-maxReasons)
	return append(all[:maxReasons], rest)
}
