/*
 * engine/nodes/sqlite_db.c - databases of the workspace, for one statement.
 */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <fcntl.h>

#include "engine/nodes/sqlite_int.h"


#define BUSY_MS       5000  /* to wait for another's transaction */
#define SECONDS_MAX   30    /* of a statement */
#define STEPS         10000 /* of SQLite's machine between looks at the clock */
#define HEAP_MAX      (512 * 1024 * 1024) /* of all databases of the engine */
#define PAGES_MAX     (256 * 1024)        /* of a database: 1 GiB of 4 KiB */
#define SQL_MAX       (1024 * 1024)
#define FILE_NAME_MAX 200


static void
init_library(void)
{
    (void) sqlite3_initialize();
    (void) sqlite3_hard_heap_limit64(HEAP_MAX);
}


/* --- what SQL may do --- */

/* Those that tell something of the database, and those of its content.  The
 * others change how its file is used, or say where that is. */
static const char *const pragmas[] = {
    "application_id",     "foreign_key_check", "foreign_key_list",
    "foreign_keys",       "freelist_count",    "index_info",
    "index_list",         "index_xinfo",       "integrity_check",
    "page_count",         "quick_check",       "recursive_triggers",
    "table_info",         "table_list",        "table_xinfo",
    "user_version",       "data_version",      "encoding",
    "case_sensitive_like"
};


static int
authorize(void *data, int action, const char *first, const char *second,
          const char *schema, const char *trigger)
{
    size_t       i;
    nt_sqlite_t *db;

    db = data;

    if (action == SQLITE_ATTACH) {
        /* VACUUM attaches a database without a name */
        if (first != NULL && first[0] == '\0') {
            return SQLITE_OK;
        }

        db->denied = "ATTACH and VACUUM INTO";
        return SQLITE_DENY;
    }

    if (action != SQLITE_PRAGMA) {
        return SQLITE_OK;
    }

    for (i = 0; i < sizeof(pragmas) / sizeof(pragmas[0]); i++) {
        if (strcasecmp(first, pragmas[i]) == 0) {
            return SQLITE_OK;
        }
    }

    db->denied = "this PRAGMA";
    return SQLITE_DENY;
}


static int64_t
seconds_now(void)
{
    struct timespec now;

    (void) clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}


/* Not 0 to interrupt the statement. */
static int
progress(void *data)
{
    nt_sqlite_t *db;

    db = data;
    return nt_call_cancelled(db->call) || seconds_now() > db->deadline;
}


/* --- opening --- */

bool
nt_sqlite_fail(nt_sqlite_t *db)
{
    if (nt_call_cancelled(db->call)) {
        (void) nt_call_fail(db->call, "the job was cancelled");
        return false;
    }

    switch (sqlite3_errcode(db->handle)) {
    case SQLITE_AUTH:
        (void) nt_call_fail(db->call, "%s may not be used here",
                            db->denied != NULL ? db->denied : "the statement");
        break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        (void) nt_call_fail(db->call,
                            "the database is locked by another job; run the "
                            "workflow again");
        break;
    case SQLITE_CANTOPEN:
    case SQLITE_NOTADB:
        (void) nt_call_fail(db->call,
                            "database \"%s\" is not an SQLite "
                            "database",
                            db->name);
        break;
    case SQLITE_FULL:
        (void) nt_call_fail(db->call, "database \"%s\" is full", db->name);
        break;
    case SQLITE_INTERRUPT:
        (void) nt_call_fail(db->call,
                            "the statement takes longer than %d seconds",
                            SECONDS_MAX);
        break;
    case SQLITE_NOMEM:
        (void) nt_call_fail(db->call, "the statement needs too much memory");
        break;
    default:
        (void) nt_call_fail(db->call, "%s", sqlite3_errmsg(db->handle));
    }

    return false;
}


/* The folder of the database, open; *name becomes the name of its file. */
static int
open_folder(nt_node_call_t *call, const char *path, const char **name)
{
    int         fd;
    char       *folder;
    const char *slash;

    slash = strrchr(path, '/');
    *name = slash == NULL ? path : slash + 1;

    if (**name == '\0' || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0 ||
        strlen(*name) > FILE_NAME_MAX)
    {
        (void) nt_call_fail(call,
                            "'database_name' must be the name of a file "
                            "of at most %d bytes",
                            FILE_NAME_MAX);
        return -1;
    }

    folder = slash == NULL ? strdup(".") : strndup(path, slash - path + 1);

    if (folder == NULL) {
        (void) nt_arg_nomem(call);
        return -1;
    }

    fd = nt_call_open(call, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    return fd;
}


/* The file is there, or may be made; else false after nt_call_fail or with
 * *missing. */
static bool
check_file(nt_sqlite_t *db, nt_sqlite_mode_t mode, bool *missing)
{
    struct stat info;

    if (fstatat(db->folder, db->name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
        if (S_ISREG(info.st_mode)) {
            return true;
        }

        (void) nt_call_fail(db->call, "database \"%s\" is not a file",
                            db->name);
        return false;
    }

    if (errno != ENOENT) {
        (void) nt_call_fail(db->call, "database \"%s\" may not be used",
                            db->name);
        return false;
    }

    if (mode == NT_SQLITE_EXISTING) {
        (void) nt_call_fail(db->call,
                            "database \"%s\" does not exist; Create Table "
                            "makes it",
                            db->name);
    }

    *missing = mode == NT_SQLITE_OPTIONAL;
    return mode == NT_SQLITE_CREATE;
}


static bool
configure(nt_sqlite_t *db)
{
    char sql[128];

    (void) sqlite3_busy_timeout(db->handle, BUSY_MS);
    (void) sqlite3_limit(db->handle, SQLITE_LIMIT_LENGTH, NT_SQLITE_BYTES_MAX);
    (void) sqlite3_limit(db->handle, SQLITE_LIMIT_SQL_LENGTH, SQL_MAX);
    (void) sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void) sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0,
                             NULL);

    (void) snprintf(sql, sizeof(sql),
                    "PRAGMA mmap_size=0;PRAGMA max_page_count=%d", PAGES_MAX);

    if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK) {
        return nt_sqlite_fail(db);
    }

    (void) sqlite3_set_authorizer(db->handle, authorize, db);
    sqlite3_progress_handler(db->handle, STEPS, progress, db);
    return true;
}


static bool
open_handle(nt_sqlite_t *db, nt_sqlite_mode_t mode)
{
    int flags;

    if (nt_sqlite_vfs_init(&db->vfs, db->folder, db->name) != SQLITE_OK) {
        (void) nt_arg_nomem(db->call);
        return false;
    }

    db->registered = true;
    flags = SQLITE_OPEN_READWRITE |
            (mode == NT_SQLITE_CREATE ? SQLITE_OPEN_CREATE : 0);

    if (sqlite3_open_v2(db->vfs.path, &db->handle, flags, db->vfs.name) !=
        SQLITE_OK)
    {
        if (db->handle == NULL) {
            (void) nt_arg_nomem(db->call);
            return false;
        }

        return nt_sqlite_fail(db);
    }

    return configure(db);
}


nt_sqlite_t *
nt_sqlite_open(nt_node_call_t *call, nt_sqlite_mode_t mode, bool *missing)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    nt_str_t     path;
    nt_sqlite_t *db;

    *missing = false;

    if (!nt_arg_name(call, "database_name", &path)) {
        return NULL;
    }

    (void) pthread_once(&once, init_library);
    db = calloc(1, sizeof(nt_sqlite_t));

    if (db == NULL) {
        (void) nt_arg_nomem(call);
        return NULL;
    }

    db->call = call;
    db->deadline = seconds_now() + SECONDS_MAX;
    db->folder = open_folder(call, path.data, &db->name);

    if (db->folder == -1 || !check_file(db, mode, missing) ||
        !open_handle(db, mode))
    {
        nt_sqlite_close(db);
        return NULL;
    }

    return db;
}


void
nt_sqlite_close(nt_sqlite_t *db)
{
    (void) sqlite3_finalize(db->statement);
    (void) sqlite3_close(db->handle);

    if (db->registered) {
        nt_sqlite_vfs_free(&db->vfs);
    }

    if (db->folder != -1) {
        (void) close(db->folder);
    }

    free(db);
}
