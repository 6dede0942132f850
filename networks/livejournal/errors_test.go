package livejournal_test

import (
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/networktest"
)

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		kind   networks.Kind
		hint   string
	}{
		"unknown":          {200, "! invalid user\n", networks.NotFound, ""},
		"behind a note":    {200, note + "! Invalid user.\n", networks.NotFound, ""},
		"closed":           {200, "! user is not active\n", networks.NotFound, ""},
		"bogus":            {200, "! bogus 'user' argument\n", networks.NotFound, ""},
		"no such page":     {404, "<html>", networks.NotFound, ""},
		"gone":             {410, "", networks.NotFound, ""},
		"banned":           {403, "Access Forbidden", networks.Forbidden, "bots"},
		"bot policy":       {200, "<!DOCTYPE html><title>Bot Policy</title>", networks.Forbidden, "bots"},
		"too often":        {429, "", networks.RateLimited, "bots"},
		"down":             {503, "", networks.Temporary, ""},
		"sent to log in":   {302, "", networks.Malformed, ""},
		"something":        {200, "! \x1b[31m" + strings.Repeat("long ", 100) + "\n", networks.Malformed, ""},
		"a bare character": {200, "!\n", networks.Malformed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := networktest.Whole(ask(t, &server{status: c.status, body: c.body}, networks.Ref{Name: "a"}))
			if e == nil || e.Kind != c.kind || !strings.Contains(e.Hint, c.hint) || e.Op != "livejournal: fdata" {
				t.Fatalf("%v, want %s with a hint about %q", e, c.kind, c.hint)
			}
			if len(e.Msg) > 210 || strings.ContainsRune(e.Msg, '\x1b') {
				t.Errorf("the words are %q", e.Msg)
			}
		})
	}
}
