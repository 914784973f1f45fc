/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/json_read.c: writes in the binary protocol what the walk over a body in
 * the JSON protocol tells: see json_read.h.  The module comes here with calls
 * of clients that speak JSON, and with replies of servers that do.
 */

#include "bind/json_read.h"

#include "bind/path.h"
#include "wire/binary.h"
#include "wire/walk.h"

#include <math.h>
#include <stdlib.h>


/* What json_read_code() says of what is no character of base64. */

#define JSON_READ_NO_CODE  64


/* The walk is the first member. */

static inline nthrift_json_read_t *
json_read_of(nthrift_skip_t *w)
{
    return (nthrift_json_read_t *) w;
}


static inline nthrift_json_read_level_t *
json_read_level(nthrift_json_read_t *r)
{
    return &r->levels[r->walk.depth - 1];
}


/* Where the walk is: fields, elements, and the type of an element. */

static void
json_read_path(nthrift_json_read_t *r)
{
    uint32_t                          i;
    const nthrift_skip_level_t       *at;
    const nthrift_json_read_level_t  *level;

    if (r->err->size == 0) {
        return;
    }

    for (i = 0; i < r->walk.depth; i++) {
        at = &r->walk.levels[i];
        level = &r->levels[i];

        if (at->fields == 2) {
            nthrift_path_add_pair(r->err);

        } else if (at->fields == 0) {
            nthrift_path_add_index(r->err, level->count - at->left);

        } else if (level->field != NULL) {
            nthrift_path_add_name(r->err, &level->field->name);

        } else {
            nthrift_path_add_id(r->err, (int16_t) (uint16_t) at->left);
        }
    }
}


static int
json_read_fail(nthrift_json_read_t *r, const char *text)
{
    r->err->text = text;
    json_read_path(r);

    return nthrift_walk_refuse(&r->walk, 0, text);
}


/* What is left out is not written; there is room for all else. */

static inline void
json_read_put(nthrift_json_read_t *r, const void *data, size_t n)
{
    if (r->dropping == 0 && n != 0) {
        memcpy(r->sink.out, data, n);
        r->sink.out += n;
    }
}


static inline void
json_read_put8(nthrift_json_read_t *r, uint8_t value)
{
    json_read_put(r, &value, 1);
}


static void
json_read_put32(nthrift_json_read_t *r, uint32_t value)
{
    uint8_t  place[4];

    (void) nthrift_binary_put32(place, value);
    json_read_put(r, place, sizeof(place));
}


static void
json_read_start_struct(nthrift_json_read_level_t *level,
    const nthrift_schema_t *st)
{
    level->st = st;
    level->field = NULL;
}


/* r->type is that of what begins. */

static int
json_read_begin(nthrift_skip_t *w, uint8_t type, uint32_t count)
{
    nthrift_json_read_t          *r;
    nthrift_json_read_level_t    *level;
    const nthrift_skip_level_t   *at;
    const nthrift_schema_type_t  *declared;

    r = json_read_of(w);
    level = json_read_level(r);
    at = &w->levels[w->depth - 1];
    declared = r->type;

    if (declared != NULL && declared->type != type) {
        declared = NULL;
    }

    if (type == NTHRIFT_STRUCT) {
        json_read_start_struct(level, declared ? declared->st : NULL);
        return NTHRIFT_OK;
    }

    level->count = count;
    level->type[1] = declared ? declared->elem : NULL;
    level->type[0] = level->type[1];

    if (type == NTHRIFT_MAP) {
        level->type[0] = declared ? declared->key : NULL;
        json_read_put8(r, at->type[0]);
    }

    json_read_put8(r, at->type[1]);
    json_read_put32(r, count);

    return NTHRIFT_OK;
}


/* Another field of the struct, or its end: the one before is over. */

static inline void
json_read_next(nthrift_json_read_t *r)
{
    if (r->dropping == r->walk.depth) {
        r->dropping = 0;
    }
}


static int
json_read_stop(nthrift_skip_t *w)
{
    nthrift_json_read_t  *r;

    r = json_read_of(w);

    json_read_next(r);
    json_read_put8(r, NTHRIFT_STOP);

    return NTHRIFT_OK;
}


static int
json_read_undeclared(nthrift_json_read_t *r)
{
    if (r->fields == NTHRIFT_CHECK_REFUSE) {
        return json_read_fail(r, "undeclared field");
    }

    r->dropping = r->walk.depth;
    r->dropped++;

    return NTHRIFT_OK;
}


static int
json_read_field(nthrift_skip_t *w, int16_t id, uint8_t type)
{
    uint8_t                     head[NTHRIFT_BINARY_FIELD];
    nthrift_json_read_t        *r;
    nthrift_json_read_level_t  *level;

    r = json_read_of(w);
    level = json_read_level(r);

    json_read_next(r);

    level->field = NULL;

    if (level->st != NULL) {
        level->field = nthrift_schema_field(level->st, id);

        if (level->field == NULL && r->dropping == 0) {
            return json_read_undeclared(r);
        }
    }

    head[0] = type;
    (void) nthrift_binary_put16(head + 1, (uint16_t) id);
    json_read_put(r, head, sizeof(head));

    return NTHRIFT_OK;
}


static int
json_read_value(nthrift_skip_t *w, uint8_t type)
{
    nthrift_json_read_t          *r;
    nthrift_json_read_level_t    *level;
    const nthrift_skip_level_t   *at;

    r = json_read_of(w);
    level = json_read_level(r);
    at = &w->levels[w->depth - 1];

    if (at->fields == 1) {
        r->type = level->field ? &level->field->type : NULL;

    } else {
        r->type = level->type[at->left & 1];
    }

    r->kind = type;
    r->n = 0;
    r->phase = 0;

    if (type != NTHRIFT_STRING) {
        return NTHRIFT_OK;
    }

    r->base64 = r->type != NULL && r->type->type == NTHRIFT_STRING
                && !(r->type->flags & NTHRIFT_SCHEMA_TEXT);
    r->size = 0;
    r->bits = 0;
    r->padding = 0;
    r->length = r->sink.out;

    json_read_put32(r, 0);

    return NTHRIFT_OK;
}


static int
json_read_integer(nthrift_skip_t *w, uint8_t type, int64_t value)
{
    size_t                n;
    uint8_t               place[8];
    nthrift_json_read_t  *r;

    static const uint8_t  sizes[NTHRIFT_UUID + 1] = { NTHRIFT_BINARY_FIXED };

    r = json_read_of(w);
    n = sizes[type];

    (void) nthrift_binary_put64(place, (uint64_t) value);
    json_read_put(r, place + sizeof(place) - n, n);

    return NTHRIFT_OK;
}


/* RFC 4648, table 1 */

static inline uint32_t
json_read_code(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return (uint32_t) (c - 'A');
    }

    if (c >= 'a' && c <= 'z') {
        return (uint32_t) (c - 'a' + 26);
    }

    if (c >= '0' && c <= '9') {
        return (uint32_t) (c - '0' + 52);
    }

    return (c == '+') ? 62 : (c == '/') ? 63 : JSON_READ_NO_CODE;
}


static int
json_read_base64(nthrift_json_read_t *r, uint8_t c)
{
    uint32_t  code;

    code = json_read_code(c);

    /* padding completes four characters of which two are there */

    if (c == '=' && r->phase >= 2 && r->phase + r->padding < 4) {
        r->padding++;
        return NTHRIFT_OK;
    }

    if (code == JSON_READ_NO_CODE || r->padding != 0) {
        return json_read_fail(r, "bad base64 in JSON");
    }

    r->bits = r->bits << 6 | code;
    r->phase = (r->phase + 1) & 3;

    if (r->phase != 1) {
        json_read_put8(r, (uint8_t) (r->bits >> (2 * (4 - r->phase) & 7)));
        r->size++;
    }

    return NTHRIFT_OK;
}


static int
json_read_string_bytes(nthrift_json_read_t *r, const uint8_t *p, size_t n)
{
    size_t  i;

    if (!r->base64) {
        json_read_put(r, p, n);
        r->size += (uint32_t) n;
        return NTHRIFT_OK;
    }

    for (i = 0; i < n; i++) {
        if (json_read_base64(r, p[i]) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }
    }

    return NTHRIFT_OK;
}


/* 32 digits are 16 bytes; the walk has seen where dashes are. */

static void
json_read_uuid_byte(nthrift_json_read_t *r, uint8_t c)
{
    if (c == '-') {
        return;
    }

    r->bits = r->bits << 4
              | (uint32_t) (nthrift_json_is_digit(c) ? c - '0'
                                                     : (c | 0x20) - 'a' + 10);
    r->phase ^= 1;

    if (r->phase == 0) {
        json_read_put8(r, (uint8_t) r->bits);
    }
}


static int
json_read_number_bytes(nthrift_json_read_t *r, const uint8_t *p, size_t n)
{
    if (n > NTHRIFT_JSON_DIGITS - r->n) {
        return json_read_fail(r, "too long number in JSON");
    }

    memcpy(r->number + r->n, p, n);
    r->n += (uint32_t) n;

    return NTHRIFT_OK;
}


static int
json_read_bytes(nthrift_skip_t *w, const uint8_t *p, size_t n)
{
    nthrift_json_read_t  *r;

    r = json_read_of(w);

    /* nobody looks at it */

    if (r->dropping != 0) {
        return NTHRIFT_OK;
    }

    if (r->kind == NTHRIFT_STRING) {
        return json_read_string_bytes(r, p, n);
    }

    if (r->kind == NTHRIFT_DOUBLE) {
        return json_read_number_bytes(r, p, n);
    }

    while (n-- != 0) {
        json_read_uuid_byte(r, *p++);
    }

    return NTHRIFT_OK;
}


/* UTF-8, as RFC 3629 has it. */

static size_t
json_read_character(uint32_t c, uint8_t place[4])
{
    if (c < 0x80) {
        place[0] = (uint8_t) c;
        return 1;
    }

    if (c < 0x800) {
        place[0] = (uint8_t) (0xc0 | c >> 6);
        place[1] = (uint8_t) (0x80 | (c & 0x3f));
        return 2;
    }

    if (c < 0x10000) {
        place[0] = (uint8_t) (0xe0 | c >> 12);
        place[1] = (uint8_t) (0x80 | (c >> 6 & 0x3f));
        place[2] = (uint8_t) (0x80 | (c & 0x3f));
        return 3;
    }

    place[0] = (uint8_t) (0xf0 | c >> 18);
    place[1] = (uint8_t) (0x80 | (c >> 12 & 0x3f));
    place[2] = (uint8_t) (0x80 | (c >> 6 & 0x3f));
    place[3] = (uint8_t) (0x80 | (c & 0x3f));

    return 4;
}


/* The walk has seen that surrogates come as pairs. */

static int
json_read_unit(nthrift_skip_t *w, uint16_t unit)
{
    uint8_t               place[4];
    uint32_t              c;
    nthrift_json_read_t  *r;

    r = json_read_of(w);
    c = unit;

    if ((unit & 0xfc00) == 0xd800) {
        r->half = unit;
        return NTHRIFT_OK;
    }

    if ((unit & 0xfc00) == 0xdc00) {
        c = 0x10000 + (((uint32_t) r->half & 0x3ff) << 10 | (unit & 0x3ff));
    }

    return json_read_bytes(w, place, json_read_character(c, place));
}


static int
json_read_double(nthrift_json_read_t *r)
{
    char      *end;
    double     real;
    uint8_t    place[8];
    uint64_t   bits;

    r->number[r->n] = '\0';
    end = r->number + (r->number[0] == '-');

    if (*end == 'N') {
        real = NAN;

    } else if (*end == 'I') {
        real = (end == r->number) ? INFINITY : -INFINITY;

    } else {
        real = strtod(r->number, &end);

        if (end != r->number + r->n || isinf(real)) {
            return json_read_fail(r, "number out of range in JSON");
        }
    }

    memcpy(&bits, &real, sizeof(bits));
    (void) nthrift_binary_put64(place, bits);
    json_read_put(r, place, sizeof(place));

    return NTHRIFT_OK;
}


/* Its length is known now. */

static int
json_read_string_end(nthrift_json_read_t *r)
{
    if (r->base64 && r->phase == 1) {
        return json_read_fail(r, "bad base64 in JSON");
    }

    if (r->size > INT32_MAX) {
        return json_read_fail(r, "too long string in JSON");
    }

    (void) nthrift_binary_put32(r->length, r->size);

    return NTHRIFT_OK;
}


static int
json_read_end(nthrift_skip_t *w)
{
    nthrift_json_read_t  *r;

    r = json_read_of(w);

    if (r->dropping != 0 || r->kind == NTHRIFT_UUID) {
        return NTHRIFT_OK;
    }

    return (r->kind == NTHRIFT_STRING) ? json_read_string_end(r)
                                       : json_read_double(r);
}


static const nthrift_json_tell_t  json_read_tell = {
    .begin = json_read_begin,
    .stop = json_read_stop,
    .field = json_read_field,
    .value = json_read_value,
    .integer = json_read_integer,
    .bytes = json_read_bytes,
    .unit = json_read_unit,
    .end = json_read_end
};


/* The walk's levels are behind ours. */

size_t
nthrift_json_read_size(uint32_t max_depth)
{
    return max_depth * (sizeof(nthrift_json_read_level_t)
                        + sizeof(nthrift_skip_level_t));
}


void
nthrift_json_read_start(nthrift_json_read_t *r, void *memory,
    uint32_t max_depth, const nthrift_schema_t *st, uint64_t budget,
    unsigned fields, nthrift_check_error_t *err)
{
    r->levels = memory;
    r->err = err;
    r->type = NULL;
    r->length = NULL;
    r->dropping = 0;
    r->dropped = 0;
    r->fields = (uint8_t) fields;

    err->text = NULL;
    err->len = 0;
    err->told = 0;

    nthrift_skip_start(&r->walk, NTHRIFT_JSON,
                       (nthrift_skip_level_t *) (r->levels + max_depth),
                       max_depth, budget);

    r->sink.tell = &json_read_tell;
    r->walk.sink = &r->sink;

    json_read_start_struct(&r->levels[0], st);
}


int
nthrift_json_read_part(nthrift_json_read_t *r, const uint8_t **p,
    const uint8_t *last, uint8_t **out, uint8_t *end)
{
    int              rc;
    nthrift_error_t  error;

    error.text = NULL;
    r->sink.out = *out;
    r->sink.end = end;

    rc = nthrift_skip_read(&r->walk, p, last, &error);

    *out = r->sink.out;

    if (rc == NTHRIFT_ERROR && r->err->text == NULL) {
        r->err->text = error.text;
    }

    return (rc == NTHRIFT_DECLINED) ? NTHRIFT_AGAIN : rc;
}
