/*
 * engine/nodes/date.c - lib.date.*: making, reading and writing dates.
 */

#include "engine/nodes/date.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"

static const nt_output_t nt_out_date[] = { { "output", "date" },
                                           { NULL, NULL } };
const nt_output_t        nt_out_datetime[] = { { "output", "datetime" },
                                               { NULL, NULL } };

const nt_property_t nt_date_input_datetime[] = {
    NT_PROP_DATETIME("input_datetime", "The datetime"), NT_PROP_END
};


nt_node_rc_t
nt_date_range_error(nt_node_call_t *call)
{
    return nt_call_fail(call, "the result is not in the years 1 to 9999");
}


/* --- Today, Now --- */

static nt_node_rc_t
run_today(nt_node_call_t *call)
{
    nt_datetime_t dt;

    return nt_datetime_today(&dt)
               ? nt_emit(call, nt_date_json(&dt))
               : nt_call_fail(call, "the system does not say the time");
}


static const nt_node_type_t date_today = { .type = "lib.date.Today",
                                           .title = "Today",
                                           .description =
                                               "The current day where the "
                                               "server is.",
                                           .outputs = nt_out_date,
                                           .run = run_today };


static nt_node_rc_t
run_now(nt_node_call_t *call)
{
    nt_datetime_t dt;

    return nt_datetime_now(&dt)
               ? nt_emit(call, nt_datetime_json(&dt))
               : nt_call_fail(call, "the system does not say the time");
}


static const nt_node_type_t date_now = { .type = "lib.date.Now",
                                         .title = "Now",
                                         .description =
                                             "The current time in UTC.",
                                         .outputs = nt_out_datetime,
                                         .run = run_now };


/* --- ParseDate, ParseDateTime --- */

static bool
parse(nt_node_call_t *call, const char *name, nt_datetime_t *dt)
{
    nt_str_t    text;
    const char *format = nt_call_string(call, "input_format", NULL);

    if (!nt_arg_str(call, name, &text)) {
        return false;
    }

    if (!nt_datetime_parse(dt, text, format)) {
        (void) nt_call_fail(call, "'%s': \"%.*s\" is no day in the format %s",
                            name, (int) (text.len < 100 ? text.len : 100),
                            text.data, format);
        return false;
    }

    return true;
}


static nt_node_rc_t
run_parse_date(nt_node_call_t *call)
{
    nt_datetime_t dt;

    return parse(call, "date_string", &dt) ? nt_emit(call, nt_date_json(&dt))
                                           : NT_NODE_FAIL;
}


static nt_node_rc_t
run_parse_datetime(nt_node_call_t *call)
{
    nt_datetime_t dt;

    return parse(call, "datetime_string", &dt)
               ? nt_emit(call, nt_datetime_json(&dt))
               : NT_NODE_FAIL;
}


static const nt_property_t parse_date_properties[] = {
    NT_PROP("date_string", "str", "\"\"", "The text of the date"),
    NT_PROP_ENUM("input_format", nt_date_formats, "\"%Y-%m-%d\"",
                 "How the text is written"),
    NT_PROP_END
};

static const nt_node_type_t date_parse = { .type = "lib.date.ParseDate",
                                           .title = "Parse Date",
                                           .description =
                                               "Makes a date of a text.",
                                           .properties = parse_date_properties,
                                           .outputs = nt_out_date,
                                           .run = run_parse_date };

static const nt_property_t parse_datetime_properties[] = {
    NT_PROP("datetime_string", "str", "\"\"", "The text of the datetime"),
    NT_PROP_ENUM("input_format", nt_date_formats, "\"%Y-%m-%d\"",
                 "How the text is written"),
    NT_PROP_END
};

static const nt_node_type_t date_parse_time = {
    .type = "lib.date.ParseDateTime",
    .title = "Parse Date Time",
    .description = "Makes a datetime of a text.",
    .properties = parse_datetime_properties,
    .outputs = nt_out_datetime,
    .run = run_parse_datetime
};


/* --- FormatDateTime, GetWeekday --- */

static nt_node_rc_t
run_format(nt_node_call_t *call)
{
    nt_buf_t      text = { 0 };
    nt_datetime_t dt;

    if (!nt_arg_datetime(call, "input_datetime", &dt)) {
        return NT_NODE_FAIL;
    }

    nt_datetime_format(&text, &dt, nt_call_string(call, "output_format", NULL));
    return nt_emit_buf(call, &text);
}


static const nt_property_t format_properties[] = {
    NT_PROP_DATETIME("input_datetime", "The datetime to write"),
    NT_PROP_ENUM("output_format", nt_date_formats, "\"%B %d, %Y\"",
                 "How to write it"),
    NT_PROP_END
};

static const nt_node_type_t date_format = { .type = "lib.date.FormatDateTime",
                                            .title = "Format Date Time",
                                            .description =
                                                "Makes a text of a datetime.",
                                            .properties = format_properties,
                                            .outputs = nt_out_str,
                                            .run = run_format };


static nt_node_rc_t
run_weekday(nt_node_call_t *call)
{
    int           weekday;
    nt_datetime_t dt;

    if (!nt_arg_datetime(call, "input_datetime", &dt)) {
        return NT_NODE_FAIL;
    }

    weekday = nt_datetime_weekday(&dt);
    return nt_emit(call, nt_call_bool(call, "as_name")
                             ? json_string(nt_weekday_name(weekday))
                             : json_integer(weekday));
}


static const nt_property_t weekday_properties[] = {
    NT_PROP_DATETIME("input_datetime", "The datetime"),
    NT_PROP("as_name", "bool", "true",
            "Its name, or else a number: 0 for Monday to 6 for Sunday"),
    NT_PROP_END
};

static const nt_output_t weekday_outputs[] = { { "output", "union[str,int]" },
                                               { NULL, NULL } };

static const nt_node_type_t date_weekday = { .type = "lib.date.GetWeekday",
                                             .title = "Get Weekday",
                                             .description =
                                                 "The day of the week of a "
                                                 "datetime.",
                                             .properties = weekday_properties,
                                             .outputs = weekday_outputs,
                                             .run = run_weekday };


/* --- DateToDatetime, DatetimeToDate --- */

static nt_node_rc_t
run_to_datetime(nt_node_call_t *call)
{
    nt_datetime_t dt;

    return nt_arg_date(call, "input_date", &dt)
               ? nt_emit(call, nt_datetime_json(&dt))
               : NT_NODE_FAIL;
}


static const nt_property_t to_datetime_properties[] = {
    NT_PROP("input_date", "date", NT_DEFAULT_DATE, "The date"), NT_PROP_END
};

static const nt_node_type_t date_to_datetime = {
    .type = "lib.date.DateToDatetime",
    .title = "Date To Datetime",
    .description = "The midnight, in UTC, that a date begins with.",
    .properties = to_datetime_properties,
    .outputs = nt_out_datetime,
    .run = run_to_datetime
};


static nt_node_rc_t
run_to_date(nt_node_call_t *call)
{
    nt_datetime_t dt;

    return nt_arg_datetime(call, "input_datetime", &dt)
               ? nt_emit(call, nt_date_json(&dt))
               : NT_NODE_FAIL;
}


static const nt_node_type_t date_to_date = { .type = "lib.date.DatetimeToDate",
                                             .title = "Datetime To Date",
                                             .description =
                                                 "The date of a datetime.",
                                             .properties =
                                                 nt_date_input_datetime,
                                             .outputs = nt_out_date,
                                             .run = run_to_date };


/* --- AddTimeDelta, DateDifference --- */

static const double days_min = -3650, days_max = 3650;
static const double hours_min = -24, hours_max = 24;
static const double minutes_min = -60, minutes_max = 60;

static const nt_property_t add_properties[] = {
    NT_PROP_DATETIME("input_datetime", "The datetime to start from"),
    { .name = "days",
      .type = "int",
      .default_json = "0",
      .description = "Days to add; negative ones go back",
      .min = &days_min,
      .max = &days_max },
    { .name = "hours",
      .type = "int",
      .default_json = "0",
      .description = "Hours to add; negative ones go back",
      .min = &hours_min,
      .max = &hours_max },
    { .name = "minutes",
      .type = "int",
      .default_json = "0",
      .description = "Minutes to add; negative ones go back",
      .min = &minutes_min,
      .max = &minutes_max },
    NT_PROP_END
};


static nt_node_rc_t
run_add(nt_node_call_t *call)
{
    int                  unit = 0;
    int64_t              amount, sum = 0;
    nt_datetime_t        dt;
    const nt_property_t *property;

    static const int64_t units[] = { NT_DAY, 3600 * NT_SECOND, 60 * NT_SECOND };

    if (!nt_arg_datetime(call, "input_datetime", &dt)) {
        return NT_NODE_FAIL;
    }

    for (property = add_properties + 1; property->name != NULL; property++) {
        if (!nt_arg_int(call, property->name, &amount)) {
            return NT_NODE_FAIL;
        }

        if ((double) amount < *property->min ||
            (double) amount > *property->max) {
            return nt_call_fail(call, "'%s' must be between %.0f and %.0f",
                                property->name, *property->min, *property->max);
        }

        sum += amount * units[unit++];
    }

    return nt_datetime_add(&dt, sum) ? nt_emit(call, nt_datetime_json(&dt))
                                     : nt_date_range_error(call);
}


static const nt_node_type_t date_add = { .type = "lib.date.AddTimeDelta",
                                         .title = "Add Time Delta",
                                         .description =
                                             "Adds days, hours and minutes "
                                             "to a datetime.",
                                         .properties = add_properties,
                                         .outputs = nt_out_datetime,
                                         .run = run_add };


static nt_node_rc_t
run_difference(nt_node_call_t *call)
{
    size_t        i;
    int64_t       span, seconds, total, days;
    nt_datetime_t start, end;

    if (!nt_arg_datetime(call, "start_date", &start) ||
        !nt_arg_datetime(call, "end_date", &end))
    {
        return NT_NODE_FAIL;
    }

    /* as Python's timedelta: only the days may be negative */
    span = nt_datetime_instant(&end) - nt_datetime_instant(&start);
    days = span / NT_DAY - (span % NT_DAY < 0);
    seconds = (span - days * NT_DAY) / NT_SECOND;
    total = span / NT_SECOND;

    const struct {
        const char *name;
        int64_t     value;
    } outputs[] = { { "total_seconds", total },
                    { "days", days },
                    { "hours", seconds / 3600 },
                    { "minutes", seconds / 60 % 60 },
                    { "seconds", seconds % 60 } };

    for (i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
        if (nt_call_emit(call, outputs[i].name,
                         json_integer(outputs[i].value)) != NT_NODE_DONE)
        {
            return NT_NODE_FAIL;
        }
    }

    return NT_NODE_DONE;
}


static const nt_property_t difference_properties[] = {
    NT_PROP_DATETIME("start_date", "The datetime to count from"),
    NT_PROP_DATETIME("end_date", "The datetime to count to"), NT_PROP_END
};

static const nt_output_t difference_outputs[] = {
    { "total_seconds", "int" }, { "days", "int" },    { "hours", "int" },
    { "minutes", "int" },       { "seconds", "int" }, { NULL, NULL }
};

static const nt_node_type_t date_difference = {
    .type = "lib.date.DateDifference",
    .title = "Date Difference",
    .description = "The time from one datetime to another.",
    .properties = difference_properties,
    .outputs = difference_outputs,
    .run = run_difference
};


static const nt_node_type_t *const types[] = {
    &date_today,      &date_now,        &date_parse,       &date_parse_time,
    &date_format,     &date_weekday,    &date_to_datetime, &date_to_date,
    &date_add,        &date_difference, &nt_date_boundary, &nt_date_in_range,
    &nt_date_quarter, &nt_date_range,   &nt_date_relative, NULL
};

const nt_node_library_t nt_nodes_date = { .abi = NODETOOL_NODE_ABI,
                                          .name = "date",
                                          .types = types };
