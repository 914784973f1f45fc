/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/layout.h: where the values of a struct are, made up at run time, so
 * that every IDL can be decoded and encoded without generated code.  For the
 * tests and the fuzzer of src/bind/decode.c and encode.c.
 *
 * Values lie as badly as nobody's compiler would have them, one right behind
 * the other: who does not copy them is told by the sanitizer.
 */

#ifndef LAYOUT_H
#define LAYOUT_H

#include "base/map.h"
#include "bind/schema.h"

#include <stdio.h>
#include <stdlib.h>


typedef struct layout_memo_s  layout_memo_t;

struct layout_memo_s {
    const void              *of;        /* the key's bytes: a schema, or the
                                           type of an element */
    int                      done;      /* struct: its size is known */
    layout_memo_t           *next;      /* elements: to be filled */
    nthrift_layout_t         layout;
    nthrift_layout_type_t    type;
};


typedef struct layout_map_s  layout_map_t;

struct layout_map_s {
    nthrift_layout_type_t   *at;
    layout_map_t            *next;
};


typedef struct {
    nthrift_arena_t   *arena;
    nthrift_map_t      memo;
    layout_memo_t     *elements;
    layout_map_t      *maps;            /* whose entries have no size yet */
    int                pointers;        /* 1: structs in others are pointers;
                                           0: only where they have to be */
} layout_set_t;


static inline void
layout_init(layout_set_t *set, nthrift_arena_t *arena, int pointers)
{
    set->arena = arena;
    set->elements = NULL;
    set->maps = NULL;
    set->pointers = pointers;

    nthrift_map_init(&set->memo, arena, 0);
}


static inline void *
layout_alloc(layout_set_t *set, size_t size)
{
    void  *p;

    p = nthrift_arena_alloc(set->arena, size);

    if (p == NULL) {
        fprintf(stderr, "no memory for a layout\n");
        exit(2);
    }

    return p;
}


/* What is kept for that, or a new entry; `*found` tells. */

static inline layout_memo_t *
layout_memo(layout_set_t *set, const void *of, int *found)
{
    nthrift_str_t   key;
    layout_memo_t  *memo;

    key.data = (uint8_t *) &of;
    key.len = sizeof(of);

    memo = nthrift_map_find(&set->memo, &key);
    *found = (memo != NULL);

    if (memo == NULL) {
        memo = layout_alloc(set, sizeof(layout_memo_t));
        memo->of = of;
        key.data = (uint8_t *) &memo->of;

        if (nthrift_map_add(&set->memo, &key, memo) != NTHRIFT_OK) {
            exit(2);
        }
    }

    return memo;
}


/* Bytes of a value that is no struct. */

static inline uint32_t
layout_size(unsigned type)
{
    switch (type) {

    case NTHRIFT_BOOL:
    case NTHRIFT_I8:
        return 1;

    case NTHRIFT_I16:
        return 2;

    case NTHRIFT_I32:
        return 4;

    case NTHRIFT_I64:
    case NTHRIFT_DOUBLE:
        return 8;

    case NTHRIFT_UUID:
        return 16;

    default: /* string, containers */
        return sizeof(nthrift_str_t);
    }
}


static inline layout_memo_t *layout_struct(layout_set_t *set,
    const nthrift_schema_t *st);


/* An element's type, which is filled when all structs have their sizes. */

static inline const nthrift_layout_type_t *
layout_element(layout_set_t *set, const nthrift_schema_type_t *type)
{
    int             found;
    layout_memo_t  *memo;

    memo = layout_memo(set, type, &found);

    if (!found) {
        memo->next = set->elements;
        set->elements = memo;
    }

    return &memo->type;
}


static inline void
layout_type(layout_set_t *set, nthrift_layout_type_t *at,
    const nthrift_schema_type_t *type)
{
    layout_map_t   *map;
    layout_memo_t  *memo;

    at->size = layout_size(type->type);

    if (type->st != NULL) {
        memo = layout_struct(set, type->st);
        at->st = &memo->layout;
        at->pointer = (uint8_t) (set->pointers || !memo->done);
        at->size = at->pointer ? sizeof(void *) : memo->layout.size;
    }

    if (type->elem != NULL) {
        at->elem = layout_element(set, type->elem);
    }

    if (type->key != NULL) {
        at->key = layout_element(set, type->key);

        map = layout_alloc(set, sizeof(layout_map_t));
        map->at = at;
        map->next = set->maps;
        set->maps = map;
    }
}


static inline void
layout_fields(layout_set_t *set, nthrift_layout_t *layout,
    nthrift_layout_field_t *at)
{
    uint32_t                       i, size;
    const nthrift_schema_t        *st;
    const nthrift_schema_field_t  *field;

    st = layout->schema;
    size = 1;                           /* one that has no fields has a byte */

    for (i = 0; i < st->n; i++) {
        field = &st->fields[i];
        layout_type(set, &at[i].type, &field->type);

        at[i].has = NTHRIFT_LAYOUT_ALWAYS;

        if (field->req == NTHRIFT_SCHEMA_OPTIONAL) {
            at[i].has = size++;
        }

        at[i].offset = size;
        size += at[i].type.size;
    }

    layout->size = size;
}


static inline void
layout_union(layout_set_t *set, nthrift_layout_t *layout,
    nthrift_layout_field_t *at)
{
    uint32_t                 i;
    const nthrift_schema_t  *st;

    st = layout->schema;
    layout->which = 1;
    layout->size = 3;

    for (i = 0; i < st->n; i++) {
        layout_type(set, &at[i].type, &st->fields[i].type);

        at[i].has = NTHRIFT_LAYOUT_ALWAYS;
        at[i].offset = 3;

        if (layout->size < 3 + at[i].type.size) {
            layout->size = 3 + at[i].type.size;
        }
    }
}


static inline layout_memo_t *
layout_struct(layout_set_t *set, const nthrift_schema_t *st)
{
    int                      found;
    layout_memo_t           *memo;
    nthrift_layout_field_t  *fields;

    memo = layout_memo(set, st, &found);

    if (found) {
        return memo;
    }

    fields = layout_alloc(set, st->n * sizeof(nthrift_layout_field_t));

    memo->layout.schema = st;
    memo->layout.fields = fields;

    if (st->what == NTHRIFT_SCHEMA_UNION) {
        layout_union(set, &memo->layout, fields);

    } else {
        layout_fields(set, &memo->layout, fields);
    }

    memo->done = 1;

    return memo;
}


/* The layout of a schema, and of all that can be met in it. */

static inline nthrift_layout_t *
layout_build(layout_set_t *set, const nthrift_schema_t *st)
{
    layout_memo_t          *memo, *elem;
    nthrift_layout_type_t  *at;

    memo = layout_struct(set, st);

    while (set->elements != NULL) {
        elem = set->elements;
        set->elements = elem->next;

        layout_type(set, &elem->type, elem->of);
    }

    for ( /* void */ ; set->maps != NULL; set->maps = set->maps->next) {
        at = set->maps->at;
        at->second = at->key->size;
        at->entry = at->second + at->elem->size;
    }

    return &memo->layout;
}


#endif /* LAYOUT_H */
