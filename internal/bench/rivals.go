package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"collectord/internal/influxdtest"
	"collectord/networks"
)

// telegrafFile is a configuration of Telegraf that asks for the same accounts and writes
// the same measurement. Telegraf knows nothing of accounts, so whoever writes it sorts
// persons from communities and cuts the lists into requests by hand.
const telegrafFile = `[agent]
interval = "%[1]s"
flush_interval = "1s"
metric_batch_size = 5000
metric_buffer_limit = %[2]d
omit_hostname = true
quiet = true
[[outputs.influxdb_v2]]
urls = [%[3]q]
organization = "bench"
bucket = %[4]q
token = "any"
`

// telegrafInput is one input; persons and communities have one each, for the fields
// have other names.
const telegrafInput = `[[inputs.http]]
headers = {"Authorization" = "Bearer ` + token + `"}
timeout = "60s"
tagexclude = ["url"]
urls = [%[1]s]
%[2]s
`

// jsonV2 and xpath are two ways to read the answers; the second is what Telegraf's
// own documentation advises for lists.
const (
	jsonV2 = `data_format = "json_v2"
[[inputs.http.json_v2]]
measurement_name = "profile"
[[inputs.http.json_v2.object]]
path = "response"
tags = ["id", "screen_name"]
included_keys = ["%[1]s"]
[inputs.http.json_v2.object.renames]
%[1]s = "followers"
screen_name = "account"
`
	xpath = `data_format = "xpath_json"
xpath_native_types = true
[[inputs.http.xpath]]
metric_name = "string('profile')"
metric_selection = "//response/*"
[inputs.http.xpath.tags]
id = "id"
account = "screen_name"
[inputs.http.xpath.fields_int]
followers = "%[1]s"
`
)

// batch is how many persons, or half as many communities, a request asks for at most.
const batchSize = 1000

// telegrafConfig writes it; size is how many accounts share a request.
func telegrafConfig(w io.Writer, interval time.Duration, api string, accounts, size int, parser string, db *influxdtest.Server) error {
	if _, err := fmt.Fprintf(w, telegrafFile, interval, 3*accounts, db.URL, db.Database); err != nil {
		return err
	}
	for _, kind := range kinds() {
		var urls []string
		for _, handles := range handlesOf(kind, accounts, size) {
			q := url.Values{kind.param: {strings.Join(handles, ",")}, "fields": {kind.fields}, "lang": {"en"}, "v": {"5.131"}}
			urls = append(urls, fmt.Sprintf("%q", api+"/vk/method/"+kind.method+"?"+q.Encode()))
		}
		if _, err := fmt.Fprintf(w, telegrafInput, strings.Join(urls, ",\n"), fmt.Sprintf(parser, kind.count)); err != nil {
			return err
		}
	}
	return nil
}

// kind is persons or communities as VK's API has them.
type kind struct {
	person                       bool
	method, param, fields, count string
}

func kinds() []kind {
	return []kind{
		{true, "users.get", "user_ids", "screen_name,domain,followers_count,verified", "followers_count"},
		{false, "groups.getById", "group_ids", "screen_name,members_count,verified", "members_count"},
	}
}

// handlesOf cuts the accounts of a kind into requests.
func handlesOf(k kind, accounts, size int) (requests [][]string) {
	if !k.person {
		size = max(1, size/2)
	}
	var handles []string
	for i := range accounts {
		a := account("vk", i)
		if (a.Type == networks.Person) != k.person {
			continue
		}
		if handles = append(handles, a.Handle); len(handles) == size {
			requests, handles = append(requests, handles), nil
		}
	}
	if len(handles) > 0 {
		requests = append(requests, handles)
	}
	return requests
}

// telegrafRounds measures rounds of Telegraf.
func (b *bench) telegrafRounds(ctx context.Context, w *world, accounts, size int, parser string) (costs []cost, err error) {
	db, err := b.influxd(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := b.folder()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "telegraf.conf")
	_, interval := b.every(accounts)
	if err := writeFile(file, func(out io.Writer) error { return telegrafConfig(out, interval, w.url, accounts, size, parser, db) }); err != nil {
		return nil, err
	}
	p, err := begin("telegraf", dir, b.telegraf, "--config", file)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	for range rounds {
		before, err := written(ctx, db)
		if err != nil {
			return nil, err
		}
		c, err := round{p: p, w: w, db: db, rest: b.rest}.watch(ctx)
		if err != nil {
			return nil, err
		}
		after, err := written(ctx, db)
		if err != nil {
			return nil, err
		}
		if got := int(after - before); got < accounts {
			return nil, fmt.Errorf("telegraf delivered %d points of %d accounts", got, accounts)
		}
		costs = append(costs, c)
	}
	return costs, nil
}

// beChild is what this program does as a child of its own.
func beChild(ctx context.Context, o options) error {
	switch o.child {
	case "simulate":
		return simulate(ctx, o)
	case "bare":
		return ask(ctx, o, batchSize, "")
	case "single":
		return ask(ctx, o, 1, o.influx)
	}
	return fmt.Errorf("no child %q", o.child)
}

// answer is an answer of VK's, as encoding/json reads it.
type answer struct {
	Response []struct {
		ID         int64  `json:"id"`
		ScreenName string `json:"screen_name"`
		Followers  *int64 `json:"followers_count"`
		Members    *int64 `json:"members_count"`
	} `json:"response"`
}

// ask asks for every account, so many a request and one request after the other, and
// decodes the answers. Where there is an InfluxDB each answer is a write to it: with one
// account a request that is how smapy, and the usual script, does it. Without one it is
// the floor: nobody can do with less.
func ask(ctx context.Context, o options, size int, influx string) error {
	found := 0
	for _, kind := range kinds() {
		for _, handles := range handlesOf(kind, o.accounts[0], size) {
			q := url.Values{kind.param: {strings.Join(handles, ",")}, "fields": {kind.fields}, "lang": {"en"}, "v": {"5.131"}}
			var a answer
			if err := send(ctx, o.api+"/vk/method/"+kind.method, q.Encode(), &a); err != nil {
				return err
			}
			found += len(a.Response)
			if influx == "" {
				continue
			}
			var lines strings.Builder
			for _, one := range a.Response {
				count := one.Followers
				if count == nil {
					count = one.Members
				}
				if count != nil {
					fmt.Fprintf(&lines, "profile,account=%s,id=%d,network=vk followers=%di %d\n", one.ScreenName, one.ID, *count, time.Now().Unix())
				}
			}
			if err := send(ctx, influx, lines.String(), nil); err != nil {
				return err
			}
		}
	}
	if found != o.accounts[0] {
		return fmt.Errorf("%d of %d accounts were answered for", found, o.accounts[0])
	}
	return nil
}

// send posts a body and decodes the answer into v, if that is not nil.
func send(ctx context.Context, address, body string, v any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("POST %s: %s: %.200s", address, resp.Status, text)
	}
	if v == nil {
		return nil
	}
	return json.Unmarshal(text, v)
}

// child runs this program as another way of doing the work, and says what it took.
func (b *bench) runChild(ctx context.Context, name string, w *world, accounts int, influx string) (c cost, err error) {
	self, err := os.Executable()
	if err != nil {
		return c, err
	}
	before, err := w.requests(ctx)
	if err != nil {
		return c, err
	}
	started := time.Now()
	p, err := begin(name, b.work, self, "-child", name, "-accounts", fmt.Sprint(accounts), "-api", w.url, "-influx", influx)
	if err != nil {
		return c, err
	}
	if err := p.wait(ctx); err != nil {
		return c, err
	}
	after, err := w.requests(ctx)
	c = p.cost()
	c.wall, c.requests = time.Since(started), after-before
	return c, errors.Join(err)
}
