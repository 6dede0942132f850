package facebook_test

import (
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/facebook"
)

func TestParse(t *testing.T) {
	n := facebook.New(networks.Options{})
	for account, want := range map[string]networks.Ref{
		"NASA":                                    {Name: "NASA"},
		" @ria.novosti ":                          {Name: "ria.novosti"},
		"Coca-Cola":                               {Name: "Coca-Cola"},
		"54971236771":                             {ID: "54971236771"},
		"id:54971236771":                          {ID: "54971236771"},
		"https://www.facebook.com/NASA":           {Name: "NASA"},
		"http://facebook.com/NASA/":               {Name: "NASA"},
		"facebook.com/@NASA":                      {Name: "NASA"},
		"m.facebook.com/NASA/about?x=1#y":         {Name: "NASA"},
		"https://fb.com/NASA":                     {Name: "NASA"},
		"HTTPS://WWW.FACEBOOK.COM/NASA":           {Name: "NASA"},
		"https://www.facebook.com/54971236771":    {ID: "54971236771"},
		"https://www.facebook.com/pg/NASA/posts/": {Name: "NASA"},
		"https://www.facebook.com/pages/Some-Title/123456789":                 {ID: "123456789"},
		"https://facebook.com/pages/category/Media/Some-Title-1234567890/":    {ID: "1234567890"},
		"https://www.facebook.com/people/Some-Title/100064123456789/":         {ID: "100064123456789"},
		"https://www.facebook.com/p/Some-Title-100064123456789/":              {ID: "100064123456789"},
		"https://www.facebook.com/Some-Title-100064123456789/":                {ID: "100064123456789"},
		"https://www.facebook.com/profile.php?id=100064123456789&sk=about":    {ID: "100064123456789"},
		"https://www.facebook.com/pages/%D0%A0%D0%98%D0%90/111052365588888?x": {ID: "111052365588888"},
	} {
		if got, err := n.Parse(account); err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", account, got, err, want)
		}
	}
	for account, want := range map[string]string{
		"a(b":                               `facebook: "a(b": expected a Page's name`,
		"id:x":                              "expected an id of 1 to 19 digits",
		"https://www.facebook.com/groups/1": "is no Page",
		"https://facebook.com/events/1":     "is no Page",
		"https://vk.com/ria":                "expected a Page's name",
		"ftp://facebook.com/NASA":           "expected a Page's name",
		"://facebook.com/NASA":              "expected a Page's name",
		"https://www.facebook.com/%zz":      "expected a Page's name",
	} {
		if got, err := n.Parse(account); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %+v, %v, want an error with %q", account, got, err, want)
		}
	}
}

func TestPlanCostsEveryPage(t *testing.T) {
	n := facebook.New(networks.Options{})
	batches := n.Plan(make([]networks.Ref, 120))
	if len(batches) != 3 {
		t.Fatalf("120 Pages are %d requests, want 3", len(batches))
	}
	for i, want := range []int{50, 50, 20} {
		if b := batches[i]; b.Cost != want || len(b.Refs) != want {
			t.Errorf("batch %d has %d Pages and costs %d, want %d", i, len(b.Refs), b.Cost, want)
		}
	}
}
