package config

import (
	"fmt"
	"strings"
	"testing"
)

// TestHintBehindEmptyLines: a character that wants quotes is named wherever it stands.
func TestHintBehindEmptyLines(t *testing.T) {
	for _, before := range []string{"", "\n", "\n\n", "# a comment\n", "log: {level: info}\n"} {
		list := mistakes(t, before+"web: @x\n")
		if len(list) != 1 || list[0].Line != 1+strings.Count(before, "\n") || !strings.Contains(list[0].String(), `a value that begins with '@' needs quotes around it`) {
			t.Errorf("behind %q: %v", before, list)
		}
	}
}

// TestTooManyMerges: merge keys that multiply are a mistake, and not an endless start.
func TestTooManyMerges(t *testing.T) {
	const keys, anchors, merges = 64, 100, 350 // as many as are right of each, and their product is too much
	var b, all strings.Builder
	b.WriteString("networks:\n  bluesky:\n    accounts:\n")
	for i := range anchors {
		fmt.Fprintf(&b, "      a%d: {handle: a%d.b, tags: &t%d {", i, i, i)
		for k := range keys {
			fmt.Fprintf(&b, "k%d: v, ", k)
		}
		b.WriteString("}}\n")
		fmt.Fprintf(&all, "*t%d, ", i)
	}
	for i := range merges {
		fmt.Fprintf(&b, "      x%d: {handle: x%d.b, tags: {<<: [%s]}}\n", i, i, all.String())
	}
	list := mistakes(t, b.String())
	if len(list) != 1 || !strings.Contains(list[0].Msg, "merge keys take in more than") {
		t.Errorf("%.300v, want one mistake that tells of the merges", list)
	}
}
