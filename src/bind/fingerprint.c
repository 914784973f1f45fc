/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/fingerprint.c: what a method is, as one number.  "nthrift gen" writes
 * it into a handler; whoever loads the handler compares, and asks difference.c
 * if they are not the same.
 *
 * Structs name each other in circles: they are numbered as they are met and
 * put on a list, not followed by recursion.  Types nest as deeply as the IDL
 * front end allows, but typedefs may share them so that there are 2^60 of
 * them: each container is looked at once.  Whether a type is shared changes
 * nothing in the number.
 */

#include "bind/fingerprint.h"

#include "bind/meet.h"


/* Changes when the same method shall get another number. */

#define FINGERPRINT_SEED  0x6e74687269667431    /* "nthrift1" */


typedef struct {
    nthrift_meet_t   meet;
    uint64_t         structs;   /* met so far */
} fingerprint_t;


/*
 * The number.  What was hashed so far is the seed for what comes next; each
 * piece is hashed together with its length, so that none runs into another.
 */

static uint64_t
fingerprint_add(uint64_t hash, uint64_t value)
{
    int      i;
    uint8_t  bytes[8];

    for (i = 0; i < 8; i++) {
        bytes[i] = (uint8_t) (value >> (8 * i));
    }

    return nthrift_map_hash(hash, bytes, sizeof(bytes));
}


static uint64_t
fingerprint_add_name(uint64_t hash, const nthrift_str_t *name)
{
    return nthrift_map_hash(hash, name->data, name->len);
}


static int
fingerprint_number(fingerprint_t *f, const nthrift_schema_t *st,
    uint64_t *number)
{
    int                   rc;
    nthrift_meet_memo_t  *memo;

    rc = nthrift_meet_add(&f->meet, st, NULL, &memo);

    if (rc == NTHRIFT_ERROR) {
        return NTHRIFT_ERROR;
    }

    if (rc == NTHRIFT_OK) {
        memo->u.number = ++f->structs;
        nthrift_meet_wait(&f->meet, memo);
    }

    *number = memo->u.number;

    return NTHRIFT_OK;
}


static int fingerprint_container(fingerprint_t *f,
    const nthrift_schema_type_t *type, uint64_t *hash);


static int
fingerprint_type(fingerprint_t *f, const nthrift_schema_type_t *type,
    uint64_t *hash)
{
    uint64_t  number;

    if (type->elem != NULL) {
        return fingerprint_container(f, type, hash);
    }

    *hash = fingerprint_add(FINGERPRINT_SEED,
                            (uint64_t) type->type << 8 | type->flags);

    if (type->en != NULL) {
        *hash = fingerprint_add_name(*hash, &type->en->name);
    }

    if (type->st == NULL) {
        return NTHRIFT_OK;
    }

    if (fingerprint_number(f, type->st, &number) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    *hash = fingerprint_add(*hash, number);

    return NTHRIFT_OK;
}


/*
 * A container that is met again is what it was: the structs in it have their
 * numbers.
 */

static int
fingerprint_container(fingerprint_t *f, const nthrift_schema_type_t *type,
    uint64_t *hash)
{
    int                   rc;
    uint64_t              key, elem;
    nthrift_meet_memo_t  *memo;

    rc = nthrift_meet_add(&f->meet, type, NULL, &memo);

    if (rc == NTHRIFT_DECLINED) {
        *hash = memo->u.hash;
        return NTHRIFT_OK;
    }

    key = 0;

    if (rc != NTHRIFT_OK
        || (type->key != NULL
            && fingerprint_type(f, type->key, &key) != NTHRIFT_OK)
        || fingerprint_type(f, type->elem, &elem) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    *hash = fingerprint_add(FINGERPRINT_SEED, type->type);
    *hash = fingerprint_add(*hash, key);
    *hash = fingerprint_add(*hash, elem);

    memo->u.hash = *hash;

    return NTHRIFT_OK;
}


static int
fingerprint_struct(fingerprint_t *f, const nthrift_schema_t *st,
    uint64_t *hash)
{
    uint32_t                       i;
    uint64_t                       type;
    const nthrift_schema_field_t  *field;

    *hash = fingerprint_add(*hash, st->what);
    *hash = fingerprint_add(*hash, st->n);
    *hash = fingerprint_add_name(*hash, &st->name);

    for (i = 0; i < st->n; i++) {
        field = &st->fields[i];

        if (fingerprint_type(f, &field->type, &type) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        *hash = fingerprint_add(*hash, (uint64_t) (uint16_t) field->id << 8
                                       | field->req);
        *hash = fingerprint_add(*hash, type);
        *hash = fingerprint_add_name(*hash, &field->name);
    }

    return NTHRIFT_OK;
}


uint64_t
nthrift_fingerprint(nthrift_arena_t *arena, const nthrift_str_t *name,
    const nthrift_schema_t *args, const nthrift_schema_t *result)
{
    uint64_t              hash, number;
    fingerprint_t         f;
    nthrift_meet_memo_t  *memo;

    nthrift_meet_init(&f.meet, arena);
    f.structs = 0;

    hash = fingerprint_add_name(FINGERPRINT_SEED, name);
    hash = fingerprint_add(hash, result != NULL);

    if (fingerprint_number(&f, args, &number) != NTHRIFT_OK
        || (result != NULL
            && fingerprint_number(&f, result, &number) != NTHRIFT_OK))
    {
        return 0;
    }

    for (memo = f.meet.first; memo != NULL; memo = memo->next) {
        if (fingerprint_struct(&f, memo->met[0], &hash) != NTHRIFT_OK) {
            return 0;
        }
    }

    return (hash != 0) ? hash : 1;
}
