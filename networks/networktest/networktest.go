// Package networktest holds the tests that every network passes: what the rest
// of the program relies on, whatever the network.
//
// The promise: a network that passes answers for a batch in one request, in the
// order of its refs, one bad account spoils no neighbour, every way in which a
// server or a line can fail becomes an error of the right Kind within bounded time
// and memory, and no error holds a secret or an address.
//
//	func TestConformance(t *testing.T) {
//		networktest.Run(t, networktest.Suite{
//			Descriptor: vk.Descriptor(),
//			Simulate:   sim.VK,
//			...
//		})
//	}
//
// It runs the network against its simulator, over HTTP on a line in memory. Where
// time matters (a slow server) it runs in a synctest bubble, so that nothing waits.
// The oddities of one network are tested beside that network.
package networktest

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/sim"
)

// Marker is to be a part of every secret of a Suite's token. No error may hold it.
const Marker = "MARKEDsecret"

// Suite describes one network to the tests.
type Suite struct {
	Descriptor networks.Descriptor
	// Simulate makes the network's simulator.
	Simulate func(*sim.World) http.Handler

	// Fill puts the accounts named below into a new world.
	Fill func(*sim.World)
	// Token is accepted after Allow; before that it is a token the network never
	// heard of. Every secret in it contains Marker. Both are left zero by a network
	// without tokens.
	Token keychain.Token
	Allow func(*sim.World)

	// Good and Second are accounts as the config has them, in state OK and with a
	// Handle; their Followers are over 1000 and occur in an answer nowhere else.
	Good, Second string
	// Troubled are accounts as the config has them, with what is the matter: an
	// unknown one NotFound, a banned one Suspended, a closed one Private ... Those
	// Private and Hidden come with a Profile.
	Troubled map[string]networks.Kind
	// Invalid are accounts that Parse refuses, beside the empty one.
	Invalid []string
	// Account returns the i-th of endlessly many valid accounts that exist nowhere,
	// as the config has them, such as may share a batch.
	Account func(i int) string
	// BatchLimit is how many accounts share a request.
	BatchLimit int

	// Own is true where a token shows its own account alone: then Good and Second name
	// that one account in two ways.
	Own bool
	// Lines is true where an answer has a line for every follower and no number, so that
	// none can be spoilt.
	Lines bool
	// Lenient is true where counts may come as strings of digits.
	Lenient bool
	// ByNameOnly is true where accounts cannot be asked by id, so that a renamed
	// one is lost.
	ByNameOnly bool
	// NamesFor is how long names may be told again that were asked for once, where they
	// are no part of the answer with the count.
	NamesFor time.Duration
	// Kinds overrides what a bare HTTP status means: by default 401 Unauthorized,
	// 403 Forbidden, 429 RateLimited, 500, 502 and 503 Temporary.
	Kinds map[int]networks.Kind
}

// Run runs the suite. Every failure says which network and case it is about.
func Run(t *testing.T, s Suite) {
	t.Helper()
	if !s.complete(t) {
		return
	}
	t.Run(s.Descriptor.Name, func(t *testing.T) {
		t.Run("descriptor", s.testDescriptor)
		t.Run("parse", s.testParse)
		t.Run("plan", s.testPlan)
		t.Run("good", s.testGood)
		t.Run("neighbours", s.testNeighbours)
		t.Run("duplicates", s.testDuplicates)
		t.Run("known", s.testKnown)
		t.Run("renamed", s.testRenamed)
		t.Run("token", s.testToken)
		t.Run("check", s.testCheck)
		t.Run("spoilt check", s.testSpoiltCheck)
		t.Run("status", s.testStatus)
		t.Run("hint", s.testHint)
		t.Run("hint as a date", s.testDateHint)
		t.Run("allowance", s.testAllowance)
		t.Run("body", s.testBody)
		t.Run("huge", s.testHuge)
		t.Run("slow", s.testSlow)
		t.Run("line", s.testLine)
		t.Run("cancelled", s.testCancelled)
		if !s.Lines {
			t.Run("count", s.testCount)
			t.Run("fields", s.testFields)
		}
		t.Run("extra field", s.testExtraField)
		t.Run("address", s.testAddress)
		t.Run("secrets", s.testSecrets)
	})
}

// complete reports whether the suite itself is usable.
func (s Suite) complete(t *testing.T) bool {
	t.Helper()
	ok := true
	missing := func(bad bool, what string) {
		if bad {
			t.Errorf("the Suite of %q: %s", s.Descriptor.Name, what)
			ok = false
		}
	}
	missing(s.Descriptor.New == nil, "Descriptor.New is missing")
	missing(s.Simulate == nil, "Simulate is missing")
	missing(s.Fill == nil, "Fill is missing")
	missing(s.Good == "" || s.Second == "", "Good or Second is missing")
	missing(s.Account == nil, "Account is missing")
	missing(s.BatchLimit < 1, "BatchLimit is missing")
	tokens := len(s.Descriptor.Slots) > 0
	missing(tokens && s.Allow == nil, "Allow is missing")
	missing(tokens && !s.marked(), "Token holds no secret with Marker in it")
	return ok
}

func (s Suite) marked() bool {
	if strings.Contains(s.Token.Bare(), Marker) {
		return true
	}
	for _, slot := range s.Descriptor.Slots {
		for _, shape := range slot.Shapes {
			for _, f := range append(shape.Required, shape.Optional...) {
				if strings.Contains(s.Token.Get(f), Marker) {
					return true
				}
			}
		}
	}
	return false
}

// kind is what a bare HTTP status means to this network.
func (s Suite) kind(status int) networks.Kind {
	if k, ok := s.Kinds[status]; ok {
		return k
	}
	switch status {
	case http.StatusUnauthorized:
		return networks.Unauthorized
	case http.StatusForbidden:
		return networks.Forbidden
	case http.StatusTooManyRequests:
		return networks.RateLimited
	}
	return networks.Temporary
}
