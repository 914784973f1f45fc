/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/encode.c: structs in C as bodies, in both protocols: what is written
 * and what is left out, what cannot be written, and where the room for it
 * ends.  That every type comes back as it was is in decode.c.
 */

#include "bind/decode.h"
#include "bind/encode.h"
#include "bind.h"
#include "layout.h"

#include <stdbool.h>


#define SIZE  65536


static const char  idl[] =
    "union Id { 1: i64 number, 2: string name, 3: Node node }\n"
    "struct Node { 1: optional i32 n, 2: optional Node next }\n"
    "struct Box { 1: string text, 2: list<string> list, 3: list<i32> numbers,\n"
    "    4: map<i32, string> map, 5: set<bool> set, 6: Id id,\n"
    "    7: required Id must, 8: Node node, 9: required Node needed,\n"
    "    10: list<Node> nodes, 11: optional Node maybe,\n"
    "    12: optional Id either, 13: list<Id> ids, 14: list<i8> tiny }\n"
    "exception Missing { 1: string what }\n"
    "exception Denied { 1: i32 code }\n"
    "service Boxes {\n"
    "    i32 get() throws (1: Missing missing, 2: Denied denied)\n"
    "    void put() throws (1: Missing missing)\n"
    "}\n";


static nthrift_idl_program_t  *program;
static nthrift_schema_set_t    set;
static layout_set_t            layouts[2];


static const char *
name(unsigned protocol)
{
    return (protocol == NTHRIFT_BINARY) ? "binary" : "compact";
}


static const nthrift_layout_t *
layout_of(const char *st, int pointers)
{
    return layout_build(&layouts[pointers],
                        nthrift_schema_build(&set, bind_struct(program, st)));
}


/* What a compiler has made. */

typedef struct {
    int8_t                  key;
    int32_t                 value;
} c_entry_t;

typedef struct {
    size_t                  n;
    const c_entry_t        *items;
} c_map_t;

typedef struct c_node_s  c_node_t;

struct c_node_s {
    bool                    has_n;
    int16_t                 n;
    nthrift_str_t           name;
    const c_node_t         *next;
    c_map_t                 map;
    double                  real;
};


static const char  c_idl[] =
    "struct Node { 2: optional i16 n, 3: string name, 40: Node next,\n"
    "    41: map<i8, i32> map, 42: double real }\n";


static nthrift_layout_t             c_node;
static const nthrift_layout_type_t  c_i32 = { .size = 4 };
static const nthrift_layout_type_t  c_i8 = { .size = 1 };

static const nthrift_layout_field_t  c_fields[] = {
    { offsetof(c_node_t, n), offsetof(c_node_t, has_n), { .size = 2 } },
    { offsetof(c_node_t, name), NTHRIFT_LAYOUT_ALWAYS, { .size = 16 } },
    { offsetof(c_node_t, next), NTHRIFT_LAYOUT_ALWAYS,
      { .size = 8, .pointer = 1, .st = &c_node } },
    { offsetof(c_node_t, map), NTHRIFT_LAYOUT_ALWAYS,
      { .size = 16, .second = offsetof(c_entry_t, value),
        .entry = sizeof(c_entry_t), .key = &c_i8, .elem = &c_i32 } },
    { offsetof(c_node_t, real), NTHRIFT_LAYOUT_ALWAYS, { .size = 8 } }
};


static void
test_c(nthrift_arena_t *arena, unsigned protocol)
{
    int               rc;
    size_t            n;
    c_node_t          in, out;
    uint8_t           bytes[256], expected[256];
    nthrift_write_t   w;

    static const c_entry_t  entries[] = { { 7, -70000 }, { -1, 100 } };

    c_node.schema = nthrift_schema_build(&set,
                                         bind_struct(bind_load(arena, c_idl),
                                                     "Node"));
    c_node.fields = c_fields;
    c_node.size = sizeof(c_node_t);

    memset(&in, 0, sizeof(in));
    memset(&out, 0, sizeof(out));

    in.has_n = true;
    in.n = -300;
    in.real = -0.5;
    out.name = bind_str("abc");
    out.next = &in;
    out.map.n = 2;
    out.map.items = entries;

    nthrift_write_init(&w, protocol, bytes, sizeof(bytes), SIZE, NULL, NULL);
    rc = nthrift_encode_body(&w, &c_node, &out);

    n = bind_body(protocol, "3:\"abc\" 40:{2:h-300 3:\"\" 41:<yi> 42:d-0.5}"
                  "41:<yi y7 i-70000 y-1 i100> 42:d0", expected);

    is_int(rc, NTHRIFT_OK, name(protocol));
    is_bytes(bytes, w.len, expected, n, "a struct of the compiler's");
}


/* A value that was decoded, and can be changed. */

typedef struct {
    nthrift_arena_t          *arena;
    const nthrift_layout_t   *layout;
    uint8_t                  *value;
} value_t;


static void
value_open(value_t *v, const nthrift_layout_t *layout, const char *body)
{
    void             *value;
    size_t            n;
    uint8_t          *bytes;
    nthrift_bytes_t   b;
    nthrift_error_t   err;

    v->arena = nthrift_arena_create(4096, 0);
    v->layout = layout;

    bytes = nthrift_arena_alloc(v->arena, 4096);
    n = bind_body(NTHRIFT_BINARY, body, bytes);
    nthrift_bytes_init(&b, bytes, bytes + n, NULL, NULL);

    if (nthrift_decode_body(v->arena, NTHRIFT_BINARY, layout, 64, &b, &value,
                            &err)
        != NTHRIFT_OK)
    {
        fprintf(stderr, "%s: %s\n", body, err.text);
        exit(2);
    }

    v->value = value;
}


/* Where the field of that id is, and its bool. */

static void *
value_at(const value_t *v, int16_t id)
{
    return v->value
           + v->layout->fields[nthrift_schema_field(v->layout->schema, id)
                               - v->layout->schema->fields].offset;
}


static uint8_t *
value_has(const value_t *v, int16_t id)
{
    return v->value
           + v->layout->fields[nthrift_schema_field(v->layout->schema, id)
                               - v->layout->schema->fields].has;
}


static void
value_set(const value_t *v, int16_t id, size_t len, const void *data)
{
    nthrift_str_t  s;

    s.len = len;
    s.data = (uint8_t *) data;

    memcpy(value_at(v, id), &s, sizeof(s));
}


static void
value_is(const value_t *v, unsigned protocol, const char *error,
    const char *body, const char *text)
{
    int               rc;
    size_t            n;
    uint8_t           bytes[4096], expected[4096];
    nthrift_write_t   w;

    nthrift_write_init(&w, protocol, bytes, sizeof(bytes), SIZE_MAX, NULL,
                       NULL);
    rc = nthrift_encode_body(&w, v->layout, v->value);

    if (error != NULL) {
        if (!ok(rc == NTHRIFT_ERROR && unit_same(w.error, error), "%s: %s",
                name(protocol), text))
        {
            diag("%s", w.error ? w.error : "no error");
        }

        return;
    }

    n = bind_body(protocol, body, expected);

    if (!ok(rc == NTHRIFT_OK && w.len == n && memcmp(bytes, expected, n) == 0,
            "%s: %s", name(protocol), text))
    {
        diag("%s, %zu bytes of %zu", w.error ? w.error : "no error", w.len, n);
    }
}


#define BOX  "7:{1:l1} 9:{1:i1}"


/* What is left out, because nothing is there. */

static void
test_left_out(unsigned protocol)
{
    value_t                  v;
    const nthrift_layout_t  *layout;

    layout = layout_of("Box", 0);
    value_open(&v, layout, BOX);
    value_is(&v, protocol, NULL, "1:\"\" 2:[s] 3:[i] 4:<is> 5:(b) 7:{1:l1}"
             "8:{} 9:{1:i1} 10:[{ ] 13:[{ ] 14:[y]",
             "a union without a field is left out");
    nthrift_arena_destroy(v.arena);

    layout = layout_of("Box", 1);
    value_open(&v, layout, BOX);
    value_is(&v, protocol, NULL,
             "1:\"\" 2:[s] 3:[i] 4:<is> 5:(b) " BOX " 10:[{ ] 13:[{ ] 14:[y]",
             "a pointer to nothing is left out");
    nthrift_arena_destroy(v.arena);

    value_open(&v, layout, BOX " 11:{1:i3} 12:{1:l4}");
    *value_has(&v, 11) = 0;
    *value_has(&v, 12) = 0;
    value_is(&v, protocol, NULL,
             "1:\"\" 2:[s] 3:[i] 4:<is> 5:(b) " BOX " 10:[{ ] 13:[{ ] 14:[y]",
             "what has not");
    nthrift_arena_destroy(v.arena);

    value_open(&v, layout, BOX);
    *(uint8_t *) value_at(&v, 5) = 0;
    value_set(&v, 1, 0, NULL);
    value_set(&v, 5, 2, "\0\2");
    value_is(&v, protocol, NULL, "1:\"\" 2:[s] 3:[i] 4:<is> 5:(b b0 b1) " BOX
             " 10:[{ ] 13:[{ ] 14:[y]", "a bool is 0 or 1");
    nthrift_arena_destroy(v.arena);
}


/* Values that no handler should have. */

static void
test_wrong_lengths(unsigned protocol)
{
    size_t           i;
    value_t          v;
    nthrift_str_t    s = { 3, NULL }, *items;

    static const struct {
        int16_t      id;
        size_t       len;
        int          data;
        const char  *error;
    } wrong[] = {
        { 1, 3, 0, "string without data" },
        { 1, (size_t) INT32_MAX + 1, 1, "string with too many bytes" },
        { 1, SIZE_MAX, 1, "string with too many bytes" },
        { 2, 1, 0, "container without items" },
        { 2, SIZE_MAX, 0, "container without items" },
        { 3, (size_t) INT32_MAX + 1, 1, "container with too many items" },
        { 3, SIZE_MAX, 1, "container with too many items" },
        { 4, 1, 0, "container without items" },
        { 4, (size_t) INT32_MAX + 1, 1, "container with too many items" },
        { 5, 1, 0, "container without items" },
        { 10, 1, 0, "container without items" },
    };

    for (i = 0; i < unit_array_size(wrong); i++) {
        value_open(&v, layout_of("Box", 0), BOX);
        value_set(&v, wrong[i].id, wrong[i].len, wrong[i].data ? "" : NULL);
        value_is(&v, protocol, wrong[i].error, NULL, wrong[i].error);
        nthrift_arena_destroy(v.arena);
    }

#if (SIZE_MAX == UINT32_MAX)
    if (protocol == NTHRIFT_BINARY) {
        value_open(&v, layout_of("Box", 0), BOX);
        value_set(&v, 3, SIZE_MAX / 4 + 1, "");
        value_is(&v, protocol, "container with too many items", NULL,
                 "more numbers than memory has bytes");
        nthrift_arena_destroy(v.arena);
    }
#endif

    value_open(&v, layout_of("Box", 0), BOX " 2:[s \"a\" \"b\"]");
    memcpy(&items, (uint8_t *) value_at(&v, 2) + sizeof(size_t),
           sizeof(items));
    items[1] = s;
    value_is(&v, protocol, "string without data", NULL, "of an element");
    nthrift_arena_destroy(v.arena);
}


static void
test_wrong_structs(unsigned protocol)
{
    void     *none = NULL;
    value_t   v;

    value_open(&v, layout_of("Box", 1), BOX);
    memcpy(value_at(&v, 9), &none, sizeof(none));
    value_is(&v, protocol, "struct without a value", NULL,
             "a required struct that is nowhere");
    nthrift_arena_destroy(v.arena);

    value_open(&v, layout_of("Box", 1), BOX);
    *value_has(&v, 11) = 1;
    value_is(&v, protocol, "struct without a value", NULL,
             "a struct that is said to be there");
    nthrift_arena_destroy(v.arena);

    value_open(&v, layout_of("Box", 1), BOX);
    value_set(&v, 10, 1, &none);
    value_is(&v, protocol, "struct without a value", NULL,
             "an element that is nowhere");
    nthrift_arena_destroy(v.arena);
}


static void
test_wrong_unions(unsigned protocol)
{
    value_t  v;
    int16_t  which;

    value_open(&v, layout_of("Box", 0), "9:{}");
    value_is(&v, protocol, "union without a field", NULL,
             "a required union without a field");
    nthrift_arena_destroy(v.arena);

    value_open(&v, layout_of("Box", 0), BOX " 12:{99:i1}");
    value_is(&v, protocol, "union without a field", NULL,
             "a union that is said to be there");
    nthrift_arena_destroy(v.arena);

    value_open(&v, layout_of("Box", 0), BOX " 13:[{ {1:l1} {}]");
    value_is(&v, protocol, "union without a field", NULL,
             "an element that is a union without a field");
    nthrift_arena_destroy(v.arena);

    value_open(&v, layout_of("Id", 0), "");
    value_is(&v, protocol, "union without a field", NULL, "the body itself");
    which = 4;
    memcpy(v.value + v.layout->which, &which, sizeof(which));
    value_is(&v, protocol, "union with a field that it does not have", NULL,
             "a field that it does not have");
    which = -1;
    memcpy(v.value + v.layout->which, &which, sizeof(which));
    value_is(&v, protocol, "union with a field that it does not have", NULL,
             "nor that one");
    nthrift_arena_destroy(v.arena);

    value_open(&v, layout_of("Id", 1), "");
    which = 3;
    memcpy(v.value + v.layout->which, &which, sizeof(which));
    value_is(&v, protocol, "struct without a value", NULL,
             "a union's field that is nowhere");
    nthrift_arena_destroy(v.arena);
}


static void
test_result(unsigned protocol)
{
    value_t  v;

    value_open(&v, layout_of("Boxes.get()", 0), "0:i5");
    value_is(&v, protocol, NULL, "0:i5", "a result");
    *value_has(&v, 1) = 1;
    value_is(&v, protocol, "result with more than one field", NULL, "two");
    *value_has(&v, 0) = 0;
    value_is(&v, protocol, NULL, "1:{1:\"\"}", "an exception");
    *value_has(&v, 1) = 0;
    value_is(&v, protocol, "result without a value", NULL, "none");
    nthrift_arena_destroy(v.arena);

    value_open(&v, layout_of("Boxes.put()", 0), "");
    value_is(&v, protocol, NULL, "", "none of a void method");
    *value_has(&v, 1) = 1;
    value_is(&v, protocol, NULL, "1:{1:\"\"}", "its exception");
    nthrift_arena_destroy(v.arena);
}


/* Nodes one behind the other; the last points to the first. */

static void
test_depth(unsigned protocol)
{
    int                      i;
    value_t                  v, *nodes;
    uint8_t                 *p;
    nthrift_write_t          w;
    const nthrift_layout_t  *layout;

    layout = layout_of("Node", 1);
    nodes = malloc((NTHRIFT_MAX_DEPTH + 1) * sizeof(value_t));
    p = malloc(SIZE);

    for (i = 0; i <= NTHRIFT_MAX_DEPTH; i++) {
        value_open(&nodes[i], layout, "1:i1");

        if (i != 0) {
            *value_has(&nodes[i], 2) = 1;
            memcpy(value_at(&nodes[i], 2), &nodes[i - 1].value,
                   sizeof(void *));
        }

        if (i >= NTHRIFT_MAX_DEPTH - 1) {
            nthrift_write_init(&w, protocol, p, SIZE, SIZE, NULL, NULL);
            (void) nthrift_encode_body(&w, layout, nodes[i].value);
            is_str(w.error, (i < NTHRIFT_MAX_DEPTH)
                            ? NULL : "too many levels of nesting",
                   "as many levels as there may be, and one more");
        }
    }

    v = nodes[0];
    *value_has(&v, 2) = 1;
    memcpy(value_at(&v, 2), &v.value, sizeof(void *));

    nthrift_write_init(&w, protocol, p, SIZE, SIZE, NULL, NULL);
    (void) nthrift_encode_body(&w, layout, v.value);
    is_str(w.error, "too many levels of nesting", "a circle");

    for (i = 0; i <= NTHRIFT_MAX_DEPTH; i++) {
        nthrift_arena_destroy(nodes[i].arena);
    }

    free(nodes);
    free(p);
}


/* Levels are left again. */

static void
test_width(unsigned protocol)
{
    int      i;
    char    *text, *p;
    value_t  v;

    text = malloc(SIZE);
    p = stpcpy(text, "1:\"\" 2:[s] 3:[i] 4:<is> 5:(b) " BOX " 10:[{ ");

    for (i = 0; i < 2 * NTHRIFT_MAX_DEPTH; i++) {
        p = stpcpy(p, "{} ");
    }

    (void) stpcpy(p, "] 13:[{ ] 14:[y]");

    value_open(&v, layout_of("Box", 1), text);
    value_is(&v, protocol, NULL, text, "more structs than levels");
    nthrift_arena_destroy(v.arena);

    free(text);
}


/* Memory that grows, but from the n-th time on. */

typedef struct {
    uint8_t  *data;
    int       times;
    int       fail;
} memory_t;


static uint8_t *
grow(void *owner, uint8_t *data, size_t len, size_t *size)
{
    uint8_t   *p;
    memory_t  *m = owner;

    if (++m->times >= m->fail && m->fail != 0) {
        return NULL;
    }

    p = malloc(*size);

    if (len != 0) {
        memcpy(p, data, len);
    }

    free(data);
    m->data = p;

    return p;
}


/* Everything that is long enough for some growing. */

static void
value_open_large(value_t *v)
{
    int    i;
    char  *text, *p;

    text = malloc(SIZE);
    p = stpcpy(text, BOX " 1:\"");

    for (i = 0; i < 100; i++) {
        p = stpcpy(p, "0123456789");
    }

    p = stpcpy(p, "\" 2:[s ");

    for (i = 0; i < 100; i++) {
        p = stpcpy(p, "\"abc\" ");
    }

    p = stpcpy(p, "] 3:[i ");

    for (i = 0; i < 100; i++) {
        p = stpcpy(p, "i77777 ");
    }

    (void) stpcpy(p, "] 10:[{ {1:i1} {2:{1:i2}}] 14:[y y1 y2]");

    value_open(v, layout_of("Box", 0), text);
    free(text);
}


static void
test_memory(unsigned protocol)
{
    int               rc, fail, passed;
    size_t            n, max;
    value_t           v;
    memory_t          m;
    nthrift_write_t   w;
    uint8_t          *p;

    value_open_large(&v);
    passed = 1;

    for (fail = 1; fail < 50; fail++) {
        memset(&m, 0, sizeof(m));
        m.fail = fail;
        nthrift_write_init(&w, protocol, NULL, 0, SIZE, grow, &m);
        rc = nthrift_encode_body(&w, v.layout, v.value);
        free(m.data);

        if (rc == NTHRIFT_OK) {
            break;
        }

        passed &= w.error == nthrift_write_no_memory;
    }

    ok(passed && fail > 2 && fail < 50, "%s: the n-th growing fails",
       name(protocol));

    /* places that are too short, before a guard page */

    n = w.len;
    passed = 1;

    for (max = 0; max <= n; max++) {
        p = unit_guard("", 0) - max;
        nthrift_write_init(&w, protocol, p, max, (max % 2) ? max : SIZE, NULL,
                           NULL);
        rc = nthrift_encode_body(&w, v.layout, v.value);

        passed &= (max == n) ? rc == NTHRIFT_OK && w.len == n
                             : rc == NTHRIFT_ERROR && w.len <= max
                               && w.error == ((max % 2)
                                              ? nthrift_write_too_large
                                              : nthrift_write_no_memory);
    }

    ok(passed && n > 1500, "%s: places that are too short", name(protocol));

    nthrift_arena_destroy(v.arena);
}


int
main(void)
{
    unsigned          protocol;
    nthrift_arena_t  *arena;

    arena = nthrift_arena_create(65536, 0);
    program = bind_load(arena, idl);
    nthrift_schema_init(&set, arena);
    layout_init(&layouts[0], arena, 0);
    layout_init(&layouts[1], arena, 1);

    for (protocol = NTHRIFT_BINARY; protocol <= NTHRIFT_COMPACT; protocol++) {
        test_c(arena, protocol);
        test_left_out(protocol);
        test_wrong_lengths(protocol);
        test_wrong_structs(protocol);
        test_wrong_unions(protocol);
        test_result(protocol);
        test_depth(protocol);
        test_width(protocol);
        test_memory(protocol);
    }

    nthrift_arena_destroy(arena);

    done();

    return unit_result();
}
