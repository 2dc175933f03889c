/*
 * The template engine: what it refuses, and where it stops.  That it renders
 * as Jinja2 does is tested by t/clients/jinja2.t, which runs this program
 * with an argument: it then renders {"template", "values"} of each line of
 * its standard input to {"output"} or {"error"}.
 */

#include "engine/template/jinja.h"
#include "t/core/tap.h"


static nt_rc_t
render(const char *source, json_t *values, const nt_jinja_options_t *options,
       nt_buf_t *out)
{
    nt_rc_t  rc;
    nt_buf_t error = { 0 };
    nt_jinja_t *template;

    rc = NT_ERROR;
    template = nt_jinja_parse(nt_str(source), options, &error);

    if (template != NULL) {
        rc = nt_jinja_render(template, values, out, &error);
        nt_jinja_free(template);
    }

    if (rc != NT_OK) {
        nt_buf_reset(out);
        nt_buf_append_str(out, (nt_str_t) { error.data, error.len });
    }

    nt_buf_free(&error);
    return rc;
}


static void
serve(void)
{
    char              *line, *text;
    size_t             cap;
    json_t            *request, *reply, *values;
    nt_rc_t            rc;
    nt_buf_t           out = { 0 };
    nt_jinja_options_t options = NT_JINJA_OPTIONS;

    line = NULL;
    cap = 0;

    while (getline(&line, &cap, stdin) > 0) {
        request = json_loads(line, 0, NULL);
        values = json_object_get(request, "values");
        nt_buf_reset(&out);
        rc = render(json_string_value(json_object_get(request, "template")),
                    values, &options, &out);
        reply = json_pack("{s:s%}", rc == NT_OK ? "output" : "error",
                          out.data == NULL ? "" : out.data, out.len);
        text = json_dumps(reply, JSON_COMPACT);
        puts(text);
        free(text);
        json_decref(reply);
        json_decref(request);
    }

    free(line);
    nt_buf_free(&out);
}


/* Each is refused; the sentence has the line and this text. */
static const struct {
    const char *source;
    const char *error;
} refused[] = {
    { "{{ name", "line 1: this '{{' has no closing '}}'" },
    { "a\nb {% if x %}", "line 2: {% endif %} is missing" },
    { "{% for x in y %}", "{% endfor %} is missing" },
    { "{% if x %}{% else %}{% else %}{% endif %}", "found 'else'" },
    { "{% endfor %}", "line 1: unexpected" },
    { "\n\n{{ 1 + }}", "line 3: expected a value, found '}}'" },
    { "{{ 'x }}", "a string has no closing quote" },
    { "{# x", "no closing '#}'" },
    { "{% raw %}x", "no {% endraw %}" },
    { "{% macro m() %}{% endmacro %}", "{% macro %} is not supported" },
    { "{% include 'x' %}", "{% include %} is not supported" },
    { "{% import 'x' as y %}", "{% import %} is not supported" },
    { "{% extends 'x' %}", "{% extends %} is not supported" },
    { "{{ x|nope }}", "there is no filter 'nope'" },
    { "{{ x is nope }}", "there is no test 'nope'" },
    { "{{ nope() }}", "there is no function 'nope'" },
    { "{{ (1 }}", "unexpected '}'" },
    { "{{ 1) }}", "unexpected ')'" },
    { "{{ a ? b }}", "unexpected character '?'" },
    { "{{ a b }}", "expected '}}', found 'b'" },
    { "{{ 99999999999999999999 }}", "a number that fits 64 bits" },
    { "{{ 9223372036854775807 + 1 }}", "does not fit 64 bits" },
    { "{{ 1 // 0 }}", "division by zero" },
    { "{{ 1.0 % 0 }}", "division by zero" },
    { "{{ 1e308 * 10 }}", "becomes too large" },
    { "{{ missing.x }}", "'missing' is undefined" },
    { "{{ d.missing.x }}", "'missing' is undefined" },
    { "{{ missing[0] }}", "'missing' is undefined" },
    { "{{ missing.x() }}", "undefined" },
    { "{{ 1 + 'a' }}", "'+' cannot combine a value of type int with one of "
                       "type str" },
    { "{{ 1 < 'a' }}", "'<' cannot compare" },
    { "{{ [1, 'a']|sort }}", "cannot compare" },
    { "{% for x in 5 %}{% endfor %}", "type int is not a list" },
    { "{% for x in none %}{% endfor %}", "type NoneType is not a list" },
    { "{% for a, b in [[1]] %}{% endfor %}", "2 names cannot take 1 values" },
    { "{{ 'x'.nope() }}", "type str has no method nope()" },
    { "{{ l.append(1) }}", "a template cannot change a value" },
    { "{{ d.update(x=1) }}", "a template cannot change a value" },
    { "{% set d.x = 1 %}", "'d' is not a namespace" },
    { "{{ 'x'|truncate(1) }}", "must be at least 3" },
    { "{{ 'x'|replace('a') }}", "needs its argument 'new'" },
    { "{{ 'x'|upper(1) }}", "takes at most 0 arguments" },
    { "{{ 'x'|trim(a=1) }}", "knows only these arguments: chars" },
    { "{{ range(0, 1, 0) }}", "must not be 0" },
    { "{{ '%d'|format('a') }}", "does not fit a value of type str" },
    { "{{ '%s %s' % 'a' }}", "too few values" },
    { "{{ '%s' % (1, 2) }}", "too many values" },
    { "{{ '{'.format() }}", "format()" },
    { "{{ '{x}'.format() }}", "no value for {x}" },
    { "{{ f(*a) }}", "arguments with * or ** are not supported" },
    { "{% set ns = namespace() %}{% set ns.self = ns %}",
      "a namespace cannot stand inside another value" },
    { "{% set ns = namespace() %}{{ [ns] }}",
      "a namespace cannot stand inside another value" },
};


static void
test_refused(void)
{
    bool     found;
    size_t   i;
    json_t  *values;
    nt_rc_t  rc;
    nt_buf_t out = { 0 };

    nt_jinja_options_t options = NT_JINJA_OPTIONS;

    values = json_pack("{s:{s:i}, s:[i, i]}", "d", "a", 1, "l", 1, 2);

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        nt_buf_reset(&out);
        rc = render(refused[i].source, values, &options, &out);
        nt_buf_append_char(&out, '\0');
        found = rc == NT_ERROR && strncmp(out.data, "line ", 5) == 0 &&
                strstr(out.data, refused[i].error) != NULL;
        ok(found, "refused: %s", refused[i].error);

        if (!found) {
            diag("%s gives %s", refused[i].source, out.data);
        }
    }

    ok(json_object_size(json_object_get(values, "d")) == 1 &&
           json_array_size(json_object_get(values, "l")) == 2,
       "the values stay as they were");
    json_decref(values);
    nt_buf_free(&out);
}


/* Each would take for ever, or all memory. */
static const char *const endless[] = {
    "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}"
    "{% endfor %}",
    "{{ range(1000000000) }}",
    "{{ range(0, 9223372036854775807, 1) }}",
    "{{ 'x' * 1000000000000 }}",
    "{{ [0] * 1000000000000 }}",
    "{% set ns = namespace(s='x') %}{% for i in range(100) %}"
    "{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
    "{% set ns = namespace(l=[1]) %}{% for i in range(100) %}"
    "{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
    "{% set ns = namespace(l=[1]) %}{% for i in range(100) %}"
    "{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l|tojson }}",
    "{% set ns = namespace(l=[1], m=[1]) %}{% for i in range(60) %}"
    "{% set ns.l = [ns.l, ns.l] %}{% set ns.m = [ns.m, ns.m] %}{% endfor %}"
    "{{ ns.l == ns.m }}",
    "{% set ns = namespace(l=[]) %}{% for i in range(100000) %}"
    "{% set ns.l = [ns.l] %}{% endfor %}",
    "{% set ns = namespace(l=[]) %}{% for i in range(100000) %}"
    "{% set ns.l = [ns.l]|batch(1) %}{% endfor %}",
    "{% set ns = namespace(l=[]) %}{% for i in range(100000) %}"
    "{% set ns.l = {'a': ns.l} %}{% endfor %}",
    "{% set a = 'a' * 10000000 %}{% for i in range(1000) %}"
    "{% set b = a|upper %}{% endfor %}",
    "{% set a = 'ab' * 1000000 %}{{ a.replace('', a) }}",
    "{% set a = 'a' * 4000000 %}{{ a|replace('a', 'bbbbbbbbbb') }}",
    "{% set a = 'a' * 1000000 %}{% for x in a %}{% for y in a %}{% endfor %}"
    "{% endfor %}",
    "{{ ('x\\n' * 1000000)|indent(10000) }}",
    "{{ 'x'|center(1000000000) }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '{:1000000000}'.format(1) }}",
    "{{ (range(10000)|list)|map('string')|unique|list|length }}",
    "{{ 2 ** 1000000000 }}",
    "{{ [1]|batch(100000, 'x')|map('join', 'x' * 1000000)|list }}",
    "{{ ('b' * 1000000).strip('a' * 1000000 ~ 'b') }}",
    "{{ ('b' * 1000000)|trim('a' * 1000000 ~ 'b') }}",
    "{% set s = '<' * 4000000 %}{% for i in range(100) %}"
    "{% set t = s|striptags %}{% endfor %}",
};


static void
test_endless(void)
{
    size_t   i;
    json_t  *values;
    nt_rc_t  rc;
    nt_buf_t out = { 0 };

    nt_jinja_options_t options = NT_JINJA_OPTIONS;

    values = json_object();

    for (i = 0; i < sizeof(endless) / sizeof(endless[0]); i++) {
        nt_buf_reset(&out);
        rc = render(endless[i], values, &options, &out);

        if (!ok(rc == NT_ERROR && out.len < 1000, "stopped: %.60s", endless[i]))
        {
            diag("%.*s", out.len > 200 ? 200 : (int) out.len, out.data);
        }
    }

    json_decref(values);
    nt_buf_free(&out);
}


/* `start`, 100,000 times `open`, 1, as often `close`, `end`. */
static void
test_nesting(const char *start, const char *open, const char *close,
             const char *end)
{
    size_t   i, n;
    bool     stopped;
    json_t  *values;
    nt_buf_t source = { 0 }, out = { 0 };

    nt_jinja_options_t options = NT_JINJA_OPTIONS;

    n = 100000;
    values = json_object();
    nt_buf_append_str(&source, nt_str(start));

    for (i = 0; i < n; i++) {
        nt_buf_append_str(&source, nt_str(open));
    }

    nt_buf_append_char(&source, '1');

    for (i = 0; i < n; i++) {
        nt_buf_append_str(&source, nt_str(close));
    }

    nt_buf_append_str(&source, nt_str(end));
    nt_buf_append_char(&source, '\0');

    stopped = render(source.data, values, &options, &out) == NT_ERROR;

    if (!ok(stopped, "100,000 of %s", open)) {
        diag("%.*s", out.len > 200 ? 200 : (int) out.len, out.data);
    }

    json_decref(values);
    nt_buf_free(&source);
    nt_buf_free(&out);
}


/* As FormatText has it. */
static const struct {
    const char *source;
    const char *output;
} format_text[] = {
    { "{NAME} {Name} {name} {{ NAME }} {{ Name|upper }}", "Ann Ann Ann Ann "
                                                          "ANN" },
    { "{ name } {name {1} {-name}", "{ name } {name {1} {-name}" },
    { "{\"a\": {B}} {}", "{\"a\": {B}} {}" },
    { "{missing}|{{ Missing }}|", "||" },
    { "{{ 'Name {name} ABC' }}", "Name {name} ABC" },
    { "{{ User.First }} {{ User.last }}", "Ada Lovelace" },
    { "{% for Item in LIST %}{ITEM}{{ Item }}{% endfor %}", "1122" },
    { "{% set Total = 1 %}{{ TOTAL }}", "1" },
    { "{% raw %}{name}{% endraw %}", "{name}" },
    { "{{ evil }}", "{{ name }}{name}{% if %}" },
};


static void
test_format_text(void)
{
    size_t   i;
    json_t  *values;
    nt_buf_t out = { 0 };

    nt_jinja_options_t options = NT_JINJA_OPTIONS;

    options.lower_names = true;
    options.single_braces = true;
    values = json_pack("{s:s, s:{s:s, s:s}, s:[i, i], s:s}", "name", "Ann",
                       "user", "First", "Ada", "last", "Lovelace", "list", 1, 2,
                       "evil", "{{ name }}{name}{% if %}");

    for (i = 0; i < sizeof(format_text) / sizeof(format_text[0]); i++) {
        nt_buf_reset(&out);
        (void) render(format_text[i].source, values, &options, &out);
        is_str((nt_str_t) { out.data, out.len }, format_text[i].output,
               format_text[i].source);
    }

    json_decref(values);
    nt_buf_free(&out);
}


int
main(int argc, char **argv)
{
    if (argc > 1) {
        serve();
        return 0;
    }

    test_refused();
    test_endless();
    test_nesting("{{ ", "(", ")", " }}");
    test_nesting("{{ ", "[", "]", " }}");
    test_nesting("{{ ", "{'a': ", "}", " }}");
    test_nesting("{{ ", "-", "", " }}");
    test_nesting("{{ ", "not ", "", " }}");
    test_nesting("{{ ", "1 + ", "", " }}");
    test_nesting("{{ ", "1 if 0 else ", "", " }}");
    test_nesting("{{ ", "", "|abs", " }}");
    test_nesting("{{ ", "", "[0]", " }}");
    test_nesting("{{ ", "x(", ")", " }}");
    test_nesting("", "{% if 1 %}", "{% endif %}", "");
    test_nesting("", "{% for x in [1] %}", "{% endfor %}", "");
    test_nesting("", "{% filter upper %}", "{% endfilter %}", "");
    test_format_text();

    return done();
}
