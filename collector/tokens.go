package collector

import (
	"cmp"

	"go.uber.org/zap"

	"collectord/collector/logfold"
	"collectord/collector/poll"
	"collectord/keychain"
)

// Tokens is a keychain as polls need it.
func Tokens(keys *keychain.KeyChain, log *zap.Logger) poll.Tokens {
	return chain{KeyChain: keys, log: log}
}

// chain is the keychain as polls need it: what they find out about a token is
// logged and remembered.
type chain struct {
	*keychain.KeyChain
	log    *zap.Logger
	shared *sharedStates // nil: no other machine uses the tokens
}

// State returns what is remembered of the slot's token, by whoever used it last.
func (c chain) State(slot string) keychain.State {
	c.shared.learn(slot, c.log)
	return c.KeyChain.State(slot)
}

// SetState remembers what became of a token.
func (c chain) SetState(slot string, s keychain.State) {
	if err := c.KeyChain.SetState(slot, s); err != nil {
		c.log.Warn("the state of a token could not be written down; after a restart it is asked anew",
			zap.String("slot", slot), zap.Error(err), zap.String("hint", diskHint))
	}
	c.shared.tell(slot)
	// The words and the page are the network's own, and may repeat what it was sent.
	s.Reason, s.Hint, s.Link = c.Redact(s.Reason), c.Redact(s.Hint), c.Redact(s.Link)
	fields := []zap.Field{zap.String("slot", slot), zap.String("reason", s.Reason), zap.String("hint", cmp.Or(s.Hint, tokenHint(slot, s.Name))), logfold.Each()}
	switch s.Name {
	case keychain.Dead:
		c.log.Error("the network refuses a token; its accounts have no answer until another is assigned", fields...)
	case keychain.Parked:
		c.log.Error("a token waits for a person", append(fields, zap.String("open", s.Link), zap.Time("next_try", s.Until))...)
	case keychain.Cooling:
		c.log.Warn("a token rests", append(fields, zap.Time("until", s.Until))...)
	default:
		c.log.Info("a token works again", zap.String("slot", slot))
	}
}

// tokenHint is what to do about a token in a state, where the network has no better words.
func tokenHint(slot, state string) string {
	switch state {
	case keychain.Dead:
		return "store another one: collectord keychain assign " + slot
	case keychain.Parked:
		return "open the page, and do what it asks"
	default:
		return "nothing to do: it is used again when it has rested; more tokens would go on meanwhile"
	}
}
