/*
 * engine/models/form.c - bodies of multipart/form-data (RFC 7578).
 */

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "core/nt_id.h"
#include "engine/models/node.h"


bool
nt_form_start(nt_node_call_t *call, nt_form_t *form)
{
    char          id[NT_ID_HEX_LEN];
    unsigned char random[16];

    if (getrandom(random, sizeof(random), 0) != (ssize_t) sizeof(random)) {
        (void) nt_call_fail(call, "the server has no random numbers");
        return false;
    }

    nt_id_hex(id, random);
    memset(form, 0, sizeof(*form));
    snprintf(form->boundary, sizeof(form->boundary), "nodetool-%.*s",
             NT_ID_HEX_LEN, id);
    snprintf(form->type, sizeof(form->type), "multipart/form-data; boundary=%s",
             form->boundary);

    return true;
}


void
nt_form_text(nt_form_t *form, const char *name, nt_str_t value)
{
    nt_buf_printf(&form->body,
                  "--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n",
                  form->boundary, name);
    nt_buf_append_str(&form->body, value);
    nt_buf_append(&form->body, "\r\n", 2);
}


void
nt_form_file(nt_form_t *form, const char *name, const char *type, nt_str_t data)
{
    nt_buf_printf(&form->body,
                  "--%s\r\nContent-Disposition: form-data; name=\"%s\"; "
                  "filename=\"file.%s\"\r\nContent-Type: %s\r\n\r\n",
                  form->boundary, name, nt_media_extension(type), type);
    nt_buf_append_str(&form->body, data);
    nt_buf_append(&form->body, "\r\n", 2);
}


json_t *
nt_form_send(nt_node_call_t *call, const nt_model_t *model, const char *path,
             nt_form_t *form, double timeout)
{
    json_t *reply = NULL;

    nt_buf_printf(&form->body, "--%s--\r\n", form->boundary);

    if (form->body.failed) {
        (void) nt_arg_nomem(call);
    } else {
        reply = nt_provider_send_json(call, model, path,
                                      (nt_str_t) { form->body.data,
                                                   form->body.len },
                                      form->type, timeout);
    }

    nt_buf_free(&form->body);

    return reply;
}
