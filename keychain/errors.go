package keychain

import (
	"errors"
	"fmt"
)

// What an error is about, for errors.Is.
var (
	// ErrSlot: the name of a slot is misspelt, or its kind is not known.
	ErrSlot = errors.New("no such slot")
	// ErrFormat: the value is not one that the slot takes.
	ErrFormat = errors.New("wrong format")
	// ErrEmpty: the slot holds nothing.
	ErrEmpty = errors.New("empty slot")
	// ErrKey: the key that opens the dumps is missing, unsafe, or another one.
	ErrKey = errors.New("wrong key")
	// ErrDamaged: a dump cannot be read although its key is the right one.
	ErrDamaged = errors.New("damaged dump")
)

// mistake is an error that is about one of the above and has a text of its own.
type mistake struct {
	is   error
	text string
}

func (m *mistake) Error() string { return m.text }
func (m *mistake) Unwrap() error { return m.is }

func mistakef(is error, format string, args ...any) error {
	return &mistake{is, fmt.Sprintf(format, args...)}
}
