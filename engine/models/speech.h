/*
 * engine/models/speech.h - sound from texts and texts from sound, by provider.
 */

#ifndef NT_MODELS_SPEECH_H
#define NT_MODELS_SPEECH_H

#include "engine/models/node.h"

#define NT_SPEECH_RATE 24000 /* of OpenAI's "pcm", and of Gemini's */

/* Bounds of OpenAI's "speed". */
extern const double nt_speech_slowest, nt_speech_fastest;

/* What an OpenAI-like /audio/transcriptions is asked for. */
typedef struct {
    const char *path;     /* "/audio/transcriptions" */
    const char *language; /* NULL: found out */
    const char *prompt;   /* or NULL */
    double      temperature;
    bool        timestamps; /* of words and segments */
} nt_transcribe_t;

/* Sends sound (borrowed).  The reply {"text", ...}, a new reference; NULL
 * after nt_call_fail. */
json_t *nt_transcribe(nt_node_call_t *call, const nt_model_t *model,
                      const nt_transcribe_t *ask, const char *type,
                      nt_str_t audio);

/* Asks a model of Gemini's for speech: samples of 16 bits, one channel, *rate
 * a second; *pcm is malloc'ed.  False after nt_call_fail. */
bool nt_gemini_speak(nt_node_call_t *call, const nt_model_t *model,
                     nt_str_t text, const char *voice, unsigned *rate,
                     nt_str_t *pcm);

/* The body for OpenAI's /audio/speech.  A new reference; NULL when memory is
 * out. */
json_t *nt_speech_body(const nt_model_t *model, nt_str_t text,
                       const char *voice, double speed, const char *format);

/* Stores samples as WAV; the ref, NULL after nt_call_fail. */
json_t *nt_store_wav(nt_node_call_t *call, unsigned rate, nt_str_t pcm);

#endif
