package youtube

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"collectord/networks"
	"collectord/networks/internal/refs"
)

// channelID is the id of a channel.
var channelID = regexp.MustCompile(`^UC[A-Za-z0-9_-]{22}$`)

// handle is what YouTube takes as one: 3 to 30 letters of most scripts, digits and
// four signs, fewer where a letter says more
// (https://support.google.com/youtube/answer/11585688, read 2026-09).
var handle = regexp.MustCompile(`^[\p{L}\p{M}\p{N}_.·-]{1,30}$`)

// username is a name from before handles, as in https://www.youtube.com/user/NAME.
var username = regexp.MustCompile(`^[A-Za-z0-9]{1,30}$`)

// byUsername begins the Kind of a channel that the config names by its old
// username; the username follows. It stands there and not in Name, because the
// channel answers with its handle, which is another name.
const byUsername = "user "

// hosts are the names under which channels are found.
var hosts = []string{"youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com", "gaming.youtube.com"}

// Parse reads a handle (@GoogleDevelopers, GoogleDevelopers), the id of a channel
// (UC_x5XG1OV2P6uZZ5FSM9Ttw), or the address of a channel: youtube.com/@HANDLE,
// /channel/ID or /user/NAME. Addresses that begin with /c/ are refused: the API does
// not know their names.
func (n *network) Parse(account string) (networks.Ref, error) {
	s := strings.TrimSpace(account)
	path, ok := address(s)
	switch {
	case ok:
		return fromPath(account, path)
	case channelID.MatchString(s):
		return networks.Ref{ID: s}, nil
	}
	return fromHandle(account, strings.TrimPrefix(s, "@"))
}

// address returns the path of s if s is an address at YouTube; that of another one is empty,
// which is refused.
func address(s string) (path string, ok bool) {
	a := refs.Cut(s)
	if slices.Contains(hosts, a.Host) {
		return a.Path, true
	}
	return "", a.Scheme
}

func fromPath(account, path string) (networks.Ref, error) {
	first, rest, _ := strings.Cut(path, "/")
	second, _, _ := strings.Cut(rest, "/")
	if h, ok := strings.CutPrefix(first, "@"); ok {
		h, err := url.PathUnescape(h) // an address copied from a browser has other scripts escaped
		if err != nil {
			return networks.Ref{}, unexpected(account)
		}
		return fromHandle(account, h)
	}
	switch {
	case first == "channel" && channelID.MatchString(second):
		return networks.Ref{ID: second}, nil
	case first == "user" && username.MatchString(second):
		return networks.Ref{Kind: byUsername + strings.ToLower(second)}, nil
	case first == "c":
		return networks.Ref{}, fmt.Errorf(
			"%s: %q: addresses with /c/ cannot be looked up; open it and copy the handle that stands under the channel's name (@NAME)", name, account)
	}
	return networks.Ref{}, unexpected(account)
}

func fromHandle(account, s string) (networks.Ref, error) {
	if len(s) < 3 || !handle.MatchString(s) {
		return networks.Ref{}, unexpected(account)
	}
	return networks.Ref{Name: s}, nil
}

func unexpected(account string) error {
	return fmt.Errorf("%s: %q: expected a handle of 3 to 30 letters, digits and _ - . (@NAME or https://www.youtube.com/@NAME) "+
		"or a channel's id (UC and 22 more, or https://www.youtube.com/channel/UC...)", name, account)
}
