/*
 * engine/nodes/math.c - lib.math.*
 *
 * Ints stay ints as in Python, but have 64 bits; what does not fit is an
 * error, as are results that are no finite number.
 */

#include <math.h>

#include "engine/nodes/args.h"
#include "engine/nodes/pyvalue.h"
#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"


static nt_node_rc_t
overflow(nt_node_call_t *call)
{
    return nt_call_fail(call, "the result does not fit into 64 bits: make an "
                              "input a float (1.0)");
}


static nt_node_rc_t
emit_int(nt_node_call_t *call, int64_t value)
{
    return nt_emit(call, json_integer((json_int_t) value));
}


/* --- operations on two numbers --- */

/* One operation: *i and *j are set when both are ints. */
typedef nt_node_rc_t (*operation_t)(nt_node_call_t *call, const int64_t *i,
                                    const int64_t *j, double x, double y);


static nt_node_rc_t
operate(nt_node_call_t *call, const char *first, const char *second,
        operation_t operation)
{
    int64_t       i, j;
    const json_t *a, *b;

    if ((a = nt_arg_number(call, first)) == NULL ||
        (b = nt_arg_number(call, second)) == NULL)
    {
        return NT_NODE_FAIL;
    }

    if (nt_py_integer(a, &i) && nt_py_integer(b, &j)) {
        return operation(call, &i, &j, (double) i, (double) j);
    }

    return operation(call, NULL, NULL, nt_py_number(a), nt_py_number(b));
}


static nt_node_rc_t
add(nt_node_call_t *call, const int64_t *i, const int64_t *j, double x,
    double y)
{
    int64_t sum;

    if (i != NULL) {
        return __builtin_add_overflow(*i, *j, &sum) ? overflow(call)
                                                    : emit_int(call, sum);
    }

    return nt_emit_float(call, x + y);
}


static nt_node_rc_t
subtract(nt_node_call_t *call, const int64_t *i, const int64_t *j, double x,
         double y)
{
    int64_t difference;

    if (i != NULL) {
        return __builtin_sub_overflow(*i, *j, &difference)
                   ? overflow(call)
                   : emit_int(call, difference);
    }

    return nt_emit_float(call, x - y);
}


static nt_node_rc_t
multiply(nt_node_call_t *call, const int64_t *i, const int64_t *j, double x,
         double y)
{
    int64_t product;

    if (i != NULL) {
        return __builtin_mul_overflow(*i, *j, &product)
                   ? overflow(call)
                   : emit_int(call, product);
    }

    return nt_emit_float(call, x * y);
}


static nt_node_rc_t
divide(nt_node_call_t *call, const int64_t *i, const int64_t *j, double x,
       double y)
{
    if (y == 0) {
        return nt_call_fail(call, "'b' must not be 0: division by zero");
    }

    /* of ints without rounding them first */
    return nt_emit_float(call, i != NULL ? (double) ((long double) *i /
                                                     (long double) *j)
                                         : x / y);
}


/* The remainder has the sign of the divisor. */
static nt_node_rc_t
modulus(nt_node_call_t *call, const int64_t *i, const int64_t *j, double x,
        double y)
{
    double  rest;
    int64_t remainder;

    if (y == 0) {
        return nt_call_fail(call, "'b' must not be 0: division by zero");
    }

    if (i != NULL) {
        remainder = *j == -1 ? 0 : *i % *j;
        if (remainder != 0 && (remainder < 0) != (*j < 0)) {
            remainder += *j;
        }
        return emit_int(call, remainder);
    }

    rest = fmod(x, y);
    if (rest == 0) {
        rest = copysign(0, y);
    } else if ((rest < 0) != (y < 0)) {
        rest += y;
    }

    return nt_emit_float(call, rest);
}


static nt_node_rc_t
power(nt_node_call_t *call, const int64_t *i, const int64_t *j, double x,
      double y)
{
    if (x == 0 && y < 0) {
        return nt_call_fail(call, "'base' must not be 0 when 'exponent' is "
                                  "negative");
    }

    if (x < 0 && y != floor(y)) {
        return nt_call_fail(call, "'base' must not be negative when "
                                  "'exponent' is not whole");
    }

    return nt_emit_float(call, pow(x, y));
}


#define NT_MATH_RUN(operation, first, second)                                  \
    static nt_node_rc_t run_##operation(nt_node_call_t *call)                  \
    {                                                                          \
        return operate(call, first, second, operation);                        \
    }

NT_MATH_RUN(add, "a", "b")
NT_MATH_RUN(subtract, "a", "b")
NT_MATH_RUN(multiply, "a", "b")
NT_MATH_RUN(divide, "a", "b")
NT_MATH_RUN(modulus, "a", "b")
NT_MATH_RUN(power, "base", "exponent")


#define NT_MATH_NUMBER(name, json, text)                                       \
    NT_PROP(name, "union[int,float]", json, text)

static const nt_property_t sum_properties[] = {
    NT_MATH_NUMBER("a", "0.0", "The first number"),
    NT_MATH_NUMBER("b", "0.0", "The second number"), NT_PROP_END
};

static const nt_property_t quotient_properties[] = {
    NT_MATH_NUMBER("a", "0.0", "The number to divide"),
    NT_MATH_NUMBER("b", "1.0", "The number to divide by, not 0"), NT_PROP_END
};

static const nt_property_t power_properties[] = {
    NT_MATH_NUMBER("base", "0.0", "The number to raise"),
    NT_MATH_NUMBER("exponent", "1.0", "The power to raise it to"), NT_PROP_END
};

#define NT_MATH_TYPE(variable, name, heading, text, property_table, function)  \
    static const nt_node_type_t variable = { .type = "lib.math." name,         \
                                             .title = heading,                 \
                                             .description = text,              \
                                             .properties = property_table,     \
                                             .outputs = nt_out_number,         \
                                             .run = function }

NT_MATH_TYPE(type_add, "Add", "Add", "Adds two numbers.", sum_properties,
             run_add);
NT_MATH_TYPE(type_subtract, "Subtract", "Subtract", "Subtracts b from a.",
             sum_properties, run_subtract);
NT_MATH_TYPE(type_multiply, "Multiply", "Multiply", "Multiplies two numbers.",
             sum_properties, run_multiply);
NT_MATH_TYPE(type_divide, "Divide", "Divide", "Divides a by b.",
             quotient_properties, run_divide);
NT_MATH_TYPE(type_modulus, "Modulus", "Modulus",
             "The remainder of a divided by b, with the sign of b.",
             quotient_properties, run_modulus);
NT_MATH_TYPE(type_power, "Power", "Power", "Raises a base to an exponent.",
             power_properties, run_power);


/* --- functions of one number --- */

static nt_node_rc_t
square_root(nt_node_call_t *call, const char *name, double x)
{
    if (x < 0) {
        return nt_call_fail(call, "'%s' must not be negative", name);
    }

    return nt_emit_float(call, sqrt(x));
}


static nt_node_rc_t
run_sqrt(nt_node_call_t *call)
{
    const json_t *x = nt_arg_number(call, "x");

    return x != NULL ? square_root(call, "x", nt_py_number(x)) : NT_NODE_FAIL;
}


static nt_node_rc_t
run_sine(nt_node_call_t *call)
{
    const json_t *x = nt_arg_number(call, "angle_rad");

    return x != NULL ? nt_emit_float(call, sin(nt_py_number(x))) : NT_NODE_FAIL;
}


static nt_node_rc_t
run_cosine(nt_node_call_t *call)
{
    const json_t *x = nt_arg_number(call, "angle_rad");

    return x != NULL ? nt_emit_float(call, cos(nt_py_number(x))) : NT_NODE_FAIL;
}


static const nt_property_t angle_properties[] = {
    NT_MATH_NUMBER("angle_rad", "0.0", "The angle in radians"), NT_PROP_END
};

static const nt_property_t sqrt_properties[] = {
    NT_MATH_NUMBER("x", "0.0", "The number, not negative"), NT_PROP_END
};

NT_MATH_TYPE(type_sine, "Sine", "Sine", "The sine of an angle.",
             angle_properties, run_sine);
NT_MATH_TYPE(type_cosine, "Cosine", "Cosine", "The cosine of an angle.",
             angle_properties, run_cosine);
NT_MATH_TYPE(type_sqrt, "Sqrt", "Sqrt", "The square root of a number.",
             sqrt_properties, run_sqrt);


/* Negate, absolute, square and cube of an int are ints. */
static nt_node_rc_t
int_function(nt_node_call_t *call, nt_str_t name, int64_t i)
{
    bool    failed;
    int64_t result;

    if (nt_str_eq(name, NT_STR("negate")) ||
        (nt_str_eq(name, NT_STR("absolute")) && i < 0))
    {
        failed = __builtin_sub_overflow(0, i, &result);

    } else if (nt_str_eq(name, NT_STR("absolute"))) {
        failed = false;
        result = i;

    } else {
        failed = __builtin_mul_overflow(i, i, &result);

        if (nt_str_eq(name, NT_STR("cube"))) {
            failed |= __builtin_mul_overflow(result, i, &result);
        }
    }

    return failed ? overflow(call) : emit_int(call, result);
}


/* In more digits than a double has, so that cubes come out whole. */
static double
cube_root(double x)
{
    return (double) cbrtl(x);
}


static nt_node_rc_t
float_function(nt_node_call_t *call, nt_str_t name, double x)
{
    size_t i;

    static const struct {
        const char *name;
        double (*function)(double x);
    } functions[] = { { "absolute", fabs }, { "cube_root", cube_root },
                      { "sine", sin },      { "cosine", cos },
                      { "tangent", tan },   { "arcsin", asin },
                      { "arccos", acos },   { "arctan", atan },
                      { "log", log } };

    if (nt_str_eq(name, NT_STR("negate"))) {
        return nt_emit_float(call, -x);
    }

    if (nt_str_eq(name, NT_STR("square"))) {
        return nt_emit_float(call, x * x);
    }

    if (nt_str_eq(name, NT_STR("cube"))) {
        return nt_emit_float(call, x * x * x);
    }

    if (nt_str_eq(name, NT_STR("square_root"))) {
        return square_root(call, "input", x);
    }

    if (nt_str_eq(name, NT_STR("log")) && x <= 0) {
        return nt_call_fail(call, "'input' must be greater than 0 for log");
    }

    if ((nt_str_eq(name, NT_STR("arcsin")) ||
         nt_str_eq(name, NT_STR("arccos"))) &&
        fabs(x) > 1)
    {
        return nt_call_fail(call, "'input' must be between -1 and 1 for %.*s",
                            (int) name.len, name.data);
    }

    for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (nt_str_eq(name, nt_str(functions[i].name))) {
            return nt_emit_float(call, functions[i].function(x));
        }
    }

    return nt_call_fail(call, "'operation' is not one that this node has");
}


static nt_node_rc_t
run_function(nt_node_call_t *call)
{
    int64_t       i;
    nt_str_t      name;
    const json_t *input = nt_arg_number(call, "input");

    if (input == NULL || !nt_arg_str(call, "operation", &name)) {
        return NT_NODE_FAIL;
    }

    if (nt_py_integer(input, &i) &&
        (nt_str_eq(name, NT_STR("negate")) ||
         nt_str_eq(name, NT_STR("absolute")) ||
         nt_str_eq(name, NT_STR("square")) || nt_str_eq(name, NT_STR("cube"))))
    {
        return int_function(call, name, i);
    }

    return float_function(call, name, nt_py_number(input));
}


static const char *const functions[] = { "negate", "absolute",    "square",
                                         "cube",   "square_root", "cube_root",
                                         "sine",   "cosine",      "tangent",
                                         "arcsin", "arccos",      "arctan",
                                         "log",    NULL };

static const nt_property_t function_properties[] = {
    NT_MATH_NUMBER("input", "0.0", "The number"),
    NT_PROP_ENUM("operation", functions, "\"negate\"", "What to do with it"),
    NT_PROP_END
};

NT_MATH_TYPE(type_function, "MathFunction", "Math Function",
             "Applies a function to a number.", function_properties,
             run_function);


static const nt_node_type_t *const types[] = {
    &type_add,  &type_subtract, &type_multiply, &type_divide,   &type_modulus,
    &type_sine, &type_cosine,   &type_power,    &type_function, &type_sqrt,
    NULL
};

const nt_node_library_t nt_nodes_math = { .abi = NODETOOL_NODE_ABI,
                                          .name = "math",
                                          .types = types };
