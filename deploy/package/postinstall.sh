#!/bin/sh
# dpkg: configure [OLD VERSION]; rpm: 1 at the first installation, 2 at an upgrade.
set -e

case "$1:$2" in
configure:|1:*) first=yes ;;
configure:*|2:*) first=no ;;
*) exit 0 ;; # dpkg goes back after an error
esac

if command -v systemctl >/dev/null; then
	if [ -d /run/systemd/system ]; then
		systemctl daemon-reload || true
	fi
	if [ "$first" = yes ]; then
		# From the next boot on; it is not started: there is nobody to poll yet. Later an
		# administrator's "disable" stays.
		systemctl enable collectord.service >/dev/null 2>&1 || true
	elif [ -d /run/systemd/system ]; then
		# The polls that this cuts short go on after it.
		systemctl try-restart collectord.service || true
	fi
fi

if [ "$first" = yes ]; then
	cat <<'EOF'
collectord is installed, and not started yet:
  1. list your accounts in /etc/collectord/config.yaml
     (every key: /usr/share/doc/collectord/config.example.yaml)
  2. collectord check
  3. systemctl start collectord
EOF
fi
