#!/bin/sh
#
# lint.sh FILE... - all checks that need no running server.
#
# BUILD is a build folder with configured modules.  NGINX_SRC is the nginx
# source tree to build the modules into, by default Debian's.

set -eu

BUILD=${BUILD:-build}
failed=0

flags="-std=gnu11 -I. -D_GNU_SOURCE $(pkg-config --cflags libxml-2.0)"
for library in vips pangocairo pangoft2 poppler-glib libqpdf libzip; do
    flags="$flags $(pkg-config --cflags "$library" | sed 's/-I/-isystem /g')"
done
nginx=$BUILD/nginx
for folder in src/core src/event src/event/modules src/os/unix src/http \
    src/http/modules src/http/v2 objs
do
    flags="$flags -I$nginx/$folder"
done

check() {
    name=$1
    shift
    echo "lint: $name"
    if ! "$@"; then
        echo "lint: $name: FAILED" >&2
        failed=1
    fi
}

sources() {
    printf '%s\n' "$@" | grep '\.c$'
}

headers() {
    printf '%s\n' "$@" | grep '\.h$'
}

format() {
    clang-format --dry-run -Werror "$@"
}

tidy() {
    sources "$@" | grep -vE '^(fuzz|t)/' |
        xargs -P "$(nproc)" -n 8 sh -c \
            'f=$1; shift; clang-tidy --quiet "$@" -- $f 2>/dev/null' \
            tidy "$flags"
}

analyse() {
    # shellcheck disable=SC2046,SC2086  # words are meant to be split
    cppcheck --quiet --enable=warning,performance,portability --inline-suppr \
        --suppressions-list=tools/cppcheck.txt --error-exitcode=1 \
        -j "$(nproc)" --std=c11 -I. -D_GNU_SOURCE -D__x86_64__ \
        $(sources "$@")
}

# Each header has all that it needs.
headers_alone() {
    bad=0
    for header in $(headers "$@"); do
        case $header in
        ngx_*) first='#include <ngx_config.h>' ;;
        *) first= ;;
        esac
        # shellcheck disable=SC2086  # words are meant to be split
        if ! printf '%s\n#include "%s"\n' "$first" "$header" |
            cc $flags -Wall -Wextra -Werror -Wno-unused-parameter \
                -fsyntax-only -x c -
        then
            bad=1
        fi
    done
    return $bad
}

# Neither is built for the tests.
benchmarks() {
    # shellcheck disable=SC2046,SC2086  # words are meant to be split
    cc $flags -Wall -Wextra -Werror -Wshadow -Wno-unused-parameter \
        -fsyntax-only $(sources "$@" | grep -E '^(bench|fuzz)/')
}

# includes_of PATTERN FORBIDDEN: files that match include nothing that does.
includes_of() {
    ! grep -nE "^# *include *[<\"]($2)" $1
}

layers() {
    bad=0
    includes_of 'core/*.[ch] core/auth/*.[ch] core/llm/*.[ch]' \
        'ngx_|uv\.h|engine/|cli/|curl/|hiredis/' || bad=1
    includes_of 'engine/*.[ch] engine/*/*.[ch]' 'ngx_|cli/' || bad=1
    for folder in agents assets graph http models nodes process template; do
        includes_of "engine/$folder/*.[ch]" \
            'engine/(jobs|wire|workflows)/|hiredis/' || bad=1
    done
    includes_of 'engine/http/*.[ch]' \
        'engine/(agents|assets|graph|models|nodes|process|template)/' || bad=1
    includes_of 'engine/assets/*.[ch] engine/template/*.[ch]' \
        'engine/(agents|graph|http|models|process)/' || bad=1
    includes_of 'engine/graph/*.[ch] engine/process/*.[ch]' \
        'engine/(agents|models|template)/' || bad=1
    includes_of 'packs/*/*.[ch]' \
        'ngx_|uv\.h|cli/|engine/(agents|graph|http|models|process)/' || bad=1
    includes_of 'packs/*/*.[ch]' 'engine/(assets|jobs|wire|workflows)/' || bad=1
    includes_of 'cli/*.[ch]' 'ngx_' || bad=1

    for folder in ngx_nodetool_*; do
        if grep -nE '^# *include *"(ngx_nodetool_|engine/|cli/)' \
            "$folder"/*.[ch] |
            grep -vE "\"$folder/|\"ngx_nodetool_common/"
        then
            bad=1
        fi
    done
    return $bad
}

# package NAME PACKAGE SUITE FOLDER: gets a Debian package, says it when it cannot.
package() {
    status=0
    sh tools/debian.sh "$3" "$2" "$BUILD/$4" || status=$?
    if [ $status = 3 ]; then
        echo "lint: $1: skipped"
    fi
    return $status
}

# The modules against the headers of Debian 13's nginx.
trixie() {
    package trixie nginx-dev trixie trixie || return $(($? == 3 ? 0 : 1))
    make -s BUILD="$BUILD/lint-trixie" \
        NGINX_DEV="$BUILD/trixie/usr/share/nginx/src" modules
}

# The modules within an nginx.
static() {
    if [ -z "${NGINX_SRC:-}" ]; then
        package static src:nginx bookworm nginx-source ||
            return $(($? == 3 ? 0 : 1))
    fi
    make -s BUILD="$BUILD" NGINX_SRC="${NGINX_SRC:-}" "$BUILD/static/nginx" &&
        "$BUILD/static/nginx" -V 2>&1 | grep -q -- --add-module
}

check 'clang-format' format "$@"
check 'headers compile alone' headers_alone "$@"
check 'benchmarks and fuzz targets compile' benchmarks "$@"
check 'who includes whom' layers
check 'directives are documented' perl tools/lint-directives.pl
check 'cppcheck' analyse "$@"
check 'clang-tidy' tidy "$@"
check "modules with Debian 13's nginx" trixie
check 'modules within nginx' static

exit $failed
