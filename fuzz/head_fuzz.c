/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz/head_fuzz.c: heads read, written and read again, and given another
 * seqid.  First byte: the rules; then four bytes of seqid.
 */

#include "fuzz.h"
#include "wire/head.h"


#define BODY  5

/* What a THeader may have, by the rules of fuzz.h. */

#define HEADER  (NTHRIFT_HEADER_FIXED + 16384)


static int
head_same(const nthrift_head_t *a, const nthrift_head_t *b)
{
    return a->transport == b->transport && a->protocol == b->protocol
           && a->type == b->type && a->seqid == b->seqid
           && nthrift_str_equal(&a->name, &b->name)
           && a->packed == b->packed && nthrift_str_equal(&a->info, &b->info)
           && (a->transport != NTHRIFT_HEADER
               || (a->sequence == b->sequence && a->flags == b->flags));
}


/* What is written from a head reads as that head. */

static void
head_check_write(const nthrift_head_t *head)
{
    int              rc;
    size_t           size;
    uint8_t         *p;
    nthrift_head_t   again;
    nthrift_error_t  err = { NULL };
    nthrift_rules_t  rules = { .transport = head->transport,
                               .protocol = head->protocol,
                               .max_header = NTHRIFT_MAX_HEADER,
                               .unnamed = 1 };

    size = nthrift_head_size(head);
    p = malloc(size);

    fuzz_check(size <= NTHRIFT_MAX_HEAD + HEADER);
    fuzz_check(nthrift_head_write(p, head, BODY) == p + size);

    rc = nthrift_head_read(&rules, p, p + size, &again, &err);

    fuzz_check(rc == NTHRIFT_OK && again.size == size && !again.lax);
    fuzz_check(head_same(&again, head));
    fuzz_check(head->transport == NTHRIFT_UNFRAMED
               || again.frame == size - 4 + BODY);
    fuzz_check(again.frame == nthrift_head_frame(head, BODY));

    free(p);
}


/* A patch changes the seqid and nothing else, or nothing at all. */

static void
head_check_patch(const nthrift_rules_t *rules, const nthrift_head_t *head,
    const uint8_t *data, size_t size, int32_t seqid)
{
    int              rc;
    uint8_t         *p;
    nthrift_head_t   again, expected;
    nthrift_error_t  err = { NULL };

    p = fuzz_copy(data, size);
    rc = nthrift_head_patch_seqid(p, head, seqid);

    if (rc == NTHRIFT_DECLINED) {
        fuzz_check(head->protocol != NTHRIFT_BINARY || head->header != 0);
        fuzz_check(memcmp(p, data, size) == 0);
        free(p);
        return;
    }

    fuzz_check(rc == NTHRIFT_OK);

    expected = *head;
    expected.seqid = seqid;

    rc = nthrift_head_read(rules, p, p + size, &again, &err);

    fuzz_check(rc == NTHRIFT_OK && again.size == head->size);
    fuzz_check(head_same(&again, &expected));
    fuzz_check(memcmp(p + head->size, data + head->size, size - head->size)
               == 0);
    free(p);
}


/* The short cut leads to where the tables do. */

static void
head_check_any(const nthrift_rules_t *rules, const uint8_t *p, size_t size,
    int rc, const nthrift_head_t *head, const nthrift_error_t *err)
{
    nthrift_head_t   any;
    nthrift_error_t  error = { NULL };

    fuzz_check(nthrift_head_read_any(rules, p, p + size, &any, &error) == rc);
    fuzz_check(fuzz_same(error.text, err->text));

    if (rc != NTHRIFT_OK) {
        return;
    }

    fuzz_check(head_same(head, &any) && head->name.data == any.name.data);
    fuzz_check(head->lax == any.lax && head->write_lax == any.write_lax
               && head->unnamed == any.unnamed && head->frame == any.frame
               && head->size == any.size && head->header == any.header);
}


static void
head_check_beginnings(const nthrift_rules_t *rules, const uint8_t *data,
    size_t size, int rc, const char *text)
{
    int              part;
    size_t           n;
    uint8_t         *p;
    nthrift_head_t   head;
    nthrift_error_t  err;

    for (n = 0; n < size; n += (n < 32) ? 1 : 61) {
        err.text = NULL;
        p = fuzz_copy(data, n);
        part = nthrift_head_read(rules, p, p + n, &head, &err);
        free(p);

        fuzz_check(part == NTHRIFT_AGAIN || part == rc);
        fuzz_check(part == NTHRIFT_ERROR ? fuzz_same(err.text, text)
                                         : err.text == NULL);
        fuzz_check(part != NTHRIFT_OK || n >= head.size);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int              rc;
    uint8_t         *p;
    int32_t          seqid;
    nthrift_head_t   head;
    nthrift_error_t  err = { NULL };
    nthrift_rules_t  rules;

    if (size < 5) {
        return 0;
    }

    rules = fuzz_rules(data[0]);
    memcpy(&seqid, data + 1, 4);
    data += 5;
    size -= 5;

    p = fuzz_copy(data, size);
    rc = nthrift_head_read(&rules, p, p + size, &head, &err);

    head_check_any(&rules, p, size, rc, &head, &err);

    fuzz_check((rc == NTHRIFT_ERROR) == (err.text != NULL));
    fuzz_check(rc != NTHRIFT_AGAIN || size < NTHRIFT_MAX_HEAD + HEADER);

    if (rc == NTHRIFT_OK) {
        fuzz_check(head.size <= size);
        fuzz_check(head.size <= NTHRIFT_MAX_HEAD + head.header);
        fuzz_check(head.header <= HEADER);
        fuzz_check(head.name.len <= NTHRIFT_MAX_NAME);
        fuzz_check(head.name.len != 0 || head.packed
                   || (rules.unnamed && head.type == NTHRIFT_EXCEPTION));
        fuzz_check(head.name.data > p
                   && head.name.data + head.name.len <= p + head.size);

        if (head.packed == NTHRIFT_PACKED_UNKNOWN) {
            free(p);
            return 0;
        }

        head_check_write(&head);
        head_check_patch(&rules, &head, data, size, seqid);
    }

    free(p);

    head_check_beginnings(&rules, data, size, rc, err.text);

    return 0;
}
