/*
 * engine/settings/put.c - settings, and what may be set.
 */

#include <stdlib.h>
#include <unistd.h>

#include "engine/settings/registry.h"
#include "engine/settings/settings_int.h"

#define NT_HIDDEN "****"


/* --- checks ---------------------------------------------------------------*/

/* Keys go into the headers of requests. */
static bool
is_printable(const char *text)
{
    for (/* void */; *text != '\0'; text++) {
        if ((unsigned char) *text < ' ' || *text == 0x7f) {
            return false;
        }
    }

    return true;
}


static int
check_value(const char *name, const json_t *value, nt_buf_t *error)
{
    if (!json_is_string(value) || json_string_length(value) == 0) {
        nt_buf_printf(error, "The value of %.100s must be a text.", name);

    } else if (json_string_length(value) > NT_SECRET_MAX) {
        nt_buf_printf(error, "The value of %.100s is longer than %u KiB.", name,
                      NT_SECRET_MAX >> 10);

    } else if (nt_setting_find(name) != NULL &&
               !is_printable(json_string_value(value)))
    {
        nt_buf_printf(error,
                      "The value of %.100s has line breaks or other "
                      "control characters.",
                      name);

    } else {
        return 200;
    }

    return 422;
}


int
nt_settings_set_secret(nt_settings_t *s, json_t *file, const char *name,
                       const json_t *value, const char *description,
                       nt_buf_t *error)
{
    int      status;
    json_t  *secrets = json_object_get(file, "secrets");
    nt_str_t text;

    if (!nt_secret_name_valid(name)) {
        nt_buf_printf(
            error,
            "There is no secret \"%.100s\": GET /api/settings/secrets "
            "has those that there are; for workflows there is any "
            "that begins with " NT_SECRET_PREFIX ".",
            name);
        return 404;
    }

    status = check_value(name, value, error);
    if (status != 200) {
        return status;
    }

    if (s->keys.n == 0) {
        nt_buf_printf(error,
                      "The server has no key to encrypt secrets with: set "
                      "SECRETS_MASTER_KEY for the engine (\"openssl rand "
                      "-base64 32\" makes one).");
        return 409;
    }

    if (json_object_get(secrets, name) == NULL &&
        json_object_size(secrets) >= NT_SETTINGS_MAX)
    {
        nt_buf_printf(error, "There are %d secrets already; delete some first.",
                      NT_SETTINGS_MAX);
        return 422;
    }

    text.data = json_string_value(value);
    text.len = json_string_length(value);

    return nt_settings_file_set(file, name, text, description, &s->keys.keys[0])
               ? 200
               : nt_settings_nomem(error);
}


/* --- settings -------------------------------------------------------------*/

static bool
add_setting(json_t *list, const nt_setting_t *known, const json_t *file)
{
    json_t *value;

    if (known->secret) {
        value = json_object_get(json_object_get(file, "secrets"), known->name);
        value = value != NULL ? json_string(NT_HIDDEN) : json_null();

    } else {
        value = json_object_get(json_object_get(file, "settings"), known->name);
        value = value != NULL ? json_incref(value) : json_null();
    }

    return json_array_append_new(
               list,
               json_pack("{s:s, s:s, s:s, s:s, s:n, s:o, s:b}", "package_name",
                         "nodetool", "env_var", known->name, "group",
                         known->group, "description", known->description,
                         "enum", "value", value, "is_secret", known->secret)) ==
           0;
}


static int
list_settings(const json_t *file, json_t **reply, nt_buf_t *error)
{
    json_t *list = json_array();

    for (size_t i = 0; list != NULL && i < nt_settings_known_count; i++) {
        if (!add_setting(list, &nt_settings_known[i], file)) {
            json_decref(list);
            list = NULL;
        }
    }

    *reply = list != NULL ? json_pack("{s:o}", "settings", list) : NULL;

    return *reply != NULL ? 200 : nt_settings_nomem(error);
}


int
nt_settings_list(nt_settings_t *s, const char *user, json_t **reply,
                 nt_buf_t *error)
{
    int     status;
    json_t *file;

    status = nt_settings_read(s, user, &file, error);
    if (status == 200) {
        status = list_settings(file, reply, error);
        json_decref(file);
    }

    return status;
}


/* A value as text; NULL when it is none, or memory is out. */
static json_t *
setting_text(json_t *value)
{
    char   *text;
    json_t *result;

    if (json_is_string(value)) {
        return json_incref(value);
    }

    if (!json_is_number(value) && !json_is_boolean(value)) {
        return NULL;
    }

    text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    result = text != NULL ? json_string(text) : NULL;
    free(text);

    return result;
}


static bool
is_empty(const json_t *value)
{
    return json_is_null(value) ||
           (json_is_string(value) && json_string_length(value) == 0);
}


static int
set_setting(json_t *file, const char *name, json_t *value, bool admin,
            nt_buf_t *error)
{
    int                 status;
    json_t             *text, *settings = json_object_get(file, "settings");
    const nt_setting_t *known = nt_setting_find(name);

    if (known == NULL || known->secret) {
        nt_buf_printf(error,
                      "There is no setting \"%.100s\": GET /api/settings has "
                      "those that there are.",
                      name);
        return 422;
    }

    if (known->admin && !admin) {
        nt_buf_printf(error, "Only an administrator may set %s.", name);
        return 403;
    }

    if (is_empty(value)) {
        (void) json_object_del(settings, name);
        return 200;
    }

    text = setting_text(value);
    status = check_value(name, text, error);

    if (status == 200 && json_object_set(settings, name, text) != 0) {
        status = nt_settings_nomem(error);
    }

    json_decref(text);

    return status;
}


/* What a client sends back that was told NT_HIDDEN. */
static bool
is_hidden(const json_t *value)
{
    const char *text = json_string_value(value);

    return text != NULL && text[0] != '\0' && strspn(text, "*") == strlen(text);
}


/* Removes a secret, or sets it. */
static int
change_secret(nt_settings_t *s, json_t *file, const char *name,
              const json_t *value, nt_buf_t *error)
{
    if (is_hidden(value)) {
        return 200;
    }

    if (is_empty(value)) {
        (void) json_object_del(json_object_get(file, "secrets"), name);
        return 200;
    }

    return nt_settings_set_secret(s, file, name, value, NULL, error);
}


static int
change(nt_settings_t *s, json_t *file, json_t *body, bool admin,
       nt_buf_t *error)
{
    int         status = 200;
    json_t     *settings = json_object_get(body, "settings");
    json_t     *secrets = json_object_get(body, "secrets"), *value;
    const char *name;

    if (!json_is_object(body) ||
        (settings != NULL && !json_is_object(settings)) ||
        (secrets != NULL && !json_is_object(secrets)))
    {
        nt_buf_printf(error, "The body must be {\"settings\": {name: value}, "
                             "\"secrets\": {name: value}}.");
        return 422;
    }

    json_object_foreach(settings, name, value)
    {
        status = status == 200 ? set_setting(file, name, value, admin, error)
                               : status;
    }

    json_object_foreach(secrets, name, value)
    {
        status =
            status == 200 ? change_secret(s, file, name, value, error) : status;
    }

    return status;
}


/* --- files that change ----------------------------------------------------*/

int
nt_settings_begin(nt_settings_t *s, const char *user, json_t **file, int *lock,
                  nt_buf_t *error)
{
    int status;

    *lock = nt_settings_lock(s);
    if (*lock == -1) {
        nt_buf_printf(error, "The stored settings are busy. Try again later.");
        return 503;
    }

    status = nt_settings_read(s, user, file, error);
    if (status != 200) {
        (void) close(*lock);
    }

    return status;
}


int
nt_settings_end(nt_settings_t *s, const char *user, const json_t *file,
                int lock, int status, nt_buf_t *error)
{
    if (status == 200) {
        status = nt_settings_write(s, user, file, error);
    }

    (void) close(lock);

    return status;
}


int
nt_settings_put(nt_settings_t *s, const char *user, bool admin, json_t *body,
                json_t **reply, nt_buf_t *error)
{
    int     status, lock;
    json_t *file;

    status = nt_settings_begin(s, user, &file, &lock, error);
    if (status != 200) {
        return status;
    }

    status = change(s, file, body, admin, error);
    status = nt_settings_end(s, user, file, lock, status, error);

    if (status == 200) {
        status = list_settings(file, reply, error);
    }

    json_decref(file);

    return status;
}
