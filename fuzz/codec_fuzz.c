/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz/codec_fuzz.c: bodies as structs in C, and as bodies again.  What the
 * check finds good is decoded, the same in one run and in many; what is then
 * encoded is good, and stays what it is from there on.  What the check has not
 * seen is decoded as well, for nothing must happen then.
 *
 * The first bytes choose protocol, struct, layout, depth and runs.  The others
 * are the body, or choices from which a good body is made: one in which fields
 * are missing, there twice and not declared, or one that comes back as it was.
 */

#include "fuzz.h"
#include "bind/check.h"
#include "bind/decode.h"
#include "bind/encode.h"

#include "../t/unit/bind.h"
#include "../t/unit/layout.h"


#define CODEC_MEMORY  (4 * 1024 * 1024)     /* bytes: of an arena */
#define CODEC_BODY    (1024 * 1024)         /* bytes: of what is encoded */
#define CODEC_NEST    10                    /* levels of a body that is made */
#define CODEC_CHOICE  5                     /* bytes before all others */


static const char  idl[] =
    "enum Color { RED = 1, GREEN = 2, BLUE = 10 }\n"
    "union Id { 1: i64 number, 2: string name, 3: bool on,\n"
    "    20: list<string> parts, 21: Zip zip, 22: User user }\n"
    "exception Missing { 1: required string what }\n"
    "struct Zip { 1: required string code, 2: i32 plus = 7 }\n"
    "struct Item { 1: double price, 2: optional Color color,\n"
    "    3: binary raw }\n"
    "struct Nothing { }\n"
    "struct User {\n"
    "    1: required i64 id, 2: string name, 3: Zip zip,\n"
    "    4: list<Item> items, 5: map<string, Item> prices, 6: Id other,\n"
    "    7: bool on, 8: i8 small, 9: i16 middle, 10: set<i32> numbers,\n"
    "    11: uuid key, 12: list<list<string>> words, 13: map<i32, i64> pairs,\n"
    "    14: list<Color> colors, 15: map<Color, Color> mixed,\n"
    "    16: list<bool> flags, 17: map<i8, i64> bytes,\n"
    "    18: list<User> friends, 19: map<string, string> strings,\n"
    "    20: optional User best, 21: Color color, 22: list<double> reals,\n"
    "    23: optional list<i16> shorts, 24: optional list<i8> tiny,\n"
    "    25: optional set<uuid> keys, 26: optional list<Id> ids,\n"
    "    27: optional map<Zip, list<Zip>> zips, 28: optional Nothing nothing,\n"
    "    29: list<i64> longs, 30: optional Id either, -5: optional i32 far,\n"
    "    300: list<Nothing> nothings, 1000: optional bool farther }\n"
    "struct Many { 1: required bool a1, 2: required bool a2, 3: Zip zip }\n"
    "service Users {\n"
    "    User get(1: required i64 id, 2: User user)"
    " throws (1: Missing missing)\n"
    "    void put(1: Many many) throws (1: Missing missing) }\n";


static const char *const  structs[] = {
    "User", "Id", "Many", "Users.get", "Users.get()", "Users.put",
    "Users.put()"
};

#define CODEC_STRUCTS  (sizeof(structs) / sizeof(structs[0]))


static nthrift_schema_set_t     set;
static const nthrift_layout_t  *layouts[2][CODEC_STRUCTS];


/* A choice. */

typedef struct {
    unsigned                 protocol;
    const nthrift_layout_t  *layout;
    uint32_t                 depth;
    int                      made;      /* 1: the body is good */
    int                      same;      /* 1: and what is encoded, too */
    size_t                   split;     /* of runs, in bytes, and ... */
    size_t                   step;      /* ... 0: one run */
} codec_t;


/* An image of defaults, as "nthrift gen" writes one. */

static void
codec_defaults(nthrift_arena_t *arena, nthrift_layout_t *layout,
    const char *body)
{
    void             *value;
    size_t            n;
    uint8_t          *bytes;
    nthrift_bytes_t   b;
    nthrift_error_t   err;

    bytes = nthrift_arena_alloc(arena, BIND_SIZE);
    n = bind_body(NTHRIFT_BINARY, body, bytes);
    nthrift_bytes_init(&b, bytes, bytes + n, NULL, NULL);

    fuzz_check(nthrift_decode_body(arena, NTHRIFT_BINARY, layout, 8, &b,
                                   &value, &err)
               == NTHRIFT_OK);
    layout->defaults = value;
}


static void
codec_load(void)
{
    size_t                   i, pointers;
    layout_set_t             layout;
    nthrift_arena_t         *arena;
    nthrift_layout_t        *zip;
    const nthrift_schema_t  *st;
    nthrift_idl_program_t   *program;

    arena = nthrift_arena_create(65536, 0);
    program = bind_load(arena, idl);
    nthrift_schema_init(&set, arena);

    for (pointers = 0; pointers < 2; pointers++) {
        layout_init(&layout, arena, (int) pointers);
        st = nthrift_schema_build(&set, bind_struct(program, "Zip"));
        zip = layout_build(&layout, st);
        codec_defaults(arena, zip, "2:i7");

        for (i = 0; i < CODEC_STRUCTS; i++) {
            st = nthrift_schema_build(&set, bind_struct(program, structs[i]));
            layouts[pointers][i] = layout_build(&layout, st);
        }

        if (!pointers) {
            st = nthrift_schema_build(&set, bind_struct(program, "Many"));
            codec_defaults(arena, layout_build(&layout, st), "3:{}");

            st = nthrift_schema_build(&set, bind_struct(program, "User"));
            codec_defaults(arena, layout_build(&layout, st), "3:{}");
        }
    }
}


/* A body that is made of choices: any value of a struct. */

typedef struct {
    nthrift_write_t   w;
    const uint8_t    *p;
    const uint8_t    *last;
    uint32_t          nest;
    int               same;
} codec_make_t;


static void codec_make_struct(codec_make_t *m, const nthrift_schema_t *st);


static unsigned
codec_byte(codec_make_t *m)
{
    return (m->p != m->last) ? *m->p++ : 0;
}


/* Numbers of all sizes: that many of the bytes that come, or less. */

static int64_t
codec_number(codec_make_t *m, unsigned bytes)
{
    unsigned  i, n;
    uint64_t  v;

    n = codec_byte(m);
    v = (n & 0x80) ? UINT64_MAX : 0;

    for (i = 0; i < n % (bytes + 1); i++) {
        v = v << 8 | codec_byte(m);
    }

    return (int64_t) (v << (64 - 8 * bytes)) >> (64 - 8 * bytes);
}


static void
codec_make_string(codec_make_t *m)
{
    size_t   n;
    uint8_t  text[256];

    for (n = 0; n < codec_byte(m) % 64u && m->p != m->last; n++) {
        text[n] = (uint8_t) codec_byte(m);
    }

    nthrift_write_string(&m->w, text, n);
}


static void
codec_make_value(codec_make_t *m, const nthrift_schema_type_t *type)
{
    double    real;
    size_t    i, n;
    uint8_t   uuid[16];

    switch (type->type) {

    case NTHRIFT_BOOL:
        nthrift_write_bool(&m->w, codec_byte(m) & 1);
        return;

    case NTHRIFT_I8:
    case NTHRIFT_I16:
    case NTHRIFT_I32:
    case NTHRIFT_I64:
        n = (type->type == NTHRIFT_I8) ? 1 : (type->type == NTHRIFT_I16) ? 2
            : (type->type == NTHRIFT_I32) ? 4 : 8;
        nthrift_write_int(&m->w, type->type, codec_number(m, (unsigned) n));
        return;

    case NTHRIFT_DOUBLE:
        real = (double) codec_number(m, 8) / 8;
        nthrift_write_double(&m->w, real);
        return;

    case NTHRIFT_STRING:
        codec_make_string(m);
        return;

    case NTHRIFT_UUID:
        memset(uuid, (int) codec_byte(m), sizeof(uuid));
        nthrift_write_uuid(&m->w, uuid);
        return;

    case NTHRIFT_STRUCT:
        codec_make_struct(m, type->st);
        return;

    default:
        break;
    }

    n = (m->nest < CODEC_NEST) ? codec_byte(m) % 20 : 0;
    n = (m->p != m->last) ? n : 0;

    if (type->key != NULL) {
        nthrift_write_map(&m->w, type->key->type, type->elem->type, n);

    } else {
        nthrift_write_list(&m->w, type->elem->type, n);
    }

    m->nest++;

    for (i = 0; i < n; i++) {
        if (type->key != NULL) {
            codec_make_value(m, type->key);
        }

        codec_make_value(m, type->elem);
    }

    m->nest--;
}


static void
codec_make_field(codec_make_t *m, int16_t *last,
    const nthrift_schema_field_t *field)
{
    if (field->type.type == NTHRIFT_BOOL) {
        nthrift_write_field_bool(&m->w, last, field->id, codec_byte(m) & 1);
        return;
    }

    nthrift_write_field(&m->w, last, field->id, field->type.type);
    codec_make_value(m, &field->type);
}


/* A struct that comes back as it was lacks nothing but what is optional. */

static int
codec_is_there(const codec_make_t *m, const nthrift_schema_field_t *field,
    unsigned choice)
{
    return field->req == NTHRIFT_SCHEMA_REQUIRED
           || (m->same && field->req == NTHRIFT_SCHEMA_DEFAULT)
           || (choice % 4 == 1 && m->nest < CODEC_NEST);
}


/* Fields in order; or some twice, and some of tomorrow. */

static void
codec_make_fields(codec_make_t *m, const nthrift_schema_t *st)
{
    int16_t                        last;
    uint32_t                       i;
    unsigned                       choice;
    nthrift_schema_field_t         unknown;
    const nthrift_schema_field_t  *field;

    last = 0;

    for (i = 0; i < st->n; i++) {
        field = &st->fields[i];
        choice = codec_byte(m);

        if (!m->same && choice % 16 == 15) {
            unknown = *field;
            unknown.id = (int16_t) (3000 + choice);
            codec_make_field(m, &last, &unknown);
        }

        if (codec_is_there(m, field, choice)) {
            codec_make_field(m, &last, field);
        }

        if (!m->same && choice % 32 == 1 && m->nest < CODEC_NEST) {
            codec_make_field(m, &last, field);
        }
    }
}


static void
codec_make_struct(codec_make_t *m, const nthrift_schema_t *st)
{
    int16_t   last;
    unsigned  choice;

    last = 0;
    m->nest++;

    if (st->what < NTHRIFT_SCHEMA_UNION) {
        codec_make_fields(m, st);

    } else if (st->what == NTHRIFT_SCHEMA_UNION || st->returns) {
        choice = (m->nest < CODEC_NEST) ? codec_byte(m) % st->n : 0;
        codec_make_field(m, &last, &st->fields[choice]);
    }

    m->nest--;
    nthrift_write_stop(&m->w);
}


static uint8_t *
codec_grow(void *owner, uint8_t *data, size_t len, size_t *size)
{
    (void) owner;
    (void) len;

    return realloc(data, *size);
}


/* The body's bytes, in a block of their own: NULL if there are too many. */

static uint8_t *
codec_make(const codec_t *c, const uint8_t *data, size_t size, size_t *n)
{
    codec_make_t  m;

    m.p = data;
    m.last = data + size;
    m.nest = 0;
    m.same = c->same;

    nthrift_write_init(&m.w, c->protocol, NULL, 0, CODEC_BODY, codec_grow,
                       NULL);
    codec_make_struct(&m, c->layout->schema);

    if (m.w.error != NULL) {
        fuzz_check(m.w.error == nthrift_write_too_large);
        free(m.w.data);
        return NULL;
    }

    *n = m.w.len;

    return m.w.data;
}


static int
codec_check(const codec_t *c, uint32_t depth, const uint8_t *data, size_t size,
    size_t *consumed)
{
    int                     rc;
    void                   *memory;
    uint8_t                *copy;
    nthrift_bytes_t         b;
    nthrift_check_error_t   err;
    nthrift_check_rules_t   rules;

    memset(&rules, 0, sizeof(rules));
    memset(&err, 0, sizeof(err));

    rules.max_depth = depth;
    rules.uuids = c->made;      /* fields of tomorrow have any type */
    rules.reply = c->made;
    rules.max_required = set.max_required;

    copy = fuzz_copy(data, size);
    memory = malloc(nthrift_check_size(&rules));

    nthrift_bytes_init(&b, copy, copy + size, NULL, NULL);
    rc = nthrift_check_body(&rules, memory, c->protocol, c->layout->schema,
                            &b, &err);
    *consumed = nthrift_bytes_offset(&b);

    free(memory);
    free(copy);

    return rc;
}


/* What came of a body. */

typedef struct {
    int           rc;
    const char   *error;
    size_t        consumed;
    int           written;      /* rc of the encoding, ... */
    const char   *refused;
    uint8_t      *bytes;        /* ... and what it is */
    size_t        n;
} codec_result_t;


static void
codec_read(const codec_t *c, uint32_t depth, int runs, const uint8_t *data,
    size_t size, codec_result_t *r)
{
    void                *value;
    uint8_t             *copy;
    nthrift_arena_t     *arena;
    nthrift_bytes_t      b;
    nthrift_error_t      err;
    nthrift_write_t      w;
    static bind_runs_t   place;

    memset(r, 0, sizeof(codec_result_t));

    arena = nthrift_arena_create(512, CODEC_MEMORY);
    copy = NULL;
    place.n_runs = 0;

    if (runs) {
        bind_runs_start(&place, &b, data, size,
                        (c->split < size) ? c->split : size,
                        c->step + size / 400);

    } else {
        copy = fuzz_copy(data, size);
        nthrift_bytes_init(&b, copy, copy + size, NULL, NULL);
    }

    r->rc = nthrift_decode_body(arena, c->protocol, c->layout, depth, &b,
                                &value, &err);
    r->consumed = nthrift_bytes_offset(&b);
    r->error = err.text;

    fuzz_check((r->rc == NTHRIFT_OK) == (err.text == NULL));
    fuzz_check(arena->used <= CODEC_MEMORY);

    if (r->rc == NTHRIFT_OK) {
        nthrift_write_init(&w, c->protocol, NULL, 0, CODEC_BODY, codec_grow,
                           NULL);
        r->written = nthrift_encode_body(&w, c->layout, value);
        r->refused = w.error;
        r->bytes = w.data;
        r->n = w.len;

        fuzz_check(w.len <= CODEC_BODY);
    }

    bind_runs_free(&place);
    free(copy);
    nthrift_arena_destroy(arena);
}


/* What a handler could not answer: unions and results of tomorrow. */

static int
codec_is_refused(const char *error)
{
    return error == nthrift_write_too_large
           || fuzz_same(error, "union without a field")
           || fuzz_same(error, "result without a value");
}


/* What was encoded is good, and stays what it is. */

static void
codec_again(const codec_t *c, const codec_result_t *first)
{
    size_t           consumed;
    codec_result_t   second;

    fuzz_check(codec_check(c, NTHRIFT_MAX_DEPTH, first->bytes, first->n,
                           &consumed)
               == NTHRIFT_OK);
    fuzz_check(consumed == first->n);

    codec_read(c, NTHRIFT_MAX_DEPTH, 0, first->bytes, first->n, &second);

    if (second.rc != NTHRIFT_OK) {
        fuzz_check(second.error == nthrift_decode_no_memory);
        return;
    }

    fuzz_check(second.written == NTHRIFT_OK && second.n == first->n
               && memcmp(second.bytes, first->bytes, first->n) == 0);

    free(second.bytes);
}


static void
codec_body(const codec_t *c, const uint8_t *data, size_t size)
{
    int              good;
    size_t           consumed;
    codec_result_t   whole, runs;

    good = codec_check(c, c->depth, data, size, &consumed) == NTHRIFT_OK;
    fuzz_check(good || !c->made);

    codec_read(c, c->depth, 0, data, size, &whole);
    codec_read(c, c->depth, 1, data, size, &runs);

    if (good) {
        fuzz_check(whole.rc == NTHRIFT_OK
                   ? whole.consumed == consumed
                   : whole.error == nthrift_decode_no_memory);
        fuzz_check(runs.rc == NTHRIFT_OK
                   ? runs.consumed == consumed
                   : runs.error == nthrift_decode_no_memory);
        fuzz_check(whole.written == NTHRIFT_OK
                   || codec_is_refused(whole.refused));
    }

    if (whole.rc == NTHRIFT_OK && runs.rc == NTHRIFT_OK) {
        fuzz_check(whole.refused == runs.refused && whole.n == runs.n
                   && (whole.n == 0
                       || memcmp(whole.bytes, runs.bytes, whole.n) == 0));
    }

    if (good && whole.rc == NTHRIFT_OK && whole.written == NTHRIFT_OK) {
        fuzz_check(!c->same || (whole.n == size
                                && memcmp(whole.bytes, data, size) == 0));
        codec_again(c, &whole);
    }

    free(whole.bytes);
    free(runs.bytes);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t    n;
    codec_t   c;
    uint8_t  *body;

    if (layouts[0][0] == NULL) {
        codec_load();
    }

    if (size < CODEC_CHOICE || size > 60000) {
        return 0;
    }

    c.protocol = (data[0] & 1) ? NTHRIFT_BINARY : NTHRIFT_COMPACT;
    c.layout = layouts[(data[0] >> 1) & 1][data[1] % CODEC_STRUCTS];
    c.depth = 1 + data[2] % 40;
    c.split = data[3];
    c.step = 1 + data[4] % 16;
    c.made = (data[0] >> 2) & 1;
    c.same = c.made && (data[0] & 8);

    if (!c.made) {
        codec_body(&c, data + CODEC_CHOICE, size - CODEC_CHOICE);
        return 0;
    }

    body = codec_make(&c, data + CODEC_CHOICE, size - CODEC_CHOICE, &n);

    if (body != NULL) {
        c.depth = NTHRIFT_MAX_DEPTH;
        codec_body(&c, body, n);
        free(body);
    }

    return 0;
}
