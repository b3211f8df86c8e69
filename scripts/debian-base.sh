#!/bin/sh
# Makes the Debian base image of the boxes from Debian's packages, for hosts that reach a mirror but no container registry.
# usage: scripts/debian-base.sh [image:tag]      Needs root, debootstrap, tar and docker.
# DEBIAN_SUITE and DEBIAN_MIRROR choose another suite or mirror.
set -eu
image=${1:-minjoule-base:bookworm}
suite=${DEBIAN_SUITE:-bookworm}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

for program in debootstrap tar docker; do
    command -v "$program" >/dev/null || { echo "$program is missing: install it (apt-get install $program)" >&2; exit 2; }
done
[ "$(id -u)" = 0 ] || { echo "debootstrap needs root, this is uid $(id -u): run it with sudo" >&2; exit 2; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
echo "fetching $suite from $mirror: takes a minute or two"
debootstrap --variant=minbase --include=python3,python3-pip "$suite" "$folder/root" "$mirror" >"$folder/log" 2>&1 || {
    tail -20 "$folder/log" >&2
    echo "debootstrap failed: check the mirror $mirror (DEBIAN_MIRROR) and its suite $suite (DEBIAN_SUITE)" >&2
    exit 1
}
rm -rf "$folder"/root/var/cache/apt/archives/*.deb "$folder"/root/var/lib/apt/lists/*
tar -C "$folder/root" --numeric-owner --exclude=./dev --exclude=./proc --exclude=./sys -c . | docker import - "$image" >/dev/null
echo "imported $image"
