/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/model.c: finding things in the model, by name and by number, and the
 * indexes that make it fast.  Nothing here judges what a file says.
 */

#include "idl/model.h"


/* Up to this many names are compared one by one: no map is made. */

#define MODEL_FEW   8

/* Positions where a dotted name may be split, tried from its end. */

#define MODEL_DOTS  4


nthrift_idl_field_t *
nthrift_idl_field_by_id(const nthrift_idl_struct_t *st, int32_t id)
{
    size_t  low, high, mid;

    low = 0;
    high = st->n;

    while (low < high) {
        mid = low + (high - low) / 2;

        if (st->by_id[mid]->id < id) {
            low = mid + 1;

        } else {
            high = mid;
        }
    }

    if (low == st->n || st->by_id[low]->id != id) {
        return NULL;
    }

    return st->by_id[low];
}


nthrift_idl_field_t *
nthrift_idl_field_by_name(const nthrift_idl_struct_t *st,
    const nthrift_str_t *name)
{
    size_t  i;

    if (st->names.count != 0) {
        return nthrift_map_find(&st->names, name);
    }

    for (i = 0; i < st->n; i++) {
        if (nthrift_str_equal(&st->fields[i]->name, name)) {
            return st->fields[i];
        }
    }

    return NULL;
}


nthrift_idl_item_t *
nthrift_idl_item_by_name(const nthrift_idl_enum_t *en,
    const nthrift_str_t *name)
{
    nthrift_idl_item_t  *item;

    if (en->names.count != 0) {
        return nthrift_map_find(&en->names, name);
    }

    for (item = en->items; item != NULL; item = item->next) {
        if (nthrift_str_equal(&item->name, name)) {
            return item;
        }
    }

    return NULL;
}


nthrift_idl_item_t *
nthrift_idl_item_by_number(const nthrift_idl_enum_t *en, int64_t number)
{
    size_t  low, high, mid;

    low = 0;
    high = en->n;

    while (low < high) {
        mid = low + (high - low) / 2;

        if (en->by_number[mid]->number < number) {
            low = mid + 1;

        } else {
            high = mid;
        }
    }

    if (low == en->n || en->by_number[low]->number != number) {
        return NULL;
    }

    return en->by_number[low];
}


nthrift_idl_method_t *
nthrift_idl_method(const nthrift_idl_service_t *service,
    const nthrift_str_t *name)
{
    uint64_t               hash;
    nthrift_idl_method_t  *method;

    hash = nthrift_map_hash(service->names.seed, name->data, name->len);

    for ( /* void */ ; service != NULL; service = service->parent) {
        method = nthrift_map_find_hash(&service->names, hash, name);
        if (method != NULL) {
            return method;
        }
    }

    return NULL;
}


/* The bytes of `name` before and behind its last dot before `end`. */

static int
model_split(const nthrift_str_t *name, size_t end, nthrift_str_t *head,
    nthrift_str_t *tail)
{
    while (end > 0 && name->data[end - 1] != '.') {
        end--;
    }

    if (end == 0) {
        return NTHRIFT_DECLINED;
    }

    head->data = name->data;
    head->len = end - 1;
    tail->data = name->data + end;
    tail->len = name->len - end;

    return NTHRIFT_OK;
}


/*
 * Finds `name` in the map at `offset` of the program, or, if it has a prefix,
 * in that of the included files of that prefix: the last one has the say.
 */

static void *
model_find(const nthrift_idl_program_t *program, size_t offset,
    const nthrift_str_t *name)
{
    void                         *found, *value;
    uint64_t                      hash;
    nthrift_str_t                 head, tail;
    const nthrift_map_t          *map;
    const nthrift_idl_include_t  *inc;

    if (model_split(name, name->len, &head, &tail) != NTHRIFT_OK) {
        map = (const nthrift_map_t *) ((const char *) program + offset);
        return nthrift_map_find(map, name);
    }

    found = NULL;
    hash = nthrift_map_hash(program->types.seed, tail.data, tail.len);
    inc = nthrift_map_find(&program->prefixes, &head);

    for ( /* void */ ; inc != NULL; inc = inc->same) {
        map = (const nthrift_map_t *) ((const char *) inc->program + offset);
        value = nthrift_map_find_hash(map, hash, &tail);
        if (value != NULL) {
            found = value;
        }
    }

    return found;
}


nthrift_idl_def_t *
nthrift_idl_type(const nthrift_idl_program_t *program,
    const nthrift_str_t *name)
{
    return model_find(program, offsetof(nthrift_idl_program_t, types), name);
}


nthrift_idl_service_t *
nthrift_idl_service(const nthrift_idl_program_t *program,
    const nthrift_str_t *name)
{
    return model_find(program, offsetof(nthrift_idl_program_t, services),
                      name);
}


nthrift_idl_const_t *
nthrift_idl_const(const nthrift_idl_program_t *program,
    const nthrift_str_t *name)
{
    return model_find(program, offsetof(nthrift_idl_program_t, consts), name);
}


nthrift_idl_item_t *
nthrift_idl_item(const nthrift_idl_program_t *program,
    const nthrift_str_t *name)
{
    size_t               end, tries;
    nthrift_str_t        head, tail;
    nthrift_idl_def_t   *def;
    nthrift_idl_item_t  *item;

    end = name->len;

    /* the value's own name may have dots, too: "Enum.A.B" */

    for (tries = 0; tries < MODEL_DOTS; tries++) {
        if (model_split(name, end, &head, &tail) != NTHRIFT_OK) {
            return NULL;
        }

        def = nthrift_idl_type(program, &head);

        if (def != NULL && def->kind == NTHRIFT_IDL_DEF_ENUM) {
            item = nthrift_idl_item_by_name((nthrift_idl_enum_t *) def, &tail);
            if (item != NULL) {
                return item;
            }
        }

        end = head.len;
    }

    return NULL;
}


nthrift_idl_annotation_t *
nthrift_idl_annotation(nthrift_idl_annotation_t *first,
    const nthrift_str_t *name)
{
    nthrift_idl_annotation_t  *found;

    found = NULL;

    for ( /* void */ ; first != NULL; first = first->next) {
        if (nthrift_str_equal(&first->name, name)) {
            found = first;
        }
    }

    return found;
}


const char *
nthrift_idl_def_word(const nthrift_idl_def_t *def)
{
    static const char *const  words[] = { "const", "typedef", "enum", "struct",
                                          "service" };

    if (def->kind == NTHRIFT_IDL_DEF_STRUCT) {
        switch (((const nthrift_idl_struct_t *) def)->what) {

        case NTHRIFT_IDL_KIND_UNION:
            return "union";

        case NTHRIFT_IDL_KIND_EXCEPTION:
            return "exception";

        case NTHRIFT_IDL_KIND_STRUCT:
        case NTHRIFT_IDL_KIND_ARGS:
        case NTHRIFT_IDL_KIND_THROWS:
        case NTHRIFT_IDL_KIND_RESULT:
        case NTHRIFT_IDL_KIND_XSD_ATTRS:
            break;
        }
    }

    return words[def->kind];
}


const char *
nthrift_idl_kind_word(nthrift_idl_kind_e kind)
{
    static const char *const  words[] = {
        "void", "bool", "i8", "i16", "i32", "i64", "double", "string",
        "binary", "uuid", "list", "set", "map", "enum", "struct", "typedef",
        "name"
    };

    return words[kind];
}


/*
 * Merge sort of pointers, stable, without recursion: `from` and `to` change
 * places with each width.  Nothing to do for what is sorted already.
 */

typedef int64_t (*model_key_pt)(const void *p);


static void
model_merge(void **from, void **to, size_t n, size_t width, model_key_pt key)
{
    size_t  i, a, b, mid, end, start;

    for (start = 0; start < n; start = end) {
        mid = (width < n - start) ? start + width : n;
        end = (width < n - mid) ? mid + width : n;
        a = start;
        b = mid;

        for (i = start; i < end; i++) {
            if (b == end || (a < mid && key(from[a]) <= key(from[b]))) {
                to[i] = from[a++];

            } else {
                to[i] = from[b++];
            }
        }
    }
}


static int
model_sort(nthrift_arena_t *arena, void ***list, size_t n, model_key_pt key)
{
    void    **from, **to, **swap;
    size_t    i, width;

    from = *list;

    for (i = 1; i < n; i++) {
        if (key(from[i - 1]) > key(from[i])) {
            break;
        }
    }

    if (i >= n) {
        return NTHRIFT_OK;
    }

    to = nthrift_arena_alloc(arena, n * sizeof(void *));
    if (to == NULL) {
        return NTHRIFT_ERROR;
    }

    for (width = 1; width < n; width *= 2) {
        model_merge(from, to, n, width, key);

        swap = from;
        from = to;
        to = swap;
    }

    *list = from;

    return NTHRIFT_OK;
}


static int64_t
model_field_key(const void *p)
{
    return ((const nthrift_idl_field_t *) p)->id;
}


static int64_t
model_item_key(const void *p)
{
    return ((const nthrift_idl_item_t *) p)->number;
}


static int
model_index_names(nthrift_idl_struct_t *st, nthrift_idl_field_t **twice)
{
    int                   rc;
    size_t                i;
    nthrift_idl_field_t  *field;

    for (i = 0; i < st->n; i++) {
        field = st->fields[i];

        if (st->n > MODEL_FEW) {
            rc = nthrift_map_add(&st->names, &field->name, field);
            if (rc == NTHRIFT_ERROR) {
                return NTHRIFT_ERROR;
            }

        } else {
            rc = (nthrift_idl_field_by_name(st, &field->name) == field)
                 ? NTHRIFT_OK : NTHRIFT_DECLINED;
        }

        if (rc == NTHRIFT_DECLINED && *twice == NULL) {
            *twice = field;
        }
    }

    return NTHRIFT_OK;
}


int
nthrift_idl_index_fields(nthrift_arena_t *arena, uint64_t seed,
    nthrift_idl_struct_t *st, nthrift_idl_field_t **twice,
    nthrift_idl_field_t **twice_id)
{
    void                 **list;
    size_t                 i;
    nthrift_idl_field_t   *field;

    *twice = NULL;
    *twice_id = NULL;

    nthrift_map_init(&st->names, arena, seed);

    if (st->fields == NULL) {
        st->fields = nthrift_arena_alloc(arena, st->n * sizeof(void *));
        if (st->fields == NULL) {
            return NTHRIFT_ERROR;
        }

        for (field = st->first; field != NULL; field = field->next) {
            st->fields[field->index] = field;
        }
    }

    list = nthrift_arena_alloc(arena, st->n * sizeof(void *));
    if (list == NULL) {
        return NTHRIFT_ERROR;
    }

    for (i = 0; i < st->n; i++) {
        list[i] = st->fields[i];
    }

    if (model_sort(arena, &list, st->n, model_field_key) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    st->by_id = (nthrift_idl_field_t **) list;

    for (i = 1; i < st->n; i++) {
        if (st->by_id[i - 1]->id == st->by_id[i]->id
            && (*twice_id == NULL
                || st->by_id[i]->index < (*twice_id)->index))
        {
            *twice_id = st->by_id[i];
        }
    }

    return model_index_names(st, twice);
}


int
nthrift_idl_index_items(nthrift_arena_t *arena, uint64_t seed,
    nthrift_idl_enum_t *en, nthrift_idl_item_t **twice)
{
    int                   rc;
    void                **list;
    size_t                i;
    nthrift_idl_item_t   *item;

    *twice = NULL;

    nthrift_map_init(&en->names, arena, seed);

    list = nthrift_arena_alloc(arena, en->n * sizeof(void *));
    if (list == NULL) {
        return NTHRIFT_ERROR;
    }

    i = 0;

    for (item = en->items; item != NULL; item = item->next) {
        list[i++] = item;

        if (en->n > MODEL_FEW) {
            rc = nthrift_map_add(&en->names, &item->name, item);
            if (rc == NTHRIFT_ERROR) {
                return NTHRIFT_ERROR;
            }

        } else {
            rc = (nthrift_idl_item_by_name(en, &item->name) == item)
                 ? NTHRIFT_OK : NTHRIFT_DECLINED;
        }

        if (rc == NTHRIFT_DECLINED && *twice == NULL) {
            *twice = item;
        }
    }

    if (model_sort(arena, &list, en->n, model_item_key) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    en->by_number = (nthrift_idl_item_t **) list;

    return NTHRIFT_OK;
}
