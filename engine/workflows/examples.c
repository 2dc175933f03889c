/*
 * engine/workflows/examples.c - one example of the installation.
 */

#include <string.h>

#include "engine/workflows/document.h"
#include "engine/workflows/workflows_int.h"


int
nt_workflows_find_example(nt_workflows_t *w, const char *package,
                          const char *name, nt_workflow_t **item,
                          nt_buf_t *error)
{
    int err = w->examples.dir != -1 ? nt_cache_scan(&w->examples) : 0;

    if (err != 0) {
        return nt_workflows_fail(err, name, error);
    }

    for (size_t i = 0; i < w->examples.n; i++) {
        const json_t *view = w->examples.items[i]->view;
        const char   *its = json_string_value(json_object_get(view, "name"));

        if (its != NULL && strcmp(name, its) == 0 &&
            strcmp(package, nt_document_package(view)) == 0)
        {
            *item = w->examples.items[i];
            return 200;
        }
    }

    nt_buf_printf(error,
                  "There is no example \"%.200s\" in the package \"%.200s\".",
                  name, package);
    return 404;
}


json_t *
nt_workflows_example_view(const nt_workflow_t *item)
{
    json_t *view = json_copy(item->view);

    if (view != NULL &&
        json_object_set_new(view, "package_name",
                            json_string(nt_document_package(item->document))) ==
            0 &&
        json_object_set_new(view, "access", json_string("public")) == 0)
    {
        return view;
    }

    json_decref(view);

    return NULL;
}


int
nt_workflows_example(nt_workflows_t *w, const char *package, const char *name,
                     json_t **workflow, nt_buf_t *error)
{
    int            status;
    nt_workflow_t *item;

    status = nt_workflows_find_example(w, package, name, &item, error);
    if (status != 200) {
        return status;
    }

    *workflow = nt_workflows_example_view(item);

    return *workflow != NULL ? 200 : nt_workflows_nomem(error);
}
