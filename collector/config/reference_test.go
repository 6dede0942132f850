package config

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"collectord/networks/all"
)

// TestReference keeps docs/config.md what the keys say; -update writes it anew.
func TestReference(t *testing.T) {
	golden(t, filepath.Join(rootFolder, "docs", "config.md"), reference())
}

const referenceHead = `# The config file

All keys of config.yaml, their forms and their defaults. [config.example.yaml](../config.example.yaml)
shows them in use; ` + "`collectord check`" + ` says all that is wrong with a file, with line and column.
This page and [config.schema.json](../config.schema.json) are made from what the program reads
(` + "`go test ./collector/config -run 'TestReference|TestSchemaFile' -update`" + `).

- A file is UTF-8 and holds one YAML document. Anchors, aliases and merge keys work; an unknown key,
  a key that is there twice and a value of the wrong form are mistakes.
- ` + "`${NAME}`" + ` in a value stands for an environment variable, which must be set; ` + "`$${NAME}`" + ` is the
  literal text. Handles, labels and tags are taken as they are written: 007 and yes need no quotes.
- Durations are ` + "`90s`, `15m`, `1h30m`, `7d`, `2w`; sizes `512MiB`, `10GB`" + `, or a number of bytes.
- Saving the file is enough: the running daemon takes it within 2 s, and keeps the old one where the
  new one is wrong.
- Editors complete and check the file where its first line is
  ` + "`# yaml-language-server: $schema=config.schema.json`; `collectord schema`" + ` prints that schema.
- ` + "`collectord account add NETWORK HANDLE`, `account remove` and `account list`" + ` edit and show the accounts;
  everything else in the file stays as it is.
`

// reference is the page.
func reference() string {
	var b strings.Builder
	b.WriteString(referenceHead + "\n## The file\n\n")
	var plain []keyDoc
	for _, k := range rootKeys() {
		if k.kind != aSection || k.name == sectionNetworks {
			plain = append(plain, k)
		}
	}
	writeKeys(&b, plain)
	for _, k := range rootKeys() {
		if k.kind == aSection && k.name != sectionNetworks {
			_, _ = fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", k.name, k.doc)
			writeKeys(&b, k.keys)
		}
	}
	vk, _ := (&loader{env: Env{Networks: all.List()}}).descriptor("vk")
	b.WriteString("\n## networks.NETWORK\n\nThe same keys for each network; defaults that differ are in the table below.\n\n")
	keys := networkKeys(vk)
	for i := range keys {
		switch keys[i].name {
		case "token", "requests_per_second", "base_url", "auth_url", "oauth_url", "api_version":
			keys[i].standard = "each network's own"
		case "budget":
			keys[i].doc = strings.Replace(keys[i].doc, "in requests", "in the unit below", 1)
		}
	}
	writeKeys(&b, keys)
	b.WriteString("\n| network | slots | requests a second | budget counts | base_url | auth_url | api_version |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, d := range all.List() {
		var slots []string
		for _, s := range slotKinds(d) {
			slots = append(slots, code(s))
		}
		auth := code(d.AuthURL)
		if d.OAuthURL != "" {
			auth += "; oauth_url " + code(d.OAuthURL)
		}
		base := code(d.BaseURL)
		if base == "" {
			base = "each account's server"
		}
		_, _ = fmt.Fprintf(&b, "| [%s](networks/%[1]s.md) | %s | %.3g | %s | %s | %s | %s |\n",
			d.Name, orNone(strings.Join(slots, ", ")), d.RequestsPerSecond, d.Spending.Filled().Unit, base, orNone(auth), orNone(code(d.APIVersion)))
	}
	b.WriteString("\n`vk:NAME`, any slot with a colon and a name, is one more token of that kind.\n" +
		"\n## networks.NETWORK.accounts\n\nA mapping from label to handle, or to a mapping of the keys below; or a list of handles, of such\n" +
		"mappings, and of single pairs `label: handle`. A label is unique within its network.\n\n")
	writeKeys(&b, accountDocs(vk))
	return b.String()
}

func writeKeys(b *strings.Builder, keys []keyDoc) {
	b.WriteString("| key | form | default | |\n| --- | --- | --- | --- |\n")
	for _, k := range keys {
		standard := code(k.standard)
		switch {
		case strings.HasPrefix(k.standard, "each "):
			standard = k.standard
		case k.required:
			standard = "needed"
		case strings.Contains(k.doc, "The default is"):
			standard = ""
		case k.standard == "":
			standard = "none"
		}
		name := code(k.name)
		doc := k.doc
		if k.kind == aSection && k.name == sectionNetworks {
			name, standard = "[`networks`](#networksnetwork)", "none"
		}
		if k.example != "" && k.standard == "" {
			doc += " For example " + code(k.example) + "."
		}
		_, _ = fmt.Fprintf(b, "| %s | %s | %s | %s |\n", name, k.form(), standard, strings.ReplaceAll(doc, "|", `\|`))
	}
}

// code is a text as code in a table, nothing for nothing.
func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + strings.ReplaceAll(s, "|", `\|`) + "`"
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// form says a kind for people.
func (k keyDoc) form() string {
	switch k.kind {
	case aSection:
		return "section"
	case aText:
		return "text"
	case aWord:
		return strings.Join(k.words, ", ")
	case anAddress:
		return "address"
	case aListenAddress:
		return "host:port"
	case aPath:
		return "path"
	case aSecret:
		return "secret"
	case aContact:
		return "e-mail or web address"
	case aSchedule:
		return "cron expression"
	case aDuration:
		return "duration"
	case aSize:
		return "size"
	case aRate:
		return "number above 0"
	case aVersion:
		return "version"
	case aCount:
		return strings.Join(k.words, ", ")
	case natsServers:
		return "address, or list of addresses"
	case slots:
		return "slot, or list of slots"
	case accounts:
		return "mapping or list"
	case patterns:
		return "list of paths and patterns"
	}
	return ""
}
