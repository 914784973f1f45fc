/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/schema.c: makes the tables of table.h from the model, when a
 * configuration is read, and looks things up in them.
 *
 * Structs name each other in circles, and types nest as deeply as typedefs
 * make them, so nothing here follows them by recursion: what is named is made
 * empty, noted in the memo, put on a list, and filled when its turn comes.
 */

#include "bind/schema.h"


/*
 * A struct is indexed by id up to this much more than it has fields; what is
 * beyond is searched for.
 */

#define SCHEMA_INDEX_SPARE  64

/* Places in an index are 16 bit, and 0 is none of them. */

#define SCHEMA_INDEX_MAX    0xffff


/* Something of the model, and the table that stands for it. */

typedef struct schema_memo_s  schema_memo_t;

struct schema_memo_s {
    const void     *from;       /* the key's bytes are this pointer's */
    schema_memo_t  *next;       /* in the list of those to be filled */

    union {
        nthrift_schema_t        st;
        nthrift_schema_type_t   type;
        nthrift_schema_enum_t   en;
    } u;
};


static const uint8_t  schema_types[] = {
    [NTHRIFT_IDL_BOOL] = NTHRIFT_BOOL,
    [NTHRIFT_IDL_I8] = NTHRIFT_I8,
    [NTHRIFT_IDL_I16] = NTHRIFT_I16,
    [NTHRIFT_IDL_I32] = NTHRIFT_I32,
    [NTHRIFT_IDL_I64] = NTHRIFT_I64,
    [NTHRIFT_IDL_DOUBLE] = NTHRIFT_DOUBLE,
    [NTHRIFT_IDL_STRING] = NTHRIFT_STRING,
    [NTHRIFT_IDL_BINARY] = NTHRIFT_STRING,
    [NTHRIFT_IDL_UUID] = NTHRIFT_UUID,
    [NTHRIFT_IDL_LIST] = NTHRIFT_LIST,
    [NTHRIFT_IDL_SET] = NTHRIFT_SET,
    [NTHRIFT_IDL_MAP] = NTHRIFT_MAP,
    [NTHRIFT_IDL_ENUM] = NTHRIFT_I32,
    [NTHRIFT_IDL_STRUCT] = NTHRIFT_STRUCT,
    [NTHRIFT_IDL_NAMED] = NTHRIFT_STOP
};


static const uint8_t  schema_whats[] = {
    [NTHRIFT_IDL_KIND_STRUCT] = NTHRIFT_SCHEMA_STRUCT,
    [NTHRIFT_IDL_KIND_UNION] = NTHRIFT_SCHEMA_UNION,
    [NTHRIFT_IDL_KIND_EXCEPTION] = NTHRIFT_SCHEMA_EXCEPTION,
    [NTHRIFT_IDL_KIND_ARGS] = NTHRIFT_SCHEMA_ARGS,
    [NTHRIFT_IDL_KIND_THROWS] = NTHRIFT_SCHEMA_STRUCT,
    [NTHRIFT_IDL_KIND_RESULT] = NTHRIFT_SCHEMA_RESULT,
    [NTHRIFT_IDL_KIND_XSD_ATTRS] = NTHRIFT_SCHEMA_STRUCT
};


unsigned
nthrift_schema_wire_type(nthrift_idl_kind_e kind)
{
    return schema_types[kind];
}


static const nthrift_schema_field_t  schema_exception[] = {
    { .name = nthrift_string("message"),
      .type = { .type = NTHRIFT_STRING, .flags = NTHRIFT_SCHEMA_TEXT },
      .id = 1 },
    { .name = nthrift_string("type"), .type = { .type = NTHRIFT_I32 }, .id = 2 }
};


const nthrift_schema_t  nthrift_schema_exception = {
    .name = nthrift_string("TApplicationException"),
    .fields = schema_exception,
    .n = 2,
    .what = NTHRIFT_SCHEMA_EXCEPTION
};


const nthrift_schema_field_t *
nthrift_schema_search(const nthrift_schema_t *st, int16_t id)
{
    uint32_t  low, high, mid;

    low = 0;
    high = st->n;

    while (low < high) {
        mid = low + (high - low) / 2;

        if (st->fields[mid].id < id) {
            low = mid + 1;

        } else {
            high = mid;
        }
    }

    if (low == st->n || st->fields[low].id != id) {
        return NULL;
    }

    return &st->fields[low];
}


int
nthrift_schema_enum_has(const nthrift_schema_enum_t *en, int32_t number)
{
    uint32_t  low, high, mid;

    if (en->n == 0) {
        return 0;
    }

    /* most enums have no gaps */

    low = (uint32_t) number - (uint32_t) en->numbers[0];

    if (low < en->n && en->numbers[low] == number) {
        return 1;
    }

    low = 0;
    high = en->n;

    while (low < high) {
        mid = low + (high - low) / 2;

        if (en->numbers[mid] < number) {
            low = mid + 1;

        } else {
            high = mid;
        }
    }

    return low != en->n && en->numbers[low] == number;
}


/* What the memo has for `from`, or a new entry in `*memo`. */

static int
schema_memo(nthrift_schema_set_t *set, const void *from, schema_memo_t **memo)
{
    nthrift_str_t  key;

    key.data = (uint8_t *) &from;
    key.len = sizeof(from);

    *memo = nthrift_map_find(&set->memo, &key);

    if (*memo != NULL) {
        return NTHRIFT_DECLINED;
    }

    *memo = nthrift_arena_alloc(set->arena, sizeof(schema_memo_t));
    if (*memo == NULL) {
        return NTHRIFT_ERROR;
    }

    (*memo)->from = from;
    key.data = (uint8_t *) &(*memo)->from;

    return nthrift_map_add(&set->memo, &key, *memo);
}


static const nthrift_schema_t *
schema_struct(nthrift_schema_set_t *set, const nthrift_idl_struct_t *from)
{
    int             rc;
    schema_memo_t  *memo;

    rc = schema_memo(set, from, &memo);

    if (rc == NTHRIFT_ERROR) {
        return NULL;
    }

    if (rc == NTHRIFT_OK) {
        memo->next = set->structs;
        set->structs = memo;
    }

    return &memo->u.st;
}


/* An element's type: the same for all that name it. */

static const nthrift_schema_type_t *
schema_type(nthrift_schema_set_t *set, const nthrift_idl_type_t *from)
{
    int             rc;
    schema_memo_t  *memo;

    rc = schema_memo(set, from->real, &memo);

    if (rc == NTHRIFT_ERROR) {
        return NULL;
    }

    if (rc == NTHRIFT_OK) {
        memo->next = set->types;
        set->types = memo;
    }

    return &memo->u.type;
}


/* Numbers of an enum may repeat under several names. */

static const nthrift_schema_enum_t *
schema_enum(nthrift_schema_set_t *set, const nthrift_idl_enum_t *from)
{
    int             rc;
    size_t          i;
    int32_t        *numbers;
    uint32_t        n;
    schema_memo_t  *memo;

    rc = schema_memo(set, from, &memo);

    if (rc != NTHRIFT_OK) {
        return (rc == NTHRIFT_DECLINED) ? &memo->u.en : NULL;
    }

    numbers = nthrift_arena_alloc(set->arena, from->n * sizeof(int32_t));
    if (numbers == NULL) {
        return NULL;
    }

    n = 0;

    for (i = 0; i < from->n; i++) {
        if (n == 0 || numbers[n - 1] != from->by_number[i]->number) {
            numbers[n++] = from->by_number[i]->number;
        }
    }

    memo->u.en.name = from->def.name;
    memo->u.en.numbers = numbers;
    memo->u.en.n = n;

    return &memo->u.en;
}


static int
schema_fill_type(nthrift_schema_set_t *set, nthrift_schema_type_t *type,
    const nthrift_idl_type_t *from)
{
    from = from->real;

    type->type = schema_types[from->kind];

    switch (from->kind) {

    case NTHRIFT_IDL_STRING:
        type->flags = NTHRIFT_SCHEMA_TEXT;
        return NTHRIFT_OK;

    case NTHRIFT_IDL_MAP:
        type->key = schema_type(set, from->key);
        type->elem = schema_type(set, from->elem);

        return (type->key != NULL && type->elem != NULL) ? NTHRIFT_OK
                                                         : NTHRIFT_ERROR;
    case NTHRIFT_IDL_LIST:
    case NTHRIFT_IDL_SET:
        type->elem = schema_type(set, from->elem);
        return (type->elem != NULL) ? NTHRIFT_OK : NTHRIFT_ERROR;

    case NTHRIFT_IDL_ENUM:
        type->flags = NTHRIFT_SCHEMA_ENUM;
        type->en = schema_enum(set, (const nthrift_idl_enum_t *) from->def);
        return (type->en != NULL) ? NTHRIFT_OK : NTHRIFT_ERROR;

    case NTHRIFT_IDL_STRUCT:
        type->st = schema_struct(set,
                                 (const nthrift_idl_struct_t *) from->def);
        return (type->st != NULL) ? NTHRIFT_OK : NTHRIFT_ERROR;

    case NTHRIFT_IDL_VOID:
    case NTHRIFT_IDL_BOOL:
    case NTHRIFT_IDL_I8:
    case NTHRIFT_IDL_I16:
    case NTHRIFT_IDL_I32:
    case NTHRIFT_IDL_I64:
    case NTHRIFT_IDL_DOUBLE:
    case NTHRIFT_IDL_BINARY:
    case NTHRIFT_IDL_UUID:
    case NTHRIFT_IDL_TYPEDEF:
    case NTHRIFT_IDL_NAMED:
        break;
    }

    return NTHRIFT_OK;
}


static int
schema_fill_index(nthrift_schema_set_t *set, nthrift_schema_t *st)
{
    int        last;
    uint32_t   i;
    uint16_t  *index;

    last = (st->n != 0) ? st->fields[st->n - 1].id : -1;

    if (last < 0 || st->n >= SCHEMA_INDEX_MAX) {
        return NTHRIFT_OK;
    }

    st->n_index = (uint32_t) last + 1;

    if (st->n_index > st->n + SCHEMA_INDEX_SPARE) {
        st->n_index = st->n + SCHEMA_INDEX_SPARE;
    }

    index = nthrift_arena_alloc(set->arena, st->n_index * sizeof(uint16_t));
    if (index == NULL) {
        return NTHRIFT_ERROR;
    }

    for (i = 0; i < st->n; i++) {
        if (st->fields[i].id >= 0
            && (uint32_t) st->fields[i].id < st->n_index)
        {
            index[st->fields[i].id] = (uint16_t) (i + 1);
        }
    }

    st->index = index;

    return NTHRIFT_OK;
}


static int
schema_fill_fields(nthrift_schema_set_t *set, nthrift_schema_t *st,
    const nthrift_idl_struct_t *from)
{
    size_t                      i;
    nthrift_idl_field_t        *f;
    nthrift_schema_field_t     *field;

    field = nthrift_arena_alloc(set->arena,
                                from->n * sizeof(nthrift_schema_field_t));
    if (field == NULL) {
        return NTHRIFT_ERROR;
    }

    st->fields = field;

    for (i = 0; i < from->n; i++) {
        f = from->by_id[i];

        if (f->id < INT16_MIN || f->id > INT16_MAX) {
            continue;
        }

        field->name = f->name;
        field->id = (int16_t) f->id;
        field->req = NTHRIFT_IDL_OPTIONAL;

        if (st->what < NTHRIFT_SCHEMA_UNION) {
            field->req = (uint8_t) f->req;
        }

        if (field->req == NTHRIFT_IDL_REQUIRED) {
            field->nth = (uint16_t) st->required++;
        }

        if (schema_fill_type(set, &field->type, f->type) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        field++;
    }

    st->n = (uint32_t) (field - st->fields);

    return NTHRIFT_OK;
}


static int
schema_fill_struct(nthrift_schema_set_t *set, nthrift_schema_t *st,
    const nthrift_idl_struct_t *from)
{
    st->name = from->def.name;
    st->what = schema_whats[from->what];

    if (schema_fill_fields(set, st, from) != NTHRIFT_OK
        || schema_fill_index(set, st) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    st->returns = st->what == NTHRIFT_SCHEMA_RESULT
                  && nthrift_schema_field(st, 0) != NULL;

    if (st->required > set->max_required) {
        set->max_required = st->required;
    }

    return NTHRIFT_OK;
}


void
nthrift_schema_init(nthrift_schema_set_t *set, nthrift_arena_t *arena)
{
    set->arena = arena;
    set->max_required = 0;
    set->structs = NULL;
    set->types = NULL;

    /* keys are addresses: nobody outside chooses them */

    nthrift_map_init(&set->memo, arena, 0);
}


const nthrift_schema_t *
nthrift_schema_build(nthrift_schema_set_t *set, const nthrift_idl_struct_t *st)
{
    schema_memo_t           *memo;
    const nthrift_schema_t  *table;

    table = schema_struct(set, st);
    if (table == NULL) {
        return NULL;
    }

    while (set->structs != NULL || set->types != NULL) {

        if (set->types != NULL) {
            memo = set->types;
            set->types = memo->next;

            if (schema_fill_type(set, &memo->u.type, memo->from)
                != NTHRIFT_OK)
            {
                return NULL;
            }

            continue;
        }

        memo = set->structs;
        set->structs = memo->next;

        if (schema_fill_struct(set, &memo->u.st, memo->from) != NTHRIFT_OK) {
            return NULL;
        }
    }

    return table;
}
