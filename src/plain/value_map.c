/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/value_map.c: a map is an object, if each of its keys can be a key of
 * JSON and none is there twice; else an array of pairs.  That is known when it
 * was read, so that pairs are made of the object that was written.
 */

#include "plain/value.h"


/* Where a member of an object begins; `quoted`: its key is no string. */

typedef struct {
    size_t    key;
    size_t    value;
    unsigned  quoted;
} value_member_t;

typedef struct {
    value_member_t  *members;
    uint32_t         n;
    size_t           start;     /* of the object */
    unsigned         odd;       /* 1: a key is no text that JSON can have */
} value_object_t;


/* [[key,value],...] */

static int
value_pairs(nthrift_plain_value_t *v, const nthrift_token_t *t,
    const nthrift_idl_type_t *type)
{
    const char                *before;
    nthrift_token_level_t      level;
    const nthrift_idl_type_t  *key, *elem;

    key = (type != NULL) ? type->key : NULL;
    elem = (type != NULL) ? type->elem : NULL;

    nthrift_plain_value_open_container(&level, t);

    nthrift_plain_value_put(v, "[");

    for (before = ""; level.left != 0; before = ",") {
        nthrift_plain_value_put(v, before);
        nthrift_plain_value_put(v, "[");

        if (nthrift_plain_value_element(v, &level, key) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        nthrift_plain_value_put(v, ",");

        if (nthrift_plain_value_element(v, &level, elem) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        nthrift_plain_value_put(v, "]");
    }

    nthrift_plain_value_put(v, "]");

    return NTHRIFT_OK;
}


/* Puts quotes around what was written from `at` on. */

static void
value_quote(nthrift_plain_value_t *v, size_t at)
{
    size_t    len;
    uint8_t  *p;

    len = v->w.len - at;

    nthrift_plain_value_put(v, "\"\"");

    if (v->w.error == NULL) {
        p = v->w.data + at;
        memmove(p + 1, p, len);
        p[0] = '"';
    }
}


/* Writes a key as a string, if there is one for it. */

static int
value_key(nthrift_plain_value_t *v, nthrift_token_level_t *level,
    const nthrift_idl_type_t *type, value_object_t *o, value_member_t *member)
{
    nthrift_token_t  t;
    const uint8_t   *data;

    member->key = v->w.len;

    if (nthrift_plain_value_token(v, level, &t) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    level->left--;
    data = v->p;

    if (nthrift_plain_value_write(v, &t, type) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (v->w.error != NULL) {
        return nthrift_plain_value_no_room(v);
    }

    if (v->w.data[member->key] == '{') {
        o->odd = 1;

    } else if (v->w.data[member->key] != '"') {
        value_quote(v, member->key);
        member->quoted = 1;

    } else if (t.type == NTHRIFT_STRING && t.count != 0
               && memchr(data, '\0', t.count) != NULL)
    {
        o->odd = 1;
    }

    return NTHRIFT_OK;
}


/* Writes {key:value,...}, whatever the keys are. */

static int
value_members(nthrift_plain_value_t *v, const nthrift_token_t *t,
    const nthrift_idl_type_t *type, value_object_t *o)
{
    nthrift_token_level_t      level;
    value_member_t            *member;
    const nthrift_idl_type_t  *key, *elem;

    key = (type != NULL) ? type->key->real : NULL;
    elem = (type != NULL) ? type->elem : NULL;

    nthrift_plain_value_open_container(&level, t);

    for (member = o->members; level.left != 0; member++) {
        nthrift_plain_value_put(v, (member == o->members) ? "{" : ",");

        if (value_key(v, &level, key, o, member) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        nthrift_plain_value_put(v, ":");
        member->value = v->w.len;

        if (nthrift_plain_value_element(v, &level, elem) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }
    }

    nthrift_plain_value_put(v, "}");

    member->key = v->w.len;

    return (v->w.error == NULL) ? NTHRIFT_OK : nthrift_plain_value_no_room(v);
}


/* The text of a key, ":" not included. */

static nthrift_str_t
value_key_text(const nthrift_plain_value_t *v, const value_member_t *member)
{
    nthrift_str_t  s;

    s.data = v->w.data + member->key;
    s.len = member->value - 1 - member->key;

    return s;
}


/* 1 if two keys are the same, 0, or NTHRIFT_ERROR: no memory. */

static int
value_has_twice(nthrift_plain_value_t *v, const value_object_t *o)
{
    size_t         mask, slot;
    uint32_t       i, *table;
    nthrift_str_t  key, other;

    for (mask = 1; mask < (size_t) o->n * 2; mask = mask * 2 + 1) { /* void */ }

    table = nthrift_arena_alloc(v->arena, (mask + 1) * sizeof(uint32_t));

    if (table == NULL) {
        return nthrift_plain_value_no_memory(v);
    }

    for (i = 0; i < o->n; i++) {
        key = value_key_text(v, &o->members[i]);
        slot = nthrift_map_hash(v->rules->seed, key.data, key.len) & mask;

        while (table[slot] != 0) {
            other = value_key_text(v, &o->members[table[slot] - 1]);

            if (nthrift_str_equal(&key, &other)) {
                return 1;
            }

            slot = (slot + 1) & mask;
        }

        table[slot] = i + 1;
    }

    return 0;
}


/* Makes pairs of an object: [[key,value],...] */

static int
value_make_pairs(nthrift_plain_value_t *v, const value_object_t *o)
{
    size_t           key, end;
    uint8_t         *copy;
    uint32_t         i;
    value_member_t  *member;

    copy = nthrift_arena_copy(v->arena, v->w.data + o->start,
                              v->w.len - o->start);
    if (copy == NULL) {
        return nthrift_plain_value_no_memory(v);
    }

    v->w.len = o->start;

    for (i = 0; i < o->n; i++) {
        member = &o->members[i];
        key = member->key + member->quoted;
        end = member[1].key - 1;

        nthrift_plain_value_put(v, (i == 0) ? "[[" : ",[");
        nthrift_write_bytes(&v->w, copy + (key - o->start),
                            member->value - 1 - member->quoted - key);
        nthrift_plain_value_put(v, ",");
        nthrift_write_bytes(&v->w, copy + (member->value - o->start),
                            end - member->value);
        nthrift_plain_value_put(v, "]");
    }

    nthrift_plain_value_put(v, "]");

    return NTHRIFT_OK;
}


/*
 * An object, if every key can be a key of JSON and none is there twice; else
 * pairs.
 */

static int
value_object(nthrift_plain_value_t *v, const nthrift_token_t *t,
    const nthrift_idl_type_t *type)
{
    int             twice;
    value_object_t  o;

    memset(&o, 0, sizeof(value_object_t));

    o.n = t->count;
    o.start = v->w.len;

    if (o.n > v->values / 2) {
        return nthrift_plain_value_too_many(v);
    }

    o.members = nthrift_arena_alloc(v->arena,
                                    ((size_t) o.n + 1)
                                    * sizeof(value_member_t));
    if (o.members == NULL) {
        return nthrift_plain_value_no_memory(v);
    }

    if (value_members(v, t, type, &o) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    twice = value_has_twice(v, &o);

    if (twice == NTHRIFT_ERROR) {
        return NTHRIFT_ERROR;
    }

    return (twice || o.odd) ? value_make_pairs(v, &o) : NTHRIFT_OK;
}


int
nthrift_plain_value_has_keys(const nthrift_idl_type_t *type)
{
    nthrift_idl_kind_e  kind;

    kind = type->key->real->kind;

    return kind == NTHRIFT_IDL_STRING || kind == NTHRIFT_IDL_ENUM
           || (kind >= NTHRIFT_IDL_I8 && kind <= NTHRIFT_IDL_DOUBLE);
}


static int
value_has_keys(const nthrift_token_t *t, const nthrift_idl_type_t *type)
{
    unsigned  key;

    if (type != NULL) {
        return nthrift_plain_value_has_keys(type);
    }

    key = t->key;

    return key == NTHRIFT_I8 || key == NTHRIFT_I16 || key == NTHRIFT_I32
           || key == NTHRIFT_I64 || key == NTHRIFT_DOUBLE
           || key == NTHRIFT_STRING;
}


int
nthrift_plain_value_map(nthrift_plain_value_t *v, const nthrift_token_t *t,
    const nthrift_idl_type_t *type)
{
    if (t->count == 0) {
        nthrift_plain_value_put(v, (type == NULL || value_has_keys(t, type))
                                   ? "{}" : "[]");
        return NTHRIFT_OK;
    }

    return value_has_keys(t, type) ? value_object(v, t, type)
                                   : value_pairs(v, t, type);
}
