package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// readFiles reads the files that the patterns of accounts_files match, each once,
// in the order of the patterns and then of their names.
func (r *accountReader) readFiles(v value) {
	patterns, ok := v.items("a list of patterns such as [accounts/*.csv]", false)
	if !ok {
		return
	}
	for _, p := range patterns {
		t, ok := p.text()
		if !ok {
			continue
		}
		for _, path := range r.match(t) {
			if !r.files[path] {
				r.files[path] = true
				r.readFile(t, path)
			}
		}
	}
}

// match returns the files that a pattern matches, sorted.
func (r *accountReader) match(t text) []string {
	switch {
	case strings.TrimSpace(t.s) == "":
		t.refuse("a path or a pattern such as accounts/*.csv expected")
		return nil
	case strings.Contains(t.s, "**"):
		t.refuse(`"**" is not known here; "*" matches within one folder`)
		return nil
	}
	glob := t.s
	if !filepath.IsAbs(glob) {
		if !filepath.IsLocal(glob) {
			t.refuse("it leads out of the folder of the config file; write the whole path, from / on, where that is meant")
			return nil
		}
		// The folder's own name may have a "[" in it.
		glob = filepath.Join(escapeGlob(r.l.dir), glob)
	}
	paths, err := filepath.Glob(glob)
	if err != nil {
		t.refuse(`not a pattern: a "[" without its "]", or a backslash at the end`)
		return nil
	}
	if !slices.Contains(r.l.globs, glob) {
		r.l.globs = append(r.l.globs, glob)
	}
	wild := strings.ContainsAny(t.s, `*?[`)
	if wild {
		paths = slices.DeleteFunc(paths, func(p string) bool { return !isFile(p) })
	}
	switch {
	case len(paths) == 0 && wild:
		t.warn("%s matches no file", quote(t.raw))
	case len(paths) == 0:
		t.refuse("there is no such file beside the config file (looked for " + filepath.Join(r.l.dir, t.s) + ")")
	}
	slices.Sort(paths)
	return paths
}

// isFile reports whether there is a regular file, so that a pattern never opens
// a folder or waits for a pipe.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// readFile reads one accounts file in the form that its name tells.
func (r *accountReader) readFile(pattern text, path string) {
	ext := strings.ToLower(filepath.Ext(path))
	if ext != ".csv" && ext != ".yaml" && ext != ".yml" {
		pattern.refuse(fmt.Sprintf("%s: the form of the file is not known; its name must end in .csv, .yaml or .yml", path))
		return
	}
	src, err := r.l.readInside(pattern.s, path)
	if errors.Is(err, errLeadsOut) {
		pattern.refuse(fmt.Sprintf("%s: %v; name the file itself by its whole path where that is meant", path, err))
		return
	}
	if err != nil {
		r.l.fileMistake(path, err)
		return
	}
	r.l.took(path, src)
	if ext == ".csv" {
		r.readCSV(path, src)
		return
	}
	if node := r.l.document(path, src); node != nil {
		r.read(value{at: at{l: r.l, file: path, line: node.Line, col: node.Column}, node: node})
	}
}

var errLeadsOut = errors.New("a link leads out of the folder that accounts_files names")

// readInside reads a file that a pattern matched. Who may write accounts files is not
// always who may write the config: a link among them must not have the daemon read,
// and quote in its messages, a file from elsewhere. So links may lead anywhere within
// the pattern's folder and not out of it, while a whole path without "*" is read as it
// is: the config itself asks for it.
func (l *loader) readInside(pattern, path string) ([]byte, error) {
	folder := l.dir
	if filepath.IsAbs(pattern) {
		wild := strings.IndexAny(pattern, `*?[\`)
		if wild < 0 {
			return readFile(path)
		}
		folder = filepath.Dir(pattern[:wild])
	}
	rel, err := filepath.Rel(folder, path)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // only read
	f, err := root.OpenFile(rel, readFlags, 0)
	if err != nil {
		if isFile(path) && !errors.Is(err, fs.ErrPermission) {
			return nil, errLeadsOut
		}
		return nil, err
	}
	return readAll(f)
}
