package collector

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"collectord/collector/config"
	"collectord/collector/point"
	"collectord/networks"
	"collectord/networks/all"
)

// What the config takes as a label, a tag's name and a tag's value, the journal must
// take as a point: one that it refused would take all its poll's answers with it.
func TestEveryAcceptedTagIsWritten(t *testing.T) {
	list := all.List()
	odd := rapid.StringOfN(rapid.RuneFrom([]rune("ab _=,\"'\\\t\n\u0080\u2028\uFFFDж{}$#")), 1, 4, -1)
	rapid.Check(t, func(t *rapid.T) {
		label, key, value := odd.Draw(t, "label"), odd.Draw(t, "key"), odd.Draw(t, "value")
		// The environment may hold what no YAML file can.
		raw := string(rapid.SliceOfN(rapid.Byte(), 1, 3).Draw(t, "raw"))
		src := fmt.Sprintf("networks: {bluesky: {accounts: {%s: {handle: bsky.app, tags: {%s: %s, fromEnv: '${RAW}'}}}}}",
			strconv.Quote(label), strconv.Quote(key), strconv.Quote(value))
		cfg, err := config.Parse("config.yaml", []byte(src), config.Env{
			Networks: list,
			Getenv:   func(string) (string, bool) { return raw, true },
		})
		if err != nil {
			return // refused with a word, which is as good
		}
		a := &account{Account: &cfg.Networks[0].Accounts[0]}
		p := point.Point{
			Measurement: point.Profile, Time: time.Unix(1, 0), Fields: []point.Field{point.Int("followers", 1)},
			Tags: recorder{network: "bluesky"}.tags(a, &networks.Profile{ID: "did:plc:a", Type: networks.Person}),
		}
		if _, err := p.Series(); err != nil {
			t.Errorf("the config takes %s, RAW=%q, and the journal does not: %v", src, raw, err)
		}
	})
}
