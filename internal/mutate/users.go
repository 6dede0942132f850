package main

// users says whose tests notice, besides its own, that a package is broken: as
// arguments of go test, in the order in which they are tried. They take longer, and
// are tried with what its own tests let pass. For the folders of networks one line
// speaks.
func users(name string) [][]string {
	daemon := []string{"./collector"}
	program := []string{"./cmd/collectord"}
	table := map[string][][]string{
		"collector":                  {{"-run=^TestScripts$", "./cmd/collectord"}, program},
		"collector/cluster":          {{"-run=^TestCluster", "./cmd/collectord"}, daemon},
		"collector/config":           {{"-run=^Test(Scripts|Shipped|Reload)", "./cmd/collectord"}, daemon},
		"collector/influx":           {{"-run=^Test(InfluxDB|Backlog|ThreeTicks|IntoVictoria)", "./cmd/collectord"}, daemon},
		"collector/journal":          {daemon, program},
		"collector/logfold":          {daemon},
		"collector/point":            {{"./collector/journal", "./collector/influx"}, daemon},
		"collector/poll":             {daemon},
		"collector/schedule":         {{"./collector/config"}, daemon},
		"collector/status":           {daemon, program},
		"collector/transport":        {{"./collector/influx"}, program},
		"keychain":                   {{"./networks/...", "./collector/poll"}, daemon, program},
		"networks":                   {{"./networks/...", "./collector/poll"}, daemon},
		"networks/all":               {{"-run=^TestScripts$", "./cmd/collectord"}, daemon},
		"networks/internal/apptoken": {{"./networks/..."}},
		"networks/internal/meta":     {{"./networks/facebook", "./networks/instagram", "./networks/threads"}},
		"networks/internal/oauth":    {{"./networks/..."}, {"-run=^TestScripts$", "./cmd/collectord"}},
		"networks/internal/rest":     {{"./networks/..."}},
		"networks/networktest":       {{"./networks/..."}},
		"networks/sim":               {{"./networks/..."}, daemon},
		"internal/faultproxy":        {{"./collector/influx"}},
		"internal/floortest":         {{"./collector/..."}},
		"internal/influxdtest":       {{"./collector/influx"}},
		"internal/leaktest":          {{"./networks/...", "./collector"}},
		"internal/natstest":          {{"./collector/cluster"}},
		"internal/toolbuild":         {{"./internal/influxdtest", "./internal/natstest"}},
	}
	return table[name]
}

// quick names, as arguments of go test, the tests of a package to try before the
// others, where all of them take long.
func quick(name string) []string {
	return map[string][]string{
		"cmd/collectord":   {"-skip=^Test(FullDisk|Cluster|Kill|Reload|File|Three|Hostile|InfluxDBA|Ends|NoSecret|Backlog|JournalDel|Watchdog|StartWith|ClockIs|Into|Refreshes)"},
		"collector":        {"-skip=^Test(Soak|Fewest|MetricsOf|ADay|Stuck|StatesOf|Year|ManyAcc|PageOf|BudgetOver|EditDuring|NoSecret|YouTube|NoRequest)"},
		"collector/influx": {"-skip=^Test(Real|ConnectionThat|Hanging)"},
		"collector/status": {"-skip=^Test(Browser|ServeCuts)"},
	}[name]
}
