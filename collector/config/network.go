package config

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"collectord/keychain"
	"collectord/networks"
)

func (v value) networks() []Network {
	pairs, ok := v.pairs("a mapping of networks")
	if !ok {
		return nil
	}
	if len(pairs) == 0 {
		v.warn("no network is named, so nothing is polled")
	}
	list := make([]Network, 0, len(pairs))
	base := v.path()
	first := map[string]*yaml.Node{}
	for _, p := range pairs {
		c := v.child(p.node, base, key(p.key))
		name := v.child(p.place, base, c.last)
		d, known := v.l.descriptor(p.key)
		switch node := first[p.key]; {
		case !known:
			name.unknown("network", p.key, v.l.networkNames())
			continue
		case node != nil:
			name.mistake("the network is there twice; first at %s", position(v.file, node.Line, node.Column))
			continue
		}
		first[p.key] = p.place
		n := c.network(d)
		if len(n.Accounts) == 0 && len(v.l.mistakes) == 0 {
			name.warn("no account is listed, so nothing is polled")
		}
		list = append(list, n)
	}
	return list
}

func (l *loader) descriptor(name string) (networks.Descriptor, bool) {
	i := slices.IndexFunc(l.env.Networks, func(d networks.Descriptor) bool { return d.Name == name })
	if i < 0 {
		return networks.Descriptor{}, false
	}
	return l.env.Networks[i], true
}

func (l *loader) networkNames() []string {
	names := make([]string, len(l.env.Networks))
	for i, d := range l.env.Networks {
		names[i] = d.Name
	}
	return names
}

// network reads one section under networks. Accounts come last, whatever the
// order in the file, because they take the network's schedule.
func (v value) network(d networks.Descriptor) Network {
	n := Network{Name: d.Name, Descriptor: d, RequestsPerSecond: d.RequestsPerSecond}
	n.Schedule, _ = v.l.schedule(defaultSchedule)
	if kinds := slotKinds(d); len(kinds) > 0 {
		n.Tokens = kinds[:1:1]
	}
	var lists, files []value
	v.section(
		field{"schedule", func(v value) { v.schedule(&n.Schedule) }},
		field{"token", func(v value) { v.tokens(d, &n.Tokens) }},
		field{"spread", func(v value) { v.duration(&n.Spread) }},
		field{"requests_per_second", func(v value) { v.rate(&n.RequestsPerSecond) }},
		field{"budget", func(v value) { v.budget(d, &n.Budget) }},
		field{"base_url", func(v value) { v.url(&n.BaseURL) }},
		field{"auth_url", func(v value) { v.service(d, d.AuthURL, &n.AuthURL) }},
		field{"oauth_url", func(v value) { v.service(d, d.OAuthURL, &n.OAuthURL) }},
		field{"api_version", func(v value) { v.version(&n.APIVersion) }},
		field{"accounts", func(v value) { lists = append(lists, v) }},
		field{"accounts_files", func(v value) { files = append(files, v) }},
	)
	if n.OAuthURL == "" && d.OAuthURL != "" {
		n.OAuthURL = n.AuthURL
	}
	r := newAccountReader(v.l, &n, join(v.path(), "accounts"))
	for _, list := range lists {
		r.read(list)
	}
	for _, patterns := range files {
		r.readFiles(patterns)
	}
	return n
}

// budget reads what a token may spend a day.
func (v value) budget(d networks.Descriptor, dst *float64) {
	v.rate(dst)
	s := d.Spending.Filled()
	if least := s.PerRequest + s.PerAccountDay; *dst > 0 && *dst < least {
		v.warn("less than one answer costs (%s), so nothing is polled", s.Amount(least))
	}
}

// service reads the address of a service that not every network has.
func (v value) service(d networks.Descriptor, standard string, dst *string) {
	if standard == "" {
		v.mistake("%s has no such service; remove the key", d.Name)
		return
	}
	v.url(dst)
}

// version reads the version of an API as it is written: 5.10 is not 5.1.
func (v value) version(dst *string) {
	t, ok := v.given("a version")
	if !ok {
		return
	}
	if t.s == "" || strings.Trim(t.s, "v.0123456789") != "" {
		t.refuse("a version such as 5.199 or v25.0 expected")
		return
	}
	*dst = t.s
}

// tokens reads one slot or a list of slots into dst.
func (v value) tokens(d networks.Descriptor, dst *[]string) {
	kinds := slotKinds(d)
	if len(kinds) == 0 {
		v.mistake("%s takes no token; remove the key", d.Name)
		return
	}
	if pool, ok := v.l.poolsByNode[v.node]; ok {
		*dst = pool
		return
	}
	if n := len(v.node.Content); v.node.Kind == yaml.SequenceNode && (n == 0 || n > maxPool) {
		v.mistake("a list of 1 to %d slots such as [%s] expected, got %d", maxPool, kinds[0], n)
		return
	}
	items, ok := []value{v}, true
	if v.node.Kind != yaml.MappingNode {
		items, ok = v.items("a keychain slot, or a list of slots,", true)
	}
	if !ok {
		return
	}
	pool := make([]string, 0, len(items))
	for _, item := range items {
		read := item.slot
		if item.node.Kind == yaml.MappingNode {
			read = item.boundSlot
		}
		slot, ok := read(d, kinds)
		if ok && slices.Contains(pool, slot) {
			item.mistake("%s: the slot is there twice", quote(slot))
		}
		pool = append(pool, slot)
	}
	*dst = v.l.pool(pool)
	if v.node.Anchor != "" {
		v.l.poolsByNode[v.node] = *dst
	}
}

// maxPool bounds the tokens that share the work of one network or account.
const maxPool = 1000

// pool returns the one slice that equal pools share.
func (l *loader) pool(slots []string) []string {
	key := strings.Join(slots, " ")
	if p, ok := l.pools[key]; ok {
		return p
	}
	l.pools[key] = slots
	return slots
}

// slot reads the name of a keychain slot of the network: a kind, and a name
// after a colon where there are several of one kind. What does not look like one
// is not shown: it may be a token that belongs into the keychain.
func (v value) slot(d networks.Descriptor, known []string) (string, bool) {
	t, ok := v.given("a keychain slot")
	if !ok {
		return "", false
	}
	kind, name, named := strings.Cut(t.s, ":")
	t.secret = len(kind) > 8 || len(name) > maxSlotName || strings.Trim(t.s, slotLetters) != ""
	example := known[0]
	switch {
	case t.secret:
		t.refuse("not a keychain slot; name one such as " + example + " or " + example + ":second, and put the token itself " +
			"into the keychain: collectord keychain assign " + example)
	case strings.HasPrefix(kind, "raw_"):
		t.refuse("raw_ slots are what tokens are made from; name the slot of the token: " + strings.Join(known, ", "))
	case !slices.Contains(known, kind):
		t.refuse("unknown slot" + v.l.foreign(kind, d) + suggestion(kind, known))
	case strings.Contains(name, ":"):
		t.refuse("one colon is allowed, as in " + example + ":second")
	case named && name == "":
		t.refuse("a name is missing after the colon, as in " + example + ":second")
	default:
		return t.s, true
	}
	return "", false
}

// The grammar of the part after the colon: [A-Za-z0-9_.-]{1,64}.
const (
	maxSlotName = 64
	slotLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-:"
)

// slotKinds are the slots of a network that hold tokens.
func slotKinds(d networks.Descriptor) []string {
	kinds := make([]string, 0, len(d.Slots))
	for _, f := range d.Slots {
		if !strings.HasPrefix(f.Slot, "raw_") {
			kinds = append(kinds, f.Slot)
		}
	}
	return kinds
}

// foreign says whose slot a slot is, where it is another network's.
func (l *loader) foreign(kind string, here networks.Descriptor) string {
	for _, d := range l.env.Networks {
		if slices.ContainsFunc(d.Slots, func(f keychain.Format) bool { return f.Slot == kind }) {
			return ": " + kind + " is of " + d.Name + ", this is " + here.Name
		}
	}
	return ""
}
