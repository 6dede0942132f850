package natstest

import (
	"errors"
	"net"
	"strings"
	"testing"
)

// A server whose port is taken is not waited for, and the next one is.
func TestTakenPort(t *testing.T) {
	s := Start(t, 1)
	var lc net.ListenConfig
	for name, address := range map[string]*string{"client": &s.nodes[0].client, "monitor": &s.nodes[0].monitor} {
		l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		was := *address
		*address = l.Addr().String()
		s.Restart(t, 0)
		if err := s.waitReady(t.Context()); !errors.Is(err, errEnded) || !strings.Contains(err.Error(), "address already in use") {
			t.Errorf("the port for %s is taken: %v", name, err)
		}
		*address = was
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s.Restart(t, 0)
	s.WaitReady(t)
}
