/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_copy.h: deep copies of what the IDL describes, for what a handler
 * keeps longer than a call: arguments, and what is in them, end with it.
 * Included by nthrift_handler.h; the typed functions of a service's header,
 * User_copy() and User_free(), come here.
 *
 * A copy is one piece of memory of malloc(): the struct, and behind it all
 * strings and elements that it has, so that free() frees all of it.  Nothing
 * here is nginx's: every function may be called anywhere, threads included.
 */

#ifndef NTHRIFT_COPY_H
#define NTHRIFT_COPY_H

#include "bind/table.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif


/* The same walk is made twice: it counts bytes while `data` is NULL. */

typedef struct {
    uint8_t   *data;
    size_t     len;
} nthrift_copy_t;


/* A list, a set or a map. */

typedef struct {
    size_t          n;
    const uint8_t  *items;
} nthrift_copy_list_t;


static inline void nthrift_copy_struct(nthrift_copy_t *copy,
    const nthrift_layout_t *layout, const uint8_t *from, uint8_t *to);
static inline void nthrift_copy_value(nthrift_copy_t *copy,
    const nthrift_schema_type_t *type, const nthrift_layout_type_t *layout,
    const uint8_t *from, uint8_t *to);


/* Bytes of `from`, aligned to 8, and `end` bytes of 0 behind them; or NULL. */

static inline uint8_t *
nthrift_copy_bytes(nthrift_copy_t *copy, const void *from, size_t size,
    size_t end)
{
    uint8_t  *p;

    p = NULL;

    if (copy->data != NULL) {
        p = copy->data + copy->len;

        if (size != 0) {
            memcpy(p, from, size);
        }

        memset(p + size, 0, end);
    }

    copy->len += (size + end + 7) & ~(size_t) 7;

    return p;
}


/* Whether values of the type refer to something outside of themselves. */

static inline bool
nthrift_copy_refers(const nthrift_schema_type_t *type)
{
    return type->type == NTHRIFT_STRING || type->elem != NULL
           || type->st != NULL;
}


/*
 * Those that follow copy what a value at `from` points to; the value's own
 * bytes are at `to` already.  A string ends with a 0 byte.
 */

static inline void
nthrift_copy_string(nthrift_copy_t *copy, const uint8_t *from, uint8_t *to)
{
    nthrift_str_t  s;

    memcpy(&s, from, sizeof(s));

    if (s.data == NULL) {
        return;
    }

    s.data = nthrift_copy_bytes(copy, s.data, s.len, 1);

    if (to != NULL) {
        memcpy(to, &s, sizeof(s));
    }
}


static inline void
nthrift_copy_pointer(nthrift_copy_t *copy, const nthrift_layout_t *layout,
    const uint8_t *from, uint8_t *to)
{
    uint8_t        *st;
    const uint8_t  *p;

    memcpy(&p, from, sizeof(p));

    if (p == NULL) {
        return;
    }

    st = nthrift_copy_bytes(copy, p, layout->size, 0);

    if (to != NULL) {
        memcpy(to, &st, sizeof(st));
    }

    nthrift_copy_struct(copy, layout, p, st);
}


/* What is at the same place of each item: keys, values, or elements. */

static inline void
nthrift_copy_each(nthrift_copy_t *copy, const nthrift_schema_type_t *type,
    const nthrift_layout_type_t *layout, const nthrift_copy_list_t *list,
    size_t size, size_t place, uint8_t *to)
{
    size_t  i, offset;

    if (!nthrift_copy_refers(type)) {
        return;
    }

    for (i = 0; i < list->n; i++) {
        offset = i * size + place;

        nthrift_copy_value(copy, type, layout, list->items + offset,
                           (to != NULL) ? to + offset : NULL);
    }
}


static inline void
nthrift_copy_items(nthrift_copy_t *copy, const nthrift_schema_type_t *type,
    const nthrift_layout_type_t *layout, const uint8_t *from, uint8_t *to)
{
    size_t                size;
    uint8_t              *items;
    nthrift_copy_list_t   list;

    memcpy(&list, from, sizeof(list));

    if (list.items == NULL) {
        return;
    }

    size = (type->key != NULL) ? layout->entry : layout->elem->size;
    items = nthrift_copy_bytes(copy, list.items, list.n * size, 0);

    if (to != NULL) {
        memcpy(to + offsetof(nthrift_copy_list_t, items), &items,
               sizeof(items));
    }

    if (type->key != NULL) {
        nthrift_copy_each(copy, type->key, layout->key, &list, size, 0, items);
    }

    nthrift_copy_each(copy, type->elem, layout->elem, &list, size,
                      (type->key != NULL) ? layout->second : 0, items);
}


static inline void
nthrift_copy_value(nthrift_copy_t *copy, const nthrift_schema_type_t *type,
    const nthrift_layout_type_t *layout, const uint8_t *from, uint8_t *to)
{
    if (type->elem != NULL) {
        nthrift_copy_items(copy, type, layout, from, to);

    } else if (type->st == NULL) {
        nthrift_copy_string(copy, from, to);

    } else if (layout->pointer) {
        nthrift_copy_pointer(copy, layout->st, from, to);

    } else {
        nthrift_copy_struct(copy, layout->st, from, to);
    }
}


/* Whether a field has a value: of a union the one that is in use. */

static inline bool
nthrift_copy_has(const nthrift_layout_t *layout, uint32_t i,
    const uint8_t *from)
{
    bool     has;
    int16_t  which;

    if (layout->schema->what == NTHRIFT_SCHEMA_UNION) {
        memcpy(&which, from + layout->which, sizeof(which));
        return which == layout->schema->fields[i].id;
    }

    if (layout->fields[i].has == NTHRIFT_LAYOUT_ALWAYS) {
        return true;
    }

    memcpy(&has, from + layout->fields[i].has, sizeof(has));

    return has;
}


static inline void
nthrift_copy_struct(nthrift_copy_t *copy, const nthrift_layout_t *layout,
    const uint8_t *from, uint8_t *to)
{
    uint32_t                       i;
    const nthrift_layout_field_t  *field;

    for (i = 0; i < layout->schema->n; i++) {
        field = &layout->fields[i];

        if (nthrift_copy_refers(&layout->schema->fields[i].type)
            && nthrift_copy_has(layout, i, from))
        {
            nthrift_copy_value(copy, &layout->schema->fields[i].type,
                               &field->type, from + field->offset,
                               (to != NULL) ? to + field->offset : NULL);
        }
    }
}


/*
 * A copy of a struct, which free() frees.  NULL: there is no memory, or `from`
 * is NULL.  Fields that are not set are not looked at.
 */

static inline void *
nthrift_copy(const nthrift_layout_t *layout, const void *from)
{
    nthrift_copy_t  copy;

    if (from == NULL) {
        return NULL;
    }

    copy.data = NULL;
    copy.len = 0;

    (void) nthrift_copy_bytes(&copy, from, layout->size, 0);
    nthrift_copy_struct(&copy, layout, (const uint8_t *) from, NULL);

    copy.data = (uint8_t *) malloc((copy.len != 0) ? copy.len : 1);
    copy.len = 0;

    if (copy.data != NULL) {
        (void) nthrift_copy_bytes(&copy, from, layout->size, 0);
        nthrift_copy_struct(&copy, layout, (const uint8_t *) from, copy.data);
    }

    return copy.data;
}


/*
 * A copy of a string, with a 0 byte behind it; free(copy.data) frees it.  data
 * is NULL if there is no memory.
 */

static inline nthrift_str_t
nthrift_str_copy(nthrift_str_t s)
{
    nthrift_str_t  copy;

    copy.len = 0;
    copy.data = (uint8_t *) malloc(s.len + 1);

    if (copy.data != NULL) {
        if (s.len != 0) {
            memcpy(copy.data, s.data, s.len);
        }

        copy.data[s.len] = 0;
        copy.len = s.len;
    }

    return copy;
}


#ifdef __cplusplus
}
#endif

#endif /* NTHRIFT_COPY_H */
