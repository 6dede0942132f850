package status

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestCluster: the page and the JSON of a node show all nodes and what each does, and say
// whose counts they show.
func TestCluster(t *testing.T) {
	src := newFake(testNow)
	if body := get(t, newHandler(t, src), http.MethodGet, "/").Body.String(); strings.Contains(body, "all nodes") {
		t.Error("a machine that is alone speaks of nodes")
	}
	src.overview.Cluster = &Cluster{Name: "smm", Node: "host1", State: ClusterShared, Nodes: []Node{
		{Name: "host1", Here: true, Fresh: true, Holding: []string{"vk 2026-03-12T14:00:00Z 4"}, Tokens: []string{"vk:here"}, Done: 1234,
			TakeOver: &TakeOver{At: testNow.Add(-time.Minute), From: "host2", What: "vk 2026-03-12T13:00:00Z 7"}},
		{Name: "host2", ConfigDiffers: true, ConfigHash: "abcdef", Seen: testNow.Add(-time.Hour)},
	}}
	account := accountPath(src.accounts[0].Network, src.accounts[0].Label)
	for state, says := range map[string]string{
		ClusterShared: "work is shared", ClusterCutOff: "nothing is claimed here", ClusterAlone: "everything is polled here",
		ClusterNameTaken: "another process has the name host1",
	} {
		src.overview.Cluster.State = state
		h := newHandler(t, src)
		for target, want := range map[string][]string{
			"/": {says, "vk 2026-03-12T14:00:00Z 4", "vk:here", "1,234 pieces of ticks", "vk 2026-03-12T13:00:00Z 7 from host2",
				"another than this node", "of what this node polled itself"},
			account: {"that host1 polled; InfluxDB has those of all nodes"},
			"/api/v1/status": {`"state":"` + state + `"`, `"pieces_done":1234`, `"from":"host2","what":"vk 2026-03-12T13:00:00Z 7"`,
				`"config_differs":true`, `"tokens":["vk:here"]`, `"holding":["vk 2026-03-12T14:00:00Z 4"]`},
		} {
			body := get(t, h, http.MethodGet, target).Body.String()
			for _, text := range want {
				if !strings.Contains(body, text) {
					t.Errorf("%s of a node that is %s does not hold %q", target, state, text)
				}
			}
		}
	}
}
