package poll

import (
	"context"
	"fmt"
	"testing"

	"collectord/keychain"
	"collectord/networks"
)

// TestManyAreAskedInTheFewestRequests polls so many accounts that they are planned in parts:
// the requests are no more than those of one plan, everybody is answered for once, and two
// labels for one account, however far apart, are one question.
func TestManyAreAskedInTheFewestRequests(t *testing.T) {
	const n = 2*planned + planned/2 + 7
	accounts := make([]Account, 0, 2*n)
	add := func(i int) {
		ref := networks.Ref{Name: fmt.Sprint(i)}
		switch { // one large host, some of odd sizes, and many with one account
		case i%1000 == 0:
			ref.Host = fmt.Sprint("alone", i)
		case i%3 == 0:
			ref.Host = fmt.Sprint("odd", i%7)
		}
		accounts = append(accounts, Account{Ref: ref})
	}
	for i := range n {
		add(i)
	}
	for i := 0; i < n; i += 500 { // again
		add(i)
	}
	f := &fakeNetwork{size: 300, answer: good}
	refs := make([]networks.Ref, n)
	for i := range refs {
		refs[i] = accounts[i].Ref
	}
	want := len(f.Plan(refs))
	answered := make([]int, len(accounts))
	err := New(Options{Network: f, PerSecond: 1e6}).Poll(t.Context(), Job{Accounts: accounts,
		Answer: func(_ context.Context, answers []Answer, _ Usage) error {
			for _, a := range answers {
				answered[a.Account]++
				if a.Profile.Nickname != accounts[a.Account].Ref.Name {
					t.Errorf("account %+v was answered with %+v", accounts[a.Account], a.Profile)
				}
			}
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	if f.count() != want {
		t.Errorf("%d requests, %d are enough", f.count(), want)
	}
	for i, times := range answered {
		if times != 1 {
			t.Fatalf("account %d was answered for %d times", i, times)
		}
	}
}

// TestOwnTokensShareNoQuestion: the same account under two pools is asked with each.
func TestOwnTokensShareNoQuestion(t *testing.T) {
	f := &fakeNetwork{size: 10, answer: good}
	own := []string{"vk:own"}
	same := []Account{{Ref: networks.Ref{Name: "a"}}, {Ref: networks.Ref{Name: "a"}, Slots: own}, {Ref: networks.Ref{Name: "a"}, Slots: own}}
	answered := 0
	err := pollerOf(f, tokensOf(map[string]string{"vk": "T", "vk:own": "O"}), 1e6, "vk").Poll(t.Context(), Job{Accounts: same,
		Answer: func(_ context.Context, answers []Answer, _ Usage) error { answered += len(answers); return nil }})
	if err != nil || answered != 3 || f.count() != 2 {
		t.Errorf("%d answers by %d requests, %v; want 3 by 2", answered, f.count(), err)
	}
	tokens := map[string]bool{}
	for _, r := range f.requests {
		tokens[r.token] = true
	}
	if !tokens["T"] || !tokens["O"] {
		t.Errorf("asked with %v", tokens)
	}
}

// BenchmarkPollMillion is a poll of a million accounts, answers at once: what matters is its
// memory.
func BenchmarkPollMillion(b *testing.B) {
	accounts := make([]Account, 1_000_000)
	for i := range accounts {
		accounts[i].Ref = networks.Ref{Name: fmt.Sprint(i)}
	}
	f := &fakeNetwork{size: 1000, answer: func(_ keychain.Token, batch networks.Batch) ([]networks.Result, error) {
		return make([]networks.Result, len(batch.Refs)), nil
	}}
	p := New(Options{Network: f, PerSecond: 1e6})
	b.ReportAllocs()
	for b.Loop() {
		f.requests = nil
		if err := p.Poll(b.Context(), Job{Accounts: accounts, Answer: func(context.Context, []Answer, Usage) error { return nil }}); err != nil {
			b.Fatal(err)
		}
	}
}
