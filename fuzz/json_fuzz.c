/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * fuzz/json_fuzz.c: bodies in JSON by their definition, whole and in pieces,
 * into small buffers: what is read is a body, and comes back; what is written
 * is read.  First byte: what it is and the depth, second: the size of pieces,
 * third: of buffers.
 */

#include "fuzz.h"
#include "bind/json_read.h"
#include "bind/json_write.h"
#include "wire/skip.h"
#include "../t/unit/bind.h"


/* Times as long: "\u0000"; `"1":{"tf":1},` of three bytes; and an end. */

#define JSON_MOST   32

#define JSON_DEPTH  64


static const char  idl[] =
    "struct Box {\n"
    "    1: bool on, 2: i8 y, 3: i16 h, 4: i32 i, 5: i64 l, 6: double d,\n"
    "    7: string text, 8: binary raw, 9: uuid key, 10: list<string> texts,\n"
    "    11: set<binary> raws, 12: map<string, binary> named,\n"
    "    13: map<double, bool> odd, 14: list<Box> more, 15: Box box,\n"
    "    16: map<list<i8>, set<i16>> strange, 17: map<Box, i32> worse,\n"
    "    18: list<bool> flags, -7: string old }\n";


static const nthrift_schema_t  *box;


typedef struct {
    int          rc;
    size_t       consumed;
    size_t       size;
    uint8_t     *out;
    const char  *error;
} json_result_t;


/* Buffers stay where they are: the strings' lengths are written to them. */

static void
json_read(json_result_t *r, uint32_t depth, const uint8_t *data, size_t size,
    size_t piece, size_t room)
{
    size_t                  n, most;
    void                   *memory;
    uint8_t                *copy, *out, *end;
    const uint8_t          *p;
    nthrift_json_read_t     read;
    nthrift_check_error_t   err;
    uint8_t                 path[24];

    memory = malloc(nthrift_json_read_size(depth));
    most = size * 8 + NTHRIFT_JSON_ROOM;

    err.path = path;
    err.size = sizeof(path);

    nthrift_json_read_start(&read, memory, depth, box, size,
                            NTHRIFT_CHECK_PASS, &err);

    r->consumed = 0;
    r->size = 0;
    r->out = malloc(most);

    do {
        n = (size - r->consumed < piece) ? size - r->consumed : piece;
        copy = fuzz_copy(data + r->consumed, n);
        p = copy;

        do {
            out = r->out + r->size;
            end = (room < most - r->size) ? out + room : r->out + most;

            r->rc = nthrift_json_read_part(&read, &p, copy + n, &out, end);

            fuzz_check(out <= end && p <= copy + n);
            r->size = (size_t) (out - r->out);

        } while (r->rc == NTHRIFT_AGAIN && p != copy + n);

        r->consumed += (size_t) (p - copy);
        free(copy);

    } while (r->rc == NTHRIFT_AGAIN && r->consumed < size);

    r->error = err.text;
    fuzz_check((r->rc == NTHRIFT_ERROR) == (err.text != NULL));
    fuzz_check(err.len <= err.size);

    free(memory);
}


static void
json_write(json_result_t *r, unsigned protocol, const uint8_t *data,
    size_t size, size_t part, size_t room)
{
    size_t                 most;
    void                  *memory;
    uint8_t               *copy, *out, *end;
    nthrift_bytes_t        body;
    nthrift_error_t        err = { NULL };
    nthrift_json_write_t   w;

    memory = malloc(nthrift_json_write_size(JSON_DEPTH));
    copy = fuzz_copy(data, size);
    most = size * JSON_MOST + 2 * room;

    nthrift_bytes_init(&body, copy, copy + size, NULL, NULL);
    nthrift_json_write_start(&w, memory, JSON_DEPTH, protocol, box, &body,
                             &err);
    r->size = 0;
    r->out = malloc(most);

    do {
        fuzz_check(r->size + room <= most);

        out = r->out + r->size;
        end = out + room;
        r->rc = nthrift_json_write_part(&w, part, &out, end);

        fuzz_check(out <= end);
        r->size = (size_t) (out - r->out);

    } while (r->rc == NTHRIFT_AGAIN);

    r->error = err.text;
    r->consumed = (size_t) (body.p - copy);
    fuzz_check((r->rc == NTHRIFT_ERROR) == (err.text != NULL));

    free(copy);
    free(memory);
}


static void
json_same(const json_result_t *a, const json_result_t *b)
{
    fuzz_check(a->rc == b->rc && fuzz_same(a->error, b->error));

    if (a->rc != NTHRIFT_ERROR) {
        fuzz_check(a->consumed == b->consumed && a->size == b->size);
        fuzz_check(memcmp(a->out, b->out, a->size) == 0);
    }
}


/* What was read is a body, to its last byte. */

static void
json_is_body(const json_result_t *r)
{
    const uint8_t         *p;
    nthrift_skip_t         w;
    nthrift_error_t        err = { NULL };
    nthrift_skip_level_t   levels[JSON_DEPTH];

    p = r->out;
    nthrift_skip_start(&w, NTHRIFT_BINARY, levels, JSON_DEPTH, r->size);

    fuzz_check(nthrift_skip_read(&w, &p, r->out + r->size, &err)
               == NTHRIFT_OK);
    fuzz_check(p == r->out + r->size);
}


/* What was written is read, and means what is written the same again. */

static void
json_again(const json_result_t *text)
{
    json_result_t  body, again;

    json_read(&body, JSON_DEPTH, text->out, text->size, text->size,
              text->size * 8);
    fuzz_check(body.rc == NTHRIFT_OK && body.consumed == text->size);

    json_is_body(&body);

    json_write(&again, NTHRIFT_BINARY, body.out, body.size, SIZE_MAX, 4096);
    fuzz_check(again.rc == NTHRIFT_OK && again.size == text->size);
    fuzz_check(memcmp(again.out, text->out, text->size) == 0);

    free(body.out);
    free(again.out);
}


static void
json_fuzz_read(uint32_t depth, const uint8_t *data, size_t size, size_t piece,
    size_t room)
{
    json_result_t  whole, pieces, text;

    json_read(&whole, depth, data, size, size + 1, size * 8 + 64);
    json_read(&pieces, depth, data, size, piece, NTHRIFT_JSON_ROOM + room);
    json_same(&whole, &pieces);

    if (whole.rc == NTHRIFT_OK) {
        json_is_body(&whole);

        json_write(&text, NTHRIFT_BINARY, whole.out, whole.size, piece,
                   NTHRIFT_JSON_WRITE_ROOM + room);

        if (text.rc == NTHRIFT_OK) {
            json_again(&text);
        }

        free(text.out);
    }

    free(whole.out);
    free(pieces.out);
}


static void
json_fuzz_write(unsigned protocol, const uint8_t *data, size_t size,
    size_t piece, size_t room)
{
    json_result_t  whole, parts;

    json_write(&whole, protocol, data, size, SIZE_MAX, 65536);
    json_write(&parts, protocol, data, size, piece,
               NTHRIFT_JSON_WRITE_ROOM + room);
    json_same(&whole, &parts);

    if (whole.rc == NTHRIFT_OK) {
        json_again(&whole);
    }

    free(whole.out);
    free(parts.out);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t                 piece, room;
    uint32_t               depth;
    nthrift_arena_t       *arena;
    nthrift_schema_set_t   set;

    if (box == NULL) {
        arena = nthrift_arena_create(65536, 0);
        nthrift_schema_init(&set, arena);
        box = nthrift_schema_build(&set, bind_struct(bind_load(arena, idl),
                                                     "Box"));
    }

    if (size < 3) {
        return 0;
    }

    depth = 1 + (data[0] >> 2) % JSON_DEPTH;
    piece = 1 + data[1] % 64;
    room = data[2];

    switch (data[0] & 3) {

    case 0:
        json_fuzz_write(NTHRIFT_BINARY, data + 3, size - 3, piece, room);
        break;

    case 1:
        json_fuzz_write(NTHRIFT_COMPACT, data + 3, size - 3, piece, room);
        break;

    default:
        json_fuzz_read(depth, data + 3, size - 3, piece, room);
    }

    return 0;
}
