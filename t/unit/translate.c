/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/translate.c: bodies in another protocol: what each thing becomes, in
 * pieces and buffers of every size; what is refused, with the words of the
 * walk; random bodies, there and back.
 */

#include "maker.h"
#include "values.h"
#include "wire/protocol.h"
#include "wire/translate.h"


#define MAX_OUT  (MAX_BYTES * 8)


/* What came of one way of doing it. */

typedef struct {
    int          rc;
    int          broken;        /* a promise was */
    const char  *error;
    size_t       consumed;
    size_t       n;
    uint8_t      out[MAX_OUT];
} done_t;


typedef struct {
    unsigned   protocol;
    unsigned   to;
    uint32_t   depth;
    uint64_t   budget;
} rules_t;


/* A buffer whose end is the end of a page, too, beside that of unit_guard(). */

static uint8_t *
room_guard(size_t n)
{
    static uint8_t  *end;

    if (end == NULL) {
        end = mmap(NULL, 2 * MAX_OUT, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (end == MAP_FAILED
            || mprotect(end + MAX_OUT, MAX_OUT, PROT_NONE) != 0)
        {
            perror("room_guard");
            exit(2);
        }

        end += MAX_OUT;
    }

    return end - n;
}


/* Pieces of `step` bytes into buffers of `room`. */

static void
run(done_t *d, const rules_t *rules, const uint8_t *bytes, size_t n,
    size_t step, size_t room)
{
    size_t                left, size;
    uint8_t              *start, *out;
    const uint8_t        *p, *piece;
    nthrift_error_t       err = { NULL };
    nthrift_translate_t   t;
    nthrift_skip_level_t  levels[NTHRIFT_MAX_DEPTH];

    memset(&t, 0xa5, sizeof(t));
    memset(levels, 0xa5, sizeof(levels));

    d->consumed = d->n = 0;
    d->broken = nthrift_translate_start(&t, rules->protocol, rules->to,
                                        levels, rules->depth, rules->budget)
                != NTHRIFT_OK;

    do {
        left = n - d->consumed;
        size = (left < step) ? left : step;
        piece = p = unit_guard(bytes + d->consumed, size);

        do {
            if (d->n + room > MAX_OUT) {
                room = MAX_OUT - d->n;
            }

            start = out = room_guard(room);
            d->rc = nthrift_translate_read(&t, &p, piece + size, &out,
                                           start + room, &err);

            memcpy(d->out + d->n, start, (size_t) (out - start));
            d->n += (size_t) (out - start);
            d->broken |= p < piece || p > piece + size || out < start;

        } while (d->rc == NTHRIFT_AGAIN && out == start + room
                 && d->n < MAX_OUT);

        d->broken |= d->rc == NTHRIFT_AGAIN && p != piece + size;
        d->consumed += (size_t) (p - piece);

    } while (d->rc == NTHRIFT_AGAIN && d->consumed < n);

    d->error = err.text;
}


static int
same(const done_t *a, const done_t *b)
{
    return a->rc == b->rc && !a->broken && !b->broken
           && unit_same(a->error, b->error)
           && (a->rc == NTHRIFT_ERROR || a->consumed == b->consumed)
           && (a->rc == NTHRIFT_ERROR
               || (a->n == b->n && memcmp(a->out, b->out, a->n) == 0));
}


static int
skip_agrees(const done_t *d, const rules_t *rules, const uint8_t *bytes,
    size_t n)
{
    int                   rc;
    const uint8_t        *p;
    nthrift_skip_t        w;
    nthrift_error_t       err = { NULL };
    nthrift_skip_level_t  levels[NTHRIFT_MAX_DEPTH];

    p = bytes;

    nthrift_skip_start(&w, rules->protocol, levels, rules->depth,
                       rules->budget);
    rc = nthrift_skip_read(&w, &p, bytes + n, &err);

    if (rc == d->rc && unit_same(err.text, d->error)
        && (rc != NTHRIFT_OK || (size_t) (p - bytes) == d->consumed))
    {
        return 1;
    }

    diag("the walk: %d %s, translation: %d %s", rc, err.text ? err.text : "",
         d->rc, d->error ? d->error : "");

    return 0;
}


static const size_t  steps[] = { 1, 2, 3, 7, 16, 17, MAX_OUT };
static const size_t  rooms[] = { 1, 2, 5, 15, 16, 17, 64, 100 };


static int
all_ways(done_t *whole, const rules_t *rules, const uint8_t *bytes, size_t n)
{
    size_t         i, j;
    static done_t  d;

    run(whole, rules, bytes, n, n, MAX_OUT);

    for (i = 0; i < unit_array_size(steps); i++) {
        for (j = 0; j < unit_array_size(rooms); j++) {
            run(&d, rules, bytes, n, steps[i], rooms[j]);

            if (!same(whole, &d)) {
                diag("pieces of %zu into %zu: %d %s, %zu bytes; whole: %d "
                     "%s, %zu bytes", steps[i], rooms[j], d.rc,
                     d.error ? d.error : "", d.n, whole->rc,
                     whole->error ? whole->error : "", whole->n);
                return 0;
            }
        }
    }

    return !whole->broken && skip_agrees(whole, rules, bytes, n);
}


typedef struct {
    const char  *name;
    const char  *binary;
    const char  *compact;
} pair_t;


/* The same both ways. */

static const pair_t  pairs[] = {
    { "nothing", "00", "00" },
    { "true", "02 0001 01 00", "11 00" },
    { "false", "02 0001 00 00", "12 00" },
    { "i8", "03 0001 80 00", "13 80 00" },
    { "double", "04 0001 4009 2100 0000 0001 00",
      "17 0100 0000 0021 0940 00" },
    { "double in an element", "0f 0001 04 00000001 0102030405060708 00",
      "19 17 0807060504030201 00" },
    { "i16", "06 0001 8000  06 0002 7fff 06 0003 0000 00",
      "14 ffff03 14 feff03 14 00 00" },
    { "i32", "08 0001 80000000  08 0002 7fffffff 08 0003 ffffffff 00",
      "15 ffffffff0f 15 feffffff0f 15 01 00" },
    { "i64", "0a 0001 8000000000000000  0a 0002 7fffffffffffffff 00",
      "16 ffffffffffffffffff01 16 feffffffffffffffff01 00" },
    { "string", "0b 0001 00000003 616263 00", "18 03 616263 00" },
    { "empty string", "0b 0001 00000000 00", "18 00 00" },
    { "uuid", "10 0001 00112233445566778899aabbccddeeff 00",
      "1d 00112233445566778899aabbccddeeff 00" },
    { "struct", "0c 0001 08 0003 00000001 00 08 0002 00000002 00",
      "1c 35 02 00 15 04 00" },
    { "list of i32", "0f 0001 08 00000003 00000000 00000001 ffffffff 00",
      "19 35 00 02 01 00" },
    { "set of i8", "0e 0001 03 00000002 7f80 00", "1a 23 7f80 00" },
    { "list of 15", "0f 0001 03 0000000f 0102030405060708090a0b0c0d0e0f 00",
      "19 f3 0f 0102030405060708090a0b0c0d0e0f 00" },
    { "list of bools", "0f 0001 02 00000003 01 00 01 00",
      "19 31 01 02 01 00" },
    { "list of uuids", "0f 0001 10 00000001"
      "00112233445566778899aabbccddeeff 00",
      "19 1d 00112233445566778899aabbccddeeff 00" },
    { "list of strings", "0f 0001 0b 00000002 00000001 61 00000000 00",
      "19 28 01 61 00 00" },
    { "list of structs", "0f 0001 0c 00000002 00 02 0002 01 00 00",
      "19 2c 00 21 00 00" },
    { "list of lists", "0f 0001 0f 00000002 08 00000000 0a 00000001"
      "0000000000000001 00", "19 29 05 16 02 00" },
    { "empty list", "0f 0001 0c 00000000 00", "19 0c 00" },
    { "empty list of no type", "0f 0001 00 00000000 00", "19 00 00" },
    { "empty map", "0d 0001 00 00 00000000 00", "1b 00 00" },
    { "map", "0d 0001 08 0b 00000001 00000001 00000001 61 00",
      "1b 01 58 02 01 61 00" },
    { "map of bools", "0d 0001 02 02 00000001 01 00 00",
      "1b 01 11 01 02 00" },
    { "map of i8", "0d 0001 03 03 00000002 01 02 03 04 00",
      "1b 02 33 01 02 03 04 00" },
    { "map of i8 to uuids", "0d 0001 03 10 00000001 01"
      "00112233445566778899aabbccddeeff 00",
      "1b 01 3d 01 00112233445566778899aabbccddeeff 00" },
    { "map of maps", "0d 0001 0b 0d 00000001 00000001 61 00 00 00000000 00",
      "1b 01 8b 01 61 00 00" },
    { "id 0", "02 0000 01 00", "01 00 00" },
    { "id 15", "02 000f 01 00", "f1 00" },
    { "id 16", "02 0010 01 00", "01 20 00" },
    { "id -1", "03 ffff 07 00", "03 01 07 00" },
    { "ids that go down", "03 0005 07 03 0004 07 00", "53 07 03 08 07 00" },
    { "id twice", "03 0005 07 03 0005 07 00", "53 07 03 0a 07 00" },
    { "largest ids", "03 8000 07 03 7fff 07 00",
      "03 ffff03 07 03 feff03 07 00" },
    { "id from below 0", "03 ffff 07 03 0001 08 00", "03 01 07 23 08 00" },
};


/* What has several forms; `compact` is read, or written, as `binary`. */

static const pair_t  to_compact[] = {
    { "bool of 2", "02 0001 02 00", "11 00" },
    { "bool of 255", "0f 0001 02 00000001 ff 00", "19 11 01 00" },
    { "empty list of an unknown type", "0f 0001 63 00000000 00",
      "19 00 00" },
    { "empty map of a type", "0d 0001 08 0b 00000000 00", "1b 00 00" },
    { "empty map of unknown types", "0d 0001 63 ff 00000000 00",
      "1b 00 00" },
};

static const pair_t  to_binary[] = {
    { "bool elements of type 2", "0f 0001 02 00000002 01 00 00",
      "19 22 01 02 00" },
    { "bool elements of other bytes", "0f 0001 02 00000002 00 00 00",
      "19 21 00 07 00" },
    { "map of both bool types", "0d 0001 02 02 00000001 01 00 00",
      "1b 01 12 01 02 00" },
    { "short list in long form", "0f 0001 03 00000001 07 00",
      "19 f3 01 07 00" },
    { "empty list of an unknown type", "0f 0001 00 00000000 00",
      "19 0e 00" },
    { "stop with a delta", "00", "10" },
    { "long id where a delta would do", "02 0001 01 00", "01 02 00" },
    { "long id of three bytes", "02 0001 01 00", "01 828000 00" },
    { "ids beyond 32767 wrap", "02 7fff 01 02 8000 01 00",
      "01 feff03 11 00" },
    { "i16 that does not fit", "06 0001 0000 00", "14 ffff07 00" },
    { "i32 that does not fit", "08 0001 80000000 00", "15 ffffffff7f 00" },
    { "i64 that does not fit", "0a 0001 8000000000000000 00",
      "16 ffffffffffffffffff7f 00" },
    { "long numbers", "0f 0001 08 00000002 00000001 00000001 00",
      "19 25 828000 8280808000 00" },
};


static void
test_pair(const pair_t *c, unsigned protocol)
{
    int            passed;
    size_t         n, m;
    uint8_t        from[256], to[256];
    rules_t        rules;
    static done_t  d;

    rules.protocol = protocol;
    rules.to = (protocol == NTHRIFT_BINARY) ? NTHRIFT_COMPACT
                                            : NTHRIFT_BINARY;
    rules.depth = 3;

    n = unit_hex((protocol == NTHRIFT_BINARY) ? c->binary : c->compact, from,
                 sizeof(from));
    m = unit_hex((protocol == NTHRIFT_BINARY) ? c->compact : c->binary, to,
                 sizeof(to));
    rules.budget = n;

    passed = all_ways(&d, &rules, from, n) && d.rc == NTHRIFT_OK;

    ok(passed, "%s %s, all ways", nthrift_protocols[protocol]->name, c->name);
    is_bytes(d.out, d.n, to, m, c->name);
}


static void
test_pairs(void)
{
    size_t  i;

    for (i = 0; i < unit_array_size(pairs); i++) {
        test_pair(&pairs[i], NTHRIFT_BINARY);
        test_pair(&pairs[i], NTHRIFT_COMPACT);
    }

    for (i = 0; i < unit_array_size(to_compact); i++) {
        test_pair(&to_compact[i], NTHRIFT_BINARY);
    }

    for (i = 0; i < unit_array_size(to_binary); i++) {
        test_pair(&to_binary[i], NTHRIFT_COMPACT);
    }
}


/* t/unit/skip.c has all of them; the random ones here have most. */

typedef struct {
    unsigned     protocol;
    const char  *hex;
    uint32_t     depth;
    uint64_t     budget;
    const char  *error;
} wrong_t;


static const wrong_t  wrongs[] = {
    { NTHRIFT_BINARY, "01 0001 00", 9, 900, "unknown type of field" },
    { NTHRIFT_BINARY, "0f 0001 05 00000001 00 00", 9, 900,
      "unknown type of list elements" },
    { NTHRIFT_BINARY, "0d 0001 07 08 00000001 00", 9, 900,
      "unknown type of map elements" },
    { NTHRIFT_BINARY, "0b 0001 ffffffff 00", 9, 900,
      "negative length of string" },
    { NTHRIFT_BINARY, "0f 0001 08 80000000 00", 9, 900,
      "negative size of list" },
    { NTHRIFT_BINARY, "0d 0001 08 08 ffffffff 00", 9, 900,
      "negative size of map" },
    { NTHRIFT_BINARY, "0b 0001 00010000 61", 9, 900,
      "string longer than its message" },
    { NTHRIFT_BINARY, "0f 0001 0c 00010000 61", 9, 900,
      "list longer than its message" },
    { NTHRIFT_BINARY, "0d 0001 08 0a 00001556 61", 9, 900,
      "map longer than its message" },
    { NTHRIFT_BINARY, "0c 0001 0c 0001 00 00 00", 2, 900,
      "too many levels of nesting" },
    { NTHRIFT_BINARY, "0f 0001 0f 00000001 08 00000000 00", 2, 900,
      "too many levels of nesting" },
    { NTHRIFT_BINARY, "08 0001 00000001 00 ffff", 9, 7,
      "struct longer than its message" },
    { NTHRIFT_COMPACT, "1e 00", 9, 900, "unknown type of field" },
    { NTHRIFT_COMPACT, "19 1e 00", 9, 900, "unknown type of list elements" },
    { NTHRIFT_COMPACT, "1b 01 e5 00", 9, 900,
      "unknown type of map elements" },
    { NTHRIFT_COMPACT, "14 80808000 00", 9, 900, "too long number" },
    { NTHRIFT_COMPACT, "19 f5 10 01010101 01010101 808080808001"
      "01010101 01010101 01010101 00", 9, 900, "too long number" },
    { NTHRIFT_COMPACT, "16 8080808080808080808000 00", 9, 900,
      "too long number" },
    { NTHRIFT_COMPACT, "05 80808000 01 00", 9, 900,
      "too long number for field id" },
    { NTHRIFT_COMPACT, "05 808004 01 00", 9, 900, "too large field id" },
    { NTHRIFT_COMPACT, "18 808080808000 00", 9, 900,
      "too long number for length or size" },
    { NTHRIFT_COMPACT, "18 8080808008 00", 9, 900,
      "negative length of string" },
    { NTHRIFT_COMPACT, "19 f5 ffffffff0f 00", 9, 900,
      "negative size of list" },
    { NTHRIFT_COMPACT, "1b ffffffff0f 55 00", 9, 900,
      "negative size of map" },
    { NTHRIFT_COMPACT, "18 808004 61", 9, 900,
      "string longer than its message" },
    { NTHRIFT_COMPACT, "19 f7 808001 61", 9, 900,
      "list longer than its message" },
    { NTHRIFT_COMPACT, "1b 808002 88 61", 9, 900,
      "map longer than its message" },
    { NTHRIFT_COMPACT, "1c 1b 00 00 00", 2, 900,
      "too many levels of nesting" },
    { NTHRIFT_COMPACT, "15 02 00 ffff", 9, 2,
      "struct longer than its message" },
};


static void
test_wrongs(void)
{
    size_t          i, n;
    uint8_t         bytes[256];
    rules_t         rules;
    const wrong_t  *c;
    static done_t   d;

    for (i = 0; i < unit_array_size(wrongs); i++) {
        c = &wrongs[i];

        rules.protocol = c->protocol;
        rules.to = (c->protocol == NTHRIFT_BINARY) ? NTHRIFT_COMPACT
                                                   : NTHRIFT_BINARY;
        rules.depth = c->depth;
        rules.budget = c->budget;

        n = unit_hex(c->hex, bytes, sizeof(bytes));

        ok(all_ways(&d, &rules, bytes, n), "%s: %s, all ways",
           nthrift_protocols[c->protocol]->name, c->hex);
        is_str(d.error, c->error, "its error");
    }
}


/* The values are the same, and what was written is written so again. */

static int
there_and_back(const rules_t *rules, const uint8_t *body, const done_t *there)
{
    size_t          n, m;
    rules_t         back;
    static done_t   d, again;
    static uint8_t  values[2][MAX_OUT * 24];

    n = values_read(rules->protocol, body, there->consumed, values[0]);
    m = values_read(rules->to, there->out, there->n, values[1]);

    if (n == 0 || n != m || memcmp(values[0], values[1], n) != 0) {
        diag("other values");
        return 0;
    }

    back.protocol = rules->to;
    back.to = rules->protocol;
    back.depth = rules->depth;
    back.budget = there->n;

    run(&d, &back, there->out, there->n, 1 + chance(200), 1 + chance(200));

    back = *rules;
    back.budget = d.n;

    run(&again, &back, d.out, d.n, 1 + chance(200), 1 + chance(200));

    if (d.rc != NTHRIFT_OK || again.rc != NTHRIFT_OK || again.n != there->n
        || memcmp(again.out, there->out, there->n) != 0)
    {
        diag("not the same after it came back");
        return 0;
    }

    return 1;
}


static void
test_random(unsigned seed, int damaged, uint32_t depth, const char *name)
{
    int             i, bad, good, wrong;
    size_t          n, size;
    rules_t         rules;
    static done_t   whole, d;
    static maker_t  m;

    srandom(seed);
    bad = good = wrong = 0;

    for (i = 0; i < 5000 && bad == 0; i++) {
        m.protocol = 1 + chance(2);
        m.p = m.bytes;
        make_struct(&m, 4);
        n = (size_t) (m.p - m.bytes);

        if (damaged) {
            n = damage(m.bytes, n);
        }

        rules.protocol = m.protocol;
        rules.to = 3 - m.protocol;
        rules.depth = depth;
        rules.budget = chance(4) ? n : chance((uint32_t) n * 2);

        size = (i % 50) ? 1 + chance(40) : n;

        run(&whole, &rules, m.bytes, n, n, MAX_OUT);
        run(&d, &rules, m.bytes, n, size, 1 + chance(70));

        bad = !same(&whole, &d) || !skip_agrees(&whole, &rules, m.bytes, n)
              || (whole.rc == NTHRIFT_OK
                  && !there_and_back(&rules, m.bytes, &whole));

        good += whole.rc == NTHRIFT_OK;
        wrong += whole.rc == NTHRIFT_ERROR;
    }

    ok(bad == 0, "%s, seed %u", name, seed);
    diag("%d bodies are good, %d are wrong", good, wrong);
}


static void
test_declined(void)
{
    nthrift_translate_t   t;
    nthrift_skip_level_t  levels[1];

    is_int(nthrift_translate_start(&t, NTHRIFT_BINARY, NTHRIFT_BINARY, levels,
                                   1, 1),
           NTHRIFT_DECLINED, "nothing to do for the same protocol");
}


int
main(void)
{
    test_pairs();
    test_wrongs();
    test_random(1, 0, 64, "good bodies");
    test_random(2, 1, 64, "damaged bodies");
    test_random(3, 1, 64, "damaged bodies");
    test_random(4, 1, 3, "damaged bodies, few levels");
    test_declined();

    done();

    return unit_result();
}
