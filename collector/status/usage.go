package status

import (
	"math"
	"strconv"
	"strings"
)

// usageJSON is how much of one limit is used up. The list of them is left out where the
// network tells nothing.
type usageJSON struct {
	Limit string  `json:"limit"`
	Used  float64 `json:"used"` // from 0 to 1
	Until *string `json:"until"`
}

func usageJSONOf(usage []Usage) []usageJSON {
	var list []usageJSON
	for _, u := range usage {
		list = append(list, usageJSON{Limit: u.Limit, Used: u.Used, Until: instant(u.Until)})
	}
	return list
}

// usageText is what is used of each limit: "X-App-Usage 81 % used".
func usageText(usage []Usage) string {
	var parts []string
	for _, u := range usage {
		parts = append(parts, u.Limit+" "+strconv.FormatFloat(math.Round(100*u.Used), 'f', -1, 64)+" % used")
	}
	return strings.Join(parts, ", ")
}

// usage sends each limit once, the fullest where many servers have one of that name.
func (e emitter) usage(usage []Usage, network, slot string) {
	seen := make(map[string]bool)
	for _, u := range usage {
		if !seen[u.Limit] {
			seen[u.Limit] = true
			e.gauge("limit_used_ratio", u.Used, network, slot, u.Limit)
		}
	}
}
