package config

import (
	"strconv"

	"collectord/networks"
)

// kind is the form of a key's value.
type kind int

// The kinds of values.
const (
	aSection kind = iota
	aText
	aWord // one of keyDoc.words
	anAddress
	aListenAddress
	aPath
	aSecret
	aContact
	aSchedule
	aDuration
	aSize
	aRate
	aVersion
	aCount // one of keyDoc.words, which are numbers
	natsServers
	slots
	accounts
	patterns
)

// keyDoc is what there is to know about one key. The reference of the config and its
// JSON Schema are made from these; that they have the keys that Load knows, and the
// values that Load takes, is tested.
type keyDoc struct {
	name     string
	kind     kind
	words    []string // of aWord
	standard string   // the default as the file would write it; "" for none
	example  string   // as the file would write it, where standard is no good one
	required bool
	doc      string   // sentences
	keys     []keyDoc // of aSection
}

// logLevels and logFormats are the words of the section log.
func logLevels() []string  { return []string{"debug", "info", "warn", "error"} }
func logFormats() []string { return []string{"auto", "console", "json"} }

// rootKeys are the keys of the file, but for those below networks.
func rootKeys() []keyDoc {
	return []keyDoc{
		{name: "influxdb", doc: "Where points are delivered. Without this section the journal alone keeps the series; add it later, and all the history is delivered.",
			keys: []keyDoc{
				{name: "url", kind: anAddress, required: true, example: "http://127.0.0.1:8086", doc: "Where InfluxDB 1.8, 2 or 3, or whatever takes its writes, listens."},
				{name: "org", kind: aText, example: "smm", doc: "The organisation. InfluxDB 1.8 has none."},
				{name: "bucket", kind: aText, required: true, example: "followers", doc: "The bucket. For InfluxDB 1.8 it is database/retention policy."},
				{name: "token", kind: aSecret, example: "${INFLUXDB_TOKEN}", doc: "A token that may write to the bucket. For InfluxDB 1.8 it is user:password. It excludes token_file."},
				{name: "token_file", kind: aPath, example: "/etc/collectord/influxdb.token", doc: "A file with the token, read at each delivery; relative to the folder of the config file."},
			}},
		{name: "state_dir", kind: aText, standard: defaultStateDir,
			doc: "The folder of journal and keychain, relative to the working folder. Where $STATE_DIRECTORY is set, as systemd does, its first folder is the default."},
		{name: "contact", kind: aContact, example: "ops@example.org", doc: "How a network can reach you, an e-mail or web address: it is part of the User-Agent. LiveJournal blocks programs without one."},
		{name: "web", doc: "The status page, its API and its metrics.", keys: []keyDoc{
			{name: "listen", kind: aListenAddress, standard: defaultListen, doc: `Host and port to listen on; "" switches the page off. An address that others than this machine reach needs config_file.`},
			{name: "config_file", kind: aPath, example: "web.yaml", doc: "TLS and passwords, in the form of Prometheus' exporters; relative to the folder of the config file."},
		}},
		{name: "log", doc: "What is logged, to stderr.", keys: []keyDoc{
			{name: "level", kind: aWord, words: logLevels(), standard: defaultLevel, doc: "The least that is logged."},
			{name: "format", kind: aWord, words: logFormats(), standard: defaultFormat, doc: "Lines of JSON, or lines for people; auto is console on a terminal, else json."},
		}},
		{name: "keychain", doc: "How tokens are kept alive.", keys: []keyDoc{
			{name: "autocomplete", kind: aSchedule, standard: defaultAutocomplete, doc: "When tokens are made and refreshed that are due."},
		}},
		{name: "journal", doc: "The series on disk.", keys: []keyDoc{
			{name: "keep", kind: aDuration, standard: defaultKeepText, doc: "How long points stay after delivery, 0 for ever. Without the section influxdb they stay for ever."},
			{name: "max_size", kind: aSize, standard: defaultMaxSizeText,
				doc: "What the journal may take on disk, 0 for no bound. The oldest delivered points go first, points that were never delivered last."},
		}},
		clusterKeys(),
		{name: sectionNetworks, doc: "What is polled: one section a network."},
	}
}

// clusterKeys is the section cluster.
func clusterKeys() keyDoc {
	return keyDoc{name: "cluster", doc: "Several machines that share the work, by way of NATS JetStream ([docs/cluster.md](cluster.md)). Without this section nothing of it runs.",
		keys: []keyDoc{
			{name: "nats", kind: natsServers, required: true, example: "[nats://a:4222, nats://b:4222, nats://c:4222]", doc: "The NATS servers, 2.11 or newer, with JetStream."},
			{name: "credentials_file", kind: aPath, example: "/etc/collectord/nats.creds", doc: "What NATS calls credentials, for this machine; relative to the folder of the config file."},
			{name: "user", kind: aText, example: "collectord", doc: "For NATS servers that know users. It needs password_file, and excludes credentials_file."},
			{name: "password_file", kind: aPath, example: "/etc/collectord/nats.password", doc: "A file with the user's password; relative to the folder of the config file."},
			{name: "tls", kind: aSection, doc: "For addresses with tls://: ca_file, who signed the servers' certificates; cert_file and key_file, this machine's own. All are paths, and each may be left out.",
				keys: []keyDoc{
					{name: "ca_file", kind: aPath, doc: "Who signed the servers' certificates. The default is whom the system trusts."},
					{name: "cert_file", kind: aPath, doc: "The certificate of this machine."},
					{name: "key_file", kind: aPath, doc: "Its key."},
				}},
			{name: "name", kind: aText, standard: defaultClusterName, doc: "Of the cluster: machines with one name share one work."},
			{name: "node", kind: aText, example: "host1", doc: "What the others call this machine. The default is its host name."},
			{name: "replicas", kind: aCount, words: []string{"1", "3", "5"}, doc: "On how many NATS servers everything is. The default is 3 where nats has three addresses or more, else 1."},
			{name: "lease", kind: aDuration, standard: "15s", doc: "How long what a silent machine was polling stays its own, from 2s to 20s."},
			{name: "on_loss", kind: aWord, words: []string{onLossPause, onLossSolo}, standard: onLossPause, doc: "While NATS is away: pause waits for it, solo polls everything on every machine."},
		}}
}

// networkKeys are the keys of one network's section.
func networkKeys(d networks.Descriptor) []keyDoc {
	kinds := slotKinds(d)
	var keys []keyDoc
	add := func(has bool, k keyDoc) {
		if has {
			keys = append(keys, k)
		}
	}
	unit := d.Spending.Filled().Unit
	add(true, keyDoc{name: "schedule", kind: aSchedule, standard: defaultSchedule, example: "*/15 * * * *",
		doc: `When to poll: five fields (minute, hour, day of month, month, day of week), "@daily", "@every 15m", or "CRON_TZ=Europe/Moscow 0 9 * * *". Without a zone it is the machine's.`})
	if len(kinds) > 0 {
		add(true, keyDoc{name: "token", kind: slots, standard: kinds[0], doc: "The keychain slot of the token, or a list of slots that share the work. With a cluster, {slot: vk, node: host1} is a token that one node alone uses."})
	}
	add(true, keyDoc{name: "spread", kind: aDuration, standard: "0s", doc: "Start each poll up to this long after its tick, by the same time each poll. The points carry the time of the tick."})
	add(true, keyDoc{name: "requests_per_second", kind: aRate, standard: strconv.FormatFloat(d.RequestsPerSecond, 'g', -1, 64),
		doc: "At most so many requests a second, for each token, or each server where a network has many."})
	add(true, keyDoc{name: "budget", kind: aRate, example: "1000", doc: "The most that a token may spend a day, in " + unit + ". Accounts that it has no room for have no answer until the day ends."})
	add(true, keyDoc{name: "base_url", kind: anAddress, standard: d.BaseURL, example: "https://api.example.org", doc: "Where the API is."})
	add(d.AuthURL != "", keyDoc{name: "auth_url", kind: anAddress, standard: d.AuthURL, doc: "Where tokens are made and refreshed."})
	add(d.OAuthURL != "", keyDoc{name: "oauth_url", kind: anAddress, standard: d.OAuthURL, doc: "Where the older flows of the token service are. Where auth_url alone is given, it serves both."})
	add(true, keyDoc{name: "api_version", kind: aVersion, standard: d.APIVersion, example: "5.199", doc: "The version of the API to speak, for networks that have one."})
	add(true, keyDoc{name: "accounts", kind: accounts, doc: "What to poll: a mapping from label to handle, id or profile URL, or a list whose handles are the labels, too."})
	add(true, keyDoc{name: "accounts_files", kind: patterns, example: "[accounts/*.csv]",
		doc: "Files with more accounts: lines label,handle[,tag=value...] in .csv, the form of accounts in .yaml. Paths are relative to the folder of the config file."})
	return keys
}

// accountDocs are the keys of an account that is a mapping; label is for lists alone.
func accountDocs(d networks.Descriptor) []keyDoc {
	keys := []keyDoc{
		{name: "handle", kind: aText, required: true, doc: "The account's handle, id or profile URL."},
		{name: "label", kind: aText, doc: "The account's name in the series, where accounts are a list. The default is the handle."},
		{name: "schedule", kind: aSchedule, example: "*/5 * * * *", doc: "When to poll this account. The default is the network's schedule."},
		{name: "tags", kind: aSection, doc: "Tags of its own for the account's points, such as {team: news}. At most " + strconv.Itoa(maxTags) + "; none may be named network, account, id, type or time."},
	}
	if len(slotKinds(d)) > 0 {
		keys = append(keys, keyDoc{name: "token", kind: slots, doc: "The keychain slot or slots for this account. The default is the network's."})
	}
	return keys
}
