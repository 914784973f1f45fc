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
#include "wire/common.h"
#include "wire/protocol.h"


/* What is being read. */

typedef enum {
    MESSAGE_HEAD = 0,
    MESSAGE_FLAT,               /* nothing more: all of it was there */
    MESSAGE_BODY,               /* a body, from its first byte on */
    MESSAGE_WALK,               /* a body, to the end of its struct */
    MESSAGE_COUNT,              /* a body, to the end of its frame */
    MESSAGE_DISCARD             /* the same, of no use to anyone */
} message_state_e;


#define MESSAGE_TOO_LARGE  "message larger than allowed"

/* Its head was read, and how it goes on is told by its state. */

#define MESSAGE_BEGUN  1


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


/* And of any message at most. */

static uint64_t
message_end(const nthrift_message_t *m, const nthrift_rules_t *rules)
{
    return (m->head.frame != 0) ? message_frame_end(m) : rules->max_message;
}


static inline int
message_discard(nthrift_message_t *m, const char *text)
{
    m->state = MESSAGE_DISCARD;

    return nthrift_error_set(&m->error, text);
}


/*
 * The bytes of a body at `p`, of `max` at most, if it is a simple one and all
 * of it has come; 0: it is not.  In a frame it has `max` bytes.
 */

static inline size_t
message_walk_flat(nthrift_message_t *m, nthrift_walk_flat_pt walk_flat,
    uint64_t max, const uint8_t *p, const uint8_t *last)
{
    if (walk_flat == NULL) {
        return 0;
    }

    if (m->head.frame == 0) {

        if ((uint64_t) (last - p) > max) {
            last = p + max;
        }

        return walk_flat(&m->skip, p, last);
    }

    if ((uint64_t) (last - p) < max) {
        return 0;
    }

    if (nthrift_mostly(walk_flat(&m->skip, p, p + max) == max)) {
        return max;
    }

    return 0;
}


/*
 * Tells how the body of the message at `p` whose head was read is passed over,
 * and does so at once if it is simple: NTHRIFT_OK, the message is whole then.
 * MESSAGE_BEGUN: it goes on behind the head.  `walk_flat` is given as a
 * constant for what most messages are.
 */

static inline __attribute__((always_inline)) int
message_begin_body(nthrift_message_t *m, const nthrift_rules_t *rules,
    nthrift_walk_flat_pt walk_flat, const uint8_t *p, const uint8_t *last)
{
    size_t    n, size;
    uint64_t  end;

    size = m->head.size;
    m->length = size;

    end = message_end(m, rules);

    if (m->head.frame != 0) {

        if (m->head.frame > rules->max_frame) {
            (void) message_discard(m, "frame larger than allowed");
            return MESSAGE_BEGUN;
        }

        if (end > rules->max_message) {
            (void) message_discard(m, MESSAGE_TOO_LARGE);
            return MESSAGE_BEGUN;
        }

        if (!rules->validate || m->head.packed) {
            m->state = MESSAGE_COUNT;
            return MESSAGE_BEGUN;
        }
    }

    if (size > end) {
        return nthrift_error_set(&m->error, MESSAGE_TOO_LARGE);
    }

    n = message_walk_flat(m, walk_flat, end - size, p + size, last);

    if (nthrift_mostly(n != 0)) {
        m->state = MESSAGE_FLAT;
        m->length = size + n;

        return NTHRIFT_OK;
    }

    m->state = MESSAGE_BODY;

    return MESSAGE_BEGUN;
}


/* Passes over bytes up to the end of the frame. */

static int
message_count(nthrift_message_t *m, const uint8_t *p, const uint8_t *last)
{
    uint64_t  n, rest;

    rest = message_frame_end(m) - m->length;
    n = (uint64_t) (last - p);

    if (n > rest) {
        n = rest;
    }

    m->length += n;

    return (n == rest) ? NTHRIFT_OK : NTHRIFT_AGAIN;
}


/*
 * Walks over an unframed body, which ends where its struct does.  One that is
 * wrong, or does not end before the largest message would, hides where the
 * next message begins.
 */

static int
message_walk_unframed(nthrift_message_t *m, uint64_t max, const uint8_t *p,
    const uint8_t *last)
{
    int             rc;
    uint64_t        rest;
    const uint8_t  *start, *end;

    start = p;
    end = last;
    rest = max - m->length;

    if ((uint64_t) (last - start) > rest) {
        end = start + rest;
    }

    rc = nthrift_skip_read(&m->skip, &p, end, &m->error);

    m->length += (uint64_t) (p - start);

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
message_walk_framed(nthrift_message_t *m, const uint8_t *p,
    const uint8_t *last)
{
    int             rc;
    uint64_t        rest;
    const uint8_t  *start, *end;

    start = p;
    end = last;
    rest = message_frame_end(m) - m->length;

    if ((uint64_t) (last - start) > rest) {
        end = start + rest;
    }

    rc = nthrift_skip_read(&m->skip, &p, end, &m->error);

    m->length += (uint64_t) (p - start);
    rest -= (uint64_t) (p - start);

    if (rc == NTHRIFT_OK && rest != 0) {
        rc = message_discard(m, "frame longer than its message");

    } else if (rc == NTHRIFT_AGAIN && rest == 0) {
        rc = message_discard(m, "frame shorter than its message");

    } else if (rc == NTHRIFT_ERROR) {
        m->state = MESSAGE_DISCARD;
    }

    return (rc == NTHRIFT_ERROR) ? message_count(m, p, last) : rc;
}


/* Goes on behind the head. */

static nthrift_noinline int
message_read_body(nthrift_message_t *m, const nthrift_rules_t *rules,
    nthrift_skip_level_t *levels, const uint8_t *p, const uint8_t *last)
{
    if (m->state == MESSAGE_BODY) {
        m->state = MESSAGE_WALK;

        nthrift_skip_start(&m->skip, m->head.protocol, levels,
                           rules->max_depth,
                           message_end(m, rules) - m->length);
    }

    if (m->state != MESSAGE_WALK) {
        return message_count(m, p, last);
    }

    if (m->head.frame != 0) {
        return message_walk_framed(m, p, last);
    }

    return message_walk_unframed(m, rules->max_message, p, last);
}


/* The same from its first byte on: any message. */

static nthrift_noinline int
message_read_any(nthrift_message_t *m, const nthrift_rules_t *rules,
    nthrift_skip_level_t *levels, const uint8_t *p, const uint8_t *last)
{
    int  rc;

    rc = nthrift_head_read_any(rules, p, last, &m->head, &m->error);

    if (rc != NTHRIFT_OK) {
        return rc;
    }

    rc = message_begin_body(m, rules,
                            nthrift_protocols[m->head.protocol]->walk_flat,
                            p, last);

    return (rc == MESSAGE_BEGUN)
           ? message_read_body(m, rules, levels, p + m->length, last) : rc;
}


/* Whatever is not done here is done by others, for its registers' sake. */

int
nthrift_message_read_on(nthrift_message_t *m, const nthrift_rules_t *rules,
    nthrift_skip_level_t *levels, const uint8_t *p, const uint8_t *last)
{
    int  rc;

    if (m->state == MESSAGE_HEAD) {

        if (!nthrift_mostly(nthrift_common_read_head(rules, p, last, &m->head)
                            == NTHRIFT_OK))
        {
            return message_read_any(m, rules, levels, p, last);
        }

        rc = message_begin_body(m, rules, nthrift_common_walk_flat, p, last);

        if (nthrift_mostly(rc != MESSAGE_BEGUN)) {
            return rc;
        }

        p += m->length;
    }

    return message_read_body(m, rules, levels, p, last);
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
