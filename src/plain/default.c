/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/default.c: values of the IDL as bytes, for what is not given in
 * arguments, and for whoever shows what a default is.
 *
 * The loader has checked that values fit their types; how deep and how large
 * they become is limited as for what is given: a struct may be its own
 * default.
 */

#include "plain/read.h"
#include "plain/text.h"


static int64_t
default_number(const nthrift_idl_value_t *value)
{
    if (value->kind == NTHRIFT_IDL_VALUE_DOUBLE) {
        return (int64_t) value->u.d;
    }

    return (value->kind == NTHRIFT_IDL_VALUE_ITEM) ? value->item->number
                                                   : value->u.i;
}


static double
default_double(const nthrift_idl_value_t *value)
{
    return (value->kind == NTHRIFT_IDL_VALUE_DOUBLE)
           ? value->u.d : (double) default_number(value);
}


static const nthrift_idl_value_t *
default_resolve(const nthrift_idl_value_t *value)
{
    while (value->kind == NTHRIFT_IDL_VALUE_CONST) {
        value = value->ref->value;
    }

    return value;
}


/* Containers */

static int
default_list(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_type_t *type, const nthrift_idl_value_t *value)
{
    nthrift_plain_path_t        place;
    const nthrift_idl_value_t  *elem;

    memset(&place, 0, sizeof(nthrift_plain_path_t));

    place.up = path;
    place.kind = NTHRIFT_PLAIN_INDEX;

    nthrift_write_list(&r->w, nthrift_plain_scalar_type(type->elem),
                       value->u.list.n);

    for (elem = value->u.list.first; elem != NULL; elem = elem->next) {
        if (nthrift_plain_default_value(r, &place, type->elem, elem)
            != NTHRIFT_OK)
        {
            return NTHRIFT_ERROR;
        }

        place.index++;
    }

    return NTHRIFT_OK;
}


static int
default_map(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_type_t *type, const nthrift_idl_value_t *value)
{
    nthrift_plain_path_t        place;
    const nthrift_idl_value_t  *elem;

    memset(&place, 0, sizeof(nthrift_plain_path_t));

    place.up = path;
    place.kind = NTHRIFT_PLAIN_INDEX;

    nthrift_write_map(&r->w, nthrift_plain_scalar_type(type->key),
                      nthrift_plain_scalar_type(type->elem),
                      value->u.list.n);

    for (elem = value->u.list.first; elem != NULL; elem = elem->next->next) {
        if (nthrift_plain_default_value(r, &place, type->key, elem)
            != NTHRIFT_OK
            || nthrift_plain_default_value(r, &place, type->elem, elem->next)
               != NTHRIFT_OK)
        {
            return NTHRIFT_ERROR;
        }

        place.index++;
    }

    return NTHRIFT_OK;
}


/* Structs */

/* What the value says of a field, the last time; NULL: nothing. */

static const nthrift_idl_value_t *
default_given(const nthrift_idl_value_t *value,
    const nthrift_idl_field_t *field)
{
    const nthrift_idl_value_t  *elem, *given;

    given = NULL;

    for (elem = value->u.list.first; elem != NULL; elem = elem->next->next) {
        if (nthrift_str_equal(&default_resolve(elem)->u.s, &field->name)) {
            given = elem->next;
        }
    }

    return given;
}


static int
default_field(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_field_t *field, const nthrift_idl_value_t *value,
    int16_t *last)
{
    if (value == NULL) {
        return nthrift_plain_read_missing(r, path, field);
    }

    if (nthrift_plain_read_head(r, path, field, last) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (field->type->real->kind != NTHRIFT_IDL_BOOL) {
        return nthrift_plain_default_value(r, path, field->type, value);
    }

    nthrift_write_field_bool(&r->w, last, (int16_t) field->id,
                             default_number(default_resolve(value)) != 0);

    return nthrift_plain_read_count(r, path);
}


int
nthrift_plain_default_field(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_field_t *field,
    int16_t *last)
{
    nthrift_plain_path_t  place;

    nthrift_plain_read_path(&place, path, field);

    return default_field(r, &place, field, field->value, last);
}


static int
default_struct(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_struct_t *st, const nthrift_idl_value_t *value)
{
    size_t                      i;
    int16_t                     last;
    nthrift_plain_path_t        place;
    const nthrift_idl_field_t  *field;
    const nthrift_idl_value_t  *given;

    if (st->what == NTHRIFT_IDL_KIND_UNION && value->u.list.n != 1) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                       "exactly one field of the union %.*s "
                                       "expected, its default has %zu",
                                       nthrift_plain_str(&st->def.name),
                                       value->u.list.n);
    }

    last = 0;

    for (i = 0; i < st->n; i++) {
        field = st->by_id[i];
        given = default_given(value, field);

        if (given == NULL && st->what != NTHRIFT_IDL_KIND_UNION) {
            given = field->value;
        }

        nthrift_plain_read_path(&place, path, field);

        if (default_field(r, &place, field, given, &last) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }
    }

    nthrift_write_stop(&r->w);

    return NTHRIFT_OK;
}


static int
default_nested(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_type_t *type, const nthrift_idl_value_t *value)
{
    int  rc;

    if (nthrift_plain_read_descend(r, path) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    rc = (type->kind == NTHRIFT_IDL_STRUCT)
         ? default_struct(r, path, (const nthrift_idl_struct_t *) type->def,
                          value)
         : (type->kind == NTHRIFT_IDL_MAP) ? default_map(r, path, type, value)
                                           : default_list(r, path, type,
                                                          value);

    r->depth--;

    return rc;
}


static int
default_uuid(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_str_t *s)
{
    uint8_t  uuid[16];

    if (nthrift_plain_text_uuid_read((const char *) s->data, s->len, uuid)
        != 0)
    {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                       "the default is no uuid");
    }

    nthrift_write_uuid(&r->w, uuid);

    return NTHRIFT_OK;
}


int
nthrift_plain_default_value(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_type_t *type,
    const nthrift_idl_value_t *value)
{
    type = type->real;
    value = default_resolve(value);

    if (nthrift_plain_read_count(r, path) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    switch (type->kind) {

    case NTHRIFT_IDL_BOOL:
        nthrift_write_bool(&r->w, default_number(value) != 0);
        return NTHRIFT_OK;

    case NTHRIFT_IDL_I8:
    case NTHRIFT_IDL_I16:
    case NTHRIFT_IDL_I32:
    case NTHRIFT_IDL_I64:
    case NTHRIFT_IDL_ENUM:
        nthrift_write_int(&r->w, nthrift_plain_scalar_type(type),
                          default_number(value));
        return NTHRIFT_OK;

    case NTHRIFT_IDL_DOUBLE:
        nthrift_write_double(&r->w, default_double(value));
        return NTHRIFT_OK;

    case NTHRIFT_IDL_STRING:
    case NTHRIFT_IDL_BINARY:
        nthrift_write_string(&r->w, value->u.s.data, value->u.s.len);
        return NTHRIFT_OK;

    case NTHRIFT_IDL_UUID:
        return default_uuid(r, path, &value->u.s);

    case NTHRIFT_IDL_LIST:
    case NTHRIFT_IDL_SET:
    case NTHRIFT_IDL_MAP:
    case NTHRIFT_IDL_STRUCT:
    case NTHRIFT_IDL_VOID:
    case NTHRIFT_IDL_TYPEDEF:
    case NTHRIFT_IDL_NAMED:
        break;
    }

    return default_nested(r, path, type, value);
}
