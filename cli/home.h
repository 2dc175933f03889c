/*
 * cli/home.h - the folder that a server keeps its things in.
 *
 *   workflows/ storage/assets/ storage/temp/ workspace/ redis/ logs/ run/
 *   conf/ tmp/ token keys secrets.key prices
 *   NAME-spent
 */

#ifndef NT_CLI_HOME_H
#define NT_CLI_HOME_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Of the servers that share a lock one may use a home: those with an engine
 * write the same jobs. */
#define NT_HOME_LOCK_ENGINE "worker"
#define NT_HOME_LOCK_CHAT   "chat-server"

#define NT_HOME_NAME 16 /* bytes of a server's name, with the NUL */

typedef struct {
    char *path;        /* absolute */
    char *run;         /* folder of the sockets */
    char *token;       /* to be shown, or NULL */
    bool  new_token;   /* it was made now */
    char *secrets_key; /* what secrets are encrypted with, or NULL */
    char *old_keys;    /* what they were encrypted with before, or NULL */
    bool  fresh;       /* workflows/ was made now */
    int   lock;
} nt_home_t;

/* Makes *path, of --home or NULL, the home's absolute path.  Owned by the
 * caller.  False: said on stderr. */
bool nt_home_path(char **path);

/* The process and the name of the server that has this lock; 0: none. */
pid_t nt_home_server(const char *path, const char *lock,
                     char name[NT_HOME_NAME]);

/* Waits, a while, for programs whose server was killed to end. */
void nt_home_settle(const char *path, const char *lock);

/* Makes what is missing, and locks the home for the server of this name.
 * False: said on stderr. Free in any case. */
bool nt_home_open(nt_home_t *home, const char *path, const char *lock,
                  const char *name);
void nt_home_free(nt_home_t *home);

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
