package config

import (
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"collectord/networks"
)

// Cluster says how several machines share the work.
type Cluster struct {
	NATS []string // nats://host:port or tls://host:port
	Name string   // the buckets begin with it
	Node string   // this machine's
	// CredentialsFile is a NATS credentials file, CAFile, CertFile and KeyFile are for
	// TLS; each may be "".
	CredentialsFile           string
	User, PasswordFile        string // for servers that know users; each may be ""
	CAFile, CertFile, KeyFile string
	Replicas                  int           // on how many NATS servers everything is
	Lease                     time.Duration // whole seconds
	// Solo is what to do while NATS is away: poll everything here, or wait.
	Solo bool
}

const (
	defaultClusterName = "collectord"
	defaultLease       = 15 * time.Second
	shortestLease      = 2 * time.Second
	longestLease       = 20 * time.Second
	// manyServers is how many NATS servers make a cluster that survives one.
	manyServers = 3
	onLossPause = "pause"
	onLossSolo  = "solo"
)

// bucketName is what NATS takes as the name of a bucket, nodeName as a key: words with one
// dot between two of them.
var (
	bucketName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	nodeName   = regexp.MustCompile(`^[A-Za-z0-9_=/-]+(\.[A-Za-z0-9_=/-]+)*$`)
)

// longestName bounds both.
const longestName = 64

// cluster reads the section cluster; an empty one is a mistake, not a cluster.
func (v value) cluster() *Cluster {
	c := &Cluster{Name: defaultClusterName, Lease: defaultLease}
	loss := onLossPause
	var cert, key, user, password, credentials at
	present := v.section(
		field{"nats", func(v value) { v.natsServers(&c.NATS) }},
		field{"name", func(v value) { v.matching(&c.Name, bucketName, "1 to 64 letters, digits, - and _") }},
		field{"node", func(v value) {
			v.matching(&c.Node, nodeName, "a host name, or 1 to 64 letters, digits, -, _ and single dots within")
		}},
		field{"credentials_file", func(v value) { credentials = v.at; v.filePath(&c.CredentialsFile) }},
		field{"user", func(v value) { user = v.at; v.nonEmpty(&c.User) }},
		field{"password_file", func(v value) { password = v.at; v.filePath(&c.PasswordFile) }},
		field{"tls", func(v value) {
			v.section(
				field{"ca_file", func(v value) { v.filePath(&c.CAFile) }},
				field{"cert_file", func(v value) { cert = v.at; v.filePath(&c.CertFile) }},
				field{"key_file", func(v value) { key = v.at; v.filePath(&c.KeyFile) }},
			)
		}},
		field{"replicas", func(v value) { v.replicas(&c.Replicas) }},
		field{"lease", func(v value) { v.lease(&c.Lease) }},
		field{"on_loss", func(v value) { v.oneOf(&loss, onLossPause, onLossSolo) }},
	)
	if v.node.Kind == yaml.MappingNode && !slices.Contains(present, "nats") || isNull(v.node) {
		v.mistake("nats is missing: the addresses of the NATS servers")
	}
	cert.needs(key, "key_file is missing: the key of the certificate")
	key.needs(cert, "cert_file is missing: the certificate of the key")
	user.needs(password, "password_file is missing: a file with the user's password")
	password.needs(user, "user is missing: whose password it is")
	if user.line > 0 && credentials.line > 0 {
		user.mistake("user and credentials_file exclude each other; the other one is at %s", credentials.pos())
	}
	if c.Node == "" {
		v.hostName(&c.Node)
	}
	c.Solo = loss == onLossSolo
	if c.Replicas == 0 {
		c.Replicas = 1
		if len(c.NATS) >= manyServers {
			c.Replicas = manyServers
		}
	}
	return c
}

// needs demands another key beside one that is there.
func (a at) needs(other at, missing string) {
	if a.line > 0 && other.line == 0 {
		a.mistake("%s", missing)
	}
}

// hostName is the default of cluster.node.
func (v value) hostName(dst *string) {
	name, err := os.Hostname()
	if err != nil || len(name) > longestName || !nodeName.MatchString(name) {
		v.mistake("node is missing, and this machine's host name cannot stand for it")
		return
	}
	*dst = name
}

// matching reads a text of a form.
func (v value) matching(dst *string, form *regexp.Regexp, expected string) {
	t, ok := v.text()
	if !ok {
		return
	}
	if len(t.s) > longestName || !form.MatchString(t.s) {
		t.refuse(expected + " expected")
		return
	}
	*dst = t.s
}

// replicas reads on how many servers everything is.
func (v value) replicas(dst *int) {
	t, ok := v.given("1, 3 or 5")
	if !ok {
		return
	}
	if t.s != "1" && t.s != "3" && t.s != "5" {
		t.refuse("1, 3 or 5 expected")
		return
	}
	*dst = int(t.s[0] - '0')
}

// lease reads how long a silent node keeps what it holds.
func (v value) lease(dst *time.Duration) {
	var d time.Duration
	before := len(v.l.mistakes)
	v.duration(&d)
	if len(v.l.mistakes) > before {
		return
	}
	if d < shortestLease || d > longestLease || d%time.Second != 0 {
		v.mistake("whole seconds from %s to %s expected", shortestLease, longestLease)
		return
	}
	*dst = d
}

// natsServers reads one address or a list of them.
func (v value) natsServers(dst *[]string) {
	items, ok := v.items("the address of a NATS server, or a list of them,", true)
	if !ok {
		return
	}
	if len(items) == 0 {
		v.mistake("the address of a NATS server expected, got an empty list")
	}
	for _, item := range items {
		t, ok := item.text()
		if !ok {
			continue
		}
		u, err := url.Parse(t.s)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "nats" && u.Scheme != "tls" || strings.ContainsAny(t.s, ", "):
			t.secret = strings.Contains(t.s, "@")
			t.refuse("an address such as nats://host:4222 or tls://host:4222 expected")
		case u.User != nil:
			t.secret = true
			t.refuse("no user and password in the address; they are cluster.user and cluster.password_file")
		case u.Path != "" || u.RawQuery != "" || u.Fragment != "":
			t.refuse("nothing behind host and port expected")
		default:
			*dst = append(*dst, t.s)
		}
	}
}

// boundSlot reads {slot: vk, node: host1}: a token that one node alone uses.
func (v value) boundSlot(d networks.Descriptor, kinds []string) (slot string, ok bool) {
	var node string
	var place at
	present := v.section(
		field{"slot", func(v value) { slot, ok = v.slot(d, kinds) }},
		field{"node", func(v value) { place = v.at; v.matching(&node, nodeName, "the name of a node") }},
	)
	for _, key := range []string{"slot", "node"} {
		if !slices.Contains(present, key) {
			v.mistake("%s is missing", key)
		}
	}
	if !ok || node == "" {
		return "", false
	}
	if before, there := v.l.bound[slot]; there && before.node != node {
		place.mistake("%s is bound to another node at %s", slot, before.pos)
	}
	v.l.bound[slot] = binding{node, place.pos(), place}
	return slot, true
}

// binding is the node that a token is bound to, and where that is written.
type binding struct {
	node string
	pos  string
	at   at
}

// bindings checks what boundSlot found, once the whole file is read.
func (l *loader) bindings(c *Config) {
	if len(l.bound) == 0 {
		return
	}
	c.Bound = make(map[string]string, len(l.bound))
	for slot, b := range l.bound {
		if c.Cluster == nil && l.wanted("cluster") {
			b.at.mistake("a token can be bound to a node where there is a section cluster alone")
		}
		c.Bound[slot] = b.node
	}
}
