/*
 * OpenAI's Responses as clients have them: requests of the documentation,
 * whole sequences of events, responses.
 */

#include "t/core/llm_api.h"

#define HI           "'input':'hi'"
#define MSG(ms)      "{'model':'m','messages':[" ms "]}"
#define ITEMS(items) "{'model':'m','input':[" items "]}"
#define ONLY         "known to OpenAI's models only"
#define CHI          "'messages':[{'role':'user','content':'hi'}]"

static const struct {
    const char *name;
    const char *in;
    const char *want; /* or "!param: message" */
} requests[] = {
    { "a text", "{'model':'m'," HI "}", "{'model':'m'," CHI "}" },
    { "settings",
      "{'model':'m'," HI ",'instructions':'be','stream':true,'temperature':1,"
      "'top_p':0.5,'max_output_tokens':9,'parallel_tool_calls':false,'user':"
      "'u','store':true,'metadata':{'a':'b'},'truncation':'auto','include':["
      "'reasoning.encrypted_content'],'background':false,'top_logprobs':0,"
      "'previous_response_id':null,'service_tier':'auto'}",
      "{'model':'m','stream':true,'temperature':1,'top_p':0.5,'max_tokens':9,"
      "'parallel_tool_calls':false,'user':'u','stream_options':{"
      "'include_usage':true},'messages':[{'role':'system','content':'be'},{"
      "'role':'user','content':'hi'}]}" },
    { "messages of all roles",
      ITEMS("{'role':'developer','content':'d'},{'role':'user','content':[{"
            "'type':'input_text','text':'see'},{'type':'input_image',"
            "'image_url':'http://u','detail':'low'},{'type':'input_image',"
            "'image_url':'data:x','detail':'auto'},{'type':'input_file',"
            "'filename':'f.pdf','file_data':'data:y'},{'type':'input_file',"
            "'file_url':'http://f'},{'type':'input_audio','input_audio':{"
            "'data':'AA','format':'wav'}}]},{'type':'message','role':"
            "'assistant','content':[{'type':'output_text','text':'a',"
            "'annotations':[]},{'type':'refusal','refusal':'no'}]},{'role':"
            "'user','content':[{'type':'input_text','text':'go'}]}"),
      MSG("{'role':'system','content':'d'},{'role':'user','content':[{'type':"
          "'text','text':'see'},{'type':'image_url','image_url':{'url':"
          "'http://u','detail':'low'}},{'type':'image_url','image_url':{'url':"
          "'data:x'}},{'type':'file','file':{'filename':'f.pdf','file_data':"
          "'data:y'}},{'type':'file','file':{'filename':'file.pdf',"
          "'file_data':'http://f'}},{'type':'input_audio','input_audio':{"
          "'data':'AA','format':'wav'}}]},{'role':'assistant','content':"
          "'a\\nno'},{'role':'user','content':'go'}") },
    { "what the model did, and results",
      ITEMS("{'role':'user','content':'q'},{'type':'reasoning','summary':[{"
            "'type':'summary_text','text':'h'},{'type':'summary_text','text':"
            "'m'}],'encrypted_content':'{\\'thinking_blocks\\':[{\\'type\\':"
            "\\'thinking\\'}]}'},{'type':'message','role':'assistant',"
            "'content':'a'},{'type':'function_call','call_id':'t','name':'f',"
            "'arguments':'{}'},{'type':'web_search_call'},{'type':"
            "'function_call','call_id':'u','name':'g','arguments':''},{'type':"
            "'function_call_output','call_id':'t','output':[{'type':"
            "'input_text','text':'one'},{'type':'input_image','image_url':"
            "'http://u'}]},{'type':'function_call_output','call_id':'u',"
            "'output':'two'},{'role':'assistant','content':'b'},{'type':"
            "'reasoning','summary':[],'content':[{'type':'reasoning_text',"
            "'text':'r'}],'encrypted_content':'gAAAA'}"),
      MSG("{'role':'user','content':'q'},{'role':'assistant','content':'a',"
          "'reasoning_content':'h\\n\\nm','thinking_blocks':[{'type':"
          "'thinking'}],'tool_calls':[{'id':'t','type':'function','function':"
          "{'name':'f','arguments':'{}'}},{'id':'u','type':'function',"
          "'function':{'name':'g','arguments':''}}]},{'role':'tool',"
          "'tool_call_id':'t','content':'one'},{'role':'tool','tool_call_id':"
          "'u','content':'two'},{'role':'user','content':[{'type':'image_url',"
          "'image_url':{'url':'http://u'}}]},{'role':'assistant','content':"
          "'b','reasoning_content':'r'}") },
    { "functions and search",
      "{'model':'m'," HI ",'tools':[{'type':'function','name':'f',"
      "'description':'d','parameters':{'type':'object'},'strict':true},{"
      "'type':'web_search','user_location':{'type':'approximate','city':"
      "'Graz','region':null},'search_context_size':'low'}],'tool_choice':{"
      "'type':'function','name':'f'}}",
      "{'model':'m','web_search_options':{'search_context_size':'low',"
      "'user_location':{'type':'approximate','approximate':{'city':'Graz'}}},"
      "'tools':[{'type':'function','function':{'name':'f','description':'d',"
      "'strict':true,'parameters':{'type':'object'}}}],'tool_choice':{'type':"
      "'function','function':{'name':'f'}}," CHI "}" },
    { "a choice by its name", "{'model':'m'," HI ",'tool_choice':'required'}",
      "{'model':'m','tool_choice':'required'," CHI "}" },
    { "a built-in tool",
      "{'model':'m'," HI ",'tools':[{'type':'code_interpreter'}]}",
      "!tools[0]: 'tools[0]': tools of type 'code_interpreter' are " ONLY
      "; use functions." },
    { "a search of some of the web",
      "{'model':'m'," HI ",'tools':[{'type':'web_search','filters':{"
      "'allowed_domains':['a.b']}}]}",
      "!tools[0]: 'tools[0]': this model's provider cannot search with "
      "'filters'." },
    { "a function without a name",
      "{'model':'m'," HI ",'tools':[{'type':'function'}]}",
      "!tools[0]: 'tools[0]' has no 'name'." },
    { "a choice of allowed tools",
      "{'model':'m'," HI ",'tool_choice':{'type':'allowed_tools'}}",
      "!tool_choice: 'tool_choice' must be auto, none, required or a function "
      "with its name." },
    { "a schema, an effort",
      "{'model':'m'," HI ",'text':{'format':{'type':'json_schema','name':'n',"
      "'strict':true,'schema':{'type':'object'}},'verbosity':'low'},"
      "'reasoning':{'effort':'high','summary':'auto'}}",
      "{'model':'m','verbosity':'low','response_format':{'type':"
      "'json_schema','json_schema':{'name':'n','strict':true,'schema':{"
      "'type':'object'}}},'reasoning_effort':'high'," CHI "}" },
    { "an object",
      "{'model':'m'," HI ",'text':{'format':{'type':'json_object'},"
      "'verbosity':'medium'},'reasoning':{'effort':null}}",
      "{'model':'m','response_format':{'type':'json_object'}," CHI "}" },
    { "text", "{'model':'m'," HI ",'text':{'format':{'type':'text'}}}",
      "{'model':'m'," CHI "}" },
    { "an earlier response",
      "{'model':'m'," HI ",'previous_response_id':'resp_1'}",
      "!previous_response_id: Responses of this model are not stored: send the "
      "earlier items in 'input' instead of 'previous_response_id', "
      "'conversation' or 'prompt'." },
    { "background", "{'model':'m'," HI ",'background':true}",
      "!background: Responses of this model cannot be made in the background: "
      "leave 'background' out." },
    { "logprobs",
      "{'model':'m'," HI ",'include':['message.output_text.logprobs']}",
      "!include: This model's provider gives no logprobs here: leave "
      "'message.output_text.logprobs' out." },
    { "top_logprobs", "{'model':'m'," HI ",'top_logprobs':2}",
      "!top_logprobs: This model's provider gives no logprobs here: leave "
      "'top_logprobs' out." },
    { "another parameter", "{'model':'m'," HI ",'x':1}",
      "!x: The parameter 'x' is not known to this model's provider: leave it "
      "out." },
    { "no input", "{'model':'m'}",
      "!input: 'input' must be a text or a list of items." },
    { "an item of OpenAI's", ITEMS("{'type':'item_reference','id':'x'}"),
      "!input[0]: 'input[0]': items of type 'item_reference' are " ONLY
      "; use message, reasoning, function_call or function_call_output." },
    { "a file of OpenAI's",
      ITEMS("{'role':'user','content':[{'type':'input_file','file_id':'f'}]}"),
      "!input[0].content[0]: 'input[0].content[0]': a file needs its "
      "'file_data' or 'file_url'; files of OpenAI's are known to its models "
      "only." },
    { "a picture of OpenAI's",
      ITEMS("{'role':'user','content':[{'type':'input_image','file_id':'f'}]}"),
      "!input[0].content[0]: 'input[0].content[0]': an image needs its "
      "'image_url'; files of OpenAI's are known to its models only." },
    { "a part", ITEMS("{'role':'user','content':[{'type':'x'}]}"),
      "!input[0].content[0]: 'input[0].content[0]': parts of type 'x' are not "
      "known; use input_text, input_image, input_file, input_audio or "
      "output_text." },
    { "a role", ITEMS("{'role':'x','content':'a'}"),
      "!input[0]: 'input[0]': its 'role' must be user, assistant, system or "
      "developer." },
    { "no content", ITEMS("{'role':'user'}"),
      "!input[0]: 'input[0]': its content must be a text or a list of parts." },
    { "a picture of the assistant",
      ITEMS("{'role':'assistant','content':[{'type':'input_image','image_url':"
            "'x'}]}"),
      "!input[0]: 'input[0]': only text may stand here." },
    { "a call without a name", ITEMS("{'type':'function_call','call_id':'a'}"),
      "!input[0]: 'input[0]': it needs a 'call_id' and a 'name'." },
    { "a result of no call",
      ITEMS("{'type':'function_call_output','output':'a'}"),
      "!input[0]: 'input[0]': it needs a 'call_id'." }
};

#define RID "resp_" TEST_ID
#define SETTINGS                                                               \
    ",'instructions':null,'max_output_tokens':null,'max_tool_calls':null,"     \
    "'metadata':{},'parallel_tool_calls':true,'reasoning':{'effort':null,"     \
    "'summary':null},'temperature':1.0,'text':{'format':{'type':'text'}},"     \
    "'tool_choice':'auto','tools':[],'top_p':1.0,'truncation':'disabled',"     \
    "'user':null,'background':false,'store':false,"                            \
    "'previous_response_id':null"
#define OBJECT(status, error, why, output, usage)                              \
    "{'id':'" RID                                                              \
    "','object':'response','created_at':1700000000,'status':'" status          \
    "','model':'m','error':" error ",'incomplete_details':" why                \
    ",'output':[" output "]" SETTINGS ",'usage':" usage "}"
#define E(n, type, rest)                                                       \
    "event: " type "\ndata: {'type':'" type "','sequence_number':" n "," rest  \
    "}\n\n"
#define BEGIN                                                                  \
    E("0", "response.created",                                                 \
      "'response':" OBJECT("in_progress", "null", "null", "", "null"))         \
    E("1", "response.in_progress",                                             \
      "'response':" OBJECT("in_progress", "null", "null", "", "null"))
#define AT(kind, i) "'item_id':'" kind TEST_ID i "','output_index':" i
#define TEXT(text)                                                             \
    "{'type':'output_text','annotations':[],'logprobs':[],'text':'" text "'}"
#define ITEM(kind, i, type, status, rest)                                      \
    "{'id':'" kind TEST_ID i "','type':'" type "','status':'" status "'," rest \
    "}"
#define MESSAGE(i, status, parts)                                              \
    ITEM("msg_", i, "message", status,                                         \
         "'role':'assistant','content':[" parts "]")
#define CALLED(i, status, id, name, args)                                      \
    ITEM("fc_", i, "function_call", status,                                    \
         "'call_id':'" id "','name':'" name "','arguments':'" args "'")
#define ADDED(n, i, item)                                                      \
    E(n, "response.output_item.added", "'output_index':" i ",'item':" item)
#define IDONE(n, i, item)                                                      \
    E(n, "response.output_item.done", "'output_index':" i ",'item':" item)

static const struct {
    const char             *name;
    const nt_llm_dialect_t *dialect;
    const char             *request;
    const char             *in;
    const char             *want;
} streams[] = {
    { "a text", &nt_llm_openai, "{}",
      DELTA("'content':'Hé'") DELTA("'content':'llo'") FINISH("stop")
          CHUNK("'choices':[],'usage':{'prompt_tokens':9,"
                "'completion_tokens':12,'total_tokens':21,"
                "'prompt_tokens_details':{'cached_tokens':4},"
                "'completion_tokens_details':{'reasoning_tokens':2}}") DONE,
      BEGIN ADDED("2", "0", MESSAGE("0", "in_progress", ""))
          E("3", "response.content_part.added",
            AT("msg_", "0") ",'content_index':0,'part':" TEXT(""))
              E("4", "response.output_text.delta",
                AT("msg_", "0") ",'content_index':0,'delta':'Hé','logprobs':[]")
                  E("5", "response.output_text.delta",
                    AT("msg_", "0") ",'content_index':0,'delta':'llo',"
                                    "'logprobs':[]")
                      E("6", "response.output_text.done",
                        AT("msg_", "0") ",'content_index':0,'text':'Héllo',"
                                        "'logprobs':[]")
                          E("7", "response.content_part.done",
                            AT("msg_", "0") ",'content_index':0,"
                                            "'part':" TEXT("Héllo"))
                              IDONE("8", "0",
                                    MESSAGE("0", "completed", TEXT("Héllo")))
                                  E("9", "response.completed",
                                    "'response':" OBJECT(
                                        "completed", "null", "null",
                                        MESSAGE("0", "completed",
                                                TEXT("Héllo")),
                                        "{'input_tokens':9,"
                                        "'input_tokens_details':{"
                                        "'cached_tokens':4},'output_tokens':"
                                        "12,'output_tokens_details':{"
                                        "'reasoning_tokens':2},"
                                        "'total_tokens':21}")) },
    { "calls in each other", &nt_llm_openai, "{}",
      DELTA("'tool_calls':[{'index':0,'id':'t','function':{'name':'f',"
            "'arguments':''}},{'index':1,'id':'u','function':{'name':'g',"
            "'arguments':''}}]")
          DELTA("'tool_calls':[{'index':0,'function':{'arguments':'{}'}}]")
              FINISH("tool_calls") DONE,
      BEGIN ADDED("2", "0", CALLED("0", "in_progress", "t", "f", ""))
          ADDED("3", "1", CALLED("1", "in_progress", "u", "g", ""))
              E("4", "response.function_call_arguments.delta",
                AT("fc_", "0") ",'delta':'{}'")
                  E("5", "response.function_call_arguments.done",
                    AT("fc_", "0") ",'arguments':'{}','name':'f'")
                      IDONE("6", "0", CALLED("0", "completed", "t", "f", "{}"))
                          E("7", "response.function_call_arguments.done",
                            AT("fc_", "1") ",'arguments':'{}','name':'g'")
                              IDONE("8", "1",
                                    CALLED("1", "completed", "u", "g", "{}"))
                                  E("9", "response.completed",
                                    "'response':" OBJECT(
                                        "completed",
                                        "null", "null",
                                        CALLED("0", "completed", "t", "f",
                                               "{}") "," CALLED("1",
                                                                "completed",
                                                                "u", "g", "{}"),
                                        "null")) },
    { "an error", &nt_llm_ollama, "{}", SAY("a") "{'error':'stopped'}\n",
      BEGIN ADDED("2", "0", MESSAGE("0", "in_progress", ""))
          E("3", "response.content_part.added",
            AT("msg_", "0") ",'content_index':0,'part':" TEXT(""))
              E("4", "response.output_text.delta",
                AT("msg_", "0") ",'content_index':0,'delta':'a','logprobs':[]")
                  E("5", "response.failed",
                    "'response':" OBJECT(
                        "failed", "{'code':'server_error','message':'stopped'}",
                        "null", MESSAGE("0", "incomplete", TEXT("a")), "null"))
                      E("6", "error",
                        "'code':'server_error','message':'stopped','param':"
                        "null,'error':{'type':'server_error','code':"
                        "'server_error','message':'stopped','param':null}") },
    { "an error at once", &nt_llm_ollama, "{}", "{'error':'stopped'}\n",
      E("0", "error",
        "'code':'server_error','message':'stopped','param':null,'error':{"
        "'type':'server_error','code':'server_error','message':'stopped',"
        "'param':null}") }
};


static void
test_streams(void)
{
    nt_buf_t               out = { 0 };
    nt_llm_reply_options_t options = test_options;

    for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
        char *in = quoted(streams[i].in), *want = quoted(streams[i].want);

        nt_buf_reset(&out);
        options.request = json_of(streams[i].request);
        translate(&nt_llm_api_responses, &options, streams[i].dialect, in,
                  strlen(in) + 1, false, &out);
        is_str((nt_str_t) { out.data, out.len }, want, streams[i].name);
        json_decref((json_t *) (uintptr_t) options.request);
        free(in);
        free(want);
    }

    nt_buf_free(&out);
}


/* The names of the events only, joined; of what they share, "response.". */
static void
test_names(const char *request, const nt_llm_dialect_t *dialect,
           const char *stream, const char *want, const char *name)
{
    char                  *in = quoted(stream), *text, *event;
    nt_buf_t               out = { 0 }, names = { 0 };
    nt_llm_reply_options_t options = test_options;

    options.request = json_of(request);
    translate(&nt_llm_api_responses, &options, dialect, in, 4096, false, &out);
    text = strndup(out.data, out.len);

    for (event = text; (event = strstr(event, "event: ")) != NULL;) {
        event += strncmp(event + 7, "response.", 9) == 0 ? 16 : 7;
        nt_buf_append(&names, event, strcspn(event, "\n"));
        nt_buf_append_char(&names, ' ');
    }

    is_str((nt_str_t) { names.data, names.len }, want, name);
    json_decref((json_t *) (uintptr_t) options.request);
    nt_buf_free(&out);
    nt_buf_free(&names);
    free(text);
    free(in);
}


static void
test_kinds(void)
{
    test_names("{}", &nt_llm_anthropic,
               MSTART BSTART("0", "'type':'thinking','thinking':''")
                   BDELTA("0", "'type':'thinking_delta','thinking':'hm'")
                       BDELTA("0", "'type':'signature_delta','signature':'S'")
                           BSTOP("0") BSTART("1", "'type':'text','text':'a'")
                               BSTOP("1") MEND("end_turn"),
               "created in_progress output_item.added content_part.added "
               "reasoning_text.delta reasoning_text.done content_part.done "
               "output_item.done output_item.added content_part.added "
               "output_text.delta output_text.done content_part.done "
               "output_item.done completed ",
               "reasoning as it is");
    test_names("{'reasoning':{'summary':'auto'}}", &nt_llm_openai,
               DELTA("'reasoning':'h'") FINISH("length") DONE,
               "created in_progress output_item.added "
               "reasoning_summary_part.added reasoning_summary_text.delta "
               "reasoning_summary_text.done reasoning_summary_part.done "
               "output_item.done incomplete ",
               "as a summary for those who ask for one; a limit");
    test_names("{}", &nt_llm_openai,
               DELTA("'refusal':'no'") FINISH("stop") DONE,
               "created in_progress output_item.added content_part.added "
               "refusal.delta refusal.done content_part.done "
               "output_item.done completed ",
               "a refusal");
    test_names("{}", &nt_llm_gemini,
               GPARTS("{'inlineData':{'mimeType':'image/png','data':'AA'}}")
                   GEM("'candidates':[{'content':{'parts':[{'text':'x'}]},"
                       "'groundingMetadata':{'groundingChunks':[{'web':{"
                       "'uri':'http://u'}}]},'finishReason':'SAFETY'}]"),
               "created in_progress output_item.added output_item.done "
               "output_item.added content_part.added output_text.delta "
               "output_text.annotation.added output_text.done "
               "content_part.done output_item.done incomplete ",
               "a picture, what search found, a filter");
}


/* Numbers run from 0, items are added in order, each is done before the end. */
static bool
check_events(const vector_t *v, nt_str_t out)
{
    bool        good = true, ended = false;
    int64_t     added = 0, done_items = 0, number = 0;
    char       *text = strndup(out.data, out.len), *rest, *event;
    const char *type;
    json_t     *data;

    for (rest = text; good && (event = strstr(rest, "\ndata: ")) != NULL;) {
        rest = strstr(event, "\n\n");
        data = json_loadb(event + 7, (size_t) (rest - event) - 7, 0, NULL);
        type = json_string_value(json_object_get(data, "type"));
        good = type != NULL && !ended &&
               json_integer_value(json_object_get(data, "sequence_number")) ==
                   number++;

        if (good && strcmp(type, "response.output_item.added") == 0) {
            good = json_integer_value(json_object_get(data, "output_index")) ==
                   added++;
        } else if (good && strcmp(type, "response.output_item.done") == 0) {
            done_items++;
        } else if (good && (strcmp(type, "response.completed") == 0 ||
                            strcmp(type, "response.incomplete") == 0))
        {
            ended = true;
            good = added == done_items && strchr(v->want, '!') == NULL &&
                   (int64_t) json_array_size(
                       json_object_get(json_object_get(data, "response"),
                                       "output")) == added;
        } else if (good && strcmp(type, "error") == 0) {
            ended = true;
            good = strchr(v->want, '!') != NULL;
        }

        json_decref(data);
    }

    free(text);

    return good && ended;
}


#define FOUND                                                                  \
    "{'type':'output_text','annotations':[{'type':'url_citation',"             \
    "'start_index':0,'end_index':0,'title':'T','url':'http://u'}],"            \
    "'logprobs':[],'text':'a'}"
#define THOUGHT                                                                \
    ITEM("rs_", "0", "reasoning", "completed",                                 \
         "'summary':[],'content':[{'type':'reasoning_text','text':'hm'}],"     \
         "'encrypted_content':'{\\'thinking_blocks\\':[{\\'type\\':"           \
         "\\'thinking\\',\\'signature\\':\\'S\\'}]}'")
#define WHOLE                                                                  \
    THOUGHT "," MESSAGE("1", "completed", FOUND) "," CALLED("2", "completed",  \
                                                            "t", "f", "{}")

static void
test_whole(void)
{
    nt_llm_reply_options_t options = test_options;

    test_reply(&nt_llm_api_responses, &test_options,
               "{'choices':[{'index':0,'message':{'role':'assistant',"
               "'content':'a','reasoning_content':'hm','thinking_blocks':[{"
               "'type':'thinking','signature':'S'}],'annotations':[{'type':"
               "'url_citation','url_citation':{'url':'http://u','title':'T'}}"
               "],'tool_calls':[{'id':'t','type':'function','function':{"
               "'name':'f','arguments':'{}'}}]},'finish_reason':"
               "'tool_calls'}],'usage':{'prompt_tokens':9}}",
               OBJECT("completed", "null", "null", WHOLE,
                      "{'input_tokens':9,'input_tokens_details':{"
                      "'cached_tokens':0},'output_tokens':0,"
                      "'output_tokens_details':{'reasoning_tokens':0},"
                      "'total_tokens':9}"),
               "a whole reply");

    options.request = json_of(
        "{'instructions':'be','max_output_tokens':5,'metadata':{'k':'v'},"
        "'parallel_tool_calls':false,'reasoning':{'effort':'low','summary':"
        "'auto'},'temperature':0.5,'text':{'format':{'type':'json_object'}},"
        "'tool_choice':'none','tools':[{'type':'function'}],'top_p':0.1,"
        "'truncation':'auto','user':'u','store':true,'max_tool_calls':null}");
    test_reply(
        &nt_llm_api_responses, &options,
        "{'choices':[{'index':0,'message':{'role':'assistant',"
        "'content':null,'reasoning_content':'hm'},'finish_reason':"
        "'length'}]}",
        "{'id':'" RID "','object':'response','created_at':1700000000,"
        "'status':'incomplete','model':'m','error':null,"
        "'incomplete_details':{'reason':'max_output_tokens'},"
        "'output':[" ITEM(
            "rs_", "0", "reasoning", "incomplete",
            "'summary':[{'type':'summary_text','text':"
            "'hm'}]") "],'instructions':'be',"
                      "'max_output_tokens':5,'max_tool_calls':null,'metadata':{"
                      "'k':"
                      "'v'},'parallel_tool_calls':false,'reasoning':{'effort':'"
                      "low',"
                      "'summary':'auto'},'temperature':0.5,'text':{'format':{'"
                      "type':"
                      "'json_object'}},'tool_choice':'none','tools':[{'type':"
                      "'function'}],'top_p':0.1,'truncation':'auto','user':'u',"
                      "'background':false,'store':false,'previous_response_id':"
                      "null,"
                      "'usage':null}",
        "settings are told back, but nothing is stored");
    json_decref((json_t *) (uintptr_t) options.request);
}


int
main(void)
{
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        test_request(&nt_llm_api_responses, requests[i].in, requests[i].want,
                     requests[i].name);
    }

    test_streams();
    test_kinds();
    test_whole();
    test_splits(&nt_llm_api_responses, &test_options, check_events);

    return done();
}
