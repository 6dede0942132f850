package vk

import "collectord/keychain"

// Refreshers refresh what VK ID gave.
func (n *network) Refreshers() map[string]keychain.Refresher {
	return map[string]keychain.Refresher{"vk": refresher{n}}
}

// Makers log in where raw_vk is there.
func (n *network) Makers() map[string]keychain.Maker {
	return map[string]keychain.Maker{"raw_vk": maker{n}}
}
