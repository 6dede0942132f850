package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"collectord/collector/point"
)

// sample is a profile point of an account whose id and tags may differ.
func sample(label, id string, at time.Time, fields ...point.Field) point.Point {
	return point.Point{Measurement: point.Profile, Time: at, Fields: fields,
		Tags: []point.Tag{{Key: "network", Value: "vk"}, {Key: "account", Value: label}, {Key: "id", Value: id}, {Key: "type", Value: "group"}}}
}

func TestHistory(t *testing.T) {
	j := open(t, temp(t))
	at := func(h int) time.Time { return t0.Add(time.Duration(h) * time.Hour) }
	followers := func(n int64) point.Field { return point.Int("followers", n) }
	record(t, j, "vk", at(2), sample("a", "1", at(2), followers(30)), sample("b", "9", at(2), followers(1)))
	record(t, j, "vk", at(0), sample("a", "1", at(0), followers(10))) // arrives late
	record(t, j, "vk", at(1), sample("a", "1", at(1), point.Int("posts", 5)))
	record(t, j, "vk", at(3), sample("a", "2", at(3), followers(-1), point.Int("likes", 4))) // another id
	record(t, j, "vk", at(3), point.Point{Measurement: "profile_info", Tags: sample("a", "2", t0).Tags, Fields: []point.Field{point.String("name", "followers=7i,")}})
	record(t, j, "bluesky", at(4), profile("bluesky", "a", at(4), 99))
	want := []Sample{{at(0), 10}, {at(2), 30}, {at(3), -1}}
	if got := must(j.History(t.Context(), "vk", "a", time.Time{}))(t); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if got := must(j.History(t.Context(), "vk", "a", at(0).Add(1)))(t); !slices.Equal(got, want[1:]) {
		t.Errorf("since: got  %v\nwant %v", got, want[1:])
	}
	if got := must(j.History(t.Context(), "vk", "nobody", time.Time{}))(t); len(got) != 0 {
		t.Errorf("nobody: %v", got)
	}
	if got := must(j.At(t.Context(), at(2), 3*time.Hour))(t); len(got) != 2 || got[AccountKey{"vk", "a"}] != (Sample{at(2), 30}) {
		t.Errorf("at: %v", got)
	}
	if got := must(j.At(t.Context(), at(1), 2*time.Hour))(t); len(got) != 1 || got[AccountKey{"vk", "a"}] != (Sample{at(0), 10}) {
		t.Errorf("at the hour that has no count: %v", got)
	}
	if got := must(j.At(t.Context(), at(1), time.Hour))(t); len(got) != 0 {
		t.Errorf("the window is open at its old end: %v", got)
	}
}

func TestLatest(t *testing.T) {
	j := open(t, temp(t))
	now := time.Now().Truncate(time.Second).UTC()
	ago := func(h int) time.Time { return now.Add(-time.Duration(h) * time.Hour) }
	record(t, j, "vk", ago(24*50), sample("too old", "1", ago(24*50), point.Int("followers", 1)))
	record(t, j, "vk", ago(24*30), sample("silent", "1", ago(24*30), point.Int("followers", 2)))
	record(t, j, "vk", ago(2), sample("a", "1", ago(2), point.Int("followers", 3), point.Int("views", 7)))
	record(t, j, "vk", ago(1), sample("a", "2", ago(1), point.Int("posts", 0)))
	got := must(j.Latest(t.Context()))(t)
	a, silent := got[AccountKey{"vk", "a"}], got[AccountKey{"vk", "silent"}]
	if len(got) != 2 || a.ID != "2" || a.Type != "group" || !a.Time.Equal(ago(1)) || a.Seq != 4 || silent.Seq != 2 {
		t.Fatalf("latest %+v", got)
	}
	if _, known := a.Followers(); known {
		t.Error("followers are known that the newest point does not have")
	}
	if n, known := a.Counts.Get("posts"); n != 0 || !known {
		t.Error("no posts are not unknown posts")
	}
	if _, known := a.Counts.Get("nonsense"); known {
		t.Error("nonsense is known")
	}
}

// The two ways of walkTick, the tick as a whole and one by one, find the same.
func TestLatestOfMany(t *testing.T) {
	j := open(t, temp(t))
	const n = walkLookups + 100
	fill(t, j, n, 2)
	record(t, j, "vk", t0.Add(-time.Hour), sample("old", "1", time.Time{}, point.Int("followers", 5)))
	got := must(j.At(t.Context(), t0.Add(time.Hour), 3*time.Hour))(t)
	if len(got) != n+1 || got[AccountKey{"vk", "old"}].Followers != 5 || got[AccountKey{"vk", "account 599"}].Followers != 1_000_000+599*7+1 {
		t.Errorf("%d accounts, %v", len(got), got[AccountKey{"vk", "account 599"}])
	}
}

func TestPoints(t *testing.T) {
	j := open(t, temp(t))
	fill(t, j, 2, 3)
	record(t, j, "bluesky", t0.Add(time.Hour), profile("bluesky", "b", time.Time{}, 4))
	if err := j.EndTick(t.Context(), "bluesky", t0.Add(time.Hour), []point.Point{{Measurement: point.Poll,
		Tags: []point.Tag{{Key: "network", Value: "bluesky"}}, Fields: []point.Field{point.Int("ok", 1)}}}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		f    Filter
		want string
	}{
		{"all", Filter{}, "0.0 0.1 1.0 1.1 2.0 2.1 b poll"},
		{"since", Filter{Since: t0.Add(time.Hour)}, "1.0 1.1 2.0 2.1 b poll"},
		{"since, between seconds", Filter{Since: t0.Add(1)}, "1.0 1.1 2.0 2.1 b poll"},
		{"until", Filter{Until: t0.Add(time.Hour)}, "0.0 0.1"},
		{"both", Filter{Since: t0.Add(time.Hour), Until: t0.Add(2 * time.Hour)}, "1.0 1.1 b poll"},
		{"future", Filter{Since: t0.Add(100 * time.Hour)}, ""},
		{"network", Filter{Network: "bluesky"}, "b poll"},
		{"measurement", Filter{Network: "bluesky", Measurement: "poll"}, "poll"},
		{"account", Filter{Account: "account 1"}, "0.1 1.1 2.1"},
	} {
		var got []string
		for p, err := range j.Points(t.Context(), c.f) {
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case p.Measurement == point.Poll:
				got = append(got, "poll")
			case p.Tag("network") == "bluesky":
				got = append(got, "b")
			default:
				got = append(got, fmt.Sprintf("%d.%s", int(p.Time.Sub(t0).Hours()), strings.TrimPrefix(p.Tag("account"), "account ")))
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got  %v\nwant %s", c.name, got, c.want)
		}
	}
}

func TestPointsOfManyChunks(t *testing.T) {
	j := open(t, temp(t))
	fill(t, j, pointsRows/2, 3)
	n := 0
	for _, err := range j.Points(t.Context(), Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 2 { // writing while reading
			record(t, j, "vk", t0.Add(99*time.Hour), profile("vk", "late", time.Time{}, 1))
		}
	}
	if want := pointsRows/2*3 + 1; n != want {
		t.Errorf("%d points, want %d", n, want)
	}
	for range j.Points(t.Context(), Filter{}) {
		break // whoever has seen enough may go
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n = 0
	for _, err := range j.Points(ctx, Filter{}) {
		if n++; n == 1 {
			cancel()
		}
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("ended: %v", err)
			}
			return
		}
	}
	t.Error("the end of its context did not end it")
}
