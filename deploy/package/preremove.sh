#!/bin/sh
# dpkg: remove, or upgrade NEW VERSION; rpm: 0 when it goes, 1 at an upgrade.
set -e

case "$1" in
remove | 0)
	if command -v systemctl >/dev/null; then
		if [ -d /run/systemd/system ]; then
			systemctl stop collectord.service || true
		fi
		systemctl disable collectord.service >/dev/null 2>&1 || true
	fi
	;;
esac
