package config

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"collectord/networks"
	"collectord/networks/all"
)

var rootFolder = filepath.Join("..", "..")

// compiled is the schema for some networks, ready to try files.
func compiled(t *testing.T, list []networks.Descriptor) *jsonschema.Schema {
	t.Helper()
	src, err := Schema(list)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("config.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asJSON is a YAML file as an editor hands it to a schema. It is false for what is no
// YAML, or more than one document.
func asJSON(src []byte) (any, bool) {
	dec := yaml.NewDecoder(bytes.NewReader(src))
	var v, second any
	if dec.Decode(&v) != nil || dec.Decode(&second) == nil {
		return nil, false
	}
	return jsonValue(v), true
}

func jsonValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, inner := range v {
			m[k] = jsonValue(inner)
		}
		return m
	case map[any]any:
		m := make(map[string]any, len(v))
		for k, inner := range v {
			m[fmt.Sprint(k)] = jsonValue(inner)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = jsonValue(v[i])
		}
		return list
	case time.Time:
		return v.Format(time.RFC3339)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Sprint(v) // JSON has no such number
		}
	}
	return v
}

func readBytes(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestSchemaTakesWhatLoadTakes tries the good files, and the example as it is and with
// all of it switched on.
func TestSchemaTakesWhatLoadTakes(t *testing.T) {
	good, err := filepath.Glob("testdata/good/*.yaml")
	if err != nil || len(good) < 10 {
		t.Fatal(good, err)
	}
	s := compiled(t, fakeNetworks())
	for _, file := range good {
		v, ok := asJSON(readBytes(t, file))
		if !ok {
			t.Errorf("%s cannot be read", file)
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	s = compiled(t, all.List())
	example := readBytes(t, filepath.Join(rootFolder, "config.example.yaml"))
	for _, src := range [][]byte{example, regexp.MustCompile(`(?m)^#(\w|  )`).ReplaceAll(example, []byte("$1"))} {
		v, ok := asJSON(src)
		if !ok {
			t.Fatal("the example cannot be read")
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("the example: %v", err)
		}
	}
}

// TestSchemaTakesTheDocs tries every config of the networks' pages.
func TestSchemaTakesTheDocs(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(rootFolder, "docs", "networks", "*.md"))
	if err != nil || len(pages) < len(all.List()) {
		t.Fatal(pages, err)
	}
	s := compiled(t, all.List())
	tried := 0
	for _, page := range pages {
		for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(readText(t, page), -1) {
			v, ok := asJSON([]byte(block[1]))
			if !ok || !strings.Contains(block[1], "networks:") {
				continue
			}
			tried++
			if err := s.Validate(v); err != nil {
				t.Errorf("%s: %v in\n%s", page, err, block[1])
			}
		}
	}
	if tried < len(all.List()) {
		t.Errorf("%d configs were found; want one a network", tried)
	}
}

// beyondSchema are the bad files whose mistakes are not of the form: what is in a text,
// what another file has, how keys are written.
func beyondSchema() []string {
	return []string{
		"bad-handles", "bad-handles-in-list", "bad-labels", "cluster-empty", "cron", "custom-tag",
		"files-csv", "files-same-label", "files-yaml", "no-such-file", "same-label-in-list",
		"listen-open", "listen-open-address", "size-too-large", "utf16",
		"variable-content", "variable-form", "variable-unset",
	}
}

// TestSchemaRefusesWhatIsOfTheWrongForm tries the bad files: all that are YAML at all
// are refused, but for those that are named.
func TestSchemaRefusesWhatIsOfTheWrongForm(t *testing.T) {
	bad, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(bad) < 60 {
		t.Fatal(bad, err)
	}
	s := compiled(t, fakeNetworks())
	refused := 0
	for _, file := range bad {
		v, ok := asJSON(readBytes(t, file))
		if !ok {
			continue // an editor underlines that without a schema
		}
		wrong := s.Validate(v) != nil
		if wrong {
			refused++
		}
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		if wrong == slices.Contains(beyondSchema(), name) {
			t.Errorf("%s: refused is %v", name, wrong)
		}
	}
	if refused < 25 {
		t.Errorf("%d files are refused; want more", refused)
	}
}

// TestSchemaFile keeps config.schema.json at the root what `collectord schema` prints.
func TestSchemaFile(t *testing.T) {
	src, err := Schema(all.List())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, filepath.Join(rootFolder, "config.schema.json"), string(src))
	if example := readText(t, filepath.Join(rootFolder, "config.example.yaml")); !strings.HasPrefix(example, "# yaml-language-server: $schema=") {
		t.Error("config.example.yaml does not name the schema in its first line")
	}
}

// TestKeysAreThoseOfLoad compares the documented keys of every section with those that
// Load names when it meets an unknown one.
func TestKeysAreThoseOfLoad(t *testing.T) {
	want := map[string][]keyDoc{"x": rootKeys()}
	src := "x: 1\n"
	for _, k := range rootKeys() {
		if k.kind == aSection && k.name != sectionNetworks {
			src += k.name + ": {x: 1}\n"
			want[k.name+".x"] = k.keys
		}
	}
	src += "networks:\n"
	for _, d := range all.List() {
		src += "  " + d.Name + ": {x: 1, accounts: [{handle: a, x: 1}]}\n"
		want["networks."+d.Name+".x"] = networkKeys(d)
		want["networks."+d.Name+".accounts[0].x"] = accountDocs(d)
	}
	_, err := Parse("c", []byte(src), Env{Networks: all.List()})
	var mistakes Mistakes
	if !errors.As(err, &mistakes) {
		t.Fatal(err)
	}
	for _, m := range mistakes {
		_, list, found := strings.Cut(m.Msg, "known: ")
		if !found {
			continue
		}
		documented, ok := want[m.Path]
		if !ok {
			t.Errorf("%s: nothing is documented", m.Path)
		}
		delete(want, m.Path)
		var names []string
		for _, k := range documented {
			names = append(names, k.name)
			if k.doc == "" {
				t.Errorf("%s: %s has no words", m.Path, k.name)
			}
		}
		known := strings.Split(strings.TrimSuffix(list, ")"), ", ")
		for _, name := range known {
			if !slices.Contains(names, name) && !refusedEverywhere(t, m.Path, name) {
				t.Errorf("%s: Load knows %s, which is not documented", m.Path, name)
			}
		}
		for _, name := range names {
			if !slices.Contains(known, name) {
				t.Errorf("%s: %s is documented, and Load does not know it", m.Path, name)
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("Load said nothing about %v", want)
	}
}

// TestAccountKeys: what a single pair of a list cannot be named is what an account has.
func TestAccountKeys(t *testing.T) {
	r := newAccountReader(newLoader("c", testEnv(nil)), &Network{Descriptor: fakeNetworks()[0]}, "")
	if got, want := accountKeys(), keysOf(r.fields); !slices.Equal(got, want) {
		t.Errorf("%q; the reader has %q", got, want)
	}
}

// refusedEverywhere reports whether Load refuses a key with every value: a network
// without that service, or without tokens.
func refusedEverywhere(t *testing.T, path, name string) bool {
	t.Helper()
	network := strings.Split(path, ".")[1]
	section := "{" + name + ": \"http://a\"}"
	if strings.Contains(path, "accounts") {
		section = "{accounts: [{handle: a, " + name + ": vk}]}"
	}
	_, err := Parse("c", []byte("networks: {"+network+": "+section+"}"), Env{Networks: all.List()})
	return err != nil && strings.Contains(err.Error(), "remove the key")
}

// TestKeysHaveTheirDefaults loads a file with every default and every example written
// out: the defaults are those of a file without them.
func TestKeysHaveTheirDefaults(t *testing.T) {
	env := Env{Networks: all.List(), Getenv: func(string) (string, bool) { return "", false }}
	bare, written := "networks:\n", ""
	for _, k := range rootKeys() {
		if k.kind != aSection {
			written += standardLine("", k)
			continue
		}
		lines := ""
		for _, inner := range k.keys {
			if inner.required { // a section of its own will: it is absent, or names that
				lines = ""
				break
			}
			lines += standardLine("  ", inner)
		}
		if lines != "" {
			written += k.name + ":\n" + lines
		}
	}
	written += "networks:\n"
	for _, d := range all.List() {
		bare += "  " + d.Name + ":\n"
		written += "  " + d.Name + ":\n"
		for _, k := range networkKeys(d) {
			written += standardLine("    ", k)
		}
	}
	a, err := Parse("c", []byte(bare), env)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Parse("c", []byte(written), env)
	if err != nil {
		t.Fatalf("%v in\n%s", err, written)
	}
	for i := range b.Networks { // what a network has by itself, the config leaves empty
		n := &b.Networks[i]
		for _, field := range []*string{&n.BaseURL, &n.AuthURL, &n.OAuthURL, &n.APIVersion} {
			*field = ""
		}
	}
	if got, want := dump(b, false), dump(a, false); got != want {
		t.Errorf("the defaults written out are\n%s\nwant\n%s", got, want)
	}
}

func standardLine(indent string, k keyDoc) string {
	if k.standard == "" {
		return ""
	}
	text := k.standard
	if k.kind != aRate {
		text = scalarText(text)
	}
	return indent + k.name + ": " + text + "\n"
}
