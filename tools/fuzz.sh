#!/bin/sh
#
# fuzz.sh FOLDER TARGET SECONDS - runs the fuzz target FOLDER/TARGET.
#
# Inputs that reach new code are kept in FOLDER/TARGET.corpus; the seeds of
# fuzz/corpus/TARGET are only read.  An input that fails is left as
# FOLDER/TARGET-crash-*.

set -eu

folder=$1 target=$2 seconds=$3

echo "fuzz: $target, $seconds s"
mkdir -p "$folder/$target.corpus"

if ! "$folder/$target" -max_total_time="$seconds" -timeout=10 -max_len=4096 \
    -print_final_stats=1 -artifact_prefix="$folder/$target-" \
    "$folder/$target.corpus" "fuzz/corpus/$target" \
    > "$folder/$target.log" 2>&1
then
    tail -n 40 "$folder/$target.log" >&2
    exit 1
fi

grep number_of_executed_units "$folder/$target.log"
