package collector

import (
	"fmt"
	"os"
	"strings"

	"collectord/collector/config"
	"collectord/collector/influx"
	"collectord/keychain"
)

// maxTokenFile bounds what is read of influxdb.token_file, in bytes.
const maxTokenFile = 64 << 10

// influxOptions is where a config's InfluxDB is. A token file is read for every
// request, so that it may be mended at any time.
func influxOptions(cfg *config.InfluxDB) influx.Options {
	return influx.Options{URL: cfg.URL, Org: cfg.Org, Bucket: cfg.Bucket, Token: func() (keychain.Secret, error) {
		if cfg.TokenFile == "" {
			return cfg.Token, nil
		}
		return readToken(cfg.TokenFile)
	}}
}

func readToken(path string) (keychain.Secret, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("influxdb.token_file: %w", err)
	}
	if info.Size() > maxTokenFile {
		return "", fmt.Errorf("influxdb.token_file: %s has %d bytes: that is no token", path, info.Size())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("influxdb.token_file: %w", err)
	}
	return keychain.Secret(strings.TrimSpace(string(b))), nil
}
