package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"collectord/collector/config"
	"collectord/networks/all"
)

// environment is what a command may touch of the process around it.
type environment struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) (string, bool)

	configFile string // --config
}

func newEnvironment() *environment {
	return &environment{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.LookupEnv}
}

// defaultConfigs are tried in this order where --config is not given.
var defaultConfigs = [...]string{"config.yaml", "/etc/collectord/config.yaml"}

// configPath returns the file that --config names, or the first default there is.
func (env *environment) configPath() (string, error) {
	if env.configFile != "" {
		return env.configFile, nil
	}
	for _, path := range defaultConfigs {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return path, nil
		}
	}
	return "", usage(fmt.Errorf("no config file: neither ./%s nor %s exists; name one with --config FILE, or copy config.example.yaml",
		defaultConfigs[0], defaultConfigs[1]))
}

// loadConfig reads the config file, or some of its sections if any are named: then
// there need not be a file. What is wrong is an error with status 2, one line a
// mistake.
func (env *environment) loadConfig(sections ...string) (*config.Config, error) {
	from := env.configEnv()
	from.Sections = sections
	path, err := env.configPath()
	if err != nil && sections != nil {
		return config.Parse("config.yaml", []byte("networks: {}"), from)
	}
	if err != nil {
		return nil, err
	}
	cfg, err := config.Load(path, from)
	if err != nil {
		return nil, usage(err)
	}
	return cfg, nil
}

func (env *environment) configEnv() config.Env {
	return config.Env{Networks: all.List(), Getenv: env.Getenv}
}

// environmentHint says where a variable may be that a shell lacks: the file beside the
// config from which systemd gives it to the service alone.
func environmentHint(mistakes config.Mistakes) string {
	for _, m := range mistakes {
		file, err := filepath.Abs(filepath.Join(filepath.Dir(m.File), "environment"))
		if err != nil || !m.Unset() {
			continue
		}
		if _, err := os.Stat(file); err == nil {
			return "\nhint: the service has it from systemd; in a shell: set -a; . " + file
		}
	}
	return ""
}
