/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_gen_table.c: the tables of bind/table.h, as constants.  Schemas are
 * those that nthrift_schema_build() makes, number by number: both sides of a
 * handler have the same.
 *
 * All are declared before the first of them is defined, for they point to
 * each other in circles.
 */

#include "nthrift_gen.h"


static const char *const  table_types[] = {
    [NTHRIFT_BOOL] = "NTHRIFT_BOOL",
    [NTHRIFT_I8] = "NTHRIFT_I8",
    [NTHRIFT_DOUBLE] = "NTHRIFT_DOUBLE",
    [NTHRIFT_I16] = "NTHRIFT_I16",
    [NTHRIFT_I32] = "NTHRIFT_I32",
    [NTHRIFT_I64] = "NTHRIFT_I64",
    [NTHRIFT_STRING] = "NTHRIFT_STRING",
    [NTHRIFT_STRUCT] = "NTHRIFT_STRUCT",
    [NTHRIFT_MAP] = "NTHRIFT_MAP",
    [NTHRIFT_SET] = "NTHRIFT_SET",
    [NTHRIFT_LIST] = "NTHRIFT_LIST",
    [NTHRIFT_UUID] = "NTHRIFT_UUID"
};

static const char *const  table_reqs[] = {
    [NTHRIFT_SCHEMA_DEFAULT] = "NTHRIFT_SCHEMA_DEFAULT",
    [NTHRIFT_SCHEMA_REQUIRED] = "NTHRIFT_SCHEMA_REQUIRED",
    [NTHRIFT_SCHEMA_OPTIONAL] = "NTHRIFT_SCHEMA_OPTIONAL"
};

static const char *const  table_whats[] = {
    [NTHRIFT_SCHEMA_STRUCT] = "NTHRIFT_SCHEMA_STRUCT",
    [NTHRIFT_SCHEMA_EXCEPTION] = "NTHRIFT_SCHEMA_EXCEPTION",
    [NTHRIFT_SCHEMA_ARGS] = "NTHRIFT_SCHEMA_ARGS",
    [NTHRIFT_SCHEMA_UNION] = "NTHRIFT_SCHEMA_UNION",
    [NTHRIFT_SCHEMA_RESULT] = "NTHRIFT_SCHEMA_RESULT"
};


/* "&nthrift_wire_i32", or "NULL" where there is no such type. */

static const char *
table_ref(nthrift_gen_t *gen, const char *table,
    const nthrift_idl_type_t *type)
{
    if (type == NULL) {
        return "NULL";
    }

    return nthrift_gen_format(gen, "&nthrift_%s_%s", table,
                              nthrift_gen_base(gen, type));
}


/* "&User_schema", of a struct */

static const char *
table_struct(nthrift_gen_t *gen, const char *table,
    const nthrift_idl_type_t *type)
{
    if (type->kind != NTHRIFT_IDL_STRUCT) {
        return "NULL";
    }

    return nthrift_gen_format(gen, "&%s_%s",
                              nthrift_gen_name(gen, type->def), table);
}


static void
table_schema_type(nthrift_gen_t *gen, const nthrift_idl_type_t *type)
{
    const char  *flags, *en;

    type = type->real;
    flags = "0";
    en = "NULL";

    if (type->kind == NTHRIFT_IDL_STRING) {
        flags = "NTHRIFT_SCHEMA_TEXT";
    }

    if (type->kind == NTHRIFT_IDL_ENUM) {
        flags = "NTHRIFT_SCHEMA_ENUM";
        en = nthrift_gen_format(gen, "&nthrift_enum_%s",
                                nthrift_gen_name(gen, type->def));
    }

    nthrift_gen_print(gen, "{ %s, %s, %s, %s, %s, %s }",
                      table_types[nthrift_schema_wire_type(type->kind)], flags,
                      table_ref(gen, "wire", type->key),
                      table_ref(gen, "wire", type->elem),
                      table_struct(gen, "schema", type), en);
}


static void
table_layout_type(nthrift_gen_t *gen, const nthrift_idl_type_t *type,
    int pointer)
{
    const char  *ctype, *entry;

    type = type->real;
    ctype = nthrift_gen_ctype(gen, type);

    if (pointer) {
        ctype = nthrift_gen_format(gen, "const %s *", ctype);
    }

    nthrift_gen_print(gen, "{ sizeof(%s), ", ctype);

    if (type->key != NULL) {
        entry = nthrift_gen_format(gen, "nthrift_%s_entry_t",
                                   nthrift_gen_base(gen, type));
        nthrift_gen_print(gen, "offsetof(%s, value), sizeof(%s), ", entry,
                          entry);

    } else {
        nthrift_gen_print(gen, "0, 0, ");
    }

    nthrift_gen_print(gen, "%d, %s, %s, %s }", pointer,
                      table_ref(gen, "place", type->key),
                      table_ref(gen, "place", type->elem),
                      table_struct(gen, "layout", type));
}


/*
 * "const TYPE  NAME =", which was declared: so it keeps its attributes, which
 * a C++ compiler would refuse here.
 */

static void
table_define(nthrift_gen_t *gen, const char *type, const char *name)
{
    nthrift_gen_declarator(gen, nthrift_gen_format(gen, "const %s", type),
                           name);
    nthrift_gen_print(gen, " =");
}


/* The same of one that has to be declared first. */

static void
table_start(nthrift_gen_t *gen, const char *type, const char *name)
{
    nthrift_gen_extern(gen, type, name);
    table_define(gen, type, name);
}


void
nthrift_gen_element_tables(nthrift_gen_t *gen, const nthrift_idl_type_t *type,
    const char *base)
{
    const char  *wire, *place;

    wire = nthrift_gen_format(gen, "nthrift_wire_%s", base);
    place = nthrift_gen_format(gen, "nthrift_place_%s", base);

    table_start(gen, "nthrift_schema_type_t", wire);
    nthrift_gen_print(gen, "\n    ");
    table_schema_type(gen, type);
    nthrift_gen_print(gen, ";\n\n");

    table_start(gen, "nthrift_layout_type_t", place);
    nthrift_gen_print(gen, "\n    ");
    table_layout_type(gen, type, 0);
    nthrift_gen_print(gen, ";\n");
}


static void
table_schema_fields(nthrift_gen_t *gen, const nthrift_schema_t *schema,
    const nthrift_idl_struct_t *st, const char *base)
{
    size_t                         i;
    const char                    *name;
    const nthrift_idl_field_t     *field;
    const nthrift_schema_field_t  *f;

    name = nthrift_gen_format(gen, "nthrift_fields_%s[%u]", base,
                              (unsigned) schema->n);

    table_start(gen, "nthrift_schema_field_t", name);
    nthrift_gen_print(gen, " {\n");

    f = schema->fields;

    for (i = 0; i < st->n; i++) {
        field = st->by_id[i];

        if (!nthrift_gen_on_wire(field)) {
            continue;
        }

        nthrift_gen_print(gen, "    { nthrift_string(\"%.*s\"),\n      ",
                          nthrift_gen_str(&f->name));
        table_schema_type(gen, field->type);
        nthrift_gen_print(gen, ",\n      %d, %s, %u },\n", f->id,
                          table_reqs[f->req], (unsigned) f->nth);
        f++;
    }

    nthrift_gen_print(gen, "};\n\n");
}


static void
table_schema_index(nthrift_gen_t *gen, const nthrift_schema_t *schema,
    const char *base)
{
    uint32_t     i;
    const char  *name;

    name = nthrift_gen_format(gen, "nthrift_index_%s[%u]", base,
                              (unsigned) schema->n_index);

    table_start(gen, "uint16_t", name);
    nthrift_gen_print(gen, " {");

    for (i = 0; i < schema->n_index; i++) {
        nthrift_gen_print(gen, "%s%u", (i == 0) ? "\n    "
                          : (i % 12 == 0) ? ",\n    " : ", ",
                          (unsigned) schema->index[i]);
    }

    nthrift_gen_print(gen, "\n};\n\n");
}


static void
table_schema(nthrift_gen_t *gen, const nthrift_schema_t *schema,
    const nthrift_idl_struct_t *st, const char *base)
{
    if (schema->n != 0) {
        table_schema_fields(gen, schema, st, base);
    }

    if (schema->n_index != 0) {
        table_schema_index(gen, schema, base);
    }

    table_define(gen, "nthrift_schema_t",
                 nthrift_gen_format(gen, "%s_schema", base));
    nthrift_gen_print(gen, " {\n    nthrift_string(\"%.*s\"),\n"
                      "    %s%s,\n    %s%s,\n",
                      nthrift_gen_str(&schema->name),
                      (schema->n != 0) ? "nthrift_fields_" : "",
                      (schema->n != 0) ? base : "NULL",
                      (schema->n_index != 0) ? "nthrift_index_" : "",
                      (schema->n_index != 0) ? base : "NULL");
    nthrift_gen_print(gen, "    %u, %u, %u, %s, %u\n};\n\n",
                      (unsigned) schema->n, (unsigned) schema->n_index,
                      (unsigned) schema->required, table_whats[schema->what],
                      (unsigned) schema->returns);
}


/* All members of a union are where "u" is. */

static void
table_layout_field(nthrift_gen_t *gen, const nthrift_idl_struct_t *st,
    const nthrift_idl_field_t *field, const char *base)
{
    const char  *member, *has;

    member = nthrift_gen_member(gen, st, field);
    has = "NTHRIFT_LAYOUT_ALWAYS";

    if (nthrift_gen_has(st, field)) {
        has = nthrift_gen_format(gen, "offsetof(%s_t, has_%s)", base, member);
    }

    if (st->what == NTHRIFT_IDL_KIND_UNION) {
        member = "u";
    }

    nthrift_gen_print(gen, "    { offsetof(%s_t, %s),\n      %s,\n      ", base,
                      member, has);
    table_layout_type(gen, field->type, nthrift_gen_pointer(gen, st, field));
    nthrift_gen_print(gen, " },\n");
}


static void
table_layout(nthrift_gen_t *gen, const nthrift_schema_t *schema,
    const nthrift_idl_struct_t *st, const char *base)
{
    size_t       i;
    const char  *name, *fields, *defaults, *which;

    fields = "NULL";

    if (schema->n != 0) {
        fields = nthrift_gen_format(gen, "nthrift_places_%s", base);
        name = nthrift_gen_format(gen, "%s[%u]", fields, (unsigned) schema->n);

        table_start(gen, "nthrift_layout_field_t", name);
        nthrift_gen_print(gen, " {\n");

        for (i = 0; i < st->n; i++) {
            if (nthrift_gen_on_wire(st->by_id[i])) {
                table_layout_field(gen, st, st->by_id[i], base);
            }
        }

        nthrift_gen_print(gen, "};\n\n");
    }

    defaults = nthrift_gen_defaults(gen, st)
               ? nthrift_gen_format(gen, "&%s_defaults", base) : "NULL";
    which = (st->what == NTHRIFT_IDL_KIND_UNION)
            ? nthrift_gen_format(gen, "offsetof(%s_t, field)", base) : "0";

    table_define(gen, "nthrift_layout_t",
                 nthrift_gen_format(gen, "%s_layout", base));
    nthrift_gen_print(gen, " {\n    &%s_schema,\n    %s,\n    %s,\n"
                      "    sizeof(%s_t), %s\n};\n\n", base, fields, defaults,
                      base, which);
}


void
nthrift_gen_declare_tables(nthrift_gen_t *gen, const char *base)
{
    nthrift_gen_extern(gen, "nthrift_schema_t",
                       nthrift_gen_format(gen, "%s_schema", base));
    nthrift_gen_extern(gen, "nthrift_layout_t",
                       nthrift_gen_format(gen, "%s_layout", base));
}


void
nthrift_gen_struct_tables(nthrift_gen_t *gen, const nthrift_idl_struct_t *st,
    const char *base)
{
    const nthrift_schema_t  *schema;

    schema = nthrift_schema_build(&gen->schemas, st);

    if (schema == NULL) {
        (void) nthrift_report_memory(gen->report);
        return;
    }

    table_schema(gen, schema, st, base);
    table_layout(gen, schema, st, base);
}


/* Numbers ascend, each once. */

static void
table_enum(nthrift_gen_t *gen, const nthrift_idl_enum_t *en)
{
    size_t       i;
    unsigned     n;
    const char  *base, *name;

    base = nthrift_gen_name(gen, &en->def);
    n = 0;

    for (i = 0; i < en->n; i++) {
        n += i == 0 || en->by_number[i]->number
                       != en->by_number[i - 1]->number;
    }

    if (n != 0) {
        name = nthrift_gen_format(gen, "nthrift_numbers_%s[%u]", base, n);

        table_start(gen, "int32_t", name);
        nthrift_gen_print(gen, " {\n");

        for (i = 0; i < en->n; i++) {
            if (i == 0
                || en->by_number[i]->number != en->by_number[i - 1]->number)
            {
                nthrift_gen_print(gen, "    %s,\n",
                                  nthrift_gen_item(gen, en->by_number[i]));
            }
        }

        nthrift_gen_print(gen, "};\n\n");
    }

    name = nthrift_gen_format(gen, "nthrift_enum_%s", base);

    table_start(gen, "nthrift_schema_enum_t", name);
    nthrift_gen_print(gen, " {\n    nthrift_string(\"%.*s\"), %s, %u\n};\n\n",
                      nthrift_gen_str(&en->def.name),
                      (n != 0) ? nthrift_gen_format(gen, "nthrift_numbers_%s",
                                                    base) : "NULL", n);
}


/* A type that is named by a definition, for containers of any header. */

static void
table_def_type(nthrift_gen_t *gen, const nthrift_idl_def_t *def,
    nthrift_idl_kind_e kind)
{
    nthrift_idl_type_t  type;

    memset(&type, 0, sizeof(nthrift_idl_type_t));

    type.kind = kind;
    type.real = &type;
    type.def = (nthrift_idl_def_t *) def;

    nthrift_gen_element_tables(gen, &type, nthrift_gen_name(gen, def));
    nthrift_gen_print(gen, "\n");
}


static void
table_declare(nthrift_gen_t *gen)
{
    const nthrift_idl_def_t  *def;

    for (def = gen->program->defs; def != NULL; def = def->next) {
        if (def->kind == NTHRIFT_IDL_DEF_STRUCT) {
            nthrift_gen_at(gen, def, def->pos);
            nthrift_gen_declare_tables(gen, nthrift_gen_name(gen, def));
        }
    }

    nthrift_gen_print(gen, "\n");
}


void
nthrift_gen_tables(nthrift_gen_t *gen)
{
    const nthrift_idl_def_t  *def;

    table_declare(gen);

    for (def = gen->program->defs; def != NULL; def = def->next) {
        nthrift_gen_at(gen, def, def->pos);

        if (def->kind == NTHRIFT_IDL_DEF_ENUM) {
            table_enum(gen, (const nthrift_idl_enum_t *) def);
            table_def_type(gen, def, NTHRIFT_IDL_ENUM);
        }

        if (def->kind == NTHRIFT_IDL_DEF_STRUCT) {
            table_def_type(gen, def, NTHRIFT_IDL_STRUCT);
        }
    }

    nthrift_gen_container_tables(gen);

    for (def = gen->program->defs; def != NULL; def = def->next) {
        if (def->kind == NTHRIFT_IDL_DEF_STRUCT) {
            nthrift_gen_at(gen, def, def->pos);
            nthrift_gen_struct_tables(gen, (const nthrift_idl_struct_t *) def,
                                      nthrift_gen_name(gen, def));
        }
    }
}
