/*
 * engine/models/sentences.h - texts in sentences.
 */

#ifndef NT_MODELS_SENTENCES_H
#define NT_MODELS_SENTENCES_H

#include "core/nt_base.h"

/* The length in bytes of the sentence that valid UTF-8 begins with, and of the
 * white space behind it; 0 for an empty text.  A sentence ends with . ! ? or
 * an ellipsis, closing quotes and brackets, and white space (none behind the
 * full stops of Chinese and Japanese), or with an empty line.  None ends with a
 * full stop or a quote in front of a lower-case letter, nor with the full stop
 * of an initial or a title ("Dr."). */
size_t nt_sentence(nt_str_t text);

#endif
