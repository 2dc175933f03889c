#!/bin/sh
#
# deps.sh PACKAGE... - installs the Debian packages that are missing.
#
# Does nothing, and asks for no password, when all are there.

set -eu

# names of installed packages and of what they provide, one a line
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}, ${Provides}\n' |
    sed -n 's/^installed //p' | tr ',' '\n' | sed 's/^ *//; s/ .*//')

missing=
for package in "$@"; do
    if ! echo "$installed" | grep -qxF "$package"; then
        missing="$missing $package"
    fi
done

if [ -z "$missing" ]; then
    exit 0
fi

command="apt-get install -y --no-install-recommends$missing"

if [ "$(id -u)" = 0 ]; then
    sudo=
elif command -v sudo >/dev/null; then
    sudo=sudo
else
    echo "Packages are missing, and there is no sudo. As root, run:" >&2
    echo "    $command" >&2
    exit 1
fi

echo "Installing missing packages:"
echo "    $sudo $command"

# shellcheck disable=SC2086  # words are meant to be split
if ! DEBIAN_FRONTEND=noninteractive $sudo $command; then
    # the package lists may be old, or not there
    $sudo apt-get update
    if ! DEBIAN_FRONTEND=noninteractive $sudo $command; then
        echo "Packages could not be installed. As root, run:" >&2
        echo "    apt-get update && $command" >&2
        exit 1
    fi
fi
