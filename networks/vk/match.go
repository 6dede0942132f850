package vk

import (
	"strconv"
	"strings"

	"collectord/networks"
)

// match finds the object of every ref: by id where the ref has one, else by name.
func (n *network) match(b networks.Batch, list []object) []networks.Result {
	m := index(b, list)
	m.profiles = make([]networks.Profile, len(b.Refs))
	results := make([]networks.Result, len(b.Refs))
	var unmatched []int
	claimed := make([]bool, len(list))
	for i, r := range b.Refs {
		at, ok := m.find(r)
		if !ok {
			unmatched = append(unmatched, i)
			continue
		}
		claimed[at] = true
		results[i] = n.result(b.Op, r, &list[at], &m.profiles[i])
	}
	if len(unmatched) == 0 {
		return results
	}
	odd := strangersIn(list, claimed)
	odd.unmatched = len(unmatched)
	for _, i := range unmatched {
		if b.Refs[i].ID == "" {
			odd.names++
		}
	}
	for _, i := range unmatched {
		r := b.Refs[i]
		if odd.count == 1 && !odd.unreadable && len(list) == 1 && r.ID == "" && !several(b.Refs) {
			// Asked alone by name, VK may answer with the name of today.
			results[i] = n.result(b.Op, r, &list[0], &m.profiles[i])
		} else {
			results[i] = n.unanswered(r, b.Op, odd)
		}
	}
	return results
}

// strangers are the objects of an answer that nobody asked for, beside the refs
// without an answer.
type strangers struct {
	count      int
	unmatched  int  // refs without an answer
	names      int  // of these, such without an id
	unreadable bool // one of the strangers has no id
}

func strangersIn(list []object, claimed []bool) (s strangers) {
	for i := range list {
		if !claimed[i] {
			s.count++
			s.unreadable = s.unreadable || list[i].id() == 0
		}
	}
	return s
}

// unanswered is the result for a ref without an answer. An id never gets what came
// under another one. A name is asked for alone where a stranger may be its own
// (VK leaves the name out of an account that it banned), unless that would be more
// than a few requests for each stranger.
func (n *network) unanswered(r networks.Ref, op string, s strangers) networks.Result {
	const few = 10
	switch {
	case s.count == 0:
		return n.missing(r, op, nil)
	case s.unreadable, r.ID != "" && s.count > s.names:
		return networks.Result{Err: n.rest.Error(op, networks.Malformed, "", "the answer is about another account", nil)}
	case r.ID != "":
		return n.missing(r, op, nil)
	case s.unmatched <= few*s.count:
		switch r.Kind {
		case "":
			r.Kind = userAlone
		case group, groupElseUser:
			r.Kind = groupAlone
		case userAgain:
			r.Kind = userLast
		default:
			return n.missing(r, op, nil)
		}
		return networks.Result{Next: &r}
	case r.Kind == "":
		r.Kind = groupElseUser // and then, among fewer, once more
		return networks.Result{Next: &r}
	}
	return n.missing(r, op, nil)
}

// matcher finds objects of an answer.
type matcher struct {
	ids      map[int64]int
	names    map[string]int
	profiles []networks.Profile
}

func index(b networks.Batch, list []object) matcher {
	m := matcher{ids: make(map[int64]int, len(list))}
	byName := false
	for _, r := range b.Refs {
		byName = byName || r.ID == ""
	}
	if byName {
		m.names = make(map[string]int, 2*len(list))
	}
	for i := range list {
		o := &list[i]
		id := o.id()
		if id == 0 {
			continue // a stub, or not an object
		}
		m.ids[id] = i
		if byName {
			m.names[strings.ToLower(o.Domain)] = i
			m.names[strings.ToLower(o.ScreenName)] = i
		}
	}
	delete(m.names, "")
	return m
}

func (m matcher) find(r networks.Ref) (int, bool) {
	if r.ID != "" {
		id, err := strconv.ParseInt(r.ID, 10, 64)
		if err != nil {
			return 0, false
		}
		at, ok := m.ids[id]
		return at, ok
	}
	at, ok := m.names[strings.ToLower(r.Name)]
	return at, ok
}
