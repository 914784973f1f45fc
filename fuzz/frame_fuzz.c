/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz/frame_fuzz.c: what the first bytes tell.  First byte: the rules.
 */

#include "fuzz.h"
#include "wire/frame.h"


static int
frame_read(const nthrift_rules_t *rules, const uint8_t *p, size_t n,
    nthrift_head_t *head, nthrift_error_t *err)
{
    int       rc;
    uint8_t  *copy;

    memset(head, 0, sizeof(nthrift_head_t));
    err->text = NULL;

    copy = fuzz_copy(p, n);
    rc = nthrift_frame_read(rules, copy, copy + n, head, err);
    free(copy);

    fuzz_check(rc == NTHRIFT_OK || rc == NTHRIFT_AGAIN
               || rc == NTHRIFT_ERROR);
    fuzz_check((rc == NTHRIFT_ERROR) == (err->text != NULL));

    return rc;
}


static void
frame_check_rules(const nthrift_rules_t *rules, const nthrift_head_t *head)
{
    fuzz_check(rules->transport == NTHRIFT_TRANSPORT_AUTO
               || rules->transport == head->transport);
    fuzz_check((head->transport == NTHRIFT_HEADER)
               == (head->protocol == NTHRIFT_PROTOCOL_AUTO));
    fuzz_check(rules->protocol == NTHRIFT_PROTOCOL_AUTO
               || head->transport == NTHRIFT_HEADER
               || rules->protocol == head->protocol);
    fuzz_check(!head->lax || (rules->lax && head->protocol == NTHRIFT_BINARY));
    fuzz_check(head->transport != NTHRIFT_UNFRAMED || head->frame == 0);
    fuzz_check(head->transport == NTHRIFT_UNFRAMED
               || (head->frame != 0 && head->frame <= NTHRIFT_MAX_FRAME));
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int              rc, part;
    size_t           n;
    nthrift_head_t   head, other;
    nthrift_error_t  err, part_err;
    nthrift_rules_t  rules;

    if (size == 0) {
        return 0;
    }

    rules = fuzz_rules(*data++);
    size--;

    rc = frame_read(&rules, data, size, &head, &err);

    fuzz_check(rc != NTHRIFT_AGAIN || size < 8);

    if (rc == NTHRIFT_OK) {
        frame_check_rules(&rules, &head);
    }

    /* a beginning tells the same, or nothing yet */

    for (n = 0; n < size && n <= 8; n++) {
        part = frame_read(&rules, data, n, &other, &part_err);

        if (part == NTHRIFT_AGAIN) {
            continue;
        }

        fuzz_check(part == rc && fuzz_same(err.text, part_err.text));
        fuzz_check(memcmp(&head, &other, sizeof(head)) == 0);
    }

    return 0;
}
