/*
 * engine/nodes/datetime_text.c - dates and datetimes as texts.
 */

#include <ctype.h>
#include <strings.h>

#include "engine/nodes/datetime.h"
#include "engine/nodes/ustr.h"

const char *const nt_date_formats[] = { "%Y-%m-%d",
                                        "%m/%d/%Y",
                                        "%d/%m/%Y",
                                        "%B %d, %Y",
                                        "%Y%m%d",
                                        "%Y%m%d_%H%M%S",
                                        "%Y-%m-%dT%H:%M:%S",
                                        "%Y-%m-%dT%H:%M:%S%z",
                                        "%Y-%m-%dT%H:%M:%S%z",
                                        NULL };

static const char *const months[] = { "January", "February", "March",
                                      "April",   "May",      "June",
                                      "July",    "August",   "September",
                                      "October", "November", "December" };


const char *
nt_weekday_name(int weekday)
{
    static const char *const names[] = { "Monday",   "Tuesday", "Wednesday",
                                         "Thursday", "Friday",  "Saturday",
                                         "Sunday" };

    return names[weekday];
}


/* --- writing --- */

/* +HHMM[SS[.ffffff]] */
static void
write_offset(nt_buf_t *out, int64_t offset)
{
    int     fraction;
    int64_t seconds;

    nt_buf_append_char(out, offset < 0 ? '-' : '+');
    offset = offset < 0 ? -offset : offset;
    seconds = offset / NT_SECOND;
    fraction = (int) (offset % NT_SECOND);
    nt_buf_printf(out, "%02d%02d", (int) (seconds / 3600),
                  (int) (seconds / 60 % 60));

    if (seconds % 60 != 0 || fraction != 0) {
        nt_buf_printf(out, "%02d", (int) (seconds % 60));
    }

    if (fraction != 0) {
        nt_buf_printf(out, ".%06d", fraction);
    }
}


void
nt_datetime_format(nt_buf_t *out, const nt_datetime_t *dt, const char *format)
{
    int         seconds = (int) (dt->time / NT_SECOND);
    const char *p;

    for (p = format; *p != '\0'; p++) {
        if (*p != '%') {
            nt_buf_append_char(out, *p);
            continue;
        }

        switch (*++p) {
        case 'Y':
            nt_buf_printf(out, "%04d", dt->year);
            break;

        case 'm':
            nt_buf_printf(out, "%02d", dt->month);
            break;

        case 'd':
            nt_buf_printf(out, "%02d", dt->day);
            break;

        case 'B':
            nt_buf_append_str(out, nt_str(months[dt->month - 1]));
            break;

        case 'H':
            nt_buf_printf(out, "%02d", seconds / 3600);
            break;

        case 'M':
            nt_buf_printf(out, "%02d", seconds / 60 % 60);
            break;

        case 'S':
            nt_buf_printf(out, "%02d", seconds % 60);
            break;

        default: /* z */
            write_offset(out, dt->offset);
        }
    }
}


/* --- reading --- */

typedef struct {
    nt_str_t      text;
    size_t        end; /* of what matched */
    nt_datetime_t date;
    int           hour, minute, second;
} match_t;

static bool match(match_t *m, size_t pos, const char *format);


/* `digits` digits at `pos` as a number; -1 when they are not there. */
static int
number(const match_t *m, size_t pos, size_t digits)
{
    int    n = 0;
    size_t i;

    if (m->text.len - pos < digits) {
        return -1;
    }

    for (i = 0; i < digits; i++) {
        if (!isdigit((unsigned char) m->text.data[pos + i])) {
            return -1;
        }
        n = n * 10 + (m->text.data[pos + i] - '0');
    }

    return n;
}


/* A number of two digits or one, whichever lets the rest match, two first:
 * "2024111" is November 1st in %Y%m%d. */
static bool
match_number(match_t *m, size_t pos, const char *rest, int min, int max,
             int *value)
{
    int    n;
    size_t digits;

    for (digits = 2; digits > 0; digits--) {
        n = number(m, pos, digits);

        if (n < min || n > max) {
            continue;
        }

        *value = n;

        if (match(m, pos + digits, rest)) {
            return true;
        }
    }

    return false;
}


static bool
match_day(match_t *m, size_t pos, const char *rest)
{
    int n;

    if (match_number(m, pos, rest, 1, 31, &m->date.day)) {
        return true;
    }

    /* what strftime's %e writes */
    n = pos < m->text.len && m->text.data[pos] == ' ' ? number(m, pos + 1, 1)
                                                      : -1;

    if (n < 1) {
        return false;
    }

    m->date.day = n;
    return match(m, pos + 2, rest);
}


static bool
match_year(match_t *m, size_t pos, const char *rest)
{
    m->date.year = number(m, pos, 4);
    return m->date.year >= 0 && match(m, pos + 4, rest);
}


static bool
match_month(match_t *m, size_t pos, const char *rest)
{
    int    i;
    size_t len;

    for (i = 0; i < 12; i++) {
        len = strlen(months[i]);

        if (m->text.len - pos >= len &&
            strncasecmp(m->text.data + pos, months[i], len) == 0)
        {
            m->date.month = i + 1;
            return match(m, pos + len, rest);
        }
    }

    return false;
}


/* SS[.ffffff] of an offset, added to it; false for what is neither. */
static bool
read_seconds(match_t *m, size_t *pos)
{
    int     seconds = number(m, *pos, 2), digit;
    int64_t unit = NT_SECOND;

    if (seconds < 0 || seconds > 59) {
        return false;
    }

    *pos += 2;
    m->date.offset += seconds * NT_SECOND;

    if (*pos + 1 < m->text.len && m->text.data[*pos] == '.' &&
        isdigit((unsigned char) m->text.data[*pos + 1]))
    {
        ++*pos;

        while (unit > 1 && (digit = number(m, *pos, 1)) >= 0) {
            unit /= 10;
            m->date.offset += digit * unit;
            ++*pos;
        }
    }

    return true;
}


/* Z, or a sign with HH[:]MM[[:]SS[.ffffff]] */
static bool
match_zone(match_t *m, size_t pos, const char *rest)
{
    int    hours, minutes;
    char   sign;
    size_t colon;

    sign = pos < m->text.len ? m->text.data[pos++] : '\0';
    m->date.offset = 0;

    if (sign == 'Z') {
        return match(m, pos, rest);
    }

    hours = number(m, pos, 2);

    if ((sign != '+' && sign != '-') || hours < 0) {
        return false;
    }

    pos += 2;
    colon = pos < m->text.len && m->text.data[pos] == ':';
    minutes = number(m, pos + colon, 2);

    if (minutes < 0 || minutes > 59) {
        return false;
    }

    m->date.offset = (hours * 60 + minutes) * 60 * NT_SECOND;
    pos += colon + 2;

    /* colons are all there or none */
    if (pos < m->text.len && (!colon || m->text.data[pos] == ':')) {
        pos += colon;

        if (!read_seconds(m, &pos)) {
            return false;
        }
    }

    if (sign == '-') {
        m->date.offset = -m->date.offset;
    }

    return match(m, pos, rest);
}


static bool
match_code(match_t *m, size_t pos, char code, const char *rest)
{
    switch (code) {
    case 'Y':
        return match_year(m, pos, rest);

    case 'm':
        return match_number(m, pos, rest, 1, 12, &m->date.month);

    case 'd':
        return match_day(m, pos, rest);

    case 'B':
        return match_month(m, pos, rest);

    case 'H':
        return match_number(m, pos, rest, 0, 23, &m->hour);

    case 'M':
        return match_number(m, pos, rest, 0, 59, &m->minute);

    case 'S':
        return match_number(m, pos, rest, 0, 59, &m->second);

    default: /* z */
        return match_zone(m, pos, rest);
    }
}


/* Does the text from `pos` on begin with what the format asks for?  As deep
 * as the format has codes. */
static bool
match(match_t *m, size_t pos, const char *format)
{
    size_t begin, next;

    for (; *format != '\0' && *format != '%'; format++) {
        begin = pos;

        /* a space stands for any amount of white space */
        while (*format == ' ' && (next = pos) < m->text.len &&
               nt_ustr_is_space(nt_ustr_next(m->text, &next)))
        {
            pos = next;
        }

        if (*format != ' ' && pos < m->text.len &&
            tolower((unsigned char) m->text.data[pos]) ==
                tolower((unsigned char) *format))
        {
            pos++;
        }

        if (pos == begin) {
            return false;
        }
    }

    if (*format == '\0') {
        m->end = pos;
        return true;
    }

    return match_code(m, pos, format[1], format + 2);
}


bool
nt_datetime_parse(nt_datetime_t *dt, nt_str_t text, const char *format)
{
    match_t m = { .text = text,
                  .date = { .year = 1900, .month = 1, .day = 1 } };

    if (!match(&m, 0, format) || m.end != text.len || m.date.year < 1 ||
        m.date.day > nt_days_in_month(m.date.year, m.date.month) ||
        m.date.offset <= -NT_DAY || m.date.offset >= NT_DAY)
    {
        return false;
    }

    *dt = m.date;
    dt->time = (m.hour * 3600 + m.minute * 60 + m.second) * NT_SECOND;
    return true;
}
