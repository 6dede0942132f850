package rest_test

import (
	"encoding/json"
	"testing"

	"collectord/networks"
	"collectord/networks/internal/rest"
)

func TestNumber(t *testing.T) {
	type answer struct{ A, B rest.Number }
	for in, want := range map[string]rest.Number{
		"0": known(0), "5": known(5), "-0": known(0), "9223372036854775807": known(1<<63 - 1), "5.0": known(5), "0.0": known(0), "1e6": known(1_000_000),
		"9007199254740991.0": known(1<<53 - 1), "null": {},
		"-1": bad(), "5.5": bad(), "9223372036854775808": bad(), "1e300": bad(), "9007199254740992.0": bad(),
		`"5"`: bad(), `""`: bad(), "true": bad(), "{}": bad(), "[5]": bad(), `{"a":[1]}`: bad(),
	} {
		var got answer
		if err := json.Unmarshal([]byte(`{"A":`+in+`,"B":7}`), &got); err != nil {
			t.Errorf("%s: %v", in, err)
		}
		if got.A != want || got.B != known(7) {
			t.Errorf("%s = %+v, want %+v and its neighbour 7", in, got, want)
		}
	}
	var absent answer
	if err := json.Unmarshal([]byte(`{"B":7}`), &absent); err != nil || absent.A != (rest.Number{}) {
		t.Errorf("absent: %+v, %v", absent, err)
	}
}

func TestLenient(t *testing.T) {
	for in, want := range map[string]rest.Number{
		`"5"`: known(5), "5": known(5), `"5.0"`: known(5), "null": {}, `"579277"`: known(579277), `"\u0035"`: known(5),
		`""`: bad(), `"x"`: bad(), `"-5"`: bad(), `" 5"`: bad(), `"5.5"`: bad(), "{}": bad(), "false": bad(), `"NaN"`: bad(), `"Inf"`: bad(),
	} {
		var got rest.Lenient
		if err := json.Unmarshal([]byte(in), &got); err != nil || got.Number != want {
			// json calls UnmarshalJSON for null as well.
			t.Errorf("%s = %+v, %v, want %+v", in, got.Number, err, want)
		}
	}
}

// TestDecodeOne: a field of another type spoils one account, what is no JSON the answer.
func TestDecodeOne(t *testing.T) {
	for in, want := range map[string]struct{ odd, fails bool }{
		`{"name":"a"}`: {}, `{"name":5}`: {odd: true}, `[]`: {odd: true}, `{"name":`: {fails: true}, ``: {fails: true},
	} {
		account := struct{ Name string }{"before"}
		odd := true
		if err := rest.DecodeOne([]byte(in), &account, &odd); odd != want.odd || (err != nil) != want.fails {
			t.Errorf("%s: odd %v, %v", in, odd, err)
		}
	}
}

func known(n int64) rest.Number { return rest.Number{Count: networks.Known(n)} }

func bad() rest.Number { return rest.Number{Bad: true} }

func FuzzNumber(f *testing.F) {
	for _, s := range []string{"1", "1.0", `"1"`, "null", "-1", "1e9", "{}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var n rest.Number
		var l rest.Lenient
		if err := n.UnmarshalJSON(b); err != nil {
			t.Fatal(err)
		}
		if err := l.UnmarshalJSON(b); err != nil {
			t.Fatal(err)
		}
		for _, n := range []rest.Number{n, l.Number} {
			if v, known := n.Get(); v < 0 || known && n.Bad {
				t.Fatalf("%q = %+v", b, n)
			}
		}
	})
}
