package influx

import (
	"context"

	"collectord/collector/journal"
)

// samples is how many points are tried one by one before the request is blamed.
const samples = 8

// pass brings one batch to its end: every row is taken by InfluxDB or refused
// alone. Rows are settled in order, so that what was settled when a pass breaks
// off is the beginning of the batch.
type pass struct {
	d    *Deliverer
	all  []journal.Row
	done int // rows settled, from the beginning of all
	// trusted is set once InfluxDB took something, or nothing but the points can be
	// to blame.
	trusted bool
	refused []journal.Refused
	ready   *payload // all of the rows, if they are packed already
}

// settled returns how many rows are settled and which of them are refused, given
// the error that ended the pass. Refusals nobody vouches for are not settled.
func (p *pass) settled(err error) (done int, refused []journal.Refused) {
	if err != nil && !p.trusted {
		return 0, nil
	}
	return p.done, p.refused
}

// send settles rows, which are the next ones of the batch.
func (p *pass) send(ctx context.Context, rows []journal.Row) error {
	if len(rows) == 0 {
		return nil
	}
	a := p.d.post(ctx, p.payload(rows))
	switch a.verdict {
	case accepted:
		p.trusted = true
		p.done += len(rows)
		p.d.took(len(rows))
		return nil
	case tooLarge:
		p.d.shrink(len(rows))
	case blamed:
		if !a.ofPoints && !p.trusted {
			if err := p.trial(ctx, a); err != nil {
				return err
			}
		}
	default:
		if a.err.Cause == CauseTimeout {
			p.d.shrink(len(rows))
		}
		return a.err
	}
	if len(rows) == 1 || a.dropped >= len(rows) {
		return p.setAside(ctx, rows, a)
	}
	half := len(rows) / 2
	if err := p.send(ctx, rows[:half]); err != nil {
		return err
	}
	return p.send(ctx, rows[half:])
}

// setAside settles rows that InfluxDB refused, each of them.
func (p *pass) setAside(ctx context.Context, rows []journal.Row, a answer) error {
	for _, row := range rows {
		p.refused = append(p.refused, journal.Refused{Seq: row.Seq, Reason: a.reason()})
	}
	if !p.trusted {
		if err := p.trial(ctx, a); err != nil {
			return err
		}
	}
	p.done += len(rows)
	return nil
}

// trial finds out whether the points are to blame for an answer, or the request.
// It returns the error of the request, nil if the points are.
func (p *pass) trial(ctx context.Context, a answer) error {
	// An empty batch is taken wherever a batch is taken.
	same, err := p.try(ctx, a, "\n")
	if !same {
		return err
	}
	for i := range min(samples, len(p.all)) {
		// Spread evenly, the first and the last row among them.
		at := i * (len(p.all) - 1) / max(min(samples, len(p.all))-1, 1)
		if same, err := p.try(ctx, a, string(p.all[at].Line)); !same {
			return err
		}
	}
	return a.ofRequest()
}

// try sends a body and reports whether it meets the same refusal as a.
func (p *pass) try(ctx context.Context, a answer, body string) (same bool, err error) {
	b := p.d.post(ctx, pack(body))
	switch {
	case b.verdict == waiting:
		return false, b.err
	case b.verdict == a.verdict && b.status == a.status && b.gist == a.gist:
		return true, nil
	}
	p.trusted = true
	return false, nil
}

func (p *pass) payload(rows []journal.Row) payload {
	if p.ready != nil && len(rows) == len(p.all) {
		return *p.ready
	}
	return pack(join(rows))
}

func join(rows []journal.Row) string {
	size := 0
	for _, row := range rows {
		size += len(row.Line) + 1
	}
	buf := make([]byte, 0, size)
	for _, row := range rows {
		buf = append(append(buf, row.Line...), '\n')
	}
	return string(buf)
}

// took notes n points taken; batches that were made smaller grow again slowly, in
// case a server that was slow or a proxy that was strict no longer is.
func (d *Deliverer) took(n int) {
	d.backoff.Reset()
	d.taken(n)
	if n < d.most || d.most == d.opts.BatchSize {
		return
	}
	if d.smooth++; d.smooth >= 8 {
		d.smooth = 0
		d.most = min(2*d.most, d.opts.BatchSize)
	}
}

// shrink makes batches half as large as the one that was too much.
func (d *Deliverer) shrink(n int) {
	d.smooth = 0
	d.most = max(min(d.most, n/2), 1)
}
