/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/write.h: values as bytes, in all protocols, into a buffer that is
 * handed in and may grow.  For encode.c and the command nthrift, which know
 * what has to be written.  The bytes are those of put.h.
 */

#ifndef NTHRIFT_WRITE_H
#define NTHRIFT_WRITE_H

#include "wire/wire.h"


/*
 * Gives a buffer of at least *size bytes that begins with the first `len`
 * bytes of `data`, and sets *size to what it has; NULL: there is no memory,
 * and `data` stays as it is.  The old buffer is the owner's, to free or keep;
 * nothing is written to it any more.
 */
typedef uint8_t *(*nthrift_write_grow_pt)(void *owner, uint8_t *data,
    size_t len, size_t *size);


/* A field's head together with any value but a string: bytes, at most. */

#define NTHRIFT_WRITE_ROOM  32

/* Bytes of the path to the field that could not be written. */

#define NTHRIFT_WRITE_PATH  128


/*
 * The bytes so far.  What does not fit any more is not written and sets
 * `error`: a caller may go on, and look at it at the end.
 */

typedef struct {
    uint8_t                *data;       /* the owner's */
    size_t                  len;        /* bytes written */
    size_t                  size;       /* that may be written to `data`; after
                                           an error `len` */
    size_t                  max;        /* that `len` never passes */
    const char             *error;      /* NULL, or why there is no more */
    unsigned                protocol;   /* of protocol.h */
    nthrift_write_grow_pt   grow;       /* NULL: `data` is all there is */
    void                   *owner;
    uint8_t                 place[NTHRIFT_WRITE_ROOM];

    /* after an error of encode.c: "success.user.id", at the end of `path` */

    size_t                  path_len;
    char                    path[NTHRIFT_WRITE_PATH];
} nthrift_write_t;


/* A field around the one that failed; what does not fit is left out. */

void nthrift_write_inside(nthrift_write_t *w, const char *name, size_t len);


/* Errors of the writer itself: compared by their addresses. */

extern const char  nthrift_write_too_large[];
extern const char  nthrift_write_no_memory[];


/* Writes to data[0 .. size), which may be empty, then to what `grow` gives. */

void nthrift_write_init(nthrift_write_t *w, unsigned protocol, uint8_t *data,
    size_t size, size_t max, nthrift_write_grow_pt grow, void *owner);

/* Says why nothing more is written, unless something has been said. */

void nthrift_write_fail(nthrift_write_t *w, const char *error);

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
/* The head of a string, of which `len` bytes follow. */
void nthrift_write_length(nthrift_write_t *w, size_t len);

void nthrift_write_uuid(nthrift_write_t *w, const uint8_t *data);

/* The heads of containers; `n` elements or pairs follow. */
void nthrift_write_list(nthrift_write_t *w, unsigned elem, size_t n);
void nthrift_write_map(nthrift_write_t *w, unsigned key, unsigned elem,
    size_t n);


/*
 * The same for those who write much.  nthrift_write_start() gives a place for
 * NTHRIFT_WRITE_ROOM bytes, whatever is left; the functions of put.h put values
 * there, one after the other, and say where the next may be put; and
 * nthrift_write_finish() takes what was put.
 */

uint8_t *nthrift_write_start_slow(nthrift_write_t *w);


static inline uint8_t *
nthrift_write_start(nthrift_write_t *w)
{
    if (w->size - w->len >= NTHRIFT_WRITE_ROOM) {
        return w->data + w->len;
    }

    return nthrift_write_start_slow(w);
}


/* `n` bytes all of which will be written, or NULL: they do not fit. */

uint8_t *nthrift_write_reserve_slow(nthrift_write_t *w, size_t n);


static inline uint8_t *
nthrift_write_reserve(nthrift_write_t *w, size_t n)
{
    if (w->size - w->len >= n) {
        return w->data + w->len;
    }

    return nthrift_write_reserve_slow(w, n);
}


static inline void
nthrift_write_bytes(nthrift_write_t *w, const uint8_t *data, size_t len)
{
    uint8_t  *p;

    if (len == 0) {
        return;
    }

    p = nthrift_write_reserve(w, len);

    if (p != NULL) {
        memcpy(p, data, len);
        w->len += len;
    }
}


/* Takes what is in [from, p); `from` is what was started with. */

static inline void
nthrift_write_finish(nthrift_write_t *w, const uint8_t *from, const uint8_t *p)
{
    if (from != w->place) {
        w->len += (size_t) (p - from);
        return;
    }

    nthrift_write_bytes(w, from, (size_t) (p - from));
}


#endif /* NTHRIFT_WRITE_H */
