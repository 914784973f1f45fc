/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_gen_image.c: values of structs and unions, with the defaults of what
 * is not given.
 */

#include "nthrift_gen_value.h"


/* What a value has for a field, or NULL; of two, the last one. */

static const nthrift_idl_value_t *
image_find(const nthrift_idl_value_t *value, const nthrift_idl_field_t *field)
{
    const nthrift_str_t        *name;
    const nthrift_idl_value_t  *key, *found;

    if (value == NULL) {
        return NULL;
    }

    found = NULL;

    for (key = value->u.list.first; key != NULL; key = key->next->next) {
        name = &nthrift_gen_value_resolve(key)->u.s;

        if (nthrift_str_equal(name, &field->name)) {
            found = key->next;
        }
    }

    return found;
}


/* A field without a value; a struct in it has defaults nevertheless. */

static void
image_zero(nthrift_gen_value_t *v, nthrift_gen_text_t *t,
    const nthrift_idl_type_t *type, int pointer)
{
    static const char *const  zeros[] = {
        [NTHRIFT_IDL_BOOL] = "false",
        [NTHRIFT_IDL_I8] = "0",
        [NTHRIFT_IDL_I16] = "0",
        [NTHRIFT_IDL_I32] = "0",
        [NTHRIFT_IDL_I64] = "0",
        [NTHRIFT_IDL_DOUBLE] = "0.0",
        [NTHRIFT_IDL_STRING] = "{ 0, NULL }",
        [NTHRIFT_IDL_BINARY] = "{ 0, NULL }",
        [NTHRIFT_IDL_UUID] = "{ { 0 } }",
        [NTHRIFT_IDL_LIST] = "{ 0, NULL }",
        [NTHRIFT_IDL_SET] = "{ 0, NULL }",
        [NTHRIFT_IDL_MAP] = "{ 0, NULL }",
        [NTHRIFT_IDL_ENUM] = "0"
    };

    if (pointer) {
        fprintf(t->out, "NULL");
        return;
    }

    if (type->real->kind != NTHRIFT_IDL_STRUCT) {
        fprintf(t->out, "%s", zeros[type->real->kind]);
        return;
    }

    if (nthrift_gen_value_enter(v) == NTHRIFT_OK) {
        nthrift_gen_image(v, t, nthrift_gen_struct_of(type), NULL);
        v->depth--;
    }
}


/* What a pointer points to is a constant of its own. */

static void
image_member(nthrift_gen_value_t *v, nthrift_gen_text_t *t,
    const nthrift_idl_type_t *type, const nthrift_idl_value_t *value,
    int pointer)
{
    const char    *name;
    nthrift_gen_text_t   to;

    if (!pointer) {
        nthrift_gen_value_write(v, t, type, value);
        return;
    }

    nthrift_gen_value_open(&to);
    nthrift_gen_value_write(v, &to, type, value);

    name = nthrift_gen_value_name(v);
    nthrift_gen_value_define(v, &to, nthrift_gen_ctype(v->gen, type), name);

    fprintf(t->out, "&%s", name);
}


/* A field's value: that of `value`, or its default. */

static void
image_field(nthrift_gen_value_t *v, nthrift_gen_text_t *t,
    const nthrift_idl_struct_t *st, const nthrift_idl_field_t *field,
    const nthrift_idl_value_t *value)
{
    int                   pointer;
    nthrift_gen_frame_t         frame;
    const nthrift_gen_frame_t  *f;

    pointer = nthrift_gen_pointer(v->gen, st, field);

    if (value != NULL) {
        image_member(v, t, field->type, value, pointer);
        return;
    }

    if (field->value == NULL) {
        image_zero(v, t, field->type, pointer);
        return;
    }

    for (f = v->frame; f != NULL; f = f->up) {
        if (f->field == field) {
            v->failed = 1;
            nthrift_gen_error(v->gen, "the default of \"%.*s\" has itself in "
                              "it: there is no such value in C",
                              nthrift_report_str(&field->name));
            return;
        }
    }

    frame.field = field;
    frame.up = v->frame;

    v->frame = &frame;
    image_member(v, t, field->type, field->value, pointer);
    v->frame = frame.up;
}


/* A union has the field that is given, else the one that has a default. */

static void
image_union(nthrift_gen_value_t *v, nthrift_gen_text_t *t,
    const nthrift_idl_struct_t *st, const nthrift_idl_value_t *value)
{
    size_t                      i;
    const nthrift_idl_field_t  *field, *first;

    field = NULL;
    first = NULL;

    for (i = st->n; i-- > 0; ) {
        if (!nthrift_gen_on_wire(st->fields[i])) {
            continue;
        }

        first = st->fields[i];

        if ((value != NULL) ? image_find(value, first) != NULL
                            : first->value != NULL)
        {
            field = first;
        }
    }

    if (value != NULL && value->u.list.n > 1) {
        v->failed = 1;
        nthrift_gen_error(v->gen, "the value of union \"%.*s\" has more than "
                          "one field", nthrift_report_str(&st->def.name));
        return;
    }

    if (field == NULL && first == NULL) {
        fprintf(t->out, "{ 0, { 0 } }");

    } else if (field == NULL) {
        fprintf(t->out, "{ 0, { ");
        image_zero(v, t, first->type, nthrift_gen_pointer(v->gen, st, first));
        fprintf(t->out, " } }");

    } else if (field == first) {
        fprintf(t->out, "{ %d, { ", (int) field->id);
        image_field(v, t, st, field, image_find(value, field));
        fprintf(t->out, " } }");

    } else {
        t->designated = 1;
        fprintf(t->out, "{ %d, { .%s = ", (int) field->id,
                nthrift_gen_member(v->gen, st, field));
        image_field(v, t, st, field, image_find(value, field));
        fprintf(t->out, " } }");
    }
}


void
nthrift_gen_image(nthrift_gen_value_t *v, nthrift_gen_text_t *t,
    const nthrift_idl_struct_t *st, const nthrift_idl_value_t *value)
{
    int                         has;
    size_t                      i;
    const char                 *first, *next, *sep;
    const nthrift_idl_field_t  *field;
    const nthrift_idl_value_t  *given;

    if (st->what == NTHRIFT_IDL_KIND_UNION) {
        image_union(v, t, st, value);
        return;
    }

    first = (v->depth == 1) ? "{\n    " : "{ ";
    next = (v->depth == 1) ? ",\n    " : ", ";
    sep = first;

    for (i = 0; i < st->n; i++) {
        field = st->fields[i];

        if (!nthrift_gen_on_wire(field)) {
            continue;
        }

        given = image_find(value, field);
        has = (given != NULL || field->value != NULL);

        if (nthrift_gen_has(st, field)) {
            fprintf(t->out, "%s%s", sep, has ? "true" : "false");
            sep = next;
        }

        fprintf(t->out, "%s", sep);
        image_field(v, t, st, field, given);
        sep = next;
    }

    if (sep == first) {
        fprintf(t->out, "{ 0 }");

    } else {
        fprintf(t->out, (v->depth == 1) ? "\n}" : " }");
    }
}
