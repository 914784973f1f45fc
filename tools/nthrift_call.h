/*
 * nthrift_call.h: what the files of "nthrift call" share.  The JSON is that of
 * src/plain/.
 *
 *     nthrift_call.c       the command line, the IDL, the method; the end
 *     nthrift_exchange.c   sends a message, and reads its reply
 *       nthrift_socket.c     with a deadline
 */

#ifndef NTHRIFT_TOOL_CALL_H
#define NTHRIFT_TOOL_CALL_H

#include "nthrift_socket.h"

#include "plain/plain.h"
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
    nthrift_plain_rules_t        rules;
    nthrift_plain_method_t       method;
    nthrift_head_t               head;
    nthrift_str_t                body;
    int64_t                      timeout;   /* microseconds, for all of it */
    uint32_t                     max_size;  /* bytes of the reply */
    int                          verbose;
} nthrift_call_t;


/*
 * Makes the call.  NTHRIFT_CALL_OK or NTHRIFT_CALL_EXCEPTION, and the reply is
 * the arena's, without text for a oneway method; or NTHRIFT_CALL_FAILED, and
 * why is printed.
 */
int nthrift_exchange(const nthrift_call_t *call, nthrift_arena_t *arena,
    nthrift_plain_reply_t *reply);


#endif /* NTHRIFT_TOOL_CALL_H */
