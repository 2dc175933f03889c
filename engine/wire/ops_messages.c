/*
 * engine/wire/ops_messages.c - operations on the messages of threads.
 */

#include <sys/random.h>

#include "core/nt_id.h"
#include "engine/json.h"
#include "engine/threads/threads.h"
#include "engine/wire/ops.h"

#define PAGE_BYTES ((size_t) 16 << 20) /* of messages in a reply */


void
nt_op_message_list(nt_conn_t *conn, const char *body, size_t len)
{
    json_int_t         limit;
    nt_messages_page_t page = { .max_bytes = PAGE_BYTES };

    page.thread_id = nt_op_require(conn, "thread_id");

    if (page.thread_id == NULL ||
        !nt_op_number(conn, "limit", 1, NT_OP_LIMIT_MAX, NT_OP_LIMIT, &limit))
    {
        return;
    }

    page.cursor = nt_conn_field(conn, "cursor");
    page.limit = (unsigned) limit;
    page.reverse = json_is_true(json_object_get(conn->head, "reverse"));
    nt_messages_list(conn->wire->services->threads, nt_op_owner(conn), &page,
                     nt_op_thread_reply, nt_conn_hold(conn));
}


void
nt_op_message_get(nt_conn_t *conn, const char *body, size_t len)
{
    const char *id = nt_op_require(conn, "message_id");

    if (id != NULL) {
        nt_messages_get(conn->wire->services->threads, nt_op_owner(conn), id,
                        nt_op_thread_reply, nt_conn_hold(conn));
    }
}


/* --- message.create -------------------------------------------------------*/

static bool
is_absent(const json_t *value)
{
    return value == NULL || json_is_null(value);
}


static bool
is_role(const json_t *value)
{
    static const char *const roles[] = { "user", "assistant", "system",
                                         "tool" };

    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (json_is_string(value) &&
            strcmp(json_string_value(value), roles[i]) == 0) {
            return true;
        }
    }

    return false;
}


/* Whether it is a list of objects that have these two members as texts; the
 * second may be NULL. */
static bool
is_list(const json_t *list, const char *first, const char *second)
{
    size_t  i;
    json_t *entry;

    json_array_foreach(list, i, entry)
    {
        if (!json_is_string(json_object_get(entry, first)) ||
            (second != NULL && !json_is_string(json_object_get(entry, second))))
        {
            return false;
        }
    }

    return json_is_array(list);
}


/* Why a message cannot be kept, or NULL. */
static const char *
message_fault(const json_t *message)
{
    const json_t            *content = json_object_get(message, "content");
    const json_t            *calls = json_object_get(message, "tool_calls");
    static const char *const texts[] = { "thread_id", "name", "tool_call_id" };

    if (!json_is_object(message)) {
        return "The body must be a JSON object.";
    }

    if (!is_role(json_object_get(message, "role"))) {
        return "role must be user, assistant, system or tool.";
    }

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const json_t *value = json_object_get(message, texts[i]);

        if (!is_absent(value) && !json_is_string(value)) {
            return "thread_id, name and tool_call_id must be texts.";
        }
    }

    if (!is_absent(content) && !json_is_string(content) &&
        !is_list(content, "type", NULL))
    {
        return "content must be a text, or a list of parts that have a type.";
    }

    if (!is_absent(calls) && !is_list(calls, "id", "name")) {
        return "tool_calls must be a list of calls that have an id and a name.";
    }

    return NULL;
}


/* What of a request is kept; the login says whose it is. */
static json_t *
message_of(const json_t *request, const char *user)
{
    return json_pack("{s:s, s:O, s:O?, s:O?, s:O?, s:O?}", "user_id", user,
                     "role", json_object_get(request, "role"), "name",
                     json_object_get(request, "name"), "content",
                     json_object_get(request, "content"), "tool_call_id",
                     json_object_get(request, "tool_call_id"), "tool_calls",
                     json_object_get(request, "tool_calls"));
}


/* Puts it into its thread, which is a new one when it names none. */
static void
append(nt_conn_t *conn, const json_t *request)
{
    char          id[NT_ID_HEX_LEN + 1];
    json_t       *message;
    const char   *thread_id, *user = nt_op_user(conn);
    unsigned char random[16];

    thread_id = json_string_value(json_object_get(request, "thread_id"));
    message = message_of(request, user);

    if (message == NULL ||
        getrandom(random, sizeof(random), 0) != sizeof(random)) {
        json_decref(message);
        nt_conn_error(conn, 503, NULL, NT_STR(""));
        return;
    }

    nt_id_hex(id, random);
    id[NT_ID_HEX_LEN] = '\0';

    nt_messages_append(conn->wire->services->threads, user,
                       thread_id != NULL ? thread_id : id, "New Thread",
                       message, nt_op_thread_reply, nt_conn_hold(conn));
    json_decref(message);
}


void
nt_op_message_create(nt_conn_t *conn, const char *body, size_t len)
{
    json_t     *request;
    nt_buf_t    error = { 0 };
    const char *fault;

    request = nt_json_parse(body, len, &error);
    if (request == NULL) {
        nt_op_fail(conn, 400, &error);
        return;
    }

    fault = message_fault(request);

    if (fault != NULL) {
        nt_conn_error(conn, 422, NULL, nt_str(fault));
    } else {
        append(conn, request);
    }

    json_decref(request);
}
