/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/soak/buf.c: see buf.h.
 */

#include "buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


void
buf_compact(buf_t *b)
{
    if (b->pos == b->len) {
        b->pos = 0;
        b->len = 0;

    } else if (b->pos > 65536 && b->pos > b->len / 2) {
        memmove(b->data, b->data + b->pos, b->len - b->pos);
        b->len -= b->pos;
        b->pos = 0;
    }
}


void
buf_reserve(buf_t *b, size_t room)
{
    if (b->size - b->len >= room) {
        return;
    }

    b->size = (b->len + room) * 2;
    b->data = realloc(b->data, b->size);

    if (b->data == NULL) {
        perror("realloc");
        exit(2);
    }
}


void
buf_free(buf_t *b)
{
    free(b->data);
    memset(b, 0, sizeof(buf_t));
}


void
buf_add(buf_t *b, const void *p, size_t n)
{
    buf_reserve(b, n);

    if (n) {
        memcpy(b->data + b->len, p, n);
        b->len += n;
    }
}
