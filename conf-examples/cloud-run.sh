#!/bin/sh
#
# cloud-run.sh - what the container runs: an engine, and nginx with
# cloud-run.conf. Ends both in order on SIGTERM, within Cloud Run's ten
# seconds, and ends when one of them does, so that the container is restarted.

set -eu

PORT=${PORT:-8080}
NODETOOL_HOME=${NODETOOL_HOME:-/tmp/nodetool}
CONF=${NODETOOL_NGINX_CONF:-/etc/nodetool/cloud-run.conf}
SOCKET=${NODETOOL_ENGINE_SOCKET:-/tmp/nodetool-engine.sock}
RUN_CONF=${TMPDIR:-/tmp}/nodetool-nginx.conf

case $PORT in
*[!0-9]*|'') echo "cloud-run.sh: PORT must be a number: $PORT" >&2; exit 2 ;;
esac
if [ -z "${WORKER_AUTH_TOKEN:-}" ]; then
    echo "cloud-run.sh: set WORKER_AUTH_TOKEN, the token of your clients" >&2
    exit 2
fi

# Workflows of the image, where the home has none.
mkdir -p "$NODETOOL_HOME/workflows"
if [ -d /usr/local/share/nodetool/workflows ]; then
    cp -n /usr/local/share/nodetool/workflows/*.json "$NODETOOL_HOME/workflows" \
        2>/dev/null || true
fi

sed -e "s|\${PORT}|$PORT|g" -e "s|\${NODETOOL_HOME}|$NODETOOL_HOME|g" "$CONF" \
    > "$RUN_CONF"

if [ -n "${NODETOOL_REDIS_URL:-}" ]; then
    store="--redis $NODETOOL_REDIS_URL"
else
    echo "cloud-run.sh: no NODETOOL_REDIS_URL, jobs end with this instance" >&2
    store="--store memory"
fi

# shellcheck disable=SC2086 # two words
nodetool-engine --socket "$SOCKET" --home "$NODETOOL_HOME" --drain 2 $store &
engine=$!

nginx -c "$RUN_CONF" -g 'daemon off;' &
nginx=$!

# nginx first, gracefully, while the engine still answers; it is done in
# worker_shutdown_timeout (6 s). Then the engine, which lets go of its jobs.
stop() {
    trap '' TERM INT
    kill -QUIT "$nginx" 2>/dev/null || true
    wait "$nginx" || true
    kill -TERM "$engine" 2>/dev/null || true
    wait "$engine" || true
    exit "$1"
}
trap 'stop 0' TERM INT

while kill -0 "$nginx" 2>/dev/null && kill -0 "$engine" 2>/dev/null; do
    sleep 1 &
    wait $! || true
done
echo "cloud-run.sh: nginx or the engine ended, the container ends, too" >&2
stop 1
