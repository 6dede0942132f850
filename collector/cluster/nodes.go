package cluster

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Node is one machine of the cluster, as its last heartbeat told.
type Node struct {
	Name       string    `json:"node"`
	Nonce      string    `json:"nonce"`
	Version    string    `json:"version"`
	ConfigHash string    `json:"config_hash"`
	Started    time.Time `json:"started"`
	Holding    []string  `json:"holding,omitempty"` // pieces, as Piece.String
	Tokens     []string  `json:"tokens,omitempty"`  // slots
	TakeOver   *TakeOver `json:"take_over,omitempty"`
	TakeOvers  int64     `json:"take_overs"`
	Done       int64     `json:"done"`    // pieces since its start
	Dropped    int64     `json:"dropped"` // answers thrown away because their lease was lost
	SkewMS     int64     `json:"skew_ms"` // of its clock against that of NATS
	// Seen is when this node heard of it last; it is not sent.
	Seen time.Time `json:"-"`
}

// View is what this node knows of the cluster.
type View struct {
	Name, Node string
	Nonce      string // of this process
	InTouch    bool
	Alone      bool
	Since      time.Time // NATS does not answer; zero while it does
	Namesake   bool      // another process has this node's name
	Nodes      []Node    // by name, this one among them
}

// SetConfig says which config is in force, for the others to compare.
func (c *Cluster) SetConfig(hash string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hash = hash
}

// self is this node as the others see it. The caller holds c.mu.
func (c *Cluster) self() Node {
	n := Node{Name: c.opts.Node, Nonce: c.nonce, Version: c.opts.Version, ConfigHash: c.hash, Started: c.started.UTC(),
		TakeOver: c.takeOver, TakeOvers: c.takeOvers, Done: c.done, Dropped: c.dropped, SkewMS: c.skew.Milliseconds()}
	for l := range c.leases {
		if c.buckets != nil && l.b == c.buckets.batches {
			n.Holding = append(n.Holding, pieceText(l.key))
		}
	}
	for slot := range c.tokens {
		n.Tokens = append(n.Tokens, slot)
	}
	slices.Sort(n.Holding)
	slices.Sort(n.Tokens)
	return n
}

// pieceText is Piece.String of a key.
func pieceText(key string) string {
	part := strings.Split(key, ".")
	var p Piece
	if len(part) != 4 || json.Unmarshal([]byte(part[1]), &p.Tick) != nil || json.Unmarshal([]byte(part[3]), &p.Index) != nil {
		return key
	}
	p.Network = part[0]
	return p.String()
}

// heardNode looks at this node's own heartbeat: it tells how far the clocks are apart.
func (c *Cluster) heardNode(key string, e entry) {
	var n Node
	if key != c.opts.Node || e.gone || json.Unmarshal(e.value, &n) != nil || n.Nonce != c.nonce {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skew = e.heard.Round(0).Sub(e.created)
}

// Nodes are the names of the nodes that are there, this one among them, sorted.
func (c *Cluster) Nodes() []string {
	v := c.View()
	names := make([]string, 0, len(v.Nodes))
	for _, n := range v.Nodes {
		names = append(names, n.Name)
	}
	return slices.Compact(names) // a namesake is there twice
}

// Name is this node's.
func (c *Cluster) Name() string { return c.opts.Node }

// View tells what this node knows.
func (c *Cluster) View() View {
	alone := c.Alone()
	c.mu.Lock()
	defer c.mu.Unlock()
	v := View{Name: c.opts.Name, Node: c.opts.Node, Nonce: c.nonce, InTouch: c.lost.IsZero(), Alone: alone, Since: c.lost, Namesake: c.name.told}
	self := c.self()
	if c.buckets != nil {
		c.buckets.nodes.all(func(key string, e entry) {
			n := Node{Seen: e.heard}
			switch {
			case json.Unmarshal(e.value, &n) != nil || n.Name != key:
			case n.Nonce == c.nonce:
				self.Seen = n.Seen
			default:
				v.Nodes = append(v.Nodes, n)
			}
		})
	}
	v.Nodes = append(v.Nodes, self)
	slices.SortFunc(v.Nodes, func(a, b Node) int { return cmp.Compare(a.Name, b.Name) })
	return v
}
