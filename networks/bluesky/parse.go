package bluesky

import (
	"fmt"
	"regexp"
	"strings"

	"collectord/networks"
	"collectord/networks/internal/refs"
)

// The syntax of handles and DIDs (https://atproto.com/specs/handle and
// https://atproto.com/specs/did, read 2026-11-21); Bluesky blesses the methods plc
// and web alone.
var (
	handle = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
	did    = regexp.MustCompile(`^did:(plc|web):[A-Za-z0-9._:%-]*[A-Za-z0-9._-]$`)
)

const (
	maxHandle = 253 // bytes, as of any DNS name
	maxDID    = 2048

	// noHandle stands in answers for a handle that does not point back.
	noHandle = "handle.invalid"
)

// Parse reads a handle (bsky.app, @name.bsky.social), a DID (did:plc:..., did:web:...)
// or the address of a profile with either (https://bsky.app/profile/bsky.app).
// Handles come out in lower case, which Bluesky writes as well.
func (n *network) Parse(account string) (networks.Ref, error) {
	s, ok := profileOf(strings.TrimSpace(account))
	switch s = strings.TrimPrefix(s, "@"); {
	case !ok:
	case len(s) <= maxDID && did.MatchString(s):
		return networks.Ref{ID: s}, nil
	case strings.EqualFold(s, noHandle):
		return networks.Ref{}, fmt.Errorf("%s: %q stands for a handle that is broken; give the account's DID (did:plc:...)", name, account)
	case len(s) <= maxHandle && handle.MatchString(strings.ToLower(s)):
		return networks.Ref{Name: strings.ToLower(s)}, nil
	}
	return networks.Ref{}, fmt.Errorf(
		"%s: %q: expected a handle with its domain (NAME.bsky.social), a DID (did:plc:...) or https://bsky.app/profile/NAME", name, account)
}

// profileOf returns the handle or DID in an address, or s itself if it is none. It
// is false for an address that is not that of a profile.
func profileOf(s string) (string, bool) {
	if actor, ok := strings.CutPrefix(s, "at://"); ok {
		return actor, true
	}
	a := refs.Cut(s)
	if !a.Scheme && !a.Slash {
		return s, true
	}
	if a.Host != "bsky.app" && a.Host != "www.bsky.app" {
		return "", false
	}
	actor, ok := strings.CutPrefix(a.Path, "profile/")
	return strings.TrimSuffix(actor, "/"), ok
}
