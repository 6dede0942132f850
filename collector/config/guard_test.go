package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"collectord/networks"
)

// put writes a file below dir and returns its path.
func put(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWebFileGuards(t *testing.T) {
	const tls, users = "tls_server_config: {cert_file: a, key_file: b}\n", "basic_auth_users: {ann: x}\n"
	for file, wants := range map[string][]string{
		tls + users: nil,
		"tls_server_config: {cert_file: a, key_file: b, client_auth_type: RequireAndVerifyClientCert}": nil,
		"tls_server_config: {cert: a, key: b}\n" + users:                                               nil,
		"":                                       {"no certificate", "no password"},
		users:                                    {"no certificate"},
		tls:                                      {"no password"},
		tls + "basic_auth_users: {}":             {"no password"},
		"tls_server_config: {}\n" + users:        {"no certificate"},
		"- s3cr3t":                               {"not a web config file"},
		"basic_auth_users: s3cr3t":               {"not a web config file"},
		"tls_server_config: [\ns3cr3t":           {"not a web config file"},
		"tls_server_config: {cert_file: s3cr3t}": {"no password"},
	} {
		dir := t.TempDir()
		put(t, dir, "web.yaml", file)
		for listen, open := range map[string]bool{":0": true, "192.0.2.1:1": true, "127.0.0.1:0": false, "localhost:0": false} {
			path := put(t, dir, "config.yaml", fmt.Sprintf("web: {listen: '%s', config_file: web.yaml}\nnetworks: {}\n", listen))
			_, err := Load(path, testEnv(nil))
			var list Mistakes
			switch errors.As(err, &list); {
			case !open && err != nil, open && len(list) != len(wants):
				t.Errorf("%s, %q: %v, want %q", listen, file, err, wants)
				continue
			}
			for i, m := range list {
				if m.Line != 1 || m.Col < 20 || m.Path != "web.config_file" || !strings.Contains(m.Msg, wants[i]) || strings.Contains(m.Msg, "s3cr3t") {
					t.Errorf("%s, %q: %v, want %q", listen, file, m, wants[i])
				}
			}
		}
	}
	for _, none := range []string{`""`, "", "${NOT_SET}", "5"} { // one mistake, and not another that asks for what is there
		path := put(t, t.TempDir(), "config.yaml", "web:\n  listen: ':0'\n  config_file: "+none+"\nnetworks: {}\n")
		_, err := Load(path, testEnv(nil))
		if list := (Mistakes)(nil); !errors.As(err, &list) || len(list) != 1 || list[0].Path != "web.config_file" {
			t.Errorf("config_file: %s: %v, want one mistake, about it", none, err)
		}
	}
	path := put(t, t.TempDir(), "config.yaml", "web: {listen: ':0', config_file: nowhere.yaml}\nnetworks: {}\n")
	if cfg, err := Load(path, testEnv(nil)); err != nil || !strings.Contains(fmt.Sprint(cfg.Warnings), "nowhere.yaml") {
		t.Errorf("a web config file that is not there: %v", err)
	}
}

// Whoever may write accounts files reads nothing with them but accounts files.
func TestAccountsFilesStayInTheirFolder(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "etc")
	secret := put(t, top, "secret/vk.csv", "root:x:0,shadow s3cr3t\n")
	put(t, dir, "accounts/real.csv", "Real,real\n")
	put(t, dir, "shared/store.csv", "Inside,inside\n")
	link := func(to, at string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, at); err != nil {
			t.Fatal(err)
		}
	}
	link("../shared/store.csv", filepath.Join(dir, "linked/inside.csv"))
	link(secret, filepath.Join(dir, "out/file.csv"))
	link("../../secret/vk.csv", filepath.Join(dir, "up/file.csv"))
	link(filepath.Dir(secret), filepath.Join(dir, "folder"))
	link("..data/a.csv", filepath.Join(dir, "mounted/a.csv")) // as a ConfigMap is mounted
	link("..2026", filepath.Join(dir, "mounted/..data"))
	put(t, dir, "mounted/..2026/a.csv", "Mounted,mounted\n")
	for pattern, want := range map[string]string{
		"accounts/*.csv":                       "Real",
		"./accounts/../accounts/real.csv":      "Real",
		"linked/*.csv":                         "Inside",
		"mounted/*.csv":                        "Mounted",
		dir + "/accounts/*.csv":                "Real",
		dir + "/mounted/*.csv":                 "Mounted",
		"out/*.csv":                            "!leads out",
		"out/file.csv":                         "!leads out",
		"up/*.csv":                             "!leads out",
		"folder/*.csv":                         "!leads out",
		dir + "/out/*.csv":                     "!leads out",
		"../secret/*.csv":                      "!leads out",
		"accounts/../../secret/vk.csv":         "!leads out",
		filepath.Join(top, "secret", "vk.csv"): "root:x:0", // the config's own wish
	} {
		path := put(t, dir, "config.yaml", "networks: {bluesky: {accounts_files: ['"+pattern+"']}}\n")
		cfg, err := Load(path, testEnv(nil))
		if refusal, refused := strings.CutPrefix(want, "!"); refused {
			var list Mistakes
			if !errors.As(err, &list) || len(list) != 1 || list[0].Line != 1 || list[0].Col < 10 || !strings.Contains(list[0].Msg, refusal) || strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("%s: %v", pattern, err)
			}
			continue
		}
		if want == "root:x:0" {
			if err == nil || strings.Contains(err.Error(), "leads out") {
				t.Errorf("%s: %v", pattern, err) // read, and no accounts file
			}
			continue
		}
		if err != nil || len(cfg.Networks[0].Accounts) != 1 || cfg.Networks[0].Accounts[0].Label != want {
			t.Errorf("%s: %+v, %v", pattern, cfg, err)
		}
	}
}

// panicking is a network whose code panics over every handle.
type panicking struct{ fakeNetwork }

func (panicking) Parse(string) (networks.Ref, error) { panic("no such index") }

// TestPanicIsAMistake: a file that makes a network's code panic is a file with a mistake.
func TestPanicIsAMistake(t *testing.T) {
	env := testEnv(nil)
	for i, d := range env.Networks {
		if d.Name == "vk" {
			env.Networks[i].New = func(networks.Options) networks.Network { return panicking{} }
		}
	}
	_, err := Parse("config.yaml", []byte("networks:\n  vk:\n    schedule: '@hourly'\n    accounts: [durov]\n"), env)
	if err == nil || !strings.Contains(err.Error(), "config.yaml:4:16: ") || !strings.Contains(err.Error(), "BUG: panic: no such index") {
		t.Errorf("%v", err)
	}
}
