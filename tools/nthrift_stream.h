/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_stream.h: a connection with TLS or without, on which nothing waits
 * longer than until its deadline.
 */

#ifndef NTHRIFT_TOOL_STREAM_H
#define NTHRIFT_TOOL_STREAM_H

#include "nthrift_socket.h"

#include <openssl/ssl.h>


#define NTHRIFT_STREAM_ERROR  256       /* bytes: of an error's text */


/* How TLS is spoken; all zeros: it is not. */

typedef struct {
    unsigned      on;
    unsigned      insecure;     /* 1: certificates are not verified */
    const char   *ca;           /* file of certificates that are trusted; NULL:
                                   those of the system */
    const char   *cert;         /* files of the client's own, or NULL */
    const char   *key;          /* NULL: it is in `cert` */
    const char   *name;         /* of the server; NULL: its host's */
} nthrift_stream_tls_t;

typedef struct {
    int           fd;
    int64_t       deadline;
    SSL_CTX      *ctx;          /* NULL: no TLS */
    SSL          *ssl;
    char          error[NTHRIFT_STREAM_ERROR];
} nthrift_stream_t;


/*
 * Connects; 0, -1 and s->error, or NTHRIFT_SOCKET_LATE.  What is opened is
 * closed by nthrift_stream_close(), whatever became of it.
 */
int nthrift_stream_open(nthrift_stream_t *s,
    const nthrift_socket_address_t *address, int64_t deadline);

/* The TLS handshake: the same. */
int nthrift_stream_secure(nthrift_stream_t *s,
    const nthrift_socket_address_t *address, const nthrift_stream_tls_t *tls);

/* Sends all of it: the same. */
int nthrift_stream_send(nthrift_stream_t *s, const uint8_t *data, size_t len);

/*
 * Receives what is there, waiting for the first of it.  Returns the bytes, 0
 * at the end; -1 and s->error; NTHRIFT_SOCKET_LATE.
 */
ssize_t nthrift_stream_receive(nthrift_stream_t *s, uint8_t *data,
    size_t size);

void nthrift_stream_close(nthrift_stream_t *s);


#endif /* NTHRIFT_TOOL_STREAM_H */
