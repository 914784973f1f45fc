/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_body.c: see nthrift_body.h.
 */

#include "nthrift.h"
#include "nthrift_body.h"
#include "nthrift_call.h"
#include "nthrift_json.h"

#include <errno.h>


#define BODY_READ  (64 * 1024)          /* bytes: of a file, at first */

/* Values in arguments, and in a reply: each takes memory. */

#define BODY_MAX_VALUES  4000000


void
nthrift_body_init(nthrift_body_t *b, nthrift_arena_t *arena, const char *where,
    size_t max_size, unsigned long_strings)
{
    memset(b, 0, sizeof(nthrift_body_t));

    b->arena = arena;
    b->where = where;

    b->rules.max_depth = NTHRIFT_MAX_DEPTH;
    b->rules.max_values = BODY_MAX_VALUES;
    b->rules.max_size = max_size;
    b->rules.seed = nthrift_seed();
    b->rules.long_strings = (uint8_t) long_strings;
}


int
nthrift_body_method(nthrift_body_t *b, const nthrift_idl_method_t *method)
{
    nthrift_schema_set_t  set;

    nthrift_schema_init(&set, b->arena);

    if (nthrift_plain_method_init(&b->method, &set, method) != NTHRIFT_OK) {
        nthrift_say("not enough memory");
        return -1;
    }

    return 0;
}


/* All of a file, in the arena. */

static int
body_read(nthrift_arena_t *arena, FILE *f, const char *name,
    nthrift_str_t *text)
{
    size_t    n, size;
    uint8_t  *data;

    size = 0;

    do {
        if (size == text->len) {
            size = size * 2 + BODY_READ;
            data = nthrift_arena_alloc(arena, size);

            if (data == NULL) {
                nthrift_say("not enough memory");
                return -1;
            }

            if (text->len != 0) {
                memcpy(data, text->data, text->len);
            }

            text->data = data;
        }

        n = fread(text->data + text->len, 1, size - text->len, f);
        text->len += n;

    } while (n != 0 && text->len <= NTHRIFT_MAX_FRAME);

    if (ferror(f)) {
        nthrift_say("cannot read %s: %s", name, strerror(errno));
        return -1;
    }

    return 0;
}


/* The JSON that a word stands for: itself, "-", or "@FILE". */

static int
body_text(nthrift_arena_t *arena, char *word, nthrift_str_t *text)
{
    int    rc;
    FILE  *f;

    memset(text, 0, sizeof(nthrift_str_t));

    if (word == NULL) {
        return 0;
    }

    if (strcmp(word, "-") == 0) {
        return body_read(arena, stdin, "standard input", text);
    }

    if (word[0] != '@') {
        text->data = (uint8_t *) word;
        text->len = strlen(word);
        return 0;
    }

    if (word[1] == '\0') {
        nthrift_say("@: the name of a file is missing");
        return -1;
    }

    f = fopen(word + 1, "rb");

    if (f == NULL) {
        nthrift_say("cannot open %s: %s", word + 1, strerror(errno));
        return -1;
    }

    rc = body_read(arena, f, word + 1, text);
    fclose(f);

    return rc;
}


static void
body_say(const char *word, const nthrift_plain_error_t *err)
{
    const char  *start;

    start = "JSON:";

    if (err->kind == NTHRIFT_PLAIN_SIZE) {
        nthrift_say("%s (--max-size)", err->text);

    } else if (err->kind != NTHRIFT_PLAIN_SYNTAX
               || strncmp(err->text, start, strlen(start)) != 0)
    {
        nthrift_say("%s", err->text);

    } else if (word[0] == '@') {
        nthrift_say("%s:%s", word + 1, err->text + strlen(start));

    } else if (strchr("{[-", word[0]) == NULL) {
        nthrift_say("%s (arguments are an object, '{...}', or an array, "
                    "'[...]')", err->text);

    } else {
        nthrift_say("%s", err->text);
    }
}


int
nthrift_body_write(nthrift_body_t *b, char *word, unsigned protocol,
    nthrift_str_t *body)
{
    const char            *error;
    nthrift_str_t          text;
    nthrift_plain_error_t  err;

    if (body_text(b->arena, word, &text) != 0) {
        return -1;
    }

    if (nthrift_plain_read(&b->rules, b->arena, &b->method, &text,
                           (protocol == NTHRIFT_JSON) ? NTHRIFT_BINARY
                                                      : protocol,
                           body, &err)
        != NTHRIFT_OK)
    {
        body_say(word, &err);
        return -1;
    }

    if (protocol == NTHRIFT_JSON
        && nthrift_json_encode(b->arena, b->method.idl->args, body, &error)
           != 0)
    {
        nthrift_say("arguments: %s", error);
        return -1;
    }

    return 0;
}


static int
body_print(nthrift_body_t *b, const nthrift_plain_reply_t *reply)
{
    nthrift_str_t  text;

    if (nthrift_plain_indent(b->arena, &reply->text, &text) != NTHRIFT_OK) {
        nthrift_say("not enough memory");
        return -1;
    }

    if (nthrift_print(&text) != 0) {
        return -1;
    }

    if (reply->base64 != 0) {
        nthrift_say("%u of the strings are not UTF-8, and are shown as base64",
                    (unsigned) reply->base64);
    }

    return 0;
}


int
nthrift_body_show(nthrift_body_t *b, unsigned protocol, unsigned type,
    const nthrift_str_t *data)
{
    const char            *error;
    nthrift_str_t          body;
    nthrift_plain_error_t  err;
    nthrift_plain_rules_t  rules;
    nthrift_plain_reply_t  reply;

    /* the bytes are limited, and JSON by them */

    rules = b->rules;
    rules.max_size = SIZE_MAX / 2;

    body = *data;

    if (protocol == NTHRIFT_JSON && type == NTHRIFT_REPLY) {
        if (nthrift_json_decode(b->arena, b->method.idl->result, &body, &error)
            != 0)
        {
            nthrift_say("%s: the reply does not fit the IDL: %s",
                        b->where, error);
            return NTHRIFT_CALL_FAILED;
        }

        protocol = NTHRIFT_BINARY;
    }

    if (nthrift_plain_reply(&rules, b->arena, &b->method, protocol, type,
                            body.data, body.data + body.len, &reply, &err)
        != NTHRIFT_OK)
    {
        nthrift_say("%s: the reply does not fit the IDL: %s", b->where,
                    err.text);
        return NTHRIFT_CALL_FAILED;
    }

    if (body_print(b, &reply) != 0) {
        return NTHRIFT_CALL_FAILED;
    }

    return (reply.kind >= NTHRIFT_PLAIN_DECLARED) ? NTHRIFT_CALL_EXCEPTION
                                                  : NTHRIFT_CALL_OK;
}
