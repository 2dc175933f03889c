/*
 * engine/nodes/mail.c - lib.mail.*: Gmail by IMAP.
 *
 * Settings: GOOGLE_MAIL_USER, GOOGLE_APP_PASSWORD; GOOGLE_IMAP_URL
 * (imaps://imap.gmail.com).
 *
 * A message's id is its UID in NT_INBOX, or "FOLDER;UID=n" in another folder, so
 * that other nodes find the same message, and no other.
 */

#include "engine/nodes/mail.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "engine/nodes/registry.h"
#include "engine/nodes/ustr.h"

#define IMAP_URL      "imaps://imap.gmail.com"
#define IMAP_SECONDS  120
#define MESSAGE_LIMIT ((size_t) 64 << 20)


/* --- requests --- */

bool
nt_mail_ask(nt_node_call_t *call, const nt_mail_request_t *request,
            nt_web_t *web)
{
    char *error = NULL;

    *web = (nt_web_t) { 0 };
    web->reply = nt_call_mail_start(call, request, &error);
    return nt_web_read(call, web, error);
}


/* Does something with a folder, or with the message `uid` of it if there is no
 * command. */
bool
nt_mail_imap(nt_node_call_t *call, nt_str_t folder, nt_str_t uid,
             const char *command, nt_web_t *web)
{
    bool              good = false;
    nt_buf_t          url = { 0 };
    const char       *base = nt_call_setting(call, "GOOGLE_IMAP_URL");
    nt_mail_request_t request = {
        .user = nt_call_setting(call, "GOOGLE_MAIL_USER"),
        .password = nt_call_setting(call, "GOOGLE_APP_PASSWORD"),
        .command = command,
        .timeout = IMAP_SECONDS,
        .limit = MESSAGE_LIMIT,
        .flags = NT_HTTP_TRUSTED
    };

    *web = (nt_web_t) { 0 };

    if (request.user == NULL || request.password == NULL) {
        (void) nt_call_fail(call, "mail needs an account: the server's "
                                  "operator has to set GOOGLE_MAIL_USER and "
                                  "GOOGLE_APP_PASSWORD");
        return false;
    }

    nt_buf_append_str(&url, nt_str(base != NULL ? base : IMAP_URL));
    nt_buf_append_char(&url, '/');
    nt_buf_append_percent(&url, folder, "");

    if (uid.len > 0) {
        nt_buf_append_str(&url, NT_STR(";UID="));
        nt_buf_append_str(&url, uid);
    }

    nt_buf_append_char(&url, '\0');

    if (url.failed) {
        (void) nt_arg_nomem(call);
    } else {
        request.url = url.data;
        good = nt_mail_ask(call, &request, web);
    }

    nt_buf_free(&url);
    return good;
}


/* Appends a quoted string of IMAP, escaped as libcurl takes commands. */
void
nt_mail_quote(nt_buf_t *out, nt_str_t text)
{
    size_t i;

    nt_buf_append_char(out, '"');

    for (i = 0; i < text.len; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\') {
            nt_buf_append_char(out, '\\');
        }

        if (text.data[i] == '%') {
            nt_buf_append_str(out, NT_STR("%25"));
        } else {
            nt_buf_append_char(out, text.data[i]);
        }
    }

    nt_buf_append_char(out, '"');
}


/* The text of a property, without white space around it; false after
 * nt_call_fail. */
bool
nt_mail_text(nt_node_call_t *call, const char *name, nt_str_t *text)
{
    size_t i;

    if (!nt_arg_str(call, name, text)) {
        return false;
    }

    *text = nt_ustr_strip(*text, NT_USTR_BOTH, NULL);

    for (i = 0; i < text->len; i++) {
        if ((unsigned char) text->data[i] < ' ' || text->data[i] == 0x7f) {
            (void) nt_call_fail(call, "'%s' must not have control characters",
                                name);
            return false;
        }
    }

    return true;
}


/* --- AddLabel, MoveToArchive --- */

/* The folder and the UID of a message's id; false after nt_call_fail. */
static bool
read_id(nt_node_call_t *call, nt_str_t *folder, nt_str_t *uid)
{
    size_t      i;
    nt_str_t    id;
    const char *mark;

    if (!nt_arg_name(call, "message_id", &id)) {
        return false;
    }

    *folder = NT_STR(NT_INBOX);
    *uid = id;
    mark = strstr(id.data, ";UID=");

    if (mark != NULL) {
        *folder = (nt_str_t) { id.data, (size_t) (mark - id.data) };
        *uid = nt_str(mark + strlen(";UID="));
    }

    for (i = 0; i < uid->len && isdigit((unsigned char) uid->data[i]); i++) {
    }

    if (i == 0 || i < uid->len || folder->len == 0) {
        (void) nt_call_fail(call, "'message_id' must be one that Gmail Search "
                                  "gives");
        return false;
    }

    return true;
}


/* Changes the labels of the message; `change` is "+X-GM-LABELS (...)". */
static nt_node_rc_t
change_labels(nt_node_call_t *call, const nt_buf_t *change)
{
    bool     good = false;
    nt_buf_t command = { 0 };
    nt_str_t folder, uid;
    nt_web_t web = { 0 };

    if (!read_id(call, &folder, &uid)) {
        return NT_NODE_FAIL;
    }

    nt_buf_printf(&command, "UID STORE %.*s ", (int) uid.len, uid.data);
    nt_buf_append(&command, change->data, change->len);
    nt_buf_append_char(&command, '\0');

    if (command.failed || change->failed) {
        (void) nt_arg_nomem(call);

    } else if (nt_mail_imap(call, folder, NT_STR(""), command.data, &web)) {
        /* servers say OK to a message that is not there */
        good = strcasestr(web.body.data, "FETCH") != NULL;

        if (!good) {
            (void) nt_call_fail(call, "there is no message \"%.*s\" in %.*s",
                                (int) uid.len, uid.data, (int) folder.len,
                                folder.data);
        }
    }

    nt_web_free(&web);
    nt_buf_free(&command);
    return good ? nt_emit(call, json_true()) : NT_NODE_FAIL;
}


static nt_node_rc_t
run_archive(nt_node_call_t *call)
{
    nt_buf_t     change = { 0 };
    nt_node_rc_t rc;

    nt_buf_append_str(&change, NT_STR("-X-GM-LABELS (\\Inbox)"));
    rc = change_labels(call, &change);
    nt_buf_free(&change);
    return rc;
}


static nt_node_rc_t
run_label(nt_node_call_t *call)
{
    nt_buf_t     change = { 0 }, name = { 0 };
    nt_str_t     label;
    nt_node_rc_t rc;

    if (!nt_mail_text(call, "label", &label)) {
        return NT_NODE_FAIL;
    }

    if (label.len == 0) {
        return nt_call_fail(call, "'label' must not be empty");
    }

    nt_mail_folder_name(&name, label);
    nt_buf_append_str(&change, NT_STR("+X-GM-LABELS ("));
    nt_mail_quote(&change,
                  (nt_str_t) { name.data != NULL ? name.data : "", name.len });
    nt_buf_append_char(&change, ')');
    change.failed |= name.failed;
    rc = change_labels(call, &change);
    nt_buf_free(&change);
    nt_buf_free(&name);
    return rc;
}


#define PROP_MESSAGE                                                           \
    NT_PROP("message_id", "str", "\"\"",                                       \
            "The message, as Gmail Search gives it")

static const nt_property_t archive_properties[] = { PROP_MESSAGE, NT_PROP_END };

static const nt_property_t label_properties[] = {
    PROP_MESSAGE, NT_PROP("label", "str", "\"\"", "The label"), NT_PROP_END
};

static const nt_node_type_t mail_archive = {
    .type = "lib.mail.MoveToArchive",
    .title = "Move To Archive",
    .description = "Takes a message of a Gmail account out of the inbox.",
    .properties = archive_properties,
    .outputs = nt_out_bool,
    .flags = NT_NODE_ASYNC,
    .run = run_archive
};

static const nt_node_type_t mail_label = {
    .type = "lib.mail.AddLabel",
    .title = "Add Label",
    .description = "Puts a label on a message of a Gmail account.",
    .properties = label_properties,
    .outputs = nt_out_bool,
    .flags = NT_NODE_ASYNC,
    .run = run_label
};


static const nt_node_type_t *const types[] = { &nt_mail_search, &mail_archive,
                                               &mail_label, &nt_mail_send,
                                               NULL };

const nt_node_library_t nt_nodes_mail = { NODETOOL_NODE_ABI, "mail", types };
