package main

import (
	"bytes"
	"io"

	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
)

// Lines that go to systemd's journal begin with their priority, "<4>" for a warning, as
// sd-daemon(3) has it: journald takes that off again and files the line under it, so
// that `journalctl -p warning` shows warnings and what is worse. Nowhere else is
// anything put in front of a line.

const (
	priorityError   = "<3>"
	priorityWarning = "<4>"
	priorityInfo    = "<6>"
	priorityDebug   = "<7>"
)

// toJournald reports whether w is the stream that systemd connected to its journal, by
// $JOURNAL_STREAM. A child whose stderr was sent elsewhere has the variable, too, but
// not the stream.
func (env *environment) toJournald(w io.Writer) bool {
	stream, ok := env.Getenv("JOURNAL_STREAM")
	return ok && stream != "" && stream == streamID(w)
}

// journaldStream is a stream that systemd connected to its journal.
type journaldStream struct{ io.Writer }

// logTo is where the log of a service is written.
func (env *environment) logTo() io.Writer {
	if env.toJournald(env.Stderr) {
		return journaldStream{env.Stderr}
	}
	return env.Stderr
}

// errorsTo is where what ends a command is written: in systemd's journal it is an
// error, not a remark.
func (env *environment) errorsTo() io.Writer {
	if env.toJournald(env.Stderr) {
		return errorLines{env.Stderr}
	}
	return env.Stderr
}

// errorLines puts the priority of an error before every line. Each Write is whole lines.
type errorLines struct{ io.Writer }

// Write writes the lines of p.
func (w errorLines) Write(p []byte) (int, error) {
	var out []byte
	for line := range bytes.Lines(p) {
		out = append(append(out, priorityError...), line...)
	}
	if _, err := w.Writer.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// prioritized puts the priority of its level before every entry of a log.
type prioritized struct {
	zapcore.Encoder
	pool buffer.Pool
}

// Clone is for zap, which clones an encoder for every child of a logger.
func (e prioritized) Clone() zapcore.Encoder { return prioritized{e.Encoder.Clone(), e.pool} }

// EncodeEntry writes one entry.
func (e prioritized) EncodeEntry(entry zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	text, err := e.Encoder.EncodeEntry(entry, fields)
	if err != nil {
		return nil, err
	}
	defer text.Free()
	line := e.pool.Get()
	line.AppendString(priorityOf(entry.Level))
	_, err = line.Write(text.Bytes())
	return line, err
}

func priorityOf(level zapcore.Level) string {
	switch {
	case level >= zapcore.ErrorLevel:
		return priorityError
	case level == zapcore.WarnLevel:
		return priorityWarning
	case level == zapcore.InfoLevel:
		return priorityInfo
	}
	return priorityDebug
}
