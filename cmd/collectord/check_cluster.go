package main

import (
	"context"
	"fmt"
	"os"

	"collectord/collector"
	"collectord/collector/config"
)

// clusterFinding is what came of reaching NATS.
type clusterFinding struct {
	OK     bool   `json:"ok"`
	Report string `json:"report,omitempty"`
	Error  string `json:"error,omitempty"`
}

// files warns of files that are named in the config and cannot be read by whoever
// runs the check; the daemon may be somebody else.
func (c checker) files(cfg *config.Config) []config.Mistake {
	var missing []config.Mistake
	look := func(key, path string) {
		if path == "" {
			return
		}
		if _, err := os.Stat(path); err != nil {
			missing = append(missing, config.Mistake{File: cfg.File, Path: key, Msg: err.Error()})
		}
	}
	if db := cfg.InfluxDB; db != nil {
		look("influxdb.token_file", db.TokenFile)
	}
	if cl := cfg.Cluster; cl != nil {
		look("cluster.credentials_file", cl.CredentialsFile)
		look("cluster.password_file", cl.PasswordFile)
		look("cluster.tls.ca_file", cl.CAFile)
		look("cluster.tls.cert_file", cl.CertFile)
		look("cluster.tls.key_file", cl.KeyFile)
	}
	return missing
}

// cluster reaches NATS, where the config names it, and reports whether that went well.
func (c checker) cluster(ctx context.Context, cfg *config.Config, f *findings) bool {
	if cfg.Cluster == nil {
		return true
	}
	report, err := collector.TryCluster(ctx, cfg.Cluster)
	f.Cluster = &clusterFinding{OK: err == nil, Report: report}
	if err != nil {
		f.Cluster.Error = err.Error()
	}
	if !c.json {
		_, _ = fmt.Fprintf(c.env.Stdout, "cluster %s: %s\n", cfg.Cluster.Name, visibleLines(firstOf(f.Cluster.Error, report)))
	}
	return err == nil
}
