/*
 * cli/key.c - `nodetool key`: the virtual keys of a home.
 *
 * A key is printed once, by the command that makes it; the file has its hash.
 */

#include <getopt.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/secrets.h"
#include "core/auth/nt_virtual_key.h"

#define NT_FINGERPRINT 8 /* hexadecimal digits of a key's hash */

static const char usage[] =
    "Usage: nodetool key COMMAND [OPTION]... [--home DIR]\n"
    "Looks after HOME/keys: virtual keys, which have limits of their own.  "
    "Servers\n"
    "take them beside tokens, with AUTH_PROVIDER static, supabase and oidc.\n"
    "\n"
    "  create --name NAME      make a key, and print it, this once\n"
    "    --user USER           whose it is (default: NAME)\n"
    "    --role user|admin     (default user)\n"
    "    --models PATTERNS     such as \"gpt-4o*,claude-*\" (default: all)\n"
    "    --rpm NUMBER          requests a minute\n"
    "    --tpm NUMBER          tokens a minute\n"
    "    --budget-day DOLLARS  and\n"
    "    --budget-month DOLLARS, of what HOME/prices has a price for (see\n"
    "                          nodetool_prices)\n"
    "    --expires DATE        2027-01-31, or 2027-01-31T18:00:00Z\n"
    "  list                    keys, by their fingerprints, and what they may "
    "use\n"
    "  revoke NAME|FINGERPRINT\n"
    "\n"
    "  --home DIR              (default $NODETOOL_HOME, else\n"
    "                          ~/.local/share/nodetool)\n"
    "  --help\n"
    "\n"
    "Servers that run from this home see a change within seconds. Exit "
    "status: 0, 1\n"
    "when it could not be done, 2 for wrong usage.\n";

/* Options that become fields of a key's line, in their order. */
static const struct {
    const char *option;
    const char *field;
} fields[] = { { "name", "name" },
               { "user", "user" },
               { "role", "role" },
               { "models", "models" },
               { "rpm", "rpm" },
               { "tpm", "tpm" },
               { "budget-day", "budget_day" },
               { "budget-month", "budget_month" },
               { "expires", "expires" } };

#define NT_FIELDS (sizeof(fields) / sizeof(fields[0]))

typedef struct {
    char       *home;
    const char *fields[NT_FIELDS]; /* NULL: not given */
    const char *argument;
} nt_key_args_t;

typedef struct {
    const char *name;
    int (*run)(const nt_key_args_t *args, nt_token_file_t *file);
    bool make;     /* the home, when it is missing */
    bool argument; /* takes a name */
} nt_key_command_t;


static void
fingerprint(char text[NT_FINGERPRINT + 1], const nt_virtual_key_t *key)
{
    for (int i = 0; i < NT_FINGERPRINT / 2; i++) {
        (void) sprintf(text + 2 * i, "%02x", key->digest[i]);
    }
}


/* Takes the next line off a text, its end included. */
static nt_str_t
next_line(nt_str_t *text)
{
    nt_str_t    line = *text;
    const char *end = memchr(text->data, '\n', text->len);

    if (end != NULL) {
        line.len = (size_t) (end - text->data) + 1;
    }

    text->data += line.len;
    text->len -= line.len;

    return line;
}


static nt_rc_t
read_line(nt_virtual_key_t *key, nt_str_t line)
{
    const char *error;

    if (line.len != 0 && line.data[line.len - 1] == '\n') {
        line.len--;
    }

    return nt_virtual_key_line(key, line, &error);
}


/* A file that a server would refuse is not written. */
static bool
check(const nt_token_file_t *file)
{
    nt_rc_t           rc;
    nt_virtual_keys_t set;

    rc = nt_virtual_keys_parse(&set,
                               (nt_str_t) { file->text.data, file->text.len });
    if (rc == NT_NOMEM) {
        nt_cli_no_memory();
    }

    if (rc != NT_OK) {
        nt_cli_say("%s/keys:%u: %s", file->home, set.line, set.error);
        return false;
    }

    nt_virtual_keys_free(&set);

    return true;
}


/* --- the commands --- */

/* The line of a new key, which is put into `key`. */
static void
make_line(const nt_key_args_t *args, nt_buf_t *key, nt_buf_t *line)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];

    nt_buf_append_str(key, NT_STR(NT_VIRTUAL_KEY_PREFIX));
    nt_secret_append(key);

    (void) SHA256((const unsigned char *) key->data, key->len, hash);

    nt_buf_append_str(line, NT_STR("sha256:"));
    for (size_t i = 0; i < sizeof(hash); i++) {
        nt_buf_printf(line, "%02x", hash[i]);
    }

    for (size_t i = 0; i < NT_FIELDS; i++) {
        if (args->fields[i] != NULL) {
            nt_buf_printf(line, " %s=%s", fields[i].field, args->fields[i]);
        }
    }

    if (key->failed || line->failed) {
        nt_cli_no_memory();
    }
}


/* What is in a value must not become a field, or a line. */
static bool
plain(const nt_key_args_t *args)
{
    for (size_t i = 0; i < NT_FIELDS; i++) {
        if (args->fields[i] != NULL &&
            strpbrk(args->fields[i], " \t\r\n") != NULL) {
            return false;
        }
    }

    return true;
}


static bool
has_name(const nt_token_file_t *file, const char *name)
{
    nt_virtual_key_t key;
    nt_str_t         text = { file->text.data, file->text.len };

    while (text.len != 0) {
        if (read_line(&key, next_line(&text)) == NT_OK &&
            nt_str_eq(key.name, nt_str(name)))
        {
            return true;
        }
    }

    return false;
}


static bool
add_line(nt_token_file_t *file, const nt_buf_t *line)
{
    nt_buf_t *text = &file->text;

    if (text->len != 0 && text->data[text->len - 1] != '\n') {
        nt_buf_append_char(text, '\n');
    }

    nt_buf_append(text, line->data, line->len);
    nt_buf_append_char(text, '\n');

    if (text->failed) {
        nt_cli_no_memory();
    }

    return check(file) && nt_token_file_save(file);
}


static int
key_create(const nt_key_args_t *args, nt_token_file_t *file)
{
    int              rc = NT_CLI_FAILED;
    nt_buf_t         text = { 0 }, line = { 0 };
    const char      *error = NULL;
    nt_virtual_key_t key;

    make_line(args, &text, &line);

    if (!plain(args) ||
        nt_virtual_key_line(&key, (nt_str_t) { line.data, line.len }, &error) !=
            NT_OK)
    {
        nt_cli_say("%s", error != NULL ? error : "a value has a space in it");
        rc = NT_CLI_USAGE;

    } else if (has_name(file, args->fields[0])) {
        nt_cli_say("there is a key of the name \"%s\" already; nodetool key "
                   "revoke %s ends it",
                   args->fields[0], args->fields[0]);

    } else if (add_line(file, &line)) {
        (void) printf("%.*s\n", (int) text.len, text.data);
        nt_cli_say("this key is not kept and cannot be shown again");
        rc = NT_CLI_OK;
    }

    nt_buf_free(&text);
    nt_buf_free(&line);

    return rc;
}


static int
key_list(const nt_key_args_t *args, nt_token_file_t *file)
{
    nt_str_t text = { file->text.data, file->text.len };

    if (!check(file)) {
        return NT_CLI_FAILED;
    }

    while (text.len != 0) {
        char             print[NT_FINGERPRINT + 1];
        nt_str_t         line = next_line(&text);
        const char      *rest;
        nt_virtual_key_t key;

        if (read_line(&key, line) != NT_OK) {
            continue;
        }

        while (line.len > 0 && line.data[line.len - 1] <= ' ') {
            line.len--;
        }

        /* all that is behind the hash */
        rest = (const char *) memchr(line.data, ':', line.len) + 1 +
               2 * NT_VIRTUAL_KEY_DIGEST;

        fingerprint(print, &key);
        (void) printf("%s%.*s%s\n", print, (int) (line.data + line.len - rest),
                      rest,
                      key.expires != 0 && key.expires <= time(NULL)
                          ? " (expired)"
                          : "");
    }

    return NT_CLI_OK;
}


static int
key_revoke(const nt_key_args_t *args, nt_token_file_t *file)
{
    bool             found = false;
    nt_buf_t         kept = { 0 };
    nt_str_t         text = { file->text.data, file->text.len };
    nt_virtual_key_t key;

    while (text.len != 0) {
        char     print[NT_FINGERPRINT + 1];
        nt_str_t line = next_line(&text);

        if (read_line(&key, line) == NT_OK) {
            fingerprint(print, &key);

            if (nt_str_eq(key.name, nt_str(args->argument)) ||
                strcmp(print, args->argument) == 0)
            {
                found = true;
                continue;
            }
        }

        nt_buf_append_str(&kept, line);
    }

    if (kept.failed) {
        nt_cli_no_memory();
    }

    nt_buf_free(&file->text);
    file->text = kept;

    if (!found) {
        nt_cli_say("%s/keys has no key with the name or fingerprint \"%s\"; "
                   "see nodetool key list",
                   args->home, args->argument);
        return NT_CLI_FAILED;
    }

    return nt_token_file_save(file) ? NT_CLI_OK : NT_CLI_FAILED;
}


static const nt_key_command_t commands[] = {
    { "create", key_create, true, false },
    { "list", key_list, false, false },
    { "revoke", key_revoke, false, true }
};


static const nt_key_command_t *
find_command(const char *name)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(name, commands[i].name) == 0) {
            return &commands[i];
        }
    }

    nt_cli_say("there is no command key %s; see nodetool key --help", name);

    return NULL;
}


/* NT_CLI_OK: go on; -1: --help has been answered. */
static int
parse_options(nt_key_args_t *args, int argc, char **argv)
{
    int           opt;
    struct option options[NT_FIELDS + 3] = {
        { "home", required_argument, NULL, 'd' },
        { "help", no_argument, NULL, 'h' },
    };

    /* their codes are behind those of characters */
    for (size_t i = 0; i < NT_FIELDS; i++) {
        options[2 + i] = (struct option) { fields[i].option, required_argument,
                                           NULL, 256 + (int) i };
    }

    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (opt >= 256) {
            args->fields[opt - 256] = optarg;
        } else if (opt == 'd') {
            free(args->home);
            args->home = nt_cli_strdup(optarg);
        } else if (opt == 'h') {
            (void) fputs(usage, stdout);
            return -1;
        } else {
            nt_cli_say("wrong usage; see nodetool key --help");
            return NT_CLI_USAGE;
        }
    }

    return NT_CLI_OK;
}


static int
parse(nt_key_args_t *args, const nt_key_command_t **command, int argc,
      char **argv)
{
    int  rc, words;
    bool any = false;

    rc = parse_options(args, argc, argv);
    if (rc != NT_CLI_OK) {
        return rc;
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

    for (size_t i = 0; i < NT_FIELDS; i++) {
        any = any || args->fields[i] != NULL;
    }

    if ((any && (*command)->run != key_create) ||
        words - 1 != ((*command)->argument ? 1 : 0))
    {
        nt_cli_say("wrong usage of key %s; see nodetool key --help",
                   (*command)->name);
        return NT_CLI_USAGE;
    }

    if ((*command)->run == key_create && args->fields[0] == NULL) {
        nt_cli_say("key create needs --name NAME");
        return NT_CLI_USAGE;
    }

    return NT_CLI_OK;
}


int
nt_cli_key(int argc, char **argv)
{
    int                     rc;
    nt_key_args_t           args = { 0 };
    nt_token_file_t         file;
    const nt_key_command_t *command = NULL;

    rc = parse(&args, &command, argc, argv);

    if (rc == NT_CLI_OK && !nt_home_path(&args.home)) {
        rc = NT_CLI_USAGE;
    }

    if (rc == NT_CLI_OK) {
        rc = nt_keys_file_open(&file, args.home, command->make)
                 ? command->run(&args, &file)
                 : NT_CLI_FAILED;
        nt_token_file_close(&file);
    }

    free(args.home);

    return nt_cli_printed(rc);
}
