package vk_test

import (
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/vk"
)

func TestParse(t *testing.T) {
	n := vk.New(networks.Options{})
	name := func(s string) networks.Ref { return networks.Ref{Name: s} }
	user := func(id string) networks.Ref { return networks.Ref{Kind: "user", ID: id} }
	group := func(id string) networks.Ref { return networks.Ref{Kind: "group", ID: id} }
	for in, want := range map[string]networks.Ref{
		"ria": name("ria"), "@ria": name("ria"), " ria ": name("ria"), "1tv": name("1tv"), "some.event": name("some.event"),
		"Team_Durov": name("Team_Durov"), "public_news": name("public_news"), "idol": name("idol"), "club": name("club"),
		"https://vk.com/ria": name("ria"), "http://www.vk.com/ria": name("ria"), "https://vk.com/ria/": name("ria"),
		"HTTPS-less": {}, "vk.com/ria": name("ria"), "m.vk.com/ria": name("ria"), "vk.ru/ria": name("ria"),
		"https://m.vk.ru/ria": name("ria"), "https://vkontakte.ru/ria": name("ria"), "https://VK.com/ria?from=top#x": name("ria"),
		"id1": user("1"), "@id1": user("1"), "ID1": user("1"), "https://vk.com/id1": user("1"), "id9223372036854775807": user("9223372036854775807"),
		"club1": group("1"), "public1": group("1"), "event1": group("1"), "-1": group("1"), "https://m.vk.com/club1": group("1"),
	} {
		got, err := n.Parse(in)
		if want == (networks.Ref{}) {
			if err == nil {
				t.Errorf("Parse(%q) = %+v, want an error", in, got)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", in, got, err, want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	n := vk.New(networks.Options{})
	const expected = ": a screen name, id1, club1, or an address such as https://vk.com/durov is expected"
	for in, want := range map[string]string{
		"":                        `"" is not an account of VK` + expected,
		"1":                       `"1" may be a user or a community: write id1 or club1`,
		"https://vk.com/1":        `"https://vk.com/1" may be a user or a community: write id1 or club1`,
		"id0":                     `"id0" is not an id of VK` + expected,
		"id01":                    `"id01" is not an id of VK` + expected,
		"club9223372036854775808": `"club9223372036854775808" is not an id of VK` + expected,
		"https://vk.com":          `"https://vk.com" names no account` + expected,
		"vk.com/?w=1":             `"vk.com/?w=1" names no account` + expected,
		"https://t.me/ria":        `"https://t.me/ria" is not an address of VK` + expected,
		"vk.com.evil.example/ria": `"vk.com.evil.example/ria" is not an address of VK` + expected,
		"ria news":                `"ria news" is not an account of VK` + expected,
		"ria,durov":               `"ria,durov" is not an account of VK` + expected,
		"wall-1_2":                `"wall-1_2" is not an account of VK` + expected,
		"vk.com/ria/photos":       `"vk.com/ria/photos" is not an account of VK` + expected,
	} {
		if _, err := n.Parse(in); err == nil || err.Error() != want {
			t.Errorf("Parse(%q): %v, want %s", in, err, want)
		}
	}
	if _, err := n.Parse(strings.Repeat("я", 9999)); err == nil || len(err.Error()) > 400 {
		t.Errorf("a long name: %.500v", err)
	}
}

func TestPlanKeepsKindsApart(t *testing.T) {
	n := vk.New(networks.Options{})
	var refs []networks.Ref
	for _, s := range []string{"id1", "club1", "ria", "id2", "club2", "durov"} {
		r, err := n.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		refs = append(refs, r)
	}
	batches := n.Plan(refs)
	if len(batches) != 2 || batches[0].Op != "users.get" || batches[1].Op != "groups.getById" {
		t.Fatalf("Plan = %+v, want users.get and groups.getById", batches)
	}
	if len(batches[0].Refs) != 4 || len(batches[1].Refs) != 2 {
		t.Errorf("Plan = %+v, want the names among the users", batches)
	}
}
