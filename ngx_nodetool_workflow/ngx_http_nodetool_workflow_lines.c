/*
 * ngx_http_nodetool_workflow_lines.c - an event stream as JSON lines: the
 * events as they are, and a last line that says how the job has ended:
 *
 *   {"type":"job_completed","job_id":"..."}
 *   {"type":"job_failed","job_id":"...","error":"..."}
 *
 * That is told by the last event, whose fields are looked for as it passes.
 */

#include "ngx_nodetool_workflow/ngx_http_nodetool_workflow.h"

#include "core/nt_json_scan.h"

enum {
    NGX_HTTP_NODETOOL_WORKFLOW_TYPE = 0,
    NGX_HTTP_NODETOOL_WORKFLOW_STATUS,
    NGX_HTTP_NODETOOL_WORKFLOW_ERROR,
    NGX_HTTP_NODETOOL_WORKFLOW_FIELDS
};

struct ngx_http_nodetool_workflow_lines_s {
    nt_json_scan_t  scan;
    nt_json_field_t fields[NGX_HTTP_NODETOOL_WORKFLOW_FIELDS];
};


ngx_int_t
ngx_http_nodetool_workflow_lines_begin(ngx_http_nodetool_workflow_ctx_t *ctx)
{
    ngx_http_nodetool_workflow_lines_t *lines;

    lines = ctx->lines;

    if (lines == NULL) {
        lines = ngx_palloc(ctx->request->pool,
                           sizeof(ngx_http_nodetool_workflow_lines_t));
        if (lines == NULL) {
            return NGX_ERROR;
        }

        ctx->lines = lines;
    }

    ngx_memzero(lines->fields, sizeof(lines->fields));

    lines->fields[NGX_HTTP_NODETOOL_WORKFLOW_TYPE].path = "type";
    lines->fields[NGX_HTTP_NODETOOL_WORKFLOW_STATUS].path = "status";
    lines->fields[NGX_HTTP_NODETOOL_WORKFLOW_ERROR].path = "error";

    nt_json_scan_init(&lines->scan, lines->fields,
                      NGX_HTTP_NODETOOL_WORKFLOW_FIELDS);

    return NGX_OK;
}


void
ngx_http_nodetool_workflow_lines_feed(ngx_http_nodetool_workflow_ctx_t *ctx,
                                      u_char *data, size_t len)
{
    /* what is no JSON has no fields either, which says all */

    (void) nt_json_scan_feed(&ctx->lines->scan, (char *) data, len);
}


static ngx_uint_t
ngx_http_nodetool_workflow_lines_is(nt_json_field_t *field, const char *text)
{
    return field->type == NT_JSON_STRING &&
           field->value_len == ngx_strlen(text) &&
           ngx_strncmp(field->value, text, field->value_len) == 0;
}


ngx_int_t
ngx_http_nodetool_workflow_lines_end(ngx_http_nodetool_workflow_ctx_t *ctx,
                                     nt_buf_t                         *line)
{
    ngx_uint_t                          completed;
    nt_json_field_t                    *fields, *error;
    ngx_http_nodetool_workflow_lines_t *lines;

    lines = ctx->lines;

    if (lines == NULL) {
        return NGX_DECLINED;
    }

    fields = lines->fields;

    completed = ngx_http_nodetool_workflow_lines_is(
                    &fields[NGX_HTTP_NODETOOL_WORKFLOW_TYPE], "job_update") &&
                ngx_http_nodetool_workflow_lines_is(
                    &fields[NGX_HTTP_NODETOOL_WORKFLOW_STATUS], "completed");

    nt_buf_printf(line, "{\"type\":\"%s\",\"job_id\":",
                  completed ? "job_completed" : "job_failed");
    nt_buf_append_json(line, ngx_nodetool_str(&ctx->job_id));

    error = &fields[NGX_HTTP_NODETOOL_WORKFLOW_ERROR];

    if (!completed && error->type == NT_JSON_STRING) {
        nt_buf_append_str(line, NT_STR(",\"error\":"));
        nt_buf_append_json(line, (nt_str_t) { error->value, error->value_len });
    }

    nt_buf_append_str(line, NT_STR("}\n"));

    return line->failed ? NGX_ERROR : NGX_OK;
}
