/*
 * nthrift_default.c: the defaults of the IDL as JSON, so that nthrift_encode.c
 * has one way only to write a value.
 *
 * The loader has checked that values fit their types, and how deeply they
 * nest; where there is no memory the program ends, see nthrift_call.c.
 */

#include "nthrift_call.h"
#include "nthrift_default.h"
#include "nthrift_text.h"

#include <math.h>
#include <stdlib.h>


static int64_t
default_number(const nthrift_idl_value_t *value)
{
    if (value->kind == NTHRIFT_IDL_VALUE_DOUBLE) {
        return (int64_t) value->u.d;
    }

    return (value->kind == NTHRIFT_IDL_VALUE_ITEM) ? value->item->number
                                                   : value->u.i;
}


static json_t *
default_double(const nthrift_idl_value_t *value)
{
    double  d;

    d = (value->kind == NTHRIFT_IDL_VALUE_DOUBLE)
        ? value->u.d : (double) default_number(value);

    if (isfinite(d)) {
        return json_real(d);
    }

    return json_string((d > 0) ? "Infinity" : "-Infinity");
}


static json_t *
default_binary(const nthrift_str_t *s)
{
    char    *text;
    json_t  *json;

    text = nthrift_call_malloc(nthrift_text_base64_size(s->len) + 1);
    nthrift_text_base64_write(text, s->data, s->len);
    json = json_stringn_nocheck(text, nthrift_text_base64_size(s->len));
    free(text);

    return json;
}


static json_t *
default_list(const nthrift_idl_type_t *type, const nthrift_idl_value_t *value)
{
    json_t                     *json;
    const nthrift_idl_value_t  *elem;

    json = json_array();

    for (elem = value->u.list.first; elem != NULL; elem = elem->next) {
        json_array_append_new(json, nthrift_default_json(type->elem, elem));
    }

    return json;
}


/* [ [ key, value ], ... ] */

static json_t *
default_map(const nthrift_idl_type_t *type, const nthrift_idl_value_t *value)
{
    json_t                     *json, *pair;
    const nthrift_idl_value_t  *elem;

    json = json_array();

    for (elem = value->u.list.first; elem != NULL; elem = elem->next->next) {
        pair = json_array();
        json_array_append_new(pair, nthrift_default_json(type->key, elem));
        json_array_append_new(pair,
                              nthrift_default_json(type->elem, elem->next));
        json_array_append_new(json, pair);
    }

    return json;
}


static const nthrift_idl_value_t *
default_resolve(const nthrift_idl_value_t *value)
{
    while (value->kind == NTHRIFT_IDL_VALUE_CONST) {
        value = value->ref->value;
    }

    return value;
}


static json_t *
default_struct(const nthrift_idl_struct_t *st,
    const nthrift_idl_value_t *value)
{
    char                       *name;
    json_t                     *json;
    const nthrift_str_t        *s;
    const nthrift_idl_value_t  *elem;
    const nthrift_idl_field_t  *field;

    json = json_object();

    for (elem = value->u.list.first; elem != NULL; elem = elem->next->next) {
        s = &default_resolve(elem)->u.s;
        field = nthrift_idl_field_by_name(st, s);

        name = nthrift_call_strndup(s->data, s->len);

        if (field != NULL) {
            json_object_set_new_nocheck(json, name,
                             nthrift_default_json(field->type, elem->next));
        }

        free(name);
    }

    return json;
}


json_t *
nthrift_default_json(const nthrift_idl_type_t *type,
    const nthrift_idl_value_t *value)
{
    type = type->real;
    value = default_resolve(value);

    switch (type->kind) {

    case NTHRIFT_IDL_BOOL:
        return json_boolean(default_number(value) != 0);

    case NTHRIFT_IDL_I8:
    case NTHRIFT_IDL_I16:
    case NTHRIFT_IDL_I32:
    case NTHRIFT_IDL_I64:
    case NTHRIFT_IDL_ENUM:
        return json_integer(default_number(value));

    case NTHRIFT_IDL_DOUBLE:
        return default_double(value);

    case NTHRIFT_IDL_STRING:
    case NTHRIFT_IDL_UUID:
        return json_stringn_nocheck((const char *) value->u.s.data,
                                    value->u.s.len);

    case NTHRIFT_IDL_BINARY:
        return default_binary(&value->u.s);

    case NTHRIFT_IDL_LIST:
    case NTHRIFT_IDL_SET:
        return default_list(type, value);

    case NTHRIFT_IDL_MAP:
        return default_map(type, value);

    case NTHRIFT_IDL_STRUCT:
        return default_struct((const nthrift_idl_struct_t *) type->def, value);

    case NTHRIFT_IDL_VOID:
    case NTHRIFT_IDL_TYPEDEF:
    case NTHRIFT_IDL_NAMED:
        break;
    }

    return json_null();
}
