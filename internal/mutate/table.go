package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// table prints the scores, as a table of Markdown, and returns an error that names
// the packages under the least share.
func table(scores []score, o options, took time.Duration, out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	say(w, "\n| package\t| mutants\t| tried\t| caught\t| share\t| took\t|\n")
	say(w, "| ---\t| ---:\t| ---:\t| ---:\t| ---:\t| ---:\t|\n")
	var sum score
	var poor []string
	for _, s := range scores {
		say(w, "| `%s`\t| %d\t| %d\t| %d\t| %s\t| %s\t|\n", s.pkg, s.possible, s.tried, s.caught, s.share(), s.took.Round(time.Second))
		sum.possible, sum.tried, sum.caught = sum.possible+s.possible, sum.tried+s.tried, sum.caught+s.caught
		if s.caught*100 < o.least*s.tried {
			poor = append(poor, s.pkg)
		}
	}
	say(w, "| all\t| %d\t| %d\t| %d\t| %s\t| %s\t|\n", sum.possible, sum.tried, sum.caught, sum.share(), took.Round(time.Second))
	if err := w.Flush(); err != nil {
		return err
	}
	if len(poor) > 0 {
		return fmt.Errorf("fewer than %d of a hundred caught: %s", o.least, strings.Join(poor, ", "))
	}
	return nil
}

func (s score) share() string {
	if s.tried == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f %%", 100*float64(s.caught)/float64(s.tried))
}
