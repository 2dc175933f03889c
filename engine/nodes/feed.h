/*
 * engine/nodes/feed.h - news feeds: RSS 0.9 to 2.0, RSS 1.0 (RDF), Atom
 * (RFC 4287).
 *
 * What publishers write is often not quite XML: as much is taken of it as can
 * be.  Texts keep the HTML that they hold.
 */

#ifndef NT_FEED_H
#define NT_FEED_H

#include <jansson.h>

#include "core/nt_buf.h"

/*
 * Reads a feed as {"title", "description", "link", "language", "updated",
 * "generator", "entries": [{"title", "link", "summary", "author",
 * "published"}, ...]}; all are strings, "" where there is none, but
 * "published", which is seconds since 1970 or null.  Links are absolute, by
 * `url`, the feed's own.  NULL: NT_ERROR when it is no feed, or NT_NOMEM, in
 * *rc.
 */
json_t *nt_feed_read(nt_str_t text, const char *url, nt_rc_t *rc);

#endif
