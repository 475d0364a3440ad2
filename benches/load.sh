#!/usr/bin/env bash
# Prints, in one run, the latencies that `pinwheel load` measures beside those of oha, which like wrk2 paces its requests and
# counts latency from when each was due. Both call the same slow hook on loopback with events of the same size, in turn.
# Usage: benches/load.sh [ROUNDS] [SECONDS] [RATE]. Needs jq, and oha 1.9 or later (cargo install oha).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rounds=${1:-3}
seconds=${2:-20}
rate=${3:-5000}

for tool in jq oha; do
    command -v "$tool" >/dev/null || { echo "$tool is missing: cargo install oha, apt-get install jq" >&2; exit 2; }
done
cargo build --release --locked --quiet --bin pinwheel --example compare
compare=target/release/examples/compare
pinwheel=target/release/pinwheel

work=$(mktemp -d)
"$compare" slow >"$work/url" &
server=$!
trap 'kill "$server"; rm -rf "$work"' EXIT
until [[ -s $work/url ]]; do sleep 0.1; done
url=$(<"$work/url")
"$compare" body "$work/body"
bytes=$(stat -c %s "$work/body")

ours() {
    "$pinwheel" load "$url" --rate "$rate/s" --duration "${seconds}s" --warm-up 3s --bytes $((bytes / 50 - 40)) \
        --json "$work/ours.json" >/dev/null 2>"$work/ours.log" || { cat "$work/ours.log" >&2; exit 1; }
    jq -r '[.latency.from_intended.successes.p50_ms, .latency.from_intended.successes.p99_ms, .rates.sent_per_s,
        .scheduling.p50_ms, .scheduling.p99_ms, .scheduling.max_ms, .totals.failed] | @tsv' "$work/ours.json"
}

# As many connections as calls may be in flight, three times over.
theirs() {
    oha --no-tui --output-format json -z "${seconds}s" -q "$rate" -c $((rate * 25 / 1000 * 3)) --latency-correction \
        -m POST -T application/json -D "$work/body" "$url" >"$work/theirs.json"
    jq -r '[.latencyPercentiles.p50 * 1000, .latencyPercentiles.p99 * 1000, .summary.requestsPerSec] | @tsv' \
        "$work/theirs.json"
}

difference() { awk -v ours="$1" -v theirs="$2" 'BEGIN { printf "%+.1f%%", (ours / theirs - 1) * 100 }'; }

printf 'event of %s bytes, %s/s, %s s a round; the hook takes 20 ms and an exponential rest of 5 ms\n' \
    "$bytes" "$rate" "$seconds"
printf 'what the hook alone takes: p50 23.47 ms, p99 43.03 ms\n'
printf '%-6s %10s %10s %9s %10s %10s %9s   %s\n' round 'p50 ours' 'p50 oha' diff 'p99 ours' 'p99 oha' diff \
    'sent ours, oha; our scheduling error p50, p99, max ms; failed'
for round in $(seq "$rounds"); do
    read -r p50 p99 sent lag50 lag99 lagmax failed < <(ours)
    read -r oha50 oha99 ohasent < <(theirs)
    printf '%-6s %10.2f %10.2f %9s %10.2f %10.2f %9s   %.0f/s %.0f/s; %.2f %.2f %.2f; %s\n' "$round" \
        "$p50" "$oha50" "$(difference "$p50" "$oha50")" "$p99" "$oha99" "$(difference "$p99" "$oha99")" \
        "$sent" "$ohasent" "$lag50" "$lag99" "$lagmax" "$failed"
done
