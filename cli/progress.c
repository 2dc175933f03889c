#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NT_BAR_WIDTH 24

static const char clear_line[] = "\r\033[K";


void
nt_progress_init(nt_progress_t *progress, unsigned total)
{
    *progress = (nt_progress_t) { .total = total,
                                  .terminal = isatty(STDERR_FILENO) == 1 };
}


static const char *
text(const json_t *event, const char *name)
{
    const char *value = json_string_value(json_object_get(event, name));

    return value != NULL ? value : "";
}


static void
draw(double done, double total, const char *what)
{
    char     bar[NT_BAR_WIDTH + 1];
    unsigned full = 0;

    if (total > 0) {
        full = (unsigned) (done >= total ? NT_BAR_WIDTH
                           : done <= 0   ? 0
                                         : NT_BAR_WIDTH * done / total);
    }

    memset(bar, '.', NT_BAR_WIDTH);
    memset(bar, '#', full);
    bar[NT_BAR_WIDTH] = '\0';

    (void) fprintf(stderr, "%s[%s] %.0f/%.0f %s", clear_line, bar, done, total,
                   what);
    (void) fflush(stderr);
}


/* A line above the bar. */
static void
print_line(const nt_progress_t *p, const char *title, const char *what,
           const char *more)
{
    (void) fprintf(stderr, "%s%s: %s%s%s\n", p->terminal ? clear_line : "",
                   title, what, more[0] != '\0' ? ": " : "", more);
}


static void
show_node(nt_progress_t *p, const json_t *event)
{
    bool        over;
    const char *title = text(event, "node_name");
    const char *status = text(event, "status");
    const char *error = text(event, "error");

    over = strcmp(status, "completed") == 0 || strcmp(status, "error") == 0;
    if (over && p->ended < p->total) {
        p->ended++;
    }

    if (error[0] != '\0' || !p->terminal) {
        print_line(p, title, status, error);
    }

    if (p->terminal) {
        draw(p->ended, p->total, title);
    }
}


void
nt_progress_event(nt_progress_t *p, const json_t *event)
{
    const char *type = text(event, "type");

    if (strcmp(type, "node_update") == 0) {
        show_node(p, event);

    } else if (strcmp(type, "node_progress") == 0) {
        double done = json_number_value(json_object_get(event, "progress"));
        double total = json_number_value(json_object_get(event, "total"));

        if (p->terminal) {
            draw(done, total, text(event, "node_id"));
        } else {
            (void) fprintf(stderr, "%s: %.0f of %.0f\n", text(event, "node_id"),
                           done, total);
        }

    } else if (strcmp(type, "log_update") == 0) {
        print_line(p, text(event, "node_name"), text(event, "severity"),
                   text(event, "content"));
    }
}


void
nt_progress_end(nt_progress_t *p)
{
    if (p->terminal) {
        (void) fputs(clear_line, stderr);
    }
}
