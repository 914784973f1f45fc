/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/write.c: room for the bytes of values, and values one by one.  What is
 * written often is inline in write.h and put.h; here is what happens where a
 * buffer ends, and what tools call for each value.
 */

#include "bind/write.h"

#include "bind/protocol.h"


/* Bytes that a buffer grows to at least. */

#define WRITE_SIZE  1024


const char  nthrift_write_too_large[] = "message is larger than allowed";
const char  nthrift_write_no_memory[] = "no memory";


void
nthrift_write_init(nthrift_write_t *w, unsigned protocol, uint8_t *data,
    size_t size, size_t max, nthrift_write_grow_pt grow, void *owner)
{
    w->data = data;
    w->len = 0;
    w->size = (size < max) ? size : max;
    w->max = max;
    w->error = NULL;
    w->path_len = 0;
    w->protocol = protocol;
    w->grow = grow;
    w->owner = owner;
}


void
nthrift_write_inside(nthrift_write_t *w, const char *name, size_t len)
{
    size_t  n;

    n = len + (w->path_len != 0);

    if (n > NTHRIFT_WRITE_PATH - w->path_len) {
        return;
    }

    if (w->path_len != 0) {
        w->path[NTHRIFT_WRITE_PATH - w->path_len - 1] = '.';
    }

    w->path_len += n;
    memcpy(w->path + NTHRIFT_WRITE_PATH - w->path_len, name, len);
}


void
nthrift_write_fail(nthrift_write_t *w, const char *error)
{
    if (w->error == NULL) {
        w->error = error;
    }

    w->size = w->len;
}


/* A buffer that has room for `n` more bytes, which `max` allows. */

static int
write_grow(nthrift_write_t *w, size_t n)
{
    size_t    size;
    uint8_t  *data;

    if (w->grow == NULL) {
        return NTHRIFT_ERROR;
    }

    size = (w->size <= w->max / 2) ? w->size * 2 : w->max;

    if (size < WRITE_SIZE) {
        size = WRITE_SIZE;
    }

    if (size < w->len + n) {
        size = w->len + n;
    }

    if (size > w->max) {
        size = w->max;
    }

    data = w->grow(w->owner, w->data, w->len, &size);
    if (data == NULL) {
        return NTHRIFT_ERROR;
    }

    w->data = data;
    w->size = (size < w->max) ? size : w->max;

    return NTHRIFT_OK;
}


uint8_t *
nthrift_write_reserve_slow(nthrift_write_t *w, size_t n)
{
    if (w->error != NULL) {
        return NULL;
    }

    if (n > w->max - w->len) {
        nthrift_write_fail(w, nthrift_write_too_large);
        return NULL;
    }

    if (write_grow(w, n) != NTHRIFT_OK) {
        nthrift_write_fail(w, nthrift_write_no_memory);
        return NULL;
    }

    return w->data + w->len;
}


/*
 * What is put may be less than NTHRIFT_WRITE_ROOM: near the end of what is
 * possible it is put aside, and then it is seen whether it fits.
 */

uint8_t *
nthrift_write_start_slow(nthrift_write_t *w)
{
    if (w->error != NULL || NTHRIFT_WRITE_ROOM > w->max - w->len
        || write_grow(w, NTHRIFT_WRITE_ROOM) != NTHRIFT_OK)
    {
        return w->place;
    }

    return w->data + w->len;
}


static const nthrift_put_protocol_t *
write_put(const nthrift_write_t *w)
{
    return nthrift_bind_protocols[w->protocol].put;
}


void
nthrift_write_field(nthrift_write_t *w, int16_t *last, int16_t id,
    unsigned type)
{
    uint8_t  *from, *p;

    from = nthrift_write_start(w);
    p = write_put(w)->field(from, *last, id, type);
    nthrift_write_finish(w, from, p);

    *last = id;
}


void
nthrift_write_field_bool(nthrift_write_t *w, int16_t *last, int16_t id,
    int value)
{
    uint8_t  *from, *p;

    from = nthrift_write_start(w);
    p = write_put(w)->field_bool(from, *last, id, value);
    nthrift_write_finish(w, from, p);

    *last = id;
}


void
nthrift_write_stop(nthrift_write_t *w)
{
    static const uint8_t  stop = NTHRIFT_STOP;

    nthrift_write_bytes(w, &stop, 1);
}


void
nthrift_write_bool(nthrift_write_t *w, int value)
{
    uint8_t  *from;

    from = nthrift_write_start(w);
    nthrift_write_finish(w, from, write_put(w)->truth(from, value));
}


void
nthrift_write_int(nthrift_write_t *w, unsigned type, int64_t value)
{
    uint8_t  *from, *p;

    from = nthrift_write_start(w);
    p = write_put(w)->number(from, type, value);
    nthrift_write_finish(w, from, p);
}


void
nthrift_write_double(nthrift_write_t *w, double value)
{
    uint8_t   *from;
    uint64_t   bits;

    memcpy(&bits, &value, sizeof(bits));

    from = nthrift_write_start(w);
    nthrift_write_finish(w, from, write_put(w)->real(from, bits));
}


void
nthrift_write_length(nthrift_write_t *w, size_t len)
{
    uint8_t  *from;

    if (len > INT32_MAX) {
        nthrift_write_fail(w, nthrift_write_too_large);
        return;
    }

    from = nthrift_write_start(w);
    nthrift_write_finish(w, from, write_put(w)->length(from, len));
}


void
nthrift_write_string(nthrift_write_t *w, const uint8_t *data, size_t len)
{
    nthrift_write_length(w, len);
    nthrift_write_bytes(w, data, len);
}


void
nthrift_write_uuid(nthrift_write_t *w, const uint8_t *data)
{
    nthrift_write_bytes(w, data, 16);
}


void
nthrift_write_list(nthrift_write_t *w, unsigned elem, size_t n)
{
    uint8_t  *from, *p;

    if (n > INT32_MAX) {
        nthrift_write_fail(w, nthrift_write_too_large);
        return;
    }

    from = nthrift_write_start(w);
    p = write_put(w)->list(from, elem, n);
    nthrift_write_finish(w, from, p);
}


void
nthrift_write_map(nthrift_write_t *w, unsigned key, unsigned elem, size_t n)
{
    uint8_t  *from, *p;

    if (n > INT32_MAX) {
        nthrift_write_fail(w, nthrift_write_too_large);
        return;
    }

    from = nthrift_write_start(w);
    p = write_put(w)->map(from, key, elem, n);
    nthrift_write_finish(w, from, p);
}
