/*
 * engine/nodes/mail_send.c - lib.mail.SendEmail: mail by SMTP.
 */

#include <ctype.h>
#include <stdlib.h>
#include <time.h>

#include "core/nt_id.h"
#include "engine/nodes/mail.h"
#include "engine/nodes/mime.h"
#include "engine/nodes/ustr.h"

#include <sys/random.h>

#define SMTP_SECONDS   120
#define SMTPS_PORT     465 /* encrypted from the first byte on */
#define RECIPIENTS_MAX 100

typedef struct {
    nt_str_t server;
    int64_t  port;
    nt_str_t user;
    nt_str_t password;
    nt_str_t sender; /* as in From */
    nt_str_t to;     /* as in To */
    nt_str_t subject;
    nt_str_t body;
    char    *from;                           /* address; owned */
    char    *recipients[RECIPIENTS_MAX + 1]; /* addresses; owned */
} mail_t;


void
nt_mail_folder_name(nt_buf_t *out, nt_str_t name)
{
    size_t   i, pos = 0;
    uint32_t c;
    nt_buf_t units = { 0 }, text = { 0 };

    while (pos < name.len || units.len > 0) {
        c = pos < name.len ? nt_ustr_next(name, &pos) : 0;

        if (c >= 0x80) { /* UTF-16, big end first */
            if (c >= 0x10000) {
                c -= 0x10000;
                nt_buf_append_char(&units, (char) (0xd8 | c >> 18));
                nt_buf_append_char(&units, (char) (c >> 10 & 0xff));
                c = 0xdc00 | (c & 0x3ff);
            }
            nt_buf_append_char(&units, (char) (c >> 8));
            nt_buf_append_char(&units, (char) (c & 0xff));
            if (pos < name.len) {
                continue;
            }
            c = 0;
        }

        if (units.len > 0) {
            nt_buf_reset(&text);
            nt_web_base64(&text, (nt_str_t) { units.data, units.len });
            nt_buf_append_char(out, '&');
            for (i = 0; i < text.len && text.data[i] != '='; i++) {
                nt_buf_append_char(out,
                                   text.data[i] == '/' ? ',' : text.data[i]);
            }
            nt_buf_append_char(out, '-');
            nt_buf_reset(&units);
        }

        if (c != 0) {
            nt_buf_append_char(out, (char) c);
            nt_buf_append(out, "-", c == '&' ? 1 : 0);
        }
    }

    out->failed |= units.failed || text.failed;
    nt_buf_free(&units);
    nt_buf_free(&text);
}


/* --- addresses --- */

/* The address in "Name <address>" or alone; malloc'ed, NULL for none. */
static char *
address_of(nt_str_t text)
{
    size_t      i;
    bool        at = false;
    const char *open = memrchr(text.data, '<', text.len), *close;

    if (open != NULL) {
        close = memchr(open, '>', text.len - (size_t) (open - text.data));
        if (close == NULL) {
            return NULL;
        }
        text = (nt_str_t) { open + 1, (size_t) (close - open - 1) };
    }

    text = nt_ustr_strip(text, NT_USTR_BOTH, NULL);

    for (i = 0; i < text.len; i++) {
        if (isspace((unsigned char) text.data[i]) ||
            strchr("<>,;()\\\"", text.data[i]) != NULL)
        {
            return NULL;
        }
        at = at || (text.data[i] == '@' && i > 0 && i + 1 < text.len);
    }

    return at ? strndup(text.data, text.len) : NULL;
}


/* The recipients, with commas; false after nt_call_fail. */
static bool
read_recipients(nt_node_call_t *call, mail_t *mail)
{
    bool   quoted = false;
    size_t start = 0, end, n = 0;

    for (end = 0; end <= mail->to.len; end++) {
        if (end < mail->to.len && mail->to.data[end] == '"') {
            quoted = !quoted;
        }

        if (end < mail->to.len && (quoted || mail->to.data[end] != ',')) {
            continue;
        }

        if (n == RECIPIENTS_MAX) {
            (void) nt_call_fail(call,
                                "'to_address' has more than %d "
                                "recipients",
                                RECIPIENTS_MAX);
            return false;
        }

        mail->recipients[n] =
            address_of((nt_str_t) { mail->to.data + start, end - start });

        if (mail->recipients[n++] == NULL) {
            (void) nt_call_fail(call, "'to_address' must be an address such as "
                                      "ada@example.com, or several with "
                                      "commas");
            return false;
        }

        start = end + 1;
    }

    return true;
}


/* --- the message --- */

/* A text that stands in a header: of one line; false after nt_call_fail. */
static bool
header_text(nt_node_call_t *call, const char *name, nt_str_t *text)
{
    size_t i;

    if (!nt_arg_str(call, name, text)) {
        return false;
    }

    for (i = 0; i < text->len; i++) {
        if ((unsigned char) text->data[i] < ' ' || text->data[i] == 0x7f) {
            (void) nt_call_fail(call,
                                "'%s' must be one line, without control "
                                "characters",
                                name);
            return false;
        }
    }

    return true;
}


static bool
check_server(nt_node_call_t *call, const mail_t *mail)
{
    size_t i;

    for (i = 0; i < mail->server.len; i++) {
        if (!isalnum((unsigned char) mail->server.data[i]) &&
            strchr(".-_:[]", mail->server.data[i]) == NULL)
        {
            break;
        }
    }

    if (i == 0 || i < mail->server.len) {
        (void) nt_call_fail(call, "'smtp_server' must be the name of a server, "
                                  "such as smtp.gmail.com");
        return false;
    }

    if (mail->port < 1 || mail->port > 65535) {
        (void) nt_call_fail(call, "'smtp_port' must be from 1 to 65535");
        return false;
    }

    return true;
}


/* False after nt_call_fail. */
static bool
read_mail(nt_node_call_t *call, mail_t *mail)
{
    if (!header_text(call, "smtp_server", &mail->server) ||
        !nt_arg_int(call, "smtp_port", &mail->port) ||
        !header_text(call, "username", &mail->user) ||
        !header_text(call, "password", &mail->password) ||
        !header_text(call, "from_address", &mail->sender) ||
        !header_text(call, "to_address", &mail->to) ||
        !header_text(call, "subject", &mail->subject) ||
        !nt_arg_str(call, "body", &mail->body) || !check_server(call, mail) ||
        !read_recipients(call, mail))
    {
        return false;
    }

    if (mail->sender.len == 0) {
        mail->sender = mail->user;
    }

    mail->from = address_of(mail->sender);

    if (mail->from == NULL) {
        (void) nt_call_fail(call, "'from_address' must be an address such as "
                                  "ada@example.com");
        return false;
    }

    return true;
}


/* A name in front of <address>, apart from it. */
static void
write_name(nt_buf_t *out, nt_str_t name)
{
    name = nt_ustr_strip(name, NT_USTR_BOTH, &NT_STR(" \t"));

    if (name.len > 0) {
        nt_mime_write_header(out, name);
        nt_buf_append_char(out, ' ');
    }
}


/* "Name <address>, ...", with names of any characters. */
static void
write_addresses(nt_buf_t *out, const char *header, nt_str_t text)
{
    size_t      pos = 0;
    nt_str_t    rest;
    const char *open, *close;

    nt_buf_append_str(out, nt_str(header));

    while (pos < text.len) {
        rest = (nt_str_t) { text.data + pos, text.len - pos };
        open = memchr(rest.data, '<', rest.len);
        close = open != NULL
                    ? memchr(open, '>', rest.len - (size_t) (open - rest.data))
                    : NULL;

        if (close == NULL) {
            nt_buf_append_str(out, rest); /* addresses alone */
            break;
        }

        write_name(out, (nt_str_t) { rest.data, (size_t) (open - rest.data) });
        nt_buf_append(out, open, (size_t) (close - open) + 1);
        pos = (size_t) (close + 1 - text.data);
        pos += strspn(text.data + pos, " ");

        if (pos < text.len && text.data[pos] == ',') {
            nt_buf_append_str(out, NT_STR(", "));
            pos++;
        }
    }

    nt_buf_append_str(out, NT_STR("\r\n"));
}


static void
write_message(nt_buf_t *out, const mail_t *mail)
{
    char          date[64], id[NT_ID_HEX_LEN + 1] = "";
    time_t        now = time(NULL);
    struct tm     tm;
    const char   *domain = strrchr(mail->from, '@');
    unsigned char random[16];

    if (getrandom(random, sizeof(random), 0) != (ssize_t) sizeof(random) ||
        gmtime_r(&now, &tm) == NULL ||
        strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &tm) == 0)
    {
        out->failed = true;
        return;
    }

    nt_id_hex(id, random);
    write_addresses(out, "From: ", mail->sender);
    write_addresses(out, "To: ", mail->to);
    nt_buf_append_str(out, NT_STR("Subject: "));
    nt_mime_write_header(out, mail->subject);
    nt_buf_printf(out, "\r\nDate: %s\r\nMessage-ID: <%s%s>\r\n", date, id,
                  domain);
    nt_mime_write_body(out, mail->body);
}


/* --- SendEmail --- */

static nt_node_rc_t
send_mail(nt_node_call_t *call, const mail_t *mail)
{
    bool              good = false;
    nt_buf_t          url = { 0 }, message = { 0 };
    nt_web_t          web = { 0 };
    nt_mail_request_t request = {
        .user = mail->user.len > 0 ? mail->user.data : NULL,
        .password = mail->password.data,
        /* no password goes out in the clear */
        .tls = mail->user.len > 0,
        .timeout = SMTP_SECONDS,
        .from = mail->from,
        .to = (const char *const *) mail->recipients
    };

    nt_buf_printf(&url, "%s://%.*s:%lld%c",
                  mail->port == SMTPS_PORT ? "smtps" : "smtp",
                  (int) mail->server.len, mail->server.data,
                  (long long) mail->port, '\0');
    write_message(&message, mail);

    if (url.failed || message.failed) {
        (void) nt_arg_nomem(call);
    } else {
        request.url = url.data;
        request.message = message.data;
        request.message_len = message.len;
        good = nt_mail_ask(call, &request, &web);
    }

    nt_web_free(&web);
    nt_buf_free(&url);
    nt_buf_free(&message);
    return good ? nt_emit(call, json_true()) : NT_NODE_FAIL;
}


static nt_node_rc_t
run_send(nt_node_call_t *call)
{
    size_t       i;
    mail_t       mail = { 0 };
    nt_node_rc_t rc = NT_NODE_FAIL;

    if (read_mail(call, &mail)) {
        rc = send_mail(call, &mail);
    }

    free(mail.from);

    for (i = 0; i < RECIPIENTS_MAX; i++) {
        free(mail.recipients[i]);
    }

    return rc;
}


static const nt_property_t send_properties[] = {
    NT_PROP("smtp_server", "str", "\"smtp.gmail.com\"", "The server"),
    NT_PROP("smtp_port", "int", "587", "Its port; 465 is encrypted at once"),
    NT_PROP("username", "str", "\"\"", "The account at the server"),
    NT_PROP("password", "str", "\"\"", "Its password"),
    NT_PROP("from_address", "str", "\"\"",
            "Whom the message is from; the account if empty"),
    NT_PROP("to_address", "str", "\"\"", "Whom it is to, with commas"),
    NT_PROP("subject", "str", "\"\"", "The subject"),
    NT_PROP("body", "str", "\"\"", "The text"),
    NT_PROP_END
};

const nt_node_type_t nt_mail_send = { .type = "lib.mail.SendEmail",
                                      .title = "Send Email",
                                      .description = "Sends a message of text.",
                                      .properties = send_properties,
                                      .outputs = nt_out_bool,
                                      .flags = NT_NODE_ASYNC | NT_NODE_ONCE,
                                      .run = run_send };
