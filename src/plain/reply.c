/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/reply.c: the body of a reply as JSON, and whether it is a result or an
 * exception.  That it fits the IDL is checked first (bind/check.h), then
 * value.c writes what is in it.  All of that in parts:
 *
 *     open ----> check ----> find ----> write ----> end
 *        \                              /
 *         +-> exception of ours --------+
 */

#include "plain/error.h"
#include "plain/value.h"

#include "bind/check.h"
#include "wire/exception.h"

#include <stdio.h>


#define REPLY_NUMBER  16        /* bytes: "#-32768", and a number's text */
#define REPLY_RUN     16384     /* bytes that are checked without a pause */
#define REPLY_PART    (1024 * 1024 * 1024)      /* all, or nearly */


/* What is done next, each in as many parts as it takes. */

typedef enum {
    REPLY_OPEN = 0,
    REPLY_UNDECLARED,       /* the only field is passed over */
    REPLY_CHECK,
    REPLY_FIND,             /* the one that is declared */
    REPLY_WRITE
} reply_step_e;

struct nthrift_plain_answer_s {
    nthrift_plain_value_t          v;
    const nthrift_plain_method_t  *m;
    nthrift_plain_reply_t         *reply;
    unsigned                       protocol;
    unsigned                       type;
    reply_step_e                   step;
    const uint8_t                 *start;   /* of the body */

    /* the first field, if it is not declared; the fields that are passed */

    nthrift_token_t                token;
    nthrift_token_level_t          level;
    const uint8_t                 *first;

    /* the one declared field of a result, as far as there is one */

    const nthrift_idl_field_t     *field;   /* NULL: none */
    nthrift_token_t                t;
    const uint8_t                 *p;       /* behind the token */
    unsigned                       others;  /* 1: there are undeclared ones */

    const char                    *end;     /* behind the value */

    nthrift_check_rules_t          rules;
    nthrift_check_error_t          error;
    nthrift_bytes_t                body;
    void                          *memory;
    uint8_t                        path[NTHRIFT_PLAIN_TEXT / 2];
};


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
reply_open_exception(nthrift_plain_answer_t *a)
{
    nthrift_plain_value_put(&a->v, "{\"exception\":{\"type\":");
    nthrift_plain_value_text(&a->v, a->reply->type.data, a->reply->type.len);
    nthrift_plain_value_put(&a->v, ",\"value\":");

    a->end = "}}";
}


/* Checks that it fits the IDL, run by run. */

static int
reply_next_run(void *data, const uint8_t **p, const uint8_t **last)
{
    size_t                   left;
    nthrift_plain_answer_t  *a = data;

    left = (size_t) (a->v.last - a->body.last);

    *p = a->body.last;
    *last = *p + ((left < REPLY_RUN) ? left : REPLY_RUN);

    return (left != 0) ? NTHRIFT_OK : NTHRIFT_DECLINED;
}


static int
reply_start_check(nthrift_plain_answer_t *a)
{
    size_t                  left;
    nthrift_check_rules_t  *rules;

    rules = &a->rules;

    rules->max_depth = a->v.rules->max_depth;
    rules->max_required = a->m->max_required;
    rules->uuids = 1;
    rules->reply = 1;

    a->memory = nthrift_arena_alloc(a->v.arena, nthrift_check_size(rules));

    if (a->memory == NULL) {
        return nthrift_plain_value_no_memory(&a->v);
    }

    a->error.path = a->path;
    a->error.size = sizeof(a->path);

    left = (size_t) (a->v.last - a->start);

    nthrift_bytes_init(&a->body, a->start,
                       a->start + ((left < REPLY_RUN) ? left : REPLY_RUN),
                       reply_next_run, a);

    a->step = REPLY_CHECK;

    return nthrift_check_start(rules, a->memory, a->protocol, a->m->result,
                               &a->body, &a->error);
}


static int
reply_check(nthrift_plain_answer_t *a, size_t size)
{
    int  rc;

    rc = nthrift_check_part(&a->rules, a->memory, size);

    if (rc == NTHRIFT_AGAIN) {
        return NTHRIFT_AGAIN;
    }

    if (rc == NTHRIFT_OK) {
        if (a->body.p != a->v.last) {
            return reply_malformed(&a->v);
        }

        a->v.p = a->start;
        a->step = REPLY_FIND;
        nthrift_plain_value_open(&a->level);

        return NTHRIFT_AGAIN;
    }

    rc = nthrift_plain_error_say(a->v.err, NTHRIFT_PLAIN_REPLY, NULL,
                                 "%.*s%s%s", (int) a->error.len,
                                 (char *) a->path,
                                 (a->error.len != 0) ? ": " : "",
                                 a->error.text);
    a->v.err->path = a->error.len;

    return rc;
}


/* Results */

/*
 * With one field, which is not declared, it is an exception that the server
 * knows and our IDL does not.
 */

static int
reply_open(nthrift_plain_answer_t *a)
{
    nthrift_plain_value_open(&a->level);

    if (nthrift_plain_value_token(&a->v, &a->level, &a->token) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (a->token.type == NTHRIFT_STOP || a->token.id == 0
        || nthrift_idl_field_by_id(a->m->idl->result, a->token.id) != NULL)
    {
        return reply_start_check(a);
    }

    a->first = a->v.p;
    a->step = REPLY_UNDECLARED;

    return nthrift_plain_value_skip(&a->v, &a->token);
}


static int
reply_undeclared(nthrift_plain_answer_t *a)
{
    int              n;
    char             text[REPLY_NUMBER];
    nthrift_token_t  stop;

    if (nthrift_plain_value_token(&a->v, &a->level, &stop) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (stop.type != NTHRIFT_STOP) {
        return reply_start_check(a);
    }

    if (a->v.p != a->v.last) {
        return reply_malformed(&a->v);
    }

    n = snprintf(text, sizeof(text), "#%d", a->token.id);

    a->reply->kind = NTHRIFT_PLAIN_UNDECLARED;
    a->reply->type.len = (size_t) n;
    a->reply->type.data = nthrift_arena_copy(a->v.arena, (uint8_t *) text,
                                             (size_t) n);

    if (a->reply->type.data == NULL) {
        return nthrift_plain_value_no_memory(&a->v);
    }

    a->v.p = a->first;
    a->step = REPLY_WRITE;

    reply_open_exception(a);

    return nthrift_plain_value_write(&a->v, &a->token, NULL);
}


static int
reply_known(nthrift_plain_answer_t *a)
{
    const nthrift_idl_type_t    *type;
    const nthrift_idl_method_t  *method;

    method = a->m->idl;
    type = a->field->type->real;
    a->v.p = a->p;

    if (method->returns->kind == NTHRIFT_IDL_VOID
        || a->field != method->result->fields[0])
    {
        a->reply->kind = NTHRIFT_PLAIN_DECLARED;
        a->reply->type = type->def->name;

        reply_open_exception(a);
    }

    return nthrift_plain_value_write(&a->v, &a->t, type);
}


/* All fields were met. */

static int
reply_found(nthrift_plain_answer_t *a)
{
    a->step = REPLY_WRITE;

    if (a->field != NULL) {
        return reply_known(a);
    }

    if (a->m->idl->returns->kind != NTHRIFT_IDL_VOID) {
        return nthrift_plain_error_say(a->v.err, NTHRIFT_PLAIN_REPLY, NULL,
                                       "result without a value");
    }

    a->reply->kind = NTHRIFT_PLAIN_VOID;

    /* what a void method has returned in spite of that: {"#5":...} */

    if (a->others) {
        a->v.p = a->start;
        return nthrift_plain_value_fields(&a->v);
    }

    nthrift_plain_value_put(&a->v, "null");

    return NTHRIFT_OK;
}


static int
reply_find(nthrift_plain_answer_t *a)
{
    nthrift_token_t             t;
    const nthrift_idl_field_t  *field;

    if (nthrift_plain_value_token(&a->v, &a->level, &t) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (t.type == NTHRIFT_STOP) {
        return reply_found(a);
    }

    field = nthrift_idl_field_by_id(a->m->idl->result, t.id);

    if (field != NULL) {
        a->field = field;
        a->t = t;
        a->p = a->v.p;

    } else {
        a->others = 1;
    }

    return nthrift_plain_value_skip(&a->v, &t);
}


static int
reply_exception(nthrift_plain_answer_t *a)
{
    char                        number[REPLY_NUMBER];
    const char                 *name;
    nthrift_str_t               text;
    nthrift_plain_value_t      *v;
    static const uint8_t        empty[1];
    static const nthrift_str_t  type = nthrift_string("TApplicationException");

    v = &a->v;
    memset(&text, 0, sizeof(nthrift_str_t));

    a->reply->kind = NTHRIFT_PLAIN_APPLICATION;
    a->reply->type = type;
    a->reply->code = NTHRIFT_EXC_UNKNOWN;

    nthrift_exception_read(a->protocol, v->p, v->last, &text, &a->reply->code);

    name = nthrift_exception_type_name(a->reply->code);
    snprintf(number, sizeof(number), "%d", (int) a->reply->code);

    nthrift_plain_value_put(v, "{\"exception\":{\"type\":"
                            "\"TApplicationException\",\"code\":");
    nthrift_plain_value_put(v, number);
    nthrift_plain_value_put(v, ",\"name\":");
    nthrift_plain_value_put(v, (name != NULL) ? "\"" : "null");
    nthrift_plain_value_put(v, (name != NULL) ? name : "");
    nthrift_plain_value_put(v, (name != NULL) ? "\",\"message\":"
                                              : ",\"message\":");

    nthrift_plain_value_long(v, (text.len != 0) ? text.data : empty, text.len,
                             0);

    a->end = "}}";
    a->step = REPLY_WRITE;

    return NTHRIFT_OK;
}


/* Parts */

nthrift_plain_answer_t *
nthrift_plain_answer_create(const nthrift_plain_rules_t *rules,
    nthrift_arena_t *arena, const nthrift_plain_method_t *m,
    unsigned protocol, unsigned type, const uint8_t *p, const uint8_t *last,
    nthrift_plain_reply_t *reply, nthrift_plain_error_t *err)
{
    nthrift_plain_answer_t  *a;

    memset(reply, 0, sizeof(nthrift_plain_reply_t));

    a = nthrift_arena_alloc(arena, sizeof(nthrift_plain_answer_t));

    if (a == NULL) {
        memset(err, 0, sizeof(nthrift_plain_error_t));
        (void) nthrift_plain_error_say(err, NTHRIFT_PLAIN_MEMORY, NULL,
                                       "not enough memory");
        return NULL;
    }

    nthrift_plain_value_start(&a->v, rules, arena, protocol, p, last, err);

    a->v.depth = 1;
    a->m = m;
    a->reply = reply;
    a->protocol = protocol;
    a->type = type;
    a->start = p;
    a->end = "";

    return a;
}


/* What is next when all that was begun is done. */

static int
reply_step(nthrift_plain_answer_t *a)
{
    switch (a->step) {

    case REPLY_OPEN:
        return (a->type == NTHRIFT_EXCEPTION) ? reply_exception(a)
                                              : reply_open(a);

    case REPLY_UNDECLARED:
        return reply_undeclared(a);

    case REPLY_FIND:
    case REPLY_CHECK:
    case REPLY_WRITE:
        break;
    }

    return reply_find(a);
}


int
nthrift_plain_answer_write(nthrift_plain_answer_t *a, size_t size)
{
    int  rc;

    if (a->step == REPLY_CHECK) {
        return reply_check(a, size);
    }

    rc = nthrift_plain_value_run(&a->v, size);

    if (rc != NTHRIFT_OK) {
        return rc;
    }

    if (a->step == REPLY_WRITE) {
        nthrift_plain_value_put(&a->v, a->end);
        a->reply->base64 = a->v.base64;

        return nthrift_plain_value_finish(&a->v, &a->reply->text);
    }

    return (reply_step(a) == NTHRIFT_OK) ? NTHRIFT_AGAIN : NTHRIFT_ERROR;
}


int
nthrift_plain_reply(const nthrift_plain_rules_t *rules, nthrift_arena_t *arena,
    const nthrift_plain_method_t *m, unsigned protocol, unsigned type,
    const uint8_t *p, const uint8_t *last, nthrift_plain_reply_t *reply,
    nthrift_plain_error_t *err)
{
    int                      rc;
    nthrift_plain_answer_t  *a;

    a = nthrift_plain_answer_create(rules, arena, m, protocol, type, p, last,
                                    reply, err);
    if (a == NULL) {
        return NTHRIFT_ERROR;
    }

    do {
        rc = nthrift_plain_answer_write(a, REPLY_PART);
    } while (rc == NTHRIFT_AGAIN);

    return rc;
}
