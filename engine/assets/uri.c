#include "engine/assets/uri.h"

#include <strings.h>

#include "core/nt_hex.h"
#include "core/nt_token.h"

static bool
starts_with(nt_str_t text, const char *prefix)
{
    size_t n = strlen(prefix);

    return text.len >= n && strncasecmp(text.data, prefix, n) == 0;
}

static nt_str_t
skip(nt_str_t text, size_t n)
{
    return (nt_str_t) { text.data + n, text.len - n };
}

static nt_rc_t
percent_decode(nt_buf_t *buf, nt_str_t text)
{
    size_t i;
    int    high, low;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] != '%') {
            nt_buf_append_char(buf, text.data[i]);
            continue;
        }
        if (text.len - i < 3) {
            return NT_ERROR;
        }
        high = nt_hex_digit(text.data[i + 1]);
        low = nt_hex_digit(text.data[i + 2]);
        if (high == -1 || low == -1) {
            return NT_ERROR;
        }
        nt_buf_append_char(buf, (char) (high << 4 | low));
        i += 2;
    }
    return buf->failed ? NT_NOMEM : NT_OK;
}

static int
base64_digit(char c)
{
    return c == '+' ? 62 : c == '/' ? 63 : nt_base64url_digit(c);
}

nt_rc_t
nt_base64_decode(nt_buf_t *buf, nt_str_t text)
{
    uint32_t bits = 0;
    unsigned n = 0;
    size_t   i;
    int      digit;
    char    *out;

    out = nt_buf_reserve(buf, text.len / 4 * 3 + 3);
    if (out == NULL) {
        return NT_NOMEM;
    }
    for (i = 0; i < text.len && text.data[i] != '='; i++) {
        if (text.data[i] == '\r' || text.data[i] == '\n') {
            continue;
        }
        digit = base64_digit(text.data[i]);
        if (digit == -1) {
            return NT_ERROR;
        }
        bits = bits << 6 | (uint32_t) digit;
        n++;
        if (n % 4 != 1) {
            *out++ = (char) (bits >> (6 - 2 * ((n - 1) % 4)) & 0xff);
        }
    }
    for (; i < text.len; i++) {
        if (text.data[i] != '=' && text.data[i] != '\r' && text.data[i] != '\n')
        {
            return NT_ERROR;
        }
    }
    buf->len = (size_t) (out - buf->data);
    return n % 4 != 1 ? NT_OK : NT_ERROR;
}

nt_rc_t
nt_uri_data(nt_buf_t *buf, nt_str_t uri)
{
    const char *comma;
    nt_str_t    head, body;
    nt_buf_t    plain = { 0 };
    nt_rc_t     rc;

    comma = starts_with(uri, "data:") ? memchr(uri.data, ',', uri.len) : NULL;
    if (comma == NULL) {
        return NT_ERROR;
    }
    head = (nt_str_t) { uri.data, (size_t) (comma - uri.data) };
    body = skip(uri, head.len + 1);

    if (head.len < 7 ||
        strncasecmp(head.data + head.len - 7, ";base64", 7) != 0) {
        return percent_decode(buf, body);
    }
    if (memchr(body.data, '%', body.len) == NULL) {
        return nt_base64_decode(buf, body);
    }
    rc = percent_decode(&plain, body);
    if (rc == NT_OK) {
        rc = nt_base64_decode(buf, (nt_str_t) { plain.data, plain.len });
    }
    nt_buf_free(&plain);
    return rc;
}

nt_rc_t
nt_uri_key(nt_buf_t *buf, nt_str_t uri, nt_str_t base_url)
{
    const char *end;

    if (starts_with(uri, "asset://")) {
        uri = skip(uri, 8);
    } else {
        if (base_url.len > 0 && uri.len > base_url.len &&
            memcmp(uri.data, base_url.data, base_url.len) == 0)
        {
            uri = skip(uri, base_url.len);
        }
        if (starts_with(uri, NT_STORAGE_PATH)) {
            uri = skip(uri, sizeof(NT_STORAGE_PATH) - 1);
        } else if (starts_with(uri, NT_EDITOR_PATH)) {
            uri = skip(uri, sizeof(NT_EDITOR_PATH) - 1);
        } else {
            return NT_ERROR;
        }
    }

    end = memchr(uri.data, '?', uri.len);
    if (end != NULL) {
        uri.len = (size_t) (end - uri.data);
    }
    return percent_decode(buf, uri);
}

void
nt_uri_asset(nt_buf_t *buf, nt_str_t base_url, nt_str_t key)
{
    nt_buf_append_str(buf, base_url);
    nt_buf_append_str(buf, NT_STR(NT_STORAGE_PATH));
    nt_buf_append_percent(buf, key, "/");
}

void
nt_uri_file(nt_buf_t *buf, nt_str_t path)
{
    nt_buf_append_str(buf, NT_STR("file:///"));
    while (path.len > 0 && path.data[0] == '/') {
        path.data++;
        path.len--;
    }
    nt_buf_append_percent(buf, path, "/");
}

nt_rc_t
nt_uri_file_path(nt_buf_t *buf, nt_str_t uri)
{
    static const char scheme[] = "file://";
    size_t            len = sizeof(scheme) - 1;

    if (uri.len <= len || strncmp(uri.data, scheme, len) != 0) {
        return NT_ERROR;
    }
    return percent_decode(buf, (nt_str_t) { uri.data + len, uri.len - len });
}
