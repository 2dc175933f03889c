/*
 * engine/http/http_int.h - private to engine/http.
 *
 * A reply is one request of a caller, with all that it takes: several tries,
 * several hops of a redirect, each a transfer of the same easy handle.
 */

#ifndef NT_HTTP_INT_H
#define NT_HTTP_INT_H

#include "core/nt_buf.h"
#include "engine/http/address.h"
#include "engine/http/curl.h"
#include "engine/http/http.h"
#include "engine/http/mail.h"

#define NT_HTTP_TRIES     4
#define NT_HTTP_REDIRECTS 10
#define NT_HTTP_WINDOW    (256 * 1024)       /* of a body, waits to be taken */
#define NT_HTTP_LIMIT     (64 * 1024 * 1024) /* of a body */
#define NT_HTTP_HEAD      (256 * 1024)       /* all headers of a reply */
#define NT_MAIL_LINE      200         /* bytes of what a server of mail says */
#define NT_HTTP_DISCARD   (64 * 1024) /* of a body that nobody will see */

/* What becomes of a reply of the server. */
typedef enum { NT_HTTP_KEEP, NT_HTTP_REDIRECT, NT_HTTP_RETRY } nt_http_fate_t;

struct nt_http_client {
    uv_loop_t          *loop;
    nt_http_networks_t *networks;
    char               *ca_file; /* or NULL */
    CURLM              *multi;   /* NULL before the first request */
    uv_timer_t          timer;   /* of libcurl */
    uv_timer_t          later;   /* tells callers */
    unsigned            handles; /* of the loop, not closed yet */
    bool                acting;  /* libcurl is at work, or callers are told */
    bool                closing;
    nt_http_reply_t    *replies; /* all that are there */
    nt_http_reply_t    *changed; /* whose callers have to be told */
};

struct nt_http_reply {
    nt_http_client_t *client;
    nt_http_reply_t  *next, **prev; /* client->replies */
    nt_http_reply_t  *next_changed, **prev_changed;

    nt_http_notify_t notify;
    void            *arg;

    nt_http_request_t request; /* borrowed strings */
    const char       *method;  /* of this hop */
    bool              body;    /* this hop has it */
    char             *url;     /* of this hop; owned */
    bool              foreign; /* not the origin that the caller named */

    bool              is_mail;
    nt_mail_request_t mail;     /* borrowed strings */
    size_t            uploaded; /* bytes of the message */

    CURL              *easy;
    struct curl_slist *headers;
    bool               active;   /* in the multi */
    unsigned           attempt;  /* of this hop, from 0 */
    unsigned           hops;     /* redirects so far */
    uint64_t           deadline; /* of the loop's clock; 0: none */
    int64_t            retry_ms; /* until the next one */
    uv_timer_t        *pause;    /* before it; its data is us */

    int            status;
    nt_buf_t       head;      /* "name\0value\0" for each */
    bool           head_done; /* of this transfer */
    nt_http_fate_t fate;
    bool           asked;   /* the request has left */
    bool           refused; /* some address was not allowed */
    bool           tried;   /* some address was */

    nt_http_state_t state;
    char           *error;    /* malloc'ed; may be NULL when memory is out */
    nt_buf_t        body_in;  /* not taken yet */
    nt_buf_t        body_out; /* taken by the caller */
    size_t          received; /* bytes of this transfer's body */
    size_t          limit;
    bool            keep_all;
    bool            paused;
    bool            over_limit;
};

/* --- client.c --- */

/* Makes the multi handle if there is none. */
bool nt_http_client_open(nt_http_client_t *client);

/* The caller is told in this turn of the loop, or the next. */
void nt_http_changed(nt_http_reply_t *reply);
void nt_http_unchanged(nt_http_reply_t *reply);

/* --- reply.c --- */

/* All headers of a final reply are there: decides what becomes of it. */
void nt_http_head_done(nt_http_reply_t *reply);

/* A transfer of libcurl's has ended. */
void nt_http_transfer_done(nt_http_reply_t *reply, CURLcode code);

/* Takes the reply from its client and from libcurl; it must be aborted. */
void nt_http_detach(nt_http_reply_t *reply);

extern const char nt_http_no_memory[]; /* a sentence */

/* Ends the reply with a sentence. */
void nt_http_fail(nt_http_reply_t *reply, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A reply that has not begun; takes `url` over, also on failure.  NULL: *error
 * is a sentence, or NULL when memory is out. */
nt_http_reply_t *nt_http_reply_new(nt_http_client_t        *client,
                                   const nt_http_request_t *request, char *url,
                                   char **error);
void             nt_http_begin(nt_http_reply_t *reply);

/* --- failure.c --- */

/* Whether the server may have got a request that it may not get twice. */
bool nt_http_sent_once(const nt_http_reply_t *reply);

/* Whether another try may help. */
bool nt_http_failure_passes(const nt_http_reply_t *reply, CURLcode code);

/* Ends the reply with what went wrong. */
void nt_http_say_failure(nt_http_reply_t *reply, CURLcode code);

/* --- mail.c --- */

/* What nt_http_easy_setup does beside what all transfers need. */
bool nt_mail_setup(nt_http_reply_t *reply);

/* Ends the reply with what the server said; false when it said nothing. */
bool nt_mail_failed(nt_http_reply_t *reply, CURLcode code, const char *host);

/* --- easy.c --- */

/* Prepares the easy handle for a transfer. False: memory is out. */
bool nt_http_easy_setup(nt_http_reply_t *reply);

/* --- url.c --- */

/* NULL, or what is wrong with the request's method, headers or URL; on success
 * *url is the URL as it is sent (malloc'ed). */
const char *nt_http_request_check(const nt_http_request_t *request, char **url);

/* Takes the hop that the Location of the reply asks for.  NULL, or why
 * not. */
const char *nt_http_redirect(nt_http_reply_t *reply);

/* The host of a URL, for messages; malloc'ed, NULL when memory is out. */
char *nt_http_host(const char *url);

/* Whether a header may go to another origin than the caller's. */
bool nt_http_header_is_plain(const char *line);

/* --- retry.c --- */

/* Whether a server asks for another try with this status. */
bool nt_http_status_again(int status);

/* Milliseconds to wait before try number `attempt` (from 1), at least what the
 * server asks for in retry-after-ms or Retry-After (NULL: nothing); -1: longer
 * than a minute, which is not waited. */
int64_t nt_http_retry_ms(unsigned attempt, const char *retry_after_ms,
                         const char *retry_after);

#endif
