/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/scalar.c: numbers and text as bytes: read.c walks over JSON, and
 * query.c over a query, and they come here where the walk can go no deeper.
 */

#include "plain/read.h"
#include "plain/text.h"

#include "bind/utf8.h"
#include "idl/suggest.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>


#define SCALAR_DOUBLE                                                         \
    "number, \"NaN\", \"Infinity\" or \"-Infinity\" expected"


unsigned
nthrift_plain_scalar_type(const nthrift_idl_type_t *type)
{
    return nthrift_schema_wire_type(type->real->kind);
}


int
nthrift_plain_scalar_is(const nthrift_idl_type_t *type)
{
    return type->real->kind != NTHRIFT_IDL_STRUCT && type->real->elem == NULL;
}


/* Integers */

static int
scalar_int(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_type_t *type, int64_t value)
{
    int64_t  max;

    max = (type->kind == NTHRIFT_IDL_I8) ? INT8_MAX
          : (type->kind == NTHRIFT_IDL_I16) ? INT16_MAX
          : (type->kind == NTHRIFT_IDL_I64) ? INT64_MAX : INT32_MAX;

    if (value > max || value < -max - 1) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                       "%lld does not fit in %s",
                                       (long long) value,
                                       (type->kind == NTHRIFT_IDL_ENUM)
                                       ? "i32"
                                       : nthrift_idl_kind_word(type->kind));
    }

    nthrift_write_int(&r->w, nthrift_plain_scalar_type(type), value);

    return NTHRIFT_OK;
}


static int
scalar_int_text(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_type_t *type, const char *text)
{
    char       *end;
    long long   value;

    errno = 0;
    value = strtoll(text, &end, 10);

    if (strchr("-0123456789", text[0]) == NULL || *end != '\0'
        || end == text)
    {
        return nthrift_plain_read_fail(r, path, "number expected");
    }

    if (errno != 0) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                       "%s does not fit in i64", text);
    }

    return scalar_int(r, path, type, value);
}


static int
scalar_int_json(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_type_t *type, const nthrift_plain_node_t *node)
{
    const char  *text;

    text = nthrift_plain_read_word(r, node);

    if (text != NULL && (node->type == NTHRIFT_PLAIN_JSON_INTEGER
                         || (node->type == NTHRIFT_PLAIN_JSON_STRING
                             && type->kind == NTHRIFT_IDL_I64)))
    {
        return scalar_int_text(r, path, type, text);
    }

    return nthrift_plain_read_fail(r, path,
                                   (node->type == NTHRIFT_PLAIN_JSON_REAL)
                                   ? "number without a fraction expected"
                                   : "number expected");
}


/* Enums: a name, or any number */

static int
scalar_enum_name(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_type_t *type, const char *text)
{
    nthrift_str_t              name;
    const nthrift_str_t       *best;
    nthrift_plain_names_t      names;
    const nthrift_idl_enum_t  *en;
    const nthrift_idl_item_t  *item;

    en = (const nthrift_idl_enum_t *) type->def;

    name.data = (uint8_t *) text;
    name.len = strlen(text);

    item = nthrift_idl_item_by_name(en, &name);

    if (item != NULL) {
        return scalar_int(r, path, type, item->number);
    }

    best = nthrift_suggest_item(en, &name);

    if (best == NULL) {
        nthrift_plain_names_items(&names, en);

        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                       "%.*s has no value \"%s\": it has %s",
                                       nthrift_plain_str(&en->def.name), text,
                                       names.text);
    }

    return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                   "%.*s has no value \"%s\" (did you mean "
                                   "\"%.*s\"?)",
                                   nthrift_plain_str(&en->def.name), text,
                                   nthrift_plain_str(best));
}


static int
scalar_enum_text(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_type_t *type, const char *text)
{
    if (text[0] == '\0' || strchr("-0123456789", text[0]) == NULL) {
        return scalar_enum_name(r, path, type, text);
    }

    return scalar_int_text(r, path, type, text);
}


static int
scalar_enum(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_idl_type_t *type, const nthrift_plain_node_t *node)
{
    const char  *text;

    text = nthrift_plain_read_word(r, node);

    if (text != NULL && node->type == NTHRIFT_PLAIN_JSON_STRING) {
        return scalar_enum_name(r, path, type, text);
    }

    if (text != NULL && node->type == NTHRIFT_PLAIN_JSON_INTEGER) {
        return scalar_int_text(r, path, type, text);
    }

    return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                   "name or number of %.*s expected",
                                   nthrift_plain_str(&type->def->name));
}


/* Doubles */

/* What JSON has no numbers for: 0, or -1 if `text` is none of it. */

static int
scalar_double_word(nthrift_plain_read_t *r, const char *text)
{
    if (text == NULL) {
        return -1;
    }

    if (strcmp(text, "NaN") == 0) {
        nthrift_write_double(&r->w, (double) NAN);
        return 0;
    }

    if (strcmp(text, "Infinity") == 0) {
        nthrift_write_double(&r->w, (double) INFINITY);
        return 0;
    }

    if (strcmp(text, "-Infinity") == 0) {
        nthrift_write_double(&r->w, (double) -INFINITY);
        return 0;
    }

    return -1;
}


static int
scalar_double_text(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const char *text)
{
    char    *end;
    double   value;

    if (scalar_double_word(r, text) == 0) {
        return NTHRIFT_OK;
    }

    value = strtod(text, &end);

    if (text[strspn(text, "+-.0123456789eE")] != '\0' || *end != '\0'
        || end == text)
    {
        return nthrift_plain_read_fail(r, path, SCALAR_DOUBLE);
    }

    nthrift_write_double(&r->w, value);

    return NTHRIFT_OK;
}


static int
scalar_double(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_plain_node_t *node)
{
    double       value;
    const char  *text;

    text = nthrift_plain_read_word(r, node);

    if (text == NULL || node->type == NTHRIFT_PLAIN_JSON_STRING) {
        return (scalar_double_word(r, text) == 0)
               ? NTHRIFT_OK : nthrift_plain_read_fail(r, path, SCALAR_DOUBLE);
    }

    value = strtod(text, NULL);

    if (isinf(value)) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS, path,
                                       "%s does not fit in double", text);
    }

    nthrift_write_double(&r->w, value);

    return NTHRIFT_OK;
}


/* Strings */

static int
scalar_base64(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const char *text, size_t len)
{
    size_t    n;
    uint8_t  *data;

    data = nthrift_arena_alloc(r->arena, len / 4 * 3 + 3);

    if (data == NULL) {
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_MEMORY, NULL,
                                       "not enough memory");
    }

    if (nthrift_plain_text_base64_read(text, len, data, &n) != 0) {
        return nthrift_plain_read_fail(r, path, "the string is not base64");
    }

    nthrift_write_string(&r->w, data, n);

    return NTHRIFT_OK;
}


/* {"base64": "..."}, {"text": "..."}: the string, or NULL. */

static const nthrift_plain_node_t *
scalar_wrapped(nthrift_plain_read_t *r, const nthrift_plain_node_t *node,
    const char *key)
{
    if (node->type != NTHRIFT_PLAIN_JSON_OBJECT || node->n != 1
        || node[2].type != NTHRIFT_PLAIN_JSON_STRING
        || !nthrift_plain_read_is(r, &node[1], key))
    {
        return NULL;
    }

    return &node[2];
}


static int
scalar_string(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_plain_node_t *node)
{
    const nthrift_plain_node_t  *base64;

    base64 = scalar_wrapped(r, node, "base64");

    if (base64 != NULL) {
        return nthrift_plain_read_string(r, path, base64, 1);
    }

    if (node->type != NTHRIFT_PLAIN_JSON_STRING) {
        return nthrift_plain_read_fail(r, path, "string expected");
    }

    return nthrift_plain_read_string(r, path, node, 0);
}


/* A query may have any bytes. */

static int
scalar_string_text(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const uint8_t *data, size_t len)
{
    if (nthrift_utf8_check(data, data + len) != data + len) {
        return nthrift_plain_read_fail(r, path, "the string is not UTF-8");
    }

    nthrift_write_string(&r->w, data, len);

    return NTHRIFT_OK;
}


static int
scalar_binary(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_plain_node_t *node)
{
    const nthrift_plain_node_t  *text;

    text = scalar_wrapped(r, node, "text");

    if (text != NULL) {
        return scalar_string(r, path, text);
    }

    text = scalar_wrapped(r, node, "base64");

    if (text == NULL) {
        text = node;
    }

    if (text->type != NTHRIFT_PLAIN_JSON_STRING) {
        return nthrift_plain_read_fail(r, path,
                                       "string in base64, or {\"text\": "
                                       "\"...\"}, expected");
    }

    return nthrift_plain_read_string(r, path, text, 1);
}


static int
scalar_uuid(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const char *text, size_t len)
{
    uint8_t  uuid[16];

    if (text == NULL || nthrift_plain_text_uuid_read(text, len, uuid) != 0) {
        return nthrift_plain_read_fail(r, path,
                                       "uuid expected, 8-4-4-4-12 "
                                       "hexadecimal digits");
    }

    nthrift_write_uuid(&r->w, uuid);

    return NTHRIFT_OK;
}


/* Bools */

int
nthrift_plain_scalar_truth(const char *text)
{
    return (strcmp(text, "true") == 0) ? 1
           : (strcmp(text, "false") == 0) ? 0 : -1;
}


static int
scalar_bool(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    int value)
{
    if (value < 0) {
        return nthrift_plain_read_fail(r, path, "true or false expected");
    }

    nthrift_write_bool(&r->w, value);

    return NTHRIFT_OK;
}


static int
scalar_uuid_json(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_plain_node_t *node)
{
    const char  *text;

    text = (node->type == NTHRIFT_PLAIN_JSON_STRING)
           ? nthrift_plain_read_word(r, node) : NULL;

    return scalar_uuid(r, path, text, (text != NULL) ? strlen(text) : 0);
}


static int
scalar_bool_json(nthrift_plain_read_t *r, const nthrift_plain_path_t *path,
    const nthrift_plain_node_t *node)
{
    return scalar_bool(r, path, (node->type == NTHRIFT_PLAIN_JSON_TRUE) ? 1
                                : (node->type == NTHRIFT_PLAIN_JSON_FALSE)
                                  ? 0 : -1);
}


int
nthrift_plain_scalar_read(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_type_t *type,
    const nthrift_plain_node_t *node)
{
    switch (type->kind) {

    case NTHRIFT_IDL_BOOL:
        return scalar_bool_json(r, path, node);

    case NTHRIFT_IDL_I8:
    case NTHRIFT_IDL_I16:
    case NTHRIFT_IDL_I32:
    case NTHRIFT_IDL_I64:
        return scalar_int_json(r, path, type, node);

    case NTHRIFT_IDL_DOUBLE:
        return scalar_double(r, path, node);

    case NTHRIFT_IDL_STRING:
        return scalar_string(r, path, node);

    case NTHRIFT_IDL_BINARY:
        return scalar_binary(r, path, node);

    case NTHRIFT_IDL_UUID:
        return scalar_uuid_json(r, path, node);

    case NTHRIFT_IDL_ENUM:
        return scalar_enum(r, path, type, node);

    case NTHRIFT_IDL_LIST:
    case NTHRIFT_IDL_SET:
    case NTHRIFT_IDL_MAP:
    case NTHRIFT_IDL_STRUCT:
    case NTHRIFT_IDL_VOID:
    case NTHRIFT_IDL_TYPEDEF:
    case NTHRIFT_IDL_NAMED:
        break;
    }

    return nthrift_plain_read_fail(r, path, "a type without values");
}


int
nthrift_plain_scalar_read_key(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_type_t *type,
    const char *text)
{
    type = type->real;

    if (nthrift_plain_read_count(r, path) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    switch (type->kind) {

    case NTHRIFT_IDL_STRING:
    case NTHRIFT_IDL_ENUM:
    case NTHRIFT_IDL_I8:
    case NTHRIFT_IDL_I16:
    case NTHRIFT_IDL_I32:
    case NTHRIFT_IDL_I64:
    case NTHRIFT_IDL_DOUBLE:
        return nthrift_plain_scalar_read_text(r, path, type, text);

    default:
        return nthrift_plain_error_say(r->err, NTHRIFT_PLAIN_ARGUMENTS,
                                       path->up, "array of [key, value] "
                                       "expected, as the keys are of type %s",
                                       nthrift_idl_kind_word(type->kind));
    }
}


int
nthrift_plain_scalar_read_text(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_idl_type_t *type,
    const char *text)
{
    type = type->real;

    switch (type->kind) {

    case NTHRIFT_IDL_BOOL:
        return scalar_bool(r, path, nthrift_plain_scalar_truth(text));

    case NTHRIFT_IDL_I8:
    case NTHRIFT_IDL_I16:
    case NTHRIFT_IDL_I32:
    case NTHRIFT_IDL_I64:
        return scalar_int_text(r, path, type, text);

    case NTHRIFT_IDL_DOUBLE:
        return scalar_double_text(r, path, text);

    case NTHRIFT_IDL_STRING:
        return scalar_string_text(r, path, (const uint8_t *) text,
                                  strlen(text));

    case NTHRIFT_IDL_BINARY:
        return scalar_base64(r, path, text, strlen(text));

    case NTHRIFT_IDL_UUID:
        return scalar_uuid(r, path, text, strlen(text));

    case NTHRIFT_IDL_ENUM:
        return scalar_enum_text(r, path, type, text);

    case NTHRIFT_IDL_LIST:
    case NTHRIFT_IDL_SET:
    case NTHRIFT_IDL_MAP:
    case NTHRIFT_IDL_STRUCT:
    case NTHRIFT_IDL_VOID:
    case NTHRIFT_IDL_TYPEDEF:
    case NTHRIFT_IDL_NAMED:
        break;
    }

    return nthrift_plain_read_fail(r, path, "a type that text cannot give");
}
