package collector

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

// newHTTP is the client of all networks: one pool of connections, bounded in every
// phase, through the proxy of the environment if there is one. Certificates are
// verified, and nothing older than TLS 1.2 is spoken. The deadline of a whole request,
// the bound of its answer and the refusal of redirects stand in
// networks/internal/rest.
func newHTTP() *http.Client {
	return &http.Client{Transport: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: proxyAnswer,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    16,
		MaxResponseHeaderBytes: maxAnswerHeader,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		ExpectContinueTimeout:  time.Second,
	}}
}

// proxyAnswer refuses a tunnel that the proxy refused, by its status alone: net/http
// would make the proxy's words the error, and they may repeat the password.
func proxyAnswer(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return fmt.Errorf("the proxy of the environment refuses the connection: http %d", resp.StatusCode)
}
