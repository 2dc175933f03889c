/*
 * t/core/llm_streams.h - streams of each dialect, as their providers document
 * them, and the pieces that are in them.
 */

#ifndef LLM_STREAMS_TEST_H
#define LLM_STREAMS_TEST_H

#include "t/core/llm.h"

typedef struct {
    const char             *name;
    const nt_llm_dialect_t *dialect;
    const char             *in;   /* ' stands for " */
    const char             *want; /* pieces; "!" and the error at its end */
} vector_t;

#define D(json) "data: " json "\n\n"
#define CHUNK(rest)                                                            \
    D("{'id':'c1','object':'chat.completion.chunk','created':1,"               \
      "'model':'gpt-4o'," rest "}")
#define DELTA(rest) CHUNK("'choices':[{'index':0,'delta':{" rest "}}]")
#define FINISH(why)                                                            \
    CHUNK("'choices':[{'index':0,'delta':{},'finish_reason':'" why "'}]")
#define DONE   "data: [DONE]\n\n"
#define OSTART "start:c1,gpt-4o,|"

#define EVENT(type, rest)                                                      \
    "event: " type "\ndata: {'type':'" type "'" rest "}\n\n"
#define MSTART                                                                 \
    EVENT("message_start",                                                     \
          ",'message':{'id':'msg_1','type':'message','role':'assistant',"      \
          "'model':'claude-sonnet-4-5','content':[],'stop_reason':null,"       \
          "'usage':{'input_tokens':25,'cache_creation_input_tokens':3,"        \
          "'cache_read_input_tokens':4,'output_tokens':1}}")
#define BSTART(i, block)                                                       \
    EVENT("content_block_start", ",'index':" i ",'content_block':{" block "}")
#define BDELTA(i, delta)                                                       \
    EVENT("content_block_delta", ",'index':" i ",'delta':{" delta "}")
#define BSTOP(i) EVENT("content_block_stop", ",'index':" i)
#define MEND(why)                                                              \
    EVENT("message_delta",                                                     \
          ",'delta':{'stop_reason':'" why "','stop_sequence':null},"           \
          "'usage':{'output_tokens':15}")                                      \
    EVENT("message_stop", "")
#define ASTART "start:msg_1,claude-sonnet-4-5,|"
#define AUSAGE "usage:32,15,47,4,-1|"

#define GEM(rest) D("{" rest ",'responseId':'r1','modelVersion':'gemini-2.5'}")
#define GPARTS(parts)                                                          \
    GEM("'candidates':[{'content':{'role':'model','parts':[" parts             \
        "]},'index':0}]")
#define GEND(why)                                                              \
    GEM("'candidates':[{'content':{'role':'model','parts':[{'text':''}]},"     \
        "'finishReason':'" why "','index':0}],'usageMetadata':{"               \
        "'promptTokenCount':5,'candidatesTokenCount':7,'thoughtsTokenCount':"  \
        "3,'totalTokenCount':15}")
#define GSTART "start:r1,gemini-2.5,|"
#define GUSAGE "usage:5,10,15,-1,3|"

#define LINE(rest)                                                             \
    "{'model':'llama3.2','created_at':'2026-01-01T00:00:00Z'," rest "}\n"
#define SAY(text)                                                              \
    LINE("'message':{'role':'assistant','content':'" text "'},'done':false")
#define OEND(why)                                                              \
    LINE("'message':{'role':'assistant','content':''},'done':true,"            \
         "'done_reason':'" why "','total_duration':9,'prompt_eval_count':26,"  \
         "'eval_count':8")
#define LSTART "start:MADE,llama3.2,|"

static const vector_t vectors[] = {
    /* --- OpenAI --- */
    { "text", &nt_llm_openai,
      DELTA("'role':'assistant','content':''") DELTA("'content':'Hé'")
          DELTA("'content':'llo'") FINISH("stop")
              CHUNK("'choices':[],'usage':{'prompt_tokens':9,"
                    "'completion_tokens':12,'total_tokens':21,"
                    "'prompt_tokens_details':{'cached_tokens':0},"
                    "'completion_tokens_details':{'reasoning_tokens':2}}") DONE,
      OSTART "content:Hé|content:llo|finish:stop|usage:9,12,21,0,2|" },
    { "comments, CRLF, no space, no blank line at the end", &nt_llm_openai,
      "\xef\xbb\xbf: ping\r\n\r\ndata:{'id':'c1','model':'gpt-4o',"
      "'choices':[{'index':0,'delta':{'content':'a'},'finish_reason':'stop'}]"
      "}\r\n\r\n: ping\r\n\r\ndata: [DONE]\r\n",
      OSTART "content:a|finish:stop|" },
    { "parallel calls", &nt_llm_openai,
      DELTA("'tool_calls':[{'index':0,'id':'a','type':'function','function':{"
            "'name':'f','arguments':''}}]")
          DELTA("'tool_calls':[{'index':0,'function':{'arguments':'{\\u0022x'}"
                "}]") DELTA("'tool_calls':[{'index':1,'id':'b','type':"
                            "'function','function':{'name':'g','arguments':''}"
                            "}]")
              DELTA("'tool_calls':[{'index':0,'function':{'arguments':"
                    "'\\u0022:1}'}},{'index':1,'function':{'arguments':'{}'}}]")
                  FINISH("tool_calls") DONE,
      OSTART "call@0:a,f,|call@0:{\"x|call@1:b,g,|call@0:\":1}|call@1:{}|"
             "finish:tool_calls|" },
    { "calls that all have index 0, or none", &nt_llm_openai,
      DELTA("'tool_calls':[{'index':0,'id':'a','function':{'name':'f',"
            "'arguments':'{}'}}]")
          DELTA("'tool_calls':[{'index':0,'id':'b','function':{'name':'f',"
                "'arguments':'{}'}}]")
              DELTA("'tool_calls':[{'id':'c','function':{'name':'g',"
                    "'arguments':{'y':1}}}]")
                  DELTA("'tool_calls':[{'function':{'arguments':' '}}]")
                      FINISH("tool_calls") DONE,
      OSTART "call@0:a,f,{}|call@1:b,f,{}|call@2:c,g,{\"y\":1}|call@2: |"
             "finish:tool_calls|" },
    { "an id is made", &nt_llm_openai,
      DELTA("'tool_calls':[{'index':0,'function':{'name':'f','arguments':''}}]")
          FINISH("tool_calls") DONE,
      OSTART "call@0:MADE,f,|finish:tool_calls|" },
    { "reasoning by both names", &nt_llm_openai,
      DELTA("'reasoning_content':'a','reasoning':'a'")
          DELTA("'reasoning':'b','content':null") DELTA("'content':'c'")
              FINISH("stop") DONE,
      OSTART "reasoning:a|reasoning:b|content:c|finish:stop|" },
    { "Mistral's list of parts", &nt_llm_mistral,
      DELTA("'content':[{'type':'thinking','thinking':[{'type':'text','text':"
            "'h'}]},{'type':'text','text':'x'}]") FINISH("model_length") DONE,
      OSTART "reasoning:h|content:x|finish:length|" },
    { "two choices, images, annotations, refusal", &nt_llm_openai,
      CHUNK("'choices':[{'index':1,'delta':{'content':'b'}},{'index':0,'delta'"
            ":{'refusal':'no'}}]")
          DELTA("'images':[{'type':'image_url','image_url':{'url':'data:x'}}],"
                "'annotations':[{'type':'url_citation'}]") FINISH("stop")
              CHUNK("'choices':[{'index':1,'delta':{},'finish_reason':'length'"
                    "}]") DONE,
      OSTART "content#1:b|refusal:no|image:data:x|annotations:[{\"type\":"
             "\"url_citation\"}]|finish:stop|finish#1:length|" },
    { "an error in the stream", &nt_llm_openai,
      DELTA("'content':'a'") D("{'error':{'message':'boom','type':"
                               "'server_error','code':null}}"),
      OSTART "content:a|!500 server boom" },
    { "OpenRouter's error in a chunk", &nt_llm_openai,
      CHUNK("'error':{'code':429,'message':'slow'},'choices':[{'index':0,"
            "'delta':{'content':''},'finish_reason':'error'}]"),
      "!429 rate_limit slow" },
    { "cut before [DONE]", &nt_llm_openai,
      DELTA("'content':'a'") FINISH("stop"),
      OSTART
      "content:a|finish:stop|!502 protocol The provider ended its reply before "
      "it was complete; try again." },
    { "cut at once", &nt_llm_openai, "",
      "!502 protocol The provider ended its reply before it was complete; try "
      "again." },
    { "not JSON", &nt_llm_openai, D("<html>"),
      "!502 protocol The provider sent something that is not JSON." },
    { "a call without a name", &nt_llm_openai,
      DELTA("'tool_calls':[{'index':0,'id':'a','function':{}}]"),
      OSTART "!502 protocol The provider sent a tool call without a name." },

    /* --- Anthropic --- */
    { "text", &nt_llm_anthropic,
      MSTART BSTART("0", "'type':'text','text':''") EVENT("ping", "")
          BDELTA("0", "'type':'text_delta','text':'Hel'")
              BDELTA("0", "'type':'text_delta','text':'lo'") BSTOP("0")
                  MEND("end_turn"),
      ASTART "content:Hel|content:lo|finish:stop|" AUSAGE },
    { "thinking, then two tools, one without input", &nt_llm_anthropic,
      MSTART BSTART("0", "'type':'thinking','thinking':'','signature':''")
          BDELTA("0", "'type':'thinking_delta','thinking':'hm'")
              BDELTA("0", "'type':'thinking_delta','thinking':' ok'")
                  BDELTA("0", "'type':'signature_delta','signature':'S1'")
                      BSTOP("0") BSTART("1", "'type':'redacted_thinking',"
                                             "'data':'R'") BSTOP("1")
                          BSTART("2", "'type':'tool_use','id':'t1','name':'f',"
                                      "'input':{}")
                              BDELTA("2", "'type':'input_json_delta',"
                                          "'partial_json':''")
                                  BDELTA("2", "'type':'input_json_delta',"
                                              "'partial_json':'{}'") BSTOP("2")
                                      BSTART("3", "'type':'tool_use','id':"
                                                  "'t2','name':'g','input':{}")
                                          BSTOP("3") MEND("tool_use"),
      ASTART "reasoning:hm|reasoning: ok|thinking:{\"type\":\"thinking\","
             "\"thinking\":\"hm ok\",\"signature\":\"S1\"}|thinking:{\"type\":"
             "\"redacted_thinking\",\"data\":\"R\"}|call@0:t1,f,|call@0:{}|"
             "call@1:t2,g,|call@1:{}|finish:tool_calls|" AUSAGE },
    { "a search of the provider's", &nt_llm_anthropic,
      MSTART BSTART("0", "'type':'server_tool_use','id':'s','name':"
                         "'web_search','input':{}")
          BDELTA("0", "'type':'input_json_delta','partial_json':'{}'")
              BSTOP("0") BSTART("1", "'type':'web_search_tool_result',"
                                     "'content':[]") BSTOP("1")
                  BSTART("2", "'type':'text','text':''")
                      BDELTA("2", "'type':'text_delta','text':'x'")
                          BDELTA("2", "'type':'citations_delta','citation':{"
                                      "'url':'http://u','title':'T'}")
                              BSTOP("2") MEND("refusal"),
      ASTART "content:x|annotations:[{\"type\":\"url_citation\","
             "\"url_citation\":{\"url\":\"http://u\",\"title\":\"T\"}}]|"
             "finish:content_filter|" AUSAGE },
    { "an error in the stream", &nt_llm_anthropic,
      MSTART EVENT("error", ",'error':{'type':'overloaded_error','message':"
                            "'Overloaded'}"),
      ASTART "!503 overloaded Overloaded" },
    { "cut before message_stop", &nt_llm_anthropic,
      MSTART BSTART("0", "'type':'text','text':'a'"),
      ASTART
      "content:a|!502 protocol The provider ended its reply before it was "
      "complete; try again." },

    /* --- Gemini --- */
    { "text, thoughts", &nt_llm_gemini,
      GPARTS("{'text':'hm','thought':true}") GPARTS("{'text':'a'},{'text':'b'}")
          GEND("STOP"),
      GSTART "reasoning:hm|content:a|content:b|finish:stop|" GUSAGE },
    { "calls; STOP comes later", &nt_llm_gemini,
      GPARTS("{'functionCall':{'name':'f','args':{'x':1}},'thoughtSignature':"
             "'S'},{'functionCall':{'name':'g'}}") GEND("STOP"),
      GSTART "call@0:MADE,f,{\"x\":1}|extra@0:{\"google\":{"
             "\"thought_signature\":\"S\"}}|call@1:MADE,g,{}|"
             "finish:tool_calls|" GUSAGE },
    { "an image, without a blank line at the end", &nt_llm_gemini,
      GPARTS(
          "{'inlineData':{'mimeType':'image/png','data':'AAAA'}}") "data: "
                                                                   "{'"
                                                                   "candidates'"
                                                                   ":[{'"
                                                                   "content':{'"
                                                                   "parts':[{'"
                                                                   "text':'x',"
                                                                   "'thoughtSig"
                                                                   "nature':'T'"
                                                                   "}]},'"
                                                                   "finishReaso"
                                                                   "n':'MAX_"
                                                                   "TOKENS'}]}",
      GSTART "image:data:image/png;base64,AAAA|content:x|extra:{\"google\":{"
             "\"thought_signature\":\"T\"}}|finish:length|" },
    { "search", &nt_llm_gemini,
      GEM("'candidates':[{'content':{'parts':[{'text':'x'}]},"
          "'groundingMetadata':{'groundingChunks':[{'web':{'uri':'http://u',"
          "'title':'T'}}]},'finishReason':'STOP'}]"),
      GSTART "content:x|annotations:[{\"type\":\"url_citation\","
             "\"url_citation\":{\"url\":\"http://u\",\"title\":\"T\"}}]|"
             "finish:stop|" },
    { "a prompt that is blocked", &nt_llm_gemini,
      GEM("'promptFeedback':{'blockReason':'SAFETY'}"),
      GSTART "finish:content_filter|" },
    { "a call that cannot be read", &nt_llm_gemini,
      GEND("MALFORMED_FUNCTION_CALL"),
      GSTART
      "!502 protocol The provider made a tool call that cannot be read; try "
      "again." },
    { "an error in the stream", &nt_llm_gemini,
      GPARTS("{'text':'a'}") D("{'error':{'code':503,'message':'busy','status':"
                               "'UNAVAILABLE'}}"),
      GSTART "content:a|!503 overloaded busy" },
    { "cut before the reason", &nt_llm_gemini, GPARTS("{'text':'a'}"),
      GSTART
      "content:a|!502 protocol The provider ended its reply before it was "
      "complete; try again." },

    /* --- Ollama --- */
    { "text", &nt_llm_ollama, SAY("Hé") SAY("llo") OEND("stop"),
      LSTART "content:Hé|content:llo|finish:stop|usage:26,8,34,-1,-1|" },
    { "thinking, calls, no count of the prompt's tokens", &nt_llm_ollama,
      LINE("'message':{'role':'assistant','content':'','thinking':'hm'},"
           "'done':false")
          LINE("'message':{'role':'assistant','content':'','tool_calls':[{"
               "'function':{'name':'f','arguments':{'x':0.1}}},{'function':{"
               "'name':'g','arguments':{}}}]},'done':false")
              LINE("'message':{'content':''},'done':true,'done_reason':'stop',"
                   "'eval_count':3"),
      LSTART "reasoning:hm|call@0:MADE,f,{\"x\":0.1}|call@1:MADE,g,{}|"
             "finish:tool_calls|usage:-1,3,-1,-1,-1|" },
    { "an error in the stream", &nt_llm_ollama,
      SAY("a") "{'error':'model runner has stopped'}\n",
      LSTART "content:a|!502 server model runner has stopped" },
    { "cut before done", &nt_llm_ollama, SAY("a"),
      LSTART
      "content:a|!502 protocol The provider ended its reply before it was "
      "complete; try again." },
    { "no newline at the end", &nt_llm_ollama,
      "{'model':'llama3.2','message':{'content':'a'},'done':true,"
      "'done_reason':'length'}",
      LSTART "content:a|finish:length|" }
};

#define N_VECTORS (sizeof(vectors) / sizeof(vectors[0]))


/* A piece in a block of its own, so that ASan sees a read beyond it. */
static inline nt_rc_t
feed(nt_llm_stream_t *s, const char *data, size_t len)
{
    nt_rc_t rc;
    char   *piece = malloc(len != 0 ? len : 1);

    if (piece == NULL) {
        abort();
    }

    memcpy(piece, data, len);
    rc = nt_llm_stream_feed(s, piece, len);
    free(piece);

    return rc;
}

#endif
