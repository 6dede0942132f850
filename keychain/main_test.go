package keychain_test

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"collectord/keychain"
)

// TestMain also is the process that crash tests start and kill.
func TestMain(m *testing.M) {
	if dir := os.Getenv("KEYCHAIN_TEST_DIR"); dir != "" {
		if err := child(dir, os.Getenv("KEYCHAIN_TEST_SLOT")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	// A step of the model syncs four files; 100 checks take longer than all the rest.
	if err := flag.Set("rapid.checks", "25"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// child assigns 0, 1, 2 ... to the slot, or changes the key where that is "rekey", and
// acknowledges each on stdout, until it is killed or has done childRounds. Its files
// have a limit where $KEYCHAIN_TEST_LIMIT says so, in bytes. With $KEYCHAIN_TEST_ONCE it
// does one round.
func child(dir, slot string) error {
	if limit, err := strconv.ParseUint(os.Getenv("KEYCHAIN_TEST_LIMIT"), 10, 64); err == nil {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
			return err
		}
	}
	if slot == "renew" {
		return renewOnce(dir)
	}
	k, err := keychain.Open(keychain.Options{Dir: dir})
	if err != nil {
		return err
	}
	for i := range childRounds {
		if slot == "rekey" {
			_, err = k.Rekey()
		} else {
			err = k.Assign(slot, keychain.Bare(fmt.Sprint("value-", i)))
		}
		if err != nil {
			v, _ := k.Get(slot)
			fmt.Println(v.Bare())
			return err
		}
		fmt.Println(i)
		if os.Getenv("KEYCHAIN_TEST_ONCE") != "" {
			return nil
		}
	}
	return nil
}

const childRounds = 2000

// otherFormats are formats that networks hand in.
func otherFormats() []keychain.Format {
	one := func(slot, kind string) keychain.Format {
		return keychain.Format{Slot: slot, Title: kind, Shapes: []keychain.Shape{{Kind: kind, Bare: true}}}
	}
	mapping := func(kind string, required ...string) keychain.Shape {
		return keychain.Shape{Kind: kind, Required: required}
	}
	return []keychain.Format{
		one("yt", "API key"), one("tg", "bot token"),
		{Slot: "fb", Title: "Facebook token", Shapes: []keychain.Shape{
			{Kind: "access token", Bare: true}, mapping("token and app", "access_token", "app_id", "app_secret"),
		}},
		{Slot: "ok", Title: "Odnoklassniki token", Shapes: []keychain.Shape{mapping("token and app", "app_key", "app_secret", "access_token")}},
		{Slot: "raw_ok", Title: "Odnoklassniki app", Shapes: []keychain.Shape{
			mapping("refresh token", "app_id", "app_key", "app_secret", "refresh_token"),
			mapping("login", "app_id", "app_key", "app_secret", "login", "password"),
		}},
		{Slot: "rd", Title: "Reddit app", Shapes: []keychain.Shape{mapping("app", "client_id", "client_secret")}},
		{Slot: "tt", Title: "TikTok token", Shapes: []keychain.Shape{mapping("app", "client_key", "client_secret", "refresh_token")}},
	}
}

func open(t testing.TB, dir string, opts ...func(*keychain.Options)) *keychain.KeyChain {
	t.Helper()
	o := keychain.Options{Dir: dir, Credentials: "/nonexistent", Formats: otherFormats()}
	for _, opt := range opts {
		opt(&o)
	}
	k, err := keychain.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

func loaded(t testing.TB, dir string, opts ...func(*keychain.Options)) *keychain.KeyChain {
	t.Helper()
	k := open(t, dir, opts...)
	must(t, k.LoadLast())
	return k
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t testing.TB, k *keychain.KeyChain, slot, value string) {
	t.Helper()
	v, ok := k.Get(slot)
	if ok != (value != "") || v.Bare() != value {
		t.Errorf("%s: got %q, %v; want %q", slot, v.Bare(), ok, value)
	}
}

func contains(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
}
