/*
 * engine/nodes/registry.h - the node types that this engine has.
 */

#ifndef NT_REGISTRY_H
#define NT_REGISTRY_H

#include <jansson.h>
#include <stdbool.h>

#include "core/nt_base.h"
#include "engine/nodetool_node.h"

typedef struct nt_registry nt_registry_t;

/* With all built-in libraries. NULL when memory is out. */
nt_registry_t *nt_registry_new(void);
void           nt_registry_free(nt_registry_t *registry);

/* Loads every *.so of a folder; what cannot be loaded is said through `log`
 * and left out.  Number of libraries loaded, or -1 when the folder cannot be
 * read. */
int nt_registry_load(nt_registry_t *registry, const char *folder,
                     void (*log)(const char *message));

/* Where packs are (engine/nodes/packs.h); NULL: nowhere.  One is loaded when
 * a type with a prefix of its is first looked for, which takes tens of
 * milliseconds; why one cannot be is said through `log`.  False when memory is
 * out. */
bool nt_registry_packs(nt_registry_t *registry, const char *folder,
                       void (*log)(const char *message));

/* Legacy names ("nodetool.lib.x" for "lib.x") find their node as well.
 * NULL when there is none. */
const nt_node_type_t *nt_registry_find(const nt_registry_t *registry,
                                       const char          *type);

/* Loads all packs that are there, and tells each type, sorted. */
void nt_registry_each(const nt_registry_t *registry,
                      void (*tell)(void *arg, const nt_node_type_t *type),
                      void *arg);

/* May a model call nodes of the type? */
bool nt_node_is_tool(const nt_node_type_t *type);

/* The name of a type as a tool, as NodeTool makes it: "_" for each dot, without
 * "Node" at its end, at most 64 characters. */
#define NT_NODE_TOOL_NAME 65 /* bytes, with its NUL */
void nt_node_tool_name(char *name, size_t size, const char *type);

/* The node type that a tool of this name is, or that is called so itself, if
 * it may be a tool. */
const nt_node_type_t *nt_registry_find_tool(const nt_registry_t *registry,
                                            const char          *name);

/* What to do about a type that was not found: "needs the image pack: ...";
 * false when it is in no pack, or the pack is there and has no such type. */
bool nt_registry_missing(const nt_registry_t *registry, const char *type,
                         char *text, size_t size);

/* Loads all packs that are there.  All descriptions, sorted by type, in the
 * shape of NodeTool's /api/nodes/metadata.  New reference. */
json_t *nt_registry_metadata(const nt_registry_t *registry);

/* --- built-in libraries, one a file --- */

extern const nt_node_library_t nt_nodes_models;    /* openai.*, gemini.* ... */
extern const nt_node_library_t nt_nodes_kie_audio; /* kie.audio.* */
extern const nt_node_library_t nt_nodes_kie_image; /* kie.image.* ... */
extern const nt_node_library_t nt_nodes_kie_image_edit;  /* ... of images */
extern const nt_node_library_t nt_nodes_kie_video;       /* kie.video.* ... */
extern const nt_node_library_t nt_nodes_kie_video_image; /* ... of images */
extern const nt_node_library_t nt_nodes_base;       /* Comment, Preview, ... */
extern const nt_node_library_t nt_nodes_workflow;   /* WorkflowNode */
extern const nt_node_library_t nt_nodes_input;      /* nodetool.input.* */
extern const nt_node_library_t nt_nodes_output;     /* nodetool.output.* */
extern const nt_node_library_t nt_nodes_constant;   /* nodetool.constant.* */
extern const nt_node_library_t nt_nodes_boolean;    /* nodetool.boolean.* */
extern const nt_node_library_t nt_nodes_text;       /* nodetool.text.* */
extern const nt_node_library_t nt_nodes_text_regex; /* ... on PCRE2 */
extern const nt_node_library_t nt_nodes_text_files; /* ... that load, save */
extern const nt_node_library_t nt_nodes_http;       /* lib.http.* */
extern const nt_node_library_t nt_nodes_rss;        /* lib.rss.* */
extern const nt_node_library_t nt_nodes_mail;       /* lib.mail.* */
extern const nt_node_library_t nt_nodes_apify;      /* apify.scraping.* */
extern const nt_node_library_t nt_nodes_messaging;  /* messaging.* */
extern const nt_node_library_t nt_nodes_supabase;   /* lib.supabase.* */
extern const nt_node_library_t nt_nodes_search;     /* search.* */
extern const nt_node_library_t nt_nodes_sqlite;     /* lib.sqlite.* */
extern const nt_node_library_t nt_nodes_document;   /* nodetool.document.* */
extern const nt_node_library_t nt_nodes_markdown;   /* lib.markdown.* */
extern const nt_node_library_t nt_nodes_beautifulsoup; /* lib.beautifulsoup.* */
extern const nt_node_library_t nt_nodes_template;   /* FormatText, Template */
extern const nt_node_library_t nt_nodes_list;       /* nodetool.list.* */
extern const nt_node_library_t nt_nodes_dictionary; /* nodetool.dictionary.* */
extern const nt_node_library_t nt_nodes_control;    /* nodetool.control.* */
extern const nt_node_library_t nt_nodes_numbers;    /* nodetool.numbers.* */
extern const nt_node_library_t nt_nodes_math;       /* lib.math.* */
extern const nt_node_library_t nt_nodes_json;       /* lib.json.* */
extern const nt_node_library_t nt_nodes_uuid;       /* lib.uuid.* */
extern const nt_node_library_t nt_nodes_workspace;  /* nodetool.workspace.* */
extern const nt_node_library_t nt_nodes_os;         /* lib.os.* */
extern const nt_node_library_t nt_nodes_compare;    /* nodetool.compare.* */
extern const nt_node_library_t nt_nodes_date;       /* lib.date.* */
extern const nt_node_library_t nt_nodes_audio;      /* nodetool.audio.* */
extern const nt_node_library_t nt_nodes_video;      /* nodetool.video.* */
extern const nt_node_library_t nt_nodes_pandoc;     /* lib.pandoc.* */
extern const nt_node_library_t nt_nodes_code;       /* nodetool.code.* */
extern const nt_node_library_t nt_nodes_data;       /* nodetool.data.* */
extern const nt_node_library_t nt_nodes_secret;     /* lib.secret.* */
extern const nt_node_library_t nt_nodes_numpy;      /* lib.numpy.* */
extern const nt_node_library_t nt_nodes_numpy_arithmetic;
extern const nt_node_library_t nt_nodes_numpy_math;
extern const nt_node_library_t nt_nodes_numpy_reshape;
extern const nt_node_library_t nt_nodes_numpy_shape;
extern const nt_node_library_t nt_nodes_numpy_statistics;
extern const nt_node_library_t nt_nodes_faiss;      /* vector.faiss.* */
extern const nt_node_library_t nt_nodes_browser;    /* lib.browser.* */
extern const nt_node_library_t nt_nodes_chroma;     /* vector.chroma.* */
extern const nt_node_library_t nt_nodes_image;      /* of nodetool.image.* */
extern const nt_node_library_t nt_nodes_svg;        /* of lib.svg.* */
extern const nt_node_library_t nt_nodes_agents;     /* nodetool.agents.* */
extern const nt_node_library_t nt_nodes_generators; /* nodetool.generators.* */
extern const nt_node_library_t nt_nodes_claude;     /* anthropic.agents.* */

#endif
