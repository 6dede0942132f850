// Package status shows what the daemon knows: to people as pages, to programs as
// JSON, to Prometheus as metrics, all over net/http.
//
// The one idea: there is one Source, a snapshot of the daemon, and every answer
// is made from it while the request waits. The package keeps nothing between two
// requests, so that a page can be neither stale nor in disagreement with the JSON
// or the metrics, and a broken page breaks no poll.
//
//	          ┌─ /                                   every network and account
//	          ├─ /accounts/NETWORK/LABEL             one account and its plot
//	Source ───┼─ /api/v1/accounts, .../series        the same as JSON, a series as CSV too
//	          ├─ /api/v1/status
//	          ├─ /metrics                            the same for Prometheus
//	          └─ /readyz, /healthz
//
// Its promise: pages work without JavaScript and load nothing from elsewhere;
// whatever a network, a label or an error holds is text and never markup; an
// unknown number is shown as unknown and a missing poll as a gap; every answer is
// bounded; nobody can change anything through it (GET and HEAD are all it takes).
package status

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"html/template"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"
)

//go:embed templates/*.html static/style.css static/favicon.svg
var files embed.FS

// sourceTimeout bounds how long one request may wait for the Source. It is less
// than the server's write timeout, so that the error still reaches the reader.
const sourceTimeout = 15 * time.Second

// pagePolicy lets a page load its own style sheet and icon and nothing else.
const pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// server answers the requests. It holds nothing that changes.
type server struct {
	src       Source
	log       *zap.Logger
	pages     *template.Template
	style     []byte
	icon      []byte
	styleHash string // part of the style sheet's address, so that it may be cached for ever
}

// Handler answers everything that the daemon's web server is asked. It is safe
// for concurrent use. It logs what it could not get from src; log must not be
// nil.
func Handler(src Source, log *zap.Logger) http.Handler {
	s := &server{src: src, log: log, pages: template.Must(template.ParseFS(files, "templates/*.html"))}
	s.style, _ = files.ReadFile("static/style.css")
	s.icon, _ = files.ReadFile("static/favicon.svg")
	sum := sha256.Sum256(s.style)
	s.styleHash = hex.EncodeToString(sum[:6])

	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", s.index)
	mux.HandleFunc("/accounts/{network}/{label...}", s.account)
	mux.HandleFunc("/api/v1/accounts", s.apiAccounts)
	mux.HandleFunc("/api/v1/accounts/{network}/{rest...}", s.apiSeries)
	mux.HandleFunc("/api/v1/status", s.apiStatus)
	mux.HandleFunc("/api/", s.apiNotFound)
	mux.Handle("/metrics", metricsHandler(src, log))
	mux.HandleFunc("/healthz", s.healthz)
	mux.HandleFunc("/readyz", s.readyz)
	mux.HandleFunc("/style.css", s.styleSheet)
	mux.HandleFunc("/favicon.svg", s.favicon)
	mux.HandleFunc("/favicon.ico", s.favicon)
	mux.HandleFunc("/", s.notFound)
	return guard(compressed(mux))
}

var errMethod = errors.New("only GET and HEAD are served here")

// guard refuses every method but GET and HEAD, sets the headers that hold for
// every answer and bounds the time that the Source may take.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			if strings.HasPrefix(r.URL.Path, "/api/") {
				writeError(w, http.StatusMethodNotAllowed, errMethod)
				return
			}
			http.Error(w, errMethod.Error(), http.StatusMethodNotAllowed)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), sourceTimeout)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// render executes a template whole before the first byte is sent, so that a page
// is complete or an error.
func (s *server) render(w http.ResponseWriter, code int, name string, view any) {
	var b bytes.Buffer
	if err := s.pages.ExecuteTemplate(&b, name, view); err != nil {
		s.log.Error("a page cannot be made", zap.String("page", name), zap.Error(err), zap.String("hint", "please report it"))
		http.Error(w, "this page cannot be made; the log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	_, _ = b.WriteTo(w)
}

// head is what every page's frame shows.
type head struct {
	Title string // of the document
	Style string // hash of the style sheet
}

func (s *server) head(title string) head { return head{Title: title, Style: s.styleHash} }

// message is a page that only says something.
type message struct {
	head
	Heading, Text string
	Search        string // what to look for on the front page; "" for no such link
}

func (s *server) notFound(w http.ResponseWriter, _ *http.Request) {
	s.render(w, http.StatusNotFound, "message.html", message{
		head:    s.head("Not found"),
		Heading: "There is no such page",
		Text:    "The address is wrong, or what it showed is gone.",
	})
}

// broken is the page for a Source that does not answer.
func (s *server) broken(w http.ResponseWriter, what string, err error) {
	s.log.Error("the status page cannot be made", zap.String("wanted", what), zap.Error(err), zap.String("hint", journalHint))
	s.render(w, http.StatusInternalServerError, "message.html", message{
		head:    s.head("Error"),
		Heading: "The " + what + " cannot be read",
		Text:    err.Error(),
	})
}

func (s *server) healthz(w http.ResponseWriter, _ *http.Request) {
	plain(w, http.StatusOK, "ok")
}

func (s *server) readyz(w http.ResponseWriter, r *http.Request) {
	if err := s.src.Ready(r.Context()); err != nil {
		plain(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	plain(w, http.StatusOK, "ok")
}

func plain(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(text + "\n"))
}

// styleSheet may be cached for ever under the address that holds its hash, and
// is asked for anew under any other.
func (s *server) styleSheet(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("v") == s.styleHash {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(s.style)
}

func (s *server) favicon(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=86400")
	w.Header().Set("Content-Type", "image/svg+xml")
	_, _ = w.Write(s.icon)
}
