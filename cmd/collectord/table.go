package main

import (
	"encoding/json"
	"io"
	"strconv"

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

func accountRows(accounts []status.Account) []accountRow {
	rows := make([]accountRow, len(accounts))
	for i, a := range accounts {
		rows[i] = accountRow{Network: a.Network, Account: a.Label, ID: known(a.ID), Type: known(a.Type), Nickname: known(a.Nickname),
			Name: known(a.Name), Link: known(a.Link), State: known(a.State), Error: known(a.Error),
			Followers: a.Followers, Following: a.Following, Posts: a.Posts, Views: a.Views, Likes: a.Likes}
	}
	return rows
}

// printAccounts prints accounts as a table for people or as a JSON list.
func printAccounts(w io.Writer, accounts []status.Account, asJSON bool) error {
	if asJSON {
		return writeJSON(w, accountRows(accounts))
	}
	t := newTable(w)
	t.AppendHeader(table.Row{"network", "account", "followers", "state", "type", "id", "nickname", "name", "error"})
	t.SetColumnConfigs([]table.ColumnConfig{
		{Name: "followers", Align: text.AlignRight, AlignHeader: text.AlignRight},
		{Name: "error", WidthMax: 80},
	})
	for _, a := range accounts {
		followers := "-"
		if a.Followers != nil && a.Error == "" {
			followers = strconv.FormatInt(*a.Followers, 10)
			if a.Rounded {
				followers = "≈" + followers
			}
		}
		t.AppendRow(table.Row{a.Network, visible(a.Label), followers, orDash(a.State), orDash(a.Type), orDash(a.ID), orDash(a.Nickname), orDash(a.Name), visible(a.Error)})
	}
	t.Render()
	return nil
}

// newTable is a table that scripts can cut and people can read.
func newTable(w io.Writer) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.Style().Options = table.Options{SeparateColumns: true, SeparateHeader: true}
	return t
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
