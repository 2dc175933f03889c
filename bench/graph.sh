#!/bin/sh
#
# Runs a second and values a second of the graph runner, each beside its
# floor.  BUILD is the build folder.

set -e
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}

make -s BUILD="$BUILD" "$BUILD/bench/graph"
exec "$BUILD/bench/graph"
