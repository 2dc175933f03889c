/*
 * Anthropic's Messages as clients have them: requests of their documentation,
 * replies, streams, errors.
 */

#include "t/core/llm_api.h"

#define M  "'model':'m','max_tokens':9"
#define HI "'messages':[{'role':'user','content':'hi'}]"
#define C  "'model':'m','max_tokens':9"
#define USER(content)                                                          \
    "{" M ",'messages':[{'role':'user','content':[" content "]}]}"
#define CUSER(content)                                                         \
    "{" M ",'messages':[{'role':'user','content':[" content "]}]}"
#define ONLY "known to Anthropic's models only"

static const struct {
    const char *name;
    const char *in;
    const char *want; /* or "!param: message" */
} requests[] = {
    { "a text", "{" M "," HI "}", "{" M "," HI "}" },
    { "settings",
      "{" M "," HI ",'temperature':0.5,'top_p':0.9,'top_k':5,"
      "'stop_sequences':['x'],'metadata':{'user_id':'u'},'service_tier':"
      "'auto','stream':true,'tools':[]}",
      "{" M ",'temperature':0.5,'top_p':0.9,'top_k':5,'stop':['x'],"
      "'stream':true," HI ",'user':'u','stream_options':{'include_usage':"
      "true}}" },
    { "system blocks with cache_control",
      "{" M ",'system':[{'type':'text','text':'a','cache_control':{'type':"
      "'ephemeral'}},{'type':'text','text':'b'}]," HI "}",
      "{" M ",'messages':[{'role':'system','content':'a\\n\\nb'},{'role':"
      "'user','content':'hi'}]}" },
    { "pictures",
      USER("{'type':'image','source':{'type':'base64','media_type':"
           "'image/png','data':'AA=='}},{'type':'image','source':{'type':"
           "'url','url':'http://u'}},{'type':'text','text':'see'}"),
      CUSER("{'type':'image_url','image_url':{'url':"
            "'data:image/png;base64,AA=='}},{'type':'image_url','image_url':{"
            "'url':'http://u'}},{'type':'text','text':'see'}") },
    { "documents",
      USER("{'type':'document','title':'T.pdf','source':{'type':'base64',"
           "'media_type':'application/pdf','data':'AA=='}},{'type':"
           "'document','title':'Plain','context':'why','source':{'type':"
           "'text','media_type':'text/plain','data':'words'}},{'type':"
           "'document','source':{'type':'content','content':[{'type':'text',"
           "'text':'in'}]}}"),
      CUSER("{'type':'file','file':{'filename':'T.pdf','file_data':"
            "'data:application/pdf;base64,AA=='}},{'type':'text','text':"
            "'Plain'},{'type':'text','text':'why'},{'type':'text','text':"
            "'words'},{'type':'text','text':'in'}") },
    { "a file of Anthropic's",
      USER("{'type':'image','source':{'type':'file','file_id':'f'}}"),
      "!messages.0.content.0: messages.0.content.0: its source must be base64 "
      "or url; 'file' is " ONLY "." },
    { "citations",
      USER("{'type':'document','citations':{'enabled':true},'source':{'type':"
           "'text','data':'x'}}"),
      "!messages.0.content.0: messages.0.content.0: citations are " ONLY "." },
    { "search results", USER("{'type':'search_result'}"),
      "!messages.0.content.0: messages.0.content.0: blocks of type "
      "'search_result' are " ONLY "." },
    { "calls and results",
      "{" M ",'messages':[{'role':'user','content':'q'},{'role':'assistant',"
      "'content':[{'type':'thinking','thinking':'hm','signature':'S'},{"
      "'type':'redacted_thinking','data':'R'},{'type':'text','text':'a'},{"
      "'type':'server_tool_use','id':'s','name':'web_search','input':{}},{"
      "'type':'web_search_tool_result','tool_use_id':'s','content':[]},{"
      "'type':'tool_use','id':'t1','name':'f','input':{'x':1}},{'type':"
      "'tool_use','id':'t2','name':'g','input':{}}]},{'role':'user',"
      "'content':[{'type':'tool_result','tool_use_id':'t1','content':[{"
      "'type':'text','text':'one'},{'type':'text','text':'two'},{'type':"
      "'image','source':{'type':'url','url':'http://u'}}]},{'type':"
      "'tool_result','tool_use_id':'t2','is_error':true,'content':'no'},{"
      "'type':'text','text':'go'}]}]}",
      "{" M ",'messages':[{'role':'user','content':'q'},{'role':'assistant',"
      "'content':'a','reasoning_content':'hm','thinking_blocks':[{'type':"
      "'thinking','thinking':'hm','signature':'S'},{'type':"
      "'redacted_thinking','data':'R'}],'tool_calls':[{'id':'t1','type':"
      "'function','function':{'name':'f','arguments':'{\\'x\\':1}'}},{'id':"
      "'t2','type':'function','function':{'name':'g','arguments':'{}'}}]},{"
      "'role':'tool','tool_call_id':'t1','content':'one\\ntwo'},{'role':"
      "'tool','tool_call_id':'t2','content':'no','is_error':true},{'role':"
      "'user','content':[{'type':'image_url','image_url':{'url':'http://u'}},"
      "{'type':'text','text':'go'}]}]}" },
    { "a call alone has no content",
      "{" M ",'messages':[{'role':'assistant','content':[{'type':'tool_use',"
      "'id':'t','name':'f','input':{}},{'type':'thinking','thinking':'h',"
      "'signature':''}]},{'role':'user','content':[{'type':'tool_result',"
      "'tool_use_id':'t'}]}]}",
      "{" M ",'messages':[{'role':'assistant','content':null,"
      "'reasoning_content':'h','tool_calls':[{'id':'t','type':'function',"
      "'function':{'name':'f','arguments':'{}'}}]},{'role':'tool',"
      "'tool_call_id':'t','content':''}]}" },
    { "tools",
      "{" M "," HI ",'tools':[{'name':'f','description':'d','input_schema':{"
      "'type':'object'},'cache_control':{'type':'ephemeral'}},{'type':"
      "'custom','name':'g','strict':true,'input_schema':{}}],'tool_choice':{"
      "'type':'tool','name':'f','disable_parallel_tool_use':true}}",
      "{" M "," HI ",'tools':[{'type':'function','function':{'name':'f',"
      "'description':'d','parameters':{'type':'object'}}},{'type':'function',"
      "'function':{'name':'g','strict':true,'parameters':{}}}],"
      "'parallel_tool_calls':false,'tool_choice':{'type':'function',"
      "'function':{'name':'f'}}}" },
    { "tool_choice any", "{" M "," HI ",'tool_choice':{'type':'any'}}",
      "{" M "," HI ",'tool_choice':'required'}" },
    { "tool_choice none", "{" M "," HI ",'tool_choice':{'type':'none'}}",
      "{" M "," HI ",'tool_choice':'none'}" },
    { "another tool_choice", "{" M "," HI ",'tool_choice':{'type':'tool'}}",
      "!tool_choice: tool_choice: its type must be auto, any, none, or tool "
      "with a name." },
    { "search of the web",
      "{" M "," HI ",'tools':[{'type':'web_search_20250305','name':"
      "'web_search','user_location':{'type':'approximate','city':'Graz'}}]}",
      "{" M "," HI ",'web_search_options':{'user_location':{'type':"
      "'approximate','approximate':{'city':'Graz'}}}}" },
    { "search of some of the web",
      "{" M "," HI ",'tools':[{'type':'web_search_20250305','name':"
      "'web_search','allowed_domains':['a.b']}]}",
      "!tools: tools: the 'allowed_domains' of web_search is " ONLY "." },
    { "a tool of Anthropic's",
      "{" M "," HI ",'tools':[{'type':'code_execution_20250825','name':"
      "'code_execution'}]}",
      "!tools: tools.0: tools of type 'code_execution_20250825' are " ONLY
      "." },
    { "a tool without a schema", "{" M "," HI ",'tools':[{'name':'f'}]}",
      "!tools: tools.0.input_schema: it must be an object." },
    { "a little thinking",
      "{" M "," HI ",'thinking':{'type':'enabled','budget_tokens':1024}}",
      "{" M "," HI ",'reasoning_effort':'low'}" },
    { "much thinking",
      "{" M "," HI ",'thinking':{'type':'enabled','budget_tokens':10000}}",
      "{" M "," HI ",'reasoning_effort':'high'}" },
    { "adaptive thinking with an effort",
      "{" M "," HI ",'thinking':{'type':'adaptive'},'output_config':{"
      "'effort':'max'}}",
      "{" M "," HI ",'reasoning_effort':'xhigh'}" },
    { "no thinking",
      "{" M "," HI ",'thinking':{'type':'disabled'},'output_config':{"
      "'effort':'low'}}",
      "{" M "," HI "}" },
    { "thinking of another kind", "{" M "," HI ",'thinking':{'type':'x'}}",
      "!thinking: thinking: its type must be adaptive, disabled, or enabled "
      "with 'budget_tokens'." },
    { "a schema",
      "{" M "," HI ",'output_config':{'format':{'type':'json_schema',"
      "'schema':{'type':'object'}}}}",
      "{" M "," HI ",'response_format':{'type':'json_schema','json_schema':{"
      "'name':'output','strict':true,'schema':{'type':'object'}}}}" },
    { "the schema's older place",
      "{" M "," HI ",'output_format':{'type':'json_schema','schema':{}}}",
      "{" M "," HI ",'response_format':{'type':'json_schema','json_schema':{"
      "'name':'output','strict':true,'schema':{}}}}" },
    { "servers of tools", "{" M "," HI ",'mcp_servers':[{'type':'url'}]}",
      "!mcp_servers: mcp_servers: it is " ONLY "; leave it out." },
    { "none of them", "{" M "," HI ",'mcp_servers':[],'container':null}",
      "{" M "," HI "}" },
    { "a prefill",
      "{" M ",'messages':[{'role':'user','content':'q'},{'role':'assistant',"
      "'content':'{'}]}",
      "!messages.1: messages.1: the last message must be the user's: only "
      "some of Anthropic's models go on with the assistant's." },
    { "no messages", "{" M ",'messages':[]}",
      "!messages: messages: at least one message is required." },
    { "a role", "{" M ",'messages':[{'role':'tool','content':'x'}]}",
      "!messages.0: messages.0: its 'role' must be user or assistant." },
    { "no content", "{" M ",'messages':[{'role':'user'}]}",
      "!messages.0: messages.0: its 'content' must be a text or a list of "
      "blocks." },
    { "a picture in system", "{" M ",'system':[{'type':'image'}]," HI "}",
      "!system: system.0: only text may stand here." }
};

#define E(type, rest) EVENT(type, rest)
#define BEGIN                                                                  \
    E("message_start",                                                         \
      ",'message':{'id':'msg_" TEST_ID "','type':'message','role':"            \
      "'assistant','model':'m','content':[],'stop_reason':null,"               \
      "'stop_sequence':null,'usage':{'input_tokens':0,'output_tokens':0}}")
#define TEXT(i)  BSTART(i, "'type':'text','text':''")
#define THINK(i) BSTART(i, "'type':'thinking','thinking':'','signature':''")
#define CALL(i, id, name)                                                      \
    BSTART(i, "'type':'tool_use','id':'" id "','name':'" name "','input':{}")
#define SAYS(i, text) BDELTA(i, "'type':'text_delta','text':'" text "'")
#define THINKS(i, text)                                                        \
    BDELTA(i, "'type':'thinking_delta','thinking':'" text "'")
#define SIGN(i, text)                                                          \
    BDELTA(i, "'type':'signature_delta','signature':'" text "'")
#define ARGS(i, text)                                                          \
    BDELTA(i, "'type':'input_json_delta','partial_json':'" text "'")
#define END(why, usage)                                                        \
    E("message_delta", ",'delta':{'stop_reason':'" why                         \
                       "','stop_sequence':null},'usage':{" usage "}")          \
    E("message_stop", "")
#define NOUSAGE "'input_tokens':0,'output_tokens':0"

#define OCALL(i, id, name, args)                                               \
    DELTA("'tool_calls':[{'index':" i ",'id':'" id                             \
          "','function':{'name':'" name "','arguments':'" args "'}}]")
#define OARGS(i, args)                                                         \
    DELTA("'tool_calls':[{'index':" i ",'function':{'arguments':'" args "'}}"  \
          "]")

static const struct {
    const char             *name;
    const nt_llm_dialect_t *dialect;
    const char             *in;
    const char             *want;
} streams[] = {
    { "text and usage", &nt_llm_openai,
      DELTA("'role':'assistant','content':''") DELTA("'content':'Hé'")
          DELTA("'content':'llo'") FINISH("length")
              CHUNK("'choices':[],'usage':{'prompt_tokens':9,"
                    "'completion_tokens':12,'prompt_tokens_details':{"
                    "'cached_tokens':4}}") DONE,
      BEGIN TEXT("0") SAYS("0", "Hé") SAYS("0", "llo") BSTOP("0")
          END("max_tokens", "'input_tokens':5,'cache_creation_input_tokens':0,"
                            "'cache_read_input_tokens':4,'output_tokens':12") },
    { "reasoning, text and a call", &nt_llm_openai,
      DELTA("'reasoning_content':'hm'") DELTA("'content':'a'")
          OCALL("0", "t", "f", "") OARGS("0", "{}") FINISH("stop") DONE,
      BEGIN THINK("0") THINKS("0", "hm") BSTOP("0") TEXT("1") SAYS("1", "a")
          BSTOP("1") CALL("2", "t", "f") ARGS("2", "{}") BSTOP("2")
              END("tool_use", NOUSAGE) },
    { "calls one after the other", &nt_llm_openai,
      OCALL("0", "t", "f", "{\\'x\\'") OARGS("0", ":\\'}\\'}")
          OCALL("1", "u", "g", "{}") FINISH("tool_calls") DONE,
      BEGIN CALL("0", "t", "f") ARGS("0", "{\\'x\\'") ARGS("0", ":\\'}\\'}")
          BSTOP("0") CALL("1", "u", "g") ARGS("1", "{}") BSTOP("1")
              END("tool_use", NOUSAGE) },
    { "calls in each other", &nt_llm_openai,
      OCALL("0", "t", "f", "") OCALL("1", "u", "g", "{")
          OCALL("2", "v", "h", "") OARGS("0", "{\\'x\\'") OARGS("1", "}")
              OARGS("0", ":1}") OARGS("2", "{}") OARGS("1", " ")
                  FINISH("tool_calls") DONE,
      BEGIN CALL("0", "t", "f") ARGS("0", "{\\'x\\'") ARGS("0", ":1}")
          BSTOP("0") CALL("1", "u", "g") ARGS("1", "{}") BSTOP("1")
              CALL("2", "v", "h") ARGS("2", "{}") BSTOP("2")
                  END("tool_use", NOUSAGE) },
    { "text within a call, calls without arguments", &nt_llm_openai,
      OCALL("0", "t", "f", "{") OCALL("1", "u", "g", "")
          DELTA("'content':'a','reasoning':'h'") OARGS("0", "\\\\")
              FINISH("tool_calls") DONE,
      BEGIN CALL("0", "t", "f") ARGS("0", "{") ARGS("0", "\\\\") BSTOP("0")
          CALL("1", "u", "g") BSTOP("1") THINK("2") THINKS("2", "h") BSTOP("2")
              TEXT("3") SAYS("3", "a") BSTOP("3") END("tool_use", NOUSAGE) },
    { "a refusal", &nt_llm_openai, DELTA("'refusal':'no'") FINISH("stop") DONE,
      BEGIN TEXT("0") SAYS("0", "no") BSTOP("0") END("refusal", NOUSAGE) },
    { "nothing", &nt_llm_openai, FINISH("content_filter") DONE,
      BEGIN END("refusal", NOUSAGE) },
    { "thinking with signatures", &nt_llm_anthropic,
      MSTART THINK("0") THINKS("0", "hm") SIGN("0", "S") BSTOP("0")
          BSTART("1", "'type':'redacted_thinking','data':'R'") BSTOP("1")
              THINK("2") SIGN("2", "T") BSTOP("2") TEXT("3") SAYS("3", "a")
                  BSTOP("3") MEND("end_turn"),
      BEGIN THINK("0") THINKS("0", "hm") SIGN("0", "S") BSTOP("0")
          BSTART("1", "'type':'redacted_thinking','data':'R'") BSTOP("1")
              THINK("2") SIGN("2", "T") BSTOP("2") TEXT("3") SAYS("3", "a")
                  BSTOP("3") END("end_turn", "'input_tokens':28,"
                                             "'cache_creation_input_tokens':0,"
                                             "'cache_read_input_tokens':4,"
                                             "'output_tokens':15") },
    { "what search found", &nt_llm_gemini,
      GEM("'candidates':[{'content':{'parts':[{'text':'x'}]},"
          "'groundingMetadata':{'groundingChunks':[{'web':{'uri':'http://u',"
          "'title':'T'}}]},'finishReason':'STOP'}]"),
      BEGIN TEXT("0") SAYS("0", "x")
          BDELTA("0", "'type':'citations_delta','citation':{'type':"
                      "'web_search_result_location','cited_text':'',"
                      "'encrypted_index':'','title':'T','url':'http://u'}")
              BSTOP("0") END("end_turn", NOUSAGE) },
    { "an error", &nt_llm_ollama, SAY("a") "{'error':'stopped'}\n",
      BEGIN TEXT("0") SAYS("0", "a") "event: error\ndata: {'type':'error',"
                                     "'error':{'type':'api_error','message':"
                                     "'stopped'}}\n\n" },
    { "an error at once", &nt_llm_anthropic,
      E("error", ",'error':{'type':'overloaded_error','message':'Busy'}"),
      "event: error\ndata: {'type':'error','error':{'type':"
      "'overloaded_error','message':'Busy'}}\n\n" }
};


static void
test_streams(void)
{
    nt_buf_t out = { 0 };

    for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
        char *in = quoted(streams[i].in), *want = quoted(streams[i].want);

        nt_buf_reset(&out);
        translate(&nt_llm_api_messages, &test_options, streams[i].dialect, in,
                  strlen(in) + 1, false, &out);
        is_str((nt_str_t) { out.data, out.len }, want, streams[i].name);
        free(in);
        free(want);
    }

    nt_buf_free(&out);
}


/* Blocks open and close in turn, and the message stops or fails. */
static bool
check_events(const vector_t *v, nt_str_t out)
{
    bool        good = true, failed = strchr(v->want, '!') != NULL;
    int64_t     open = -1, next = 0;
    char       *text = strndup(out.data, out.len), *rest, *event;
    const char *type = "";
    json_t     *data;
    bool        stopped = false;

    for (rest = text; good && (event = strstr(rest, "data: ")) != NULL;) {
        rest = strstr(event, "\n\n");
        data = json_loadb(event + 6, (size_t) (rest - event) - 6, 0, NULL);
        type = json_string_value(json_object_get(data, "type"));
        good = type != NULL && !stopped;

        if (good && strcmp(type, "content_block_start") == 0) {
            good = open < 0 &&
                   json_integer_value(json_object_get(data, "index")) == next;
            open = next++;
        } else if (good && strncmp(type, "content_block", 13) == 0) {
            good = json_integer_value(json_object_get(data, "index")) == open;
            open = strcmp(type, "content_block_stop") == 0 ? -1 : open;
        } else if (good) {
            stopped = strcmp(type, "message_stop") == 0;
            good = !stopped || open < 0;
        }

        json_decref(data);
    }

    free(text);

    return good && stopped != failed;
}


static void
test_whole(void)
{
    test_reply(&nt_llm_api_messages, &test_options,
               "{'id':'c','model':'gpt','choices':[{'index':0,'message':{"
               "'role':'assistant','content':'a','reasoning_content':'hm',"
               "'refusal':'no','annotations':[{'type':'url_citation',"
               "'url_citation':{'url':'http://u','title':'T'}}],'tool_calls':"
               "[{'id':'t','type':'function','function':{'name':'f',"
               "'arguments':'{\\'x\\':1}'}},{'id':'u','function':{'name':'g',"
               "'arguments':''}},{'id':'v','function':{'name':'h',"
               "'arguments':'{'}}]},'finish_reason':'length'}],'usage':{"
               "'prompt_tokens':9,'completion_tokens':12}}",
               "{'id':'msg_" TEST_ID "','type':'message','role':'assistant',"
               "'model':'m','content':[{'type':'thinking','thinking':'hm',"
               "'signature':''},{'type':'text','text':'a','citations':[{"
               "'type':'web_search_result_location','cited_text':'',"
               "'encrypted_index':'','title':'T','url':'http://u'}]},{'type':"
               "'text','text':'no'},{'type':'tool_use','id':'t','name':'f',"
               "'input':{'x':1}},{'type':'tool_use','id':'u','name':'g',"
               "'input':{}},{'type':'tool_use','id':'v','name':'h','input':{"
               "'INVALID_JSON':'{'}}],'stop_reason':'max_tokens',"
               "'stop_sequence':null,'usage':{'input_tokens':9,"
               "'output_tokens':12}}",
               "a whole reply");
    test_reply(&nt_llm_api_messages, &test_options,
               "{'choices':[{'message':{'content':null,'thinking_blocks':[{"
               "'type':'thinking','thinking':'h','signature':'S'}],"
               "'reasoning_content':'h'},'finish_reason':'content_filter'}]}",
               "{'id':'msg_" TEST_ID "','type':'message','role':'assistant',"
               "'model':'m','content':[{'type':'thinking','thinking':'h',"
               "'signature':'S'}],'stop_reason':'refusal','stop_sequence':"
               "null,'usage':{'input_tokens':0,'output_tokens':0}}",
               "thinking with its signature");
}


static void
test_errors(void)
{
    static const struct {
        int         status;
        const char *type;
    } errors[] = { { 400, "invalid_request_error" },
                   { 401, "authentication_error" },
                   { 402, "billing_error" },
                   { 403, "permission_error" },
                   { 404, "not_found_error" },
                   { 413, "request_too_large" },
                   { 422, "invalid_request_error" },
                   { 429, "rate_limit_error" },
                   { 500, "api_error" },
                   { 502, "api_error" },
                   { 503, "overloaded_error" },
                   { 504, "timeout_error" } };

    char     want[128];
    nt_buf_t out = { 0 };

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        nt_llm_error_t error = test_error(NT_LLM_SERVER, errors[i].status, "M");

        snprintf(want, sizeof(want),
                 "{\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":"
                 "\"M\"}}",
                 errors[i].type);
        nt_buf_reset(&out);
        nt_llm_api_error(&nt_llm_api_messages, &error, &out);
        is_str((nt_str_t) { out.data, out.len }, want, errors[i].type);
        nt_llm_error_free(&error);
    }

    nt_buf_free(&out);
}


int
main(void)
{
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        test_request(&nt_llm_api_messages, requests[i].in, requests[i].want,
                     requests[i].name);
    }

    test_streams();
    test_whole();
    test_errors();
    test_splits(&nt_llm_api_messages, &test_options, check_events);

    return done();
}
