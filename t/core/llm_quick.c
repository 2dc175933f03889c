/*
 * Events that are read without a tree: those that streams are made of are,
 * and all give the same pieces either way.
 */

#include "core/llm/nt_llm_private.h"
#include "t/core/llm_streams.h"

#define O(rest)  "{'id':'c','model':'m'," rest "}"
#define P(delta) O("'choices':[{'index':0,'delta':{" delta "}}]")
#define A(rest)  "{'type':'content_block_delta'," rest "}"
#define G(rest)  "{'responseId':'r','modelVersion':'m'," rest "}"
#define GP(part) G("'candidates':[{'content':{'parts':[{" part "}]}}]")
#define L(rest)  "{'model':'m'," rest "}"

static const struct {
    const nt_llm_dialect_t *dialect;
    bool                    quick;
    const char             *event;
} rows[] = {
    /* what OpenAI, vLLM, DeepSeek, OpenRouter and Mistral send */
    { &nt_llm_openai, true,
      O("'object':'chat.completion.chunk','created':1,'system_fingerprint':"
        "null,'service_tier':'default','choices':[{'index':0,'delta':{'role':"
        "'assistant','content':'','refusal':null},'logprobs':null,"
        "'finish_reason':null}],'usage':null,'obfuscation':'x'") },
    { &nt_llm_openai, true, P("'content':'a\\nb\\u00e9\\ud83d\\ude00'") },
    { &nt_llm_openai, true, " " P("'content': 'Hé' , 'tool_calls': [ ]") " " },
    { &nt_llm_openai, true, P("'content':null,'reasoning_content':'h'") },
    { &nt_llm_openai, true, P("'reasoning':'h','reasoning_content':''") },
    { &nt_llm_openai, true, P("'content':'a','reasoning':'b'") },
    { &nt_llm_openai, true,
      O("'choices':[{'index':3,'delta':{'content':'a'},'x':[1.5,{'y':[]},"
        "'\\n']}]") },
    { &nt_llm_mistral, true, P("'content':'a'") },
    { &nt_llm_openai, true, O("'choices':[{'index':16,'delta':{}}]") },
    { &nt_llm_openai, false, P("'content':'a\\n','reasoning':'b\\n'") },
    { &nt_llm_openai, false, P("'content':'a','content':'b'") },
    { &nt_llm_openai, false, P("'content':['a']") },
    { &nt_llm_openai, false, P("'content':'\\u0000'") },
    { &nt_llm_openai, false, P("'con\\u0074ent':'a'") },
    { &nt_llm_openai, false, P("'content':'a','refusal':'b'") },
    { &nt_llm_openai, false,
      P("'tool_calls':[{'index':0,'id':'t','function':{'name':'f'}}]") },
    { &nt_llm_openai, false,
      O("'choices':[{'delta':{'content':'a'},'finish_reason':'stop'}]") },
    { &nt_llm_openai, false, O("'choices':[],'usage':{'prompt_tokens':1}") },
    { &nt_llm_openai, false, O("'error':{'message':'x'}") },
    { &nt_llm_openai, false, P("'content':'a'") "x" },
    { &nt_llm_openai, false, O("'choices':[{'index':0,'delta':{'content'") },
    { &nt_llm_openai, false, O("'x':1e999,'choices':[]") },
    { &nt_llm_openai, false, P("'content':'\xff'") },
    { &nt_llm_openai, false, "['a']" },
    { &nt_llm_openai, true, "{}" },

    /* Anthropic's */
    { &nt_llm_anthropic, true,
      A("'index':0,'delta':{'type':'text_delta','text':'a'}") },
    { &nt_llm_anthropic, true,
      A("'index':1,'delta':{'type':'text_delta','text':'a'}") },
    { &nt_llm_anthropic, true,
      A("'index':0,'delta':{'type':'thinking_delta','thinking':'a\\n'}") },
    { &nt_llm_anthropic, false,
      A("'index':0,'delta':{'type':'input_json_delta','partial_json':'{'}") },
    { &nt_llm_anthropic, false,
      A("'index':0,'delta':{'type':'signature_delta','signature':'S'}") },
    { &nt_llm_anthropic, false, "{'type':'ping'}" },

    /* Gemini's */
    { &nt_llm_gemini, true,
      G("'candidates':[{'content':{'parts':[{'text':'a'}],'role':'model'},"
        "'index':0}],'usageMetadata':{'promptTokenCount':1,"
        "'promptTokensDetails':[{'modality':'TEXT','tokenCount':1}]}") },
    { &nt_llm_gemini, true, GP("'text':'a','thought':true") },
    { &nt_llm_gemini, true, GP("'text':'a','thought':false") },
    { &nt_llm_gemini, true, GP("'executableCode':{'code':'x'}") },
    { &nt_llm_gemini, true, G("'usageMetadata':{}") },
    { &nt_llm_gemini, false, GP("'text':'a'},{'text':'b'") },
    { &nt_llm_gemini, false, GP("'functionCall':{'name':'f'}") },
    { &nt_llm_gemini, false, GP("'text':'a','thoughtSignature':'S'") },
    { &nt_llm_gemini, false,
      G("'candidates':[{'content':{},'finishReason':'STOP'}]") },
    { &nt_llm_gemini, false, G("'promptFeedback':{'blockReason':'SAFETY'}") },

    /* Ollama's */
    { &nt_llm_ollama, true,
      L("'created_at':'2026-01-01T00:00:00Z','message':{'role':'assistant',"
        "'content':'a'},'done':false") },
    { &nt_llm_ollama, true, L("'message':{'content':'','thinking':'h'}") },
    { &nt_llm_ollama, false, L("'message':{'content':''},'done':true") },
    { &nt_llm_ollama, false,
      L("'message':{'tool_calls':[{'function':{'name':'f'}}]},'done':false") },
    { &nt_llm_ollama, false, "{'error':'x'}" }
};


/* With a text block open, as Anthropic's pieces need it. */
static void
parse(const nt_llm_dialect_t *dialect, const char *in, bool trees,
      nt_buf_t *out)
{
    nt_rc_t          rc;
    nt_llm_stream_t *s = nt_llm_stream_new(dialect, note_delta, out);

    if (s == NULL) {
        abort();
    }

    s->trees = trees;
    s->block_is = NT_LLM_CONTENT;
    rc = feed(s, in, strlen(in));
    rc = rc == NT_OK ? nt_llm_stream_end(s) : rc;
    nt_buf_printf(out, "%d %lld,%lld", rc, (long long) s->usage.prompt,
                  (long long) s->has_usage);
    nt_buf_append(out, s->error.message.data, s->error.message.len);
    nt_llm_stream_free(s);
}


static void
test_same(const nt_llm_dialect_t *dialect, const char *in, const char *name)
{
    nt_buf_t quick = { 0 }, tree = { 0 };

    parse(dialect, in, false, &quick);
    parse(dialect, in, true, &tree);
    ok(quick.len == tree.len && memcmp(quick.data, tree.data, tree.len) == 0,
       "%s", name);
    nt_buf_free(&quick);
    nt_buf_free(&tree);
}


static void
test_row(const nt_llm_dialect_t *dialect, bool quick, const char *event)
{
    char            *text = quoted(event);
    bool             took;
    nt_rc_t          rc;
    nt_buf_t         in = { 0 }, out = { 0 };
    nt_llm_quick_t   q;
    nt_llm_stream_t *s = nt_llm_stream_new(dialect, note_delta, &out);

    if (s == NULL) {
        abort();
    }

    s->block_is = NT_LLM_CONTENT;
    took = nt_llm_quick_read(&s->pull, nt_str(text), dialect->shape, &q) &&
           dialect->quick(s, &q, &rc);
    ok(took == quick, "%s: %s", quick ? "quick" : "a tree", event);
    nt_llm_stream_free(s);

    if (!dialect->lines) {
        nt_buf_append(&in, "data: ", 6);
    }

    nt_buf_append_str(&in, nt_str(text));
    nt_buf_append(&in, "\n\n", 3); /* and the end of the string */
    test_same(dialect, in.data, "and the same either way");
    nt_buf_free(&in);
    nt_buf_free(&out);
    free(text);
}


int
main(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        test_row(rows[i].dialect, rows[i].quick, rows[i].event);
    }

    for (size_t i = 0; i < N_VECTORS; i++) {
        char *in = quoted(vectors[i].in);

        test_same(vectors[i].dialect, in, vectors[i].name);
        free(in);
    }

    return done();
}
