#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/nt_id.h"
#include "engine/json.h"
#include "engine/log.h"
#include "engine/workflows/cache.h"
#include "engine/workflows/document.h"
#include "engine/workflows/file.h"

#define NT_SUFFIX     ".json"
#define NT_SUFFIX_LEN (sizeof(NT_SUFFIX) - 1)
#define NT_FAULTS_MAX 8 /* named in one error message */


static void
drop_content(nt_workflow_t *item)
{
    json_decref(item->document);
    json_decref(item->view);

    if (item->graph != NULL) {
        nt_graph_unref(item->graph);
    }

    free(item->fault);

    item->document = NULL;
    item->view = NULL;
    item->graph = NULL;
    item->fault = NULL;
}


static void
free_item(nt_workflow_t *item)
{
    drop_content(item);
    free(item->id);
    free(item);
}


/* Where `id` is or would be. */
static size_t
find_place(const nt_cache_t *cache, const char *id, bool *found)
{
    size_t low = 0, high = cache->n;

    *found = false;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int    order = strcmp(cache->items[middle]->id, id);

        if (order == 0) {
            *found = true;
            return middle;
        }

        if (order < 0) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    return low;
}


static void
remove_item(nt_cache_t *cache, size_t place)
{
    free_item(cache->items[place]);
    cache->n--;
    memmove(cache->items + place, cache->items + place + 1,
            (cache->n - place) * sizeof(*cache->items));
}


static nt_workflow_t *
insert_item(nt_cache_t *cache, size_t place, const char *id)
{
    nt_workflow_t *item;

    if (cache->n == cache->cap) {
        size_t          cap = cache->cap == 0 ? 16 : cache->cap * 2;
        nt_workflow_t **items;

        items = realloc(cache->items, cap * sizeof(*items));
        if (items == NULL) {
            return NULL;
        }

        cache->items = items;
        cache->cap = cap;
    }

    item = calloc(1, sizeof(*item));
    if (item == NULL) {
        return NULL;
    }

    item->id = strdup(id);
    if (item->id == NULL) {
        free(item);
        return NULL;
    }

    memmove(cache->items + place + 1, cache->items + place,
            (cache->n - place) * sizeof(*cache->items));
    cache->items[place] = item;
    cache->n++;

    return item;
}


/* Reads the file of an item.  A file that is no workflow leaves an item
 * without a document, so it is not read again until it changes. */
static int
load(nt_cache_t *cache, nt_workflow_t *item, const char *name)
{
    int      err;
    nt_buf_t content = { 0 }, error = { 0 };
    json_t  *document = NULL;

    drop_content(item);

    err = nt_file_read(cache->dir, name, NT_WORKFLOW_MAX, &content, &item->st);

    if (err == EFBIG || err == EINVAL) {
        nt_log(NT_LOG_WARN, "workflow %s: not a regular file of at most %u MiB",
               item->id, NT_WORKFLOW_MAX >> 20);
        err = 0;

    } else if (err == 0) {
        document = nt_json_parse(content.data, content.len, &error);

        if (document != NULL && nt_document_check(document, &error)) {
            item->document = json_incref(document);
            item->view = nt_document_view(document, item->id, cache->registry);
            err = item->view != NULL ? 0 : ENOMEM;

        } else {
            nt_log(NT_LOG_WARN, "workflow %s: not a workflow: %.*s", item->id,
                   (int) error.len, error.data);
        }
    }

    json_decref(document);
    nt_buf_free(&content);
    nt_buf_free(&error);

    return err;
}


int
nt_cache_get(nt_cache_t *cache, const char *id, nt_workflow_t **item)
{
    int            err;
    bool           found;
    char           name[128 + NT_SUFFIX_LEN + 1];
    size_t         place;
    struct stat    st;
    nt_workflow_t *it;

    if (!nt_workflow_id_valid(nt_str(id))) {
        return ENOENT;
    }

    (void) snprintf(name, sizeof(name), "%s" NT_SUFFIX, id);
    place = find_place(cache, id, &found);

    if (fstatat(cache->dir, name, &st, 0) == -1) {
        err = errno;
        if (found && err == ENOENT) {
            remove_item(cache, place);
        }
        return err;
    }

    it = found ? cache->items[place] : insert_item(cache, place, id);
    if (it == NULL) {
        return ENOMEM;
    }

    if (!found || !nt_file_same(&it->st, &st)) {
        err = load(cache, it, name);
        if (err != 0) {
            remove_item(cache, place);
            return err;
        }
    }

    it->seen = true;
    *item = it;

    return it->document != NULL ? 0 : EBADMSG;
}


/* The id in a file's name; false when it is not a workflow's. */
static bool
id_of_name(const char *name, char *id, size_t size)
{
    size_t len = strlen(name);

    if (len <= NT_SUFFIX_LEN || len - NT_SUFFIX_LEN >= size ||
        memcmp(name + len - NT_SUFFIX_LEN, NT_SUFFIX, NT_SUFFIX_LEN) != 0)
    {
        return false;
    }

    len -= NT_SUFFIX_LEN;
    memcpy(id, name, len);
    id[len] = '\0';

    return nt_workflow_id_valid((nt_str_t) { id, len });
}


static void
remove_unseen(nt_cache_t *cache)
{
    size_t kept = 0;

    for (size_t i = 0; i < cache->n; i++) {
        if (cache->items[i]->seen) {
            cache->items[kept++] = cache->items[i];

        } else {
            free_item(cache->items[i]);
        }
    }

    cache->n = kept;
}


int
nt_cache_scan(nt_cache_t *cache)
{
    DIR           *d;
    int            fd, err;
    char           id[129];
    struct dirent *entry;
    nt_workflow_t *item;

    for (size_t i = 0; i < cache->n; i++) {
        cache->items[i]->seen = false;
    }

    fd = openat(cache->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd == -1) {
        return errno;
    }

    d = fdopendir(fd);
    if (d == NULL) {
        err = errno;
        (void) close(fd);
        return err;
    }

    while (errno = 0, (entry = readdir(d)) != NULL) {
        if (!id_of_name(entry->d_name, id, sizeof(id))) {
            continue;
        }

        err = nt_cache_get(cache, id, &item);
        if (err != 0 && err != ENOENT && err != EBADMSG) {
            nt_log(NT_LOG_ERROR, "workflow %s: cannot be read: %s", id,
                   strerror(err));
        }
    }

    err = errno;
    (void) closedir(d);

    if (err == 0) {
        remove_unseen(cache);
    }

    return err;
}


size_t
nt_cache_after(const nt_cache_t *cache, const char *id)
{
    bool   found;
    size_t place = find_place(cache, id, &found);

    return found ? place + 1 : place;
}


char *
nt_cache_faults(const json_t *errors)
{
    nt_buf_t text = { 0 };
    size_t   i, n = json_array_size(errors);
    json_t  *error;

    nt_buf_printf(&text, "The workflow's graph is invalid: ");

    json_array_foreach(errors, i, error)
    {
        const char *message;

        if (i == NT_FAULTS_MAX) {
            nt_buf_printf(&text, "; and %zu more", n - i);
            break;
        }

        /* it names the node or the edge */
        message = json_string_value(json_object_get(error, "message"));

        nt_buf_printf(&text, "%s%s", i > 0 ? "; " : "",
                      message != NULL ? message : "invalid");
    }

    nt_buf_append_char(&text, '\0');

    if (text.failed) {
        nt_buf_free(&text);
        return NULL;
    }

    return text.data;
}


nt_graph_t *
nt_cache_graph(nt_cache_t *cache, nt_workflow_t *item)
{
    json_t *errors, *warnings;

    if (item->graph != NULL || item->fault != NULL) {
        return item->graph;
    }

    errors = json_array();
    warnings = json_array();

    if (errors != NULL && warnings != NULL) {
        item->graph = nt_graph_compile(json_object_get(item->document, "graph"),
                                       cache->registry, errors, warnings);

        if (item->graph == NULL && json_array_size(errors) > 0) {
            item->fault = nt_cache_faults(errors);
        }
    }

    json_decref(errors);
    json_decref(warnings);

    return item->graph;
}


void
nt_cache_free(nt_cache_t *cache)
{
    for (size_t i = 0; i < cache->n; i++) {
        free_item(cache->items[i]);
    }

    free(cache->items);
}
