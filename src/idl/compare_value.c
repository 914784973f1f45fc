/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/compare_value.c: whether values of constants and defaults are the same,
 * however they are written.
 */

#include "idl/compare.h"

#include <stdio.h>


/* What a value is that names a constant. */

static const nthrift_idl_value_t *
value_real(const nthrift_idl_value_t *value)
{
    return (value->kind == NTHRIFT_IDL_VALUE_CONST) ? value->ref->last->value
                                                    : value;
}


static int
value_is_number(const nthrift_idl_value_t *value)
{
    return value->kind == NTHRIFT_IDL_VALUE_INT
           || value->kind == NTHRIFT_IDL_VALUE_DOUBLE
           || value->kind == NTHRIFT_IDL_VALUE_ITEM;
}


static int64_t
value_integer(const nthrift_idl_value_t *value)
{
    return (value->kind == NTHRIFT_IDL_VALUE_ITEM) ? value->item->number
                                                   : value->u.i;
}


/* 1 and 1.0 are the same where a double is declared. */

static int
value_same_number(const nthrift_idl_value_t *was,
    const nthrift_idl_value_t *now)
{
    double  a, b;

    if (was->kind != NTHRIFT_IDL_VALUE_DOUBLE
        && now->kind != NTHRIFT_IDL_VALUE_DOUBLE)
    {
        return value_integer(was) == value_integer(now);
    }

    a = (was->kind == NTHRIFT_IDL_VALUE_DOUBLE) ? was->u.d
                                                : (double) value_integer(was);
    b = (now->kind == NTHRIFT_IDL_VALUE_DOUBLE) ? now->u.d
                                                : (double) value_integer(now);

    return !(a < b) && !(a > b);
}


static int
value_same_list(nthrift_compat_t *c, const nthrift_idl_value_t *was,
    const nthrift_idl_value_t *now)
{
    const nthrift_idl_value_t  *a, *b;

    a = was->u.list.first;
    b = now->u.list.first;

    for ( /* void */ ; a != NULL && b != NULL; a = a->next, b = b->next) {
        if (!nthrift_compare_values(c, a, b)) {
            return 0;
        }
    }

    return a == NULL && b == NULL;
}


/* A map's keys may stand in another order. */

static int
value_has_entry(nthrift_compat_t *c, const nthrift_idl_value_t *map,
    const nthrift_idl_value_t *key)
{
    const nthrift_idl_value_t  *k;

    for (k = map->u.list.first; k != NULL; k = k->next->next) {
        if (nthrift_compare_values(c, k, key)) {
            return nthrift_compare_values(c, k->next, key->next);
        }
    }

    return 0;
}


static int
value_same_map(nthrift_compat_t *c, const nthrift_idl_value_t *was,
    const nthrift_idl_value_t *now)
{
    const nthrift_idl_value_t  *k;

    if (was->u.list.n != now->u.list.n) {
        return 0;
    }

    if (value_same_list(c, was, now)) {
        return 1;
    }

    for (k = was->u.list.first; k != NULL; k = k->next->next) {
        if (!value_has_entry(c, now, k)) {
            return 0;
        }
    }

    return 1;
}


/*
 * Names of constants end nowhere deeper than the loader allows, so do we; but
 * they may stand for many values.
 */

int
nthrift_compare_values(nthrift_compat_t *c, const nthrift_idl_value_t *was,
    const nthrift_idl_value_t *now)
{
    if (was == NULL || now == NULL) {
        return was == now;
    }

    if (c->values == NTHRIFT_COMPAT_VALUES) {
        return 1;
    }

    c->values++;

    was = value_real(was);
    now = value_real(now);

    if (value_is_number(was) && value_is_number(now)) {
        return value_same_number(was, now);
    }

    if (was->kind != now->kind) {

        /* [] and {} are the same where a container is declared */

        return (was->kind == NTHRIFT_IDL_VALUE_LIST
                || was->kind == NTHRIFT_IDL_VALUE_MAP)
               && (now->kind == NTHRIFT_IDL_VALUE_LIST
                   || now->kind == NTHRIFT_IDL_VALUE_MAP)
               && was->u.list.n == 0 && now->u.list.n == 0;
    }

    switch (was->kind) {

    case NTHRIFT_IDL_VALUE_STRING:
        return nthrift_str_equal(&was->u.s, &now->u.s);

    case NTHRIFT_IDL_VALUE_LIST:
        return value_same_list(c, was, now);

    case NTHRIFT_IDL_VALUE_MAP:
        return value_same_map(c, was, now);

    case NTHRIFT_IDL_VALUE_INT:
    case NTHRIFT_IDL_VALUE_DOUBLE:
    case NTHRIFT_IDL_VALUE_CONST:
    case NTHRIFT_IDL_VALUE_ITEM:
    case NTHRIFT_IDL_VALUE_NAMED:
        break;
    }

    return 0;
}


/* In quotes, printable ASCII; what is too long ends in "...". */

static void
value_put_string(char words[NTHRIFT_COMPARE_WORDS], const nthrift_str_t *s)
{
    size_t   i;
    char    *p, *last;

    p = words;
    last = words + NTHRIFT_COMPARE_WORDS - sizeof("\\xff\"...");

    *p++ = '"';

    for (i = 0; i < s->len && p < last; i++) {
        if (s->data[i] >= 0x20 && s->data[i] < 0x7f) {
            *p++ = (char) s->data[i];

        } else {
            p += sprintf(p, "\\x%02x", s->data[i]);
        }
    }

    strcpy(p, (i < s->len) ? "\"..." : "\"");
}


const char *
nthrift_compare_value_words(char words[NTHRIFT_COMPARE_WORDS],
    const nthrift_idl_value_t *value)
{
    if (value == NULL) {
        return "none";
    }

    value = value_real(value);

    switch (value->kind) {

    case NTHRIFT_IDL_VALUE_INT:
        (void) snprintf(words, NTHRIFT_COMPARE_WORDS, "%lld",
                        (long long) value->u.i);
        return words;

    case NTHRIFT_IDL_VALUE_DOUBLE:
        (void) snprintf(words, NTHRIFT_COMPARE_WORDS, "%.17g", value->u.d);
        return words;

    case NTHRIFT_IDL_VALUE_ITEM:
        (void) snprintf(words, NTHRIFT_COMPARE_WORDS, "%.*s (%d)",
                        nthrift_report_str(&value->item->name),
                        (int) value->item->number);
        return words;

    case NTHRIFT_IDL_VALUE_STRING:
        value_put_string(words, &value->u.s);
        return words;

    case NTHRIFT_IDL_VALUE_LIST:
    case NTHRIFT_IDL_VALUE_MAP:
    case NTHRIFT_IDL_VALUE_CONST:
    case NTHRIFT_IDL_VALUE_NAMED:
        break;
    }

    return NULL;
}
