/*
 * core/nt_trace.h - the headers of distributed traces (W3C Trace Context,
 * https://www.w3.org/TR/trace-context/).
 */

#ifndef NT_TRACE_H
#define NT_TRACE_H

#include "core/nt_base.h"

#define NT_TRACE_ID_LEN 32

NT_BEGIN_DECLS

/* Whether this is a traceparent that may be passed on: *id is then the trace's
 * id in it, NT_TRACE_ID_LEN digits. Versions to come may have more behind what
 * version 00 has (section 4). */
bool nt_trace_parent(nt_str_t value, nt_str_t *id);

/* Whether this is a list of at most 32 members key=value (section 3.3); the
 * header's lines, where it has several, are joined by commas before. */
bool nt_trace_state(nt_str_t value);

NT_END_DECLS

#endif
