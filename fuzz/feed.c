/*
 * News feeds: whatever the text, it is a feed with all its members, or none.
 */

#include <stdlib.h>

#include "engine/nodes/feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void
must(bool condition)
{
    if (!condition) {
        abort();
    }
}


static void
must_be_texts(const json_t *object, const char *const *names)
{
    for (; *names != NULL; names++) {
        must(json_is_string(json_object_get(object, *names)));
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const feed_names[] = {
        "title", "description", "link", "language", "updated", "generator", NULL
    };
    static const char *const entry_names[] = { "title", "link", "summary",
                                               "author", NULL };
    size_t                   i;
    json_t                  *feed, *entry;
    nt_rc_t                  rc;

    feed = nt_feed_read((nt_str_t) { (const char *) data, size },
                        "http://example.com/feed", &rc);
    must((feed != NULL) == (rc == NT_OK));

    if (feed != NULL) {
        must_be_texts(feed, feed_names);

        json_array_foreach(json_object_get(feed, "entries"), i, entry)
        {
            must_be_texts(entry, entry_names);
        }
    }

    json_decref(feed);
    return 0;
}
