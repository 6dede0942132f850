package sim

import (
	"maps"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const youtubeNet = "youtube"

// YouTube simulates channels.list of YouTube's Data API v3 on the accounts of the
// network "youtube", whose IDs begin with UC and whose Handles have no @:
// GET /youtube/v3/channels by id, forHandle or forUsername (which here is the handle,
// too).
//
// A key is allowed by AllowToken("youtube", key) and comes in the header
// X-Goog-Api-Key or the parameter key. Subscribers are rounded down to three
// significant figures, numbers are strings, and a Hidden account says 0. Accounts
// that are unknown, deleted or suspended are left out, and the whole list with the
// last of them. The quota is not counted.
func YouTube(w *World) http.Handler {
	y := youtubeSim{w}
	return w.Handler(youtubeNet, y.op, y.answer)
}

type youtubeSim struct{ w *World }

// youtubeFilters are the parameters of which a request has exactly one.
var youtubeFilters = []string{"id", "forHandle", "forUsername"}

func (y youtubeSim) op(r *http.Request) string {
	for _, f := range youtubeFilters[1:] {
		if r.URL.Query().Has(f) {
			return "channels.list/" + f
		}
	}
	return "channels.list"
}

func (y youtubeSim) answer(rw http.ResponseWriter, r *http.Request) (int, string) {
	q := r.URL.Query()
	key := r.Header.Get("X-Goog-Api-Key")
	if key == "" {
		key = q.Get("key")
	}
	switch state, _ := y.w.Token(youtubeNet, key); {
	case r.URL.Path != "/youtube/v3/channels":
		http.Error(rw, "<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>", http.StatusNotFound)
		return 0, "notFound"
	case r.Method != http.MethodGet:
		return 0, youtubeRefuse(rw, http.StatusBadRequest, "INVALID_ARGUMENT", "badRequest", "", "Invalid value")
	case key == "":
		return 0, youtubeRefuse(rw, http.StatusForbidden, "PERMISSION_DENIED", "forbidden", "",
			"Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.")
	case state != TokenGood:
		return 0, youtubeRefuse(rw, http.StatusBadRequest, "INVALID_ARGUMENT", "badRequest", "API_KEY_INVALID",
			"API key not valid. Please pass a valid API key.")
	}
	filter, values, bad := youtubeQuery(q)
	if bad != "" {
		return 0, youtubeRefuse(rw, http.StatusBadRequest, "INVALID_ARGUMENT", bad, "", "Request contains an invalid argument.")
	}
	y.list(rw, q, filter, values)
	return len(values), ""
}

// youtubeQuery checks a query as strictly as YouTube does. Bad is the reason of the
// refusal.
func youtubeQuery(q url.Values) (filter string, values []string, bad string) {
	if filter, bad = youtubeFilter(q); bad != "" {
		return "", nil, bad
	}
	for p := range strings.SplitSeq(q.Get("part"), ",") {
		if p != "id" && p != "snippet" && p != "statistics" {
			return "", nil, "unknownPart"
		}
	}
	if n := q.Get("maxResults"); n != "" && !regexp.MustCompile(`^([1-9]|[1-4][0-9]|50)$`).MatchString(n) {
		return "", nil, "invalidParameter"
	}
	values = []string{q.Get(filter)}
	if filter == "id" {
		values = strings.Split(values[0], ",")
	}
	if filter == "" || len(values) > 50 || slices.Contains(values, "") {
		return "", nil, "invalidFilters"
	}
	return filter, values, ""
}

// youtubeFilter finds the one filter of a query, all of whose parameters must be
// known.
func youtubeFilter(q url.Values) (filter, bad string) {
	known := append([]string{"part", "fields", "maxResults", "key"}, youtubeFilters...)
	for k, v := range q {
		switch {
		case !slices.Contains(known, k) || len(v) != 1:
			return "", "unknownParameter"
		case !slices.Contains(youtubeFilters, k):
		case filter != "":
			return "", "incompatibleParameters"
		default:
			filter = k
		}
	}
	return filter, ""
}

func (y youtubeSim) list(rw http.ResponseWriter, q url.Values, filter string, values []string) {
	now := time.Now()
	var items []any
	var seen []string
	for _, v := range values {
		a, ok := y.w.ByHandle(youtubeNet, strings.TrimPrefix(v, "@"))
		if filter == "id" {
			a, ok = y.w.ByID(youtubeNet, v)
			ok = ok && a.ID == v // ids differ by upper and lower case
		}
		if !ok || a.State == NotFound || a.State == Suspended || slices.Contains(seen, a.ID) {
			continue
		}
		seen = append(seen, a.ID)
		items = append(items, y.channel(a, now, strings.Split(q.Get("part"), ",")))
	}
	perPage := 5 // unless it is told
	if n, err := strconv.Atoi(q.Get("maxResults")); err == nil {
		perPage = n
	}
	total := len(items)
	slices.Reverse(items) // order is not promised
	body := map[string]any{
		"kind": "youtube#channelListResponse", "etag": "simulated",
		"pageInfo": map[string]any{"totalResults": total, "resultsPerPage": perPage},
	}
	if total > 0 {
		body["items"] = items[:min(total, perPage)]
	}
	if fields := q.Get("fields"); fields != "" {
		asked := youtubeFields(fields)
		maps.DeleteFunc(body, func(k string, _ any) bool { return !slices.Contains(asked, k) })
	}
	JSON(rw, http.StatusOK, body)
}

// youtubeFields are the outermost names in a fields parameter: "kind" and "items" of
// "kind,items(id,snippet(title))".
func youtubeFields(s string) []string {
	depth := 0
	outer := strings.Map(func(r rune) rune {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
			return -1
		}
		if depth > 0 {
			return -1
		}
		return r
	}, s)
	return strings.Split(outer, ",")
}

func (y youtubeSim) channel(a Account, now time.Time, parts []string) map[string]any {
	c := map[string]any{"kind": "youtube#channel", "etag": "simulated", "id": a.ID}
	if slices.Contains(parts, "snippet") {
		snippet := map[string]any{"title": a.Name, "publishedAt": "2007-08-23T00:34:43Z"}
		if a.Handle != "" {
			snippet["customUrl"] = "@" + strings.ToLower(a.Handle)
		}
		c["snippet"] = snippet
	}
	if slices.Contains(parts, "statistics") {
		hidden := a.State == Hidden
		subscribers := threeFigures(y.w.Count(a, now))
		if hidden {
			subscribers = 0
		}
		c["statistics"] = map[string]any{
			"viewCount": strconv.FormatInt(a.Views, 10), "videoCount": strconv.FormatInt(a.Posts, 10),
			"subscriberCount": strconv.FormatInt(subscribers, 10), "hiddenSubscriberCount": hidden,
		}
	}
	return c
}

// threeFigures rounds n down to three significant figures.
func threeFigures(n int64) int64 {
	if n < 1000 {
		return n
	}
	unit := int64(math.Pow10(len(strconv.FormatInt(n, 10)) - 3))
	return n / unit * unit
}

func youtubeRefuse(rw http.ResponseWriter, status int, name, reason, info, message string) string {
	fault := map[string]any{
		"code": status, "message": message, "status": name,
		"errors": []any{map[string]any{"message": message, "domain": "global", "reason": reason}},
	}
	if info != "" {
		fault["details"] = []any{map[string]any{
			"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": info, "domain": "googleapis.com",
			"metadata": map[string]any{"service": "youtube.googleapis.com"},
		}}
	}
	JSON(rw, status, map[string]any{"error": fault})
	if info != "" {
		return info
	}
	return reason
}
