/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/doc.c: cleans doc comments, in two passes over their lines: the first
 * finds what all lines begin with, the second leaves it out.
 */

#include "idl/doc.h"


typedef struct {
    const uint8_t  *p;          /* of the line, then behind it */
    const uint8_t  *last;
} doc_lines_t;


/* The next line without the blanks at its end; 0 if there is none. */

static int
doc_next_line(doc_lines_t *lines, nthrift_str_t *line)
{
    const uint8_t  *end;

    if (lines->p > lines->last) {
        return 0;
    }

    end = memchr(lines->p, '\n', (size_t) (lines->last - lines->p));
    if (end == NULL) {
        end = lines->last;
    }

    line->data = (uint8_t *) lines->p;
    line->len = (size_t) (end - lines->p);
    lines->p = end + 1;

    while (line->len != 0
           && memchr(" \t\r", line->data[line->len - 1], 3) != NULL)
    {
        line->len--;
    }

    return 1;
}


static size_t
doc_indent(const nthrift_str_t *line)
{
    size_t  n;

    for (n = 0; n < line->len; n++) {
        if (line->data[n] != ' ' && line->data[n] != '\t') {
            break;
        }
    }

    return n;
}


static void
doc_cut(nthrift_str_t *line, size_t n)
{
    if (n > line->len) {
        n = line->len;
    }

    line->data += n;
    line->len -= n;
}


/* Whether all lines but the first, and the empty ones, begin with a star. */

static int
doc_has_stars(const nthrift_str_t *raw)
{
    size_t         n;
    doc_lines_t    lines;
    nthrift_str_t  line;

    lines.p = raw->data;
    lines.last = raw->data + raw->len;

    doc_next_line(&lines, &line);

    while (doc_next_line(&lines, &line)) {
        n = doc_indent(&line);

        if (n < line.len && line.data[n] != '*') {
            return 0;
        }
    }

    return 1;
}


static void
doc_cut_star(nthrift_str_t *line)
{
    doc_cut(line, doc_indent(line));
    doc_cut(line, 1);
}


/* The blanks that all lines but the first begin with. */

static size_t
doc_min_indent(const nthrift_str_t *raw, int stars)
{
    size_t         n, min;
    doc_lines_t    lines;
    nthrift_str_t  line;

    min = SIZE_MAX;
    lines.p = raw->data;
    lines.last = raw->data + raw->len;

    doc_next_line(&lines, &line);

    while (doc_next_line(&lines, &line)) {
        if (stars) {
            doc_cut_star(&line);
        }

        n = doc_indent(&line);

        if (n < line.len && n < min) {
            min = n;
        }
    }

    return min;
}


int
nthrift_doc_clean(nthrift_arena_t *arena, const nthrift_str_t *raw,
    nthrift_str_t *doc)
{
    int             stars, first;
    size_t          indent;
    uint8_t        *p, *end;
    doc_lines_t     lines;
    nthrift_str_t   line;

    doc->len = 0;

    if (raw->len == 0) {
        return NTHRIFT_OK;
    }

    p = nthrift_arena_alloc(arena, raw->len + 1);
    if (p == NULL) {
        return NTHRIFT_ERROR;
    }

    stars = doc_has_stars(raw);
    indent = doc_min_indent(raw, stars);
    first = 1;

    doc->data = p;
    end = p;
    lines.p = raw->data;
    lines.last = raw->data + raw->len;

    while (doc_next_line(&lines, &line)) {
        if (first) {
            doc_cut(&line, doc_indent(&line));
            first = 0;

        } else {
            if (stars) {
                doc_cut_star(&line);
            }

            doc_cut(&line, indent);
        }

        if (line.len != 0) {
            memcpy(p, line.data, line.len);
            p += line.len;
            end = p;
        }

        if (end != doc->data) {
            *p++ = '\n';
        }
    }

    doc->len = (size_t) (end - doc->data);

    return NTHRIFT_OK;
}
