/*
 * nthrift_value.c: walks over a value with the IDL beside it, and makes JSON of
 * it.  nthrift_decode.c has found that the bytes fit the IDL, so that declared
 * fields have the type that is expected; where nothing is declared the bytes
 * alone tell.
 *
 * The walk is as deep as the reply, NTHRIFT_DECODE_DEPTH at most.
 */

#include "nthrift_call.h"
#include "nthrift_text.h"
#include "nthrift_value.h"

#include "bind/protocol.h"
#include "bind/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>


#define VALUE_NUMBER     32     /* bytes: of a number's text */
#define VALUE_PRECISION  17     /* digits that tell any two doubles apart */


json_t *
nthrift_value_fail(nthrift_value_t *c, const char *text)
{
    if (c->d->error[0] == '\0') {
        snprintf(c->d->error, sizeof(c->d->error), "%s", text);
    }

    return NULL;
}


void
nthrift_value_open(nthrift_token_level_t *level)
{
    memset(level, 0, sizeof(nthrift_token_level_t));

    level->fields = 1;
    level->left = 1;
}


int
nthrift_value_token(nthrift_value_t *c, nthrift_token_level_t *level,
    nthrift_token_t *t)
{
    ptrdiff_t  n;

    n = c->protocol->read(level, c->p, c->last, t);

    if (n < 0) {
        (void) nthrift_value_fail(c, "malformed body");
        return -1;
    }

    c->p += n;

    return 0;
}


/* Text that is not UTF-8, or is not meant to be text, is base64. */

static json_t *
value_base64(const uint8_t *data, size_t len)
{
    char    *text;
    size_t   size;
    json_t  *json;

    size = nthrift_text_base64_size(len);

    text = nthrift_call_malloc(size + 1);
    nthrift_text_base64_write(text, data, len);
    json = json_stringn_nocheck(text, size);
    free(text);

    return json;
}


json_t *
nthrift_value_text(const uint8_t *data, size_t len)
{
    json_t  *json;

    if (len == 0) {
        return json_string("");
    }

    if (nthrift_utf8_check(data, data + len) == data + len) {
        return json_stringn_nocheck((const char *) data, len);
    }

    json = json_object();
    json_object_set_new(json, "base64", value_base64(data, len));

    return json;
}


static json_t *
value_string(nthrift_value_t *c, const nthrift_token_t *t,
    const nthrift_idl_type_t *type)
{
    const uint8_t  *data;

    if (t->count > (size_t) (c->last - c->p)) {
        return nthrift_value_fail(c, "malformed body");
    }

    data = c->p;
    c->p += t->count;

    if (type != NULL && type->kind == NTHRIFT_IDL_BINARY) {
        return value_base64(data, t->count);
    }

    return nthrift_value_text(data, t->count);
}


static json_t *
value_uuid(const nthrift_token_t *t)
{
    char  text[NTHRIFT_TEXT_UUID];

    nthrift_text_uuid_write(text, t->at);

    return json_stringn_nocheck(text, NTHRIFT_TEXT_UUID);
}


/* JSON text has one precision for all: that of the longest double. */

static int
value_precision(double value, int precision)
{
    char  text[VALUE_NUMBER];

    while (precision < VALUE_PRECISION) {
        snprintf(text, sizeof(text), "%.*g", precision, value);

        if (strtod(text, NULL) == value) {
            break;
        }

        precision++;
    }

    return precision;
}


static double
value_real(nthrift_value_t *c, const nthrift_token_t *t)
{
    double   value;
    int64_t  bits;

    bits = c->protocol->number(t);
    memcpy(&value, &bits, sizeof(value));

    return value;
}


static json_t *
value_double(nthrift_value_t *c, const nthrift_token_t *t)
{
    double  value;

    value = value_real(c, t);

    if (isnan(value)) {
        return json_string("NaN");
    }

    if (isinf(value)) {
        return json_string((value > 0) ? "Infinity" : "-Infinity");
    }

    c->d->precision = value_precision(value, c->d->precision);

    return json_real(value);
}


/* The name that an enum has for a number, or NULL. */

static const nthrift_str_t *
value_enum_name(const nthrift_idl_type_t *type, int64_t number)
{
    const nthrift_idl_item_t  *item;

    if (type == NULL || type->kind != NTHRIFT_IDL_ENUM) {
        return NULL;
    }

    item = nthrift_idl_item_by_number((const nthrift_idl_enum_t *) type->def,
                                      number);

    return (item != NULL) ? &item->name : NULL;
}


static json_t *
value_number(nthrift_value_t *c, const nthrift_token_t *t,
    const nthrift_idl_type_t *type)
{
    int64_t               number;
    const nthrift_str_t  *name;

    number = c->protocol->number(t);
    name = value_enum_name(type, number);

    if (name != NULL) {
        return json_stringn_nocheck((const char *) name->data, name->len);
    }

    return json_integer(number);
}


/* Containers */

static void
value_open_container(nthrift_token_level_t *level, const nthrift_token_t *t)
{
    memset(level, 0, sizeof(nthrift_token_level_t));

    if (t->count == 0) {
        return;
    }

    if (t->type == NTHRIFT_MAP) {
        level->left = t->count * 2;
        level->type[0] = t->key;

    } else {
        level->left = t->count;
        level->type[0] = t->elem;
    }

    level->type[1] = t->elem;
}


static json_t *
value_element(nthrift_value_t *c, nthrift_token_level_t *level,
    const nthrift_idl_type_t *type)
{
    nthrift_token_t  t;

    if (nthrift_value_token(c, level, &t) != 0) {
        return NULL;
    }

    level->left--;

    return nthrift_value_read(c, &t, (type != NULL) ? type->real : NULL);
}


static json_t *
value_list(nthrift_value_t *c, const nthrift_token_t *t,
    const nthrift_idl_type_t *type)
{
    json_t                    *json, *value;
    nthrift_token_level_t      level;
    const nthrift_idl_type_t  *elem;

    json = json_array();
    elem = (type != NULL) ? type->elem : NULL;

    value_open_container(&level, t);

    while (level.left != 0) {
        value = value_element(c, &level, elem);

        if (value == NULL) {
            json_decref(json);
            return NULL;
        }

        json_array_append_new(json, value);
    }

    return json;
}


/* [ [ key, value ], ... ] */

static json_t *
value_pairs(nthrift_value_t *c, const nthrift_token_t *t,
    const nthrift_idl_type_t *type)
{
    json_t                    *json, *pair, *key, *value;
    nthrift_token_level_t      level;

    json = json_array();

    value_open_container(&level, t);

    while (level.left != 0) {
        key = value_element(c, &level, (type != NULL) ? type->key : NULL);

        value = (key != NULL)
                ? value_element(c, &level, (type != NULL) ? type->elem : NULL)
                : NULL;

        if (value == NULL) {
            json_decref(key);
            json_decref(json);
            return NULL;
        }

        pair = json_array();
        json_array_append_new(pair, key);
        json_array_append_new(pair, value);
        json_array_append_new(json, pair);
    }

    return json;
}


/* The text of a key; NULL if it has none that JSON could have. */

static char *
value_key_text(json_t *key)
{
    char  text[VALUE_NUMBER];

    if (json_is_integer(key)) {
        snprintf(text, sizeof(text), "%lld",
                 (long long) json_integer_value(key));
        return nthrift_call_strndup(text, strlen(text));
    }

    if (json_is_real(key)) {
        snprintf(text, sizeof(text), "%.*g",
                 value_precision(json_real_value(key), 1),
                 json_real_value(key));
        return nthrift_call_strndup(text, strlen(text));
    }

    if (json_is_string(key)
        && strlen(json_string_value(key)) == json_string_length(key))
    {
        return nthrift_call_strndup(json_string_value(key),
                                    json_string_length(key));
    }

    return NULL;
}


/*
 * Pairs as an object, if every key can be a key of JSON and none is there
 * twice; else the pairs as they are.
 */

static json_t *
value_object(json_t *pairs)
{
    char    *text;
    size_t   i;
    json_t  *json, *pair;

    json = json_object();

    json_array_foreach(pairs, i, pair) {
        text = value_key_text(json_array_get(pair, 0));

        if (text == NULL || json_object_get(json, text) != NULL) {
            free(text);
            json_decref(json);
            return pairs;
        }

        json_object_set_new_nocheck(json, text,
                                    json_incref(json_array_get(pair, 1)));
        free(text);
    }

    json_decref(pairs);

    return json;
}


/* Whether the keys of a map are strings, numbers or enums. */

static int
value_has_keys(const nthrift_token_t *t, const nthrift_idl_type_t *type)
{
    if (type != NULL) {
        return type->key->real->kind != NTHRIFT_IDL_BINARY
               && type->key->real->kind != NTHRIFT_IDL_BOOL
               && type->key->real->kind != NTHRIFT_IDL_UUID;
    }

    return t->count == 0 || (t->key != NTHRIFT_BOOL && t->key != NTHRIFT_UUID);
}


static json_t *
value_map(nthrift_value_t *c, const nthrift_token_t *t,
    const nthrift_idl_type_t *type)
{
    json_t  *pairs;

    pairs = value_pairs(c, t, type);

    if (pairs == NULL || !value_has_keys(t, type)) {
        return pairs;
    }

    return value_object(pairs);
}


/* Structs */

void
nthrift_value_add(json_t *json, const nthrift_idl_field_t *field, int16_t id,
    json_t *value)
{
    char  *name, number[VALUE_NUMBER];

    if (field == NULL) {
        snprintf(number, sizeof(number), "#%d", id);
        json_object_set_new_nocheck(json, number, value);
        return;
    }

    name = nthrift_call_strndup(field->name.data, field->name.len);
    json_object_set_new_nocheck(json, name, value);
    free(name);
}


static json_t *
value_struct(nthrift_value_t *c, const nthrift_idl_struct_t *st)
{
    json_t                     *json, *value;
    nthrift_token_t             t;
    nthrift_token_level_t       level;
    const nthrift_idl_field_t  *field;

    nthrift_value_open(&level);

    json = json_object();

    for ( ;; ) {
        if (nthrift_value_token(c, &level, &t) != 0) {
            break;
        }

        if (t.type == NTHRIFT_STOP) {
            return json;
        }

        level.id = t.id;
        field = (st != NULL) ? nthrift_idl_field_by_id(st, t.id) : NULL;

        value = nthrift_value_read(c, &t,
                                   (field != NULL) ? field->type->real : NULL);
        if (value == NULL) {
            break;
        }

        nthrift_value_add(json, field, t.id, value);
    }

    json_decref(json);

    return NULL;
}


static json_t *
value_nested(nthrift_value_t *c, const nthrift_token_t *t,
    const nthrift_idl_type_t *type)
{
    switch (t->type) {

    case NTHRIFT_STRUCT:
        return value_struct(c, (type == NULL) ? NULL
                               : (const nthrift_idl_struct_t *) type->def);

    case NTHRIFT_MAP:
        return value_map(c, t, type);

    default: /* NTHRIFT_LIST, NTHRIFT_SET */
        return value_list(c, t, type);
    }
}


json_t *
nthrift_value_read(nthrift_value_t *c, const nthrift_token_t *t,
    const nthrift_idl_type_t *type)
{
    json_t  *json;

    if (c->values-- == 0) {
        c->values = 0;
        return nthrift_value_fail(c, "too many values");
    }

    switch (t->type) {

    case NTHRIFT_BOOL:
        return json_boolean(c->protocol->truth(t));

    case NTHRIFT_I8:
    case NTHRIFT_I16:
    case NTHRIFT_I32:
    case NTHRIFT_I64:
        return value_number(c, t, type);

    case NTHRIFT_DOUBLE:
        return value_double(c, t);

    case NTHRIFT_STRING:
        return value_string(c, t, type);

    case NTHRIFT_UUID:
        return value_uuid(t);

    default:
        break;
    }

    if (c->depth == NTHRIFT_DECODE_DEPTH) {
        return nthrift_value_fail(c, "too many levels of nesting");
    }

    c->depth++;
    json = value_nested(c, t, type);
    c->depth--;

    return json;
}


void
nthrift_value_start(nthrift_value_t *c, nthrift_decode_t *d, unsigned protocol,
    const uint8_t *p, const uint8_t *last)
{
    memset(d, 0, sizeof(nthrift_decode_t));

    d->precision = 1;

    c->protocol = nthrift_bind_protocols[protocol].token;
    c->p = p;
    c->last = last;
    c->values = NTHRIFT_DECODE_VALUES;
    c->depth = 0;
    c->d = d;
}
