package collector

import (
	"encoding/json"

	"go.uber.org/zap"

	"collectord/collector/cluster"
	"collectord/keychain"
)

// This file is what nodes tell each other of tokens: who uses one next must know that the
// network told the last one to wait, or refused it.

// sharedStates hands states of tokens from node to node.
type sharedStates struct {
	keys    *keychain.KeyChain
	cluster *cluster.Cluster
}

// sharedStates is nil where there is no cluster.
func (d *Daemon) sharedStates() *sharedStates {
	if d.cluster == nil {
		return nil
	}
	return &sharedStates{d.keys, d.cluster}
}

// tell tells the others what became of a slot's token. The page that a person must open is
// told by this node alone: its address may be as good as a token.
func (s *sharedStates) tell(slot string) {
	stamp := ""
	if s != nil {
		stamp = s.keys.Stamps()[slot]
	}
	if stamp == "" {
		return
	}
	state := s.keys.State(slot)
	state.Link = ""
	if text, err := json.Marshal(state); err == nil { // texts and times always encode
		s.cluster.TellState(slot, stamp, text)
	}
}

// learn remembers what another node told of a slot's token. It is not told on, and said
// only where the token is not well.
func (s *sharedStates) learn(slot string, log *zap.Logger) {
	if s == nil {
		return
	}
	stamp, text, ok := s.cluster.State(slot)
	var theirs keychain.State
	if !ok || stamp != s.keys.Stamps()[slot] || json.Unmarshal(text, &theirs) != nil {
		return
	}
	mine := s.keys.State(slot)
	mine.Link = ""
	if sameState(mine, theirs) {
		return
	}
	if err := s.keys.SetState(slot, theirs); err != nil {
		return // it is asked for again
	}
	if theirs.Name == keychain.OK || theirs.Name == "" {
		return
	}
	log.Info("another node told what became of a token", zap.String("slot", slot), zap.String("state", theirs.Name),
		zap.String("reason", s.keys.Redact(theirs.Reason)), zap.Time("until", theirs.Until))
}

// sameState reports whether two states say the same.
func sameState(a, b keychain.State) bool {
	well := func(s keychain.State) bool { return s.Name == "" || s.Name == keychain.OK }
	if well(a) || well(b) {
		return well(a) && well(b)
	}
	until := a.Until.Equal(b.Until)
	a.Until = b.Until
	return until && a == b
}
