/*
 * The answer that a job's events are: what reaches the workflow's outputs.
 *
 * A text that a model writes is told while it comes, when the node that asks
 * the model is right in front of an output: by its `chunk` events, of which
 * the value that the output gets at the end is the sum.  One output speaks at
 * a time.  A workflow without outputs says what its models say.
 */

#include "engine/chat/completion_int.h"

#include "engine/json.h"
#include "engine/nodes/ustr.h"


static nt_str_t
view(const nt_buf_t *buf)
{
    return (nt_str_t) { buf->data, buf->len };
}


/* --- the graph --- */

static bool
is_output(const json_t *node)
{
    static const char prefix[] = "nodetool.output.";

    return strncmp(nt_chat_member(node, "type"), prefix, sizeof(prefix) - 1) ==
           0;
}


bool
nt_answer_begin(nt_answer_t *answer, const json_t *graph)
{
    int           rc = 0;
    size_t        i;
    json_t       *target;
    const json_t *node, *edge;

    answer->outputs = json_object();
    answer->sources = json_object();
    answer->waiting = json_array();

    json_array_foreach(json_object_get(graph, "nodes"), i, node)
    {
        if (is_output(node)) {
            rc |= json_object_set_new(answer->outputs,
                                      nt_chat_member(node, "id"), json_true());
        }
    }

    json_array_foreach(json_object_get(graph, "edges"), i, edge)
    {
        target = json_object_get(edge, "target");

        /* what comes out of a handle of that name are the same pieces */
        if (json_object_get(answer->outputs, nt_chat_member(edge, "target")) !=
                NULL &&
            strcmp(nt_chat_member(edge, "sourceHandle"), "chunk") != 0)
        {
            rc |= json_object_set(answer->sources,
                                  nt_chat_member(edge, "source"), target);
        }
    }

    return rc == 0 && answer->outputs != NULL && answer->sources != NULL &&
           answer->waiting != NULL;
}


void
nt_answer_free(nt_answer_t *answer)
{
    json_decref(answer->outputs);
    json_decref(answer->sources);
    json_decref(answer->waiting);
    nt_buf_free(&answer->live);
    nt_buf_free(&answer->said);
    nt_buf_free(&answer->flow);
}


/* --- what is said --- */

static bool
set(nt_completion_t *c, nt_buf_t *buf, const char *id)
{
    nt_buf_reset(buf);
    nt_buf_append_str(buf, nt_str(id));
    c->nomem |= buf->failed;
    return !buf->failed;
}


/* One thing ends and another begins. */
static bool
part(nt_completion_t *c)
{
    bool spoke = c->answer.spoke;

    nt_buf_reset(&c->answer.flow);
    c->answer.spoke = true;
    return !spoke || nt_completion_say(c, NT_LLM_CONTENT, NT_STR("\n\n"));
}


/* A medium as Markdown, which chats show. */
static bool
append_medium(nt_buf_t *out, const json_t *value)
{
    size_t      i;
    nt_str_t    uri = nt_ustr(json_object_get(value, "uri"));
    const char *type = nt_chat_member(value, "type");

    static const char *const kinds[] = { "image", "audio", "video", "document",
                                         "model_3d" };

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (uri.len > 0 && strcmp(type, kinds[i]) == 0) {
            nt_buf_printf(out, "%s[%s](", i == 0 ? "!" : "", type);
            nt_buf_append_str(out, uri);
            nt_buf_append_char(out, ')');
            return true;
        }
    }

    return false;
}


static void
append_value(nt_buf_t *out, const json_t *value)
{
    size_t        i;
    nt_buf_t      item = { 0 };
    const json_t *entry;

    if (append_medium(out, value)) {
        return;
    }

    json_array_foreach(value, i, entry)
    {
        if (!append_medium(&item, entry)) {
            nt_buf_free(&item);
            break;
        }

        nt_buf_append_char(&item, '\n');
    }

    if (item.len > 0) {
        nt_buf_append(out, item.data, item.len - 1);
    } else {
        nt_json_append_text(out, value);
    }

    nt_buf_free(&item);
}


static bool
say_value(nt_completion_t *c, const json_t *value)
{
    bool     good;
    nt_buf_t text = { 0 };

    append_value(&text, value);
    c->nomem |= text.failed;
    good = !text.failed &&
           (text.len == 0 ||
            (part(c) && nt_completion_say(c, NT_LLM_CONTENT, view(&text))));
    nt_buf_free(&text);
    return good;
}


static bool
is_chunk(const json_t *value)
{
    return strcmp(nt_chat_member(value, "type"), "chunk") == 0;
}


/* A piece of a stream of chunks that reaches an output. */
static bool
say_chunk(nt_completion_t *c, const char *output, const json_t *chunk)
{
    bool     thinking = json_is_true(json_object_get(chunk, "thinking"));
    nt_str_t text = nt_ustr(json_object_get(chunk, "content"));

    if (text.len == 0 ||
        strcmp(nt_chat_member(chunk, "content_type"), "audio") == 0)
    {
        return true;
    }

    if (thinking) {
        return nt_completion_say(c, NT_LLM_REASONING, text);
    }

    if (!nt_str_eq(view(&c->answer.flow), nt_str(output)) &&
        (!part(c) || !set(c, &c->answer.flow, output)))
    {
        return false;
    }

    return nt_completion_say(c, NT_LLM_CONTENT, text);
}


/* --- events --- */

/* A piece of what a node's model writes. */
static bool
on_piece(nt_completion_t *c, const json_t *event)
{
    nt_str_t     text = nt_ustr(json_object_get(event, "content"));
    nt_answer_t *a = &c->answer;
    const char  *output;

    if (json_object_size(a->outputs) == 0) {
        return say_chunk(c, nt_chat_member(event, "node_id"), event);
    }

    output = json_string_value(
        json_object_get(a->sources, nt_chat_member(event, "node_id")));

    if (output == NULL || text.len == 0 ||
        strcmp(nt_chat_member(event, "content_type"), "audio") == 0)
    {
        return true;
    }

    if (json_is_true(json_object_get(event, "thinking"))) {
        return nt_completion_say(c, NT_LLM_REASONING, text);
    }

    if (a->live.len == 0 && (!part(c) || !set(c, &a->live, output))) {
        return false;
    }

    if (!nt_str_eq(view(&a->live), nt_str(output))) {
        return true; /* its value brings all of it */
    }

    nt_buf_append_str(&a->said, text);
    c->nomem |= a->said.failed;
    return !a->said.failed && nt_completion_say(c, NT_LLM_CONTENT, text);
}


bool
nt_answer_end(nt_completion_t *c)
{
    size_t       i;
    bool         good = true;
    json_t      *value;
    nt_answer_t *a = &c->answer;

    nt_buf_reset(&a->live);
    nt_buf_reset(&a->said);

    json_array_foreach(a->waiting, i, value)
    {
        good = good && say_value(c, value);
    }

    (void) json_array_clear(a->waiting);
    return good;
}


/* The value of the output whose text has come in pieces. */
static bool
on_live_value(nt_completion_t *c, const json_t *value)
{
    bool         good;
    nt_str_t     text = nt_ustr(value);
    nt_answer_t *a = &c->answer;
    const size_t len = a->said.len;

    if (text.len >= len && memcmp(text.data, a->said.data, len) == 0) {
        good =
            nt_completion_say(c, NT_LLM_CONTENT,
                              (nt_str_t) { text.data + len, text.len - len });
    } else {
        good = say_value(c, value);
    }

    return good && nt_answer_end(c);
}


static bool
on_value(nt_completion_t *c, const json_t *event)
{
    json_t      *value = json_object_get(event, "value");
    nt_answer_t *a = &c->answer;
    const char  *output = nt_chat_member(event, "node_id");

    if (value == NULL || json_is_null(value) ||
        json_object_get(a->outputs, output) == NULL)
    {
        return true;
    }

    if (is_chunk(value)) {
        return say_chunk(c, output, value);
    }

    if (a->live.len == 0) {
        return say_value(c, value);
    }

    if (nt_str_eq(view(&a->live), nt_str(output))) {
        return on_live_value(c, value);
    }

    if (json_array_append(a->waiting, value) != 0) {
        c->nomem = true;
        return false;
    }

    return true;
}


bool
nt_answer_event(nt_completion_t *c, const json_t *event)
{
    const char *type = nt_chat_member(event, "type");

    if (strcmp(type, "chunk") == 0) {
        return on_piece(c, event);
    }

    return strcmp(type, "output_update") != 0 || on_value(c, event);
}
