/*
 * engine/http/mail.h - IMAP (RFC 3501) and SMTP (RFC 5321) by the client of
 * engine/http/http.h: the same pool, the same guard, the same replies, but
 * without status and headers.
 */

#ifndef NT_HTTP_MAIL_H
#define NT_HTTP_MAIL_H

#include "engine/http/http.h"

typedef struct {
    const char *url;      /* imap, imaps, smtp or smtps */
    const char *user;     /* or NULL */
    const char *password; /* or NULL */
    bool        tls;      /* refuses to go on without */
    double      timeout;  /* seconds; 0: none */
    size_t      limit;    /* bytes of the reply; 0: 64 MiB */
    unsigned    flags;    /* NT_HTTP_TRUSTED, NT_HTTP_NO_RETRY */

    /* IMAP: a command for the folder of the URL, whose untagged replies are
     * the body; NULL: fetches the message of ";UID=".  Without control
     * characters. */
    const char *command;

    /* SMTP: what is sent, with lines that end in CRLF, from whom and to
     * whom. */
    const void        *message;
    size_t             message_len;
    const char        *from;
    const char *const *to; /* NULL-terminated */
} nt_mail_request_t;

/* Starts a request; its strings must live until nt_http_free.  The reply stays
 * NT_HTTP_WAITING or NT_HTTP_OPEN until it ends.  NULL: *error is a sentence
 * (malloc'ed). */
nt_http_reply_t *nt_mail_start(nt_http_client_t        *client,
                               const nt_mail_request_t *request,
                               nt_http_notify_t notify, void *arg,
                               char **error);

#endif
