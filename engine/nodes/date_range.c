/*
 * engine/nodes/date_range.c - lib.date.*: ranges and periods.
 */

#include "engine/nodes/date.h"
#include "engine/nodes/ustr.h"

#define NT_DATES_MAX 1000000 /* of a range */
#define NT_STEP_MAX  (10000 * 366)


static bool
is(nt_node_call_t *call, const char *name, const char *value)
{
    return strcmp(nt_call_string(call, name, NULL), value) == 0;
}


/* --- DateRange --- */

static nt_node_rc_t
run_range(nt_node_call_t *call)
{
    int64_t       step, last;
    json_t       *list;
    nt_datetime_t start, end;

    if (!nt_arg_datetime(call, "start_date", &start) ||
        !nt_arg_datetime(call, "end_date", &end) ||
        !nt_arg_int(call, "step_days", &step))
    {
        return NT_NODE_FAIL;
    }

    if (step < 1) {
        return nt_call_fail(call, "'step_days' must be at least 1");
    }

    last = nt_datetime_instant(&end);

    if ((last - nt_datetime_instant(&start)) / NT_DAY / step >= NT_DATES_MAX) {
        return nt_call_fail(call,
                            "'end_date' makes a list of more than %d dates",
                            NT_DATES_MAX);
    }

    list = json_array();

    while (nt_datetime_instant(&start) <= last) {
        if (json_array_append_new(list, nt_datetime_json(&start)) != 0) {
            json_decref(list);
            return nt_arg_nomem(call);
        }

        /* past the year 9999 is past any end */
        if (step > NT_STEP_MAX || !nt_datetime_add(&start, step * NT_DAY)) {
            break;
        }
    }

    return nt_emit(call, list);
}


static const nt_property_t range_properties[] = {
    NT_PROP_DATETIME("start_date", "The first datetime"),
    NT_PROP_DATETIME("end_date", "The datetime to end at, or before"),
    NT_PROP("step_days", "int", "1", "Days from one to the next, at least 1"),
    NT_PROP_END
};

static const nt_output_t range_outputs[] = { { "output", "list[datetime]" },
                                             { NULL, NULL } };

const nt_node_type_t nt_date_range = { .type = "lib.date.DateRange",
                                       .title = "Date Range",
                                       .description =
                                           "The datetimes from one to another, "
                                           "some days apart.",
                                       .properties = range_properties,
                                       .outputs = range_outputs,
                                       .run = run_range };


/* --- IsDateInRange --- */

static nt_node_rc_t
run_in_range(nt_node_call_t *call)
{
    int64_t       instant, low, high;
    nt_datetime_t check, start, end;

    if (!nt_arg_datetime(call, "check_date", &check) ||
        !nt_arg_datetime(call, "start_date", &start) ||
        !nt_arg_datetime(call, "end_date", &end))
    {
        return NT_NODE_FAIL;
    }

    instant = nt_datetime_instant(&check);
    low = nt_datetime_instant(&start);
    high = nt_datetime_instant(&end);

    return nt_emit(call, json_boolean(nt_call_bool(call, "inclusive")
                                          ? low <= instant && instant <= high
                                          : low < instant && instant < high));
}


static const nt_property_t in_range_properties[] = {
    NT_PROP_DATETIME("check_date", "The datetime to look at"),
    NT_PROP_DATETIME("start_date", "The begin of the range"),
    NT_PROP_DATETIME("end_date", "The end of the range"),
    NT_PROP("inclusive", "bool", "true", "Whether begin and end belong to it"),
    NT_PROP_END
};

const nt_node_type_t nt_date_in_range = { .type = "lib.date.IsDateInRange",
                                          .title = "Is Date In Range",
                                          .description =
                                              "Whether a datetime lies between "
                                              "two others.",
                                          .properties = in_range_properties,
                                          .outputs = nt_out_bool,
                                          .run = run_in_range };


/* --- GetQuarter --- */

/* The midnights that begin the first and the last day of the quarter, in the
 * zone of the datetime. */
static nt_node_rc_t
run_quarter(nt_node_call_t *call)
{
    int           quarter;
    nt_datetime_t dt;
    nt_node_rc_t  rc;

    if (!nt_arg_datetime(call, "input_datetime", &dt)) {
        return NT_NODE_FAIL;
    }

    quarter = (dt.month - 1) / 3 + 1;
    rc = nt_call_emit(call, "quarter", json_integer(quarter));

    if (rc == NT_NODE_DONE) {
        dt.month = 3 * quarter - 2;
        dt.day = 1;
        dt.time = 0;
        rc = nt_call_emit(call, "quarter_start", nt_datetime_json(&dt));
    }

    if (rc == NT_NODE_DONE) {
        dt.month = 3 * quarter;
        dt.day = nt_days_in_month(dt.year, dt.month);
        rc = nt_call_emit(call, "quarter_end", nt_datetime_json(&dt));
    }

    return rc;
}


static const nt_output_t quarter_outputs[] = { { "quarter", "int" },
                                               { "quarter_start", "datetime" },
                                               { "quarter_end", "datetime" },
                                               { NULL, NULL } };

const nt_node_type_t nt_date_quarter = { .type = "lib.date.GetQuarter",
                                         .title = "Get Quarter",
                                         .description =
                                             "The quarter of a datetime's "
                                             "year, with its first and its "
                                             "last day.",
                                         .properties = nt_date_input_datetime,
                                         .outputs = quarter_outputs,
                                         .run = run_quarter };


/* --- RelativeTime --- */

/* Adds months; a day that the month has not becomes its last one. */
static bool
add_months(nt_datetime_t *dt, int64_t months)
{
    int     days;
    int64_t month;

    if (__builtin_add_overflow(months, dt->year * 12 + dt->month - 1, &month) ||
        month < 12 || month >= 10000 * 12)
    {
        return false;
    }

    dt->year = (int) (month / 12);
    dt->month = (int) (month % 12) + 1;
    days = nt_days_in_month(dt->year, dt->month);
    dt->day = dt->day < days ? dt->day : days;
    return true;
}


static nt_node_rc_t
run_relative(nt_node_call_t *call)
{
    bool          ok;
    int64_t       amount, span;
    nt_datetime_t dt;

    if (!nt_arg_int(call, "amount", &amount)) {
        return NT_NODE_FAIL;
    }

    if (amount < 0) {
        return nt_call_fail(call, "'amount' must be at least 0");
    }

    if (!nt_datetime_now(&dt)) {
        return nt_call_fail(call, "the system does not say the time");
    }

    amount = is(call, "direction", "past") ? -amount : amount;

    if (is(call, "unit", "months")) {
        ok = add_months(&dt, amount);

    } else {
        ok =
            !__builtin_mul_overflow(amount,
                                    is(call, "unit", "days") ? NT_DAY
                                                             : 3600 * NT_SECOND,
                                    &span) &&
            nt_datetime_add(&dt, span);
    }

    return ok ? nt_emit(call, nt_datetime_json(&dt))
              : nt_date_range_error(call);
}


static const char *const units[] = { "hours", "days", "months", NULL };
static const char *const directions[] = { "past", "future", NULL };
static const double      amount_min = 0;

static const nt_property_t relative_properties[] = {
    { .name = "amount",
      .type = "int",
      .default_json = "1",
      .description = "How many of the unit",
      .min = &amount_min },
    NT_PROP_ENUM("unit", units, "\"days\"", "The unit of time"),
    NT_PROP_ENUM("direction", directions, "\"future\"", "Back or ahead"),
    NT_PROP_END
};

const nt_node_type_t nt_date_relative = { .type = "lib.date.RelativeTime",
                                          .title = "Relative Time",
                                          .description =
                                              "The time, in UTC, some hours, "
                                              "days or months from now.",
                                          .properties = relative_properties,
                                          .outputs = nt_out_datetime,
                                          .run = run_relative };


/* --- BoundaryTime --- */

/* Moves to the first or the last day of the period; false when that is in no
 * year from 1 to 9999. */
static bool
move_day(nt_node_call_t *call, nt_datetime_t *dt, bool end)
{
    int weekday;

    if (is(call, "period", "week")) {
        weekday = nt_datetime_weekday(dt);

        if (!nt_call_bool(call, "start_monday")) {
            weekday = (weekday + 1) % 7;
        }

        return nt_datetime_set_day(dt, nt_datetime_day(dt) - weekday +
                                           (end ? 6 : 0));
    }

    if (is(call, "period", "year")) {
        dt->month = end ? 12 : 1;
    }

    if (!is(call, "period", "day")) {
        dt->day = end ? nt_days_in_month(dt->year, dt->month) : 1;
    }

    return true;
}


static nt_node_rc_t
run_boundary(nt_node_call_t *call)
{
    bool          end = is(call, "boundary", "end");
    nt_datetime_t dt;

    if (!nt_arg_datetime(call, "input_datetime", &dt)) {
        return NT_NODE_FAIL;
    }

    if (!move_day(call, &dt, end)) {
        return nt_date_range_error(call);
    }

    dt.time = end ? NT_DAY - 1 : 0;
    return nt_emit(call, nt_datetime_json(&dt));
}


static const char *const periods[] = { "day", "week", "month", "year", NULL };
static const char *const boundaries[] = { "start", "end", NULL };

static const nt_property_t boundary_properties[] = {
    NT_PROP_DATETIME("input_datetime", "The datetime"),
    NT_PROP_ENUM("period", periods, "\"day\"", "The period it is in"),
    NT_PROP_ENUM("boundary", boundaries, "\"start\"",
                 "The first microsecond of the period, or the last"),
    NT_PROP("start_monday", "bool", "true",
            "Whether weeks begin with Monday, or else with Sunday"),
    NT_PROP_END
};

const nt_node_type_t nt_date_boundary = { .type = "lib.date.BoundaryTime",
                                          .title = "Boundary Time",
                                          .description =
                                              "The start or the end of the "
                                              "day, week, month or year of a "
                                              "datetime.",
                                          .properties = boundary_properties,
                                          .outputs = nt_out_datetime,
                                          .run = run_boundary };
