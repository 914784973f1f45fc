/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/message.c: one message from its first byte to its last.  A connection
 * feeds it what it reads and learns when a message is whole, and whether what
 * is wrong with it spoils that message alone or all that may follow.
 *
 *     HEAD -+-> FLAT -----> whole          the body is well formed, and simple
 *           +-> WALK ---+-> whole          the body is well formed
 *           |           `-> DISCARD --.    it is not, but its frame ends
 *           +-> COUNT ----------------+-> whole
 *           `-> DISCARD --------------'    too large a frame
 */

#include "wire/message.h"
#include "wire/head.h"
#include "wire/protocol.h"


/* What is being read. */

typedef enum {
    MESSAGE_HEAD = 0,
    MESSAGE_FLAT,               /* nothing more: all of it was there */
    MESSAGE_WALK,               /* a body, to the end of its struct */
    MESSAGE_COUNT,              /* a body, to the end of its frame */
    MESSAGE_DISCARD             /* the same, of no use to anyone */
} message_state_e;


#define MESSAGE_TOO_LARGE  "message larger than allowed"


void
nthrift_message_start(nthrift_message_t *m)
{
    memset(&m->head, 0, sizeof(nthrift_head_t));

    m->skip.fields = 0;
    m->length = 0;
    m->error.text = NULL;
    m->state = MESSAGE_HEAD;
}


/* Bytes of a framed message, as its length word says. */

static uint64_t
message_frame_end(const nthrift_message_t *m)
{
    return (uint64_t) m->head.frame + NTHRIFT_LENGTH_SIZE;
}


static nthrift_cold int
message_discard(nthrift_message_t *m, const char *text)
{
    m->state = MESSAGE_DISCARD;

    return nthrift_error_set(&m->error, text);
}


/*
 * A body of `max` bytes at most, which is all of its frame if it has one.  Most
 * are simple, and come whole.
 */

static int
message_begin_walk(nthrift_message_t *m, const nthrift_rules_t *rules,
    nthrift_skip_level_t *levels, uint64_t max, const uint8_t **p,
    const uint8_t *last)
{
    size_t                     n;
    const nthrift_protocol_t  *protocol;

    protocol = nthrift_protocols[m->head.protocol];

    if (protocol->walk_flat != NULL) {

        if ((uint64_t) (last - *p) > max) {
            last = *p + max;
        }

        n = protocol->walk_flat(&m->skip, *p, last);

        if (n != 0 && (m->head.frame == 0 || n == max)) {
            m->state = MESSAGE_FLAT;
            m->length += n;
            *p += n;

            return NTHRIFT_OK;
        }
    }

    m->state = MESSAGE_WALK;

    nthrift_skip_start(&m->skip, m->head.protocol, levels, rules->max_depth,
                       max);

    return NTHRIFT_OK;
}


/* Tells how the body of the message whose head was read is passed over. */

static int
message_begin_body(nthrift_message_t *m, const nthrift_rules_t *rules,
    nthrift_skip_level_t *levels, const uint8_t **p, const uint8_t *last)
{
    uint64_t  end;

    end = rules->max_message;

    if (m->head.frame != 0) {
        end = message_frame_end(m);

        if (m->head.frame > rules->max_frame) {
            (void) message_discard(m, "frame larger than allowed");
            return NTHRIFT_OK;
        }

        if (end > rules->max_message) {
            (void) message_discard(m, MESSAGE_TOO_LARGE);
            return NTHRIFT_OK;
        }

        if (!rules->validate || m->head.packed) {
            m->state = MESSAGE_COUNT;
            return NTHRIFT_OK;
        }
    }

    if (m->length > end) {
        return nthrift_error_set(&m->error, MESSAGE_TOO_LARGE);
    }

    return message_begin_walk(m, rules, levels, end - m->length, p, last);
}


static int
message_read_head(nthrift_message_t *m, const nthrift_rules_t *rules,
    nthrift_skip_level_t *levels, const uint8_t **p, const uint8_t *last)
{
    int  rc;

    rc = nthrift_head_read(rules, *p, last, &m->head, &m->error);

    if (rc != NTHRIFT_OK) {
        return rc;
    }

    *p += m->head.size;
    m->length = m->head.size;

    return message_begin_body(m, rules, levels, p, last);
}


/* Passes over bytes up to the end of the frame. */

static int
message_count(nthrift_message_t *m, const uint8_t **p, const uint8_t *last)
{
    uint64_t  n, rest;

    rest = message_frame_end(m) - m->length;
    n = (uint64_t) (last - *p);

    if (n > rest) {
        n = rest;
    }

    *p += n;
    m->length += n;

    return (n == rest) ? NTHRIFT_OK : NTHRIFT_AGAIN;
}


/*
 * Walks over an unframed body, which ends where its struct does.  One that is
 * wrong, or does not end before the largest message would, hides where the
 * next message begins.
 */

static int
message_walk_unframed(nthrift_message_t *m, uint64_t max, const uint8_t **p,
    const uint8_t *last)
{
    int             rc;
    uint64_t        rest;
    const uint8_t  *start, *end;

    start = *p;
    end = last;
    rest = max - m->length;

    if ((uint64_t) (last - start) > rest) {
        end = start + rest;
    }

    rc = nthrift_skip_read(&m->skip, p, end, &m->error);

    m->length += (uint64_t) (*p - start);

    if (rc == NTHRIFT_AGAIN && m->length == max) {
        return nthrift_error_set(&m->error, MESSAGE_TOO_LARGE);
    }

    return rc;
}


/*
 * Walks over a framed body.  Its struct must end where the frame does: a
 * server reads what it finds behind as a message, or waits in the next frame
 * for what is missing.  If it does not, the rest of the frame is passed over.
 */

static nthrift_noinline int
message_walk_framed(nthrift_message_t *m, const uint8_t **p,
    const uint8_t *last)
{
    int             rc;
    uint64_t        rest;
    const uint8_t  *start, *end;

    start = *p;
    end = last;
    rest = message_frame_end(m) - m->length;

    if ((uint64_t) (last - start) > rest) {
        end = start + rest;
    }

    rc = nthrift_skip_read(&m->skip, p, end, &m->error);

    m->length += (uint64_t) (*p - start);
    rest -= (uint64_t) (*p - start);

    if (rc == NTHRIFT_OK && rest != 0) {
        rc = message_discard(m, "frame longer than its message");

    } else if (rc == NTHRIFT_AGAIN && rest == 0) {
        rc = message_discard(m, "frame shorter than its message");

    } else if (rc == NTHRIFT_ERROR) {
        m->state = MESSAGE_DISCARD;
    }

    return (rc == NTHRIFT_ERROR) ? message_count(m, p, last) : rc;
}


int
nthrift_message_read(nthrift_message_t *m, const nthrift_rules_t *rules,
    nthrift_skip_level_t *levels, const uint8_t **p, const uint8_t *last)
{
    int  rc;

    if (m->state == MESSAGE_HEAD) {
        rc = message_read_head(m, rules, levels, p, last);

        if (rc != NTHRIFT_OK) {
            return rc;
        }
    }

    if (m->state == MESSAGE_FLAT) {
        return NTHRIFT_OK;
    }

    if (m->state != MESSAGE_WALK) {
        return message_count(m, p, last);
    }

    if (m->head.frame != 0) {
        return message_walk_framed(m, p, last);
    }

    return message_walk_unframed(m, rules->max_message, p, last);
}


int
nthrift_message_discards(const nthrift_message_t *m)
{
    return m->state == MESSAGE_DISCARD;
}


int
nthrift_message_has_levels(const nthrift_message_t *m)
{
    return m->state == MESSAGE_WALK;
}


void
nthrift_message_move_levels(nthrift_message_t *m, nthrift_skip_level_t *levels)
{
    nthrift_skip_move(&m->skip, levels);
}


uint64_t
nthrift_message_left(const nthrift_message_t *m)
{
    if (m->head.frame == 0) {
        return 0;
    }

    return message_frame_end(m) - m->length;
}
