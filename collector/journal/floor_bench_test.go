package journal

import (
	"fmt"
	"testing"
	"time"

	"collectord/collector/point"
	"collectord/internal/floortest"
)

// floorRows are so many a transaction, in so many transactions.
const floorRows, floorTransactions = 1000, 3

// TestRecordNearItsFloor holds Record to SQLite's own rate: the same connection with the
// same pragmas, the same rows into a table and an index alike, no more.
func TestRecordNearItsFloor(t *testing.T) {
	ours, bare := open(t, temp(t)), open(t, temp(t))
	points := make([]point.Point, floorRows)
	for i := range points {
		points[i] = profile("vk", fmt.Sprintf("account %d", i), time.Time{}, int64(1_000_000+i))
	}
	record(t, ours, "vk", t0, points...) // the series exist from now on
	lines, err := encode(points, t0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range lines {
		lines[i].series = int64(i + 1)
	}
	at := 0
	stage := func() {
		for range floorTransactions {
			at++
			record(t, ours, "vk", t0.Add(time.Duration(at)*time.Hour), points...)
		}
	}
	floor := func() {
		for range floorTransactions {
			at++
			for i := range lines {
				lines[i].unix = t0.Unix() + int64(3600*at)
			}
			if err := bare.write("floor", func(w *writer) error { _, err := w.insert(lines); return err }); err != nil {
				t.Fatal(err)
			}
		}
	}
	ratio := floortest.CPU(t, stage, floor)
	allocations := floortest.Allocations(floorRows*floorTransactions, stage)
	t.Logf("%.2f times SQLite's inserts alone, %.1f allocations a point", ratio, allocations)
	if ratio > 5 || allocations > 30 {
		t.Error("more than 5 times, or 30 allocations")
	}
}

// TestReadNearItsFloor holds the reading of rows for delivery to the same query without
// anything done to its rows.
func TestReadNearItsFloor(t *testing.T) {
	j := open(t, temp(t))
	const n = 10_000
	fill(t, j, n/4, 4)
	read := func() {
		for after := int64(0); after < n; {
			rows, next, err := j.Read(t.Context(), after, 5000)
			if err != nil || len(rows) == 0 {
				t.Fatal(len(rows), err)
			}
			after = next
		}
	}
	ratio := floortest.CPU(t, read, func() {
		rows, err := j.readers.QueryContext(t.Context(), `SELECT `+rowColumns+` FROM points p WHERE p.seq > ? ORDER BY p.seq`, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var r rawRow
			if err := rows.Scan(&r.seq, &r.series, &r.time, &r.fields, &r.crc); err != nil {
				t.Fatal(err)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	})
	allocations := floortest.Allocations(n, read)
	t.Logf("%.2f times the query alone, %.1f allocations a row", ratio, allocations)
	if ratio > 4 || allocations > 30 {
		t.Error("more than 4 times, or 30 allocations")
	}
}
