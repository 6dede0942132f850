package status

// The states of an account as the points have them. The state before the first
// answer is empty there and stateUnknown in filters, JSON keys and metrics.
const (
	stateOK      = "ok"
	stateUnknown = "unknown"
	// stateTrouble is a filter of this package: every account that is not well.
	stateTrouble = "trouble"
)

// A tone is how something stands, and a class of the style sheet.
const (
	toneGood = "good"
	toneIdle = "idle" // nothing is known yet
	toneWarn = "warn"
	toneBad  = "bad"
)

// stateInfo is a state as people read it.
type stateInfo struct {
	Name, Title, Tone, Hint string
}

// states returns every state in the order in which filters list them.
func states() []stateInfo {
	return []stateInfo{
		{stateOK, "ok", toneGood, ""},
		{stateUnknown, "not polled yet", toneIdle, ""},
		{"not_found", "not found", toneBad, "No such account any more: correct its handle in the config, or take the line out."},
		{"suspended", "suspended", toneBad, "The network closed the account. Polling goes on in case it comes back."},
		{"private", "private", toneWarn, "It shows its count to its friends alone; a token that belongs to one of them would see it."},
		{"hidden", "hidden", toneWarn, "Its owner hides the count."},
		{"blocked", "blocked", toneBad, "It is closed to the token: by country, by age or by its owner."},
		{"renamed", "renamed", toneWarn, "It has a new handle and is followed by its id. Write the new handle into the config."},
		{"taken_over", "taken over", toneBad, "Its handle belongs to another account now. Name the one that is meant by its id in the config."},
	}
}

// stateName is the name of a state in filters and metrics.
func stateName(state string) string {
	if state == "" {
		return stateUnknown
	}
	return state
}

// stateOf describes a state. One that this package does not know keeps its name.
func stateOf(state string) stateInfo {
	state = stateName(state)
	for _, s := range states() {
		if s.Name == state {
			return s
		}
	}
	return stateInfo{Name: state, Title: state, Tone: toneWarn}
}

// toneOf is how an account stands: an error of its last poll is a warning at
// least.
func toneOf(a *Account) string {
	tone := toneGood
	switch a.State {
	case stateOK:
	case "":
		tone = toneIdle
	default:
		tone = stateOf(a.State).Tone
	}
	if a.Error != "" && tone != toneBad {
		return toneWarn
	}
	return tone
}

// tally is how many accounts stand how.
type tally struct {
	Total, Good, Idle, Trouble int
}

func tallyOf(accounts []Account) tally {
	t := tally{Total: len(accounts)}
	for i := range accounts {
		switch toneOf(&accounts[i]) {
		case toneGood:
			t.Good++
		case toneIdle:
			t.Idle++
		default:
			t.Trouble++
		}
	}
	return t
}
