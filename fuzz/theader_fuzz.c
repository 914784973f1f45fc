/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz/theader_fuzz.c: THeaders read, their info walked over, written anew and
 * read again.  First byte: the rules.
 */

#include "fuzz.h"
#include "wire/head.h"
#include "wire/theader.h"


/* All pairs lie in the info; those that are written anew are the same. */

static size_t
theader_rewrite(const nthrift_str_t *info, uint8_t **written)
{
    size_t                  size;
    uint8_t                *p;
    uint32_t                n;
    nthrift_str_t           name, value;
    nthrift_theader_info_t  walk;

    n = 0;
    size = 0;

    nthrift_theader_info_start(&walk, info);

    while (nthrift_theader_info_next(&walk, &name, &value) == NTHRIFT_OK) {
        fuzz_check(name.data > info->data);
        fuzz_check(name.data + name.len < value.data);
        fuzz_check(value.data + value.len <= info->data + info->len);

        n++;
        size += nthrift_theader_pair_size(&name, &value);
    }

    fuzz_check(walk.p == walk.last);

    size += nthrift_theader_block_size(n);

    *written = malloc(size);

    p = nthrift_theader_block_write(*written, n);

    nthrift_theader_info_start(&walk, info);

    while (nthrift_theader_info_next(&walk, &name, &value) == NTHRIFT_OK) {
        p = nthrift_theader_pair_write(p, &name, &value);
    }

    fuzz_check(p == *written + size);

    return size;
}


static void
theader_same(const nthrift_str_t *a, const nthrift_str_t *b)
{
    nthrift_str_t           name[2], value[2];
    nthrift_theader_info_t  walk[2];

    nthrift_theader_info_start(&walk[0], a);
    nthrift_theader_info_start(&walk[1], b);

    while (nthrift_theader_info_next(&walk[0], &name[0], &value[0])
           == NTHRIFT_OK)
    {
        fuzz_check(nthrift_theader_info_next(&walk[1], &name[1], &value[1])
                   == NTHRIFT_OK);
        fuzz_check(nthrift_str_equal(&name[0], &name[1]));
        fuzz_check(nthrift_str_equal(&value[0], &value[1]));
        fuzz_check(walk[1].persistent == 0);
    }

    fuzz_check(nthrift_theader_info_next(&walk[1], &name[1], &value[1])
               == NTHRIFT_DECLINED);
}


static void
theader_write(const nthrift_head_t *head, const nthrift_str_t *info)
{
    size_t           size;
    uint8_t         *p;
    nthrift_head_t   other, again;
    nthrift_error_t  err = { NULL };
    nthrift_rules_t  rules = { .max_header = NTHRIFT_MAX_HEADER, .text = 1,
                               .unnamed = 1 };

    other = *head;
    other.info = *info;

    size = nthrift_head_size(&other);
    p = malloc(size);

    fuzz_check(nthrift_head_write(p, &other, 1) == p + size);
    fuzz_check(nthrift_head_read(&rules, p, p + size, &again, &err)
               == NTHRIFT_OK);
    fuzz_check(again.size == size && again.frame == size - 4 + 1);
    fuzz_check(again.sequence == head->sequence && again.flags == head->flags);
    fuzz_check(again.seqid == head->seqid && again.packed == head->packed);

    theader_same(&head->info, &again.info);

    free(p);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int              rc;
    uint8_t         *p;
    nthrift_str_t    info;
    nthrift_head_t   head;
    nthrift_error_t  err = { NULL };
    nthrift_rules_t  rules;

    if (size == 0) {
        return 0;
    }

    rules = fuzz_rules(*data++);
    rules.transport = NTHRIFT_HEADER;
    size--;

    p = fuzz_copy(data, size);
    rc = nthrift_head_read(&rules, p, p + size, &head, &err);

    if (rc == NTHRIFT_OK) {
        fuzz_check(head.header <= head.frame && head.header < head.size);

        info.len = theader_rewrite(&head.info, &info.data);

        /* of transforms that are not known none can be written */

        if (head.packed != NTHRIFT_PACKED_UNKNOWN) {
            theader_write(&head, &info);
        }

        free(info.data);
    }

    free(p);

    return 0;
}
