package point

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func profile(label string) Point {
	return Point{
		Measurement: Profile,
		Tags:        []Tag{{"network", "vk"}, {"account", label}, {"id", "1"}, {"type", "group"}},
		Fields:      []Field{Int("followers", 42), Int("posts", -7)},
		Time:        time.Unix(1792224000, 999),
	}
}

func line(p Point) (string, error) {
	s, err1 := p.Series()
	f, err2 := p.FieldSet()
	return string(AppendLine(nil, s, f, p.Time.Unix())), errors.Join(err1, err2)
}

func TestLine(t *testing.T) {
	for _, c := range []struct {
		name string
		p    Point
		want string
	}{
		{"sorted tags", profile("RIA Novosti"), `profile,account=RIA\ Novosti,id=1,network=vk,type=group followers=42i,posts=-7i 1792224000`},
		{"cyrillic", profile("РИА Новости"), `profile,account=РИА\ Новости,id=1,network=vk,type=group followers=42i,posts=-7i 1792224000`},
		{"all of it", profile(`a,b=c "d"`), `profile,account=a\,b\=c\ "d",id=1,network=vk,type=group followers=42i,posts=-7i 1792224000`},
		{"backslash within", profile(`a\b\,c`), `profile,account=a\b\\,c,id=1,network=vk,type=group followers=42i,posts=-7i 1792224000`},
		{"empty tag", Point{Measurement: "m", Tags: []Tag{{"a", ""}}, Fields: []Field{Bool("b", true)}}, `m b=true -62135596800`},
		{"text", Point{Measurement: "a b,c", Fields: []Field{String("n=m", "x \"y\"\\ z\nq\t\x00\xff"), Bool("v", false)}, Time: time.Unix(0, 0)},
			`a\ b\,c n\=m="x \"y\"\\ z q  ` + "\uFFFD" + `",v=false 0`},
		{"limits", Point{Measurement: "m", Fields: []Field{Int("a", -1<<63), Int("b", 1<<63-1)}, Time: time.Unix(-1, 0)},
			`m a=-9223372036854775808i,b=9223372036854775807i -1`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := line(c.p)
			if err != nil || got != c.want {
				t.Fatalf("got  %s, %v\nwant %s", got, err, c.want)
			}
			checkRoundTrip(t, c.p, got)
		})
	}
}

func TestErrors(t *testing.T) {
	ok := []Field{Int("followers", 1)}
	for _, c := range []struct {
		name, want string
		p          Point
	}{
		{"no measurement", "measurement: empty", Point{Fields: ok}},
		{"comment", `measurement "#m": a line that begins with # is a comment`, Point{Measurement: "#m", Fields: ok}},
		{"no fields", "m: no fields", Point{Measurement: "m"}},
		{"zero field", `m: field "": no value`, Point{Measurement: "m", Fields: []Field{{key: "x"}, {}}[:1]}},
		{"field without key", "m: field: key: empty", Point{Measurement: "m", Fields: []Field{Int("", 1)}}},
		{"field twice", `m: field "a": given twice`, Point{Measurement: "m", Fields: []Field{Int("a", 1), Bool("a", true)}}},
		{"tag twice", `m: tag "a": given twice`, Point{Measurement: "m", Tags: []Tag{{"a", "1"}, {"b", "1"}, {"a", "2"}}, Fields: ok}},
		{"newline in a tag", `m: tag account: value: "a\nb": a control character`, Point{Measurement: "m", Tags: []Tag{{"account", "a\nb"}}, Fields: ok}},
		{"C1 control", `m: tag account: value: "a\u0085": a control character`, Point{Measurement: "m", Tags: []Tag{{"account", "a\u0085"}}, Fields: ok}},
		{"backslash at the end", `m: tag account: value: "a\\": a backslash at the end`, Point{Measurement: "m", Tags: []Tag{{"account", `a\`}}, Fields: ok}},
		{"not UTF-8", `m: tag account: value: "a\xff": not UTF-8`, Point{Measurement: "m", Tags: []Tag{{"account", "a\xff"}}, Fields: ok}},
		{"reserved", `m: tag "time": the name is reserved by InfluxDB`, Point{Measurement: "m", Tags: []Tag{{"time", "x"}}, Fields: ok}},
		{"backslash in a key", `m: field: key: "a\\b": a \`, Point{Measurement: "m", Fields: []Field{Int(`a\b`, 1)}}},
		{"quotation mark in a measurement", `measurement: "a\"": a "`, Point{Measurement: `a"`, Fields: ok}},
		{"tag without key", `m: tag: key: empty`, Point{Measurement: "m", Tags: []Tag{{"", "x"}}, Fields: ok}},
		{"too long", `m: series of 65304 bytes: at most 65279`, Point{Measurement: "m", Tags: []Tag{{"a", strings.Repeat("x", 65300)}}, Fields: ok}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := line(c.p)
			if c.name == "zero field" {
				c.want = `m: field "x": no value`
			}
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, s := range []string{"", "\n", "# comment", "m", "m 1", "m a=1i", "m a=1.5 1", "m a=1u 1", "m a=1i x", "m a=1i 1\nm a=1i 2", "m,a= b=1i 1", `m a="x 1`, " "} {
		if p, err := Parse([]byte(s)); err == nil {
			t.Errorf("%q: got %+v, want an error", s, p)
		}
	}
	for _, s := range []string{"", "#", "m,", "m,a"} {
		if m, tags, err := ParseSeries(s); err == nil {
			t.Errorf("series %q: got %q %v, want an error", s, m, tags)
		}
	}
	for _, s := range []string{"", "a", "a=", "a=1.5"} {
		if f, err := ParseFields(s); err == nil {
			t.Errorf("fields %q: got %v, want an error", s, f)
		}
	}
}

func TestAccessors(t *testing.T) {
	p := Point{Measurement: "m", Tags: []Tag{{"a", "1"}}, Fields: []Field{Int("i", 5), String("s", "x"), Bool("b", true)}}
	if p.Tag("a") != "1" || p.Tag("b") != "" {
		t.Error("Tag")
	}
	if f, ok := p.Field("s"); !ok || f.Value() != "x" || f.Key() != "s" || f.Kind() != KindString {
		t.Error("Field")
	}
	if _, ok := p.Field("none"); ok {
		t.Error("Field that is not there")
	}
	for i, f := range p.Fields {
		n, isInt := f.Int()
		s, isText := f.Text()
		b, isBool := f.Bool()
		if isInt != (i == 0) || isText != (i == 1) || isBool != (i == 2) || b != isBool || isInt && n != 5 || isText && s != "x" {
			t.Errorf("field %d: %v %v, %v %v, %v %v", i, n, isInt, s, isText, b, isBool)
		}
	}
	if p.Fields[0].Value() != int64(5) || p.Fields[2].Value() != true || (Field{}).Value() != nil {
		t.Error("Value")
	}
}

// normal is p as Parse gives it back.
func normal(p Point) Point {
	p.Tags = slices.DeleteFunc(slices.Clone(p.Tags), func(t Tag) bool { return t.Value == "" })
	slices.SortFunc(p.Tags, func(a, b Tag) int { return strings.Compare(a.Key, b.Key) })
	p.Time = time.Unix(p.Time.Unix(), 0).UTC()
	return p
}

func checkRoundTrip(t *testing.T, p Point, text string) {
	t.Helper()
	want := normal(p)
	got, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if got.Measurement != want.Measurement || !slices.Equal(got.Tags, want.Tags) ||
		!slices.Equal(got.Fields, want.Fields) || !got.Time.Equal(want.Time) {
		t.Fatalf("got  %+v\nwant %+v", got, want)
	}
	if again, err := line(got); err != nil || again != text {
		t.Fatalf("written again: %s, %v\nfirst: %s", again, err, text)
	}
	s, _ := p.Series()
	if m, tags, err := ParseSeries(s); err != nil || m != want.Measurement || !slices.Equal(tags, want.Tags) {
		t.Fatalf("series: %q %v, %v", m, tags, err)
	}
	f, _ := p.FieldSet()
	if fields, err := ParseFields(f); err != nil || !slices.Equal(fields, want.Fields) {
		t.Fatalf("fields: %v, %v", fields, err)
	}
	if strings.ContainsAny(text, "\n\r\x00") || !utf8.ValidString(text) {
		t.Fatalf("more than a line: %q", text)
	}
}

func FuzzRoundTrip(f *testing.F) {
	f.Add("profile", "account", "РИА Новости", "team", `a,b=c "d"`, "name", "x\ny\\", int64(1), true, int64(1792224000))
	f.Add(`a\b`, `k\ `, `v\,`, "k\\=", `\\"`, `f\,`, `\"`, int64(-1), false, int64(-5))
	f.Add("#", "time", "a\\", "", "", " ", "\xff\u0085", int64(0), false, int64(0))
	f.Fuzz(func(t *testing.T, m, k1, v1, k2, v2, fk, fv string, n int64, b bool, unix int64) {
		p := Point{Measurement: m, Tags: []Tag{{k1, v1}, {k2, v2}},
			Fields: []Field{String(fk, fv), Int(fk+"i", n), Bool(fk+"b", b)}, Time: time.Unix(unix, 0)}
		text, err := line(p)
		if err != nil {
			t.Skip()
		}
		checkRoundTrip(t, p, text)
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`profile,account=a\ b followers=1i,name="x" 5`))
	f.Add([]byte("m a=\"x\ny\" 1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(b)
		if err != nil {
			t.Skip()
		}
		// What another program wrote may be what Series refuses; what it takes is
		// read back equal.
		if text, err := line(p); err == nil {
			checkRoundTrip(t, p, text)
		}
	})
}

func TestAllocations(t *testing.T) {
	p := profile("РИА Новости")
	slices.SortFunc(p.Tags, func(a, b Tag) int { return strings.Compare(a.Key, b.Key) })
	s, _ := p.Series()
	f, _ := p.FieldSet()
	buf := make([]byte, 0, 256)
	for _, c := range []struct {
		name string
		most float64
		f    func()
	}{
		{"Series", 2, func() { _, _ = p.Series() }},
		{"FieldSet", 2, func() { _, _ = p.FieldSet() }},
		{"AppendLine", 0, func() { buf = AppendLine(buf[:0], s, f, 1) }},
	} {
		if n := testing.AllocsPerRun(100, c.f); n > c.most {
			t.Errorf("%s: %v allocations, at most %v", c.name, n, c.most)
		}
	}
}

func BenchmarkSeries(b *testing.B) {
	p := profile("РИА Новости")
	b.ReportAllocs()
	for b.Loop() {
		_, _ = p.Series()
	}
}

func BenchmarkFieldSet(b *testing.B) {
	p := profile("РИА Новости")
	b.ReportAllocs()
	for b.Loop() {
		_, _ = p.FieldSet()
	}
}

func BenchmarkAppendLine(b *testing.B) {
	p := profile("РИА Новости")
	s, _ := p.Series()
	f, _ := p.FieldSet()
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendLine(buf[:0], s, f, 1792224000)
	}
}
