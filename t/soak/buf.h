/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/soak/buf.h: bytes that come and go: from pos to len they are there.  A
 * program that gets no memory ends.
 */

#ifndef SOAK_BUF_H
#define SOAK_BUF_H

#include <stddef.h>
#include <stdint.h>


typedef struct {
    uint8_t  *data;
    size_t    pos;
    size_t    len;
    size_t    size;
} buf_t;


/* Forgets what is before pos: offsets in the buffer change. */

void buf_compact(buf_t *b);

void buf_reserve(buf_t *b, size_t room);
void buf_free(buf_t *b);
void buf_add(buf_t *b, const void *p, size_t n);


#endif /* SOAK_BUF_H */
