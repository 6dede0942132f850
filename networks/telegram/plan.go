package telegram

import (
	"encoding/json"
	"strings"
	"time"

	"collectord/networks"
)

// The two calls.
const (
	getChat = "getChat"
	count   = "getChatMemberCount"
)

// namesFor is how long a chat's title and username may be told again without asking.
const namesFor = 24 * time.Hour

// The Kinds of a reference that is asked for once more, in the one way that is left.
const (
	byName = "by name"
	byID   = "by id"
)

// names is what getChat said, and when: the Kind of a reference, as JSON, from then on.
type names struct {
	At       int64  `json:"at"` // Unix time
	Type     string `json:"type"`
	Title    string `json:"title,omitempty"`
	Username string `json:"username,omitempty"`
	// ByName is true where the server knows the chat by its username and not by its id.
	ByName bool `json:"by_name,omitempty"`
	// From is the id that the chat had before, in the reference by which it is asked for
	// under its new id for the first time.
	From string `json:"from,omitempty"`
}

// encode is names as a Kind.
func (n names) encode() string {
	b, err := json.Marshal(n)
	if err != nil {
		return "" // strings and numbers always encode
	}
	return string(b)
}

// namesOf reads a Kind. Ok is false for one that holds no names, or none to believe.
func namesOf(kind string) (n names, ok bool) {
	if !strings.HasPrefix(kind, "{") || json.Unmarshal([]byte(kind), &n) != nil {
		return names{}, false
	}
	return n, n.Type != "" && (n.Username != "" || !n.ByName)
}

// fresh reports whether the names are young enough.
func (n names) fresh(now time.Time) bool {
	age := now.Sub(time.Unix(n.At, 0))
	return age >= 0 && age < namesFor
}

// Plan puts each chat into a request of its own: for its count where its names are
// known and no older than a day, for its names first where not.
func (n *network) Plan(refs []networks.Ref) []networks.Batch {
	now := time.Now()
	batches := make([]networks.Batch, len(refs))
	for i, r := range refs {
		op := getChat
		if known, ok := namesOf(r.Kind); ok && r.ID != "" && known.fresh(now) {
			op = count
		}
		batches[i] = networks.Batch{Op: op, Refs: []networks.Ref{r}}
	}
	return batches
}
