/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/ways.h: reads the bytes of one message in every way they may come:
 * whole, in two pieces split at every byte, byte by byte, and cut off
 * everywhere.  Each piece ends where nothing more can be read.  All ways must
 * tell the same.
 */

#ifndef UNIT_WAYS_H
#define UNIT_WAYS_H

#include "wire/message.h"
#include "unit.h"


/* What was told of a message. */

typedef struct {
    int              rc;
    int              broken;    /* the reader broke a promise */
    size_t           consumed;
    size_t           length;
    const char      *error;
    nthrift_head_t   head;      /* its name is in `name`, its info in `info` */
    uint8_t          name[NTHRIFT_MAX_NAME];
    uint8_t          info[256]; /* if it is not longer */
    uint8_t          fields;
    int16_t          first;
} way_t;


static const nthrift_rules_t  way_rules = {
    .transport = NTHRIFT_TRANSPORT_AUTO,
    .protocol = NTHRIFT_PROTOCOL_AUTO,
    .lax = 0,
    .validate = 1,
    .max_depth = 64,
    .max_frame = 16384000,
    .max_header = 1024,
    .max_message = 100 * 1024 * 1024
};


/* Keeps what was told of the head, whose name moves with the next piece. */

static inline void
way_keep_head(way_t *way, const nthrift_message_t *m)
{
    if (way->head.size != 0 || m->head.size == 0) {
        return;
    }

    way->head = m->head;
    memcpy(way->name, m->head.name.data, m->head.name.len);
    way->head.name.data = NULL;

    if (m->head.info.len != 0 && m->head.info.len <= sizeof(way->info)) {
        memcpy(way->info, m->head.info.data, m->head.info.len);
    }

    way->head.info.data = NULL;
}


/* Others use the levels between two pieces. */

static inline nthrift_skip_level_t *
way_lend(nthrift_message_t *m, nthrift_skip_level_t *old,
    nthrift_skip_level_t *levels)
{
    nthrift_message_move_levels(m, levels);
    memset(old, 0xa5, NTHRIFT_MAX_DEPTH * sizeof(nthrift_skip_level_t));

    return levels;
}


/*
 * Reads in pieces that end at `split` and then after every `step` bytes; the
 * pieces of a head are put together as a connection does.
 */

static inline void
way_read(way_t *way, const nthrift_rules_t *rules, const uint8_t *bytes,
    size_t n, size_t split, size_t step)
{
    size_t                 end, size;
    uint8_t               *copy;
    const uint8_t         *p;
    nthrift_message_t      m;
    nthrift_skip_level_t  *levels;
    nthrift_skip_level_t   lent[2][NTHRIFT_MAX_DEPTH];

    memset(way, 0, sizeof(way_t));
    memset(&m, 0xa5, sizeof(m));
    memset(lent, 0xa5, sizeof(lent));

    levels = lent[0];

    nthrift_message_start(&m);

    for (end = (split < n) ? split : n; /* void */; end += step) {
        if (end > n || step > n - end + step) {
            end = n;
        }

        size = end - way->consumed;
        copy = unit_guard(bytes + way->consumed, size);
        p = copy;

        way->rc = nthrift_message_read(&m, rules, levels, &p, copy + size);

        way->broken |= p < copy || p > copy + size;
        way->consumed += (size_t) (p - copy);
        way_keep_head(way, &m);

        if (way->rc != NTHRIFT_AGAIN) {
            break;
        }

        way->broken |= (m.head.size == 0) ? p != copy : p != copy + size;

        if (nthrift_message_has_levels(&m)) {
            levels = way_lend(&m, levels, lent[levels == lent[0]]);
        }

        if (end == n) {
            break;
        }
    }

    way->error = m.error.text;
    way->length = m.length;
    way->broken |= m.length != way->consumed;

    if (rules->validate && m.head.size != 0) {
        way->fields = m.skip.fields;
        way->first = m.skip.fields ? m.skip.first : 0;
    }
}


static inline int
way_same_head(const way_t *a, const way_t *b)
{
    return a->head.size == b->head.size
           && (a->head.size == 0
               || (memcmp(&a->head, &b->head, sizeof(nthrift_head_t)) == 0
                   && memcmp(a->name, b->name, a->head.name.len) == 0
               && memcmp(a->info, b->info, sizeof(a->info)) == 0));
}


static inline int
way_same(const way_t *a, const way_t *b)
{
    return a->rc == b->rc && !a->broken && !b->broken
           && a->consumed == b->consumed && unit_same(a->error, b->error)
           && way_same_head(a, b) && a->fields == b->fields
           && a->first == b->first;
}


/* A beginning may tell less than the whole, but nothing else. */

static inline int
way_begins(const way_t *part, size_t n, const way_t *whole)
{
    if (part->rc != NTHRIFT_AGAIN) {
        return way_same(part, whole);
    }

    return !part->broken
           && (whole->rc == NTHRIFT_AGAIN || whole->rc == NTHRIFT_ERROR
               || n < whole->consumed)
           && (part->error == NULL || unit_same(part->error, whole->error))
           && (part->head.size == 0 || way_same_head(part, whole));
}


static inline void
way_diag(const char *which, size_t at, const way_t *way)
{
    diag("%s %zu: rc %d, consumed %zu, head %u, fields %u, first %d, %s%s",
         which, at, way->rc, way->consumed, way->head.size, way->fields,
         way->first, way->error ? way->error : "no error",
         way->broken ? ", a promise was broken" : "");
}


static inline int
way_all(way_t *whole, const nthrift_rules_t *rules, const uint8_t *bytes,
    size_t n)
{
    way_t   way;
    size_t  i, stride;

    way_read(whole, rules, bytes, n, n, 1);

    /* long messages are not split everywhere, it would take too long */

    stride = (n > 2000) ? 53 : 1;

    for (i = 0; i < n; i += stride) {
        way_read(&way, rules, bytes, i, i, 1);

        if (!way_begins(&way, i, whole)) {
            way_diag("whole", n, whole);
            way_diag("cut off at", i, &way);
            return 0;
        }

        way_read(&way, rules, bytes, n, i, n);

        if (!way_same(&way, whole)) {
            way_diag("whole", n, whole);
            way_diag("split at", i, &way);
            return 0;
        }
    }

    for (i = 1; i < 24; i += (i < 4) ? 1 : 5) {
        way_read(&way, rules, bytes, n, i, i);

        if (!way_same(&way, whole)) {
            way_diag("whole", n, whole);
            way_diag("pieces of", i, &way);
            return 0;
        }
    }

    if (whole->broken) {
        way_diag("whole", n, whole);
    }

    return !whole->broken;
}


/* One test: all ways agree, with this result and this error. */

static inline int
way_is(const nthrift_rules_t *rules, const uint8_t *bytes, size_t n, int rc,
    const char *error, way_t *whole, const char *name)
{
    int    passed;
    way_t  unused;

    if (whole == NULL) {
        whole = &unused;
    }

    passed = way_all(whole, rules, bytes, n) && whole->rc == rc
             && unit_same(whole->error, error);

    if (!ok(passed, "%s", name)) {
        way_diag("got, of", n, whole);
        diag("expected rc %d, %s", rc, error ? error : "no error");
    }

    return passed;
}


static inline int
way_is_hex(const nthrift_rules_t *rules, const char *hex, int rc,
    const char *error, way_t *whole, const char *name)
{
    size_t   n;
    uint8_t  bytes[8192];

    n = unit_hex(hex, bytes, sizeof(bytes));

    return way_is(rules, bytes, n, rc, error, whole, name);
}


#endif /* UNIT_WAYS_H */
