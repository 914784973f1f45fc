/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/read.c: from JSON to the body of a call.  jansson makes a tree of the
 * text, and this walks over it with the IDL beside it.  scalar.c writes what
 * has no values in it, default.c what is not given.
 *
 * How many values the text has, and how deep it goes, is counted before
 * jansson sees it, as each value takes much more memory than its text.  The
 * first error ends the walk; where it is, the open levels tell.
 */

#include "plain/read.h"

#include "idl/suggest.h"


#define READ_GIVEN  64          /* fields of open structs, at first */


static int read_value(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_type_t *type,
    json_t *json);
static int read_struct(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_struct_t *st,
    json_t *json);


/* Limits, and what all that write bodies need. */

static uint8_t *
read_grow(void *owner, uint8_t *data, size_t len, size_t *size)
{
    uint8_t               *p;
    nthrift_plain_read_t  *r = owner;

    p = nthrift_arena_alloc(r->arena, *size);

    if (p != NULL && len != 0) {
        memcpy(p, data, len);
    }

    return p;
}


void
nthrift_plain_read_start(nthrift_plain_read_t *r,
    const nthrift_plain_rules_t *rules, nthrift_arena_t *arena,
    unsigned protocol, nthrift_plain_error_t *err)
{
    memset(r, 0, sizeof(nthrift_plain_read_t));
    memset(err, 0, sizeof(nthrift_plain_error_t));

    r->rules = rules;
    r->arena = arena;
    r->values = rules->max_values;
    r->err = err;

    nthrift_write_init(&r->w, protocol, NULL, 0, rules->max_size, read_grow,
                       r);
}


static int
read_no_memory(nthrift_plain_read_t *r)
{
    return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_MEMORY, NULL,
                                   "not enough memory");
}


static int
read_no_room(nthrift_plain_read_t *r)
{
    if (r->w.error != nthrift_write_too_large) {
        return read_no_memory(r);
    }

    return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_SIZE, NULL,
                                   "arguments larger than %zu bytes",
                                   r->rules->max_size);
}


int
nthrift_plain_read_finish(nthrift_plain_read_t *r, nthrift_str_t *body)
{
    if (r->w.error != NULL) {
        return read_no_room(r);
    }

    body->data = r->w.data;
    body->len = r->w.len;

    return NTHRIFT_OK;
}


int
nthrift_plain_read_count(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path)
{
    if (r->w.error != NULL) {
        return read_no_room(r);
    }

    if (r->values == 0) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_VALUES, path,
                                       "more than %u values",
                                       (unsigned) r->rules->max_values);
    }

    r->values--;

    return NTHRIFT_OK;
}


int
nthrift_plain_read_descend(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path)
{
    if (r->depth == r->rules->max_depth) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_DEPTH, path,
                                       "nested more than %u levels deep",
                                       (unsigned) r->rules->max_depth);
    }

    r->depth++;

    return NTHRIFT_OK;
}


void
nthrift_plain_read_path(nthrift_plain_path_t *path,
    const nthrift_plain_path_t *up, const nthrift_idl_field_t *field)
{
    memset(path, 0, sizeof(nthrift_plain_path_t));

    path->up = up;
    path->kind = NTHRIFT_PLAIN_FIELD;
    path->name = field->name;
}


int
nthrift_plain_read_missing(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_field_t *field)
{
    if (field->req != NTHRIFT_IDL_REQUIRED) {
        return NTHRIFT_OK;
    }

    return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                   "required, but missing");
}


int
nthrift_plain_read_head(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_field_t *field,
    int16_t *last)
{
    if (field->id < INT16_MIN || field->id > INT16_MAX) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                       "the id %d cannot be sent",
                                       (int) field->id);
    }

    if (field->type->real->kind != NTHRIFT_IDL_BOOL) {
        nthrift_write_field(&r->w, last, (int16_t) field->id,
                            nthrift_plain_scalar_type(field->type));
    }

    return NTHRIFT_OK;
}


int
nthrift_plain_read_unknown(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_struct_t *st,
    const nthrift_str_t *name)
{
    const char             *what;
    const nthrift_str_t    *best;
    nthrift_plain_names_t   names;

    what = (st->what == NTHRIFT_IDL_KIND_ARGS) ? "argument" : "field";

    if (st->n == 0) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                       "%.*s has no %s \"%.*s\": it has none",
                                       nthrift_plain_str(&st->def.name), what,
                                       nthrift_plain_str(name));
    }

    best = nthrift_suggest_field(st, name);

    if (best == NULL) {
        nthrift_plain_names_fields(&names, st);

        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                       "%.*s has no %s \"%.*s\": it has %s",
                                       nthrift_plain_str(&st->def.name), what,
                                       nthrift_plain_str(name), names.text);
    }

    return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                   "%.*s has no %s \"%.*s\" (did you mean "
                                   "\"%.*s\"?)",
                                   nthrift_plain_str(&st->def.name), what,
                                   nthrift_plain_str(name),
                                   nthrift_plain_str(best));
}


/* Containers */

static int
read_fail(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const char *text)
{
    return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path, "%s",
                                   text);
}


static int
read_list(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_type_t *type, json_t *json)
{
    size_t                i;
    nthrift_plain_path_t  elem;

    if (!json_is_array(json)) {
        return read_fail(r, path, "array expected");
    }

    memset(&elem, 0, sizeof(nthrift_plain_path_t));

    elem.up = path;
    elem.kind = NTHRIFT_PLAIN_INDEX;

    nthrift_write_list(&r->w, nthrift_plain_scalar_type(type->elem),
                       json_array_size(json));

    for (i = 0; i < json_array_size(json); i++) {
        elem.index = i;

        if (read_value(r, &elem, type->elem, json_array_get(json, i))
            != NTHRIFT_OK)
        {
            return NTHRIFT_ERROR;
        }
    }

    return NTHRIFT_OK;
}


static int
read_map_object(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_type_t *type, json_t *json)
{
    json_t                *value;
    const char            *key;
    nthrift_plain_path_t   elem;

    memset(&elem, 0, sizeof(nthrift_plain_path_t));

    elem.up = path;
    elem.kind = NTHRIFT_PLAIN_KEY;

    json_object_foreach(json, key, value) {
        elem.name.data = (uint8_t *) key;
        elem.name.len = strlen(key);

        if (nthrift_plain_scalar_read_key(r, &elem, type->key, key)
            != NTHRIFT_OK
            || read_value(r, &elem, type->elem, value) != NTHRIFT_OK)
        {
            return NTHRIFT_ERROR;
        }
    }

    return NTHRIFT_OK;
}


static int
read_map_pairs(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_type_t *type, json_t *json)
{
    size_t                 i;
    json_t                *pair;
    nthrift_plain_path_t   elem;

    memset(&elem, 0, sizeof(nthrift_plain_path_t));

    elem.up = path;
    elem.kind = NTHRIFT_PLAIN_INDEX;

    for (i = 0; i < json_array_size(json); i++) {
        elem.index = i;
        pair = json_array_get(json, i);

        if (json_array_size(pair) != 2) {
            return read_fail(r, &elem, "[key, value] expected");
        }

        if (read_value(r, &elem, type->key, json_array_get(pair, 0))
            != NTHRIFT_OK
            || read_value(r, &elem, type->elem, json_array_get(pair, 1))
               != NTHRIFT_OK)
        {
            return NTHRIFT_ERROR;
        }
    }

    return NTHRIFT_OK;
}


static int
read_map(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_type_t *type, json_t *json)
{
    size_t  n;

    if (!json_is_object(json) && !json_is_array(json)) {
        return read_fail(r, path, "object or array of [key, value] expected");
    }

    n = json_is_object(json) ? json_object_size(json) : json_array_size(json);

    nthrift_write_map(&r->w, nthrift_plain_scalar_type(type->key),
                      nthrift_plain_scalar_type(type->elem), n);

    return json_is_object(json) ? read_map_object(r, path, type, json)
                                : read_map_pairs(r, path, type, json);
}


static int
read_value(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_type_t *type, json_t *json)
{
    int  rc;

    type = type->real;

    if (nthrift_plain_read_count(r, path) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (nthrift_plain_scalar_is(type)) {
        return nthrift_plain_scalar_read(r, path, type, json);
    }

    if (nthrift_plain_read_descend(r, path) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    rc = (type->kind == NTHRIFT_IDL_STRUCT)
         ? read_struct(r, path, (const nthrift_idl_struct_t *) type->def, json)
         : (type->kind == NTHRIFT_IDL_MAP) ? read_map(r, path, type, json)
                                           : read_list(r, path, type, json);

    r->depth--;

    return rc;
}


/* Structs */

static int
read_field(nthrift_plain_read_t *r, const nthrift_plain_path_t *up,
    const nthrift_idl_field_t *field, json_t *json, int16_t *last)
{
    nthrift_plain_path_t  path;

    nthrift_plain_read_path(&path, up, field);

    if (json == NULL || json_is_null(json)) {
        return nthrift_plain_read_missing(r, &path, field);
    }

    if (nthrift_plain_read_head(r, &path, field, last) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (field->type->real->kind != NTHRIFT_IDL_BOOL) {
        return read_value(r, &path, field->type, json);
    }

    if (!json_is_boolean(json)) {
        return read_fail(r, &path, "true or false expected");
    }

    nthrift_write_field_bool(&r->w, last, (int16_t) field->id,
                             json_is_true(json));

    return nthrift_plain_read_count(r, &path);
}


/* Room for what is given for `n` fields: nothing so far. */

static int
read_open(nthrift_plain_read_t *r, size_t n)
{
    size_t    size;
    json_t  **given;

    if (r->size - r->top < n) {
        size = r->size * 2 + READ_GIVEN + n;
        given = nthrift_arena_alloc(r->arena, size * sizeof(json_t *));

        if (given == NULL) {
            return read_no_memory(r);
        }

        if (r->top != 0) {
            memcpy(given, r->given, r->top * sizeof(json_t *));
        }

        r->given = given;
        r->size = size;
    }

    if (n != 0) {
        memset(r->given + r->top, 0, n * sizeof(json_t *));
    }

    r->top += n;

    return NTHRIFT_OK;
}


/* Puts the values of an object in the order of the fields. */

static int
read_sort(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_struct_t *st, json_t *json, size_t base)
{
    json_t                     *value;
    const char                 *key;
    nthrift_str_t               name;
    const nthrift_idl_field_t  *field;

    json_object_foreach(json, key, value) {
        name.data = (uint8_t *) key;
        name.len = strlen(key);

        field = nthrift_idl_field_by_name(st, &name);

        if (field == NULL) {
            return nthrift_plain_read_unknown(r, path, st, &name);
        }

        r->given[base + field->index] = value;
    }

    return NTHRIFT_OK;
}


/* One field of a union is what it is: its others have no defaults. */

static int
read_check_union(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_struct_t *st, size_t base)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < st->n; i++) {
        n += (r->given[base + i] != NULL && !json_is_null(r->given[base + i]));
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
read_fields(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_struct_t *st, size_t base)
{
    int                         rc;
    size_t                      i;
    json_t                     *json;
    int16_t                     last;
    const nthrift_idl_field_t  *field;

    last = 0;

    for (i = 0; i < st->n; i++) {
        field = st->by_id[i];
        json = r->given[base + field->index];

        if (json == NULL && field->value != NULL
            && st->what != NTHRIFT_IDL_KIND_UNION)
        {
            rc = nthrift_plain_default_field(r, path, field, &last);

        } else {
            rc = read_field(r, path, field, json, &last);
        }

        if (rc != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }
    }

    nthrift_write_stop(&r->w);

    return NTHRIFT_OK;
}


static int
read_struct(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_struct_t *st, json_t *json)
{
    int     rc;
    size_t  base;

    if (!json_is_object(json)) {
        return read_fail(r, path, "object expected");
    }

    base = r->top;

    if (read_open(r, st->n) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    rc = read_sort(r, path, st, json, base);

    if (rc == NTHRIFT_OK && st->what == NTHRIFT_IDL_KIND_UNION) {
        rc = read_check_union(r, path, st, base);
    }

    if (rc == NTHRIFT_OK) {
        rc = read_fields(r, path, st, base);
    }

    r->top = base;

    return rc;
}


/* The arguments by their places */

static int
read_array(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_struct_t *st, json_t *json)
{
    size_t                 i;
    nthrift_plain_names_t  names;

    if (json_array_size(json) > st->n) {
        nthrift_plain_names_fields(&names, st);

        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                       "%zu given, %.*s has %s",
                                       json_array_size(json),
                                       nthrift_plain_str(&st->def.name),
                                       (st->n != 0) ? names.text : "none");
    }

    if (read_open(r, st->n) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    for (i = 0; i < json_array_size(json); i++) {
        r->given[i] = json_array_get(json, i);
    }

    return read_fields(r, path, st, 0);
}


static int
read_arguments(nthrift_plain_read_t *r, const nthrift_idl_method_t *method,
    json_t *json)
{
    nthrift_plain_path_t   root;
    nthrift_plain_names_t  names;

    memset(&root, 0, sizeof(nthrift_plain_path_t));

    r->depth = 1;

    if (json_is_object(json)) {
        return read_struct(r, &root, method->args, json);
    }

    if (json_is_array(json)) {
        return read_array(r, &root, method->args, json);
    }

    nthrift_plain_names_fields(&names, method->args);

    return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, &root,
                                   "object or array expected, %.*s has %s",
                                   nthrift_plain_str(&method->name),
                                   (method->args->n != 0) ? names.text
                                                          : "none");
}


/* The text */

/* What a text has at most: quotes and brackets are all that is looked at. */

typedef struct {
    uint32_t   values;
    uint32_t   depth;
} read_shape_t;


static const uint8_t *
read_pass_string(const uint8_t *p, const uint8_t *last)
{
    for ( /* void */ ; p != last && *p != '"'; p++) {
        if (*p == '\\' && p + 1 != last) {
            p++;
        }
    }

    return p;
}


static void
read_measure(const nthrift_str_t *text, read_shape_t *shape)
{
    uint32_t        depth;
    const uint8_t  *p, *last;

    depth = 0;
    shape->values = 1;
    shape->depth = 0;

    last = text->data + text->len;

    for (p = text->data; p != last; p++) {
        switch (*p) {

        case '"':
            p = read_pass_string(p + 1, last);

            if (p == last) {
                return;
            }

            break;

        case '[':
        case '{':
            shape->values++;
            depth++;
            shape->depth = (depth > shape->depth) ? depth : shape->depth;
            break;

        case ']':
        case '}':
            depth -= (depth != 0);
            break;

        case ',':
            shape->values++;
            break;
        }
    }
}


/* A map as pairs has two levels of JSON. */

static int
read_check_shape(nthrift_plain_read_t *r, const nthrift_str_t *text)
{
    read_shape_t  shape;

    if (text->len > UINT32_MAX / 2) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_SIZE, NULL,
                                       "JSON larger than 2 GiB");
    }

    read_measure(text, &shape);

    if (shape.depth / 2 > r->rules->max_depth) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_DEPTH, NULL,
                                       "JSON nested more than %u levels deep",
                                       (unsigned) r->rules->max_depth * 2 + 1);
    }

    if (shape.values / 2 > r->rules->max_values) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_VALUES, NULL,
                                       "JSON with more than %u values",
                                       (unsigned) r->rules->max_values);
    }

    return NTHRIFT_OK;
}


static int
read_parse(nthrift_plain_read_t *r, const nthrift_str_t *text, json_t **json)
{
    json_error_t  error;

    if (read_check_shape(r, text) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    *json = json_loadb((const char *) text->data, text->len,
                       JSON_ALLOW_NUL | JSON_DECODE_ANY
                       | JSON_REJECT_DUPLICATES, &error);

    if (*json != NULL) {
        return NTHRIFT_OK;
    }

    if (json_error_code(&error) == json_error_out_of_memory) {
        return read_no_memory(r);
    }

    return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_SYNTAX, NULL,
                                   "JSON:%d:%d: %s", error.line, error.column,
                                   error.text);
}


int
nthrift_plain_read(const nthrift_plain_rules_t *rules, nthrift_arena_t *arena,
    const nthrift_plain_method_t *m, const nthrift_str_t *text,
    unsigned protocol, nthrift_str_t *body, nthrift_plain_error_t *err)
{
    int                   rc;
    json_t               *json;
    nthrift_str_t         object = nthrift_string("{}");
    nthrift_plain_read_t  r;

    nthrift_plain_read_start(&r, rules, arena, protocol, err);

    if (read_parse(&r, (text->len != 0) ? text : &object, &json)
        != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    rc = read_arguments(&r, m->idl, json);

    json_decref(json);

    return (rc == NTHRIFT_OK) ? nthrift_plain_read_finish(&r, body) : rc;
}
