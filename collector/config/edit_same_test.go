package config

import (
	"reflect"
	"strings"
	"testing"

	"collectord/collector/schedule"
	"collectord/networks"
)

// TestDiffersByLooksAtEverything changes one thing after another in a config. An edit that
// did so must not go unseen, so what is added to Config is compared, or named here.
func TestDiffersByLooksAtEverything(t *testing.T) {
	const src = "influxdb: {url: 'http://h', bucket: b}\ncluster: {nats: 'nats://h:1', node: n}\nnetworks: {vk: {accounts: {A: {handle: a, tags: {x: y}}}}}\n"
	read := func() *Config {
		cfg, err := Parse("config.yaml", []byte(src), testEnv(nil))
		if err != nil {
			t.Fatal(err)
		}
		return cfg
	}
	for i := 0; ; i++ {
		changed, n := read(), i
		path := alter(t, reflect.ValueOf(changed).Elem(), "", &n)
		if path == "" {
			if i < 30 {
				t.Errorf("only %d things were changed", i)
			}
			return
		}
		// What depends on the file's bytes, and where in it an account stands.
		free := strings.HasSuffix(path, ".File") || path == ".Hash" || path == ".Warnings"
		if unseen := differsBy(changed, read(), "vk", "B"); unseen != free {
			t.Errorf("%s may change unseen: %v, want %v", path, unseen, free)
		}
	}
}

// alter changes the n-th thing in v and returns its path; "" if there are not so many.
func alter(t *testing.T, v reflect.Value, path string, n *int) string {
	t.Helper()
	switch v.Interface().(type) {
	case schedule.Schedule:
		if *n--; *n == -1 {
			other, err := schedule.Parse("@every 77m")
			if err != nil {
				t.Fatal(err)
			}
			v.Set(reflect.ValueOf(other))
			return path
		}
		return ""
	case networks.Descriptor: // the program's, and its name is compared
		return ""
	}
	switch {
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() { // the handle tells the reference, and where it stands is free
				continue
			}
			if changed := alter(t, v.Field(i), path+"."+v.Type().Field(i).Name, n); changed != "" {
				return changed
			}
		}
		return ""
	case v.Kind() == reflect.Pointer && !v.IsNil():
		return alter(t, v.Elem(), path, n)
	case v.Kind() == reflect.Slice && v.Len() > 0 && v.Index(0).Kind() == reflect.Struct:
		return alter(t, v.Index(0), path, n)
	}
	if *n--; *n != -1 {
		return ""
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Float64:
		v.SetFloat(v.Float() + 1)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Slice:
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"vk": "another"}))
	default:
		t.Fatalf("%s: no way to change a %s", path, v.Type())
	}
	return path
}
