#!/bin/sh
# A scaling hook whose hosts are agents on this machine: `scale-out N` starts N of them, `scale-in HOST` stops one.
# It needs a shell, setsid and the local Docker Engine; see docs/capacity.md. Start it by way of a server:
#
#   berth dev --scaling-hook local=examples/local-hosts/hook.sh --scaling-host local=512,512
#
# Settings, all from the environment of the server:
#   LOCAL_HOSTS_DIR      folder of the hosts' data and logs        (default: ~/.berth/local-hosts)
#   LOCAL_HOSTS_CPU      CPU units that each host declares         (default: 512)
#   LOCAL_HOSTS_MEMORY   MiB that each host declares               (default: 512)
#   LOCAL_HOSTS_MAX      hosts of the group at most                (default: 8)
#   LOCAL_HOSTS_FLAGS    further flags of `berth agent`            (default: none)
#   BERTH_AGENT_ACCESS_KEY_ID, BERTH_AGENT_SECRET_ACCESS_KEY       the agents' key (default: that of `berth dev`)
set -eu

action=${1:?scale-out or scale-in} argument=${2:?a number of hosts or the name of one}
: "${BERTH_GROUP:?is set by the server}" "${BERTH_CLUSTER:?is set by the server}" "${BERTH_SERVER:?is set by the server}"
berth=${BERTH_BINARY:-berth}
root=${LOCAL_HOSTS_DIR:-$HOME/.berth/local-hosts}/$BERTH_GROUP
mkdir -p "$root"

# alive NAME: the process with the host's pid is the host's agent, not another that got its number.
alive() {
	pid=$(cat "$root/$1/pid" 2>/dev/null) || return 1
	tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "--data $root/$1/agent "
}

start() {
	host=$1
	mkdir -p "$root/$host"
	rm -f "$root/$host/pid"
	# The agent gets a session of its own, so that nothing that ends the server's terminal ends it, and its log in a file, so
	# that nobody waits for its output. The shell writes its pid and becomes it.
	BERTH_ACCESS_KEY_ID=${BERTH_AGENT_ACCESS_KEY_ID:-berth} \
	BERTH_SECRET_ACCESS_KEY=${BERTH_AGENT_SECRET_ACCESS_KEY:-berth-secret} \
		setsid sh -c 'echo $$ >"$1/pid"; shift; exec "$@"' sh "$root/$host" \
		"$berth" agent --server "$BERTH_SERVER" --cluster "$BERTH_CLUSTER" --data "$root/$host/agent" --group "$BERTH_GROUP" \
		--attribute "berth.host=$host" --cpu "${LOCAL_HOSTS_CPU:-512}" --memory "${LOCAL_HOSTS_MEMORY:-512}" \
		${LOCAL_HOSTS_FLAGS:-} </dev/null >>"$root/$host/log" 2>&1 &
	tries=0
	until alive "$host"; do
		tries=$((tries + 1))
		if [ $tries -gt 50 ]; then echo "$host does not start; see $root/$host/log" >&2; exit 1; fi
		sleep 0.1
	done
	echo "started $host"
}

# stop ends an agent and forgets its identity: the server deregisters the instance next. A host that is gone is no error.
stop() {
	if alive "$1"; then
		kill "$pid"
		tries=0
		while alive "$1"; do
			tries=$((tries + 1))
			if [ $tries -gt 150 ]; then kill -9 "$pid"; break; fi
			sleep 0.2
		done
	fi
	# The host takes its ended containers with it.
	if [ -n "${BERTH_INSTANCE_ARN:-}" ] && command -v docker >/dev/null; then
		docker ps -aq --filter "label=dev.berth.container-instance=$BERTH_INSTANCE_ARN" | xargs -r docker rm -f -v >/dev/null || true
	fi
	rm -rf "${root:?}/$1"
	echo "stopped $1"
}

case $action in
scale-out)
	left=$argument number=1
	while [ "$left" -gt 0 ]; do
		if [ $number -gt "${LOCAL_HOSTS_MAX:-8}" ]; then
			echo "$left hosts less than asked for: all ${LOCAL_HOSTS_MAX:-8} are there" >&2
			exit 0
		fi
		host=$BERTH_CLUSTER-$number
		if ! alive "$host"; then
			start "$host"
			left=$((left - 1))
		fi
		number=$((number + 1))
	done
	;;
scale-in)
	case $argument in
	*[!A-Za-z0-9_-]* | '') echo "$argument is no host of this hook" >&2; exit 1 ;;
	esac
	stop "$argument"
	;;
*)
	echo "neither scale-out nor scale-in: $action" >&2
	exit 2
	;;
esac
