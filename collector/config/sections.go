package config

import (
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"collectord/keychain"
)

// The defaults, as the file would write them.
const (
	defaultListen       = "127.0.0.1:9184"
	defaultLevel        = "info"
	defaultFormat       = "auto"
	defaultAutocomplete = "@every 30m"
	defaultSchedule     = "@hourly"
	defaultKeep         = 400 * 24 * time.Hour
	defaultKeepText     = "400d"
	defaultMaxSize      = 10_000_000_000 // bytes
	defaultMaxSizeText  = "10GB"
	defaultStateDir     = "./state"
)

// config fills in the defaults and reads the root of the file over them.
func (l *loader) config(c *Config, v value) {
	c.StateDir = l.defaultStateDir()
	c.Web.Listen = defaultListen
	c.Log = Log{Level: defaultLevel, Format: defaultFormat}
	c.Journal = Journal{Keep: defaultKeep, MaxSize: defaultMaxSize}
	c.Keychain.Autocomplete, _ = l.schedule(defaultAutocomplete)
	fields := []field{
		{"influxdb", func(v value) { c.InfluxDB = v.influxDB() }},
		{"state_dir", func(v value) { v.nonEmpty(&c.StateDir) }},
		{"contact", func(v value) { v.contact(&c.Contact) }},
		{"web", func(v value) { v.web(&c.Web) }},
		{"log", func(v value) { v.log(&c.Log) }},
		{"keychain", func(v value) {
			v.section(field{"autocomplete", func(v value) { v.schedule(&c.Keychain.Autocomplete) }})
		}},
		{"journal", func(v value) { v.journal(&c.Journal) }},
		{"cluster", func(v value) { c.Cluster = v.cluster() }},
		{"networks", func(v value) { c.Networks = v.networks() }},
	}
	for i := range fields {
		if !l.wanted(fields[i].key) {
			fields[i].read = func(value) {}
		}
	}
	present := v.section(fields...)
	l.bindings(c)
	if l.wanted("networks") && !slices.Contains(present, "networks") && len(l.mistakes) == 0 {
		v.warn("there is no section networks, so nothing is polled")
	}
}

// contact reads an address that can stand in a User-Agent header: plain ASCII in
// one word.
func (v value) contact(dst *string) {
	t, ok := v.text()
	if !ok {
		return
	}
	if t.s == "" || strings.ContainsFunc(t.s, func(r rune) bool { return r <= ' ' || r > '~' || r == '(' || r == ')' }) {
		t.refuse("an e-mail address or a web address was expected")
		return
	}
	*dst = t.s
}

// wanted reports whether a section of the root is to be read.
func (l *loader) wanted(section string) bool {
	return l.env.Sections == nil || slices.Contains(l.env.Sections, section)
}

// defaultStateDir is the first folder of $STATE_DIRECTORY, which systemd sets and
// which may be a list with colons, else ./state.
func (l *loader) defaultStateDir() string {
	list, _ := l.env.Getenv("STATE_DIRECTORY")
	if first, _, _ := strings.Cut(list, ":"); first != "" {
		return first
	}
	return defaultStateDir
}

func (v value) influxDB() *InfluxDB {
	if isNull(v.node) {
		v.warn("the section is empty, so points stay in the journal alone")
		return nil
	}
	db := &InfluxDB{}
	var token, file at
	present := v.section(
		field{"url", func(v value) { v.url(&db.URL) }},
		field{"org", func(v value) { v.optional(&db.Org) }},
		field{"bucket", func(v value) { v.nonEmpty(&db.Bucket) }},
		field{"token", func(v value) { token = v.at; db.Token = v.secret() }},
		field{"token_file", func(v value) { file = v.at; v.filePath(&db.TokenFile) }},
	)
	if token.line > 0 && file.line > 0 {
		first, second := token, file
		if slices.Index(present, "token_file") < slices.Index(present, "token") {
			first, second = file, token
		}
		second.mistake("token and token_file exclude each other; the other one is at %s", first.pos())
	}
	for _, key := range []string{"url", "bucket"} {
		if v.node.Kind == yaml.MappingNode && !slices.Contains(present, key) {
			v.mistake("%s is missing", key)
		}
	}
	return db
}

// optional reads a text that may be empty into dst.
func (v value) optional(dst *string) {
	if t, ok := v.text(); ok {
		*dst = t.s
	}
}

// secret reads a text that is never shown.
func (v value) secret() keychain.Secret {
	if v.node.Kind != yaml.ScalarNode || isNull(v.node) {
		v.wrongType("a text")
		return ""
	}
	t, ok := v.written("a text")
	if !ok {
		return ""
	}
	t.secret = true
	if strings.IndexFunc(t.s, func(r rune) bool { return r <= ' ' || r == 0x7f }) >= 0 {
		t.refuse("a token has no spaces, line breaks or control characters")
		return ""
	}
	return keychain.Secret(t.s)
}

func (v value) web(w *Web) {
	var listen, file at
	v.section(
		field{"listen", func(v value) { listen = v.at; v.listen(&w.Listen) }},
		field{"config_file", func(v value) { file = v.at; v.filePath(&w.ConfigFile) }},
	)
	if w.Listen != "" && w.ConfigFile != "" && !isLoopback(w.Listen) {
		file.guards(w.ConfigFile)
	}
	if w.Listen != "" && file.l == nil && !isLoopback(w.Listen) { // a config_file that is none is a mistake of its own
		listen.mistake("%s: others than this machine could read the page; "+
			"name a file with TLS and passwords in web.config_file, or listen on 127.0.0.1", quote(w.Listen))
	}
}

func (v value) log(g *Log) {
	v.section(
		field{"level", func(v value) { v.oneOf(&g.Level, logLevels()...) }},
		field{"format", func(v value) { v.oneOf(&g.Format, logFormats()...) }},
	)
}

func (v value) journal(j *Journal) {
	v.section(
		field{"keep", func(v value) { v.duration(&j.Keep) }},
		field{"max_size", func(v value) { v.size(&j.MaxSize) }},
	)
}
