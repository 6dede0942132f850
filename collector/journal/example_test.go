package journal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"collectord/collector/journal"
	"collectord/collector/point"
)

// followers is a point of the profile of one account.
func followers(account string, n int64) point.Point {
	return point.Point{
		Measurement: point.Profile,
		Tags:        []point.Tag{{Key: "network", Value: "vk"}, {Key: "account", Value: account}},
		Fields:      []point.Field{point.Int("followers", n)},
	}
}

// One poll, from the tick to InfluxDB: what Record has returned from is on disk, and
// what a sink has got is a number, its cursor.
func Example() {
	dir, err := os.MkdirTemp("", "journal")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx := context.Background()
	j, err := journal.Open(ctx, journal.Options{Path: filepath.Join(dir, "journal.db")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = j.Close() }()

	tick := time.Date(2026, time.October, 17, 8, 0, 0, 0, time.UTC)
	next := map[string]time.Time{"0 * * * *": tick.Add(time.Hour)}
	fmt.Println(j.BeginTick(ctx, journal.Tick{Network: "vk", Time: tick, Accounts: 3}, next))
	answer := journal.Batch{
		Network: "vk", Time: tick,
		Points:   []point.Point{followers("RIA Novosti", 3_100_000), followers("Pavel Durov", 12_000_000)},
		Answered: []string{"Nobody"}, // there is no such account: an answer without a point
		OK:       3, Requests: 2,
	}
	fmt.Println(j.Record(ctx, answer))
	again := journal.Batch{Network: "vk", Time: tick, Points: []point.Point{followers("RIA Novosti", 3_100_001)}}
	fmt.Println(j.Record(ctx, again)) // no error and no second point: the first value stays
	fmt.Println(j.EndTick(ctx, "vk", tick, nil))

	after, err := j.Cursor(ctx, "influxdb")
	fmt.Println(after, err)
	rows, last, err := j.Read(ctx, after, 5000)
	fmt.Println(last, err)
	for _, r := range rows {
		fmt.Printf("%s\n", r.Line)
	}
	refused := []journal.Refused{{Seq: rows[1].Seq, Reason: "field type conflict"}}
	fmt.Println(j.Advance(ctx, "influxdb", last, refused))
	left, err := j.Backlog(ctx, "influxdb")
	fmt.Println(left.Rows, err)
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// <nil>
	// 0 <nil>
	// 2 <nil>
	// profile,account=RIA\ Novosti,network=vk followers=3100000i 1792224000
	// profile,account=Pavel\ Durov,network=vk followers=12000000i 1792224000
	// <nil>
	// 0 <nil>
}

// A poll that a crash cut short is an open tick: it names who was answered for, so that
// the others alone are asked.
func ExampleJournal_OpenTicks() {
	dir, err := os.MkdirTemp("", "journal")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx := context.Background()
	o := journal.Options{Path: filepath.Join(dir, "journal.db")}
	tick := time.Date(2026, time.October, 17, 8, 0, 0, 0, time.UTC)

	before, err := journal.Open(ctx, o)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, locked := journal.Open(ctx, o) // one process writes
	fmt.Println(errors.Is(locked, journal.ErrLocked))
	fmt.Println(before.Record(ctx, journal.Batch{Network: "vk", Time: tick, Points: []point.Point{followers("RIA Novosti", 3_100_000)}}))
	_ = before.Close()

	j, err := journal.Open(ctx, o)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = j.Close() }()
	open, err := j.OpenTicks(ctx)
	for _, t := range open {
		answered, err := j.Answered(ctx, t.Network, t.Time)
		fmt.Println(t.Network, t.Time.UTC().Format(time.TimeOnly), answered, err)
	}
	fmt.Println(len(open), err)
	// Output:
	// true
	// <nil>
	// vk 08:00:00 map[RIA Novosti:true] <nil>
	// 1 <nil>
}
