// Package config reads the config file: a Config that is right in every part,
// or every mistake in it.
//
//	config.yaml ──┐                      ┌─ Config     all values checked, defaults filled in
//	              ├─ YAML nodes ─ reader ─┤
//	accounts/*.csv┘  (line, column)      └─ Mistakes   file:line:col: path: value: what is allowed
//
// Reading is strict. An unknown key, a wrong type, a bad cron expression, an
// unknown network, a label used twice or an unset ${VARIABLE} is a Mistake, and
// all mistakes of all files are reported at once, each with its place, the path
// of the field, the value and what would be right. What is allowed and yet
// strange (a network without accounts) is a warning in Config.Warnings.
//
// Loading reads the config file, the files that its accounts_files name and, where
// other machines reach the page, web.config_file, and nothing else: no token, no
// network, no other path is touched.
//
// # YAML
//
// Files are UTF-8, with or without a byte order mark, and hold one document.
// Anchors, aliases and merge keys work; duplicate keys are mistakes. Handles,
// labels and tags are taken as the text written, so 007, yes and 12345 need no
// quotes. A key that is there without a value counts as an empty section where
// a section is expected and is a mistake where a value is expected.
//
// # Variables
//
// ${NAME} in a value, never in a key or a comment, stands for the environment
// variable NAME; one that is not set is a mistake, one that is set and empty is
// the empty string. The text is put in after the YAML is parsed, so a quote, a
// colon or a "#" in a password cannot break the file, and it is not looked at
// for variables again. $${NAME} is the literal ${NAME}; every other "$" is
// itself: "$", "$$" and "$NAME" stay as they are. A variable's content never
// appears in a message.
//
// # Paths
//
// token_file, web.config_file, the files of cluster and accounts_files are relative to
// the folder of the config file. Relative accounts_files stay in that folder, and links among them
// lead nowhere else: whoever may write accounts is not given the daemon's eyes. What
// lies elsewhere is named by its whole path. state_dir is relative to the working folder, as its default
// ./state is.
package config

import (
	"time"

	"collectord/collector/schedule"
	"collectord/keychain"
	"collectord/networks"
)

// Config is a config file without mistakes; defaults are filled in.
type Config struct {
	// File is the path as it was given to Load.
	File string
	// Hash tells one content of the files from another: the first 12 hexadecimal
	// digits of a SHA-256 over the names and bytes of Files.
	Hash string
	// InfluxDB is nil where the section is absent: the journal is the store then.
	InfluxDB *InfluxDB
	// StateDir is where journal and keychain live.
	StateDir string
	// Contact is how a network can reach the operator; it goes into the User-Agent.
	Contact  string
	Web      Web
	Log      Log
	Keychain Keychain
	Journal  Journal
	// Cluster is nil where the section is absent: one machine does everything then.
	Cluster *Cluster
	// Bound are the tokens that one node alone uses, by slot.
	Bound map[string]string
	// Networks are in the order of the file.
	Networks []Network
	// Warnings are what is allowed and looks like a slip, in file order.
	Warnings []Mistake
	// Files are all files read, the config file first. A change to any of them is
	// a change of the configuration.
	Files []string
	// Globs are the patterns of accounts_files, joined to the config file's folder
	// as filepath.Glob takes them: a new file that matches one is a change, too.
	Globs []string
}

// Size is how many accounts there are, of all networks.
func (c *Config) Size() int {
	n := 0
	for i := range c.Networks {
		n += len(c.Networks[i].Accounts)
	}
	return n
}

// InfluxDB says where points are delivered. At most one of Token and TokenFile
// is set.
type InfluxDB struct {
	URL    string // http or https, without a slash at the end
	Org    string // empty for InfluxDB 1.8, which has none
	Bucket string // "db/rp" for InfluxDB 1.8
	Token  keychain.Secret
	// TokenFile holds the token. It is read by whoever delivers, at each attempt,
	// so that it may be mended at any time.
	TokenFile string
}

// Web says where the status page is.
type Web struct {
	// Listen is host:port, or "" for no page.
	Listen string
	// ConfigFile has TLS and passwords in the form of Prometheus' exporters. It is
	// set, and has both, whenever Listen is not a loopback address.
	ConfigFile string
}

// Log says what is logged and how.
type Log struct {
	Level  string // debug, info, warn or error
	Format string // auto, console or json
}

// Keychain says when tokens are made and refreshed.
type Keychain struct {
	Autocomplete schedule.Schedule
}

// Journal bounds the journal.
type Journal struct {
	Keep    time.Duration // how long delivered points stay; 0 for ever
	MaxSize int64         // bytes on disk; 0 for no bound
}

// Network is one section under networks.
type Network struct {
	Name       string // the key, equal to Descriptor.Name
	Descriptor networks.Descriptor
	Schedule   schedule.Schedule
	// Tokens are keychain slots ("vk", "vk:second"), used as a pool. None for a
	// network that takes no token.
	Tokens []string
	// Spread is the longest time that a poll starts after its tick.
	Spread            time.Duration
	RequestsPerSecond float64 // per token, or per Batch.Limiter
	// Budget is the most that each token may spend a day, or the network where it takes
	// none, in the unit of Descriptor.Spending; 0 for no bound.
	Budget float64

	// BaseURL, AuthURL, OAuthURL and APIVersion go into networks.Options; they are
	// empty where the network's own defaults hold. Where the file has an auth_url
	// alone, OAuthURL of a network that has one is the same.
	BaseURL, AuthURL, OAuthURL, APIVersion string

	// Accounts are in the order of the file, followed by those of accounts_files.
	Accounts []Account
}

// Account is one account to poll. There may be a million: what many have in common is
// held once, and so is a text that is written once.
type Account struct {
	Label  string // tag account; unique within the network
	Handle string // as the file has it
	*Settings

	ref       *networks.Ref // nil: the handle is the name
	line, col int32         // where it is written
}

// Settings are what accounts have in common that are polled in the same way. They are
// shared, and not to be written to.
type Settings struct {
	// Schedule is the account's own, else the network's.
	Schedule schedule.Schedule
	Tags     []Tag    // the account's own, sorted by key
	Tokens   []string // nil: the network's
	File     string   // where it is written
}

// Ref is what the network made of the handle.
func (a *Account) Ref() networks.Ref {
	if a.ref == nil {
		return networks.Ref{Name: a.Handle}
	}
	return *a.ref
}

// SetRef says what the network made of the handle.
func (a *Account) SetRef(ref networks.Ref) {
	if a.ref = nil; ref != (networks.Ref{Name: a.Handle}) {
		a.ref = &ref
	}
}

// Pos is where the account is written: "config.yaml:12:5".
func (a *Account) Pos() string { return position(a.File, int(a.line), int(a.col)) }

// Tag is one of an account's own tags: neither key nor value is empty, neither
// has control characters or a backslash at its end.
type Tag struct{ Key, Value string }

// Env is what Load takes from its surroundings.
type Env struct {
	// Networks are the networks that a config may name.
	Networks []networks.Descriptor
	// Getenv looks up environment variables; nil means os.LookupEnv.
	Getenv func(name string) (value string, set bool)
	// Sections are the keys of the root that are read; nil means all of them. The
	// others keep their defaults, whatever is wrong with them: a command that needs
	// state_dir alone works where ${INFLUXDB_TOKEN} is not set.
	Sections []string
}
