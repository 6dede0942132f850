package influx

import "time"

// What came of a request, beside the causes: see Options.Asked.
const (
	OutcomeOK       = "ok"
	OutcomeBlamed   = "refused"   // a point, or the request, is to blame
	OutcomeTooLarge = "too_large" // fewer points, please
)

// asked tells Options.Asked of a request. One that was cut short by the end of its
// context is nobody's fault and is not told.
func (d *Deliverer) asked(a answer, began time.Time, ended <-chan struct{}) {
	if d.opts.Asked == nil {
		return
	}
	select {
	case <-ended:
		return
	default:
	}
	outcome := OutcomeOK
	switch {
	case a.verdict == blamed:
		outcome = OutcomeBlamed
	case a.verdict == tooLarge:
		outcome = OutcomeTooLarge
	case a.err != nil:
		outcome = string(a.err.Cause)
	}
	d.opts.Asked(outcome, time.Since(began))
}
