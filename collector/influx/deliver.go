package influx

import (
	"context"
	"errors"
	"sync"
	"time"

	"collectord/collector/journal"
)

// deliver sends one batch: points marked for sending again first, they are few,
// then what is behind the cursor. It reports whether there was any. The error is
// ctx's or an *Error.
func (d *Deliverer) deliver(ctx context.Context) (moved bool, err error) {
	d.step.Lock()
	defer d.step.Unlock()
	moved, err = d.again(ctx)
	if err == nil && !moved {
		moved, err = d.forward(ctx)
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		e := asError(err)
		d.failed(e)
		err = e
	}
	if err != nil || !moved || time.Since(d.counted) >= time.Second {
		d.count(ctx)
	}
	return moved, err
}

func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Cause: CauseJournal, Msg: err.Error(), Err: err,
		Hint: "see that the disk of state_dir has room, is well and can be written"}
}

// batch is what was read behind a place in the journal.
type batch struct {
	after, last int64
	most        int // how many rows were asked for
	rows        []journal.Row
	payload     payload
	err         error
}

// read reads the next batch and makes it ready for sending.
func (d *Deliverer) read(ctx context.Context, after int64, most int) batch {
	rows, last, err := d.src.Read(ctx, after, most)
	b := batch{after: after, last: last, most: most, rows: rows, err: err}
	if fit := fitting(rows); fit < len(rows) {
		b.rows, b.last = rows[:fit], rows[fit-1].Seq
	}
	if len(b.rows) > 0 {
		b.payload = pack(join(b.rows))
	}
	return b
}

// next returns the batch behind the cursor, which may have been read already.
func (d *Deliverer) next(ctx context.Context) batch {
	b := d.ahead
	d.ahead = batch{}
	if len(b.rows) > 0 && b.err == nil && b.after == d.cursor && b.most <= d.most {
		return b
	}
	return d.read(ctx, d.cursor, d.most)
}

// forward delivers the next batch behind the cursor. While a full one is on its
// way to an InfluxDB that is well, the one after it is read.
func (d *Deliverer) forward(ctx context.Context) (bool, error) {
	if err := d.place(ctx); err != nil {
		return false, err
	}
	b := d.next(ctx)
	switch {
	case b.err != nil:
		return false, asError(b.err)
	case b.last <= d.cursor:
		return false, nil
	}
	var reading sync.WaitGroup
	if len(b.rows) == b.most && d.Status().State == StateOK {
		most := d.most
		reading.Go(func() { d.ahead = d.read(ctx, b.last, most) })
	}
	p := &pass{d: d, all: b.rows, ready: &b.payload}
	err := p.send(ctx, b.rows)
	reading.Wait()
	done, refused := p.settled(err)
	if done < len(b.rows) {
		if done == 0 {
			return false, err
		}
		b.last = b.rows[done-1].Seq
	}
	return true, errors.Join(err, d.advance(ctx, b.last, refused))
}

// fitting returns how many rows fit into one request; at least one.
func fitting(rows []journal.Row) int {
	size := 0
	for i, row := range rows {
		size += len(row.Line) + 1
		if size > maxBody {
			return max(i, 1)
		}
	}
	return len(rows)
}

// place reads the cursor. It is not kept here from batch to batch: a journal that
// had to be mended may have moved it.
func (d *Deliverer) place(ctx context.Context) error {
	cursor, err := d.src.Cursor(ctx, d.sink)
	if err != nil {
		return asError(err)
	}
	d.cursor = cursor
	return nil
}

// advance moves the cursor. It does so even while the program ends: what was
// delivered need not be sent again.
func (d *Deliverer) advance(ctx context.Context, seq int64, refused []journal.Refused) error {
	if err := d.src.Advance(context.WithoutCancel(ctx), d.sink, seq, refused); err != nil {
		return asError(err)
	}
	d.aside(refused)
	return nil
}

// again delivers points that were set aside and are marked for another try.
func (d *Deliverer) again(ctx context.Context) (bool, error) {
	rows, err := d.src.Retry(ctx, d.sink, d.most)
	if err != nil {
		return false, asError(err)
	}
	if len(rows) == 0 {
		return false, nil
	}
	if err := d.place(ctx); err != nil {
		return false, err
	}
	rows = rows[:fitting(rows)]
	p := &pass{d: d, all: rows}
	err = p.send(ctx, rows)
	done, refused := p.settled(err)
	if len(refused) > 0 {
		err = errors.Join(err, d.advance(ctx, d.cursor, refused))
	}
	if taken := seqsWithout(rows[:done], refused); len(taken) > 0 {
		if failed := d.src.Forgive(context.WithoutCancel(ctx), d.sink, taken); failed != nil {
			err = errors.Join(err, asError(failed))
		}
	}
	return done > 0, err
}

func seqsWithout(rows []journal.Row, refused []journal.Refused) []int64 {
	seqs := make([]int64, 0, len(rows))
	for _, row := range rows {
		if len(refused) > 0 && refused[0].Seq == row.Seq { // both in the order sent
			refused = refused[1:]
			continue
		}
		seqs = append(seqs, row.Seq)
	}
	return seqs
}

func (d *Deliverer) aside(refused []journal.Refused) {
	if len(refused) == 0 {
		return
	}
	var now State
	d.change(func(s *Status) {
		s.Refused += int64(len(refused))
		now = s.State
	})
	d.report(Event{State: now, SetAside: len(refused), Reason: refused[0].Reason})
}
