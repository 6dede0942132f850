package config

import (
	"slices"
	"strings"
)

// suggestion ends a message about a word that is not among the known ones:
// ` (did you mean "bucket"? known: bucket, org, url)`.
func suggestion(word string, known []string) string {
	known = slices.Sorted(slices.Values(known))
	list := "known: " + strings.Join(known, ", ")
	if len(known) == 0 {
		list = "none is known"
	}
	if near := nearest(word, known); near != "" {
		return " (did you mean " + quote(near) + "? " + list + ")"
	}
	return " (" + list + ")"
}

// nearest returns the known word that is most like word, "" where none is.
func nearest(word string, known []string) string {
	const longest = 64 // a longer word is no slip of the finger
	if len(word) > longest {
		return ""
	}
	word = strings.ToLower(word)
	best, distance := "", max(2, len(word)/3)+1
	for _, k := range known {
		// Most slips keep most of the letters: a word of two letters is not two
		// changes away from everything.
		if d := edits(word, strings.ToLower(k)); d < distance && d < max(len(word), len(k))/2+1 && d < len(k) {
			best, distance = k, d
		}
	}
	if best == "" && len(word) >= 3 {
		best = related(word, known)
	}
	return best
}

// related returns the first known word that has word in it, or is in word: size
// and max_size, twitter.com and twitter.
func related(word string, known []string) string {
	for _, k := range known {
		if strings.Contains(k, word) || len(k) >= 3 && strings.Contains(word, k) {
			return k
		}
	}
	return ""
}

// edits counts the letters to insert, delete, replace or swap with their
// neighbour to turn a into b (optimal string alignment).
func edits(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, above, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		before, above, row = above, row, before
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(y)]
}
