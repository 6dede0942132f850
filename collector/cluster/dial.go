package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// This file is how NATS is reached, and what to do where it is not.

// dialing is how to reach NATS: for ever, and with a silent line noticed within seconds.
// Files are read at each attempt, so that what was renewed is taken. A server that refuses
// a node may take it once somebody has mended that.
func (c *Cluster) dialing() []nats.Option {
	return append(c.opts.access(),
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.IgnoreAuthErrorAbort(),
		nats.ReconnectWait(500*time.Millisecond), nats.ReconnectJitter(250*time.Millisecond, 250*time.Millisecond),
		nats.PingInterval(2*time.Second), nats.MaxPingsOutstanding(2),
		// What is not sent at once is not sent later: a claim would be of yesterday.
		nats.ReconnectBufSize(-1),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { c.refusedBy(err) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			if errors.Is(err, nats.ErrPermissionViolation) {
				c.refusedBy(err)
			} // of anything else the heartbeat finds out
		}),
	)
}

// access is what the servers want to know.
func (o *Options) access() []nats.Option {
	opts := []nats.Option{nats.Name("collectord " + o.Node), nats.Timeout(2 * time.Second)}
	if o.CredentialsFile != "" {
		opts = append(opts, nats.UserCredentials(o.CredentialsFile))
	}
	if o.User != "" {
		opts = append(opts, nats.UserInfoHandler(func() (user, password string) {
			text, _ := os.ReadFile(o.PasswordFile) // the server says that there is none
			return o.User, strings.TrimRight(string(text), "\r\n")
		}))
	}
	if o.CAFile != "" {
		opts = append(opts, nats.RootCAs(o.CAFile))
	}
	if o.CertFile != "" {
		opts = append(opts, nats.ClientCert(o.CertFile, o.KeyFile))
	}
	return opts
}

// files looks at the files that the options name, so that what is wrong with them is said
// with the key of the config.
func (o *Options) files() error {
	for _, f := range []struct{ key, path string }{
		{"credentials_file", o.CredentialsFile}, {"password_file", o.PasswordFile}, {"tls.ca_file", o.CAFile},
		{"tls.cert_file", o.CertFile}, {"tls.key_file", o.KeyFile},
	} {
		if f.path == "" {
			continue
		}
		text, err := os.ReadFile(f.path)
		if err == nil && f.path == o.CAFile && !x509.NewCertPool().AppendCertsFromPEM(text) {
			err = fmt.Errorf("%s has no certificate in PEM form", f.path)
		}
		if err != nil {
			return fmt.Errorf("cluster.%s: %w", f.key, err)
		}
	}
	if o.CertFile != "" {
		if _, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile); err != nil {
			return fmt.Errorf("cluster.tls.cert_file and key_file: %w", err)
		}
	}
	return nil
}

// refusedBy notes why a server could not be reached last.
func (c *Cluster) refusedBy(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refusal = err
}

// unreached is why no server was reached; ErrNoServers says nothing.
func (c *Cluster) unreached() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refusal != nil && !errors.Is(c.refusal, nats.ErrNoServers) {
		return fmt.Errorf("no server of cluster.nats takes this node: %w", c.refusal)
	}
	return errors.New("no server of cluster.nats has answered yet")
}

// forbidden adds to an error that a server let this node do something no more, or never.
func (c *Cluster) forbidden(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if errors.Is(c.refusal, nats.ErrPermissionViolation) {
		return fmt.Errorf("%w: %w", err, c.refusal)
	}
	return err
}

// Hint is what to do about an error of this package, of Open, Try or Event.Lost; "" where
// it is that servers have to run and be reached.
func Hint(err error) string {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var file *fs.PathError
	text := ""
	if err != nil {
		text = strings.ToLower(err.Error())
	}
	says := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(text, w) {
				return true
			}
		}
		return false
	}
	switch {
	case errors.As(err, &unknown):
		return "name in cluster.tls.ca_file who signed the certificate of the NATS servers"
	case errors.As(err, &host):
		return "write the servers in cluster.nats as their certificate names them, or give them one with these names"
	case errors.As(err, &invalid):
		return "give the NATS servers a certificate that is good now, or mend this machine's clock"
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked),
		errors.Is(err, nats.ErrAccountAuthExpired), says("authorization violation", "authentication expired"):
		return "the servers refuse this node: mend cluster.credentials_file, or cluster.user and cluster.password_file"
	case errors.Is(err, nats.ErrPermissionViolation), says("permissions violation"):
		return "allow this node's user the subjects that docs/cluster.md lists"
	case errors.Is(err, nats.ErrSecureConnRequired):
		return "the servers want TLS: write tls:// in cluster.nats"
	case errors.Is(err, nats.ErrSecureConnWanted):
		return "the servers have no TLS: write nats:// in cluster.nats, or switch TLS on there"
	case says("certificate required", "bad certificate", "unknown certificate", "closed by remote after tls handshake"):
		return "the servers want this node's own certificate, of a CA that they know: cluster.tls.cert_file and key_file"
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return "switch JetStream on in the NATS servers, and for the account of this node's user"
	case errors.As(err, &file):
		return "see that the file is there, and that the user of collectord may read it"
	}
	return ""
}

// Try reaches NATS once, as a node would, and returns which server answered, with its
// version. It claims nothing and leaves nothing behind.
func Try(ctx context.Context, opts Options) (report string, err error) {
	if err := opts.files(); err != nil {
		return "", err
	}
	var refusal error
	for _, url := range opts.Servers { // one is asked after the other: each has an error of its own
		report, err := try(ctx, opts, url)
		if err == nil {
			return report, nil
		}
		refusal = errors.Join(refusal, err)
	}
	return "", refusal
}

// oldestServer is the first nats-server whose keys may have a time to live.
const oldestServer = "2.11"

func try(ctx context.Context, opts Options, url string) (report string, err error) {
	conn, err := nats.Connect(url, append(opts.access(), nats.NoReconnect())...)
	if err != nil {
		return "", fmt.Errorf("%s: %w", url, err)
	}
	defer conn.Close()
	version := conn.ConnectedServerVersion()
	if olderThan(version, oldestServer) {
		return "", fmt.Errorf("%s: nats-server %s: keys with a time to live need %s or newer", url, version, oldestServer)
	}
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(longestRequest))
	if err != nil {
		return "", fmt.Errorf("%s: %w", url, err)
	}
	ctx, cancel := context.WithTimeout(ctx, longestRequest)
	defer cancel()
	if _, err := js.AccountInfo(ctx); err != nil {
		return "", fmt.Errorf("%s: JetStream: %w", url, err)
	}
	return fmt.Sprintf("%s, nats-server %s with JetStream", url, version), nil
}

// olderThan compares the first two numbers of two versions.
func olderThan(version, than string) bool {
	v, w := strings.Split(version, "."), strings.Split(than, ".")
	for i := range 2 {
		if i >= len(v) || i >= len(w) {
			return false
		}
		a, errA := strconv.Atoi(v[i])
		b, errB := strconv.Atoi(w[i])
		if errA != nil || errB != nil || a > b {
			return false
		}
		if a < b {
			return true
		}
	}
	return false
}
