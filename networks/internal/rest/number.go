package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"

	"collectord/networks"
)

// Number is a count in an answer. Absent and null leave it unknown; what is no
// whole number of 0 or more makes it Bad, which spoils its own account and not
// the answer around it.
type Number struct {
	networks.Count
	Bad bool
}

// UnmarshalJSON never fails.
func (n *Number) UnmarshalJSON(b []byte) error {
	*n = Number{}
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	if v, err := strconv.ParseInt(string(b), 10, 64); err == nil && v >= 0 {
		n.Count = networks.Known(v)
		return nil
	}
	// 12.0 and 1e6 are whole numbers as well.
	if f, err := strconv.ParseFloat(string(b), 64); err == nil && f >= 0 && f < 1<<53 && f == math.Trunc(f) {
		n.Count = networks.Known(int64(f))
		return nil
	}
	n.Bad = true
	return nil
}

// Lenient is a Number that may come as a string ("579277") too: VK and YouTube
// document that.
type Lenient struct{ Number }

// UnmarshalJSON never fails.
func (l *Lenient) UnmarshalJSON(b []byte) error {
	var s string
	if len(b) > 1 && b[0] == '"' && json.Unmarshal(b, &s) == nil {
		b = []byte(s)
	}
	return l.Number.UnmarshalJSON(b)
}

// DecodeOne decodes one account of an answer about many. A field of another type than v has
// makes the account odd, and is no error: its neighbours are as good as they were.
func DecodeOne(b []byte, v any, odd *bool) error {
	var wrong *json.UnmarshalTypeError
	err := json.Unmarshal(b, v)
	if *odd = errors.As(err, &wrong); *odd {
		return nil
	}
	return err
}
