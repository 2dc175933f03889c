#!/bin/sh
#
# Runs a second and values a second of the graph runner.  Prints each beside
# its floor.  BUILD is the build folder.

set -e
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}

make -s BUILD="$BUILD" "$BUILD/libnodetool-engine.a" "$BUILD/libnodetool-core.a"
mkdir -p "$BUILD/bench"
${CC:-cc} -I. -D_GNU_SOURCE -std=gnu11 -O2 -o "$BUILD/bench/graph" \
    bench/graph.c "$BUILD/libnodetool-engine.a" "$BUILD/libnodetool-core.a" \
    -ljansson -luv -lhiredis -lcurl -lssl -lcrypto -lpcre2-8 -lm -ldl -lpthread
exec "$BUILD/bench/graph"
