package config

import (
	"slices"
	"strings"
)

// tags reads an account's own tags. A mapping that aliases share is read once.
func (v value) tags() []Tag {
	if tags, ok := v.l.tags[v.node]; ok {
		return tags
	}
	pairs, _ := v.pairs("a mapping of tags")
	base := v.path()
	tags := make([]Tag, 0, min(len(pairs), maxTags))
	for _, p := range pairs {
		name := text{at: v.child(p.place, base, key(p.key)).at, s: p.key, raw: p.key}
		if t, ok := v.child(p.node, base, name.last).given("a text"); ok {
			tags = addTag(tags, name, t)
		}
	}
	slices.SortFunc(tags, func(a, b Tag) int { return strings.Compare(a.Key, b.Key) })
	if v.node.Anchor != "" {
		v.l.tags[v.node] = tags
	}
	return tags
}

// maxTags bounds the own tags of one account.
const maxTags = 64

// addTag checks a tag and appends it.
func addTag(tags []Tag, name, value text) []Tag {
	if len(tags) == maxTags {
		name.mistake("an account has at most %d tags of its own", maxTags)
		return tags
	}
	if wrong := badTagKey(name.s); wrong != "" {
		name.refuse(wrong)
		return tags
	}
	if wrong := badTagText(value.s); wrong != "" {
		value.refuse("a tag's value " + wrong)
		return tags
	}
	if slices.ContainsFunc(tags, func(t Tag) bool { return t.Key == name.s }) {
		name.refuse("the tag is there twice")
		return tags
	}
	if slices.Contains(fieldNames(), name.s) {
		name.warn("%s is a field of the points, too; in InfluxQL the tag is %s_1 then", quote(name.s), name.s)
	}
	return append(tags, Tag{name.s, value.s})
}

// badTagKey says why a text cannot name an own tag; "" if it can.
func badTagKey(s string) string {
	switch {
	case slices.Contains([]string{"network", "account", "id", "type"}, s):
		return "the points have this tag already (network, account, id, type); choose another name"
	case s == "time" || strings.HasPrefix(s, "_"):
		return `InfluxDB keeps "time" and names that begin with "_" for itself; choose another name`
	}
	if wrong := badTagText(s); wrong != "" {
		return "a tag's name " + wrong
	}
	if strings.ContainsAny(s, `\"`) {
		return "a tag's name must not have a backslash or a quotation mark: InfluxDB and its clients do not agree on how to write them"
	}
	return ""
}

// fieldNames are the fields of the points that carry an account's own tags.
func fieldNames() []string {
	return []string{"followers", "following", "posts", "views", "likes", "name", "nickname", "link", "verified"}
}
