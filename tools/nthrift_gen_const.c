/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_gen_const.c: constants of the IDL, and what structs begin as.
 */

#include "nthrift_gen_value.h"


/* Numbers that are an int can stand in a case label. */

static int
const_int(nthrift_gen_t *gen, const nthrift_idl_const_t *c)
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

    i = nthrift_gen_value_number(kind, nthrift_gen_value_resolve(c->value));

    if (i < INT32_MIN || i > INT32_MAX) {
        return NTHRIFT_DECLINED;
    }

    name = nthrift_gen_const(gen, &c->def);

    nthrift_gen_take(gen, name);
    nthrift_gen_doc(gen, 0, NULL, &c->def.doc);
    nthrift_gen_print(gen, "enum { %s = %ld };\n\n", name, (long) i);

    return NTHRIFT_OK;
}


void
nthrift_gen_consts(nthrift_gen_t *gen)
{
    nthrift_gen_value_t                     v;
    const char                 *name;
    nthrift_gen_text_t                text;
    const nthrift_idl_def_t    *def;
    const nthrift_idl_const_t  *c;

    for (def = gen->program->defs; def != NULL; def = def->next) {
        if (def->kind != NTHRIFT_IDL_DEF_CONST) {
            continue;
        }

        c = (const nthrift_idl_const_t *) def;

        nthrift_gen_at(gen, def, def->pos);

        if (const_int(gen, c) == NTHRIFT_OK) {
            continue;
        }

        name = nthrift_gen_const(gen, def);

        nthrift_gen_value_init(&v, gen, name);
        nthrift_gen_value_open(&text);
        nthrift_gen_value_write(&v, &text, c->type, c->value);
        nthrift_gen_doc(gen, 0, NULL, &def->doc);
        nthrift_gen_value_define(&v, &text, nthrift_gen_ctype(gen, c->type),
                                 name);
    }
}


void
nthrift_gen_init(nthrift_gen_t *gen, const nthrift_idl_struct_t *st,
    const char *base)
{
    nthrift_gen_value_t       v;
    const char   *name;
    nthrift_gen_text_t  text;

    name = nthrift_gen_format(gen, "%s_defaults", base);

    if (nthrift_gen_defaults(gen, st)) {
        nthrift_gen_value_init(&v, gen, name);
        v.depth = 1;
        nthrift_gen_value_open(&text);
        nthrift_gen_image(&v, &text, st, NULL);
        nthrift_gen_value_define(&v, &text,
                                 nthrift_gen_format(gen, "%s_t", base), name);
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
nthrift_gen_copy(nthrift_gen_t *gen, const char *base)
{
    nthrift_gen_take(gen, nthrift_gen_format(gen, "%s_copy", base));
    nthrift_gen_take(gen, nthrift_gen_format(gen, "%s_free", base));

    nthrift_gen_print(gen, "static inline %s_t *\n%s_copy(const %s_t *from)\n"
                      "{\n    return (%s_t *) nthrift_copy(&%s_layout, from);"
                      "\n}\n\n\n", base, base, base, base, base);
    nthrift_gen_print(gen, "static inline void\n%s_free(%s_t *copy)\n"
                      "{\n    free(copy);\n}\n\n\n", base, base);
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


void
nthrift_gen_copies(nthrift_gen_t *gen)
{
    const nthrift_idl_def_t  *def;

    for (def = gen->program->defs; def != NULL; def = def->next) {
        if (def->kind == NTHRIFT_IDL_DEF_STRUCT) {
            nthrift_gen_at(gen, def, def->pos);
            nthrift_gen_copy(gen, nthrift_gen_name(gen, def));
        }
    }
}
