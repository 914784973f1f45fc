/*
 * nthrift_decode.c: the body of a reply as a value or an exception.
 * nthrift_exchange.c has read the message and knows it to be well formed; that
 * it fits the IDL is checked here first (bind/check.h), then nthrift_value.c
 * makes JSON of what is in it.
 */

#include "nthrift_call.h"
#include "nthrift_decode.h"
#include "nthrift_value.h"

#include "bind/check.h"
#include "wire/exception.h"

#include <stdio.h>


#define DECODE_NAME  8          /* bytes: "#-32768" */


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
decode_undeclared(nthrift_value_t *c, const nthrift_idl_struct_t *result)
{
    char                    name[DECODE_NAME];
    json_t                 *value;
    nthrift_token_t         t;
    nthrift_token_level_t   level;

    nthrift_value_open(&level);

    if (nthrift_value_token(c, &level, &t) != 0 || t.type == NTHRIFT_STOP
        || t.id == 0 || nthrift_idl_field_by_id(result, t.id) != NULL)
    {
        return -1;
    }

    snprintf(name, sizeof(name), "#%d", t.id);

    value = nthrift_value_read(c, &t, NULL);

    if (value == NULL || nthrift_value_token(c, &level, &t) != 0
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
decode_check(nthrift_value_t *c, nthrift_arena_t *arena, unsigned protocol,
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
    rules.uuids = 1;
    rules.reply = 1;

    memory = nthrift_arena_alloc(arena, nthrift_check_size(&rules));

    if (schema == NULL || memory == NULL) {
        (void) nthrift_value_fail(c, "not enough memory");
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
decode_known(nthrift_value_t *c, const nthrift_idl_struct_t *result,
    const nthrift_idl_field_t **known, json_t *others)
{
    json_t                     *json, *value;
    nthrift_token_t             t;
    nthrift_token_level_t       level;
    const nthrift_idl_field_t  *field;

    nthrift_value_open(&level);

    json = json_null();
    *known = NULL;

    while (nthrift_value_token(c, &level, &t) == 0) {
        if (t.type == NTHRIFT_STOP) {
            return json;
        }

        level.id = t.id;
        field = nthrift_idl_field_by_id(result, t.id);

        value = nthrift_value_read(c, &t,
                                   (field != NULL) ? field->type->real : NULL);
        if (value == NULL) {
            break;
        }

        if (field == NULL) {
            nthrift_value_add(others, NULL, t.id, value);
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
decode_outcome(nthrift_value_t *c, const nthrift_idl_method_t *method)
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
    nthrift_value_t  c;

    nthrift_value_start(&c, d, protocol, p, last);

    if (decode_undeclared(&c, method->result) == 0) {
        return 0;
    }

    nthrift_value_start(&c, d, protocol, p, last);

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
    json_object_set_new(body, "message",
                        nthrift_value_text(text.data, text.len));

    d->json = json_object();
    json_object_set_new(d->json, "exception", body);

    return 0;
}
