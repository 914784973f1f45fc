/*
 * nthrift_scalar.c: numbers and text from JSON to bytes: nthrift_encode.c walks
 * over the arguments and comes here where the walk can go no deeper, and when
 * something is wrong.
 */

#include "nthrift_call.h"
#include "nthrift_scalar.h"
#include "nthrift_text.h"

#include "bind/schema.h"
#include "idl/suggest.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>


#define SCALAR_REASON  256      /* bytes: of an error's text, not for paths */

#define SCALAR_DOUBLE                                                         \
    "number, \"NaN\", \"Infinity\" or \"-Infinity\" expected"


unsigned
nthrift_scalar_type(const nthrift_idl_type_t *type)
{
    return nthrift_schema_wire_type(type->real->kind);
}


/* Adds to the error's text as much as there is room for. */

static void
scalar_say(nthrift_scalar_t *e, size_t size, const char *fmt, va_list args)
{
    int  n;

    if (size <= e->len) {
        return;
    }

    size -= e->len;
    n = vsnprintf(e->error + e->len, size, fmt, args);

    if (n > 0) {
        e->len += ((size_t) n < size) ? (size_t) n : size - 1;
    }
}


static void __attribute__((format(printf, 3, 4)))
scalar_add(nthrift_scalar_t *e, size_t size, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    scalar_say(e, size, fmt, args);
    va_end(args);
}


static void
scalar_say_path(nthrift_scalar_t *e, const nthrift_scalar_path_t *path)
{
    size_t  size;

    if (path->kind == NTHRIFT_SCALAR_ROOT) {
        return;
    }

    scalar_say_path(e, path->up);

    size = e->size - SCALAR_REASON;

    switch (path->kind) {

    case NTHRIFT_SCALAR_ROOT:
        break;

    case NTHRIFT_SCALAR_FIELD:
        scalar_add(e, size, "%s%.*s", (e->len != 0) ? "." : "",
                   nthrift_scalar_str(&path->name));
        break;

    case NTHRIFT_SCALAR_INDEX:
        scalar_add(e, size, "[%zu]", path->index);
        break;

    case NTHRIFT_SCALAR_KEY:
        scalar_add(e, size, "{%.*s}", nthrift_scalar_str(&path->name));
        break;
    }
}


int
nthrift_scalar_fail(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const char *fmt, ...)
{
    va_list  args;

    scalar_say_path(e, path);
    scalar_add(e, e->size, "%s", (e->len != 0) ? ": " : "arguments: ");

    va_start(args, fmt);
    scalar_say(e, e->size, fmt, args);
    va_end(args);

    return -1;
}


int
nthrift_scalar_unknown(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const char *what, const nthrift_str_t *of, const nthrift_str_t *name,
    const nthrift_str_t *best)
{
    if (best == NULL) {
        return nthrift_scalar_fail(e, path, "%.*s has no %s \"%.*s\"",
                                   nthrift_scalar_str(of), what,
                                   nthrift_scalar_str(name));
    }

    return nthrift_scalar_fail(e, path, "%.*s has no %s \"%.*s\" (did you "
                               "mean \"%.*s\"?)", nthrift_scalar_str(of),
                               what, nthrift_scalar_str(name),
                               nthrift_scalar_str(best));
}


/* The text of a string; NULL if it is none, or has a 0 byte. */

static const char *
scalar_text(json_t *json)
{
    const char  *text;

    text = json_string_value(json);

    if (text == NULL || strlen(text) != json_string_length(json)) {
        return NULL;
    }

    return text;
}


/* Integers */

static int
scalar_int(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const nthrift_idl_type_t *type, int64_t value)
{
    int64_t  max;

    max = (type->kind == NTHRIFT_IDL_I8) ? INT8_MAX
          : (type->kind == NTHRIFT_IDL_I16) ? INT16_MAX
          : (type->kind == NTHRIFT_IDL_I64) ? INT64_MAX : INT32_MAX;

    if (value > max || value < -max - 1) {
        return nthrift_scalar_fail(e, path, "%lld does not fit in %s",
                                   (long long) value,
                                   (type->kind == NTHRIFT_IDL_ENUM) ? "i32"
                                   : nthrift_idl_kind_word(type->kind));
    }

    nthrift_write_int(e->w, nthrift_scalar_type(type), value);

    return 0;
}


static int
scalar_int_text(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const nthrift_idl_type_t *type, const char *text)
{
    char       *end;
    long long   value;

    errno = 0;
    value = strtoll(text, &end, 10);

    if (strchr("-0123456789", text[0]) == NULL || *end != '\0'
        || end == text)
    {
        return nthrift_scalar_fail(e, path, "number expected");
    }

    if (errno != 0) {
        return nthrift_scalar_fail(e, path, "%s does not fit in i64", text);
    }

    return scalar_int(e, path, type, value);
}


static int
scalar_int_json(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const nthrift_idl_type_t *type, json_t *json)
{
    if (json_is_integer(json)) {
        return scalar_int(e, path, type, json_integer_value(json));
    }

    if (scalar_text(json) != NULL && type->kind == NTHRIFT_IDL_I64) {
        return scalar_int_text(e, path, type, scalar_text(json));
    }

    return nthrift_scalar_fail(e, path, json_is_real(json)
                                        ? "number without a fraction expected"
                                        : "number expected");
}


/* Enums: a name, or any number */

static int
scalar_enum_name(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const nthrift_idl_type_t *type, const char *text)
{
    nthrift_str_t              name;
    const nthrift_idl_enum_t  *en;
    const nthrift_idl_item_t  *item;

    en = (const nthrift_idl_enum_t *) type->def;

    name.data = (uint8_t *) text;
    name.len = strlen(text);

    item = nthrift_idl_item_by_name(en, &name);

    if (item == NULL) {
        return nthrift_scalar_unknown(e, path, "value", &en->def.name, &name,
                                      nthrift_suggest_item(en, &name));
    }

    return scalar_int(e, path, type, item->number);
}


static int
scalar_enum(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const nthrift_idl_type_t *type, json_t *json)
{
    if (scalar_text(json) != NULL) {
        return scalar_enum_name(e, path, type, scalar_text(json));
    }

    if (json_is_integer(json)) {
        return scalar_int(e, path, type, json_integer_value(json));
    }

    return nthrift_scalar_fail(e, path, "name or number of %.*s expected",
                               nthrift_scalar_str(&type->def->name));
}


/* Doubles */

/* What JSON has no numbers for: 0, or -1 if `text` is none of it. */

static int
scalar_double_word(nthrift_scalar_t *e, const char *text)
{
    if (text == NULL) {
        return -1;
    }

    if (strcmp(text, "NaN") == 0) {
        nthrift_write_double(e->w, (double) NAN);
        return 0;
    }

    if (strcmp(text, "Infinity") == 0) {
        nthrift_write_double(e->w, (double) INFINITY);
        return 0;
    }

    if (strcmp(text, "-Infinity") == 0) {
        nthrift_write_double(e->w, (double) -INFINITY);
        return 0;
    }

    return -1;
}


static int
scalar_double_text(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const char *text)
{
    char    *end;
    double   value;

    if (scalar_double_word(e, text) == 0) {
        return 0;
    }

    value = strtod(text, &end);

    if (text[strspn(text, "+-.0123456789eE")] != '\0' || *end != '\0'
        || end == text)
    {
        return nthrift_scalar_fail(e, path, SCALAR_DOUBLE);
    }

    nthrift_write_double(e->w, value);

    return 0;
}


static int
scalar_double(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    json_t *json)
{
    if (json_is_number(json)) {
        nthrift_write_double(e->w, json_number_value(json));
        return 0;
    }

    if (scalar_double_word(e, scalar_text(json)) == 0) {
        return 0;
    }

    return nthrift_scalar_fail(e, path, SCALAR_DOUBLE);
}


/* Text */

static int
scalar_string(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    json_t *json)
{
    if (!json_is_string(json)) {
        return nthrift_scalar_fail(e, path, "string expected");
    }

    nthrift_write_string(e->w, (const uint8_t *) json_string_value(json),
                         json_string_length(json));

    return 0;
}


static int
scalar_binary(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    json_t *json)
{
    int       rc;
    size_t    n, len;
    uint8_t  *data;

    if (!json_is_string(json)) {
        return nthrift_scalar_fail(e, path, "string in base64 expected");
    }

    len = json_string_length(json);

    data = nthrift_call_malloc(len / 4 * 3 + 3);
    rc = nthrift_text_base64_read(json_string_value(json), len, data, &n);

    if (rc == 0) {
        nthrift_write_string(e->w, data, n);

    } else {
        (void) nthrift_scalar_fail(e, path, "the string is not base64");
    }

    free(data);

    return rc;
}


static int
scalar_uuid(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    json_t *json)
{
    uint8_t  uuid[16];

    if (!json_is_string(json)
        || nthrift_text_uuid_read(json_string_value(json),
                                  json_string_length(json), uuid) != 0)
    {
        return nthrift_scalar_fail(e, path, "uuid expected, 8-4-4-4-12 "
                                   "hexadecimal digits");
    }

    nthrift_write_uuid(e->w, uuid);

    return 0;
}


int
nthrift_scalar_value(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const nthrift_idl_type_t *type, json_t *json)
{
    switch (type->kind) {

    case NTHRIFT_IDL_BOOL:
        if (!json_is_boolean(json)) {
            return nthrift_scalar_fail(e, path, "true or false expected");
        }

        nthrift_write_bool(e->w, json_is_true(json));
        return 0;

    case NTHRIFT_IDL_I8:
    case NTHRIFT_IDL_I16:
    case NTHRIFT_IDL_I32:
    case NTHRIFT_IDL_I64:
        return scalar_int_json(e, path, type, json);

    case NTHRIFT_IDL_DOUBLE:
        return scalar_double(e, path, json);

    case NTHRIFT_IDL_STRING:
        return scalar_string(e, path, json);

    case NTHRIFT_IDL_BINARY:
        return scalar_binary(e, path, json);

    case NTHRIFT_IDL_UUID:
        return scalar_uuid(e, path, json);

    case NTHRIFT_IDL_ENUM:
        return scalar_enum(e, path, type, json);

    case NTHRIFT_IDL_LIST:
    case NTHRIFT_IDL_SET:
    case NTHRIFT_IDL_MAP:
    case NTHRIFT_IDL_STRUCT:
    case NTHRIFT_IDL_VOID:
    case NTHRIFT_IDL_TYPEDEF:
    case NTHRIFT_IDL_NAMED:
        break;
    }

    return nthrift_scalar_fail(e, path, "a type without values");
}


int
nthrift_scalar_key(nthrift_scalar_t *e, const nthrift_scalar_path_t *path,
    const nthrift_idl_type_t *type, const char *text)
{
    type = type->real;

    switch (type->kind) {

    case NTHRIFT_IDL_STRING:
        nthrift_write_string(e->w, (const uint8_t *) text, strlen(text));
        return 0;

    case NTHRIFT_IDL_ENUM:
        if (strchr("-0123456789", text[0]) == NULL || text[0] == '\0') {
            return scalar_enum_name(e, path, type, text);
        }

        return scalar_int_text(e, path, type, text);

    case NTHRIFT_IDL_I8:
    case NTHRIFT_IDL_I16:
    case NTHRIFT_IDL_I32:
    case NTHRIFT_IDL_I64:
        return scalar_int_text(e, path, type, text);

    case NTHRIFT_IDL_DOUBLE:
        return scalar_double_text(e, path, text);

    default:
        return nthrift_scalar_fail(e, path->up, "array of [key, value] "
                                   "expected, as the keys are of type %s",
                                   nthrift_idl_kind_word(type->kind));
    }
}
