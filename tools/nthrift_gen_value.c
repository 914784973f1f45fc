/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_gen_value.c: values of all types but structs: see
 * nthrift_gen_value.h.
 */

#include "nthrift_gen_value.h"

#include "plain/text.h"

#include <math.h>
#include <stdlib.h>


/* Bytes of a literal that every C compiler takes: C11, 5.2.4.1. */

#define VALUE_LITERAL  4095

#define VALUE_BYTES    16       /* in a line */


void
nthrift_gen_value_init(nthrift_gen_value_t *v, nthrift_gen_t *gen,
    const char *base)
{
    memset(v, 0, sizeof(nthrift_gen_value_t));

    v->gen = gen;
    v->base = base;
}


void
nthrift_gen_value_open(nthrift_gen_text_t *t)
{
    memset(t, 0, sizeof(nthrift_gen_text_t));

    t->out = open_memstream(&t->text, &t->size);

    if (t->out == NULL) {
        fprintf(stderr, "nthrift: not enough memory\n");
        exit(1);
    }
}


void
nthrift_gen_value_define(nthrift_gen_value_t *v, nthrift_gen_text_t *t,
    const char *type, const char *name)
{
    if (fclose(t->out) != 0) {
        (void) nthrift_report_memory(v->gen->report);
    }

    nthrift_gen_extern(v->gen, type, name);
    nthrift_gen_print(v->gen, "%s", t->designated ? "__extension__ " : "");
    nthrift_gen_declarator(v->gen, nthrift_gen_format(v->gen, "const %s",
                                                      type), name);
    nthrift_gen_print(v->gen, " = %s;\n\n", t->text);
    free(t->text);
}


const nthrift_idl_value_t *
nthrift_gen_value_resolve(const nthrift_idl_value_t *value)
{
    while (value->kind == NTHRIFT_IDL_VALUE_CONST) {
        value = value->ref->value;
    }

    return value;
}


/* Numbers that do not fit, of which the loader warned, lose their head. */

int64_t
nthrift_gen_value_number(nthrift_idl_kind_e kind,
    const nthrift_idl_value_t *value)
{
    int64_t  i;

    i = (value->kind == NTHRIFT_IDL_VALUE_ITEM) ? value->item->number
                                                : value->u.i;
    switch (kind) {

    case NTHRIFT_IDL_BOOL:
        return i != 0;

    case NTHRIFT_IDL_I8:
        return (int8_t) i;

    case NTHRIFT_IDL_I16:
        return (int16_t) i;

    case NTHRIFT_IDL_I32:
    case NTHRIFT_IDL_ENUM:
        return (int32_t) i;

    default:
        return i;
    }
}


static void
value_double(FILE *out, const nthrift_idl_value_t *value)
{
    char    text[32];
    double  d;

    d = (value->kind == NTHRIFT_IDL_VALUE_DOUBLE) ? value->u.d
        : (double) nthrift_gen_value_number(NTHRIFT_IDL_I64, value);

    if (!isfinite(d)) {
        fprintf(out, "%s__builtin_inf()", (d < 0) ? "-" : "");
        return;
    }

    (void) snprintf(text, sizeof(text), "%.17g", d);

    fprintf(out, "%s%s", text, (strpbrk(text, ".e") == NULL) ? ".0" : "");
}


static void
value_uuid(FILE *out, const nthrift_str_t *s)
{
    size_t   i;
    uint8_t  uuid[16];

    memset(uuid, 0, sizeof(uuid));
    (void) nthrift_plain_text_uuid_read((char *) s->data, s->len, uuid);

    for (i = 0; i < sizeof(uuid); i++) {
        fprintf(out, "%s0x%02x", (i == 0) ? "{ { " : ", ", uuid[i]);
    }

    fprintf(out, " } }");
}


const char *
nthrift_gen_value_name(nthrift_gen_value_t *v)
{
    return nthrift_gen_format(v->gen, "nthrift_value_%s_%u", v->base, ++v->n);
}


static void
value_string(nthrift_gen_value_t *v, nthrift_gen_text_t *t,
    const nthrift_str_t *s)
{
    size_t         i;
    const char    *name;
    nthrift_gen_text_t   bytes;

    if (s->len <= VALUE_LITERAL) {
        fprintf(t->out, "nthrift_string(");
        nthrift_gen_literal(t->out, s);
        fprintf(t->out, ")");
        return;
    }

    nthrift_gen_value_open(&bytes);

    for (i = 0; i < s->len; i++) {
        fprintf(bytes.out, "%s0x%02x", (i == 0) ? "{\n    "
                : (i % VALUE_BYTES == 0) ? ",\n    " : ",", s->data[i]);
    }

    fprintf(bytes.out, "\n}");

    name = nthrift_gen_value_name(v);
    nthrift_gen_value_define(v, &bytes, "uint8_t",
                nthrift_gen_format(v->gen, "%s[%lu]", name,
                                   (unsigned long) s->len));

    fprintf(t->out, "{ %lu, (uint8_t *) %s }", (unsigned long) s->len, name);
}


/* The items of a list, a set or a map stand in an array. */

static void
value_items(nthrift_gen_value_t *v, nthrift_gen_text_t *t,
    const nthrift_idl_type_t *type, const nthrift_idl_value_t *value)
{
    const char                 *ctype, *name;
    nthrift_gen_text_t                items;
    const nthrift_idl_value_t  *elem;

    if (value->u.list.n == 0) {
        fprintf(t->out, "{ 0, NULL }");
        return;
    }

    nthrift_gen_value_open(&items);

    for (elem = value->u.list.first; elem != NULL; elem = elem->next) {
        fprintf(items.out, (elem == value->u.list.first) ? "{\n    "
                                                         : ",\n    ");
        if (type->key != NULL) {
            fprintf(items.out, "{ ");
            nthrift_gen_value_write(v, &items, type->key, elem);
            fprintf(items.out, ", ");
            elem = elem->next;
        }

        nthrift_gen_value_write(v, &items, type->elem, elem);

        if (type->key != NULL) {
            fprintf(items.out, " }");
        }
    }

    fprintf(items.out, "\n}");

    ctype = (type->key != NULL)
            ? nthrift_gen_format(v->gen, "nthrift_%s_entry_t",
                                 nthrift_gen_base(v->gen, type))
            : nthrift_gen_ctype(v->gen, type->elem->real);

    name = nthrift_gen_value_name(v);
    nthrift_gen_value_define(v, &items, ctype,
                nthrift_gen_format(v->gen, "%s[%lu]", name,
                                   (unsigned long) value->u.list.n));

    fprintf(t->out, "{ %lu, %s }", (unsigned long) value->u.list.n, name);
}


/* Whether there may be one more: what is written grows without end else. */

int
nthrift_gen_value_enter(nthrift_gen_value_t *v)
{
    if (v->failed) {
        return NTHRIFT_ERROR;
    }

    if (v->depth >= NTHRIFT_LOADER_CEILING) {
        v->failed = 1;
        return nthrift_gen_error(v->gen, "the value is nested deeper than %d "
                                 "levels in C", NTHRIFT_LOADER_CEILING);
    }

    if (v->gen->values >= NTHRIFT_GEN_VALUES) {
        v->failed = 1;
        return nthrift_gen_error(v->gen, "constants and defaults have more "
                                 "than %d values in C", NTHRIFT_GEN_VALUES);
    }

    v->gen->values++;
    v->depth++;

    return NTHRIFT_OK;
}


static void
value_number(nthrift_gen_value_t *v, nthrift_gen_text_t *t,
    nthrift_idl_kind_e kind, const nthrift_idl_value_t *value)
{
    int64_t  i;

    i = nthrift_gen_value_number(kind, value);

    if (kind == NTHRIFT_IDL_BOOL) {
        fprintf(t->out, i ? "true" : "false");

    } else if (kind == NTHRIFT_IDL_ENUM && value->item != NULL) {
        fprintf(t->out, "%s", nthrift_gen_item(v->gen, value->item));

    } else if (kind != NTHRIFT_IDL_I64) {
        fprintf(t->out, "%ld", (long) i);

    } else if (i == INT64_MIN) {
        fprintf(t->out, "INT64_MIN");

    } else {
        fprintf(t->out, "INT64_C(%lld)", (long long) i);
    }
}


static void
value_write(nthrift_gen_value_t *v, nthrift_gen_text_t *t,
    const nthrift_idl_type_t *type, const nthrift_idl_value_t *value)
{
    switch (type->kind) {

    case NTHRIFT_IDL_BOOL:
    case NTHRIFT_IDL_I8:
    case NTHRIFT_IDL_I16:
    case NTHRIFT_IDL_I32:
    case NTHRIFT_IDL_I64:
    case NTHRIFT_IDL_ENUM:
        value_number(v, t, type->kind, value);
        return;

    case NTHRIFT_IDL_DOUBLE:
        value_double(t->out, value);
        return;

    case NTHRIFT_IDL_STRING:
    case NTHRIFT_IDL_BINARY:
        value_string(v, t, &value->u.s);
        return;

    case NTHRIFT_IDL_UUID:
        value_uuid(t->out, &value->u.s);
        return;

    case NTHRIFT_IDL_LIST:
    case NTHRIFT_IDL_SET:
    case NTHRIFT_IDL_MAP:
        value_items(v, t, type, value);
        return;

    case NTHRIFT_IDL_STRUCT:
        nthrift_gen_image(v, t, nthrift_gen_struct_of(type), value);
        return;

    case NTHRIFT_IDL_VOID:
    case NTHRIFT_IDL_TYPEDEF:
    case NTHRIFT_IDL_NAMED:
        return;
    }
}


void
nthrift_gen_value_write(nthrift_gen_value_t *v, nthrift_gen_text_t *t,
    const nthrift_idl_type_t *type, const nthrift_idl_value_t *value)
{
    if (nthrift_gen_value_enter(v) != NTHRIFT_OK) {
        return;
    }

    value_write(v, t, type->real, nthrift_gen_value_resolve(value));

    v->depth--;
}
