#!/usr/bin/env bash
# Shows the whole way of one task: registered, run, looked at, reached, stopped. Everything it starts ends with it.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$ROOT"
exec </dev/null

if [ -t 1 ]; then BOLD=$'\e[1m' DIM=$'\e[2m' OFF=$'\e[0m'; else BOLD="" DIM="" OFF=""; fi

N=0
step() { N=$((N + 1)); printf '\n%s%d. %s%s\n' "$BOLD" "$N" "$*" "$OFF"; }
note() { printf '   %s\n' "$*"; }
# show prints a command as a reader would type it.
show() { printf '   %s$ %s%s\n' "$DIM" "$*" "$OFF"; }
indent() { sed 's/^/   /'; }
# ecs runs the real AWS CLI against Berth. AWS CLI 2.9 knows no AWS_ENDPOINT_URL, so the address goes along each time.
ecs() { "$AWS" ecs --endpoint-url "$URL" "$@"; }

BERTH_PID=""
DATA=""
finish() {
	local status=$?
	trap - EXIT INT TERM
	if [ -n "$BERTH_PID" ] && kill -0 "$BERTH_PID" 2>/dev/null; then
		kill -TERM "$BERTH_PID"
		for _ in $(seq 100); do kill -0 "$BERTH_PID" 2>/dev/null || break; sleep 0.1; done
		kill -KILL "$BERTH_PID" 2>/dev/null || true
	fi
	if [ "$status" != 0 ] && [ -n "$DATA" ]; then
		say ""
		say "The demo failed. The last lines of berth's log:"
		tail -n 25 "$DATA/log" 2>/dev/null | indent
	fi
	[ -z "$DATA" ] || rm -rf "$DATA"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

step "Get the machine ready (AWS CLI, Docker, a test image from the local busybox)"
show make setup
bash scripts/setup.sh | indent

step "Build Berth: one binary"
show make build
make --no-print-directory build | indent
note "$(du -h bin/berth | cut -f1) bin/berth"

step "Start it: control plane and agent in one process"
PORT=$(free_port)
URL=http://127.0.0.1:$PORT
DATA=$(mktemp -d)
export AWS_ACCESS_KEY_ID=berth AWS_SECRET_ACCESS_KEY=berth-secret AWS_DEFAULT_REGION=us-east-1
unset AWS_PROFILE AWS_SESSION_TOKEN
show "bin/berth dev --listen 127.0.0.1:$PORT"
# The image exists only on this machine, so a registry is asked only for what is not here.
ECS_IMAGE_PULL_BEHAVIOR=prefer-cached BERTH_ACCESS_KEY_ID=berth BERTH_SECRET_ACCESS_KEY=berth-secret \
	bin/berth dev --listen "127.0.0.1:$PORT" --data "$DATA/berth" >"$DATA/log" 2>&1 &
BERTH_PID=$!
alive_and_healthy() { kill -0 "$BERTH_PID" && curl -sf "$URL/healthz"; }
wait_for 30 alive_and_healthy || die "berth dev does not answer on $URL/healthz"
instances() { [ "$(ecs list-container-instances --query 'length(containerInstanceArns)')" -ge 1 ]; }
wait_for 30 instances || die "the agent did not register"
note "It answers on $URL and this machine is its first container instance. For your own shell:"
note "  export AWS_ACCESS_KEY_ID=$AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY=$AWS_SECRET_ACCESS_KEY AWS_DEFAULT_REGION=$AWS_DEFAULT_REGION"
show aws ecs --endpoint-url "$URL" describe-clusters
ecs describe-clusters --query 'clusters[0].{cluster:clusterName,status:status,instances:registeredContainerInstancesCount}' | indent

step "Register a task definition: a web server, 64 MiB, container port 8080 on a host port that Docker picks"
DEFINITION='[{"name":"web","image":"'$IMAGE'","command":["httpd","-f","-p","8080","-h","/www"],"memory":64,"stopTimeout":2,"portMappings":[{"containerPort":8080}]}]'
show aws ecs --endpoint-url "$URL" register-task-definition --family hello --container-definitions "'$DEFINITION'"
ecs register-task-definition --family hello --container-definitions "$DEFINITION" \
	--query 'taskDefinition.{arn:taskDefinitionArn,status:status}' | indent

step "Run it"
show aws ecs --endpoint-url "$URL" run-task --task-definition hello --count 1
TASK=$(ecs run-task --task-definition hello --query 'tasks[0].taskArn' --output text)
note "$TASK"
show aws ecs --endpoint-url "$URL" wait tasks-running --tasks "$TASK"
ecs wait tasks-running --tasks "$TASK"
note "it runs"

step "Look at it: what ECS says, and what Docker says"
show aws ecs --endpoint-url "$URL" describe-tasks --tasks "$TASK"
ecs describe-tasks --tasks "$TASK" --query 'tasks[0].{lastStatus:lastStatus,desiredStatus:desiredStatus,containers:containers[].{name:name,runtimeId:runtimeId,networkBindings:networkBindings}}' | indent
show docker ps --filter "label=com.amazonaws.ecs.task-arn=$TASK"
docker ps --filter "label=com.amazonaws.ecs.task-arn=$TASK" \
	--format 'table {{.ID}}\t{{.Names}}\t{{.Status}}\t{{.Ports}}\t{{.Label "com.amazonaws.ecs.container-name"}}' | indent

step "Talk to it"
HOST_PORT=$(ecs describe-tasks --tasks "$TASK" --query 'tasks[0].containers[0].networkBindings[0].hostPort' --output text)
show curl "http://127.0.0.1:$HOST_PORT/"
curl -sS --retry 5 --retry-connrefused --retry-delay 1 "http://127.0.0.1:$HOST_PORT/" | indent

step "Stop it"
show aws ecs --endpoint-url "$URL" stop-task --task "$TASK" --reason "'the demo is over'"
ecs stop-task --task "$TASK" --reason "the demo is over" --query 'task.{lastStatus:lastStatus,desiredStatus:desiredStatus}' | indent
show aws ecs --endpoint-url "$URL" wait tasks-stopped --tasks "$TASK"
ecs wait tasks-stopped --tasks "$TASK"
ecs describe-tasks --tasks "$TASK" --query 'tasks[0].{lastStatus:lastStatus,stopCode:stopCode,stoppedReason:stoppedReason,exitCode:containers[0].exitCode}' | indent

step "End Berth: it takes its containers along"
kill -TERM "$BERTH_PID"
wait "$BERTH_PID" || die "berth dev did not end cleanly"
BERTH_PID=""
LEFT=$(docker ps -aq --filter "label=com.amazonaws.ecs.task-arn=$TASK" | wc -l)
[ "$LEFT" = 0 ] || die "$LEFT container of the demo is left"
note "no container is left"
say ""
say "Next: docs/architecture.md shows the house, docs/testing.md the tests, \`make test\` runs them all."
