/*
 * Whole replies, errors, embeddings, lists of models, and replies collected
 * from the pieces of a stream.
 */

#include "t/core/llm.h"

typedef struct {
    const char             *name;
    const nt_llm_dialect_t *dialect;
    const char             *body; /* ' stands for " */
    const char             *want; /* or "!" and the error */
} vector_t;

#define REPLY(message, finish, rest)                                           \
    "{'id':'MADE','object':'chat.completion','created':0,'model':'m',"         \
    "'choices':[{'index':0,'message':{'role':'assistant'," message "},"        \
    "'finish_reason':'" finish "'}]" rest "}"
#define CALL(id, name, arguments, more)                                        \
    "{'id':'" id "','type':'function','function':{'name':'" name               \
    "','arguments':'" arguments "'}" more "}"

static const vector_t replies[] = {
    { "as it is", &nt_llm_openai,
      "{'id':'x','choices':[{'index':0,'message':{'content':'a'},"
      "'finish_reason':'stop'}],'system_fingerprint':'f'}",
      "{'id':'x','choices':[{'index':0,'message':{'content':'a'},"
      "'finish_reason':'stop'}],'system_fingerprint':'f'}" },
    { "an error with a status of 200", &nt_llm_openai,
      "{'error':{'message':'boom','type':'invalid_request_error'}}",
      "!400 invalid boom" },
    { "no choices", &nt_llm_openai, "{'choices':[]}",
      "!502 protocol The provider sent a reply without an answer." },
    { "not JSON", &nt_llm_openai, "<html>",
      "!502 protocol OpenAI sent something that is not JSON." },
    { "nothing", &nt_llm_gemini, "",
      "!502 protocol Gemini sent something that is not JSON." },
    { "blocks", &nt_llm_anthropic,
      "{'id':'MADE','type':'message','role':'assistant','model':'m','content':"
      "[{'type':'thinking','thinking':'hm','signature':'S'},{'type':'text',"
      "'text':'a'},{'type':'text','text':'b','citations':[{'url':'u','title':"
      "'t'}]},{'type':'tool_use','id':'c1','name':'f','input':{'x':0.1}},{"
      "'type':'tool_use','id':'c2','name':'g','input':{}}],'stop_reason':"
      "'tool_use','usage':{'input_tokens':2,'output_tokens':3}}",
      REPLY("'content':'ab','reasoning_content':'hm','thinking_blocks':[{"
            "'type':'thinking','thinking':'hm','signature':'S'}],'annotations'"
            ":[{'type':'url_citation','url_citation':{'url':'u','title':'t'}}"
            "],'tool_calls':[" CALL("c1", "f", "{\\u0022x\\u0022:0.1}",
                                    "") "," CALL("c2", "g", "{}", "") "]",
            "tool_calls",
            ",'usage':{'prompt_tokens':2,'completion_tokens':3,"
            "'total_tokens':5}") },
    { "Mistral's list of parts", &nt_llm_mistral,
      "{'id':'MADE','model':'m','choices':[{'index':0,'message':{'role':"
      "'assistant','content':[{'type':'thinking','thinking':[{'type':'text',"
      "'text':'hm'}]},{'type':'text','text':'a'}]},'finish_reason':'stop'}]}",
      REPLY("'content':'a','reasoning_content':'hm'", "stop", "") },
    { "an error with a status of 200", &nt_llm_anthropic,
      "{'type':'error','error':{'type':'overloaded_error','message':'busy'}}",
      "!503 overloaded busy" },
    { "no stop_reason", &nt_llm_anthropic, "{'content':[]}",
      "!502 protocol The provider sent a reply without an answer." },
    { "parts", &nt_llm_gemini,
      "{'candidates':[{'content':{'parts':[{'text':'hm','thought':true},{"
      "'text':'a'},{'inlineData':{'mimeType':'image/png','data':'QQ=='}},{"
      "'functionCall':{'id':'c1','name':'f','args':{'x':1}},"
      "'thoughtSignature':'S'}]},'finishReason':'STOP'}],'modelVersion':'m',"
      "'usageMetadata':{'promptTokenCount':2,'candidatesTokenCount':3,"
      "'totalTokenCount':5,'cachedContentTokenCount':1}}",
      REPLY("'content':'a','reasoning_content':'hm','images':[{'type':"
            "'image_url','image_url':{'url':'data:image/png;base64,QQ=='}}],"
            "'tool_calls':[" CALL("c1", "f", "{\\u0022x\\u0022:1}",
                                  ",'extra_content':{'google':{"
                                  "'thought_signature':'S'}}") "]",
            "tool_calls",
            ",'usage':{'prompt_tokens':2,'completion_tokens':3,"
            "'total_tokens':5,'prompt_tokens_details':{'cached_tokens':1}}") },
    { "a blocked prompt", &nt_llm_gemini,
      "{'promptFeedback':{'blockReason':'SAFETY'},'modelVersion':'m'}",
      REPLY("'content':''", "content_filter", "") },
    { "text", &nt_llm_ollama,
      "{'model':'m','message':{'role':'assistant','content':'a'},'done':true,"
      "'done_reason':'length','eval_count':4}",
      REPLY("'content':'a'", "length", ",'usage':{'completion_tokens':4}") },
    { "an error", &nt_llm_ollama, "{'error':'no such model'}",
      "!502 server no such model" }
};

/* The body of an error, its status, Retry-After; what it is. */
typedef struct {
    const nt_llm_dialect_t *dialect;
    int                     status;
    const char             *after;
    const char             *body;
    const char             *want;
    double                  retry;
    const char             *code;
} error_t;

static const error_t errors[] = {
    { &nt_llm_openai, 429, "7",
      "{'error':{'message':'slow','type':'requests',"
      "'param':null,'code':'rate_limit_exceeded'}}",
      "429 rate_limit slow", 7, "rate_limit_exceeded" },
    { &nt_llm_openai, 429, "",
      "{'error':{'message':'pay','type':"
      "'insufficient_quota','code':'insufficient_quota'}}",
      "429 quota pay", -1, "insufficient_quota" },
    { &nt_llm_openai, 400, "",
      "{'error':{'message':'bad','type':"
      "'invalid_request_error','param':'model','code':null}}",
      "400 invalid bad", -1, "invalid_request_error" },
    { &nt_llm_openai, 401, "", "{'error':{'message':'key'}}", "401 auth key",
      -1, "" },
    { &nt_llm_openai, 503, "Wed, 21 Oct 2026 07:28:00 GMT", "<html>sorry",
      "503 overloaded OpenAI failed with the status 503.", -1, "" },
    { &nt_llm_openai, 500, "-5", "plain text", "500 server plain text", -1,
      "" },
    { &nt_llm_openai, 302, "", "",
      "502 server OpenAI failed with the status "
      "302.",
      -1, "" },
    { &nt_llm_mistral, 422, "", "{'detail':[{'loc':['body'],'msg':'x'}]}",
      "422 invalid [{\"loc\":[\"body\"],\"msg\":\"x\"}]", -1, "" },
    { &nt_llm_mistral, 401, "", "{'message':'Unauthorized','request_id':'x'}",
      "401 auth Unauthorized", -1, "" },
    { &nt_llm_anthropic, 529, "",
      "{'type':'error','error':{'type':"
      "'overloaded_error','message':'Overloaded'}}",
      "503 overloaded Overloaded", -1, "overloaded_error" },
    { &nt_llm_anthropic, 404, "0.5",
      "{'type':'error','error':{'type':"
      "'not_found_error','message':'model: x'}}",
      "404 invalid model: x", 0.5, "not_found_error" },
    { &nt_llm_gemini, 400, "",
      "{'error':{'code':400,'message':'API key not "
      "valid','status':'INVALID_ARGUMENT','details':[{'@type':'type.googleapis"
      ".com/google.rpc.ErrorInfo','reason':'API_KEY_INVALID'}]}}",
      "401 auth API key not valid", -1, "INVALID_ARGUMENT" },
    { &nt_llm_gemini, 429, "",
      "[{'error':{'code':429,'message':'quota',"
      "'status':'RESOURCE_EXHAUSTED','details':[{'@type':'type.googleapis.com/"
      "google.rpc.RetryInfo','retryDelay':'12.5s'}]}}]",
      "429 rate_limit quota", 12.5, "RESOURCE_EXHAUSTED" },
    { &nt_llm_ollama, 404, "",
      "{'error':'model \\u0022x\\u0022 not found, "
      "try pulling it first'}",
      "404 invalid model \"x\" not found, try pulling it first", -1, "" }
};


static nt_str_t
of(const nt_buf_t *buf)
{
    return (nt_str_t) { buf->data != NULL ? buf->data : "", buf->len };
}


static void
describe(nt_buf_t *out, const nt_llm_error_t *error)
{
    static const char *const kinds[] = { "invalid",    "auth",       "quota",
                                         "rate_limit", "overloaded", "server",
                                         "protocol" };

    nt_buf_printf(out, "%d %s ", error->status, kinds[error->kind]);
    nt_buf_append_str(out, of(&error->message));
}


/* What is random or the clock's. */
static void
settle(json_t *reply)
{
    nt_str_t id = { json_string_value(json_object_get(reply, "id")),
                    json_string_length(json_object_get(reply, "id")) };

    if (json_object_get(reply, "created") != NULL) {
        json_object_set_new(reply, "created", json_integer(0));
        json_object_set_new(reply, "id",
                            json_stringn(known_id(id).data, known_id(id).len));
    }
}


static void
check(json_t *got, const char *want, const char *name)
{
    bool    same;
    char   *text = nt_json_text(got);
    json_t *wanted = json_of(want);

    same = json_equal(got, wanted);
    if (!same) {
        diag("got  %s", text);
        diag("want %s", want);
    }

    ok(same, "%s", name);
    free(text);
    json_decref(wanted);
    json_decref(got);
}


static void
test_reply(const vector_t *v)
{
    char           name[128];
    char          *body = quoted(v->body);
    json_t        *reply = NULL;
    nt_rc_t        rc;
    nt_buf_t       text = { 0 };
    nt_llm_error_t error = { 0 };

    snprintf(name, sizeof(name), "%s: %s", nt_llm_dialect_name(v->dialect),
             v->name);
    rc = nt_llm_reply(v->dialect, nt_str(body), &reply, &error);

    if (v->want[0] == '!') {
        describe(&text, &error);
        is_int(rc, NT_ERROR, name);
        is_str(of(&text), v->want + 1, "... says why");
    } else if (is_int(rc, NT_OK, name)) {
        settle(reply);
        check(reply, v->want, "... is canonical");
    } else {
        diag("%.*s", (int) error.message.len, error.message.data);
    }

    nt_buf_free(&text);
    nt_llm_error_free(&error);
    free(body);
}


static void
test_error(const error_t *e)
{
    char          *body = quoted(e->body);
    nt_buf_t       text = { 0 };
    nt_llm_error_t error = { 0 };

    nt_llm_error_reply(e->dialect, e->status, nt_str(e->after), nt_str(body),
                       &error);
    describe(&text, &error);
    is_str(of(&text), e->want, e->want);
    ok(error.retry_after == e->retry, "... Retry-After %g", e->retry);
    is_str(of(&error.code), e->code, "... its code");
    nt_buf_free(&text);
    nt_llm_error_free(&error);
    free(body);
}


static void
test_embeddings(const nt_llm_dialect_t *dialect, const char *in,
                const char *want)
{
    char          *body = quoted(in);
    json_t        *out = NULL;
    nt_rc_t        rc;
    nt_llm_error_t error = { 0 };

    rc = nt_llm_embeddings(dialect, nt_str(body), 2, &out, &error);

    if (want == NULL) {
        is_int(rc, NT_ERROR, in);
        is_str(of(&error.message),
               error.kind == NT_LLM_PROTOCOL
                   ? "OpenAI sent no embedding of each text."
                   : "boom",
               "... says why");
    } else if (is_int(rc, NT_OK, nt_llm_dialect_name(dialect))) {
        check(out, want, "... embeddings");
    }

    nt_llm_error_free(&error);
    free(body);
}


static void
test_models(const nt_llm_dialect_t *dialect, const char *in, const char *want)
{
    char          *body = quoted(in);
    json_t        *out = NULL;
    nt_llm_error_t error = { 0 };

    is_int(nt_llm_model_list(dialect, nt_str(body), &out, &error), NT_OK,
           nt_llm_dialect_name(dialect));
    check(out, want, "... models");
    nt_llm_error_free(&error);
    free(body);
}


/* Pieces of calls, choices and sound come together again. */
static void
test_collect(void)
{
    char *in = quoted(
        "data: {'id':'MADE','model':'m','choices':[{'index':0,'delta':{"
        "'content':'a','audio':{'id':'s','data':'QU'}}},{'index':1,'delta':{"
        "'content':'b'}}]}\n\n"
        "data: {'choices':[{'index':0,'delta':{'refusal':'n','audio':{'data':"
        "'JD','transcript':'t'},'tool_calls':[{'index':0,'id':'c','function':"
        "{'name':'f','arguments':'{'}}]}}]}\n\n"
        "data: {'choices':[{'index':0,'delta':{'refusal':'o','tool_calls':[{"
        "'index':0,'function':{'arguments':'}'}}]},'finish_reason':'stop'},{"
        "'index':1,'delta':{},'finish_reason':'length'}]}\n\n"
        "data: [DONE]\n\n");
    json_t           *reply;
    nt_llm_collect_t *collect = nt_llm_collect_new();
    nt_llm_stream_t  *s =
        nt_llm_stream_new(&nt_llm_openai, nt_llm_collect_add, collect);

    is_int(nt_llm_stream_feed(s, in, strlen(in)), NT_OK, "a stream");
    reply = nt_llm_collect_reply(collect);
    settle(reply);
    check(reply,
          "{'id':'MADE','object':'chat.completion','created':0,'model':'m',"
          "'choices':[{'index':0,'message':{'role':'assistant','content':'a',"
          "'refusal':'no','audio':{'id':'s','data':'QUJD','transcript':'t'},"
          "'tool_calls':[" CALL(
              "c", "f", "{}",
              "") "]},'finish_reason':'stop'"
                  "},{'index':1,'message':{'role':'assistant','content':'b'},"
                  "'finish_reason':'length'}]}",
          "... collected");
    nt_llm_stream_free(s);
    nt_llm_collect_free(collect);
    free(in);
}


int
main(void)
{
    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        test_reply(&replies[i]);
    }

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        test_error(&errors[i]);
    }

    test_embeddings(&nt_llm_openai,
                    "{'data':[{'index':1,'embedding':[3,4]},{'index':0,"
                    "'embedding':[1,2.5]}],'usage':{'prompt_tokens':5,"
                    "'total_tokens':5}}",
                    "{'object':'list','data':[{'object':'embedding','index':0,"
                    "'embedding':[1,2.5]},{'object':'embedding','index':1,"
                    "'embedding':[3,4]}],'usage':{'prompt_tokens':5,"
                    "'total_tokens':5}}");
    test_embeddings(&nt_llm_gemini,
                    "{'embeddings':[{'values':[1]},{'values':[2]}]}",
                    "{'object':'list','data':[{'object':'embedding','index':0,"
                    "'embedding':[1]},{'object':'embedding','index':1,"
                    "'embedding':[2]}]}");
    test_embeddings(&nt_llm_ollama,
                    "{'embeddings':[[1],[2]],'prompt_eval_count':7}",
                    "{'object':'list','data':[{'object':'embedding','index':0,"
                    "'embedding':[1]},{'object':'embedding','index':1,"
                    "'embedding':[2]}],'usage':{'prompt_tokens':7}}");
    test_embeddings(&nt_llm_openai, "{'data':[{'index':0,'embedding':[1]}]}",
                    NULL);
    test_embeddings(&nt_llm_openai,
                    "{'data':[{'index':0,'embedding':[1]},{'index':0,"
                    "'embedding':[2]}]}",
                    NULL);
    test_embeddings(&nt_llm_openai,
                    "{'data':[{'index':0,'embedding':['x']},{'index':1,"
                    "'embedding':[2]}]}",
                    NULL);
    test_embeddings(&nt_llm_openai, "{'error':{'message':'boom'}}", NULL);

    test_models(&nt_llm_openai,
                "{'data':[{'id':'a','created':5,'owned_by':'o'},{}]}",
                "[{'id':'a','object':'model','created':5,'owned_by':'o'}]");
    test_models(&nt_llm_gemini,
                "{'models':[{'name':'models/a','supportedGenerationMethods':["
                "'generateContent']},{'name':'models/b',"
                "'supportedGenerationMethods':['predict']}]}",
                "[{'id':'a','object':'model','created':0,'owned_by':'google'}"
                "]");
    test_models(&nt_llm_ollama, "{'models':[{'name':'llama3.2:latest'}]}",
                "[{'id':'llama3.2:latest','object':'model','created':0,"
                "'owned_by':'ollama'}]");
    test_models(&nt_llm_anthropic, "{'data':[{'id':'claude'}]}",
                "[{'id':'claude','object':'model','created':0,'owned_by':"
                "'anthropic'}]");
    test_collect();

    return done();
}
