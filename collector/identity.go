package collector

import (
	"encoding/binary"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"collectord/collector/config"
	"collectord/networks"
)

// names is the part of a profile that seldom changes, with the tags it was told
// under. Encoded, it is journal.Account.Info.
type names struct {
	ID, Type, Name, Nickname, Link string
	Verified                       networks.Flag
	Tags                           string
}

func namesOf(p *networks.Profile, a *account) names {
	return names{p.ID, p.Type, p.Name, p.Nickname, p.Link, p.Verified, joinTags(a.Tags)}
}

func (n names) encode() string {
	if n == (names{}) {
		return ""
	}
	b, err := json.Marshal(n)
	if err != nil {
		return "" // strings and numbers always encode
	}
	return string(b)
}

// decodeNames reads what encode wrote; what cannot be read is as good as unknown.
func decodeNames(info string) names {
	if info == "" {
		return names{}
	}
	if n, ok := cutNames(info); ok {
		return n
	}
	var n names
	if json.Unmarshal([]byte(info), &n) != nil {
		return names{}
	}
	return n
}

// cutNames reads what encode writes of texts that need no escapes, which is nearly all of
// them: a start with 100,000 accounts waits for as many. It is false for everything else.
func cutNames(info string) (n names, ok bool) {
	if !utf8.ValidString(info) || strings.IndexFunc(info, func(r rune) bool { return r == '\\' || r < ' ' }) >= 0 {
		return n, false
	}
	text := func(before string, to *string) bool {
		rest, ok := strings.CutPrefix(info, before)
		if ok {
			*to, info, ok = strings.Cut(rest, `"`)
		}
		return ok
	}
	if !text(`{"ID":"`, &n.ID) || !text(`,"Type":"`, &n.Type) || !text(`,"Name":"`, &n.Name) ||
		!text(`,"Nickname":"`, &n.Nickname) || !text(`,"Link":"`, &n.Link) {
		return n, false
	}
	for _, flag := range [...]networks.Flag{networks.Unknown, networks.No, networks.Yes} {
		if rest, ok := strings.CutPrefix(info, `,"Verified":`+string('0'+rune(flag))); ok {
			n.Verified, info = flag, rest
			return n, text(`,"Tags":"`, &n.Tags) && info == "}"
		}
	}
	return n, false
}

// joinTags is an account's own tags as one text, to compare.
func joinTags(tags []config.Tag) string {
	if len(tags) == 0 {
		return ""
	}
	var b strings.Builder
	for _, t := range tags {
		b.WriteString(t.Key + "=" + t.Value + "\n")
	}
	return b.String()
}

// identity is the names of an account and the kind that it is asked for by, in one text:
// as values of their own they would take two and a half times the memory, and eight
// allocations. The texts are in the order of names, each behind its length; Verified is
// the last byte. The zero identity is that of an account that nobody has told of.
type identity string

// identify is the identity of who has these names.
func identify(n names, kind string) identity {
	if n == (names{}) {
		return ""
	}
	texts := [...]string{n.ID, kind, n.Type, n.Name, n.Nickname, n.Link, n.Tags}
	b := make([]byte, 0, 256)
	for _, s := range texts {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return identity(append(b, byte(n.Verified)))
}

// next cuts the first text off.
func (i identity) next() (text string, rest identity) {
	n, size := uint64(0), 0
	for shift := 0; size < len(i); shift += 7 {
		b := i[size]
		size++
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			break
		}
	}
	return string(i[size : size+int(n)]), i[size+int(n):]
}

// id is the network's id, "" if nobody has told it.
func (i identity) id() string {
	if i == "" {
		return ""
	}
	id, _ := i.next()
	return id
}

// kind is networks.Ref's.
func (i identity) kind() string {
	if i == "" {
		return ""
	}
	_, rest := i.next()
	kind, _ := rest.next()
	return kind
}

// names are pieces of the one text.
func (i identity) names() (n names) {
	if i == "" {
		return n
	}
	var kind string
	for _, to := range [...]*string{&n.ID, &kind, &n.Type, &n.Name, &n.Nickname, &n.Link, &n.Tags} {
		*to, i = i.next()
	}
	n.Verified = networks.Flag(i[0])
	return n
}
