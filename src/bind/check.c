/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/check.c: walks over a body with the tables of its struct beside it,
 * for thrift_validate schema: arguments before they are routed or handled,
 * results before they are sent.  No value is built and nothing is kept; the
 * levels that are open are in the caller's memory, and say where an error is.
 */

#include "bind/check.h"

#include "bind/flat.h"
#include "bind/level.h"
#include "bind/path.h"
#include "bind/token_binary.h"
#include "bind/token_compact.h"
#include "bind/utf8.h"


/* The first byte of a message of compact: as a field it is 8, and false. */

#define CHECK_COMPACT_ID  0x82


typedef struct {
    nthrift_bytes_t               *body;
    nthrift_level_t               *level;   /* the innermost */
    nthrift_level_t               *base;    /* the body's */
    nthrift_level_t               *top;     /* the last that there is room
                                               for ... */
    nthrift_level_t               *deep;    /* ... and that a field which is
                                               not declared may reach */
    size_t                         stride;  /* bytes of a level */
    uint32_t                       required;    /* that it has bits for */
    uint8_t                        flags;   /* of types, to be looked at */
    uint8_t                        enums;   /* nthrift_check_e */
    uint8_t                        fields;  /* nthrift_check_e */
    uint8_t                        strings; /* nthrift_check_e ... */
    uint8_t                        texts;   /* 1: ... of what is not declared */
    uint8_t                        uuids;   /* 1: need not be declared */
    uint8_t                        drops;   /* 1: what is not declared need be
                                               well formed only */
    uint8_t                        protocol;
    uint8_t                        reply;   /* 1: servers do not read it */
    nthrift_check_error_t         *err;

    uint64_t                       end;     /* offset to stop at ... */
    uint64_t                       left;    /* ... within so many numbers of a
                                               container ... */
    uint8_t                        bools;   /* ... or bools: 1, or bytes ... */
    uint8_t                        text;    /* ... of a text: 1, or 2 once it
                                               was told not to be one ... */
    nthrift_utf8_t                 utf8;    /* ... up to here */

    uint8_t                        place[NTHRIFT_TOKEN_SIZE];
} check_t;


/* The loop in one of the protocols. */

typedef int (*check_pt)(check_t *c);


static const char *const  check_expected[NTHRIFT_UUID + 1] = {
    [NTHRIFT_BOOL] = "wrong type, bool expected",
    [NTHRIFT_I8] = "wrong type, i8 expected",
    [NTHRIFT_DOUBLE] = "wrong type, double expected",
    [NTHRIFT_I16] = "wrong type, i16 expected",
    [NTHRIFT_I32] = "wrong type, i32 expected",
    [NTHRIFT_I64] = "wrong type, i64 expected",
    [NTHRIFT_STRING] = "wrong type, string expected",
    [NTHRIFT_STRUCT] = "wrong type, struct expected",
    [NTHRIFT_MAP] = "wrong type, map expected",
    [NTHRIFT_SET] = "wrong type, set expected",
    [NTHRIFT_LIST] = "wrong type, list expected",
    [NTHRIFT_UUID] = "wrong type, uuid expected"
};


/* What level->field is while a field is read that is not declared. */

static const nthrift_schema_field_t  check_undeclared;


/* A field by its name, or by its id. */

static void
check_path_add_field(nthrift_check_error_t *err, const nthrift_level_t *level)
{
    if (level->field == NULL) {
        return;
    }

    if (level->field == &check_undeclared) {
        nthrift_path_add_id(err, level->at.id);
        return;
    }

    nthrift_path_add_name(err, &level->field->name);
}


static void
check_path_add_level(nthrift_check_error_t *err, const nthrift_level_t *level)
{
    if (level->at.fields) {
        check_path_add_field(err, level);
        return;
    }

    if (level->pairs) {
        nthrift_path_add_pair(err);
        return;
    }

    /* the value that is read is not left any more */

    nthrift_path_add_index(err, level->count - level->at.left - 1);
}


/* `behind` is what else is to be said of where it is. */

static nthrift_cold int
check_fail(check_t *c, const char *text, const char *behind)
{
    nthrift_level_t        *level;
    nthrift_check_error_t  *err;

    err = c->err;
    err->text = text;

    if (err->size == 0) {
        return NTHRIFT_ERROR;
    }

    level = c->base;

    for ( ;; ) {
        check_path_add_level(err, level);

        if (level == c->level) {
            break;
        }

        level = nthrift_level_next(c->stride, level);
    }

    nthrift_path_add(err, behind, strlen(behind));

    return NTHRIFT_ERROR;
}


/* The walk that was here before would have refused it. */

static nthrift_cold int
check_fail_malformed(check_t *c)
{
    if (!c->level->at.fields) {
        c->level->at.left--;
    }

    return check_fail(c, "malformed body", "");
}


static nthrift_noinline int
check_clear_seen(check_t *c, nthrift_level_t *level)
{
    if (level->st->required > c->required) {
        level->st = NULL;
        return check_fail(c, "struct with too many required fields", "");
    }

    memset(level->seen, 0, nthrift_level_words(level->st->required) * 8);

    return NTHRIFT_OK;
}


/* A uuid that is not declared. */

static nthrift_cold int
check_uuid(check_t *c, const char *behind)
{
    return c->uuids ? NTHRIFT_OK
                    : check_fail(c, "uuid in an undeclared field", behind);
}


/* 1: a value of this type is taken out before anybody else reads it. */

static inline int
check_is_dropped(const check_t *c, const nthrift_schema_type_t *type)
{
    return c->drops && type == NULL;
}


/* Begins a struct at a level that is the innermost now. */

static inline int
check_start_struct(check_t *c, nthrift_level_t *level,
    const nthrift_schema_t *st)
{
    c->level = level;

    level->at.left = 1;
    level->at.id = 0;
    level->at.fields = 1;
    level->known = 0;
    level->unknown = 0;
    level->st = st;
    level->field = NULL;
    level->seen[0] = 0;

    if (st != NULL && st->required > NTHRIFT_LEVEL_WORD) {
        return check_clear_seen(c, level);
    }

    return NTHRIFT_OK;
}


/* Is there a level behind the innermost, for what is declared or not? */

static inline int
check_level(check_t *c, int declared)
{
    if (c->level == c->top) {
        return check_fail(c, "too many levels of nesting", "");
    }

    if (!declared && c->level >= c->deep) {
        return check_fail(c, "too many levels of nesting in an undeclared "
                          "field", "");
    }

    return NTHRIFT_OK;
}


static inline int
check_enter_struct(check_t *c, const nthrift_schema_t *st)
{
    if (check_level(c, st != NULL) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    return check_start_struct(c, nthrift_level_next(c->stride, c->level), st);
}


/* 1: bools of this type in containers have to be looked at. */

static inline int
check_odd_bools(const check_t *c, const nthrift_token_protocol_t *protocol,
    const nthrift_schema_type_t *type)
{
    return protocol->odd_bools && !c->reply && !check_is_dropped(c, type);
}


/*
 * A container that has values; those of numbers are passed over together,
 * unless they have to be looked at.
 */

static inline int
check_enter_values(check_t *c, const nthrift_token_protocol_t *protocol,
    const nthrift_token_t *t, const nthrift_schema_type_t *key,
    const nthrift_schema_type_t *elem)
{
    int               rc;
    nthrift_level_t  *level;

    if (elem == NULL && check_level(c, 0) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if ((elem == NULL || ((key->flags | elem->flags) & c->flags) == 0)
        && !(check_odd_bools(c, protocol, elem)
             && (t->key == NTHRIFT_BOOL || t->elem == NTHRIFT_BOOL)))
    {
        rc = nthrift_token_pass_until(protocol, c->body, t, c->end, &c->left);

        if (rc == NTHRIFT_ERROR) {
            return check_fail(c, "malformed body", "");
        }

        if (rc != NTHRIFT_DECLINED) {
            return rc;
        }
    }

    if (check_level(c, 1) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    level = nthrift_level_next(c->stride, c->level);
    c->level = level;

    level->at.left = (t->type == NTHRIFT_MAP) ? t->count * 2 : t->count;
    level->at.fields = 0;
    level->at.type[0] = t->key;
    level->at.type[1] = t->elem;
    level->count = level->at.left;
    level->pairs = (t->type == NTHRIFT_MAP);
    level->type[0] = key;
    level->type[1] = elem;

    return NTHRIFT_OK;
}


/* 1 for the types that a container may say where nobody looks at values. */

static inline int
check_is_passable(const nthrift_token_t *t, uint8_t type)
{
    if (type < NTHRIFT_UUID && check_expected[type] != NULL) {
        return 1;
    }

    /* an empty map has none in compact, nor when it is translated from there */

    return type == NTHRIFT_STOP && t->type == NTHRIFT_MAP && t->count == 0;
}


static nthrift_cold int
check_other_elements(check_t *c, const nthrift_token_t *t, uint8_t type,
    const nthrift_schema_type_t *expected)
{
    int  map;

    map = (t->type == NTHRIFT_MAP);

    if (expected != NULL) {
        return check_fail(c, check_expected[expected->type],
                          map ? "{}" : "[]");
    }

    if (type == NTHRIFT_UUID) {
        return check_uuid(c, map ? "{}" : "[]");
    }

    return map ? check_fail(c, "unknown type of map elements", "{}")
               : check_fail(c, "unknown type of list elements", "[]");
}


static nthrift_cold int
check_odd_type(check_t *c, const nthrift_token_t *t)
{
    return check_fail(c, "type 2 of bools in a container, which is 1",
                      (t->type == NTHRIFT_MAP) ? "{}" : "[]");
}


/*
 * The type that a container says its elements, keys or values have.  Where it
 * is empty it may be another one, as nobody reads any; but some libraries fail
 * on what they do not know, and go on reading behind it.
 */

static inline int
check_elements(check_t *c, const nthrift_token_t *t, uint8_t type,
    const nthrift_schema_type_t *expected)
{
    if (check_is_dropped(c, expected)) {
        return NTHRIFT_OK;
    }

    if (t->odd && !c->reply) {
        return check_odd_type(c, t);
    }

    if (expected != NULL && expected->type == type) {
        return NTHRIFT_OK;
    }

    if ((expected == NULL || t->count == 0) && check_is_passable(t, type)) {
        return NTHRIFT_OK;
    }

    return check_other_elements(c, t, type, expected);
}


/*
 * Bools of a list, where the protocol has bytes that are none; c->left are to
 * come.
 */

static nthrift_noinline int
check_bools(check_t *c)
{
    nthrift_bytes_t  *b;

    for (b = c->body; c->left != 0; c->left--, b->p++) {

        if (b->p == b->last) {

            if (nthrift_bytes_offset(b) >= c->end) {
                return NTHRIFT_AGAIN;
            }

            if (nthrift_bytes_next(b) != NTHRIFT_OK) {
                return check_fail(c, "malformed body", "");
            }
        }

        if (!nthrift_token_is_bool(*b->p)) {
            return check_fail(c, "bool that is neither 1 nor 2", "[]");
        }
    }

    c->bools = 0;

    return NTHRIFT_OK;
}


static inline int
check_list(check_t *c, const nthrift_token_protocol_t *protocol,
    const nthrift_token_t *t, const nthrift_schema_type_t *type)
{
    const nthrift_schema_type_t  *elem;

    elem = (type != NULL) ? type->elem : NULL;

    if (check_elements(c, t, t->elem, elem) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (t->count == 0) {
        return NTHRIFT_OK;
    }

    if (t->elem == NTHRIFT_BOOL && check_odd_bools(c, protocol, elem)) {
        c->bools = 1;
        c->left = t->count;
        return check_bools(c);
    }

    return check_enter_values(c, protocol, t, elem, elem);
}


static inline int
check_map(check_t *c, const nthrift_token_protocol_t *protocol,
    const nthrift_token_t *t, const nthrift_schema_type_t *type)
{
    const nthrift_schema_type_t  *key, *elem;

    key = (type != NULL) ? type->key : NULL;
    elem = (type != NULL) ? type->elem : NULL;

    if (check_elements(c, t, t->key, key) != NTHRIFT_OK
        || check_elements(c, t, t->elem, elem) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (t->count == 0) {
        return NTHRIFT_OK;
    }

    return check_enter_values(c, protocol, t, key, elem);
}


/* It is not UTF-8. */

static nthrift_noinline int
check_text(check_t *c)
{
    if (c->strings == NTHRIFT_CHECK_REFUSE) {
        return check_fail(c, "string is not UTF-8", "");
    }

    c->err->told |= NTHRIFT_CHECK_TEXT;

    return NTHRIFT_OK;
}


/* A text that lies in more than one run; c->left bytes of it are to come. */

static int
check_text_runs(check_t *c)
{
    size_t            n;
    nthrift_bytes_t  *b;

    b = c->body;

    for ( ;; ) {
        n = (size_t) (b->last - b->p);

        if (n > c->left) {
            n = (size_t) c->left;
        }

        if (c->text == 1
            && nthrift_utf8_read(&c->utf8, b->p, b->p + n) != NTHRIFT_OK)
        {
            if (check_text(c) != NTHRIFT_OK) {
                return NTHRIFT_ERROR;
            }

            c->text = 2;
        }

        b->p += n;
        c->left -= n;

        if (c->left == 0) {
            break;
        }

        if (nthrift_bytes_offset(b) >= c->end) {
            return NTHRIFT_AGAIN;
        }

        if (nthrift_bytes_next(b) != NTHRIFT_OK) {
            return check_fail(c, "malformed body", "");
        }
    }

    if (c->text == 1 && c->utf8.have != 0 && check_text(c) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    c->text = 0;

    return NTHRIFT_OK;
}


/* A string that lies in more than one run. */

static nthrift_noinline int
check_string_runs(check_t *c, size_t len, int text)
{
    if (!text) {
        return (nthrift_bytes_skip(c->body, len) == NTHRIFT_OK)
               ? NTHRIFT_OK : check_fail(c, "malformed body", "");
    }

    c->left = len;
    c->text = 1;
    memset(&c->utf8, 0, sizeof(nthrift_utf8_t));

    return check_text_runs(c);
}


static inline const uint8_t *
check_string(check_t *c, const uint8_t *p, const nthrift_token_t *t,
    const nthrift_schema_type_t *type)
{
    int  text;

    text = (type != NULL) ? (type->flags & c->flags) != 0 : c->texts;

    if (t->count > (size_t) (c->body->last - p)) {
        c->body->p = p;

        return (check_string_runs(c, t->count, text) == NTHRIFT_OK)
               ? c->body->p : NULL;
    }

    if (text && nthrift_utf8_check(p, p + t->count) != p + t->count
        && check_text(c) != NTHRIFT_OK)
    {
        return NULL;
    }

    return p + t->count;
}


/* Of an enum that does not have it. */

static nthrift_noinline int
check_number(check_t *c)
{
    if (c->enums == NTHRIFT_CHECK_REFUSE) {
        return check_fail(c, "number that its enum does not have", "");
    }

    c->err->told |= NTHRIFT_CHECK_ENUM;

    return NTHRIFT_OK;
}


/*
 * What comes behind the token, at `p`, of this type (NULL: of any).  Returns
 * the byte behind it, or behind the head of what was entered; NULL: an error,
 * or enough for now.
 */

nthrift_token_inline const uint8_t *
check_value(check_t *c, const nthrift_token_protocol_t *protocol,
    const uint8_t *p, const nthrift_token_t *t,
    const nthrift_schema_type_t *type)
{
    int  rc;

    rc = NTHRIFT_OK;

    switch (t->type) {

    case NTHRIFT_STRING:
        return check_string(c, p, t, type);

    case NTHRIFT_STRUCT:
        rc = check_enter_struct(c, (type != NULL) ? type->st : NULL);
        break;

    case NTHRIFT_MAP:
        c->body->p = p;
        rc = check_map(c, protocol, t, type);
        p = c->body->p;
        break;

    case NTHRIFT_SET:
    case NTHRIFT_LIST:
        c->body->p = p;
        rc = check_list(c, protocol, t, type);
        p = c->body->p;
        break;

    case NTHRIFT_I32:
        if (type != NULL && (type->flags & c->flags) != 0
            && !nthrift_schema_enum_has(type->en,
                                        (int32_t) protocol->number(t)))
        {
            rc = check_number(c);
        }

        break;

    case NTHRIFT_BOOL:
        if (check_odd_bools(c, protocol, type) && !c->level->at.fields
            && !nthrift_token_is_bool(t->at[0]))
        {
            rc = check_fail(c, "bool that is neither 1 nor 2", "");
        }

        break;

    default:
        break;
    }

    return (rc == NTHRIFT_OK) ? p : NULL;
}


/* All required fields were met, or the first that was not is named. */

static int
check_required(check_t *c, nthrift_level_t *level)
{
    uint32_t                       i, left;
    const nthrift_schema_t        *st;
    const nthrift_schema_field_t  *field;

    st = level->st;
    left = st->required;

    i = 0;

    while (left > NTHRIFT_LEVEL_WORD && level->seen[i] == UINT64_MAX) {
        left -= NTHRIFT_LEVEL_WORD;
        i++;
    }

    if (left <= NTHRIFT_LEVEL_WORD
        && level->seen[i] == nthrift_level_all(left))
    {
        return NTHRIFT_OK;
    }

    for (i = 0; i < st->n; i++) {
        field = &st->fields[i];

        if (field->req == NTHRIFT_SCHEMA_REQUIRED
            && !(level->seen[field->nth / NTHRIFT_LEVEL_WORD]
                 >> (field->nth % NTHRIFT_LEVEL_WORD) & 1))
        {
            level->field = field;
            break;
        }
    }

    return check_fail(c, "missing required field", "");
}


/* The end of a struct that not any fields will do for. */

static nthrift_noinline int
check_fields(check_t *c, nthrift_level_t *level)
{
    const char  *text;

    level->field = NULL;

    if (level->st->required != 0) {
        return check_required(c, level);
    }

    text = nthrift_schema_miscounted(level->st, level->known, level->unknown);

    return (text == NULL) ? NTHRIFT_OK : check_fail(c, text, "");
}


static inline int
check_stop(check_t *c, nthrift_level_t *level)
{
    const nthrift_schema_t  *st;

    st = level->st;

    if (st != NULL
        && (st->required != 0 || st->what >= NTHRIFT_SCHEMA_UNION))
    {
        return check_fields(c, level);
    }

    return NTHRIFT_OK;
}


/*
 * Does the field that was just read make the body begin as a message does?  A
 * server that has not the method may take it for one.
 */

static int
check_is_message(const check_t *c, const nthrift_level_t *level,
    const nthrift_token_t *t)
{
    return c->protocol == NTHRIFT_COMPACT && !c->reply
           && level == c->base && level->known + level->unknown == 1
           && t->type == NTHRIFT_BOOL && *t->at == CHECK_COMPACT_ID;
}


static nthrift_noinline int
check_undeclared_field(check_t *c, nthrift_level_t *level,
    const nthrift_token_t *t)
{
    level->field = &check_undeclared;
    level->unknown++;

    if (c->fields != NTHRIFT_CHECK_PASS) {

        if (c->fields == NTHRIFT_CHECK_REFUSE) {
            return check_fail(c, "undeclared field", "");
        }

        c->err->told |= NTHRIFT_CHECK_FIELD;
    }

    if (level->st != NULL && level->st->what == NTHRIFT_SCHEMA_UNION
        && !c->reply)
    {
        return check_fail(c, "undeclared field of a union", "");
    }

    if (!c->drops && check_is_message(c, level, t)) {
        return check_fail(c, "undeclared field that begins as a message does",
                          "");
    }

    return (t->type != NTHRIFT_UUID) ? NTHRIFT_OK : check_uuid(c, "");
}


/* A field's head: `*type` is that of its value, or NULL. */

nthrift_token_inline int
check_field(check_t *c, nthrift_level_t *level, const nthrift_token_t *t,
    const nthrift_schema_type_t **type)
{
    const nthrift_schema_field_t  *field;

    *type = NULL;

    field = (level->st != NULL) ? nthrift_schema_field(level->st, t->id)
                                : NULL;
    level->at.id = t->id;

    if (field == NULL) {
        return check_undeclared_field(c, level, t);
    }

    level->field = field;

    if (field->type.type != t->type) {
        return check_fail(c, check_expected[field->type.type], "");
    }

    level->known++;
    *type = &field->type;

    if (field->req == NTHRIFT_SCHEMA_REQUIRED) {
        level->seen[field->nth / NTHRIFT_LEVEL_WORD]
            |= (uint64_t) 1 << (field->nth % NTHRIFT_LEVEL_WORD);
    }

    return NTHRIFT_OK;
}


/*
 * Reads the token at `p`; returns the byte behind it, or NULL: an error, or
 * enough for now.
 */

nthrift_token_inline const uint8_t *
check_read_token(check_t *c, const nthrift_token_protocol_t *protocol,
    const nthrift_level_t *level, const uint8_t *p, nthrift_token_t *t)
{
    ptrdiff_t         n;
    nthrift_bytes_t  *b;

    b = c->body;
    n = protocol->read(&level->at, p, b->last, t);

    if (n >= 0) {
        return p + n;
    }

    b->p = p;

    if (n == NTHRIFT_AGAIN && nthrift_bytes_offset(b) >= c->end) {
        return NULL;
    }

    if (n == NTHRIFT_ERROR
        || nthrift_token_read_cut(protocol, &level->at, b, c->place, t)
           != NTHRIFT_OK)
    {
        (void) check_fail_malformed(c);
        return NULL;
    }

    return b->p;
}


/* There is no value to go on with: is something wrong? */

static inline int
check_stopped(const check_t *c)
{
    return (c->err->text != NULL) ? NTHRIFT_ERROR : NTHRIFT_AGAIN;
}


/*
 * The loop: one for each protocol, with its constant in place.  Where it
 * reads is in a register, and in body->p only for those who go on to the next
 * run.  A check that has read enough for now stops at the end of a run only,
 * which costs the loop nothing.
 */

nthrift_token_inline int
check_run(check_t *c, const nthrift_token_protocol_t *protocol)
{
    const uint8_t                *p;
    nthrift_level_t              *level;
    nthrift_token_t               t;
    const nthrift_schema_type_t  *type;

    p = c->body->p;

    for ( ;; ) {
        level = c->level;

        if (level->at.left == 0) {
            c->level = nthrift_level_before(c->stride, level);
            continue;
        }

        p = check_read_token(c, protocol, level, p, &t);
        if (p == NULL) {
            return check_stopped(c);
        }

        if (!level->at.fields) {
            type = level->type[level->at.left-- & 1];

        } else if (t.type == NTHRIFT_STOP) {

            if (check_stop(c, level) != NTHRIFT_OK) {
                return NTHRIFT_ERROR;
            }

            if (level == c->base) {
                c->body->p = p;
                return NTHRIFT_OK;
            }

            c->level = nthrift_level_before(c->stride, level);
            continue;

        } else if (check_field(c, level, &t, &type) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        p = check_value(c, protocol, p, &t, type);
        if (p == NULL) {
            return check_stopped(c);
        }
    }
}


static inline size_t
check_stride(const nthrift_check_rules_t *rules)
{
    return sizeof(nthrift_level_t)
           + nthrift_level_words(rules->max_required) * sizeof(uint64_t);
}


/* What a check takes that is to go on later: the levels, and its state. */

static inline check_t *
check_state(const nthrift_check_rules_t *rules, void *memory)
{
    return (check_t *) ((uint8_t *) memory
                        + rules->max_depth * check_stride(rules));
}


size_t
nthrift_check_size(const nthrift_check_rules_t *rules)
{
    return rules->max_depth * check_stride(rules) + sizeof(check_t);
}


static inline nthrift_level_t *
check_deep(const check_t *c, const nthrift_check_rules_t *rules)
{
    if (rules->undeclared_depth == 0 || rules->fields == NTHRIFT_CHECK_DROP
        || rules->undeclared_depth >= rules->max_depth)
    {
        return c->top;
    }

    return (nthrift_level_t *) ((uint8_t *) c->base
                                + (rules->undeclared_depth - 1) * c->stride);
}


static inline int
check_start(check_t *c, const nthrift_check_rules_t *rules, void *memory,
    unsigned protocol, const nthrift_schema_t *st, nthrift_bytes_t *body,
    nthrift_check_error_t *err)
{
    err->text = NULL;
    err->len = 0;
    err->told = 0;

    c->body = body;
    c->base = memory;
    c->stride = check_stride(rules);
    c->top = (nthrift_level_t *) ((uint8_t *) memory
                                + (rules->max_depth - 1) * c->stride);
    c->deep = check_deep(c, rules);
    c->required = (uint32_t) nthrift_level_words(rules->max_required)
                  * NTHRIFT_LEVEL_WORD;
    c->err = err;
    c->end = UINT64_MAX;
    c->left = 0;
    c->text = 0;
    c->bools = 0;
    c->drops = rules->fields == NTHRIFT_CHECK_DROP;
    c->uuids = rules->uuids || c->drops;
    c->reply = rules->reply;
    c->enums = rules->enums;
    c->fields = rules->fields;
    c->strings = rules->utf8;
    c->texts = rules->utf8 != NTHRIFT_CHECK_PASS && !rules->reply
               && !c->drops;
    c->protocol = (uint8_t) protocol;
    c->flags = (uint8_t) ((rules->enums ? NTHRIFT_SCHEMA_ENUM : 0)
                          | (rules->utf8 ? NTHRIFT_SCHEMA_TEXT : 0));

    return check_start_struct(c, c->base, st);
}


static int
check_binary(check_t *c)
{
    return check_run(c, &nthrift_token_binary);
}


static int
check_compact(check_t *c)
{
    return check_run(c, &nthrift_token_compact);
}


static const check_pt  check_protocols[NTHRIFT_PROTOCOLS] = {
    [NTHRIFT_BINARY] = check_binary,
    [NTHRIFT_COMPACT] = check_compact
};


/* Most bodies are flat: what the others need is not theirs. */

static nthrift_noinline int
check_body(const nthrift_check_rules_t *rules, void *memory, unsigned protocol,
    const nthrift_schema_t *st, nthrift_bytes_t *body,
    nthrift_check_error_t *err)
{
    check_t  c;

    if (check_start(&c, rules, memory, protocol, st, body, err) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    return check_protocols[protocol](&c);
}


int
nthrift_check_body(const nthrift_check_rules_t *rules, void *memory,
    unsigned protocol, const nthrift_schema_t *st, nthrift_bytes_t *body,
    nthrift_check_error_t *err)
{
    if (nthrift_flat_check(rules, protocol, st, body) == NTHRIFT_OK) {
        err->text = NULL;
        err->len = 0;
        err->told = 0;
        return NTHRIFT_OK;
    }

    return check_body(rules, memory, protocol, st, body, err);
}


int
nthrift_check_start(const nthrift_check_rules_t *rules, void *memory,
    unsigned protocol, const nthrift_schema_t *st, nthrift_bytes_t *body,
    nthrift_check_error_t *err)
{
    return check_start(check_state(rules, memory), rules, memory, protocol, st,
                       body, err);
}


/* Ends what the last part has stopped in. */

static int
check_rest(check_t *c)
{
    int  rc;

    if (c->left == 0) {
        return NTHRIFT_OK;
    }

    if (c->text) {
        return check_text_runs(c);
    }

    if (c->bools) {
        return check_bools(c);
    }

    rc = nthrift_token_pass_numbers(c->body, &c->left, c->end);

    return (rc == NTHRIFT_ERROR) ? check_fail(c, "malformed body", "") : rc;
}


int
nthrift_check_part(const nthrift_check_rules_t *rules, void *memory,
    uint64_t bytes)
{
    int       rc;
    check_t  *c;

    c = check_state(rules, memory);

    c->end = nthrift_bytes_offset(c->body) + bytes;

    rc = check_rest(c);

    return (rc == NTHRIFT_OK) ? check_protocols[c->protocol](c) : rc;
}
