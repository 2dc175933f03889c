/*
 * JSON Schema: for each keyword what it lets pass and what it does not.
 */

#include <stdio.h>

#include "engine/nodes/jsonschema.h"
#include "t/core/tap.h"

enum { VALID = 1, INVALID = 0, FAULT = -1 };

static const struct {
    const char *schema;
    const char *value;
    int         want;
} rows[] = {
    { "{}", "1", VALID },
    { "{\"type\":\"integer\"}", "1", VALID },
    { "{\"type\":\"integer\"}", "1.0", VALID },
    { "{\"type\":\"integer\"}", "1.5", INVALID },
    { "{\"type\":\"integer\"}", "true", INVALID },
    { "{\"type\":\"number\"}", "1.5", VALID },
    { "{\"type\":\"number\"}", "\"1\"", INVALID },
    { "{\"type\":\"string\"}", "\"1\"", VALID },
    { "{\"type\":\"boolean\"}", "false", VALID },
    { "{\"type\":\"boolean\"}", "0", INVALID },
    { "{\"type\":\"null\"}", "null", VALID },
    { "{\"type\":\"array\"}", "[]", VALID },
    { "{\"type\":\"object\"}", "[]", INVALID },
    { "{\"type\":[\"null\",\"string\"]}", "null", VALID },
    { "{\"type\":[\"null\",\"string\"]}", "1", INVALID },
    { "{\"type\":\"any\"}", "1", FAULT },
    { "{\"type\":1}", "1", FAULT },
    { "{\"enum\":[1,\"a\",null]}", "null", VALID },
    { "{\"enum\":[1,\"a\"]}", "1.0", VALID },
    { "{\"enum\":[1]}", "true", INVALID },
    { "{\"enum\":[[true]]}", "[1]", INVALID },
    { "{\"enum\":1}", "1", FAULT },
    { "{\"const\":{\"a\":[1]}}", "{\"a\":[1.0]}", VALID },
    { "{\"const\":null}", "0", INVALID },
    { "{\"multipleOf\":3}", "9", VALID },
    { "{\"multipleOf\":3}", "10", INVALID },
    { "{\"multipleOf\":0.1}", "0.3", VALID },
    { "{\"multipleOf\":0.1}", "0.35", INVALID },
    { "{\"multipleOf\":2}", "\"x\"", VALID },
    { "{\"multipleOf\":0}", "1", FAULT },
    { "{\"maximum\":3}", "3", VALID },
    { "{\"maximum\":3}", "3.1", INVALID },
    { "{\"exclusiveMaximum\":3}", "3", INVALID },
    { "{\"exclusiveMaximum\":3}", "2", VALID },
    { "{\"maximum\":3,\"exclusiveMaximum\":true}", "3", INVALID },
    { "{\"maximum\":3,\"exclusiveMaximum\":false}", "3", VALID },
    { "{\"minimum\":3}", "3", VALID },
    { "{\"minimum\":3}", "2", INVALID },
    { "{\"exclusiveMinimum\":3}", "3", INVALID },
    { "{\"maximum\":\"3\"}", "1", FAULT },
    { "{\"maxLength\":2}", "\"\xc3\xa9\xc3\xa9\"", VALID },
    { "{\"maxLength\":2}", "\"abc\"", INVALID },
    { "{\"minLength\":2}", "\"a\"", INVALID },
    { "{\"minLength\":-1}", "\"a\"", FAULT },
    { "{\"minLength\":1.5}", "\"a\"", FAULT },
    { "{\"pattern\":\"b\"}", "\"abc\"", VALID },
    { "{\"pattern\":\"^b\"}", "\"abc\"", INVALID },
    { "{\"pattern\":\"b\"}", "5", VALID },
    { "{\"pattern\":\"(\"}", "\"a\"", FAULT },
    { "{\"pattern\":5}", "\"a\"", FAULT },
    { "{\"format\":\"email\"}", "\"nothing\"", VALID },
    { "{\"items\":{\"type\":\"integer\"}}", "[1,2]", VALID },
    { "{\"items\":{\"type\":\"integer\"}}", "[1,\"2\"]", INVALID },
    { "{\"items\":false}", "[]", VALID },
    { "{\"items\":false}", "[1]", INVALID },
    { "{\"prefixItems\":[{\"type\":\"integer\"}],\"items\":false}", "[1]",
      VALID },
    { "{\"prefixItems\":[{\"type\":\"integer\"}],\"items\":false}", "[1,2]",
      INVALID },
    { "{\"items\":[{\"type\":\"integer\"}],\"additionalItems\":false}", "[1]",
      VALID },
    { "{\"items\":[{\"type\":\"integer\"}],\"additionalItems\":false}", "[1,2]",
      INVALID },
    { "{\"items\":[{\"type\":\"integer\"}]}", "[1,\"x\"]", VALID },
    { "{\"prefixItems\":1}", "[1]", FAULT },
    { "{\"contains\":{\"const\":1}}", "[2,1]", VALID },
    { "{\"contains\":{\"const\":1}}", "[]", INVALID },
    { "{\"contains\":{\"const\":1},\"minContains\":0}", "[]", VALID },
    { "{\"contains\":{\"const\":1},\"minContains\":2}", "[1]", INVALID },
    { "{\"contains\":{\"const\":1},\"maxContains\":1}", "[1,1]", INVALID },
    { "{\"minItems\":1}", "[]", INVALID },
    { "{\"maxItems\":1}", "[1,2]", INVALID },
    { "{\"uniqueItems\":true}", "[1,true,\"1\",[1],{\"a\":1}]", VALID },
    { "{\"uniqueItems\":true}", "[1,1.0]", INVALID },
    { "{\"uniqueItems\":true}", "[{\"a\":1,\"b\":2},{\"b\":2,\"a\":1}]",
      INVALID },
    { "{\"uniqueItems\":false}", "[1,1]", VALID },
    { "{\"properties\":{\"a\":{\"type\":\"integer\"}}}", "{\"a\":1,\"b\":2}",
      VALID },
    { "{\"properties\":{\"a\":{\"type\":\"integer\"}}}", "{\"a\":\"1\"}",
      INVALID },
    { "{\"properties\":{\"a\":1}}", "{\"a\":1}", FAULT },
    { "{\"properties\":{\"a\":1}}", "{}", VALID },
    { "{\"patternProperties\":{\"^n_\":{\"type\":\"integer\"}}}",
      "{\"n_a\":1,\"x\":\"\"}", VALID },
    { "{\"patternProperties\":{\"^n_\":{\"type\":\"integer\"}}}",
      "{\"n_a\":\"\"}", INVALID },
    { "{\"properties\":{\"a\":{}},\"additionalProperties\":false}", "{\"a\":1}",
      VALID },
    { "{\"properties\":{\"a\":{}},\"additionalProperties\":false}", "{\"b\":1}",
      INVALID },
    { "{\"patternProperties\":{\"b\":{}},\"additionalProperties\":false}",
      "{\"abc\":1}", VALID },
    { "{\"additionalProperties\":{\"type\":\"integer\"}}", "{\"a\":\"\"}",
      INVALID },
    { "{\"propertyNames\":{\"maxLength\":2}}", "{\"abc\":1}", INVALID },
    { "{\"required\":[\"a\"]}", "{\"a\":null}", VALID },
    { "{\"required\":[\"a\"]}", "{}", INVALID },
    { "{\"required\":[\"a\"]}", "1", VALID },
    { "{\"required\":\"a\"}", "{}", FAULT },
    { "{\"required\":[1]}", "{}", FAULT },
    { "{\"minProperties\":1}", "{}", INVALID },
    { "{\"maxProperties\":0}", "{\"a\":1}", INVALID },
    { "{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1}", INVALID },
    { "{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1,\"b\":1}", VALID },
    { "{\"dependentSchemas\":{\"a\":{\"required\":[\"b\"]}}}", "{\"a\":1}",
      INVALID },
    { "{\"dependencies\":{\"a\":[\"b\"]}}", "{\"a\":1}", INVALID },
    { "{\"allOf\":[{\"minimum\":1},{\"maximum\":2}]}", "1.5", VALID },
    { "{\"allOf\":[{\"minimum\":1},{\"maximum\":2}]}", "3", INVALID },
    { "{\"allOf\":[]}", "3", FAULT },
    { "{\"anyOf\":[{\"minimum\":5},{\"maximum\":2}]}", "1", VALID },
    { "{\"anyOf\":[{\"minimum\":5},{\"maximum\":2}]}", "3", INVALID },
    { "{\"oneOf\":[{\"minimum\":1},{\"maximum\":2}]}", "3", VALID },
    { "{\"oneOf\":[{\"minimum\":1},{\"maximum\":2}]}", "1.5", INVALID },
    { "{\"not\":{\"type\":\"null\"}}", "null", INVALID },
    { "{\"not\":{\"type\":\"null\"}}", "1", VALID },
    { "{\"if\":{\"minimum\":5},\"then\":{\"multipleOf\":5},"
      "\"else\":{\"const\":1}}",
      "10", VALID },
    { "{\"if\":{\"minimum\":5},\"then\":{\"multipleOf\":5}}", "7", INVALID },
    { "{\"if\":{\"minimum\":5},\"else\":{\"const\":1}}", "2", INVALID },
    { "{\"then\":false}", "1", VALID },
    { "{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"type\":\"null\"}}}", "1",
      INVALID },
    { "{\"$ref\":\"#/definitions/a~1b~0%25\","
      "\"definitions\":{\"a/b~%\":{\"type\":\"null\"}}}",
      "null", VALID },
    { "{\"$ref\":\"#/allOf/0\",\"allOf\":[{\"type\":\"null\"}]}", "null",
      VALID },
    { "{\"$ref\":\"#x\",\"$defs\":{\"a\":{\"$anchor\":\"x\",\"type\":"
      "\"null\"}}}",
      "1", INVALID },
    { "{\"$ref\":\"other\",\"$defs\":{\"a\":{\"$id\":\"other\",\"type\":"
      "\"null\"}}}",
      "1", INVALID },
    { "{\"properties\":{\"next\":{\"$ref\":\"#\"}},\"required\":[\"v\"]}",
      "{\"v\":1,\"next\":{\"v\":2}}", VALID },
    { "{\"properties\":{\"next\":{\"$ref\":\"#\"}},\"required\":[\"v\"]}",
      "{\"v\":1,\"next\":{}}", INVALID },
    { "{\"$ref\":\"#/$defs/none\"}", "1", FAULT },
    { "{\"$ref\":\"http://example.com/schema\"}", "1", FAULT },
    { "{\"$ref\":1}", "1", FAULT },
    { "{\"$ref\":\"#\"}", "1", FAULT },
    { "{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"$ref\":\"#/$defs/b\"},"
      "\"b\":{\"$ref\":\"#/$defs/a\"}}}",
      "1", FAULT },
    { "{\"unevaluatedProperties\":false}", "{}", FAULT },
    { "true", "1", VALID },
    { "false", "1", INVALID },
    { "[]", "1", FAULT },
};


static json_t *
parse(const char *text)
{
    json_error_t error;
    json_t      *value = json_loads(text, JSON_DECODE_ANY, &error);

    if (value == NULL) {
        diag("%s: %s", text, error.text);
    }

    return value;
}


/* A schema whose alternatives double with each level ends with a fault. */
static void
check_explosion(void)
{
    int      rc;
    nt_buf_t error = { 0 };
    json_t  *value = parse("1"), *schema;

    schema = parse("{\"$defs\":{\"a\":{\"allOf\":[{\"anyOf\":["
                   "{\"allOf\":[{\"$ref\":\"#/$defs/a\"},false]},"
                   "{\"allOf\":[{\"$ref\":\"#/$defs/a\"},false]}]}]}},"
                   "\"$ref\":\"#/$defs/a\"}");
    rc = nt_jsonschema_validate(schema, value, &error);
    ok(rc == FAULT && error.len > 0, "alternatives without end");
    json_decref(schema);
    json_decref(value);
    nt_buf_free(&error);
}


int
main(void)
{
    int      rc;
    size_t   i;
    json_t  *schema, *value;
    nt_buf_t error = { 0 };

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        nt_buf_reset(&error);
        schema = parse(rows[i].schema);
        value = parse(rows[i].value);
        rc = nt_jsonschema_validate(schema, value, &error);
        ok(rc == rows[i].want && (rc == FAULT) == (error.len > 0),
           "%s %s: %d %.*s", rows[i].schema, rows[i].value, rc, (int) error.len,
           error.data != NULL ? error.data : "");
        json_decref(schema);
        json_decref(value);
    }

    nt_buf_free(&error);
    check_explosion();
    return done();
}
