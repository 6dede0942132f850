package sim

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestGitHubIsStrict has requests that the real GitHub refuses.
func TestGitHubIsStrict(t *testing.T) {
	w := NewWorld(1)
	w.Add(Account{Network: "github", ID: "1", Handle: "a", Followers: 5})
	w.AllowToken("github", "good", "me", "2027-01-31 12:00:00 UTC")
	h := GitHub(w)
	query := func(token, q string) (int, string) {
		b, err := json.Marshal(map[string]string{"query": q})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("POST", "/graphql", strings.NewReader(string(b)))
		r.Header.Set("User-Agent", "test")
		r.Header.Set("Authorization", "Bearer "+token)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec.Code, rec.Body.String()
	}
	for q, want := range map[string]string{
		`query{viewer{login}}`: `{"data":{"viewer":{"login":"me"}}}`,
		`query{a:repositoryOwner(login:"A"){...f}} fragment f on RepositoryOwner{... on User{databaseId followers(first:1){totalCount}}}`: `{"data":{"a":{"databaseId":1,"followers":{"totalCount":5}}}}`,
		`query{repositoryOwner(login:"b"){login}}`:                               `"type":"NOT_FOUND"`,
		`query{repositoryOwner(login:"a"){followers{totalCount}}}`:               "You must provide a `first` or `last` value",
		`query{repositoryOwner(login:"a"){stars}}`:                               `doesn't exist on type 'User'`,
		`query{user(login:"a"){login}}`:                                          `doesn't exist on type 'Query'`,
		`query{repositoryOwner(login:"a")}`:                                      `must have selections`,
		`query{repositoryOwner(login:"a"){...g}}`:                                `was used, but not defined`,
		`query{repositoryOwner(login:"a"){login}`:                                `Unexpected end`,
		`query{repositoryOwner(login:"a"){login} repositoryOwner(login:"b"){id}`: `Unexpected end`,
		`{viewer{login}}`:                              `expected`,
		`query{viewer{login}} %`:                       `UNKNOWN_CHAR`,
		`query{viewer[login]}`:                         `UNKNOWN_CHAR`,
		`fragment f on User{...f} query{viewer{...f}}`: `too deep`,
	} {
		if status, got := query("good", q); status != 200 || !strings.Contains(got, want) {
			t.Errorf("%s: %d %s, want %s in it", q, status, got, want)
		}
	}
	if status, got := query("other", `query{viewer{login}}`); status != 401 || !strings.Contains(got, "Bad credentials") {
		t.Errorf("another token: %d %s", status, got)
	}
	for path, want := range map[string]int{"/users/a": 200, "/user/1": 200, "/users/b": 404, "/user/a": 404, "/users/a?x=1": 404, "/orgs/a": 404} {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("User-Agent", "test")
		r.Header.Set("Authorization", "Bearer good")
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if rec.Code != want {
			t.Errorf("%s: %d, want %d", path, rec.Code, want)
		}
	}
}
