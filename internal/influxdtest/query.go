package influxdtest

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Row is one row of an InfluxQL answer.
type Row struct {
	Measurement string
	Tags        map[string]string // of GROUP BY
	Time        time.Time         // of column time; zero where there is none
	// Values are the other columns: json.Number, string, bool or nil.
	Values map[string]any
}

// Int returns the whole number in that column. It fails the test where the column
// holds something else.
func (r Row) Int(tb testing.TB, column string) int64 {
	tb.Helper()
	n, ok := r.Values[column].(json.Number)
	if !ok {
		tb.Fatalf("influxdtest: column %s is %#v, not a number", column, r.Values[column])
	}
	i, err := n.Int64()
	if err != nil {
		tb.Fatalf("influxdtest: column %s: %v", column, err)
	}
	return i
}

// Query asks the database in InfluxQL and returns the rows of all series, in the
// order of the answer.
func (s *Server) Query(tb testing.TB, influxql string) []Row {
	tb.Helper()
	rows, err := s.query(tb.Context(), influxql)
	if err != nil {
		tb.Fatalf("influxdtest: %s: %v", influxql, err)
	}
	return rows
}

// Exec runs a statement that has no answer: CREATE DATABASE, DROP DATABASE ...
func (s *Server) Exec(tb testing.TB, influxql string) {
	tb.Helper()
	s.Query(tb, influxql)
}

// Count returns how many points the measurement holds, by one of its fields.
func (s *Server) Count(tb testing.TB, measurement, field string) int64 {
	tb.Helper()
	rows := s.Query(tb, fmt.Sprintf("SELECT count(%q) AS n FROM %q", field, measurement))
	if len(rows) == 0 {
		return 0
	}
	return rows[0].Int(tb, "n")
}

// series is one table of an InfluxQL answer.
type series struct {
	Name    string            `json:"name"`
	Tags    map[string]string `json:"tags"`
	Columns []string          `json:"columns"`
	Values  [][]any           `json:"values"`
}

func (s *Server) query(ctx context.Context, influxql string) ([]Row, error) {
	form := url.Values{"db": {s.Database}, "q": {influxql}, "epoch": {"s"}}
	body, err := s.post(ctx, "/query", "application/x-www-form-urlencoded", form.Encode())
	if err != nil {
		return nil, err
	}
	var answer struct {
		Results []struct {
			Error  string   `json:"error"`
			Series []series `json:"series"`
		} `json:"results"`
	}
	dec := json.NewDecoder(strings.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&answer); err != nil {
		return nil, err
	}
	var rows []Row
	for _, result := range answer.Results {
		if result.Error != "" {
			return nil, errors.New(result.Error)
		}
		for _, table := range result.Series {
			rows = append(rows, table.rows()...)
		}
	}
	return rows, nil
}

func (t series) rows() []Row {
	rows := make([]Row, 0, len(t.Values))
	for _, values := range t.Values {
		row := Row{Measurement: t.Name, Tags: t.Tags, Values: map[string]any{}}
		for i, column := range t.Columns {
			if n, ok := values[i].(json.Number); ok && column == "time" {
				unix, _ := n.Int64()
				row.Time = time.Unix(unix, 0).UTC()
				continue
			}
			row.Values[column] = values[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// Flux asks the database in Flux and returns the rows of all tables, column to
// text: `from(bucket: "followers") |> range(start: 0)`.
//
// Flux takes InfluxDB 1.8 six seconds of computing at every start, so the server
// runs without it until somebody asks: the first call restarts it on its data.
// WithFlux starts it with Flux.
func (s *Server) Flux(tb testing.TB, query string) []map[string]string {
	tb.Helper()
	if !s.flux {
		s.flux = true
		s.Restart(tb)
	}
	body, err := s.post(tb.Context(), "/api/v2/query", "application/vnd.flux", query)
	if err != nil {
		tb.Fatalf("influxdtest: %s: %v", query, err)
	}
	rows, err := parseFlux(body)
	if err != nil {
		tb.Fatalf("influxdtest: %s: %v", query, err)
	}
	return rows
}

// parseFlux reads annotated CSV: tables with a header each, an empty line between
// them, annotations behind "#". A line break inside a quoted value is part of it,
// so the tables are found by the rows rather than by the lines.
func parseFlux(body string) ([]map[string]string, error) {
	// A csv.Reader passes over empty lines: the mark keeps them.
	const mark = "\x00table"
	body = strings.ReplaceAll(body, "\r\n\r\n", "\r\n"+mark+"\r\n")
	r := csv.NewReader(strings.NewReader(body))
	r.FieldsPerRecord = -1
	var header []string
	var rows []map[string]string
	for {
		record, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			return rows, nil
		case err != nil:
			return nil, err
		case record[0] == mark:
			header = nil
		case strings.HasPrefix(record[0], "#"):
		case header == nil:
			header = record
		case len(header) > 1 && header[1] == "error":
			return nil, errors.New(record[1])
		default:
			row := make(map[string]string, len(header))
			for i, column := range header {
				if column != "" && i < len(record) {
					row[column] = record[i]
				}
			}
			rows = append(rows, row)
		}
	}
}

func (s *Server) post(ctx context.Context, path, contentType, body string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", contentType)
	if s.user != "" {
		req.Header.Set("Authorization", "Token "+s.user+":"+s.password)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("status %d: %s", resp.StatusCode, answer)
	}
	return string(answer), nil
}
