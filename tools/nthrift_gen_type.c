/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_gen_type.c: enums, typedefs, structs, unions and exceptions as types
 * of C, and the names of their members.
 */

#include "nthrift_gen.h"


/* A line of a struct. */

typedef struct {
    const char           *type;
    const char           *name;
    int                   pointer;
    const nthrift_str_t  *doc;
} type_member_t;


static const nthrift_str_t  type_no_doc = { 0, NULL };


int
nthrift_gen_on_wire(const nthrift_idl_field_t *field)
{
    return field->id >= INT16_MIN && field->id <= INT16_MAX;
}


int
nthrift_gen_has(const nthrift_idl_struct_t *st,
    const nthrift_idl_field_t *field)
{
    switch (st->what) {

    case NTHRIFT_IDL_KIND_STRUCT:
    case NTHRIFT_IDL_KIND_EXCEPTION:
    case NTHRIFT_IDL_KIND_ARGS:
        return field->req == NTHRIFT_IDL_OPTIONAL;

    case NTHRIFT_IDL_KIND_RESULT:
        return 1;

    case NTHRIFT_IDL_KIND_UNION:
    case NTHRIFT_IDL_KIND_THROWS:
    case NTHRIFT_IDL_KIND_XSD_ATTRS:
        break;
    }

    return 0;
}


/* Whether there is a field whose "has_..." is called "has_" and `rest`. */

static int
type_has_named(nthrift_gen_t *gen, const nthrift_idl_struct_t *st,
    const nthrift_str_t *rest, const nthrift_str_t *name)
{
    const char                 *member;
    const nthrift_idl_field_t  *other;

    other = nthrift_idl_field_by_name(st, name);

    if (other == NULL || !nthrift_gen_has(st, other)
        || !nthrift_gen_on_wire(other))
    {
        return 0;
    }

    member = nthrift_gen_member(gen, st, other);

    return strlen(member) == rest->len
           && memcmp(member, rest->data, rest->len) == 0;
}


/*
 * Whether a name is that of another field's "has_..."; as deep as there are
 * "has_" in it.  The other's member may have got a "_".
 */

static int
type_is_has(nthrift_gen_t *gen, const nthrift_idl_struct_t *st,
    const nthrift_idl_field_t *field)
{
    nthrift_str_t  rest, name;

    if (field->name.len <= 4 || memcmp(field->name.data, "has_", 4) != 0) {
        return 0;
    }

    rest.data = field->name.data + 4;
    rest.len = field->name.len - 4;

    if (type_has_named(gen, st, &rest, &rest)) {
        return 1;
    }

    name = rest;
    name.len--;

    return rest.data[name.len] == '_'
           && type_has_named(gen, st, &rest, &name);
}


/* An exception of a result may be called as what the method returns is. */

static int
type_is_success(const nthrift_idl_struct_t *st,
    const nthrift_idl_field_t *field)
{
    static const nthrift_str_t  success = nthrift_string("success");

    return st->what == NTHRIFT_IDL_KIND_RESULT && st->n != 0
           && field != st->fields[0]
           && nthrift_str_equal(&field->name, &success)
           && nthrift_str_equal(&st->fields[0]->name, &success);
}


const char *
nthrift_gen_member(nthrift_gen_t *gen, const nthrift_idl_struct_t *st,
    const nthrift_idl_field_t *field)
{
    const char  *word;

    word = nthrift_gen_word(gen, &field->name);

    if (type_is_has(gen, st, field) || type_is_success(st, field)) {
        return nthrift_gen_format(gen, "%s_", word);
    }

    return word;
}


static void
type_add(nthrift_gen_t *gen, nthrift_map_t *names, type_member_t *member,
    const nthrift_idl_field_t *field)
{
    nthrift_str_t  name;

    name.data = (uint8_t *) member->name;
    name.len = strlen(member->name);

    switch (nthrift_map_add(names, &name, member)) {

    case NTHRIFT_DECLINED:
        nthrift_gen_at(gen, field, field->pos);
        nthrift_gen_error(gen, "the name \"%.*s\" in C is also that of another "
                          "member; rename one", NTHRIFT_REPORT_QUOTE,
                          member->name);
        break;

    case NTHRIFT_ERROR:
        (void) nthrift_report_memory(gen->report);
        break;
    }
}


/* The members for the fields of a struct; room is for two of each field. */

static size_t
type_members(nthrift_gen_t *gen, const nthrift_idl_struct_t *st,
    type_member_t *members)
{
    size_t                      i;
    nthrift_map_t               names;
    type_member_t              *m;
    const nthrift_idl_field_t  *field;

    m = members;

    nthrift_map_init(&names, gen->arena, 0);

    for (i = 0; i < st->n; i++) {
        field = st->fields[i];

        if (!nthrift_gen_on_wire(field)) {
            continue;
        }

        m->doc = &field->doc;

        if (nthrift_gen_has(st, field)) {
            m->type = "bool";
            m->name = nthrift_gen_format(gen, "has_%s",
                                         nthrift_gen_member(gen, st, field));
            type_add(gen, &names, m, field);
            m++;
            m->doc = &type_no_doc;
        }

        m->type = nthrift_gen_ctype(gen, field->type);
        m->pointer = nthrift_gen_pointer(gen, st, field);

        if (m->pointer) {
            m->type = nthrift_gen_format(gen, "const %s", m->type);
        }

        m->name = nthrift_gen_member(gen, st, field);
        type_add(gen, &names, m, field);
        m++;
    }

    return (size_t) (m - members);
}


static void
type_print_members(nthrift_gen_t *gen, const type_member_t *members, size_t n,
    int indent)
{
    int     column, width;
    size_t  i;

    column = 0;

    for (i = 0; i < n; i++) {
        width = (int) strlen(members[i].type) + 2 + members[i].pointer;
        column = (width > column) ? width : column;
    }

    for (i = 0; i < n; i++) {
        nthrift_gen_print(gen, "%s", (i != 0 && members[i].doc->len != 0)
                                     ? "\n" : "");
        nthrift_gen_doc(gen, indent, NULL, members[i].doc);
        nthrift_gen_print(gen, "%*s%-*s%s%s;\n", indent, "",
                          column - members[i].pointer, members[i].type,
                          members[i].pointer ? "*" : "", members[i].name);
    }

    if (n == 0) {
        nthrift_gen_print(gen, "%*schar  nothing_;\n", indent, "");
    }
}


/* "Value_field_number = 1", ... */

static void
type_union_fields(nthrift_gen_t *gen, const nthrift_idl_struct_t *st,
    const char *base)
{
    size_t                      i;
    const char                 *name;
    const nthrift_idl_field_t  *field;

    name = nthrift_gen_format(gen, "%s_no_field", base);

    nthrift_gen_take(gen, name);
    nthrift_gen_print(gen, "enum {\n    %s = 0", name);

    for (i = 0; i < st->n; i++) {
        field = st->fields[i];

        if (!nthrift_gen_on_wire(field)) {
            continue;
        }

        if (field->id == 0) {
            nthrift_gen_at(gen, field, field->pos);
            nthrift_gen_error(gen, "a union's field 0 cannot be told from none "
                              "in C");
        }

        name = nthrift_gen_format(gen, "%s_field_%s", base,
                                  nthrift_gen_member(gen, st, field));
        nthrift_gen_take(gen, name);
        nthrift_gen_print(gen, ",\n    %s = %d", name, (int) field->id);
    }

    nthrift_gen_print(gen, "\n};\n\n");
}


void
nthrift_gen_struct(nthrift_gen_t *gen, const nthrift_idl_struct_t *st,
    const char *base)
{
    size_t          n;
    type_member_t  *members;

    members = nthrift_gen_alloc(gen, 2 * st->n * sizeof(type_member_t));
    n = type_members(gen, st, members);

    if (st->what != NTHRIFT_IDL_KIND_UNION) {
        nthrift_gen_print(gen, "struct %s_s {\n", base);
        type_print_members(gen, members, n, 4);
        nthrift_gen_print(gen, "};\n\n");
        return;
    }

    nthrift_gen_print(gen, "struct %s_s {\n    int16_t  field;\n    union {\n",
                      base);
    type_print_members(gen, members, n, 8);
    nthrift_gen_print(gen, "    } u;\n};\n\n");
}


static void
type_enum(nthrift_gen_t *gen, const nthrift_idl_enum_t *en)
{
    const char                *base, *name;
    const nthrift_idl_item_t  *item;

    base = nthrift_gen_name(gen, &en->def);

    nthrift_gen_at(gen, en, en->def.pos);
    nthrift_gen_take(gen, nthrift_gen_format(gen, "%s_t", base));
    nthrift_gen_doc(gen, 0, nthrift_gen_format(gen, "enum %.*s",
                                               nthrift_gen_str(&en->def.name)),
                    &en->def.doc);
    nthrift_gen_print(gen, "\ntypedef int32_t  %s_t;\n\n", base);

    if (en->items == NULL) {
        return;
    }

    nthrift_gen_print(gen, "enum {\n");

    for (item = en->items; item != NULL; item = item->next) {
        name = nthrift_gen_item(gen, item);

        nthrift_gen_at(gen, item, item->pos);
        nthrift_gen_take(gen, name);
        nthrift_gen_doc(gen, 4, NULL, &item->doc);
        nthrift_gen_print(gen, "    %s = %ld%s\n", name, (long) item->number,
                          (item->next != NULL) ? "," : "");
    }

    nthrift_gen_print(gen, "};\n\n");
}


void
nthrift_gen_enums(nthrift_gen_t *gen)
{
    const nthrift_idl_def_t  *def;

    for (def = gen->program->defs; def != NULL; def = def->next) {
        if (def->kind == NTHRIFT_IDL_DEF_ENUM) {
            type_enum(gen, (const nthrift_idl_enum_t *) def);
        }
    }
}


void
nthrift_gen_forward(nthrift_gen_t *gen, const char *base)
{
    nthrift_gen_take(gen, nthrift_gen_format(gen, "%s_t", base));
    nthrift_gen_take(gen, nthrift_gen_format(gen, "%s_s", base));
    nthrift_gen_print(gen, "typedef struct %s_s  %s_t;\n", base, base);
}


void
nthrift_gen_forwards(nthrift_gen_t *gen)
{
    int                       some;
    const nthrift_idl_def_t  *def;

    some = 0;

    for (def = gen->program->defs; def != NULL; def = def->next) {
        if (def->kind == NTHRIFT_IDL_DEF_STRUCT) {
            nthrift_gen_at(gen, def, def->pos);
            nthrift_gen_forward(gen, nthrift_gen_name(gen, def));
            some = 1;
        }
    }

    if (some) {
        nthrift_gen_print(gen, "\n");
    }
}


/* What it is in the end, for typedefs of typedefs come in any order. */

void
nthrift_gen_typedefs(nthrift_gen_t *gen)
{
    const char                   *name, *ctype;
    const nthrift_idl_def_t      *def;
    const nthrift_idl_typedef_t  *td;

    for (def = gen->program->defs; def != NULL; def = def->next) {
        if (def->kind != NTHRIFT_IDL_DEF_TYPEDEF) {
            continue;
        }

        td = (const nthrift_idl_typedef_t *) def;
        name = nthrift_gen_format(gen, "%s_t", nthrift_gen_name(gen, def));
        ctype = nthrift_gen_ctype(gen, td->type->real);

        if (strcmp(ctype, name) == 0) {
            /* of an included file's type: "typedef shop.User User" */
            continue;
        }

        nthrift_gen_at(gen, def, def->pos);
        nthrift_gen_take(gen, name);
        nthrift_gen_doc(gen, 0, NULL, &def->doc);
        nthrift_gen_print(gen, "typedef %s  %s;\n\n", ctype, name);
    }
}


void
nthrift_gen_structs(nthrift_gen_t *gen)
{
    const char                *base;
    const nthrift_idl_def_t   *def;
    const nthrift_gen_node_t  *node;

    for (node = gen->order; node != NULL; node = node->next) {
        def = &node->st->def;

        if (def->program != gen->program) {
            continue;
        }

        base = nthrift_gen_name(gen, def);

        nthrift_gen_at(gen, def, def->pos);
        nthrift_gen_doc(gen, 0,
                        nthrift_gen_format(gen, "%s %.*s",
                                           nthrift_idl_def_word(def),
                                           nthrift_gen_str(&def->name)),
                        &def->doc);
        nthrift_gen_print(gen, "\n");

        if (node->st->what == NTHRIFT_IDL_KIND_UNION) {
            type_union_fields(gen, node->st, base);
        }

        nthrift_gen_at(gen, def, def->pos);
        nthrift_gen_struct(gen, node->st, base);
    }
}
