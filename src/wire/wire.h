/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/wire.h: the shapes that the rooms of wire/ share: what a message's
 * head says, and under which rules bytes are read.
 *
 * Reading the wire allocates nothing and copies nothing: every pointer points
 * into the bytes that were handed in.
 */

#ifndef NTHRIFT_WIRE_H
#define NTHRIFT_WIRE_H

#include "base/base.h"


typedef enum {
    NTHRIFT_TRANSPORT_AUTO = 0,     /* a rule only: told by the first bytes */
    NTHRIFT_UNFRAMED,
    NTHRIFT_FRAMED,
    NTHRIFT_HEADER,                 /* THeader, in a frame */
    NTHRIFT_TRANSPORTS              /* no transport: how many numbers */
} nthrift_transport_e;


typedef enum {
    NTHRIFT_PROTOCOL_AUTO = 0,      /* a rule only */
    NTHRIFT_BINARY,
    NTHRIFT_COMPACT,
    NTHRIFT_JSON,
    NTHRIFT_PROTOCOLS               /* no protocol: how many numbers */
} nthrift_protocol_e;


/* Message types: lib/cpp/src/thrift/protocol/TEnum.h. */

typedef enum {
    NTHRIFT_CALL = 1,
    NTHRIFT_REPLY = 2,
    NTHRIFT_EXCEPTION = 3,
    NTHRIFT_ONEWAY = 4
} nthrift_message_type_e;


/* Value types, the codes of the binary protocol: TEnum.h. */

typedef enum {
    NTHRIFT_STOP = 0,
    NTHRIFT_BOOL = 2,
    NTHRIFT_I8 = 3,
    NTHRIFT_DOUBLE = 4,
    NTHRIFT_I16 = 6,
    NTHRIFT_I32 = 8,
    NTHRIFT_I64 = 10,
    NTHRIFT_STRING = 11,
    NTHRIFT_STRUCT = 12,
    NTHRIFT_MAP = 13,
    NTHRIFT_SET = 14,
    NTHRIFT_LIST = 15,
    NTHRIFT_UUID = 16
} nthrift_type_e;


/*
 * Limits' hard ceilings.  NTHRIFT_MAX_FRAME is the THeader limit
 * (doc/specs/HeaderFormat.md), above which a length word can only be another
 * protocol; the others bound what a reader keeps.
 */

#define NTHRIFT_MAX_FRAME      0x3fffffff   /* bytes */
#define NTHRIFT_MAX_NAME       1024         /* bytes of "Service:method" */
#define NTHRIFT_MAX_DEPTH      255          /* structs and containers */
#define NTHRIFT_MAX_HEADER     (65535 * 4)  /* bytes, as a THeader counts */

/* Bytes of the length word before a framed message, which it does not count. */

#define NTHRIFT_LENGTH_SIZE    4

/*
 * The longest head but for a THeader, which is JSON's: length word, version,
 * name, type of three digits, seqid of ten and a sign.
 */

#define NTHRIFT_MAX_HEAD                                                      \
    (NTHRIFT_LENGTH_SIZE + sizeof("[1,\"\",255,-2147483648,") - 1              \
     + NTHRIFT_MAX_NAME)

/* Bytes of a THeader that it does not count: magic, flags, seqid, its size. */

#define NTHRIFT_HEADER_FIXED   10


/* What was done to a THeader message's payload: its transforms. */

typedef enum {
    NTHRIFT_PLAIN = 0,
    NTHRIFT_ZLIB,
    NTHRIFT_PACKED_UNKNOWN          /* others, or several: on reading only */
} nthrift_packed_e;


/* The rules under which one side's messages are read. */

typedef struct {
    uint8_t    transport;       /* nthrift_transport_e */
    uint8_t    protocol;        /* nthrift_protocol_e */
    uint8_t    lax;             /* 1: a binary head without version is read */
    uint8_t    validate;        /* 0: a framed body is counted, not walked */
    uint8_t    unnamed;         /* 1: an EXCEPTION may have an empty name */
    uint8_t    text;            /* 1: protocols that are text are read, too */
    uint32_t   max_depth;       /* 1 .. NTHRIFT_MAX_DEPTH */
    uint32_t   max_frame;       /* bytes, without the length word */
    uint32_t   max_header;      /* bytes, as a THeader counts; 0: none is
                                   read */
    uint64_t   max_message;     /* bytes, head included */
} nthrift_rules_t;


/* What stands before a message's body. */

typedef struct {
    uint8_t        transport;   /* NTHRIFT_UNFRAMED, NTHRIFT_FRAMED or
                                   NTHRIFT_HEADER: a row of transport.h */
    uint8_t        protocol;    /* NTHRIFT_BINARY, NTHRIFT_COMPACT or
                                   NTHRIFT_JSON: a row of protocol.h */
    uint8_t        lax;         /* 1: read without a version word */
    uint8_t        write_lax;   /* 1: written without one, if it is binary; 0
                                   on reading */
    uint8_t        unnamed;     /* while it is read: rules->unnamed */
    uint8_t        type;        /* nthrift_message_type_e; on reading any
                                   value: whoever reads decides */
    uint8_t        packed;      /* nthrift_packed_e; if set, what is behind the
                                   THeader was not read: type is 0, name is
                                   empty, seqid is the THeader's */
    int32_t        seqid;
    uint32_t       frame;       /* length word, 0: there is none */
    uint32_t       size;        /* bytes of the head, length word included */
    nthrift_str_t  name;        /* as sent, "Service:method" not split */

    /* of a THeader, else 0: see theader.h */

    uint32_t       header;      /* its bytes, behind the length word */
    uint32_t       sequence;    /* its own seqid: the payload has another */
    uint16_t       flags;
    nthrift_str_t  info;        /* its info blocks, well formed */
} nthrift_head_t;


#endif /* NTHRIFT_WIRE_H */
