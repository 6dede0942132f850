package livejournal_test

import (
	"strings"
	"testing"

	"collectord/networks"
	"collectord/networks/livejournal"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{"tema", "@a-b_c", "https://ru-auto.livejournal.com/1.html", "users.livejournal.com/_a_", "livejournal.com/~x?y#z", "://", "İ"} {
		f.Add(s)
	}
	n := livejournal.New(networks.Options{})
	f.Fuzz(func(t *testing.T, account string) {
		ref, err := n.Parse(account)
		if err != nil {
			return
		}
		if ref.Name == "" || len(ref.Name) > 25 || strings.Trim(ref.Name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			t.Fatalf("Parse(%q) = %+v", account, ref)
		}
		if again, err := n.Parse(ref.Name); err != nil || again != ref {
			t.Fatalf("Parse(%q) = %+v, and of its name %+v, %v", account, ref, again, err)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add(200, note+"> a\n< b\n")
	f.Add(200, note+"# Note: a is a community account\nP> a\nP< b\nC< c\n")
	f.Add(200, "! invalid user\n")
	f.Add(200, "<html>")
	f.Fuzz(func(t *testing.T, status int, body string) {
		for _, kind := range []string{"", "community"} {
			results, err := ask(t, &server{status: status, body: body}, networks.Ref{Kind: kind, Name: "a"})
			if err != nil {
				if results != nil {
					t.Fatal("results beside an error")
				}
				continue
			}
			r := results[0]
			switch {
			case r.Next != nil && kind == "community":
				t.Fatal("sent in a circle")
			case r.Next == nil && r.Err == nil:
				// A count is never more than the lines, and takes a list of which the last line ends.
				if n, known := r.Profile.Followers.Get(); !known || n > int64(strings.Count(body, "<")) || !strings.HasSuffix(body, "\n") {
					t.Fatalf("%d readers of %q", n, body)
				}
			}
		}
	})
}
