package influx

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"collectord/internal/influxdtest"
)

// benchLines are points as a big installation has them: many series, one tick
// after another.
func benchLines(n, round int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("profile,account=Account\\ number\\ %d,id=%d,network=vk,team=news,type=group followers=%di,posts=%di %d",
			i%10_000, 1_000_000+i%10_000, 5_000_000+i*7, 1000+i%17, 1_700_000_000+3600*(i/10_000+round*10))
	}
	return out
}

// BenchmarkDelivery delivers 100,000 points to a real InfluxDB, in turn by a
// Deliverer and as ready-made compressed batches posted one after another with
// nothing around them; the metric ratio is the first rate by the second.
//
//	go test -run '^$' -bench Delivery -benchtime 5x ./collector/influx
func BenchmarkDelivery(b *testing.B) {
	const n = 100_000
	db := influxdtest.Start(b)
	var ours, bare time.Duration
	round := 0
	for b.Loop() {
		src := newMemory(benchLines(n, round)...)
		start := time.Now()
		if err := New(toReal(db), src, nil).Drain(b.Context()); err != nil {
			b.Fatal(err)
		}
		ours += time.Since(start)
		batches := readyMade(b, benchLines(n, round+1))
		start = time.Now()
		postBare(b, db, batches)
		bare += time.Since(start)
		round += 2
	}
	count := float64(n * b.N)
	b.ReportMetric(count/ours.Seconds(), "points/s")
	b.ReportMetric(count/bare.Seconds(), "bare-points/s")
	b.ReportMetric(bare.Seconds()/ours.Seconds(), "ratio")
	if got := db.Count(b, "profile", "followers"); got != int64(2*n*b.N) {
		b.Errorf("%d points, want %d", got, 2*n*b.N)
	}
}

func readyMade(b testing.TB, lines []string) [][]byte {
	b.Helper()
	var batches [][]byte
	for len(lines) > 0 {
		n := min(DefaultBatchSize, len(lines))
		var buf bytes.Buffer
		z := gzip.NewWriter(&buf)
		if _, err := io.WriteString(z, strings.Join(lines[:n], "\n")); err != nil {
			b.Fatal(err)
		}
		if err := z.Close(); err != nil {
			b.Fatal(err)
		}
		batches = append(batches, buf.Bytes())
		lines = lines[n:]
	}
	return batches
}

func postBare(b testing.TB, db *influxdtest.Server, batches [][]byte) {
	b.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for _, batch := range batches {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost,
			db.URL+"/api/v2/write?precision=s&bucket="+db.Database, bytes.NewReader(batch))
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Content-Encoding", "gzip")
		resp, err := transport.RoundTrip(req)
		if err != nil {
			b.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusNoContent {
			b.Fatalf("status %d, %v", resp.StatusCode, err)
		}
	}
}
