package systemd

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// boot has TestBoot run, which needs root, systemd-nspawn and the right to mount:
//
//	go test ./deploy/systemd -run TestBoot -boot -v
var boot = flag.Bool("boot", false, "boot a container with systemd and try the package in it")

// TestBoot installs the package in a container whose first process is systemd, and goes
// through the life of the service: start, reload, a broken config, credentials, the
// watchdog, stop, purge. The container has this machine's /usr, and nothing of what it
// does stays.
func TestBoot(t *testing.T) {
	if !*boot {
		t.Log("nothing was booted: see -boot")
		return
	}
	dir := t.TempDir()
	dist, root, upper := filepath.Join(dir, "dist"), filepath.Join(dir, "root"), filepath.Join(dir, "usr")
	release := exec.Command("go", "run", "./internal/release", "-o", dist, "-version", "1.2.3")
	release.Dir = filepath.Join("..", "..")
	release.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=1790000000")
	if out, err := release.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := exec.Command("sh", "-ec", bootRoot, "sh", root, dist, upper).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(root, "work", "life"), []byte(bootLife), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	console, err := exec.CommandContext(ctx, "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--directory="+root,
		"--overlay=/usr:"+upper+":/usr", "--boot", "systemd.unit=multi-user.target").CombinedOutput()
	said, readErr := os.ReadFile(filepath.Join(root, "work", "said"))
	if readErr != nil || !strings.HasSuffix(string(said), "the end\n") {
		t.Fatalf("%v, %v; it said\n%s\nand the console\n%s", err, readErr, said, console)
	}
	t.Logf("%s", said)
	for line := range strings.Lines(string(said)) {
		if strings.HasPrefix(line, "WRONG") {
			t.Error(line)
		}
	}
}

// bootRoot makes the root of the container: a copy of what of /etc a system needs to come
// up, and no service of this machine.
const bootRoot = `
root=$1 dist=$2
mkdir -p "$3" "$root"/usr "$root"/etc/systemd/system/multi-user.target.wants "$root"/var/lib "$root"/var/log "$root"/tmp "$root"/run "$root"/proc "$root"/sys "$root"/dev "$root"/root "$root"/work
for l in bin sbin lib lib64; do if [ -L /$l ]; then cp -a /$l "$root"/; fi; done
for f in passwd group shadow nsswitch.conf ld.so.cache ld.so.conf ld.so.conf.d alternatives pam.d dbus-1 security; do
	if [ -e /etc/$f ]; then cp -a /etc/$f "$root"/etc/; fi
done
cp -L /etc/os-release "$root"/etc/os-release
cp -a /var/lib/dpkg "$root"/var/lib/
: >"$root"/etc/machine-id
echo boot >"$root"/etc/hostname
cp "$dist"/*.deb "$root"/work/collectord.deb
printf '[Unit]\nAfter=dbus.service\n[Service]\nType=oneshot\nExecStart=/work/life\n' >"$root"/etc/systemd/system/life.service
ln -s /etc/systemd/system/life.service "$root"/etc/systemd/system/multi-user.target.wants/
`

// bootLife is what happens in the container. Every line that begins with WRONG fails the
// test.
const bootLife = `#!/bin/bash
exec >/work/said 2>&1
expect() { # WHAT WANTED GOT
	case "$3" in
	$2) echo "right: $1" ;;
	*) echo "WRONG: $1: want $2, got $3" ;;
	esac
}
show() { systemctl show collectord -P "$1"; }
config=/etc/collectord/config.yaml

dpkg -i --force-depends /work/collectord.deb >/dev/null
expect "enabled, not started" "enabled inactive" "$(systemctl is-enabled collectord) $(systemctl is-active collectord)"
cat >$config <<EOF
state_dir: /var/lib/collectord
influxdb: {url: "http://127.0.0.1:9", org: o, bucket: b, token_file: "/run/credentials/collectord.service/influxdb-token"}
networks:
  bluesky: {schedule: "@every 1h", base_url: "http://127.0.0.1:9", accounts: [bsky.app]}
EOF
echo a-token-of-vk | collectord keychain assign vk --from - >/dev/null
systemctl start collectord
expect "it starts" "0 active" "$? $(systemctl is-active collectord)"
expect "its status" "1 account of 1 network, next poll *; InfluxDB *, backlog *" "$(show StatusText)"
expect "the state folder" "700 " "$(stat -L -c %a /var/lib/collectord) "
expect "files in it that are not the service's" "" "$(find /var/lib/private/collectord -user root)"

sed -i 's/bsky.app/bsky.app, other.example/' $config
systemctl reload collectord
expect "a reload" "0 2 accounts of 1 network*" "$? $(show StatusText)"
echo 'mistake: 1' >>$config
systemctl reload collectord
expect "a reload of a broken config fails" "1 active" "$? $(systemctl is-active collectord)"
sleep 6
expect "the status tells" "the config file has mistakes*2 accounts*" "$(show StatusText)"
expect "the log tells, as an error" "*mistake: unknown key*" "$(journalctl -u collectord -p err -o cat --no-pager | tr '\n' ' ')"
systemctl restart collectord
sed -i '/mistake/d' $config
sleep 8
expect "a config that is mended is taken by itself" active "$(systemctl is-active collectord)"

systemctl stop collectord
expect "it stops in order" success "$(show Result)"
cd /etc/collectord
systemd-creds encrypt --name=keychain.key /var/lib/collectord/keychain.key keychain.key.cred
printf a-token | systemd-creds encrypt --name=influxdb-token - influxdb-token.cred
rm /var/lib/collectord/keychain.key
mkdir -p /etc/systemd/system/collectord.service.d
printf '[Service]\nWatchdogSec=3s\nLoadCredentialEncrypted=keychain.key:%s/keychain.key.cred\nLoadCredentialEncrypted=influxdb-token:%s/influxdb-token.cred\n' $PWD $PWD >/etc/systemd/system/collectord.service.d/override.conf
systemctl daemon-reload
systemctl start collectord
expect "it starts with sealed credentials" "0 active" "$? $(systemctl is-active collectord)"
expect "the keychain is read" "*vk*ok*" "$(CREDENTIALS_DIRECTORY=/run/credentials/collectord.service collectord keychain show | tr '\n' ' ')"
expect "nothing is wrong with it" "" "$(journalctl -u collectord -p err -o cat --no-pager --since=-2s)"
before=$(show NRestarts)
sleep 7
expect "the watchdog is fed" "$before" "$(show NRestarts)"
kill -STOP "$(show MainPID)"
sleep 12
expect "a daemon that does not move is started again" "1 active" "$(($(show NRestarts) - before)) $(systemctl is-active collectord)"

dpkg -r collectord >/dev/null
expect "removed" "inactive" "$(systemctl is-active collectord)"
expect "the state is kept" "/var/lib/private/collectord/journal.db" "$(ls /var/lib/private/collectord/journal.db)"
dpkg -P collectord >/dev/null
expect "purged" "" "$(ls -d /var/lib/private/collectord /var/lib/collectord $config 2>/dev/null)"
echo "the end"
systemctl poweroff
`
