/*
 * cli/secrets.h - the secrets of a home: files of mode 0600 that are made
 * where they are missing, and replaced whole.
 */

#ifndef NT_CLI_SECRETS_H
#define NT_CLI_SECRETS_H

#include "cli/home.h"
#include "core/nt_buf.h"

/* A file that is looked after.
 *
 * HOME/token: one token a line, the first is what banners and `nodetool token
 * show` give; HOME/keys: virtual keys, see core/auth/nt_virtual_key.h.  Blank
 * lines and lines that start with # are kept as they are. */
typedef struct {
    const char *home; /* borrowed */
    const char *name; /* the same */
    int         dir;  /* locked until it is closed */
    bool        there;
    nt_buf_t    text;
} nt_token_file_t;

/* Opens and reads it; one that is missing is empty.  With `make` a home that
 * is missing is made.  False: said on stderr.  Close in any case. */
bool nt_token_file_open(nt_token_file_t *file, const char *home, bool make);
bool nt_keys_file_open(nt_token_file_t *file, const char *home, bool make);
bool nt_token_file_save(nt_token_file_t *file);
void nt_token_file_close(nt_token_file_t *file);

/* The first token; empty when there is none. */
nt_str_t nt_token_file_first(const nt_token_file_t *file);

/* Adds a new one, before or behind all others.  Points into file->text; the
 * command ends when there are no random bytes. */
nt_str_t nt_token_file_add(nt_token_file_t *file, bool first);

/* Appends 32 random bytes, as base64url.  The command ends when there are
 * none. */
void nt_secret_append(nt_buf_t *text);

/* For a server: HOME/keys, made when there is no file.  False: said on
 * stderr. */
bool nt_home_keys(const nt_home_t *home);

/* For a server: home->token, made when there is no file.  False: said on
 * stderr. */
bool nt_home_token(nt_home_t *home);

/* home->secrets_key: SECRETS_MASTER_KEY of the environment, else what is in
 * HOME/secrets.key; with `make` it is made.  home->old_keys:
 * SECRETS_MASTER_KEY_OLD.  The variables are removed from the environment,
 * which other programs inherit.  False: said on stderr. */
bool nt_home_secrets_key(nt_home_t *home, bool make);

#endif
