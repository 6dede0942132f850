package keychain

import "testing"

// FuzzParseSlot: a slot that is taken is its kind and its name, and nothing that a
// terminal or a log line would mind.
func FuzzParseSlot(f *testing.F) {
	for _, s := range []string{"vk", "vk:second", "raw_vk", "VK", "vk:", ":a", "vk:a:b", "vk: a", "vk\n", "vk:\u202e", "vk:é", "vk:../x", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, slot string) {
		kind, name, err := ParseSlot(slot)
		if err != nil {
			return
		}
		back := kind
		if name != "" {
			back += ":" + name
		}
		if again, n, err := ParseSlot(back); err != nil || again != kind || n != name {
			t.Fatalf("%q is %q and %q; of these %q, %q, %v", slot, kind, name, again, n, err)
		}
	})
}
