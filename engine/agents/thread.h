/*
 * engine/agents/thread.h - conversations that go on in later runs.
 *
 * A thread is a file ID.jsonl in a folder "threads" of the user's, so that all
 * of his workflows can go on with it: on its first line {"type": "thread",
 * "id", "title", "created_at"}, then a message a line, in the canonical form
 * of core/llm/nt_llm.h, without those of the system.  All functions wait;
 * those that return bool return false after nt_call_fail.
 */

#ifndef NT_THREAD_H
#define NT_THREAD_H

#include <jansson.h>

#include "core/nt_buf.h"
#include "engine/nodetool_node.h"

#define NT_THREAD_MESSAGES_MAX 1000 /* that are read, the newest */

/* Makes a thread, unless there is one of that id; an empty one stands for a
 * new one.  The id as a new JSON string; NULL after nt_call_fail. */
json_t *nt_thread_create(nt_node_call_t *call, nt_str_t id, nt_str_t title);

/* Appends the thread's messages to a list; a thread that is not there has
 * none. */
bool nt_thread_load(nt_node_call_t *call, nt_str_t id, json_t *messages);

/* Adds the messages from number `from` on to the thread. */
bool nt_thread_save(nt_node_call_t *call, nt_str_t id, const json_t *messages,
                    size_t from);

#endif
