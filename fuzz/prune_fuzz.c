/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz/prune_fuzz.c: a body without what its table does not have.  The first
 * bytes choose protocol, table, rules and where runs end.  The others are the
 * body; or they choose the fields of one that is made up here, together with
 * what is to be left of it.
 *
 * What is left of a body that is well formed and that the check lets pass has
 * no undeclared field and is as good as the body was, it is the same whole, in
 * runs and in parts, and nothing is left to drop.
 */

#include "fuzz.h"
#include "../t/unit/bind.h"
#include "bind/check.h"
#include "bind/prune.h"
#include "wire/skip.h"


#define PRUNE_DEPTH  32
#define PRUNE_SIZE   (1024 * 1024)


static const char  idl[] =
    "enum Color { RED = 1, GREEN = 2, BLUE = 10 }\n"
    "union Id { 1: i64 number, 2: string name, 20: list<string> parts }\n"
    "struct Item { 1: double price, 2: Color color, 5: binary raw }\n"
    "struct User {\n"
    "    1: i64 id, 2: string name, 4: list<Item> items,\n"
    "    5: map<string, Item> prices, 6: Id other, 7: bool on, 8: i8 small,\n"
    "    9: i16 middle, 10: set<i32> numbers, 11: uuid key,\n"
    "    12: list<list<User>> friends, 13: map<i32, i64> pairs,\n"
    "    15: map<Item, list<bool>> flags, 30: User best, 31: bool last,\n"
    "    32: map<i8, double> bytes, -7: i32 negative, 8200: i32 far,\n"
    "    32760: bool farther, 32767: i32 farthest }\n"
    "struct None { }\n"
    "service Users { void put(1: User user, 3: Id id, 20: i32 n) }\n";


static const char *const  names[] = { "User", "Item", "None", "Users.put" };

#define N_TABLES  (sizeof(names) / sizeof(names[0]))


static nthrift_schema_set_t     set;
static const nthrift_schema_t  *tables[N_TABLES];


static void
prune_load(void)
{
    size_t                  i;
    nthrift_arena_t        *arena;
    nthrift_idl_program_t  *program;

    arena = nthrift_arena_create(65536, 0);
    program = bind_load(arena, idl);
    nthrift_schema_init(&set, arena);

    for (i = 0; i < N_TABLES; i++) {
        tables[i] = nthrift_schema_build(&set, bind_struct(program, names[i]));
    }
}


/* Runs a body through; returns the bytes that are left, or -1. */

static int64_t
prune_body(unsigned protocol, const nthrift_schema_t *st, const uint8_t *p,
    size_t n, size_t step, uint64_t part, uint8_t *to)
{
    int                           rc;
    uint64_t                      size;
    nthrift_bytes_t               b, copy;
    nthrift_prune_t               prune;
    static bind_runs_t            runs, again;
    static nthrift_prune_level_t  levels[PRUNE_DEPTH];

    bind_runs_start(&runs, &b, p, n, step, step);
    nthrift_prune_start(&prune, levels, PRUNE_DEPTH, protocol, st, &b);

    do {
        rc = nthrift_prune_part(&prune, part);
    } while (rc == NTHRIFT_AGAIN);

    bind_runs_free(&runs);
    size = prune.size;

    if (rc != NTHRIFT_OK) {
        return -1;
    }

    fuzz_check(size < 2 * n);

    bind_runs_start(&runs, &b, p, n, step, step);
    bind_runs_start(&again, &copy, p, n, step + 3, step + 1);
    nthrift_prune_start(&prune, levels, PRUNE_DEPTH, protocol, st, &b);
    nthrift_prune_write(&prune, &copy, to, size);

    do {
        rc = nthrift_prune_part(&prune, part);
    } while (rc == NTHRIFT_AGAIN);

    bind_runs_free(&runs);
    bind_runs_free(&again);

    fuzz_check(rc == NTHRIFT_OK && prune.size == size
               && prune.p == to + size);

    return (int64_t) size;
}


/* What of the check is told, or -1: it was refused. */

static int
prune_check(unsigned protocol, const nthrift_schema_t *st,
    nthrift_check_e fields, uint8_t choice, const uint8_t *p, size_t n)
{
    void                   *memory;
    nthrift_bytes_t         b;
    nthrift_check_error_t   err;
    nthrift_check_rules_t   rules;

    memset(&rules, 0, sizeof(nthrift_check_rules_t));
    memset(&err, 0, sizeof(nthrift_check_error_t));

    rules.max_depth = PRUNE_DEPTH;
    rules.max_required = set.max_required;
    rules.enums = choice % 3;
    rules.utf8 = choice / 3 % 3;
    rules.fields = fields;

    memory = malloc(nthrift_check_size(&rules));
    nthrift_bytes_init(&b, p, p + n, NULL, NULL);

    if (nthrift_check_body(&rules, memory, protocol, st, &b, &err)
        != NTHRIFT_OK
        || b.p != b.last)
    {
        err.told = 0xff;
    }

    free(memory);

    return (err.told == 0xff) ? -1 : err.told;
}


/*
 * Has a body the form that the check counts on?  Who prunes has walked over it
 * before: the check itself lets a container of numbers lie a level deeper.
 */

static int
prune_walk(unsigned protocol, const uint8_t *p, size_t n)
{
    const uint8_t         *at;
    nthrift_skip_t         w;
    nthrift_error_t        err = { NULL };
    nthrift_skip_level_t   levels[PRUNE_DEPTH];

    at = p;
    nthrift_skip_start(&w, protocol, levels, PRUNE_DEPTH, n);

    return nthrift_skip_read(&w, &at, p + n, &err) == NTHRIFT_OK
           && at == p + n;
}


/* A body that was found good; returns how many bytes are left in `to`. */

static size_t
prune_good(unsigned protocol, const nthrift_schema_t *st, uint8_t choice,
    size_t step, uint64_t part, const uint8_t *p, size_t n, int told,
    uint8_t *to)
{
    int64_t         size;
    static uint8_t  other[PRUNE_SIZE];

    size = prune_body(protocol, st, p, n, n, UINT64_MAX, to);
    fuzz_check(size > 0);

    fuzz_check(prune_body(protocol, st, p, n, step, part, other) == size);
    fuzz_check(memcmp(to, other, (size_t) size) == 0);

    if ((told & NTHRIFT_CHECK_FIELD) == 0) {
        fuzz_check((size_t) size == n && memcmp(to, p, n) == 0);
    }

    fuzz_check(prune_walk(protocol, to, (size_t) size));
    fuzz_check(prune_check(protocol, st, NTHRIFT_CHECK_REFUSE, choice, to,
                           (size_t) size)
               == (told & ~NTHRIFT_CHECK_FIELD));

    fuzz_check(prune_body(protocol, st, to, (size_t) size, n, UINT64_MAX,
                          other)
               == size);
    fuzz_check(memcmp(to, other, (size_t) size) == 0);

    return (size_t) size;
}


/*
 * A body that is made up: written to `body` as a whole, and to `left` without
 * what is not declared, as whoever writes only that would write it.
 */

typedef struct {
    const uint8_t  *p;          /* what is chosen ... */
    const uint8_t  *last;       /* ... and 0 from here on */
    bind_writer_t   body;
    bind_writer_t   left;
    uint8_t        *end;        /* of the room for either */
    int             dropped;    /* levels in what is not declared */
    int             depth;
} prune_maker_t;


static void prune_make_struct(prune_maker_t *m, const nthrift_schema_t *st);
static void prune_make_value(prune_maker_t *m, unsigned type,
    const nthrift_schema_type_t *t);


static uint8_t
prune_choose(prune_maker_t *m)
{
    return (m->p != m->last && m->body.p < m->end) ? *m->p++ : 0;
}


static void
prune_put(prune_maker_t *m, const void *bytes, size_t n)
{
    memcpy(m->body.p, bytes, n);
    m->body.p += n;

    if (!m->dropped) {
        memcpy(m->left.p, bytes, n);
        m->left.p += n;
    }
}


static void
prune_put_byte(prune_maker_t *m, unsigned byte)
{
    uint8_t  b;

    b = (uint8_t) byte;
    prune_put(m, &b, 1);
}


/* A size, or a number of so many bytes, as the protocol writes them. */

static void
prune_put_count(prune_maker_t *m, uint32_t n)
{
    uint8_t        bytes[8];
    bind_writer_t  w = { m->body.protocol, NULL, bytes };

    bind_write_count(&w, n);
    prune_put(m, bytes, (size_t) (w.p - bytes));
}


static void
prune_put_number(prune_maker_t *m, int size, int64_t v)
{
    uint8_t        bytes[16];
    bind_writer_t  w = { m->body.protocol, NULL, bytes };

    bind_write_number(&w, size, v);
    prune_put(m, bytes, (size_t) (w.p - bytes));
}


static void
prune_put_head(bind_writer_t *w, int whole, int16_t before, int16_t id,
    unsigned type, unsigned compact)
{
    if (w->protocol == NTHRIFT_BINARY) {
        *w->p++ = (uint8_t) type;
        *w->p++ = (uint8_t) ((uint16_t) id >> 8);
        *w->p++ = (uint8_t) id;

    } else if (!whole && id > before && id - before <= 15) {
        *w->p++ = (uint8_t) ((id - before) << 4 | (int) compact);

    } else {
        *w->p++ = (uint8_t) compact;
        bind_write_number(w, 2, id);
    }
}


static unsigned
prune_choose_type(prune_maker_t *m)
{
    static const uint8_t  types[] = {
        NTHRIFT_BOOL, NTHRIFT_I8, NTHRIFT_I16, NTHRIFT_I32, NTHRIFT_I64,
        NTHRIFT_DOUBLE, NTHRIFT_STRING, NTHRIFT_UUID, NTHRIFT_STRUCT,
        NTHRIFT_LIST, NTHRIFT_SET, NTHRIFT_MAP
    };

    return types[prune_choose(m) % (m->depth < 20 ? 12 : 8)];
}


static void
prune_make_container(prune_maker_t *m, unsigned type,
    const nthrift_schema_type_t *t)
{
    uint8_t   n;
    unsigned  key, elem;
    uint32_t  i;

    key = (type != NTHRIFT_MAP) ? NTHRIFT_STOP
          : (t != NULL) ? t->key->type : prune_choose_type(m);
    elem = (t != NULL) ? t->elem->type : prune_choose_type(m);
    n = prune_choose(m) % 20;

    if (m->depth > 20) {
        n = 0;
    }

    if (m->body.protocol == NTHRIFT_BINARY) {

        if (type == NTHRIFT_MAP) {
            prune_put_byte(m, key);
        }

        prune_put_byte(m, elem);
        prune_put_count(m, n);

    } else if (type == NTHRIFT_MAP) {
        prune_put_count(m, n);

        if (n != 0) {
            prune_put_byte(m, (unsigned) bind_compact[key] << 4
                              | bind_compact[elem]);
        }

    } else {
        prune_put_byte(m, (n < 15 ? (unsigned) n : 15) << 4
                          | bind_compact[elem]);

        if (n >= 15) {
            prune_put_count(m, n);
        }
    }

    for (i = 0; i < n; i++) {
        if (type == NTHRIFT_MAP) {
            prune_make_value(m, key, t ? t->key : NULL);
        }

        prune_make_value(m, elem, t ? t->elem : NULL);
    }
}


static void
prune_make_value(prune_maker_t *m, unsigned type,
    const nthrift_schema_type_t *t)
{
    uint8_t               n, i;
    static const uint8_t  zero[16];

    m->depth++;

    switch (type) {

    case NTHRIFT_BOOL:
        n = prune_choose(m) % 2;
        prune_put_byte(m, m->body.protocol == NTHRIFT_COMPACT ? n + 1u : n);
        break;

    case NTHRIFT_I8:
        prune_put_byte(m, prune_choose(m));
        break;

    case NTHRIFT_I16:
        prune_put_number(m, 2, (int8_t) prune_choose(m) * 250);
        break;

    case NTHRIFT_I32:
        prune_put_number(m, 4, (t != NULL && t->en != NULL)
                               ? t->en->numbers[prune_choose(m) % t->en->n]
                               : (int8_t) prune_choose(m) * 16000000);
        break;

    case NTHRIFT_I64:
        prune_put_number(m, 8, (int8_t) prune_choose(m) * ((int64_t) 1 << 50));
        break;

    case NTHRIFT_DOUBLE:
        prune_put(m, zero, 8);
        break;

    case NTHRIFT_UUID:
        prune_put(m, zero, 16);
        break;

    case NTHRIFT_STRING:
        n = prune_choose(m);
        prune_put_count(m, n);

        for (i = 0; i < n; i++) {
            prune_put_byte(m, m->dropped ? 0xff : 'a');
        }

        break;

    case NTHRIFT_STRUCT:
        prune_make_struct(m, t ? t->st : NULL);
        break;

    default:
        prune_make_container(m, type, t);
    }

    m->depth--;
}


/* A field: `*before` is the id before it, `*kept` that of those left. */

static void
prune_make_field(prune_maker_t *m, const nthrift_schema_t *st, int16_t *before,
    int16_t *kept)
{
    int                            whole, dropped;
    int16_t                        id;
    uint8_t                        choice;
    unsigned                       type, compact;
    const nthrift_schema_field_t  *field;

    choice = prune_choose(m);
    field = NULL;

    if (st != NULL && st->n != 0
        && ((choice & 2) || st->what == NTHRIFT_SCHEMA_UNION))
    {
        field = &st->fields[prune_choose(m) % st->n];
        id = field->id;

    } else {
        id = (choice & 4) ? (int16_t) (*before + prune_choose(m) % 20)
                          : (int16_t) (prune_choose(m) * 257);

        field = (st != NULL) ? nthrift_schema_field(st, id) : NULL;
    }

    type = (field != NULL) ? field->type.type : prune_choose_type(m);
    dropped = field == NULL;
    compact = bind_compact[type];

    if (type == NTHRIFT_BOOL) {
        compact += prune_choose(m) % 2;
    }

    whole = (choice & 8) != 0 || id <= *before || id - *before > 15;

    prune_put_head(&m->body, whole, *before, id, type, compact);
    *before = id;
    m->dropped += dropped;

    if (!m->dropped) {
        prune_put_head(&m->left, whole, *kept, id, type, compact);
        *kept = id;
    }

    if (type != NTHRIFT_BOOL || m->body.protocol == NTHRIFT_BINARY) {
        prune_make_value(m, type, field ? &field->type : NULL);
    }

    m->dropped -= dropped;
}


static void
prune_make_struct(prune_maker_t *m, const nthrift_schema_t *st)
{
    int16_t  before, kept;

    before = 0;
    kept = 0;

    if (st != NULL && st->what == NTHRIFT_SCHEMA_UNION) {
        prune_make_field(m, st, &before, &kept);

    } else {
        while (m->depth < 20 && (prune_choose(m) % 8) != 0) {
            prune_make_field(m, st, &before, &kept);
        }
    }

    prune_put_byte(m, 0);
}


static void
prune_made(unsigned protocol, const nthrift_schema_t *st, uint8_t choice,
    size_t step, uint64_t part, const uint8_t *data, size_t size)
{
    int             told;
    size_t          n;
    prune_maker_t   m;
    static uint8_t  body[PRUNE_SIZE], left[PRUNE_SIZE], to[PRUNE_SIZE];

    memset(&m, 0, sizeof(prune_maker_t));

    m.p = data;
    m.last = data + size;
    m.body.protocol = protocol;
    m.body.p = body;
    m.left.protocol = protocol;
    m.left.p = left;
    m.end = body + PRUNE_SIZE / 4;

    prune_make_struct(&m, st);

    n = (size_t) (m.body.p - body);

    if (step * 400 < n) {
        step = n / 400 + 1;
    }

    fuzz_check(prune_walk(protocol, body, n));

    told = prune_check(protocol, st, NTHRIFT_CHECK_DROP, choice, body, n);
    fuzz_check(told == 0 || told == NTHRIFT_CHECK_FIELD);

    fuzz_check(prune_good(protocol, st, choice, step, part, body, n, told, to)
               == (size_t) (m.left.p - left));
    fuzz_check(memcmp(to, left, (size_t) (m.left.p - left)) == 0);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                      told;
    size_t                   step;
    uint8_t                  choice;
    uint64_t                 part;
    unsigned                 protocol;
    const nthrift_schema_t  *st;
    static uint8_t           to[PRUNE_SIZE];

    if (tables[0] == NULL) {
        prune_load();
    }

    if (size < 6 || size > 4096) {
        return 0;
    }

    protocol = (data[0] & 1) ? NTHRIFT_BINARY : NTHRIFT_COMPACT;
    st = tables[data[1] % N_TABLES];
    choice = data[2];
    step = 1 + data[3] % 64;
    part = 1 + data[4];

    if (data[0] & 2) {
        prune_made(protocol, st, choice, step, part, data + 5, size - 5);
        return 0;
    }

    data += 5;
    size -= 5;

    if (step * 400 < size) {
        step = size / 400 + 1;
    }

    told = prune_check(protocol, st, NTHRIFT_CHECK_DROP, choice, data, size);

    if (told >= 0 && prune_walk(protocol, data, size)) {
        (void) prune_good(protocol, st, choice, step, part, data, size, told,
                          to);

    } else {
        (void) prune_body(protocol, st, data, size, step, part, to);
    }

    return 0;
}
