/*
 * program.c: generated headers at run time: what structs begin as, constants,
 * tables, and what the functions of methods do.  TAP on standard output.
 */

#include "consts.h"
#include "defaults.h"
#include "recursion.h"
#include "services.h"
#include "types.h"

#include "bind/decode.h"
#include "bind/encode.h"
#include "bind/fingerprint.h"
#include "program.h"
#include "unit.h"

#include <math.h>


#define PROGRAM_DEPTH  64       /* of a body */

#define same(s, literal)                                                      \
    ((s).len == sizeof(literal) - 1                                           \
     && memcmp((s).data, literal, sizeof(literal) - 1) == 0)


program_seen_t            program_seen;

static nthrift_arena_t   *arena;
static int                ended;


static int
api_reply(nthrift_call_t *call, const nthrift_method_t *method,
    const void *result)
{
    (void) call;

    program_seen.method = method;
    memcpy(&program_seen.value, result, method->result->size);

    return NTHRIFT_OK;
}


static int
api_done(nthrift_call_t *call)
{
    (void) call;

    program_seen.done++;

    return NTHRIFT_OK;
}


static void *
api_alloc(nthrift_call_t *call, size_t size)
{
    (void) call;

    return ended ? NULL : nthrift_arena_alloc(arena, size);
}


static const nthrift_call_info_t *
api_info(nthrift_call_t *call)
{
    static const nthrift_call_info_t  info;

    (void) call;

    return (ended == 1) ? NULL : &info;
}


static int
api_upstream(nthrift_call_t *call, const char *upstream,
    const nthrift_method_t *method, const void *args, nthrift_answer_pt fn,
    void *data)
{
    (void) call;
    (void) upstream;

    program_seen.method = method;
    memcpy(&program_seen.value, args, method->args->size);
    program_seen.fn = fn;
    program_seen.data = data;

    return NTHRIFT_OK;
}


void
program_ok(int passed, const char *name)
{
    ok(passed, "%s", name);
}


/* The size of a value of a type that has one. */

static size_t
program_size(const nthrift_schema_type_t *type)
{
    switch (type->type) {

    case NTHRIFT_BOOL:
    case NTHRIFT_I8:
        return 1;

    case NTHRIFT_I16:
        return 2;

    case NTHRIFT_I32:
        return 4;

    case NTHRIFT_I64:
    case NTHRIFT_DOUBLE:
        return 8;

    default:
        return 16;      /* strings, containers, uuid */
    }
}


static const char  *program_layout(const nthrift_layout_t *layout,
    unsigned depth);


/* What is wrong with the tables of a type, or NULL; circles are cut. */

static const char *
program_type(const nthrift_schema_type_t *type,
    const nthrift_layout_type_t *place, unsigned depth)
{
    const char  *error;

    if ((type->key == NULL) != (place->key == NULL)
        || (type->elem == NULL) != (place->elem == NULL)
        || (type->st == NULL) != (place->st == NULL)
        || (type->en == NULL) != !(type->flags & NTHRIFT_SCHEMA_ENUM))
    {
        return "shape";
    }

    if (type->st != NULL) {
        if (place->size != (place->pointer ? sizeof(void *) : place->st->size)
            || place->st->schema != type->st)
        {
            return "size of a struct";
        }

        return program_layout(place->st, depth + 1);
    }

    if (place->size != program_size(type) || place->pointer) {
        return "size";
    }

    if (type->key != NULL
        && (place->second < place->key->size
            || place->entry < place->second + place->elem->size))
    {
        return "entry";
    }

    error = (type->key != NULL)
            ? program_type(type->key, place->key, depth + 1) : NULL;

    if (error == NULL && type->elem != NULL) {
        error = program_type(type->elem, place->elem, depth + 1);
    }

    return error;
}


static const char *
program_layout(const nthrift_layout_t *layout, unsigned depth)
{
    uint32_t                       i;
    const char                    *error;
    const nthrift_schema_t        *schema;
    const nthrift_layout_field_t  *f;

    if (depth > 8) {
        return NULL;
    }

    schema = layout->schema;

    for (i = 0; i < schema->n; i++) {
        f = &layout->fields[i];

        if (f->offset + f->type.size > layout->size) {
            return "offset";
        }

        if (f->has != NTHRIFT_LAYOUT_ALWAYS && f->has >= layout->size) {
            return "has";
        }

        if (i != 0 && schema->fields[i - 1].id >= schema->fields[i].id) {
            return "order";
        }

        if (nthrift_schema_field(schema, schema->fields[i].id)
            != &schema->fields[i])
        {
            return "index";
        }

        error = program_type(&schema->fields[i].type, &f->type, depth);

        if (error != NULL) {
            return error;
        }
    }

    return NULL;
}


static void
program_method(const nthrift_method_t *method)
{
    uint64_t       fingerprint;
    const char    *error;
    nthrift_str_t  name;

    name = nthrift_str_of(method->name, strlen(method->name));
    error = program_layout(method->args, 0);

    if (error == NULL && method->result != NULL) {
        error = program_layout(method->result, 0);
    }

    is_str(error, NULL, method->name);

    fingerprint = nthrift_fingerprint(arena, &name, method->args->schema,
                                      method->result != NULL
                                      ? method->result->schema : NULL);

    ok(fingerprint == method->fingerprint
       && method->oneway == (method->result == NULL), "%s fingerprint",
       method->name);
}


void
program_handler(const nthrift_handler_t *handler, unsigned methods)
{
    uint32_t  i;

    ok(handler->abi == NTHRIFT_ABI && handler->api == &nthrift_api
       && handler->dispatch != NULL && handler->n == methods,
       "handler %s", handler->service);

    for (i = 0; i < handler->n; i++) {
        program_method(handler->dispatch[i].method);
    }
}


/*
 * A copy that says the same as what it was made of, when that is gone: each
 * is memory of its own, so that sanitizers see what refers to another one's.
 */

static void
program_copy(const nthrift_layout_t *layout, const void *value,
    const uint8_t *bytes, size_t len, unsigned protocol)
{
    int               rc;
    void             *first, *copy;
    uint8_t          *again;
    nthrift_write_t   w;

    first = nthrift_copy(layout, value);
    copy = nthrift_copy(layout, first);
    free(first);

    again = nthrift_arena_alloc(arena, 65536);
    nthrift_write_init(&w, protocol, again, 65536, SIZE_MAX, NULL, NULL);

    rc = nthrift_encode_body(&w, layout, copy);

    ok(rc == NTHRIFT_OK && w.len == len && memcmp(again, bytes, len) == 0,
       "a copy of a copy");

    free(copy);
}


void *
program_again(const nthrift_layout_t *layout, const void *value,
    unsigned protocol)
{
    void             *again;
    uint8_t          *bytes;
    nthrift_bytes_t   body;
    nthrift_error_t   err;
    nthrift_write_t   w;

    bytes = nthrift_arena_alloc(arena, 65536);
    memset(&err, 0, sizeof(err));

    nthrift_write_init(&w, protocol, bytes, 65536, SIZE_MAX, NULL, NULL);

    if (nthrift_encode_body(&w, layout, value) != NTHRIFT_OK) {
        diag("encode: %s", w.error);
        return NULL;
    }

    program_copy(layout, value, bytes, w.len, protocol);

    nthrift_bytes_init(&body, bytes, bytes + w.len, NULL, NULL);

    if (nthrift_decode_body(arena, protocol, layout, PROGRAM_DEPTH, &body,
                            &again, &err)
        != NTHRIFT_OK)
    {
        diag("decode: %s", err.text);
        return NULL;
    }

    return again;
}


static void
test_consts(void)
{
    switch (PI > 3 ? MOST : 0) {

    case LEAST:
    case TINY:
    case SHORT:
    case NO:
        ok(0, "another case");
        break;

    case MOST:
        ok(1, "a constant as case");
        break;
    }

    ok(YES == 1 && NO == 0 && SMALL == 5 && CUT == 44 && LEVEL == 1
       && BY_NUMBER == -1 && LEVEL_NUMBER == -1, "numbers");
    ok(LARGE == INT64_C(2147483648) && LARGEST == INT64_MAX
       && LOWEST == INT64_MIN, "large numbers");
    ok(PI > 3.14159 && PI < 3.1416 && WHOLE == 10 && TENTH == 0.1
       && isinf(TOO_LARGE) && isinf(TOO_SMALL) && TOO_SMALL < 0
       && TINIEST > 0, "doubles");

    ok(EMPTY.len == 0 && same(DIGITS, "\n1") && same(BYTES, "bytes"),
       "strings");
    ok(same(TEXT, "a \"quoted\"\ttext\nof \303\274mlauts, \\ and what?" "?/ is"
            " no ?" "?= trigraph") && same(AGAIN, "a \"quoted\"\ttext\nof "
            "\303\274mlauts, \\ and what?" "?/ is no ?" "?= trigraph"),
       "a string with everything");
    ok(LONG.len == 4800 && memcmp(LONG.data + 4784, "0123456789abcdef", 16)
       == 0, "a long string");
    ok(ID.bytes[0] == 0x01 && ID.bytes[15] == 0xef, "uuid");

    ok(NUMBERS.n == 4 && NUMBERS.items[2] == 3 && NUMBERS.items[3] == LEAST
       && NONE.n == 0 && NONE.items == NULL, "lists");
    ok(TABLE.n == 2 && same(TABLE.items[0].key, "one")
       && TABLE.items[0].value.items[1] == 1.5
       && TABLE.items[1].value.n == 0, "a map");
    ok(NESTED.n == 3 && NESTED.items[2].n == 2
       && same(NESTED.items[2].items[1], "c"), "a list of lists");

    ok(ORIGIN.has_y && ORIGIN.y == 0 && PARTLY.has_y && PARTLY.y == 7,
       "structs, and a default in one");
    ok(POINTS.n == 3 && POINTS.items[1].y == 2 && POINTS.items[1].path.n == 2
       && POINTS.items[2].x == 1, "a list of structs");

    ok(LEFT.field == Either_field_left && LEFT.u.left == 1
       && RIGHT.field == Either_field_right && same(RIGHT.u.right, "r"),
       "unions");
    ok(NEITHER.field == Either_no_field, "a union without a field");
    ok(BOTH.n == 2 && BOTH.items[1].field == Either_field_right
       && same(BOTH.items[1].u.right, "s"), "a list of unions");
    ok(HOLDER.point.x == 9 && same(HOLDER.either.u.right, "held")
       && HOLDER.has_pointed && HOLDER.pointed->x == 10
       && HOLDER.pointed->y == 7 && HOLDER.points.items[0].value.x == 11,
       "a struct of all that");
    ok(errno_ == 1 && same(printf_, "p") && floor_ == 1.5 && int_ == 2
       && same(main_, "m"), "names that are taken");
}


static void
test_defaults(void)
{
    Plain_t              plain;
    Given_t              given;
    Simple_t             simple;
    Circle_t             circle;
    Outside_t            outside;
    Chooser_t            chooser;
    Defaults_put_args_t  args;

    memset(&plain, 0xff, sizeof(plain));
    Plain_init(&plain);
    ok(plain.a == 0 && plain.next == NULL && !plain.has_next
       && Plain_layout.defaults == NULL, "no defaults");

    Simple_init(&simple);
    ok(simple.number == 5 && simple.has_text && same(simple.text, "text")
       && simple.yes && simple.none == 0 && simple.level == Level_HIGH
       && simple.real == 1 && simple.id.bytes[1] == 0x23
       && same(simple.bytes, "b"), "defaults");

    Outside_init(&outside);
    ok(outside.zero == 0 && outside.simple.number == 5 && !outside.has_maybe
       && outside.maybe.number == 5 && outside.plain.a == 0,
       "defaults of structs within");

    Given_init(&given);
    ok(given.simple.number == 6 && given.simple.none == 1
       && given.simple.has_text && given.has_plain && given.plain->a == 4
       && given.simples.n == 2 && given.simples.items[0].number == 5
       && same(given.simples.items[1].text, "other")
       && same(given.table.items[0].value.items[1], "b")
       && given.origin.has_y && given.levels.items[0] == Level_LOW,
       "defaults that are structs");

    Chooser_init(&chooser);
    ok(chooser.choice.field == Choice_field_number
       && chooser.choice.u.number == 3
       && chooser.none.field == NoChoice_no_field && !chooser.has_maybe
       && chooser.other.field == Choice_field_text
       && same(chooser.other.u.text, "chosen"), "defaults of unions");

    Circle_init(&circle);
    ok(!circle.has_next && circle.number == 1 && circle.twin == NULL,
       "defaults in a circle");

    Defaults_put_args_init(&args);
    ok(args.number == 8 && same(args.text, "x")
       && args.simple.number == 5
       && args.chooser.choice.field == Choice_field_number,
       "defaults of arguments");
    ok(Defaults_put_args_layout.defaults == &Defaults_put_args_defaults
       && Defaults_put_method.args == &Defaults_put_args_layout,
       "defaults in the table");
}


static void
test_layouts(void)
{
    const nthrift_layout_t  *l;

    /* by id: 1, 3, 4, 5 ...: yes, must, real, text */

    l = &Optional_layout;
    ok(l->size == sizeof(Optional_t) && l->which == 0
       && l->schema == &Optional_schema && l->schema->n == 9
       && l->schema->required == 1, "a struct");
    ok(l->fields[0].has == offsetof(Optional_t, has_yes)
       && l->fields[0].offset == offsetof(Optional_t, yes)
       && l->fields[2].has == NTHRIFT_LAYOUT_ALWAYS
       && l->fields[2].offset == offsetof(Optional_t, must), "fields");

    l = &Ids_layout;
    ok(l->schema->n == 4 && l->schema->fields[0].id == 1
       && l->fields[0].offset == offsetof(Ids_t, first)
       && l->schema->fields[3].id == 32767
       && l->fields[3].offset == offsetof(Ids_t, last), "large ids");

    l = &Value_layout;
    ok(l->which == offsetof(Value_t, field)
       && l->fields[1].offset == offsetof(Value_t, u.number)
       && l->fields[5].offset == offsetof(Value_t, u.empty)
       && Value_field_empty == 300 && Value_no_field == 0, "a union");

    ok(NoValue_layout.schema->n == 0 && Empty_layout.fields == NULL
       && sizeof(Empty_t) == 1, "nothing");
    ok(nthrift_enum_Color.n == 6 && nthrift_enum_Color.numbers[0] == INT32_MIN
       && nthrift_enum_Color.numbers[5] == INT32_MAX && Color_AZURE == 5
       && Color_t_ == 6 && nthrift_enum_Nothing.n == 0, "enums");

    l = &Node_layout;
    ok(l->fields[1].type.pointer && l->fields[2].type.pointer
       && l->fields[2].has == NTHRIFT_LAYOUT_ALWAYS
       && !l->fields[3].type.elem->pointer
       && l->fields[3].type.elem->st == &Node_layout, "pointers in a circle");
    ok(!Recursion_node_args_layout.fields[0].type.pointer
       && Recursion_node_args_layout.fields[1].type.pointer
       && !Recursion_node_result_layout.fields[1].type.pointer
       && Recursion_node_result_layout.fields[2].type.pointer
       && Outer_layout.fields[1].type.pointer
       && !Outer_layout.fields[0].type.pointer, "pointers that are wanted");
}


static void
test_again(unsigned protocol)
{
    Node_t                             node, inner, *got;
    Value_t                            value, *v;
    Tree_t                             leaf, tree, *t;
    Branch_t                           branch;
    nthrift_map_string_Node_entry_t    entry;

    Node_init(&node);
    Node_init(&inner);

    inner.value = 7;
    node.has_next = true;
    node.next = &inner;
    node.children.n = 1;
    node.children.items = &inner;
    node.named.n = 1;
    node.named.items = &entry;
    entry.key = NTHRIFT_STR("inner");
    entry.value = inner;

    got = program_again(&Node_layout, &node, protocol);
    ok(got != NULL && got->has_next && got->next->value == 7
       && !got->next->has_next && got->other == NULL
       && got->children.items[0].value == 7
       && same(got->named.items[0].key, "inner")
       && got->named.items[0].value.value == 7, "a tree, again");

    Value_init(&value);
    value.field = Value_field_text;
    value.u.text = NTHRIFT_STR("text");

    v = program_again(&Value_layout, &value, protocol);
    ok(v != NULL && v->field == Value_field_text && same(v->u.text, "text"),
       "a union, again");

    memset(&tree, 0, sizeof(tree));
    memset(&leaf, 0, sizeof(leaf));
    leaf.field = Tree_field_leaf;
    leaf.u.leaf = 9;
    branch.left = &leaf;
    branch.right = &leaf;
    tree.field = Tree_field_branch;
    tree.u.branch = &branch;

    t = program_again(&Tree_layout, &tree, protocol);
    ok(t != NULL && t->field == Tree_field_branch
       && t->u.branch->right->u.leaf == 9, "unions in a circle, again");

    ok(program_again(&Holder_layout, &HOLDER, protocol) != NULL,
       "a constant, as bytes");
}


static void
test_copies(void)
{
    Containers_t                      *copy, some;
    Every_text_args_t                 *args, text;
    nthrift_str_t                      s;
    nthrift_list_list_i32_t            outer;
    nthrift_list_i32_t                 inner;
    nthrift_list_list_list_i32_t       all;
    nthrift_map_string_binary_entry_t  entry;

    static const int32_t  numbers[] = { 1, 2, 3 };

    Containers_init(&some);

    inner.n = 3;
    inner.items = numbers;
    outer.n = 1;
    outer.items = &inner;
    all.n = 1;
    all.items = &outer;
    some.i = all;

    entry.key = NTHRIFT_STR("key");
    entry.value = NTHRIFT_STR("");
    some.e.n = 1;
    some.e.items = &entry;

    copy = Containers_copy(&some);

    ok(copy != NULL && copy->i.items != &outer
       && copy->i.items[0].items[0].items != numbers
       && copy->i.items[0].items[0].items[2] == 3, "a copy of lists of lists");
    ok(same(copy->e.items[0].key, "key")
       && copy->e.items[0].key.data[3] == 0
       && copy->e.items[0].value.len == 0
       && copy->e.items[0].value.data[0] == 0 && copy->a.items == NULL,
       "a copy of a map");

    Containers_free(copy);
    Containers_free(NULL);

    Every_text_args_init(&text);
    text.s = NTHRIFT_STR("words");
    args = Every_text_args_copy(&text);
    ok(args != NULL && same(args->s, "words") && args->s.data != text.s.data,
       "a copy of arguments");
    Every_text_args_free(args);

    s = nthrift_str_copy(NTHRIFT_STR("abc"));
    ok(same(s, "abc") && s.data[3] == 0, "a copy of a string");
    free(s.data);

    ok(Containers_copy(NULL) == NULL, "a copy of nothing");
}


/* The names of a method's types are those of what is in the header. */

static void
test_names(void)
{
    Every_table_success_t         table;
    Every_table_success_entry_t   entry;
    Every_table_success_value_t   items;
    Every_table_arg_table_value_item_t  item;
    Every_items_arg_names_item_t  name;

    Item_init(&item);
    name = NTHRIFT_STR("one");
    items.n = 1;
    items.items = &item;
    entry.key = name;
    entry.value = items;
    table.n = 1;
    table.items = &entry;

    Every_table_reply(NULL, table);
    ok(((Every_table_result_t *) &program_seen.value)->success.items == &entry,
       "names of a method's types");
}


static int  answers;


static void
on_text(nthrift_call_t *call, const nthrift_failure_t *failure,
    const Every_text_result_t *result, void *data)
{
    (void) call;

    answers += failure == NULL && same(result->success, "there")
               && data == &answers;
}


static void
on_tell(nthrift_call_t *call, const nthrift_failure_t *failure,
    const void *result, void *data)
{
    (void) call;
    (void) data;

    answers += failure == NULL && result == NULL;
}


static void
test_calls(void)
{
    Every_tell_args_t    tell;
    Every_text_args_t    args;
    Every_text_result_t  result;

    Every_text_args_init(&args);
    args.s = NTHRIFT_STR("here");

    is_int(Every_text_call(NULL, "up", &args, on_text, &answers), NTHRIFT_OK,
           "a call");
    ok(program_seen.method == &Every_text_method
       && same(((Every_text_args_t *) &program_seen.value)->s, "here"),
       "a call's arguments");

    memset(&result, 0, sizeof(result));
    result.has_success = true;
    result.success = NTHRIFT_STR("there");
    program_seen.fn(NULL, NULL, &result, program_seen.data);
    is_int(answers, 1, "a call's answer");

    is_int(Every_text_call(NULL, "up", &args, NULL, NULL), NTHRIFT_OK,
           "a call for nobody");
    program_seen.fn(NULL, NULL, &result, program_seen.data);
    is_int(answers, 1, "an answer for nobody");

    Every_tell_args_init(&tell);
    Every_tell_call(NULL, "up", &tell, on_tell, NULL);
    program_seen.fn(NULL, NULL, NULL, program_seen.data);
    is_int(answers, 2, "a oneway call");

    ended = 1;
    is_int(Every_text_call(NULL, "up", &args, on_text, NULL), NTHRIFT_DECLINED,
           "a call after the end");
    ended = 2;
    is_int(Every_text_call(NULL, "up", &args, on_text, NULL), NTHRIFT_ERROR,
           "a call without memory");
    ended = 0;
}


static void
test_replies(void)
{
    Item_t                        item;
    NotFound_t                    missing;
    Every_throws_three_result_t  *three;

    three = (Every_throws_three_result_t *) &program_seen.value;

    Every_medium_reply(NULL, 42);
    ok(program_seen.method == &Every_medium_method
       && ((Every_medium_result_t *) three)->success == 42, "a number");

    Every_items_reply(NULL, (nthrift_list_Item_t) { 1, &item });
    ok(((Every_items_result_t *) three)->success.items == &item, "a list");

    Item_init(&item);
    item.number = 3;
    Every_throws_three_reply(NULL, item);
    ok(three->has_success && three->success.number == 3
       && !three->has_notFound, "a struct");

    missing.what = NTHRIFT_STR("all");
    Every_throws_three_throw_notFound(NULL, missing);
    ok(!three->has_success && three->has_notFound
       && same(three->notFound.what, "all"), "an exception");

    Every_nothing_reply(NULL);
    ok(program_seen.method == &Every_nothing_method, "void");

    Every_tell_done(NULL);
    is_int(program_seen.done, 1, "oneway");

    ok(Every_safe_method.idempotent && !Every_unsafe_method.idempotent
       && Every_tell_method.result == NULL, "what methods are");
}


static int  runs;


static void
run_medium(nthrift_call_t *call, const Every_medium_args_t *args)
{
    (void) call;
    runs += args->i;
}


static int
on_start(nthrift_worker_t *worker)
{
    return (worker == NULL) ? NTHRIFT_ERROR : NTHRIFT_OK;
}


Every_HANDLER(.medium = run_medium, .on_start = on_start)
Recursion_HANDLER(.node = NULL)
Defaults_HANDLER(.put = NULL)
Nothing_HANDLER(.on_start = NULL)


static void
test_handler(void)
{
    Every_medium_args_t        args;
    void                     (*fn)(nthrift_call_t *call,
                                   const Every_medium_args_t *args);
    const nthrift_handler_t   *h;
    const nthrift_dispatch_t  *d;

    h = &nthrift_handler_Every;
    d = &h->dispatch[4];

    is_str(d->method->name, "medium", "in the order of the IDL");

    memcpy(&fn, (const char *) h->methods + d->offset, sizeof(fn));
    ok(fn == run_medium, "a method's place");

    args.i = 5;
    d->run(NULL, &args, h->methods);
    is_int(runs, 5, "a method runs");

    is_int(h->start(NULL), NTHRIFT_ERROR, "a hook runs");
    is_int(nthrift_handler_Nothing.start(NULL), NTHRIFT_OK, "without a hook");
    h->stop(NULL);

    program_handler(h, 20);
    program_handler(&nthrift_handler_Recursion, 1);
    program_handler(&nthrift_handler_Defaults, 2);
    program_handler(&nthrift_handler_Nothing, 0);
}


static void
test_strings(void)
{
    static const nthrift_str_t  empty;

    ok(nthrift_str_is(NTHRIFT_STR("abc"), "abc"), "a string is that text");
    ok(!nthrift_str_is(NTHRIFT_STR("abc"), "abd")
       && !nthrift_str_is(NTHRIFT_STR("ab"), "abc")
       && !nthrift_str_is(NTHRIFT_STR("abc"), "ab")
       && !nthrift_str_is(NTHRIFT_STR("ab\0c"), "ab"),
       "a string is another text");
    ok(nthrift_str_is(empty, "") && !nthrift_str_is(empty, "a"),
       "an empty string");
}


int
main(void)
{
    static nthrift_api_t  api;

    api.reply = api_reply;
    api.done = api_done;
    api.need = api_alloc;
    api.info = api_info;
    api.upstream = api_upstream;

    nthrift_api = &api;
    arena = nthrift_arena_create(65536, 0);

    test_strings();
    test_consts();
    test_defaults();
    test_layouts();
    test_again(NTHRIFT_BINARY);
    test_again(NTHRIFT_COMPACT);
    test_copies();
    test_names();
    test_calls();
    test_replies();
    test_handler();
    program_second();

    nthrift_arena_destroy(arena);
    done();

    return unit_result();
}
