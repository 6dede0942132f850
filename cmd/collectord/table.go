package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"collectord/collector/status"
)

// accountRow is one account in the JSON of `once` and `check --online`: the keys
// of /api/v1/accounts as far as they apply, and all counts.
type accountRow struct {
	Network   string  `json:"network"`
	Account   string  `json:"account"`
	ID        *string `json:"id"`
	Type      *string `json:"type"`
	Nickname  *string `json:"nickname"`
	Name      *string `json:"name"`
	Link      *string `json:"link"`
	State     *string `json:"state"`
	Followers *int64  `json:"followers"`
	Following *int64  `json:"following"`
	Posts     *int64  `json:"posts"`
	Views     *int64  `json:"views"`
	Likes     *int64  `json:"likes"`
	Error     *string `json:"error"`
}

func newAccountRow(a *status.Account) accountRow {
	return accountRow{
		Network: a.Network, Account: a.Label, ID: known(a.ID), Type: known(a.Type), Nickname: known(a.Nickname),
		Name: known(a.Name), Link: known(a.Link), State: known(a.State), Error: known(a.Error),
		Followers: a.Followers, Following: a.Following, Posts: a.Posts, Views: a.Views, Likes: a.Likes,
	}
}

func accountRows(accounts []status.Account) []accountRow {
	rows := make([]accountRow, len(accounts))
	for i := range accounts {
		rows[i] = newAccountRow(&accounts[i])
	}
	return rows
}

// printAccounts prints accounts as a table for people or as a JSON list.
func printAccounts(w io.Writer, accounts []status.Account, asJSON bool) error {
	if asJSON {
		return writeRows(w, accounts)
	}
	if len(accounts) > tableLimit {
		return printLines(w, accounts)
	}
	t := newTable()
	header := table.Row{}
	for _, name := range accountColumns() {
		header = append(header, name)
	}
	t.AppendHeader(header)
	t.SetColumnConfigs([]table.ColumnConfig{
		{Name: "followers", Align: text.AlignRight, AlignHeader: text.AlignRight},
		{Name: "error", WidthMax: 80},
	})
	for i := range accounts {
		row := table.Row{}
		for _, cell := range accountCells(&accounts[i]) {
			row = append(row, cell)
		}
		t.AppendRow(row)
	}
	return render(w, t)
}

// tableLimit is how many accounts are printed as a table. More are printed as lines: a
// table has to have all of its rows, drawn, in memory before it can print the first one,
// which is some 6 kB an account.
const tableLimit = 5000

// printLines prints accounts line by line, in columns as wide as the widest cell.
func printLines(w io.Writer, accounts []status.Account) error {
	names := accountColumns()
	widths := make([]int, len(names))
	for i, name := range names {
		widths[i] = text.StringWidthWithoutEscSequences(name)
	}
	for i := range accounts {
		for c, cell := range accountCells(&accounts[i]) {
			widths[c] = max(widths[c], text.StringWidthWithoutEscSequences(cell))
		}
	}
	out := bufio.NewWriter(w)
	printLine(out, names[:], widths)
	for i := range accounts {
		cells := accountCells(&accounts[i])
		printLine(out, cells[:], widths)
	}
	return out.Flush()
}

// printLine prints one line; the Flush of its writer tells whether that went well. The
// column of numbers is the third.
func printLine(w *bufio.Writer, cells []string, widths []int) {
	for i, cell := range cells {
		if i > 0 {
			_, _ = w.WriteString(" │ ")
		}
		room := strings.Repeat(" ", max(0, widths[i]-text.StringWidthWithoutEscSequences(cell)))
		switch {
		case i == 2:
			cell = room + cell
		case i < len(cells)-1:
			cell += room
		}
		_, _ = w.WriteString(cell)
	}
	_ = w.WriteByte('\n')
}

func accountColumns() [9]string {
	return [...]string{"network", "account", "followers", "state", "type", "id", "nickname", "name", "error"}
}

// accountCells are the columns of one account.
func accountCells(a *status.Account) [9]string {
	followers := "-"
	if a.Followers != nil && a.Error == "" {
		followers = strconv.FormatInt(*a.Followers, 10)
		if a.Rounded {
			followers = "≈" + followers
		}
	}
	return [...]string{a.Network, visible(a.Label), followers, orDash(a.State), orDash(a.Type), orDash(a.ID),
		orDash(a.Nickname), orDash(a.Name), visible(a.Error)}
}

// newTable is a table that scripts can cut and people can read.
func newTable() table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.Style().Options = table.Options{SeparateColumns: true, SeparateHeader: true}
	return t
}

// writeRows writes accounts as writeJSON would write the list of their rows, one after
// the other: a list of all of them is as large again as the accounts.
func writeRows(w io.Writer, accounts []status.Account) error {
	if len(accounts) == 0 {
		return writeJSON(w, []accountRow{})
	}
	out := bufio.NewWriter(w)
	between := "[\n  "
	for i := range accounts {
		row, err := indented(newAccountRow(&accounts[i]))
		if err != nil {
			return err
		}
		_, _ = out.WriteString(between) // Flush tells
		_, _ = out.Write(row)
		between = ",\n  "
	}
	_, _ = out.WriteString("\n]\n")
	return out.Flush()
}

// indented is v as it stands in a list.
func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("  ", "  ")
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// orDash is a text for a cell of a table, "-" where there is none.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return visible(s)
}

// known is a string for JSON, null where it is not known.
func known(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// render writes a table, which alone would not say that it could not be written.
func render(w io.Writer, t table.Writer) error {
	_, err := io.WriteString(w, t.Render()+"\n")
	return err
}
