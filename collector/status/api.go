package status

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.uber.org/zap"
)

// The bounds of the list of accounts.
const (
	defaultLimit = 1000
	maxLimit     = 100_000
)

// accountJSON is one account of /api/v1/accounts. Times are RFC 3339 in UTC; what
// is unknown is null.
type accountJSON struct {
	Network     string  `json:"network"`
	Account     string  `json:"account"`
	ID          *string `json:"id"`
	Type        *string `json:"type"`
	Nickname    *string `json:"nickname"`
	Name        *string `json:"name"`
	Link        *string `json:"link"`
	State       *string `json:"state"`
	Followers   *int64  `json:"followers"`
	Rounded     bool    `json:"rounded,omitempty"` // followers is not known to every digit
	Delta24h    *int64  `json:"delta_24h"`
	Delta7d     *int64  `json:"delta_7d"`
	LastPoll    *string `json:"last_poll"`
	LastSuccess *string `json:"last_success"`
	NextPoll    *string `json:"next_poll"`
	Error       *string `json:"error"`
}

func accountJSONOf(a *Account) accountJSON {
	return accountJSON{
		Network: a.Network, Account: a.Label,
		ID: text(a.ID), Type: text(a.Type), Nickname: text(a.Nickname), Name: text(a.Name),
		Link: text(a.Link), State: text(a.State),
		Followers: a.Followers, Rounded: a.Rounded && a.Followers != nil, Delta24h: a.Delta24h, Delta7d: a.Delta7d,
		LastPoll: instant(a.LastPoll), LastSuccess: instant(a.LastSuccess), NextPoll: instant(a.NextPoll),
		Error: text(a.Error),
	}
}

// text is a string, null where it is empty.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// instant is a time as RFC 3339 in UTC, null where it is zero.
func instant(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return text(t.UTC().Format(time.RFC3339))
}

// apiAccounts answers /api/v1/accounts. The header X-Total-Count says how many
// accounts the filter lets through, whatever the page.
func (s *server) apiAccounts(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	limit, err := bounded(query, "limit", defaultLimit, 1, maxLimit)
	if err != nil {
		writeError(w, http.StatusBadRequest, err)
		return
	}
	offset, err := bounded(query, "offset", 0, 0, int(^uint(0)>>1))
	if err != nil {
		writeError(w, http.StatusBadRequest, err)
		return
	}
	accounts, err := s.src.Accounts(r.Context())
	if err != nil {
		s.apiBroken(w, r, err)
		return
	}
	found := filterOf(query).apply(accounts)
	w.Header().Set("X-Total-Count", strconv.Itoa(len(found)))
	found = found[min(offset, len(found)):]
	found = found[:min(limit, len(found))]
	list := make([]accountJSON, len(found))
	for i, a := range found {
		list[i] = accountJSONOf(a)
	}
	writeJSON(w, http.StatusOK, list)
}

// bounded reads a whole number from the query.
func bounded(query url.Values, key string, absent, least, most int) (int, error) {
	if !query.Has(key) {
		return absent, nil
	}
	n, err := strconv.Atoi(query.Get(key))
	if err != nil || n < least || n > most {
		want := "a whole number from " + strconv.Itoa(least)
		if most == maxLimit {
			want += " to " + strconv.Itoa(most)
		}
		return 0, errors.New(key + ": " + strconv.Quote(query.Get(key)) + ": " + want + " was expected")
	}
	return n, nil
}

// apiSeries answers /api/v1/accounts/NETWORK/LABEL/series, and the same with .csv. The
// label may hold slashes, escaped or not.
func (s *server) apiSeries(w http.ResponseWriter, r *http.Request) {
	network := r.PathValue("network")
	label, ok := strings.CutSuffix(r.PathValue("rest"), "/series")
	write := writeSeries
	if !ok {
		label, ok = strings.CutSuffix(r.PathValue("rest"), "/series.csv")
		write = func(w http.ResponseWriter, samples []Sample) { writeCSV(w, network+" "+label, samples) }
	}
	if !ok {
		s.apiNotFound(w, r)
		return
	}
	since := r.URL.Query().Get("since")
	if since == "" {
		since = defaultPeriod
	}
	from, err := ParseSince(time.Now(), since)
	if err != nil {
		writeError(w, http.StatusBadRequest, err)
		return
	}
	a, _, err := s.find(r, network, label)
	if err != nil {
		s.apiBroken(w, r, err)
		return
	}
	if a == nil {
		writeError(w, http.StatusNotFound, errors.New("the config has no account "+strconv.Quote(label)+" on "+strconv.Quote(network)))
		return
	}
	samples, err := s.src.History(r.Context(), network, label, from)
	if err != nil {
		s.apiBroken(w, r, err)
		return
	}
	write(w, samples)
}

func writeSeries(w http.ResponseWriter, samples []Sample) {
	jsonHeader(w, http.StatusOK)
	_, _ = bytes.NewReader(appendSeries(nil, samples)).WriteTo(w) // numbers alone
}

// writeCSV sends a series as a file: time in RFC 3339 and followers, a line each. It
// holds nothing that a spreadsheet could take for a formula.
func writeCSV(w http.ResponseWriter, name string, samples []Sample) {
	b := []byte("time,followers\r\n")
	for _, p := range samples {
		b = p.Time.UTC().AppendFormat(b, time.RFC3339)
		b = append(b, ',')
		b = strconv.AppendInt(b, p.Followers, 10)
		b = append(b, "\r\n"...)
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": fileName(name) + ".csv"}))
	w.WriteHeader(http.StatusOK)
	_, _ = bytes.NewReader(b).WriteTo(w)
}

// fileName keeps of a name what every file system takes.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-", r) {
			return r
		}
		return '_'
	}, name)
}

// appendSeries writes {"points":[[unix,followers],...]}.
func appendSeries(b []byte, samples []Sample) []byte {
	b = append(b, `{"points":[`...)
	for i, p := range samples {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		b = strconv.AppendInt(b, p.Time.Unix(), 10)
		b = append(b, ',')
		b = strconv.AppendInt(b, p.Followers, 10)
		b = append(b, ']')
	}
	return append(b, "]}\n"...)
}

func (s *server) apiNotFound(w http.ResponseWriter, _ *http.Request) {
	writeError(w, http.StatusNotFound, errors.New("there is no such address; see /api/v1/accounts, /api/v1/accounts/NETWORK/LABEL/series, the same with .csv, and /api/v1/status"))
}

func (s *server) apiBroken(w http.ResponseWriter, r *http.Request, err error) {
	s.log.Error("an API request cannot be answered", zap.String("path", r.URL.Path), zap.Error(err), zap.String("hint", journalHint))
	writeError(w, http.StatusInternalServerError, err)
}

func writeError(w http.ResponseWriter, code int, err error) {
	writeJSON(w, code, map[string]string{"error": err.Error()})
}

func jsonHeader(w http.ResponseWriter, code int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
}

// writeJSON leaves <, > and & as they are: the type of the answer and nosniff say
// that it is no page.
func writeJSON(w http.ResponseWriter, code int, v any) {
	jsonHeader(w, code)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // the types always encode; an error is a reader who went away
}
