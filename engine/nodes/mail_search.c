/*
 * engine/nodes/mail_search.c - lib.mail.GmailSearch.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/nodes/mail.h"
#include "engine/nodes/mime.h"
#include "engine/nodes/ustr.h"
#include "engine/nodes/webdate.h"

typedef struct {
    json_t *uids; /* the newest first */
    int64_t since;
} search_t;

static const struct {
    const char *name;
    int64_t     seconds;
} dates[] = { { "SINCE_ONE_HOUR", 3600 },
              { "SINCE_ONE_DAY", 86400 },
              { "SINCE_ONE_WEEK", 7 * 86400 },
              { "SINCE_ONE_MONTH", 30 * 86400 },
              { "SINCE_ONE_YEAR", 365 * 86400 } };


static bool
append_texts(nt_node_call_t *call, nt_buf_t *out, bool *ascii)
{
    static const char *const keys[][2] = { { "from_address", "FROM" },
                                           { "to_address", "TO" },
                                           { "subject", "SUBJECT" },
                                           { "body", "BODY" },
                                           { "text", "TEXT" } };
    size_t                   i, j;
    nt_str_t                 text;

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (!nt_mail_text(call, keys[i][0], &text)) {
            return false;
        }

        if (text.len > 0) {
            nt_buf_printf(out, " %s ", keys[i][1]);
            nt_mail_quote(out, text);
        }

        for (j = 0; j < text.len; j++) {
            *ascii = *ascii && (unsigned char) text.data[j] < 0x80;
        }
    }

    return true;
}


/* Each is a flag, or a label of Gmail's. */
static bool
append_keywords(nt_node_call_t *call, nt_buf_t *out, bool *ascii)
{
    size_t   start, end, i;
    bool     atom;
    nt_str_t text, word;

    if (!nt_mail_text(call, "keywords", &text)) {
        return false;
    }

    for (start = 0; start < text.len; start = end + 1) {
        for (end = start;
             end < text.len && strchr(" ,;", text.data[end]) == NULL; end++)
        {
        }

        word = (nt_str_t) { text.data + start, end - start };
        atom = true;

        for (i = 0; i < word.len; i++) {
            *ascii = *ascii && (unsigned char) word.data[i] < 0x80;
            atom = atom && (isalnum((unsigned char) word.data[i]) ||
                            strchr("-_.$", word.data[i]) != NULL);
        }

        if (word.len > 0) {
            if (atom) {
                nt_buf_append_str(out, NT_STR(" OR KEYWORD "));
                nt_buf_append_str(out, word);
            }
            nt_buf_append_str(out, NT_STR(" X-GM-LABELS "));
            nt_mail_quote(out, word);
        }
    }

    return true;
}


/* "UID SEARCH ..."; false after nt_call_fail. */
static bool
make_search(nt_node_call_t *call, search_t *search, nt_buf_t *out)
{
    static const char months[][4] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun",
        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
    };
    bool      ascii = true;
    size_t    i;
    time_t    day;
    nt_buf_t  keys = { 0 };
    nt_str_t  filter;
    struct tm tm;

    if (!nt_arg_str(call, "date_filter", &filter) ||
        !append_texts(call, &keys, &ascii) ||
        !append_keywords(call, &keys, &ascii))
    {
        nt_buf_free(&keys);
        return false;
    }

    for (i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        if (nt_str_eq(filter, nt_str(dates[i].name))) {
            search->since = (int64_t) time(NULL) - dates[i].seconds;
        }
    }

    /* Servers look at days, in a zone of theirs. */
    day = (time_t) search->since - 86400;
    (void) gmtime_r(&day, &tm);
    nt_buf_append_str(out, ascii ? NT_STR("UID SEARCH")
                                 : NT_STR("UID SEARCH CHARSET UTF-8"));
    nt_buf_printf(out, " SINCE %d-%s-%d", tm.tm_mday, months[tm.tm_mon],
                  tm.tm_year + 1900);
    nt_buf_append(out, keys.data != NULL ? keys.data : "", keys.len);
    nt_buf_append_char(out, '\0');
    out->failed |= keys.failed;
    nt_buf_free(&keys);

    return !out->failed || nt_arg_nomem(call) == NT_NODE_DONE;
}


/* The numbers of "* SEARCH 1 2 3" lines, the last first; NULL when memory is
 * out. */
static json_t *
read_uids(nt_str_t reply)
{
    char       *end;
    json_t     *uids = json_array();
    const char *p = reply.data;

    while ((p = strcasestr(p, "* SEARCH")) != NULL) {
        p += strlen("* SEARCH");

        while (*p == ' ' && isdigit((unsigned char) p[1])) {
            if (json_array_insert_new(uids, 0,
                                      json_integer(
                                          (json_int_t) strtoul(p, &end, 10))) !=
                0)
            {
                json_decref(uids);
                return NULL;
            }
            p = end;
        }
    }

    return uids;
}


static bool
start_search(nt_node_call_t *call, search_t *search, nt_str_t folder)
{
    bool     good;
    nt_buf_t command = { 0 };
    nt_web_t web = { 0 };

    good = make_search(call, search, &command) &&
           nt_mail_imap(call, folder, NT_STR(""), command.data, &web);

    if (good) {
        search->uids = read_uids(web.body);
        good = search->uids != NULL || nt_arg_nomem(call) == NT_NODE_DONE;
    }

    nt_web_free(&web);
    nt_buf_free(&command);
    return good;
}


typedef struct {
    nt_str_t message;
    json_t  *mail;
} parse_t;


static void
parse(nt_node_call_t *call, void *arg)
{
    parse_t *p = arg;

    p->mail = nt_mime_read(p->message);

    if (p->mail == NULL) {
        (void) nt_arg_nomem(call);
    }
}


/* What a message says; a new reference, or NULL after nt_call_fail. */
static json_t *
fetch(nt_node_call_t *call, nt_str_t folder, nt_str_t uid)
{
    parse_t  p = { 0 };
    nt_web_t web;

    if (nt_mail_imap(call, folder, uid, NULL, &web)) {
        p.message = web.body;
        (void) nt_call_thread(call, parse, &p);
    }

    nt_web_free(&web);
    return p.mail;
}


/* Takes the mail over. */
static nt_node_rc_t
emit_mail(nt_node_call_t *call, json_t *mail, const char *id)
{
    nt_node_rc_t rc;

    if (json_object_set_new(mail, "id", json_string(id)) != 0 ||
        json_object_set_new(mail, "date",
                            nt_webdate_json(json_object_get(mail, "date"))) !=
            0)
    {
        json_decref(mail);
        return nt_arg_nomem(call);
    }

    rc = nt_call_emit(call, "email", mail);
    return rc == NT_NODE_DONE
               ? nt_call_emit(call, "message_id", json_string(id))
               : rc;
}


/* Sends one message if it is not too old; *sent counts. */
static nt_node_rc_t
send_one(nt_node_call_t *call, const search_t *search, nt_str_t folder,
         const char *uid, int64_t *sent)
{
    json_t      *mail, *date;
    nt_buf_t     id = { 0 };
    nt_node_rc_t rc;

    mail = fetch(call, folder, nt_str(uid));

    if (mail == NULL) {
        return NT_NODE_FAIL;
    }

    date = json_object_get(mail, "date");

    if (json_is_integer(date) && json_integer_value(date) < search->since) {
        json_decref(mail);
        return NT_NODE_DONE;
    }

    if (nt_str_eq(folder, NT_STR(NT_INBOX))) {
        nt_buf_printf(&id, "%s%c", uid, '\0');
    } else {
        nt_buf_printf(&id, "%.*s;UID=%s%c", (int) folder.len, folder.data, uid,
                      '\0');
    }

    if (id.failed) {
        json_decref(mail);
        rc = nt_arg_nomem(call);
    } else {
        rc = emit_mail(call, mail, id.data);
        ++*sent;
    }

    nt_buf_free(&id);
    return rc;
}


static nt_node_rc_t
run_search(nt_node_call_t *call)
{
    char         uid[32];
    size_t       i;
    int64_t      most, sent = 0;
    search_t     search = { 0 };
    nt_str_t     folder;
    nt_node_rc_t rc = NT_NODE_DONE;

    if (!nt_arg_str(call, "folder", &folder) ||
        !nt_arg_int(call, "max_results", &most) ||
        !start_search(call, &search, folder))
    {
        return NT_NODE_FAIL;
    }

    for (i = 0;
         rc == NT_NODE_DONE && sent < most && i < json_array_size(search.uids);
         i++)
    {
        (void) snprintf(uid, sizeof(uid), "%lld",
                        (long long) json_integer_value(
                            json_array_get(search.uids, i)));
        rc = send_one(call, &search, folder, uid, &sent);
    }

    json_decref(search.uids);
    return rc;
}


static const char *const date_filters[] = { "SINCE_ONE_HOUR", "SINCE_ONE_DAY",
                                            "SINCE_ONE_WEEK", "SINCE_ONE_MONTH",
                                            "SINCE_ONE_YEAR", NULL };
static const char *const folders[] = { NT_INBOX,         "[Gmail]/Sent Mail",
                                       "[Gmail]/Drafts", "[Gmail]/Spam",
                                       "[Gmail]/Trash",  NULL };

static const nt_property_t search_properties[] = {
    NT_PROP("from_address", "str", "\"\"", "Whom they are from"),
    NT_PROP("to_address", "str", "\"\"", "Whom they are to"),
    NT_PROP("subject", "str", "\"\"", "What their subject has in it"),
    NT_PROP("body", "str", "\"\"", "What their text has in it"),
    NT_PROP_ENUM("date_filter", date_filters, "\"SINCE_ONE_DAY\"",
                 "How old they may be"),
    NT_PROP("keywords", "str", "\"\"", "Labels or flags, with commas"),
    NT_PROP_ENUM("folder", folders, "\"INBOX\"", "The folder"),
    NT_PROP("text", "str", "\"\"", "What they have anywhere in them"),
    NT_PROP("max_results", "int", "50", "Messages at most"),
    NT_PROP_END
};

static const nt_output_t search_outputs[] = { { "email", "dict" },
                                              { "message_id", "str" },
                                              { NULL, NULL } };

const nt_node_type_t nt_mail_search = {
    .type = "lib.mail.GmailSearch",
    .title = "Gmail Search",
    .description = "Sends the messages of a Gmail account that match, the "
                   "newest first.",
    .properties = search_properties,
    .outputs = search_outputs,
    .flags = NT_NODE_STREAMING_OUTPUT | NT_NODE_ASYNC,
    .run = run_search
};
