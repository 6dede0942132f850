package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"collectord/keychain"
	"collectord/networks"
)

// slotJSON is one slot in `keychain show --json`.
type slotJSON struct {
	Slot       string     `json:"slot"`
	Kind       string     `json:"kind"`
	State      string     `json:"state"`
	AssignedAt time.Time  `json:"assigned_at"`
	AgeSeconds int64      `json:"age_seconds"`
	ExpiresAt  *time.Time `json:"expires_at"`
	DaysLeft   *int       `json:"days_left"`     // rounded; null where expires_at is
	Never      bool       `json:"never_expires"` // the network says so; else expires_at is null where nobody knows
	Renewable  bool       `json:"renewable"`
	Reason     string     `json:"reason"`
	Hint       string     `json:"hint"`
	Link       string     `json:"link"` // the page that a parked token waits for
	Until      *time.Time `json:"until"`
}

func newShowCommand(env *environment) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "List slots, their kinds, ages, expiries and states, without secrets",
		Args:  noArguments,
		RunE: withKeychain(env, func(_ context.Context, k *keychain.KeyChain, _ []string) error {
			if asJSON {
				return writeJSON(env.Stdout, slotsJSON(k.Show()))
			}
			rows := []table.Row{}
			for _, s := range k.Show() {
				rows = append(rows, table.Row{s.Slot, s.Kind, age(time.Since(s.AssignedAt)), ending(s),
					s.State.Name, reason(s.State)})
			}
			if len(rows) == 0 {
				_, _ = fmt.Fprintln(env.Stderr, "the keychain is empty; `collectord keychain assign SLOT` puts a token in")
			}
			return printRows(env.Stdout, table.Row{"slot", "kind", "age", "expires", "state", "reason"}, rows)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// ending says when a slot's token ends, as far as anybody knows.
func ending(s keychain.SlotInfo) string {
	if s.Endless {
		return "never"
	}
	return expiry(s.ExpiresAt)
}

// reason is why a token is in its state, with what a person can do.
func reason(s keychain.State) string {
	parts := []string{s.Reason}
	if s.Hint != "" {
		parts = append(parts, "hint: "+s.Hint)
	}
	if s.Link != "" {
		parts = append(parts, "the page: "+s.Link)
	}
	return strings.Join(parts, "; ")
}

func slotsJSON(infos []keychain.SlotInfo) []slotJSON {
	out := make([]slotJSON, 0, len(infos))
	for _, s := range infos {
		j := slotJSON{Slot: s.Slot, Kind: s.Kind, State: s.State.Name, AssignedAt: s.AssignedAt,
			AgeSeconds: int64(time.Since(s.AssignedAt) / time.Second), Renewable: s.Renewable, Never: s.Endless, Reason: s.State.Reason, Hint: s.State.Hint, Link: s.State.Link}
		if !s.State.Until.IsZero() {
			j.Until = &s.State.Until
		}
		if days, known := s.DaysLeft(); known {
			j.ExpiresAt, j.DaysLeft = &s.ExpiresAt, &days
		}
		out = append(out, j)
	}
	return out
}

// checkJSON is one slot in `keychain check --json`.
type checkJSON struct {
	Slot   string `json:"slot"`
	OK     bool   `json:"ok"`
	Report string `json:"report"`
	Error  string `json:"error"`
	Hint   string `json:"hint"`
}

func newKeychainCheckCommand(env *environment) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check [SLOT]",
		Short: "Ask the networks whether they accept the tokens",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage(fmt.Errorf("%s takes one slot, or none for all", cmd.CommandPath()))
			}
			return nil
		},
		RunE: withKeychain(env, func(ctx context.Context, k *keychain.KeyChain, args []string) error {
			slots := args
			if len(slots) == 0 {
				slots = checkable(env.Stderr, k)
			}
			results := make([]checkJSON, 0, len(slots))
			for _, slot := range slots {
				r, err := checkSlot(ctx, k, slot)
				if err != nil {
					return err
				}
				results = append(results, r)
			}
			return reportChecks(env.Stdout, results, asJSON)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// checkable lists the slots whose tokens can be tried, and names the others.
func checkable(stderr io.Writer, k *keychain.KeyChain) []string {
	var slots []string
	for _, slot := range k.Slots() {
		if k.Checks(slot) {
			slots = append(slots, slot)
			continue
		}
		_, _ = fmt.Fprintf(stderr, "%s: not checked: nothing can try it yet\n", slot)
	}
	return slots
}

// checkSlot tries one token. The error is about the command line.
func checkSlot(ctx context.Context, k *keychain.KeyChain, slot string) (checkJSON, error) {
	report, err := k.Check(ctx, slot)
	switch {
	case errors.Is(err, keychain.ErrSlot):
		return checkJSON{}, err
	case errors.Is(err, keychain.ErrNoChecker):
		return checkJSON{}, usage(fmt.Errorf("check: %w", err))
	case err != nil:
		return checkJSON{Slot: slot, Error: err.Error(), Hint: strings.TrimPrefix(hintOf(k, err), hintMark)}, nil
	}
	return checkJSON{Slot: slot, OK: true, Report: report}, nil
}

func reportChecks(stdout io.Writer, results []checkJSON, asJSON bool) error {
	var failed error
	rows := []table.Row{}
	for _, r := range results {
		word, says := "ok", r.Report
		if !r.OK {
			word, says, failed = "failed", r.Error, errSilent
			if r.Hint != "" {
				says += hintMark + r.Hint
			}
		}
		rows = append(rows, table.Row{r.Slot, word, says})
	}
	if asJSON {
		return errors.Join(writeJSON(stdout, results), failed)
	}
	return errors.Join(printRows(stdout, table.Row{"slot", "result", "report"}, rows), failed)
}

// dumpJSON is one dump in `keychain dumps --json`.
type dumpJSON struct {
	ID    string    `json:"id"`
	Time  time.Time `json:"time"`
	Slots []string  `json:"slots"`
	Error string    `json:"error,omitempty"`
}

func newDumpsCommand(env *environment) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "dumps",
		Short: "List the saved states, the newest first",
		Args:  noArguments,
		RunE: withKeychain(env, func(_ context.Context, k *keychain.KeyChain, _ []string) error {
			infos, err := k.Dumps()
			if err != nil {
				return err
			}
			out := make([]dumpJSON, 0, len(infos))
			rows := []table.Row{}
			for _, d := range infos {
				j := dumpJSON{ID: d.ID, Time: d.Time, Slots: append([]string{}, d.Slots...)}
				holds := strings.Join(d.Slots, " ")
				if d.Err != nil {
					j.Error = d.Err.Error()
					holds = j.Error
				}
				out = append(out, j)
				rows = append(rows, table.Row{d.ID, d.Time.Format(time.RFC3339), holds})
			}
			if asJSON {
				return writeJSON(env.Stdout, out)
			}
			return printRows(env.Stdout, table.Row{"id", "time", "slots"}, rows)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

const hintMark = "; hint: "

// hintOf is what the operator can do about a network's error or a refused renewal,
// "" for nothing. A network has taken out of it the token that it was asked with; the
// keychain takes out all others.
func hintOf(k *keychain.KeyChain, err error) string {
	var refusal *keychain.Refusal
	var e *networks.Error
	hint, link := "", ""
	if errors.As(err, &e) {
		hint, link = e.Hint, e.Link
	}
	if errors.As(err, &refusal) {
		hint, link = refusal.State.Hint, refusal.State.Link
	}
	if link != "" {
		hint = strings.TrimPrefix(hint+"; the page: "+link, "; ")
	}
	if hint == "" {
		return ""
	}
	return hintMark + k.Redact(hint)
}

// printRows prints a table: with lines on a terminal, columns alone elsewhere.
// Nothing is printed for no rows.
func printRows(w io.Writer, header table.Row, rows []table.Row) error {
	if len(rows) == 0 {
		return nil
	}
	for _, row := range rows {
		for i, cell := range row {
			if s, ok := cell.(string); ok {
				row[i] = visible(s)
			}
		}
	}
	t := table.NewWriter()
	t.AppendHeader(header)
	t.AppendRows(rows)
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	if f, ok := w.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		t.Style().Options = table.OptionsNoBordersAndSeparators
		t.Style().Box.PaddingLeft = ""
		t.Style().Box.PaddingRight = "  "
	}
	var lines strings.Builder
	for line := range strings.Lines(t.Render() + "\n") {
		lines.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	_, err := io.WriteString(w, lines.String())
	return err
}

// age is a duration in its largest unit.
func age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", max(0, int(d.Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// expiry says when a token ends: in days, or in hours where there are few.
func expiry(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	left := time.Until(t)
	switch days, _ := (keychain.SlotInfo{ExpiresAt: t}).DaysLeft(); {
	case left <= 0:
		return age(-left) + " ago"
	case left >= 48*time.Hour:
		return fmt.Sprintf("in %dd", days)
	}
	return "in " + age(left)
}
