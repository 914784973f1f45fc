/*
 * nthrift_call.h: what the files of "nthrift call" share.
 *
 *     nthrift_call.c       the command line, the IDL, the method; the end
 *     nthrift_encode.c     JSON to bytes: structs and containers
 *       nthrift_scalar.c     numbers and text
 *       nthrift_default.c    what is not given
 *       nthrift_write.c      the bytes of src/bind/write.c, and their memory
 *     nthrift_exchange.c   sends a message, and reads its reply
 *       nthrift_socket.c     with a deadline
 *     nthrift_decode.c     bytes to JSON: results and exceptions
 *       nthrift_value.c      what is in them
 */

#ifndef NTHRIFT_TOOL_CALL_H
#define NTHRIFT_TOOL_CALL_H

#include "nthrift_decode.h"
#include "nthrift_socket.h"

#include "wire/wire.h"


/* Exit codes */

#define NTHRIFT_CALL_OK         0
#define NTHRIFT_CALL_EXCEPTION  1       /* declared, or TApplicationException */
#define NTHRIFT_CALL_USAGE      2       /* command line, IDL, arguments */
#define NTHRIFT_CALL_FAILED     3       /* no reply, or none to be trusted */


/* One call, ready to be sent. */

typedef struct {
    const char                  *where;     /* the address as given */
    nthrift_socket_address_t     address;
    const nthrift_idl_method_t  *method;
    nthrift_head_t               head;
    nthrift_str_t                body;
    int64_t                      timeout;   /* microseconds, for all of it */
    uint32_t                     max_size;  /* bytes of the reply */
    int                          verbose;
} nthrift_call_t;


/*
 * Makes the call.  NTHRIFT_CALL_OK or NTHRIFT_CALL_EXCEPTION, and d->json is
 * the caller's, or NULL for a oneway method; or NTHRIFT_CALL_FAILED, and why
 * is printed.
 */
int nthrift_exchange(const nthrift_call_t *call, nthrift_arena_t *arena,
    nthrift_decode_t *d);

/* Prints "nthrift: ..." to standard error. */
void nthrift_call_say(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* Memory to be freed with free(); where there is none the program ends. */
void *nthrift_call_malloc(size_t size);
char *nthrift_call_strndup(const void *data, size_t len);


#endif /* NTHRIFT_TOOL_CALL_H */
