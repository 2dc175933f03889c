#!/bin/sh
#
# The cost of an event from a provider's dialect to a client's API, beside
# passing it through.  BUILD is the build folder.

set -e
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}

make -s BUILD="$BUILD" "$BUILD/bench/translate"
exec "$BUILD/bench/translate"
