package main

import (
	"reflect"
	"slices"
	"testing"

	"collectord/keychain"
	"collectord/networks/all"
)

// TestFormats: what a keychain takes when it is used alone is what the networks take.
func TestFormats(t *testing.T) {
	var declared []keychain.Format
	for _, d := range all.List() {
		declared = append(declared, d.Slots...)
	}
	for _, f := range keychain.Formats() {
		if !slices.ContainsFunc(declared, func(d keychain.Format) bool { return reflect.DeepEqual(d, f) }) {
			t.Errorf("no network declares %+v", f)
		}
	}
	for i, f := range declared {
		if slices.ContainsFunc(declared[:i], func(d keychain.Format) bool { return d.Slot == f.Slot }) {
			t.Errorf("%s is declared twice", f.Slot)
		}
	}
}
