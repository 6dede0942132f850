// Package livejournal counts the readers of LiveJournal's journals and communities. It
// takes no token: the lists are open to everybody.
//
//	journals     GET {base}/misc/fdata.bml?user=NAME          1 a request
//	communities  GET {base}/misc/fdata.bml?user=NAME&comm=1   1 a request
//
// LiveJournal has no call that tells a count. It gives the lists themselves, as text, one
// name a line, and the lines are counted:
//
//	# Note: Polite data miners cache on their end.  Impolite ones get banned.
//	> name     the journal reads name            P> name   name is a member
//	< name     name reads the journal            P< name   name reads the community
//	                                             C< name   the same of a community
//
// The name decides nothing: which of the two an account is, is found out once and kept in
// the Kind of its reference. An answer is counted if it is whole and every line of it is
// one of the above. Anything else, a page of HTML before all, would look like a journal
// that nobody reads, and is an error.
//
// Limits (https://www.livejournal.com/bots/, read 2026-11-21): at most 5 connections a
// second, no two at a time, a User-Agent with an address to write to, and no need to ask
// for the same often. The default is one request a second, one at a time; a poll a day
// is polite.
//
//	LiveJournal says                      here
//	! not a person                        it is asked for as a community
//	! invalid user, ! user is not active  NotFound
//	404, 410                              NotFound
//	403; a page with the bot policy       Forbidden: the address or the User-Agent is banned
//	429, 5xx                              RateLimited, Temporary
//	a page of HTML, half a list           Malformed
//
// Names do not change hands, and there is no id: the id of an account is its name, with
// underscores where its address has hyphens. Readers and, of journals, what they read
// themselves are exact as far as LiveJournal lists them; whether it cuts the lists of very
// large journals it does not say.
package livejournal

import (
	"strings"

	"collectord/networks"
	"collectord/networks/internal/rest"
)

const (
	name      = "livejournal"
	baseURL   = "https://www.livejournal.com"
	perSecond = 1
)

// Descriptor says what the rest of the program has to know of LiveJournal.
func Descriptor() networks.Descriptor {
	return networks.Descriptor{
		Name: name, Title: "LiveJournal",
		RequestsPerSecond: perSecond,
		Concurrency:       1,
		BaseURL:           baseURL,
		New:               New,
	}
}

type network struct {
	rest *rest.Client
	base string
}

// New returns the network. Of the options it takes BaseURL, HTTP and UserAgent, in which
// LiveJournal wants an address to write to.
func New(opts networks.Options) networks.Network {
	base := opts.BaseURL
	if base == "" {
		base = baseURL
	}
	return &network{rest: rest.NewClient(name, opts), base: strings.TrimSuffix(base, "/")}
}
