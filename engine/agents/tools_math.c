#include "engine/agents/tool.h"

#include <math.h>
#include <stdlib.h>

#include "engine/agents/calculator.h"
#include "engine/nodes/ustr.h"

/*
 * Tools that compute, so that models need not.
 */

#define VALUES_MAX 100000 /* numbers of statistics */


static bool
number(const json_t *args, const char *name, double *value, nt_buf_t *error)
{
    const json_t *arg = json_object_get(args, name);

    if (!json_is_number(arg)) {
        nt_buf_printf(error, "\"%s\" is required and must be a number", name);
        return false;
    }

    *value = json_number_value(arg);
    return true;
}


/* A number as JSON: an integer where it is one. NULL for what JSON lacks. */
static json_t *
real(double value)
{
    if (fabs(value) <= 9007199254740992.0 && value == trunc(value)) {
        return json_integer((json_int_t) value);
    }

    return json_real(value);
}


/* --- calculator --- */

static json_t *
run_calculator(nt_node_call_t *call, const void *arg, const json_t *args,
               nt_buf_t *error)
{
    double   result;
    nt_str_t expression;

    if (!nt_tool_text(args, "expression", NULL, &expression, error) ||
        nt_calculate(expression, &result, error) != NT_OK)
    {
        return NULL;
    }

    return json_pack("{s:o, s:o}", "expression", nt_ustr_json(expression),
                     "result", real(result));
}


/* --- statistics --- */

static int
by_value(const void *a, const void *b)
{
    double left = *(const double *) a, right = *(const double *) b;

    return (left > right) - (left < right);
}


/* The value that is there most often, the smallest of several. */
static double
mode(const double *sorted, size_t n)
{
    size_t i, run = 0, best = 0;
    double value = sorted[0];

    for (i = 0; i < n; i++) {
        run = i > 0 && sorted[i] == sorted[i - 1] ? run + 1 : 1;

        if (run > best) {
            best = run;
            value = sorted[i];
        }
    }

    return value;
}


typedef struct {
    double sum;
    double mean;
    double variance; /* of a sample */
} moments_t;


static moments_t
moments(const double *values, size_t n)
{
    size_t    i;
    moments_t m = { 0 };

    for (i = 0; i < n; i++) {
        m.sum += values[i];
    }

    m.mean = m.sum / (double) n;

    for (i = 0; i < n && n > 1; i++) {
        m.variance +=
            (values[i] - m.mean) * (values[i] - m.mean) / (double) (n - 1);
    }

    return m;
}


static bool
wanted(const json_t *calculations, const char *name)
{
    size_t      i;
    json_t     *entry;
    const char *text;

    json_array_foreach(calculations, i, entry)
    {
        text = json_string_value(entry);

        if (text != NULL &&
            (strcmp(text, name) == 0 || strcmp(text, "all") == 0)) {
            return true;
        }
    }

    return json_array_size(calculations) == 0;
}


/* New reference; NULL when memory is out, or a result is not finite. */
static json_t *
describe(double *values, size_t n, const json_t *calculations)
{
    int       rc = 0;
    size_t    i;
    json_t   *result;
    moments_t m;

    qsort(values, n, sizeof(*values), by_value);
    m = moments(values, n);

    const struct {
        const char *name;
        double      value;
    } rows[] = { { "mean", m.mean },
                 { "median", (values[(n - 1) / 2] + values[n / 2]) / 2 },
                 { "mode", mode(values, n) },
                 { "std_dev", sqrt(m.variance) },
                 { "variance", m.variance },
                 { "min", values[0] },
                 { "max", values[n - 1] },
                 { "sum", m.sum },
                 { "count", (double) n } };

    result = json_object();

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (wanted(calculations, rows[i].name)) {
            rc |=
                json_object_set_new(result, rows[i].name, real(rows[i].value));
        }
    }

    if (rc != 0) {
        json_decref(result);
        return NULL;
    }

    return result;
}


static json_t *
run_statistics(nt_node_call_t *call, const void *arg, const json_t *args,
               nt_buf_t *error)
{
    double       *values;
    size_t        i, n;
    json_t       *result;
    const json_t *data = json_object_get(args, "data");

    n = json_array_size(data);

    if (n == 0 || n > VALUES_MAX) {
        nt_buf_printf(error, "\"data\" must be a list of 1 to %d numbers",
                      VALUES_MAX);
        return NULL;
    }

    values = calloc(n, sizeof(*values));

    if (values == NULL) {
        return NULL;
    }

    for (i = 0; i < n; i++) {
        if (!json_is_number(json_array_get(data, i))) {
            nt_buf_printf(error,
                          "\"data\" must be a list of numbers; number "
                          "%zu is none",
                          i + 1);
            free(values);
            return NULL;
        }

        values[i] = json_number_value(json_array_get(data, i));
    }

    result = describe(values, n, json_object_get(args, "calculations"));
    free(values);

    if (result == NULL) {
        nt_buf_append_str(error, NT_STR("the numbers are too large"));
        return NULL;
    }

    return json_pack("{s:I, s:o}", "values", (json_int_t) n, "statistics",
                     result);
}


/* --- unit_conversion --- */

typedef struct {
    const char *names; /* separated by spaces, with one around each */
    char        kind;  /* length, mass, area, volume */
    double      size;  /* in metres, kilograms, square metres, litres */
} unit_t;

static const unit_t units[] = {
    { " m meter meters metre metres ", 'l', 1.0 },
    { " cm centimeter centimeters ", 'l', 0.01 },
    { " mm millimeter millimeters ", 'l', 0.001 },
    { " km kilometer kilometers ", 'l', 1000.0 },
    { " ft foot feet ", 'l', 0.3048 },
    { " in inch inches ", 'l', 0.0254 },
    { " yd yard yards ", 'l', 0.9144 },
    { " mi mile miles ", 'l', 1609.344 },
    { " kg kilogram kilograms ", 'm', 1.0 },
    { " g gram grams ", 'm', 0.001 },
    { " lb lbs pound pounds ", 'm', 0.45359237 },
    { " oz ounce ounces ", 'm', 0.028349523125 },
    { " m2 square_meter square_meters ", 'a', 1.0 },
    { " ft2 square_foot square_feet ", 'a', 0.09290304 },
    { " in2 square_inch square_inches ", 'a', 0.00064516 },
    { " ha hectare hectares ", 'a', 10000.0 },
    { " acre acres ", 'a', 4046.8564224 },
    { " l liter liters litre litres ", 'v', 1.0 },
    { " ml milliliter milliliters ", 'v', 0.001 },
    { " gal gallon gallons ", 'v', 3.785411784 },
    { " cup cups ", 'v', 0.2365882365 },
    { " fl_oz fluid_ounce fluid_ounces ", 'v', 0.0295735295625 },
};

/* Temperatures, by their first letters. */
static const char temperatures[] = " celsius c fahrenheit f kelvin k ";


/* Is it one of the names? */
static bool
is_named(const char *names, nt_str_t name)
{
    bool     found;
    nt_buf_t text = { 0 };

    nt_buf_append_char(&text, ' ');
    nt_ustr_lower(&text, name);
    nt_buf_append_char(&text, ' ');
    found = !text.failed && name.len > 0 &&
            memchr(name.data, ' ', name.len) == NULL &&
            memmem(names, strlen(names), text.data, text.len) != NULL;
    nt_buf_free(&text);
    return found;
}


static const unit_t *
find_unit(nt_str_t name, nt_buf_t *error)
{
    size_t i;

    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (is_named(units[i].names, name)) {
            return &units[i];
        }
    }

    nt_buf_printf(error,
                  "there is no unit \"%.*s\"; lengths, masses, areas, "
                  "volumes and temperatures can be converted",
                  (int) name.len, name.data);
    return NULL;
}


static double
convert_temperature(double value, char from, char to)
{
    double celsius = from == 'f'   ? (value - 32.0) * 5.0 / 9.0
                     : from == 'k' ? value - 273.15
                                   : value;

    return to == 'f'   ? celsius * 9.0 / 5.0 + 32.0
           : to == 'k' ? celsius + 273.15
                       : celsius;
}


static bool
convert(double value, nt_str_t from, nt_str_t to, double *result,
        nt_buf_t *error)
{
    const unit_t *source, *target;

    if (is_named(temperatures, from) && is_named(temperatures, to)) {
        *result = convert_temperature(value, (char) (from.data[0] | 0x20),
                                      (char) (to.data[0] | 0x20));
        return true;
    }

    source = find_unit(from, error);
    target = source != NULL ? find_unit(to, error) : NULL;

    if (target == NULL) {
        return false;
    }

    if (source->kind != target->kind) {
        nt_buf_printf(error, "\"%.*s\" and \"%.*s\" do not measure the same",
                      (int) from.len, from.data, (int) to.len, to.data);
        return false;
    }

    *result = value * source->size / target->size;
    return true;
}


static json_t *
run_conversion(nt_node_call_t *call, const void *arg, const json_t *args,
               nt_buf_t *error)
{
    double   value, result;
    nt_str_t from, to;

    if (!number(args, "value", &value, error) ||
        !nt_tool_text(args, "from_unit", NULL, &from, error) ||
        !nt_tool_text(args, "to_unit", NULL, &to, error) ||
        !convert(value, from, to, &result, error))
    {
        return NULL;
    }

    return json_pack("{s:o, s:o, s:o, s:o}", "original_value", real(value),
                     "from_unit", nt_ustr_json(from), "to_unit",
                     nt_ustr_json(to), "converted_value", real(result));
}


/* --- the table --- */

#define NUMBERS "{\"type\":\"array\",\"items\":{\"type\":\"number\"}}"
#define STATISTICS                                                             \
    "{\"type\":\"array\",\"items\":{\"type\":\"string\",\"enum\":[\"mean\","   \
    "\"median\",\"mode\",\"std_dev\",\"variance\",\"min\",\"max\",\"sum\","    \
    "\"count\",\"all\"]}}"

static const nt_tool_param_t calculator_params[] = {
    { "expression", "string", "For example 2 + 3 * 4, sqrt(16), max(1, 2)",
      true },
    { NULL, NULL, NULL, false }
};

static const nt_tool_param_t statistics_params[] = {
    { "data", NUMBERS, "The numbers", true },
    { "calculations", STATISTICS, "What to compute; all if missing", false },
    { NULL, NULL, NULL, false }
};

static const nt_tool_param_t conversion_params[] = {
    { "value", "number", "What to convert", true },
    { "from_unit", "string", "For example meters, lbs, celsius", true },
    { "to_unit", "string", "For example feet, kg, fahrenheit", true },
    { NULL, NULL, NULL, false }
};

const nt_tool_t nt_tools_math[] = {
    { .name = "calculator",
      .description = "Computes an arithmetic expression: + - * / // % **, "
                     "parentheses, sqrt, abs, round, min, max, log, exp, sin "
                     "and the like, pi and e.",
      .params = calculator_params,
      .message = "Computing {expression}",
      .run = run_calculator },
    { .name = "statistics",
      .description = "Mean, median, mode, standard deviation, variance, "
                     "extremes, sum and count of numbers.",
      .params = statistics_params,
      .message = "Computing statistics",
      .run = run_statistics },
    { .name = "unit_conversion",
      .description = "Converts lengths, masses, areas, volumes and "
                     "temperatures from one unit to another.",
      .params = conversion_params,
      .message = "Converting {value}",
      .run = run_conversion },
    { .name = NULL }
};
