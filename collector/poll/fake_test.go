package poll

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"collectord/keychain"
	"collectord/networks"
)

// fakeNetwork answers batches of up to size refs by a function.
type fakeNetwork struct {
	size   int
	answer func(token keychain.Token, b networks.Batch) ([]networks.Result, error)
	takes  time.Duration

	mu       sync.Mutex
	requests []request
	underWay int
	most     int // under way at once
}

type request struct {
	at    time.Time
	refs  []networks.Ref
	token string
}

func (f *fakeNetwork) Parse(s string) (networks.Ref, error) { return networks.Ref{Name: s}, nil }

func (f *fakeNetwork) Plan(refs []networks.Ref) []networks.Batch {
	var batches []networks.Batch
	byHost := make(map[string][]networks.Ref)
	var hosts []string
	for _, r := range refs {
		if byHost[r.Host] == nil {
			hosts = append(hosts, r.Host)
		}
		byHost[r.Host] = append(byHost[r.Host], r)
	}
	for _, h := range hosts {
		for part := range slices.Chunk(byHost[h], f.size) {
			batches = append(batches, networks.Batch{Refs: part, Op: "get", Limiter: h})
		}
	}
	return batches
}

func (f *fakeNetwork) Profiles(ctx context.Context, token keychain.Token, b networks.Batch) ([]networks.Result, error) {
	f.mu.Lock()
	f.requests = append(f.requests, request{time.Now(), b.Refs, token.Bare()})
	f.underWay++
	f.most = max(f.most, f.underWay)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.underWay--
		f.mu.Unlock()
	}()
	if err := sleep(ctx, f.takes); err != nil {
		return nil, &networks.Error{Op: "fake: get", Kind: networks.Temporary, Err: err}
	}
	return f.answer(token, b)
}

func (f *fakeNetwork) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.requests)
}

// good answers every ref with a profile of 100 followers.
func good(_ keychain.Token, b networks.Batch) ([]networks.Result, error) {
	results := make([]networks.Result, len(b.Refs))
	for i, r := range b.Refs {
		results[i] = profile(r, 100)
	}
	return results, nil
}

func profile(r networks.Ref, followers int64) networks.Result {
	known := r
	known.ID = "id-" + r.Name
	return networks.Result{Known: known,
		Profile: &networks.Profile{ID: known.ID, Type: networks.Person, Nickname: r.Name, Followers: networks.Known(followers)}}
}

func fail(kind networks.Kind) *networks.Error { return &networks.Error{Op: "fake: get", Kind: kind} }

// fakeTokens is a keychain in memory.
type fakeTokens struct {
	mu      sync.Mutex
	values  map[string]string
	answers map[string]string // by slot
	states  map[string][]keychain.State
	renew   func(slot string) (string, error)
	renews  int
}

func tokensOf(values map[string]string) *fakeTokens {
	return &fakeTokens{values: values, states: make(map[string][]keychain.State)}
}

func (f *fakeTokens) Token(slot string) (keychain.Token, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, ok := f.values[slot]
	return keychain.Token{Slot: slot, Value: keychain.Bare(v), Answer: keychain.Bare(f.answers[slot])}, ok
}

func (f *fakeTokens) Renew(_ context.Context, refused keychain.Token) (keychain.Token, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.renew == nil {
		return keychain.Token{}, keychain.ErrNotRenewable
	}
	if f.values[refused.Slot] != refused.Bare() {
		return keychain.Token{Slot: refused.Slot, Value: keychain.Bare(f.values[refused.Slot])}, nil
	}
	f.renews++
	v, err := f.renew(refused.Slot)
	if err != nil {
		return keychain.Token{}, err
	}
	f.values[refused.Slot] = v
	return keychain.Token{Slot: refused.Slot, Value: keychain.Bare(v)}, nil
}

func (f *fakeTokens) Spend(t keychain.Token) (keychain.Token, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t.Answer = keychain.Bare(f.answers[t.Slot])
	delete(f.answers, t.Slot)
	return t, nil
}

func (f *fakeTokens) State(string) keychain.State { return keychain.State{} }

func (f *fakeTokens) SetState(slot string, s keychain.State) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.states[slot] = append(f.states[slot], s)
}

func (f *fakeTokens) last(slot string) keychain.State {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.states[slot]; len(s) > 0 {
		return s[len(s)-1]
	}
	return keychain.State{}
}

// outcome is what a poll came to.
type outcome struct {
	answers map[int]Answer
	used    Usage
	failing int
	took    time.Duration
}

// poll runs a job of n accounts and checks that each has exactly one answer.
func poll(t *testing.T, p *Poller, accounts []Account, until time.Duration) outcome {
	t.Helper()
	o := outcome{answers: make(map[int]Answer)}
	started := time.Now()
	job := Job{Accounts: accounts, Answer: func(_ context.Context, answers []Answer, used Usage) error {
		for _, a := range answers {
			if _, twice := o.answers[a.Account]; twice {
				t.Errorf("account %d was answered for twice", a.Account)
			}
			o.answers[a.Account] = a
		}
		o.used.Requests += used.Requests
		o.used.Retries += used.Retries
		return nil
	}, Failing: func(answers []Answer, _ time.Time) { o.failing += len(answers) }}
	if until > 0 {
		job.Until = started.Add(until)
	}
	if err := p.Poll(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	for i := range accounts {
		if _, ok := o.answers[i]; !ok {
			t.Errorf("account %d has no answer", i)
		}
	}
	o.took = time.Since(started)
	return o
}

func named(n int) []Account {
	accounts := make([]Account, n)
	for i := range accounts {
		accounts[i] = Account{Ref: networks.Ref{Name: "a" + strconv.Itoa(i)}}
	}
	return accounts
}

func (o outcome) kinds() map[networks.Kind]int {
	kinds := make(map[networks.Kind]int)
	for _, a := range o.answers {
		if a.Err != nil {
			kinds[a.Err.Kind]++
		} else {
			kinds[0]++
		}
	}
	return kinds
}

func pollerOf(f *fakeNetwork, tokens *fakeTokens, perSecond float64, slots ...string) *Poller {
	return New(Options{Network: f, Descriptor: networks.Descriptor{Name: "fake"}, Tokens: tokens, Slots: slots, PerSecond: perSecond})
}

func wantKinds(t *testing.T, o outcome, want map[networks.Kind]int) {
	t.Helper()
	if got := o.kinds(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("answers by kind: %v, want %v", got, want)
	}
}
