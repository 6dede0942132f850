package main

import (
	"slices"

	"github.com/spf13/cobra"

	"collectord/collector/point"
	"collectord/networks/all"
)

// completeArguments lets shells complete what a command line can name: slots, networks,
// formats, measurements, and nothing where nothing is taken. It asks no file and no
// network.
func completeArguments(root *cobra.Command) {
	nothingElse(root)
	slots, names := slotNames(), networkNames()
	for _, path := range [][]string{{"assign"}, {"get"}, {"check"}, {"delete"}} {
		if cmd, _, err := root.Find(append([]string{"keychain"}, path...)); err == nil {
			cmd.ValidArgsFunction = cobra.FixedCompletions(slots, cobra.ShellCompDirectiveNoFileComp)
		}
	}
	if cmd, _, err := root.Find([]string{"export"}); err == nil {
		for flag, values := range map[string][]string{
			"format": {"csv", "jsonl", "lp"}, "network": names,
			"measurement": {point.Profile, point.ProfileInfo, point.AccountState, point.Poll},
		} {
			// An error is a flag that is not there, which TestCompletions finds.
			_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
		}
	}
	_ = root.MarkPersistentFlagFilename("config", "yaml", "yml")
}

// nothingElse offers no file names where a command takes none and says
// nothing else; a flag that takes one offers them still.
func nothingElse(cmd *cobra.Command) {
	if cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	for _, c := range cmd.Commands() {
		nothingElse(c)
	}
}

// slotNames are the slots of all networks, sorted.
func slotNames() []string {
	var slots []string
	for _, d := range all.List() {
		for _, s := range d.Slots {
			slots = append(slots, s.Slot)
		}
	}
	slices.Sort(slots)
	return slices.Compact(slots)
}
