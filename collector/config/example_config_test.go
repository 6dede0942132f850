package config_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"collectord/collector/config"
	"collectord/networks/all"
)

const exampleFile = "../../config.example.yaml"

// switchedOff is a line of config.example.yaml that is YAML after its "#": no
// sentence, which has one space there.
var switchedOff = regexp.MustCompile(`(?m)^#(\w|  )`)

func exampleEnv() config.Env {
	return config.Env{Networks: all.List(), Getenv: func(name string) (string, bool) {
		return "a-token", name == "INFLUXDB_TOKEN"
	}}
}

func names(cfg *config.Config) []string {
	var list []string
	for _, n := range cfg.Networks {
		list = append(list, n.Name)
	}
	return list
}

// TestExampleConfig loads the example as a new user runs it: without a token,
// with accounts to poll, and with the values that its sentences call defaults.
func TestExampleConfig(t *testing.T) {
	cfg, err := config.Load(exampleFile, exampleEnv())
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range cfg.Warnings {
		t.Errorf("a warning: %v", w)
	}
	if cfg.InfluxDB != nil {
		t.Error("the example has a section influxdb; a new user has none")
	}
	for _, n := range cfg.Networks {
		if len(n.Tokens) > 0 || len(n.Accounts) == 0 {
			t.Errorf("%s: tokens %q, %d accounts; want no tokens and some accounts", n.Name, n.Tokens, len(n.Accounts))
		}
	}
	if got := names(cfg); len(got) != 2 {
		t.Errorf("networks %q; want the two that need no token", got)
	}
	defaults, err := config.Parse("config.yaml", []byte("networks: {}"), exampleEnv())
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Web != defaults.Web || cfg.Log != defaults.Log || cfg.Journal != defaults.Journal ||
		cfg.StateDir != defaults.StateDir || cfg.Keychain.Autocomplete.String() != defaults.Keychain.Autocomplete.String() {
		t.Errorf("the example is not the defaults:\n%+v\n%+v", cfg, defaults)
	}
}

// TestExampleConfigUncommented loads the example with all that is switched off
// switched on.
func TestExampleConfigUncommented(t *testing.T) {
	src, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	whole := switchedOff.ReplaceAll(src, []byte("$1"))
	cfg, err := config.Parse("config.yaml", whole, exampleEnv())
	if err != nil {
		t.Fatalf("%v\n%s", err, whole)
	}
	if cfg.InfluxDB == nil || cfg.InfluxDB.Token.Reveal() != "a-token" {
		t.Errorf("influxdb is %+v; want the token of the environment", cfg.InfluxDB)
	}
	for _, n := range cfg.Networks {
		d := n.Descriptor
		if len(n.Accounts) == 0 {
			t.Errorf("%s has no accounts", n.Name)
		}
		if n.BaseURL != "" && d.BaseURL != "" && n.BaseURL != d.BaseURL || n.AuthURL != d.AuthURL || n.OAuthURL != d.OAuthURL || n.APIVersion != d.APIVersion {
			t.Errorf("%s: %q %q %q %q are not its defaults %q %q %q %q",
				n.Name, n.BaseURL, n.AuthURL, n.OAuthURL, n.APIVersion, d.BaseURL, d.AuthURL, d.OAuthURL, d.APIVersion)
		}
		if len(d.Slots) > 0 && (len(n.Tokens) != 1 || n.Tokens[0] != d.Slots[0].Slot) {
			t.Errorf("%s: tokens %q; want its own slot", n.Name, n.Tokens)
		}
	}
	if got, want := len(cfg.Networks), len(all.List()); got != want {
		t.Errorf("%d networks %q; want all %d", got, names(cfg), want)
	}
}

// TestExampleConfigHasEveryKey takes the known keys from the messages about an
// unknown one, and looks each up in the example.
func TestExampleConfigHasEveryKey(t *testing.T) {
	src, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	_, err = config.Parse("c", []byte(`
x: 1
influxdb: {x: 1}
web: {x: 1}
log: {x: 1}
keychain: {x: 1}
journal: {x: 1}
cluster: {x: 1, tls: {x: 1}}
networks: {vk: {x: 1, accounts: {A: {x: 1}}}}`), exampleEnv())
	if err == nil {
		t.Fatal("unknown keys are accepted")
	}
	lists := regexp.MustCompile(`unknown key \(known: (.*)\)`).FindAllStringSubmatch(err.Error(), -1)
	if len(lists) != 10 {
		t.Fatalf("%d messages about unknown keys in\n%v", len(lists), err)
	}
	for _, list := range lists {
		for _, key := range strings.Split(list[1], ", ") {
			if !regexp.MustCompile(`(?m)[# ]` + key + `:|^` + key + `:`).Match(src) {
				t.Errorf("%s is not in the example", key)
			}
		}
	}
}
