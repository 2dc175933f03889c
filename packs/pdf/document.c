/*
 * packs/pdf/document.c - opening documents, and the run of all nodes.
 */

#include <stdlib.h>

#include <qpdf/qpdf-c.h>

#include "engine/nodes/media_ref.h"
#include "packs/pdf/pdf.h"

typedef struct {
    char          *data;
    size_t         len;
    nt_pdf_range_t range;
    nt_pdf_work_t  work;
    json_t        *result;
} job_t;


nt_box_t
nt_box_join(nt_box_t a, nt_box_t b)
{
    return (nt_box_t) { a.x0 < b.x0 ? a.x0 : b.x0, a.y0 < b.y0 ? a.y0 : b.y0,
                        a.x1 > b.x1 ? a.x1 : b.x1, a.y1 > b.y1 ? a.y1 : b.y1 };
}


json_t *
nt_box_json(nt_box_t box)
{
    return json_pack("{s:f, s:f, s:f, s:f}", "x0", box.x0, "y0", box.y0, "x1",
                     box.x1, "y1", box.y1);
}


static bool
open_poppler(nt_node_call_t *call, nt_pdf_t *pdf, const job_t *job)
{
    GBytes *bytes;
    GError *error;

    error = NULL;
    bytes = g_bytes_new_static(job->data, job->len);
    pdf->document = poppler_document_new_from_bytes(bytes, NULL, &error);
    g_bytes_unref(bytes);

    if (pdf->document != NULL) {
        return true;
    }

    (void) nt_call_fail(call,
                        error != NULL &&
                                g_error_matches(error, POPPLER_ERROR,
                                                POPPLER_ERROR_ENCRYPTED)
                            ? "'pdf' is locked by a password"
                            : "'pdf' is not a PDF document that can be read");
    g_clear_error(&error);
    return false;
}


static bool
open_qpdf(nt_node_call_t *call, nt_pdf_t *pdf, const job_t *job)
{
    pdf->qpdf = qpdf_init();

    if (pdf->qpdf == NULL) {
        (void) nt_arg_nomem(call);
        return false;
    }

    qpdf_set_suppress_warnings(pdf->qpdf, QPDF_TRUE);
    qpdf_silence_errors(pdf->qpdf);

    if (qpdf_read_memory(pdf->qpdf, "pdf", job->data, job->len, NULL) &
        QPDF_ERRORS) {
        (void) nt_call_fail(call, "'pdf' is not a PDF document that can be "
                                  "read");
        return false;
    }

    pdf->n_pages = qpdf_get_num_pages(pdf->qpdf);

    if (pdf->n_pages < 1 || pdf->n_pages > NT_PDF_PAGES_MAX ||
        pdf->n_pages != poppler_document_get_n_pages(pdf->document))
    {
        (void) nt_call_fail(call, "'pdf' must have 1 to %d pages",
                            NT_PDF_PAGES_MAX);
        return false;
    }

    return true;
}


/* On the pool. */
static void
run_job(nt_node_call_t *call, void *arg)
{
    job_t    *job = arg;
    nt_pdf_t  pdf = { .call = call, .data = job->data };
    qpdf_data qpdf;

    if (open_poppler(call, &pdf, job) && open_qpdf(call, &pdf, job)) {
        pdf.end = pdf.n_pages;

        if (job->range == NULL || job->range(call, &pdf)) {
            job->result = job->work(call, &pdf);
        }
    }

    g_clear_object(&pdf.document);
    qpdf = pdf.qpdf;

    if (qpdf != NULL) {
        qpdf_cleanup(&qpdf);
    }
}


nt_node_rc_t
nt_pdf_run(nt_node_call_t *call, nt_pdf_range_t range, nt_pdf_work_t work)
{
    bool  good;
    job_t job = { .range = range, .work = work };

    if (!nt_media_load(call, "pdf", "a PDF document",
                       nt_call_input(call, "pdf"), &job.data, &job.len))
    {
        return NT_NODE_FAIL;
    }

    good = nt_call_thread(call, run_job, &job);
    free(job.data);

    if (!good || job.result == NULL) {
        json_decref(job.result);
        return NT_NODE_FAIL;
    }

    return nt_emit(call, job.result);
}


PopplerPage *
nt_pdf_page(nt_pdf_t *pdf, int number)
{
    PopplerPage *page;

    if (nt_call_cancelled(pdf->call)) {
        (void) nt_call_fail(pdf->call, "the job was cancelled");
        return NULL;
    }

    if (!nt_pdf_guard(pdf, number)) {
        return NULL;
    }

    page = poppler_document_get_page(pdf->document, number);

    if (page == NULL) {
        (void) nt_call_fail(pdf->call, "page %d cannot be read", number);
    }

    return page;
}


bool
nt_pymupdf_range(nt_node_call_t *call, nt_pdf_t *pdf)
{
    int64_t first, last;

    if (!nt_arg_int(call, "start_page", &first) ||
        !nt_arg_int(call, "end_page", &last))
    {
        return false;
    }

    if (last == -1) {
        last = pdf->n_pages - 1;
    }

    if (first < 0 || first >= pdf->n_pages || last < 0 || last >= pdf->n_pages)
    {
        (void) nt_call_fail(call,
                            "'start_page' and 'end_page' must be 0 to %d: the "
                            "document has no other pages",
                            pdf->n_pages - 1);
        return false;
    }

    pdf->first = (int) first;
    pdf->end = (int) last + 1;
    return true;
}
