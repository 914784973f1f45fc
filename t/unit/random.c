/*
 * t/unit/random.c: messages made at random and then damaged.  Each is read
 * whole, and in pieces; and by a reader that is as simple as can be, one byte
 * after the other and recursive, which must find the same end or find it as
 * wrong.  The seeds are fixed: a failure comes again.
 */

#include "wire/binary.h"
#include "wire/compact.h"
#include "wire/head.h"
#include "ways.h"


#define MESSAGES   20000
#define MAX_BYTES  4096


/* The messages. */

typedef struct {
    unsigned   protocol;
    uint8_t   *p;
    uint8_t    bytes[MAX_BYTES];
} maker_t;


static const uint8_t  maker_types[] = {
    NTHRIFT_BOOL, NTHRIFT_I8, NTHRIFT_DOUBLE, NTHRIFT_I16, NTHRIFT_I32,
    NTHRIFT_I64, NTHRIFT_STRING, NTHRIFT_UUID, NTHRIFT_STRUCT, NTHRIFT_MAP,
    NTHRIFT_SET, NTHRIFT_LIST
};

static const uint8_t  maker_compact[NTHRIFT_UUID + 1] = {
    [NTHRIFT_BOOL] = 1, [NTHRIFT_I8] = 3, [NTHRIFT_I16] = 4,
    [NTHRIFT_I32] = 5, [NTHRIFT_I64] = 6, [NTHRIFT_DOUBLE] = 7,
    [NTHRIFT_STRING] = 8, [NTHRIFT_LIST] = 9, [NTHRIFT_SET] = 10,
    [NTHRIFT_MAP] = 11, [NTHRIFT_STRUCT] = 12, [NTHRIFT_UUID] = 13
};


static uint32_t
chance(uint32_t n)
{
    return (uint32_t) random() % n;
}


static void make_struct(maker_t *m, int depth);
static void make_value(maker_t *m, uint8_t type, int depth);


static uint8_t
make_type(int depth)
{
    return maker_types[chance(depth > 0 ? 12 : 8)];
}


static void
make_bytes(maker_t *m, size_t n)
{
    while (n-- > 0) {
        *m->p++ = (uint8_t) random();
    }
}


static void
make_varint(maker_t *m, uint64_t value)
{
    while (value >= 0x80) {
        *m->p++ = (uint8_t) (value | 0x80);
        value >>= 7;
    }

    *m->p++ = (uint8_t) value;
}


static void
make_length(maker_t *m, uint32_t n)
{
    if (m->protocol == NTHRIFT_BINARY) {
        m->p = nthrift_binary_put32(m->p, n);

    } else {
        make_varint(m, n);
    }
}


/* Small ones most of the time; few once there is little room. */

static uint32_t
make_count(const maker_t *m)
{
    if (m->p - m->bytes > MAX_BYTES / 4) {
        return 0;
    }

    return chance(8) ? chance(4) : chance(40);
}


static void
make_list(maker_t *m, int depth)
{
    uint8_t   type;
    uint32_t  n;

    type = make_type(depth - 1);
    n = make_count(m);

    if (m->protocol == NTHRIFT_BINARY) {
        *m->p++ = type;
        m->p = nthrift_binary_put32(m->p, n);

    } else if (n < 15) {
        *m->p++ = (uint8_t) (n << 4 | maker_compact[type]);

    } else {
        *m->p++ = 0xf0 | maker_compact[type];
        make_varint(m, n);
    }

    while (n-- > 0) {
        make_value(m, type, depth - 1);
    }
}


static void
make_map(maker_t *m, int depth)
{
    uint8_t   key, value;
    uint32_t  n;

    key = make_type(depth - 1);
    value = make_type(depth - 1);
    n = make_count(m);

    if (m->protocol == NTHRIFT_BINARY) {
        *m->p++ = key;
        *m->p++ = value;
        m->p = nthrift_binary_put32(m->p, n);

    } else {
        make_varint(m, n);

        if (n != 0) {
            *m->p++ = (uint8_t) (maker_compact[key] << 4
                                 | maker_compact[value]);
        }
    }

    while (n-- > 0) {
        make_value(m, key, depth - 1);
        make_value(m, value, depth - 1);
    }
}


static void
make_number(maker_t *m, unsigned bits)
{
    uint64_t  value;

    value = (uint64_t) random() << 33 ^ (uint64_t) random() << 11
            ^ (uint64_t) random();
    value &= ~(uint64_t) 0 >> (64 - bits + chance(bits));

    if (m->protocol == NTHRIFT_COMPACT) {
        make_varint(m, value);
        return;
    }

    for ( ; bits != 0; bits -= 8) {
        *m->p++ = (uint8_t) (value >> (bits - 8));
    }
}


static void
make_value(maker_t *m, uint8_t type, int depth)
{
    uint32_t  n;

    switch (type) {

    case NTHRIFT_BOOL:
        *m->p++ = (uint8_t) (1 + chance(2));
        break;

    case NTHRIFT_I8:
        make_bytes(m, 1);
        break;

    case NTHRIFT_DOUBLE:
        make_bytes(m, 8);
        break;

    case NTHRIFT_I16:
        make_number(m, 16);
        break;

    case NTHRIFT_I32:
        make_number(m, 32);
        break;

    case NTHRIFT_I64:
        make_number(m, 64);
        break;

    case NTHRIFT_STRING:
        n = make_count(m);
        make_length(m, n);
        make_bytes(m, n);
        break;

    case NTHRIFT_UUID:
        make_bytes(m, 16);
        break;

    case NTHRIFT_STRUCT:
        make_struct(m, depth - 1);
        break;

    case NTHRIFT_MAP:
        make_map(m, depth);
        break;

    default:
        make_list(m, depth);
    }
}


static void
make_field(maker_t *m, uint8_t type)
{
    uint8_t  code;

    if (m->protocol == NTHRIFT_BINARY) {
        *m->p++ = type;
        make_bytes(m, 2);
        return;
    }

    code = maker_compact[type];

    if (type == NTHRIFT_BOOL) {
        code = (uint8_t) (1 + chance(2));
    }

    if (chance(4)) {
        *m->p++ = (uint8_t) ((1 + chance(15)) << 4 | code);
        return;
    }

    *m->p++ = code;
    make_varint(m, chance(65536));
}


static void
make_struct(maker_t *m, int depth)
{
    uint8_t   type;
    uint32_t  n;

    for (n = chance(5); n > 0 && m->p - m->bytes < MAX_BYTES / 2; n--) {
        type = make_type(depth);
        make_field(m, type);

        if (type != NTHRIFT_BOOL || m->protocol == NTHRIFT_BINARY) {
            make_value(m, type, depth);
        }
    }

    *m->p++ = 0;
}


static size_t
make_message(maker_t *m)
{
    size_t          n;
    uint8_t        *body;
    nthrift_head_t  head;

    memset(&head, 0, sizeof(head));

    head.transport = (uint8_t) (1 + chance(2));
    head.protocol = (uint8_t) (1 + chance(2));
    head.type = NTHRIFT_CALL;
    head.seqid = (int32_t) (random() >> chance(31));
    head.name.data = (uint8_t *) "method";
    head.name.len = 1 + chance(6);

    m->protocol = head.protocol;
    m->p = m->bytes + nthrift_head_size(&head);
    body = m->p;

    make_struct(m, 4);

    n = (size_t) (m->p - body);
    (void) nthrift_head_write(m->bytes, &head, n);

    return (size_t) (m->p - m->bytes);
}


/* A few bytes changed, lost or doubled. */

static size_t
damage(uint8_t *bytes, size_t n)
{
    size_t    at;
    uint32_t  times;

    static const uint8_t  odd[] = { 0, 1, 0x7f, 0x80, 0xff, 12, 15, 0x1c };

    for (times = chance(4); times > 0; times--) {
        at = chance((uint32_t) n);

        switch (chance(4)) {

        case 0:
            bytes[at] = (uint8_t) random();
            break;

        case 1:
            bytes[at] = odd[chance(sizeof(odd))];
            break;

        case 2:
            bytes[at] ^= (uint8_t) (1 << chance(8));
            break;

        default:
            memmove(bytes + at, bytes + at + 1, n - at - 1);
            n -= (n > 1);
        }
    }

    return n;
}


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
