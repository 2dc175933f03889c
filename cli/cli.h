/*
 * cli/cli.h - the `nodetool` command: what its parts share.
 */

#ifndef NT_CLI_H
#define NT_CLI_H

#include <stdbool.h>
#include <stdnoreturn.h>

/* Exit statuses. */
#define NT_CLI_OK     0
#define NT_CLI_FAILED 1
#define NT_CLI_USAGE  2

/* The commands; argv[0] is the command's name. */
int nt_cli_run(int argc, char **argv);
int nt_cli_worker(int argc, char **argv);
int nt_cli_serve(int argc, char **argv);
int nt_cli_chat_server(int argc, char **argv);
int nt_cli_nodes(int argc, char **argv);
int nt_cli_token(int argc, char **argv);
int nt_cli_key(int argc, char **argv);

/* "nodetool: ..." and a newline on stderr. */
void nt_cli_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same behind the time, for what happens while a server runs. */
void nt_cli_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The exit status of a command that has done its work: `rc`, or that of a
 * failure when what it printed did not get out; -1 is a help that was asked
 * for. */
int nt_cli_printed(int rc);

/* As asprintf, strdup: the command ends when memory is out, since it then
 * has nothing better to do. The caller frees. */
char *nt_cli_printf(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
char *nt_cli_strdup(const char *text);

noreturn void nt_cli_no_memory(void);

/* A variable of the environment; NULL when it is not set or empty. */
const char *nt_cli_env(const char *name);

#endif
