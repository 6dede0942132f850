package sim

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
)

// maxRequest bounds the body of a request to a simulator, in bytes.
const maxRequest = 1 << 20

// Fault may answer a request in place of the simulator. It returns true if it
// did. It may sleep and return false: a slow network.
type Fault func(w http.ResponseWriter, r *http.Request) bool

// Exchange is one request and what was answered.
type Exchange struct {
	Op       string // "users.get"
	Accounts int    // how many accounts were asked for
	Status   int    // of HTTP
	Code     string // the network's own error code; empty for a good answer
}

// maxLog is how many exchanges of each network a world remembers; the counters
// go on.
const maxLog = 4096

// Break puts a fault before every answer of a network; nil mends the network.
func (w *World) Break(network string, f Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults[network] = f
}

// Requests returns how many requests a network got, the broken ones included.
func (w *World) Requests(network string) int {
	n := 0
	for _, c := range w.Ops(network) {
		n += c
	}
	return n
}

// Ops returns how many requests a network got of each kind.
func (w *World) Ops(network string) map[string]int {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return maps.Clone(w.requests[network])
}

// Log returns the newest exchanges with a network, at most 4096, oldest first.
// An exchange is in the log when its answer is whole, a moment after a client may
// have read it; the counters run before it.
func (w *World) Log(network string) []Exchange {
	w.mu.RLock()
	defer w.mu.RUnlock()
	log := w.log[network]
	return slices.Clone(log[max(0, len(log)-maxLog):])
}

// ResetLog forgets the exchanges and counters of a network.
func (w *World) ResetLog(network string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.log, network)
	delete(w.requests, network)
}

// Handler is the frame of every simulator. It bounds the request, gives the
// network's fault its turn, lets answer answer otherwise, and keeps count.
//
// Op names a request for the count ("users.get"). Answer writes the answer and
// returns how many accounts were asked for and, for a refusal, the network's own
// error code.
func (w *World) Handler(network string, op func(*http.Request) string,
	answer func(http.ResponseWriter, *http.Request) (accounts int, code string),
) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: rw, status: http.StatusOK}
		x := Exchange{Op: op(r)}
		// Counted before it is answered: who reads an answer finds it counted.
		w.count(network, x.Op)
		if r.Body != nil {
			r.Body = http.MaxBytesReader(rw, r.Body, maxRequest)
		}
		w.mu.RLock()
		fault := w.faults[network]
		w.mu.RUnlock()
		if fault != nil && fault(rec, r) {
			x.Code = "fault"
		} else {
			x.Accounts, x.Code = answer(rec, r)
		}
		x.Status = rec.status
		w.note(network, x)
	})
}

func (w *World) count(network, op string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.requests[network] == nil {
		w.requests[network] = make(map[string]int)
	}
	w.requests[network][op]++
}

func (w *World) note(network string, x Exchange) {
	w.mu.Lock()
	defer w.mu.Unlock()
	log := append(w.log[network], x)
	if len(log) == 2*maxLog { // seldom, so that forgetting costs nothing
		log = append(log[:0], log[maxLog:]...)
	}
	w.log[network] = log
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
	wrote  bool
}

func (r *recorder) WriteHeader(status int) {
	if !r.wrote {
		r.status, r.wrote = status, true
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	r.wrote = true
	return r.ResponseWriter.Write(b)
}

// Flush lets a fault answer in pieces.
func (r *recorder) Flush() {
	if f, ok := r.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// JSON writes v as the answer, with status.
func JSON(rw http.ResponseWriter, status int, v any) {
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(status)
	// The client may be gone; a simulator has nobody to tell.
	_ = json.NewEncoder(rw).Encode(v)
}
