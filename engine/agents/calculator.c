#include "engine/agents/calculator.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#define ARGS_MAX 64 /* of min and max */

typedef struct {
    const char *p;
    const char *end;
    nt_buf_t   *error;
    unsigned    depth;
} calc_t;


static bool expression(calc_t *calc, double *value);


static bool
fail(calc_t *calc, const char *what)
{
    if (calc->error->len == 0) {
        nt_buf_append_str(calc->error, nt_str(what));
    }

    return false;
}


/* A character that is expected next, with space in front. */
static bool
take(calc_t *calc, const char *symbol)
{
    size_t len = strlen(symbol);

    while (calc->p < calc->end && isspace((unsigned char) *calc->p)) {
        calc->p++;
    }

    if ((size_t) (calc->end - calc->p) < len ||
        memcmp(calc->p, symbol, len) != 0) {
        return false;
    }

    calc->p += len;
    return true;
}


static bool
enter(calc_t *calc)
{
    if (++calc->depth > NT_CALCULATOR_DEPTH_MAX) {
        return fail(calc, "the expression is nested too deeply");
    }

    return true;
}


/* --- functions --- */

static double
to_degrees(double x)
{
    return x * (180.0 / M_PI);
}


static double
to_radians(double x)
{
    return x * (M_PI / 180.0);
}


static const struct {
    const char *name;
    double (*function)(double x);
} functions[] = {
    { "sqrt", sqrt },
    { "abs", fabs },
    { "floor", floor },
    { "ceil", ceil },
    { "exp", exp },
    { "log10", log10 },
    { "log2", log2 },
    { "sin", sin },
    { "cos", cos },
    { "tan", tan },
    { "asin", asin },
    { "acos", acos },
    { "atan", atan },
    { "degrees", to_degrees },
    { "radians", to_radians },
    { "log", log },
    { "ln", log },
    { "round", nearbyint },
};


static double
extreme(const double *args, size_t n, bool largest)
{
    size_t i;
    double value = args[0];

    for (i = 1; i < n; i++) {
        if (largest ? args[i] > value : args[i] < value) {
            value = args[i];
        }
    }

    return value;
}


static double
round_to(double x, double digits)
{
    double scale = pow(10.0, trunc(digits));

    return isfinite(scale) && scale > 0 ? nearbyint(x * scale) / scale : x;
}


static bool
apply(calc_t *calc, const char *name, const double *args, size_t n,
      double *value)
{
    size_t i;

    if (strcmp(name, "min") == 0 || strcmp(name, "max") == 0) {
        *value = extreme(args, n, name[1] == 'a');
        return true;
    }

    if (n == 2 && strcmp(name, "pow") == 0) {
        *value = pow(args[0], args[1]);
        return true;
    }

    if (n == 2 && strcmp(name, "log") == 0) {
        *value = log(args[0]) / log(args[1]);
        return true;
    }

    if (n == 2 && strcmp(name, "round") == 0) {
        *value = round_to(args[0], args[1]);
        return true;
    }

    for (i = 0; n == 1 && i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (strcmp(functions[i].name, name) == 0) {
            *value = functions[i].function(args[0]);
            return true;
        }
    }

    nt_buf_printf(calc->error,
                  "there is no function %s() of %zu argument%s, only those of "
                  "arithmetic: sqrt, abs, round, log, sin, min, max ...",
                  name, n, n == 1 ? "" : "s");
    return false;
}


static bool
call(calc_t *calc, const char *name, double *value)
{
    size_t n = 0;
    double args[ARGS_MAX];

    do {
        if (n == ARGS_MAX) {
            return fail(calc, "a function has too many arguments");
        }

        if (!expression(calc, &args[n++])) {
            return false;
        }
    } while (take(calc, ","));

    if (!take(calc, ")")) {
        return fail(calc, "a function lacks its closing parenthesis");
    }

    return apply(calc, name, args, n, value);
}


/* --- grammar, from the innermost --- */

static bool
constant(calc_t *calc, const char *name, double *value)
{
    if (strcmp(name, "pi") == 0) {
        *value = M_PI;

    } else if (strcmp(name, "e") == 0) {
        *value = M_E;

    } else if (strcmp(name, "tau") == 0) {
        *value = 2 * M_PI;

    } else {
        nt_buf_printf(calc->error,
                      "there is no constant \"%s\", only pi, e "
                      "and tau",
                      name);
        return false;
    }

    return true;
}


static bool
name_or_call(calc_t *calc, double *value)
{
    char   name[16];
    size_t n = 0;

    while (calc->p < calc->end && isalnum((unsigned char) *calc->p)) {
        if (n + 1 == sizeof(name)) {
            return fail(calc, "a name in it is none of arithmetic");
        }

        name[n++] = (char) tolower((unsigned char) *calc->p++);
    }

    name[n] = '\0';
    return take(calc, "(") ? call(calc, name, value)
                           : constant(calc, name, value);
}


/* A number: "12", "1.5e-3", ".5", "1_000". */
static bool
number(calc_t *calc, double *value)
{
    char   text[64], *end;
    size_t n = 0;

    while (calc->p < calc->end && n + 1 < sizeof(text) &&
           (isdigit((unsigned char) *calc->p) ||
            strchr("._eE", *calc->p) != NULL ||
            (strchr("+-", *calc->p) != NULL && n > 0 &&
             (text[n - 1] == 'e' || text[n - 1] == 'E'))))
    {
        if (*calc->p != '_') {
            text[n++] = *calc->p;
        }

        calc->p++;
    }

    text[n] = '\0';
    *value = strtod(text, &end);

    if (n == 0 || *end != '\0' || !isfinite(*value)) {
        return fail(calc, "a number is malformed or too large");
    }

    return true;
}


static bool
atom(calc_t *calc, double *value)
{
    if (take(calc, "(")) {
        if (!enter(calc) || !expression(calc, value)) {
            return false;
        }

        calc->depth--;
        return take(calc, ")") ? true
                               : fail(calc, "a closing parenthesis is missing");
    }

    if (calc->p < calc->end && isalpha((unsigned char) *calc->p)) {
        if (!enter(calc) || !name_or_call(calc, value)) {
            return false;
        }

        calc->depth--;
        return true;
    }

    if (calc->p < calc->end &&
        (isdigit((unsigned char) *calc->p) || *calc->p == '.'))
    {
        return number(calc, value);
    }

    return fail(calc, calc->p == calc->end
                          ? "the expression ends where a number is expected"
                          : "a number is expected where something else stands");
}


static bool factor(calc_t *calc, double *value);


static bool
power(calc_t *calc, double *value)
{
    double exponent;

    if (!atom(calc, value)) {
        return false;
    }

    if (!take(calc, "**") && !take(calc, "^")) {
        return true;
    }

    if (!factor(calc, &exponent)) {
        return false;
    }

    *value = pow(*value, exponent);
    return true;
}


static bool
factor(calc_t *calc, double *value)
{
    bool good, negative = false;

    if (!take(calc, "+")) {
        negative = take(calc, "-");

        if (!negative) {
            return power(calc, value);
        }
    }

    good = enter(calc) && factor(calc, value);
    calc->depth--;

    if (good && negative) {
        *value = -*value;
    }

    return good;
}


static bool
term(calc_t *calc, double *value)
{
    char   op;
    double right;

    if (!factor(calc, value)) {
        return false;
    }

    for (;;) {
        if (take(calc, "//")) {
            op = '_';

        } else if (take(calc, "*")) {
            op = '*';

        } else if (take(calc, "/")) {
            op = '/';

        } else if (take(calc, "%")) {
            op = '%';

        } else {
            return true;
        }

        if (!factor(calc, &right)) {
            return false;
        }

        if (op != '*' && right == 0) {
            return fail(calc, "it divides by zero");
        }

        *value = op == '*'   ? *value * right
                 : op == '/' ? *value / right
                 : op == '_' ? floor(*value / right)
                             : *value - right * floor(*value / right);
    }
}


static bool
expression(calc_t *calc, double *value)
{
    bool   plus;
    double right;

    if (!term(calc, value)) {
        return false;
    }

    for (;;) {
        plus = take(calc, "+");

        if (!plus && !take(calc, "-")) {
            return true;
        }

        if (!term(calc, &right)) {
            return false;
        }

        *value = plus ? *value + right : *value - right;
    }
}


nt_rc_t
nt_calculate(nt_str_t text, double *result, nt_buf_t *error)
{
    calc_t calc = { .p = text.data,
                    .end = text.data + text.len,
                    .error = error };

    if (text.len > NT_CALCULATOR_LENGTH_MAX) {
        (void) fail(&calc, "the expression is too long");
        return NT_ERROR;
    }

    if (!expression(&calc, result)) {
        return NT_ERROR;
    }

    (void) take(&calc, "");

    if (calc.p < calc.end) {
        (void) fail(&calc, "an operator is expected where something else "
                           "stands");
        return NT_ERROR;
    }

    if (!isfinite(*result)) {
        (void) fail(&calc, "the result is no finite real number");
        return NT_ERROR;
    }

    return NT_OK;
}
