/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/random.c: messages made at random and then damaged.  Each is read
 * whole, and in pieces; and by a reader that is as simple as can be, one byte
 * after the other and recursive, which must find the same end or find it as
 * wrong.  The seeds are fixed: a failure comes again.
 */

#include "maker.h"
#include "ways.h"


#define MESSAGES  20000


/* The simple reader: 1 read, 0 wrong, -1 more bytes are needed. */

typedef struct {
    unsigned        protocol;
    const uint8_t  *p;
    const uint8_t  *last;
} simple_t;


static int simple_struct(simple_t *s, int depth);
static int simple_value(simple_t *s, uint8_t type, int depth);


static int
simple_skip(simple_t *s, uint64_t n)
{
    if (n > (uint64_t) (s->last - s->p)) {
        return -1;
    }

    s->p += n;

    return 1;
}


static int
simple_varint(simple_t *s, int max, uint64_t *value)
{
    int  i;

    *value = 0;

    for (i = 0; i < max; i++) {
        if (s->p == s->last) {
            return -1;
        }

        *value |= (uint64_t) (*s->p & 0x7f) << (7 * i);

        if ((*s->p++ & 0x80) == 0) {
            return 1;
        }
    }

    return 0;
}


static int
simple_length(simple_t *s, uint64_t *n)
{
    int  rc;

    if (s->protocol == NTHRIFT_COMPACT) {
        rc = simple_varint(s, 5, n);

    } else {
        *n = (s->last - s->p >= 4) ? nthrift_binary_get32(s->p) : 0;
        rc = simple_skip(s, 4);
    }

    return (rc == 1 && *n > INT32_MAX) ? 0 : rc;
}


/* The type as the binary protocol has it; 0 for none. */

static uint8_t
simple_type(const simple_t *s, uint8_t type)
{
    size_t  i;

    for (i = 0; i < sizeof(maker_types); i++) {
        if (s->protocol == NTHRIFT_BINARY && type == maker_types[i]) {
            return type;
        }

        if (s->protocol == NTHRIFT_COMPACT
            && (type == maker_compact[maker_types[i]]
                || (type == 2 && maker_types[i] == NTHRIFT_BOOL)))
        {
            return maker_types[i];
        }
    }

    return 0;
}


static int
simple_elements(simple_t *s, uint64_t n, uint8_t even, uint8_t odd, int depth)
{
    int       rc;
    uint64_t  i;

    if (depth == 0) {
        return 0;
    }

    if (n != 0 && (simple_type(s, even) == 0 || simple_type(s, odd) == 0)) {
        return 0;
    }

    for (i = 0; i < n; i++) {
        rc = simple_value(s, simple_type(s, (i & 1) ? odd : even),
                          depth - 1);

        if (rc != 1) {
            return rc;
        }
    }

    return 1;
}


static int
simple_list(simple_t *s, int depth)
{
    int       rc;
    uint8_t   type;
    uint64_t  n;

    if (s->p == s->last) {
        return -1;
    }

    type = *s->p++;

    if (s->protocol == NTHRIFT_COMPACT) {
        n = type >> 4;
        type &= 0x0f;
        rc = (n == 15) ? simple_length(s, &n) : 1;

    } else {
        rc = simple_length(s, &n);
    }

    return (rc == 1) ? simple_elements(s, n, type, type, depth) : rc;
}


static int
simple_map(simple_t *s, int depth)
{
    int       rc;
    uint8_t   key, value;
    uint64_t  n;

    if (s->protocol == NTHRIFT_BINARY) {
        if (s->last - s->p < 2) {
            return -1;
        }

        key = *s->p++;
        value = *s->p++;
        rc = simple_length(s, &n);
        return (rc == 1) ? simple_elements(s, 2 * n, key, value, depth) : rc;
    }

    rc = simple_length(s, &n);

    if (rc != 1 || n == 0) {
        return (rc == 1) ? simple_elements(s, 0, 0, 0, depth) : rc;
    }

    if (s->p == s->last) {
        return -1;
    }

    key = *s->p >> 4;
    value = *s->p++ & 0x0f;

    return simple_elements(s, 2 * n, key, value, depth);
}


static int
simple_number(simple_t *s, int size)
{
    uint64_t  unused;

    if (s->protocol == NTHRIFT_COMPACT) {
        return simple_varint(s, size == 8 ? 10 : size == 4 ? 5 : 3, &unused);
    }

    return simple_skip(s, (uint64_t) size);
}


static int
simple_value(simple_t *s, uint8_t type, int depth)
{
    int       rc;
    uint64_t  n;

    switch (type) {

    case NTHRIFT_BOOL:
    case NTHRIFT_I8:
        return simple_skip(s, 1);

    case NTHRIFT_DOUBLE:
        return simple_skip(s, 8);

    case NTHRIFT_UUID:
        return simple_skip(s, 16);

    case NTHRIFT_I16:
        return simple_number(s, 2);

    case NTHRIFT_I32:
        return simple_number(s, 4);

    case NTHRIFT_I64:
        return simple_number(s, 8);

    case NTHRIFT_STRING:
        rc = simple_length(s, &n);
        return (rc == 1) ? simple_skip(s, n) : rc;

    case NTHRIFT_STRUCT:
        return (depth == 0) ? 0 : simple_struct(s, depth - 1);

    case NTHRIFT_MAP:
        return simple_map(s, depth);

    default:
        return simple_list(s, depth);
    }
}


static int
simple_field_id(simple_t *s, uint8_t type)
{
    int       rc;
    uint64_t  id;

    if (s->protocol == NTHRIFT_BINARY) {
        return simple_skip(s, 2);
    }

    if (type >> 4) {
        return 1;
    }

    rc = simple_varint(s, 3, &id);

    return (rc == 1 && id > UINT16_MAX) ? 0 : rc;
}


static int
simple_struct(simple_t *s, int depth)
{
    int      rc;
    uint8_t  type, code;

    for ( ;; ) {
        if (s->p == s->last) {
            return -1;
        }

        type = *s->p++;
        code = (s->protocol == NTHRIFT_COMPACT) ? type & 0x0f : type;

        if (code == 0) {
            return 1;
        }

        if (simple_type(s, code) == 0) {
            return 0;
        }

        rc = simple_field_id(s, type);

        if (rc == 1 && (s->protocol == NTHRIFT_BINARY || code > 2)) {
            rc = simple_value(s, simple_type(s, code), depth);
        }

        if (rc != 1) {
            return rc;
        }
    }
}


/*
 * What the simple reader says of a body must fit.  It believes every count,
 * so that where it needs more bytes the walk may know that they cannot come.
 */

static int
simple_agrees(const way_t *way, const nthrift_rules_t *rules,
    const uint8_t *bytes, size_t n)
{
    int       rc;
    size_t    end;
    simple_t  s;

    if (way->head.size == 0) {
        return 1;
    }

    end = n;

    if (way->head.transport == NTHRIFT_FRAMED) {
        end = (size_t) way->head.frame + 4;

        if (end > n) {
            end = n;
        }
    }

    s.protocol = way->head.protocol;
    s.p = bytes + way->head.size;
    s.last = bytes + end;

    rc = simple_struct(&s, (int) rules->max_depth - 1);

    if (rc == 1) {
        return way->rc == NTHRIFT_OK
               ? (way->error == NULL) == ((size_t) (s.p - bytes)
                                          == way->consumed)
               : way->rc == NTHRIFT_AGAIN && way->error != NULL;
    }

    if (rc == 0) {
        return way->rc == NTHRIFT_ERROR || way->error != NULL;
    }

    return way->rc != NTHRIFT_OK || way->error != NULL;
}


static int
read_ways(const nthrift_rules_t *rules, const uint8_t *bytes, size_t n,
    way_t *whole)
{
    int      i;
    way_t    way;
    size_t   split, step;

    way_read(whole, rules, bytes, n, n, 1);

    for (i = 0; i < 4; i++) {
        split = i ? 1 + chance((uint32_t) n) : 1;
        step = i ? 1 + chance(30) : 1;

        way_read(&way, rules, bytes, n, split, step);

        if (!way_same(&way, whole)) {
            way_diag("whole", n, whole);
            way_diag("pieces of", step, &way);
            return 0;
        }
    }

    return 1;
}


static void
print_bytes(const uint8_t *bytes, size_t n)
{
    printf("#");

    while (n-- > 0) {
        printf(" %02x", *bytes++);
    }

    printf("\n");
}


static void
test_seed(unsigned seed, const nthrift_rules_t *rules, int damaged,
    const char *name)
{
    int             i, bad;
    int             good, wrong;
    way_t           way;
    size_t          n;
    static maker_t  m;

    srandom(seed);
    bad = good = wrong = 0;

    for (i = 0; i < MESSAGES && bad == 0; i++) {
        n = make_message(&m);

        if (damaged) {
            n = damage(m.bytes, n);
        }

        bad = !read_ways(rules, m.bytes, n, &way)
              || !simple_agrees(&way, rules, m.bytes, n)
              || (!damaged && (way.rc != NTHRIFT_OK || way.error != NULL));

        good += way.rc == NTHRIFT_OK && way.error == NULL;
        wrong += way.error != NULL;

        if (bad) {
            way_diag("message", (size_t) i, &way);
            print_bytes(m.bytes, n);
        }
    }

    ok(bad == 0, "%s, seed %u", name, seed);
    diag("%d messages are good, %d are wrong", good, wrong);
}


int
main(void)
{
    nthrift_rules_t  rules;

    rules = way_rules;

    test_seed(1, &rules, 0, "good messages");
    test_seed(2, &rules, 0, "good messages");
    test_seed(3, &rules, 1, "damaged messages");
    test_seed(4, &rules, 1, "damaged messages");
    test_seed(5, &rules, 1, "damaged messages");

    rules.max_depth = 3;
    rules.lax = 1;
    rules.max_message = 16384;

    test_seed(6, &rules, 1, "damaged messages, low limits");

    done();

    return unit_result();
}
