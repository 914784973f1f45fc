/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_gen_container.c: types without a name of their own.  A list of i32
 * is "nthrift_list_i32_t" in every header that has one, and each can be
 * included with each: so what is written of it stands between #ifndef and
 * #endif.  Typedefs make no difference.
 */

#include "nthrift_gen.h"


/* A name that grows: types that typedefs nest could make it 2^60 bytes. */

typedef struct {
    nthrift_gen_t  *gen;
    size_t          len;
    char            text[NTHRIFT_GEN_NAME];
} container_name_t;


static const char *const  container_words[] = {
    [NTHRIFT_IDL_BOOL] = "bool",
    [NTHRIFT_IDL_I8] = "i8",
    [NTHRIFT_IDL_I16] = "i16",
    [NTHRIFT_IDL_I32] = "i32",
    [NTHRIFT_IDL_I64] = "i64",
    [NTHRIFT_IDL_DOUBLE] = "double",
    [NTHRIFT_IDL_STRING] = "string",
    [NTHRIFT_IDL_BINARY] = "binary",
    [NTHRIFT_IDL_UUID] = "uuid",
    [NTHRIFT_IDL_LIST] = "list",
    [NTHRIFT_IDL_SET] = "set",
    [NTHRIFT_IDL_MAP] = "map",
    [NTHRIFT_IDL_ENUM] = "",
    [NTHRIFT_IDL_STRUCT] = "",
    [NTHRIFT_IDL_TYPEDEF] = ""
};

static const char *const  container_types[] = {
    [NTHRIFT_IDL_VOID] = "void",
    [NTHRIFT_IDL_BOOL] = "bool",
    [NTHRIFT_IDL_I8] = "int8_t",
    [NTHRIFT_IDL_I16] = "int16_t",
    [NTHRIFT_IDL_I32] = "int32_t",
    [NTHRIFT_IDL_I64] = "int64_t",
    [NTHRIFT_IDL_DOUBLE] = "double",
    [NTHRIFT_IDL_STRING] = "nthrift_str_t",
    [NTHRIFT_IDL_BINARY] = "nthrift_str_t",
    [NTHRIFT_IDL_UUID] = "nthrift_uuid_t"
};


static int
container_add(container_name_t *name, const char *text)
{
    size_t  len;

    len = strlen(text);

    if (len >= sizeof(name->text) - name->len) {
        return NTHRIFT_ERROR;
    }

    memcpy(name->text + name->len, text, len + 1);
    name->len += len;

    return NTHRIFT_OK;
}


/* "map_string_list_User"; as deep as the loader lets types be. */

static int
container_build(container_name_t *name, const nthrift_idl_type_t *type)
{
    type = type->real;

    if (type->def != NULL) {
        return container_add(name, nthrift_gen_name(name->gen, type->def));
    }

    if (container_add(name, container_words[type->kind]) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (type->key != NULL
        && (container_add(name, "_") != NTHRIFT_OK
            || container_build(name, type->key) != NTHRIFT_OK))
    {
        return NTHRIFT_ERROR;
    }

    if (type->elem != NULL
        && (container_add(name, "_") != NTHRIFT_OK
            || container_build(name, type->elem) != NTHRIFT_OK))
    {
        return NTHRIFT_ERROR;
    }

    return NTHRIFT_OK;
}


const char *
nthrift_gen_base(nthrift_gen_t *gen, const nthrift_idl_type_t *type)
{
    container_name_t  name;

    name.gen = gen;
    name.len = 0;
    name.text[0] = '\0';

    if (container_build(&name, type) != NTHRIFT_OK) {
        nthrift_gen_error(gen, "the name of the type in C has more than %d "
                          "bytes", NTHRIFT_GEN_NAME - 1);
        return "too_long";
    }

    return nthrift_gen_format(gen, "%s", name.text);
}


const char *
nthrift_gen_ctype(nthrift_gen_t *gen, const nthrift_idl_type_t *type)
{
    if (type->def != NULL) {
        return nthrift_gen_format(gen, "%s_t",
                                  nthrift_gen_name(gen, type->def));
    }

    if (type->elem == NULL) {
        return container_types[type->kind];
    }

    return nthrift_gen_format(gen, "nthrift_%s_t", nthrift_gen_base(gen, type));
}


/* Of types whose names are equal: so there is an end to it. */

static int
container_same(const nthrift_idl_type_t *a, const nthrift_idl_type_t *b)
{
    a = a->real;
    b = b->real;

    if (a == b) {
        return 1;
    }

    if (a->kind != b->kind || a->def != b->def) {
        return 0;
    }

    if (a->key != NULL && !container_same(a->key, b->key)) {
        return 0;
    }

    return a->elem == NULL || container_same(a->elem, b->elem);
}


/*
 * What is known of a type: the same for all types of that name, also in other
 * headers, for they are one type in C.  NULL: they are not.
 */

static nthrift_gen_container_t *
container_find(nthrift_gen_t *gen, const nthrift_idl_type_t *type)
{
    nthrift_str_t             key;
    nthrift_gen_container_t  *c;

    key.data = (uint8_t *) nthrift_gen_base(gen, type);
    key.len = strlen((char *) key.data);

    c = nthrift_map_find(&gen->containers, &key);

    if (c == NULL) {
        c = nthrift_gen_alloc(gen, sizeof(nthrift_gen_container_t));

        c->type = type;
        c->name = (char *) key.data;
        c->pos = gen->pos;

        if (nthrift_map_add(&gen->containers, &key, c) == NTHRIFT_ERROR) {
            (void) nthrift_report_memory(gen->report);
        }
    }

    if (!container_same(c->type, type)) {
        nthrift_gen_error(gen, "the type \"nthrift_%.*s_t\" in C would be two "
                          "types; rename what it is made of, or let its name "
                          "begin otherwise, with --prefix FILE=NAME",
                          NTHRIFT_REPORT_QUOTE, c->name);
        return NULL;
    }

    return c;
}


/* Adds a type, and before it those of its elements, unless they are there. */

static void
container_collect(nthrift_gen_t *gen, const nthrift_idl_type_t *type,
    int element)
{
    nthrift_gen_container_t  *c;

    type = type->real;

    if (type->def != NULL || (type->elem == NULL && !element)) {
        return;
    }

    c = container_find(gen, type);

    if (c == NULL || c->program == gen->program) {
        return;
    }

    c->program = gen->program;

    if (type->key != NULL) {
        container_collect(gen, type->key, 1);
    }

    if (type->elem != NULL) {
        container_collect(gen, type->elem, 1);
    }

    c->next = NULL;
    *gen->types_end = c;
    gen->types_end = &c->next;
}


static void
container_collect_fields(nthrift_gen_t *gen, const nthrift_idl_struct_t *st)
{
    size_t  i;

    for (i = 0; i < st->n; i++) {
        nthrift_gen_at(gen, st->fields[i], st->fields[i]->pos);
        container_collect(gen, st->fields[i]->type, 0);
    }
}


static void
container_collect_methods(nthrift_gen_t *gen,
    const nthrift_idl_service_t *service)
{
    const nthrift_idl_method_t  *method;

    for (method = service->methods; method != NULL; method = method->next) {
        container_collect_fields(gen, method->args);

        if (method->result != NULL) {
            nthrift_gen_at(gen, method, method->pos);
            container_collect_fields(gen, method->result);
        }
    }
}


void
nthrift_gen_collect(nthrift_gen_t *gen)
{
    const nthrift_idl_def_t  *def;

    gen->types = NULL;
    gen->types_end = &gen->types;

    for (def = gen->program->defs; def != NULL; def = def->next) {
        nthrift_gen_at(gen, def, def->pos);

        switch (def->kind) {

        case NTHRIFT_IDL_DEF_CONST:
            container_collect(gen, ((const nthrift_idl_const_t *) def)->type,
                              0);
            break;

        case NTHRIFT_IDL_DEF_TYPEDEF:
            container_collect(gen, ((const nthrift_idl_typedef_t *) def)->type,
                              0);
            break;

        case NTHRIFT_IDL_DEF_STRUCT:
            container_collect_fields(gen, (const nthrift_idl_struct_t *) def);
            break;

        case NTHRIFT_IDL_DEF_SERVICE:
            container_collect_methods(gen,
                                      (const nthrift_idl_service_t *) def);
            break;

        case NTHRIFT_IDL_DEF_ENUM:
            break;
        }
    }
}


/* Items are pointed to: their type may be incomplete. */

static void
container_typedef(nthrift_gen_t *gen, const nthrift_gen_container_t *c)
{
    const char  *item;

    item = nthrift_gen_ctype(gen, c->type->elem->real);

    nthrift_gen_at(gen, c, c->pos);
    nthrift_gen_take(gen, nthrift_gen_format(gen, "nthrift_%s_t", c->name));

    nthrift_gen_print(gen, "#ifndef NTHRIFT_TYPE_%s\n"
                      "#define NTHRIFT_TYPE_%s\n", c->name, c->name);

    if (c->type->key != NULL) {
        item = nthrift_gen_format(gen, "nthrift_%s_entry_t", c->name);

        nthrift_gen_take(gen, item);
        nthrift_gen_take(gen, nthrift_gen_format(gen, "nthrift_%s_entry_s",
                                                 c->name));
        nthrift_gen_print(gen, "typedef struct nthrift_%s_entry_s  %s;\n",
                          c->name, item);
    }

    nthrift_gen_print(gen, "typedef struct {\n"
                      "    size_t  n;\n"
                      "    const %s  *items;\n"
                      "} nthrift_%s_t;\n"
                      "#endif\n\n", item, c->name);
}


void
nthrift_gen_containers(nthrift_gen_t *gen)
{
    const nthrift_gen_container_t  *c;

    for (c = gen->types; c != NULL; c = c->next) {
        if (c->type->elem != NULL) {
            container_typedef(gen, c);
        }
    }
}


void
nthrift_gen_entries(nthrift_gen_t *gen)
{
    const nthrift_gen_container_t  *c;

    for (c = gen->types; c != NULL; c = c->next) {
        if (c->type->key == NULL) {
            continue;
        }

        nthrift_gen_print(gen, "#ifndef NTHRIFT_ENTRY_%s\n"
                          "#define NTHRIFT_ENTRY_%s\n"
                          "struct nthrift_%s_entry_s {\n"
                          "    %s  key;\n"
                          "    %s  value;\n"
                          "};\n"
                          "#endif\n\n", c->name, c->name, c->name,
                          nthrift_gen_ctype(gen, c->type->key->real),
                          nthrift_gen_ctype(gen, c->type->elem->real));
    }
}


void
nthrift_gen_container_tables(nthrift_gen_t *gen)
{
    const nthrift_gen_container_t  *c;

    for (c = gen->types; c != NULL; c = c->next) {
        nthrift_gen_at(gen, c, c->pos);
        nthrift_gen_print(gen, "#ifndef NTHRIFT_TABLE_%s\n"
                          "#define NTHRIFT_TABLE_%s\n", c->name, c->name);
        nthrift_gen_element_tables(gen, c->type, c->name);
        nthrift_gen_print(gen, "#endif\n\n");
    }
}
