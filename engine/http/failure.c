#include "engine/http/http_int.h"

#include <stdlib.h>

/*
 * Transfers that fail: what may be tried again, and what is said about it.
 */

static bool
is_connected(const nt_http_reply_t *reply)
{
    curl_off_t took = 0;

    (void) curl_easy_getinfo(reply->easy, CURLINFO_CONNECT_TIME_T, &took);

    return took > 0;
}


bool
nt_http_sent_once(const nt_http_reply_t *reply)
{
    long        sent = 0;
    const char *method = reply->method;

    if (strcmp(method, "POST") != 0 && strcmp(method, "PATCH") != 0) {
        return false;
    }

    if (reply->is_mail) {
        return is_connected(reply);
    }

    (void) curl_easy_getinfo(reply->easy, CURLINFO_REQUEST_SIZE, &sent);

    return sent > 0;
}


bool
nt_http_failure_passes(const nt_http_reply_t *reply, CURLcode code)
{
    if (reply->head_done || (reply->refused && !reply->tried)) {
        return false;
    }

    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return !is_connected(reply);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return !nt_http_sent_once(reply);
    default:
        return false;
    }
}


static void
say_timeout(nt_http_reply_t *reply, const char *host)
{
    if (reply->deadline > 0 &&
        uv_now(reply->client->loop) + 5 >= reply->deadline) {
        nt_http_fail(reply, "%s did not answer within %g s", host,
                     reply->request.timeout);
    } else if (!is_connected(reply)) {
        nt_http_fail(reply, "%s takes no connections", host);
    } else {
        nt_http_fail(reply, "%s has sent nothing for too long", host);
    }
}


void
nt_http_say_failure(nt_http_reply_t *reply, CURLcode code)
{
    char       *named = nt_http_host(reply->url);
    const char *host = named != NULL ? named : "the server";

    if (reply->refused && !reply->tried) {
        nt_http_fail(reply,
                     "%s is an address of a private network, which workflows "
                     "may not reach unless the server's operator allows it "
                     "(--http-allow)",
                     host);

    } else if (reply->over_limit) {
        nt_http_fail(reply, "the reply of %s has more than %zu bytes", host,
                     reply->limit);

    } else if (reply->head.failed || reply->body_in.failed) {
        nt_http_fail(reply, "%s", nt_http_no_memory);

    } else if (reply->head.len > NT_HTTP_HEAD) {
        nt_http_fail(reply, "the headers of %s are too large", host);

    } else if (!reply->is_mail || !nt_mail_failed(reply, code, host)) {
        switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
            nt_http_fail(reply, "there is no server of the name %s", host);
            break;
        case CURLE_COULDNT_CONNECT:
            nt_http_fail(reply, "%s takes no connections", host);
            break;
        case CURLE_OPERATION_TIMEDOUT:
            say_timeout(reply, host);
            break;
        case CURLE_PEER_FAILED_VERIFICATION:
            nt_http_fail(reply, "the certificate of %s is not valid", host);
            break;
        case CURLE_BAD_CONTENT_ENCODING:
            nt_http_fail(reply, "the reply of %s cannot be decompressed", host);
            break;
        case CURLE_OUT_OF_MEMORY:
            nt_http_fail(reply, "%s", nt_http_no_memory);
            break;
        default:
            nt_http_fail(reply, "the connection to %s broke off: %s", host,
                         curl_easy_strerror(code));
        }
    }

    free(named);
}
