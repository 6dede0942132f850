package main

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"collectord/collector/status"
)

// tableAccounts are accounts of all sorts: wide characters, gaps, errors.
func tableAccounts(n int) []status.Account {
	accounts := make([]status.Account, n)
	for i := range accounts {
		followers := int64(i * 1000)
		accounts[i] = status.Account{Network: "vk", Label: fmt.Sprintf("Аккаунт %d", i), ID: fmt.Sprint(i), Type: "person",
			State: "ok", Nickname: fmt.Sprintf("n%d", i), Name: "名前", Followers: &followers}
		switch i % 3 {
		case 1:
			accounts[i].Followers, accounts[i].State, accounts[i].Name = nil, "", ""
		case 2:
			accounts[i].Error = "vk: users.get: <html> & more"
		}
	}
	return accounts
}

// TestLinesAreTheTable holds what is printed of many accounts to the table of few.
func TestLinesAreTheTable(t *testing.T) {
	accounts := tableAccounts(7)
	var table, lines bytes.Buffer
	if err := printAccounts(&table, accounts, false); err != nil {
		t.Fatal(err)
	}
	if err := printLines(&lines, accounts); err != nil {
		t.Fatal(err)
	}
	var want []string
	for line := range strings.Lines(table.String()) {
		if strings.Contains(line, "│") { // not the rule below the header
			want = append(want, strings.TrimSpace(line))
		}
	}
	var got []string
	for line := range strings.Lines(lines.String()) {
		got = append(got, strings.TrimSpace(line))
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("lines:\n%s\ntable:\n%s", g, w)
	}
}

// TestRowsAreTheList holds what is written row by row to the JSON of the whole list.
func TestRowsAreTheList(t *testing.T) {
	for _, n := range []int{0, 1, 7} {
		accounts := tableAccounts(n)
		var want, got bytes.Buffer
		if err := writeJSON(&want, accountRows(accounts)); err != nil {
			t.Fatal(err)
		}
		if err := printAccounts(&got, accounts, true); err != nil {
			t.Fatal(err)
		}
		if got.String() != want.String() {
			t.Errorf("%d rows:\n%s\nwant:\n%s", n, got.String(), want.String())
		}
	}
}

// heapWriter drops what it is given and remembers how large the heap was meanwhile.
type heapWriter struct{ most uint64 }

func (h *heapWriter) Write(b []byte) (int, error) {
	if h.most == 0 { // once: it stops the world
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		h.most = m.HeapAlloc
	}
	return len(b), nil
}

// TestManyAccountsArePrintedInLittleMemory fails where rows are gathered before they are
// printed.
func TestManyAccountsArePrintedInLittleMemory(t *testing.T) {
	const n = 4 * tableLimit
	accounts := tableAccounts(n)
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for _, asJSON := range []bool{false, true} {
		var w heapWriter
		if err := printAccounts(&w, accounts, asJSON); err != nil {
			t.Fatal(err)
		}
		if grown := int64(w.most) - int64(before.HeapAlloc); grown > 50*n {
			t.Errorf("as JSON %t: %d bytes an account are held while the first are printed", asJSON, grown/n)
		}
	}
	runtime.KeepAlive(accounts)
}

// A table that could not be written is no success.
func TestTableThatCannotBeWritten(t *testing.T) {
	for _, n := range []int{1, tableLimit + 1} {
		for _, asJSON := range []bool{false, true} {
			if err := printAccounts(fullDisk{}, tableAccounts(n), asJSON); !errors.Is(err, errFullDisk) {
				t.Errorf("%d accounts, as JSON %t: %v, want %v", n, asJSON, err, errFullDisk)
			}
		}
	}
}
