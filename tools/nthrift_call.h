/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_call.h: what the files of "nthrift call" share.  The JSON is that of
 * src/plain/.
 *
 *     nthrift_call.c       the command line of "nthrift call"
 *     nthrift_request.c    a call as a command line says it
 *     nthrift_body.c       arguments and results as JSON
 *     nthrift_exchange.c   sends a message, and reads its reply
 *       nthrift_http.c       in HTTP
 *       nthrift_stream.c     over TLS
 *       nthrift_socket.c     with a deadline
 */

#ifndef NTHRIFT_TOOL_CALL_H
#define NTHRIFT_TOOL_CALL_H

#include "nthrift_http.h"

#include "wire/wire.h"


/* Exit codes */

#define NTHRIFT_CALL_OK         0
#define NTHRIFT_CALL_EXCEPTION  1       /* declared, or TApplicationException */
#define NTHRIFT_CALL_USAGE      2       /* command line, IDL, arguments */
#define NTHRIFT_CALL_FAILED     3       /* no reply, or none to be trusted */


/* One call, ready to be sent. */

typedef struct {
    const char                *where;       /* the address as given */
    nthrift_socket_address_t   address;
    nthrift_stream_tls_t       tls;
    const char                *path;        /* of the URL; NULL: no HTTP */
    nthrift_option_list_t      headers;     /* of HTTP */
    nthrift_head_t             head;        /* without HTTP's: unframed then */
    nthrift_str_t              method;      /* whose reply is expected */
    nthrift_str_t              body;
    int64_t                    timeout;     /* microseconds, for all of it */
    uint32_t                   max_size;    /* bytes of the reply */
    unsigned                   verbose;     /* 2: bytes, too */
} nthrift_outgoing_t;


/* How it ends. */

typedef enum {
    NTHRIFT_ANSWER_REPLY = 0,       /* a reply to this call, or an exception */
    NTHRIFT_ANSWER_NONE,            /* a oneway is sent */
    NTHRIFT_ANSWER_UNREACHED,       /* no connection */
    NTHRIFT_ANSWER_CLOSED,          /* it was closed */
    NTHRIFT_ANSWER_LATE,            /* the time is over */
    NTHRIFT_ANSWER_STRANGE          /* something that is no reply to it */
} nthrift_answer_e;

#define NTHRIFT_ANSWER_ERROR  512   /* bytes: of an error's text */

typedef struct {
    nthrift_answer_e           kind;
    nthrift_head_t             head;
    nthrift_str_t              body;
    uint8_t                   *data;        /* all bytes, the answer's */
    int64_t                    took;        /* microseconds */
    char                       error[NTHRIFT_ANSWER_ERROR];
    const char                *hint;        /* what may help, or "" */
} nthrift_answer_t;


/*
 * Sends the call and reads its reply, which is a well-formed message of the
 * call's seqid and method.  0: a->kind is _REPLY or _NONE; or -1, and a->error
 * says what went wrong, with the address in it.  With call->verbose what is
 * sent and received is printed to standard error.
 */
int nthrift_exchange(const nthrift_outgoing_t *call, nthrift_answer_t *a);
void nthrift_answer_free(nthrift_answer_t *a);


#endif /* NTHRIFT_TOOL_CALL_H */
