package influxdtest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"collectord/internal/toolbuild"
)

// Victoria is a running VictoriaMetrics.
type Victoria struct {
	URL     string // http://127.0.0.1:PORT
	client  *http.Client
	process *toolbuild.Process
}

// Sample is one value of one field at one time, as VictoriaMetrics has it.
type Sample struct {
	Name  string            // MEASUREMENT_FIELD
	Tags  map[string]string // without the name
	Time  time.Time
	Value json.Number
}

// StartVictoria runs a VictoriaMetrics for the length of the test. It keeps points of
// all times, where its default is those of the last month, and of two at the same time
// one, where its default is both.
func StartVictoria(tb testing.TB) *Victoria {
	tb.Helper()
	binary, err := exec.LookPath("victoria-metrics")
	if err != nil {
		missing(tb, "the package victoria-metrics is not installed", err)
	}
	v := &Victoria{client: &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}}
	tb.Cleanup(func() {
		if v.process != nil {
			v.process.End(os.Kill)
		}
		v.client.CloseIdleConnections()
	})
	dir := tb.TempDir()
	for range attempts {
		if err = v.start(tb.Context(), binary, dir); err == nil {
			return v
		}
	}
	tb.Fatal(err)
	return nil
}

func (v *Victoria) start(ctx context.Context, binary, dir string) error {
	address, err := toolbuild.FreeAddress(ctx)
	if err != nil {
		return fmt.Errorf("influxdtest: %w", err)
	}
	v.URL = "http://" + address
	p, err := toolbuild.Start(binary, "-httpListenAddr="+address, "-storageDataPath="+filepath.Join(dir, "data"),
		"-retentionPeriod=100y", "-dedup.minScrapeInterval=1ms", "-memory.allowedBytes=100MB", "-loggerLevel=ERROR")
	if err != nil {
		return fmt.Errorf("influxdtest: %w", err)
	}
	if err := waitHealthy(ctx, v.client, v.URL, p); err != nil {
		p.End(os.Kill)
		return fmt.Errorf("influxdtest: %w\n%s", err, p.Output())
	}
	v.process = p
	return nil
}

// Export returns all samples whose names match the regular expression.
func (v *Victoria) Export(tb testing.TB, names string) []Sample {
	tb.Helper()
	v.get(tb, "/internal/force_flush", func(io.Reader) error { return nil })
	var samples []Sample
	query := url.Values{"match[]": {fmt.Sprintf("{__name__=~%q}", names)}, "start": {"0"}}
	v.get(tb, "/api/v1/export?"+query.Encode(), func(body io.Reader) error {
		lines := bufio.NewScanner(body)
		lines.Buffer(nil, 64<<20)
		for lines.Scan() {
			more, err := samplesOf(lines.Bytes())
			if err != nil {
				return err
			}
			samples = append(samples, more...)
		}
		return lines.Err()
	})
	return samples
}

func samplesOf(line []byte) ([]Sample, error) {
	var series struct {
		Metric map[string]string `json:"metric"`
		Values []json.Number     `json:"values"`
		Times  []int64           `json:"timestamps"`
	}
	if err := json.Unmarshal(line, &series); err != nil {
		return nil, err
	}
	name := series.Metric["__name__"]
	delete(series.Metric, "__name__")
	samples := make([]Sample, len(series.Values))
	for i, value := range series.Values {
		samples[i] = Sample{Name: name, Tags: series.Metric, Time: time.UnixMilli(series.Times[i]).UTC(), Value: value}
	}
	return samples, nil
}

func (v *Victoria) get(tb testing.TB, path string, read func(io.Reader) error) {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, v.URL+path, nil)
	if err != nil {
		tb.Fatalf("influxdtest: %v", err)
	}
	resp, err := v.client.Do(req)
	if err != nil {
		tb.Fatalf("influxdtest: %v", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode/100 != 2 {
		tb.Fatalf("influxdtest: %s: %s", path, resp.Status)
	}
	if err := read(resp.Body); err != nil {
		tb.Fatalf("influxdtest: %s: %v", path, err)
	}
}
