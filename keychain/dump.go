package keychain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"strings"
	"time"

	"filippo.io/age"
)

// record is what a slot holds, with what is known of it.
type record struct {
	value Value
	// stamp is the id of the dump in which the value appeared first. It names the
	// value without telling it.
	stamp    string
	assigned time.Time
	// expires is when the value ends, where that is not in the value itself.
	expires time.Time
	// final says that no renewal moves the end; see Fresh.
	final bool
	// answer goes with the next request that is made with the value; see Put.
	answer Value
}

// end returns when the value ends, zero where nobody knows.
func (r record) end() time.Time {
	if t, err := time.Parse(time.RFC3339, r.value.Get("expires_at")); err == nil {
		return t
	}
	return r.expires
}

// endless reports whether the network says that the value does not end.
func (r record) endless() bool { return r.end().Equal(Never()) }

// known is the end as people are told it: zero where there is none or nobody knows.
func (r record) known() time.Time {
	if r.endless() {
		return time.Time{}
	}
	return r.end()
}

// content is what a dump holds. It does not change once it is in memory.
type content struct {
	time  time.Time
	slots map[string]record
	// emptied are the slots that hold nothing any more, each with the stamp of its last
	// change: a machine that was away when one was deleted does not bring it back.
	emptied map[string]string
}

func (c content) clone() content {
	return content{c.time, maps.Clone(c.slots), maps.Clone(c.emptied)}
}

// stamps are those of all slots, the emptied ones among them.
func (c content) stamps() map[string]string {
	stamps := make(map[string]string, len(c.slots)+len(c.emptied))
	maps.Copy(stamps, c.emptied)
	for slot, r := range c.slots {
		stamps[slot] = r.stamp
	}
	return stamps
}

// note keeps the stamps of slots that a change has emptied, and forgets those that it has
// filled again.
func (c *content) note(before map[string]record, id dumpID) {
	for slot := range before {
		if _, held := c.slots[slot]; !held {
			if c.emptied == nil {
				c.emptied = make(map[string]string)
			}
			c.emptied[slot] = string(id)
		}
	}
	for slot := range c.slots {
		delete(c.emptied, slot)
	}
}

// values are those of all slots, and the answers beside them.
func (c content) values() []Value {
	values := make([]Value, 0, 2*len(c.slots))
	for _, r := range c.slots {
		values = append(values, r.value, r.answer)
	}
	return values
}

func (c content) hider() hider { return hiding(c.values()...) }

// dumpVersion is the version of the JSON in a dump.
const dumpVersion = 1

// maxDump bounds the file of a dump, in bytes.
const maxDump = 16 << 20

// dumpJSON is a dump before encryption. The secrets are plain strings in it, so
// it goes nowhere but into age.
type dumpJSON struct {
	Version int                   `json:"version"`
	Time    time.Time             `json:"time"`
	Slots   map[string]recordJSON `json:"slots"`
	Emptied map[string]string     `json:"emptied,omitempty"` // stamps
}

type recordJSON struct {
	Value    json.RawMessage `json:"value"` // a string, or an object of strings
	Stamp    string          `json:"stamp"`
	Assigned time.Time       `json:"assigned"`
	Expires  time.Time       `json:"expires,omitzero"`
	Final    bool            `json:"final,omitempty"`
	Answer   json.RawMessage `json:"answer,omitempty"` // an object of strings
}

func (c content) marshal() ([]byte, error) {
	d := dumpJSON{Version: dumpVersion, Time: c.time, Slots: make(map[string]recordJSON, len(c.slots)), Emptied: c.emptied}
	for slot, r := range c.slots {
		value, err := marshalValue(r.value)
		if err != nil {
			return nil, err
		}
		j := recordJSON{Value: value, Stamp: r.stamp, Assigned: r.assigned, Expires: r.expires, Final: r.final}
		if !r.answer.IsZero() {
			if j.Answer, err = marshalValue(r.answer); err != nil {
				return nil, err
			}
		}
		d.Slots[slot] = j
	}
	return json.Marshal(d)
}

func marshalValue(v Value) (json.RawMessage, error) {
	if v.IsBare() {
		return json.Marshal(v.Bare())
	}
	fields := make(map[string]string)
	for _, name := range v.Names() {
		fields[name] = v.Get(name)
	}
	return json.Marshal(fields)
}

// unmarshal reads a decrypted dump. Its errors repeat nothing of the text.
func unmarshal(text []byte) (content, error) {
	var d dumpJSON
	if err := json.Unmarshal(text, &d); err != nil {
		return content{}, errors.New("what was encrypted is not the JSON of a dump")
	}
	if d.Version != dumpVersion {
		return content{}, fmt.Errorf("it has version %d; this program reads version %d", d.Version, dumpVersion)
	}
	c := content{time: d.Time, slots: make(map[string]record, len(d.Slots))}
	for slot, r := range d.Slots {
		if _, _, err := ParseSlot(slot); err != nil {
			return content{}, errors.New("it has a slot with an impossible name")
		}
		v, err := unmarshalValue(r.Value)
		if err != nil {
			return content{}, err
		}
		rec := record{value: v, stamp: r.Stamp, assigned: r.Assigned, expires: r.Expires, final: r.Final}
		if len(r.Answer) > 0 {
			if rec.answer, err = unmarshalValue(r.Answer); err != nil {
				return content{}, err
			}
		}
		c.slots[slot] = rec
	}
	for slot, stamp := range d.Emptied {
		if _, _, err := ParseSlot(slot); err != nil {
			return content{}, errors.New("it has a slot with an impossible name")
		}
		if _, held := c.slots[slot]; held || stamp < forgotten(time.Now()) {
			continue
		}
		if c.emptied == nil {
			c.emptied = make(map[string]string)
		}
		c.emptied[slot] = stamp
	}
	return c, nil
}

func unmarshalValue(raw json.RawMessage) (Value, error) {
	var s string
	if json.Unmarshal(raw, &s) == nil && s != "" {
		return Bare(s), nil
	}
	var fields map[string]string
	if json.Unmarshal(raw, &fields) == nil {
		if v := Mapping(fields); !v.IsZero() {
			return v, nil
		}
	}
	return Value{}, errors.New("it has a value that is neither a string nor a mapping of strings")
}

// encrypt returns the dump as its file holds it.
func (c content) encrypt(to age.Recipient) ([]byte, error) {
	text, err := c.marshal()
	if err != nil {
		return nil, err
	}
	var file bytes.Buffer
	w, err := age.Encrypt(&file, to)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if file.Len() > maxDump {
		return nil, fmt.Errorf("the dump has %d bytes; at most %d will do", file.Len(), maxDump)
	}
	return file.Bytes(), nil
}

// decrypt reads the file of a dump. age authenticates every byte of it.
func decrypt(file []byte, with []age.Identity) (content, error) {
	r, err := age.Decrypt(bytes.NewReader(file), with...)
	if err != nil {
		return content{}, errors.New("it cannot be decrypted")
	}
	text, err := io.ReadAll(io.LimitReader(r, maxDump))
	if err != nil {
		return content{}, errors.New("it cannot be decrypted to its end")
	}
	return unmarshal(text)
}

// dumpID is the name of a dump without its ending: the time, so that names sort
// as the dumps were written, and what tells the key that opens it.
type dumpID string

const (
	idTime  = "20060102T150405.000000000Z"
	dumpExt = ".age"
)

var idForm = regexp.MustCompile(`^\d{8}T\d{6}\.\d{9}Z-[0-9a-f]{8}$`)

// parseID takes the name of a file apart; ok is false for any other file.
func parseID(file string) (id dumpID, ok bool) {
	name, ok := strings.CutSuffix(file, dumpExt)
	if !ok || !idForm.MatchString(name) {
		return "", false
	}
	if _, err := time.Parse(idTime, name[:len(idTime)]); err != nil {
		return "", false
	}
	return dumpID(name), true
}

// under is the name that the dump has once it is encrypted for another key.
func (id dumpID) under(tag string) dumpID { return id[:len(idTime)+1] + dumpID(tag) }

// emptiedFor is how long it is known that a slot was emptied: no machine of a cluster is
// away for longer.
const emptiedFor = 400 * 24 * time.Hour

// forgotten is the stamp before which nobody knows that a slot was emptied.
func forgotten(now time.Time) string { return now.UTC().Add(-emptiedFor).Format(idTime) }

// time is when the dump was written, by its name.
func (id dumpID) time() time.Time {
	t, _ := time.Parse(idTime, string(id[:len(idTime)]))
	return t
}

// tag tells the key that opens the dump.
func (id dumpID) tag() string { return string(id[len(idTime)+1:]) }

// nextID is the name of a dump written now: later than every one before it, also
// where the clock went backwards.
func nextID(now time.Time, last dumpID, tag string) dumpID {
	now = now.UTC()
	if last != "" && !now.After(last.time()) {
		now = last.time().Add(time.Nanosecond)
	}
	return dumpID(now.Format(idTime) + "-" + tag)
}
