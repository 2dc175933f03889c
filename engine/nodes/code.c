/*
 * engine/nodes/code.c - nodetool.code.*
 *
 * The Execute nodes drain a stream of input, and send each line of output as
 * it comes; the Run nodes run once for each set of inputs and send all of it.
 */

#include "engine/nodes/code.h"
#include "engine/nodes/registry.h"


static const nt_output_t code_outputs[] = { { "stdout", "str" },
                                            { "stderr", "str" },
                                            { NULL, NULL } };

static const char *const modes[] = { "docker", "subprocess", NULL };
static const char *const python_images[] = { "python:3.11-slim",
                                             "jupyter/scipy-notebook:latest",
                                             NULL };
static const char *const javascript_images[] = { "node:22-alpine", NULL };
static const char *const bash_images[] = { "bash:5.2",
                                           "debian:12",
                                           "ubuntu:22.04",
                                           "ubuntu:24.04",
                                           "jupyter/scipy-notebook:latest",
                                           NULL };
static const char *const ruby_images[] = { "ruby:3.3-alpine", NULL };
static const char *const command_images[] = { "bash:5.2", "alpine:3",
                                              "ubuntu:22.04", "ubuntu:24.04",
                                              NULL };
static const char *const lua_images[] = { "nickblah/lua:5.2.4-luarocks-ubuntu",
                                          NULL };
static const char *const lua_programs[] = { "lua", "luajit", NULL };

#define SOURCE(name, what) NT_PROP(name, "str", "\"\"", what)
#define IMAGE(list, image)                                                     \
    NT_PROP_ENUM("image", list, "\"" image "\"",                               \
                 "What the code was written for; it runs with this server's "  \
                 "own programs")
#define MODE(mode)                                                             \
    NT_PROP_ENUM("execution_mode", modes, "\"" mode "\"",                      \
                 "Both run in this server's sandbox")
#define PROGRAM                                                                \
    NT_PROP_ENUM("executable", lua_programs, "\"lua\"", "The interpreter")
#define TIMEOUT                                                                \
    NT_PROP("timeout_seconds", "int", "10",                                    \
            "Seconds after which the code is ended; 0 for the server's limit")
#define STDIN                                                                  \
    NT_PROP("stdin", "str", "\"\"",                                            \
            "What the code reads; a stream is given line by line")

/* One that drains "stdin". */
#define EXECUTE(id, node, label, language, source, about, more, ...)           \
    static const nt_property_t id##_properties[] = { __VA_ARGS__,              \
                                                     NT_PROP_END };            \
                                                                               \
    static nt_node_rc_t id##_end(nt_node_call_t *call)                         \
    {                                                                          \
        static const nt_code_t code = { id##_properties, &language, source,    \
                                        true };                                \
        return nt_code_run(call, &code);                                       \
    }                                                                          \
                                                                               \
    static const nt_node_type_t id = { .type = "nodetool.code." node,          \
                                       .title = label,                         \
                                       .description = about,                   \
                                       .properties = id##_properties,          \
                                       .outputs = code_outputs,                \
                                       .flags = NT_NODE_ASYNC | NT_NODE_ONCE | \
                                                NT_NODE_DYNAMIC |              \
                                                NT_NODE_DYNAMIC_OUTPUTS |      \
                                                (more),                        \
                                       .item = nt_code_item,                   \
                                       .end = id##_end }

/* One that runs for each set of inputs. */
#define RUN(id, node, label, language, about, ...)                             \
    static const nt_property_t id##_properties[] = { __VA_ARGS__,              \
                                                     NT_PROP_END };            \
                                                                               \
    static nt_node_rc_t id##_run(nt_node_call_t *call)                         \
    {                                                                          \
        static const nt_code_t code = { id##_properties, &language, "command", \
                                        false };                               \
        return nt_code_run(call, &code);                                       \
    }                                                                          \
                                                                               \
    static const nt_node_type_t id = { .type = "nodetool.code." node,          \
                                       .title = label,                         \
                                       .description = about,                   \
                                       .properties = id##_properties,          \
                                       .outputs = code_outputs,                \
                                       .flags = NT_NODE_ASYNC | NT_NODE_ONCE | \
                                                NT_NODE_DYNAMIC |              \
                                                NT_NODE_DYNAMIC_OUTPUTS,       \
                                       .run = id##_run }

EXECUTE(python, "ExecutePython", "Execute Python", nt_code_python, "code",
        "Runs Python code in a sandbox; dynamic properties are its variables.",
        NT_NODE_STREAMING_OUTPUT, SOURCE("code", "Python code"),
        IMAGE(python_images, "python:3.11-slim"), MODE("docker"), STDIN);
EXECUTE(javascript, "ExecuteJavaScript", "Execute Java Script",
        nt_code_javascript, "code",
        "Runs JavaScript code by Node.js in a sandbox; dynamic properties are "
        "its variables.",
        0, SOURCE("code", "JavaScript code"),
        IMAGE(javascript_images, "node:22-alpine"), MODE("docker"), STDIN);
EXECUTE(bash, "ExecuteBash", "Execute Bash", nt_code_bash, "code",
        "Runs a Bash script in a sandbox; dynamic properties are its "
        "variables.",
        NT_NODE_STREAMING_OUTPUT, SOURCE("code", "A Bash script"),
        IMAGE(bash_images, "ubuntu:22.04"), MODE("docker"), STDIN);
EXECUTE(ruby, "ExecuteRuby", "Execute Ruby", nt_code_ruby, "code",
        "Runs Ruby code in a sandbox; dynamic properties are its variables.",
        NT_NODE_STREAMING_OUTPUT, SOURCE("code", "Ruby code"),
        IMAGE(ruby_images, "ruby:3.3-alpine"), MODE("docker"), STDIN);
EXECUTE(lua, "ExecuteLua", "Execute Lua", nt_code_lua, "code",
        "Runs Lua code in a sandbox; dynamic properties are its variables.",
        NT_NODE_STREAMING_OUTPUT, SOURCE("code", "Lua code"), PROGRAM,
        MODE("subprocess"), TIMEOUT, STDIN);
EXECUTE(command, "ExecuteCommand", "Execute Command", nt_code_command,
        "command",
        "Runs a command of the shell in a sandbox; dynamic properties are its "
        "variables.",
        NT_NODE_STREAMING_OUTPUT, SOURCE("command", "The command"),
        IMAGE(command_images, "bash:5.2"), MODE("docker"), STDIN);

RUN(run_python, "RunPythonCommand", "Run Python Command", nt_code_python,
    "Runs Python code in a sandbox and gives its output.",
    SOURCE("command", "Python code"));
RUN(run_javascript, "RunJavaScriptCommand", "Run Java Script Command",
    nt_code_javascript,
    "Runs JavaScript code by Node.js in a sandbox and gives its output.",
    SOURCE("command", "JavaScript code"));
RUN(run_bash, "RunBashCommand", "Run Bash Command", nt_code_bash,
    "Runs a Bash script in a sandbox and gives its output.",
    SOURCE("command", "A Bash script"));
RUN(run_ruby, "RunRubyCommand", "Run Ruby Command", nt_code_ruby,
    "Runs Ruby code in a sandbox and gives its output.",
    SOURCE("command", "Ruby code"));
RUN(run_lua, "RunLuaCommand", "Run Lua Command", nt_code_lua,
    "Runs Lua code in a sandbox and gives its output.",
    SOURCE("command", "Lua code"), PROGRAM, TIMEOUT);
RUN(run_shell, "RunShellCommand", "Run Shell Command", nt_code_command,
    "Runs a command of the shell in a sandbox and gives its output.",
    SOURCE("command", "The command"));

RUN(docker_python, "RunPythonCommandDocker", "Run Python Command Docker",
    nt_code_python, "RunPythonCommand for code that was written for an image.",
    SOURCE("command", "Python code"), IMAGE(python_images, "python:3.11-slim"));
RUN(docker_javascript, "RunJavaScriptCommandDocker",
    "Run Java Script Command Docker", nt_code_javascript,
    "RunJavaScriptCommand for code that was written for an image.",
    SOURCE("command", "JavaScript code"),
    IMAGE(javascript_images, "node:22-alpine"));
RUN(docker_bash, "RunBashCommandDocker", "Run Bash Command Docker",
    nt_code_bash, "RunBashCommand for scripts that were written for an image.",
    SOURCE("command", "A Bash script"), IMAGE(bash_images, "ubuntu:22.04"));
RUN(docker_ruby, "RunRubyCommandDocker", "Run Ruby Command Docker",
    nt_code_ruby, "RunRubyCommand for code that was written for an image.",
    SOURCE("command", "Ruby code"), IMAGE(ruby_images, "ruby:3.3-alpine"));
RUN(docker_lua, "RunLuaCommandDocker", "Run Lua Command Docker", nt_code_lua,
    "RunLuaCommand for code that was written for an image.",
    SOURCE("command", "Lua code"),
    IMAGE(lua_images, "nickblah/lua:5.2.4-luarocks-ubuntu"), TIMEOUT);
RUN(docker_shell, "RunShellCommandDocker", "Run Shell Command Docker",
    nt_code_command,
    "RunShellCommand for commands that were written for an image.",
    SOURCE("command", "The command"), IMAGE(command_images, "bash:5.2"));

static const nt_node_type_t *const types[] = {
    &python,        &javascript,        &bash,        &ruby,
    &lua,           &command,           &run_python,  &run_javascript,
    &run_bash,      &run_ruby,          &run_lua,     &run_shell,
    &docker_python, &docker_javascript, &docker_bash, &docker_ruby,
    &docker_lua,    &docker_shell,      NULL
};

const nt_node_library_t nt_nodes_code = { NODETOOL_NODE_ABI, "code", types };
