/*
 * nthrift_gen_value.c: constants of the IDL, and what structs begin as, as
 * constants of C.
 *
 * A value is written as one text; arrays that it points to are constants of
 * their own, which are defined before it.  The loader has checked that values
 * fit their types, and how deeply they nest; but a struct's value has the
 * defaults of its fields in it, and these have theirs.
 */

#include "nthrift_gen.h"
#include "nthrift_text.h"

#include <math.h>
#include <stdlib.h>


/* Bytes of a literal that every C compiler takes: C11, 5.2.4.1. */

#define VALUE_LITERAL  4095

#define VALUE_BYTES    16       /* in a line */


/* Defaults that are being written, one in the other. */

typedef struct value_frame_s  value_frame_t;

struct value_frame_s {
    const nthrift_idl_field_t  *field;
    const value_frame_t        *up;
};


/* A constant that is being written, and what it points to. */

typedef struct {
    nthrift_gen_t        *gen;
    const char           *base;         /* of the names of arrays */
    unsigned              n;            /* names so far */
    unsigned              depth;
    unsigned              failed:1;     /* an error was reported */
    const value_frame_t  *frame;
} value_t;


/* Its text. */

typedef struct {
    FILE                 *out;
    char                 *text;
    size_t                size;
    int                   designated;   /* it names a member of a union: what
                                           C++ has since C++20 only */
} value_text_t;


static void  value_write(value_t *v, value_text_t *t,
    const nthrift_idl_type_t *type, const nthrift_idl_value_t *value);
static void  value_struct(value_t *v, value_text_t *t,
    const nthrift_idl_struct_t *st, const nthrift_idl_value_t *value);


static void
value_open(value_t *v, value_text_t *t)
{
    memset(t, 0, sizeof(value_text_t));

    t->out = open_memstream(&t->text, &t->size);

    if (t->out == NULL) {
        fprintf(stderr, "nthrift: not enough memory\n");
        exit(1);
    }

    (void) v;
}


/* Defines the constant that has this text. */

static void
value_close(value_t *v, value_text_t *t, const char *type, const char *name)
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


static const nthrift_idl_value_t *
value_resolve(const nthrift_idl_value_t *value)
{
    while (value->kind == NTHRIFT_IDL_VALUE_CONST) {
        value = value->ref->value;
    }

    return value;
}


/* Numbers that do not fit, of which the loader warned, lose their head. */

static int64_t
value_number(nthrift_idl_kind_e kind, const nthrift_idl_value_t *value)
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

    d = (value->kind == NTHRIFT_IDL_VALUE_DOUBLE)
        ? value->u.d : (double) value_number(NTHRIFT_IDL_I64, value);

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
    (void) nthrift_text_uuid_read((char *) s->data, s->len, uuid);

    for (i = 0; i < sizeof(uuid); i++) {
        fprintf(out, "%s0x%02x", (i == 0) ? "{ { " : ", ", uuid[i]);
    }

    fprintf(out, " } }");
}


static const char *
value_name(value_t *v)
{
    return nthrift_gen_format(v->gen, "nthrift_value_%s_%u", v->base, ++v->n);
}


static void
value_string(value_t *v, value_text_t *t, const nthrift_str_t *s)
{
    size_t         i;
    const char    *name;
    value_text_t   bytes;

    if (s->len <= VALUE_LITERAL) {
        fprintf(t->out, "nthrift_string(");
        nthrift_gen_literal(t->out, s);
        fprintf(t->out, ")");
        return;
    }

    value_open(v, &bytes);

    for (i = 0; i < s->len; i++) {
        fprintf(bytes.out, "%s0x%02x", (i == 0) ? "{\n    "
                : (i % VALUE_BYTES == 0) ? ",\n    " : ",", s->data[i]);
    }

    fprintf(bytes.out, "\n}");

    name = value_name(v);
    value_close(v, &bytes, "uint8_t",
                nthrift_gen_format(v->gen, "%s[%lu]", name,
                                   (unsigned long) s->len));

    fprintf(t->out, "{ %lu, (uint8_t *) %s }", (unsigned long) s->len, name);
}


/* The items of a list, a set or a map stand in an array. */

static void
value_items(value_t *v, value_text_t *t, const nthrift_idl_type_t *type,
    const nthrift_idl_value_t *value)
{
    const char                 *ctype, *name;
    value_text_t                items;
    const nthrift_idl_value_t  *elem;

    if (value->u.list.n == 0) {
        fprintf(t->out, "{ 0, NULL }");
        return;
    }

    value_open(v, &items);

    for (elem = value->u.list.first; elem != NULL; elem = elem->next) {
        fprintf(items.out, (elem == value->u.list.first) ? "{\n    "
                                                         : ",\n    ");
        if (type->key != NULL) {
            fprintf(items.out, "{ ");
            value_write(v, &items, type->key, elem);
            fprintf(items.out, ", ");
            elem = elem->next;
        }

        value_write(v, &items, type->elem, elem);

        if (type->key != NULL) {
            fprintf(items.out, " }");
        }
    }

    fprintf(items.out, "\n}");

    ctype = (type->key != NULL)
            ? nthrift_gen_format(v->gen, "nthrift_%s_entry_t",
                                 nthrift_gen_base(v->gen, type))
            : nthrift_gen_ctype(v->gen, type->elem->real);

    name = value_name(v);
    value_close(v, &items, ctype,
                nthrift_gen_format(v->gen, "%s[%lu]", name,
                                   (unsigned long) value->u.list.n));

    fprintf(t->out, "{ %lu, %s }", (unsigned long) value->u.list.n, name);
}


/* Whether there may be one more: what is written grows without end else. */

static int
value_enter(value_t *v)
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
value_write_kind(value_t *v, value_text_t *t, const nthrift_idl_type_t *type,
    const nthrift_idl_value_t *value)
{
    int64_t  i;

    switch (type->kind) {

    case NTHRIFT_IDL_BOOL:
        fprintf(t->out, value_number(type->kind, value) ? "true" : "false");
        return;

    case NTHRIFT_IDL_I8:
    case NTHRIFT_IDL_I16:
    case NTHRIFT_IDL_I32:
        fprintf(t->out, "%ld", (long) value_number(type->kind, value));
        return;

    case NTHRIFT_IDL_ENUM:
        if (value->item != NULL) {
            fprintf(t->out, "%s", nthrift_gen_item(v->gen, value->item));
            return;
        }

        fprintf(t->out, "%ld", (long) value_number(type->kind, value));
        return;

    case NTHRIFT_IDL_I64:
        i = value_number(type->kind, value);

        if (i == INT64_MIN) {
            fprintf(t->out, "INT64_MIN");
            return;
        }

        fprintf(t->out, "INT64_C(%lld)", (long long) i);
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
        value_struct(v, t, (const nthrift_idl_struct_t *) type->def, value);
        return;

    case NTHRIFT_IDL_VOID:
    case NTHRIFT_IDL_TYPEDEF:
    case NTHRIFT_IDL_NAMED:
        return;
    }
}


static void
value_write(value_t *v, value_text_t *t, const nthrift_idl_type_t *type,
    const nthrift_idl_value_t *value)
{
    if (value_enter(v) != NTHRIFT_OK) {
        return;
    }

    value_write_kind(v, t, type->real, value_resolve(value));

    v->depth--;
}


/* What a value has for a field, or NULL; of two, the last one. */

static const nthrift_idl_value_t *
value_find(const nthrift_idl_value_t *value, const nthrift_idl_field_t *field)
{
    const nthrift_idl_value_t  *key, *found;

    if (value == NULL) {
        return NULL;
    }

    found = NULL;

    for (key = value->u.list.first; key != NULL; key = key->next->next) {
        if (nthrift_str_equal(&value_resolve(key)->u.s, &field->name)) {
            found = key->next;
        }
    }

    return found;
}


/* A field without a value; a struct in it has defaults nevertheless. */

static void
value_zero(value_t *v, value_text_t *t, const nthrift_idl_type_t *type,
    int pointer)
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

    if (value_enter(v) == NTHRIFT_OK) {
        value_struct(v, t, nthrift_gen_struct_of(type), NULL);
        v->depth--;
    }
}


/* What a pointer points to is a constant of its own. */

static void
value_member(value_t *v, value_text_t *t, const nthrift_idl_type_t *type,
    const nthrift_idl_value_t *value, int pointer)
{
    const char    *name;
    value_text_t   to;

    if (!pointer) {
        value_write(v, t, type, value);
        return;
    }

    value_open(v, &to);
    value_write(v, &to, type, value);

    name = value_name(v);
    value_close(v, &to, nthrift_gen_ctype(v->gen, type), name);

    fprintf(t->out, "&%s", name);
}


/* A field's value: that of `value`, or its default. */

static void
value_field(value_t *v, value_text_t *t, const nthrift_idl_struct_t *st,
    const nthrift_idl_field_t *field, const nthrift_idl_value_t *value)
{
    int                   pointer;
    value_frame_t         frame;
    const value_frame_t  *f;

    pointer = nthrift_gen_pointer(v->gen, st, field);

    if (value != NULL) {
        value_member(v, t, field->type, value, pointer);
        return;
    }

    if (field->value == NULL) {
        value_zero(v, t, field->type, pointer);
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
    value_member(v, t, field->type, field->value, pointer);
    v->frame = frame.up;
}


/* A union has the field that is given, else the one that has a default. */

static void
value_union(value_t *v, value_text_t *t, const nthrift_idl_struct_t *st,
    const nthrift_idl_value_t *value)
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

        if ((value != NULL) ? value_find(value, first) != NULL
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
        value_zero(v, t, first->type, nthrift_gen_pointer(v->gen, st, first));
        fprintf(t->out, " } }");

    } else if (field == first) {
        fprintf(t->out, "{ %d, { ", (int) field->id);
        value_field(v, t, st, field, value_find(value, field));
        fprintf(t->out, " } }");

    } else {
        t->designated = 1;
        fprintf(t->out, "{ %d, { .%s = ", (int) field->id,
                nthrift_gen_member(v->gen, st, field));
        value_field(v, t, st, field, value_find(value, field));
        fprintf(t->out, " } }");
    }
}


static void
value_struct(value_t *v, value_text_t *t, const nthrift_idl_struct_t *st,
    const nthrift_idl_value_t *value)
{
    size_t                      i;
    const char                 *sep;
    const nthrift_idl_field_t  *field;
    const nthrift_idl_value_t  *given;

    if (st->what == NTHRIFT_IDL_KIND_UNION) {
        value_union(v, t, st, value);
        return;
    }

    sep = "{ ";

    for (i = 0; i < st->n; i++) {
        field = st->fields[i];

        if (!nthrift_gen_on_wire(field)) {
            continue;
        }

        given = value_find(value, field);

        if (nthrift_gen_has(st, field)) {
            fprintf(t->out, "%s%s", sep, (given != NULL || field->value != NULL)
                                         ? "true" : "false");
            sep = ", ";
        }

        fprintf(t->out, "%s", sep);
        value_field(v, t, st, field, given);
        sep = ", ";
    }

    fprintf(t->out, (*sep == '{') ? "{ 0 }" : " }");
}


static void
value_init(value_t *v, nthrift_gen_t *gen, const char *base)
{
    memset(v, 0, sizeof(value_t));

    v->gen = gen;
    v->base = base;
}


/* Numbers that are an int can stand in a case label. */

static int
value_const_int(nthrift_gen_t *gen, const nthrift_idl_const_t *c)
{
    int64_t              i;
    const char          *name;
    nthrift_idl_kind_e   kind;

    kind = c->type->real->kind;

    if ((kind < NTHRIFT_IDL_BOOL || kind > NTHRIFT_IDL_I64)
        && kind != NTHRIFT_IDL_ENUM)
    {
        return NTHRIFT_DECLINED;
    }

    i = value_number(kind, value_resolve(c->value));

    if (i < INT32_MIN || i > INT32_MAX) {
        return NTHRIFT_DECLINED;
    }

    name = nthrift_gen_const(gen, &c->def);

    nthrift_gen_take(gen, name);
    nthrift_gen_print(gen, "enum { %s = %ld };\n\n", name, (long) i);

    return NTHRIFT_OK;
}


void
nthrift_gen_consts(nthrift_gen_t *gen)
{
    value_t                     v;
    const char                 *name;
    value_text_t                text;
    const nthrift_idl_def_t    *def;
    const nthrift_idl_const_t  *c;

    for (def = gen->program->defs; def != NULL; def = def->next) {
        if (def->kind != NTHRIFT_IDL_DEF_CONST) {
            continue;
        }

        c = (const nthrift_idl_const_t *) def;

        nthrift_gen_at(gen, def, def->pos);
        nthrift_gen_doc(gen, 0, NULL, &def->doc);

        if (value_const_int(gen, c) == NTHRIFT_OK) {
            continue;
        }

        name = nthrift_gen_const(gen, def);

        value_init(&v, gen, name);
        value_open(&v, &text);
        value_write(&v, &text, c->type, c->value);
        value_close(&v, &text, nthrift_gen_ctype(gen, c->type), name);
    }
}


void
nthrift_gen_init(nthrift_gen_t *gen, const nthrift_idl_struct_t *st,
    const char *base)
{
    value_t       v;
    const char   *name;
    value_text_t  text;

    name = nthrift_gen_format(gen, "%s_defaults", base);

    if (nthrift_gen_defaults(gen, st)) {
        value_init(&v, gen, name);
        value_open(&v, &text);
        value_struct(&v, &text, st, NULL);
        value_close(&v, &text, nthrift_gen_format(gen, "%s_t", base), name);
    }

    nthrift_gen_take(gen, nthrift_gen_format(gen, "%s_init", base));
    nthrift_gen_print(gen, "static inline void\n%s_init(%s_t *value)\n{\n",
                      base, base);

    if (nthrift_gen_defaults(gen, st)) {
        nthrift_gen_print(gen, "    *value = %s;\n}\n\n\n", name);

    } else {
        nthrift_gen_print(gen, "    memset(value, 0, sizeof(%s_t));\n}\n\n\n",
                          base);
    }
}


void
nthrift_gen_inits(nthrift_gen_t *gen)
{
    const nthrift_idl_def_t  *def;

    for (def = gen->program->defs; def != NULL; def = def->next) {
        if (def->kind == NTHRIFT_IDL_DEF_STRUCT) {
            nthrift_gen_at(gen, def, def->pos);
            nthrift_gen_init(gen, (const nthrift_idl_struct_t *) def,
                             nthrift_gen_name(gen, def));
        }
    }
}
