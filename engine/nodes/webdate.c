/*
 * engine/nodes/webdate.c - dates of the web.
 */

#include "engine/nodes/webdate.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "engine/http/curl.h"
#include "engine/nodes/datetime.h"

#define EPOCH_DAY 719162 /* 1970-01-01, from 0001-01-01 */


/* "2026-11-24T10:30:00.5+01:00", with a space for the T, without seconds or
 * zone, or only a day */
static bool
iso_date(const char *text, int64_t *seconds)
{
    char        sign;
    int         hour = 0, minute = 0, n = 0;
    long        offset = 0;
    struct tm   tm = { 0 };
    const char *p;

    if (sscanf(text, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
               &n) != 3)
    {
        return false;
    }

    p = text + n;
    if (*p == 'T' || *p == 't' || *p == ' ') {
        n = 0;
        if (sscanf(p + 1, "%2d:%2d%n:%2d%n", &tm.tm_hour, &tm.tm_min, &n,
                   &tm.tm_sec, &n) < 2)
        {
            return false;
        }
        p += 1 + n;
    }

    if (*p == '.') {
        p += 1 + strspn(p + 1, "0123456789");
    }

    if (sscanf(p, "%c%2d:%2d", &sign, &hour, &minute) >= 2 ||
        sscanf(p, "%c%2d%2d", &sign, &hour, &minute) >= 2)
    {
        if (sign == '+' || sign == '-') {
            offset = (hour * 60L + minute) * 60 * (sign == '-' ? -1 : 1);
        }
    }

    if (tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 ||
        tm.tm_year < 1 || tm.tm_hour > 24 || tm.tm_min > 59 || tm.tm_sec > 60)
    {
        return false;
    }

    tm.tm_year -= 1900;
    tm.tm_mon--;
    *seconds = (int64_t) timegm(&tm) - offset;
    return true;
}


bool
nt_webdate_read(const char *text, int64_t *seconds)
{
    time_t time;

    text += strspn(text, " \t\r\n");

    if (iso_date(text, seconds)) {
        return true;
    }

    time = nt_curl_load() ? curl_getdate(text, NULL) : -1;
    *seconds = (int64_t) time;
    return time != -1;
}


json_t *
nt_webdate_json(const json_t *seconds)
{
    nt_datetime_t dt = { .zone = NT_STR("UTC") };

    if (json_is_integer(seconds) && nt_datetime_set_day(&dt, EPOCH_DAY) &&
        nt_datetime_add(&dt, json_integer_value(seconds) * NT_SECOND))
    {
        return nt_datetime_json(&dt);
    }

    return nt_datetime_now(&dt) ? nt_datetime_json(&dt) : NULL;
}
