/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/frame.c: where a message begins.  The first step of a call: from eight
 * bytes at most it tells how the message is wrapped and which protocol it
 * speaks, or what else came instead of Thrift.  Called by head.c for every
 * message, so that a connection may change its mind between two calls.  It
 * looks at bytes only and moves nothing.  The rows of transports that need
 * nothing more are at the end.
 */

#include "wire/frame.h"
#include "wire/binary.h"
#include "wire/protocol.h"
#include "wire/transport.h"


/*
 * What cannot be the length of a frame: NTHRIFT_MAX_FRAME ends below.  The
 * same bit pattern tells a message that begins without a length word, as no
 * protocol begins with a smaller byte.
 */

#define FRAME_LENGTH_END  0x40

/* Bytes that a compact head has at least; a binary one has more. */

#define FRAME_LEAST       5


/* Other protocols by their first bytes. */

typedef struct {
    const char  *bytes;
    uint8_t      len;           /* 8 at most */
    const char  *text;
} frame_foreign_t;


#define FRAME_HTTP   "HTTP request instead of Thrift"
#define FRAME_REDIS  "Redis command instead of Thrift"


static const frame_foreign_t  frame_foreign[] = {
    { "GET ",      4, FRAME_HTTP },
    { "POST ",     5, FRAME_HTTP },
    { "HEAD ",     5, FRAME_HTTP },
    { "PUT ",      4, FRAME_HTTP },
    { "DELETE ",   7, FRAME_HTTP },
    { "OPTIONS ",  8, FRAME_HTTP },
    { "CONNECT ",  8, FRAME_HTTP },
    { "TRACE ",    6, FRAME_HTTP },
    { "PATCH ",    6, FRAME_HTTP },
    { "PRI * HT",  8, FRAME_HTTP },
    { "HTTP/",     5, "HTTP response instead of Thrift" },
    { "<!DOCTYP",  8, "HTML instead of Thrift" },
    { "<html",     5, "HTML instead of Thrift" },
    { "\x15\x03",  2, "TLS alert instead of Thrift" },
    { "SSH-",      4, "SSH instead of Thrift" },
    { "PROXY ",    6, "PROXY protocol header instead of Thrift" },
    { "\r\n\r\n\0\r", 6, "PROXY protocol header instead of Thrift" },
    { "AMQP",      4, "AMQP instead of Thrift" },
    { "\xda\xbb", 2, "Dubbo instead of Thrift" },
    { "PING\r\n", 6, FRAME_REDIS },
    { "BIGF",      4, "frame of fbthrift that is larger than a frame may be" },
    { "[1,",       3, "JSON protocol, which is not supported" },
    { "x\x01",     2, "zlib stream, which is not supported" },
    { "x\x5e",     2, "zlib stream, which is not supported" },
    { "x\x9c",     2, "zlib stream, which is not supported" },
    { "x\xda",     2, "zlib stream, which is not supported" },
    { NULL,        0, "neither a framed nor an unframed Thrift message" }
};


/*
 * Names what came instead of Thrift, or asks for more bytes while they may
 * still complete a name: a client that speaks HTTP is worth telling from one
 * that sends noise.
 */

static nthrift_cold int
frame_read_foreign(const uint8_t *p, size_t n, nthrift_error_t *err)
{
    size_t                  len;
    const frame_foreign_t  *f;

    for (f = frame_foreign; f->bytes != NULL; f++) {
        len = (n < f->len) ? n : f->len;

        if (memcmp(p, f->bytes, len) == 0) {
            if (len < f->len) {
                return NTHRIFT_AGAIN;
            }

            break;
        }
    }

    return nthrift_error_set(err, f->text);
}


/*
 * A TLS record, RFC 8446, section 5.1: type 22 (handshake), version 3.x, two
 * bytes of length; then the handshake's type (1: client hello, 2: server
 * hello) and three bytes of its length.  As a frame that would be one of 369
 * million bytes, and 0x80 0x01 may stand in the fifth and sixth byte of
 * either; a record's length then agrees with that of its handshake.
 */

static int
frame_read_tls(const uint8_t *p, size_t n)
{
    uint32_t  len;

    if (p[0] != 0x16 || p[1] != 0x03 || p[2] > 0x04
        || (p[5] != 1 && p[5] != 2))
    {
        return NTHRIFT_DECLINED;
    }

    if (p[4] != 0x80 || p[5] != 0x01) {
        return NTHRIFT_OK;
    }

    if (n < 8) {
        return NTHRIFT_AGAIN;
    }

    len = ((uint32_t) p[3] << 8) + p[4] - 4;

    if (p[6] == 0 && p[7] == len >> 8) {
        return NTHRIFT_OK;
    }

    return NTHRIFT_DECLINED;
}


/* An array of Redis's protocol: its size, and a string's size. */

static int
frame_is_redis(const uint8_t *p)
{
    if (p[0] != '*' || p[1] < '1' || p[1] > '9') {
        return 0;
    }

    return (p[2] == '\r' && p[3] == '\n' && p[4] == '$')
           || (p[2] >= '0' && p[2] <= '9' && p[3] == '\r' && p[4] == '\n');
}


/*
 * Frames of others, by their first bytes.
 *
 * TTHeader: a length word, 0x1000, flags, ... (Kitex, "Transport Protocol
 * TTHeader").  Accumulo: a framed compact number before the message, 0x41434355
 * (AccumuloProtocolFactory.java).
 */

static int
frame_read_foreign_frame(const uint8_t *p, size_t n, nthrift_error_t *err)
{
    static const uint8_t  accumulo[] = { 0xaa, 0x8d, 0x9a, 0x94 };

    if (p[4] == 0x10 && p[5] == 0) {
        return nthrift_error_set(err, "TTHeader transport, which is not "
                                      "supported");
    }

    if (frame_is_redis(p)) {
        return nthrift_error_set(err, FRAME_REDIS);
    }

    if (memcmp(p + 4, accumulo, (n < 8) ? n - 4 : 4) != 0) {
        return NTHRIFT_DECLINED;
    }

    return (n < 8) ? NTHRIFT_AGAIN
                   : nthrift_error_set(err, "Accumulo's protocol, which is "
                                            "not supported");
}


/*
 * RSocket, which fbthrift calls Rocket, begins with a frame SETUP: length of 24
 * bits, stream 0, type 1 in the upper six bits.
 */

static nthrift_cold int
frame_read_rocket(const uint8_t *p, size_t n, nthrift_error_t *err)
{
    if ((p[0] == 0 && p[1] == 0 && p[2] == 0) || p[3] != 0 || p[4] != 0
        || p[5] != 0)
    {
        return NTHRIFT_DECLINED;
    }

    if (n < 8) {
        return NTHRIFT_AGAIN;
    }

    return (p[6] == 0 && p[7] >> 2 == 1)
           ? nthrift_error_set(err, "Rocket transport, which is not supported")
           : NTHRIFT_DECLINED;
}


/*
 * What begins like a frame, but is none.  Six bytes at least, the first of
 * them less than FRAME_LENGTH_END.
 */

static nthrift_cold int
frame_read_not_frame(const uint8_t *p, size_t n, nthrift_error_t *err)
{
    int  rc;

    /* RFC 8446, section 6: an alert has two bytes */

    if (p[0] == 0x15 && p[1] == 0x03 && p[2] <= 0x04 && p[3] == 0
        && p[4] == 2)
    {
        return nthrift_error_set(err, "TLS alert instead of Thrift");
    }

    /* doc/specs/thrift-sasl-spec.txt: START, length, mechanism's name */

    if (p[0] == 0x01 && p[1] == 0 && p[2] == 0 && p[3] == 0
        && p[4] != 0 && p[4] <= 20 && p[5] >= 'A' && p[5] <= 'Z')
    {
        return nthrift_error_set(err,
                                 "SASL negotiation, which is not supported");
    }

    /* doc/specs/HeaderFormat.md: another row's */

    if (p[4] == 0x0f && p[5] == 0xff) {
        return NTHRIFT_DECLINED;
    }

    if (p[4] == '[' && p[5] == '1') {
        return nthrift_error_set(err, "JSON protocol, which is not supported");
    }

    rc = frame_read_foreign_frame(p, n, err);

    return (rc != NTHRIFT_DECLINED) ? rc : frame_read_foreign(p, n, err);
}


/*
 * The protocol of the message that begins at `p` itself, or a code.  All are
 * told by two bytes.
 */

static int
frame_read_protocol(const nthrift_rules_t *rules, const uint8_t *p, size_t n,
    nthrift_error_t *err)
{
    int                        i;
    const nthrift_protocol_t  *protocol;

    for (i = NTHRIFT_PROTOCOL_AUTO + 1; i < NTHRIFT_PROTOCOLS; i++) {
        protocol = nthrift_protocols[i];

        if (p[0] != protocol->first
            || (protocol->text && !rules->text && rules->protocol != i))
        {
            continue;
        }

        if (n < 2) {
            return NTHRIFT_AGAIN;
        }

        if ((p[1] & protocol->version_mask) == protocol->version) {
            return i;
        }

        return nthrift_protocol_version_error(protocol, p[1], err);
    }

    return NTHRIFT_DECLINED;
}


int
nthrift_frame_check_transport(const nthrift_rules_t *rules, unsigned transport,
    nthrift_error_t *err)
{
    if (rules->transport != NTHRIFT_TRANSPORT_AUTO
        && rules->transport != transport)
    {
        return nthrift_error_set(err, nthrift_transports[transport]
                                          ->unexpected[rules->transport]);
    }

    return NTHRIFT_OK;
}


int
nthrift_frame_check_protocol(const nthrift_rules_t *rules, unsigned protocol,
    nthrift_error_t *err)
{
    if (rules->protocol != NTHRIFT_PROTOCOL_AUTO
        && rules->protocol != protocol)
    {
        return nthrift_error_set(err, nthrift_protocols[protocol]
                                          ->unexpected[rules->protocol]);
    }

    return NTHRIFT_OK;
}


/* Keeps what was found, if it is allowed. */

static int
frame_accept(const nthrift_rules_t *rules, unsigned transport,
    unsigned protocol, nthrift_head_t *head, nthrift_error_t *err)
{
    if (nthrift_frame_check_transport(rules, transport, err) != NTHRIFT_OK
        || nthrift_frame_check_protocol(rules, protocol, err) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    head->transport = transport;
    head->protocol = protocol;
    head->lax = 0;
    head->write_lax = 0;
    head->packed = NTHRIFT_PLAIN;
    head->frame = 0;
    head->header = 0;
    head->info.len = 0;

    return NTHRIFT_OK;
}


/* What a method's name may begin with; JSON would begin with a bracket. */

static int
frame_is_name(uint8_t c)
{
    return c > ' ' && c < 0x7f && c != '[';
}


/*
 * A binary head without version, "i32 name length, name, i8 type, i32 seqid"
 * (doc/specs/thrift-binary-protocol.md, "old encoding"), after a length word
 * or without one: a name's length begins with 0, a name does not.
 */

static nthrift_noinline int
frame_read_lax(const nthrift_rules_t *rules, const uint8_t *p, uint32_t len,
    nthrift_head_t *head, nthrift_error_t *err)
{
    unsigned  transport;

    if (p[4] == 0 && p[5] == 0) {
        transport = NTHRIFT_FRAMED;

    } else if (len <= NTHRIFT_MAX_NAME && frame_is_name(p[4])) {
        transport = NTHRIFT_UNFRAMED;

    } else {
        return NTHRIFT_DECLINED;
    }

    if (!rules->lax) {
        return nthrift_error_set(err, "message without version");
    }

    if (frame_accept(rules, transport, NTHRIFT_BINARY, head, err)
        != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    head->lax = 1;
    head->frame = (transport == NTHRIFT_FRAMED) ? len : 0;

    return NTHRIFT_OK;
}


/* Six bytes at least, and no protocol begins behind the first four. */

static nthrift_noinline int
frame_read_unversioned(const nthrift_rules_t *rules, const uint8_t *p,
    size_t n, uint32_t len, nthrift_head_t *head, nthrift_error_t *err)
{
    int  rc;

    /* a name of four to seven bytes would look the same */

    rc = rules->lax ? NTHRIFT_DECLINED : frame_read_rocket(p, n, err);

    if (rc != NTHRIFT_DECLINED) {
        return rc;
    }

    rc = frame_read_lax(rules, p, len, head, err);

    return (rc == NTHRIFT_DECLINED) ? frame_read_not_frame(p, n, err) : rc;
}


/* What begins with a number that can be a frame's length. */

static int
frame_read_length(const nthrift_rules_t *rules, const uint8_t *p, size_t n,
    nthrift_head_t *head, nthrift_error_t *err)
{
    int       rc;
    uint32_t  len;

    len = nthrift_binary_get32(p);

    if (len == 0) {
        return nthrift_error_set(err, "empty frame");
    }

    /* no message is that short, but a name may be */

    if (n > NTHRIFT_LENGTH_SIZE && len < FRAME_LEAST && !frame_is_name(p[4]))
    {
        return nthrift_error_set(err, "frame too short for a message");
    }

    if (n < 6) {
        return NTHRIFT_AGAIN;
    }

    rc = frame_read_tls(p, n);

    if (rc == NTHRIFT_OK) {
        return nthrift_error_set(err, "TLS handshake instead of Thrift");
    }

    if (rc == NTHRIFT_AGAIN) {
        return NTHRIFT_AGAIN;
    }

    rc = frame_read_protocol(rules, p + NTHRIFT_LENGTH_SIZE,
                             n - NTHRIFT_LENGTH_SIZE, err);

    if (rc > 0) {
        rc = frame_accept(rules, NTHRIFT_FRAMED, rc, head, err);

        if (rc == NTHRIFT_OK) {
            head->frame = len;
        }

        return rc;
    }

    return (rc == NTHRIFT_DECLINED)
           ? frame_read_unversioned(rules, p, n, len, head, err) : rc;
}


/* A message that begins with its length. */

static int
frame_framed_read(const nthrift_rules_t *rules, const uint8_t *p, size_t n,
    nthrift_head_t *head, nthrift_error_t *err)
{
    if (n < NTHRIFT_LENGTH_SIZE) {
        return NTHRIFT_AGAIN;
    }

    return frame_read_length(rules, p, n, head, err);
}


static uint8_t *
frame_framed_write(uint8_t *p, const nthrift_head_t *head, uint32_t len)
{
    (void) head;

    return nthrift_binary_put32(p, len);
}


static const nthrift_transport_t  frame_framed = {
    .name = "framed",

    .unexpected = {
        [NTHRIFT_UNFRAMED] =
            "framed message where an unframed one is expected",
        [NTHRIFT_HEADER] =
            "framed message where one with THeader is expected"
    },

    .length_size = NTHRIFT_LENGTH_SIZE,

    .read = frame_framed_read,
    .write = frame_framed_write
};


/* A message that begins with its protocol. */

static int
frame_unframed_read(const nthrift_rules_t *rules, const uint8_t *p, size_t n,
    nthrift_head_t *head, nthrift_error_t *err)
{
    int  rc;

    rc = frame_read_protocol(rules, p, n, err);

    return (rc > 0) ? frame_accept(rules, NTHRIFT_UNFRAMED, rc, head, err)
                    : rc;
}


static uint8_t *
frame_unframed_write(uint8_t *p, const nthrift_head_t *head, uint32_t len)
{
    (void) head;
    (void) len;

    return p;
}


static const nthrift_transport_t  frame_unframed = {
    .name = "unframed",

    .unexpected = {
        [NTHRIFT_FRAMED] =
            "unframed message where a framed one is expected",
        [NTHRIFT_HEADER] =
            "unframed message where one with THeader is expected"
    },

    .read = frame_unframed_read,
    .write = frame_unframed_write
};


const nthrift_transport_t *const  nthrift_transports[NTHRIFT_TRANSPORTS] = {
    [NTHRIFT_UNFRAMED] = &frame_unframed,
    [NTHRIFT_FRAMED] = &frame_framed,
    [NTHRIFT_HEADER] = &nthrift_theader
};


const char *
nthrift_transport_name(unsigned transport)
{
    return (transport != NTHRIFT_TRANSPORT_AUTO)
           ? nthrift_transports[transport]->name : "unknown";
}


int
nthrift_frame_read(const nthrift_rules_t *rules, const uint8_t *p,
    const uint8_t *last, nthrift_head_t *head, nthrift_error_t *err)
{
    int                         i, rc;
    size_t                      n;
    const nthrift_transport_t  *row;

    n = (size_t) (last - p);

    if (n == 0) {
        return NTHRIFT_AGAIN;
    }

    if (n > 8) {
        n = 8;
    }

    for (i = NTHRIFT_TRANSPORT_AUTO + 1; i < NTHRIFT_TRANSPORTS; i++) {
        row = nthrift_transports[i];

        if ((row->length_size != 0) == (p[0] < FRAME_LENGTH_END)) {
            rc = row->read(rules, p, n, head, err);

            if (rc != NTHRIFT_DECLINED) {
                return rc;
            }
        }
    }

    return frame_read_foreign(p, n, err);
}
