#include "engine/agents/tool_run.h"

#include <fcntl.h>
#include <stdlib.h>

#include "engine/agents/page.h"
#include "engine/nodes/files.h"
#include "engine/nodes/pathname.h"
#include "engine/nodes/ustr.h"

/*
 * Tools that fetch from the web.
 */

#define PAGE_LIMIT   ((size_t) 8 * 1024 * 1024) /* bytes */
#define FILE_LIMIT   ((size_t) 256 * 1024 * 1024)
#define TEXT_MAX     100000 /* characters that a page shows */
#define PAGE_TIMEOUT 30.0   /* seconds */
#define FILE_TIMEOUT 600.0


/* Gets a URL: the reply, or NULL with a sentence in `error`.  A status that
 * is no success is a failure. */
static nt_http_reply_t *
get(nt_node_call_t *call, const nt_http_request_t *request, nt_buf_t *error)
{
    char            *sentence = NULL;
    nt_http_reply_t *reply;

    reply = nt_call_http(call, request, &sentence);

    if (reply == NULL) {
        nt_buf_append_str(error,
                          nt_str(sentence != NULL ? sentence
                                                  : "the request failed"));
        free(sentence);
        return NULL;
    }

    if (nt_http_status(reply) < 200 || nt_http_status(reply) > 299) {
        nt_buf_printf(error, "the server answered with status %d",
                      nt_http_status(reply));
        nt_http_free(reply);
        return NULL;
    }

    return reply;
}


static bool
read_all(nt_http_reply_t *reply, nt_str_t *body, nt_buf_t *error)
{
    char *sentence = NULL;

    if (nt_http_read_all(reply, &body->data, &body->len, &sentence)) {
        return true;
    }

    nt_buf_append_str(error, nt_str(sentence != NULL ? sentence
                                                     : "the reply broke off"));
    free(sentence);
    return false;
}


/* --- browser --- */

typedef struct {
    const char    *type; /* Content-Type or NULL */
    const char    *url;
    nt_str_t       body;
    nt_page_kind_t kind;
    nt_buf_t       text;
    json_t        *metadata;
    nt_rc_t        rc;
} page_t;


/* On the pool, as pages may be large, and libxml2 wants a stack. */
static void
page_work(nt_node_call_t *call, void *arg)
{
    page_t  *page = arg;
    nt_buf_t utf8 = { 0 };

    page->rc = NT_OK;

    if (!nt_page_decode(&utf8, page->type, page->body)) {
        page->rc = NT_NOMEM;

    } else if (page->kind == NT_PAGE_HTML) {
        page->rc = nt_page_read(&page->text, &page->metadata,
                                (nt_str_t) { utf8.data, utf8.len }, page->url);

    } else {
        nt_buf_append(&page->text, utf8.data, utf8.len);
    }

    nt_buf_free(&utf8);
}


static json_t *
page_result(const page_t *page, nt_buf_t *error)
{
    size_t   cut;
    nt_str_t text = { page->text.data != NULL ? page->text.data : "",
                      page->text.len };

    if (page->rc != NT_OK || page->text.failed) {
        nt_buf_append_str(error, page->rc == NT_LIMIT
                                     ? NT_STR("the page is too large, or "
                                              "nested too deeply")
                                     : NT_STR("the server is out of memory"));
        return NULL;
    }

    cut = nt_ustr_offset(text, TEXT_MAX);
    return json_pack("{s:b, s:s, s:o, s:b, s:O*}", "success", 1, "url",
                     page->url, "content", json_stringn(text.data, cut),
                     "truncated", cut < text.len, "metadata", page->metadata);
}


static json_t *
read_page(nt_node_call_t *call, nt_http_reply_t *reply, nt_buf_t *error)
{
    page_t  page = { 0 };
    json_t *result = NULL;

    if (!read_all(reply, &page.body, error)) {
        return NULL;
    }

    page.type = nt_http_header(reply, "Content-Type");
    page.url = nt_http_url(reply);
    page.kind = nt_page_kind(page.type, page.body);

    if (page.kind == NT_PAGE_OTHER) {
        nt_buf_printf(error,
                      "there is no text to read at this URL, but %s; "
                      "download_file can store it",
                      page.type != NULL ? page.type : "binary data");

    } else if (nt_tool_thread(call, page_work, &page, error)) {
        result = page_result(&page, error);
    }

    nt_buf_free(&page.text);
    json_decref(page.metadata);
    return result;
}


json_t *
nt_tool_browse(nt_node_call_t *call, const void *arg, const json_t *args,
               nt_buf_t *error)
{
    json_t           *result;
    nt_str_t          url;
    nt_http_reply_t  *reply;
    static const char accept[] =
        "Accept: text/html,application/xhtml+xml,text/plain;q=0.9,*/*;q=0.5";

    const char *const headers[] = { accept, "Accept-Language: en", NULL };
    nt_http_request_t request = { .headers = headers,
                                  .timeout = PAGE_TIMEOUT,
                                  .limit = PAGE_LIMIT };

    if (!nt_tool_text(args, "url", NULL, &url, error)) {
        return NULL;
    }

    request.url = url.data;
    reply = get(call, &request, error);

    if (reply == NULL) {
        return NULL;
    }

    result = read_page(call, reply, error);
    nt_http_free(reply);
    return result;
}


/* --- download_file --- */

typedef struct {
    nt_buf_t path; /* ended by a NUL */
    nt_str_t body;
} file_t;


static void
file_work(nt_node_call_t *call, void *arg)
{
    int     fd;
    file_t *file = arg;

    fd = nt_call_open(call, file->path.data,
                      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);

    if (fd != -1) {
        (void) nt_files_write(call, fd, file->path.data, file->body);
    }
}


static json_t *
store(nt_node_call_t *call, nt_http_reply_t *reply, file_t *file,
      nt_buf_t *error)
{
    const char *type;

    if (!read_all(reply, &file->body, error) ||
        !nt_tool_thread(call, file_work, file, error))
    {
        return NULL;
    }

    type = nt_http_header(reply, "Content-Type");
    return json_pack("{s:b, s:s, s:s, s:s, s:I}", "success", 1, "url",
                     nt_http_url(reply), "output_file", file->path.data,
                     "content_type", type != NULL ? type : "unknown",
                     "file_size_bytes", (json_int_t) file->body.len);
}


static json_t *
run_download(nt_node_call_t *call, const void *arg, const json_t *args,
             nt_buf_t *error)
{
    file_t            file = { 0 };
    json_t           *result = NULL;
    nt_str_t          url, path;
    nt_http_reply_t  *reply;
    nt_http_request_t request = { .timeout = FILE_TIMEOUT,
                                  .limit = FILE_LIMIT };

    if (!nt_tool_text(args, "url", NULL, &url, error) ||
        !nt_tool_text(args, "output_file", NULL, &path, error))
    {
        return NULL;
    }

    if (memchr(path.data, '\0', path.len) != NULL || path.data[0] == '/' ||
        nt_path_goes_up(path))
    {
        nt_buf_append_str(error,
                          NT_STR("\"output_file\" must be a path relative to "
                                 "the workspace, without \"..\""));
        return NULL;
    }

    request.url = url.data;
    nt_buf_append_str(&file.path, path);
    nt_buf_append_char(&file.path, '\0');
    reply = file.path.failed ? NULL : get(call, &request, error);

    if (reply != NULL) {
        result = store(call, reply, &file, error);
        nt_http_free(reply);
    }

    nt_buf_free(&file.path);
    return result;
}


/* --- the table --- */

static const nt_tool_param_t browser_params[] = {
    { "url", "string", "The page's address", true }, { NULL, NULL, NULL, false }
};

static const nt_tool_param_t download_params[] = {
    { "url", "string", "The file's address", true },
    { "output_file", "string", "Where to store it, relative to the workspace",
      true },
    { NULL, NULL, NULL, false }
};

const nt_tool_t nt_tools_web[] = {
    { .name = "browser",
      .description = "Fetches a web page and returns its text as Markdown. "
                     "Scripts of the page are not run.",
      .params = browser_params,
      .message = "Reading {url}",
      .run = nt_tool_browse },
    { .name = "download_file",
      .description = "Downloads a file of any kind and stores it in the "
                     "workspace.",
      .params = download_params,
      .message = "Downloading {url}",
      .run = run_download },
    { .name = NULL }
};
