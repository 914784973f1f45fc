/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift: Thrift without nginx.
 *
 * base/base.h: the codes and shapes that every room of src/ speaks.  It
 * includes nothing of nginx; the numbers and layouts equal nginx's, and the
 * glue asserts that at compile time.
 */

#ifndef NTHRIFT_BASE_H
#define NTHRIFT_BASE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>


/*
 * What is done for each call is kept together, so that more of it is found in
 * the processor's cache.  Functions that are seldom called, as those that say
 * what is wrong, are cold: what leads to a call of one is kept apart, too.
 * Those that only some configurations or messages need are not made part of
 * their callers, which would have their stack and registers.  What is true of
 * most messages can be told, where a compiler would guess that it is not.
 */

#if defined(__GNUC__)
#define nthrift_cold      __attribute__((cold))
#define nthrift_noinline  __attribute__((noinline))
#define nthrift_mostly(x) __builtin_expect((x) != 0, 1)
#else
#define nthrift_cold
#define nthrift_noinline
#define nthrift_mostly(x) (x)
#endif


/*
 * Return codes.  A function that reads returns one of them; a function that
 * counts returns 0 or more for success.
 */

#define NTHRIFT_OK         0
#define NTHRIFT_ERROR     -1    /* the error record says why */
#define NTHRIFT_AGAIN     -2    /* more bytes are needed */
#define NTHRIFT_DECLINED  -5    /* not mine; nothing was changed */


/* Bytes with a length; not terminated, not owned.  Equals ngx_str_t. */

typedef struct {
    size_t    len;
    uint8_t  *data;
} nthrift_str_t;

#define nthrift_string(s)  { sizeof(s) - 1, (uint8_t *) s }


/*
 * TApplicationException types (lib/cpp/src/thrift/TApplicationException.h).
 */

typedef enum {
    NTHRIFT_EXC_UNKNOWN = 0,
    NTHRIFT_EXC_UNKNOWN_METHOD = 1,
    NTHRIFT_EXC_INVALID_MESSAGE_TYPE = 2,
    NTHRIFT_EXC_WRONG_METHOD_NAME = 3,
    NTHRIFT_EXC_BAD_SEQUENCE_ID = 4,
    NTHRIFT_EXC_MISSING_RESULT = 5,
    NTHRIFT_EXC_INTERNAL_ERROR = 6,
    NTHRIFT_EXC_PROTOCOL_ERROR = 7,
    NTHRIFT_EXC_INVALID_TRANSFORM = 8,
    NTHRIFT_EXC_INVALID_PROTOCOL = 9,
    NTHRIFT_EXC_UNSUPPORTED_CLIENT_TYPE = 10,
    NTHRIFT_EXC_LOADSHEDDING = 11       /* fbthrift's */
} nthrift_exception_type_e;


/*
 * The error record: the first error wins.  The text is a constant string,
 * lower case, without a full stop, so that it can stand in a log line
 * ("client sent ...: <text>") and in an exception's message alike.
 */

typedef struct {
    const char  *text;          /* NULL: no error */
} nthrift_error_t;


static inline int
nthrift_error_set(nthrift_error_t *err, const char *text)
{
    if (err->text == NULL) {
        err->text = text;
    }

    return NTHRIFT_ERROR;
}


static inline int
nthrift_str_equal(const nthrift_str_t *a, const nthrift_str_t *b)
{
    return a->len == b->len
           && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}


/*
 * Are `len` bytes of a name the same?  Most names are so short that memcmp()
 * takes longer to be called than this.
 */

static inline int
nthrift_name_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    uint32_t  x[2], y[2];
    uint64_t  p[2], q[2];

    if (len > 2 * sizeof(p[0])) {
        return memcmp(a, b, len) == 0;
    }

    if (len >= sizeof(p[0])) {
        memcpy(&p[0], a, sizeof(p[0]));
        memcpy(&p[1], a + len - sizeof(p[0]), sizeof(p[0]));
        memcpy(&q[0], b, sizeof(p[0]));
        memcpy(&q[1], b + len - sizeof(p[0]), sizeof(p[0]));

        return ((p[0] ^ q[0]) | (p[1] ^ q[1])) == 0;
    }

    if (len >= sizeof(x[0])) {
        memcpy(&x[0], a, sizeof(x[0]));
        memcpy(&x[1], a + len - sizeof(x[0]), sizeof(x[0]));
        memcpy(&y[0], b, sizeof(x[0]));
        memcpy(&y[1], b + len - sizeof(x[0]), sizeof(x[0]));

        return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
    }

    while (len != 0 && a[len - 1] == b[len - 1]) {
        len--;
    }

    return len == 0;
}


#endif /* NTHRIFT_BASE_H */
