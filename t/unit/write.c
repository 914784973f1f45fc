/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/write.c: single values as bytes, in both protocols; and where a
 * buffer ends: fixed, growing, without memory, and with a limit.
 */

#include "bind/write.h"
#include "unit.h"


#define SIZE  65536


/* Every value, in an order in which ids go up, down, far away, and stay. */

static const char  binary[] =
    "02 0001 01" "02 0002 00" "03 0003 80" "06 0012 fffe" "08 0013 00001234"
    "0a 0014 8000000000000000" "04 0005 3ff8000000000000"
    "0b 7fff 00000003 616263" "0b 8000 00000000"
    "10 0001 000102030405060708090a0b0c0d0e0f"
    "0f 0002 02 00000002 01 00" "0e 0003 08 0000000f"
    "0d 0004 0b 0c 00000000" "0d 0005 0b 0c 00000001" "03 0005 07" "00";

static const char  compact[] =
    "11" "12" "13 80" "f4 03" "15 e848"
    "16 ffffffffffffffffff01" "07 0a 000000000000f83f"
    "08 feff03 03 616263" "08 ffff03 00"
    "0d 02 000102030405060708090a0b0c0d0e0f"
    "19 21 01 02" "1a f5 0f"
    "1b 00" "1b 01 8c" "03 0a 07" "00";


static void
write_all(nthrift_write_t *w)
{
    int16_t         last;
    static uint8_t  uuid[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
                                 14, 15 };
    last = 0;

    nthrift_write_field_bool(w, &last, 1, 1);
    nthrift_write_field_bool(w, &last, 2, 0);
    nthrift_write_field(w, &last, 3, NTHRIFT_I8);
    nthrift_write_int(w, NTHRIFT_I8, -128);
    nthrift_write_field(w, &last, 18, NTHRIFT_I16);
    nthrift_write_int(w, NTHRIFT_I16, -2);
    nthrift_write_field(w, &last, 19, NTHRIFT_I32);
    nthrift_write_int(w, NTHRIFT_I32, 0x1234);
    nthrift_write_field(w, &last, 20, NTHRIFT_I64);
    nthrift_write_int(w, NTHRIFT_I64, INT64_MIN);
    nthrift_write_field(w, &last, 5, NTHRIFT_DOUBLE);
    nthrift_write_double(w, 1.5);
    nthrift_write_field(w, &last, 32767, NTHRIFT_STRING);
    nthrift_write_string(w, (const uint8_t *) "abc", 3);
    nthrift_write_field(w, &last, -32768, NTHRIFT_STRING);
    nthrift_write_string(w, NULL, 0);
    nthrift_write_field(w, &last, 1, NTHRIFT_UUID);
    nthrift_write_uuid(w, uuid);
    nthrift_write_field(w, &last, 2, NTHRIFT_LIST);
    nthrift_write_list(w, NTHRIFT_BOOL, 2);
    nthrift_write_bool(w, 1);
    nthrift_write_bool(w, 0);
    nthrift_write_field(w, &last, 3, NTHRIFT_SET);
    nthrift_write_list(w, NTHRIFT_I32, 15);
    nthrift_write_field(w, &last, 4, NTHRIFT_MAP);
    nthrift_write_map(w, NTHRIFT_STRING, NTHRIFT_STRUCT, 0);
    nthrift_write_field(w, &last, 5, NTHRIFT_MAP);
    nthrift_write_map(w, NTHRIFT_STRING, NTHRIFT_STRUCT, 1);
    nthrift_write_field(w, &last, 5, NTHRIFT_I8);
    nthrift_write_int(w, NTHRIFT_I8, 7);
    nthrift_write_stop(w);
}


/* A buffer that grows to what is asked for, or more, somewhere else. */

typedef struct {
    uint8_t  *data;
    size_t    size;
    int       times;
    int       fail;             /* the time that there is no memory, from 1 */
    size_t    more;             /* bytes that are given beside */
    int       broken;
} memory_t;


static uint8_t *
grow(void *owner, uint8_t *data, size_t len, size_t *size)
{
    uint8_t   *p;
    memory_t  *m = owner;

    m->broken |= data != m->data || len > m->size || *size <= m->size;

    if (++m->times == m->fail) {
        return NULL;
    }

    *size += m->more;
    p = malloc(*size);

    if (len != 0) {
        memcpy(p, data, len);
    }

    free(data);
    m->data = p;
    m->size = *size;

    return p;
}


static void
write_start(nthrift_write_t *w, memory_t *m, unsigned protocol, size_t size,
    size_t max)
{
    memset(m, 0, sizeof(memory_t));
    memset(w, 0xa5, sizeof(nthrift_write_t));

    m->size = size;
    m->data = malloc(size);

    nthrift_write_init(w, protocol, m->data, size, max, grow, m);
}


static const char *
name(unsigned protocol)
{
    return (protocol == NTHRIFT_BINARY) ? "binary" : "compact";
}


static void
test_values(unsigned protocol)
{
    size_t           n;
    uint8_t          expected[256];
    memory_t         m;
    nthrift_write_t  w;

    n = unit_hex((protocol == NTHRIFT_BINARY) ? binary : compact, expected,
                 sizeof(expected));

    write_start(&w, &m, protocol, 0, SIZE);
    write_all(&w);

    is_bytes(w.data, w.len, expected, n, name(protocol));
    ok(w.error == NULL && !m.broken && m.times == 1, "in one buffer");

    free(m.data);
}


/*
 * A buffer that ends before a guard page, at every byte: all that fits is
 * there, and it is an error unless all does.
 */

static void
test_fixed(unsigned protocol)
{
    int              passed;
    size_t           i, n;
    uint8_t          expected[256], *data;
    nthrift_write_t  w;

    n = unit_hex((protocol == NTHRIFT_BINARY) ? binary : compact, expected,
                 sizeof(expected));
    passed = 1;

    for (i = 0; i <= n + 2; i++) {
        data = unit_guard(expected, 0) - i;
        nthrift_write_init(&w, protocol, data, i, SIZE, NULL, NULL);
        write_all(&w);

        passed &= (i < n) ? w.error == nthrift_write_no_memory
                          : w.error == NULL && w.len == n;
        passed &= w.len <= i && memcmp(data, expected, w.len) == 0;

        nthrift_write_init(&w, protocol, data, i, i, NULL, NULL);
        write_all(&w);

        passed &= (i < n) ? w.error == nthrift_write_too_large
                          : w.error == NULL && w.len == n;
    }

    ok(passed, "%s: a buffer that ends everywhere", name(protocol));
}


/* A limit that is everywhere, with a buffer that is less or more. */

static void
test_limit(unsigned protocol)
{
    int              passed;
    size_t           max, size, n;
    uint8_t          expected[256];
    memory_t         m;
    nthrift_write_t  w;

    n = unit_hex((protocol == NTHRIFT_BINARY) ? binary : compact, expected,
                 sizeof(expected));
    passed = 1;

    for (max = 0; max <= n + 2; max++) {
        for (size = 0; size <= n + 40; size += 7) {
            write_start(&w, &m, protocol, size, max);
            m.more = size * 3;
            write_all(&w);

            passed &= (max < n) ? w.error == nthrift_write_too_large
                                : w.error == NULL && w.len == n;
            passed &= w.len <= max && memcmp(w.data, expected, w.len) == 0
                      && !m.broken && w.data == m.data;

            free(m.data);
        }
    }

    ok(passed, "%s: a limit everywhere", name(protocol));
}


static void
test_memory(unsigned protocol)
{
    int              fail, passed;
    size_t           i;
    memory_t         m;
    nthrift_write_t  w;
    static uint8_t   text[777];

    passed = 1;

    for (fail = 1; fail < 100; fail++) {
        write_start(&w, &m, protocol, 100, SIZE);
        m.fail = fail;

        for (i = 0; i < 64; i++) {
            nthrift_write_string(&w, text, sizeof(text));
            nthrift_write_stop(&w);
        }

        free(m.data);
        passed &= !m.broken;

        if (w.error == NULL) {
            break;
        }

        passed &= w.error == nthrift_write_no_memory && m.times == fail
                  && w.size == w.len;
    }

    ok(passed && fail > 4 && fail < 20, "%s: memory that ends, and grows "
       "twofold", name(protocol));

    i = (protocol == NTHRIFT_BINARY) ? 4 : 2;
    is_int((long long) w.len, (long long) (64 * (i + sizeof(text) + 1)),
           "all of it is there");
}


/* After an error nothing is written, not even what would fit. */

static void
test_error(unsigned protocol)
{
    size_t           len;
    memory_t         m;
    nthrift_write_t  w;

    write_start(&w, &m, protocol, 100, SIZE);
    nthrift_write_string(&w, (const uint8_t *) "abc", 3);
    len = w.len;

    nthrift_write_fail(&w, "first");
    nthrift_write_fail(&w, "second");
    write_all(&w);

    ok(w.len == len && m.times == 0, "%s: nothing behind an error",
       name(protocol));
    is_str(w.error, "first", "the first error stays");

    free(m.data);

    write_start(&w, &m, protocol, 100, SIZE);
    nthrift_write_list(&w, NTHRIFT_I8, (size_t) INT32_MAX + 1);
    ok(w.error == nthrift_write_too_large && w.len == 0, "a list too long");
    free(m.data);

    write_start(&w, &m, protocol, 100, SIZE);
    nthrift_write_map(&w, NTHRIFT_I8, NTHRIFT_I8, (size_t) INT32_MAX + 1);
    ok(w.error == nthrift_write_too_large && w.len == 0, "a map too long");
    free(m.data);

    write_start(&w, &m, protocol, 100, SIZE);
    nthrift_write_string(&w, NULL, (size_t) INT32_MAX + 1);
    ok(w.error == nthrift_write_too_large && w.len == 0, "a string too long");
    free(m.data);
}


int
main(void)
{
    unsigned  protocol;

    for (protocol = NTHRIFT_BINARY; protocol <= NTHRIFT_COMPACT; protocol++) {
        test_values(protocol);
        test_fixed(protocol);
        test_limit(protocol);
        test_memory(protocol);
        test_error(protocol);
    }

    done();

    return unit_result();
}
