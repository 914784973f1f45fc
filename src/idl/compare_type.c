/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/compare_type.c: how two types differ.  Typedefs are what they stand for;
 * they may share containers so that there are 2^60 of them, so each pair of
 * containers is looked at once for each way.
 */

#include "idl/compare.h"


/* What is not told from each other on the wire. */

static nthrift_idl_kind_e
compare_wire(nthrift_idl_kind_e kind)
{
    switch (kind) {

    case NTHRIFT_IDL_ENUM:
        return NTHRIFT_IDL_I32;

    case NTHRIFT_IDL_BINARY:
        return NTHRIFT_IDL_STRING;

    default:
        return kind;
    }
}


/*
 * A binary may be no UTF-8, an i32 no value of an enum: who reads the narrower
 * one may refuse it.
 */

static unsigned
compare_narrow(nthrift_idl_kind_e was, nthrift_idl_kind_e now)
{
    if (was == now) {
        return 0;
    }

    return (now == NTHRIFT_IDL_BINARY || now == NTHRIFT_IDL_I32)
           ? NTHRIFT_COMPARE_OLD_READS : NTHRIFT_COMPARE_NEW_READS;
}


/* Another name is another type where the old name still has one. */

static int
compare_defs(nthrift_compat_t *c, const nthrift_idl_def_t *was,
    const nthrift_idl_def_t *now, unsigned ways, unsigned *bits)
{
    if (!nthrift_str_equal(&was->name, &now->name)
        && nthrift_map_find(&now->program->types, &was->name) != NULL)
    {
        *bits |= NTHRIFT_COMPARE_MEANING;
    }

    return nthrift_compare_meet_defs(c, was, now, ways);
}


static int
compare_containers(nthrift_compat_t *c, const nthrift_idl_type_t *was,
    const nthrift_idl_type_t *now, unsigned ways, unsigned *bits)
{
    int                     rc;
    unsigned                inner;
    nthrift_compat_pair_t  *pair;

    rc = nthrift_compare_meet(c, was, now, &pair);

    if (rc == NTHRIFT_ERROR) {
        return NTHRIFT_ERROR;
    }

    if (rc == NTHRIFT_DECLINED && (pair->ways | ways) == pair->ways) {
        *bits |= pair->bits;
        return NTHRIFT_OK;
    }

    inner = 0;

    if ((was->key != NULL
         && nthrift_compare_types(c, was->key, now->key, ways, &inner)
            != NTHRIFT_OK)
        || nthrift_compare_types(c, was->elem, now->elem, ways, &inner)
           != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    pair->ways |= (uint8_t) ways;
    pair->bits = (uint8_t) inner;
    *bits |= inner;

    return NTHRIFT_OK;
}


int
nthrift_compare_types(nthrift_compat_t *c, const nthrift_idl_type_t *was,
    const nthrift_idl_type_t *now, unsigned ways, unsigned *bits)
{
    was = was->real;
    now = now->real;

    if (compare_wire(was->kind) != compare_wire(now->kind)) {
        *bits |= NTHRIFT_COMPARE_WIRE;
        return NTHRIFT_OK;
    }

    if (was->elem != NULL) {
        return compare_containers(c, was, now, ways, bits);
    }

    if (was->kind == now->kind
        && (was->kind == NTHRIFT_IDL_ENUM || was->kind == NTHRIFT_IDL_STRUCT))
    {
        return compare_defs(c, was->def, now->def, ways, bits);
    }

    *bits |= compare_narrow(was->kind, now->kind);

    return NTHRIFT_OK;
}


static char *
compare_put(char *p, char *last, const char *data, size_t len)
{
    size_t  n;

    n = (size_t) (last - p);
    n = (len < n) ? len : n;

    memcpy(p, data, n);

    return p + n;
}


static char *
compare_put_text(char *p, char *last, const char *text)
{
    return compare_put(p, last, text, strlen(text));
}


/*
 * Writes a type up to `last`.  Each level writes something, so there are no
 * more of them than bytes.
 */

static char *
compare_put_type(char *p, char *last, const nthrift_idl_type_t *type)
{
    type = type->real;

    if (p == last) {
        return p;
    }

    if (type->def != NULL) {
        p = compare_put_text(p, last, nthrift_idl_def_word(type->def));
        p = compare_put_text(p, last, " ");

        return compare_put(p, last, (const char *) type->def->name.data,
                           type->def->name.len);
    }

    p = compare_put_text(p, last, nthrift_idl_kind_word(type->kind));

    if (type->elem == NULL) {
        return p;
    }

    p = compare_put_text(p, last, "<");

    if (type->key != NULL) {
        p = compare_put_type(p, last, type->key);
        p = compare_put_text(p, last, ", ");
    }

    p = compare_put_type(p, last, type->elem);

    return compare_put_text(p, last, ">");
}


/* What is too long ends in "...". */

const char *
nthrift_compare_type_words(char words[NTHRIFT_COMPARE_WORDS],
    const nthrift_idl_type_t *type)
{
    char  *p, *last;

    last = words + NTHRIFT_COMPARE_WORDS - sizeof("...");

    /* a byte more than there may be tells whether it was too long */

    p = compare_put_type(words, last + 1, type);

    if (p > last) {
        p = compare_put_text(last, last + 3, "...");
    }

    *p = '\0';

    return words;
}
