package collector

import (
	"net/http"
	"testing"
	"time"

	"collectord/keychain"
)

// TestRestIsHandedOver: a network tells the node that uses a token to wait, and the node
// dies. The next one has the token and asks nothing with it, and its page says why.
func TestRestIsHandedOver(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "a", "b")
	networks := "  vk: {schedule: '@every 1s', base_url: 'http://vk', token: vk, accounts: " + f.crowd(3) + "}"
	f.assign("a", map[string]string{"vk": "good-token"})
	f.answers(func(question) *http.Response {
		return &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"600"}}, Body: http.NoBody, ProtoMajor: 1, ProtoMinor: 1}
	})
	a := f.start("a", networks)
	f.eventually(10*time.Second, "a is told to wait", func() bool { return time.Until(a.keys.State("vk").Until) > time.Minute })
	f.answers(nil)
	until := a.keys.State("vk").Until
	b := f.start("b", networks)
	f.eventually(10*time.Second, "b has the token in its keychain", func() bool { _, ok := b.keys.Get("vk"); return ok })
	<-time.After(100 * time.Millisecond) // a has told it by now
	a.wire.Cut()                         // as good as dead
	f.eventually(10*time.Second, "b uses the token", func() bool { return b.holds("vk") })
	<-time.After(1500 * time.Millisecond) // a tick of b's
	if asked := f.questions("b"); len(asked) > 0 {
		t.Errorf("b asked %d times though the token rests until %v", len(asked), until)
	}
	if s := b.keys.State("vk"); s.Name != keychain.Cooling || !s.Until.Equal(until) {
		t.Errorf("b's keychain says %+v; want a rest until %v", s, until)
	}
	if b.said("another node told what became of a token") != 1 {
		t.Error("b does not say what it was told, or more than once")
	}
}
