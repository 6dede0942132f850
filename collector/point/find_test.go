package point

import "testing"

// FuzzTagOf holds what finds one tag to what reads all of them.
func FuzzTagOf(f *testing.F) {
	for _, s := range []string{
		"poll,network=vk", `profile,account=RIA\ Novosti\,\ id\=7,id=1,network=vk,type=group`, "m", `profile,ident=9,id=1`, "m,a=\xff", "#m,a=b", `m\ n,a=b`,
	} {
		f.Add(s, "id")
	}
	f.Fuzz(func(t *testing.T, s, key string) {
		measurement, tags, err := parseSeries(s)
		if err != nil || key == "" {
			return
		}
		if got, err := (Point{Measurement: measurement, Tags: tags}).Series(); err != nil || got != s {
			return // Series does not write it
		}
		if got := MeasurementOf(s); got != measurement {
			t.Errorf("%q: measurement %q, the library has %q", s, got, measurement)
		}
		if got, want := TagOf(s, key), (Point{Tags: tags}).Tag(key); got != want {
			t.Errorf("%q: %s=%q, the library has %q", s, key, got, want)
		}
	})
}

func TestTagOf(t *testing.T) {
	const series = `profile,account=РИА\ Новости\,\ id\=7,aid=9,id=1,network=vk`
	for key, want := range map[string]string{"account": "РИА Новости, id=7", "aid": "9", "id": "1", "network": "vk", "type": "", "i": "", "d": ""} {
		if got := TagOf(series, key); got != want {
			t.Errorf("%s: %q", key, got)
		}
	}
	if m := MeasurementOf(series); m != Profile {
		t.Errorf("measurement %q", m)
	}
}

func BenchmarkTagOf(b *testing.B) {
	series, err := benchPoint(1).Series()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if TagOf(series, "network") != "vk" {
			b.Fatal("not found")
		}
	}
}
