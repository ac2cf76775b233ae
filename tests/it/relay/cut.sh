#!/usr/bin/env bash
# Cuts the line between a gateway and the relay and mends it, in network namespaces of its own: the relay and the manager
# in the one, the gateway in the other, a pair of virtual cables between them.
#
#   unshare --net --pid --fork --kill-child --mount-proc cut.sh BINARY CONFIG_FILE FOLDER
#
# It is the first process of a namespace of processes: whatever runs in there ends with it.
set -euo pipefail
binary=$1 config=$2 folder=$3
export PATH=$PATH:/usr/sbin:/sbin
fail() { echo "FAILED: $*" >&2 && exit 1; }
# Waits, at most 60 s, until a command succeeds.
until_ok() {
    for _ in $(seq 600); do
        if "$@" >/dev/null 2>&1; then return; fi
        sleep 0.1
    done
    fail "waited in vain for: $*"
}

ip link set lo up
unshare --net sleep 600 &
there=$!
apart() { [ "$(readlink /proc/self/ns/net)" != "$(readlink /proc/$there/ns/net)" ]; }
until_ok apart
ip link add here type veth peer name there
until_ok ip link set there netns $there
on_gateway() { nsenter --target $there --net "$@"; }
ip address add 10.77.0.1/24 dev here
ip link set here up
on_gateway ip link set lo up
on_gateway ip address add 10.77.0.2/24 dev there
on_gateway ip link set there up

"$binary" serve --config "$config" >"$folder/log" 2>&1 &
until_ok "$binary" --config "$config" relay peers
for name in gateway manager; do
    "$binary" --config "$config" pki relay --name $name --out "$folder" >/dev/null
done
url=wss://10.77.0.1:5050/micronets/v1/ws-proxy/gw/7
root=$folder/data/pki/relay/root.cert.pem
mkdir "$folder/served" && echo here >"$folder/served/answer"
on_gateway python3 -m http.server 8080 --bind 127.0.0.1 --directory "$folder/served" >/dev/null 2>&1 &
on_gateway "$binary" relay serve-http $url --cert "$folder/gateway.pkeycert.pem" --ca "$root" \
    --to http://127.0.0.1:8080 >"$folder/gateway.log" 2>&1 &
"$binary" relay connect $url --cert "$folder/manager.pkeycert.pem" --ca "$root" --timeout 2s \
    --listen 127.0.0.1:5001 >"$folder/manager.log" 2>&1 &
asked() { curl --silent --output /dev/null --max-time 5 --write-out '%{http_code}' http://127.0.0.1:5001/answer || true; }
answers() { [ "$(asked)" = 200 ]; }
until_ok answers
peers() { "$binary" --config "$config" --json relay peers | python3 -c 'import json,sys; print(*[p["state"] for p in json.load(sys.stdin)])'; }
[ "$(peers)" = "paired paired" ] || fail "there are: $(peers)"

for round in $(seq "${GATELODGE_TEST_CUTS:-1}"); do
    # No word goes either way any more; neither end is told.
    on_gateway ip link set there down
    status=$(asked)
    [ "$status" = 504 ] || [ "$status" = 503 ] || fail "round $round: while the line is cut a request gets $status"
    # The relay notices by itself, and the manager, told so, waits for the next gateway.
    alone() { [ "$(peers)" = "waiting" ]; }
    until_ok alone
    [ "$(asked)" = 503 ] || fail "round $round: without a gateway a request does not get 503"
    on_gateway ip link set there up
    until_ok answers
    [ "$(peers)" = "paired paired" ] || fail "round $round: there are: $(peers)"
done
grep -q ping_timeout "$folder/log" || fail "the log does not say why the gateway went"
echo GOOD
