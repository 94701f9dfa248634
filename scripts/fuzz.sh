#!/usr/bin/env bash
# Runs every fuzz target of the tree for FUZZTIME each (default 60s), one after the other. A finding ends with exit code 1
# and the input that caused it, which Go keeps below testdata/fuzz of its package.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$ROOT"
FUZZTIME=${FUZZTIME:-60s}

# Only packages that contain a target are compiled for listing.
mapfile -t dirs < <(grep -rlE --include='*_test.go' '^func Fuzz[A-Z0-9_]' . | xargs -r -n1 dirname | sort -u)
[ "${#dirs[@]}" -gt 0 ] || die "there is no fuzz target in the tree"

targets=0
failed=0
for dir in "${dirs[@]}"; do
	list=$(go test -list '^Fuzz' "$dir") || { say "fuzz: $dir does not compile"; say "$list"; failed=$((failed + 1)); continue; }
	for target in $(grep '^Fuzz' <<<"$list"); do
		targets=$((targets + 1))
		say "fuzz: $dir $target for $FUZZTIME"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$FUZZTIME" -fuzzminimizetime 5s "$dir" || failed=$((failed + 1))
	done
done
say "fuzz: $targets targets, $failed with findings"
[ "$failed" = 0 ]
