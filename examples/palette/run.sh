#!/bin/sh
# Publishes the example packs to a test Harbor, and makes a test Palette register
# the registry, read it and show the packs; then stops both. Needs go and .bin/registry.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
: >"$work/harbor.env"
: >"$work/palette.env"
servers=
finish() {
  status=$?
  for s in $servers; do { kill "$s" && wait "$s"; } 2>/dev/null || :; done
  rm -rf "$work"
  exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM

go build -o "$work/" ./internal/registrytest/harbortest/cmd/harbortest ./internal/palettetest/cmd/palettetest
packs=$work/packs
CGO_ENABLED=0 go build -o "$packs" ./cmd/packs

"$work/harbortest" -addr 127.0.0.1:0 >"$work/harbor.env" 2>"$work/log" &
harbor=$!
"$work/palettetest" -addr 127.0.0.1:0 >"$work/palette.env" 2>>"$work/log" &
servers="$harbor $!"
tries=0
until grep -q HARBOR_ADMIN_PASSWORD "$work/harbor.env" && grep -q PALETTE_API_KEY "$work/palette.env"; do
  tries=$((tries + 1))
  if [ $tries -gt 300 ] || ! kill -0 "$harbor" 2>/dev/null; then
    cat "$work/log" >&2
    exit 1
  fi
  sleep 0.1
done
. "$work/harbor.env"
. "$work/palette.env"
export HARBOR_HOST HARBOR_USER="$HARBOR_ADMIN" HARBOR_TOKEN="$HARBOR_ADMIN_PASSWORD" PALETTE_URL PALETTE_API_KEY
export PACKS_CACHE_DIR="$work/cache" DOCKER_CONFIG="$work/docker"

run() {
  printf '\n$ packs %s\n' "$*"
  "$packs" -q "$@"
}
cd examples/palette
run apply --yes
run palette plan
run palette register --yes
run palette sync --wait
run palette status
run palette verify
printf '\nFrom then on, one command does all of it:\n'
run apply --yes --palette
printf '\nWith a key that may only look:\n'
PALETTE_API_KEY=$PALETTE_VIEWER_KEY
export PALETTE_API_KEY
run palette verify
