/*
 * engine/nodes/mail.h - what the files of lib.mail share.
 */

#ifndef NT_MAIL_H
#define NT_MAIL_H

#include "engine/graph/call_http.h"
#include "engine/nodes/web.h"

#define NT_INBOX "INBOX"

/* Sends a request and waits for all of its reply; false after nt_call_fail.
 * *web is to be freed in any case. */
bool nt_mail_ask(nt_node_call_t *call, const nt_mail_request_t *request,
                 nt_web_t *web);

/* Does something with a folder of the Gmail account, or reads the message `uid`
 * of it if there is no command. As above. */
bool nt_mail_imap(nt_node_call_t *call, nt_str_t folder, nt_str_t uid,
                  const char *command, nt_web_t *web);

/* Appends a quoted string of IMAP, escaped as libcurl takes commands. */
void nt_mail_quote(nt_buf_t *out, nt_str_t text);

/* The text of a property, of one line, without white space around it; false
 * after nt_call_fail. */
bool nt_mail_text(nt_node_call_t *call, const char *name, nt_str_t *text);

/* Appends the name of a folder or label as IMAP writes it: UTF-7 of its own
 * (RFC 3501, 5.1.3). */
void nt_mail_folder_name(nt_buf_t *out, nt_str_t name);

extern const nt_node_type_t nt_mail_search;
extern const nt_node_type_t nt_mail_send;

#endif
