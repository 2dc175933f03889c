/*
 * engine/nodes/webdate.h - dates as servers, feeds and mails write them.
 */

#ifndef NT_WEBDATE_H
#define NT_WEBDATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Seconds since 1970 of a date of RFC 5322 or 3339, or nearly one; false when
 * it is none. */
bool nt_webdate_read(const char *text, int64_t *seconds);

/* Seconds since 1970 as a datetime in UTC; now for what is no integer.  A new
 * reference; NULL when memory is out. */
json_t *nt_webdate_json(const json_t *seconds);

#endif
