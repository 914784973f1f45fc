/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/frame.c: what the first bytes tell: the transport and the protocol
 * of a message, or what else came instead of one.
 */

#include "wire/frame.h"
#include "wire/transport.h"
#include "unit.h"


#define AUTO  0


typedef struct {
    const char  *name;
    uint8_t      transport;
    uint8_t      protocol;
    uint8_t      lax;
    const char  *hex;

    /* what is expected */
    int          rc;
    const char  *told;          /* "transport protocol lax frame", error */
} frame_case_t;


static const frame_case_t  frame_cases[] = {

    /* messages */

    { "unframed binary", AUTO, AUTO, 0,
      "80 01 00 01 00 00 00 04", NTHRIFT_OK, "1 1 0 0" },
    { "unframed compact", AUTO, AUTO, 0,
      "82 21 01 01 61 00", NTHRIFT_OK, "1 2 0 0" },
    { "framed binary", AUTO, AUTO, 0,
      "00 00 00 11 80 01 00 01", NTHRIFT_OK, "2 1 0 17" },
    { "framed compact", AUTO, AUTO, 0,
      "00 00 00 06 82 41 01 01 61 00", NTHRIFT_OK, "2 2 0 6" },
    { "framed, six bytes are enough", AUTO, AUTO, 0,
      "00 00 00 11 80 01", NTHRIFT_OK, "2 1 0 17" },
    { "unframed, two bytes are enough", AUTO, AUTO, 0,
      "82 21", NTHRIFT_OK, "1 2 0 0" },
    { "unframed lax", AUTO, AUTO, 1,
      "00 00 00 04 70 69 6e 67 01", NTHRIFT_OK, "1 1 1 0" },
    { "unframed lax, longest name", AUTO, NTHRIFT_BINARY, 1,
      "00 00 04 00 70 69 6e 67", NTHRIFT_OK, "1 1 1 0" },
    { "unframed lax, name of one byte", AUTO, AUTO, 1,
      "00 00 00 01 61 01 00 00 00 01", NTHRIFT_OK, "1 1 1 0" },
    { "framed lax", AUTO, AUTO, 1,
      "00 00 00 0e 00 00 00 04 70", NTHRIFT_OK, "2 1 1 14" },
    { "strict binary where lax is allowed", AUTO, AUTO, 1,
      "80 01 00 01 00 00 00 04", NTHRIFT_OK, "1 1 0 0" },
    { "framed strict binary where lax is allowed", AUTO, AUTO, 1,
      "00 00 00 11 80 01 00 01", NTHRIFT_OK, "2 1 0 17" },
    { "largest frame", AUTO, AUTO, 0,
      "3f ff ff ff 80 01 00 01", NTHRIFT_OK, "2 1 0 1073741823" },
    { "third byte of the version is not used", AUTO, AUTO, 0,
      "80 01 ff 01", NTHRIFT_OK, "1 1 0 0" },
    { "frame that looks like a TLS record", AUTO, AUTO, 0,
      "16 03 01 02 80 01 00 01", NTHRIFT_OK, "2 1 0 369295618" },

    { "THeader, which tells the protocol", AUTO, AUTO, 0,
      "00 00 00 1f 0f ff 00 00", NTHRIFT_OK, "3 0 0 31" },
    { "THeader, six bytes are enough", AUTO, AUTO, 1,
      "00 00 00 1f 0f ff", NTHRIFT_OK, "3 0 0 31" },

    /* fixed rules */

    { "THeader where it is fixed", NTHRIFT_HEADER, NTHRIFT_BINARY, 0,
      "00 00 00 1f 0f ff 00 00", NTHRIFT_OK, "3 0 0 31" },
    { "THeader where framed is fixed", NTHRIFT_FRAMED, AUTO, 0,
      "00 00 00 1f 0f ff 00 00", NTHRIFT_ERROR,
      "message with THeader where a framed one is expected" },
    { "THeader where unframed is fixed", NTHRIFT_UNFRAMED, AUTO, 0,
      "00 00 00 1f 0f ff 00 00", NTHRIFT_ERROR,
      "message with THeader where an unframed one is expected" },
    { "framed where THeader is fixed", NTHRIFT_HEADER, AUTO, 0,
      "00 00 00 11 80 01 00 01", NTHRIFT_ERROR,
      "framed message where one with THeader is expected" },
    { "unframed where THeader is fixed", NTHRIFT_HEADER, AUTO, 0,
      "82 21 01 01 61 00", NTHRIFT_ERROR,
      "unframed message where one with THeader is expected" },

    { "framed where framed is fixed", NTHRIFT_FRAMED, NTHRIFT_BINARY, 0,
      "00 00 00 11 80 01 00 01", NTHRIFT_OK, "2 1 0 17" },
    { "unframed where unframed is fixed", NTHRIFT_UNFRAMED, NTHRIFT_COMPACT,
      0, "82 21 01 01 61 00", NTHRIFT_OK, "1 2 0 0" },
    { "unframed where framed is fixed", NTHRIFT_FRAMED, AUTO, 0,
      "80 01 00 01", NTHRIFT_ERROR,
      "unframed message where a framed one is expected" },
    { "framed where unframed is fixed", NTHRIFT_UNFRAMED, AUTO, 0,
      "00 00 00 11 80 01 00 01", NTHRIFT_ERROR,
      "framed message where an unframed one is expected" },
    { "unframed lax where framed is fixed", NTHRIFT_FRAMED, AUTO, 1,
      "00 00 00 04 70 69 6e 67 01", NTHRIFT_ERROR,
      "unframed message where a framed one is expected" },
    { "framed lax where unframed is fixed", NTHRIFT_UNFRAMED, AUTO, 1,
      "00 00 00 0e 00 00 00 04 70", NTHRIFT_ERROR,
      "framed message where an unframed one is expected" },
    { "binary where compact is fixed", AUTO, NTHRIFT_COMPACT, 0,
      "80 01 00 01", NTHRIFT_ERROR,
      "binary message where a compact one is expected" },
    { "framed compact where binary is fixed", AUTO, NTHRIFT_BINARY, 0,
      "00 00 00 06 82 21 01 01 61 00", NTHRIFT_ERROR,
      "compact message where a binary one is expected" },
    { "lax where compact is fixed", AUTO, NTHRIFT_COMPACT, 1,
      "00 00 00 04 70 69 6e 67 01", NTHRIFT_ERROR,
      "binary message where a compact one is expected" },
    { "unframed lax where it is not allowed", AUTO, AUTO, 0,
      "00 00 00 04 70 69 6e 67 01", NTHRIFT_ERROR,
      "message without version" },
    { "framed lax where it is not allowed", AUTO, AUTO, 0,
      "00 00 00 0e 00 00 00 04 70", NTHRIFT_ERROR,
      "message without version" },
    { "HTTP where framed binary is fixed", NTHRIFT_FRAMED, NTHRIFT_BINARY, 0,
      "47 45 54 20 2f 20 48 54", NTHRIFT_ERROR,
      "HTTP request instead of Thrift" },
    { "TLS where unframed compact is fixed", NTHRIFT_UNFRAMED,
      NTHRIFT_COMPACT, 0, "16 03 01 02 00 01 00 01", NTHRIFT_ERROR,
      "TLS handshake instead of Thrift" },

    /* frames that are none */

    { "empty frame", AUTO, AUTO, 0, "00 00 00 00", NTHRIFT_ERROR,
      "empty frame" },
    { "frame of one byte", AUTO, AUTO, 0, "00 00 00 01 82", NTHRIFT_ERROR,
      "frame too short for a message" },
    { "frame of four bytes", AUTO, AUTO, 1, "00 00 00 04 80 01 00 01",
      NTHRIFT_ERROR, "frame too short for a message" },
    { "larger than the largest frame", AUTO, AUTO, 0,
      "40 00 00 00 80 01 00 01", NTHRIFT_ERROR,
      "neither a framed nor an unframed Thrift message" },
    { "negative length", AUTO, AUTO, 0, "ff ff ff ff 80 01 00 01",
      NTHRIFT_ERROR, "neither a framed nor an unframed Thrift message" },
    { "frame of something else", AUTO, AUTO, 0, "00 00 00 20 01 02 03 04",
      NTHRIFT_ERROR, "neither a framed nor an unframed Thrift message" },
    { "length and a control character", AUTO, AUTO, 1,
      "00 00 00 20 01 02 03 04",
      NTHRIFT_ERROR, "neither a framed nor an unframed Thrift message" },
    { "too long a name without version", AUTO, AUTO, 1,
      "00 00 04 01 70 69 6e 67", NTHRIFT_ERROR,
      "neither a framed nor an unframed Thrift message" },
    { "binary version 2", AUTO, AUTO, 0, "80 02 00 01", NTHRIFT_ERROR,
      "unknown version of binary protocol" },
    { "framed binary version 2", AUTO, AUTO, 0,
      "00 00 00 11 80 02 00 01", NTHRIFT_ERROR,
      "unknown version of binary protocol" },
    { "compact version 3", AUTO, AUTO, 0, "82 23 01 01 61", NTHRIFT_ERROR,
      "unknown version of compact protocol" },
    { "compact of fbthrift", AUTO, AUTO, 0, "82 22 01 01 61", NTHRIFT_ERROR,
      "compact protocol of fbthrift, which is not supported" },
    { "framed compact of fbthrift", AUTO, AUTO, 0,
      "00 00 00 06 82 22 01 01 61 00", NTHRIFT_ERROR,
      "compact protocol of fbthrift, which is not supported" },

    /* something else */

    { "POST", AUTO, AUTO, 0, "50 4f 53 54 20 2f", NTHRIFT_ERROR,
      "HTTP request instead of Thrift" },
    { "OPTIONS", AUTO, AUTO, 0, "4f 50 54 49 4f 4e 53 20", NTHRIFT_ERROR,
      "HTTP request instead of Thrift" },
    { "HTTP/2 preface", AUTO, AUTO, 0, "50 52 49 20 2a 20 48 54",
      NTHRIFT_ERROR, "HTTP request instead of Thrift" },
    { "HTTP response", AUTO, AUTO, 0, "48 54 54 50 2f 31 2e 31",
      NTHRIFT_ERROR, "HTTP response instead of Thrift" },
    { "HTML", AUTO, AUTO, 0, "3c 21 44 4f 43 54 59 50", NTHRIFT_ERROR,
      "HTML instead of Thrift" },
    { "HTML without a type", AUTO, AUTO, 0, "3c 68 74 6d 6c 3e 0a 3c",
      NTHRIFT_ERROR, "HTML instead of Thrift" },
    { "TLS alert", AUTO, AUTO, 0, "15 03 01 00 02 02 46", NTHRIFT_ERROR,
      "TLS alert instead of Thrift" },
    { "TLS alert of TLS 1.3", AUTO, AUTO, 0, "15 03 03 00 02 02 46",
      NTHRIFT_ERROR, "TLS alert instead of Thrift" },
    { "SSH", AUTO, AUTO, 0, "53 53 48 2d 32 2e 30 2d", NTHRIFT_ERROR,
      "SSH instead of Thrift" },
    { "PROXY protocol 1", AUTO, AUTO, 0, "50 52 4f 58 59 20 54 43",
      NTHRIFT_ERROR, "PROXY protocol header instead of Thrift" },
    { "PROXY protocol 2", AUTO, AUTO, 0, "0d 0a 0d 0a 00 0d 0a 51",
      NTHRIFT_ERROR, "PROXY protocol header instead of Thrift" },
    { "PROXY protocol 2 where lax is allowed", AUTO, AUTO, 1,
      "0d 0a 0d 0a 00 0d 0a 51",
      NTHRIFT_ERROR, "PROXY protocol header instead of Thrift" },
    { "TLS client hello", AUTO, AUTO, 0, "16 03 01 02 00 01 00 01",
      NTHRIFT_ERROR, "TLS handshake instead of Thrift" },
    { "TLS client hello of 640 bytes", AUTO, AUTO, 0,
      "16 03 01 02 80 01 00 02", NTHRIFT_ERROR,
      "TLS handshake instead of Thrift" },
    { "TLS client hello of 642 bytes", AUTO, AUTO, 0,
      "16 03 01 02 82 01 00 02", NTHRIFT_ERROR,
      "TLS handshake instead of Thrift" },
    { "TLS server hello", AUTO, AUTO, 0, "16 03 03 00 7a 02 00 00",
      NTHRIFT_ERROR, "TLS handshake instead of Thrift" },
    { "TLS alert", AUTO, AUTO, 0, "15 03 01 00 02 02 46", NTHRIFT_ERROR,
      "TLS alert instead of Thrift" },
    { "JSON", AUTO, AUTO, 0, "5b 31 2c 22 70 69 6e 67", NTHRIFT_ERROR,
      "JSON protocol, which is not supported" },
    { "framed JSON", AUTO, AUTO, 1, "00 00 00 20 5b 31 2c 22",
      NTHRIFT_ERROR, "JSON protocol, which is not supported" },
    { "SASL", AUTO, AUTO, 0, "01 00 00 00 05 50 4c 41 49 4e", NTHRIFT_ERROR,
      "SASL negotiation, which is not supported" },
    { "zlib", AUTO, AUTO, 0, "78 9c 63 60", NTHRIFT_ERROR,
      "zlib stream, which is not supported" },
    { "noise", AUTO, AUTO, 0, "ff", NTHRIFT_ERROR,
      "neither a framed nor an unframed Thrift message" },
    { "text", AUTO, AUTO, 0, "68 65 6c 6c 6f", NTHRIFT_ERROR,
      "neither a framed nor an unframed Thrift message" },
    { "text that begins like HTTP", AUTO, AUTO, 0, "47 45 54 54 4f",
      NTHRIFT_ERROR, "neither a framed nor an unframed Thrift message" },
    { "Postgres", AUTO, AUTO, 0, "00 00 00 08 04 d2 16 2f", NTHRIFT_ERROR,
      "neither a framed nor an unframed Thrift message" },
    { "Postgres where lax is allowed", AUTO, AUTO, 1,
      "00 00 00 54 00 03 00 00", NTHRIFT_ERROR,
      "neither a framed nor an unframed Thrift message" },
    { "Redis", AUTO, AUTO, 0, "2a 31 0d 0a 24 34 0d 0a", NTHRIFT_ERROR,
      "Redis command instead of Thrift" },
    { "Redis, where lax is allowed", AUTO, AUTO, 1, "2a 31 30 0d 0a 24 34 0d",
      NTHRIFT_ERROR, "Redis command instead of Thrift" },
    { "Redis at a terminal", AUTO, AUTO, 0, "50 49 4e 47 0d 0a", NTHRIFT_ERROR,
      "Redis command instead of Thrift" },
    { "AMQP", AUTO, AUTO, 0, "41 4d 51 50 00 00 09 01", NTHRIFT_ERROR,
      "AMQP instead of Thrift" },
    { "Dubbo", AUTO, AUTO, 0, "da bb c2 00 00 00 00 00", NTHRIFT_ERROR,
      "Dubbo instead of Thrift" },
    { "big frame of fbthrift", AUTO, AUTO, 0, "42 49 47 46 00 00 00 00",
      NTHRIFT_ERROR, "frame of fbthrift that is larger than a frame may be" },
    { "TTHeader", AUTO, AUTO, 0, "00 00 00 70 10 00 00 00", NTHRIFT_ERROR,
      "TTHeader transport, which is not supported" },
    { "TTHeader where lax is allowed", AUTO, AUTO, 1,
      "00 00 00 70 10 00 00 00", NTHRIFT_ERROR,
      "TTHeader transport, which is not supported" },
    { "Accumulo", AUTO, AUTO, 0, "00 00 00 70 aa 8d 9a 94 08", NTHRIFT_ERROR,
      "Accumulo's protocol, which is not supported" },
    { "Accumulo, or not", AUTO, AUTO, 0, "00 00 00 70 aa 8d 9a 95 08",
      NTHRIFT_ERROR, "neither a framed nor an unframed Thrift message" },
    { "Rocket", AUTO, AUTO, 0, "00 00 54 00 00 00 00 04 40", NTHRIFT_ERROR,
      "Rocket transport, which is not supported" },
    { "Rocket with metadata", AUTO, AUTO, 0, "00 01 54 00 00 00 00 05 00",
      NTHRIFT_ERROR, "Rocket transport, which is not supported" },
    { "Rocket, or not", AUTO, AUTO, 0, "00 00 54 00 00 00 00 08 00",
      NTHRIFT_ERROR, "message without version" },
    { "framed lax that looks like Rocket", AUTO, AUTO, 1,
      "00 00 54 00 00 00 00 04 70", NTHRIFT_OK, "2 1 1 21504" },

    /* not told yet */

    { "nothing", AUTO, AUTO, 0, "", NTHRIFT_AGAIN, NULL },
    { "first byte of a binary version", AUTO, AUTO, 0, "80", NTHRIFT_AGAIN,
      NULL },
    { "half a length", AUTO, AUTO, 0, "00 00", NTHRIFT_AGAIN, NULL },
    { "a length", AUTO, AUTO, 0, "00 00 00 10", NTHRIFT_AGAIN, NULL },
    { "first byte behind a length", AUTO, AUTO, 0, "00 00 00 10 80",
      NTHRIFT_AGAIN, NULL },
    { "half a HTTP method", AUTO, AUTO, 0, "50 4f 53", NTHRIFT_AGAIN, NULL },
};


static int
frame_case_read(const frame_case_t *c, const uint8_t *bytes, size_t n,
    char *told, size_t size)
{
    int              rc;
    uint8_t         *p;
    nthrift_head_t   head;
    nthrift_error_t  err = { NULL };
    nthrift_rules_t  rules = {
        .transport = c->transport, .protocol = c->protocol, .lax = c->lax,
        .max_header = 1
    };

    p = unit_guard(bytes, n);
    rc = nthrift_frame_read(&rules, p, p + n, &head, &err);

    told[0] = '\0';

    if (rc == NTHRIFT_OK) {
        snprintf(told, size, "%u %u %u %u", head.transport, head.protocol,
                 head.lax, head.frame);

    } else if (rc == NTHRIFT_ERROR) {
        snprintf(told, size, "%s", err.text);
    }

    return rc;
}


/* Told by all bytes, and once told by a beginning, told the same. */

static void
frame_case_run(const frame_case_t *c)
{
    int      rc, passed;
    char     told[128], part[128];
    size_t   i, n;
    uint8_t  bytes[16] = { 0 };

    n = unit_hex(c->hex, bytes, sizeof(bytes));
    rc = frame_case_read(c, bytes, n, told, sizeof(told));
    passed = rc == c->rc && strcmp(told, c->told ? c->told : "") == 0;

    for (i = 0; i < n; i++) {
        rc = frame_case_read(c, bytes, i, part, sizeof(part));

        if (rc != NTHRIFT_AGAIN && strcmp(part, told) != 0) {
            diag("%zu bytes tell \"%s\"", i, part);
            passed = 0;
        }
    }

    if (!ok(passed, "%s", c->name)) {
        diag("told \"%s\"", told);
    }
}


/* No bytes need more than eight of them, and eight are never too few. */

static void
test_eight_bytes(void)
{
    int           rc, undecided;
    char          told[128];
    size_t        i, j;
    uint8_t       bytes[8];
    frame_case_t  c = { .name = "" };

    undecided = 0;
    srandom(1);

    for (i = 0; i < 200000; i++) {
        c.lax = i & 1;
        c.transport = random() % NTHRIFT_TRANSPORTS;

        for (j = 0; j < 8; j++) {
            bytes[j] = (uint8_t) ((random() & 3) ? random()
                                                 : "\0\x80\1\x82\x21\x16\3["
                                                   [random() & 7]);
        }

        rc = frame_case_read(&c, bytes, 8, told, sizeof(told));
        undecided += rc == NTHRIFT_AGAIN;
    }

    is_int(undecided, 0, "eight bytes tell");
}


static void
test_write(void)
{
    uint8_t                     bytes[4];
    nthrift_head_t              head;
    const nthrift_transport_t  *framed;

    memset(&head, 0, sizeof(head));

    framed = nthrift_transports[NTHRIFT_FRAMED];

    ok(framed->write(bytes, &head, 0x01020304) == bytes + 4,
       "a length word is four bytes");
    is_bytes(bytes, 4, "\1\2\3\4", 4, "it is big-endian");
}


/* Every row is whole. */

static void
test_transport(unsigned number)
{
    unsigned                    i;
    size_t                      size;
    uint8_t                     bytes[32];
    nthrift_head_t              head;
    const nthrift_transport_t  *row;

    memset(&head, 0, sizeof(head));

    head.transport = (uint8_t) number;
    head.protocol = NTHRIFT_BINARY;

    row = nthrift_transports[number];
    size = row->length_size;

    if (row->header_size != NULL) {
        size += row->header_size(&head);
    }

    ok(row->name != NULL && row->read != NULL && row->write != NULL,
       "%s: whole", row->name);
    is_str(nthrift_transport_name(number), row->name, "its name");
    ok((row->header_size == NULL) == (row->header_read == NULL)
       && (row->header_size == NULL) == (row->header_set == NULL),
       "its header");
    ok(row->write(bytes, &head, 9) == bytes + size, "its length");

    for (i = NTHRIFT_TRANSPORT_AUTO + 1; i < NTHRIFT_TRANSPORTS; i++) {
        ok(i == number || row->unexpected[i] != NULL, "%s and %s", row->name,
           nthrift_transport_name(i));
    }
}


int
main(void)
{
    size_t    i;
    unsigned  number;

    for (i = 0; i < unit_array_size(frame_cases); i++) {
        frame_case_run(&frame_cases[i]);
    }

    test_eight_bytes();
    test_write();

    ok(nthrift_transports[NTHRIFT_TRANSPORT_AUTO] == NULL,
       "none is no transport");
    is_str(nthrift_transport_name(NTHRIFT_TRANSPORT_AUTO), "unknown",
           "none has no name");

    for (number = NTHRIFT_TRANSPORT_AUTO + 1; number < NTHRIFT_TRANSPORTS;
         number++)
    {
        test_transport(number);
    }

    done();

    return unit_result();
}
