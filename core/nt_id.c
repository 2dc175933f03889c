#include "core/nt_id.h"

#include <time.h>

#define NT_ID_MAX 128

#define NT_MSEC_PER_DAY INT64_C(86400000)


static bool
nt_id_valid(nt_str_t id, const char *marks)
{
    if (id.len == 0 || id.len > NT_ID_MAX) {
        return false;
    }

    for (size_t i = 0; i < id.len; i++) {
        char c = id.data[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
            (c >= '0' && c <= '9')) {
            continue;
        }

        if (c == '\0' || strchr(marks, c) == NULL) {
            return false;
        }
    }

    return true;
}


bool
nt_request_id_valid(nt_str_t id)
{
    return nt_id_valid(id, "._:/+=@-");
}


bool
nt_workflow_id_valid(nt_str_t id)
{
    return nt_id_valid(id, "._- ") && id.data[0] != '.' && id.data[0] != ' ' &&
           id.data[id.len - 1] != ' ';
}


void
nt_id_hex(char *out, const unsigned char random[16])
{
    static const char hex[] = "0123456789abcdef";

    for (int i = 0; i < 16; i++) {
        *out++ = hex[random[i] >> 4];
        *out++ = hex[random[i] & 0xf];
    }
}


static char *
nt_time_digits(char *out, int64_t value, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        out[i] = (char) ('0' + value % 10);
        value /= 10;
    }

    return out + digits;
}


/*
 * The Gregorian calendar repeats after 400 years of 146,097 days.  Years are
 * counted from March, so that a leap day is the last of its year, and months
 * from March then start at day (153 m + 2) / 5.
 */
void
nt_time_iso8601(char *out, int64_t msec)
{
    int64_t days, rest, era, day, year, month;

    days = msec / NT_MSEC_PER_DAY + 719468; /* 1970-01-01 from 0000-03-01 */
    rest = msec % NT_MSEC_PER_DAY;

    era = days / 146097;
    day = days % 146097;
    year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    year += era * 400;

    month = (5 * day + 2) / 153;
    day -= (153 * month + 2) / 5;

    month += 3;
    if (month > 12) {
        month -= 12;
        year++;
    }

    out = nt_time_digits(out, year, 4);
    *out++ = '-';
    out = nt_time_digits(out, month, 2);
    *out++ = '-';
    out = nt_time_digits(out, day + 1, 2);
    *out++ = 'T';
    out = nt_time_digits(out, rest / 3600000, 2);
    *out++ = ':';
    out = nt_time_digits(out, rest / 60000 % 60, 2);
    *out++ = ':';
    out = nt_time_digits(out, rest / 1000 % 60, 2);
    *out++ = '.';
    out = nt_time_digits(out, rest % 1000, 3);
    *out = 'Z';
}


int64_t
nt_time_now(void)
{
    struct timespec now;

    (void) clock_gettime(CLOCK_REALTIME, &now);

    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
