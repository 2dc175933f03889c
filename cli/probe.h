/*
 * cli/probe.h - whether a server answers.
 *
 * Each connects anew, asks once, and waits at most a second.
 */

#ifndef NT_CLI_PROBE_H
#define NT_CLI_PROBE_H

#include <stdbool.h>

/* PING to a Redis on a Unix socket. */
bool nt_probe_redis(const char *path);

/* The health operation of an engine on a Unix socket. */
bool nt_probe_engine(const char *path);

/* GET /health of an HTTP server; any answer will do. */
bool nt_probe_http(const char *host, unsigned port);

/* 0 when `port` can be listened on, else an errno value. */
int nt_probe_port(const char *host, unsigned port);

#endif
