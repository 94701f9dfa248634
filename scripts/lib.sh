# shellcheck shell=bash
# What the other scripts share. Sourced, never run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
WORK="$ROOT/.work"            # ignored by git: logs, the image's root file system
IMAGE=berth-test/busybox:local # built on this machine, pulled from nowhere

# Fresh machines often have Go unpacked, but not in PATH.
command -v go >/dev/null 2>&1 || PATH="$PATH:/usr/local/go/bin"

# Debian's AWS CLI, also where another `aws` comes first in PATH.
AWS=/usr/bin/aws
[ -x "$AWS" ] || AWS=$(command -v aws || echo /usr/bin/aws)
export AWS_PAGER="" AWS_EC2_METADATA_DISABLED=true

say() { printf '%s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# as_root runs a command as root: directly, or through sudo without asking for a password.
as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; return; fi
	command -v sudo >/dev/null 2>&1 || die "this needs root, and there is no sudo: $*"
	sudo -n "$@" || die "this needs root, and sudo refused: $*"
}

# free_port prints a TCP port nobody listens on, below the range from which Docker takes ports.
free_port() {
	local port
	for _ in $(seq 100); do
		port=$((20000 + RANDOM % 10000))
		ss -Hltn "sport = :$port" | grep -q . || { echo "$port"; return; }
	done
	die "no free TCP port between 20000 and 29999"
}

# wait_for SECONDS COMMAND… runs the command until it succeeds, or fails after the time is up.
wait_for() {
	local deadline=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$deadline" ] || return 1
		sleep 0.2
	done
}
