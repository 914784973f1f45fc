/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/indent.c: JSON on one line as JSON on many, for people.  The text is
 * one that this room has written: nothing in it is checked.
 */

#include "plain/plain.h"

#include "bind/write.h"


#define INDENT_STEP  2          /* blanks for each level */


static uint8_t *
indent_grow(void *owner, uint8_t *data, size_t len, size_t *size)
{
    uint8_t  *p;

    p = nthrift_arena_alloc(owner, *size);

    if (p != NULL && len != 0) {
        memcpy(p, data, len);
    }

    return p;
}


static void
indent_line(nthrift_write_t *w, size_t depth)
{
    size_t    n;
    uint8_t  *p;

    n = depth * INDENT_STEP;
    p = nthrift_write_reserve(w, n + 1);

    if (p != NULL) {
        p[0] = '\n';
        memset(p + 1, ' ', n);
        w->len += n + 1;
    }
}


/* The byte behind a string that begins at `p`. */

static const uint8_t *
indent_string(nthrift_write_t *w, const uint8_t *p, const uint8_t *last)
{
    const uint8_t  *from;

    from = p++;

    while (p != last && *p != '"') {
        p += (*p == '\\' && p + 1 != last) ? 2 : 1;
    }

    p += (p != last);

    nthrift_write_bytes(w, from, (size_t) (p - from));

    return p;
}


/* One byte that is not in a string; `next` is 0 at the end. */

static size_t
indent_byte(nthrift_write_t *w, uint8_t c, uint8_t next, size_t depth)
{
    switch (c) {

    case '{':
    case '[':
        nthrift_write_bytes(w, &c, 1);
        depth++;

        if (next != '}' && next != ']') {
            indent_line(w, depth);
        }

        return depth;

    case '}':
    case ']':
        depth -= (depth != 0);

        if (w->len != 0 && w->data[w->len - 1] != '{'
            && w->data[w->len - 1] != '[')
        {
            indent_line(w, depth);
        }

        nthrift_write_bytes(w, &c, 1);

        return depth;

    case ',':
        nthrift_write_bytes(w, &c, 1);
        indent_line(w, depth);

        return depth;

    case ':':
        nthrift_write_bytes(w, (const uint8_t *) ": ", 2);

        return depth;

    default:
        nthrift_write_bytes(w, &c, 1);

        return depth;
    }
}


int
nthrift_plain_indent(nthrift_arena_t *arena, const nthrift_str_t *text,
    nthrift_str_t *out)
{
    size_t            depth;
    const uint8_t    *p, *last;
    nthrift_write_t   w;

    nthrift_write_init(&w, NTHRIFT_BINARY, NULL, 0, SIZE_MAX, indent_grow,
                       arena);

    depth = 0;
    p = text->data;
    last = p + text->len;

    while (p != last) {
        if (*p == '"') {
            p = indent_string(&w, p, last);
            continue;
        }

        depth = indent_byte(&w, *p, (p + 1 != last) ? p[1] : 0, depth);
        p++;
    }

    if (w.error != NULL) {
        return NTHRIFT_ERROR;
    }

    out->data = w.data;
    out->len = w.len;

    return NTHRIFT_OK;
}
