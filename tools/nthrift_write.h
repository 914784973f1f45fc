/*
 * nthrift_write.h: values as bytes, in both protocols, into a buffer that
 * grows.  For nthrift_encode.c, which knows what has to be written.
 */

#ifndef NTHRIFT_TOOL_WRITE_H
#define NTHRIFT_TOOL_WRITE_H

#include "wire/wire.h"


/*
 * The bytes so far.  What does not fit any more is not written and sets
 * `error`: a caller may go on, and look at it at the end.
 */

typedef struct {
    uint8_t       *data;        /* malloc()'s; whoever made this frees it */
    size_t         len;
    size_t         size;
    size_t         max;         /* bytes, at most */
    const char    *error;       /* NULL, or why there is no more */
    unsigned       protocol;    /* NTHRIFT_BINARY or NTHRIFT_COMPACT */
} nthrift_write_t;


void nthrift_write_init(nthrift_write_t *w, unsigned protocol, size_t max);
void nthrift_write_free(nthrift_write_t *w);

/*
 * The head of a field of type `type` (nthrift_type_e; not a bool).  `*last` is
 * the id of the field before in the same struct, 0 before the first.
 */
void nthrift_write_field(nthrift_write_t *w, int16_t *last, int16_t id,
    unsigned type);

/* A bool that is a field: head and value are one thing in compact. */
void nthrift_write_field_bool(nthrift_write_t *w, int16_t *last, int16_t id,
    int value);

/* The end of a struct. */
void nthrift_write_stop(nthrift_write_t *w);

/* Values; `type` is NTHRIFT_I8, _I16, _I32 or _I64, a bool an element. */
void nthrift_write_bool(nthrift_write_t *w, int value);
void nthrift_write_int(nthrift_write_t *w, unsigned type, int64_t value);
void nthrift_write_double(nthrift_write_t *w, double value);
void nthrift_write_string(nthrift_write_t *w, const uint8_t *data,
    size_t len);
void nthrift_write_uuid(nthrift_write_t *w, const uint8_t *data);

/* The heads of containers; `n` elements or pairs follow. */
void nthrift_write_list(nthrift_write_t *w, unsigned elem, size_t n);
void nthrift_write_map(nthrift_write_t *w, unsigned key, unsigned elem,
    size_t n);


#endif /* NTHRIFT_TOOL_WRITE_H */
