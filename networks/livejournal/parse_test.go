package livejournal_test

import (
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/livejournal"
)

func TestParse(t *testing.T) {
	n := livejournal.New(networks.Options{})
	for account, want := range map[string]string{
		"tema":                         "tema",
		" @Tema ":                      "tema",
		"ru-auto":                      "ru_auto",
		"_name_":                       "_name_",
		"ext_123456":                   "ext_123456",
		"tema.livejournal.com":         "tema",
		"https://tema.livejournal.com": "tema",
		"HTTP://Ru-Auto.LiveJournal.com/1.html#x":   "ru_auto",
		"https://users.livejournal.com/_name_/":     "_name_",
		"https://community.livejournal.com/ru_auto": "ru_auto",
		"https://www.livejournal.com/users/tema/":   "tema",
		"https://www.livejournal.com/community/a_b": "a_b",
		"https://livejournal.com/~tema?x":           "tema",
	} {
		if got, err := n.Parse(account); err != nil || got != (networks.Ref{Name: want}) {
			t.Errorf("Parse(%q) = %+v, %v, want %s", account, got, err, want)
		}
	}
	for _, account := range []string{"no name", "https://www.livejournal.com/media", "https://tema.dreamwidth.org/", "livejournal.com"} {
		if got, err := n.Parse(account); err == nil || !strings.Contains(err.Error(), "livejournal: ") || !strings.Contains(err.Error(), "expected a name") {
			t.Errorf("Parse(%q) = %+v, %v, want an error that says what was expected", account, got, err)
		}
	}
}
