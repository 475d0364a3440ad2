#!/usr/bin/env bash
# Prints, in one run, Pinwheel's hook batches per second beside those of wrk posting the same body to the same server.
# Usage: benches/compare.sh [ROUNDS] [SECONDS]. Needs Debian's wrk; installs it where it may.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rounds=${1:-3}
seconds=${2:-5}
in_flight=32

command -v wrk >/dev/null || apt-get install -yq --no-install-recommends wrk >/dev/null
cargo build --release --locked --quiet --example compare
compare=target/release/examples/compare

work=$(mktemp -d)
"$compare" server >"$work/url" &
server=$!
trap 'kill "$server"; rm -rf "$work"' EXIT
until [[ -s $work/url ]]; do sleep 0.1; done
url=$(<"$work/url")

"$compare" body "$work/body"
cat >"$work/post.lua" <<LUA
local file = io.open("$work/body", "rb")
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = file:read("*a")
LUA

ratio() { awk -v ours="$1" -v theirs="$2" 'BEGIN { printf "%.2f", ours / theirs }'; }

printf 'event of %s bytes, %s in flight, %s s a round\n' "$(stat -c %s "$work/body")" "$in_flight" "$seconds"
printf '%-6s %12s %22s %30s\n' round 'wrk /s' 'hook calls /s (ratio)' 'whole run, batches /s (ratio)'
for round in $(seq "$rounds"); do
    wrk=$(wrk -t1 -c"$in_flight" -d"${seconds}s" -s "$work/post.lua" "$url" | awk '/Requests\/sec/ { printf "%.0f", $2 }')
    calls=$("$compare" calls "$url" "$seconds")
    run=$("$compare" run "$url" 500000 "$work/data$round")
    rm -rf "$work/data$round"
    printf '%-6s %12s %13s (%s) %21s (%s)\n' "$round" "$wrk" "$calls" "$(ratio "$calls" "$wrk")" "$run" "$(ratio "$run" "$wrk")"
done
