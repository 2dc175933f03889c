#!/bin/sh
#
# debian.sh SUITE PACKAGE FOLDER - unpacks a package of a Debian release into
# FOLDER: PACKAGE is the name of a binary package, or src:NAME for the source
# package NAME, whose tree is FOLDER/NAME.
#
# Asks the archive that this machine's own apt asks, in apt state of its own,
# so that nothing of this machine changes.  Exit status 3: it cannot be had
# here.

set -eu

suite=$1 package=$2 folder=$3

if [ -e "$folder/complete" ]; then
    exit 0
fi

rm -rf "$folder"
mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial" \
    "$folder/apt/parts"
folder=$(cd "$folder" && pwd)
apt=$folder/apt

# the main archive of this machine, with that suite
for source in /etc/apt/sources.list /etc/apt/sources.list.d/*.sources \
    /etc/apt/sources.list.d/*.list
do
    if [ -f "$source" ] && grep -q bookworm "$source"; then
        sed -e '/bookworm-security/d' \
            -e 's/bookworm-updates//; s/bookworm-backports//' \
            -e "s/bookworm/$suite/g" "$source" \
            > "$apt/parts/$(basename "$source")"
    fi
done

# a stanza that has lost its suite goes with its other lines
for source in "$apt"/parts/*.sources; do
    [ -f "$source" ] || continue
    awk -v suite="$suite" 'BEGIN { RS = ""; ORS = "\n\n" }
        $0 ~ "Suites: *" suite' "$source" > "$source.new"
    mv "$source.new" "$source"
done

case $package in
src:*)
    for source in "$apt"/parts/*.*; do
        sed -i -e 's/^Types:.*/Types: deb-src/; s/^deb /deb-src /' "$source"
    done
    ;;
esac

cat > "$apt/apt.conf" <<EOF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$apt/parts";
Dir::State::lists "$apt/lists";
Dir::Cache "$apt/cache";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "20";
APT::Sandbox::User "";
EOF
export APT_CONFIG="$apt/apt.conf"

download() {
    apt-get update -qq || return 1
    case $package in
    src:*) apt-get source -qq --download-only "${package#src:}" ;;
    *) apt-get download -qq "$package" ;;
    esac
}

if ! (cd "$folder" && download) > "$apt/log" 2>&1; then
    echo "Debian's $package of $suite cannot be had here:" >&2
    sed 's/^/    /' "$apt/log" >&2
    exit 3
fi

case $package in
src:*)
    dpkg-source -x "$folder"/*.dsc "$folder/${package#src:}" > "$apt/log" 2>&1 || {
        cat "$apt/log" >&2
        exit 1
    }
    ;;
*)
    dpkg-deb -x "$folder"/*.deb "$folder"
    ;;
esac

rm -rf "$apt"
touch "$folder/complete"
