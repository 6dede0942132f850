package config

import "gopkg.in/yaml.v3"

// pair is one key of a mapping and its value.
type pair struct {
	key   string
	place *yaml.Node // where the key is written
	node  *yaml.Node
}

// pairs returns the pairs of a mapping, those of its merge keys after its own. A
// key that occurs twice is there twice. It is false, and a mistake is added,
// where v is no mapping; nothing at all is an empty mapping.
func (v value) pairs(expected string) ([]pair, bool) {
	if isNull(v.node) {
		return nil, true
	}
	if v.node.Kind != yaml.MappingNode {
		v.wrongType(expected)
		return nil, false
	}
	if !v.tagged() {
		return nil, false
	}
	list := make([]pair, 0, len(v.node.Content)/2)
	list, merges := v.ownPairs(v.node, list)
	if len(merges) == 0 {
		return list, true
	}
	m := merger{v: v, seen: map[*yaml.Node]bool{v.node: true}, have: map[string]bool{}, list: list}
	for _, p := range list {
		m.have[p.key] = true
	}
	for _, node := range merges {
		m.merge(node)
	}
	return m.list, true
}

// ownPairs appends the pairs of node to list and returns the values of its merge
// keys.
func (v value) ownPairs(node *yaml.Node, list []pair) (_ []pair, merges []*yaml.Node) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		k := node.Content[i]
		if k.Kind == yaml.AliasNode {
			k = k.Alias
		}
		if k.Kind != yaml.ScalarNode {
			c := v.child(node.Content[i], v.base, v.last)
			c.mistake("a text is expected as key, got %s", c.kind())
			continue
		}
		if k.ShortTag() == "!!merge" {
			merges = append(merges, node.Content[i+1])
			continue
		}
		list = append(list, pair{k.Value, node.Content[i], node.Content[i+1]})
	}
	return list, merges
}

// maxMerged bounds how many pairs merge keys may take in while one configuration
// is read, so that a small file cannot take minutes.
const maxMerged = 2_000_000

// merger follows merge keys. Each mapping is taken in once, so that cycles end
// and nested merges cost no more than the mappings there are.
type merger struct {
	v    value
	seen map[*yaml.Node]bool
	have map[string]bool
	list []pair
}

// merge takes in the mapping, or the list of mappings, that a merge key names.
func (m *merger) merge(node *yaml.Node) {
	c := m.v.child(node, m.v.path(), key("<<"))
	switch {
	case m.seen[c.node]:
	case c.node.Kind == yaml.SequenceNode:
		m.seen[c.node] = true
		for _, item := range c.node.Content {
			m.merge(item)
		}
	case c.node.Kind == yaml.MappingNode:
		m.seen[c.node] = true
		m.take(c)
	default:
		c.wrongType("a mapping, or a list of mappings,")
	}
}

func (m *merger) take(c value) {
	if m.v.l.full() {
		return
	}
	own, merges := c.ownPairs(c.node, nil)
	for _, p := range own {
		if m.v.l.merged++; m.v.l.merged > maxMerged {
			if m.v.l.merged == maxMerged+1 {
				c.mistake("merge keys take in more than %d keys; write fewer of them", maxMerged)
			}
			return
		}
		if !m.have[p.key] {
			m.have[p.key] = true
			m.list = append(m.list, p)
		}
	}
	for _, node := range merges {
		m.merge(node)
	}
}
