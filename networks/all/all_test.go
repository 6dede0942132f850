package all_test

import (
	"testing"
	"time"

	"collectord/networks"
	"collectord/networks/all"
	"collectord/networks/sim"
)

func TestList(t *testing.T) {
	names, slots := make(map[string]bool), make(map[string]string)
	for _, d := range all.List() {
		if names[d.Name] {
			t.Errorf("%s is listed twice", d.Name)
		}
		names[d.Name] = true
		for _, s := range d.Slots {
			if other := slots[s.Slot]; other != "" {
				t.Errorf("the slot %s belongs to %s and to %s", s.Slot, other, d.Name)
			}
			slots[s.Slot] = d.Name
		}
		if got, ok := all.Find(d.Name); !ok || got.Name != d.Name {
			t.Errorf("Find(%q) = %q, %v", d.Name, got.Name, ok)
		}
		if simulate := all.Simulators()[d.Name]; simulate == nil || simulate(sim.NewWorld(1)) == nil {
			t.Errorf("%s has no simulator", d.Name)
		}
		if d.New(networks.Options{}) == nil {
			t.Errorf("%s: New returns nil", d.Name)
		}
	}
	if !names["vk"] {
		t.Error("vk is not listed")
	}
	if d, ok := all.Find("myspace"); ok {
		t.Errorf(`Find("myspace") = %+v`, d)
	}
}

func TestSpending(t *testing.T) {
	for _, d := range all.List() {
		s := d.Spending
		if _, err := time.LoadLocation(s.Zone); err != nil {
			t.Errorf("%s: its day: %v", d.Name, err)
		}
		if s.PerRequest < 0 || s.PerAccountDay < 0 || s.Allowance < 0 {
			t.Errorf("%s: %+v", d.Name, s)
		}
		if (s.PerAccountDay > 0 || s.Allowance > 0) && s.Source == "" {
			t.Errorf("%s: nobody knows where the figures stand", d.Name)
		}
	}
}
