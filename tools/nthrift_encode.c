/*
 * nthrift_encode.c: walks over JSON with the IDL beside it, and writes the
 * body of a call.  nthrift_call.c has parsed the JSON and sends the bytes;
 * nthrift_scalar.c writes what has no values in it.
 *
 * The walk is as deep as the JSON or a default is, ENCODE_DEPTH at most.  The
 * first error ends it; where it is, the open levels tell.
 */

#include "nthrift_call.h"
#include "nthrift_default.h"
#include "nthrift_encode.h"
#include "nthrift_scalar.h"

#include "idl/suggest.h"

#include <stdlib.h>


#define ENCODE_DEPTH  NTHRIFT_MAX_DEPTH


static int encode_value(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const nthrift_idl_type_t *type, json_t *json);
static int encode_struct(nthrift_scalar_t *e,
    const nthrift_scalar_path_t *path, const nthrift_idl_struct_t *st,
    json_t *json);


/* Containers */

static int
encode_list(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const nthrift_idl_type_t *type, json_t *json)
{
    size_t         i;
    nthrift_scalar_path_t  elem;

    if (!json_is_array(json)) {
        return nthrift_scalar_fail(e, path, "array expected");
    }

    memset(&elem, 0, sizeof(nthrift_scalar_path_t));

    elem.up = path;
    elem.kind = NTHRIFT_SCALAR_INDEX;

    nthrift_write_list(e->w, nthrift_scalar_type(type->elem),
                       json_array_size(json));

    for (i = 0; i < json_array_size(json); i++) {
        elem.index = i;

        if (encode_value(e, &elem, type->elem, json_array_get(json, i)) != 0) {
            return -1;
        }
    }

    return 0;
}


static int
encode_map_object(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const nthrift_idl_type_t *type, json_t *json)
{
    json_t         *value;
    const char     *key;
    nthrift_scalar_path_t   elem;

    memset(&elem, 0, sizeof(nthrift_scalar_path_t));

    elem.up = path;
    elem.kind = NTHRIFT_SCALAR_KEY;

    json_object_foreach(json, key, value) {
        elem.name.data = (uint8_t *) key;
        elem.name.len = strlen(key);

        if (nthrift_scalar_key(e, &elem, type->key, key) != 0
            || encode_value(e, &elem, type->elem, value) != 0)
        {
            return -1;
        }
    }

    return 0;
}


static int
encode_map_pairs(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const nthrift_idl_type_t *type, json_t *json)
{
    size_t          i;
    json_t         *pair;
    nthrift_scalar_path_t   elem;

    memset(&elem, 0, sizeof(nthrift_scalar_path_t));

    elem.up = path;
    elem.kind = NTHRIFT_SCALAR_INDEX;

    for (i = 0; i < json_array_size(json); i++) {
        elem.index = i;
        pair = json_array_get(json, i);

        if (json_array_size(pair) != 2) {
            return nthrift_scalar_fail(e, &elem, "[key, value] expected");
        }

        if (encode_value(e, &elem, type->key, json_array_get(pair, 0)) != 0
            || encode_value(e, &elem, type->elem, json_array_get(pair, 1)) != 0)
        {
            return -1;
        }
    }

    return 0;
}


static int
encode_map(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const nthrift_idl_type_t *type, json_t *json)
{
    size_t  n;

    if (!json_is_object(json) && !json_is_array(json)) {
        return nthrift_scalar_fail(e, path, "object or array of [key, value] "
                                   "expected");
    }

    n = json_is_object(json) ? json_object_size(json) : json_array_size(json);

    nthrift_write_map(e->w, nthrift_scalar_type(type->key),
                      nthrift_scalar_type(type->elem), n);

    return json_is_object(json) ? encode_map_object(e, path, type, json)
                                : encode_map_pairs(e, path, type, json);
}


static int
encode_value(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const nthrift_idl_type_t *type, json_t *json)
{
    int  rc;

    type = type->real;

    if (type->kind != NTHRIFT_IDL_STRUCT && type->elem == NULL) {
        return nthrift_scalar_value(e, path, type, json);
    }

    if (e->w->error != NULL) {
        return nthrift_scalar_fail(e, path, "%s", nthrift_write_error(e->w));
    }

    if (e->depth == ENCODE_DEPTH) {
        return nthrift_scalar_fail(e, path, "nested more than %d levels deep",
                                   ENCODE_DEPTH);
    }

    e->depth++;

    rc = (type->kind == NTHRIFT_IDL_STRUCT)
         ? encode_struct(e, path, (const nthrift_idl_struct_t *) type->def,
                         json)
         : (type->kind == NTHRIFT_IDL_MAP) ? encode_map(e, path, type, json)
                                           : encode_list(e, path, type, json);

    e->depth--;

    return rc;
}


/* Structs */

static int
encode_field(nthrift_scalar_t *e, const nthrift_scalar_path_t *up,
    const nthrift_idl_field_t *field, json_t *json, int16_t *last)
{
    nthrift_scalar_path_t  path;

    memset(&path, 0, sizeof(nthrift_scalar_path_t));

    path.up = up;
    path.kind = NTHRIFT_SCALAR_FIELD;
    path.name = field->name;

    if (json == NULL || json_is_null(json)) {
        return (field->req == NTHRIFT_IDL_REQUIRED)
               ? nthrift_scalar_fail(e, &path, "required, but missing") : 0;
    }

    if (field->id < INT16_MIN || field->id > INT16_MAX) {
        return nthrift_scalar_fail(e, &path, "the id %d cannot be sent",
                                   (int) field->id);
    }

    if (field->type->real->kind == NTHRIFT_IDL_BOOL && json_is_boolean(json)) {
        nthrift_write_field_bool(e->w, last, (int16_t) field->id,
                                 json_is_true(json));
        return 0;
    }

    nthrift_write_field(e->w, last, (int16_t) field->id,
                        nthrift_scalar_type(field->type));

    return encode_value(e, &path, field->type, json);
}


/* What is given for the fields, in their order: nothing so far. */

static json_t **
encode_values(const nthrift_idl_struct_t *st)
{
    json_t  **values;

    values = nthrift_call_malloc((st->n + 1) * sizeof(json_t *));
    memset(values, 0, (st->n + 1) * sizeof(json_t *));

    return values;
}


/* Puts the values of an object in the order of the fields. */

static int
encode_sort(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const nthrift_idl_struct_t *st, json_t *json, json_t **values)
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
            return nthrift_scalar_unknown(e, path,
                                          (st->what == NTHRIFT_IDL_KIND_ARGS)
                                          ? "argument" : "field",
                                          &st->def.name, &name,
                                          nthrift_suggest_field(st, &name));
        }

        values[field->index] = value;
    }

    return 0;
}


/* One field of a union is what it is: its others have no defaults. */

static int
encode_check_union(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const nthrift_idl_struct_t *st, json_t **values)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < st->n; i++) {
        n += (values[i] != NULL && !json_is_null(values[i]));
    }

    if (n == 1) {
        return 0;
    }

    return nthrift_scalar_fail(e, path, "exactly one field of the union %.*s "
                               "expected, %zu given",
                               nthrift_scalar_str(&st->def.name), n);
}


static int
encode_fields(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const nthrift_idl_struct_t *st, json_t **values)
{
    int                         rc;
    size_t                      i;
    json_t                     *json;
    int16_t                     last;
    const nthrift_idl_field_t  *field;

    last = 0;

    for (i = 0; i < st->n; i++) {
        field = st->by_id[i];
        json = json_incref(values[field->index]);

        if (json == NULL && field->value != NULL
            && st->what != NTHRIFT_IDL_KIND_UNION)
        {
            json = nthrift_default_json(field->type, field->value);
        }

        rc = encode_field(e, path, field, json, &last);
        json_decref(json);

        if (rc != 0) {
            return -1;
        }
    }

    nthrift_write_stop(e->w);

    return 0;
}


static int
encode_struct(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const nthrift_idl_struct_t *st, json_t *json)
{
    int       rc;
    json_t  **values;

    if (!json_is_object(json)) {
        return nthrift_scalar_fail(e, path, "object expected");
    }

    values = encode_values(st);

    rc = encode_sort(e, path, st, json, values);

    if (rc == 0 && st->what == NTHRIFT_IDL_KIND_UNION) {
        rc = encode_check_union(e, path, st, values);
    }

    if (rc == 0) {
        rc = encode_fields(e, path, st, values);
    }

    free(values);

    return rc;
}


/* The arguments by their places */

static int
encode_array(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const nthrift_idl_struct_t *st, json_t *json)
{
    int       rc;
    size_t    i;
    json_t  **values;

    if (json_array_size(json) > st->n) {
        return nthrift_scalar_fail(e, path, "%zu given, %.*s has %zu",
                                   json_array_size(json),
                                   nthrift_scalar_str(&st->def.name), st->n);
    }

    values = encode_values(st);

    for (i = 0; i < json_array_size(json); i++) {
        values[i] = json_array_get(json, i);
    }

    rc = encode_fields(e, path, st, values);

    free(values);

    return rc;
}


int
nthrift_encode_args(nthrift_write_t *w, const nthrift_idl_method_t *method,
    json_t *json, char *error, size_t size)
{
    int            rc;
    nthrift_scalar_t       e;
    nthrift_scalar_path_t  path;

    memset(&path, 0, sizeof(nthrift_scalar_path_t));
    memset(&e, 0, sizeof(nthrift_scalar_t));

    e.w = w;
    e.depth = 1;
    e.error = error;
    e.size = size;
    error[0] = '\0';

    if (json_is_object(json)) {
        rc = encode_struct(&e, &path, method->args, json);

    } else if (json_is_array(json)) {
        rc = encode_array(&e, &path, method->args, json);

    } else {
        return nthrift_scalar_fail(&e, &path, "object or array expected");
    }

    if (rc == 0 && w->error != NULL) {
        return nthrift_scalar_fail(&e, &path, "%s", nthrift_write_error(w));
    }

    return rc;
}
