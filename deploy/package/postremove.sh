#!/bin/sh
# dpkg: remove, purge, upgrade ...; rpm: 0 when it has gone, 1 at an upgrade. The journal
# and the keychain go with a purge alone; rpm knows none, and leaves them.
set -e

if [ -d /run/systemd/system ] && command -v systemctl >/dev/null; then
	systemctl daemon-reload || true
fi

if [ "$1" = purge ]; then
	# With a user of its own making, systemd keeps the state in /var/lib/private, and a
	# link to it.
	rm -rf /var/lib/private/collectord /var/lib/collectord
	rm -f /etc/collectord/environment
	rmdir /etc/collectord 2>/dev/null || true # what an administrator put there stays
fi
