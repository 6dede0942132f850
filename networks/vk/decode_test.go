package vk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// thousand is an answer of users.get about 1000 users, and the batch that asked.
func thousand() ([]byte, networks.Batch) {
	var b bytes.Buffer
	batch := networks.Batch{Op: opUsers}
	b.WriteString(`{"response":[`)
	for i := range maxUsers {
		if i > 0 {
			b.WriteByte(',')
		}
		id := 100000000 + i*7
		fmt.Fprintf(&b, `{"id":%d,"screen_name":"user_number_%d","domain":"user_number_%d","verified":0,"followers_count":%d,`+
			`"first_name":"First%d","last_name":"Lastname%d","can_access_closed":true,"is_closed":false}`, id, i, i, 1000+i, i, i)
		batch.Refs = append(batch.Refs, networks.Ref{Kind: user, ID: fmt.Sprint(id), Name: fmt.Sprintf("user_number_%d", i)})
	}
	b.WriteString(`]}`)
	return b.Bytes(), batch
}

// BenchmarkDecodeUsers1000 is all that happens to an answer about 1000 users
// between the line and the results.
func BenchmarkDecodeUsers1000(b *testing.B) {
	body, batch := thousand()
	n := New(networks.Options{}).(*network)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		list, e := n.read(keychain.Token{}, &rest.Response{Op: opUsers, Status: 200, Body: body})
		if e != nil {
			b.Fatal(e)
		}
		if results := n.match(batch, list); results[maxUsers-1].Profile == nil {
			b.Fatal("the last user is missing")
		}
	}
	b.ReportMetric(float64(maxUsers)*float64(b.N)/b.Elapsed().Seconds(), "accounts/s")
}

// FuzzDecode: whatever the server says, there is a result for every ref or an
// error, and a count that is there was in the answer.
func FuzzDecode(f *testing.F) {
	body, _ := thousand()
	f.Add(body[:1000], true)
	for _, s := range []string{
		`{"response":[{"id":1,"screen_name":"ria","followers_count":"12"},null,5,"x",[],{"id":{}}]}`,
		`{"response":{"groups":[{"id":1,"name":"VK API","screen_name":"apiclub","is_closed":0,"type":"group","members_count":123,"verified":1}],"profiles":[]}}`,
		`{"error":{"error_code":5,"error_subcode":1130,"error_msg":"x"}}`,
		`{"error":"invalid_request"}`, `{"response":[]}`, `{"response":{}}`, `[]`, `null`, ``, `<html>`,
	} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	recorded, _ := filepath.Glob("../../../shared/recorded/vk/*/*.json") // absent elsewhere: fewer seeds
	for _, name := range recorded {
		if b, err := os.ReadFile(name); err == nil {
			f.Add(b, strings.Contains(name, "groups"))
		}
	}
	n := New(networks.Options{}).(*network)
	f.Fuzz(func(t *testing.T, body []byte, groups bool) {
		b := networks.Batch{Op: opUsers, Refs: []networks.Ref{{Kind: user, ID: "1"}, {Name: "ria"}, {Kind: groupElseUser, Name: "apiclub"}}}
		if groups {
			b.Op = opGroups
		}
		list, e := n.read(keychain.Token{}, &rest.Response{Op: b.Op, Status: 200, Body: body})
		var results []networks.Result
		if e != nil {
			var err error
			if results, err = n.whole(b, e); err != nil {
				return
			}
		} else {
			results = n.match(b, list)
		}
		if len(results) != len(b.Refs) {
			t.Fatalf("%d results for %d refs", len(results), len(b.Refs))
		}
		for i, r := range results {
			checkFuzzed(t, b.Refs[i], r)
		}
	})
}

func checkFuzzed(t *testing.T, ref networks.Ref, r networks.Result) {
	t.Helper()
	if r.Profile == nil && r.Err == nil && r.Next == nil {
		t.Errorf("%+v: an empty result", ref)
	}
	if r.Profile == nil {
		return
	}
	if _, known := r.Profile.Followers.Get(); !known && r.Err == nil {
		t.Errorf("%+v: neither a count nor a reason: %+v", ref, r.Profile)
	}
	if ref.ID != "" && r.Profile.ID != ref.ID {
		t.Errorf("asked for %s, got %s", ref.ID, r.Profile.ID)
	}
}

func TestNumber(t *testing.T) {
	for in, want := range map[string]networks.Count{
		`1`: networks.Known(1), `1.0`: networks.Known(1), `"1"`: networks.Known(1), `true`: networks.Known(1),
		`false`: networks.Known(0), `0`: networks.Known(0), `9007199254740993`: networks.Known(9007199254740993),
		`9223372036854775807`: networks.Known(9223372036854775807), `9223372036854775808`: {},
		`null`: {}, `-1`: {}, `1.5`: {}, `"x"`: {}, `{}`: {}, `[1]`: {}, `"true"`: {}, `""`: {},
	} {
		if got := number([]byte(in)); got != want {
			t.Errorf("number(%s) = %v, want %v", in, got, want)
		}
	}
}

// FuzzScan compares the walk over an answer with encoding/json.
func FuzzScan(f *testing.F) {
	for _, s := range []string{
		`{}`, `[]`, ` { "a" : 1 , "b":[ ] } `, `{"a":{"b":[1,{"c":"]}"}]},"d":"\"x\\"}`, `{"\u0061":null,"b":"\ud800"}`,
		`[1 , "x,]" ,[[]], {} ,true]`, `{"a":"` + "\xff" + `"}`, `{"a":-1.5e3}`, "[\n1\t]",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !json.Valid(body) {
			return
		}
		body = bytes.TrimSpace(body)
		var object map[string]json.RawMessage
		if body[0] == '{' && json.Unmarshal(body, &object) == nil {
			got := make(map[string]json.RawMessage)
			for k, v := range members(body) {
				key, _ := unquote(append(append([]byte{'"'}, k...), '"')) // mends bad UTF-8 as encoding/json does
				if bytes.IndexByte(k, '\\') >= 0 || bytes.ContainsAny(k, "\"\n\r\t") || hasControl(k) {
					key = string(k)
				}
				got[key] = v
			}
			same(t, got, object)
		}
		var array []json.RawMessage
		if body[0] == '[' && json.Unmarshal(body, &array) == nil {
			i := 0
			for v := range elements(body) {
				if i >= len(array) || !bytes.Equal(v, array[i]) {
					t.Fatalf("element %d of %s is %s", i, body, v)
				}
				i++
			}
			if i != len(array) {
				t.Fatalf("%d elements of %s, want %d", i, body, len(array))
			}
		}
		var s string
		if body[0] == '"' && json.Unmarshal(body, &s) == nil {
			if got, ok := unquote(body); !ok || got != s {
				t.Fatalf("unquote(%s) = %q, want %q", body, got, s)
			}
		}
	})
}

func hasControl(b []byte) bool {
	return bytes.ContainsFunc(b, func(r rune) bool { return r < ' ' })
}

func same(t *testing.T, got, want map[string]json.RawMessage) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("members %q, want %q", got, want)
	}
	for k, v := range want {
		if !bytes.Equal(got[k], v) {
			t.Fatalf("%q is %s, want %s", k, got[k], v)
		}
	}
}
