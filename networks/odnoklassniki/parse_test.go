package odnoklassniki_test

import (
	"fmt"
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/odnoklassniki"
)

func TestParse(t *testing.T) {
	n := odnoklassniki.New(networks.Options{})
	for account, want := range map[string]networks.Ref{
		"apiok":                                  {Name: "apiok"},
		" @ApiOK ":                               {Name: "apiok"},
		"ria.novosti":                            {Name: "ria.novosti"},
		"53038939046008":                         {ID: "53038939046008"},
		"id:53038939046008":                      {ID: "53038939046008"},
		"group53038939046008":                    {ID: "53038939046008"},
		"https://ok.ru/apiok":                    {Name: "apiok"},
		"ok.ru/apiok":                            {Name: "apiok"},
		"HTTPS://M.OK.ru/apiok/":                 {Name: "apiok"},
		"http://www.odnoklassniki.ru/apiok?st=1": {Name: "apiok"},
		"https://ok.ru/apiok/topic/70000#x":      {Name: "apiok"},
		"https://ok.ru/group/53038939046008":     {ID: "53038939046008"},
		"https://ok.ru/group/5303/members":       {ID: "5303"},
		"https://ok.ru/group53038939046008":      {ID: "53038939046008"},
	} {
		if got, err := n.Parse(account); err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", account, got, err, want)
		}
	}
	for account, want := range map[string]string{
		"no name":                   `odnoklassniki: "no name": expected a group's short name`,
		"https://ok.ru/profile/123": "is a person",
		"https://ok.ru/feed":        "is a page of Odnoklassniki",
		"https://ok.ru/group/":      "is a page of Odnoklassniki",
		"https://vk.com/ria":        "expected a group's short name",
	} {
		if got, err := n.Parse(account); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %+v, %v, want an error with %q", account, got, err, want)
		}
	}
}

func TestPlanKeepsIDsAndNamesApart(t *testing.T) {
	n := odnoklassniki.New(networks.Options{})
	var refs []networks.Ref
	for i := range 204 {
		r := networks.Ref{ID: fmt.Sprint(i + 1)}
		if i%102 == 0 {
			r = networks.Ref{Name: "a"}
		}
		refs = append(refs, r)
	}
	var got []string
	for _, b := range n.Plan(refs) {
		got = append(got, fmt.Sprintf("%s %d", b.Op, len(b.Refs)))
	}
	if want := "url.getInfo 1, group.getInfo 100, group.getInfo 100, url.getInfo 1, group.getInfo 2"; strings.Join(got, ", ") != want {
		t.Errorf("Plan made %q, want %s", got, want)
	}
}
