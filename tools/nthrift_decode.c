/*
 * nthrift_decode.c: walks over a reply with the IDL beside it, and makes JSON
 * of it.  nthrift_call.c has read the message and knows it to be well formed;
 * that it fits the IDL is checked here first (bind/check.h), so that the walk
 * finds of every declared field the type that it expects.
 *
 * The walk is as deep as the reply, NTHRIFT_DECODE_DEPTH at most.
 */

#include "nthrift_call.h"
#include "nthrift_decode.h"
#include "nthrift_text.h"

#include "bind/check.h"
#include "bind/token_binary.h"
#include "bind/token_compact.h"
#include "bind/utf8.h"
#include "wire/exception.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>


#define DECODE_NUMBER     32    /* bytes: of a number's text */
#define DECODE_PRECISION  17    /* digits that tell any two doubles apart */


typedef struct {
    const nthrift_token_protocol_t  *protocol;
    const uint8_t                   *p;
    const uint8_t                   *last;
    uint32_t                         values;    /* that may still come */
    unsigned                         depth;
    nthrift_decode_t                *d;
} decode_t;


static json_t *decode_value(decode_t *c, const nthrift_token_t *t,
    const nthrift_idl_type_t *type);


static void *
decode_fail(decode_t *c, const char *text)
{
    if (c->d->error[0] == '\0') {
        snprintf(c->d->error, sizeof(c->d->error), "%s", text);
    }

    return NULL;
}


static int
decode_token(decode_t *c, nthrift_token_level_t *level, nthrift_token_t *t)
{
    ptrdiff_t  n;

    n = c->protocol->read(level, c->p, c->last, t);

    if (n < 0) {
        (void) decode_fail(c, "malformed body");
        return -1;
    }

    c->p += n;

    return 0;
}


/* Text that is not UTF-8, or is not meant to be text, is base64. */

static json_t *
decode_base64(const uint8_t *data, size_t len)
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


static json_t *
decode_text(const uint8_t *data, size_t len)
{
    json_t  *json;

    if (len == 0) {
        return json_string("");
    }

    if (nthrift_utf8_check(data, data + len) == data + len) {
        return json_stringn_nocheck((const char *) data, len);
    }

    json = json_object();
    json_object_set_new(json, "base64", decode_base64(data, len));

    return json;
}


static json_t *
decode_string(decode_t *c, const nthrift_token_t *t,
    const nthrift_idl_type_t *type)
{
    const uint8_t  *data;

    if (t->count > (size_t) (c->last - c->p)) {
        return decode_fail(c, "malformed body");
    }

    data = c->p;
    c->p += t->count;

    if (type != NULL && type->kind == NTHRIFT_IDL_BINARY) {
        return decode_base64(data, t->count);
    }

    return decode_text(data, t->count);
}


static json_t *
decode_uuid(const nthrift_token_t *t)
{
    char  text[NTHRIFT_TEXT_UUID];

    nthrift_text_uuid_write(text, t->at);

    return json_stringn_nocheck(text, NTHRIFT_TEXT_UUID);
}


/* JSON text has one precision for all: that of the longest double. */

static int
decode_precision(double value, int precision)
{
    char  text[DECODE_NUMBER];

    while (precision < DECODE_PRECISION) {
        snprintf(text, sizeof(text), "%.*g", precision, value);

        if (strtod(text, NULL) == value) {
            break;
        }

        precision++;
    }

    return precision;
}


static double
decode_real(decode_t *c, const nthrift_token_t *t)
{
    double   value;
    int64_t  bits;

    bits = c->protocol->number(t);
    memcpy(&value, &bits, sizeof(value));

    return value;
}


static json_t *
decode_double(decode_t *c, const nthrift_token_t *t)
{
    double  value;

    value = decode_real(c, t);

    if (isnan(value)) {
        return json_string("NaN");
    }

    if (isinf(value)) {
        return json_string((value > 0) ? "Infinity" : "-Infinity");
    }

    c->d->precision = decode_precision(value, c->d->precision);

    return json_real(value);
}


/* The name that an enum has for a number, or NULL. */

static const nthrift_str_t *
decode_enum_name(const nthrift_idl_type_t *type, int64_t number)
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
decode_number(decode_t *c, const nthrift_token_t *t,
    const nthrift_idl_type_t *type)
{
    int64_t               number;
    const nthrift_str_t  *name;

    number = c->protocol->number(t);
    name = decode_enum_name(type, number);

    if (name != NULL) {
        return json_stringn_nocheck((const char *) name->data, name->len);
    }

    return json_integer(number);
}


/* Containers */

static void
decode_open(nthrift_token_level_t *level, const nthrift_token_t *t)
{
    memset(level, 0, sizeof(nthrift_token_level_t));

    level->left = t->count;

    if (t->count == 0) {
        return;
    }

    level->type[0] = (t->type == NTHRIFT_MAP) ? t->key : t->elem;
    level->type[1] = t->elem;

    if (t->type == NTHRIFT_MAP) {
        level->left *= 2;
    } else {
        level->type[0] = t->elem;
    }
}


static json_t *
decode_element(decode_t *c, nthrift_token_level_t *level,
    const nthrift_idl_type_t *type)
{
    nthrift_token_t  t;

    if (decode_token(c, level, &t) != 0) {
        return NULL;
    }

    level->left--;

    return decode_value(c, &t, (type != NULL) ? type->real : NULL);
}


static json_t *
decode_list(decode_t *c, const nthrift_token_t *t,
    const nthrift_idl_type_t *type)
{
    json_t                    *json, *value;
    nthrift_token_level_t      level;
    const nthrift_idl_type_t  *elem;

    json = json_array();
    elem = (type != NULL) ? type->elem : NULL;

    decode_open(&level, t);

    while (level.left != 0) {
        value = decode_element(c, &level, elem);

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
decode_pairs(decode_t *c, const nthrift_token_t *t,
    const nthrift_idl_type_t *type)
{
    json_t                    *json, *pair, *key, *value;
    nthrift_token_level_t      level;

    json = json_array();

    decode_open(&level, t);

    while (level.left != 0) {
        key = decode_element(c, &level, (type != NULL) ? type->key : NULL);

        value = (key != NULL)
                ? decode_element(c, &level, (type != NULL) ? type->elem : NULL)
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
decode_key_text(json_t *key)
{
    char  text[DECODE_NUMBER];

    if (json_is_integer(key)) {
        snprintf(text, sizeof(text), "%lld",
                 (long long) json_integer_value(key));
        return nthrift_call_strndup(text, strlen(text));
    }

    if (json_is_real(key)) {
        snprintf(text, sizeof(text), "%.*g",
                 decode_precision(json_real_value(key), 1),
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
decode_object(json_t *pairs)
{
    char    *text;
    size_t   i;
    json_t  *json, *pair;

    json = json_object();

    json_array_foreach(pairs, i, pair) {
        text = decode_key_text(json_array_get(pair, 0));

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
decode_has_keys(const nthrift_token_t *t, const nthrift_idl_type_t *type)
{
    if (type != NULL) {
        return type->key->real->kind != NTHRIFT_IDL_BINARY
               && type->key->real->kind != NTHRIFT_IDL_BOOL
               && type->key->real->kind != NTHRIFT_IDL_UUID;
    }

    return t->count == 0 || (t->key != NTHRIFT_BOOL && t->key != NTHRIFT_UUID);
}


static json_t *
decode_map(decode_t *c, const nthrift_token_t *t,
    const nthrift_idl_type_t *type)
{
    json_t  *pairs;

    pairs = decode_pairs(c, t, type);

    if (pairs == NULL || !decode_has_keys(t, type)) {
        return pairs;
    }

    return decode_object(pairs);
}


/* Structs */

static void
decode_add(json_t *json, const nthrift_idl_field_t *field, int16_t id,
    json_t *value)
{
    char  *name, number[DECODE_NUMBER];

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
decode_struct(decode_t *c, const nthrift_idl_struct_t *st)
{
    json_t                     *json, *value;
    nthrift_token_t             t;
    nthrift_token_level_t       level;
    const nthrift_idl_field_t  *field;

    memset(&level, 0, sizeof(nthrift_token_level_t));

    level.fields = 1;
    level.left = 1;

    json = json_object();

    for ( ;; ) {
        if (decode_token(c, &level, &t) != 0) {
            break;
        }

        if (t.type == NTHRIFT_STOP) {
            return json;
        }

        level.id = t.id;
        field = (st != NULL) ? nthrift_idl_field_by_id(st, t.id) : NULL;

        value = decode_value(c, &t, (field != NULL) ? field->type->real
                                                    : NULL);
        if (value == NULL) {
            break;
        }

        decode_add(json, field, t.id, value);
    }

    json_decref(json);

    return NULL;
}


static json_t *
decode_nested(decode_t *c, const nthrift_token_t *t,
    const nthrift_idl_type_t *type)
{
    switch (t->type) {

    case NTHRIFT_STRUCT:
        return decode_struct(c, (type == NULL) ? NULL
                               : (const nthrift_idl_struct_t *) type->def);

    case NTHRIFT_MAP:
        return decode_map(c, t, type);

    default: /* NTHRIFT_LIST, NTHRIFT_SET */
        return decode_list(c, t, type);
    }
}


/* A value of the type `type`, or NULL: nothing is known of it. */

static json_t *
decode_value(decode_t *c, const nthrift_token_t *t,
    const nthrift_idl_type_t *type)
{
    json_t  *json;

    if (c->values-- == 0) {
        c->values = 0;
        return decode_fail(c, "too many values");
    }

    switch (t->type) {

    case NTHRIFT_BOOL:
        return json_boolean(c->protocol->truth(t));

    case NTHRIFT_I8:
    case NTHRIFT_I16:
    case NTHRIFT_I32:
    case NTHRIFT_I64:
        return decode_number(c, t, type);

    case NTHRIFT_DOUBLE:
        return decode_double(c, t);

    case NTHRIFT_STRING:
        return decode_string(c, t, type);

    case NTHRIFT_UUID:
        return decode_uuid(t);

    default:
        break;
    }

    if (c->depth == NTHRIFT_DECODE_DEPTH) {
        return decode_fail(c, "too many levels of nesting");
    }

    c->depth++;
    json = decode_nested(c, t, type);
    c->depth--;

    return json;
}


static void
decode_start(decode_t *c, nthrift_decode_t *d, unsigned protocol,
    const uint8_t *p, const uint8_t *last)
{
    memset(d, 0, sizeof(nthrift_decode_t));

    d->precision = 1;

    c->protocol = (protocol == NTHRIFT_BINARY) ? &nthrift_token_binary
                                               : &nthrift_token_compact;
    c->p = p;
    c->last = last;
    c->values = NTHRIFT_DECODE_VALUES;
    c->depth = 0;
    c->d = d;
}


/* Results */

static json_t *
decode_exception(json_t *type, json_t *value)
{
    json_t  *json, *body;

    body = json_object();
    json_object_set_new(body, "type", type);
    json_object_set_new(body, "value", value);

    json = json_object();
    json_object_set_new(json, "exception", body);

    return json;
}


/*
 * A result with one field, which is not declared: an exception that the server
 * knows and our IDL does not.  0, or -1 with nothing changed: it is another
 * result.
 */

static int
decode_undeclared(decode_t *c, const nthrift_idl_struct_t *result)
{
    char                    name[DECODE_NUMBER];
    json_t                 *value;
    nthrift_token_t         t;
    nthrift_token_level_t   level;

    memset(&level, 0, sizeof(nthrift_token_level_t));

    level.fields = 1;
    level.left = 1;

    if (decode_token(c, &level, &t) != 0 || t.type == NTHRIFT_STOP
        || t.id == 0 || nthrift_idl_field_by_id(result, t.id) != NULL)
    {
        return -1;
    }

    snprintf(name, sizeof(name), "#%d", t.id);

    value = decode_value(c, &t, NULL);

    if (value == NULL || decode_token(c, &level, &t) != 0
        || t.type != NTHRIFT_STOP)
    {
        json_decref(value);
        return -1;
    }

    c->d->exception = 1;
    c->d->json = decode_exception(json_string(name), value);

    return 0;
}


static int
decode_check(decode_t *c, nthrift_arena_t *arena, unsigned protocol,
    const nthrift_idl_struct_t *result)
{
    int                      rc;
    void                    *memory;
    uint8_t                  path[sizeof(c->d->error) / 2];
    nthrift_bytes_t          body;
    const nthrift_schema_t  *schema;
    nthrift_schema_set_t     set;
    nthrift_check_error_t    err;
    nthrift_check_rules_t    rules;

    nthrift_schema_init(&set, arena);
    schema = nthrift_schema_build(&set, result);

    memset(&rules, 0, sizeof(nthrift_check_rules_t));

    rules.max_depth = NTHRIFT_DECODE_DEPTH;
    rules.max_required = set.max_required;

    memory = nthrift_arena_alloc(arena, nthrift_check_size(&rules));

    if (schema == NULL || memory == NULL) {
        (void) decode_fail(c, "not enough memory");
        return -1;
    }

    memset(&err, 0, sizeof(nthrift_check_error_t));

    err.path = path;
    err.size = sizeof(path);

    nthrift_bytes_init(&body, c->p, c->last, NULL, NULL);

    rc = nthrift_check_body(&rules, memory, protocol, schema, &body, &err);

    if (rc != NTHRIFT_OK) {
        snprintf(c->d->error, sizeof(c->d->error), "%.*s%s%s", (int) err.len,
                 (char *) path, (err.len != 0) ? ": " : "", err.text);
        return -1;
    }

    return 0;
}


/*
 * Reads the fields of a result: of the declared ones there is one at most,
 * which is given back in `*known`.  Others become "#<id>" in `others`.
 */

static json_t *
decode_known(decode_t *c, const nthrift_idl_struct_t *result,
    const nthrift_idl_field_t **known, json_t *others)
{
    json_t                     *json, *value;
    nthrift_token_t             t;
    nthrift_token_level_t       level;
    const nthrift_idl_field_t  *field;

    memset(&level, 0, sizeof(nthrift_token_level_t));

    level.fields = 1;
    level.left = 1;

    json = json_null();
    *known = NULL;

    while (decode_token(c, &level, &t) == 0) {
        if (t.type == NTHRIFT_STOP) {
            return json;
        }

        level.id = t.id;
        field = nthrift_idl_field_by_id(result, t.id);

        value = decode_value(c, &t, (field != NULL) ? field->type->real
                                                    : NULL);
        if (value == NULL) {
            break;
        }

        if (field == NULL) {
            decode_add(others, NULL, t.id, value);
            continue;
        }

        json_decref(json);
        json = value;
        *known = field;
    }

    json_decref(json);

    return NULL;
}


static json_t *
decode_outcome(decode_t *c, const nthrift_idl_method_t *method)
{
    json_t                     *json, *others;
    const nthrift_str_t        *type;
    const nthrift_idl_field_t  *known;

    others = json_object();
    json = decode_known(c, method->result, &known, others);

    if (json != NULL && known == NULL && json_object_size(others) != 0) {
        json_decref(json);
        return others;
    }

    json_decref(others);

    if (json == NULL || known == NULL
        || (method->returns->kind != NTHRIFT_IDL_VOID
            && known == method->result->fields[0]))
    {
        return json;
    }

    c->d->exception = 1;
    type = &known->type->real->def->name;

    return decode_exception(json_stringn_nocheck((const char *) type->data,
                                                 type->len), json);
}


int
nthrift_decode_result(nthrift_decode_t *d, nthrift_arena_t *arena,
    unsigned protocol, const nthrift_idl_method_t *method, const uint8_t *p,
    const uint8_t *last)
{
    decode_t  c;

    decode_start(&c, d, protocol, p, last);

    if (decode_undeclared(&c, method->result) == 0) {
        return 0;
    }

    decode_start(&c, d, protocol, p, last);

    if (decode_check(&c, arena, protocol, method->result) != 0) {
        return -1;
    }

    d->json = decode_outcome(&c, method);

    return (d->json != NULL) ? 0 : -1;
}


int
nthrift_decode_exception(nthrift_decode_t *d, unsigned protocol,
    const uint8_t *p, const uint8_t *last)
{
    json_t         *body;
    int32_t         type;
    const char     *name;
    nthrift_str_t   text;

    memset(d, 0, sizeof(nthrift_decode_t));
    memset(&text, 0, sizeof(nthrift_str_t));

    d->precision = 1;
    d->exception = 1;

    type = NTHRIFT_EXC_UNKNOWN;

    nthrift_exception_read(protocol, p, last, &text, &type);

    name = nthrift_exception_type_name(type);

    body = json_object();

    json_object_set_new(body, "type", json_string("TApplicationException"));
    json_object_set_new(body, "code", json_integer(type));
    json_object_set_new(body, "name",
                        (name != NULL) ? json_string(name) : json_null());
    json_object_set_new(body, "message", decode_text(text.data, text.len));

    d->json = json_object();
    json_object_set_new(d->json, "exception", body);

    return 0;
}
