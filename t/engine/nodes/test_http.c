/*
 * Fetch: a request by nt_call_http, for the tests of HTTP.
 */

#include <stdlib.h>
#include <string.h>

#include "engine/nodetool_node.h"

nt_node_rc_t run_fetch(nt_node_call_t *call);
nt_node_rc_t run_load(nt_node_call_t *call);

/* The body, piece by piece; a pause before each lets it pile up. */
static bool
read_pieces(nt_node_call_t *call, nt_http_reply_t *reply, json_t *result,
            char **error)
{
    const char *data;
    size_t      len, total = 0, most = 0;
    int         rc;

    while ((rc = nt_http_read(reply, &data, &len, error)) == 1) {
        total += len;
        most = len > most ? len : most;
        if (!nt_call_sleep(call, nt_call_float(call, "pause"))) {
            break;
        }
    }
    json_object_set_new(result, "total", json_integer((json_int_t) total));
    json_object_set_new(result, "most", json_integer((json_int_t) most));
    return rc == 0;
}

static bool
read_reply(nt_node_call_t *call, nt_http_reply_t *reply, json_t *result,
           char **error)
{
    const char *data;
    size_t      len;

    json_object_set_new(result, "status", json_integer(nt_http_status(reply)));
    json_object_set_new(result, "url", json_string(nt_http_url(reply)));
    json_object_set_new(result, "type",
                        json_string(nt_http_header(reply, "content-type")));
    if (nt_call_bool(call, "pieces")) {
        return read_pieces(call, reply, result, error);
    }
    if (!nt_http_read_all(reply, &data, &len, error)) {
        return false;
    }
    json_object_set_new(result, "body", json_stringn(data, len));
    return true;
}

nt_node_rc_t
run_fetch(nt_node_call_t *call)
{
    size_t            len;
    const char       *body = nt_call_string(call, "body", &len);
    const char       *headers[2] = { nt_call_string(call, "header", NULL) };
    nt_http_request_t request = {
        .url = nt_call_string(call, "url", NULL),
        .headers = headers[0][0] != '\0' ? headers : NULL,
        .body = len > 0 ? body : NULL,
        .body_len = len,
        .timeout = nt_call_float(call, "timeout"),
        .flags = nt_call_bool(call, "trusted") ? NT_HTTP_TRUSTED : 0
    };
    nt_http_reply_t *reply;
    nt_node_rc_t     rc;
    json_t          *result = json_object();
    char            *error;

    reply = nt_call_http(call, &request, &error);
    if (reply != NULL && read_reply(call, reply, result, &error)) {
        rc = nt_call_emit(call, "output", json_incref(result));
    } else {
        rc = nt_call_fail(call, "%s", error != NULL ? error : "no reason");
        free(error);
    }
    nt_http_free(reply);
    json_decref(result);
    return rc;
}

/* Load: nt_call_load from a node that waits. */
nt_node_rc_t
run_load(nt_node_call_t *call)
{
    char        *data;
    size_t       len;
    nt_node_rc_t rc;

    if (!nt_call_load(call, nt_call_input(call, "ref"), &data, &len)) {
        return NT_NODE_FAIL;
    }
    rc = nt_call_emit(call, "output", json_stringn(data, len));
    free(data);
    return rc;
}
