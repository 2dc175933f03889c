/*
 * OpenAI's chat completions and embeddings as clients read them: the events
 * that their SDKs rely on, whole replies, errors.
 */

#include "t/core/llm_api.h"

#define HEAD                                                                   \
    "data: {'id':'chatcmpl-" TEST_ID "','object':'chat.completion.chunk',"     \
    "'created':1700000000,'model':'m','choices':["
#define CHOICE(i, delta)                                                       \
    HEAD "{'index':" i ",'delta':{" delta "},'finish_reason':null}],"          \
         "'usage':null}\n\n"
#define LAST(i, delta, why)                                                    \
    HEAD "{'index':" i ",'delta':{" delta "},'finish_reason':'" why            \
         "'}],'usage':null}\n\n"
#define USAGE(usage) HEAD "],'usage':{" usage "}}\n\n"
#define ROLE         "'role':'assistant',"

static const struct {
    const char             *name;
    const nt_llm_dialect_t *dialect;
    const char             *in;
    const char             *want;
} rows[] = {
    { "Anthropic: text and usage", &nt_llm_anthropic,
      MSTART BSTART("0", "'type':'text','text':''")
          BDELTA("0", "'type':'text_delta','text':'Hé\\n'")
              BDELTA("0", "'type':'text_delta','text':'lo'") BSTOP("0")
                  MEND("end_turn"),
      CHOICE("0", ROLE "'content':'Hé\\n'") CHOICE("0", "'content':'lo'")
          LAST("0", "", "stop")
              USAGE("'prompt_tokens':32,'completion_tokens':15,"
                    "'total_tokens':47,'prompt_tokens_details':{"
                    "'cached_tokens':4}") DONE },
    { "Anthropic: thinking and a call", &nt_llm_anthropic,
      MSTART BSTART("0", "'type':'thinking','thinking':'','signature':''")
          BDELTA("0", "'type':'thinking_delta','thinking':'hm'")
              BDELTA("0", "'type':'signature_delta','signature':'S'") BSTOP("0")
                  BSTART("1", "'type':'tool_use','id':'t1','name':'f',"
                              "'input':{}")
                      BDELTA("1", "'type':'input_json_delta','partial_json':"
                                  "'{}'") BSTOP("1") MEND("tool_use"),
      CHOICE("0", ROLE "'reasoning_content':'hm'")
          CHOICE("0",
                 "'thinking_blocks':[{'index':0,'type':'thinking','thinking':"
                 "'hm','signature':'S'}]")
              CHOICE("0",
                     "'tool_calls':[{'index':0,'id':'t1','type':'function',"
                     "'function':{'name':'f','arguments':''}}]")
                  CHOICE("0", "'tool_calls':[{'index':0,'function':{"
                              "'arguments':'{}'}}]") LAST("0", "", "tool_calls")
                      USAGE("'prompt_tokens':32,'completion_tokens':15,"
                            "'total_tokens':47,'prompt_tokens_details':{"
                            "'cached_tokens':4}") DONE },
    { "Gemini: parallel calls with a signature", &nt_llm_gemini,
      GPARTS("{'functionCall':{'id':'a','name':'f','args':{'x':1}},"
             "'thoughtSignature':'S'},{'functionCall':{'id':'b','name':'g'}}")
          GEND("STOP"),
      CHOICE("0", ROLE "'tool_calls':[{'index':0,'id':'a','type':'function',"
                       "'function':{'name':'f','arguments':''}}]")
          CHOICE("0", "'tool_calls':[{'index':0,'function':{'arguments':"
                      "'{\\'x\\':1}'}}]")
              CHOICE("0", "'tool_calls':[{'index':0,'extra_content':{'google':{"
                          "'thought_signature':'S'}},'function':{"
                          "'arguments':''}}]")
                  CHOICE("0", "'tool_calls':[{'index':1,'id':'b','type':"
                              "'function','function':{'name':'g',"
                              "'arguments':''}}]")
                      CHOICE("0", "'tool_calls':[{'index':1,'function':{"
                                  "'arguments':'{}'}}]")
                          LAST("0", "", "tool_calls")
                              USAGE("'prompt_tokens':5,'completion_tokens':10,"
                                    "'total_tokens':15,"
                                    "'completion_tokens_details':{"
                                    "'reasoning_tokens':3}") DONE },
    { "two choices, images, annotations twice", &nt_llm_openai,
      CHUNK("'choices':[{'index':1,'delta':{'refusal':'no'}}]")
          DELTA("'images':[{'image_url':{'url':'data:x'}}],'annotations':[{"
                "'type':'url_citation'},{'type':'other'}]")
              DELTA("'annotations':[{'type':'url_citation'}],'images':[{"
                    "'image_url':{'url':'data:y'}}],'audio':{'id':'u'},"
                    "'extra_content':{'k':1}") FINISH("stop") DONE,
      CHOICE("1", ROLE "'refusal':'no'")
          CHOICE("0", ROLE "'images':[{'index':0,'type':'image_url',"
                           "'image_url':{'url':'data:x'}}]")
              CHOICE("0", "'annotations':[{'index':0,'type':'url_citation'},{"
                          "'index':1,'type':'other'}]")
                  CHOICE("0", "'audio':{'id':'u'}")
                      CHOICE("0", "'images':[{'index':1,'type':'image_url',"
                                  "'image_url':{'url':'data:y'}}]")
                          CHOICE("0", "'annotations':[{'index':2,'type':"
                                      "'url_citation'}]")
                              CHOICE("0", "'extra_content':{'k':1}")
                                  LAST("0", "", "stop") DONE },
    { "nothing but an end", &nt_llm_ollama,
      LINE("'message':{'content':''},'done':true,'done_reason':'length'"),
      LAST("0", ROLE "'content':''", "length") DONE },
    { "an error is the last event", &nt_llm_anthropic,
      MSTART BSTART("0", "'type':'text','text':'a'")
          EVENT("error",
                ",'error':{'type':'overloaded_error','message':'Busy.'}"),
      CHOICE("0", ROLE "'content':'a'") "data: {'error': {'message': 'Busy.', "
                                        "'type': 'service_unavailable', "
                                        "'code': 503}}\n\n" },
};


static void
test_rows(void)
{
    nt_buf_t out = { 0 };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *in = quoted(rows[i].in), *want = quoted(rows[i].want);

        nt_buf_reset(&out);
        translate(&nt_llm_api_chat, &test_options, rows[i].dialect, in,
                  strlen(in) + 1, false, &out);
        is_str((nt_str_t) { out.data, out.len }, want, rows[i].name);
        free(in);
        free(want);
    }

    nt_buf_free(&out);
}


/* Ends with [DONE] or with an error, each event is a line and a blank one. */
static bool
check_events(const vector_t *v, nt_str_t out)
{
    bool     failed = strchr(v->want, '!') != NULL;
    nt_str_t end = NT_STR("data: [DONE]\n\n");

    if (failed) {
        end = NT_STR("}}\n\n");
    }

    return out.len >= end.len && memcmp(out.data, "data: ", 6) == 0 &&
           memcmp(out.data + out.len - end.len, end.data, end.len) == 0 &&
           (memmem(out.data, out.len, "[DONE]", 6) == NULL) == failed;
}


static void
test_usage(void)
{
    char                  *in = quoted(DELTA("'content':'a'") FINISH("stop")
                                           CHUNK("'choices':[],'usage':{"
                                                                  "'prompt_tokens':9}") DONE);
    nt_buf_t               out = { 0 };
    nt_llm_reply_options_t options = test_options;

    options.include_usage = false;
    translate(&nt_llm_api_chat, &options, &nt_llm_openai, in, 4096, false,
              &out);
    ok(memmem(out.data, out.len, "usage", 5) == NULL,
       "usage that was not asked for is not told");
    nt_buf_free(&out);
    free(in);
}


static void
test_writer(void)
{
    nt_buf_t         out = { 0 };
    nt_llm_error_t   error = test_error(NT_LLM_SERVER, 500, "No.");
    nt_llm_delta_t   start = { .kind = NT_LLM_START, .text = NT_STR("x") };
    nt_llm_delta_t   text = { .kind = NT_LLM_CONTENT, .text = NT_STR("a") };
    nt_llm_writer_t *w =
        nt_llm_writer_new(&nt_llm_api_chat, &test_options, &out);

    nt_llm_writer_add(w, &start);
    ok(!nt_llm_writer_begun(w) && out.len == 0, "a start writes nothing");
    nt_llm_writer_add(w, &text);
    ok(nt_llm_writer_begun(w), "a text does");
    nt_buf_reset(&out);
    is_int(nt_llm_writer_error(w, &error), NT_OK, "an error ends it");
    nt_llm_writer_add(w, &text);
    nt_llm_writer_end(w);
    is_str((nt_str_t) { out.data, out.len },
           "data: {\"error\": {\"message\": \"No.\", \"type\": "
           "\"internal_error\", \"code\": 500}}\n\n",
           "and nothing comes behind it");
    ok(nt_llm_writer_new(&nt_llm_api_embeddings, &test_options, &out) == NULL,
       "embeddings have no stream");
    nt_llm_writer_free(w);
    nt_llm_writer_free(NULL);
    nt_llm_error_free(&error);
    nt_buf_free(&out);
}


static void
test_whole(void)
{
    nt_llm_reply_options_t options = test_options;

    test_reply(&nt_llm_api_chat, &test_options,
               "{'id':'msg','object':'chat.completion','created':5,'model':"
               "'claude','choices':[{'index':0,'message':{'role':'assistant',"
               "'content':'a'},'finish_reason':'stop'}],'usage':{"
               "'prompt_tokens':1}}",
               "{'id':'chatcmpl-" TEST_ID "','object':'chat.completion',"
               "'created':1700000000,'model':'m','choices':[{'index':0,"
               "'message':{'role':'assistant','content':'a','refusal':null},"
               "'finish_reason':'stop','logprobs':null}],'usage':{"
               "'prompt_tokens':1}}",
               "a whole reply has the client's model and our id");

    test_reply(&nt_llm_api_embeddings, &test_options,
               "{'object':'list','data':[{'object':'embedding','index':0,"
               "'embedding':[0.5,-1]}],'usage':{'prompt_tokens':3}}",
               "{'object':'list','data':[{'object':'embedding','index':0,"
               "'embedding':[0.5,-1]}],'model':'m','usage':{'prompt_tokens':3,"
               "'total_tokens':3}}",
               "embeddings");

    options.request = json_of("{'encoding_format':'base64'}");
    test_reply(&nt_llm_api_embeddings, &options,
               "{'data':[{'embedding':[0.5,-1]},{'embedding':[1,2,3]},{"
               "'embedding':[1.5]}]}",
               "{'object':'list','data':[{'object':'embedding','index':0,"
               "'embedding':'AAAAPwAAgL8='},{'object':'embedding','index':1,"
               "'embedding':'AACAPwAAAEAAAEBA'},{'object':'embedding',"
               "'index':2,'embedding':'AADAPw=='}],'model':'m','usage':{"
               "'prompt_tokens':0,'total_tokens':0}}",
               "as base64 of floats, as the SDKs ask for them");
    json_decref((json_t *) (uintptr_t) options.request);
}


static void
test_requests(void)
{
    test_request(&nt_llm_api_chat, "{'model':'m','x':1}", "{'model':'m','x':1}",
                 "a chat request is canonical");
    test_request(&nt_llm_api_chat, "[]", "!: The body must be a JSON object.",
                 "it is an object");
    test_request(&nt_llm_api_chat, "{'model':1}",
                 "!model: 'model' must be a text.", "with a model");
    test_request(&nt_llm_api_embeddings,
                 "{'model':'m','input':'a','encoding_format':'base64',"
                 "'dimensions':8,'user':null}",
                 "{'model':'m','dimensions':8,'input':['a']}",
                 "one text is a list of it");
    test_request(&nt_llm_api_embeddings, "{'model':'m','input':['a','b']}",
                 "{'model':'m','input':['a','b']}", "texts");
    test_request(&nt_llm_api_embeddings, "{'model':'m','input':[[1,2]]}",
                 "!input: 'input' must be texts: tokens are known to OpenAI's "
                 "models only.",
                 "tokens are no texts");
    test_request(&nt_llm_api_embeddings, "{'model':'m','input':[]}",
                 "!input: 'input' must be a text or a list of texts.",
                 "a list without texts");
    test_request(&nt_llm_api_embeddings,
                 "{'model':'m','input':'a','encoding_format':'hex'}",
                 "!encoding_format: 'encoding_format' must be float or "
                 "base64.",
                 "another format");
    test_request(&nt_llm_api_embeddings, "{'model':'m','input':'a','task':1}",
                 "!task: The parameter 'task' is not known to this model's "
                 "provider: leave it out.",
                 "another parameter");
}


int
main(void)
{
    test_rows();
    test_usage();
    test_writer();
    test_whole();
    test_requests();
    test_splits(&nt_llm_api_chat, &test_options, check_events);

    return done();
}
