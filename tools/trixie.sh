#!/bin/sh
#
# trixie.sh FOLDER - unpacks the nginx-dev of Debian 13 into FOLDER, whose
# usr/share/nginx/src then has the headers of its nginx.
#
# Asks the archive that this machine's own apt asks, in apt state of its own,
# so that nothing of this machine changes.  Exit status 3: it cannot be had
# here.

set -eu

folder=$1
apt=$folder/apt

if [ -d "$folder/usr/share/nginx/src" ]; then
    exit 0
fi

rm -rf "$folder"
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/parts"
folder=$(cd "$folder" && pwd)
apt=$folder/apt

# the main archive of this machine, with the suite of Debian 13
for source in /etc/apt/sources.list /etc/apt/sources.list.d/*.sources \
    /etc/apt/sources.list.d/*.list
do
    if [ -f "$source" ] && grep -q bookworm "$source"; then
        sed -e '/bookworm-security/d' \
            -e 's/bookworm-updates//; s/bookworm-backports//' \
            -e 's/bookworm/trixie/g' "$source" \
            > "$apt/parts/$(basename "$source")"
    fi
done

# a stanza that has lost its suite goes with its other lines
for source in "$apt"/parts/*.sources; do
    [ -f "$source" ] || continue
    awk 'BEGIN { RS = ""; ORS = "\n\n" } /Suites: *trixie/' "$source" \
        > "$source.new"
    mv "$source.new" "$source"
done

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

if ! apt-get update -qq > "$apt/log" 2>&1 ||
    ! (cd "$folder" && apt-get download -qq nginx-dev > "$apt/log" 2>&1)
then
    echo "Debian 13's nginx-dev cannot be had here:" >&2
    sed 's/^/    /' "$apt/log" >&2
    exit 3
fi

dpkg-deb -x "$folder"/nginx-dev_*.deb "$folder"
rm -rf "$apt"
