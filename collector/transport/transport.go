// Package transport is how collectord goes out: one way for the networks' APIs, and the
// same for InfluxDB.
//
//	networks/internal/rest ──┐                 ┌─ dial ─ 10 s
//	                         ├─ http.Transport ┼─ TLS ── 10 s, 1.2 or newer, verified
//	collector/influx ────────┘   with a pool   └─ HTTPS_PROXY, if there is one
//
// The promise: every phase of a request is bounded, and so are the headers of an answer;
// what a proxy says is not repeated, for it may be the password that it was sent. The
// deadline of a whole request, the bound of its answer and the refusal of redirects
// belong to those who ask.
package transport

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// maxAnswerHeader bounds the headers of an answer, in bytes. Those of true answers
// have a few kB; net/http would take 10 MB.
const maxAnswerHeader = 256 << 10

// New returns a transport of its own: one pool of connections, through the proxy of the
// environment if there is one. Nothing older than TLS 1.2 is spoken. The caller may
// tighten its bounds before the first request.
func New() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: proxyAnswer,
		DialContext:            Dial(10 * time.Second),
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		MaxResponseHeaderBytes: maxAnswerHeader,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		ExpectContinueTimeout:  time.Second,
	}
}

// Dial connects within so long.
func Dial(timeout time.Duration) func(ctx context.Context, network, address string) (net.Conn, error) {
	return (&net.Dialer{Timeout: timeout, KeepAlive: 30 * time.Second}).DialContext
}

// proxyAnswer refuses a tunnel that the proxy refused, by its status alone: net/http
// would make the proxy's words the error, and they may repeat the password.
func proxyAnswer(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return fmt.Errorf("the proxy of the environment refuses the connection: http %d", resp.StatusCode)
}
