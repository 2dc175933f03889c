/*
 * engine/log.h - the engine's log: one line an event on stderr.
 *
 *   2026-11-24T08:00:00.123Z warn: redis: connection lost: ... [request-id]
 *
 * May be called from any thread; a line is one write, so lines never mix.
 * Control characters become '?', so what a peer sent cannot forge a line.
 */

#ifndef NT_LOG_H
#define NT_LOG_H

#include <stdbool.h>

typedef enum {
    NT_LOG_ERROR, /* the engine, or data it keeps, is in trouble */
    NT_LOG_WARN,  /* something was refused or given up */
    NT_LOG_INFO,  /* life of the engine and of its jobs */
    NT_LOG_DEBUG  /* each request */
} nt_log_level_t;

/* Lines above this level are left out; NT_LOG_INFO at first. */
void nt_log_set_level(nt_log_level_t level);

/* For work that is only done for a log line. */
bool nt_log_enabled(nt_log_level_t level);

/* "error", "warn", "info", "debug"; false for another name. */
bool nt_log_level_parse(const char *name, nt_log_level_t *level);

/* A message without a newline, cut at 2 KiB. errno is kept. */
void nt_log(nt_log_level_t level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for the request `id` (NULL or "": none), which ends the line. */
void nt_log_request(nt_log_level_t level, const char *id, const char *format,
                    ...) __attribute__((format(printf, 3, 4)));

#endif
