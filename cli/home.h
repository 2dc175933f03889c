/*
 * cli/home.h - the folder that a server keeps its things in.
 *
 *   workflows/ storage/assets/ storage/temp/ workspace/ redis/ logs/ run/
 *   conf/ tmp/ token
 */

#ifndef NT_CLI_HOME_H
#define NT_CLI_HOME_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    char *path;      /* absolute */
    char *run;       /* folder of the sockets */
    char *token;     /* to be shown, or NULL */
    bool  new_token; /* it was made now */
    bool  fresh;     /* workflows/ was made now */
    int   lock;
} nt_home_t;

/* Waits, a while, for programs whose server was killed to end. */
void nt_home_settle(const char *path, const char *name);

/* Makes what is missing, and locks the home for servers of this name.
 * False: said on stderr. Free in any case. */
bool nt_home_open(nt_home_t *home, const char *path, const char *name);
void nt_home_free(nt_home_t *home);

/* Makes the token file where there is none. False: said on stderr. */
bool nt_home_token(nt_home_t *home);

/* Copies the workflows of a folder into a fresh home. */
bool nt_home_seed(nt_home_t *home, const char *folder);

/* Copies a workflow's file; its id, or its name when it has none, becomes
 * the name that it is run by. */
bool nt_home_add_workflow(nt_home_t *home, const char *file);

/* Whether there is a workflow of this id. */
bool nt_home_has_workflow(const nt_home_t *home, const char *id);

/* Writes conf/NAME and returns its path, which the caller frees; NULL: said
 * on stderr. */
char *nt_home_write_conf(const nt_home_t *home, const char *name,
                         const char *text, size_t len);

#endif
