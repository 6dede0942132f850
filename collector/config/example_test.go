package config_test

import (
	"fmt"

	"collectord/collector/config"
	"collectord/networks/all"
)

// Every mistake is reported at once, with its place.
func ExampleParse() {
	_, err := config.Parse("config.yaml", []byte(`
influxdb: {url: "http://127.0.0.1:8086", buckt: followers}
networks:
  vk:
    schedule: "0 * * *"
    accounts: {RIA Novosti: ria}
`), config.Env{Networks: all.List()})
	fmt.Println(err)
	// Output:
	// config.yaml:2:42: influxdb.buckt: unknown key (did you mean "bucket"? known: bucket, org, token, token_file, url)
	// config.yaml:5:15: networks.vk.schedule: "0 * * *": 5 fields expected (minute hour day-of-month month day-of-week), got 4
}
