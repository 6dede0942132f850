package cluster_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"collectord/collector/cluster"
	"collectord/internal/natstest"
)

// secured are the options for a server.
func secured(s natstest.Security, user bool) func(*cluster.Options) {
	return func(o *cluster.Options) {
		o.CAFile, o.CertFile, o.KeyFile, o.CredentialsFile = s.CAFile, s.CertFile, s.KeyFile, s.CredentialsFile
		if user {
			o.User, o.PasswordFile = "collectord", s.PasswordFile
		}
	}
}

// TestSecured: nodes share work by way of servers that want TLS and a password, a
// certificate of the client's as well, or credentials.
func TestSecured(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		security natstest.Security
		user     bool
	}{
		{"tls and password", natstest.TLS(t, false), true},
		{"tls with a certificate of the client's", natstest.TLS(t, true), true},
		{"credentials", natstest.Credentials(t), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			servers := natstest.Secure(t, 1, c.security)
			a := join(t, "a", secured(c.security, c.user), servers.URLs()...)
			b := join(t, "b", secured(c.security, c.user), servers.URLs()...)
			if claim(t, a, piece(1)) == nil || claim(t, b, piece(1)) != nil {
				t.Error("a piece is claimed by none or by two")
			}
			opts := cluster.Options{Servers: servers.URLs()}
			secured(c.security, c.user)(&opts)
			if report, err := cluster.Try(t.Context(), opts); err != nil || !strings.Contains(report, "with JetStream") {
				t.Errorf("Try: %q %v", report, err)
			}
		})
	}
}

// TestRights: the rights that docs/cluster.md lists are enough, and one that is missing is
// named.
func TestRights(t *testing.T) {
	t.Parallel()
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("pw"), 0o600); err != nil {
		t.Fatal(err)
	}
	const users = "authorization: {users: [{user: collectord, password: pw, permissions: {publish: [%s], subscribe: [\"_INBOX.>\"]}}]}\n"
	rights := `"$JS.API.>", "$JS.FC.>", "$KV.test_batches.>", "$KV.test_tokens.>", "$KV.test_nodes.>", "$KV.test_accounts.>", "$KV.test_keychain.>"`
	user := func(o *cluster.Options) { o.User, o.PasswordFile = "collectord", password }
	enough := natstest.Secure(t, 1, natstest.Security{Scheme: "nats://", Server: fmt.Sprintf(users, rights)})
	a, b := join(t, "a", user, enough.URLs()...), join(t, "b", user, enough.URLs()...)
	if claim(t, a, piece(1)) == nil || claim(t, b, piece(1)) != nil || !a.Take(t.Context(), "vk") || b.Take(t.Context(), "vk") {
		t.Error("a piece or a token is claimed by none or by two")
	}
	if ok, err := a.SetDump(t.Context(), []byte("dump"), 0); err != nil || !ok {
		t.Errorf("%t %v", ok, err)
	}
	doc, err := os.ReadFile("../../docs/cluster.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, right := range []string{"$JS.API.>", "$JS.FC.>", "$KV.NAME_batches.>", "_INBOX.>"} {
		if !strings.Contains(string(doc), right) {
			t.Errorf("docs/cluster.md does not list %s", right)
		}
	}
	few := natstest.Secure(t, 1, natstest.Security{Scheme: "nats://", Server: fmt.Sprintf(users, `"$KV.>"`)})
	broken := make(chan error, 10)
	opts := cluster.Options{Servers: few.URLs(), Name: "test", Node: "a", Replicas: 1, Lease: lease, Tell: func(e cluster.Event) {
		if e.Broken != nil {
			broken <- e.Broken
		}
	}}
	user(&opts)
	running(t, opts)
	for {
		select {
		case err := <-broken:
			if strings.Contains(err.Error(), "$JS.API") && strings.Contains(cluster.Hint(err), "subjects") {
				return
			}
		case <-time.After(15 * time.Second):
			t.Fatal("nobody says which right is missing")
		}
	}
}

// TestRefused: each thing that keeps a node from a server has an error and a hint of its
// own, at once where the node is tried and soon where it runs; and who mends it need not
// restart the node.
func TestRefused(t *testing.T) {
	t.Parallel()
	s := natstest.TLS(t, true)
	servers := natstest.Secure(t, 1, s)
	open := natstest.Start(t, 1)
	wrong := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(wrong, []byte("wrong\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name       string
		change     func(*cluster.Options)
		text, hint string
	}{
		{"wrong CA", func(o *cluster.Options) { o.CAFile = s.OtherCAFile }, "unknown authority", "cluster.tls.ca_file"},
		{"no CA", func(o *cluster.Options) { o.CAFile = "" }, "unknown authority", "cluster.tls.ca_file"},
		{"wrong password", func(o *cluster.Options) { o.PasswordFile = wrong }, "Authorization Violation", "cluster.password_file"},
		{"no password", func(o *cluster.Options) { o.User = "" }, "Authorization Violation", "cluster.password_file"},
		{"no certificate", func(o *cluster.Options) { o.CertFile, o.KeyFile = "", "" }, "tls", "cluster.tls.cert_file"},
		{"no TLS there", func(o *cluster.Options) { o.Servers = open.URLs() }, "secure connection", "cluster.nats"},
		{"another name", func(o *cluster.Options) {
			o.Servers = []string{strings.Replace(servers.URLs()[0], "127.0.0.1", "localhost", 1)}
		}, "localhost", "cluster.nats"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			lost := make(chan error, 1)
			opts := cluster.Options{Servers: servers.URLs(), Name: "test", Node: "a", Replicas: 1, Lease: lease, Tell: func(e cluster.Event) {
				if e.Lost != nil {
					lost <- e.Lost
				}
			}}
			secured(s, true)(&opts)
			c.change(&opts)
			if _, err := cluster.Try(t.Context(), opts); err == nil || !strings.Contains(err.Error(), c.text) || !strings.Contains(cluster.Hint(err), c.hint) {
				t.Errorf("Try: %v; hint: %s", err, cluster.Hint(err))
			}
			running(t, opts)
			select {
			case err := <-lost:
				if !strings.Contains(err.Error(), c.text) || !strings.Contains(cluster.Hint(err), c.hint) {
					t.Errorf("%v; hint: %s", err, cluster.Hint(err))
				}
			case <-time.After(10 * time.Second):
				t.Error("nobody says that NATS does not answer")
			}
		})
	}
	t.Run("mended", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "password")
		if err := os.WriteFile(file, []byte("wrong\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		opts := cluster.Options{Servers: servers.URLs(), Name: "test", Node: "b", Replicas: 1, Lease: lease}
		secured(s, true)(&opts)
		opts.PasswordFile = file
		n := running(t, opts)
		<-time.After(3 * time.Second) // the server has refused it several times
		good, err := os.ReadFile(s.PasswordFile)
		if err == nil {
			err = os.WriteFile(file, good, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, 15*time.Second, "the node claims", func() bool {
			c, err := n.Claim(t.Context(), piece(9))
			return err == nil && c != nil
		})
	})
}

// TestFiles: a file that cannot be used is named with its key, by Open and by Try.
func TestFiles(t *testing.T) {
	t.Parallel()
	s := natstest.TLS(t, true)
	missing := filepath.Join(t.TempDir(), "missing")
	for key, change := range map[string]func(*cluster.Options){
		"cluster.credentials_file": func(o *cluster.Options) { o.CredentialsFile = missing },
		"cluster.password_file":    func(o *cluster.Options) { o.User, o.PasswordFile = "u", missing },
		"cluster.tls.ca_file":      func(o *cluster.Options) { o.CAFile = s.PasswordFile },
		"cluster.tls.cert_file":    func(o *cluster.Options) { o.CertFile, o.KeyFile = s.CAFile, s.KeyFile },
		"cluster.tls.key_file":     func(o *cluster.Options) { o.CertFile, o.KeyFile = s.CertFile, missing },
	} {
		opts := cluster.Options{Servers: []string{"nats://127.0.0.1:1"}, Name: "test", Node: "a", Lease: lease}
		change(&opts)
		if _, err := cluster.Open(opts); err == nil || !strings.HasPrefix(err.Error(), key) {
			t.Errorf("%s: Open: %v", key, err)
		}
		if _, err := cluster.Try(t.Context(), opts); err == nil || !strings.HasPrefix(err.Error(), key) {
			t.Errorf("%s: Try: %v", key, err)
		}
	}
}
