package journal

import (
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"collectord/collector/point"
)

// model is the journal as anybody would write it who had memory that never fails.
type model struct {
	j    *Journal
	path string

	seen     map[string]bool  // series and time
	rows     map[int64]string // by seq
	at       map[int64]int64  // time of a row, by seq
	top      int64
	history  map[string]map[int64]int64 // label → time → followers
	cursor   int64
	refused  map[int64]bool // marked for sending again
	accounts map[AccountKey]Account
	answers  map[int64]map[string]bool
	closed   map[int64]bool
	ok       map[int64]int
}

func TestModel(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		// A hundred would take half a minute, most of it fsync.
		if err := f.Value.Set("5"); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		m := &model{path: filepath.Join(dir, fmt.Sprint(n), "j.db"), seen: map[string]bool{}, rows: map[int64]string{}, at: map[int64]int64{},
			history: map[string]map[int64]int64{}, refused: map[int64]bool{}, accounts: map[AccountKey]Account{},
			answers: map[int64]map[string]bool{}, closed: map[int64]bool{}, ok: map[int64]int{}}
		m.open(rt)
		defer func() { _ = m.j.Close() }()
		rt.Repeat(map[string]func(*rapid.T){
			"":       m.check,
			"record": m.record,
			"end":    m.end,
			"reopen": func(rt *rapid.T) {
				if err := m.j.Close(); err != nil {
					rt.Fatal(err)
				}
				m.open(rt)
			},
			"advance": m.advance,
			"resend":  m.resend,
			"prune":   m.prune,
		})
	})
}

func (m *model) open(rt *rapid.T) {
	j, err := Open(rt.Context(), Options{Path: m.path, KeepFor: 2 * time.Second})
	if err != nil {
		rt.Fatal(err)
	}
	m.j = j
}

func drawTime(rt *rapid.T) time.Time {
	return t0.Add(time.Duration(rapid.IntRange(0, 4).Draw(rt, "time")) * time.Second)
}

func (m *model) record(rt *rapid.T) {
	at := drawTime(rt)
	b := Batch{Network: "vk", Time: at, OK: rapid.IntRange(0, 3).Draw(rt, "ok")}
	for range rapid.IntRange(0, 66).Draw(rt, "points") {
		label := rapid.SampledFrom([]string{"a", "b", "РИА Новости", `a,b=c "d"`}).Draw(rt, "label")
		if rapid.Bool().Draw(rt, "another") {
			label += fmt.Sprint(rapid.IntRange(0, 40).Draw(rt, "number"))
		}
		b.Points = append(b.Points, profile("vk", label, at, int64(rapid.IntRange(0, 1000).Draw(rt, "followers"))))
	}
	if rapid.Bool().Draw(rt, "answered") {
		b.Answered = []string{rapid.SampledFrom([]string{"a", "x"}).Draw(rt, "label")}
	}
	if rapid.Bool().Draw(rt, "account") {
		b.Accounts = []Account{{Network: "vk", Label: "a", State: rapid.String().Draw(rt, "state"), SkipUntil: at}}
	}
	if err := m.j.Record(rt.Context(), b); err != nil {
		rt.Fatal(err)
	}
	m.add(rt, b)
}

// add is Record in memory.
func (m *model) add(rt *rapid.T, b Batch) {
	unix := b.Time.Unix()
	for _, p := range b.Points {
		s, _ := p.Series()
		f, _ := p.FieldSet()
		key := fmt.Sprint(s, " ", unix)
		if m.seen[key] {
			continue
		}
		m.seen[key] = true
		seq := m.find(rt, string(point.AppendLine(nil, s, f, unix)))
		m.rows[seq], m.at[seq] = string(point.AppendLine(nil, s, f, unix)), unix
		label := p.Tag("account")
		if m.history[label] == nil {
			m.history[label] = map[int64]int64{}
		}
		m.history[label][unix], _ = p.Fields[0].Int()
	}
	m.ok[unix] += b.OK
	for _, label := range b.Answered {
		if m.answers[unix] == nil {
			m.answers[unix] = map[string]bool{}
		}
		m.answers[unix][label] = !m.closed[unix]
	}
	for _, a := range b.Accounts {
		m.accounts[a.Key()] = a
	}
}

// find returns the number that the journal gave to a new line, which must be the
// first one that the model does not know.
func (m *model) find(rt *rapid.T, line string) int64 {
	rows, _, err := m.j.Read(rt.Context(), m.top, 1)
	if err != nil || len(rows) != 1 || string(rows[0].Line) != line {
		rt.Fatalf("after %d: %v, %v\nwant %s", m.top, rows, err, line)
	}
	m.top = rows[0].Seq
	return m.top
}

func (m *model) end(rt *rapid.T) {
	at := drawTime(rt)
	if err := m.j.EndTick(rt.Context(), "vk", at, nil); err != nil {
		rt.Fatal(err)
	}
	m.closed[at.Unix()] = true
	m.ok[at.Unix()] += 0
	delete(m.answers, at.Unix())
}

func (m *model) advance(rt *rapid.T) {
	if len(m.rows) == 0 {
		return
	}
	seq := rapid.SampledFrom(slices.Sorted(maps.Keys(m.rows))).Draw(rt, "seq")
	var refused []Refused
	if rapid.Bool().Draw(rt, "refused") {
		refused = []Refused{{seq, "no"}}
		m.refused[seq] = false
	}
	if err := m.j.Advance(rt.Context(), "i", seq, refused); err != nil {
		rt.Fatal(err)
	}
	m.cursor = max(m.cursor, seq)
}

func (m *model) resend(rt *rapid.T) {
	n, err := m.j.MarkResend(rt.Context(), nil)
	if err != nil || n != len(m.refused) {
		rt.Fatalf("marked %d, %v, want %d", n, err, len(m.refused))
	}
	rows, err := m.j.Retry(rt.Context(), "i", 1000)
	if err != nil || len(rows) != len(m.refused) {
		rt.Fatalf("%d to retry, %v, want %d", len(rows), err, len(m.refused))
	}
	for _, r := range rows {
		if m.rows[r.Seq] != string(r.Line) {
			rt.Fatalf("retry %s, want %s", r.Line, m.rows[r.Seq])
		}
		if err := m.j.Forgive(rt.Context(), "i", []int64{r.Seq}); err != nil {
			rt.Fatal(err)
		}
		delete(m.refused, r.Seq)
	}
}

func (m *model) prune(rt *rapid.T) {
	now := drawTime(rt).Add(2 * time.Second)
	got, err := m.j.Prune(rt.Context(), now, []string{"i"})
	if err != nil {
		rt.Fatal(err)
	}
	want := Pruned{}
	for seq, at := range m.at {
		_, refused := m.refused[seq]
		if seq <= m.cursor && !refused && at < now.Unix()-2 {
			want.Delivered++
			label := ""
			for _, tag := range must(point.Parse([]byte(m.rows[seq])))(rt).Tags {
				if tag.Key == "account" {
					label = tag.Value
				}
			}
			delete(m.history[label], at)
			delete(m.seen, fmt.Sprint(seriesText(m.rows[seq]), " ", at))
			delete(m.rows, seq)
			delete(m.at, seq)
		}
	}
	if got != want {
		rt.Fatalf("pruned %+v, want %+v", got, want)
	}
	oldest := int64(1) << 60
	for _, at := range m.at {
		oldest = min(oldest, at)
	}
	if want.Delivered > 0 {
		for at := range m.ok {
			if m.closed[at] && at < oldest && len(m.at) > 0 {
				delete(m.ok, at)
				delete(m.closed, at)
			}
		}
	}
}

func seriesText(line string) string {
	p, _ := point.Parse([]byte(line))
	s, _ := p.Series()
	return s
}

func (m *model) check(rt *rapid.T) {
	ctx := rt.Context()
	var got, want []string
	for after := int64(0); ; {
		rows, last, err := m.j.Read(ctx, after, 40)
		if err != nil {
			rt.Fatal(err)
		}
		for _, r := range rows {
			got = append(got, fmt.Sprint(r.Seq, " ", string(r.Line)))
		}
		if last == after {
			break
		}
		after = last
	}
	for _, seq := range slices.Sorted(maps.Keys(m.rows)) {
		want = append(want, fmt.Sprint(seq, " ", m.rows[seq]))
	}
	if !slices.Equal(got, want) {
		rt.Fatalf("got  %q\nwant %q", got, want)
	}
	backlog := int64(0)
	for seq := range m.rows {
		if seq > m.cursor {
			backlog++
		}
	}
	if b, err := m.j.Backlog(ctx, "i"); err != nil || b.Rows != backlog {
		rt.Fatalf("backlog %+v, %v, want %d", b, err, backlog)
	}
	m.checkTicks(rt)
	if len(m.history) > 0 {
		label := rapid.SampledFrom(slices.Sorted(maps.Keys(m.history))).Draw(rt, "whose history")
		h := m.history[label]
		var want []Sample
		for _, at := range slices.Sorted(maps.Keys(h)) {
			want = append(want, Sample{timeOf(at), h[at]})
		}
		if got, err := m.j.History(ctx, "vk", label, time.Time{}); err != nil || !slices.Equal(got, want) {
			rt.Fatalf("%s: history %v, %v\nwant %v", label, got, err, want)
		}
	}
	if a, err := m.j.Accounts(ctx); err != nil || !maps.Equal(a, m.accounts) {
		rt.Fatalf("accounts %v, %v\nwant %v", a, err, m.accounts)
	}
	if s, err := m.j.Stats(ctx); err != nil || s.Points != int64(len(m.rows)) || s.Refused != int64(len(m.refused)) || s.Rotten != 0 || s.Dropped != 0 {
		rt.Fatalf("stats %+v, %v", s, err)
	}
}

func (m *model) checkTicks(rt *rapid.T) {
	ctx := rt.Context()
	open := 0
	for at, ok := range m.ok {
		tick, there, err := m.j.Tick(ctx, "vk", timeOf(at))
		if err != nil || !there || tick.OK != ok || tick.Closed.IsZero() == m.closed[at] {
			rt.Fatalf("tick %+v %v %v, want ok=%d closed=%v", tick, there, err, ok, m.closed[at])
		}
		if !m.closed[at] {
			open++
		}
		want := map[string]bool{}
		for label, there := range m.answers[at] {
			if there {
				want[label] = true
			}
		}
		for label, h := range m.history {
			if _, there := h[at]; there {
				want[label] = true
			}
		}
		if got, err := m.j.Answered(ctx, "vk", timeOf(at)); err != nil || !maps.Equal(got, want) {
			rt.Fatalf("answered %v, %v\nwant %v", got, err, want)
		}
	}
	if ticks, err := m.j.OpenTicks(ctx); err != nil || len(ticks) != open {
		rt.Fatalf("open ticks %+v, %v, want %d", ticks, err, open)
	}
}
