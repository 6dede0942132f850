package natstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nkeys"
)

// Security is what a server wants of its clients, and the files that they show it. All of
// it is made for one test.
type Security struct {
	// Server is for the server's config file.
	Server string
	// Scheme is "tls://" where the server has a certificate, else "nats://".
	Scheme string

	CAFile, OtherCAFile string // who signed the certificates, and who did not
	CertFile, KeyFile   string // a client's
	PasswordFile        string // of the user "collectord"
	CredentialsFile     string
}

// Secure starts n servers with a security.
func Secure(tb testing.TB, n int, s Security) *Servers {
	tb.Helper()
	return start(tb, n, s.Scheme, s.Server)
}

// TLS is a server with a certificate for 127.0.0.1, that knows a user "collectord" by his
// password; mutual has it want a certificate as well.
func TLS(tb testing.TB, mutual bool) Security {
	tb.Helper()
	dir := tb.TempDir()
	ca, other := newAuthority(tb), newAuthority(tb)
	s := Security{Scheme: "tls://", CAFile: filepath.Join(dir, "ca.pem"), OtherCAFile: filepath.Join(dir, "other.pem"),
		CertFile: filepath.Join(dir, "client.pem"), KeyFile: filepath.Join(dir, "client.key"), PasswordFile: filepath.Join(dir, "password")}
	write(tb, s.CAFile, ca.pem())
	write(tb, s.OtherCAFile, other.pem())
	ca.issue(tb, s.CertFile, s.KeyFile)
	server, key := filepath.Join(dir, "server.pem"), filepath.Join(dir, "server.key")
	ca.issue(tb, server, key)
	const password = "s3cret"
	write(tb, s.PasswordFile, []byte(password+"\n"))
	s.Server = fmt.Sprintf("tls: {cert_file: %q, key_file: %q, ca_file: %q, verify: %t}\nauthorization: {user: collectord, password: %s}\n",
		server, key, s.CAFile, mutual, password)
	return s
}

func write(tb testing.TB, path string, text []byte) {
	tb.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		tb.Fatal(err)
	}
}

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// certified is how long the certificates are good.
const certified = time.Hour

func template(serial int64, name string) *x509.Certificate {
	return &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-certified), NotAfter: time.Now().Add(certified)}
}

func newAuthority(tb testing.TB) authority {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	t := template(1, "natstest authority")
	t.IsCA, t.BasicConstraintsValid, t.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		tb.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return authority{cert, key}
}

func (a authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// issue writes a certificate for 127.0.0.1 and its key.
func (a authority) issue(tb testing.TB, certFile, keyFile string) {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	t := template(time.Now().UnixNano(), filepath.Base(certFile))
	t.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, &key.PublicKey, a.key)
	if err != nil {
		tb.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	write(tb, certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	write(tb, keyFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret}))
}

// Credentials is a server that trusts an operator, as large installations have it, and a
// file with the credentials of a user of one of his accounts.
func Credentials(tb testing.TB) Security {
	tb.Helper()
	operator, system, account, user := newKeys(tb, nkeys.CreateOperator), newKeys(tb, nkeys.CreateAccount), newKeys(tb, nkeys.CreateAccount), newKeys(tb, nkeys.CreateUser)
	all := map[string]any{"subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1}
	stored := map[string]any{"mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1}
	for key, value := range all {
		stored[key] = value
	}
	of := func(keys identity, claims map[string]any) string { return token(tb, operator, keys, claims) }
	accountToken := of(account, map[string]any{"type": "account", "version": 2, "limits": stored})
	systemToken := of(system, map[string]any{"type": "account", "version": 2, "limits": all})
	s := Security{Scheme: "nats://", CredentialsFile: filepath.Join(tb.TempDir(), "user.creds")}
	s.Server = fmt.Sprintf("operator: %s\nsystem_account: %s\nresolver: MEMORY\nresolver_preload: {%s: %s, %s: %s}\n",
		of(operator, map[string]any{"type": "operator", "version": 2}), system.public, account.public, accountToken, system.public, systemToken)
	userToken := token(tb, account, user, map[string]any{"type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1})
	write(tb, s.CredentialsFile, fmt.Appendf(nil, "-----BEGIN NATS USER JWT-----\n%s\n------END NATS USER JWT------\n\n"+
		"-----BEGIN USER NKEY SEED-----\n%s\n------END USER NKEY SEED------\n", userToken, user.seed))
	return s
}

// identity is a pair of keys.
type identity struct {
	pair   nkeys.KeyPair
	public string
	seed   []byte
}

func newKeys(tb testing.TB, create func() (nkeys.KeyPair, error)) identity {
	tb.Helper()
	pair, err := create()
	if err != nil {
		tb.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		tb.Fatal(err)
	}
	seed, err := pair.Seed()
	if err != nil {
		tb.Fatal(err)
	}
	return identity{pair, public, seed}
}

// token is a JSON Web Token of NATS' own kind: what by says of a subject.
// https://docs.nats.io/running-a-nats-service/configuration/securing_nats/jwt, read 2026-11-22.
func token(tb testing.TB, by, subject identity, claims map[string]any) string {
	tb.Helper()
	encode := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			tb.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	body := encode(map[string]string{"typ": "JWT", "alg": "ed25519-nkey"}) + "." + encode(map[string]any{
		"jti": "natstest", "iat": time.Now().Unix(), "iss": by.public, "sub": subject.public, "name": "natstest", "nats": claims})
	signature, err := by.pair.Sign([]byte(body))
	if err != nil {
		tb.Fatal(err)
	}
	return body + "." + base64.RawURLEncoding.EncodeToString(signature)
}
