package vk

import (
	"encoding/json"
	"testing"

	"collectord/internal/floortest"
	"collectord/keychain"
	"collectord/networks"
	"collectord/networks/internal/rest"
)

// TestDecodeNearItsFloor holds the way from VK's answer to results to encoding/json,
// which makes no results.
func TestDecodeNearItsFloor(t *testing.T) {
	body, batch := thousand()
	n, ok := New(networks.Options{}).(*network)
	if !ok {
		t.Fatal("New makes no network")
	}
	const times = 4
	decode := func() {
		for range times {
			list, e := n.read(keychain.Token{}, &rest.Response{Op: opUsers, Status: 200, Body: body})
			if e != nil {
				t.Fatal(e)
			}
			if results := n.match(batch, list); results[maxUsers-1].Profile == nil {
				t.Fatal("the last user is missing")
			}
		}
	}
	ratio := floortest.CPU(t, decode, func() {
		for range times {
			var v struct {
				Response []struct {
					ID        int64
					Name      string `json:"screen_name"`
					First     string `json:"first_name"`
					Last      string `json:"last_name"`
					Domain    string
					Followers int64 `json:"followers_count"`
					Verified  int
				}
			}
			if err := json.Unmarshal(body, &v); err != nil || len(v.Response) != maxUsers {
				t.Fatal(err)
			}
		}
	})
	allocations := floortest.Allocations(times*maxUsers, decode)
	t.Logf("%.2f times encoding/json, %.1f allocations an account", ratio, allocations)
	if ratio > 2 || allocations > 20 {
		t.Error("more than twice encoding/json, or 20 allocations")
	}
}
