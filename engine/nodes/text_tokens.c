/*
 * engine/nodes/text_tokens.c - nodetool.text.CountTokens.
 *
 * The vocabularies are OpenAI's and not shipped: a user puts them into the
 * workspace.  A vocabulary that was read is kept while its file stays the
 * same.
 */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fcntl.h>

#include "engine/assets/assets.h"
#include "engine/nodes/bpe.h"
#include "engine/nodes/regex.h"
#include "engine/nodes/text.h"


typedef struct {
    nt_bpe_t   *bpe;
    unsigned    users; /* one is the cache, while it is there */
    struct stat file;
} vocabulary_t;

typedef struct {
    const char   *name;
    const char   *pattern; /* how it splits a text */
    vocabulary_t *cached;
} encoding_t;


#define R50K                                                                   \
    "'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+"           \
    "|\\s+(?!\\S)|\\s+"
#define CL100K                                                                 \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+"               \
    "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+"                \
    "|\\s+(?!\\S)|\\s+"

static encoding_t encodings[] = { { "cl100k_base", CL100K, NULL },
                                  { "p50k_base", R50K, NULL },
                                  { "r50k_base", R50K, NULL } };

/* Guards the cache and the counts of users. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;


static void
release(vocabulary_t *vocabulary)
{
    unsigned users;

    if (vocabulary == NULL) {
        return;
    }

    (void) pthread_mutex_lock(&mutex);
    users = --vocabulary->users;
    (void) pthread_mutex_unlock(&mutex);

    if (users == 0) {
        nt_bpe_free(vocabulary->bpe);
        free(vocabulary);
    }
}


static bool
same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
           a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}


/* The vocabulary that was read from this file, with a user more; or NULL. */
static vocabulary_t *
cached(const encoding_t *encoding, const struct stat *file)
{
    vocabulary_t *vocabulary;

    (void) pthread_mutex_lock(&mutex);
    vocabulary = encoding->cached;

    if (vocabulary != NULL && same_file(&vocabulary->file, file)) {
        vocabulary->users++;

    } else {
        vocabulary = NULL;
    }

    (void) pthread_mutex_unlock(&mutex);
    return vocabulary;
}


static void
keep(encoding_t *encoding, vocabulary_t *vocabulary)
{
    vocabulary_t *old;

    (void) pthread_mutex_lock(&mutex);
    old = encoding->cached;
    encoding->cached = vocabulary;
    vocabulary->users++;
    (void) pthread_mutex_unlock(&mutex);

    release(old);
}


/* Reads the file; NULL after nt_call_fail. */
static vocabulary_t *
read_file(nt_node_call_t *call, const char *path, int fd,
          const struct stat *file)
{
    char         *data;
    size_t        len, line;
    vocabulary_t *vocabulary;

    if (!nt_read_all(fd, &data, &len)) {
        (void) nt_call_fail(call, "file \"%s\" could not be read", path);
        return NULL;
    }

    line = 0;
    vocabulary = calloc(1, sizeof(vocabulary_t));

    if (vocabulary != NULL) {
        vocabulary->users = 1;
        vocabulary->file = *file;
        vocabulary->bpe = nt_bpe_new((nt_str_t) { data, len }, &line);
    }

    free(data);

    if (vocabulary == NULL || vocabulary->bpe == NULL) {
        free(vocabulary);
        (void) (line == 0 ? nt_arg_nomem(call)
                          : nt_call_fail(call,
                                         "file \"%s\" is not a tiktoken "
                                         "vocabulary: line %zu is not \"BASE64 "
                                         "RANK\"",
                                         path, line));
        return NULL;
    }

    return vocabulary;
}


/* Opens the file; -1 after nt_call_fail, which says what is missing. */
static int
open_file(nt_node_call_t *call, const char *path)
{
    int         root;
    bool        there;
    struct stat file;

    root = nt_call_open(call, "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (root == -1) {
        return -1;
    }

    there = fstatat(root, path, &file, AT_SYMLINK_NOFOLLOW) == 0;
    (void) close(root);

    if (!there) {
        (void) nt_call_fail(call,
                            "the vocabulary of this encoding is not "
                            "here: put OpenAI's file %s into the folder "
                            "\"tokenizers\" of the workspace",
                            strchr(path, '/') + 1);
        return -1;
    }

    return nt_call_open(call, path, O_RDONLY | O_CLOEXEC);
}


/* The vocabulary of an encoding, to be released; NULL after nt_call_fail. */
static vocabulary_t *
vocabulary_of(nt_node_call_t *call, encoding_t *encoding)
{
    int           fd;
    char          path[64];
    struct stat   file;
    vocabulary_t *vocabulary;

    (void) snprintf(path, sizeof(path), "tokenizers/%s.tiktoken",
                    encoding->name);
    fd = open_file(call, path);

    if (fd == -1) {
        return NULL;
    }

    if (fstat(fd, &file) == -1) {
        (void) close(fd);
        (void) nt_call_fail(call, "file \"%s\" could not be read", path);
        return NULL;
    }

    vocabulary = cached(encoding, &file);

    if (vocabulary == NULL) {
        vocabulary = read_file(call, path, fd, &file);

        if (vocabulary != NULL) {
            keep(encoding, vocabulary);
        }
    }

    (void) close(fd);
    return vocabulary;
}


/* Counts the tokens of all pieces; false with a sentence in `error`, or
 * without one when memory is out. */
static bool
count(const nt_bpe_t *bpe, nt_regex_t *regex, nt_str_t text, int64_t *total,
      nt_buf_t *error)
{
    int               rc;
    size_t            start, end, n;
    nt_rc_t           counted;
    nt_regex_cursor_t cursor = { 0 };

    *total = 0;

    while ((rc = nt_regex_next(regex, text, &cursor, error)) == 1) {
        if (!nt_regex_span(regex, 0, &start, &end)) {
            continue;
        }

        counted =
            nt_bpe_count(bpe, (nt_str_t) { text.data + start, end - start },
                         &n);

        if (counted != NT_OK) {
            if (counted == NT_ERROR) {
                nt_buf_printf(error, "the vocabulary lacks a byte of the "
                                     "text");
            }

            return false;
        }

        *total += (int64_t) n;
    }

    return rc == 0;
}


static nt_node_rc_t
run_with(nt_node_call_t *call, const encoding_t *encoding, const nt_bpe_t *bpe)
{
    bool        good;
    int64_t     total;
    nt_buf_t    error = { 0 };
    nt_regex_t *regex;

    regex =
        nt_regex_compile(nt_str(encoding->pattern), 0, "the encoding", &error);
    good = regex != NULL &&
           count(bpe, regex, nt_text_input(call, "text"), &total, &error);
    nt_regex_free(regex);

    if (!good) {
        (void) (error.len == 0
                    ? nt_arg_nomem(call)
                    : nt_call_fail(call, "%.*s", (int) error.len, error.data));
        nt_buf_free(&error);
        return NT_NODE_FAIL;
    }

    return nt_text_emit_int(call, total);
}


static nt_node_rc_t
run_count_tokens(nt_node_call_t *call)
{
    size_t        i;
    nt_str_t      name;
    nt_node_rc_t  rc;
    vocabulary_t *vocabulary;

    name = nt_text_input(call, "encoding");

    for (i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
        if (nt_str_eq(name, nt_str(encodings[i].name))) {
            break;
        }
    }

    if (i == sizeof(encodings) / sizeof(encodings[0])) {
        return nt_call_fail(call, "there is no encoding \"%s\"", name.data);
    }

    vocabulary = vocabulary_of(call, &encodings[i]);

    if (vocabulary == NULL) {
        return NT_NODE_FAIL;
    }

    rc = run_with(call, &encodings[i], vocabulary->bpe);
    release(vocabulary);
    return rc;
}


static const char *const names[] = { "cl100k_base", "p50k_base", "r50k_base",
                                     NULL };

static const nt_property_t properties[] = {
    NT_PROP("text", "str", "\"\"", "The text to count"),
    NT_PROP_ENUM("encoding", names, "\"cl100k_base\"",
                 "Its vocabulary is read from tokenizers/ENCODING.tiktoken in "
                 "the workspace"),
    NT_PROP_END
};

const nt_node_type_t nt_text_count_tokens = {
    .type = "nodetool.text.CountTokens",
    .title = "Count Tokens",
    .description = "Counts the tokens of a text as OpenAI's tiktoken does.",
    .properties = properties,
    .outputs = nt_out_int,
    .flags = NT_NODE_THREAD,
    .run = run_count_tokens
};
