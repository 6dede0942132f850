package collector

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"collectord/collector/schedule"
)

// soakConfig is the config file, and what stood in it when.
type soakConfig struct {
	*soak
	path    string
	entries map[soakAccount]*soakEntry
	history map[soakAccount][]soakStay
	broken  bool
}

// soakEntry is an account in the file.
type soakEntry struct {
	schedule string // "" while it is not there
	tag      int
}

// soakStay is how long an account had a schedule. It begins when the file was right
// and had it, and ends when the file was changed.
type soakStay struct {
	soakSpan
	schedule schedule.Schedule
}

// soakSchedules are a network's own schedule, and another for some of its accounts.
func soakSchedules(network string) [2]string {
	return map[string][2]string{
		"vk": {"*/5 * * * *", "@every 15m"}, "bluesky": {"@every 5m", "7,37 * * * *"}, "mastodon": {"*/10 * * * *", "11,41 * * * *"},
		"telegram": {"*/10 * * * *", "3-59/20 * * * *"}, "github": {"@every 15m", "*/20 * * * *"}, "twitch": {"*/15 * * * *", "@every 10m"},
	}[network]
}

func (c *soakConfig) fill(s *soak) {
	c.soak, c.path = s, filepath.Join(s.dir, "config.yaml")
	c.entries, c.history = make(map[soakAccount]*soakEntry), make(map[soakAccount][]soakStay)
	for _, network := range soakNetworks() {
		for n := range soakSize {
			c.entries[soakAccount{network, n}] = &soakEntry{schedule: soakSchedules(network)[n%4/3]}
		}
	}
	c.write(c.text())
	c.note()
}

// text is the file when it is right.
func (c *soakConfig) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "state_dir: %s\nweb: {listen: \"\"}\nkeychain: {autocomplete: '@every 30m'}\nnetworks:\n", filepath.Join(c.dir, "state"))
	for _, network := range soakNetworks() {
		fmt.Fprintf(&b, "  %s:\n    schedule: \"%s\"\n    base_url: http://%s\n", network, soakSchedules(network)[0], network)
		switch network {
		case "vk":
			b.WriteString("    token: [vk, 'vk:second']\n")
		case "twitch":
			b.WriteString("    auth_url: http://twitch\n")
		}
		b.WriteString("    accounts:\n")
		for n := range soakSize {
			a := soakAccount{network, n}
			if e := c.entries[a]; e.schedule != "" {
				s := a.sim()
				handle := s.Handle
				if s.Host != "" {
					handle += "@" + s.Host
				}
				fmt.Fprintf(&b, "      %s: {handle: %s, schedule: \"%s\", tags: {team: t%d}}\n", a.label(), handle, e.schedule, e.tag)
			}
		}
	}
	return b.String()
}

// write puts a text in the file's place, as editors do.
func (c *soakConfig) write(text string) {
	temporary := c.path + ".new"
	err := os.WriteFile(temporary, []byte(text), 0o600)
	if err == nil {
		err = os.Rename(temporary, c.path)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// note ends the stay of accounts that the file has otherwise, and begins theirs anew.
func (c *soakConfig) note() {
	now := time.Now()
	for a, e := range c.entries {
		stays := c.history[a]
		last := len(stays) - 1
		if last >= 0 && stays[last].end.IsZero() {
			if stays[last].schedule.String() == e.schedule {
				continue
			}
			stays[last].end = now
		}
		if e.schedule != "" {
			s, err := schedule.Parse(e.schedule)
			if err != nil {
				c.t.Fatal(err)
			}
			stays = append(stays, soakStay{soakSpan{begin: now}, s})
		}
		c.history[a] = stays
	}
}

// edit changes a few accounts: out, back, to another schedule, with another tag. Two
// accounts of a network stay where they are, so that it always has one and both of
// its schedules.
func (c *soakConfig) edit() {
	for range 1 + c.rng.IntN(4) {
		network := soakNetworks()[c.rng.IntN(len(soakNetworks()))]
		e := c.entries[soakAccount{network, 1 + c.rng.IntN(soakSize-2)}]
		switch which := c.rng.IntN(4); {
		case e.schedule == "":
			e.schedule = soakSchedules(network)[which%2]
		case which == 0:
			e.schedule = ""
		case which < 3:
			e.schedule = soakSchedules(network)[which-1]
		default:
			e.tag++
		}
	}
	c.broken = false
	c.write(c.text())
	c.note()
	time.Sleep(2 * time.Second) // as long as it may take to be taken
}

// breakIt leaves the file wrong for a while: the daemon goes on with what it has.
func (c *soakConfig) breakIt() {
	texts := []string{"", "networks: [", c.text() + "  vkontakte: {}\n", strings.Replace(c.text(), "handle:", "handel:", 1), c.text()[:len(c.text())/2+1]}
	c.broken = true
	c.write(texts[c.rng.IntN(len(texts))])
	c.later(time.Duration(1+c.rng.IntN(15))*time.Minute, c.mend)
}

// mend puts the right file back.
func (c *soakConfig) mend() {
	if c.broken {
		c.broken = false
		c.write(c.text())
		time.Sleep(2 * time.Second)
	}
}

// had reports whether an account had a schedule with a tick at a time. One that came
// to the schedule later counts where a daemon began before the next tick: it goes on
// with the tick, for all accounts that are in the schedule by then.
func (c *soakConfig) had(a soakAccount, at time.Time) (schedule.Schedule, bool) {
	i := slices.IndexFunc(c.history[a], func(s soakStay) bool {
		if !s.schedule.Next(at.Add(-time.Second)).Equal(at) {
			return false
		}
		return s.touches(at.Add(-3*time.Second), at) || slices.ContainsFunc(c.spans, func(x soakSpan) bool {
			return x.begin.After(at) && x.begin.Before(s.schedule.Next(at)) && s.touches(x.begin, x.begin)
		})
	})
	if i < 0 {
		return schedule.Schedule{}, false
	}
	return c.history[a][i].schedule, true
}
