/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/read_string.c: strings of JSON.  Long ones are written in parts, like
 * all that read.c does: neither escapes nor base64 of megabytes are read
 * without a pause.
 */

#include "plain/read.h"
#include "plain/text.h"


#define STRING_PART  1024       /* characters that are read together */


/* How many bytes the "=" has that the text ends in, however it is written. */

static size_t
string_padding(const uint8_t *p, const uint8_t *last)
{
    if (last - p >= 1 && last[-1] == '=') {
        return 1;
    }

    return (last - p >= 6 && memcmp(last - 6, "\\u003", 5) == 0
            && (last[-1] == 'd' || last[-1] == 'D')) ? 6 : 0;
}


/* How many bytes it has that `node` is the base64 of; -1: it is none. */

static int64_t
string_base64_size(nthrift_plain_read_t *r, const nthrift_plain_node_t *node)
{
    int             i;
    size_t          n, len;
    const uint8_t  *p, *last;

    len = node->n;
    p = r->json.text + node->at;
    last = p + node->len;

    for (i = 0; i < 2 && node->n % 4 == 0; i++) {
        n = string_padding(p, last);
        last -= n;
        len -= (n != 0);
    }

    return (len % 4 == 1) ? -1 : (int64_t) (len / 4 * 3 + len % 4 * 3 / 4);
}


int
nthrift_plain_read_string(nthrift_plain_read_t *r,
    const nthrift_plain_path_t *path, const nthrift_plain_node_t *node,
    unsigned base64)
{
    size_t   part;
    int64_t  size;

    size = base64 ? string_base64_size(r, node) : (int64_t) node->n;

    if (size < 0) {
        return nthrift_plain_read_fail(r, path, "the string is not base64");
    }

    memset(&r->string, 0, sizeof(nthrift_plain_read_string_t));

    r->string.node = node;
    r->string.path = path;
    r->string.base64 = base64;

    nthrift_write_length(&r->w, (size_t) size);

    /* most are short */

    part = STRING_PART;

    return nthrift_plain_read_string_part(r, &part);
}


/* Characters behind those that are in `buf`; how many there are. */

static size_t
string_read(nthrift_plain_read_t *r, uint8_t *buf, size_t n)
{
    size_t                        len;
    nthrift_plain_read_string_t  *s;

    s = &r->string;

    if (s->node->escaped) {
        return n + nthrift_plain_json_unescape(&r->json, s->node, &s->at,
                                               buf + n, STRING_PART);
    }

    len = s->node->len - s->at;
    len = (len < STRING_PART) ? len : STRING_PART;

    memcpy(buf + n, r->json.text + s->node->at + s->at, len);
    s->at += len;

    return n + len;
}


/* Padding may end the whole of it only; some characters wait for that. */

static int
string_base64(nthrift_plain_read_t *r, const uint8_t *buf, size_t n)
{
    size_t                        now, len;
    uint8_t                       data[(STRING_PART + 8) / 4 * 3 + 3];
    nthrift_plain_read_string_t  *s;

    s = &r->string;
    now = n;

    if (s->at != s->node->len) {
        now = (n != 0) ? (n - 1) / 4 * 4 : 0;
    }

    if ((now != n && memchr(buf, '=', now) != NULL)
        || nthrift_plain_text_base64_read((const char *) buf, now, data, &len)
           != 0)
    {
        return nthrift_plain_read_fail(r, s->path, "the string is not base64");
    }

    s->nrest = (uint8_t) (n - now);
    memcpy(s->rest, buf + now, s->nrest);

    nthrift_write_bytes(&r->w, data, len);

    return NTHRIFT_OK;
}


int
nthrift_plain_read_string_part(nthrift_plain_read_t *r, size_t *size)
{
    size_t                        n;
    uint8_t                       buf[STRING_PART + 8];
    nthrift_plain_read_string_t  *s;

    s = &r->string;

    do {
        memcpy(buf, s->rest, s->nrest);
        n = string_read(r, buf, s->nrest);

        if (!s->base64) {
            nthrift_write_bytes(&r->w, buf, n);

        } else if (string_base64(r, buf, n) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        *size -= (*size < n) ? *size : n;

    } while (*size != 0 && s->at != s->node->len);

    if (s->at == s->node->len) {
        s->node = NULL;
    }

    return NTHRIFT_OK;
}


const uint8_t *
nthrift_plain_read_name(nthrift_plain_read_t *r,
    const nthrift_plain_node_t *node)
{
    size_t    at;
    uint8_t  *p;

    if (!node->escaped) {
        return nthrift_arena_copy(r->arena, r->json.text + node->at, node->n);
    }

    p = nthrift_arena_alloc(r->arena, (size_t) node->n + 4);

    if (p != NULL) {
        at = 0;
        nthrift_plain_json_unescape(&r->json, node, &at, p,
                                    (size_t) node->n + 3);
    }

    return p;
}


const char *
nthrift_plain_read_word(nthrift_plain_read_t *r,
    const nthrift_plain_node_t *node)
{
    size_t  at, n;

    if (node->type < NTHRIFT_PLAIN_JSON_INTEGER
        || node->type > NTHRIFT_PLAIN_JSON_STRING || node->zero)
    {
        return NULL;
    }

    n = (node->type == NTHRIFT_PLAIN_JSON_STRING) ? node->n : node->len;

    if (n > sizeof(r->word) - 4) {
        return NULL;
    }

    at = 0;
    n = nthrift_plain_json_unescape(&r->json, node, &at, (uint8_t *) r->word,
                                    sizeof(r->word) - 1);
    r->word[n] = '\0';

    return r->word;
}


int
nthrift_plain_read_is(nthrift_plain_read_t *r,
    const nthrift_plain_node_t *node, const char *word)
{
    size_t   at, len;
    uint8_t  buf[12];

    len = strlen(word);

    if (node->n != len) {
        return 0;
    }

    at = 0;
    nthrift_plain_json_unescape(&r->json, node, &at, buf, sizeof(buf));

    return memcmp(buf, word, len) == 0;
}
