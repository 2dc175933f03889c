#include "core/nt_trace.h"

#define VERSION_LEN     2
#define PARENT_LEN      16
#define FLAGS_LEN       2
#define HEADER_LEN      55 /* of version 00 */
#define STATE_MAX       32
#define STATE_KEY_MAX   256
#define STATE_VALUE_MAX 256


/* Lower case only. */
static bool
is_hex(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((p[i] < '0' || p[i] > '9') && (p[i] < 'a' || p[i] > 'f')) {
            return false;
        }
    }

    return true;
}


static bool
is_zero(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != '0') {
            return false;
        }
    }

    return true;
}


bool
nt_trace_parent(nt_str_t value, nt_str_t *id)
{
    const char *p = value.data, *trace, *parent, *flags;

    if (value.len < HEADER_LEN) {
        return false;
    }

    trace = p + VERSION_LEN + 1;
    parent = trace + NT_TRACE_ID_LEN + 1;
    flags = parent + PARENT_LEN + 1;

    if (!is_hex(p, VERSION_LEN) || memcmp(p, "ff", VERSION_LEN) == 0 ||
        trace[-1] != '-' || !is_hex(trace, NT_TRACE_ID_LEN) ||
        parent[-1] != '-' || !is_hex(parent, PARENT_LEN) || flags[-1] != '-' ||
        !is_hex(flags, FLAGS_LEN) || is_zero(trace, NT_TRACE_ID_LEN) ||
        is_zero(parent, PARENT_LEN))
    {
        return false;
    }

    if (value.len > HEADER_LEN) {
        if (memcmp(p, "00", VERSION_LEN) == 0 || p[HEADER_LEN] != '-') {
            return false;
        }

        for (size_t i = HEADER_LEN; i < value.len; i++) {
            if (p[i] <= ' ' || p[i] > '~') {
                return false;
            }
        }
    }

    *id = (nt_str_t) { trace, NT_TRACE_ID_LEN };

    return true;
}


static bool
is_key_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("_-*/@", c) != NULL);
}


static bool
is_member(const char *p, size_t n)
{
    size_t key = 0, value;

    while (key < n && is_key_char(p[key])) {
        key++;
    }

    if (key == 0 || key > STATE_KEY_MAX || key == n || p[key] != '=' ||
        strchr("_-*/@", p[0]) != NULL)
    {
        return false;
    }

    value = n - key - 1;

    if (value == 0 || value > STATE_VALUE_MAX) {
        return false;
    }

    for (size_t i = key + 1; i < n; i++) {
        if (p[i] < ' ' || p[i] > '~' || p[i] == '=') {
            return false;
        }
    }

    return true;
}


bool
nt_trace_state(nt_str_t value)
{
    unsigned    members = 0;
    const char *p = value.data, *end = p + value.len, *comma;

    while (p < end) {
        const char *last;

        comma = memchr(p, ',', (size_t) (end - p));
        last = comma != NULL ? comma : end;

        while (p < last && (*p == ' ' || *p == '\t')) {
            p++;
        }

        while (last > p && (last[-1] == ' ' || last[-1] == '\t')) {
            last--;
        }

        /* members may be empty */
        if (last > p &&
            (!is_member(p, (size_t) (last - p)) || ++members > STATE_MAX)) {
            return false;
        }

        p = comma != NULL ? comma + 1 : end;
    }

    return members > 0;
}
