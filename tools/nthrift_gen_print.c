/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_gen_print.c: text of a generated header: pieces of it, lines that
 * are too long, comments, literals.
 */

#include "nthrift_gen.h"
#include "bind/utf8.h"

#include <stdarg.h>
#include <stdlib.h>


void *
nthrift_gen_alloc(nthrift_gen_t *gen, size_t size)
{
    void  *p;

    p = nthrift_arena_alloc(gen->arena, size);

    if (p == NULL) {
        fprintf(stderr, "nthrift: not enough memory\n");
        exit(1);
    }

    return p;
}


static char *
print_text(nthrift_gen_t *gen, const char *format, va_list args)
{
    int      n;
    char    *text;
    va_list  again;

    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, again);
    va_end(again);

    text = nthrift_gen_alloc(gen, (n < 0) ? 1 : (size_t) n + 1);

    if (n > 0) {
        (void) vsnprintf(text, (size_t) n + 1, format, args);
    }

    return text;
}


char *
nthrift_gen_format(nthrift_gen_t *gen, const char *format, ...)
{
    char    *text;
    va_list  args;

    va_start(args, format);
    text = print_text(gen, format, args);
    va_end(args);

    return text;
}


void
nthrift_gen_print(nthrift_gen_t *gen, const char *format, ...)
{
    va_list  args;

    va_start(args, format);
    (void) vfprintf(gen->out, format, args);
    va_end(args);
}


/* Where a line that begins at `p` ends: behind a comma, if it is too long. */

static const char *
print_break(const char *p, int columns)
{
    const char  *s, *last;

    if (strlen(p) <= (size_t) columns) {
        return p + strlen(p);
    }

    last = NULL;

    for (s = p; *s != '\0' && (s - p < columns || last == NULL); s++) {
        if (s[0] == ',' && s[1] == ' ') {
            last = s + 1;
        }
    }

    return (last != NULL) ? last : s;
}


void
nthrift_gen_wrap(nthrift_gen_t *gen, int indent, const char *format, ...)
{
    int          columns, in;
    va_list      args;
    const char  *p, *end;

    va_start(args, format);
    p = print_text(gen, format, args);
    va_end(args);

    columns = NTHRIFT_GEN_COLUMNS;
    in = 0;

    for ( ;; ) {
        end = print_break(p, columns);
        fprintf(gen->out, "%*s%.*s\n", in, "", (int) (end - p), p);

        if (*end == '\0') {
            return;
        }

        p = end + 1;
        in = indent;
        columns = NTHRIFT_GEN_COLUMNS - in;
    }
}


void
nthrift_gen_declarator(nthrift_gen_t *gen, const char *type, const char *name)
{
    const char  *sep;

    sep = (strlen(type) + strlen(name) + sizeof("  = {") > NTHRIFT_GEN_COLUMNS)
          ? "\n    " : "  ";

    nthrift_gen_print(gen, "%s%s%s", type, sep, name);
}


void
nthrift_gen_macro(nthrift_gen_t *gen, const char *format, ...)
{
    char     *text;
    va_list   args;

    va_start(args, format);
    text = print_text(gen, format, args);
    va_end(args);

    fprintf(gen->out, "%-*s \\\n", NTHRIFT_GEN_COLUMNS - 2, text);
}


/*
 * Bytes of a character that may stand in a comment; 0: a compiler could warn
 * of it, or show the text in another order than it has.
 */

static size_t
print_char(const uint8_t *p, const uint8_t *last)
{
    size_t  n;

    if (*p < 0x80) {
        return (*p >= 0x20 && *p != 0x7f) ? 1 : 0;
    }

    n = (*p >= 0xf0) ? 4 : (*p >= 0xe0) ? 3 : 2;

    if ((size_t) (last - p) < n || nthrift_utf8_check(p, p + n) != p + n) {
        return 0;
    }

    /* U+200E, U+200F, U+202A .. U+202E, U+2066 .. U+2069 */

    if (p[0] == 0xe2 && ((p[1] == 0x80 && (p[2] == 0x8e || p[2] == 0x8f
                                           || (p[2] >= 0xaa && p[2] <= 0xae)))
                         || (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)))
    {
        return 0;
    }

    return n;
}


/* A line of a comment: what could end one, or begin one, comes apart. */

static void
print_comment(FILE *out, const uint8_t *p, const uint8_t *last)
{
    size_t   n;
    uint8_t  before;

    before = ' ';

    while (p != last) {
        n = print_char(p, last);

        if (n == 0) {
            before = (*p == '\t') ? ' ' : '?';
            fputc(before, out);
            p++;
            continue;
        }

        if ((*p == '/' && (before == '*' || before == '?'))
            || (*p == '*' && before == '/'))
        {
            fputc(' ', out);
        }

        before = *p;
        (void) fwrite(p, 1, n, out);
        p += n;
    }
}


/* A text of one line, if there is room for it. */

static int
print_short(int indent, const char *title, const nthrift_str_t *doc)
{
    return title == NULL && memchr(doc->data, '\n', doc->len) == NULL
           && doc->len + (size_t) indent + sizeof("/*  */")
              <= NTHRIFT_GEN_COLUMNS;
}


void
nthrift_gen_doc(nthrift_gen_t *gen, int indent, const char *title,
    const nthrift_str_t *doc)
{
    const uint8_t  *p, *end, *last;

    if (doc->len == 0) {
        if (title != NULL) {
            nthrift_gen_print(gen, "%*s/* %s */\n", indent, "", title);
        }

        return;
    }

    last = doc->data + doc->len;

    if (print_short(indent, title, doc)) {
        nthrift_gen_print(gen, "%*s/* ", indent, "");
        print_comment(gen->out, doc->data, last);
        nthrift_gen_print(gen, " */\n");
        return;
    }

    nthrift_gen_print(gen, "%*s/*\n", indent, "");

    if (title != NULL) {
        nthrift_gen_print(gen, "%*s * %s\n%*s *\n", indent, "", title, indent,
                          "");
    }

    for (p = doc->data; p < last; p = end + 1) {
        end = memchr(p, '\n', (size_t) (last - p));

        if (end == NULL) {
            end = last;
        }

        nthrift_gen_print(gen, "%*s *%s", indent, "", (end != p) ? " " : "");
        print_comment(gen->out, p, end);
        nthrift_gen_print(gen, "\n");
    }

    nthrift_gen_print(gen, "%*s */\n", indent, "");
}


/* "?" is escaped for the sake of trigraphs. */

void
nthrift_gen_literal(FILE *out, const nthrift_str_t *s)
{
    size_t   i;
    uint8_t  c;

    fputc('"', out);

    for (i = 0; i < s->len; i++) {
        c = s->data[i];

        if (c == '"' || c == '\\' || c == '?') {
            fprintf(out, "\\%c", c);

        } else if (c == '\n') {
            fprintf(out, "\\n");

        } else if (c < 0x20 || c > 0x7e) {
            fprintf(out, "\\%03o", c);

        } else {
            fputc(c, out);
        }
    }

    fputc('"', out);
}
