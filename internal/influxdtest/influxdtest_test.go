package influxdtest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"collectord/internal/influxdtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t *testing.T, db *influxdtest.Server, token, lines string) int {
	t.Helper()
	address := db.URL + "/api/v2/write?precision=s&bucket=" + db.Database
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(lines))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Token "+token)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}

func TestWhatWasWrittenIsReadBackAfterAKill(t *testing.T) {
	db := influxdtest.Start(t)
	if got := write(t, db, "", `profile,account=a\ b followers=7i 1700000000`); got != http.StatusNoContent {
		t.Fatalf("write: status %d", got)
	}
	db.Kill()
	db.Restart(t)
	rows := db.Query(t, `SELECT followers FROM profile GROUP BY account`)
	if len(rows) != 1 || rows[0].Int(t, "followers") != 7 || rows[0].Tags["account"] != "a b" ||
		!rows[0].Time.Equal(time.Unix(1700000000, 0)) || db.Count(t, "profile", "followers") != 1 {
		t.Errorf("InfluxQL: %+v", rows)
	}
	flux := db.Flux(t, `from(bucket: "followers") |> range(start: 0)`)
	if len(flux) != 1 || flux[0]["_value"] != "7" || flux[0]["account"] != "a b" {
		t.Errorf("Flux: %+v", flux)
	}
}

func TestAuthentication(t *testing.T) {
	db := influxdtest.Start(t, influxdtest.WithAuth("admin", "sesame"))
	if got := write(t, db, "admin:wrong", "m f=1i 1"); got != http.StatusUnauthorized {
		t.Errorf("a wrong token: status %d", got)
	}
	if got := write(t, db, db.Token, "m f=1i 1"); got != http.StatusNoContent {
		t.Errorf("the right token: status %d", got)
	}
}

func TestDatabaseIsMissingUntilMade(t *testing.T) {
	db := influxdtest.Start(t, influxdtest.WithoutDatabase())
	if got := write(t, db, "", "m f=1i 1"); got != http.StatusNotFound {
		t.Errorf("without the database: status %d", got)
	}
	db.Exec(t, "CREATE DATABASE "+db.Database)
	if got := write(t, db, "", "m f=1i 1"); got != http.StatusNoContent {
		t.Errorf("with the database: status %d", got)
	}
}
