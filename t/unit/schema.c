/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/schema.c: the tables that are made of an IDL, and a struct of more
 * fields, and types of more nesting, than anybody writes by hand.
 */

#include "bind.h"


static const char  idl[] =
    "enum Color { RED = 1, GREEN = 2, BLUE = 10, AZURE = 10, NONE = -5 }\n"
    "typedef list<Node> Nodes\n"
    "struct Node { 1: required string name, 2: optional Nodes nodes,\n"
    "    3: Color color, 300: required i64 far, 5: map<string, Node> map,\n"
    "    6: binary raw, 7: set<Color> colors, 8: uuid id }\n"
    "union Either { 1: i32 a, 2: string b }\n"
    "exception Failed { 1: string why }\n"
    "service Nodes2 {\n"
    "    Node get(1: required i32 id, 2: Either either)"
    " throws (1: Failed failed)\n"
    "    void put(1: Node node) throws (1: Failed failed)\n"
    "    oneway void tell(1: Nodes nodes)\n"
    "}\n";


static const nthrift_schema_field_t *
field(const nthrift_schema_t *st, const char *name)
{
    uint32_t       i;
    nthrift_str_t  s = bind_str(name);

    for (i = 0; i < st->n; i++) {
        if (nthrift_str_equal(&st->fields[i].name, &s)) {
            return &st->fields[i];
        }
    }

    return NULL;
}


static void
test_fields(const nthrift_schema_t *node)
{
    is_int(node->n, 8, "fields");
    is_int(node->required, 2, "required fields");
    is_int(node->what, NTHRIFT_SCHEMA_STRUCT, "a struct");

    ok(nthrift_schema_field(node, 1) == field(node, "name")
       && nthrift_schema_field(node, 300) == field(node, "far")
       && nthrift_schema_field(node, 8) == field(node, "id"),
       "fields by id");

    ok(nthrift_schema_field(node, 0) == NULL
       && nthrift_schema_field(node, 4) == NULL
       && nthrift_schema_field(node, -1) == NULL
       && nthrift_schema_field(node, 299) == NULL
       && nthrift_schema_field(node, 301) == NULL
       && nthrift_schema_field(node, 32767) == NULL
       && nthrift_schema_field(node, -32768) == NULL,
       "ids that nobody has");

    ok(field(node, "none") == NULL && field(node, "nam") == NULL,
       "names that nobody has");

    is_int(field(node, "name")->nth, 0, "the first required field");
    is_int(field(node, "far")->nth, 1, "the second required field");
}


static void
test_types(const nthrift_schema_t *node)
{
    const nthrift_schema_type_t  *type;

    type = &field(node, "name")->type;
    ok(type->type == NTHRIFT_STRING && type->flags == NTHRIFT_SCHEMA_TEXT,
       "string is text");

    type = &field(node, "raw")->type;
    ok(type->type == NTHRIFT_STRING && type->flags == 0, "binary is not");

    type = &field(node, "nodes")->type;
    ok(type->type == NTHRIFT_LIST && type->elem->type == NTHRIFT_STRUCT
       && type->elem->st == node, "list of structs, behind a typedef");

    type = &field(node, "map")->type;
    ok(type->type == NTHRIFT_MAP && type->key->type == NTHRIFT_STRING
       && type->elem->st == node, "map");

    type = &field(node, "color")->type;
    ok(type->type == NTHRIFT_I32 && type->flags == NTHRIFT_SCHEMA_ENUM
       && type->en->n == 4, "enum, whose numbers repeat");
    ok(field(node, "colors")->type.elem->en == type->en,
       "the same enum is the same table");
    is_int(field(node, "id")->type.type, NTHRIFT_UUID, "uuid");

    ok(nthrift_schema_enum_has(type->en, 1)
       && nthrift_schema_enum_has(type->en, 2)
       && nthrift_schema_enum_has(type->en, 10)
       && nthrift_schema_enum_has(type->en, -5), "numbers of the enum");
    ok(!nthrift_schema_enum_has(type->en, 0)
       && !nthrift_schema_enum_has(type->en, 3)
       && !nthrift_schema_enum_has(type->en, 11)
       && !nthrift_schema_enum_has(type->en, -6)
       && !nthrift_schema_enum_has(type->en, INT32_MAX)
       && !nthrift_schema_enum_has(type->en, INT32_MIN),
       "numbers that it does not have");
}


static void
test_methods(nthrift_schema_set_t *set, const nthrift_idl_program_t *program,
    const nthrift_schema_t *node)
{
    const nthrift_schema_t  *st;

    st = nthrift_schema_build(set, bind_struct(program, "Nodes2.get"));
    ok(st->what == NTHRIFT_SCHEMA_ARGS && st->n == 2 && st->required == 1,
       "arguments");
    ok(field(st, "either")->type.st->what == NTHRIFT_SCHEMA_UNION, "a union");

    st = nthrift_schema_build(set, bind_struct(program, "Nodes2.get()"));
    ok(st->what == NTHRIFT_SCHEMA_RESULT && st->returns && st->n == 2
       && st->required == 0, "result");
    ok(nthrift_schema_field(st, 0)->type.st == node,
       "the same struct is the same table");
    ok(nthrift_schema_field(st, 1)->type.st->what
       == NTHRIFT_SCHEMA_EXCEPTION, "an exception");

    st = nthrift_schema_build(set, bind_struct(program, "Nodes2.put()"));
    ok(!st->returns && st->n == 1, "result of a void method");
}


/* typedef map<T0, T0> T1, and so on: 2 to the 60th types, unless shared */

static void
test_nesting(void)
{
    int                           i, n;
    char                         *text;
    nthrift_arena_t              *arena;
    nthrift_schema_set_t          set;
    const nthrift_schema_t       *st;
    const nthrift_schema_type_t  *type;

    arena = nthrift_arena_create(65536, 0);
    text = malloc(65536);
    n = sprintf(text, "typedef i32 T0\n");

    for (i = 1; i <= 60; i++) {
        n += sprintf(text + n, "typedef map<T%d, T%d> T%d\n", i - 1, i - 1, i);
    }

    sprintf(text + n, "struct S { 1: T60 deep }\n");

    nthrift_schema_init(&set, arena);
    st = nthrift_schema_build(&set, bind_struct(bind_load(arena, text), "S"));
    type = &st->fields[0].type;

    for (i = 0; type->type == NTHRIFT_MAP; i++) {
        type = type->elem;
    }

    is_int(i, 60, "types nest as deep as typedefs");
    is_int(type->type, NTHRIFT_I32, "down to the last");

    free(text);
    nthrift_arena_destroy(arena);
}


static void
test_many(void)
{
    int                      i, n;
    char                    *text;
    nthrift_arena_t         *arena;
    nthrift_schema_set_t     set;
    const nthrift_schema_t  *st;

    arena = nthrift_arena_create(65536, 0);
    text = malloc(65536);
    n = sprintf(text, "struct S {");

    for (i = 1; i <= 1000; i++) {
        n += sprintf(text + n, "%d: required i32 f%d\n", i * 32, i);
    }

    sprintf(text + n, "}");

    nthrift_schema_init(&set, arena);
    st = nthrift_schema_build(&set, bind_struct(bind_load(arena, text), "S"));

    is_int(set.max_required, 1000, "the most required fields");

    for (i = -100, n = 0; i < 32768; i++) {
        n += (nthrift_schema_field(st, (int16_t) i) != NULL)
             != (i > 0 && i % 32 == 0 && i <= 32000);
    }

    is_int(n, 0, "fields far apart, by every id");

    free(text);
    nthrift_arena_destroy(arena);
}


/* Memory that ends, everywhere. */

static void
test_memory(const nthrift_idl_program_t *program)
{
    size_t                   limit;
    nthrift_arena_t         *arena;
    nthrift_schema_set_t     set;
    const nthrift_schema_t  *st;

    st = NULL;

    for (limit = 1; st == NULL && limit < 65536; limit += 16) {
        arena = nthrift_arena_create(16, limit);

        if (arena == NULL) {
            continue;
        }

        nthrift_schema_init(&set, arena);
        st = nthrift_schema_build(&set, bind_struct(program, "Nodes2.get()"));
        nthrift_arena_destroy(arena);
    }

    ok(st != NULL && limit > 64, "without memory there is no table");
}


int
main(void)
{
    nthrift_arena_t         *arena;
    nthrift_schema_set_t     set;
    const nthrift_schema_t  *node;
    nthrift_idl_program_t   *program;

    arena = nthrift_arena_create(65536, 0);
    program = bind_load(arena, idl);

    nthrift_schema_init(&set, arena);
    node = nthrift_schema_build(&set, bind_struct(program, "Node"));

    test_fields(node);
    test_types(node);
    test_methods(&set, program, node);
    test_nesting();
    test_many();
    test_memory(program);

    nthrift_arena_destroy(arena);

    done();

    return unit_result();
}
