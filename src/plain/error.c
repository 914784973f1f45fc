/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/error.c: the text of an error: place and sentence.  What is read from
 * elsewhere can stand in both (keys of maps, wrong names): the text that comes
 * of it can be logged, and sent as JSON.
 */

#include "plain/error.h"

#include "bind/utf8.h"

#include <stdarg.h>
#include <stdio.h>


#define ERROR_REASON  320       /* bytes: of the sentence, not for paths */

#define ERROR_MORE    32        /* bytes: of " and %zu more" */


/* Adds as much as there is room for in the first `size` bytes. */

static void
error_add_list(nthrift_plain_error_t *err, size_t size, const char *fmt,
    va_list args)
{
    int  n;

    if (size <= err->len) {
        return;
    }

    size -= err->len;
    n = vsnprintf(err->text + err->len, size, fmt, args);

    if (n > 0) {
        err->len += ((size_t) n < size) ? (size_t) n : size - 1;
    }
}


static void __attribute__((format(printf, 3, 4)))
error_add(nthrift_plain_error_t *err, size_t size, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    error_add_list(err, size, fmt, args);
    va_end(args);
}


static void
error_add_path(nthrift_plain_error_t *err, const nthrift_plain_path_t *path)
{
    size_t  size;

    if (path->kind == NTHRIFT_PLAIN_ROOT) {
        return;
    }

    error_add_path(err, path->up);

    size = sizeof(err->text) - ERROR_REASON;

    switch (path->kind) {

    case NTHRIFT_PLAIN_ROOT:
        break;

    case NTHRIFT_PLAIN_FIELD:
        error_add(err, size, "%s%.*s", (err->len != 0) ? "." : "",
                  nthrift_plain_str(&path->name));
        break;

    case NTHRIFT_PLAIN_INDEX:
        error_add(err, size, "[%zu]", path->index);
        break;

    case NTHRIFT_PLAIN_KEY:
        error_add(err, size, "{%.*s}", nthrift_plain_str(&path->name));
        break;
    }
}


/* Leaves nothing that a log or JSON could not take. */

static void
error_clean(nthrift_plain_error_t *err)
{
    uint8_t        *p, *last;
    const uint8_t  *bad;

    p = (uint8_t *) err->text;
    last = p + err->len;

    for (bad = p; bad != last; bad++) {
        bad = nthrift_utf8_check(bad, last);

        if (bad == last) {
            break;
        }

        p[bad - p] = '?';
    }

    for ( /* void */ ; p != last; p++) {
        if (*p < 0x20 || *p == 0x7f) {
            *p = '?';
        }
    }
}


int
nthrift_plain_error_say(nthrift_plain_error_t *err,
    nthrift_plain_error_e kind, const nthrift_plain_path_t *path,
    const char *fmt, ...)
{
    va_list  args;

    if (err->len != 0) {
        return NTHRIFT_ERROR;
    }

    err->kind = kind;

    if (path != NULL) {
        error_add_path(err, path);
        err->path = err->len;
        error_add(err, sizeof(err->text), "%s",
                  (err->len != 0) ? ": " : "arguments: ");
    }

    va_start(args, fmt);
    error_add_list(err, sizeof(err->text), fmt, args);
    va_end(args);

    error_clean(err);

    return NTHRIFT_ERROR;
}


/* The names that there are */

static void __attribute__((format(printf, 2, 3)))
names_print(nthrift_plain_names_t *names, const char *fmt, ...)
{
    int      n;
    va_list  args;

    va_start(args, fmt);
    n = vsnprintf(names->text + names->len, sizeof(names->text) - names->len,
                  fmt, args);
    va_end(args);

    if (n > 0 && (size_t) n < sizeof(names->text) - names->len) {
        names->len += (size_t) n;
    }
}


static void
names_start(nthrift_plain_names_t *names)
{
    memset(names, 0, sizeof(nthrift_plain_names_t));
}


static void
names_add(nthrift_plain_names_t *names, const nthrift_str_t *name,
    unsigned last)
{
    size_t  room;

    room = sizeof(names->text) - names->len;

    if (names->more != 0 || name->len + ERROR_MORE > room) {
        names->more++;
        return;
    }

    names_print(names, "%s\"%.*s\"",
                (names->n == 0) ? "" : last ? " and " : ", ",
                nthrift_plain_str(name));
    names->n++;
}


static void
names_finish(nthrift_plain_names_t *names)
{
    if (names->more != 0) {
        names_print(names, "%s%zu more", (names->n != 0) ? " and " : "",
                    names->more);
    }
}


void
nthrift_plain_names_fields(nthrift_plain_names_t *names,
    const nthrift_idl_struct_t *st)
{
    size_t  i;

    names_start(names);

    for (i = 0; i < st->n; i++) {
        names_add(names, &st->fields[i]->name, i + 1 == st->n);
    }

    names_finish(names);
}


void
nthrift_plain_names_items(nthrift_plain_names_t *names,
    const nthrift_idl_enum_t *en)
{
    const nthrift_idl_item_t  *item;

    names_start(names);

    for (item = en->items; item != NULL; item = item->next) {
        names_add(names, &item->name, item->next == NULL);
    }

    names_finish(names);
}
