#include "engine/http/http_int.h"

#include <stdlib.h>
#include <strings.h>

/*
 * What a request says, and where a redirect leads.
 */

#define NT_URL_FLAGS (CURLU_URLENCODE | CURLU_ALLOW_SPACE)

static const char not_a_url[] =
    "the URL must be one of http or https, such as https://example.com/";


/* tchar of RFC 9110 */
static size_t
token_length(const char *text)
{
    return strspn(text, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}


static const char *
check_header(const char *line)
{
    size_t len = token_length(line);

    if (len == 0 || line[len] != ':') {
        return "a header of the request is not of the form \"Name: value\"";
    }

    for (const char *p = line + len; *p != '\0'; p++) {
        if (((unsigned char) *p < ' ' && *p != '\t') || *p == 0x7f) {
            return "a header of the request has a control character in it";
        }
    }

    if ((len == 14 && strncasecmp(line, "Content-Length", len) == 0) ||
        (len == 17 && strncasecmp(line, "Transfer-Encoding", len) == 0))
    {
        return "the headers Content-Length and Transfer-Encoding follow from "
               "the body and cannot be set";
    }

    return NULL;
}


/* NULL, or why the URL is none that may be asked. */
static const char *
check_url(CURLU *url)
{
    bool  http;
    char *scheme;

    if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK) {
        return not_a_url;
    }

    http = strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0;
    curl_free(scheme);

    return http ? NULL : not_a_url;
}


/* As libcurl takes it; malloc'ed, or NULL. */
static char *
url_text(CURLU *url)
{
    char *text, *copy;

    if (curl_url_get(url, CURLUPART_URL, &text, NT_URL_FLAGS) != CURLUE_OK) {
        return NULL;
    }

    copy = strdup(text);
    curl_free(text);

    return copy;
}


const char *
nt_http_request_check(const nt_http_request_t *request, char **url)
{
    CURLU      *parsed;
    const char *fault, *method = request->method;

    if (method != NULL &&
        (method[0] == '\0' || method[token_length(method)] != '\0'))
    {
        return "the method of the request is none";
    }

    for (const char *const *line = request->headers;
         line != NULL && *line != NULL; line++)
    {
        fault = check_header(*line);
        if (fault != NULL) {
            return fault;
        }
    }

    if (request->url == NULL || request->url[0] == '\0') {
        return "the URL is empty";
    }

    if (!nt_curl_load()) {
        return "this server has no libcurl";
    }

    parsed = curl_url();
    if (parsed == NULL) {
        return "the server is out of memory";
    }

    if (curl_url_set(parsed, CURLUPART_URL, request->url, NT_URL_FLAGS) !=
        CURLUE_OK)
    {
        fault = not_a_url;
    } else {
        fault = check_url(parsed);
    }

    if (fault == NULL) {
        *url = url_text(parsed);
        fault = *url != NULL ? NULL : "the server is out of memory";
    }

    curl_url_cleanup(parsed);

    return fault;
}


bool
nt_http_header_is_plain(const char *line)
{
    static const char *const plain[] = { "accept",
                                         "accept-encoding",
                                         "accept-language",
                                         "content-encoding",
                                         "content-language",
                                         "content-type",
                                         "if-modified-since",
                                         "if-none-match",
                                         "range",
                                         "user-agent" };
    size_t                   len = token_length(line);

    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        if (strlen(plain[i]) == len && strncasecmp(line, plain[i], len) == 0) {
            return true;
        }
    }

    return false;
}


/* Compares scheme, host and port; what cannot be had differs. */
static bool
same_origin(CURLU *a, CURLU *b)
{
    static const CURLUPart parts[] = { CURLUPART_SCHEME, CURLUPART_HOST,
                                       CURLUPART_PORT };
    bool                   same = true;
    char                  *left, *right;

    for (size_t i = 0; same && i < sizeof(parts) / sizeof(parts[0]); i++) {
        left = right = NULL;
        same =
            curl_url_get(a, parts[i], &left, CURLU_DEFAULT_PORT) == CURLUE_OK &&
            curl_url_get(b, parts[i], &right, CURLU_DEFAULT_PORT) ==
                CURLUE_OK &&
            strcasecmp(left, right) == 0;
        curl_free(left);
        curl_free(right);
    }

    return same;
}


/* RFC 9110, 15.4: after 303 everything but HEAD becomes GET; after 301 and 302
 * POST does, as everybody does it; else method and body stay. */
static void
redirect_method(nt_http_reply_t *reply)
{
    if ((reply->status == 303 && strcmp(reply->method, "HEAD") != 0) ||
        ((reply->status == 301 || reply->status == 302) &&
         strcmp(reply->method, "POST") == 0))
    {
        reply->method = "GET";
        reply->body = false;
    }
}


const char *
nt_http_redirect(nt_http_reply_t *reply)
{
    char       *text = NULL;
    CURLU      *from, *to;
    const char *fault = NULL, *location = nt_http_header(reply, "location");

    if (++reply->hops > NT_HTTP_REDIRECTS) {
        return "redirects too often";
    }

    from = curl_url();
    to = from != NULL &&
                 curl_url_set(from, CURLUPART_URL, reply->url, 0) == CURLUE_OK
             ? curl_url_dup(from)
             : NULL;

    if (to == NULL) {
        fault = "cannot be followed for want of memory";

    } else if (curl_url_set(to, CURLUPART_URL, location, NT_URL_FLAGS) !=
                   CURLUE_OK ||
               check_url(to) != NULL || (text = url_text(to)) == NULL)
    {
        fault = "redirects to something that is no http or https URL";

    } else {
        reply->foreign |= !same_origin(from, to);
        redirect_method(reply);
        free(reply->url);
        reply->url = text;
    }

    curl_url_cleanup(from);
    curl_url_cleanup(to);

    return fault;
}


char *
nt_http_host(const char *url)
{
    char  *host = NULL, *copy = NULL;
    CURLU *parsed;

    if (!nt_curl_load()) {
        return NULL;
    }

    parsed = curl_url();
    if (parsed != NULL &&
        curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK)
    {
        copy = strdup(host);
    }

    curl_free(host);
    curl_url_cleanup(parsed);

    return copy;
}
