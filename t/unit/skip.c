/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/skip.c: the structural walk: each thing that it refuses, what it
 * tells of the outermost struct, and what it costs.
 */

#include "wire/head.h"
#include "ways.h"

#include <time.h>


typedef struct {
    const char  *name;
    const char  *hex;           /* a body, without a head */
    int          rc;
    const char  *error;
} skip_case_t;


static const skip_case_t  binary_cases[] = {

    { "every scalar", "02 0001 01  03 0002 ff  04 0003 4009000000000000"
      "06 0004 8000  08 0005 80000000  0a 0006 8000000000000000"
      "10 0007 00112233445566778899aabbccddeeff  00", NTHRIFT_OK, NULL },
    { "bool of 2", "02 0001 02 00", NTHRIFT_OK, NULL },
    { "empty list of no type", "0f 0001 00 00000000 00", NTHRIFT_OK, NULL },
    { "empty map of no types", "0d 0001 00 63 00000000 00", NTHRIFT_OK,
      NULL },
    { "list of uuid", "0f 0001 10 00000002"
      "00112233445566778899aabbccddeeff 00112233445566778899aabbccddeeff 00",
      NTHRIFT_OK, NULL },

    { "unknown type of field", "01 0001 00", NTHRIFT_ERROR,
      "unknown type of field" },
    { "type of field above uuid", "11 0001 00", NTHRIFT_ERROR,
      "unknown type of field" },
    { "type 255 of field", "ff 0001 00", NTHRIFT_ERROR,
      "unknown type of field" },
    { "unknown type of list elements", "0f 0001 05 00000001 00 00",
      NTHRIFT_ERROR, "unknown type of list elements" },
    { "list of stops", "0f 0001 00 00000001 00 00", NTHRIFT_ERROR,
      "unknown type of list elements" },
    { "unknown type of set elements", "0e 0001 ff 00000001 00 00",
      NTHRIFT_ERROR, "unknown type of list elements" },
    { "unknown type of map keys", "0d 0001 07 08 00000001 00", NTHRIFT_ERROR,
      "unknown type of map elements" },
    { "unknown type of map values", "0d 0001 08 09 00000001 00",
      NTHRIFT_ERROR, "unknown type of map elements" },

    { "negative length of string", "0b 0001 ffffffff 00", NTHRIFT_ERROR,
      "negative length of string" },
    { "negative size of list", "0f 0001 08 80000000 00", NTHRIFT_ERROR,
      "negative size of list" },
    { "negative size of set", "0e 0001 08 ffffffff 00", NTHRIFT_ERROR,
      "negative size of list" },
    { "negative size of map", "0d 0001 08 08 ffffffff 00", NTHRIFT_ERROR,
      "negative size of map" },
    { "negative size of a list of no type", "0f 0001 00 ffffffff 00",
      NTHRIFT_ERROR, "negative size of list" },

    { "string longer than its message", "0b 0001 00010000 61",
      NTHRIFT_ERROR, "string longer than its message" },
    { "longest string", "0b 0001 7fffffff 61",
      NTHRIFT_ERROR, "string longer than its message" },
    { "list of i64 longer than its message", "0f 0001 0a 00002000 61",
      NTHRIFT_ERROR, "list longer than its message" },
    { "longest list of uuid", "0f 0001 10 7fffffff 61",
      NTHRIFT_ERROR, "list longer than its message" },
    { "list of structs longer than its message", "0f 0001 0c 00010000 61",
      NTHRIFT_ERROR, "list longer than its message" },
    { "list of maps longer than its message", "0f 0001 0d 00002ab0 61",
      NTHRIFT_ERROR, "list longer than its message" },
    { "set of strings longer than its message", "0e 0001 0b 00004000 61",
      NTHRIFT_ERROR, "list longer than its message" },
    { "map longer than its message", "0d 0001 08 0a 00001556 61",
      NTHRIFT_ERROR, "map longer than its message" },
    { "longest map", "0d 0001 10 10 7fffffff 61",
      NTHRIFT_ERROR, "map longer than its message" },

    { "struct in an element", "0f 0001 0c 00000001 63", NTHRIFT_ERROR,
      "unknown type of field" },
    { "string in an element", "0f 0001 0b 00000001 80000000", NTHRIFT_ERROR,
      "negative length of string" },

    { "cut off in a field", "08 00", NTHRIFT_AGAIN, NULL },
    { "cut off in a string", "0b 0001 00000004 616161", NTHRIFT_AGAIN, NULL },
    { "cut off before the stop", "08 0001 00000001", NTHRIFT_AGAIN, NULL },
};


static const skip_case_t  compact_cases[] = {

    { "every scalar", "11  12  13 ff  14 ffff03  15 ffffffff0f"
      "16 ffffffffffffffffff01  17 0000000000000940"
      "1d 00112233445566778899aabbccddeeff 00", NTHRIFT_OK, NULL },
    { "bool elements of type 1", "19 21 0102 00", NTHRIFT_OK, NULL },
    { "bool elements of type 2", "19 22 0102 00", NTHRIFT_OK, NULL },
    { "map of bools", "1b 01 12 0102 00", NTHRIFT_OK, NULL },
    { "empty list of no type", "19 00 00", NTHRIFT_OK, NULL },
    { "empty list in long form", "19 f5 00 00", NTHRIFT_OK, NULL },
    { "empty map is one byte", "1b 00 00", NTHRIFT_OK, NULL },
    { "short list in long form", "19 f5 01 02 00", NTHRIFT_OK, NULL },
    { "stop with a delta", "10", NTHRIFT_OK, NULL },
    { "list of uuid", "19 2d"
      "00112233445566778899aabbccddeeff 00112233445566778899aabbccddeeff 00",
      NTHRIFT_OK, NULL },
    { "i16 of three bytes", "14 808000 00", NTHRIFT_OK, NULL },
    { "list of i16 of three bytes", "19 94 808000 808000 808000 808000 01 02"
      "03 04 05 00", NTHRIFT_OK, NULL },
    { "the largest field ids", "05 feff03 00 05 ffff03 00 00", NTHRIFT_OK,
      NULL },
    { "i32 that does not fit", "15 ffffffff7f 00", NTHRIFT_OK, NULL },
    { "long id of three bytes", "05 828000 01 00", NTHRIFT_OK, NULL },
    { "map of numbers", "1b 02 56 8001 01 02 ffffffffffffffffff01 00",
      NTHRIFT_OK, NULL },

    { "unknown type of field", "1e 00", NTHRIFT_ERROR,
      "unknown type of field" },
    { "type 15 of field", "1f 00", NTHRIFT_ERROR, "unknown type of field" },
    { "unknown type with a long id", "0e 02 00", NTHRIFT_ERROR,
      "unknown type of field" },
    { "unknown type of list elements", "19 1e 00", NTHRIFT_ERROR,
      "unknown type of list elements" },
    { "list of stops", "19 10 00 00", NTHRIFT_ERROR,
      "unknown type of list elements" },
    { "unknown type of long list's elements", "19 ff 14 00", NTHRIFT_ERROR,
      "unknown type of list elements" },
    { "unknown type of set elements", "1a 1f 00", NTHRIFT_ERROR,
      "unknown type of list elements" },
    { "unknown type of map keys", "1b 01 e5 00", NTHRIFT_ERROR,
      "unknown type of map elements" },
    { "unknown type of map values", "1b 01 50 00", NTHRIFT_ERROR,
      "unknown type of map elements" },

    { "i16 of four bytes", "14 80808000 00", NTHRIFT_ERROR,
      "too long number" },
    { "i16 of four bytes in a list", "19 94 01 02 80808000 03 04 05 06 07 08"
      "00", NTHRIFT_ERROR, "too long number" },
    { "i32 of six bytes", "15 808080808000 00000000", NTHRIFT_ERROR,
      "too long number" },
    { "i64 of eleven bytes", "16 8080808080808080808000 00", NTHRIFT_ERROR,
      "too long number" },
    { "i32 of six bytes in a list", "19 f5 10 01010101 01010101 808080808001"
      "01010101 01010101 01010101 00", NTHRIFT_ERROR, "too long number" },
    { "i64 of eleven bytes in a list", "19 f6 10 01010101 01010101"
      "8080808080808080808001 01010101 01010101 01010101 00", NTHRIFT_ERROR,
      "too long number" },
    { "field id of four bytes", "05 80808000 01 00", NTHRIFT_ERROR,
      "too long number for field id" },
    { "field id beyond 16 bits", "05 808004 01 00", NTHRIFT_ERROR,
      "too large field id" },
    { "string length of six bytes", "18 808080808000 00", NTHRIFT_ERROR,
      "too long number for length or size" },
    { "list size of six bytes", "19 f5 808080808000 00", NTHRIFT_ERROR,
      "too long number for length or size" },
    { "map size of six bytes", "1b 808080808000 00", NTHRIFT_ERROR,
      "too long number for length or size" },

    { "negative length of string", "18 8080808008 00", NTHRIFT_ERROR,
      "negative length of string" },
    { "length of string of 35 bits", "18 8080808010 00", NTHRIFT_ERROR,
      "negative length of string" },
    { "negative size of list", "19 f5 ffffffff0f 00", NTHRIFT_ERROR,
      "negative size of list" },
    { "negative size of map", "1b ffffffff0f 55 00", NTHRIFT_ERROR,
      "negative size of map" },

    { "string longer than its message", "18 808004 61", NTHRIFT_ERROR,
      "string longer than its message" },
    { "longest string", "18 ffffffff07 61", NTHRIFT_ERROR,
      "string longer than its message" },
    { "list of i32 longer than its message", "19 f5 808004 61",
      NTHRIFT_ERROR, "list longer than its message" },
    { "list of doubles longer than its message", "19 f7 808001 61",
      NTHRIFT_ERROR, "list longer than its message" },
    { "longest list of uuid", "19 fd ffffffff07 61",
      NTHRIFT_ERROR, "list longer than its message" },
    { "list of structs longer than its message", "19 fc 808004 61",
      NTHRIFT_ERROR, "list longer than its message" },
    { "map longer than its message", "1b 808002 88 61",
      NTHRIFT_ERROR, "map longer than its message" },
    { "longest map", "1b ffffffff07 dd 61",
      NTHRIFT_ERROR, "map longer than its message" },

    { "struct in an element", "19 1c 1f", NTHRIFT_ERROR,
      "unknown type of field" },
    { "string in an element", "19 18 ffffffff0f", NTHRIFT_ERROR,
      "negative length of string" },

    { "cut off in a field id", "05 80", NTHRIFT_AGAIN, NULL },
    { "cut off in a number", "15 80", NTHRIFT_AGAIN, NULL },
    { "cut off in a long list's size", "19 f5 80", NTHRIFT_AGAIN, NULL },
    { "cut off before a map's types", "1b 01", NTHRIFT_AGAIN, NULL },
    { "cut off before the stop", "15 02", NTHRIFT_AGAIN, NULL },
};


static const char *
skip_head(unsigned protocol)
{
    return (protocol == NTHRIFT_BINARY)
           ? "80 01 00 01 00 00 00 01 61 00 00 00 01"
           : "82 21 01 01 61";
}


/* Puts a head before the body, and lets 64K follow at most. */

static void
skip_run(unsigned protocol, const skip_case_t *c)
{
    char             name[128];
    size_t           n;
    uint8_t          bytes[1024];
    nthrift_rules_t  rules;

    rules = way_rules;
    rules.max_message = 65536;

    n = unit_hex(skip_head(protocol), bytes, sizeof(bytes));
    n += unit_hex(c->hex, bytes + n, sizeof(bytes) - n);

    snprintf(name, sizeof(name), "%s: %s",
             protocol == NTHRIFT_BINARY ? "binary" : "compact", c->name);

    way_is(&rules, bytes, n, c->rc, c->error, NULL, name);
}


static void
test_cases(void)
{
    size_t  i;

    for (i = 0; i < unit_array_size(binary_cases); i++) {
        skip_run(NTHRIFT_BINARY, &binary_cases[i]);
    }

    for (i = 0; i < unit_array_size(compact_cases); i++) {
        skip_run(NTHRIFT_COMPACT, &compact_cases[i]);
    }
}


/* The walk by itself. */

static int
skip_body(unsigned protocol, const char *hex, uint32_t depth,
    uint64_t budget, nthrift_skip_t *w, size_t *consumed, const char **error)
{
    int                   rc;
    size_t                n;
    uint8_t               bytes[1024], *p;
    const uint8_t        *pos;
    nthrift_error_t       err = { NULL };
    nthrift_skip_level_t  levels[16];

    n = unit_hex(hex, bytes, sizeof(bytes));
    p = unit_guard(bytes, n);
    pos = p;

    nthrift_skip_start(w, protocol, levels, depth, budget);
    rc = nthrift_skip_read(w, &pos, p + n, &err);

    *consumed = (size_t) (pos - p);
    *error = err.text;

    return rc;
}


typedef struct {
    unsigned     protocol;
    const char  *hex;
    int          fields;
    int          first;
    const char  *name;
} skip_first_t;


static const skip_first_t  first_cases[] = {
    { NTHRIFT_BINARY, "00", 0, 0, "binary: no field" },
    { NTHRIFT_BINARY, "08 0000 00000001 00", 1, 0, "binary: field 0" },
    { NTHRIFT_BINARY, "0c 0005 08 0001 00000000 00 00", 1, 5,
      "binary: field 5" },
    { NTHRIFT_BINARY, "08 ffff 00000001 00", 1, -1, "binary: field -1" },
    { NTHRIFT_BINARY, "02 0007 01 02 0008 01 02 0009 01 00", 2, 7,
      "binary: three fields" },
    { NTHRIFT_COMPACT, "00", 0, 0, "compact: no field" },
    { NTHRIFT_COMPACT, "05 00 02 00", 1, 0, "compact: field 0" },
    { NTHRIFT_COMPACT, "f5 02 00", 1, 15, "compact: field 15" },
    { NTHRIFT_COMPACT, "05 20 02 00", 1, 16, "compact: field 16" },
    { NTHRIFT_COMPACT, "01 01 00", 1, -1, "compact: field -1" },
    { NTHRIFT_COMPACT, "1c 35 02 00 15 02 00", 2, 1, "compact: two fields" },
    { NTHRIFT_COMPACT, "05 feff03 02 00", 1, 32767, "compact: field 32767" },
};


static void
test_first(void)
{
    size_t               i, consumed;
    const char          *error;
    nthrift_skip_t       w;
    const skip_first_t  *c;

    for (i = 0; i < unit_array_size(first_cases); i++) {
        c = &first_cases[i];

        ok(skip_body(c->protocol, c->hex, 16, 1000, &w, &consumed, &error)
           == NTHRIFT_OK
           && w.fields == c->fields && (!w.fields || w.first == c->first),
           "%s", c->name);
    }
}


/* The outermost struct is level 1; what is empty is a level, too. */

static void
test_depth(void)
{
    size_t           i, consumed;
    const char      *error;
    nthrift_skip_t   w;

    static const struct {
        unsigned     protocol;
        uint32_t     levels;
        const char  *hex;
    } cases[] = {
        { NTHRIFT_BINARY, 1, "08 0001 00000001 00" },
        { NTHRIFT_BINARY, 2, "0c 0001 00 00" },
        { NTHRIFT_BINARY, 3, "0c 0001 0c 0001 00 00 0c 0001 00 00" },
        { NTHRIFT_BINARY, 2, "0f 0001 08 00000000 00" },
        { NTHRIFT_BINARY, 2, "0f 0001 08 00000001 00000007 00" },
        { NTHRIFT_BINARY, 3, "0f 0001 0f 00000001 08 00000000 00" },
        { NTHRIFT_BINARY, 2, "0d 0001 08 08 00000001 00000007 00000008 00" },
        { NTHRIFT_BINARY, 3, "0d 0001 08 0c 00000001 00000007 00 00" },
        { NTHRIFT_COMPACT, 1, "15 02 00" },
        { NTHRIFT_COMPACT, 2, "1c 00 00" },
        { NTHRIFT_COMPACT, 3, "1c 1c 00 00 1c 00 00" },
        { NTHRIFT_COMPACT, 2, "19 05 00" },
        { NTHRIFT_COMPACT, 2, "19 13 07 00" },
        { NTHRIFT_COMPACT, 3, "19 19 05 00" },
        { NTHRIFT_COMPACT, 2, "1b 00 00" },
        { NTHRIFT_COMPACT, 2, "1b 01 33 07 08 00" },
        { NTHRIFT_COMPACT, 3, "1b 01 5c 02 00 00" },
    };

    for (i = 0; i < unit_array_size(cases); i++) {
        ok(skip_body(cases[i].protocol, cases[i].hex, cases[i].levels, 1000,
                     &w, &consumed, &error)
           == NTHRIFT_OK, "%u levels: %s", cases[i].levels, cases[i].hex);

        if (cases[i].levels > 1) {
            ok(skip_body(cases[i].protocol, cases[i].hex,
                         cases[i].levels - 1, 1000, &w, &consumed, &error)
               == NTHRIFT_ERROR
               && unit_same(error, "too many levels of nesting"),
               "too many for %u", cases[i].levels - 1);
        }
    }
}


static void
test_budget(void)
{
    size_t           consumed;
    const char      *error;
    nthrift_skip_t   w;

    is_int(skip_body(NTHRIFT_BINARY, "08 0001 00000001 00 ffff", 4, 8, &w,
                     &consumed, &error),
           NTHRIFT_OK, "struct as long as its message");
    is_int((long long) consumed, 8, "no more is read");

    is_int(skip_body(NTHRIFT_BINARY, "08 0001 00000001 00 ffff", 4, 7, &w,
                     &consumed, &error),
           NTHRIFT_ERROR, "struct longer than its message");
    is_str(error, "struct longer than its message", "its error");

    is_int(skip_body(NTHRIFT_BINARY, "0b 0001 00000002 6161", 4, 9, &w,
                     &consumed, &error),
           NTHRIFT_AGAIN, "string as long as its message");
    is_int(skip_body(NTHRIFT_BINARY, "0b 0001 00000002 61", 4, 8, &w,
                     &consumed, &error),
           NTHRIFT_ERROR, "string longer than its message");
    is_int(skip_body(NTHRIFT_BINARY, "0f 0001 08 00000002", 4, 15, &w,
                     &consumed, &error),
           NTHRIFT_ERROR, "list longer than its message by a byte");
    is_int(skip_body(NTHRIFT_BINARY, "0f 0001 08 00000002", 4, 16, &w,
                     &consumed, &error),
           NTHRIFT_AGAIN, "list as long as its message");
    is_int(skip_body(NTHRIFT_COMPACT, "1b 02 55 02", 4, 6, &w, &consumed,
                     &error),
           NTHRIFT_ERROR, "map longer than its message by a byte");
    is_int(skip_body(NTHRIFT_COMPACT, "1b 02 55 02", 4, 7, &w, &consumed,
                     &error),
           NTHRIFT_AGAIN, "map as long as its message");
}


/* What can follow is counted over pieces, cut off tokens included. */

static void
test_budget_pieces(void)
{
    size_t                 i, consumed, again;
    uint8_t                bytes[64];
    const uint8_t         *p;
    nthrift_skip_t         w;
    nthrift_error_t        err;
    nthrift_skip_level_t   levels[4];

    (void) unit_hex("08 0001 00000001  0b 0002 00000002 6161"
                    "0f 0003 08 00000001 00000001 00", bytes, sizeof(bytes));

    for (i = 1; i < 8; i++) {
        err.text = NULL;
        consumed = again = 0;

        nthrift_skip_start(&w, NTHRIFT_BINARY, levels, 4, 27);

        do {
            p = bytes + consumed;
            again = nthrift_skip_read(&w, &p, p + i, &err) == NTHRIFT_AGAIN;
            consumed = (size_t) (p - bytes);
        } while (again);

        ok(consumed == 24 && unit_same(err.text, "list longer than its "
                                                 "message"),
           "list longer than its message, in pieces of %zu", i);

        if (consumed != 24) {
            diag("%zu bytes, %s", consumed, err.text ? err.text : "");
        }
    }

    err.text = NULL;
    p = bytes;

    nthrift_skip_start(&w, NTHRIFT_BINARY, levels, 4, 2);
    is_int(nthrift_skip_read(&w, &p, bytes + 1, &err), NTHRIFT_AGAIN,
           "one byte of two");
    is_int(nthrift_skip_read(&w, &p, bytes + 9, &err), NTHRIFT_ERROR,
           "more than two");
    is_int(p - bytes, 2, "no more than two are read");
}


/*
 * The cost.  A client chooses the shape of what it sends; the dearest shape
 * costs a few nanoseconds a byte, and twice as much of it costs twice.
 */

#define COST_BYTES  (4 * 1024 * 1024)


typedef struct {
    const char  *name;
    unsigned     protocol;
    const char  *head;          /* of the body: field and container's head */
    size_t       count;         /* where in it the 4 bytes of count are;
                                   compact: always the last five */
    const char  *element;
} skip_cost_t;


static const skip_cost_t  cost_cases[] = {
    { "list of empty structs", NTHRIFT_BINARY, "0f 0001 0c 00000000", 4,
      "00" },
    { "list of empty lists", NTHRIFT_BINARY, "0f 0001 0f 00000000", 4,
      "0f 00000000" },
    { "list of empty strings", NTHRIFT_BINARY, "0f 0001 0b 00000000", 4,
      "00000000" },
    { "list of empty maps", NTHRIFT_BINARY, "0f 0001 0d 00000000", 4,
      "00 00 00000000" },
    { "list of lists of empty structs", NTHRIFT_BINARY,
      "0f 0001 0f 00000000", 4, "0c 00000001 00" },
    { "list of structs of bools", NTHRIFT_BINARY, "0f 0001 0c 00000000", 4,
      "02 0001 01 00" },
    { "list of empty structs", NTHRIFT_COMPACT, "19 fc 8080808000", 0,
      "00" },
    { "list of empty lists", NTHRIFT_COMPACT, "19 f9 8080808000", 0, "00" },
    { "list of empty maps", NTHRIFT_COMPACT, "19 fb 8080808000", 0, "00" },
    { "list of empty strings", NTHRIFT_COMPACT, "19 f8 8080808000", 0,
      "00" },
    { "list of numbers", NTHRIFT_COMPACT, "19 f5 8080808000", 0, "01" },
    { "list of long numbers", NTHRIFT_COMPACT, "19 f6 8080808000", 0,
      "80808080808080808000" },
    { "list of structs of bools", NTHRIFT_COMPACT, "19 fc 8080808000", 0,
      "11 00" },
};


static size_t
cost_build(const skip_cost_t *c, uint8_t *bytes, size_t size)
{
    int       i;
    size_t    n, element, count;
    uint8_t  *p;

    n = unit_hex(c->head, bytes, 64);
    element = unit_hex(c->element, bytes + n, 64);
    count = (size - n - 1) / element;

    for (i = 0; i < 4 && c->protocol == NTHRIFT_BINARY; i++) {
        bytes[c->count + i] = (uint8_t) (count >> (24 - 8 * i));
    }

    for (i = 0; i < 5 && c->protocol == NTHRIFT_COMPACT; i++) {
        bytes[n - 5 + i] |= (count >> (7 * i)) & 0x7f;
    }

    for (p = bytes + n + element, i = 1; (size_t) i < count; i++) {
        memcpy(p, bytes + n, element);
        p += element;
    }

    *p++ = 0;

    return (size_t) (p - bytes);
}


static double
cost_measure(const skip_cost_t *c, const uint8_t *bytes, size_t n, int *rc)
{
    int                    i;
    double                 best, took;
    struct timespec        start, end;
    const uint8_t         *p;
    nthrift_skip_t         w;
    nthrift_error_t        err = { NULL };
    nthrift_skip_level_t   levels[64];

    best = 1e9;

    for (i = 0; i < 5; i++) {
        p = bytes;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
        nthrift_skip_start(&w, c->protocol, levels, 64, n);
        *rc = nthrift_skip_read(&w, &p, bytes + n, &err);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);

        took = (double) (end.tv_sec - start.tv_sec) * 1e9
               + (double) (end.tv_nsec - start.tv_nsec);
        best = (took < best) ? took : best;

        if (*rc != NTHRIFT_OK || p != bytes + n) {
            return 1e9;
        }
    }

    return best;
}


static void
test_cost(void)
{
    int                 rc;
    size_t              i, n;
    double              few, many;
    uint8_t            *bytes;
    const skip_cost_t  *c;

    bytes = malloc(COST_BYTES);

    for (i = 0; bytes != NULL && i < unit_array_size(cost_cases); i++) {
        c = &cost_cases[i];

        n = cost_build(c, bytes, COST_BYTES / 8);
        few = cost_measure(c, bytes, n, &rc);
        n = cost_build(c, bytes, COST_BYTES);
        many = cost_measure(c, bytes, n, &rc);

        /* linear is 8; a machine that others use as well needs some room */

        ok(rc == NTHRIFT_OK && many < 24 * few && many / (double) n < 500,
           "%s: %s", c->protocol == NTHRIFT_BINARY ? "binary" : "compact",
           c->name);
        diag("%.1f ns a byte, %.1f times as long for 8 times as much",
             many / (double) n, many / few);
    }

    free(bytes);
}


int
main(void)
{
    test_cases();
    test_first();
    test_depth();
    test_budget();
    test_budget_pieces();
    test_cost();

    done();

    return unit_result();
}
