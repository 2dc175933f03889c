/*
 * cli/token.c - `nodetool token`: the token file of a home.
 *
 * Tokens are printed on stdout and nowhere else, and only by the commands
 * that are asked for one.
 */

#include <errno.h>
#include <getopt.h>
#include <openssl/sha.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/secrets.h"
#include "core/nt_token.h"

#define NT_FINGERPRINT 8 /* hexadecimal digits of a token's SHA-256 */

static const char usage[] =
    "Usage: nodetool token COMMAND [--home DIR]\n"
    "Looks after HOME/token, whose tokens servers take with AUTH_PROVIDER "
    "static,\n"
    "supabase and oidc.\n"
    "\n"
    "  show                print the first token\n"
    "  make                add a token, and print it\n"
    "  rotate              put a new token first, and print it; the others "
    "stay\n"
    "                      good until they are revoked\n"
    "  rotate --drop-old   ... they end at once\n"
    "  list                fingerprints of the tokens, the first one marked\n"
    "  revoke FINGERPRINT  end this token\n"
    "  revoke --old        end all tokens but the first\n"
    "\n"
    "  --home DIR          (default $NODETOOL_HOME, else\n"
    "                      ~/.local/share/nodetool)\n"
    "  --help\n"
    "\n"
    "Servers that run from this home are told. Exit status: 0, 1 when it "
    "could\n"
    "not be done, 2 for wrong usage.\n";

typedef struct {
    char       *home;
    bool        drop_old;
    bool        old;
    const char *argument;
} nt_token_args_t;

typedef struct {
    const char *name;
    int (*run)(const nt_token_args_t *args, nt_token_file_t *file);
    bool make;     /* the home, when it is missing */
    bool argument; /* takes a fingerprint, or --old */
} nt_token_command_t;


static void
print_token(nt_str_t token)
{
    (void) printf("%.*s\n", (int) token.len, token.data);
}


static void
fingerprint(char text[NT_FINGERPRINT + 1], nt_str_t token)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];

    (void) SHA256((const unsigned char *) token.data, token.len, hash);

    for (int i = 0; i < NT_FINGERPRINT / 2; i++) {
        (void) sprintf(text + 2 * i, "%02x", hash[i]);
    }
}


static unsigned
count(const nt_token_file_t *file)
{
    unsigned n = 0;
    nt_str_t text = { file->text.data, file->text.len };

    while (nt_token_file_next(&text).len != 0) {
        n++;
    }

    return n;
}


/* Takes lines out of the file: those whose token has this fingerprint, or,
 * without one, all tokens but the first.  How many. */
static unsigned
drop(nt_token_file_t *file, const char *print)
{
    unsigned    n = 0, dropped = 0;
    nt_buf_t    kept = { 0 };
    nt_str_t    text = { file->text.data, file->text.len };
    nt_str_t    token;
    const char *from = text.data;

    while ((token = nt_token_file_next(&text)).len != 0) {
        char own[NT_FINGERPRINT + 1];

        n++;
        fingerprint(own, token);

        if (print != NULL ? strcmp(own, print) != 0 : n == 1) {
            continue;
        }

        /* what stands before the token's line are blank lines and comments */
        nt_buf_append(&kept, from, (size_t) (token.data - from));
        while (kept.len != 0 && kept.data[kept.len - 1] != '\n') {
            kept.len--; /* space before the token */
        }

        from = text.data;
        dropped++;
    }

    nt_buf_append(&kept, from,
                  (size_t) (file->text.data + file->text.len - from));
    if (kept.failed) {
        nt_cli_no_memory();
    }

    nt_buf_free(&file->text);
    file->text = kept;

    return dropped;
}


/* --- servers that run from this home --- */

/* Whether a server's nginx reads the token file. */
static bool
takes_tokens(const char *home, const char *name)
{
    bool   takes = false;
    char  *path = nt_cli_printf("%s/conf/%s.conf", home, name);
    char  *line = NULL;
    size_t size = 0;
    FILE  *conf = fopen(path, "re");

    while (conf != NULL && !takes && getline(&line, &size, conf) != -1) {
        /* the home may be called by another name there */
        takes = strstr(line, "nodetool_auth_token \"file:") != NULL;
    }

    if (conf != NULL) {
        (void) fclose(conf);
    }

    free(line);
    free(path);

    return takes;
}


static void
tell_servers(const char *home)
{
    static const char *const locks[] = { NT_HOME_LOCK_ENGINE,
                                         NT_HOME_LOCK_CHAT };

    bool any = false;

    for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++) {
        char  name[NT_HOME_NAME];
        pid_t pid = nt_home_server(home, locks[i], name);

        if (pid == 0) {
            continue;
        }

        any = true;

        if (!takes_tokens(home, name)) {
            nt_cli_say("nodetool %s (process %d) takes no token of %s/token: "
                       "its AUTH_PROVIDER needs none, or WORKER_AUTH_TOKEN is "
                       "its token",
                       name, (int) pid, home);
        } else if (kill(pid, SIGHUP) == 0) {
            nt_cli_say("nodetool %s (process %d) has been told to reload", name,
                       (int) pid);
        } else {
            nt_cli_say("nodetool %s (process %d) could not be told (%s); send "
                       "it SIGHUP",
                       name, (int) pid, strerror(errno));
        }
    }

    if (!any) {
        nt_cli_say("no server runs from %s; another nginx that reads its "
                   "token file has to be reloaded",
                   home);
    }
}


static int
save(const nt_token_args_t *args, nt_token_file_t *file)
{
    if (!nt_token_file_save(file)) {
        return NT_CLI_FAILED;
    }

    tell_servers(args->home);

    return NT_CLI_OK;
}


/* --- the commands --- */

static int
token_show(const nt_token_args_t *args, nt_token_file_t *file)
{
    nt_str_t token = nt_token_file_first(file);

    if (token.len == 0) {
        nt_cli_say("%s/token has no token; nodetool token make makes one",
                   args->home);
        return NT_CLI_FAILED;
    }

    if (nt_cli_env("WORKER_AUTH_TOKEN") != NULL) {
        nt_cli_say("servers with this environment take WORKER_AUTH_TOKEN "
                   "instead");
    }

    print_token(token);

    return NT_CLI_OK;
}


static int
token_make(const nt_token_args_t *args, nt_token_file_t *file)
{
    int      rc;
    nt_str_t token = nt_token_file_add(file, false);

    rc = save(args, file);
    if (rc == NT_CLI_OK) {
        print_token(token);
    }

    return rc;
}


static int
token_rotate(const nt_token_args_t *args, nt_token_file_t *file)
{
    int      rc;
    unsigned old = count(file);

    (void) nt_token_file_add(file, true);
    if (args->drop_old) {
        (void) drop(file, NULL);
    }

    rc = save(args, file);
    if (rc != NT_CLI_OK) {
        return rc;
    }

    if (old > 0 && !args->drop_old) {
        nt_cli_say("%u older token%s still good; when all clients have the new "
                   "one: nodetool token revoke --old",
                   old, old == 1 ? " is" : "s are");
    }

    print_token(nt_token_file_first(file));

    return NT_CLI_OK;
}


static int
token_list(const nt_token_args_t *args, nt_token_file_t *file)
{
    unsigned n = 0;
    nt_str_t token, text = { file->text.data, file->text.len };

    while ((token = nt_token_file_next(&text)).len != 0) {
        char print[NT_FINGERPRINT + 1];

        fingerprint(print, token);
        (void) printf("%s%s\n", print, n++ == 0 ? " first" : "");
    }

    return NT_CLI_OK;
}


static int
token_revoke(const nt_token_args_t *args, nt_token_file_t *file)
{
    unsigned n = drop(file, args->argument);

    if (n == 0 && args->argument != NULL) {
        nt_cli_say("no token of %s/token has the fingerprint \"%s\"; see "
                   "nodetool token list",
                   args->home, args->argument);
        return NT_CLI_FAILED;
    }

    if (n == 0) {
        nt_cli_say("there is no older token");
        return NT_CLI_OK;
    }

    if (count(file) == 0) {
        nt_cli_say("this is the only token, without which servers do not "
                   "start; nodetool token rotate --drop-old replaces it");
        return NT_CLI_FAILED;
    }

    return save(args, file);
}


static const nt_token_command_t commands[] = {
    { "show", token_show, false, false },
    { "make", token_make, true, false },
    { "rotate", token_rotate, true, false },
    { "list", token_list, false, false },
    { "revoke", token_revoke, false, true }
};


static const nt_token_command_t *
find_command(const char *name)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(name, commands[i].name) == 0) {
            return &commands[i];
        }
    }

    nt_cli_say("there is no command token %s; see nodetool token --help", name);

    return NULL;
}


/* NT_CLI_OK: go on; -1: --help has been answered. */
static int
parse(nt_token_args_t *args, const nt_token_command_t **command, int argc,
      char **argv)
{
    static const struct option long_options[] = {
        { "home", required_argument, NULL, 'd' },
        { "drop-old", no_argument, NULL, 'r' },
        { "old", no_argument, NULL, 'o' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 }
    };

    int opt, words;

    while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (opt) {
        case 'd':
            free(args->home);
            args->home = nt_cli_strdup(optarg);
            break;
        case 'r':
            args->drop_old = true;
            break;
        case 'o':
            args->old = true;
            break;
        case 'h':
            (void) fputs(usage, stdout);
            return -1;
        default:
            nt_cli_say("wrong usage; see nodetool token --help");
            return NT_CLI_USAGE;
        }
    }

    words = argc - optind;
    if (words == 0) {
        (void) fputs(usage, stderr);
        return NT_CLI_USAGE;
    }

    *command = find_command(argv[optind]);
    if (*command == NULL) {
        return NT_CLI_USAGE;
    }

    args->argument = argv[optind + 1]; /* NULL behind the last */

    if ((args->drop_old && (*command)->run != token_rotate) ||
        words - 1 + args->old != ((*command)->argument ? 1 : 0))
    {
        nt_cli_say("wrong usage of token %s; see nodetool token --help",
                   (*command)->name);
        return NT_CLI_USAGE;
    }

    return NT_CLI_OK;
}


int
nt_cli_token(int argc, char **argv)
{
    int                       rc;
    nt_token_args_t           args = { 0 };
    nt_token_file_t           file;
    const nt_token_command_t *command = NULL;

    rc = parse(&args, &command, argc, argv);

    if (rc == NT_CLI_OK && !nt_home_path(&args.home)) {
        rc = NT_CLI_USAGE;
    }

    if (rc == NT_CLI_OK) {
        rc = nt_token_file_open(&file, args.home, command->make)
                 ? command->run(&args, &file)
                 : NT_CLI_FAILED;
        nt_token_file_close(&file);
    }

    free(args.home);

    return nt_cli_printed(rc);
}
