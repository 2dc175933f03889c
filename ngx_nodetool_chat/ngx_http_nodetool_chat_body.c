/*
 * ngx_http_nodetool_chat_body.c - the request's body: where its fields
 * stand, and what a provider gets in their place.
 *
 * The body is scanned while it arrives and is forwarded from where nginx put
 * it, memory or temporary file; edits are made by cutting its buffers, so a
 * body of many megabytes is neither parsed into a tree nor copied.
 */

#include "ngx_nodetool_chat/ngx_http_nodetool_chat.h"

/* How much of a temporary file is scanned before other requests get their
 * turn. */
#define NGX_NODETOOL_RESCAN_STEP (1024 * 1024)
#define NGX_NODETOOL_RESCAN_READ (64 * 1024)

static void ngx_nodetool_chat_rescan_event(ngx_event_t *ev);


void
ngx_nodetool_chat_body_begin(ngx_nodetool_chat_ctx_t *ctx)
{
    size_t           n;
    nt_json_field_t *f = ctx->fields;

    ctx->scanned = 0;
    ctx->has_root = 0;

    ngx_nodetool_limit_begin(ctx);

    if (ctx->form != NULL) {
        ngx_nodetool_form_begin(ctx);
        return;
    }

    f[NGX_NODETOOL_REQ_MODEL].path = "model";
    f[NGX_NODETOOL_REQ_STREAM].path =
        ctx->api->format ? "stream_format" : "stream";
    f[NGX_NODETOOL_REQ_OPTIONS].path = "stream_options";
    f[NGX_NODETOOL_REQ_USAGE].path = "stream_options.include_usage";
    f[NGX_NODETOOL_REQ_MAX_TOKENS].path = "max_tokens";
    f[NGX_NODETOOL_REQ_MAX_COMPLETION_TOKENS].path = "max_completion_tokens";
    f[NGX_NODETOOL_REQ_MAX_OUTPUT_TOKENS].path = "max_output_tokens";
    f[NGX_NODETOOL_REQ_TOOLS].path = "tools";

    n = NGX_NODETOOL_REQ_NEED;

    while (n < NGX_NODETOOL_REQ_N &&
           ctx->api->need[n - NGX_NODETOOL_REQ_NEED].name != NULL)
    {
        f[n].path = ctx->api->need[n - NGX_NODETOOL_REQ_NEED].name;
        n++;
    }

    nt_json_scan_init(&ctx->scan, f, n);
}


void
ngx_nodetool_chat_body_feed(ngx_nodetool_chat_ctx_t *ctx, u_char *pos,
                            u_char *last)
{
    u_char *brace;

    if (ctx->form != NULL) {
        ctx->scanned += last - pos;
        ngx_nodetool_form_feed(ctx, pos, last);
        return;
    }

    if (!ctx->has_root) {
        brace = ngx_strlchr(pos, last, '{');
        if (brace != NULL) {
            ctx->root = ctx->scanned + (brace - pos);
            ctx->has_root = 1;
        }
    }

    ctx->scanned += last - pos;

    /* an error stays in the scan until the whole body has come */
    (void) nt_json_scan_feed(&ctx->scan, (char *) pos, last - pos);

    if (ctx->estimating) {
        nt_estimate_feed(&ctx->estimate, (char *) pos, last - pos);
    }

    ngx_nodetool_tools_feed(ctx, ctx->scanned - (last - pos), pos, last);
}


off_t
ngx_nodetool_chat_body_length(ngx_http_request_t *r)
{
    off_t        length;
    ngx_chain_t *cl;

    length = 0;

    if (r->request_body != NULL) {
        for (cl = r->request_body->bufs; cl; cl = cl->next) {
            length += ngx_buf_size(cl->buf);
        }
    }

    return length;
}


/* Scans up to a step of what is left; NGX_AGAIN when there is more. */
static ngx_int_t
ngx_nodetool_chat_rescan_step(ngx_nodetool_chat_ctx_t *ctx)
{
    off_t      left;
    u_char    *data;
    size_t     size;
    ssize_t    n;
    ngx_buf_t *b;
    ngx_int_t  rc;

    data = NULL;
    left = NGX_NODETOOL_RESCAN_STEP;
    rc = NGX_AGAIN;

    while (left > 0) {
        if (ctx->rescan == NULL) {
            rc = NGX_OK;
            break;
        }

        b = ctx->rescan->buf;

        if (ngx_buf_in_memory(b)) {
            ngx_nodetool_chat_body_feed(ctx, b->pos, b->last);
            left -= b->last - b->pos;
            ctx->rescan = ctx->rescan->next;
            continue;
        }

        size = (size_t) ngx_min(b->file_last - b->file_pos - ctx->rescan_pos,
                                NGX_NODETOOL_RESCAN_READ);
        if (size == 0) {
            ctx->rescan = ctx->rescan->next;
            ctx->rescan_pos = 0;
            continue;
        }

        if (data == NULL) {
            data = ngx_alloc(NGX_NODETOOL_RESCAN_READ,
                             ctx->request->connection->log);
            if (data == NULL) {
                return NGX_ERROR;
            }
        }

        n = ngx_read_file(b->file, data, size, b->file_pos + ctx->rescan_pos);
        if (n <= 0) {
            rc = NGX_ERROR;
            break;
        }

        ngx_nodetool_chat_body_feed(ctx, data, data + n);
        ctx->rescan_pos += n;
        left -= n;
    }

    if (data != NULL) {
        ngx_free(data);
    }

    return rc;
}


/* Another module read the body before us (mirror, a retry in a fallback
 * location). */
ngx_int_t
ngx_nodetool_chat_body_rescan(ngx_nodetool_chat_ctx_t *ctx,
                              ngx_nodetool_body_pt     done)
{
    ngx_int_t rc;

    ngx_nodetool_chat_body_begin(ctx);

    ctx->rescan = ctx->request->request_body->bufs;
    ctx->rescan_pos = 0;
    ctx->body_done = done;

    rc = ngx_nodetool_chat_rescan_step(ctx);

    if (rc == NGX_AGAIN) {
        ctx->event.handler = ngx_nodetool_chat_rescan_event;
        ctx->event.data = ctx;
        ctx->event.log = ctx->request->connection->log;
        ngx_post_event(&ctx->event, &ngx_posted_next_events);
    }

    return rc;
}


static void
ngx_nodetool_chat_rescan_event(ngx_event_t *ev)
{
    ngx_int_t                rc;
    ngx_connection_t        *c;
    ngx_nodetool_chat_ctx_t *ctx;

    ctx = ev->data;
    c = ctx->request->connection;

    ngx_http_set_log_request(c->log, ctx->request);

    rc = ngx_nodetool_chat_rescan_step(ctx);

    if (rc == NGX_AGAIN) {
        ngx_post_event(ev, &ngx_posted_next_events);
        return;
    }

    ctx->body_done(ctx, rc);

    ngx_http_run_posted_requests(c);
}


ngx_int_t
ngx_nodetool_chat_edit_add(ngx_nodetool_chat_ctx_t *ctx, uint64_t start,
                           uint64_t end, nt_buf_t *text)
{
    ngx_uint_t          i;
    ngx_nodetool_edit_t edit, *edits;

    if (text->failed) {
        return NGX_ERROR;
    }

    ngx_memzero(&edit, sizeof(ngx_nodetool_edit_t));
    edit.start = start;
    edit.end = end;
    edit.text.len = text->len;
    edit.text.data = ngx_pnalloc(ctx->request->pool, text->len);
    if (edit.text.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(edit.text.data, text->data, text->len);

    edits = ctx->edits;

    for (i = ctx->n_edits; i > 0 && edits[i - 1].start > start; i--) {
        edits[i] = edits[i - 1];
    }

    edits[i] = edit;
    ctx->n_edits++;

    return NGX_OK;
}


/* Asks the provider for the usage of a stream. Members that are not there
 * yet come first in their object. */
static ngx_int_t
ngx_nodetool_chat_edit_usage(ngx_nodetool_chat_ctx_t *ctx, nt_buf_t *first)
{
    nt_buf_t         text;
    uint64_t         start, end;
    ngx_int_t        rc;
    nt_json_field_t *options, *usage;

    options = &ctx->fields[NGX_NODETOOL_REQ_OPTIONS];
    usage = &ctx->fields[NGX_NODETOOL_REQ_USAGE];

    if (options->type == NT_JSON_ABSENT) {
        nt_buf_append_str(first,
                          NT_STR(
                              "\"stream_options\":{\"include_usage\":true},"));
        return NGX_OK;
    }

    ngx_memzero(&text, sizeof(nt_buf_t));

    if (options->type == NT_JSON_NULL) {
        start = options->start;
        end = options->end;
        nt_buf_append_str(&text, NT_STR("{\"include_usage\":true}"));

    } else if (usage->type == NT_JSON_ABSENT) {
        start = end = options->start + 1;
        nt_buf_append_str(&text, NT_STR("\"include_usage\":true"));
        if (options->count > 0) {
            nt_buf_append_char(&text, ',');
        }

    } else {
        start = usage->start;
        end = usage->end;
        nt_buf_append_str(&text, NT_STR("true"));
    }

    rc = ngx_nodetool_chat_edit_add(ctx, start, end, &text);

    nt_buf_free(&text);

    return rc;
}


ngx_int_t
ngx_nodetool_chat_body_edit(ngx_nodetool_chat_ctx_t *ctx)
{
    nt_buf_t                      first, text;
    nt_str_t                      name;
    ngx_int_t                     rc;
    nt_json_field_t              *model;
    ngx_nodetool_chat_loc_conf_t *lcf;

    ctx->n_edits = 0;
    ctx->strip_usage = 0;

    if (ctx->form != NULL) {
        return ngx_nodetool_form_edit(ctx);
    }

    lcf = ngx_http_get_module_loc_conf(ctx->request,
                                       ngx_http_nodetool_chat_module);
    model = &ctx->fields[NGX_NODETOOL_REQ_MODEL];
    name = ngx_nodetool_str(&ctx->upstream_model);

    ngx_memzero(&first, sizeof(nt_buf_t));
    ngx_memzero(&text, sizeof(nt_buf_t));
    rc = NGX_OK;

    if (model->type == NT_JSON_ABSENT) {
        nt_buf_append_str(&first, NT_STR("\"model\":"));
        nt_buf_append_json(&first, name);
        nt_buf_append_char(&first, ',');

    } else if (model->type != NT_JSON_STRING ||
               !nt_str_eq(name, (nt_str_t) { model->value, model->value_len }))
    {
        nt_buf_append_json(&text, name);
        rc = ngx_nodetool_chat_edit_add(ctx, model->start, model->end, &text);
    }

    if (rc == NGX_OK && ctx->stream && lcf->stream_usage && ctx->api->options &&
        ctx->fields[NGX_NODETOOL_REQ_USAGE].type != NT_JSON_TRUE)
    {
        ctx->strip_usage = 1;
        rc = ngx_nodetool_chat_edit_usage(ctx, &first);
    }

    if (rc == NGX_OK && (first.len > 0 || first.failed)) {
        rc = ngx_nodetool_chat_edit_add(ctx, ctx->root + 1, ctx->root + 1,
                                        &first);
    }

    nt_buf_free(&first);
    nt_buf_free(&text);

    return rc;
}


static ngx_buf_t *
ngx_nodetool_chat_body_link(ngx_http_request_t *r, ngx_chain_t ***last)
{
    ngx_chain_t *cl;

    cl = ngx_alloc_chain_link(r->pool);
    if (cl == NULL) {
        return NULL;
    }

    cl->buf = ngx_calloc_buf(r->pool);
    if (cl->buf == NULL) {
        return NULL;
    }

    cl->next = NULL;
    **last = cl;
    *last = &cl->next;

    return cl->buf;
}


/* The bytes from `from` to `to` of a buffer of the body, which stays as it
 * is. nginx rewinds pos to start for a retry. */
static ngx_int_t
ngx_nodetool_chat_body_slice(ngx_http_request_t *r, ngx_buf_t *of, off_t from,
                             off_t to, ngx_chain_t ***last)
{
    ngx_buf_t *b;

    b = ngx_nodetool_chat_body_link(r, last);
    if (b == NULL) {
        return NGX_ERROR;
    }

    if (ngx_buf_in_memory(of)) {
        b->memory = 1;
        b->start = of->pos + from;
        b->pos = b->start;
        b->last = of->pos + to;
        b->end = b->last;

    } else {
        b->in_file = 1;
        b->file = of->file;
        b->file_pos = of->file_pos + from;
        b->file_last = of->file_pos + to;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_nodetool_chat_body_text(ngx_http_request_t *r, ngx_nodetool_edit_t *edit,
                            ngx_buf_t *of, off_t base, ngx_chain_t ***last)
{
    ngx_buf_t *b;

    b = ngx_nodetool_chat_body_link(r, last);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->memory = 1;
    b->start = edit->text.data;
    b->pos = b->start;
    b->last = b->start + edit->text.len;
    b->end = b->last;

    if (!ngx_buf_in_memory(of)) {
        /* for ngx_nodetool_chat_body_rewind() */
        b->file = of->file;
        b->file_last = of->file_pos + (off_t) edit->end - base;
    }

    edit->buf = b;

    return NGX_OK;
}


ngx_int_t
ngx_nodetool_chat_body_chain(ngx_nodetool_chat_ctx_t *ctx, ngx_chain_t ***last,
                             off_t *length)
{
    off_t                pos, base, end, stop;
    ngx_uint_t           i;
    ngx_chain_t         *cl;
    ngx_http_request_t  *r;
    ngx_nodetool_edit_t *edit;

    r = ctx->request;

    base = 0; /* offset of the buffer */
    pos = 0;  /* offset of what is forwarded next */
    i = 0;
    *length = 0;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        end = base + ngx_buf_size(cl->buf);

        for (;;) {
            edit = i < ctx->n_edits ? &ctx->edits[i] : NULL;
            stop = end;

            if (edit != NULL && (off_t) edit->start < end) {
                stop = edit->start;

            } else {
                edit = NULL;
            }

            if (pos < stop) {
                if (ngx_nodetool_chat_body_slice(r, cl->buf, pos - base,
                                                 stop - base, last) != NGX_OK)
                {
                    return NGX_ERROR;
                }

                *length += stop - pos;
                pos = stop;
            }

            if (edit == NULL) {
                break;
            }

            if (ngx_nodetool_chat_body_text(r, edit, cl->buf, base, last) !=
                NGX_OK) {
                return NGX_ERROR;
            }

            *length += edit->text.len;
            pos = edit->end;
            i++;
        }

        base = end;
    }

    return NGX_OK;
}


/*
 * Before a retry nginx rewinds the request's buffers: one in a file then
 * starts where the one before it in that file ended.  The bytes that an edit
 * replaced lie between two such buffers, so the edit's text must count as
 * the file's bytes up to there while that is done.  With sendfile off nginx
 * prefers the memory of a buffer that has both, and forgets the file.
 */
void
ngx_nodetool_chat_body_rewind(ngx_nodetool_chat_ctx_t *ctx)
{
    ngx_buf_t *b;
    ngx_uint_t i;

    for (i = 0; i < ctx->n_edits; i++) {
        b = ctx->edits[i].buf;

        if (b != NULL && b->file != NULL) {
            b->in_file = 1;
            ctx->request->upstream->output.sendfile = 0;
        }
    }
}
