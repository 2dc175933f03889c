/*
 * engine/settings/secrets.c - secrets, as the API has them.
 */

#include "engine/settings/registry.h"
#include "engine/settings/settings_int.h"

#define NT_DESCRIPTION_MAX 1000 /* bytes */


static json_t *
member(const json_t *record, const char *name)
{
    json_t *value = json_object_get(record, name);

    return value != NULL ? json_incref(value) : json_null();
}


/* As clients see it; `record` NULL: it is not configured. */
static json_t *
secret_view(nt_settings_t *s, const json_t *file, const char *name,
            const json_t *record)
{
    json_t             *description;
    const char         *fault, *user;
    const nt_setting_t *known = nt_setting_find(name);

    user = json_string_value(json_object_get(file, "user"));
    fault =
        record != NULL ? nt_settings_file_fault(file, name, &s->keys) : NULL;
    description = member(record, "description");

    if (json_is_null(description) && known != NULL) {
        description = json_string(known->description);
    }

    return json_pack("{s:o, s:s?, s:s, s:o, s:o, s:o, s:b, s:s?}", "id",
                     member(record, "id"), "user_id",
                     record != NULL ? user : NULL, "key", name, "description",
                     description, "created_at", member(record, "created_at"),
                     "updated_at", member(record, "updated_at"),
                     "is_configured", record != NULL, "error", fault);
}


/* The names that a list has, as keys: what is known, and what is stored. */
static json_t *
secret_names(const json_t *file)
{
    json_t     *names = json_object(), *value;
    const char *name;

    for (size_t i = 0; names != NULL && i < nt_settings_known_count; i++) {
        if (nt_settings_known[i].secret &&
            json_object_set_new(names, nt_settings_known[i].name,
                                json_true()) != 0)
        {
            json_decref(names);
            names = NULL;
        }
    }

    json_object_foreach(json_object_get(file, "secrets"), name, value)
    {
        if (names != NULL && json_object_set_new(names, name, json_true()) != 0)
        {
            json_decref(names);
            names = NULL;
        }
    }

    return names;
}


static int
list_secrets(nt_settings_t *s, const json_t *file, const char *cursor,
             size_t limit, json_t **reply, nt_buf_t *error)
{
    bool        after = cursor == NULL, ok = true;
    json_t     *names = secret_names(file), *list = json_array(), *value;
    json_t     *secrets = json_object_get(file, "secrets");
    const char *name, *last = NULL, *next = NULL;

    json_object_foreach(names, name, value)
    {
        if (!after) {
            after = strcmp(name, cursor) == 0;
            continue;
        }

        if (json_array_size(list) == limit) {
            next = last;
            break;
        }

        last = name;
        ok = ok &&
             json_array_append_new(list, secret_view(s, file, name,
                                                     json_object_get(secrets,
                                                                     name))) ==
                 0;
    }

    *reply = names != NULL && ok
                 ? json_pack("{s:O, s:s?}", "secrets", list, "next_key", next)
                 : NULL;

    json_decref(list);
    json_decref(names);

    return *reply != NULL ? 200 : nt_settings_nomem(error);
}


int
nt_secrets_list(nt_settings_t *s, const char *user, const char *cursor,
                size_t limit, json_t **reply, nt_buf_t *error)
{
    int     status;
    json_t *file;

    status = nt_settings_read(s, user, &file, error);
    if (status == 200) {
        status = list_secrets(s, file, cursor, limit, reply, error);
        json_decref(file);
    }

    return status;
}


static int
show_secret(nt_settings_t *s, const json_t *file, const char *name,
            json_t **reply, nt_buf_t *error)
{
    const json_t *record;

    record = json_object_get(json_object_get(file, "secrets"), name);
    if (record == NULL) {
        nt_buf_printf(error, "Secret not found: %.200s", name);
        return 404;
    }

    *reply = secret_view(s, file, name, record);

    return *reply != NULL ? 200 : nt_settings_nomem(error);
}


int
nt_secret_get(nt_settings_t *s, const char *user, const char *name,
              json_t **reply, nt_buf_t *error)
{
    int     status;
    json_t *file;

    status = nt_settings_read(s, user, &file, error);
    if (status == 200) {
        status = show_secret(s, file, name, reply, error);
        json_decref(file);
    }

    return status;
}


int
nt_secret_put(nt_settings_t *s, const char *user, const char *name,
              json_t *body, json_t **reply, nt_buf_t *error)
{
    int           status, lock;
    json_t       *file;
    const json_t *description = json_object_get(body, "description");

    if (description != NULL && !json_is_null(description) &&
        (!json_is_string(description) ||
         json_string_length(description) > NT_DESCRIPTION_MAX))
    {
        nt_buf_printf(error, "description must be a text of at most %d bytes.",
                      NT_DESCRIPTION_MAX);
        return 422;
    }

    status = nt_settings_begin(s, user, &file, &lock, error);
    if (status != 200) {
        return status;
    }

    status =
        nt_settings_set_secret(s, file, name, json_object_get(body, "value"),
                               json_string_value(description), error);
    status = nt_settings_end(s, user, file, lock, status, error);

    if (status == 200) {
        status = show_secret(s, file, name, reply, error);
    }

    json_decref(file);

    return status;
}


int
nt_secret_delete(nt_settings_t *s, const char *user, const char *name,
                 nt_buf_t *error)
{
    int     status, lock;
    json_t *file;

    status = nt_settings_begin(s, user, &file, &lock, error);
    if (status != 200) {
        return status;
    }

    if (json_object_del(json_object_get(file, "secrets"), name) != 0) {
        nt_buf_printf(error, "Secret not found: %.200s", name);
        status = 404;
    }

    status = nt_settings_end(s, user, file, lock, status, error);
    json_decref(file);

    return status == 200 ? 204 : status;
}
