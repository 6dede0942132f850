package networktest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"collectord/networks"
)

// rewrite has change change every JSON value of an answer, from the leaves up,
// also inside strings that are JSON themselves (the items of Meta's batches).
// Change returns the new value and false to drop it from its object.
func rewrite(change func(any) (any, bool)) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, req)
			body := rec.Body.Bytes()
			if v, ok := decode(body); ok {
				v, _ = walk(v, change)
				body, _ = json.Marshal(v) // it came from JSON
			}
			send(w, rec, body)
		})
	}
}

func decode(body []byte) (any, bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // ids must stay as they are
	var v any
	return v, d.Decode(&v) == nil
}

func walk(v any, change func(any) (any, bool)) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if e, keep := walk(e, change); keep {
				v[k] = e
			} else {
				delete(v, k)
			}
		}
	case []any:
		for i, e := range v {
			v[i], _ = walk(e, change)
		}
	case string:
		if inner, ok := decode([]byte(v)); ok && strings.HasPrefix(v, "{") {
			inner, _ = walk(inner, change)
			b, _ := json.Marshal(inner) // it came from JSON
			return string(b), true
		}
	}
	return change(v)
}

// testCount spoils the count of Good, and of Good alone.
func (s Suite) testCount(t *testing.T) {
	const missing = "missing"
	for _, c := range []struct {
		name  string
		value func(n string) any
		good  bool
	}{
		{"whole float", func(n string) any { return json.Number(n + ".0") }, true},
		{"string of digits", func(n string) any { return n }, s.Lenient},
		{"float", func(n string) any { return json.Number(n + ".5") }, false},
		{"string", func(string) any { return "many" }, false},
		{"empty string", func(string) any { return "" }, false},
		{"negative", func(n string) any { return json.Number("-" + n) }, false},
		{"too large", func(string) any { return json.Number("1e300") }, false},
		{"over int64", func(string) any { return json.Number("9223372036854775808") }, false},
		{"object", func(string) any { return map[string]any{"count": 1} }, false},
		{"array", func(string) any { return []any{} }, false},
		{"bool", func(string) any { return true }, false},
		{"null", func(string) any { return nil }, false},
		{missing, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			plain := s.rig(t, nil)
			count := strconv.FormatInt(plain.account(plain.refs(s.Good)[0]).Followers, 10)
			changed := false
			r := s.rig(t, rewrite(func(v any) (any, bool) {
				if n, ok := v.(json.Number); !ok || n.String() != count {
					if str, ok := v.(string); !ok || str != count {
						return v, true
					}
				}
				changed = true
				if c.value == nil {
					return nil, false
				}
				return c.value(count), true
			}))
			refs := r.refs(s.Good, s.Second)
			results := r.ask(refs...)
			if !changed {
				t.Fatalf("the count %s was in no answer", count)
			}
			if !s.Own {
				s.sameAccount(t, r.profile(results[1], s.Second), r.account(refs[1]))
			}
			if c.good {
				s.sameAccount(t, r.profile(results[0], s.Good), r.account(refs[0]))
				return
			}
			s.noCount(t, results[0])
		})
	}
}

func (s Suite) noCount(t *testing.T, res networks.Result) {
	t.Helper()
	if res.Err == nil {
		t.Fatalf("no error: %+v", res)
	}
	switch res.Err.Kind {
	case networks.Malformed, networks.Private, networks.Hidden:
	default:
		t.Errorf("the error is %v, want malformed, private or hidden", res.Err)
	}
	if res.Profile != nil && res.Profile.Followers != (networks.Count{}) {
		t.Errorf("Followers is %v, want unknown", res.Profile.Followers)
	}
}

// testExtraField adds to every object a field that nobody knows.
func (s Suite) testExtraField(t *testing.T) {
	r := s.rig(t, rewrite(func(v any) (any, bool) {
		if m, ok := v.(map[string]any); ok {
			m["zz_brand_new"] = map[string]any{"followers": []any{json.Number("1"), nil, "x"}}
		}
		return v, true
	}))
	refs := r.refs(s.Good, s.Second)
	for i, res := range r.ask(refs...) {
		s.sameAccount(t, r.profile(res, refs[i].Name), r.account(refs[i]))
	}
}

// secrets is every secret of the suite's token.
func (s Suite) secrets() string {
	all := []string{s.Token.Bare()}
	for _, slot := range s.Descriptor.Slots {
		for _, shape := range slot.Shapes {
			for _, f := range append(shape.Required, shape.Optional...) {
				if v := s.Token.Get(f); strings.Contains(v, Marker) {
					all = append(all, v)
				}
			}
		}
	}
	return strings.Join(all, " ")
}

// echo is an error body that holds words wherever one of the networks has words.
func echo(words string) []byte {
	inner := map[string]any{
		"code": 190, "error_code": 5, "message": words, "error_msg": words, "error_text": words, "type": "OAuthException",
		"title": words, "detail": words, "description": words, "error_user_msg": words, "error_user_title": words,
		"error_description": words, "value": words,
		"request_params": []any{map[string]any{"key": "access_token", "value": words}},
	}
	body, _ := json.Marshal(map[string]any{ // plain strings
		"error": inner, "errors": []any{inner}, "message": words, "detail": words, "title": words,
		"description": words, "error_description": words, "error_msg": words, "error_code": 100,
	})
	return body
}
