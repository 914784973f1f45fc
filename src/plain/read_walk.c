/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/read_walk.c: walks over the values of JSON with the IDL beside them.
 * What is open stands in r->levels, so that the walk can rest behind any value:
 *
 *     {"a": [1, 2], "b": {"c": 3}}     struct            i: which field
 *           ^                            list            i: which element
 *
 * scalar.c writes what has no values in it, default.c what is not given.
 */

#include "plain/read.h"

#include "idl/suggest.h"


#define WALK_GIVEN  64          /* fields of open structs, at first */

/* What steps cost, in bytes of a string that could be written instead. */

#define WALK_STEP   32
#define WALK_FIELD  8           /* of a struct, whether it is given or not */


static nthrift_plain_read_level_t *
walk_push(nthrift_plain_read_t *r, nthrift_plain_read_e kind, size_t n)
{
    const nthrift_plain_path_t  *up;
    nthrift_plain_read_level_t  *level;

    level = &r->levels[r->nlevels];
    up = (r->nlevels != 0) ? &level[-1].path : NULL;

    memset(level, 0, sizeof(nthrift_plain_read_level_t));

    level->kind = kind;
    level->n = n;
    level->path.up = up;

    r->nlevels++;

    return level;
}


static void
walk_pop(nthrift_plain_read_t *r)
{
    r->nlevels--;
    r->depth--;
}


/* Structs */

/* Room for what is given for `n` fields: nothing so far. */

static int
walk_give(nthrift_plain_read_t *r, size_t n)
{
    size_t                        size;
    const nthrift_plain_node_t  **given;

    if (r->size - r->top < n) {
        size = r->size * 2 + WALK_GIVEN + n;
        given = nthrift_arena_alloc(r->arena,
                                    size * sizeof(nthrift_plain_node_t *));

        if (given == NULL) {
            return nthrift_plain_read_no_memory(r);
        }

        if (r->top != 0) {
            memcpy(given, r->given, r->top * sizeof(nthrift_plain_node_t *));
        }

        r->given = given;
        r->size = size;
    }

    if (n != 0) {
        memset(r->given + r->top, 0, n * sizeof(nthrift_plain_node_t *));
    }

    r->top += n;

    return NTHRIFT_OK;
}


static int
walk_twice(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_str_t *name)
{
    return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                   "\"%.*s\" is given twice",
                                   nthrift_plain_str(name));
}


/* Puts the values of an object in the order of the fields. */

static int
walk_sort(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_struct_t *st, const nthrift_plain_node_t *node,
    size_t base)
{
    size_t                       i;
    nthrift_str_t                name;
    const nthrift_idl_field_t   *field;
    const nthrift_plain_node_t  *key;

    key = node + 1;

    for (i = 0; i < node->n; i++) {
        name.len = key->n;
        name.data = key->escaped
                    ? (uint8_t *) nthrift_plain_read_name(r, key)
                    : (uint8_t *) r->json.text + key->at;

        if (name.data == NULL) {
            return nthrift_plain_read_no_memory(r);
        }

        field = nthrift_idl_field_by_name(st, &name);

        if (field == NULL) {
            return nthrift_plain_read_unknown(r, path, st, &name);
        }

        if (r->given[base + field->index] != NULL) {
            return walk_twice(r, path, &name);
        }

        r->given[base + field->index] = key + 1;
        key = nthrift_plain_json_next(&r->json, key + 1);
    }

    return NTHRIFT_OK;
}


static int
walk_is_given(const nthrift_plain_node_t *node)
{
    return node != NULL && node->type != NTHRIFT_PLAIN_JSON_NULL;
}


/* One field of a union is what it is: its others have no defaults. */

static int
walk_check_union(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_struct_t *st, size_t base)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < st->n; i++) {
        n += (size_t) walk_is_given(r->given[base + i]);
    }

    if (n == 1) {
        return NTHRIFT_OK;
    }

    return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                   "exactly one field of the union %.*s "
                                   "expected, %zu given",
                                   nthrift_plain_str(&st->def.name), n);
}


static int
walk_struct(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_struct_t *st, const nthrift_plain_node_t *node)
{
    size_t                       base;
    nthrift_plain_read_level_t  *level;

    if (node->type != NTHRIFT_PLAIN_JSON_OBJECT) {
        return nthrift_plain_read_fail(r, path, "object expected");
    }

    base = r->top;

    if (walk_give(r, st->n) != NTHRIFT_OK
        || walk_sort(r, path, st, node, base) != NTHRIFT_OK
        || (st->what == NTHRIFT_IDL_KIND_UNION
            && walk_check_union(r, path, st, base) != NTHRIFT_OK))
    {
        return NTHRIFT_ERROR;
    }

    level = walk_push(r, NTHRIFT_PLAIN_READ_STRUCT, st->n);

    level->st = st;
    level->base = base;

    return NTHRIFT_OK;
}


/* Containers */

static int
walk_list(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_type_t *type, const nthrift_plain_node_t *node)
{
    nthrift_plain_read_level_t  *level;

    if (node->type != NTHRIFT_PLAIN_JSON_ARRAY) {
        return nthrift_plain_read_fail(r, path, "array expected");
    }

    nthrift_write_list(&r->w, nthrift_plain_scalar_type(type->elem), node->n);

    level = walk_push(r, NTHRIFT_PLAIN_READ_LIST, node->n);

    level->type = type;
    level->node = node + 1;
    level->path.kind = NTHRIFT_PLAIN_INDEX;

    return NTHRIFT_OK;
}


static int
walk_names(nthrift_plain_read_t *r, nthrift_plain_read_level_t *level)
{
    size_t  mask;

    for (mask = 1; mask < level->n * 2; mask = mask * 2 + 1) { /* void */ }

    level->mask = mask;
    level->slots = nthrift_arena_alloc(r->arena,
                                       (mask + 1) * sizeof(uint32_t));
    level->names = nthrift_arena_take(r->arena,
                                      (level->n + 1) * sizeof(nthrift_str_t));

    return (level->slots != NULL && level->names != NULL)
           ? NTHRIFT_OK : nthrift_plain_read_no_memory(r);
}


static int
walk_map(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_type_t *type, const nthrift_plain_node_t *node)
{
    nthrift_plain_read_e         kind;
    nthrift_plain_read_level_t  *level;

    if (node->type < NTHRIFT_PLAIN_JSON_ARRAY) {
        return nthrift_plain_read_fail(r, path,
                                       "object or array of [key, value] "
                                       "expected");
    }

    kind = (node->type == NTHRIFT_PLAIN_JSON_OBJECT) ? NTHRIFT_PLAIN_READ_OBJECT
                                                     : NTHRIFT_PLAIN_READ_PAIRS;

    nthrift_write_map(&r->w, nthrift_plain_scalar_type(type->key),
                      nthrift_plain_scalar_type(type->elem), node->n);

    level = walk_push(r, kind, node->n);

    level->type = type;
    level->node = node + 1;
    level->path.kind = (kind == NTHRIFT_PLAIN_READ_OBJECT)
                       ? NTHRIFT_PLAIN_KEY : NTHRIFT_PLAIN_INDEX;

    return (kind == NTHRIFT_PLAIN_READ_OBJECT) ? walk_names(r, level)
                                               : NTHRIFT_OK;
}


/* Values */

static int
walk_value(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_type_t *type, const nthrift_plain_node_t *node)
{
    type = type->real;

    if (nthrift_plain_read_count(r, path) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (nthrift_plain_scalar_is(type)) {
        return nthrift_plain_scalar_read(r, path, type, node);
    }

    if (nthrift_plain_read_descend(r, path) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (type->kind == NTHRIFT_IDL_STRUCT) {
        return walk_struct(r, path, (const nthrift_idl_struct_t *) type->def,
                           node);
    }

    return (type->kind == NTHRIFT_IDL_MAP) ? walk_map(r, path, type, node)
                                           : walk_list(r, path, type, node);
}


static int
walk_field(nthrift_plain_read_t *r, nthrift_plain_read_level_t *level,
    const nthrift_idl_field_t *field, const nthrift_plain_node_t *node)
{
    nthrift_plain_read_path(&level->path, level->path.up, field);

    if (!walk_is_given(node)) {
        return nthrift_plain_read_missing(r, &level->path, field);
    }

    if (nthrift_plain_read_head(r, &level->path, field, &level->last)
        != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (field->type->real->kind != NTHRIFT_IDL_BOOL) {
        return walk_value(r, &level->path, field->type, node);
    }

    if (node->type != NTHRIFT_PLAIN_JSON_TRUE
        && node->type != NTHRIFT_PLAIN_JSON_FALSE)
    {
        return nthrift_plain_read_fail(r, &level->path,
                                       "true or false expected");
    }

    nthrift_write_field_bool(&r->w, &level->last, (int16_t) field->id,
                             node->type == NTHRIFT_PLAIN_JSON_TRUE);

    return nthrift_plain_read_count(r, &level->path);
}


/* The next field that has a value, or the end of the struct. */

static int
walk_next_field(nthrift_plain_read_t *r, nthrift_plain_read_level_t *level,
    size_t *size)
{
    const nthrift_idl_field_t   *field;
    const nthrift_idl_struct_t  *st;
    const nthrift_plain_node_t  *node;

    st = level->st;
    *size -= (*size < WALK_FIELD) ? *size : WALK_FIELD;

    if (level->i == level->n) {
        nthrift_write_stop(&r->w);
        r->top = level->base;
        walk_pop(r);
        return NTHRIFT_OK;
    }

    field = st->by_id[level->i++];
    node = r->given[level->base + field->index];

    if (node == NULL && field->value != NULL
        && st->what != NTHRIFT_IDL_KIND_UNION)
    {
        *size -= (*size < WALK_STEP) ? *size : WALK_STEP;

        return nthrift_plain_default_field(r, level->path.up, field,
                                           &level->last);
    }

    return walk_field(r, level, field, node);
}


static int
walk_element(nthrift_plain_read_t *r, nthrift_plain_read_level_t *level)
{
    const nthrift_plain_node_t  *node;

    node = level->node;

    level->path.index = level->i++;
    level->node = nthrift_plain_json_next(&r->json, node);

    return walk_value(r, &level->path, level->type->elem, node);
}


/* A name that was there, or NTHRIFT_OK; then it is there. */

static int
walk_add_name(nthrift_plain_read_t *r, nthrift_plain_read_level_t *level,
    const nthrift_str_t *name)
{
    size_t  slot;

    slot = nthrift_map_hash(r->rules->seed, name->data, name->len)
           & level->mask;

    while (level->slots[slot] != 0) {
        if (nthrift_str_equal(&level->names[level->slots[slot] - 1], name)) {
            return walk_twice(r, level->path.up, name);
        }

        slot = (slot + 1) & level->mask;
    }

    level->names[level->i] = *name;
    level->slots[slot] = (uint32_t) level->i + 1;

    return NTHRIFT_OK;
}


static int
walk_key(nthrift_plain_read_t *r, nthrift_plain_read_level_t *level,
    size_t *size)
{
    nthrift_str_t  name;

    name.len = level->node->n;
    name.data = (uint8_t *) nthrift_plain_read_name(r, level->node);

    if (name.data == NULL) {
        return nthrift_plain_read_no_memory(r);
    }

    *size -= (*size < name.len) ? *size : name.len;

    if (walk_add_name(r, level, &name) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    level->path.name = name;
    level->node++;
    level->half = 1;

    return nthrift_plain_scalar_read_key(r, &level->path, level->type->key,
                                         (const char *) name.data);
}


static int
walk_pair_key(nthrift_plain_read_t *r, nthrift_plain_read_level_t *level)
{
    const nthrift_plain_node_t  *pair;

    pair = level->node;
    level->path.index = level->i;

    if (pair->type != NTHRIFT_PLAIN_JSON_ARRAY || pair->n != 2) {
        return nthrift_plain_read_fail(r, &level->path,
                                       "[key, value] expected");
    }

    level->node = nthrift_plain_json_next(&r->json, pair + 1);
    level->half = 1;

    return walk_value(r, &level->path, level->type->key, pair + 1);
}


/* The value of a pair ends where the pair does. */

static int
walk_map_value(nthrift_plain_read_t *r, nthrift_plain_read_level_t *level)
{
    const nthrift_plain_node_t  *node;

    node = level->node;

    level->node = nthrift_plain_json_next(&r->json, node);
    level->half = 0;
    level->i++;

    return walk_value(r, &level->path, level->type->elem, node);
}


int
nthrift_plain_read_next(nthrift_plain_read_t *r, size_t *size)
{
    nthrift_plain_read_level_t  *level;

    level = &r->levels[r->nlevels - 1];

    if (level->kind == NTHRIFT_PLAIN_READ_STRUCT) {
        return walk_next_field(r, level, size);
    }

    *size -= (*size < WALK_STEP) ? *size : WALK_STEP;

    if (level->i == level->n) {
        walk_pop(r);
        return NTHRIFT_OK;
    }

    if (level->kind == NTHRIFT_PLAIN_READ_LIST) {
        return walk_element(r, level);
    }

    if (level->half) {
        return walk_map_value(r, level);
    }

    return (level->kind == NTHRIFT_PLAIN_READ_OBJECT)
           ? walk_key(r, level, size) : walk_pair_key(r, level);
}


/* The arguments by their places */

static int
walk_array(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_struct_t *st, const nthrift_plain_node_t *node)
{
    size_t                       i, n;
    nthrift_plain_names_t        names;
    nthrift_plain_read_level_t  *level;

    n = node->n;

    if (n > st->n) {
        nthrift_plain_names_fields(&names, st);

        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                       "%zu given, %.*s has %s", n,
                                       nthrift_plain_str(&st->def.name),
                                       (st->n != 0) ? names.text : "none");
    }

    if (walk_give(r, st->n) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    node++;

    for (i = 0; i < n; i++) {
        r->given[i] = node;
        node = nthrift_plain_json_next(&r->json, node);
    }

    level = walk_push(r, NTHRIFT_PLAIN_READ_STRUCT, st->n);
    level->st = st;

    return NTHRIFT_OK;
}


int
nthrift_plain_read_open(nthrift_plain_read_t *r,
    const nthrift_idl_method_t *method)
{
    const nthrift_plain_node_t  *node;
    nthrift_plain_names_t        names;
    nthrift_plain_read_level_t  *level;

    r->levels = nthrift_arena_alloc(r->arena,
                                    ((size_t) r->json.max_depth + 2)
                                    * sizeof(nthrift_plain_read_level_t));
    if (r->levels == NULL) {
        return nthrift_plain_read_no_memory(r);
    }

    /* the lowest one is no value: it is where all of it is */

    level = walk_push(r, NTHRIFT_PLAIN_READ_STRUCT, 0);

    r->depth = 1;
    node = r->json.nodes;

    if (node->type == NTHRIFT_PLAIN_JSON_OBJECT) {
        return walk_struct(r, &level->path, method->args, node);
    }

    if (node->type == NTHRIFT_PLAIN_JSON_ARRAY) {
        return walk_array(r, &level->path, method->args, node);
    }

    nthrift_plain_names_fields(&names, method->args);

    return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS,
                                   &level->path,
                                   "object or array expected, %.*s has %s",
                                   nthrift_plain_str(&method->name),
                                   (method->args->n != 0) ? names.text
                                                          : "none");
}
