/*
 * engine/nodes/code_languages.c - nodetool.code.*: how interpreters get code
 * and the values that it works with.
 */

#include <string.h>

#include "engine/json.h"
#include "engine/nodes/code.h"
#include "engine/nodes/pytext.h"
#include "engine/nodes/pyvalue.h"


#define EXPORT_MAX 16384 /* bytes of a variable that Bash exports */


/* --- Python, JavaScript, Ruby: {"code": ..., "values": {...}} --- */

static bool
make_json(nt_node_call_t *call, nt_buf_t *out, nt_str_t code,
          const json_t *values)
{
    nt_buf_append_str(out, NT_STR("{\"code\":"));
    nt_buf_append_json(out, code);
    nt_buf_append_str(out, NT_STR(",\"values\":"));
    nt_json_append(out, values);
    nt_buf_append_char(out, '}');
    return true;
}


static const char *const python_argv[] = {
    "python3", "-c",
    "import json\n"
    "with open('/run/input', encoding='utf-8') as file:\n"
    "    given = json.load(file)\n"
    "exec(compile(given['code'], '<code>', 'exec'),\n"
    "     dict(given['values'], __name__='__main__'))\n",
    NULL
};

const nt_language_t nt_code_python = { .argv = python_argv, .make = make_json };


/* The code may import(), where Node.js lets code of strings do that. */
static const char *const javascript_argv[] = {
    "node", "-e",
    "{\n"
    "  const vm = require('vm');\n"
    "  const given = JSON.parse(require('fs').readFileSync('/run/input',"
    " 'utf8'));\n"
    "  Object.assign(globalThis, given.values);\n"
    "  vm.runInThisContext(given.code, { filename: 'code.js',\n"
    "    importModuleDynamically:"
    " vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER });\n"
    "}\n",
    NULL
};

const nt_language_t nt_code_javascript = { .argv = javascript_argv,
                                           .make = make_json };


static const char *const ruby_argv[] = {
    "ruby", "-e",
    "require 'json'\n"
    "-> {\n"
    "  given = JSON.parse(File.read('/run/input', encoding: 'utf-8'),\n"
    "                     max_nesting: false)\n"
    "  given['values'].each { |name, value|\n"
    "    TOPLEVEL_BINDING.local_variable_set(name, value) }\n"
    "  TOPLEVEL_BINDING.eval(given['code'], 'code.rb')\n"
    "}.call\n",
    NULL
};

const nt_language_t nt_code_ruby = { .argv = ruby_argv, .make = make_json };


/* --- Bash --- */

static bool
is_name(const char *name)
{
    static const char letters[] = "0123456789_"
                                  "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return *name != '\0' && (*name < '0' || *name > '9') &&
           name[strspn(name, letters)] == '\0';
}


/* $'...', all on one line, so that lines of the code keep their numbers. */
static void
quote_bash(nt_buf_t *out, nt_str_t text)
{
    size_t i;

    nt_buf_append_str(out, NT_STR("$'"));

    for (i = 0; i < text.len; i++) {
        if (text.data[i] == '\'' || text.data[i] == '\\') {
            nt_buf_append_char(out, '\\');
            nt_buf_append_char(out, text.data[i]);

        } else if ((unsigned char) text.data[i] < ' ') {
            nt_buf_printf(out, "\\%03o", (unsigned) text.data[i]);

        } else {
            nt_buf_append_char(out, text.data[i]);
        }
    }

    nt_buf_append_char(out, '\'');
}


/* Texts as they are, lists and dicts as JSON, others as Python writes them. */
static bool
set_bash(nt_node_call_t *call, nt_buf_t *out, const char *name,
         const json_t *value)
{
    bool     good;
    nt_buf_t text = { 0 };

    if (json_is_array(value) || json_is_object(value)) {
        nt_py_dumps(&text, value, -1);
    } else {
        nt_py_str(&text, value);
    }

    good = text.len == 0 || memchr(text.data, '\0', text.len) == NULL;

    if (good) {
        nt_buf_append_str(out, nt_str(name));
        nt_buf_append_char(out, '=');
        quote_bash(out, (nt_str_t) { text.data, text.len });
        nt_buf_append_char(out, ';');

        /* more would leave other programs no room for their arguments */
        if (text.len <= EXPORT_MAX) {
            nt_buf_printf(out, "export %s;", name);
        }

    } else {
        (void) nt_call_fail(call,
                            "'%s' has a NUL character, which Bash cannot hold",
                            name);
    }

    out->failed |= text.failed;
    nt_buf_free(&text);
    return good;
}


static bool
make_shell(nt_node_call_t *call, nt_buf_t *out, nt_str_t code,
           const json_t *values)
{
    json_t     *value;
    const char *name;

    json_object_foreach((json_t *) values, name, value)
    {
        if (!is_name(name)) {
            (void) nt_call_fail(call,
                                "the dynamic property \"%s\" cannot be a "
                                "variable of Bash: give it a name of letters, "
                                "digits and _",
                                name);
            return false;
        }
        if (!set_bash(call, out, name, value)) {
            return false;
        }
    }

    nt_buf_append_str(out, code);
    return true;
}


static bool
make_bash(nt_node_call_t *call, nt_buf_t *out, nt_str_t code,
          const json_t *values)
{
    nt_buf_append_str(out, NT_STR("set -e;"));
    return make_shell(call, out, code, values);
}


static const char *const bash_argv[] = { "bash", "/run/input", NULL };

const nt_language_t nt_code_bash = { .argv = bash_argv, .make = make_bash };
const nt_language_t nt_code_command = { .argv = bash_argv, .make = make_shell };


/* --- Lua --- */

static void
quote_lua(nt_buf_t *out, nt_str_t text)
{
    size_t        i;
    unsigned char c;

    nt_buf_append_char(out, '"');

    for (i = 0; i < text.len; i++) {
        c = (unsigned char) text.data[i];

        if (c == '"' || c == '\\' || c < ' ' || c == 127) {
            nt_buf_printf(out, "\\%03u", c);
        } else {
            nt_buf_append_char(out, (char) c);
        }
    }

    nt_buf_append_char(out, '"');
}


/* Nesting is bounded by jansson, and Lua refuses what is too deep for it. */
static void
write_lua(nt_buf_t *out, const json_t *value)
{
    size_t      i;
    json_t     *item;
    const char *name;

    switch (json_typeof(value)) {
    case JSON_NULL:
        nt_buf_append_str(out, NT_STR("nil"));
        break;

    case JSON_STRING:
        quote_lua(out, (nt_str_t) { json_string_value(value),
                                    json_string_length(value) });
        break;

    case JSON_ARRAY:
        nt_buf_append_char(out, '{');
        json_array_foreach(value, i, item)
        {
            write_lua(out, item);
            nt_buf_append_char(out, ',');
        }
        nt_buf_append_char(out, '}');
        break;

    case JSON_OBJECT:
        nt_buf_append_char(out, '{');
        json_object_foreach((json_t *) value, name, item)
        {
            nt_buf_append_char(out, '[');
            quote_lua(out, nt_str(name));
            nt_buf_append_str(out, NT_STR("]="));
            write_lua(out, item);
            nt_buf_append_char(out, ',');
        }
        nt_buf_append_char(out, '}');
        break;

    default: /* numbers and booleans are as in JSON */
        nt_json_append(out, value);
        break;
    }
}


/* The code sees the parts of Lua's library that compute, and its own input
 * and output. */
static bool
make_lua(nt_node_call_t *call, nt_buf_t *out, nt_str_t code,
         const json_t *values)
{
    json_t     *value;
    const char *name;

    nt_buf_append_str(
        out,
        NT_STR("local given = {assert=assert, error=error, ipairs=ipairs,"
               " next=next, pairs=pairs, pcall=pcall, select=select,"
               " tonumber=tonumber, tostring=tostring, type=type, utf8=utf8,"
               " math=math, string=string, table=table, print=print,"
               " io={read=io.read, write=io.write}}\n"));

    json_object_foreach((json_t *) values, name, value)
    {
        nt_buf_append_str(out, NT_STR("given["));
        quote_lua(out, nt_str(name));
        nt_buf_append_str(out, NT_STR("] = "));
        write_lua(out, value);
        nt_buf_append_char(out, '\n');
    }

    nt_buf_append_str(out, NT_STR("local code = "));
    quote_lua(out, code);
    nt_buf_append_str(out,
                      NT_STR("\nlocal run, fault\n"
                             "if setfenv then\n"
                             "  run, fault = loadstring(code, '=code')\n"
                             "  if run then setfenv(run, given) end\n"
                             "else\n"
                             "  run, fault = load(code, '=code', 't', given)\n"
                             "end\n"
                             "if not run then error(fault, 0) end\n"
                             "run()\n"));
    return true;
}


static const char *const lua_argv[] = { "lua", "/run/input", NULL };
static const char *const luajit_argv[] = { "luajit", "/run/input", NULL };

const nt_language_t nt_code_lua = { .argv = lua_argv, .make = make_lua };
const nt_language_t nt_code_luajit = { .argv = luajit_argv, .make = make_lua };
