/*
 * core/auth/nt_virtual_key.h - a file of virtual keys: who may use what, of
 * what a gateway has.
 *
 *   # a key a line; blank lines and lines that start with # do not count
 *   sha256:5e88…  name=ci user=alice models=gpt-4o*,claude-* rpm=60
 *                 tpm=100000 budget_day=5 budget_month=99.50
 *                 expires=2027-01-31                        (all on one line)
 *
 * The file has the SHA-256 of each key, so that who reads it has no key.  A
 * hash that is slow, as passwords need it, has no use here: a key is 256
 * random bits, which nobody finds by trying, however fast.
 */

#ifndef NT_VIRTUAL_KEY_H
#define NT_VIRTUAL_KEY_H

#include "core/nt_base.h"

#define NT_VIRTUAL_KEY_DIGEST   32
#define NT_VIRTUAL_KEY_NAME_MAX 64

/* What every key starts with, for people and programs that look for secrets
 * in the wrong places. */
#define NT_VIRTUAL_KEY_PREFIX "sk-nt-"

typedef struct {
    unsigned char digest[NT_VIRTUAL_KEY_DIGEST];

    /* as they stand in the text, checked; empty: not given */
    nt_str_t name;       /* letters, digits and ._-, never empty */
    nt_str_t user;       /* see nt_jwt_user_valid(); the name, when not given */
    nt_str_t models;     /* patterns, separated by commas */
    nt_str_t rpm;        /* requests a minute */
    nt_str_t tpm;        /* tokens a minute */
    nt_str_t budget_day; /* dollars, see nt_money_parse() */
    nt_str_t budget_month; /* the same */

    int64_t  expires; /* seconds since 1970 from which it is not good; 0 */
    unsigned line;    /* from 1 */
    bool     admin;
} nt_virtual_key_t;

typedef struct {
    nt_virtual_key_t *keys; /* by their digests */
    size_t            n;
    unsigned          line;  /* of the first error */
    const char       *error; /* static text */
} nt_virtual_keys_t;

NT_BEGIN_DECLS

/* Reads one line: NT_OK; NT_AGAIN: it has no key; NT_ERROR with *error. */
nt_rc_t nt_virtual_key_line(nt_virtual_key_t *key, nt_str_t line,
                            const char **error);

/* Reads a whole text, in which no key and no name may stand twice.  The keys
 * point into it.  NT_OK; NT_ERROR with line and error; NT_NOMEM. */
nt_rc_t nt_virtual_keys_parse(nt_virtual_keys_t *set, nt_str_t text);
void    nt_virtual_keys_free(nt_virtual_keys_t *set);

/*
 * The key of a digest, or NULL.  How long it takes may tell how much of the
 * digest is that of another key, which is of no use: nobody can make a text
 * for a digest.  The last step takes the same time for all.
 */
const nt_virtual_key_t *nt_virtual_keys_find(
    const nt_virtual_keys_t *set,
    const unsigned char      digest[NT_VIRTUAL_KEY_DIGEST]);

/* "2027-01-31" or "2027-01-31T18:00:00Z" (RFC 3339, UTC only) in seconds
 * since 1970; false for anything else. */
bool nt_virtual_key_time(nt_str_t text, int64_t *seconds);

NT_END_DECLS

#endif
