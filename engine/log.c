#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/nt_id.h"
#include "engine/log.h"

#define NT_LOG_LINE_MAX 2048

static const char *const names[] = { "error", "warn", "info", "debug" };

static nt_log_level_t max_level = NT_LOG_INFO;


void
nt_log_set_level(nt_log_level_t level)
{
    max_level = level;
}


bool
nt_log_enabled(nt_log_level_t level)
{
    return level <= max_level;
}


bool
nt_log_level_parse(const char *name, nt_log_level_t *level)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0) {
            *level = (nt_log_level_t) i;
            return true;
        }
    }

    return false;
}


static void
write_line(nt_log_level_t level, const char *id, const char *format,
           va_list args)
{
    /* room for the id and the newline is kept behind the message */
    char    line[NT_LOG_LINE_MAX + 160];
    size_t  start, len;
    ssize_t ignored;
    int     n, saved = errno;

    nt_time_iso8601(line, nt_time_now());

    len = NT_TIME_LEN;
    len += (size_t) snprintf(line + len, 16, " %s: ", names[level]);

    start = len;
    n = vsnprintf(line + len, NT_LOG_LINE_MAX - len, format, args);
    if (n > 0) {
        len += (size_t) n < NT_LOG_LINE_MAX - len ? (size_t) n
                                                  : NT_LOG_LINE_MAX - len - 1;
    }

    if (id != NULL && id[0] != '\0') {
        len += (size_t) snprintf(line + len, 136, " [%.130s]", id);
    }

    for (size_t i = start; i < len; i++) {
        if ((unsigned char) line[i] < ' ' || line[i] == 0x7f) {
            line[i] = '?';
        }
    }

    line[len++] = '\n';

    /* a log that cannot be written has nowhere to say so */
    ignored = write(STDERR_FILENO, line, len);
    (void) ignored;

    errno = saved;
}


void
nt_log(nt_log_level_t level, const char *format, ...)
{
    va_list args;

    if (!nt_log_enabled(level)) {
        return;
    }

    va_start(args, format);
    write_line(level, NULL, format, args);
    va_end(args);
}


void
nt_log_request(nt_log_level_t level, const char *id, const char *format, ...)
{
    va_list args;

    if (!nt_log_enabled(level)) {
        return;
    }

    va_start(args, format);
    write_line(level, id, format, args);
    va_end(args);
}
