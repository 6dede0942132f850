package keychain

import (
	"regexp"
	"slices"
	"strings"
)

var slotName = regexp.MustCompile(`^([a-z]{2}|raw_[a-z]{2})(?::([A-Za-z0-9_.-]{1,64}))?$`)

// ParseSlot cuts "vk:second" into the kind "vk" and the name "second"; the name
// is empty for "vk". The error is an ErrSlot. It does not know which kinds there
// are.
func ParseSlot(slot string) (kind, name string, err error) {
	m := slotName.FindStringSubmatch(slot)
	if m == nil {
		// What stands here may be a token in the wrong place, so it is not repeated.
		return "", "", mistakef(ErrSlot, "a slot is named like vk, raw_vk or vk:second "+
			"(a name is 1 to 64 of A-Z a-z 0-9 _ . -)")
	}
	return m[1], m[2], nil
}

// rawPrefix begins the kinds that tokens are made from.
const rawPrefix = "raw_"

// madeBy returns the slot for which a token is made from a raw_ slot: "vk:a" for
// "raw_vk:a", and whether the slot is one.
func madeBy(slot string) (target string, ok bool) { return strings.CutPrefix(slot, rawPrefix) }

// formats are the known kinds in the order in which they are listed.
type formats []Format

// with puts each of more in place of the one of the same kind, or at the end.
func (fs formats) with(more []Format) formats {
	fs = slices.Clone(fs)
	for _, m := range more {
		if i := slices.IndexFunc(fs, func(f Format) bool { return f.Slot == m.Slot }); i >= 0 {
			fs[i] = m
		} else {
			fs = append(fs, m)
		}
	}
	return fs
}

// of returns the format of the slot's kind.
func (fs formats) of(slot string) (Format, error) {
	kind, _, err := ParseSlot(slot)
	if err != nil {
		return Format{}, err
	}
	for _, f := range fs {
		if f.Slot == kind {
			return f, nil
		}
	}
	var known []string
	for _, f := range fs {
		known = append(known, f.Slot)
	}
	return Format{}, mistakef(ErrSlot, "no slot is of kind %s%s; known: %s",
		kind, didYouMean(kind, known, 1), strings.Join(known, ", "))
}
