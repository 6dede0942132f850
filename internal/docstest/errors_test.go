package docstest

import (
	"cmp"
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// failures are the errors that commands end with, but for those about how a command line
// is written: they say what to write.
func failures(t *testing.T) []said {
	var all []said
	for _, from := range []struct{ folder, of string }{
		{"cmd/collectord", ``},
		{"keychain", ``},
		{"collector", `^(influxdb|the proxy)`},
		{"collector/status", `^web`},
		{"collector/journal", `^(in use|disk full|version )`},
	} {
		s, of := parse(t, from.folder, false), regexp.MustCompile(from.of)
		aboutUsage := make(map[ast.Node]bool)
		s.calls(func(call *ast.CallExpr, name string, on ast.Expr) {
			if name == "usage" && on == nil {
				aboutUsage[call.Args[0]] = true
			}
			format := formatOf(call, name, on)
			if format == nil || aboutUsage[call] {
				return
			}
			text := literal(format)
			if words := gist(text); of.MatchString(text) && wordy(words) && !unseen(words) {
				all = append(all, said{words, s.place(call)})
			}
		})
	}
	return all
}

// formatOf is the text of a call that makes an error, nil of any other.
func formatOf(call *ast.CallExpr, name string, of ast.Expr) ast.Expr {
	from, _ := of.(*ast.Ident)
	switch {
	case of == nil && name == "mistakef":
		return call.Args[1]
	case from != nil && (from.Name+"."+name == "errors.New" || from.Name+"."+name == "fmt.Errorf"):
		return call.Args[0]
	}
	return nil
}

// unseen reports whether a text is never printed: it stands for a kind of error that has
// words of its own, or is usage that another function wraps.
func unseen(text string) bool {
	return slices.Contains([]string{
		"said already",
		"no such slot", "wrong format", "empty slot", "wrong key", "damaged dump", // keychain.Err...
		"there are profile, profile_info, account_state and poll", "has columns for profile alone; use --format lp",
		"has no cells; use --format csv", "there are csv, jsonl and lp", // export's flags
	}, text)
}

var verb = regexp.MustCompile(`%[-+# 0]*[0-9]*[a-zA-Z%]`)

// gist is the longest constant part of a format, up to a command in it.
func gist(format string) string {
	var parts []string
	for _, part := range verb.Split(format, -1) {
		part, _, _ = strings.Cut(part, "`")
		parts = append(parts, strings.Trim(part, " :;,("))
	}
	return slices.MaxFunc(parts, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
}

// onlyPlace is where something went wrong without what.
var onlyPlace = regexp.MustCompile(`^[a-z.:_ -]*: [a-z_-]+$`)

// wordy reports whether a text says something: "keychain: key" is a place, not a message.
func wordy(text string) bool {
	return len(strings.Fields(text)) >= 2 && !onlyPlace.MatchString(text)
}
