package collector

import (
	"slices"

	"collectord/networks"
)

// The states of an account, as account_state tells them.
const (
	stateOK        = "ok"
	stateNotFound  = "not_found"
	stateSuspended = "suspended"
	statePrivate   = "private"
	stateHidden    = "hidden"
	stateBlocked   = "blocked"
	stateRenamed   = "renamed"
	stateTakenOver = "taken_over"
)

// state is one of them as a number. The zero state is none: there was no answer yet.
type state uint8

func states() [9]string {
	return [...]string{"", stateOK, stateNotFound, stateSuspended, statePrivate, stateHidden, stateBlocked, stateRenamed, stateTakenOver}
}

// String returns the state's name, "" for none.
func (s state) String() string { return states()[s] }

// stateNamed is the state with that name. One that is not known, as a newer version may
// have written it, is as good as none: the next answer tells it anew.
func stateNamed(name string) state {
	all := states()
	return state(max(0, slices.Index(all[:], name)))
}

// stateOf is the state that an answer about an account means.
func stateOf(kind networks.Kind) string {
	switch kind {
	case networks.NotFound:
		return stateNotFound
	case networks.Suspended:
		return stateSuspended
	case networks.Private:
		return statePrivate
	case networks.Hidden:
		return stateHidden
	case networks.Blocked:
		return stateBlocked
	default:
		return "" // not about the account
	}
}

// stateHint says what the operator can do about a state.
func stateHint(state string) string {
	switch state {
	case stateNotFound:
		return "check the handle in the config; the account may be renamed or deleted"
	case stateSuspended:
		return "the network closed this account; nothing to do but wait or remove it"
	case statePrivate:
		return "the account shows its count to friends alone; a token of one of them would see it, or take the account out"
	case stateHidden:
		return "the account hides its count; nothing to do but wait, or take the account out"
	case stateBlocked:
		return "the account is closed to this server or token; try another token, or take the account out"
	case stateRenamed:
		return "followed by its id; write the new handle into the config"
	case stateTakenOver:
		return "the handle belongs to another account now; give that one a label of its own, or remove it"
	}
	return ""
}
