/*
 * packs/office/values.c - the values of cells: shared texts, numbers, dates.
 */

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/nodes/ustr.h"
#include "packs/office/office.h"

#define DAYS_MAX 2958466.0 /* the end of the year 9999 */


/* --- texts --- */

/* Appends the texts of an si or is element, but those of phonetic runs. */
static void
append_texts(nt_buf_t *out, const xmlNode *node)
{
    xmlChar *text;
    xmlNode *child;

    for (child = nt_xml_child(node, NULL); child != NULL;
         child = nt_xml_next(child, NULL))
    {
        if (nt_xml_is(child, "t")) {
            text = xmlNodeGetContent(child);

            if (text != NULL) {
                nt_buf_append_str(out, nt_str((char *) text));
            }

            xmlFree(text);
        } else if (nt_xml_is(child, "r")) {
            append_texts(out, child);
        }
    }
}


static bool
read_strings(nt_package_t *package, const char *workbook, nt_values_t *values)
{
    char    *part;
    size_t   n;
    xmlNode *root, *si;
    nt_buf_t text;

    part = nt_relation_target(package, workbook, "sharedStrings", NULL);

    if (part == NULL) {
        return true;
    }

    root = nt_package_xml(package, part);
    free(part);

    if (root == NULL) {
        return false;
    }

    for (n = 0, si = nt_xml_child(root, "si"); si != NULL;
         si = nt_xml_next(si, "si"))
    {
        n++;
    }

    values->strings = calloc(n + 1, sizeof(*values->strings));

    for (si = nt_xml_child(root, "si"); values->strings != NULL && si != NULL;
         si = nt_xml_next(si, "si"))
    {
        text = (nt_buf_t) { 0 };
        append_texts(&text, si);
        nt_buf_append_char(&text, '\0');

        if (text.failed) {
            break;
        }

        values->strings[values->n_strings++] = text.data;
    }

    if (values->n_strings < n || values->strings == NULL) {
        (void) nt_arg_nomem(package->call);
        return false;
    }

    return true;
}


/* --- dates --- */

/* Does a format show a day, a month or a time of day?  Texts in quotes and
 * brackets do not count, nor what a backslash stands before. */
static bool
is_date_format(const char *format)
{
    for (; *format != '\0' && *format != ';'; format++) {
        if (*format == '"' || *format == '[') {
            format = strchr(format + 1, *format == '"' ? '"' : ']');

            if (format == NULL) {
                return false;
            }
        } else if (*format == '\\' || *format == '_' || *format == '*') {
            if (*++format == '\0') {
                return false;
            }
        } else if (strchr("dmyhsDMYHS", *format) != NULL) {
            return true;
        }
    }

    return false;
}


/* The format of a number that is none of the built-in ones. */
static const char *
custom_format(const xmlNode *styles, long id)
{
    xmlNode *format;

    for (format = nt_xml_child(nt_xml_child(styles, "numFmts"), "numFmt");
         format != NULL; format = nt_xml_next(format, "numFmt"))
    {
        if (nt_xml_int(format, "numFmtId", -1) == id) {
            return nt_xml_attr(format, "formatCode");
        }
    }

    return "";
}


static bool
is_date(const xmlNode *styles, long id)
{
    /* those that are built in, in one language or another */
    if ((id >= 14 && id <= 22) || (id >= 27 && id <= 36) || id == 45 ||
        id == 47 || (id >= 50 && id <= 58))
    {
        return true;
    }

    return id >= 164 && is_date_format(custom_format(styles, id));
}


static bool
read_styles(nt_package_t *package, const char *workbook, nt_values_t *values)
{
    char    *part;
    size_t   n;
    xmlNode *root, *xfs, *xf;

    part = nt_relation_target(package, workbook, "styles", NULL);

    if (part == NULL) {
        return true;
    }

    root = nt_package_xml(package, part);
    free(part);

    if (root == NULL) {
        return false;
    }

    xfs = nt_xml_child(root, "cellXfs");

    for (n = 0, xf = nt_xml_child(xfs, "xf"); xf != NULL;
         xf = nt_xml_next(xf, "xf"))
    {
        n++;
    }

    values->dates = calloc(n + 1, sizeof(*values->dates));

    if (values->dates == NULL) {
        (void) nt_arg_nomem(package->call);
        return false;
    }

    for (xf = nt_xml_child(xfs, "xf"); xf != NULL; xf = nt_xml_next(xf, "xf")) {
        values->dates[values->n_styles++] =
            is_date(root, nt_xml_int(xf, "numFmtId", 0));
    }

    return true;
}


bool
nt_values_open(nt_package_t *package, nt_values_t *values)
{
    bool        good;
    char       *workbook;
    xmlNode    *root, *properties;
    const char *from_1904;

    *values = (nt_values_t) { 0 };
    workbook = nt_relation_target(package, "", "officeDocument", NULL);
    root = workbook != NULL ? nt_package_xml(package, workbook) : NULL;

    if (root == NULL) {
        free(workbook);
        return false;
    }

    properties = nt_xml_child(root, "workbookPr");
    from_1904 = properties != NULL ? nt_xml_attr(properties, "date1904") : "";
    values->from_1904 =
        strcmp(from_1904, "1") == 0 || strcmp(from_1904, "true") == 0;
    good = read_strings(package, workbook, values) &&
           read_styles(package, workbook, values);
    free(workbook);
    return good;
}


void
nt_values_close(nt_values_t *values)
{
    while (values->n_strings > 0) {
        free(values->strings[--values->n_strings]);
    }

    free(values->strings);
    free(values->dates);
    *values = (nt_values_t) { 0 };
}


/* The date of days since the first of March of the year 0 (Howard Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms"). */
static void
civil(long days, long *year, long *month, long *day)
{
    long era, of_era, year_of_era, of_year, shifted;

    era = days / 146097;
    of_era = days - era * 146097;
    year_of_era =
        (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    of_year =
        of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    shifted = (5 * of_year + 2) / 153;
    *day = of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}


/* Days since the end of 1899, or of 1903, as ISO 8601 writes them; a time of
 * day for less than one. */
static json_t *
date_json(const nt_values_t *values, double serial)
{
    char      text[64];
    long      days, year, month, day;
    long long seconds;

    seconds = llround(serial * 86400);
    days = (long) (seconds / 86400);
    seconds %= 86400;

    if (serial < 1 && !values->from_1904) {
        (void) snprintf(text, sizeof(text), "%02lld:%02lld:%02lld",
                        seconds / 3600, seconds / 60 % 60, seconds % 60);
        return json_string(text);
    }

    if (values->from_1904) {
        days += 1462;
    } else if (days < 60) {
        days++; /* there is a 29th of February 1900 in it */
    }

    /* 1899-12-30 is 693899 days from the first of March of the year 0 */
    civil(days + 693899, &year, &month, &day);
    (void) snprintf(text, sizeof(text),
                    seconds == 0 ? "%04ld-%02ld-%02ld"
                                 : "%04ld-%02ld-%02ldT%02lld:%02lld:%02lld",
                    year, month, day, seconds / 3600, seconds / 60 % 60,
                    seconds % 60);
    return json_string(text);
}


/* --- values --- */

static json_t *
text_json(xmlChar *text)
{
    json_t *value;

    value = text == NULL ? NULL : json_string((char *) text);
    xmlFree(text);
    return value;
}


static json_t *
number_json(const nt_values_t *values, const xmlNode *cell, const char *text,
            bool *date)
{
    long   style;
    char  *end;
    double number;

    number = strtod(text, &end);

    if (end == text || *end != '\0' || !isfinite(number)) {
        return json_string(text);
    }

    style = nt_xml_int(cell, "s", 0);
    *date = style >= 0 && (size_t) style < values->n_styles &&
            values->dates[style] && number >= 0 && number < DAYS_MAX;

    if (*date) {
        return date_json(values, number);
    }

    return strpbrk(text, ".eE") == NULL && fabs(number) < 9e18
               ? json_integer(strtoll(text, NULL, 10))
               : json_real(number);
}


json_t *
nt_cell_value(const nt_values_t *values, const xmlNode *cell, bool *date)
{
    long        index;
    char       *end;
    json_t     *value;
    xmlNode    *v;
    xmlChar    *content;
    nt_buf_t    text = { 0 };
    const char *type;

    *date = false;
    type = nt_xml_attr(cell, "t");

    if (strcmp(type, "inlineStr") == 0) {
        append_texts(&text, nt_xml_child(cell, "is"));
        value = text.failed
                    ? NULL
                    : json_stringn(text.len > 0 ? text.data : "", text.len);
        nt_buf_free(&text);
        return value;
    }

    v = nt_xml_child(cell, "v");

    if (v == NULL || v->children == NULL) {
        v = nt_xml_child(cell, "f"); /* a formula that was not computed */
        content = v != NULL ? xmlNodeGetContent(v) : NULL;

        if (content == NULL) {
            return json_null();
        }

        value = json_sprintf("=%s", (char *) content);
        xmlFree(content);
        return value;
    }

    content = xmlNodeGetContent(v);

    if (content == NULL) {
        return NULL;
    }

    if (strcmp(type, "s") == 0) {
        index = strtol((char *) content, &end, 10);
        xmlFree(content);
        return index >= 0 && (size_t) index < values->n_strings
                   ? json_string(values->strings[index])
                   : json_string("");
    }

    if (strcmp(type, "b") == 0) {
        value = json_boolean(strcmp((char *) content, "0") != 0);
    } else if (strcmp(type, "str") == 0 || strcmp(type, "e") == 0 ||
               strcmp(type, "d") == 0)
    {
        return text_json(content);
    } else {
        value = number_json(values, cell, (char *) content, date);
    }

    xmlFree(content);
    return value;
}
