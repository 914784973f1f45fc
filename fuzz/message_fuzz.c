/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz/message_fuzz.c: messages one behind the other, as a connection reads
 * them: in one buffer, and in pieces.  First byte: the rules, second: the
 * limits, third and fourth: where to split.
 */

#include "fuzz.h"
#include "wire/message.h"


#define MAX_MESSAGES  16
#define MAX_DEPTH     64


/* What was told of one message. */

typedef struct {
    int              rc;
    int              discards;
    uint64_t         length;
    const char      *error;
    uint32_t         size;      /* of the head */
    uint32_t         frame;
    uint8_t          type;
    int32_t          seqid;
    size_t           name_len;
    uint8_t          fields;
    int16_t          first;
} message_told_t;


typedef struct {
    size_t           n;
    message_told_t   told[MAX_MESSAGES];
} message_list_t;


static void
message_tell(message_told_t *told, const nthrift_message_t *m,
    const nthrift_rules_t *rules, int rc)
{
    memset(told, 0, sizeof(message_told_t));

    told->rc = rc;
    told->discards = nthrift_message_discards(m);
    told->length = m->length;
    told->error = m->error.text;
    told->size = m->head.size;

    if (m->head.size == 0) {
        return;
    }

    told->frame = m->head.frame;
    told->type = m->head.type;
    told->seqid = m->head.seqid;
    told->name_len = m->head.name.len;

    if (rules->validate) {
        told->fields = m->skip.fields;
        told->first = m->skip.fields ? m->skip.first : 0;
    }
}


static void
message_check(const message_told_t *told, const nthrift_rules_t *rules)
{
    fuzz_check(told->rc != NTHRIFT_ERROR || told->error != NULL);
    fuzz_check(told->rc != NTHRIFT_OK || told->size != 0);
    fuzz_check(told->rc != NTHRIFT_OK || told->frame == 0
               || told->length == (uint64_t) told->frame + 4);
    fuzz_check(told->rc != NTHRIFT_OK || told->frame != 0
               || (told->error == NULL
                   && told->length <= rules->max_message));
    fuzz_check(!told->discards || told->error != NULL);
}


/* The next end of a piece behind `from`; the seed makes them irregular. */

static size_t
message_next_end(size_t from, size_t size, uint32_t *seed)
{
    size_t  n;

    *seed = *seed * 1103515245 + 12345;
    n = 1 + (*seed >> 16) % ((*seed >> 28) ? 8 : 200);

    return (size - from < n) ? size : from + n;
}


/*
 * Reads all messages.  What is consumed leaves, what is not stays, and more
 * comes behind it; a seed of 0 gives all at once.
 */

static void
message_read_all(message_list_t *list, const nthrift_rules_t *rules,
    const uint8_t *data, size_t size, uint32_t seed)
{
    int                   rc;
    size_t                pos, end;
    uint8_t              *copy;
    const uint8_t        *p;
    nthrift_message_t     m;
    nthrift_skip_level_t  lent[2][MAX_DEPTH], *levels;

    list->n = 0;
    levels = lent[0];
    pos = 0;
    end = seed ? message_next_end(0, size, &seed) : size;

    nthrift_message_start(&m);

    for ( ;; ) {
        copy = fuzz_copy(data + pos, end - pos);
        p = copy;
        rc = nthrift_message_read(&m, rules, levels, &p, copy + (end - pos));

        fuzz_check(p >= copy && p <= copy + (end - pos));
        fuzz_check(rc != NTHRIFT_AGAIN
                   || p == (m.head.size ? copy + (end - pos) : copy));

        pos += (size_t) (p - copy);

        if (rc != NTHRIFT_AGAIN || end == size) {
            message_tell(&list->told[list->n++], &m, rules, rc);
            free(copy);

            if (rc != NTHRIFT_OK || list->n == MAX_MESSAGES) {
                return;
            }

            nthrift_message_start(&m);
            continue;
        }

        free(copy);
        end = message_next_end(end, size, &seed);

        /* others use the levels meanwhile */

        if (nthrift_message_has_levels(&m)) {
            nthrift_message_move_levels(&m, lent[levels == lent[0]]);
            memset(levels, 0xff, sizeof(lent[0]));
            levels = lent[levels == lent[0]];
        }
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t                  i;
    uint32_t                seed;
    nthrift_rules_t         rules;
    static message_list_t   whole, pieces;

    if (size < 4) {
        return 0;
    }

    rules = fuzz_rules(data[0]);
    rules.max_depth = 1 + data[1] % MAX_DEPTH;

    if (data[1] >= 128) {
        rules.max_frame = (uint32_t) data[2] * 8;
        rules.max_message = (uint64_t) data[3] * 8;
    }

    seed = 1 + data[2] + ((uint32_t) data[3] << 8);
    data += 4;
    size -= 4;

    message_read_all(&whole, &rules, data, size, 0);
    message_read_all(&pieces, &rules, data, size, seed);

    fuzz_check(whole.n == pieces.n);

    for (i = 0; i < whole.n; i++) {
        message_check(&whole.told[i], &rules);
        fuzz_check(memcmp(&whole.told[i], &pieces.told[i],
                          sizeof(message_told_t)) == 0);
    }

    return 0;
}
