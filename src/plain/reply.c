/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/reply.c: the body of a reply as JSON, and whether it is a result or an
 * exception.  That it fits the IDL is checked first (bind/check.h), then
 * value.c writes what is in it.
 */

#include "plain/error.h"
#include "plain/value.h"

#include "bind/check.h"
#include "wire/exception.h"

#include <stdio.h>


#define REPLY_NUMBER  16        /* bytes: "#-32768", and a number's text */


int
nthrift_plain_method_init(nthrift_plain_method_t *m,
    nthrift_schema_set_t *set, const nthrift_idl_method_t *method)
{
    memset(m, 0, sizeof(nthrift_plain_method_t));

    m->idl = method;

    if (method->result == NULL) {
        return NTHRIFT_OK;
    }

    m->result = nthrift_schema_build(set, method->result);
    m->max_required = set->max_required;

    return (m->result != NULL) ? NTHRIFT_OK : NTHRIFT_ERROR;
}


static int
reply_malformed(nthrift_plain_value_t *v)
{
    return nthrift_plain_error_say(v->err, NTHRIFT_PLAIN_REPLY, NULL,
                                   "malformed body");
}


/* {"exception":{"type":"...","value": */

static void
reply_open_exception(nthrift_plain_value_t *v, const nthrift_str_t *type)
{
    nthrift_plain_value_put(v, "{\"exception\":{\"type\":");
    nthrift_plain_value_text(v, type->data, type->len);
    nthrift_plain_value_put(v, ",\"value\":");
}


/*
 * A result with one field, which is not declared: an exception that the server
 * knows and our IDL does not.  NTHRIFT_DECLINED: it is another result.
 */

static int
reply_undeclared(nthrift_plain_value_t *v, const nthrift_idl_struct_t *result,
    nthrift_plain_reply_t *reply)
{
    int                     n;
    char                    text[REPLY_NUMBER];
    const uint8_t          *from;
    nthrift_token_t         t, stop;
    nthrift_token_level_t   level;

    nthrift_plain_value_open(&level);

    if (nthrift_plain_value_token(v, &level, &t) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (t.type == NTHRIFT_STOP || t.id == 0
        || nthrift_idl_field_by_id(result, t.id) != NULL)
    {
        return NTHRIFT_DECLINED;
    }

    from = v->p;

    if (nthrift_plain_value_skip(v, &t) != NTHRIFT_OK
        || nthrift_plain_value_token(v, &level, &stop) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (stop.type != NTHRIFT_STOP) {
        return NTHRIFT_DECLINED;
    }

    if (v->p != v->last) {
        return reply_malformed(v);
    }

    n = snprintf(text, sizeof(text), "#%d", t.id);

    reply->kind = NTHRIFT_PLAIN_UNDECLARED;
    reply->type.len = (size_t) n;
    reply->type.data = nthrift_arena_copy(v->arena, (uint8_t *) text,
                                          (size_t) n);

    if (reply->type.data == NULL) {
        return nthrift_plain_error_say(v->err, NTHRIFT_PLAIN_MEMORY, NULL,
                                       "not enough memory");
    }

    v->p = from;

    reply_open_exception(v, &reply->type);

    if (nthrift_plain_value_write(v, &t, NULL) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    nthrift_plain_value_put(v, "}}");

    return NTHRIFT_OK;
}


static int
reply_check(nthrift_plain_value_t *v, unsigned protocol,
    const nthrift_plain_method_t *m)
{
    int                     rc;
    void                   *memory;
    uint8_t                 path[NTHRIFT_PLAIN_TEXT / 2];
    nthrift_bytes_t         body;
    nthrift_check_error_t   err;
    nthrift_check_rules_t   rules;

    memset(&rules, 0, sizeof(nthrift_check_rules_t));

    rules.max_depth = v->rules->max_depth;
    rules.max_required = m->max_required;
    rules.uuids = 1;
    rules.reply = 1;

    memory = nthrift_arena_alloc(v->arena, nthrift_check_size(&rules));

    if (memory == NULL) {
        return nthrift_plain_error_say(v->err, NTHRIFT_PLAIN_MEMORY, NULL,
                                       "not enough memory");
    }

    memset(&err, 0, sizeof(nthrift_check_error_t));

    err.path = path;
    err.size = sizeof(path);

    nthrift_bytes_init(&body, v->p, v->last, NULL, NULL);

    rc = nthrift_check_body(&rules, memory, protocol, m->result, &body, &err);

    if (rc == NTHRIFT_OK) {
        return (body.p == v->last) ? NTHRIFT_OK : reply_malformed(v);
    }

    rc = nthrift_plain_error_say(v->err, NTHRIFT_PLAIN_REPLY, NULL,
                                 "%.*s%s%s", (int) err.len, (char *) path,
                                 (err.len != 0) ? ": " : "", err.text);
    v->err->path = err.len;

    return rc;
}


/* The one declared field of a result, as far as there is one. */

typedef struct {
    const nthrift_idl_field_t  *field;      /* NULL: none */
    nthrift_token_t             t;
    const uint8_t              *p;          /* behind the token */
    unsigned                    others;     /* 1: there are undeclared ones */
} reply_known_t;


static int
reply_find(nthrift_plain_value_t *v, const nthrift_idl_struct_t *result,
    reply_known_t *known)
{
    nthrift_token_t             t;
    nthrift_token_level_t       level;
    const nthrift_idl_field_t  *field;

    memset(known, 0, sizeof(reply_known_t));
    nthrift_plain_value_open(&level);

    for ( ;; ) {
        if (nthrift_plain_value_token(v, &level, &t) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        if (t.type == NTHRIFT_STOP) {
            return NTHRIFT_OK;
        }

        field = nthrift_idl_field_by_id(result, t.id);

        if (field != NULL) {
            known->field = field;
            known->t = t;
            known->p = v->p;

        } else {
            known->others = 1;
        }

        if (nthrift_plain_value_skip(v, &t) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }
    }
}


/* What a void method has returned in spite of that: {"#5":...} */

static int
reply_others(nthrift_plain_value_t *v)
{
    const char             *before;
    nthrift_token_t         t;
    nthrift_token_level_t   level;

    nthrift_plain_value_open(&level);

    for (before = "{"; ; before = ",") {
        if (nthrift_plain_value_token(v, &level, &t) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        if (t.type == NTHRIFT_STOP) {
            nthrift_plain_value_put(v, "}");
            return NTHRIFT_OK;
        }

        nthrift_plain_value_put(v, before);
        nthrift_plain_value_name(v, NULL, t.id);

        if (nthrift_plain_value_write(v, &t, NULL) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }
    }
}


static int
reply_known(nthrift_plain_value_t *v, const nthrift_idl_method_t *method,
    const reply_known_t *known, nthrift_plain_reply_t *reply)
{
    const nthrift_idl_type_t  *type;

    type = known->field->type->real;
    v->p = known->p;

    if (method->returns->kind != NTHRIFT_IDL_VOID
        && known->field == method->result->fields[0])
    {
        return nthrift_plain_value_write(v, &known->t, type);
    }

    reply->kind = NTHRIFT_PLAIN_DECLARED;
    reply->type = type->def->name;

    reply_open_exception(v, &reply->type);

    if (nthrift_plain_value_write(v, &known->t, type) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    nthrift_plain_value_put(v, "}}");

    return NTHRIFT_OK;
}


static int
reply_result(nthrift_plain_value_t *v, unsigned protocol,
    const nthrift_plain_method_t *m, nthrift_plain_reply_t *reply)
{
    int             rc;
    const uint8_t  *p;
    reply_known_t   known;

    p = v->p;

    rc = reply_undeclared(v, m->idl->result, reply);

    if (rc != NTHRIFT_DECLINED) {
        return rc;
    }

    v->p = p;

    if (reply_check(v, protocol, m) != NTHRIFT_OK
        || reply_find(v, m->idl->result, &known) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (known.field != NULL) {
        return reply_known(v, m->idl, &known, reply);
    }

    if (m->idl->returns->kind != NTHRIFT_IDL_VOID) {
        return nthrift_plain_error_say(v->err, NTHRIFT_PLAIN_REPLY, NULL,
                                       "result without a value");
    }

    reply->kind = NTHRIFT_PLAIN_VOID;

    if (known.others) {
        v->p = p;
        return reply_others(v);
    }

    nthrift_plain_value_put(v, "null");

    return NTHRIFT_OK;
}


static void
reply_exception(nthrift_plain_value_t *v, unsigned protocol,
    nthrift_plain_reply_t *reply)
{
    char                        number[REPLY_NUMBER];
    const char                 *name;
    nthrift_str_t               text;
    static const nthrift_str_t  type = nthrift_string("TApplicationException");

    memset(&text, 0, sizeof(nthrift_str_t));

    reply->kind = NTHRIFT_PLAIN_APPLICATION;
    reply->type = type;
    reply->code = NTHRIFT_EXC_UNKNOWN;

    nthrift_exception_read(protocol, v->p, v->last, &text, &reply->code);

    name = nthrift_exception_type_name(reply->code);
    snprintf(number, sizeof(number), "%d", (int) reply->code);

    nthrift_plain_value_put(v, "{\"exception\":{\"type\":"
                            "\"TApplicationException\",\"code\":");
    nthrift_plain_value_put(v, number);
    nthrift_plain_value_put(v, ",\"name\":");
    nthrift_plain_value_put(v, (name != NULL) ? "\"" : "null");
    nthrift_plain_value_put(v, (name != NULL) ? name : "");
    nthrift_plain_value_put(v, (name != NULL) ? "\",\"message\":"
                                              : ",\"message\":");
    nthrift_plain_value_text(v, text.data, text.len);
    nthrift_plain_value_put(v, "}}");
}


int
nthrift_plain_reply(const nthrift_plain_rules_t *rules, nthrift_arena_t *arena,
    const nthrift_plain_method_t *m, unsigned protocol, unsigned type,
    const uint8_t *p, const uint8_t *last, nthrift_plain_reply_t *reply,
    nthrift_plain_error_t *err)
{
    nthrift_plain_value_t  v;

    memset(reply, 0, sizeof(nthrift_plain_reply_t));
    nthrift_plain_value_start(&v, rules, arena, protocol, p, last, err);

    v.depth = 1;

    if (type == NTHRIFT_EXCEPTION) {
        reply_exception(&v, protocol, reply);

    } else if (reply_result(&v, protocol, m, reply) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    reply->base64 = v.base64;

    return nthrift_plain_value_finish(&v, &reply->text);
}
