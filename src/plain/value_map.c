/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/value_map.c: a map is an object, if each of its keys can be a key of
 * JSON and none is there twice; else an array of pairs.  That is known when it
 * was read, so that pairs are made of the object that was written.
 */

#include "plain/value.h"


/* Where a member of an object begins; `quoted`: its key is no string. */

struct nthrift_plain_value_member_s {
    size_t    key;
    size_t    value;
    unsigned  quoted;
};


/* [[key,value],...] */

int
nthrift_plain_value_next_pair(nthrift_plain_value_t *v)
{
    nthrift_plain_value_level_t  *level;

    level = &v->levels[v->nlevels - 1];

    if (level->half) {
        level->half = 0;
        nthrift_plain_value_put(v, ",");

        return nthrift_plain_value_element(v, &level->token, level->elem);
    }

    nthrift_plain_value_put(v, level->begun ? "]" : "");

    if (level->token.left == 0) {
        nthrift_plain_value_put(v, "]");
        nthrift_plain_value_pop(v);
        return NTHRIFT_OK;
    }

    nthrift_plain_value_put(v, level->begun ? ",[" : "[");

    level->begun = 1;
    level->half = 1;

    return nthrift_plain_value_element(v, &level->token, level->key);
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


/* A key is written: as a string, if there is one for it. */

static int
value_key_done(nthrift_plain_value_t *v, nthrift_plain_value_object_t *o)
{
    nthrift_plain_value_member_t  *member;

    member = &o->members[o->i];

    if (v->w.error != NULL) {
        return nthrift_plain_value_no_room(v);
    }

    if (v->w.data[member->key] == '{') {
        o->odd = 1;

    } else if (v->w.data[member->key] != '"') {
        value_quote(v, member->key);
        member->quoted = 1;
    }

    o->more += member->quoted ? 0 : 2;

    nthrift_plain_value_put(v, ":");
    member->value = v->w.len;

    return NTHRIFT_OK;
}


/* A string with a 0 byte cannot be a name. */

static int
value_key(nthrift_plain_value_t *v, nthrift_plain_value_level_t *level)
{
    const uint8_t    *p;
    nthrift_token_t   t;

    level->object.members[level->object.i].key = v->w.len;
    level->object.members[level->object.i].quoted = 0;

    if (nthrift_plain_value_token(v, &level->token, &t) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    level->token.left--;
    p = v->p;

    if (nthrift_plain_value_write(v, &t, (level->key != NULL)
                                         ? level->key->real : NULL)
        != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (t.type == NTHRIFT_STRING && t.count != 0
        && memchr(p, '\0', t.count) != NULL)
    {
        level->object.odd = 1;
    }

    return NTHRIFT_OK;
}


/* {key:value,...}, whatever the keys are. */

static int
value_next_member(nthrift_plain_value_t *v, nthrift_plain_value_level_t *level)
{
    nthrift_plain_value_object_t  *o;

    o = &level->object;

    if (level->half) {
        level->half = 0;

        if (value_key_done(v, o) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        o->i++;

        return nthrift_plain_value_element(v, &level->token, level->elem);
    }

    if (level->token.left != 0) {
        nthrift_plain_value_put(v, (o->i == 0) ? "{" : ",");
        level->half = 1;

        return value_key(v, level);
    }

    nthrift_plain_value_put(v, "}");

    if (v->w.error != NULL) {
        return nthrift_plain_value_no_room(v);
    }

    o->members[o->n].key = v->w.len;
    o->i = 0;
    o->step = NTHRIFT_PLAIN_VALUE_TWICE;

    return NTHRIFT_OK;
}


/* The text of a key, ":" not included. */

static nthrift_str_t
value_key_text(const nthrift_plain_value_t *v,
    const nthrift_plain_value_member_t *member)
{
    nthrift_str_t  s;

    s.data = v->w.data + member->key;
    s.len = member->value - 1 - member->key;

    return s;
}


static int
value_slots(nthrift_plain_value_t *v, nthrift_plain_value_object_t *o)
{
    size_t  mask;

    for (mask = 1; mask < (size_t) o->n * 2; mask = mask * 2 + 1) { /* void */ }

    o->mask = mask;
    o->slots = nthrift_arena_alloc(v->arena, (mask + 1) * sizeof(uint32_t));

    return (o->slots != NULL) ? NTHRIFT_OK : nthrift_plain_value_no_memory(v);
}


/* Pairs are made where the object is: each becomes longer, or stays. */

static int
value_start_pairs(nthrift_plain_value_t *v, nthrift_plain_value_object_t *o)
{
    if (o->more != 0 && nthrift_write_reserve(&v->w, o->more) == NULL) {
        return nthrift_plain_value_no_room(v);
    }

    v->w.len += o->more;
    v->w.data[v->w.len - 1] = ']';

    o->step = NTHRIFT_PLAIN_VALUE_MOVE;
    o->i = o->n;
    o->end = v->w.len - 1;

    return NTHRIFT_OK;
}


/* The next key: is it there twice?  Behind the last one all of it is done. */

static int
value_next_key(nthrift_plain_value_t *v, nthrift_plain_value_object_t *o)
{
    size_t         slot;
    nthrift_str_t  key, other;

    if (o->odd) {
        return value_start_pairs(v, o);
    }

    if (o->slots == NULL && value_slots(v, o) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (o->i == o->n) {
        nthrift_plain_value_pop(v);
        return NTHRIFT_OK;
    }

    key = value_key_text(v, &o->members[o->i++]);
    slot = nthrift_map_hash(v->rules->seed, key.data, key.len) & o->mask;

    while (o->slots[slot] != 0) {
        other = value_key_text(v, &o->members[o->slots[slot] - 1]);

        if (nthrift_str_equal(&key, &other)) {
            return value_start_pairs(v, o);
        }

        slot = (slot + 1) & o->mask;
    }

    o->slots[slot] = o->i;

    return NTHRIFT_OK;
}


/* The last member that is not a pair yet: [key,value] before o->end. */

static int
value_next_move(nthrift_plain_value_t *v, nthrift_plain_value_object_t *o,
    size_t *size)
{
    size_t                         key, len, value;
    uint8_t                       *p;
    nthrift_plain_value_member_t  *member;

    if (o->i == 0) {
        nthrift_plain_value_pop(v);
        return NTHRIFT_OK;
    }

    member = &o->members[--o->i];
    key = member->key + member->quoted;
    len = member->value - 1 - member->quoted - key;
    value = member[1].key - 1 - member->value;

    *size -= (*size < value) ? *size : value;

    /* with a quoted key the value's last byte is where "]" will be */

    p = v->w.data + o->end - 1 - value;
    memmove(p, v->w.data + member->value, value);
    p[value] = ']';

    *--p = ',';
    p -= len;
    memmove(p, v->w.data + key, len);

    *--p = '[';
    *--p = (o->i == 0) ? '[' : ',';

    o->end = (size_t) (p - v->w.data);

    return NTHRIFT_OK;
}


int
nthrift_plain_value_next_member(nthrift_plain_value_t *v, size_t *size)
{
    nthrift_plain_value_level_t  *level;

    level = &v->levels[v->nlevels - 1];

    switch (level->object.step) {

    case NTHRIFT_PLAIN_VALUE_MEMBERS:
        return value_next_member(v, level);

    case NTHRIFT_PLAIN_VALUE_TWICE:
        return value_next_key(v, &level->object);

    case NTHRIFT_PLAIN_VALUE_MOVE:
        break;
    }

    return value_next_move(v, &level->object, size);
}


/*
 * An object, if every key can be a key of JSON and none is there twice; else
 * pairs.
 */

static int
value_object(nthrift_plain_value_t *v, const nthrift_token_t *t,
    nthrift_plain_value_object_t *o)
{
    o->n = t->count;

    if (o->n > v->values / 2) {
        return nthrift_plain_value_too_many(v);
    }

    o->members = nthrift_arena_take(v->arena,
                                    ((size_t) o->n + 1)
                                    * sizeof(nthrift_plain_value_member_t));

    return (o->members != NULL) ? NTHRIFT_OK
                                : nthrift_plain_value_no_memory(v);
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
    int                           keys;
    nthrift_plain_value_level_t  *level;

    keys = value_has_keys(t, type);

    if (t->count == 0) {
        nthrift_plain_value_put(v, (type == NULL || keys) ? "{}" : "[]");
        v->depth--;
        return NTHRIFT_OK;
    }

    level = nthrift_plain_value_push(v, keys ? NTHRIFT_PLAIN_VALUE_OBJECT
                                             : NTHRIFT_PLAIN_VALUE_PAIRS);
    if (level == NULL) {
        return NTHRIFT_ERROR;
    }

    level->key = (type != NULL) ? type->key : NULL;
    level->elem = (type != NULL) ? type->elem : NULL;

    nthrift_plain_value_open_container(&level->token, t);

    if (keys) {
        return value_object(v, t, &level->object);
    }

    nthrift_plain_value_put(v, "[");

    return NTHRIFT_OK;
}
