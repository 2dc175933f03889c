#include "engine/graph/call_http.h"

#include <stdlib.h>

#include "engine/graph/run.h"

/*
 * HTTP for nodes (engine/nodetool_node.h): the client of the engine with the
 * waits of a fiber.  A reply's caller is told only while its fiber waits for
 * it: a resume that nobody waits for would end the node's next wait early.
 */

#define NT_LOAD_LIMIT ((size_t) 512 << 20) /* bytes of a file of media */

static const char job_ends[] = "the job ends";

static void
on_change(nt_http_reply_t *reply, void *arg)
{
    nt_http_set_notify(reply, NULL, arg);
    nt_call_resume(arg);
}

typedef struct {
    nt_node_call_t         *call;
    nt_http_reply_t *const *replies;
    size_t                  n;
} nt_http_wait_t;

static void
cancel_wait(void *arg)
{
    nt_http_wait_t *wait = arg;
    size_t          i;

    for (i = 0; i < wait->n; i++) {
        if (wait->replies[i] != NULL) {
            nt_http_abort(wait->replies[i], job_ends);
        }
    }
    nt_call_resume(wait->call);
}

void
nt_call_http_wait(nt_node_call_t *call, nt_http_reply_t *const *replies,
                  size_t n)
{
    nt_http_wait_t wait = { call, replies, n };
    bool           any = false;
    size_t         i;

    for (i = 0; i < n; i++) {
        if (replies[i] != NULL && nt_http_state(replies[i]) < NT_HTTP_ENDED) {
            nt_http_set_notify(replies[i], on_change, call);
            any = true;
        }
    }
    if (!any) {
        return;
    }
    nt_call_suspend(call, cancel_wait, &wait);
    for (i = 0; i < n; i++) {
        if (replies[i] != NULL) {
            nt_http_set_notify(replies[i], NULL, call);
        }
    }
}

static void
wait_for(nt_http_reply_t *reply)
{
    nt_call_http_wait(nt_http_arg(reply), &reply, 1);
}

/* What a reply has failed of, malloc'ed. */
static char *
error_of(const nt_http_reply_t *reply)
{
    return strdup(nt_http_error(reply));
}

/* False with a sentence when the node cannot ask anything. */
static bool
may_ask(nt_node_call_t *call, char **error)
{
    const char *fault = NULL;

    *error = NULL;
    if (!nt_call_may_wait(call)) {
        fault = "a node that makes requests needs NT_NODE_ASYNC";
    } else if (call->run->aborted) {
        fault = job_ends;
    } else if (call->run->options.http == NULL) {
        fault = "workflows make no requests here";
    }
    if (fault != NULL) {
        *error = strdup(fault);
    }
    return fault == NULL;
}

nt_http_reply_t *
nt_call_http_start(nt_node_call_t *call, const nt_http_request_t *request,
                   char **error)
{
    return may_ask(call, error) ? nt_http_start(call->run->options.http,
                                                request, NULL, call, error)
                                : NULL;
}

nt_http_reply_t *
nt_call_mail_start(nt_node_call_t *call, const nt_mail_request_t *request,
                   char **error)
{
    return may_ask(call, error) ? nt_mail_start(call->run->options.http,
                                                request, NULL, call, error)
                                : NULL;
}

nt_http_reply_t *
nt_call_http(nt_node_call_t *call, const nt_http_request_t *request,
             char **error)
{
    nt_http_reply_t *reply = nt_call_http_start(call, request, error);

    if (reply == NULL) {
        return NULL;
    }
    while (nt_http_state(reply) == NT_HTTP_WAITING) {
        wait_for(reply);
    }
    /* What failed after its head may have a body worth reading. */
    if (nt_http_state(reply) == NT_HTTP_FAILED && !nt_http_has_head(reply)) {
        *error = error_of(reply);
        nt_http_free(reply);
        return NULL;
    }
    return reply;
}

int
nt_call_http_poll(nt_http_reply_t *reply, const char **data, size_t *len,
                  char **error)
{
    *error = NULL;
    if (nt_http_take(reply, data, len)) {
        return 1;
    }
    switch (nt_http_state(reply)) {
    case NT_HTTP_ENDED:
        return 0;
    case NT_HTTP_FAILED:
        *error = error_of(reply);
        return -1;
    default:
        return 2;
    }
}

int
nt_http_read(nt_http_reply_t *reply, const char **data, size_t *len,
             char **error)
{
    int rc;

    while ((rc = nt_call_http_poll(reply, data, len, error)) == 2) {
        wait_for(reply);
    }
    return rc;
}

bool
nt_http_read_all(nt_http_reply_t *reply, const char **data, size_t *len,
                 char **error)
{
    *error = NULL;
    nt_http_keep_all(reply);
    while (nt_http_state(reply) < NT_HTTP_ENDED) {
        wait_for(reply);
    }
    if (nt_http_state(reply) == NT_HTTP_FAILED) {
        *error = error_of(reply);
        return false;
    }
    if (!nt_http_take(reply, data, len)) {
        *data = "";
        *len = 0;
    }
    return true;
}

bool
nt_call_http_load(nt_node_call_t *call, const char *url, char **data,
                  size_t *len)
{
    nt_http_request_t request = { .url = url, .limit = NT_LOAD_LIMIT };
    nt_http_reply_t  *reply;
    const char       *body;
    char             *error;
    int               status;

    reply = nt_call_http(call, &request, &error);
    status = reply != NULL ? nt_http_status(reply) : 0;
    *data = NULL;
    if (status >= 200 && status < 300 &&
        nt_http_read_all(reply, &body, len, &error))
    {
        *data = malloc(*len + 1);
        if (*data != NULL) {
            memcpy(*data, body, *len + 1);
        }
    } else if (status > 0 && error == NULL) {
        /* a query may hold a key */
        (void) nt_call_fail(call, "%.*s answered with status %d",
                            (int) strcspn(url, "?#"), url, status);
        nt_http_free(reply);
        return false;
    }
    if (*data == NULL) {
        (void) nt_call_fail(call, "%s",
                            error != NULL ? error
                                          : "the server is out of memory");
    }
    free(error);
    nt_http_free(reply);
    return *data != NULL;
}
