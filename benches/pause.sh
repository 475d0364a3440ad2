#!/usr/bin/env bash
# Pauses a run in its midst, over a kill of the server, and checks that nobody is missed or sent to twice: imports endpoints,
# begins a campaign over the API, pauses it with the command line, kills the server, resumes, and counts what the sink got.
# Usage: benches/pause.sh [ENDPOINTS] [PORT]. Needs curl and jq. PINWHEEL names another binary than that of a release build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
endpoints=${1:-1000000}
port=${2:-5099}

for tool in curl jq; do
    command -v "$tool" >/dev/null || { echo "$tool is missing" >&2; exit 2; }
done
if [[ -z ${PINWHEEL:-} ]]; then
    cargo build --release --locked --quiet --bin pinwheel
    PINWHEEL=target/release/pinwheel
fi

work=$(mktemp -d)
server=
stop() { [[ -z $server ]] || { kill -9 "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true; }
trap 'stop; rm -rf "$work"' EXIT
fail() { echo "FAILED: $*" >&2; tail -n 20 "$work/log" >&2; exit 1; }

url="http://127.0.0.1:$port"
sink="$work/sink.jsonl"
serve() {
    "$PINWHEEL" serve --dev --listen "127.0.0.1:$port" --data "$work/data" --set 'telemetry.listen=' \
        --set 'channel.sink.types=["EMAIL"]' --set "channel.sink.path=$sink" >/dev/null 2>>"$work/log" &
    server=$!
    for _ in $(seq 300); do
        curl -s -o /dev/null "$url/v1/apps" && return
        kill -0 "$server" 2>/dev/null || fail "the server does not start"
        sleep 0.1
    done
    fail "the server does not answer"
}
post() { curl -sS --fail-with-body -H 'Content-Type: application/json' -d "$2" "$url$1"; }
sent() { if [[ -e $sink ]]; then wc -l <"$sink"; else echo 0; fi; }
status() { curl -sS "$url/v1/apps/$app/campaigns/$campaign" | jq -r .State.CampaignStatus; }
now() { date +%s.%N; }
since() { awk -v from="$1" -v to="$(now)" 'BEGIN { printf "%.2f s", to - from }'; }

serve
app=$(post /v1/apps '{"Name": "pause"}' | jq -r .Id)
stop
server=
seq "$endpoints" | awk '{ printf "{\"Id\":\"e%07d\",\"ChannelType\":\"EMAIL\",\"Address\":\"e%07d@example.com\"}\n", $1, $1 }' \
    >"$work/endpoints.json"
began=$(now)
"$PINWHEEL" import "$work/endpoints.json" --application "$app" --data "$work/data" >/dev/null 2>>"$work/log" ||
    fail "the import"
echo "imported $endpoints endpoints in $(since "$began")"

serve
segment=$(post "/v1/apps/$app/segments" '{"Name": "all", "Dimensions": {}}' | jq -r .Id)
began=$(now)
campaign=$(post "/v1/apps/$app/campaigns" "$(jq -n --arg segment "$segment" '{
    Name: "pause", SegmentId: $segment, Schedule: { StartTime: "IMMEDIATE" },
    MessageConfiguration: { EmailMessage: { Title: "Hello", Body: "World" } } }')" | jq -r .Id)
until (($(sent) > endpoints / 4)); do sleep 0.05; done
pausing=$(now)
"$PINWHEEL" activity pause "$campaign" --endpoint-url "$url" --data "$work/data" --json >"$work/paused.json"
took=$(since "$pausing")
before=$(sent)
sleep 3
[[ $(sent) == "$before" ]] || fail "something was sent after the pause was acknowledged"
[[ $(status) == PAUSED ]] || fail "the campaign is $(status), not PAUSED"
jq -e --argjson sent "$before" --argjson all "$endpoints" '.Activities[0] | .State == "PAUSED" and .Fates.SENT == $sent
    and .EndpointCount == $all and .Fates.SENT + .OpenEndpointCount == $all' "$work/paused.json" >/dev/null ||
    fail "the boundary does not add up: $(cat "$work/paused.json")"
jq -r '.Activities[0] | "paused: \(.Fates.SENT) sent, \(.OpenEndpointCount) open; of \(.BatchCount) batches \(.DoneBatchCount) done, \(.CutOffBatchCount) cut off, \(.LeftBatchCount) not begun"' \
    "$work/paused.json"
echo "the pause took $took"

stop
serve
sleep 3
[[ $(status) == PAUSED && $(sent) == "$before" ]] || fail "the pause did not outlive the server"
"$PINWHEEL" activity resume "$campaign" --endpoint-url "$url" --data "$work/data"
until [[ $(status) == COMPLETED ]]; do
    kill -0 "$server" || fail "the server is gone"
    sleep 0.2
done
echo "completed, $(since "$began") after the start"
curl -sS "$url/pinwheel/v1/activities/$campaign" | jq -e --argjson all "$endpoints" \
    '.Activities[0] | .State == "COMPLETED" and .Fates == { SENT: $all } and .EndpointCount == $all' >/dev/null ||
    fail "the fates are not $endpoints SENT"
[[ $(sent) == "$endpoints" ]] || fail "the sink got $(sent) messages"
different=$(grep -o 'e[0-9]\{7\}@example.com' "$sink" | sort -u | wc -l)
[[ $different == "$endpoints" ]] || fail "the sink's messages are for $different endpoints"
echo "$endpoints endpoints, each sent to exactly once"
