#include "engine/http/mail.h"

#include <stdlib.h>
#include <strings.h>

#include "engine/http/http_int.h"

/*
 * Mail, as one more kind of transfer of the client.
 */

static bool
is_imap(const char *url)
{
    return strncasecmp(url, "imap", 4) == 0;
}


/* "550 no such user", "A001 NO no such folder" */
static bool
is_refusal(const char *line, size_t len)
{
    const char *space = memchr(line, ' ', len);
    size_t      rest = space != NULL ? len - (size_t) (space - line) : 0;

    return (len > 3 && (line[0] == '4' || line[0] == '5') && line[3] == ' ') ||
           (rest > 3 && strncasecmp(space, " NO", 3) == 0) ||
           (rest > 4 && strncasecmp(space, " BAD", 4) == 0);
}


/* Keeps what the server says when it refuses. */
static size_t
on_line(char *line, size_t size, size_t n, void *arg)
{
    size_t           len = size * n;
    nt_http_reply_t *reply = arg;

    if (!is_refusal(line, len)) {
        return len;
    }

    nt_buf_reset(&reply->head);
    nt_buf_append(&reply->head, line, len < NT_MAIL_LINE ? len : NT_MAIL_LINE);

    while (reply->head.len > 0 &&
           (unsigned char) reply->head.data[reply->head.len - 1] <= ' ')
    {
        reply->head.len--;
    }

    return reply->head.failed ? 0 : len;
}


static size_t
on_upload(char *room, size_t size, size_t n, void *arg)
{
    nt_http_reply_t         *reply = arg;
    const nt_mail_request_t *mail = &reply->mail;
    size_t                   len = mail->message_len - reply->uploaded;

    len = len < size * n ? len : size * n;
    memcpy(room, (const char *) mail->message + reply->uploaded, len);
    reply->uploaded += len;

    return len;
}


static bool
set_message(nt_http_reply_t *reply)
{
    CURL              *easy = reply->easy;
    struct curl_slist *list;

    curl_slist_free_all(reply->headers);
    reply->headers = NULL;

    for (const char *const *to = reply->mail.to; *to != NULL; to++) {
        list = curl_slist_append(reply->headers, *to);
        if (list == NULL) {
            return false;
        }

        reply->headers = list;
    }

    reply->uploaded = 0;
    (void) curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_upload);
    (void) curl_easy_setopt(easy, CURLOPT_READDATA, reply);
    (void) curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    (void) curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
                            (curl_off_t) reply->mail.message_len);

    return curl_easy_setopt(easy, CURLOPT_MAIL_FROM, reply->mail.from) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, reply->headers) ==
               CURLE_OK;
}


bool
nt_mail_setup(nt_http_reply_t *reply)
{
    CURL                    *easy = reply->easy;
    const nt_mail_request_t *mail = &reply->mail;

    (void) curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_line);
    (void) curl_easy_setopt(easy, CURLOPT_USE_SSL,
                            (long) (mail->tls ? CURLUSESSL_ALL
                                              : CURLUSESSL_TRY));

    if (mail->user != NULL &&
        (curl_easy_setopt(easy, CURLOPT_USERNAME, mail->user) != CURLE_OK ||
         curl_easy_setopt(easy, CURLOPT_PASSWORD,
                          mail->password != NULL ? mail->password : "") !=
             CURLE_OK))
    {
        return false;
    }

    if (curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
                         is_imap(reply->url) ? "imap,imaps" : "smtp,smtps") !=
        CURLE_OK)
    {
        return false;
    }

    if (!is_imap(reply->url)) {
        return set_message(reply);
    }

    return mail->command == NULL ||
           curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, mail->command) ==
               CURLE_OK;
}


bool
nt_mail_failed(nt_http_reply_t *reply, CURLcode code, const char *host)
{
    nt_buf_t *said = &reply->head;

    switch (code) {
    case CURLE_LOGIN_DENIED:
        /* of IMAP also a folder that cannot be opened */
        nt_http_fail(reply, "%s refused the account or the folder: %.*s", host,
                     (int) said->len, said->len > 0 ? said->data : "");
        return true;

    case CURLE_USE_SSL_FAILED:
        nt_http_fail(reply, "%s has no encrypted connections", host);
        return true;

    case CURLE_QUOTE_ERROR:
    case CURLE_REMOTE_FILE_NOT_FOUND:
    case CURLE_REMOTE_ACCESS_DENIED:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        if (said->len == 0) {
            return false;
        }

        nt_http_fail(reply, "%s refused: %.*s", host, (int) said->len,
                     said->data);
        return true;

    default:
        return false;
    }
}


nt_http_reply_t *
nt_mail_start(nt_http_client_t *client, const nt_mail_request_t *request,
              nt_http_notify_t notify, void *arg, char **error)
{
    char             *url = strdup(request->url);
    nt_http_request_t common = { .timeout = request->timeout,
                                 .limit = request->limit,
                                 .flags = request->flags };
    nt_http_reply_t  *reply;

    reply = url != NULL ? nt_http_reply_new(client, &common, url, error) : NULL;
    if (reply == NULL) {
        if (url == NULL) {
            *error = NULL;
        }

        return NULL;
    }

    reply->is_mail = true;
    reply->mail = *request;
    /* what may not be done twice counts as a POST */
    reply->method = is_imap(url) ? "GET" : "POST";
    nt_http_set_notify(reply, notify, arg);
    nt_http_begin(reply);

    return reply;
}
