/*
 * engine/template/filters_words.c - filters of text that know words, tags and
 * URLs.
 */

#include <stdio.h>
#include <stdlib.h>

#include "engine/template/tpl.h"


static json_t *
filter_format(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    size_t  i;
    json_t *text, *values, *result;

    text = nt_tpl_string(env, value);
    values = json_array();

    for (i = 0; values != NULL && i < args->n_pos; i++) {
        if (json_array_append(values, args->pos[i]) != 0) {
            json_decref(values);
            values = NULL;
        }
    }

    values = nt_tpl_tag(env, values, NT_TAG_TUPLE);

    if (text == NULL || values == NULL) {
        result = NULL;

    } else if (args->keywords != NULL && args->n_pos > 0) {
        result = nt_tpl_fail(env, "format takes values or names with values, "
                                  "not both");

    } else {
        result =
            nt_tpl_percent(env, text,
                           args->keywords != NULL ? args->keywords : values);
    }

    json_decref(text);
    json_decref(values);
    return result;
}


static json_t *
filter_wordcount(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    bool     word, before;
    size_t   pos, n;
    json_t  *text;
    nt_str_t s;

    text = nt_tpl_string(env, value);

    if (text == NULL) {
        return NULL;
    }

    s = nt_ustr(text);
    n = 0;
    before = false;

    for (pos = 0; pos < s.len; before = word) {
        word = nt_ustr_is_word(nt_ustr_next(s, &pos));
        n += word && !before;
    }

    json_decref(text);
    return nt_tpl_charge(env, s.len / 16) ? json_integer((json_int_t) n) : NULL;
}


/* --- wordwrap --- */

typedef struct {
    nt_tpl_env_t *env;
    nt_buf_t     *out;
    nt_str_t      newline;
    size_t        width;
    size_t        column; /* characters in the line so far */
    nt_str_t      space;  /* white space before the next word */
    bool          break_long;
    bool          break_hyphens;
    bool          first; /* of the paragraph: its white space stays */
} wrap_t;


static void
wrap_line(wrap_t *w)
{
    nt_buf_append_str(w->out, w->newline);
    w->column = 0;
    w->space.len = 0;
    w->first = false;
}


/* A part of a word that is not to be broken, if it can be helped. */
static void
wrap_part(wrap_t *w, nt_str_t part)
{
    size_t len, room, n;

    len = nt_ustr_len(part);
    n = nt_ustr_len(w->space);

    if (w->column > 0 && w->column + n + len > w->width &&
        !(w->break_long && len > w->width && w->column + n < w->width))
    {
        wrap_line(w);
        n = 0;
    }

    if (w->column > 0 || w->first) {
        nt_buf_append_str(w->out, w->space);
        w->column += n;
    }

    w->space.len = 0;
    w->first = false;

    while (w->break_long && w->column + len > w->width) {
        room = w->width > w->column ? w->width - w->column : 0;
        n = nt_ustr_offset(part, room);
        nt_buf_append(w->out, part.data, n);
        part.data += n;
        part.len -= n;
        len -= room;
        wrap_line(w);
    }

    nt_buf_append_str(w->out, part);
    w->column += len;
}


static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (unsigned char) c >= 0x80;
}


/* A word may be broken behind a hyphen between letters. */
static void
wrap_word(wrap_t *w, nt_str_t word)
{
    size_t   i, start;
    nt_str_t part;

    start = 0;

    for (i = 1; w->break_hyphens && i + 1 < word.len; i++) {
        if (word.data[i] == '-' && is_letter(word.data[i - 1]) &&
            is_letter(word.data[i + 1]))
        {
            part.data = word.data + start;
            part.len = i + 1 - start;
            wrap_part(w, part);
            start = i + 1;
        }
    }

    part.data = word.data + start;
    part.len = word.len - start;
    wrap_part(w, part);
}


static bool
is_wrap_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}


static bool
wrap_paragraph(wrap_t *w, nt_str_t line)
{
    size_t   i, start;
    nt_str_t word;

    w->column = 0;
    w->space.len = 0;
    w->first = true;

    for (i = 0; i < line.len;) {
        start = i;

        while (i < line.len && is_wrap_space(line.data[i])) {
            i++;
        }

        w->space.data = line.data + start;
        w->space.len = i - start;
        start = i;

        while (i < line.len && !is_wrap_space(line.data[i])) {
            i++;
        }

        if (i > start) {
            word.data = line.data + start;
            word.len = i - start;
            wrap_word(w, word);
        }

        if (w->out->len > w->env->template->options.max_output) {
            return nt_tpl_room(w->env, w->out->len);
        }
    }

    return nt_tpl_charge(w->env, line.len / 16 + 1);
}


static json_t *
filter_wordwrap(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    bool     ok;
    size_t   i;
    json_t  *text, *lines, *line;
    int64_t  width;
    wrap_t   w = { 0 };
    nt_buf_t buf = { 0 };

    width = 79;

    if (args->p[0] != NULL &&
        (!nt_py_integer(args->p[0], &width) || width < 1 || width > INT32_MAX))
    {
        return nt_tpl_fail(env, "the width of wordwrap must be above 0");
    }

    text = nt_tpl_string(env, value);
    lines = text == NULL ? NULL : nt_ustr_lines(nt_ustr(text), false);

    w.env = env;
    w.out = &buf;
    w.width = (size_t) width;
    w.break_long = args->p[1] == NULL || nt_py_truth(args->p[1]);
    w.break_hyphens = args->p[3] == NULL || nt_py_truth(args->p[3]);
    w.newline = json_is_string(args->p[2]) ? nt_ustr(args->p[2]) : NT_STR("\n");
    ok = lines != NULL;

    json_array_foreach(lines, i, line)
    {
        if (i > 0) {
            nt_buf_append_str(&buf, w.newline);
        }

        ok = wrap_paragraph(&w, nt_ustr(line));

        if (!ok) {
            break;
        }
    }

    json_decref(lines);
    json_decref(text);

    if (!ok) {
        nt_buf_free(&buf);
        return NULL;
    }

    return nt_tpl_take(env, &buf);
}


/* --- striptags --- */

static const struct {
    const char *name;
    uint32_t    code;
} entities[] = { { "amp", '&' },      { "lt", '<' },       { "gt", '>' },
                 { "quot", '"' },     { "apos", '\'' },    { "nbsp", 0xa0 },
                 { "copy", 0xa9 },    { "reg", 0xae },     { "hellip", 0x2026 },
                 { "ndash", 0x2013 }, { "mdash", 0x2014 }, { "lsquo", 0x2018 },
                 { "rsquo", 0x2019 }, { "ldquo", 0x201c }, { "rdquo", 0x201d },
                 { "euro", 0x20ac },  { "trade", 0x2122 } };


/* The character reference at `s`, which starts with "&"; its length, else 0. */
static size_t
read_entity(nt_str_t s, uint32_t *code)
{
    char          name[12];
    size_t        i, n;
    const char   *end;
    unsigned long number;

    end = memchr(s.data, ';', s.len < sizeof(name) ? s.len : sizeof(name));

    if (end == NULL) {
        return 0;
    }

    n = (size_t) (end - s.data) - 1;
    memcpy(name, s.data + 1, n);
    name[n] = '\0';

    if (name[0] == '#') {
        number = (name[1] | 32) == 'x' ? strtoul(name + 2, (char **) &end, 16)
                                       : strtoul(name + 1, (char **) &end, 10);

        if (*end != '\0' || n < 2 || number == 0 || number > 0x10ffff ||
            (number >= 0xd800 && number <= 0xdfff))
        {
            return 0;
        }

        *code = (uint32_t) number;
        return n + 2;
    }

    for (i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
        if (strcmp(name, entities[i].name) == 0) {
            *code = entities[i].code;
            return n + 2;
        }
    }

    return 0;
}


typedef struct {
    nt_str_t text;
    bool     no_comment; /* what was looked for once in vain is not there */
    bool     no_tag;
} strip_t;


/* Behind the comment or tag at `pos`; `pos` itself where there is none. */
static size_t
skip_tag(strip_t *strip, size_t pos)
{
    nt_str_t  s;
    ptrdiff_t end;

    s = strip->text;

    if (!strip->no_comment && s.len - pos >= 4 &&
        memcmp(s.data + pos, "<!--", 4) == 0)
    {
        end = nt_ustr_find(s, NT_STR("-->"), pos, s.len);

        if (end >= 0) {
            return (size_t) end + 3;
        }

        strip->no_comment = true;
    }

    if (!strip->no_tag) {
        end = nt_ustr_find(s, NT_STR(">"), pos, s.len);

        if (end >= 0) {
            return (size_t) end + 1;
        }

        strip->no_tag = true;
    }

    return pos;
}


static void
strip_tags(nt_buf_t *out, nt_str_t s)
{
    bool    gap;
    size_t  pos, next, start;
    strip_t strip = { s, false, false };

    gap = false;

    for (pos = 0; pos < s.len;) {
        next = s.data[pos] == '<' ? skip_tag(&strip, pos) : pos;

        if (next > pos) {
            pos = next;
            continue;
        }

        start = pos;

        if (nt_ustr_is_space(nt_ustr_next(s, &pos))) {
            gap = true;
            continue;
        }

        if (gap && out->len > 0) {
            nt_buf_append_char(out, ' ');
        }

        gap = false;
        nt_buf_append(out, s.data + start, pos - start);
    }
}


static json_t *
filter_striptags(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    size_t   pos, n;
    json_t  *text;
    uint32_t code;
    nt_buf_t stripped = { 0 }, buf = { 0 };
    nt_str_t s;

    text = nt_tpl_string(env, value);

    if (text == NULL) {
        return NULL;
    }

    if (!nt_tpl_charge(env, json_string_length(text) / 8)) {
        json_decref(text);
        return NULL;
    }

    strip_tags(&stripped, nt_ustr(text));
    json_decref(text);

    for (pos = 0; pos < stripped.len;) {
        s.data = stripped.data + pos;
        s.len = stripped.len - pos;
        n = s.data[0] == '&' ? read_entity(s, &code) : 0;

        if (n > 0) {
            nt_ustr_put(&buf, code);

        } else {
            nt_buf_append_char(&buf, s.data[0]);
        }

        pos += n > 0 ? n : 1;
    }

    buf.failed |= stripped.failed;
    nt_buf_free(&stripped);
    return nt_tpl_take(env, &buf);
}


/* --- urlencode --- */

static bool
quote(nt_tpl_env_t *env, nt_buf_t *out, json_t *value, bool query)
{
    char     c;
    size_t   i;
    json_t  *text;
    nt_str_t s;

    text = nt_tpl_string(env, value);

    if (text == NULL || !nt_tpl_charge(env, json_string_length(text) / 4)) {
        json_decref(text);
        return false;
    }

    s = nt_ustr(text);

    for (i = 0; i < s.len; i++) {
        c = s.data[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
            (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
            c == '~' || (c == '/' && !query))
        {
            nt_buf_append_char(out, c);

        } else if (c == ' ' && query) {
            nt_buf_append_char(out, '+');

        } else {
            nt_buf_printf(out, "%%%02X", (unsigned char) c);
        }
    }

    json_decref(text);
    return nt_tpl_room(env, out->len);
}


static json_t *
filter_urlencode(nt_tpl_env_t *env, json_t *value, nt_tpl_args_t *args)
{
    bool     ok;
    size_t   i;
    json_t  *pairs, *pair;
    nt_buf_t buf = { 0 };

    if (!json_is_object(value) && !json_is_array(value)) {
        if (!quote(env, &buf, value, false)) {
            nt_buf_free(&buf);
            return NULL;
        }

        return nt_tpl_take(env, &buf);
    }

    pairs =
        json_is_array(value)
            ? json_incref(value)
            : nt_tpl_find(nt_tpl_dict_methods, "items")->fn(env, value, args);
    ok = pairs != NULL;

    json_array_foreach(pairs, i, pair)
    {
        if (json_array_size(pair) != 2) {
            ok = nt_tpl_fail(env, "urlencode needs a text, a dict or pairs") !=
                 NULL;
        }

        if (ok && i > 0) {
            nt_buf_append_char(&buf, '&');
        }

        ok = ok && quote(env, &buf, json_array_get(pair, 0), true);
        nt_buf_append_char(&buf, '=');
        ok = ok && quote(env, &buf, json_array_get(pair, 1), true);

        if (!ok) {
            break;
        }
    }

    json_decref(pairs);

    if (!ok) {
        nt_buf_free(&buf);
        return NULL;
    }

    return nt_tpl_take(env, &buf);
}


const nt_tpl_callee_t nt_tpl_filters_words[] = {
    { "format", NULL, filter_format },
    { "striptags", "", filter_striptags },
    { "urlencode", "", filter_urlencode },
    { "wordcount", "", filter_wordcount },
    { "wordwrap", "width break_long_words wrapstring break_on_hyphens",
      filter_wordwrap },
    { NULL, NULL, NULL }
};
