/*
 * Requests: what each dialect makes of a canonical one, and what it cannot
 * say.
 */

#include "t/core/llm.h"

typedef struct {
    const char             *name;
    const nt_llm_dialect_t *dialect;
    const char             *request; /* ' stands for " */
    const char             *path;    /* or, of what cannot be said, "!PARAM" */
    const char             *body;    /* or a part of the sentence */
} vector_t;

#define HI      "'messages':[{'role':'user','content':'hi'}]"
#define G       "'model':'gpt-4o'," HI
#define C       "'model':'claude-sonnet-4-5'," HI
#define F       "'model':'gemini-2.5-flash'," HI
#define O       "'model':'llama3.2'," HI
#define CHI     "'model':'claude-sonnet-4-5','max_tokens':16384," CMSG
#define CMSG    "'messages':[{'role':'user','content':[" TEXT("hi") "]}]"
#define FMSG    "'contents':[{'role':'user','parts':[{'text':'hi'}]}]"
#define OMSG    "'model':'llama3.2','stream':false," HI
#define TEXT(t) "{'type':'text','text':'" t "'}"

#define ADD                                                                    \
    "{'type':'function','function':{'name':'add','description':'Adds',"        \
    "'parameters':{'type':'object','properties':{'a':{'type':'integer'}},"     \
    "'$defs':{},'additionalProperties':false}}}"
#define ADD_SCHEMA                                                             \
    "{'type':'object','properties':{'a':{'type':'integer'}},'$defs':{},"       \
    "'additionalProperties':false}"
#define BARE         "{'type':'function','function':{'name':'now'}}"
#define C2           "'model':'claude-sonnet-4-5','messages':["
#define USE          "{'type':'tool_use','id':'c','name':'f','input':{}}"
#define EMPTY_SCHEMA "{'type':'object','properties':{}}"

/* A turn with two calls and their results, one before the other's. */
#define TURN                                                                   \
    "'messages':[{'role':'system','content':'Be brief.'},"                     \
    "{'role':'developer','content':[" TEXT(                                    \
        "And kind.") "]},"                                                     \
                     "{'role':'user','content':'add'},"                        \
                     "{'role':'assistant','content':'Wait.','reasoning_"       \
                     "content':'hm',"                                          \
                     "'thinking_blocks':[{'type':'thinking','thinking':'hm','" \
                     "signature':"                                             \
                     "'S'}],'tool_calls':[{'id':'c1','type':'function','"      \
                     "function':{'name':"                                      \
                     "'add','arguments':'{\\u0022a\\u0022:1}'},'extra_"        \
                     "content':{'google':{"                                    \
                     "'thought_signature':'T'}}},{'id':'c2','type':'function'" \
                     ",'function':{"                                           \
                     "'name':'now','arguments':''}}]},"                        \
                     "{'role':'tool','tool_call_id':'c2','content':'{"         \
                     "\\u0022t\\u0022:5}'},"                                   \
                     "{'role':'tool','tool_call_id':'c1','content':'one'},"    \
                     "{'role':'user','content':'and?'}]"

#define IMAGE(url)   "{'type':'image_url','image_url':{'url':'" url "'}}"
#define PARTS(parts) "'messages':[{'role':'user','content':[" parts "]}]"
#define SCHEMA                                                                 \
    "'response_format':{'type':'json_schema','json_schema':{'name':'x',"       \
    "'schema':{'type':'object'}}}"

static const vector_t vectors[] = {
    /* --- OpenAI: as it is --- */
    { "all as it is", &nt_llm_openai,
      "{" G ",'temperature':0.1,'x_vendor':{'a':1},'max_tokens':5}",
      "/chat/completions",
      "{" G ",'temperature':0.1,'x_vendor':{'a':1},'max_tokens':5}" },
    { "max_tokens of reasoning models", &nt_llm_openai,
      "{'model':'o3-mini'," HI ",'max_tokens':5}", "/chat/completions",
      "{'model':'o3-mini'," HI ",'max_completion_tokens':5}" },
    { "blocks of other dialects go", &nt_llm_openai,
      "{'model':'m','messages':[{'role':'assistant','content':'a',"
      "'thinking_blocks':[],'images':[]}]}",
      "/chat/completions",
      "{'model':'m','messages':[{'role':'assistant','content':'a'}]}" },
    { "OpenAI's models know their own members only", &nt_llm_openai,
      "{'model':'gpt-4o','messages':[{'role':'assistant','content':'a',"
      "'reasoning_content':'h','extra_content':{},'refusal':null},{'role':"
      "'tool','tool_call_id':'t','content':'x','is_error':true}]}",
      "/chat/completions",
      "{'model':'gpt-4o','messages':[{'role':'assistant','content':'a',"
      "'refusal':null},{'role':'tool','tool_call_id':'t','content':'x'}]}" },
    { "others want their reasoning back", &nt_llm_openai,
      "{'model':'deepseek-chat','messages':[{'role':'assistant','content':'a',"
      "'reasoning_content':'h'}]}",
      "/chat/completions",
      "{'model':'deepseek-chat','messages':[{'role':'assistant','content':'a',"
      "'reasoning_content':'h'}]}" },
    { "Mistral's names", &nt_llm_mistral,
      "{'model':'m'," HI ",'seed':1,'max_completion_tokens':2,'stream':true,"
      "'stream_options':{'include_usage':true}}",
      "/chat/completions",
      "{'model':'m'," HI ",'random_seed':1,'max_tokens':2,'stream':true}" },
    { "no model", &nt_llm_openai, "{" HI "}", "!model", "must be a text" },
    { "a search at a place", &nt_llm_gemini,
      "{" F ",'web_search_options':{'user_location':{}}}",
      "!web_search_options", "Gemini does not search for a place" },
    { "a tool that failed", &nt_llm_gemini,
      "{'model':'gemini-2.5-flash','messages':[{'role':'assistant',"
      "'tool_calls':[{'id':'c','function':{'name':'f'}}]},{'role':'tool',"
      "'tool_call_id':'c','content':'no','is_error':true}]}",
      "/v1beta/models/gemini-2.5-flash:generateContent",
      "{'contents':[{'role':'model','parts':[{'functionCall':{'name':'f',"
      "'args':{}}}]},{'role':'user','parts':[{'functionResponse':{'name':'f',"
      "'response':{'error':'no'}}}]}]}" },
    { "no messages", &nt_llm_gemini, "{'model':'m','messages':[]}", "!messages",
      "list of messages" },

    /* --- Anthropic --- */
    { "text", &nt_llm_anthropic, "{" C "}", "/v1/messages", "{" CHI "}" },
    { "parameters", &nt_llm_anthropic,
      "{" C ",'max_completion_tokens':9,'temperature':1.5,'top_k':3,'stop':"
      "'x','user':'u','stream':true,'stream_options':{'include_usage':true},"
      "'n':1,'logprobs':false,'metadata':{},'top_p':null}",
      "/v1/messages",
      "{'model':'claude-sonnet-4-5','max_tokens':9," CMSG ",'temperature':1,"
      "'top_k':3,'stop_sequences':['x'],'metadata':{'user_id':'u'},'stream':"
      "true}" },
    { "limits of old models", &nt_llm_anthropic,
      "{'model':'claude-3-haiku-20240307'," HI "}", "/v1/messages",
      "{'model':'claude-3-haiku-20240307','max_tokens':4096," CMSG "}" },
    { "turns with tools", &nt_llm_anthropic,
      "{'model':'claude-sonnet-4-5'," TURN ",'tools':[" ADD "," BARE "]}",
      "/v1/messages",
      "{'model':'claude-sonnet-4-5','max_tokens':16384,'system':"
      "'Be brief.\\n\\nAnd kind.','tools':[{'name':'add','description':"
      "'Adds','input_schema':" ADD_SCHEMA "},{'name':'now','description':'',"
      "'input_schema':" EMPTY_SCHEMA "}],'messages':[{'role':'user',"
      "'content':[" TEXT(
          "add") "]},{'role':'assistant','content':[{'type':"
                 "'thinking','thinking':'hm','signature':'S'}," TEXT(
                     "Wait.") ",{'type':"
                              "'tool_use','id':'c1','name':'add','input':{'a':"
                              "1}},{'type':'tool_use',"
                              "'id':'c2','name':'now','input':{}}]},{'role':'"
                              "user','content':[{'type':"
                              "'tool_result','tool_use_id':'c2','content':"
                              "[" TEXT("{\\u0022t\\u0022:5}") "]},{'type':'"
                                                              "tool_result','"
                                                              "tool_use_id':'"
                                                              "c1','content':"
                                                              "[" TEXT("one") "]}," TEXT(
                                                                  "and?") "]}]"
                                                                          "}" },
    { "one tool at a time", &nt_llm_anthropic,
      "{" C ",'tools':[" BARE "],'parallel_tool_calls':false}", "/v1/messages",
      "{" CHI
      ",'tools':[{'name':'now','description':'','input_schema':" EMPTY_SCHEMA
      "}],'tool_choice':{'type':'auto',"
      "'disable_parallel_tool_use':true}}" },
    { "a tool that must be called", &nt_llm_anthropic,
      "{" C ",'tools':[" BARE "],'tool_choice':{'type':'function','function':{"
      "'name':'now'}}}",
      "/v1/messages",
      "{" CHI
      ",'tools':[{'name':'now','description':'','input_schema':" EMPTY_SCHEMA
      "}],'tool_choice':{'type':'tool','name':'now'}}" },
    { "images and a PDF", &nt_llm_anthropic,
      "{'model':'claude-sonnet-4-5'," PARTS(
          TEXT("") "," IMAGE("data:image/png;base64,QUJD") "," IMAGE(
              "https://h/x.png") ",{'type':'file','file':{'filename':'a.pdf',"
                                 "'file_data':'data:application/pdf;base64,"
                                 "QQ=='}}") "}",
      "/v1/messages",
      "{'model':'claude-sonnet-4-5','max_tokens':16384,'messages':[{'role':"
      "'user','content':[{'type':'image','source':{'type':'base64',"
      "'media_type':'image/png','data':'QUJD'}},{'type':'image','source':{"
      "'type':'url','url':'https://h/x.png'}},{'type':'document','source':{"
      "'type':'base64','media_type':'application/pdf','data':'QQ=='},'title':"
      "'a.pdf'}]}]}" },
    { "thinking with a budget", &nt_llm_anthropic,
      "{" C ",'reasoning_effort':'medium'}", "/v1/messages",
      "{" CHI ",'thinking':{'type':'enabled','budget_tokens':8192}}" },
    { "thinking with an effort", &nt_llm_anthropic,
      "{'model':'claude-opus-4-6'," HI ",'reasoning_effort':'low'}",
      "/v1/messages",
      "{'model':'claude-opus-4-6','max_tokens':16384," CMSG ",'thinking':{"
      "'type':'adaptive'},'output_config':{'effort':'low'}}" },
    { "a schema", &nt_llm_anthropic, "{" C "," SCHEMA "}", "/v1/messages",
      "{" CHI ",'output_config':{'format':{'type':'json_schema','schema':{"
      "'type':'object'}}}}" },
    { "search", &nt_llm_anthropic, "{" C ",'web_search_options':{}}",
      "/v1/messages",
      "{" CHI ",'tools':[{'type':'web_search_20250305','name':'web_search'}]"
      "}" },
    { "search at a place", &nt_llm_anthropic,
      "{" C ",'web_search_options':{'user_location':{'type':'approximate',"
      "'approximate':{'city':'Graz'}}}}",
      "/v1/messages",
      "{" CHI ",'tools':[{'type':'web_search_20250305','name':'web_search',"
      "'user_location':{'city':'Graz','type':'approximate'}}]}" },
    { "what says nothing", &nt_llm_anthropic,
      "{" C ",'presence_penalty':0,'frequency_penalty':0.0,'logit_bias':{},"
      "'top_logprobs':0,'verbosity':'medium','prediction':{'type':'content'}}",
      "/v1/messages", "{" CHI "}" },
    { "caching", &nt_llm_anthropic,
      "{" C ",'cache_control':{'type':'ephemeral'}}", "/v1/messages",
      "{" CHI ",'cache_control':{'type':'ephemeral'}}" },
    { "an index of a stream", &nt_llm_anthropic,
      "{" C2 "{'role':'assistant','content':'a','thinking_blocks':[{'index':0,"
      "'type':'redacted_thinking','data':'R'}]},{'role':'user','content':'b'}"
      "]}",
      "/v1/messages",
      "{'model':'claude-sonnet-4-5','max_tokens':16384,'messages':[{'role':"
      "'assistant','content':[{'type':'redacted_thinking','data':'R'}," TEXT(
          "a") "]},{'role':'user','content':[" TEXT("b") "]}]}" },
    { "a budget, and what was thought", &nt_llm_anthropic,
      "{" C2 "{'role':'assistant','thinking_blocks':[{'type':'thinking',"
      "'thinking':'h','signature':'S'}],'tool_calls':[{'id':'c','function':{"
      "'name':'f'}}]},{'role':'tool','tool_call_id':'c','content':'r',"
      "'is_error':true}],'reasoning_effort':'low'}",
      "/v1/messages",
      "{'model':'claude-sonnet-4-5','max_tokens':16384,'thinking':{'type':"
      "'enabled','budget_tokens':2048},'messages':[{'role':'assistant',"
      "'content':[{'type':'thinking','thinking':'h','signature':'S'}," USE
      "]},{'role':'user','content':[{'type':'tool_result','tool_use_id':'c',"
      "'content':[" TEXT("r") "],'is_error':true}]}]}" },
    { "and was not kept", &nt_llm_anthropic,
      "{" C2 "{'role':'assistant','tool_calls':[{'id':'c','function':{'name':"
      "'f'}}]},{'role':'tool','tool_call_id':'c','content':'r'}],"
      "'reasoning_effort':'low'}",
      "/v1/messages",
      "{'model':'claude-sonnet-4-5','max_tokens':16384,'messages':[{'role':"
      "'assistant','content':[" USE "]},{'role':'user','content':[{'type':"
      "'tool_result','tool_use_id':'c','content':[" TEXT("r") "]}]}]}" },
    { "a penalty", &nt_llm_anthropic, "{" C ",'presence_penalty':1}",
      "!presence_penalty", "Anthropic has nothing like" },
    { "a verbosity", &nt_llm_anthropic, "{" C ",'verbosity':'low'}",
      "!verbosity", "cannot do what" },
    { "an assistant without content", &nt_llm_anthropic,
      "{'model':'claude-sonnet-4-5','messages':[{'role':'user','content':'hi'"
      "},{'role':'assistant','content':''}]}",
      "/v1/messages", "{" CHI "}" },
    { "logit_bias", &nt_llm_anthropic, "{" C ",'logit_bias':{'1':2}}",
      "!logit_bias", "has nothing like the parameter 'logit_bias'" },
    { "two choices", &nt_llm_anthropic, "{" C ",'n':2}", "!n", "one choice" },
    { "logprobs", &nt_llm_anthropic, "{" C ",'logprobs':true}", "!logprobs",
      "leave it out" },
    { "sound", &nt_llm_anthropic,
      "{'model':'claude-3-5-haiku-latest'," PARTS(
          "{'type':'input_audio','input_audio':{'data':'QQ==','format':"
          "'wav'}}") "}",
      "!messages[0].content[0]", "no sound" },
    { "temperature with top_p", &nt_llm_anthropic,
      "{" C ",'temperature':0.5,'top_p':0.5}", "!top_p", "not both" },
    { "both of an older model", &nt_llm_anthropic,
      "{'model':'claude-sonnet-4-20250514'," HI
      ",'temperature':0.5,'top_p':0.5}",
      "/v1/messages",
      "{'model':'claude-sonnet-4-20250514','max_tokens':16384," CMSG
      ",'temperature':0.5,'top_p':0.5}" },
    { "sampling of the newest", &nt_llm_anthropic,
      "{'model':'claude-opus-4-7'," HI ",'temperature':0.5}", "!temperature",
      "takes no 'temperature'" },
    { "prefill", &nt_llm_anthropic,
      "{'model':'claude-opus-4-6','messages':[{'role':'user','content':'hi'},"
      "{'role':'assistant','content':'I'}]}",
      "!messages", "the last one must be the user's" },
    { "a schema of an old model", &nt_llm_anthropic,
      "{'model':'claude-3-5-sonnet-20241022'," HI "," SCHEMA "}",
      "!response_format", "take a newer one" },
    { "thinking of an old model", &nt_llm_anthropic,
      "{'model':'claude-3-opus-latest'," HI ",'reasoning_effort':'low'}",
      "!reasoning_effort", "does not think" },
    { "arguments that are not JSON", &nt_llm_anthropic,
      "{'model':'claude-sonnet-4-5','messages':[{'role':'user','content':'hi'"
      "},{'role':'assistant','tool_calls':[{'id':'x','function':{'name':'f',"
      "'arguments':'{'}}]}]}",
      "!messages[1]", "not a JSON object" },
    { "a role that is none", &nt_llm_anthropic,
      "{'model':'m','messages':[{'role':'bot','content':'x'}]}", "!messages[0]",
      "'role' must be" },

    /* --- Gemini --- */
    { "text", &nt_llm_gemini, "{" F "}",
      "/v1beta/models/gemini-2.5-flash:generateContent", "{" FMSG "}" },
    { "parameters", &nt_llm_gemini,
      "{" F ",'stream':true,'max_tokens':9,'temperature':0.5,'top_p':0.9,"
      "'top_k':3,'stop':['x'],'seed':1,'n':2,'presence_penalty':0.1,"
      "'frequency_penalty':0.2,'reasoning_effort':'low','modalities':['text',"
      "'image']}",
      "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
      "{" FMSG ",'generationConfig':{'maxOutputTokens':9,'temperature':0.5,"
      "'topP':0.9,'topK':3,'stopSequences':['x'],'seed':1,'candidateCount':2,"
      "'presencePenalty':0.1,'frequencyPenalty':0.2,'thinkingConfig':{"
      "'thinkingBudget':1024,'includeThoughts':true},'responseModalities':["
      "'TEXT','IMAGE']}}" },
    { "a model's name that is a path", &nt_llm_gemini,
      "{'model':'models/a/../b'," HI "}",
      "/v1beta/models/a%2F..%2Fb:generateContent", "{" FMSG "}" },
    { "turns with tools", &nt_llm_gemini,
      "{'model':'gemini-3-pro'," TURN ",'tools':[" ADD "],'tool_choice':"
      "'required'}",
      "/v1beta/models/gemini-3-pro:generateContent",
      "{'systemInstruction':{'parts':[{'text':'Be brief.\\n\\nAnd kind.'}]},"
      "'tools':[{'functionDeclarations':[{'name':'add','description':'Adds',"
      "'parametersJsonSchema':" ADD_SCHEMA "}]}],'toolConfig':{"
      "'functionCallingConfig':{'mode':'ANY'}},'contents':[{'role':'user',"
      "'parts':[{'text':'add'}]},{'role':'model','parts':[{'text':'Wait.'},{"
      "'functionCall':{'name':'add','args':{'a':1}},'thoughtSignature':'T'},{"
      "'functionCall':{'name':'now','args':{}}}]},{'role':'user','parts':[{"
      "'functionResponse':{'name':'now','response':{'t':5}}},{"
      "'functionResponse':{'name':'add','response':{'result':'one'}}},{'text':"
      "'and?'}]}]}" },
    { "calls of another model", &nt_llm_gemini,
      "{'model':'gemini-3-pro','messages':[{'role':'assistant','tool_calls':[{"
      "'id':'x','function':{'name':'f','arguments':'{}'}}]}]}",
      "/v1beta/models/gemini-3-pro:generateContent",
      "{'contents':[{'role':'model','parts':[{'functionCall':{'name':'f',"
      "'args':{}},'thoughtSignature':'skip_thought_signature_validator'}]}]}" },
    { "media", &nt_llm_gemini,
      "{'model':'gemini-2.5-flash'," PARTS(
          IMAGE("data:image/png;base64,QUJD") "," IMAGE(
              "https://h/x.webp") ","
                                  "{'type':'input_audio','input_audio':{'data':"
                                  "'QQ==','format':'mp3'}},"
                                  "{'type':'video_url','video_url':{'url':'"
                                  "data:video/mp4;base64,"
                                  "QQ=='}}") "}",
      "/v1beta/models/gemini-2.5-flash:generateContent",
      "{'contents':[{'role':'user','parts':[{'inlineData':{'mimeType':"
      "'image/png','data':'QUJD'}},{'fileData':{'mimeType':'image/webp',"
      "'fileUri':'https://h/x.webp'}},{'inlineData':{'mimeType':'audio/mp3',"
      "'data':'QQ=='}},{'inlineData':{'mimeType':'video/mp4','data':'QQ=='}}]"
      "}]}" },
    { "a schema, and search", &nt_llm_gemini,
      "{" F "," SCHEMA ",'web_search_options':{}}",
      "/v1beta/models/gemini-2.5-flash:generateContent",
      "{" FMSG ",'generationConfig':{'responseMimeType':'application/json',"
      "'responseJsonSchema':{'type':'object'}},'tools':[{'googleSearch':{}}]"
      "}" },
    { "thinking of an old model", &nt_llm_gemini,
      "{'model':'gemini-2.0-flash'," HI ",'reasoning_effort':'high'}",
      "!reasoning_effort", "does not think" },
    { "a level instead of a budget", &nt_llm_gemini,
      "{'model':'gemini-3-pro'," HI ",'reasoning_effort':'high'}",
      "/v1beta/models/gemini-3-pro:generateContent",
      "{" FMSG ",'generationConfig':{'thinkingConfig':{'thinkingLevel':'high',"
      "'includeThoughts':true}}}" },
    { "a result of no call", &nt_llm_gemini,
      "{'model':'gemini-2.5-flash','messages':[{'role':'tool','tool_call_id':"
      "'x','content':'1'}]}",
      "!messages[0]", "no earlier message" },
    { "one call at a time", &nt_llm_gemini,
      "{" F ",'parallel_tool_calls':false}", "!parallel_tool_calls",
      "leave it out" },
    { "sound out", &nt_llm_gemini, "{" F ",'modalities':['audio']}",
      "!modalities", "text and image" },
    { "a data URI without base64", &nt_llm_gemini,
      "{'model':'m'," PARTS(IMAGE("data:image/svg+xml,x")) "}",
      "!messages[0].content[0]", "base64" },

    /* --- Ollama --- */
    { "text, which it would stream", &nt_llm_ollama, "{" O "}", "/api/chat",
      "{" OMSG "}" },
    { "parameters", &nt_llm_ollama,
      "{" O ",'stream':true,'max_tokens':9,'temperature':0.5,'top_p':0.9,"
      "'stop':'x','seed':1,'response_format':{'type':'json_object'},"
      "'reasoning_effort':'high','keep_alive':'5m','n':1}",
      "/api/chat",
      "{'model':'llama3.2','stream':true," HI ",'options':{'num_predict':9,"
      "'temperature':0.5,'top_p':0.9,'stop':['x'],'seed':1},'format':'json',"
      "'think':true,'keep_alive':'5m'}" },
    { "turns with tools", &nt_llm_ollama,
      "{'model':'gpt-oss:20b'," TURN ",'tools':[" ADD
      "],'tool_choice':'auto','reasoning_effort':'low'}",
      "/api/chat",
      "{'model':'gpt-oss:20b','stream':false,'think':'low','tools':[" ADD
      "],'messages':[{'role':'system','content':'Be brief.'},{'role':'system',"
      "'content':'And kind.'},{'role':'user','content':'add'},{'role':"
      "'assistant','content':'Wait.','thinking':'hm','tool_calls':[{"
      "'function':{'name':'add','arguments':{'a':1}}},{'function':{'name':"
      "'now','arguments':{}}}]},{'role':'tool','content':"
      "'{\\u0022t\\u0022:5}','tool_name':'now'},{'role':'tool','content':"
      "'one','tool_name':'add'},{'role':'user','content':'and?'}]}" },
    { "an image", &nt_llm_ollama,
      "{'model':'llama3.2'," PARTS(
          TEXT("a") "," IMAGE("data:image/png;base64,QUJD")) "}",
      "/api/chat",
      "{'model':'llama3.2','stream':false,'messages':[{'role':'user','content'"
      ":'a','images':['QUJD']}]}" },
    { "an image elsewhere", &nt_llm_ollama,
      "{'model':'llama3.2'," PARTS(IMAGE("http://h/x")) "}",
      "!messages[0].content[0]", "send a data URI" },
    { "a tool that must be called", &nt_llm_ollama,
      "{" O ",'tools':[" BARE "],'tool_choice':'required'}", "!tool_choice",
      "cannot be made to call a tool" },
    { "no tool", &nt_llm_ollama,
      "{" O ",'tools':[" BARE "],'tool_choice':'none'}", "/api/chat",
      "{" OMSG "}" }
};


static nt_str_t
of(const nt_buf_t *buf)
{
    return (nt_str_t) { buf->data != NULL ? buf->data : "", buf->len };
}


static bool
contains(const nt_buf_t *buf, const char *part)
{
    return memmem(of(buf).data, buf->len, part, strlen(part)) != NULL;
}


static void
check_body(const nt_llm_request_t *out, const char *want, const char *name)
{
    bool    same;
    json_t *wanted = json_of(want);
    json_t *got = json_loadb(of(&out->body).data, out->body.len, 0, NULL);

    same = json_equal(got, wanted);
    if (!same) {
        diag("got  %.*s", (int) out->body.len, out->body.data);
        diag("want %s", want);
    }

    ok(same, "%s: body", name);
    json_decref(got);
    json_decref(wanted);
}


static void
test_vector(const vector_t *v)
{
    char             name[160];
    nt_rc_t          rc;
    json_t          *request = json_of(v->request), *copy;
    nt_llm_error_t   error = { 0 };
    nt_llm_request_t out = { 0 };

    copy = json_deep_copy(request);
    snprintf(name, sizeof(name), "%s: %s", nt_llm_dialect_name(v->dialect),
             v->name);
    rc = nt_llm_chat(v->dialect, request, NT_STR("key"), &out, &error);

    if (v->path[0] == '!') {
        is_int(rc, NT_ERROR, name);
        is_str(of(&error.param), v->path + 1, "... the member");
        ok(contains(&error.message, v->body), "... %s", v->body);
        is_int(error.status, 400, "... 400");
        if (!contains(&error.message, v->body)) {
            diag("%.*s", (int) error.message.len, error.message.data);
        }
    } else if (is_int(rc, NT_OK, name)) {
        is_str(of(&out.path), v->path, "... its path");
        check_body(&out, v->body, name);
    } else {
        diag("%.*s", (int) error.message.len, error.message.data);
    }

    ok(json_equal(request, copy), "... the request is as it was");
    json_decref(request);
    json_decref(copy);
    nt_llm_request_free(&out);
    nt_llm_error_free(&error);
}


/* --- headers, URLs --- */

static bool
has_header(const nt_llm_request_t *out, const char *line)
{
    for (size_t i = 0; out->headers[i] != NULL; i++) {
        if (strcmp(out->headers[i], line) == 0) {
            return true;
        }
    }

    return false;
}


static void
test_headers(const nt_llm_dialect_t *dialect, const char *line,
             const char *accept)
{
    json_t          *request = json_of("{" G ",'stream':true}");
    nt_llm_error_t   error = { 0 };
    nt_llm_request_t out = { 0 };

    (void) nt_llm_chat(dialect, request, NT_STR("k-1"), &out, &error);
    ok(has_header(&out, line), "%s: %s", nt_llm_dialect_name(dialect), line);
    ok(has_header(&out, accept), "... %s", accept);
    ok(has_header(&out, "Accept-Encoding: identity"), "... not compressed");
    ok(has_header(&out, "Content-Type: application/json"), "... JSON");
    is_str(nt_str(out.method), "POST", "... POST");
    nt_llm_request_free(&out);

    is_int(nt_llm_chat(dialect, request, NT_STR("k\r\nX: y"), &out, &error),
           NT_ERROR, "... a key with a newline is refused");
    is_int(error.kind, NT_LLM_AUTH, "... as a key");
    ok(!contains(&error.message, "X: y"), "... and not told");
    nt_llm_request_free(&out);
    nt_llm_error_free(&error);

    is_int(nt_llm_models(dialect, NT_STR("k-1"), &out), NT_OK, "... models");
    is_str(nt_str(out.method), "GET", "... GET");
    ok(has_header(&out, line), "... with the key");
    nt_llm_request_free(&out);
    json_decref(request);
}


static void
test_urls(void)
{
    static const char *const rows[][3] = {
        { "https://h/v1", "/chat/completions",
          "https://h/v1/chat/completions" },
        { "https://h/v1/", "/v1/messages", "https://h/v1/messages" },
        { "https://h", "/v1/messages", "https://h/v1/messages" },
        { "https://h/api//", "/api/chat", "https://h/api/chat" },
        { "https://h/xv1", "/v1/a", "https://h/xv1/v1/a" },
        { "https://h/v1beta", "/v1beta/models?x=/v1",
          "https://h/v1beta/models"
          "?x=/v1" }
    };

    nt_buf_t url = { 0 };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        nt_buf_reset(&url);
        nt_llm_url(&url, nt_str(rows[i][0]), nt_str(rows[i][1]));
        is_str(of(&url), rows[i][2], rows[i][2]);
    }

    nt_buf_free(&url);
}


/* --- embeddings --- */

static void
test_embed(const nt_llm_dialect_t *dialect, const char *path, const char *body)
{
    json_t *request = json_of("{'model':'m','input':['a','b'],'dimensions':3}");
    nt_llm_error_t   error = { 0 };
    nt_llm_request_t out = { 0 };

    is_int(nt_llm_embed(dialect, request, NT_STR(""), &out, &error), NT_OK,
           nt_llm_dialect_name(dialect));
    is_str(of(&out.path), path, "... embeds by its path");
    check_body(&out, body, "... embeds");
    json_decref(request);
    nt_llm_request_free(&out);
    nt_llm_error_free(&error);
}


static void
test_no_embed(const nt_llm_dialect_t *dialect, const char *request,
              const char *param)
{
    json_t          *value = json_of(request);
    nt_llm_error_t   error = { 0 };
    nt_llm_request_t out = { 0 };

    is_int(nt_llm_embed(dialect, value, NT_STR(""), &out, &error), NT_ERROR,
           request);
    is_str(of(&error.param), param, "... says why");
    json_decref(value);
    nt_llm_request_free(&out);
    nt_llm_error_free(&error);
}


int
main(void)
{
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        test_vector(&vectors[i]);
    }

    test_headers(&nt_llm_openai, "Authorization: Bearer k-1",
                 "Accept: text/event-stream");
    test_headers(&nt_llm_anthropic, "x-api-key: k-1",
                 "Accept: text/event-stream");
    test_headers(&nt_llm_gemini, "x-goog-api-key: k-1",
                 "Accept: text/event-stream");
    test_headers(&nt_llm_ollama, "Authorization: Bearer k-1",
                 "Accept: application/x-ndjson");
    test_urls();

    test_embed(&nt_llm_openai, "/embeddings",
               "{'model':'m','input':['a','b'],'dimensions':3,"
               "'encoding_format':'float'}");
    test_embed(&nt_llm_mistral, "/embeddings",
               "{'model':'m','input':['a','b'],'output_dimension':3}");
    test_embed(&nt_llm_ollama, "/api/embed",
               "{'model':'m','input':['a','b'],'dimensions':3}");
    test_embed(&nt_llm_gemini, "/v1beta/models/m:batchEmbedContents",
               "{'requests':[{'model':'models/m','content':{'parts':[{'text':"
               "'a'}]},'outputDimensionality':3},{'model':'models/m','content':"
               "{'parts':[{'text':'b'}]},'outputDimensionality':3}]}");
    test_no_embed(&nt_llm_anthropic, "{'model':'m','input':['a']}", "model");
    test_no_embed(&nt_llm_openai, "{'model':'m','input':[]}", "input");
    test_no_embed(&nt_llm_openai, "{'model':'m','input':[1]}", "input");

    ok(nt_llm_dialect_find(NT_STR("gemini")) == &nt_llm_gemini, "by name");
    ok(nt_llm_dialect_find(NT_STR("gem")) == NULL, "not by another name");

    return done();
}
