/*
 * engine/nodes/datetime.c - NodeTool's dates and datetimes.
 */

#include <math.h>
#include <time.h>

#include "engine/nodes/args.h"
#include "engine/nodes/datetime.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/ustr.h"

#define DAYS_UNIX 719162  /* from 0001-01-01 to 1970-01-01 */
#define DAYS_400  146097  /* of 400 years */
#define DAYS_MAX  3652059 /* from 0001-01-01 to 10000-01-01 */


/* --- the calendar --- */

static bool
is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}


int
nt_days_in_month(int year, int month)
{
    static const int days[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };

    return days[month - 1] + (month == 2 && is_leap(year));
}


/* Days from 0001-01-01 to the first one of a year. */
static int64_t
days_before(int year)
{
    int64_t y = year - 1;

    return y * 365 + y / 4 - y / 100 + y / 400;
}


int64_t
nt_datetime_day(const nt_datetime_t *dt)
{
    int     month;
    int64_t day = days_before(dt->year) + dt->day - 1;

    for (month = 1; month < dt->month; month++) {
        day += nt_days_in_month(dt->year, month);
    }

    return day;
}


bool
nt_datetime_set_day(nt_datetime_t *dt, int64_t day)
{
    if (day < 0 || day >= DAYS_MAX) {
        return false;
    }

    /* at most one year too late, as the mean year is no longer than this */
    dt->year = (int) (day * 400 / DAYS_400) + 2;

    while (days_before(dt->year) > day) {
        dt->year--;
    }

    day -= days_before(dt->year);

    for (dt->month = 1; day >= nt_days_in_month(dt->year, dt->month);
         dt->month++) {
        day -= nt_days_in_month(dt->year, dt->month);
    }

    dt->day = (int) day + 1;
    return true;
}


bool
nt_datetime_add(nt_datetime_t *dt, int64_t microseconds)
{
    int64_t sum;

    if (__builtin_add_overflow(nt_datetime_day(dt) * NT_DAY + dt->time,
                               microseconds, &sum) ||
        sum < 0 || !nt_datetime_set_day(dt, sum / NT_DAY))
    {
        return false;
    }

    dt->time = sum % NT_DAY;
    return true;
}


int64_t
nt_datetime_instant(const nt_datetime_t *dt)
{
    return nt_datetime_day(dt) * NT_DAY + dt->time - dt->offset;
}


int
nt_datetime_weekday(const nt_datetime_t *dt)
{
    return (int) (nt_datetime_day(dt) % 7);
}


bool
nt_datetime_now(nt_datetime_t *dt)
{
    struct timespec now;

    *dt = (nt_datetime_t) { 0 };

    if (clock_gettime(CLOCK_REALTIME, &now) == -1 ||
        !nt_datetime_set_day(dt, now.tv_sec / 86400 + DAYS_UNIX))
    {
        return false;
    }

    dt->time = now.tv_sec % 86400 * NT_SECOND + now.tv_nsec / 1000;
    return true;
}


bool
nt_datetime_today(nt_datetime_t *dt)
{
    time_t    now = time(NULL);
    struct tm tm;

    if (localtime_r(&now, &tm) == NULL) {
        return false;
    }

    *dt = (nt_datetime_t) { .year = tm.tm_year + 1900,
                            .month = tm.tm_mon + 1,
                            .day = tm.tm_mday };
    return true;
}


/* --- JSON --- */

/* A member that is a whole number from `min` to `max`, 0 when it is missing;
 * false after nt_call_fail. */
static bool
read_member(nt_node_call_t *call, const char *name, const json_t *value,
            const char *member, int min, int max, int *number)
{
    json_t    *item = json_object_get(value, member);
    json_int_t n = json_integer_value(item);

    if ((item != NULL && !json_is_integer(item)) || n < min || n > max) {
        (void) nt_call_fail(call,
                            "'%s': \"%s\" must be a whole number from %d to %d",
                            name, member, min, max);
        return false;
    }

    *number = (int) n;
    return true;
}


/* The object of a type, with its day; NULL after nt_call_fail. */
static json_t *
read_day(nt_node_call_t *call, const char *name, const char *type,
         nt_datetime_t *dt)
{
    json_t *value = nt_call_input(call, name), *said;

    *dt = (nt_datetime_t) { 0 };
    said = json_object_get(value, "type");

    if (!json_is_object(value) ||
        (said != NULL && !nt_str_eq(nt_ustr(said), nt_str(type))))
    {
        (void) nt_call_fail(call, "'%s' must be a %s, not %s", name, type,
                            value == NULL          ? "nothing"
                            : json_is_string(said) ? json_string_value(said)
                                                   : nt_py_type(value));
        return NULL;
    }

    if (!read_member(call, name, value, "year", 1, 9999, &dt->year) ||
        !read_member(call, name, value, "month", 1, 12, &dt->month) ||
        !read_member(call, name, value, "day", 1, 31, &dt->day))
    {
        return NULL;
    }

    if (dt->day > nt_days_in_month(dt->year, dt->month)) {
        (void) nt_call_fail(call, "'%s': there is no day %d in month %d of %d",
                            name, dt->day, dt->month, dt->year);
        return NULL;
    }

    return value;
}


static bool
read_zone(nt_node_call_t *call, const char *name, const json_t *value,
          nt_datetime_t *dt)
{
    double  offset;
    json_t *member = json_object_get(value, "utc_offset");

    offset = json_number_value(member);

    if ((member != NULL && !json_is_number(member)) || fabs(offset) >= 86400) {
        (void) nt_call_fail(call,
                            "'%s': \"utc_offset\" must be a number of seconds "
                            "less than a day",
                            name);
        return false;
    }

    dt->offset = (int64_t) llrint(offset * (double) NT_SECOND);
    dt->zone = nt_ustr(json_object_get(value, "tzinfo"));
    return true;
}


bool
nt_arg_datetime(nt_node_call_t *call, const char *name, nt_datetime_t *dt)
{
    int     hour, minute, second, microsecond;
    json_t *value = read_day(call, name, "datetime", dt);

    if (value == NULL ||
        !read_member(call, name, value, "hour", 0, 23, &hour) ||
        !read_member(call, name, value, "minute", 0, 59, &minute) ||
        !read_member(call, name, value, "second", 0, 59, &second) ||
        !read_member(call, name, value, "microsecond", 0, 999999,
                     &microsecond) ||
        !read_zone(call, name, value, dt))
    {
        return false;
    }

    dt->time = (hour * 3600 + minute * 60 + second) * NT_SECOND + microsecond;
    return true;
}


bool
nt_arg_date(nt_node_call_t *call, const char *name, nt_datetime_t *dt)
{
    return read_day(call, name, "date", dt) != NULL;
}


/* Without an offset the zone is UTC, whatever its name was; with one but no
 * name it is called UTC+02:00, as Python does. */
static void
write_zone(nt_buf_t *out, const nt_datetime_t *dt)
{
    int64_t seconds;

    if (dt->offset != 0 && dt->zone.len > 0) {
        nt_buf_append_str(out, dt->zone);
        return;
    }

    nt_buf_append_str(out, NT_STR("UTC"));

    if (dt->offset == 0) {
        return;
    }

    seconds = (dt->offset < 0 ? -dt->offset : dt->offset) / NT_SECOND;
    nt_buf_printf(out, "%c%02d:%02d", dt->offset < 0 ? '-' : '+',
                  (int) (seconds / 3600), (int) (seconds / 60 % 60));

    if (seconds % 60 != 0) {
        nt_buf_printf(out, ":%02d", (int) (seconds % 60));
    }
}


json_t *
nt_datetime_json(const nt_datetime_t *dt)
{
    int      seconds = (int) (dt->time / NT_SECOND);
    json_t  *offset, *value = NULL;
    nt_buf_t zone = { 0 };

    offset = dt->offset % NT_SECOND == 0
                 ? json_integer(dt->offset / NT_SECOND)
                 : json_real((double) dt->offset / (double) NT_SECOND);

    write_zone(&zone, dt);

    if (!zone.failed && offset != NULL) {
        value = json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:s%, s:O}",
                          "type", "datetime", "year", dt->year, "month",
                          dt->month, "day", dt->day, "hour", seconds / 3600,
                          "minute", seconds / 60 % 60, "second", seconds % 60,
                          "microsecond", (int) (dt->time % NT_SECOND), "tzinfo",
                          zone.data, zone.len, "utc_offset", offset);
    }

    nt_buf_free(&zone);
    json_decref(offset);
    return value;
}


json_t *
nt_date_json(const nt_datetime_t *dt)
{
    return json_pack("{s:s, s:i, s:i, s:i}", "type", "date", "year", dt->year,
                     "month", dt->month, "day", dt->day);
}
