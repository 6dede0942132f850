package influx

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
)

// waits ends the hints of what time mends too.
const waits = "The points wait in the journal and are delivered by themselves when it is back"

// unanswered is the error of a request that got no whole answer.
func unanswered(err error, hide func(string) string) *Error {
	// net/http puts the address around its errors; it may hold a password.
	var address *url.Error
	if errors.As(err, &address) {
		err = address.Err
	}
	e := &Error{Cause: CauseUnreachable, Msg: hide(err.Error()), Err: redactedCause(err),
		Hint: "Does InfluxDB run, and does influxdb.url lead to it? " + waits}
	var (
		timeout     net.Error
		name        *net.DNSError
		dial        *net.OpError
		certificate *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &name):
		e.Hint = "influxdb.url: the name " + strconv.Quote(hide(name.Name)) +
			" leads nowhere: mend it, or this machine's DNS (/etc/resolv.conf, /etc/hosts). " + waits
	case errors.As(err, &certificate):
		e.Cause = CauseCertificate
		e.Hint = "influxdb.url: the certificate there is not one to trust: give the server a good one for that name, or make" +
			" the authority that signed it known to this machine (update-ca-certificates, or SSL_CERT_FILE) and start collectord anew"
	case errors.Is(err, http.ErrSchemeMismatch):
		e.Cause, e.Hint = CauseUnexpected, "influxdb.url: it says https, and http is spoken there"
	case errors.As(err, &dial) && dial.Op == "dial": // nobody took the connection, in time or at all
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		e.Cause, e.Msg = CauseTimeout, "no answer in time"
		e.Hint = "InfluxDB hangs or is slow, or something on the way keeps what is sent to it. " + waits
	}
	return e
}

// redactedCause keeps of a cause what can be tested for and holds no text of its
// own.
func redactedCause(err error) error {
	for _, known := range []error{context.DeadlineExceeded, context.Canceled} {
		if errors.Is(err, known) {
			return known
		}
	}
	return nil
}
