package status

import (
	"strings"
	"time"
)

// The values of Cluster.State.
const (
	ClusterShared = "shared"  // NATS answers, and work is shared
	ClusterCutOff = "cut_off" // NATS does not answer, and nothing is claimed
	ClusterAlone  = "alone"   // NATS does not answer, and this node polls everything
	// ClusterNameTaken: another process has this node's name, and nothing is claimed here.
	ClusterNameTaken = "name_taken"
)

// Cluster is what this node knows of the machines that share its work.
type Cluster struct {
	Name, Node string
	State      string
	Since      time.Time // NATS does not answer
	Nodes      []Node    // by name, this one among them
}

// Node is one machine of the cluster.
type Node struct {
	Name, Version, ConfigHash string
	ConfigDiffers             bool // from this node's
	Here                      bool // it is this process
	Fresh                     bool // it was heard of within two leases
	Started, Seen             time.Time
	Holding                   []string // pieces of ticks: network, time and number
	Tokens                    []string // slots
	TakeOver                  *TakeOver
	Done                      int64 // pieces of ticks since its start
	TakeOvers, Dropped        int64 // pieces taken over; answers thrown away, their lease was lost
	Skew                      time.Duration
}

// TakeOver is that a node went on with what another had begun.
type TakeOver struct {
	At         time.Time
	From, What string
}

// clusterJSON is absent without a section cluster.
type clusterJSON struct {
	Name  string     `json:"name"`
	Node  string     `json:"node"`
	State string     `json:"state"` // shared, cut_off, alone or name_taken
	Since *string    `json:"since"` // when NATS ceased to answer
	Nodes []nodeJSON `json:"nodes"`
}

type nodeJSON struct {
	Node          string        `json:"node"`
	Version       *string       `json:"version"`
	ConfigHash    *string       `json:"config_hash"`
	ConfigDiffers bool          `json:"config_differs"`
	Started       *string       `json:"started"`
	Seen          *string       `json:"seen"`
	Holding       []string      `json:"holding"`
	Tokens        []string      `json:"tokens"`
	TakeOver      *takeOverJSON `json:"last_take_over"`
	Done          int64         `json:"pieces_done"`
	TakeOvers     int64         `json:"take_overs"`
	Dropped       int64         `json:"dropped_answers"`
	SkewMS        int64         `json:"clock_skew_ms"`
}

type takeOverJSON struct {
	At   *string `json:"at"`
	From string  `json:"from"`
	What string  `json:"what"`
}

func clusterJSONOf(c *Cluster) *clusterJSON {
	if c == nil {
		return nil
	}
	v := &clusterJSON{Name: c.Name, Node: c.Node, State: c.State, Since: instant(c.Since), Nodes: make([]nodeJSON, len(c.Nodes))}
	for i, n := range c.Nodes {
		v.Nodes[i] = nodeJSON{
			Node: n.Name, Version: text(n.Version), ConfigHash: text(n.ConfigHash), ConfigDiffers: n.ConfigDiffers,
			Started: instant(n.Started), Seen: instant(n.Seen), Holding: append([]string{}, n.Holding...), Tokens: append([]string{}, n.Tokens...),
			Done: n.Done, TakeOvers: n.TakeOvers, Dropped: n.Dropped, SkewMS: n.Skew.Milliseconds(),
		}
		if t := n.TakeOver; t != nil {
			v.Nodes[i].TakeOver = &takeOverJSON{instant(t.At), t.From, t.What}
		}
	}
	return v
}

// clusterView is the cluster on the front page.
type clusterView struct {
	Name, Text, Tone string
	Nodes            []nodeView
}

type nodeView struct {
	Name, Version, Config, Tone string
	Here, ConfigDiffers         bool
	Seen                        moment
	Holding, Tokens             string
	Done, TakeOver              string
	TakeOverAt                  moment
}

// mostHeld is how many pieces of one node the page names.
const mostHeld = 5

func clusterViewOf(now time.Time, c *Cluster) *clusterView {
	if c == nil {
		return nil
	}
	v := &clusterView{Name: c.Name, Tone: toneGood, Text: "NATS answers; work is shared"}
	switch c.State {
	case ClusterCutOff:
		v.Tone, v.Text = toneBad, "NATS does not answer; nothing is claimed here"
	case ClusterAlone:
		v.Tone, v.Text = toneBad, "NATS does not answer; everything is polled here"
	case ClusterNameTaken:
		v.Tone, v.Text = toneBad, "another process has the name "+c.Node+"; nothing is claimed here"
	}
	for _, n := range c.Nodes {
		one := nodeView{Name: n.Name, Version: n.Version, Config: n.ConfigHash, Here: n.Here, Done: thousands(n.Done), Seen: momentOf(now, n.Seen),
			Holding: heldText(n.Holding), Tokens: strings.Join(n.Tokens, ", "), Tone: toneGood}
		if n.ConfigDiffers || !n.Fresh {
			one.Tone = toneBad
		}
		one.ConfigDiffers = n.ConfigDiffers
		if t := n.TakeOver; t != nil {
			one.TakeOver, one.TakeOverAt = t.What+" from "+t.From, momentOf(now, t.At)
		}
		v.Nodes = append(v.Nodes, one)
	}
	return v
}

func heldText(pieces []string) string {
	if len(pieces) <= mostHeld {
		return strings.Join(pieces, ", ")
	}
	return strings.Join(pieces[:mostHeld], ", ") + " and " + thousands(int64(len(pieces)-mostHeld)) + " more"
}
