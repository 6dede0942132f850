// Package refs does what most networks do with references to accounts: it takes apart what
// people paste, puts what may share a request into batches, and lists what to ask for once.
//
//	"https://t.me/durov?x"  ── Cut ──▶  host t.me, path durov      for Parse
//	[]Ref                   ── Plan ─▶  []Batch                    for Plan
//	[]Ref of a batch        ── Once ─▶  what the request names     for Profiles
//
// The promise: no I/O and no state; Plan has every reference in exactly one batch, in its
// order, and no batch is larger than it may be. Which hosts are a network's own, what a
// path means and what may share a request is the network's to say.
package refs

import (
	"strings"

	"collectord/networks"
)

// Address is what somebody pasted, as far as it is an address.
type Address struct {
	// Host is in lower case; "" in an address that is neither http nor https, so that no
	// network takes it for its own.
	Host string
	// Path is without the slash before it, the query and the fragment.
	Path string
	// Scheme and Slash are whether https:// stood before the host and a slash behind it.
	// With neither, the host may be a name with a dot in it.
	Scheme, Slash bool
}

// Cut takes an address apart: "HTTPS://WWW.Example.org/a/b?c#d", with or without the
// scheme. What is no address comes back as its Host.
func Cut(s string) Address {
	scheme, rest, found := strings.Cut(s, "://")
	if !found {
		rest = s
	} else if !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http") {
		return Address{Scheme: true}
	}
	host, path, slash := strings.Cut(rest, "/")
	path, _, _ = strings.Cut(path, "?")
	path, _, _ = strings.Cut(path, "#")
	return Address{Host: strings.ToLower(host), Path: path, Scheme: found, Slash: slash}
}

// Sharing says with whom a reference may share a request: with those of the same Sharing.
type Sharing struct {
	Op      string // as networks.Batch.Op
	Limiter string // as networks.Batch.Limiter
	Most    int    // references in one request; 1 is for those that share none
}

// Plan puts refs into the fewest batches that their sharing allows.
func Plan(refs []networks.Ref, sharing func(networks.Ref) Sharing) []networks.Batch {
	var batches []networks.Batch
	open := make(map[Sharing]int) // the batch that is being filled
	for _, r := range refs {
		s := sharing(r)
		i, ok := open[s]
		if !ok || len(batches[i].Refs) >= s.Most {
			i = len(batches)
			open[s] = i
			batches = append(batches, networks.Batch{Op: s.Op, Limiter: s.Limiter})
		}
		batches[i].Refs = append(batches[i].Refs, r)
	}
	return batches
}

// Once lists what refs are asked for by, each once and in their order: several labels may
// name one account.
func Once(refs []networks.Ref, by func(networks.Ref) string) []string {
	list := make([]string, 0, len(refs))
	listed := make(map[string]bool, len(refs))
	for _, r := range refs {
		if s := by(r); !listed[s] {
			listed[s] = true
			list = append(list, s)
		}
	}
	return list
}

// ID is for Once: the id of a reference.
func ID(r networks.Ref) string { return r.ID }
