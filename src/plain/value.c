/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/value.c: walks over a value with the IDL beside it, and writes JSON of
 * it.  reply.c has found that the bytes fit the IDL; where nothing is declared
 * the bytes alone tell what there is.
 *
 * What is open stands in v->levels, rules->max_depth at most, so that the walk
 * can rest behind any value.
 */

#include "plain/value.h"

#include "bind/protocol.h"
#include "idl/annotation.h"
#include "plain/error.h"
#include "plain/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>


#define VALUE_LEVELS  8         /* at first */
#define VALUE_LONG    512       /* bytes: above, a string is written in parts */

/* What steps cost, in bytes of a string that could be written instead. */

#define VALUE_STEP    64
#define VALUE_SKIP    8

#define VALUE_NUMBER  32        /* bytes: of a number's text */
#define VALUE_DIGITS  15        /* that a double has for certain ... */
#define VALUE_MOST    17        /* ... and that tell any two apart */


/* Limits and errors */

static uint8_t *
value_grow(void *owner, uint8_t *data, size_t len, size_t *size)
{
    uint8_t                *p;
    nthrift_plain_value_t  *v = owner;

    p = nthrift_arena_take(v->arena, *size);

    if (p != NULL && len != 0) {
        memcpy(p, data, len);
    }

    return p;
}


void
nthrift_plain_value_start(nthrift_plain_value_t *v,
    const nthrift_plain_rules_t *rules, nthrift_arena_t *arena,
    unsigned protocol, const uint8_t *p, const uint8_t *last,
    nthrift_plain_error_t *err)
{
    memset(v, 0, sizeof(nthrift_plain_value_t));
    memset(err, 0, sizeof(nthrift_plain_error_t));

    v->rules = rules;
    v->arena = arena;
    v->protocol = nthrift_bind_protocols[protocol].token;
    v->p = p;
    v->last = last;
    v->values = rules->max_values;
    v->err = err;

    nthrift_write_init(&v->w, protocol, NULL, 0, rules->max_size, value_grow,
                       v);
}


int
nthrift_plain_value_no_memory(nthrift_plain_value_t *v)
{
    return nthrift_plain_error_say(v->err, NTHRIFT_PLAIN_MEMORY, NULL,
                                   "not enough memory");
}


int
nthrift_plain_value_no_room(nthrift_plain_value_t *v)
{
    if (v->w.error != nthrift_write_too_large) {
        return nthrift_plain_value_no_memory(v);
    }

    return nthrift_plain_error_say(v->err, NTHRIFT_PLAIN_SIZE, NULL,
                                   "JSON larger than %zu bytes",
                                   v->rules->max_size);
}


static int
value_malformed(nthrift_plain_value_t *v)
{
    return nthrift_plain_error_say(v->err, NTHRIFT_PLAIN_REPLY, NULL,
                                   "malformed body");
}


int
nthrift_plain_value_finish(nthrift_plain_value_t *v, nthrift_str_t *text)
{
    if (v->w.error != NULL) {
        return nthrift_plain_value_no_room(v);
    }

    text->data = v->w.data;
    text->len = v->w.len;

    return NTHRIFT_OK;
}


int
nthrift_plain_value_too_many(nthrift_plain_value_t *v)
{
    return nthrift_plain_error_say(v->err, NTHRIFT_PLAIN_VALUES, NULL,
                                   "more than %u values",
                                   (unsigned) v->rules->max_values);
}


static int
value_count(nthrift_plain_value_t *v)
{
    if (v->w.error != NULL) {
        return nthrift_plain_value_no_room(v);
    }

    if (v->values == 0) {
        return nthrift_plain_value_too_many(v);
    }

    v->values--;

    return NTHRIFT_OK;
}


static int
value_descend(nthrift_plain_value_t *v)
{
    if (v->depth == v->rules->max_depth) {
        return nthrift_plain_error_say(v->err, NTHRIFT_PLAIN_DEPTH, NULL,
                                       "nested more than %u levels deep",
                                       (unsigned) v->rules->max_depth);
    }

    v->depth++;

    return NTHRIFT_OK;
}


/* Tokens */

void
nthrift_plain_value_open(nthrift_token_level_t *level)
{
    memset(level, 0, sizeof(nthrift_token_level_t));

    level->fields = 1;
    level->left = 1;
}


int
nthrift_plain_value_token(nthrift_plain_value_t *v,
    nthrift_token_level_t *level, nthrift_token_t *t)
{
    ptrdiff_t  n;

    n = v->protocol->read(level, v->p, v->last, t);

    if (n < 0) {
        return value_malformed(v);
    }

    v->p += n;

    if (level->fields && t->type != NTHRIFT_STOP) {
        level->id = t->id;
    }

    return NTHRIFT_OK;
}


void
nthrift_plain_value_open_container(nthrift_token_level_t *level,
    const nthrift_token_t *t)
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


/* Levels */

nthrift_plain_value_level_t *
nthrift_plain_value_push(nthrift_plain_value_t *v, nthrift_plain_value_e kind)
{
    uint32_t                      size;
    nthrift_plain_value_level_t  *levels;

    if (v->nlevels == v->size) {
        size = v->size * 2 + VALUE_LEVELS;
        levels = nthrift_arena_alloc(v->arena,
                                     size
                                     * sizeof(nthrift_plain_value_level_t));

        if (levels == NULL) {
            (void) nthrift_plain_value_no_memory(v);
            return NULL;
        }

        if (v->nlevels != 0) {
            memcpy(levels, v->levels,
                   v->nlevels * sizeof(nthrift_plain_value_level_t));
        }

        v->levels = levels;
        v->size = size;
    }

    levels = &v->levels[v->nlevels++];

    memset(levels, 0, sizeof(nthrift_plain_value_level_t));
    levels->kind = kind;

    return levels;
}


void
nthrift_plain_value_pop(nthrift_plain_value_t *v)
{
    v->nlevels--;
    v->depth--;
}


/* The bytes of a string. */

static const uint8_t *
value_bytes(nthrift_plain_value_t *v, const nthrift_token_t *t)
{
    const uint8_t  *data;

    if (t->count > (size_t) (v->last - v->p)) {
        (void) value_malformed(v);
        return NULL;
    }

    data = v->p;
    v->p += t->count;

    return data;
}


/* Containers of more values than bytes are none; a pair is two values. */

static int
value_check_count(nthrift_plain_value_t *v, const nthrift_token_t *t)
{
    if (t->count > (size_t) (v->last - v->p) || t->count > INT32_MAX) {
        return value_malformed(v);
    }

    return NTHRIFT_OK;
}


/* Strings */

static int
value_string(nthrift_plain_value_t *v, const nthrift_token_t *t,
    const nthrift_idl_type_t *type)
{
    const uint8_t  *data;

    data = value_bytes(v, t);

    if (data == NULL) {
        return NTHRIFT_ERROR;
    }

    if (t->count > VALUE_LONG) {
        nthrift_plain_value_long(v, data, t->count,
                                 type != NULL
                                 && type->kind == NTHRIFT_IDL_BINARY);

    } else if (type != NULL && type->kind == NTHRIFT_IDL_BINARY) {
        nthrift_plain_value_base64(v, data, t->count);

    } else {
        nthrift_plain_value_text(v, data, t->count);
    }

    return NTHRIFT_OK;
}


static void
value_uuid(nthrift_plain_value_t *v, const nthrift_token_t *t)
{
    char  text[NTHRIFT_PLAIN_UUID + 3];

    text[0] = '"';
    nthrift_plain_text_uuid_write(text + 1, t->at);
    memcpy(text + 1 + NTHRIFT_PLAIN_UUID, "\"", 2);

    nthrift_plain_value_put(v, text);
}


/* Numbers */

/* A number with a fraction or an exponent, of few digits. */

static void
value_put_real(nthrift_plain_value_t *v, double value)
{
    int   digits;
    char  text[VALUE_NUMBER];

    for (digits = VALUE_DIGITS; digits <= VALUE_MOST; digits++) {
        snprintf(text, sizeof(text) - 2, "%.*g", digits, value);

        if (strtod(text, NULL) == value) {
            break;
        }
    }

    if (strpbrk(text, ".e") == NULL) {
        strcat(text, ".0");
    }

    nthrift_plain_value_put(v, text);
}


static void
value_double(nthrift_plain_value_t *v, const nthrift_token_t *t)
{
    double   value;
    int64_t  bits;

    bits = v->protocol->number(t);
    memcpy(&value, &bits, sizeof(value));

    if (isnan(value)) {
        nthrift_plain_value_put(v, "\"NaN\"");

    } else if (isinf(value)) {
        nthrift_plain_value_put(v, (value > 0) ? "\"Infinity\""
                                               : "\"-Infinity\"");

    } else {
        value_put_real(v, value);
    }
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


static void
value_number(nthrift_plain_value_t *v, const nthrift_token_t *t,
    const nthrift_idl_type_t *type)
{
    char                  text[VALUE_NUMBER];
    int64_t               number;
    const char           *quote;
    const nthrift_str_t  *name;

    number = v->protocol->number(t);
    name = value_enum_name(type, number);

    if (name != NULL) {
        nthrift_plain_value_string(v, name->data, name->len);
        return;
    }

    quote = (t->type == NTHRIFT_I64 && v->rules->long_strings) ? "\"" : "";

    snprintf(text, sizeof(text), "%s%lld%s", quote, (long long) number, quote);

    nthrift_plain_value_put(v, text);
}


/* Containers */

int
nthrift_plain_value_element(nthrift_plain_value_t *v,
    nthrift_token_level_t *level, const nthrift_idl_type_t *type)
{
    nthrift_token_t  t;

    if (nthrift_plain_value_token(v, level, &t) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    level->left--;

    return nthrift_plain_value_write(v, &t, (type != NULL) ? type->real
                                                           : NULL);
}


static int
value_list(nthrift_plain_value_t *v, const nthrift_token_t *t,
    const nthrift_idl_type_t *type)
{
    nthrift_plain_value_level_t  *level;

    level = nthrift_plain_value_push(v, NTHRIFT_PLAIN_VALUE_LIST);

    if (level == NULL) {
        return NTHRIFT_ERROR;
    }

    level->elem = (type != NULL) ? type->elem : NULL;

    nthrift_plain_value_open_container(&level->token, t);
    nthrift_plain_value_put(v, "[");

    return NTHRIFT_OK;
}


static int
value_next_element(nthrift_plain_value_t *v, nthrift_plain_value_level_t *level)
{
    if (level->token.left == 0) {
        nthrift_plain_value_put(v, "]");
        nthrift_plain_value_pop(v);
        return NTHRIFT_OK;
    }

    nthrift_plain_value_put(v, level->begun ? "," : "");
    level->begun = 1;

    return nthrift_plain_value_element(v, &level->token, level->elem);
}


/* Structs */

static int
value_struct(nthrift_plain_value_t *v, const nthrift_idl_struct_t *st)
{
    nthrift_plain_value_level_t  *level;

    level = nthrift_plain_value_push(v, NTHRIFT_PLAIN_VALUE_STRUCT);

    if (level == NULL) {
        return NTHRIFT_ERROR;
    }

    level->st = st;
    nthrift_plain_value_open(&level->token);

    return NTHRIFT_OK;
}


int
nthrift_plain_value_fields(nthrift_plain_value_t *v)
{
    return nthrift_plain_value_struct(v, NULL);
}


int
nthrift_plain_value_struct(nthrift_plain_value_t *v,
    const nthrift_idl_struct_t *st)
{
    v->depth++;

    return value_struct(v, st);
}


static int
value_next_field(nthrift_plain_value_t *v, nthrift_plain_value_level_t *level)
{
    nthrift_token_t             t;
    const nthrift_idl_field_t  *field;

    if (nthrift_plain_value_token(v, &level->token, &t) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (t.type == NTHRIFT_STOP) {
        nthrift_plain_value_put(v, level->begun ? "}" : "{}");
        nthrift_plain_value_pop(v);
        return NTHRIFT_OK;
    }

    field = (level->st != NULL) ? nthrift_idl_field_by_id(level->st, t.id)
                                : NULL;

    if (v->secrets && (field == NULL || nthrift_annotation_is_secret(field))) {
        return nthrift_plain_value_skip(v, &t);
    }

    nthrift_plain_value_put(v, level->begun ? "," : "{");
    nthrift_plain_value_name(v, field, t.id);
    level->begun = 1;

    return nthrift_plain_value_write(v, &t, (field != NULL)
                                            ? field->type->real : NULL);
}


static int
value_nested(nthrift_plain_value_t *v, const nthrift_token_t *t,
    const nthrift_idl_type_t *type)
{
    if (value_descend(v) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (t->type == NTHRIFT_STRUCT) {
        return value_struct(v, (type == NULL) ? NULL
                            : (const nthrift_idl_struct_t *) type->def);
    }

    /* a map has a table of its keys; the beginning of a list is enough */

    if ((t->type == NTHRIFT_MAP || !v->secrets)
        && value_check_count(v, t) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    return (t->type == NTHRIFT_MAP) ? nthrift_plain_value_map(v, t, type)
                                    : value_list(v, t, type);
}


int
nthrift_plain_value_write(nthrift_plain_value_t *v, const nthrift_token_t *t,
    const nthrift_idl_type_t *type)
{
    if (value_count(v) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    /* what is not as declared is shown as it is */

    if (type != NULL && nthrift_schema_wire_type(type->kind) != t->type) {
        type = NULL;
    }

    switch (t->type) {

    case NTHRIFT_BOOL:
        nthrift_plain_value_put(v, v->protocol->truth(t) ? "true" : "false");
        return NTHRIFT_OK;

    case NTHRIFT_I8:
    case NTHRIFT_I16:
    case NTHRIFT_I32:
    case NTHRIFT_I64:
        value_number(v, t, type);
        return NTHRIFT_OK;

    case NTHRIFT_DOUBLE:
        value_double(v, t);
        return NTHRIFT_OK;

    case NTHRIFT_STRING:
        return value_string(v, t, type);

    case NTHRIFT_UUID:
        value_uuid(v, t);
        return NTHRIFT_OK;

    default:
        return value_nested(v, t, type);
    }
}


/* Passing over values */

static int
value_skip_next(nthrift_plain_value_t *v, nthrift_plain_value_level_t *level)
{
    nthrift_token_t  t;

    if (level->token.left == 0) {
        nthrift_plain_value_pop(v);
        return NTHRIFT_OK;
    }

    if (nthrift_plain_value_token(v, &level->token, &t) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (level->token.fields) {
        if (t.type == NTHRIFT_STOP) {
            nthrift_plain_value_pop(v);
            return NTHRIFT_OK;
        }

    } else {
        level->token.left--;
    }

    return nthrift_plain_value_skip(v, &t);
}


int
nthrift_plain_value_skip(nthrift_plain_value_t *v, const nthrift_token_t *t)
{
    nthrift_plain_value_level_t  *level;

    switch (t->type) {

    case NTHRIFT_STRING:
        return (value_bytes(v, t) != NULL) ? NTHRIFT_OK : NTHRIFT_ERROR;

    case NTHRIFT_STRUCT:
    case NTHRIFT_MAP:
    case NTHRIFT_SET:
    case NTHRIFT_LIST:
        break;

    default:
        return NTHRIFT_OK;
    }

    if (value_descend(v) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    level = nthrift_plain_value_push(v, NTHRIFT_PLAIN_VALUE_SKIP);

    if (level == NULL) {
        return NTHRIFT_ERROR;
    }

    if (t->type == NTHRIFT_STRUCT) {
        nthrift_plain_value_open(&level->token);
        return NTHRIFT_OK;
    }

    if (value_check_count(v, t) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    nthrift_plain_value_open_container(&level->token, t);

    return NTHRIFT_OK;
}


/* What comes next, and what it costs. */

static int
value_next(nthrift_plain_value_t *v, size_t *size)
{
    size_t                        cost;
    nthrift_plain_value_level_t  *level;

    level = &v->levels[v->nlevels - 1];

    cost = (level->kind == NTHRIFT_PLAIN_VALUE_SKIP) ? VALUE_SKIP : VALUE_STEP;
    *size -= (*size < cost) ? *size : cost;

    switch (level->kind) {

    case NTHRIFT_PLAIN_VALUE_STRUCT:
        return value_next_field(v, level);

    case NTHRIFT_PLAIN_VALUE_LIST:
        return value_next_element(v, level);

    case NTHRIFT_PLAIN_VALUE_OBJECT:
        return nthrift_plain_value_next_member(v, size);

    case NTHRIFT_PLAIN_VALUE_PAIRS:
        return nthrift_plain_value_next_pair(v);

    case NTHRIFT_PLAIN_VALUE_SKIP:
        break;
    }

    return value_skip_next(v, level);
}


int
nthrift_plain_value_run(nthrift_plain_value_t *v, size_t size)
{
    while (size != 0) {

        if (v->string.step != NTHRIFT_PLAIN_VALUE_NONE) {
            nthrift_plain_value_long_part(v, &size);
            continue;
        }

        if (v->nlevels == 0) {
            return NTHRIFT_OK;
        }

        if (value_next(v, &size) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }
    }

    return (v->nlevels == 0 && v->string.step == NTHRIFT_PLAIN_VALUE_NONE)
           ? NTHRIFT_OK : NTHRIFT_AGAIN;
}
