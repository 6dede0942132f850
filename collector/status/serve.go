package status

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/net/netutil"
)

// The bounds of the server. A client that is slower or sends more is cut off.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = time.Minute
	shutdownTimeout   = 2 * time.Second // after that, open requests are cut off
	maxHeaderBytes    = 16 << 10
	maxConnections    = 256 // more of them wait in the kernel's queue
)

// Options is where and how to serve.
type Options struct {
	// Listen is the config's web.listen: "127.0.0.1:9184". Port 0 takes a free one.
	Listen string
	// WebConfigFile is the config's web.config_file: TLS and passwords in the form
	// of Prometheus' exporters
	// (https://prometheus.io/docs/prometheus/latest/configuration/https/, read
	// 2026-11-21). Passwords and certificates are read anew while serving. "" means
	// plain HTTP without a password.
	WebConfigFile string
	// Log takes what goes wrong with connections; nil means nowhere.
	Log *zap.Logger
}

// Server is bound to an address. The caller ends it by Serve, whose context is
// then done, or by Close.
type Server struct {
	opts     Options
	listener net.Listener
	http     *http.Server
}

// Listen binds the address and reads the web config file, so that a taken port
// and a wrong file are errors at the start. The errors name the key of the config
// that is to be mended.
func Listen(opts Options, h http.Handler) (*Server, error) {
	if opts.Log == nil {
		opts.Log = zap.NewNop()
	}
	if err := web.Validate(opts.WebConfigFile); err != nil {
		return nil, fmt.Errorf("web.config_file: %s: %w", opts.WebConfigFile, err)
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", opts.Listen)
	if err != nil {
		return nil, fmt.Errorf("web.listen: %s: %w", opts.Listen, err)
	}
	switch {
	case opts.WebConfigFile == "" && loopback(l.Addr()):
		h = localNames(h)
	case opts.WebConfigFile == "":
		opts.Log.Warn("the status page is open to other machines without a password",
			zap.Stringer("listen", l.Addr()), zap.String("hint", "web.config_file sets a password and TLS; web.listen 127.0.0.1:9184 keeps it to this machine"))
	}
	errorLog, err := zap.NewStdLogAt(opts.Log, zapcore.DebugLevel)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("web: log: %w", err), l.Close())
	}
	return &Server{
		opts:     opts,
		listener: netutil.LimitListener(l, maxConnections),
		http: &http.Server{
			Handler:           h,
			ReadHeaderTimeout: readHeaderTimeout,
			ReadTimeout:       readTimeout,
			WriteTimeout:      writeTimeout,
			IdleTimeout:       idleTimeout,
			MaxHeaderBytes:    maxHeaderBytes,
			ErrorLog:          errorLog,
		},
	}, nil
}

// Addr is the address that is bound.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Serve answers requests until ctx is done, then gives open requests 2 s to end.
// It returns nil after such an end; any other end is an error. All of its
// goroutines have ended when it returns. It is called once.
func (s *Server) Serve(ctx context.Context) error {
	done := make(chan error, 1)
	go func() {
		flags := &web.FlagConfig{WebConfigFile: &s.opts.WebConfigFile}
		done <- web.Serve(s.listener, s.http, flags, slog.New(slogHandler{s.opts.Log}))
	}()
	select {
	case err := <-done:
		return errors.Join(fmt.Errorf("web: serve %s: %w", s.Addr(), err), s.http.Close())
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := s.http.Shutdown(grace); err != nil {
		_ = s.http.Close() // a request that outlives the grace is cut off; that is no error
	}
	// Serve may not have begun when ctx was already done; without its listener it
	// cannot go on.
	_ = s.listener.Close()
	if err := <-done; !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("web: serve %s: %w", s.Addr(), err)
	}
	return nil
}

// localNames refuses requests that name another host than this machine. A page of
// somebody else's can have its own name point to 127.0.0.1 and then have the visitor's
// browser read what is served there (DNS rebinding); the browser still says that name.
// A password stops it as well, so that pages with one are served under every name.
func localNames(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLocalName(r.Host) {
			w.Header().Set("X-Content-Type-Options", "nosniff")
			http.Error(w, "without a password this page is served as localhost or under its IP address alone; "+
				"a proxy in front of it sends such a Host header, or web.config_file sets a password", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLocalName reports whether a Host header names an address, or this machine by the
// one name that no DNS answers for.
func isLocalName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	_, err := netip.ParseAddr(host)
	return err == nil || host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// loopback reports whether only this machine reaches the address.
func loopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// slogHandler passes what the exporter toolkit logs on to zap. Its news of a
// normal start are of no interest beside the daemon's own.
type slogHandler struct{ log *zap.Logger }

// Enabled takes every level; zap decides.
func (h slogHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle logs one record: errors as errors, all else for debugging.
func (h slogHandler) Handle(_ context.Context, r slog.Record) error {
	level := zapcore.DebugLevel
	if r.Level >= slog.LevelWarn {
		level = zapcore.ErrorLevel
	}
	fields := make([]zap.Field, 0, 2+r.NumAttrs())
	fields = append(fields, zap.String("said", r.Message), zap.String("hint", "mend web.config_file, the certificate or the password file"))
	r.Attrs(func(a slog.Attr) bool {
		fields = append(fields, zap.Any(a.Key, a.Value.Any()))
		return true
	})
	h.log.Log(level, "the page's server has something to say", fields...)
	return nil
}

// WithAttrs returns the handler itself: the toolkit logs with no standing
// attributes.
func (h slogHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

// WithGroup returns the handler itself, as WithAttrs does.
func (h slogHandler) WithGroup(string) slog.Handler { return h }
