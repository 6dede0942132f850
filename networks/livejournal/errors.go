package livejournal

import (
	"bytes"
	"net/http"
	"strings"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

const hintBanned = "LiveJournal bans this machine or program: poll once a day, see https://www.livejournal.com/bots/, and write to webmaster@livejournal.com"

// refusal is an error, and whether it says that a community is to be asked for as one.
type refusal struct {
	*networks.Error
	asCommunity bool
}

// words are what follows the exclamation mark of a refusal. LiveJournal documents none
// of them; these are what clients of it look for.
var words = []struct {
	part        string
	asCommunity bool
}{
	{"not a person", true},
	{"invalid user", false},
	{"unknown user", false},
	{"no such user", false},
	{"not active", false},
	{"bogus 'user'", false},
}

// refuse returns the error that an answer is, nil for one that may be a list.
func (n *network) refuse(resp *rest.Response) *refusal {
	if e := n.rest.Refuse(resp); e != nil {
		if e.Kind == networks.Forbidden || resp.Status == http.StatusTooManyRequests {
			e.Hint = hintBanned
		}
		return &refusal{Error: e}
	}
	body := bytes.TrimSpace(resp.Body)
	if bytes.HasPrefix(body, []byte("<!")) || bytes.HasPrefix(bytes.ToLower(body), []byte("<html")) {
		return &refusal{Error: n.html(resp, body)}
	}
	for line := range bytes.Lines(body) {
		switch {
		case line[0] == '!':
			return n.exclaimed(resp, string(line[1:]))
		case line[0] != '#':
			return nil // the lists begin
		}
	}
	return nil
}

// html is a page in the place of a list: of LiveJournal, of a proxy, of a login.
func (n *network) html(resp *rest.Response, page []byte) *networks.Error {
	page = bytes.ToLower(page)
	if bytes.Contains(page, []byte("bot policy")) || bytes.Contains(page, []byte("livejournal.com/bots")) {
		e := n.rest.Error(resp.Op, networks.Forbidden, "", "the answer is LiveJournal's bot policy", nil)
		e.Hint = hintBanned
		return e
	}
	return n.rest.Error(resp.Op, networks.Malformed, "", "the answer is HTML where a list of readers was expected", nil)
}

// exclaimed is a line that begins with an exclamation mark.
func (n *network) exclaimed(resp *rest.Response, line string) *refusal {
	e := n.rest.Error(resp.Op, networks.Malformed, "", rest.Words(keychain.Token{}, line), nil)
	for _, w := range words {
		if strings.Contains(strings.ToLower(line), w.part) {
			e.Kind = networks.NotFound
			return &refusal{e, w.asCommunity}
		}
	}
	return &refusal{Error: e}
}
