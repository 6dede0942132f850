package config

import (
	"fmt"
	"strings"
)

// unsetVariable begins the message about a variable that is not set.
const unsetVariable = "the environment variable "

// Unset reports whether the mistake is an environment variable that is not set.
func (m Mistake) Unset() bool { return strings.HasPrefix(m.Msg, unsetVariable) }

// expansion is a text with its variables put in.
type expansion struct {
	text string
	// used are the contents of the variables, which messages must not show, by name.
	used map[string]string
}

// expand puts environment variables in for ${NAME}. $${ is a literal ${, every
// other $ is itself. All that is wrong with s is in problems.
func expand(s string, getenv func(string) (string, bool)) (e expansion, problems []string) {
	if !strings.Contains(s, "${") {
		return expansion{text: s}, nil
	}
	var b strings.Builder
	for s != "" {
		i := strings.Index(s, "${")
		if i < 0 {
			break
		}
		if i > 0 && s[i-1] == '$' {
			b.WriteString(s[:i-1] + "${")
			s = s[i+2:]
			continue
		}
		b.WriteString(s[:i])
		name, rest, closed := strings.Cut(s[i+2:], "}")
		if !closed || !isVariable(name) {
			problems = append(problems, `"${" begins a variable, ${NAME}, and this is none; write "$${" for a literal "${"`)
			b.WriteString("${")
			s = s[i+2:]
			continue
		}
		content, set := getenv(name)
		if !set {
			problems = append(problems, fmt.Sprintf(unsetVariable+"%s is not set (write $${%s} if the text ${%[1]s} is meant)", name, name))
		}
		if e.used == nil {
			e.used = map[string]string{}
		}
		e.used[name] = content
		b.WriteString(content)
		s = rest
	}
	b.WriteString(s)
	e.text = b.String()
	return e, problems
}

// isVariable reports whether name can be the name of an environment variable.
func isVariable(name string) bool {
	for i, r := range name {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}
