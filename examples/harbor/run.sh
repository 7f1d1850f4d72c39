#!/bin/sh
# Publishes the example packs to a test server that answers as Harbor does,
# pulls one back with oras, and stops the server. Needs go and .bin/{registry,oras}.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
work=$(mktemp -d)
: >"$work/env"
server=
finish() {
  status=$?
  [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || :
  rm -rf "$work"
  exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM

go build -o "$work/" ./internal/registrytest/harbortest/cmd/harbortest
packs=$work/packs
CGO_ENABLED=0 go build -o "$packs" ./cmd/packs

"$work/harbortest" -addr 127.0.0.1:0 >"$work/env" 2>"$work/log" &
server=$!
tries=0
until grep -q HARBOR_ADMIN_PASSWORD "$work/env"; do
  tries=$((tries + 1))
  if [ $tries -gt 300 ] || ! kill -0 "$server" 2>/dev/null; then
    cat "$work/log" >&2
    exit 1
  fi
  sleep 0.1
done
. "$work/env"
export HARBOR_HOST HARBOR_USER="$HARBOR_ADMIN" HARBOR_TOKEN="$HARBOR_ADMIN_PASSWORD"
export PACKS_CACHE_DIR="$work/cache" DOCKER_CONFIG="$work/docker"

run() {
  printf '\n$ packs %s\n' "$*"
  "$packs" -q "$@"
}
cd examples/harbor
run plan
run apply --yes
printf '\nThe same again finds nothing to do:\n'
run apply --yes
run doctor

# What oras sees: the archive as the vendor's document makes it by hand.
cd "$work"
ref=$HARBOR_HOST/platform/spectro-packs/archive/hello-page:1.1.0
printf '\n$ oras pull %s\n' "$ref"
printf %s "$HARBOR_TOKEN" | "$root/.bin/oras" pull --plain-http --username "$HARBOR_USER" --password-stdin "$ref"
tar -tzf hello-page-1.1.0.tar.gz
