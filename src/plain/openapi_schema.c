/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/openapi_schema.c: types of the IDL as schemas (JSON Schema 2020-12,
 * as OpenAPI 3.1 has it) of the JSON that this room reads and writes, and
 * values of the IDL as that JSON.
 */

#include "plain/openapi.h"

#include <stdio.h>


/* Members of the schema of a base type, up to one without a name. */

#define SCHEMA_MEMBERS  3


typedef struct {
    const char  *name;
    const char  *value;
} schema_member_t;


static const schema_member_t  schema_base[NTHRIFT_IDL_N_BASE]
                                         [SCHEMA_MEMBERS + 1] =
{
    [NTHRIFT_IDL_VOID] = { { "type", "\"null\"" } },
    [NTHRIFT_IDL_BOOL] = { { "type", "\"boolean\"" } },
    [NTHRIFT_IDL_I8] = { { "type", "\"integer\"" },
                         { "minimum", "-128" }, { "maximum", "127" } },
    [NTHRIFT_IDL_I16] = { { "type", "\"integer\"" },
                          { "minimum", "-32768" }, { "maximum", "32767" } },
    [NTHRIFT_IDL_I32] = { { "type", "\"integer\"" },
                          { "format", "\"int32\"" } },
    [NTHRIFT_IDL_I64] = { { "type", "\"integer\"" },
                          { "format", "\"int64\"" } },
    [NTHRIFT_IDL_DOUBLE] = { { "type", "\"number\"" },
                             { "format", "\"double\"" } },
    [NTHRIFT_IDL_STRING] = { { "type", "\"string\"" } },
    [NTHRIFT_IDL_BINARY] = { { "type", "\"string\"" },
                             { "contentEncoding", "\"base64\"" } },
    [NTHRIFT_IDL_UUID] = { { "type", "\"string\"" },
                           { "format", "\"uuid\"" } }
};

/* An i64 where rules->long_strings is set */

static const schema_member_t  schema_long_string[SCHEMA_MEMBERS + 1] = {
    { "type", "\"string\"" },
    { "format", "\"int64\"" },
    { "pattern", "\"^-?[0-9]+$\"" }
};


/* Definitions with a schema of their own */

/* "shop_User" for the second User, then "shop_User_2" and so on. */

static int
schema_name(nthrift_plain_document_t *d, nthrift_plain_component_t *c)
{
    int                     i, n;
    char                    text[2 * NTHRIFT_PLAIN_TEXT];
    const nthrift_str_t    *prefix, *name;

    name = &c->def->name;
    prefix = &c->def->program->prefix;
    c->name = *name;

    for (i = 1; nthrift_map_add(&d->names, &c->name, c) != NTHRIFT_OK; i++) {
        n = snprintf(text, sizeof(text), "%.*s_%.*s", (int) prefix->len,
                     (char *) prefix->data, (int) name->len,
                     (char *) name->data);

        if (i > 1 && n > 0 && n < (int) sizeof(text) - 16) {
            n += snprintf(text + n, 16, "_%d", i);
        }

        if (n <= 0 || n >= (int) sizeof(text) || i == INT16_MAX) {
            return NTHRIFT_ERROR;
        }

        c->name.len = (size_t) n;
        c->name.data = nthrift_arena_copy(d->v.arena, (uint8_t *) text,
                                          (size_t) n);
        if (c->name.data == NULL) {
            return NTHRIFT_ERROR;
        }
    }

    return NTHRIFT_OK;
}


static nthrift_plain_component_t *
schema_component(nthrift_plain_document_t *d, const nthrift_idl_def_t *def)
{
    nthrift_str_t               key;
    nthrift_plain_component_t  *c;

    key.data = (uint8_t *) &def;
    key.len = sizeof(def);

    c = nthrift_map_find(&d->defs, &key);

    if (c != NULL) {
        return c;
    }

    c = nthrift_arena_alloc(d->v.arena, sizeof(nthrift_plain_component_t));

    if (c == NULL) {
        return NULL;
    }

    c->def = def;
    key.data = (uint8_t *) &c->def;

    if (schema_name(d, c) != NTHRIFT_OK
        || nthrift_map_add(&d->defs, &key, c) != NTHRIFT_OK)
    {
        return NULL;
    }

    *d->end = c;
    d->end = &c->next;

    return c;
}


void
nthrift_plain_openapi_reference(nthrift_plain_document_t *d,
    const nthrift_idl_def_t *def)
{
    char                        text[3 * NTHRIFT_PLAIN_TEXT];
    nthrift_plain_component_t  *c;

    c = schema_component(d, def);

    if (c == NULL) {
        nthrift_write_fail(&d->v.w, nthrift_write_no_memory);
        return;
    }

    snprintf(text, sizeof(text), "\"#/components/schemas/%.*s\"",
             (int) c->name.len, (char *) c->name.data);

    nthrift_plain_openapi_pair(d, "$ref", text);
}


/* Types; all functions write members of an object */

static void
schema_base_type(nthrift_plain_document_t *d, nthrift_idl_kind_e kind)
{
    const schema_member_t  *member;

    member = schema_base[kind];

    if (kind == NTHRIFT_IDL_I64 && d->v.rules->long_strings) {
        member = schema_long_string;
    }

    for ( /* void */; member->name != NULL; member++) {
        nthrift_plain_openapi_pair(d, member->name, member->value);
    }
}


static void
schema_items(nthrift_plain_document_t *d, const nthrift_idl_type_t *type)
{
    nthrift_plain_openapi_pair(d, "type", "\"array\"");
    nthrift_plain_openapi_name(d, "items");
    nthrift_plain_openapi_type(d, type->elem);

    if (type->kind == NTHRIFT_IDL_SET) {
        nthrift_plain_openapi_pair(d, "uniqueItems", "true");
    }
}


/* What keys of an object are, as far as it can be said. */

static void
schema_keys(nthrift_plain_document_t *d, const nthrift_idl_type_t *key)
{
    switch (key->real->kind) {

    case NTHRIFT_IDL_ENUM:
        nthrift_plain_openapi_name(d, "propertyNames");
        nthrift_plain_openapi_type(d, key);
        break;

    case NTHRIFT_IDL_I8:
    case NTHRIFT_IDL_I16:
    case NTHRIFT_IDL_I32:
    case NTHRIFT_IDL_I64:
        nthrift_plain_openapi_pair(d, "propertyNames",
                                   "{\"pattern\":\"^-?[0-9]+$\"}");
        break;

    default:
        break;
    }
}


/* An array of [key, value] where keys cannot be those of an object. */

static void
schema_map(nthrift_plain_document_t *d, const nthrift_idl_type_t *type)
{
    if (nthrift_plain_value_has_keys(type)) {
        nthrift_plain_openapi_pair(d, "type", "\"object\"");
        schema_keys(d, type->key);
        nthrift_plain_openapi_name(d, "additionalProperties");
        nthrift_plain_openapi_type(d, type->elem);
        return;
    }

    nthrift_plain_openapi_pair(d, "type", "\"array\"");
    nthrift_plain_openapi_name(d, "items");
    nthrift_plain_openapi_open(d, "{");
    nthrift_plain_openapi_pair(d, "type", "\"array\"");
    nthrift_plain_openapi_name(d, "prefixItems");
    nthrift_plain_openapi_open(d, "[");
    nthrift_plain_openapi_type(d, type->key);
    nthrift_plain_openapi_type(d, type->elem);
    nthrift_plain_openapi_close(d, "]");
    nthrift_plain_openapi_pair(d, "minItems", "2");
    nthrift_plain_openapi_pair(d, "maxItems", "2");
    nthrift_plain_openapi_close(d, "}");
}


static void
schema_members(nthrift_plain_document_t *d, const nthrift_idl_type_t *type)
{
    switch (type->kind) {

    case NTHRIFT_IDL_VOID:
    case NTHRIFT_IDL_BOOL:
    case NTHRIFT_IDL_I8:
    case NTHRIFT_IDL_I16:
    case NTHRIFT_IDL_I32:
    case NTHRIFT_IDL_I64:
    case NTHRIFT_IDL_DOUBLE:
    case NTHRIFT_IDL_STRING:
    case NTHRIFT_IDL_BINARY:
    case NTHRIFT_IDL_UUID:
        schema_base_type(d, type->kind);
        break;

    case NTHRIFT_IDL_LIST:
    case NTHRIFT_IDL_SET:
        schema_items(d, type);
        break;

    case NTHRIFT_IDL_MAP:
        schema_map(d, type);
        break;

    case NTHRIFT_IDL_ENUM:
    case NTHRIFT_IDL_STRUCT:
    case NTHRIFT_IDL_TYPEDEF:
    case NTHRIFT_IDL_NAMED:
        nthrift_plain_openapi_reference(d, type->def);
        break;
    }
}


void
nthrift_plain_openapi_type(nthrift_plain_document_t *d,
    const nthrift_idl_type_t *type)
{
    nthrift_plain_openapi_open(d, "{");
    schema_members(d, type);
    nthrift_plain_openapi_close(d, "}");
}


/* Values */

static int
schema_value(nthrift_plain_document_t *d, const nthrift_idl_type_t *type,
    const nthrift_idl_value_t *value, nthrift_str_t *text)
{
    nthrift_plain_error_t  err;

    return nthrift_plain_show(d->v.rules, d->v.arena, type, value, text, &err);
}


void
nthrift_plain_openapi_value(nthrift_plain_document_t *d,
    const nthrift_idl_type_t *type, const nthrift_idl_value_t *value)
{
    nthrift_str_t  text;

    nthrift_plain_openapi_open(d, "");

    if (schema_value(d, type, value, &text) == NTHRIFT_OK) {
        nthrift_write_bytes(&d->v.w, text.data, text.len);

    } else {
        nthrift_plain_value_put(&d->v, "null");
    }
}


/* Fields */

void
nthrift_plain_openapi_field(nthrift_plain_document_t *d,
    const nthrift_idl_field_t *field)
{
    nthrift_str_t  text;

    nthrift_plain_openapi_open(d, "{");
    schema_members(d, field->type);
    nthrift_plain_openapi_doc(d, &field->doc);
    nthrift_plain_openapi_deprecated(d, field->annotations);

    /* what JSON has no numbers for is no default of a number */

    if (field->value != NULL
        && schema_value(d, field->type, field->value, &text) == NTHRIFT_OK
        && (field->type->real->kind != NTHRIFT_IDL_DOUBLE
            || text.data[0] != '"'))
    {
        nthrift_plain_openapi_name(d, "default");
        nthrift_write_bytes(&d->v.w, text.data, text.len);
    }

    nthrift_plain_openapi_close(d, "}");
}


static int
schema_is_needed(const nthrift_idl_field_t *field)
{
    return field->req == NTHRIFT_IDL_REQUIRED && field->value == NULL;
}


static void
schema_required(nthrift_plain_document_t *d, const nthrift_idl_struct_t *st)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < st->n; i++) {
        n += (size_t) schema_is_needed(st->fields[i]);
    }

    if (n == 0) {
        return;
    }

    nthrift_plain_openapi_name(d, "required");
    nthrift_plain_openapi_open(d, "[");

    for (i = 0; i < st->n; i++) {
        if (schema_is_needed(st->fields[i])) {
            nthrift_plain_openapi_text(d, &st->fields[i]->name);
        }
    }

    nthrift_plain_openapi_close(d, "]");
}


void
nthrift_plain_openapi_fields(nthrift_plain_document_t *d,
    const nthrift_idl_struct_t *st)
{
    size_t  i;

    nthrift_plain_openapi_pair(d, "type", "\"object\"");

    if (st->n != 0) {
        nthrift_plain_openapi_name(d, "properties");
        nthrift_plain_openapi_open(d, "{");

        for (i = 0; i < st->n; i++) {
            nthrift_plain_openapi_key(d, &st->fields[i]->name);
            nthrift_plain_openapi_field(d, st->fields[i]);
        }

        nthrift_plain_openapi_close(d, "}");
    }

    schema_required(d, st);
}


/* Definitions */

static void
schema_enum(nthrift_plain_document_t *d, const nthrift_idl_enum_t *en)
{
    char                       number[32];
    const nthrift_idl_item_t  *item;

    nthrift_plain_openapi_pair(d, "type", "\"string\"");
    nthrift_plain_openapi_name(d, "enum");
    nthrift_plain_openapi_open(d, "[");

    for (item = en->items; item != NULL; item = item->next) {
        nthrift_plain_openapi_text(d, &item->name);
    }

    nthrift_plain_openapi_close(d, "]");

    nthrift_plain_openapi_name(d, "x-thrift-numbers");
    nthrift_plain_openapi_open(d, "{");

    for (item = en->items; item != NULL; item = item->next) {
        nthrift_plain_openapi_key(d, &item->name);
        snprintf(number, sizeof(number), "%d", (int) item->number);
        nthrift_plain_value_put(&d->v, number);
    }

    nthrift_plain_openapi_close(d, "}");
}


static void
schema_struct(nthrift_plain_document_t *d, const nthrift_idl_struct_t *st)
{
    nthrift_plain_openapi_fields(d, st);

    if (st->what == NTHRIFT_IDL_KIND_UNION) {
        nthrift_plain_openapi_pair(d, "minProperties", "1");
        nthrift_plain_openapi_pair(d, "maxProperties", "1");
    }
}


static void
schema_def(nthrift_plain_document_t *d, const nthrift_idl_def_t *def)
{
    nthrift_plain_openapi_open(d, "{");

    switch (def->kind) {

    case NTHRIFT_IDL_DEF_TYPEDEF:
        schema_members(d, ((const nthrift_idl_typedef_t *) def)->type);
        break;

    case NTHRIFT_IDL_DEF_ENUM:
        schema_enum(d, (const nthrift_idl_enum_t *) def);
        break;

    case NTHRIFT_IDL_DEF_STRUCT:
        schema_struct(d, (const nthrift_idl_struct_t *) def);
        break;

    case NTHRIFT_IDL_DEF_CONST:
    case NTHRIFT_IDL_DEF_SERVICE:
        break;
    }

    nthrift_plain_openapi_doc(d, &def->doc);
    nthrift_plain_openapi_deprecated(d, def->annotations);
    nthrift_plain_openapi_close(d, "}");
}


void
nthrift_plain_openapi_components(nthrift_plain_document_t *d)
{
    const nthrift_plain_component_t  *c;

    for (c = d->first; c != NULL; c = c->next) {
        nthrift_plain_openapi_key(d, &c->name);
        schema_def(d, c->def);
    }
}
