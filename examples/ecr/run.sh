#!/bin/sh
# Publishes the example packs to a test server that answers as Amazon ECR does,
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

go build -o "$work/" ./internal/registrytest/ecrtest/cmd/ecrtest ./internal/registrytest/ecrtest/cmd/ecrpassword
packs=$work/packs
CGO_ENABLED=0 go build -o "$packs" ./cmd/packs

"$work/ecrtest" -port 0 -regions us-east-1 -dir "$work" >"$work/env" 2>"$work/log" &
server=$!
tries=0
until grep -q '^# account' "$work/env"; do
  tries=$((tries + 1))
  if [ $tries -gt 300 ] || ! kill -0 "$server" 2>/dev/null; then
    cat "$work/log" >&2
    exit 1
  fi
  sleep 0.1
done
# What leads to the real service must not lead there now.
unset AWS_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_ACCOUNT
. "$work/env"
export AWS_CONFIG_FILE="$work/none" AWS_EC2_METADATA_DISABLED=true PACKS_CACHE_DIR="$work/cache" DOCKER_CONFIG="$work/docker"
host=$(sed -n 's/^# account .*: \([^ ]*\) .*/\1/p' "$work/env")

run() {
  printf '\n$ packs %s\n' "$*"
  "$packs" -q "$@"
}
cd examples/ecr
run plan
run apply --yes
printf '\nThe same again finds nothing to do:\n'
run apply --yes
run doctor

# What oras sees: the archive as the vendor's document makes it by hand.
cd "$work"
ref=$host/packs/spectro-packs/archive/hello-page:1.1.0
printf '\n$ oras pull %s\n' "$ref"
./ecrpassword | "$root/.bin/oras" pull --plain-http --username AWS --password-stdin "$ref"
tar -tzf hello-page-1.1.0.tar.gz
