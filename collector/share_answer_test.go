package collector

import (
	"testing"
	"time"

	"go.uber.org/zap"

	"collectord/collector/config"
	"collectord/collector/poll"
	"collectord/networks"
)

// TestAnswersDoNotWaitForNATS: what a network answered is on disk though nobody can be told
// what of its price came back.
func TestAnswersDoNotWaitForNATS(t *testing.T) {
	r := newRig(t)
	t.Cleanup(func() {
		if err := r.journal.Close(); err != nil {
			t.Error(err)
		}
	})
	all := crowd(1, true)
	s := sharer(t, "a", all, "vk")
	n := s.network
	n.journal, n.purse, n.log, n.cfg = r.journal, r.journal, zap.NewNop(), config.Network{Tokens: []string{"vk"}, Budget: 1}
	at := s.job.tick.Time
	s.job.tick.Accounts = 1
	if err := r.journal.BeginTick(t.Context(), s.job.tick, nil); err != nil {
		t.Fatal(err)
	}
	s.asked, s.recorder, s.failures = all, recorder{network: "vk", at: at}, make(failures)
	p := &networks.Profile{ID: "0", Type: networks.Person, Nickname: "name0", Followers: networks.Known(5)}
	err := s.answer(t.Context(), []poll.Answer{{Profile: p, Known: networks.Ref{Kind: "user", ID: "0"}}},
		poll.Usage{Requests: 1, Spent: poll.Spent{Slot: "vk", Day: at.UTC().Format(time.DateOnly), Micros: -1}})
	if err != nil {
		t.Errorf("the answer was refused: %v", err)
	}
	if tick, _, err := r.journal.Tick(t.Context(), "vk", at); err != nil || tick.OK != 1 {
		t.Errorf("on disk are %d answers, %v; want 1", tick.OK, err)
	}
}
