package poll

import (
	"context"
	"fmt"
	"testing"

	"collectord/internal/floortest"
	"collectord/keychain"
	"collectord/networks"
)

// floorAccounts have a network that answers at once, 1000 a request.
const floorAccounts = 20_000

func floorPoller() (*fakeNetwork, *Poller, []Account) {
	n := &fakeNetwork{size: 1000, answer: good}
	accounts := make([]Account, floorAccounts)
	for i := range accounts {
		accounts[i].Ref = networks.Ref{ID: fmt.Sprint(i), Name: fmt.Sprintf("name %d", i)}
	}
	return n, New(Options{Network: n, PerSecond: 1e6}), accounts
}

func pollAll(tb testing.TB, p *Poller, accounts []Account) {
	answered := 0
	err := p.Poll(tb.Context(), Job{Accounts: accounts, Answer: func(_ context.Context, answers []Answer, _ Usage) error {
		answered += len(answers)
		return nil
	}})
	if err != nil || answered != len(accounts) {
		tb.Fatal(answered, err)
	}
}

func BenchmarkPoll20000(b *testing.B) {
	_, p, accounts := floorPoller()
	b.ReportAllocs()
	for b.Loop() {
		pollAll(b, p, accounts)
	}
}

// TestPollNearItsFloor holds a poll to what it cannot do without: the network's plan and
// its requests.
func TestPollNearItsFloor(t *testing.T) {
	n, p, accounts := floorPoller()
	bare := func() {
		refs := make([]networks.Ref, len(accounts))
		for i := range accounts {
			refs[i] = accounts[i].Ref
		}
		for _, b := range n.Plan(refs) {
			if _, err := n.Profiles(t.Context(), keychain.Token{}, b); err != nil {
				t.Fatal(err)
			}
		}
	}
	ratio := floortest.CPU(t, func() { pollAll(t, p, accounts) }, bare)
	more := floortest.Allocations(floorAccounts, func() { pollAll(t, p, accounts) }) - floortest.Allocations(floorAccounts, bare)
	t.Logf("%.1f times plan and requests, %.2f allocations an account more", ratio, more)
	if ratio > 10 || more > 1 {
		t.Error("more than 10 times, or an allocation an account more")
	}
}
