package config

import (
	"gopkg.in/yaml.v3"
)

// webFile is as much of a web config file as says whether it guards the page
// (https://prometheus.io/docs/prometheus/latest/configuration/https/, read
// 2026-11-22).
type webFile struct {
	TLS struct {
		Cert       string `yaml:"cert"`
		CertFile   string `yaml:"cert_file"`
		ClientAuth string `yaml:"client_auth_type"`
	} `yaml:"tls_server_config"`
	Users map[string]yaml.Node `yaml:"basic_auth_users"`
}

// guards adds a mistake where the web config file at path leaves a page open that other
// machines reach: it must have TLS, without which a password is read on the way, and
// passwords, or a certificate that clients must show. Whether its keys are right is
// found out by the server. A file that cannot be read now is a warning: who checks a
// config need not be who may read the passwords.
func (a at) guards(path string) {
	src, err := readFile(path)
	if err != nil {
		a.warn("%s cannot be read, so it is not known whether it guards the page: %v", quote(path), err)
		return
	}
	var w webFile
	if yaml.Unmarshal(src, &w) != nil { // its words may hold what is in the file
		a.mistake("%s: it is not a web config file: a YAML mapping with tls_server_config and basic_auth_users expected", quote(path))
		return
	}
	const open = "; others than this machine reach web.listen"
	if w.TLS.Cert == "" && w.TLS.CertFile == "" {
		a.mistake("%s: it has no certificate in tls_server_config%s", quote(path), open)
	}
	if len(w.Users) == 0 && w.TLS.ClientAuth != "RequireAndVerifyClientCert" {
		a.mistake("%s: it has no password in basic_auth_users%s", quote(path), open)
	}
}
