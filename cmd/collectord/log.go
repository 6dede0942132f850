package main

import (
	"io"
	"os"
	"sync/atomic"

	"go.uber.org/zap"
	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
	"golang.org/x/term"

	"collectord/collector/config"
	"collectord/collector/logfold"
	"collectord/keychain"
)

// newLog returns the log of a config, to stderr. Nothing is sampled away: every
// line is there for somebody, and only what is said again and again is counted instead
// (package logfold); Sync says what was not counted yet. Lines go through the mask, the
// last of several walls before a secret: networks and keychain redact what they return.
// To a journaldStream each line goes with its priority.
func newLog(cfg config.Log, stderr io.Writer, m *mask) (*zap.Logger, zap.AtomicLevel, error) {
	level, err := zap.ParseAtomicLevel(cfg.Level)
	if err != nil {
		return nil, level, err // config.Load allows known levels alone
	}
	encoding := zap.NewProductionEncoderConfig()
	encoding.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	encoding.EncodeDuration = zapcore.StringDurationEncoder
	encoding.TimeKey, encoding.MessageKey = "time", "message"
	encoder := zapcore.NewJSONEncoder(encoding)
	if cfg.Format == "console" || cfg.Format == "auto" && isTerminal(stderr) {
		encoding.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05")
		encoding.EncodeLevel = zapcore.CapitalLevelEncoder
		encoding.ConsoleSeparator = "  "
		encoder = oneLine{zapcore.NewConsoleEncoder(encoding)}
	}
	if _, ok := stderr.(journaldStream); ok {
		encoder = prioritized{encoder, buffer.NewPool()}
	}
	core := zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(maskedWriter{stderr, m})), level)
	return zap.New(logfold.New(core)), level, nil
}

// oneLine keeps an entry of the console's log on one line: the console encoder
// writes messages as they are. Stack traces stay below.
type oneLine struct{ zapcore.Encoder }

// Clone is for zap, which clones an encoder for every child of a logger.
func (e oneLine) Clone() zapcore.Encoder { return oneLine{e.Encoder.Clone()} }

// EncodeEntry writes one entry.
func (e oneLine) EncodeEntry(entry zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	entry.Message, entry.LoggerName = visible(entry.Message), visible(entry.LoggerName)
	return e.Encoder.EncodeEntry(entry, fields)
}

// mask takes secrets out of text. The zero mask takes nothing out.
type mask struct {
	redact atomic.Pointer[func(string) string]
}

// use sets what is taken out: the secrets of the keychain and of the config.
func (m *mask) use(keys *keychain.KeyChain, cfg *config.Config) {
	redact := keys.Redact
	if cfg.InfluxDB != nil && cfg.InfluxDB.Token != "" {
		token := keychain.Bare(cfg.InfluxDB.Token.Reveal())
		redact = func(s string) string { return token.Redact(keys.Redact(s)) }
	}
	m.redact.Store(&redact)
}

// maskedWriter writes lines without the secrets that the mask knows, and without
// what acts on a terminal: encoders leave the characters beyond ASCII that do so.
type maskedWriter struct {
	io.Writer
	mask *mask
}

// Write writes p, masked.
func (w maskedWriter) Write(p []byte) (int, error) {
	text := string(p)
	if redact := w.mask.redact.Load(); redact != nil {
		text = (*redact)(text)
	}
	if _, err := io.WriteString(w.Writer, visibleLines(text)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// isTerminal reports whether a person sees what is written to w.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
