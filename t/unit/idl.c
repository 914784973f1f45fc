/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/idl.c: src/idl/: what the model says of a text, and lookups.  The
 * messages are tested by t/idl.t, the loader by t/unit/loader.c.
 */

#include "idl.h"


/* idl/suggest.c */

typedef struct {
    const char  *a;
    const char  *b;
    unsigned     max;
    unsigned     distance;
} suggest_case_t;


static const suggest_case_t  suggest_cases[] = {
    { "get",    "get",    3, 0 },
    { "gte",    "get",    3, 1 },
    { "get",    "gets",   3, 1 },
    { "gets",   "get",    3, 1 },
    { "get",    "got",    3, 1 },
    { "",       "abc",    3, 3 },
    { "abc",    "",       3, 3 },
    { "",       "",       3, 0 },
    { "kitten", "sitting", 3, 3 },
    { "kitten", "sitting", 2, 3 },
    { "abcdef", "uvwxyz", 2, 3 },
    { "abcd",   "badc",   4, 2 },
    { "ca",     "abc",    4, 3 }
};


static void
suggest_tests(void)
{
    size_t                 i;
    nthrift_str_t          a, b;
    const suggest_case_t  *c;

    for (i = 0; i < unit_array_size(suggest_cases); i++) {
        c = &suggest_cases[i];
        a = str(c->a);
        b = str(c->b);

        is_int(nthrift_suggest_distance(&a, &b, c->max), c->distance,
               "suggest: distance");
    }
}


static void
suggest_names_tests(void)
{
    test_t               t;
    nthrift_str_t        wrong;
    const nthrift_str_t *best;

    test_text(&t, "service A { void get(), void put() }\n"
                  "service B extends A { void delete_all() }\n");

    wrong = str("gte");
    best = nthrift_suggest_method(test_service(&t, "B"), &wrong);
    ok(best != NULL && same(best, "get"), "suggest: an inherited method");

    wrong = str("DELETE_ALL");
    best = nthrift_suggest_method(test_service(&t, "B"), &wrong);
    ok(best != NULL && same(best, "delete_all"), "suggest: case");

    wrong = str("quite_different");
    ok(nthrift_suggest_method(test_service(&t, "B"), &wrong) == NULL,
       "suggest: nothing near");

    wrong = str("x");
    ok(nthrift_suggest_method(test_service(&t, "B"), &wrong) == NULL,
       "suggest: one letter");

    test_close(&t);
}


/* The model */

/* How many of f1 to f12 are the field of that id. */

static int
fields_found(const nthrift_idl_struct_t *st)
{
    int                   i, good;
    char                  name[16];
    nthrift_str_t         s;
    nthrift_idl_field_t  *field;

    for (i = 1, good = 0; i <= 12; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        s = str(name);
        field = nthrift_idl_field_by_name(st, &s);

        good += (field != NULL && field == nthrift_idl_field_by_id(st, i));
    }

    return good;
}


static void
struct_tests(void)
{
    test_t                 t;
    nthrift_str_t          s;
    nthrift_idl_field_t   *field;
    nthrift_idl_struct_t  *st;

    test_text(&t, "struct Few { 5: i32 e = 7, 1: required string a (x = 'y')\n"
                  "             i32 none, 300: optional Few self }\n"
                  "struct Many { 12:i32 f12 11:i32 f11 10:i32 f10 9:i32 f9\n"
                  "  8:i32 f8 7:i32 f7 6:i32 f6 5:i32 f5 4:i32 f4 3:i32 f3\n"
                  "  2:i32 f2 1:i32 f1 }\n"
                  "union U { 1: i32 a, 2: required i32 b }\n");

    is_int(t.rc, NTHRIFT_OK, "struct: loads");

    st = test_struct(&t, "Few");
    is_int((long long) st->n, 4, "struct: fields");
    is_int(st->fields[0]->id, 5, "struct: text order");
    is_int(st->by_id[0]->id, -1, "struct: id order");
    is_int(st->fields[2]->implicit, 1, "struct: implicit id");

    field = nthrift_idl_field_by_id(st, 1);
    ok(field != NULL && same(&field->name, "a"), "struct: by id");
    is_int(field->req, NTHRIFT_IDL_REQUIRED, "struct: required");
    ok(nthrift_idl_field_by_id(st, 2) == NULL, "struct: no such id");
    ok(nthrift_idl_field_by_id(st, 301) == NULL, "struct: id too high");
    ok(nthrift_idl_field_by_id(st, -2) == NULL, "struct: id too low");

    s = str("x");
    ok(nthrift_idl_annotation(field->annotations, &s) != NULL,
       "struct: annotation");
    ok(nthrift_idl_field_by_name(st, &s) == NULL, "struct: no such name");

    s = str("e");
    field = nthrift_idl_field_by_name(st, &s);
    ok(field != NULL && field->value->u.i == 7, "struct: default");

    field = nthrift_idl_field_by_id(st, 300);
    ok(field->type->real->def == &st->def, "struct: of itself");

    is_int(fields_found(test_struct(&t, "Many")), 12, "struct: many fields");

    st = test_struct(&t, "U");
    ok(st->what == NTHRIFT_IDL_KIND_UNION
       && st->fields[1]->req == NTHRIFT_IDL_OPTIONAL,
       "struct: fields of a union are optional");

    test_close(&t);
}


static void
service_tests(void)
{
    test_t                  t;
    nthrift_str_t           s;
    nthrift_idl_method_t   *method;
    nthrift_idl_service_t  *service;

    test_text(&t, "exception E {} exception F {}\n"
                  "service A { void ping() }\n"
                  "service B extends A {\n"
                  "    /** Gets. */\n"
                  "    i32 get(2: i64 id, 1: string s) throws (2: F f 1: E e)\n"
                  "    oneway void log(1: string line)\n"
                  "}\n");

    is_int(t.rc, NTHRIFT_OK, "service: loads");

    service = test_service(&t, "B");
    ok(service->parent == test_service(&t, "A"), "service: parent");
    is_int((long long) service->n, 2, "service: methods");

    s = str("ping");
    method = nthrift_idl_method(service, &s);
    ok(method != NULL && method->service == service->parent,
       "service: inherited method");
    is_int((long long) method->result->n, 0, "service: void result");

    s = str("get");
    method = nthrift_idl_method(service, &s);
    ok(same(&method->doc, "Gets."), "service: doc");
    is_int(method->args->fields[0]->id, 2, "service: argument order");
    is_int((long long) method->result->n, 3, "service: result fields");
    ok(same(&nthrift_idl_field_by_id(method->result, 0)->name, "success"),
       "service: success");
    ok(same(&nthrift_idl_field_by_id(method->result, 2)->name, "f"),
       "service: exception");

    s = str("log");
    method = nthrift_idl_method(service, &s);
    ok(method->oneway && method->result == NULL, "service: oneway");

    s = str("nothing");
    ok(nthrift_idl_method(service, &s) == NULL, "service: no such method");
    ok(test_service(&t, "E") == NULL, "service: an exception is none");

    test_close(&t);
}


static void
type_tests(void)
{
    test_t                  t;
    nthrift_idl_type_t     *type;
    nthrift_idl_struct_t   *st;

    test_text(&t, "struct S { 1: D a, 2: map<A, list<D>> b, 3: i32 (x) c }\n"
                  "typedef C D\ntypedef B C\ntypedef list<A> B\n"
                  "typedef i64 A\n");

    is_int(t.rc, NTHRIFT_OK, "type: loads");

    st = test_struct(&t, "S");
    type = st->fields[0]->type;

    is_int(type->kind, NTHRIFT_IDL_TYPEDEF, "type: typedef");
    is_int(type->real->kind, NTHRIFT_IDL_LIST, "type: real");
    is_int(type->real->elem->kind, NTHRIFT_IDL_TYPEDEF, "type: element");
    is_int(type->real->elem->real->kind, NTHRIFT_IDL_I64,
           "type: the element's real");

    type = st->fields[1]->type;
    is_int(type->key->real->kind, NTHRIFT_IDL_I64, "type: key");
    is_int(type->elem->elem->real->kind, NTHRIFT_IDL_LIST, "type: nested");
    is_int(st->fields[2]->type->real->kind, NTHRIFT_IDL_I32,
           "type: annotated");

    test_close(&t);
}


static void
value_tests(void)
{
    test_t                 t;
    nthrift_str_t          s;
    nthrift_idl_enum_t    *en;
    nthrift_idl_const_t   *c;
    nthrift_idl_value_t   *value;

    test_text(&t, "enum E { A = 3, B, C = -1, D = 3, X.Y = 9 }\n"
                  "const E e1 = E.B\nconst E e2 = 3\nconst i32 i = E.C\n"
                  "const i32 j = i\nconst i32 k = j\n"
                  "const E e3 = E.X.Y\n"
                  "const map<string, list<double>> m = {'a': [1, 2.5]}\n");

    is_int(t.rc, NTHRIFT_OK, "value: loads");

    en = (nthrift_idl_enum_t *) test_struct(&t, "E");

    is_int(nthrift_idl_item_by_number(en, 4)->number, 4, "value: by number");
    ok(same(&nthrift_idl_item_by_number(en, 3)->name, "A"),
       "value: the first of a number");
    ok(nthrift_idl_item_by_number(en, 5) == NULL, "value: no such number");
    ok(nthrift_idl_item_by_number(en, 4294967299) == NULL,
       "value: 64 bits are looked at");

    s = str("D");
    is_int(nthrift_idl_item_by_name(en, &s)->number, 3, "value: by name");

    c = test_const(&t, "e1");
    is_int(c->value->kind, NTHRIFT_IDL_VALUE_ITEM, "value: of an enum");
    is_int(c->value->item->number, 4, "value: its number");
    is_int(test_const(&t, "e2")->value->item->number, 3,
           "value: of an enum by number");
    is_int(test_const(&t, "i")->value->item->number, -1, "value: as integer");
    is_int(test_const(&t, "e3")->value->item->number, 9, "value: dotted");

    c = test_const(&t, "k");
    is_int(c->value->kind, NTHRIFT_IDL_VALUE_CONST, "value: a constant");
    ok(c->value->ref == test_const(&t, "j"), "value: which one");
    ok(c->last == test_const(&t, "i"), "value: the last one");

    value = test_const(&t, "m")->value;
    is_int((long long) value->u.list.n, 1, "value: pairs");
    ok(same(&value->u.list.first->u.s, "a"), "value: key");

    value = value->u.list.first->next;
    is_int((long long) value->u.list.n, 2, "value: elements");
    ok(value->u.list.first->next->u.d == 2.5, "value: double");

    test_close(&t);
}


int
main(void)
{
    suggest_tests();
    suggest_names_tests();
    struct_tests();
    service_tests();
    type_tests();
    value_tests();

    done();

    return unit_result();
}
