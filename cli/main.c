/*
 * cli/main.c - finds the command and runs it.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "core/nt_id.h"
#include "core/nt_version.h"

static const char usage[] =
    "Usage: nodetool COMMAND [OPTION]...\n"
    "\n"
    "  worker       serve chat, workflows and storage for deployment\n"
    "  serve        serve NodeTool's editor and the console, on this machine\n"
    "  chat-server  serve chat only\n"
    "  token        make, show, rotate the tokens that servers take\n"
    "  key          make, list, revoke virtual keys, which have limits\n"
    "  run          run a workflow in this process\n"
    "  nodes        list the node types that workflows can use\n"
    "\n"
    "  --help, --version\n"
    "\n"
    "nodetool COMMAND --help tells more.\n";

typedef struct {
    const char *name;
    int (*run)(int argc, char **argv);
} nt_command_t;

static const nt_command_t commands[] = { { "worker", nt_cli_worker },
                                         { "serve", nt_cli_serve },
                                         { "chat-server", nt_cli_chat_server },
                                         { "token", nt_cli_token },
                                         { "key", nt_cli_key },
                                         { "run", nt_cli_run },
                                         { "nodes", nt_cli_nodes } };


void
nt_cli_say(const char *format, ...)
{
    va_list args;

    (void) fputs("nodetool: ", stderr);
    va_start(args, format);
    (void) vfprintf(stderr, format, args);
    va_end(args);
    (void) fputc('\n', stderr);
}


void
nt_cli_log(const char *format, ...)
{
    char    now[NT_TIME_LEN];
    va_list args;

    nt_time_iso8601(now, nt_time_now());
    (void) fprintf(stderr, "%.*s nodetool: ", NT_TIME_LEN, now);
    va_start(args, format);
    (void) vfprintf(stderr, format, args);
    va_end(args);
    (void) fputc('\n', stderr);
}


int
nt_cli_printed(int rc)
{
    if (rc == NT_CLI_OK && fflush(stdout) != 0) {
        nt_cli_say("the output: %s", strerror(errno));
        return NT_CLI_FAILED;
    }

    return rc == -1 ? NT_CLI_OK : rc;
}


void
nt_cli_no_memory(void)
{
    nt_cli_say("out of memory");
    exit(NT_CLI_FAILED);
}


char *
nt_cli_printf(const char *format, ...)
{
    int     n;
    char   *text;
    va_list args;

    va_start(args, format);
    n = vasprintf(&text, format, args);
    va_end(args);

    if (n == -1) {
        nt_cli_no_memory();
    }

    return text;
}


char *
nt_cli_strdup(const char *text)
{
    return nt_cli_printf("%s", text);
}


const char *
nt_cli_env(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}


int
main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    if (strcmp(name, "--version") == 0) {
        (void) puts("nodetool " NT_VERSION);
        return NT_CLI_OK;
    }

    if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0) {
        (void) fputs(usage, stdout);
        return NT_CLI_OK;
    }

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(name, commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }

    if (name[0] != '\0') {
        nt_cli_say("there is no command \"%s\"", name);
    }

    (void) fputs(usage, stderr);

    return NT_CLI_USAGE;
}
