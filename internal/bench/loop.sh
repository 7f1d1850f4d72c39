#!/bin/sh
# What people do without packs: one pack after another (or WORKERS at once),
# tar it and push it with oras.
# usage: loop.sh HOST/BASE PACKS_DIR WORKERS     (env: ORAS)
set -eu
target=$1 workers=$3
cd "$2"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export target work
ls -d ./*/ | xargs -P "$workers" -I{} sh -euc '
	folder=$(basename "$1")
	name=$(jq -r .name "$folder/pack.json") version=$(jq -r .version "$folder/pack.json")
	tar -czf "$work/$name-$version.tar.gz" "$folder"
	cd "$work"
	"$ORAS" push --image-spec v1.0 --plain-http "$target/spectro-packs/archive/$name:$version" "$name-$version.tar.gz" >/dev/null
	rm "$name-$version.tar.gz"
' sh {}
