package keychain_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"collectord/keychain"
)

// Whatever a server makes of what it was sent, or a log of what it is told, the
// secret is found in it. What is left of base64 is less than a digit at either end.
func TestRedactFindsEveryForm(t *testing.T) {
	const core = "s3cr3tMARKEDs3cr3t"
	for _, secret := range []string{core, `a"` + core + `<&+/=%\é`, "a b\t" + core + "'"} {
		asJSON, err := json.Marshal(secret)
		if err != nil {
			t.Fatal(err)
		}
		twice, _ := json.Marshal(fmt.Sprintf("%q", secret))
		var people strings.Builder
		e := json.NewEncoder(&people)
		e.SetEscapeHTML(false)
		if err := e.Encode(secret); err != nil {
			t.Fatal(err)
		}
		texts := map[string]string{
			"plain": secret, "JSON": string(asJSON), "JSON not for HTML": people.String(), "quoted": fmt.Sprintf("%q", secret), "quoted as ASCII": fmt.Sprintf("%+q", secret),
			"quoted in JSON": string(twice), "query": "?t=" + url.QueryEscape(secret), "path": url.PathEscape(secret),
			"lower query": regexp.MustCompile("%..").ReplaceAllStringFunc(url.QueryEscape(secret), strings.ToLower),
			"HTML":        html.EscapeString(secret), "hex": hex.EncodeToString([]byte(secret)), "HEX": fmt.Sprintf("%X", secret),
		}
		sent := url.Values{"access_token": {secret}}.Encode()
		texts["form in hex"], texts["form in base64"] = hex.EncodeToString([]byte(sent)), base64.StdEncoding.EncodeToString([]byte(sent))
		texts["address in an address"] = url.QueryEscape(sent)
		for _, user := range []string{"", "u", "us", "use", "user:"} {
			texts["base64 behind "+user] = base64.StdEncoding.EncodeToString([]byte(user + secret + ":x"))
			texts["base64 for URLs behind "+user] = base64.RawURLEncoding.EncodeToString([]byte(user + secret))
		}
		for _, v := range []keychain.Value{keychain.Bare(secret), keychain.Mapping(map[string]string{"key": "abcdefgh", "password": secret})} {
			for form, text := range texts {
				got := v.Redact("before " + text + " after")
				if !strings.Contains(got, "[redacted]") || strings.Contains(got, core) || len(got) > len("before [redacted] after")+40 {
					t.Errorf("%s of %q: %q", form, secret, got)
				}
			}
		}
	}
	if got := keychain.Bare("plain-token").Redact("nothing of it in this line: cGxhaW4="); got != "nothing of it in this line: cGxhaW4=" {
		t.Errorf("too much is redacted: %q", got)
	}
}

// refusing refuses a token with words that repeat it.
type refusing struct{ secret string }

func (r refusing) Make(context.Context, keychain.Token) (keychain.Fresh, error) {
	return keychain.Fresh{}, &keychain.Refusal{
		State: keychain.State{Name: keychain.Parked, Reason: "no: " + r.secret, Hint: r.secret, Link: "https://x.example/?t=" + url.QueryEscape(r.secret)},
		Err:   errors.New(r.secret),
	}
}

// Whoever takes the state out of a refusal shows it or writes it down.
func TestRefusalsAreHandedOutWithoutSecrets(t *testing.T) {
	const secret = `s3cr3tMARKED"<&+`
	k := open(t, t.TempDir(), func(o *keychain.Options) { o.Makers = map[string]keychain.Maker{"raw_vk": refusing{secret}} })
	must(t, k.Assign("vk", keychain.Bare("some-token")))
	must(t, k.Assign("raw_vk", keychain.Mapping(map[string]string{"app_id": "12345", "app_secret": "abcdef", "login": "ann", "password": secret})))
	token, _ := k.Token("vk")
	_, err := k.Renew(t.Context(), token)
	var refusal *keychain.Refusal
	if !errors.As(err, &refusal) || refusal.State.Name != keychain.Parked {
		t.Fatalf("%v", err)
	}
	if text := fmt.Sprintf("%v %+v", err, refusal.State); strings.Contains(text, "MARKED") || !strings.Contains(text, "no: [redacted]") {
		t.Errorf("%s", text)
	}
}

// What is tried or put into a slot is no part of the keychain yet: a link repeats it all
// the same.
func TestLinksOfWhatIsTriedHoldNoSecrets(t *testing.T) {
	const secret = `s3cr3tMARKED"<&+`
	k := open(t, t.TempDir(), func(o *keychain.Options) {
		o.Checkers = map[string]keychain.Checker{"vk": func(ctx context.Context, _ keychain.Token) (string, error) {
			_, err := refusing{secret}.Make(ctx, keychain.Token{})
			return "", err
		}}
	})
	_, err := k.Try(t.Context(), "vk", keychain.Bare(secret))
	var refusal *keychain.Refusal
	if !errors.As(err, &refusal) || refusal.State.Link != "https://x.example/?t=[redacted]" {
		t.Errorf("%v", refusal)
	}
}

// Every line of a log goes through Redact: it knows what the slots hold now, answers and
// what another process assigned included, and works nothing out anew.
func TestRedactForALog(t *testing.T) {
	dir := t.TempDir()
	k, other := open(t, dir), open(t, dir)
	if got := k.Redact("no secret"); got != "no secret" {
		t.Error(got)
	}
	must(t, k.Assign("vk", keychain.Bare("first-token")))
	must(t, other.Assign("tg", keychain.Bare("second-token")))
	must(t, k.LoadLast())
	must(t, k.Put("vk", keychain.Fresh{Answer: keychain.Mapping(map[string]string{"success_token": "an-answer"})}))
	const line = "first-token, second-token, an-answer and no more"
	if got := k.Redact(line); got != "[redacted], [redacted], [redacted] and no more" {
		t.Error(got)
	}
	if n := testing.AllocsPerRun(100, func() { k.Redact(line) }); n > 10 {
		t.Errorf("%v allocations a line", n)
	}
	// A secret of one slot may begin with another's.
	must(t, k.Assign("yt", keychain.Bare("first-token-of-more")))
	if got := k.Redact("first-token-of-more"); got != "[redacted]" {
		t.Error(got)
	}
}
