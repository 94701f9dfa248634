#!/usr/bin/env bash
# Makes a machine ready for `make demo` and `make test`: installs what is missing, starts Docker if nobody did, and builds
# the test image from the local busybox. Running it again changes nothing.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
exec </dev/null
mkdir -p "$WORK"

# --- packages -----------------------------------------------------------------------------------------------------------

missing_packages() {
	[ -x /usr/bin/aws ] || echo awscli
	/usr/bin/python3 -c 'import boto3' >/dev/null 2>&1 || echo python3-boto3
	{ command -v dockerd && command -v docker; } >/dev/null 2>&1 || echo docker.io
	command -v containerd >/dev/null 2>&1 || echo containerd
	command -v iptables >/dev/null 2>&1 || [ -x /usr/sbin/iptables ] || echo iptables
	command -v curl >/dev/null 2>&1 || echo curl
	command -v jq >/dev/null 2>&1 || echo jq
	command -v ss >/dev/null 2>&1 || echo iproute2
	command -v git >/dev/null 2>&1 || echo git
	# The race detector of Go needs a C compiler.
	command -v gcc >/dev/null 2>&1 || echo gcc
	[ -e /usr/include/stdlib.h ] || echo libc6-dev
	[ -e /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
}

apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 "$@"; }

APT_UPDATED=""
apt_update_once() {
	[ -z "$APT_UPDATED" ] || return 0
	apt update >>"$WORK/apt.log" 2>&1 || { tail -n 20 "$WORK/apt.log"; die "apt-get update failed ($WORK/apt.log)"; }
	APT_UPDATED=yes
}

install_packages() {
	local packages=("$@")
	say "setup: installing ${packages[*]} (a minute or two; log in .work/apt.log)"
	apt_update_once
	apt install --no-install-recommends "${packages[@]}" >>"$WORK/apt.log" 2>&1 ||
		{ tail -n 20 "$WORK/apt.log"; die "apt-get install ${packages[*]} failed (.work/apt.log)"; }
}

export PATH="$PATH:/usr/sbin:/sbin"
command -v go >/dev/null 2>&1 || die "Go is not installed; go.mod names the version this needs"
mapfile -t wanted < <(missing_packages)
if [ "${#wanted[@]}" -gt 0 ]; then
	command -v apt-get >/dev/null 2>&1 || die "please install: ${wanted[*]} (names are Debian's; no apt-get here)"
	install_packages "${wanted[@]}"
fi
# Newer Debian keeps the docker command in a package of its own.
command -v docker >/dev/null 2>&1 || install_packages docker-cli

# --- Docker -------------------------------------------------------------------------------------------------------------

docker_answers() { docker version --format '{{.Server.Version}}'; }

# start_dockerd FLAGS… starts a daemon that outlives this script.
start_dockerd() {
	say "setup: no Docker daemon answers, starting dockerd $* (log in .work/dockerd.log)"
	as_root rm -f /var/run/docker.pid
	as_root setsid nohup dockerd "$@" </dev/null >>"$WORK/dockerd.log" 2>&1 &
	local pid=$!
	for _ in $(seq 150); do
		docker_answers >/dev/null 2>&1 && return 0
		kill -0 "$pid" 2>/dev/null || return 1
		sleep 0.4
	done
	return 1
}

mount_cgroups() {
	[ -d /sys/fs/cgroup/memory ] || [ -e /sys/fs/cgroup/cgroup.controllers ] && return 0
	say "setup: no control groups are mounted, mounting them"
	command -v cgroupfs-mount >/dev/null 2>&1 || install_packages cgroupfs-mount
	as_root cgroupfs-mount
}

ensure_docker() {
	docker_answers >/dev/null 2>&1 && return 0
	if [ -S /var/run/docker.sock ] && [ ! -w /var/run/docker.sock ]; then
		die "the Docker socket is not yours to use: run as root, or join the group docker"
	fi
	if [ -d /run/systemd/system ]; then
		say "setup: no Docker daemon answers, starting the service"
		as_root systemctl start docker || true
		wait_for 60 docker_answers && return 0
	fi
	mount_cgroups
	start_dockerd && return 0
	# Inside a container the usual storage driver or the firewall may be out of reach.
	start_dockerd --storage-driver=vfs && return 0
	start_dockerd --storage-driver=vfs --iptables=false && return 0
	tail -n 30 "$WORK/dockerd.log"
	die "dockerd does not start (.work/dockerd.log)"
}

ensure_docker
say "setup: Docker $(docker_answers), $("$AWS" --version 2>&1 | cut -d' ' -f1)"

# --- test image ---------------------------------------------------------------------------------------------------------

is_static() { [ -x "$1" ] && "$1" true && ! ldd "$1" >/dev/null 2>&1; }

# static_busybox prints the path of a busybox without shared libraries. It is unpacked into .work when the system has
# none, so that an installed dynamic one is not replaced.
static_busybox() {
	local candidate
	for candidate in /bin/busybox /usr/bin/busybox "$WORK/busybox/bin/busybox" "$WORK/busybox/usr/bin/busybox"; do
		if is_static "$candidate"; then echo "$candidate"; return; fi
	done
	say "setup: fetching busybox-static (log in .work/apt.log)" >&2
	apt_update_once >&2
	local dir
	dir=$(mktemp -d)
	chmod 755 "$dir"
	(cd "$dir" && apt-get -q download busybox-static >>"$WORK/apt.log" 2>&1) || die "cannot download busybox-static (.work/apt.log)"
	dpkg-deb -x "$dir"/busybox-static*.deb "$WORK/busybox"
	rm -rf "$dir"
	for candidate in "$WORK/busybox/bin/busybox" "$WORK/busybox/usr/bin/busybox"; do
		if is_static "$candidate"; then echo "$candidate"; return; fi
	done
	die "no static busybox in the package busybox-static"
}

# The label says which recipe built the image; change it with the recipe, and old images are rebuilt.
RECIPE=1
image_recipe() { docker image inspect --format '{{index .Config.Labels "berth.test.recipe"}}' "$IMAGE" 2>/dev/null; }

build_image() {
	local busybox rootfs
	busybox=$(static_busybox)
	rootfs=$(mktemp -d)
	mkdir -p "$rootfs"/{bin,dev,etc,proc,root,sys,tmp,www}
	chmod 1777 "$rootfs/tmp"
	cp "$busybox" "$rootfs/bin/busybox"
	local applet
	for applet in $("$busybox" --list); do
		[ "$applet" = busybox ] || ln -s busybox "$rootfs/bin/$applet"
	done
	printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' >"$rootfs/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$rootfs/etc/group"
	echo 'hello from a berth task' >"$rootfs/www/index.html"
	tar -C "$rootfs" --numeric-owner --owner=0 --group=0 -c . | docker import \
		--change 'ENV PATH=/bin' --change 'CMD ["sh"]' --change "LABEL berth.test.recipe=$RECIPE" - "$IMAGE" >/dev/null
	rm -rf "$rootfs"
	say "setup: built the image $IMAGE from $busybox"
}

[ "$(image_recipe)" = "$RECIPE" ] || build_image
say "setup: ready"
