package config

import (
	"slices"
	"strconv"
	"strings"
)

// Mistake is one thing that is wrong with a file, and where.
type Mistake struct {
	File string `json:"file"`
	// Line and Col begin at 1 and count characters; both are 0 where the mistake is
	// the whole file's.
	Line int `json:"line"`
	Col  int `json:"column"`
	// Path is the field: "networks.vk.schedule"; empty where the mistake is the
	// whole file's.
	Path string `json:"path"`
	// Msg has the value and what is allowed. It never has the content of a secret
	// or of a ${VARIABLE}.
	Msg string `json:"message"`
	// Err is the cause where there is one, such as fs.ErrNotExist.
	Err error `json:"-"`
}

// String returns "config.yaml:12:5: networks.vk.schedule: what is wrong".
func (m Mistake) String() string {
	var b strings.Builder
	b.WriteString(m.Pos())
	if m.Path != "" {
		b.WriteString(": " + m.Path)
	}
	b.WriteString(": " + m.Msg)
	return b.String()
}

// Pos returns "config.yaml:12:5", or the file alone.
func (m Mistake) Pos() string {
	if m.Line == 0 {
		return m.File
	}
	return position(m.File, m.Line, m.Col)
}

func position(file string, line, col int) string {
	b := make([]byte, 0, len(file)+12)
	b = append(b, file...)
	b = append(b, ':')
	b = strconv.AppendInt(b, int64(line), 10)
	b = append(b, ':')
	b = strconv.AppendInt(b, int64(col), 10)
	return string(b)
}

// Mistakes is the error of Load: at least one mistake, in file order.
type Mistakes []Mistake

// Error returns one line for each mistake.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, one := range m {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the causes, so that errors.Is(err, fs.ErrNotExist) works.
func (m Mistakes) Unwrap() []error {
	var errs []error
	for _, one := range m {
		if one.Err != nil {
			errs = append(errs, one.Err)
		}
	}
	return errs
}

// sorted puts mistakes into the order of files, then lines, then columns.
// Those of one place stay in the order in which they were found, a repeated one
// is left out.
func sorted(m []Mistake, files []string) []Mistake {
	order := make(map[string]int, len(files))
	for i, f := range files {
		order[f] = i
	}
	slices.SortStableFunc(m, func(a, b Mistake) int {
		if d := order[a.File] - order[b.File]; d != 0 {
			return d
		}
		if d := a.Line - b.Line; d != 0 {
			return d
		}
		return a.Col - b.Col
	})
	return slices.CompactFunc(m, func(a, b Mistake) bool { return a.String() == b.String() })
}
