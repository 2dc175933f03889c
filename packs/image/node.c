/*
 * packs/image/node.c - how nodes get and give images.
 */

#include <inttypes.h>
#include <stdlib.h>

#include "engine/nodes/args.h"
#include "engine/nodes/media_ref.h"
#include "packs/image/image.h"


const nt_output_t nt_image_outputs[] = { { "output", "image" },
                                         { NULL, NULL } };


bool
nt_image_int(nt_node_call_t *call, const char *name, int min, int max,
             int *value)
{
    int64_t n = nt_call_int(call, name);

    if (n < min || n > max) {
        (void) nt_call_fail(call, "'%s' must be %d to %d, not %" PRId64, name,
                            min, max, n);
        return false;
    }

    *value = (int) n;

    return true;
}


bool
nt_image_float(nt_node_call_t *call, const char *name, double min, double max,
               double *value)
{
    double n = nt_call_float(call, name);

    if (!(n >= min && n <= max)) {
        (void) nt_call_fail(call, "'%s' must be %g to %g, not %g", name, min,
                            max, n);
        return false;
    }

    *value = n;

    return true;
}


/* --- loading --------------------------------------------------------------*/

bool
nt_image_load(nt_node_call_t *call, const char *name, const json_t *ref,
              char **data, size_t *len)
{
    return nt_media_load(call, name, "an image", ref, data, len);
}


/* --- storing --------------------------------------------------------------*/

json_t *
nt_image_store(nt_node_call_t *call, const nt_image_t *image,
               const nt_image_png_t *png)
{
    static const char *const modes[] = { "L", "LA", "RGB", "RGBA" };

    json_t *ref = nt_call_store(call, "image", png->key, png->data, png->len);

    if (ref != NULL &&
        json_object_set_new(ref, "metadata",
                            json_pack("{s:i, s:i, s:s, s:s}", "width",
                                      image->width, "height", image->height,
                                      "mode", modes[image->bands - 1], "format",
                                      "png")) != 0)
    {
        (void) nt_arg_nomem(call);
        json_decref(ref);
        return NULL;
    }

    return ref;
}


/* --- a node that makes one image of some ----------------------------------*/

typedef struct {
    const char *const *names;
    nt_image_op_t      op;
    size_t             n;
    char              *data[NT_IMAGE_INPUTS_MAX];
    size_t             len[NT_IMAGE_INPUTS_MAX];
    nt_image_t         images[NT_IMAGE_INPUTS_MAX];
    nt_image_png_t     png;
} nt_image_job_t;


static void
work(nt_node_call_t *call, void *arg)
{
    size_t          i;
    nt_image_job_t *job = arg;

    for (i = 0; i < job->n; i++) {
        if (!nt_image_decode(call, job->names[i], job->data[i], job->len[i],
                             &job->images[i]))
        {
            return;
        }

        free(job->data[i]);
        job->data[i] = NULL;
    }

    if (job->op(call, job->images)) {
        (void) nt_image_encode_png(call, &job->images[0], &job->png);
    }
}


nt_node_rc_t
nt_image_run(nt_node_call_t *call, const char *const *names, nt_image_op_t op)
{
    bool           good = true;
    size_t         i;
    json_t        *ref = NULL;
    nt_image_job_t job = { .names = names, .op = op };

    for (/* void */; good && names[job.n] != NULL; job.n += good) {
        good =
            nt_image_load(call, names[job.n], nt_call_input(call, names[job.n]),
                          &job.data[job.n], &job.len[job.n]);
    }

    if (good && nt_call_thread(call, work, &job) && job.png.data != NULL) {
        ref = nt_image_store(call, &job.images[0], &job.png);
    }

    for (i = 0; i < NT_IMAGE_INPUTS_MAX; i++) {
        free(job.data[i]);
        nt_image_free(&job.images[i]);
    }

    free(job.png.data);

    return ref != NULL ? nt_call_emit(call, "output", ref) : NT_NODE_FAIL;
}


nt_node_rc_t
nt_image_run1(nt_node_call_t *call, nt_image_op_t op)
{
    static const char *const names[] = { "image", NULL };

    return nt_image_run(call, names, op);
}
