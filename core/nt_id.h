/*
 * core/nt_id.h - identifiers that come from outside or go there.
 */

#ifndef NT_ID_H
#define NT_ID_H

#include "core/nt_base.h"

#define NT_ID_HEX_LEN 32 /* an id of ours: 128 random bits in hex */

NT_BEGIN_DECLS

/* A request id of a client that we take over: 1 to 128 characters of
 * A-Z a-z 0-9 and . _ : / + = @ - */
bool nt_request_id_valid(nt_str_t id);

/* A workflow id: 1 to 128 characters of A-Z a-z 0-9 . _ - and inner spaces
 * (NodeTool's own examples are files with names like titles), not starting
 * with a dot. It names a file, so nothing else may pass. */
bool nt_workflow_id_valid(nt_str_t id);

/* Writes NT_ID_HEX_LEN characters, no NUL. */
void nt_id_hex(char *out, const unsigned char random[16]);

/* "2026-11-24T08:00:00.123Z"; writes NT_TIME_LEN characters, no NUL.
 * `msec` is milliseconds since the epoch, years 1970 to 9999. */
#define NT_TIME_LEN 24
void nt_time_iso8601(char *out, int64_t msec);

/* Now, in milliseconds since the epoch. */
int64_t nt_time_now(void);

NT_END_DECLS

#endif
