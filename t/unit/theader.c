/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/theader.c: THeader read and written.  What is said to be Apache's was
 * written by its Python library, 0.17.0 (THeaderTransport), or by its C++
 * library's test client (the largest seqid).
 */

#include "wire/head.h"
#include "wire/theader.h"
#include "ways.h"


#define PING    "80 01 00 01 00 00 00 04 70 69 6e 67 00 00 00 07 00"
#define PING_C  "82 21 07 04 70 69 6e 67 00"

/* What is fixed, behind the length word: flags 0, seqid 7. */

#define FIXED   "0f ff 00 00 00 00 00 07 "


typedef struct {
    const char  *name;
    const char  *hex;
    int          rc;
    const char  *error;
    const char  *told;          /* protocol, packed, flags, sequence, seqid,
                                   header, size, name, pairs */
} theader_case_t;


static const theader_case_t  theader_cases[] = {

    { "Apache's, binary",
      "00 00 00 1f 0f ff 00 00 00 00 00 07 00 01 00 00 00 00 " PING,
      NTHRIFT_OK, NULL, "1 0 0 7 7 14 34 ping" },
    { "Apache's, compact",
      "00 00 00 17 0f ff 00 00 00 00 00 07 00 01 02 00 00 00 " PING_C,
      NTHRIFT_OK, NULL, "2 0 0 7 7 14 26 ping" },
    { "Apache's, info",
      "00 00 00 3b 0f ff 00 00 00 00 00 07 00 08 00 00 01 02 0b 74 72 61 63"
      "65 70 61 72 65 6e 74 09 30 30 2d 31 2d 32 2d 30 31 01 6b 00 00 00 00"
      PING, NTHRIFT_OK, NULL,
      "1 0 0 7 7 42 62 ping traceparent=00-1-2-01 k=" },
    { "Apache's, zlib and info",
      "00 00 00 27 0f ff 00 00 00 00 00 07 00 03 02 01 01 01 01 01 6b 01 76"
      "00 00 00 78 9c 6b 52 64 67 29 c8 cc 4b 67 00 00 0b d8 02 5d",
      NTHRIFT_OK, NULL, "2 1 0 7 7 22 26  k=v" },
    { "Apache's C++, largest seqid",
      "00 00 00 1f 0f ff 00 00 7f ff ff f6 00 01 02 00 00 00 82 21 f6 ff ff"
      "ff 07 08 74 65 73 74 56 6f 69 64 00", NTHRIFT_OK, NULL,
      "2 0 0 2147483638 2147483638 14 34 testVoid" },

    { "flags, and seqids that differ",
      "00 00 00 1f 0f ff 80 01 ff ff ff ff 00 01 00 00 00 00 " PING,
      NTHRIFT_OK, NULL, "1 0 32769 4294967295 7 14 34 ping" },
    { "no padding", "00 00 00 23 " FIXED "00 02 00 00 01 01 01 61 01 62" PING,
      NTHRIFT_OK, NULL, "1 0 0 7 7 18 38 ping a=b" },
    { "a word of padding more",
      "00 00 00 23 " FIXED "00 02 00 00 00 00 00 00 00 00 " PING,
      NTHRIFT_OK, NULL, "1 0 0 7 7 18 38 ping" },
    { "persistent of fbthrift, and others",
      "00 00 00 2b " FIXED "00 04 00 00 02 01 01 70 01 71 01 01 01 61 00 00"
      "00 00 " PING, NTHRIFT_OK, NULL, "1 0 0 7 7 26 46 ping p:q a=" },
    { "empty blocks", "00 00 00 23 " FIXED "00 02 00 00 01 00 02 00 00 00 "
      PING, NTHRIFT_OK, NULL, "1 0 0 7 7 18 38 ping" },
    { "info of an unknown kind ends it",
      "00 00 00 27 " FIXED "00 03 00 00 01 01 01 61 01 62 03 ff ff ff " PING,
      NTHRIFT_OK, NULL, "1 0 0 7 7 22 42 ping a=b" },
    { "info behind padding is none",
      "00 00 00 27 " FIXED "00 03 00 00 00 01 01 01 61 01 62 00 00 00 " PING,
      NTHRIFT_OK, NULL, "1 0 0 7 7 22 42 ping" },
    { "transform none", "00 00 00 1f " FIXED "00 01 00 01 00 00 " PING,
      NTHRIFT_OK, NULL, "1 0 0 7 7 14 34 ping" },
    { "zlib, and none", "00 00 00 15 " FIXED "00 02 00 02 00 01 00 00 00 00 "
      "78 9c 01", NTHRIFT_OK, NULL, "1 1 0 7 7 18 22 " },
    { "zlib twice", "00 00 00 13 " FIXED "00 02 00 02 01 01 00 00 00 00 78",
      NTHRIFT_OK, NULL, "1 2 0 7 7 18 22 " },
    { "zstd", "00 00 00 0f " FIXED "00 01 00 01 05 00 28", NTHRIFT_OK, NULL,
      "1 2 0 7 7 14 18 " },
    { "zlib and no payload", "00 00 00 0e " FIXED "00 01 00 01 01 00",
      NTHRIFT_OK, NULL, "1 1 0 7 7 14 18 " },

    /* too little */

    { "cut off in what is fixed", "00 00 00 1f 0f ff 00 00 00 00 00 07 00",
      NTHRIFT_AGAIN, NULL, NULL },
    { "cut off in its protocol", "00 00 00 1f " FIXED "00 01",
      NTHRIFT_AGAIN, NULL, NULL },
    { "cut off before the payload", "00 00 00 1f " FIXED "00 01 00 00 00 00",
      NTHRIFT_AGAIN, NULL, NULL },
    { "cut off in the payload", "00 00 00 1f " FIXED "00 01 00 00 00 00 80",
      NTHRIFT_AGAIN, NULL, NULL },

    /* wrong */

    { "frame that ends in what is fixed", "00 00 00 09 " FIXED "00",
      NTHRIFT_ERROR, "frame too short for a message", NULL },
    { "frame that ends with what is fixed", "00 00 00 0a " FIXED "00 00",
      NTHRIFT_ERROR, "THeader without protocol", NULL },
    { "no words", "00 00 00 1b " FIXED "00 00 " PING,
      NTHRIFT_ERROR, "THeader without protocol", NULL },
    { "longer than its frame", "00 00 00 1f " FIXED "00 06 00 00 00 00 " PING,
      NTHRIFT_ERROR, "THeader longer than its frame", NULL },
    { "no payload", "00 00 00 0e " FIXED "00 01 00 00 00 00",
      NTHRIFT_ERROR, "frame too short for a message", NULL },
    { "payload of one byte", "00 00 00 0f " FIXED "00 01 00 00 00 00 80",
      NTHRIFT_ERROR, "frame too short for a message", NULL },
    { "payload that is too short", "00 00 00 12 " FIXED "00 01 00 00 00 00"
      "80 01 00 01", NTHRIFT_ERROR, "frame too short for a message", NULL },
    { "larger than allowed", "00 00 ff ff " FIXED "01 01",
      NTHRIFT_ERROR, "THeader larger than allowed", NULL },
    { "largest of all", "3f ff ff ff " FIXED "ff ff",
      NTHRIFT_ERROR, "THeader larger than allowed", NULL },
    { "unknown protocol", "00 00 00 1f " FIXED "00 01 03 00 00 00 " PING,
      NTHRIFT_ERROR, "THeader of an unknown protocol", NULL },
    { "JSON, which is not allowed here",
      "00 00 00 1f " FIXED "00 01 01 00 00 00 " PING,
      NTHRIFT_ERROR, "THeader of an unknown protocol", NULL },
    { "binary that is compact", "00 00 00 17 " FIXED "00 01 00 00 00 00"
      PING_C, NTHRIFT_ERROR,
      "payload in another protocol than its THeader says", NULL },
    { "binary without version", "00 00 00 1b " FIXED "00 01 00 00 00 00"
      "00 00 00 04 70 69 6e 67 01 00 00 00 07 00", NTHRIFT_ERROR,
      "payload in another protocol than its THeader says", NULL },
    { "compact of fbthrift", "00 00 00 17 " FIXED "00 01 02 00 00 00"
      "82 22 07 04 70 69 6e 67 00", NTHRIFT_ERROR,
      "compact protocol of fbthrift, which is not supported", NULL },
    { "long number", "00 00 00 23 " FIXED "00 02 80 80 80 80 80 00 00 00"
      PING, NTHRIFT_ERROR, "too long number in THeader", NULL },
    { "large number", "00 00 00 23 " FIXED "00 02 80 80 80 80 10 00 00 00"
      PING, NTHRIFT_ERROR, "too long number in THeader", NULL },
    { "number that does not end", "00 00 00 1f " FIXED "00 01 00 00 01 81"
      PING, NTHRIFT_ERROR, "THeader ends in the middle of a number", NULL },
    { "more transforms than there are",
      "00 00 00 1f " FIXED "00 01 00 03 00 00 " PING, NTHRIFT_ERROR,
      "THeader ends in the middle of a number", NULL },
    { "as many transforms as may be",
      "00 00 00 2f " FIXED "00 05 00 10 00 00 00 00 00 00 00 00 00 00 00 00 00 "
      "00 00 00 00 00 " PING, NTHRIFT_OK, NULL, "1 0 0 7 7 30 50 ping" },
    { "too many transforms",
      "00 00 00 2f " FIXED "00 05 00 11 00 00 00 00 00 00 00 00 00 00 00 00 00 "
      "00 00 00 00 00 " PING, NTHRIFT_ERROR, "too many transforms in THeader",
      NULL },
    { "more pairs than there are",
      "00 00 00 23 " FIXED "00 02 00 00 01 ff ff ff ff 0f " PING,
      NTHRIFT_ERROR, "THeader ends in the middle of a number", NULL },
    { "name that leaves it", "00 00 00 1f " FIXED "00 01 00 00 01 01" PING,
      NTHRIFT_ERROR, "THeader ends in the middle of a number", NULL },
    { "value that leaves it",
      "00 00 00 23 " FIXED "00 02 00 00 01 01 01 61 02 62 " PING,
      NTHRIFT_ERROR, "info header longer than its THeader", NULL },
    { "persistent value that leaves it",
      "00 00 00 23 " FIXED "00 02 00 00 02 01 01 61 7f 62 " PING,
      NTHRIFT_ERROR, "info header longer than its THeader", NULL },
    { "body that leaves its frame",
      "00 00 00 20 " FIXED "00 01 00 00 00 00 " PING "00", NTHRIFT_OK,
      "frame longer than its message", "1 0 0 7 7 14 34 ping" },
};


static size_t
theader_tell(char *text, size_t size, const way_t *way)
{
    size_t                  n;
    nthrift_str_t           info, name, value;
    nthrift_theader_info_t  walk;

    n = (size_t) snprintf(text, size, "%u %u %u %u %d %u %u %.*s",
                          way->head.protocol, way->head.packed,
                          way->head.flags, way->head.sequence,
                          way->head.seqid, way->head.header, way->head.size,
                          (int) way->head.name.len, way->name);

    info.data = (uint8_t *) way->info;
    info.len = way->head.info.len;

    nthrift_theader_info_start(&walk, &info);

    while (nthrift_theader_info_next(&walk, &name, &value) == NTHRIFT_OK) {
        n += (size_t) snprintf(text + n, size - n, " %.*s%s%.*s",
                               (int) name.len, name.data,
                               walk.persistent ? ":" : "=", (int) value.len,
                               value.data);
    }

    return n;
}


static void
test_read(void)
{
    way_t                  way;
    char                   told[256];
    size_t                 i;
    const theader_case_t  *c;

    for (i = 0; i < unit_array_size(theader_cases); i++) {
        c = &theader_cases[i];

        way_is_hex(&way_rules, c->hex, c->rc, c->error, &way, c->name);

        if (c->told != NULL) {
            (void) theader_tell(told, sizeof(told), &way);
            is_str(told, c->told, "what it tells");
        }
    }
}


static void
test_rules(void)
{
    way_t            way;
    nthrift_rules_t  rules;

    rules = way_rules;
    rules.protocol = NTHRIFT_COMPACT;

    way_is_hex(&rules, "00 00 00 1f " FIXED "00 01 00 00 00 00 " PING,
               NTHRIFT_ERROR, "binary message where a compact one is expected",
               NULL, "binary where compact is fixed");

    rules = way_rules;
    rules.max_header = 4;

    way_is_hex(&rules, "00 00 00 1f " FIXED "00 01 00 00 00 00 " PING,
               NTHRIFT_OK, NULL, NULL, "as large as allowed");
    way_is_hex(&rules, "00 00 00 23 " FIXED "00 02 00 00 00 00 00 00 00 00 "
               PING, NTHRIFT_ERROR, "THeader larger than allowed", NULL,
               "one word larger than allowed");

    rules.max_header = 0;

    way_is_hex(&rules, "00 00 00 1f " FIXED "00 01 00 00 00 00 " PING,
               NTHRIFT_ERROR, "THeader transport, which is not allowed",
               NULL, "none is allowed");

    rules = way_rules;
    rules.max_frame = 0x1e;

    way_is_hex(&rules, "00 00 00 1f " FIXED "00 01 00 00 00 00 " PING,
               NTHRIFT_OK, "frame larger than allowed", &way,
               "frame larger than allowed");
    is_int(way.head.seqid, 7, "its head is known");

    rules = way_rules;
    rules.text = 1;

    way_is_hex(&rules, "00 00 00 1e " FIXED "00 01 01 00 00 00"
               "5b 31 2c 22 70 22 2c 31 2c 37 2c 7b 7d 5d 20 20", NTHRIFT_OK,
               "frame longer than its message", &way, "JSON");
    is_int(way.head.protocol, NTHRIFT_JSON, "its protocol");
}


/*
 * One that comes byte by byte is gone through once, however large it is: what
 * is wrong in it shows when the head behind it is there.
 */

static void
test_once(void)
{
    size_t           n;
    uint8_t          bytes[64];
    nthrift_head_t   head;
    nthrift_error_t  err = { NULL };

    n = unit_hex("00 00 00 23 " FIXED "00 02 00 00 01 01 01 61 02 62 " PING,
                 bytes, sizeof(bytes));

    is_int(nthrift_head_read(&way_rules, bytes, bytes + n - 2, &head, &err),
           NTHRIFT_AGAIN, "a byte of the head is missing");
    is_int(nthrift_head_read(&way_rules, bytes, bytes + n - 1, &head, &err),
           NTHRIFT_ERROR, "all of it is there");
    is_str(err.text, "info header longer than its THeader", "what is wrong");
}


/* What is set is the same as what is read. */

static void
theader_set(const nthrift_head_t *head, uint8_t *p, size_t len, size_t body)
{
    nthrift_head_t   set, read;
    nthrift_error_t  err = { NULL };

    set = *head;
    nthrift_head_set(&set, p, body);

    if (nthrift_head_read(&way_rules, p, p + len, &read, &err) != NTHRIFT_OK) {
        ok(0, "it is read");
        return;
    }

    ok(set.size == read.size && set.frame == read.frame
       && set.header == read.header && set.info.len == read.info.len
       && (set.info.len == 0 || set.info.data == read.info.data),
       "is set as it is read");
}


static void
theader_write(const char *name, const nthrift_head_t *head, size_t body,
    const char *expected)
{
    size_t    n, len;
    uint8_t  *p, bytes[256];

    n = unit_hex(expected, bytes, sizeof(bytes));
    len = nthrift_head_size(head);

    is_int((long long) len, (long long) n, name);

    p = unit_guard(bytes, len);
    memset(p, 0xa5, len);

    ok(nthrift_head_write(p, head, body) == p + len, "its end");
    is_bytes(p, len, bytes, n, "its bytes");
    is_int(nthrift_head_frame(head, body), (long long) (n - 4 + body),
           "its length word");

    theader_set(head, p, len, body);
}


static void
test_write(void)
{
    size_t                n, i;
    uint8_t               info[64], *p;
    nthrift_head_t        head;
    static nthrift_str_t  pairs[] = {
        nthrift_string("traceparent"), nthrift_string("00-1-2-01"),
        nthrift_string("k"), { 0, NULL }
    };

    memset(&head, 0, sizeof(head));

    head.transport = NTHRIFT_HEADER;
    head.protocol = NTHRIFT_BINARY;
    head.type = NTHRIFT_CALL;
    head.seqid = 7;
    head.sequence = 8;
    head.flags = 1;
    head.name.data = (uint8_t *) "ping";
    head.name.len = 4;

    theader_write("binary", &head, 1,
                  "00 00 00 1f 0f ff 00 01 00 00 00 08 00 01 00 00 00 00"
                  "80 01 00 01 00 00 00 04 70 69 6e 67 00 00 00 07");

    head.protocol = NTHRIFT_COMPACT;

    theader_write("compact", &head, 1,
                  "00 00 00 17 0f ff 00 01 00 00 00 08 00 01 02 00 00 00"
                  "82 21 07 04 70 69 6e 67");

    head.packed = NTHRIFT_ZLIB;

    theader_write("packed: no head of the protocol", &head, 9,
                  "00 00 00 17 0f ff 00 01 00 00 00 08 00 01 02 01 01 00");

    n = nthrift_theader_block_size(2);
    p = nthrift_theader_block_write(info, 2);

    for (i = 0; i < 4; i += 2) {
        n += nthrift_theader_pair_size(&pairs[i], &pairs[i + 1]);
        p = nthrift_theader_pair_write(p, &pairs[i], &pairs[i + 1]);
    }

    is_int(p - info, (long long) n, "size of info");

    head.packed = NTHRIFT_PLAIN;
    head.info.data = info;
    head.info.len = n;

    theader_write("with info", &head, 1,
                  "00 00 00 33 0f ff 00 01 00 00 00 08 00 08 02 00 01 02 0b"
                  "74 72 61 63 65 70 61 72 65 6e 74 09 30 30 2d 31 2d 32 2d"
                  "30 31 01 6b 00 00 00 00 82 21 07 04 70 69 6e 67");
}


/* The largest of all that may be written is read. */

static void
test_largest(void)
{
    size_t           n, size;
    uint8_t         *info, *p, *last;
    nthrift_str_t    name, value;
    nthrift_head_t   head, again;
    nthrift_error_t  err = { NULL };
    nthrift_rules_t  rules;

    info = malloc(NTHRIFT_MAX_INFO);
    memset(info, 'v', NTHRIFT_MAX_INFO);

    name.data = info;
    name.len = 1;
    value.data = info;
    value.len = NTHRIFT_MAX_INFO - 2 - 2 - 3;

    n = nthrift_theader_block_size(1)
        + nthrift_theader_pair_size(&name, &value);

    is_int((long long) n, NTHRIFT_MAX_INFO, "the largest info");

    memset(&head, 0, sizeof(head));

    head.transport = NTHRIFT_HEADER;
    head.protocol = NTHRIFT_COMPACT;
    head.type = NTHRIFT_CALL;
    head.packed = NTHRIFT_ZLIB;
    head.info.data = malloc(n);
    head.info.len = n;

    p = nthrift_theader_block_write(head.info.data, 1);
    (void) nthrift_theader_pair_write(p, &name, &value);

    size = nthrift_head_size(&head);
    p = malloc(size);
    last = nthrift_head_write(p, &head, 0);

    rules = way_rules;
    rules.max_header = NTHRIFT_MAX_HEADER;

    is_int(nthrift_head_read(&rules, p, last, &again, &err), NTHRIFT_OK,
           "is read");
    ok(nthrift_str_equal(&again.info, &head.info), "and is the same");

    free(head.info.data);
    free(info);
    free(p);
}


/* It is always written anew. */

static void
test_patch(void)
{
    size_t           n;
    uint8_t          bytes[64], *p;
    nthrift_head_t   head;
    nthrift_error_t  err = { NULL };

    n = unit_hex("00 00 00 1f " FIXED "00 01 00 00 00 00 " PING, bytes,
                 sizeof(bytes));
    p = unit_guard(bytes, n);

    is_int(nthrift_head_read(&way_rules, p, p + n, &head, &err), NTHRIFT_OK,
           "a head");
    is_int(nthrift_head_patch_seqid(p, &head, 9), NTHRIFT_DECLINED,
           "is not patched");
    is_bytes(p, n, bytes, n, "nothing has changed");
}


int
main(void)
{
    test_read();
    test_rules();
    test_once();
    test_write();
    test_largest();
    test_patch();

    done();

    return unit_result();
}
