/*
 * engine/nodes/datetime.h - NodeTool's dates and datetimes.
 *
 * {"type": "date", "year", "month", "day"} and {"type": "datetime", "year",
 * "month", "day", "hour", "minute", "second", "microsecond", "tzinfo",
 * "utc_offset"} in the proleptic Gregorian calendar of Python's datetime:
 * years 1 to 9999, and a fixed offset from UTC, in seconds, with a name.
 */

#ifndef NT_DATETIME_H
#define NT_DATETIME_H

#include <jansson.h>

#include "core/nt_buf.h"
#include "engine/nodetool_node.h"

#define NT_SECOND ((int64_t) 1000000) /* in microseconds */
#define NT_DAY    (86400 * NT_SECOND)

typedef struct {
    int      year;   /* 1 to 9999 */
    int      month;  /* 1 to 12 */
    int      day;    /* 1 to 31 */
    int64_t  time;   /* microseconds since midnight, less than NT_DAY */
    int64_t  offset; /* microseconds ahead of UTC, less than NT_DAY */
    nt_str_t zone;   /* its name; borrowed, or empty to make one of offset */
} nt_datetime_t;

int nt_days_in_month(int year, int month);

/* Days since 0001-01-01, a Monday. */
int64_t nt_datetime_day(const nt_datetime_t *dt);

/* Sets year, month and day; false outside of the years 1 to 9999. */
bool nt_datetime_set_day(nt_datetime_t *dt, int64_t day);

/* Adds microseconds; false when that leaves the years 1 to 9999. */
bool nt_datetime_add(nt_datetime_t *dt, int64_t microseconds);

/* Microseconds of UTC since 0001-01-01. */
int64_t nt_datetime_instant(const nt_datetime_t *dt);

/* The current time in UTC, and the server's current day; false when the
 * system does not say. */
bool nt_datetime_now(nt_datetime_t *dt);
bool nt_datetime_today(nt_datetime_t *dt);

/* Read a property; false after nt_call_fail.  The zone is borrowed from the
 * input.  A date is read as its midnight in UTC. */
bool nt_arg_datetime(nt_node_call_t *call, const char *name, nt_datetime_t *dt);
bool nt_arg_date(nt_node_call_t *call, const char *name, nt_datetime_t *dt);

/* New references; NULL when memory is out. */
json_t *nt_datetime_json(const nt_datetime_t *dt);
json_t *nt_date_json(const nt_datetime_t *dt);

/* Monday is 0. */
int         nt_datetime_weekday(const nt_datetime_t *dt);
const char *nt_weekday_name(int weekday);

/* --- texts, by the codes %Y %m %d %B %H %M %S %z --- */

/* The formats that nodes let choose from, NULL-terminated. */
extern const char *const nt_date_formats[];

/* datetime.strftime(format) in the C locale; years have four digits. */
void nt_datetime_format(nt_buf_t *out, const nt_datetime_t *dt,
                        const char *format);

/* datetime.strptime(text, format); what the format lacks is that of
 * 1900-01-01 00:00 UTC.  False when the text does not match, or names a day
 * that is not there. */
bool nt_datetime_parse(nt_datetime_t *dt, nt_str_t text, const char *format);

#endif
