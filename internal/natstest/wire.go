package natstest

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
)

// Wire is a line to a server that can be cut: bytes go nowhere then, and no connection
// is told, as when a switch loses power.
type Wire struct {
	URL string // nats://127.0.0.1:port

	target   string
	listener net.Listener
	work     sync.WaitGroup
	ctx      context.Context //nolint:containedctx // it is how the connections of the wire end, whoever made them
	stop     context.CancelFunc

	mu   sync.Mutex
	cut  bool
	back chan struct{} // closed when the wire is mended
}

// Connect lays a wire to a server, for the length of the test.
func Connect(tb testing.TB, url string) *Wire {
	tb.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	const scheme = "nats://"
	w := &Wire{URL: scheme + l.Addr().String(), target: url[len(scheme):], listener: l, back: make(chan struct{})}
	w.ctx, w.stop = context.WithCancel(context.Background())
	w.work.Go(w.accept)
	tb.Cleanup(func() {
		w.stop()
		_ = l.Close() // nobody listens any more
		w.work.Wait()
	})
	return w
}

// Cut lets nothing through until Mend.
func (w *Wire) Cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = true
}

// Mend lets everything through.
func (w *Wire) Mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = false
	close(w.back)
	w.back = make(chan struct{})
}

// wait returns when the wire is whole.
func (w *Wire) wait() {
	for {
		w.mu.Lock()
		cut, back := w.cut, w.back
		w.mu.Unlock()
		if !cut {
			return
		}
		select {
		case <-back:
		case <-w.ctx.Done():
			return
		}
	}
}

func (w *Wire) accept() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.work.Go(func() { w.carry(near) })
	}
}

func (w *Wire) carry(near net.Conn) {
	w.wait()
	var d net.Dialer
	far, err := d.DialContext(w.ctx, "tcp", w.target)
	if err != nil {
		_ = near.Close() // the other end has no use for it
		return
	}
	done := context.AfterFunc(w.ctx, func() { _, _ = near.Close(), far.Close() })
	defer done()
	var both sync.WaitGroup
	for _, way := range [2][2]net.Conn{{near, far}, {far, near}} {
		both.Go(func() {
			w.pump(way[1], way[0])
			_, _ = near.Close(), far.Close() // one end is the end
		})
	}
	both.Wait()
}

func (w *Wire) pump(to io.Writer, from io.Reader) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		w.wait()
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
