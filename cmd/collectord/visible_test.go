package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"go.uber.org/zap"

	"collectord/collector/config"
	"collectord/collector/status"
)

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"РИА Новости 👨\u200d👩\u200d👧 می\u200cخواهم": "РИА Новости 👨\u200d👩\u200d👧 می\u200cخواهم",
		"a\x1b[31mb":                 `a\x1b[31mb`,
		"a\r\nb\tc\x00\x7f":          `a\x0d\x0ab\x09c\x00\x7f`,
		"a\u009b31mb":                `a\u009b31mb`,
		"\u202ecod.exe\u2066\u200f":  `\u202ecod.exe\u2066\u200f`,
		"a\u200bb\ufeff\u2028\u00ad": `a\u200bb\ufeff\u2028\u00ad`,
		"\U000e0041":                 `\U000e0041`,
		"a\xffb":                     "a\ufffdb",
	} {
		if got := visible(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// hostileName is what somebody may have as a name, and what none of it may do.
const hostileName = "evil\x1b]0;title\x07\r\nfake │ line\u202e\u009b2J"

// A name is one cell of one line, whoever chose it.
func TestTableOfHostileNames(t *testing.T) {
	var out bytes.Buffer
	a := status.Account{Network: "vk", Label: hostileName, Name: hostileName, Nickname: hostileName, ID: hostileName, Error: hostileName, State: hostileName, Type: hostileName}
	if err := printAccounts(&out, []status.Account{a}, false); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "\n"); n < 3 || strings.ContainsAny(out.String(), "\x1b\x07\r\u202e\u009b") {
		t.Errorf("%q", out.String())
	}
	for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "fake") {
			t.Errorf("a name begins a line: %q", line)
		}
	}
	out.Reset()
	if err := printAccounts(&out, []status.Account{a}, true); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\x07\r") || !strings.Contains(out.String(), `\r\nfake`) {
		t.Errorf("JSON: %q", out.String())
	}
}

// One message is one line of the log in either format, whatever is in it.
func TestLogOfHostileWords(t *testing.T) {
	for _, format := range []string{"json", "console"} {
		var out bytes.Buffer
		log, _, err := newLog(config.Log{Level: "debug", Format: format}, &out, new(mask))
		if err != nil {
			t.Fatal(err)
		}
		log.Named(hostileName).Info(hostileName, zap.String("name", hostileName), zap.Error(errors.New(hostileName)))
		if s := out.String(); strings.Count(s, "\n") != 1 || strings.ContainsAny(s, "\x1b\x07\r\u202e\u009b") || strings.Count(s, "evil") != 4 {
			t.Errorf("%s: %q", format, s)
		}
	}
}
