package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/maphash"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

const (
	// maxFileSize bounds what is read of one file, in bytes. A million accounts
	// take about 40 MB.
	maxFileSize = 64 << 20
	// maxReadWait bounds how long whoever writes to a pipe may take.
	maxReadWait = 10 * time.Second
	// maxMistakes bounds how many mistakes are listed; the rest is counted.
	maxMistakes = 10_000
	// hashDigits is the length of Config.Hash.
	hashDigits = 12
)

// Load reads the config file at path and the files that it names. The error is
// of type Mistakes and holds every mistake of all files.
func Load(path string, env Env) (*Config, error) {
	l := newLoader(path, env)
	src, err := readFile(path)
	if err != nil {
		l.fileMistake(path, err)
		return nil, l.result()
	}
	return l.load(path, src)
}

// Parse is Load for a config that is in memory, such as the one of the demo.
// Name stands for the file in messages; relative paths are relative to name's
// folder.
func Parse(name string, src []byte, env Env) (*Config, error) {
	return newLoader(name, env).load(name, src)
}

// loader is the state of one Load: what was read so far, and what is shared
// between accounts so that 100,000 of them stay small.
type loader struct {
	env Env
	dir string // the config file's folder

	mistakes []Mistake
	unlisted int // mistakes beyond maxMistakes
	warnings []Mistake
	files    []string
	globs    []string
	hash     hash.Hash
	seed     maphash.Seed

	merged    int // pairs taken in by merge keys
	schedules map[string]parsedSchedule
	pools     map[string][]string
	bound     map[string]binding // by slot
	// What several aliases name is read once.
	poolsByNode map[*yaml.Node][]string
	tags        map[*yaml.Node][]Tag
}

func newLoader(path string, env Env) *loader {
	if env.Getenv == nil {
		env.Getenv = os.LookupEnv
	}
	return &loader{
		env: env, dir: filepath.Dir(path), hash: sha256.New(), seed: maphash.MakeSeed(),
		schedules: map[string]parsedSchedule{}, pools: map[string][]string{}, bound: map[string]binding{},
		poolsByNode: map[*yaml.Node][]string{}, tags: map[*yaml.Node][]Tag{},
	}
}

func (l *loader) load(path string, src []byte) (*Config, error) {
	l.took(path, src)
	cfg := &Config{File: path}
	if node := l.document(path, src); node != nil {
		l.config(cfg, value{at: at{l: l, file: path, line: node.Line, col: node.Column}, node: node})
	}
	if err := l.result(); err != nil {
		return nil, err
	}
	cfg.Files, cfg.Globs = l.files, l.globs
	cfg.Warnings = sorted(l.warnings, l.files)
	cfg.Hash = hex.EncodeToString(l.hash.Sum(nil))[:hashDigits]
	return cfg, nil
}

// took remembers that a file is part of the configuration.
func (l *loader) took(path string, src []byte) {
	l.files = append(l.files, path)
	_, _ = fmt.Fprintf(l.hash, "%d %s\n%d\n", len(path), path, len(src))
	_, _ = l.hash.Write(src)
}

// result is the error of Load, nil if there is no mistake.
func (l *loader) result() error {
	if len(l.mistakes) == 0 {
		return nil
	}
	list := sorted(l.mistakes, l.files)
	if l.unlisted > 0 {
		last := list[len(list)-1]
		list = append(list, Mistake{File: last.File, Msg: fmt.Sprintf("and %d more mistakes", l.unlisted)})
	}
	return Mistakes(list)
}

func (l *loader) add(m Mistake) {
	if len(l.mistakes) >= maxMistakes {
		l.unlisted++
		return
	}
	l.mistakes = append(l.mistakes, m)
}

// full reports that no more mistakes are listed, so that none need be put into words.
func (l *loader) full() bool { return len(l.mistakes) >= maxMistakes }

// fileMistake adds a mistake that is about a file as a whole.
func (l *loader) fileMistake(path string, err error) {
	msg := err.Error()
	var pe *os.PathError
	if errors.As(err, &pe) {
		msg = pe.Op + ": " + pe.Err.Error()
	}
	l.add(Mistake{File: path, Msg: msg, Err: err})
}

// readFlags opens a named pipe that nobody writes to at once, as an empty file, rather
// than wait for a writer beyond the reach of any signal.
const readFlags = os.O_RDONLY | syscall.O_NONBLOCK

// readFile reads a file of at most maxFileSize bytes.
func readFile(path string) ([]byte, error) {
	f, err := os.OpenFile(path, readFlags, 0)
	if err != nil {
		return nil, err
	}
	return readAll(f)
}

// readAll reads an open file whole and closes it.
func readAll(f *os.File) ([]byte, error) {
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, errors.New("a folder, where a file is expected")
	}
	if info.Size() > maxFileSize {
		return nil, fmt.Errorf("%d bytes; at most %d are read", info.Size(), maxFileSize)
	}
	// Only what can keep one waiting, such as a pipe, takes a deadline.
	_ = f.SetReadDeadline(time.Now().Add(maxReadWait))
	// A pipe has no size and a file may grow, so the limit is enforced here, too.
	src, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return nil, err
	}
	if len(src) > maxFileSize {
		return nil, fmt.Errorf("more than %d bytes; no more are read", maxFileSize)
	}
	return src, nil
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// unmarked returns src without a byte order mark. It is false, and a mistake is
// added, where src is not UTF-8 text.
func (l *loader) unmarked(file string, src []byte) ([]byte, bool) {
	src = bytes.TrimPrefix(src, byteOrderMark)
	if utf8.Valid(src) {
		return src, true
	}
	good := 0
	for good < len(src) {
		r, size := utf8.DecodeRune(src[good:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		good += size
	}
	line, col := placeOf(src, good)
	msg := fmt.Sprintf("byte 0x%02x: not UTF-8; save the file as UTF-8", src[good])
	if bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")) {
		msg = "this is UTF-16; save the file as UTF-8"
	}
	l.add(Mistake{File: file, Line: line, Col: col, Msg: msg})
	return nil, false
}

// placeOf returns the line and the column, in characters, of a byte of src.
func placeOf(src []byte, offset int) (line, col int) {
	before := src[:offset]
	line = 1 + bytes.Count(before, []byte("\n"))
	col = 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return line, col
}
