package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"collectord/collector"
	"collectord/collector/journal"
	"collectord/collector/point"
	"collectord/collector/status"
)

// exportColumns are the columns of CSV and the keys of JSON lines.
var exportColumns = [...]string{"time", "network", "account", "id", "type", "followers", "following", "posts", "views", "likes"}

// firstCount is the first of exportColumns that is a field rather than a tag.
const firstCount = 5

func newExportCommand(env *environment) *cobra.Command {
	var format, since, measurement string
	var spreadsheet bool
	var filter journal.Filter
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the journal to stdout as CSV, JSON lines or line protocol",
		Long: `Write the journal to stdout, oldest first; a running daemon is not disturbed.
csv and jsonl have the profile points; lp has all measurements, exactly as InfluxDB
gets them (times in seconds). Cells of csv are as they are in the journal. A program
that takes cells for formulas, as spreadsheets do, is better given --spreadsheet: a
text that begins with =, +, -, @ or a tab then has a ' in front.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			write, err := exporterOf(format, measurement, spreadsheet)
			if err != nil {
				return usage(err)
			}
			if filter.Network != "" {
				if err := knownNetwork(filter.Network); err != nil {
					return fmt.Errorf("--network: %w", err)
				}
			}
			filter.Measurement = measurement
			if measurement == "" && format != "lp" {
				filter.Measurement = point.Profile
			}
			if since != "" {
				if filter.Since, err = status.ParseSince(time.Now(), since); err != nil {
					return usage(fmt.Errorf("--since: %w", err))
				}
			}
			return export(cmd.Context(), env, filter, write)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&format, "format", "csv", "csv, jsonl or lp (line protocol)")
	flags.StringVar(&since, "since", "", "only points since then: 30d, 12h, 2026-11-01T00:00:00Z")
	flags.StringVar(&filter.Network, "network", "", "only this network")
	flags.StringVar(&filter.Account, "account", "", "only this account, by its label")
	flags.BoolVar(&spreadsheet, "spreadsheet", false, "csv for Excel and the like: no cell can be a formula")
	flags.StringVar(&measurement, "measurement", "", "only this measurement: profile, profile_info, account_state or poll")
	return cmd
}

// exporter writes points in one format.
type exporter func(w io.Writer, points iter.Seq2[point.Point, error]) error

func exporterOf(format, measurement string, spreadsheet bool) (exporter, error) {
	switch measurement {
	case "", point.Profile, point.ProfileInfo, point.AccountState, point.Poll:
	default:
		return nil, fmt.Errorf("--measurement %q: there are profile, profile_info, account_state and poll", measurement)
	}
	if format != "lp" && measurement != "" && measurement != point.Profile {
		return nil, fmt.Errorf("--measurement %s: %s has columns for profile alone; use --format lp", measurement, format)
	}
	if spreadsheet && format != "csv" {
		return nil, fmt.Errorf("--spreadsheet: %s has no cells; use --format csv", format)
	}
	switch format {
	case "csv":
		cell := func(s string) string { return s }
		if spreadsheet {
			cell = noFormula
		}
		return func(w io.Writer, points iter.Seq2[point.Point, error]) error { return exportCSV(w, points, cell) }, nil
	case "jsonl":
		return exportJSON, nil
	case "lp":
		return exportLines, nil
	}
	return nil, fmt.Errorf("--format %q: there are csv, jsonl and lp", format)
}

// export reads the journal beside whoever writes it.
func export(ctx context.Context, env *environment, filter journal.Filter, write exporter) (err error) {
	cfg, err := env.loadConfig("state_dir")
	if err != nil {
		return err
	}
	j, err := openBeside(ctx, cfg.StateDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	w := bufio.NewWriterSize(env.Stdout, 64<<10)
	if err := write(w, j.Points(ctx, filter)); err != nil {
		return err
	}
	return w.Flush()
}

// openBeside opens the journal of a state folder for reading, beside whoever writes it.
func openBeside(ctx context.Context, stateDir string) (*journal.Journal, error) {
	path := collector.JournalPath(stateDir)
	j, err := journal.Open(ctx, journal.Options{Path: path, ReadOnly: true})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no journal %s: the first poll of `collectord run` or `collectord once` makes it; is state_dir right? (%w)", path, err)
	}
	return j, err
}

// noFormula is a text that a spreadsheet takes for a text: one that would be a formula
// has a ' in front (https://owasp.org/www-community/attacks/CSV_Injection, read
// 2026-11-22). Ids such as -1001234 get it too.
func noFormula(s string) string {
	if s != "" && strings.ContainsAny(s[:1], "=+-@\t\r") {
		return "'" + s
	}
	return s
}

// exportCSV writes rows whose texts have gone through cell.
func exportCSV(w io.Writer, points iter.Seq2[point.Point, error], cell func(string) string) error {
	c := csv.NewWriter(w)
	if err := c.Write(exportColumns[:]); err != nil {
		return err
	}
	record := make([]string, len(exportColumns))
	for p, err := range points {
		if err != nil {
			return err
		}
		record[0] = p.Time.UTC().Format(time.RFC3339)
		for i, column := range exportColumns[1:firstCount] {
			record[i+1] = cell(p.Tag(column))
		}
		for i, column := range exportColumns[firstCount:] {
			record[firstCount+i] = ""
			if n, ok := count(p, column); ok {
				record[firstCount+i] = strconv.FormatInt(n, 10)
			}
		}
		if err := c.Write(record); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// exportRow is one JSON line; its keys are exportColumns.
type exportRow struct {
	Time      string `json:"time"`
	Network   string `json:"network"`
	Account   string `json:"account"`
	ID        string `json:"id"`
	Type      string `json:"type"`
	Followers *int64 `json:"followers"`
	Following *int64 `json:"following"`
	Posts     *int64 `json:"posts"`
	Views     *int64 `json:"views"`
	Likes     *int64 `json:"likes"`
}

func exportJSON(w io.Writer, points iter.Seq2[point.Point, error]) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for p, err := range points {
		if err != nil {
			return err
		}
		row := exportRow{Time: p.Time.UTC().Format(time.RFC3339), Network: p.Tag("network"), Account: p.Tag("account"), ID: p.Tag("id"), Type: p.Tag("type")}
		for i, to := range [...]**int64{&row.Followers, &row.Following, &row.Posts, &row.Views, &row.Likes} { // in the order of exportColumns
			if n, ok := count(p, exportColumns[firstCount+i]); ok {
				*to = &n
			}
		}
		if err := e.Encode(row); err != nil {
			return err
		}
	}
	return nil
}

func exportLines(w io.Writer, points iter.Seq2[point.Point, error]) error {
	var line []byte
	for p, err := range points {
		if err != nil {
			return err
		}
		series, err := p.Series()
		if err != nil {
			return err
		}
		fields, err := p.FieldSet()
		if err != nil {
			return err
		}
		line = append(point.AppendLine(line[:0], series, fields, p.Time.Unix()), '\n')
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// count is a field of a point as a number.
func count(p point.Point, field string) (int64, bool) {
	f, ok := p.Field(field)
	if !ok {
		return 0, false
	}
	return f.Int()
}
