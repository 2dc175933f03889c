/*
 * engine/nodes/beautifulsoup.h - what the files of lib.beautifulsoup.* share.
 */

#ifndef NT_BEAUTIFULSOUP_H
#define NT_BEAUTIFULSOUP_H

#include "engine/nodes/args.h"
#include "engine/nodes/html_tree.h"

/* Elements whose text is not for readers, ended by NULL. */
extern const char *const nt_soup_hidden[];

/* Parses the HTML of a property; xmlFreeDoc it.  NULL after nt_call_fail. */
xmlDoc *nt_soup_parse(nt_node_call_t *call, const char *property);

/* beautifulsoup_links.c */
extern const nt_node_type_t nt_soup_links, nt_soup_images, nt_soup_videos,
    nt_soup_audio;

#endif
