/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz/plain_fuzz.c: plain JSON by the IDL: JSON and queries as arguments, and
 * bodies of replies as JSON.  The first byte chooses which, the protocol, the
 * method and the limits; the others are the text or the body.
 *
 * What is read is shown again and read again: it gives the same bytes.  All is
 * read and written in parts, too, which gives what doing it at once gives; and
 * jansson says whether it is JSON.
 */

#include "fuzz.h"
#include "bind/utf8.h"
#include "idl/loader.h"
#include "plain/plain.h"

#include <jansson.h>


#define PLAIN_METHODS  4


static const char  idl[] =
    "enum Color { RED = 1, GREEN = 2 }\n"
    "union Id { 1: i64 number, 2: string name }\n"
    "exception Missing { 1: string what, 2: i32 code = 404 }\n"
    "struct Point { 1: required i32 x, 2: required i32 y }\n"
    "struct All { 1: bool flag, 2: i8 tiny, 3: i16 small, 4: i32 middle,\n"
    "    5: i64 large, 6: double real, 7: string text, 8: binary bytes,\n"
    "    9: Color color, 10: Point point, 11: Id id, 12: list<bool> flags,\n"
    "    13: set<string> names, 14: map<string, i32> counts,\n"
    "    15: map<Color, i64> colors, 16: map<i64, string> longs,\n"
    "    17: map<double, string> reals, 18: map<bool, string> words,\n"
    "    19: map<Point, i32> places, 20: map<binary, i32> blobs,\n"
    "    21: uuid key, 22: list<All> all, 23: map<string, All> named,\n"
    "    24: map<string, map<string, i32>> nested }\n"
    "service Plain {\n"
    "    All all(0: All all) throws (1: Missing missing),\n"
    "    void scalars(1: bool flag, 2: i64 id, 3: double real, 4: string s,\n"
    "        5: Color color, 6: binary bytes, 7: uuid key,\n"
    "        8: list<i32> numbers, 9: set<bool> flags, 10: i32 n = 9),\n"
    "    map<string, map<i32, string>> maps(\n"
    "        0: map<string, map<i32, string>> maps),\n"
    "    string text(0: string text) throws (1: Missing missing)\n"
    "}\n";


static nthrift_plain_method_t  methods[PLAIN_METHODS];


static int
plain_find(void *data, nthrift_arena_t *arena, const nthrift_str_t *path,
    nthrift_str_t *id, const char **error)
{
    (void) data;
    (void) arena;
    (void) error;

    *id = *path;

    return NTHRIFT_OK;
}


static int
plain_read(void *data, nthrift_arena_t *arena, const nthrift_str_t *path,
    size_t max, nthrift_str_t *text, const char **error)
{
    (void) data;
    (void) arena;
    (void) path;
    (void) max;
    (void) error;

    text->data = (uint8_t *) idl;
    text->len = sizeof(idl) - 1;

    return NTHRIFT_OK;
}


static void
plain_load(void)
{
    int                            i;
    nthrift_str_t                  path = nthrift_string("plain.thrift");
    nthrift_str_t                  name = nthrift_string("Plain");
    nthrift_arena_t               *arena;
    nthrift_idl_method_t          *method;
    nthrift_idl_program_t         *program;
    static nthrift_loader_t        loader;
    static nthrift_schema_set_t    set;
    nthrift_loader_reader_t        reader = { plain_find, plain_read, NULL };

    arena = nthrift_arena_create(65536, 0);
    nthrift_loader_init(&loader, arena, &reader);
    loader.negative_ids = 1;
    fuzz_check(nthrift_loader_load(&loader, &path, &program) == NTHRIFT_OK);

    nthrift_schema_init(&set, arena);
    method = nthrift_idl_service(program, &name)->methods;

    for (i = 0; i < PLAIN_METHODS; i++) {
        fuzz_check(nthrift_plain_method_init(&methods[i], &set, method)
                   == NTHRIFT_OK);
        method = method->next;
    }
}


/* An error has a text that can be logged, and sent as JSON. */

static void
plain_check_error(const nthrift_plain_error_t *err)
{
    size_t  i;

    fuzz_check(err->kind >= NTHRIFT_PLAIN_SYNTAX
               && err->kind <= NTHRIFT_PLAIN_MEMORY);
    fuzz_check(err->len != 0 && err->len < NTHRIFT_PLAIN_TEXT);
    fuzz_check(strlen(err->text) == err->len && err->path < err->len);
    fuzz_check(nthrift_utf8_check((uint8_t *) err->text,
                                  (uint8_t *) err->text + err->len)
               == (uint8_t *) err->text + err->len);

    for (i = 0; i < err->len; i++) {
        fuzz_check((uint8_t) err->text[i] >= 0x20 && err->text[i] != 0x7f);
    }
}


/* What is shown is JSON; numbers may be too large for jansson's reals. */

static void
plain_check_json(nthrift_arena_t *arena, const nthrift_str_t *text)
{
    json_t         *json;
    json_error_t    error;
    nthrift_str_t   out;

    json = json_loadb((char *) text->data, text->len,
                      JSON_DECODE_ANY | JSON_ALLOW_NUL
                      | JSON_REJECT_DUPLICATES, &error);

    /* a struct in which one field is twice */

    fuzz_check(json != NULL
               || json_error_code(&error) == json_error_duplicate_key);
    json_decref(json);

    fuzz_check(nthrift_plain_indent(arena, text, &out) == NTHRIFT_OK);
    fuzz_check(out.len >= text->len);
}


/* A body of arguments with the id 0 is one of a result, too. */

static void
plain_again(const nthrift_plain_rules_t *rules, nthrift_arena_t *arena,
    const nthrift_plain_method_t *m, unsigned protocol,
    const nthrift_str_t *body)
{
    uint8_t                *p;
    nthrift_str_t           text, again;
    nthrift_plain_reply_t   reply;
    nthrift_plain_error_t   err;

    if (m == &methods[1] || body->len == 1) {
        return;
    }

    p = fuzz_copy(body->data, body->len);

    if (nthrift_plain_reply(rules, arena, m, protocol, NTHRIFT_REPLY, p,
                            p + body->len, &reply, &err) == NTHRIFT_OK)
    {
        text.len = reply.text.len + 2;
        text.data = malloc(text.len);
        text.data[0] = '[';
        memcpy(text.data + 1, reply.text.data, reply.text.len);
        text.data[text.len - 1] = ']';

        plain_check_json(arena, &text);

        if (nthrift_plain_read(rules, arena, m, &text, protocol, &again, &err)
            == NTHRIFT_OK)
        {
            fuzz_check(again.len == body->len
                       && memcmp(again.data, body->data, body->len) == 0);

        } else {
            fuzz_check(err.kind == NTHRIFT_PLAIN_VALUES
                       || err.kind == NTHRIFT_PLAIN_SIZE
                       || err.kind == NTHRIFT_PLAIN_DEPTH);
        }

        free(text.data);

    } else {
        fuzz_check(err.kind == NTHRIFT_PLAIN_VALUES
                   || err.kind == NTHRIFT_PLAIN_SIZE
                   || err.kind == NTHRIFT_PLAIN_DEPTH);
    }

    free(p);
}


/* Parts of all sizes, from one byte on. */

static void
plain_parts(const nthrift_plain_rules_t *rules, nthrift_arena_t *arena,
    const nthrift_plain_method_t *m, const nthrift_str_t *text,
    unsigned protocol, int rc, const nthrift_str_t *body,
    const nthrift_plain_error_t *err)
{
    int                     part;
    size_t                  size;
    nthrift_str_t           again;
    nthrift_plain_call_t   *call;
    nthrift_plain_error_t   error;

    for (size = 1; size <= 64; size *= 8) {
        call = nthrift_plain_call_create(rules, arena, m, text, protocol,
                                         &error);
        fuzz_check(call != NULL);

        do {
            part = nthrift_plain_call_read(call, size, &again);
        } while (part == NTHRIFT_AGAIN);

        fuzz_check(part == rc);

        if (rc == NTHRIFT_OK) {
            fuzz_check(nthrift_str_equal(&again, body));

        } else {
            fuzz_check(error.kind == err->kind
                       && strcmp(error.text, err->text) == 0);
        }
    }
}


static void
plain_answers(const nthrift_plain_rules_t *rules, nthrift_arena_t *arena,
    const nthrift_plain_method_t *m, unsigned protocol, unsigned type,
    const nthrift_str_t *body, int rc, const nthrift_plain_reply_t *reply,
    const nthrift_plain_error_t *err)
{
    int                      part;
    size_t                   size;
    nthrift_plain_reply_t    again;
    nthrift_plain_error_t    error;
    nthrift_plain_answer_t  *answer;

    for (size = 1; size <= 64; size *= 8) {
        answer = nthrift_plain_answer_create(rules, arena, m, protocol, type,
                                             body->data,
                                             body->data + body->len, &again,
                                             &error);
        fuzz_check(answer != NULL);

        do {
            part = nthrift_plain_answer_write(answer, size);
        } while (part == NTHRIFT_AGAIN);

        fuzz_check(part == rc);

        if (rc == NTHRIFT_OK) {
            fuzz_check(again.kind == reply->kind && again.code == reply->code
                       && again.base64 == reply->base64
                       && nthrift_str_equal(&again.type, &reply->type)
                       && nthrift_str_equal(&again.text, &reply->text));

        } else {
            fuzz_check(error.kind == err->kind
                       && strcmp(error.text, err->text) == 0);
        }
    }
}


/*
 * Not the same are what is too long or too large, and a 0 byte behind JSON,
 * with which it ends for jansson.
 */

static void
plain_oracle(const nthrift_str_t *text, int rc,
    const nthrift_plain_error_t *err)
{
    json_t                *json;
    json_error_t           error;
    enum json_error_code   code;

    if (text->len == 0 || memchr(text->data, '\0', text->len) != NULL
        || (rc != NTHRIFT_OK && err->kind > NTHRIFT_PLAIN_ARGUMENTS))
    {
        return;
    }

    json = json_loadb((char *) text->data, text->len,
                      JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    code = json_error_code(&error);

    if (rc == NTHRIFT_OK || err->kind == NTHRIFT_PLAIN_ARGUMENTS) {
        fuzz_check(json != NULL || code == json_error_numeric_overflow);

    } else if (strstr(err->text, ": too long ") == NULL) {
        fuzz_check(json == NULL);
    }

    json_decref(json);
}


static int
plain_fuzz_call(const nthrift_plain_rules_t *rules, nthrift_arena_t *arena,
    const nthrift_plain_method_t *m, unsigned protocol,
    const nthrift_str_t *text, nthrift_plain_error_t *err)
{
    int            rc;
    nthrift_str_t  body;

    rc = nthrift_plain_read(rules, arena, m, text, protocol, &body, err);

    plain_parts(rules, arena, m, text, protocol, rc, &body, err);
    plain_oracle(text, rc, err);

    if (rc == NTHRIFT_OK) {
        plain_again(rules, arena, m, protocol, &body);
    }

    return rc;
}


static int
plain_fuzz_reply(const nthrift_plain_rules_t *rules, nthrift_arena_t *arena,
    const nthrift_plain_method_t *m, unsigned protocol, unsigned type,
    const nthrift_str_t *body, nthrift_plain_error_t *err)
{
    int                    rc;
    nthrift_plain_reply_t  reply;

    rc = nthrift_plain_reply(rules, arena, m, protocol, type, body->data,
                             body->data + body->len, &reply, err);

    plain_answers(rules, arena, m, protocol, type, body, rc, &reply, err);

    if (rc == NTHRIFT_OK) {
        plain_check_json(arena, &reply.text);
    }

    return rc;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                            rc;
    uint8_t                        choice;
    unsigned                       protocol;
    nthrift_str_t                  text, body;
    nthrift_arena_t               *arena;
    nthrift_plain_rules_t          rules;
    nthrift_plain_error_t          err;
    const nthrift_plain_method_t  *m;

    if (methods[0].idl == NULL) {
        plain_load();
    }

    if (size == 0) {
        return 0;
    }

    choice = data[0];
    text.data = fuzz_copy(data + 1, size - 1);
    text.len = size - 1;

    memset(&rules, 0, sizeof(nthrift_plain_rules_t));

    protocol = (choice & 1) ? NTHRIFT_BINARY : NTHRIFT_COMPACT;
    m = &methods[choice / 2 % 4];
    rules.long_strings = choice / 8 % 2;
    rules.max_depth = (choice & 16) ? 5 : NTHRIFT_MAX_DEPTH;
    rules.max_values = (choice & 32) ? 20 : 100000;
    rules.max_size = (choice & 32) ? 200 : 1000000;

    arena = nthrift_arena_create(4096, 64 * 1024 * 1024);

    switch (choice / 64) {

    case 0:
    case 1:
        rc = plain_fuzz_call(&rules, arena, m, protocol, &text, &err);
        break;

    case 2:
        rc = nthrift_plain_read_query(&rules, arena, m, &text, protocol, &body,
                                      &err);
        break;

    default:
        rc = plain_fuzz_reply(&rules, arena, m, protocol,
                              (choice & 8) ? NTHRIFT_EXCEPTION : NTHRIFT_REPLY,
                              &text, &err);
    }

    if (rc != NTHRIFT_OK) {
        plain_check_error(&err);
    }

    nthrift_arena_destroy(arena);
    free(text.data);

    return 0;
}
