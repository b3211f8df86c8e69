#!/bin/sh
# Builds the images that docker-compose.yml wants from Debian's packages, for a machine that reaches a mirror but no registry.
# Then: POSTGRES_IMAGE=minjoule/postgres:local REDIS_IMAGE=minjoule/redis:local docker-compose up -d
# usage: scripts/compose-images.sh [PYTHON]     PYTHON: a 3.11 of this machine, which fills the folder of wheels.
set -eu
cd "$(dirname "$0")/.."
exec 9>"${TMPDIR:-/tmp}/minjoule-compose-images.lock"
! command -v flock >/dev/null || flock 9 # a second one waits, and finds all built
base=minjoule-base:bookworm
docker image inspect "$base" >/dev/null 2>&1 || scripts/debian-base.sh "$base"
sh scripts/wheels.sh ${1:-}
for name in postgres redis server; do
    echo "building minjoule/$name:local"
    docker build --quiet --build-arg BASE_IMAGE="$base" --file "deploy/Dockerfile.$name" --tag "minjoule/$name:local" . >/dev/null
done
