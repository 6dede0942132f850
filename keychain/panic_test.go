package keychain_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"collectord/keychain"
)

// careless is a network whose code panics wherever it is told to, with a secret.
type careless struct{ in string }

func (c careless) panics(where string, t keychain.Token) {
	if c.in == where {
		panic("no " + where + " for " + t.Bare())
	}
}

func (c careless) Window(t keychain.Token, _, _ time.Time) keychain.Window {
	c.panics("window", t)
	return always
}

func (c careless) Refresh(_ context.Context, t keychain.Token) (keychain.Fresh, error) {
	c.panics("refresh", t)
	return keychain.Fresh{Value: keychain.Bare("fresh")}, nil
}

func (c careless) Make(_ context.Context, raw keychain.Token) (keychain.Fresh, error) {
	c.panics("make", raw)
	return keychain.Fresh{Value: keychain.Bare("fresh")}, nil
}

func (c careless) Check(_ context.Context, t keychain.Token) (string, error) {
	c.panics("check", t)
	return "good", nil
}

// TestPanicIsAnError: what one network's code does ends neither the process nor the
// token, and tells no secret.
func TestPanicIsAnError(t *testing.T) {
	for _, where := range []string{"window", "refresh", "make", "check"} {
		t.Run(where, func(t *testing.T) {
			c := careless{where}
			k := open(t, t.TempDir(), func(o *keychain.Options) {
				o.Refreshers = map[string]keychain.Refresher{"vk": c}
				o.Makers = map[string]keychain.Maker{"raw_vk": c}
				o.Checkers = map[string]keychain.Checker{"vk": c.Check}
			})
			slot := "vk"
			if where == "make" {
				must(t, k.Assign("raw_vk", keychain.Mapping(map[string]string{"app_id": "1", "app_secret": "s3cret", "login": "l", "password": "s3cret"})))
			} else {
				must(t, k.Assign("vk", keychain.Bare("s3cret")))
			}
			var err error
			switch where {
			case "check":
				_, err = k.Check(t.Context(), slot)
			case "window":
				outcomes, autoErr := k.Autocomplete(t.Context())
				must(t, autoErr)
				if len(outcomes) != 0 || k.Show()[0].Renewable {
					t.Errorf("outcomes %v, shown %+v", outcomes, k.Show())
				}
				want(t, k, "vk", "s3cret")
				return
			default:
				outcomes, autoErr := k.Autocomplete(t.Context())
				must(t, autoErr)
				if len(outcomes) != 1 {
					t.Fatalf("outcomes %v", outcomes)
				}
				err = outcomes[0].Err
			}
			var p *keychain.Panic
			if !errors.As(err, &p) || !strings.Contains(string(p.Stack), "panics") {
				t.Fatalf("%v", err)
			}
			if strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "BUG: panic: no "+where) {
				t.Errorf("%v", err)
			}
			if where != "make" {
				want(t, k, "vk", "s3cret")
			}
			if s := k.State(slot); s != (keychain.State{}) {
				t.Errorf("the state is %+v", s)
			}
		})
	}
}
