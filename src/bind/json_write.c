/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * bind/json_write.c: goes through a body token by token with the tables of its
 * struct beside it, and writes it in the JSON protocol: see json_write.h.  The
 * module comes here with calls for servers that speak JSON, and with replies to
 * clients that do.
 */

#include "bind/json_write.h"

#include "bind/protocol.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>


/* What w->string is. */

typedef enum {
    JSON_WRITE_NONE = 0,
    JSON_WRITE_TEXT,
    JSON_WRITE_BINARY,
    JSON_WRITE_DROPPED
} json_write_string_e;


/* A character of text becomes this at most: \u0000 */

#define JSON_WRITE_ESCAPE  6

/* Bytes of base64 that are written at once. */

#define JSON_WRITE_CODES   4

/* Digits behind the point that are looked for first. */

#define JSON_WRITE_PLACES  6

/* A double with more takes as long as so many bytes of other values. */

#define JSON_WRITE_COST    256


static const char *const  json_write_types[NTHRIFT_UUID + 1] = {
    [NTHRIFT_BOOL] = "tf",
    [NTHRIFT_I8] = "i8",
    [NTHRIFT_DOUBLE] = "dbl",
    [NTHRIFT_I16] = "i16",
    [NTHRIFT_I32] = "i32",
    [NTHRIFT_I64] = "i64",
    [NTHRIFT_STRING] = "str",
    [NTHRIFT_STRUCT] = "rec",
    [NTHRIFT_MAP] = "map",
    [NTHRIFT_SET] = "set",
    [NTHRIFT_LIST] = "lst",
    [NTHRIFT_UUID] = "uid"
};


static const char  json_write_base64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";


static int
json_write_fail(nthrift_json_write_t *w, const char *text)
{
    return nthrift_error_set(w->err, text);
}


/* What is left out is not written; there is room for all else. */

static void
json_write_put(nthrift_json_write_t *w, const char *text)
{
    size_t  n;

    if (w->dropping == NULL) {
        n = strlen(text);
        memcpy(w->out, text, n);
        w->out += n;
    }
}


static void
json_write_int(nthrift_json_write_t *w, int64_t value)
{
    char  text[24];

    (void) snprintf(text, sizeof(text), "%" PRId64, value);
    json_write_put(w, text);
}


/*
 * Most have few digits.  The quotient of two numbers that are exact is the
 * double that is nearest to it, which is what a reader makes of these digits.
 * NTHRIFT_DECLINED: it has more of them.
 */

static int
json_write_decimal(nthrift_json_write_t *w, double real)
{
    int      places;
    char     text[32];
    double   scale;
    int64_t  n;

    n = 0;
    scale = 1;

    for (places = 0; places <= JSON_WRITE_PLACES; places++) {

        if (fabs(real) * scale >= 1e15) {
            return NTHRIFT_DECLINED;
        }

        n = (int64_t) (fabs(real) * scale + 0.5);

        if ((double) n / scale == fabs(real)) {
            break;
        }

        scale *= 10;
    }

    if (places > JSON_WRITE_PLACES) {
        return NTHRIFT_DECLINED;
    }

    json_write_put(w, signbit(real) ? "-" : "");
    json_write_int(w, n / (int64_t) scale);

    if (places != 0) {
        (void) snprintf(text, sizeof(text), ".%0*" PRId64, places,
                        n % (int64_t) scale);
        json_write_put(w, text);
    }

    return NTHRIFT_OK;
}


/*
 * The digits, 17 at most, that make the same number again; RFC 8259 takes all
 * that "%g" writes of numbers.
 */

static void
json_write_double(nthrift_json_write_t *w, int64_t bits)
{
    int     digits;
    char    text[32];
    double  real;

    memcpy(&real, &bits, sizeof(real));

    if (isnan(real)) {
        json_write_put(w, "\"NaN\"");
        return;
    }

    if (isinf(real)) {
        json_write_put(w, (real > 0) ? "\"Infinity\"" : "\"-Infinity\"");
        return;
    }

    if (w->dropping != NULL || json_write_decimal(w, real) == NTHRIFT_OK) {
        return;
    }

    digits = 15;

    do {
        (void) snprintf(text, sizeof(text), "%.*g", digits, real);
    } while (++digits <= 17 && strtod(text, NULL) != real);

    w->stop -= (w->stop > JSON_WRITE_COST) ? JSON_WRITE_COST : w->stop;

    json_write_put(w, text);
}


static void
json_write_uuid(nthrift_json_write_t *w, const uint8_t *uuid)
{
    int                i, n;
    char               text[40];
    static const char  hex[] = "0123456789abcdef";

    n = 0;
    text[n++] = '"';

    for (i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text[n++] = '-';
        }

        text[n++] = hex[uuid[i] >> 4];
        text[n++] = hex[uuid[i] & 0x0f];
    }

    text[n++] = '"';
    text[n] = '\0';

    json_write_put(w, text);
}


/* What stands behind a value that is whole. */

static void
json_write_value_end(nthrift_json_write_t *w)
{
    if (w->level->at.fields) {
        json_write_put(w, "}");
    }
}


/* What stands before the value that comes, which is a key or not. */

static void
json_write_value_start(nthrift_json_write_t *w, int key)
{
    nthrift_json_write_level_t  *level;

    level = w->level;

    if (level->at.fields) {
        return;
    }

    if (!level->pairs) {
        json_write_put(w, ",");
        return;
    }

    if (!key) {
        json_write_put(w, ":");

    } else if (level->begun) {
        json_write_put(w, ",");
    }

    level->begun = 1;
}


/* A number that is a key has quotes. */

static void
json_write_scalar(nthrift_json_write_t *w, const nthrift_token_t *t, int key)
{
    int64_t  number;

    if (t->type == NTHRIFT_UUID) {
        json_write_uuid(w, t->at);
        json_write_value_end(w);
        return;
    }

    number = (t->type == NTHRIFT_BOOL) ? w->protocol->truth(t)
                                       : w->protocol->number(t);

    /* what is no number has quotes of its own */

    if (t->type == NTHRIFT_DOUBLE) {
        key = key && (number & INT64_MAX) >> 52 != 0x7ff;
    }

    json_write_put(w, key ? "\"" : "");

    if (t->type == NTHRIFT_DOUBLE) {
        json_write_double(w, number);

    } else {
        json_write_int(w, number);
    }

    json_write_put(w, key ? "\"" : "");
    json_write_value_end(w);
}


static nthrift_json_write_level_t *
json_write_enter(nthrift_json_write_t *w)
{
    if (w->level == w->top) {
        (void) json_write_fail(w, "too many levels of nesting");
        return NULL;
    }

    w->level++;
    w->level->begun = 0;

    return w->level;
}


static void
json_write_start_struct(nthrift_json_write_t *w,
    nthrift_json_write_level_t *level, const nthrift_schema_t *st)
{
    level->at.left = 1;
    level->at.id = 0;
    level->at.fields = 1;
    level->pairs = 0;
    level->begun = 0;
    level->st = st;

    json_write_put(w, "{");
}


/* `["type",size` or `["type","type",size,{` */

static void
json_write_container_head(nthrift_json_write_t *w, const nthrift_token_t *t,
    const nthrift_schema_type_t *type)
{
    if (w->dropping != NULL) {
        return;
    }

    json_write_put(w, "[\"");

    if (t->type == NTHRIFT_MAP) {
        json_write_put(w, json_write_types[type->key->type]);
        json_write_put(w, "\",\"");
    }

    json_write_put(w, json_write_types[type->elem->type]);
    json_write_put(w, "\",");
    json_write_int(w, t->count);
    json_write_put(w, (t->type == NTHRIFT_MAP) ? ",{" : "");
}


/* An empty one may say other types. */

static int
json_write_container(nthrift_json_write_t *w, const nthrift_token_t *t,
    const nthrift_schema_type_t *type)
{
    int                          map;
    nthrift_json_write_level_t  *level;

    map = (t->type == NTHRIFT_MAP);

    if (type != NULL && t->count != 0
        && (t->elem != type->elem->type
            || (map && t->key != type->key->type)))
    {
        return json_write_fail(w, "element of another type than declared");
    }

    json_write_container_head(w, t, type);

    level = json_write_enter(w);
    if (level == NULL) {
        return NTHRIFT_ERROR;
    }

    level->at.left = map ? t->count * 2 : t->count;
    level->at.fields = 0;
    level->at.type[0] = map ? t->key : t->elem;
    level->at.type[1] = t->elem;
    level->type[0] = (type == NULL) ? NULL : map ? type->key : type->elem;
    level->type[1] = (type == NULL) ? NULL : type->elem;
    level->pairs = (uint8_t) map;
    level->st = NULL;

    return NTHRIFT_OK;
}


static void
json_write_string(nthrift_json_write_t *w, const nthrift_token_t *t,
    const nthrift_schema_type_t *type)
{
    w->left = t->count;
    w->bits = 0;
    w->phase = 0;
    memset(&w->utf8, 0, sizeof(nthrift_utf8_t));

    if (w->dropping != NULL) {
        w->string = JSON_WRITE_DROPPED;
        return;
    }

    w->string = (type->flags & NTHRIFT_SCHEMA_TEXT) ? JSON_WRITE_TEXT
                                                    : JSON_WRITE_BINARY;
    json_write_put(w, "\"");
}


/* The value of a token; `type` is NULL where it is left out. */

static int
json_write_value(nthrift_json_write_t *w, const nthrift_token_t *t,
    const nthrift_schema_type_t *type, int key)
{
    nthrift_json_write_level_t  *level;

    json_write_value_start(w, key);

    switch (t->type) {

    case NTHRIFT_STRING:
        json_write_string(w, t, type);
        return NTHRIFT_OK;

    case NTHRIFT_STRUCT:
        level = json_write_enter(w);
        if (level == NULL) {
            return NTHRIFT_ERROR;
        }

        json_write_start_struct(w, level, type ? type->st : NULL);
        return NTHRIFT_OK;

    case NTHRIFT_MAP:
    case NTHRIFT_SET:
    case NTHRIFT_LIST:
        return json_write_container(w, t, type);

    default:
        json_write_scalar(w, t, key);
        return NTHRIFT_OK;
    }
}


/* `"id":{"type":` */

static int
json_write_field(nthrift_json_write_t *w, const nthrift_token_t *t)
{
    nthrift_json_write_level_t    *level;
    const nthrift_schema_field_t  *field;

    level = w->level;
    level->at.id = t->id;

    if (w->dropping != NULL) {
        return json_write_value(w, t, NULL, 0);
    }

    field = nthrift_schema_field(level->st, t->id);

    if (field == NULL) {
        w->dropping = level;
        return json_write_value(w, t, NULL, 0);
    }

    if (field->type.type != t->type) {
        return json_write_fail(w, "field of another type than declared");
    }

    json_write_put(w, level->begun ? ",\"" : "\"");
    json_write_int(w, t->id);
    json_write_put(w, "\":{\"");
    json_write_put(w, json_write_types[t->type]);
    json_write_put(w, "\":");

    level->begun = 1;

    return json_write_value(w, t, &field->type, 0);
}


static int
json_write_read(nthrift_json_write_t *w, nthrift_token_t *t)
{
    ptrdiff_t                     n;
    nthrift_bytes_t              *b;
    const nthrift_token_level_t  *at;

    b = w->body;
    at = &w->level->at;

    n = w->protocol->read(at, b->p, b->last, t);

    if (n >= 0) {
        b->p += n;
        return NTHRIFT_OK;
    }

    if (n == NTHRIFT_AGAIN
        && nthrift_token_read_cut(w->protocol, at, b, w->place, t)
           == NTHRIFT_OK)
    {
        return NTHRIFT_OK;
    }

    return json_write_fail(w, "malformed body");
}


/* A struct or container is over.  NTHRIFT_DECLINED: it was the body's. */

static int
json_write_leave(nthrift_json_write_t *w, const char *text)
{
    json_write_put(w, text);

    if (w->level == w->base) {
        json_write_put(w, "]");
        return NTHRIFT_DECLINED;
    }

    w->level--;
    json_write_value_end(w);

    return NTHRIFT_OK;
}


/* Reads one token.  NTHRIFT_DECLINED: the end. */

static int
json_write_step(nthrift_json_write_t *w)
{
    int                          key;
    uint32_t                     left;
    nthrift_token_t              t;
    nthrift_json_write_level_t  *level;

    level = w->level;
    left = level->at.left;

    if (left == 0) {
        return json_write_leave(w, level->pairs ? "}]" : "]");
    }

    if (level == w->dropping) {
        w->dropping = NULL;
    }

    if (json_write_read(w, &t) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (level->at.fields) {
        return (t.type == NTHRIFT_STOP) ? json_write_leave(w, "}")
                                        : json_write_field(w, &t);
    }

    key = level->pairs && (left & 1) == 0;
    level->at.left--;

    return json_write_value(w, &t, level->type[left & 1], key);
}


static void
json_write_escape(nthrift_json_write_t *w, uint8_t c)
{
    char               text[JSON_WRITE_ESCAPE + 1];
    static const char  known[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    const char        *k;

    for (k = known; *k != '\0'; k += 2) {
        if ((uint8_t) *k == c) {
            text[0] = '\\';
            text[1] = k[1];
            text[2] = '\0';
            json_write_put(w, text);
            return;
        }
    }

    (void) snprintf(text, sizeof(text), "\\u%04x", c);
    json_write_put(w, text);
}


static int
json_write_text(nthrift_json_write_t *w, const uint8_t *p, size_t n)
{
    const uint8_t  *last, *start;

    last = p + n;

    if (nthrift_utf8_read(&w->utf8, p, last) != NTHRIFT_OK) {
        return json_write_fail(w, "text that is not UTF-8");
    }

    while (p != last) {
        start = p;

        while (p != last && *p >= 0x20 && *p != '"' && *p != '\\') {
            p++;
        }

        memcpy(w->out, start, (size_t) (p - start));
        w->out += p - start;

        if (p != last) {
            json_write_escape(w, *p++);
        }
    }

    return NTHRIFT_OK;
}


/* Three bytes as four characters; fewer at the end of all. */

static void
json_write_codes(nthrift_json_write_t *w)
{
    uint32_t  bits;

    bits = w->bits << 8 * (3 - w->phase);

    w->out[0] = (uint8_t) json_write_base64[bits >> 18 & 0x3f];
    w->out[1] = (uint8_t) json_write_base64[bits >> 12 & 0x3f];
    w->out[2] = (w->phase > 1)
                ? (uint8_t) json_write_base64[bits >> 6 & 0x3f] : '=';
    w->out[3] = (w->phase > 2) ? (uint8_t) json_write_base64[bits & 0x3f]
                               : '=';
    w->out += JSON_WRITE_CODES;
    w->bits = 0;
    w->phase = 0;
}


static void
json_write_bytes(nthrift_json_write_t *w, const uint8_t *p, size_t n)
{
    while (n-- != 0) {
        w->bits = w->bits << 8 | *p++;

        if (++w->phase == 3) {
            json_write_codes(w);
        }
    }
}


/* A string of which nothing is left. */

static int
json_write_string_end(nthrift_json_write_t *w)
{
    if (w->string == JSON_WRITE_TEXT && w->utf8.have != 0) {
        return json_write_fail(w, "text that is not UTF-8");
    }

    if (w->phase != 0) {
        json_write_codes(w);
    }

    w->string = JSON_WRITE_NONE;

    json_write_put(w, "\"");
    json_write_value_end(w);

    return NTHRIFT_OK;
}


/* Goes on in a string as far as there are bytes, and room for them. */

static int
json_write_string_part(nthrift_json_write_t *w)
{
    int               rc;
    size_t            n;
    nthrift_bytes_t  *b;

    if (w->left == 0) {
        return json_write_string_end(w);
    }

    b = w->body;

    if (b->p == b->last && nthrift_bytes_next(b) != NTHRIFT_OK) {
        return json_write_fail(w, "malformed body");
    }

    n = (size_t) (b->last - b->p);
    n = (n < w->left) ? n : w->left;

    if (w->string != JSON_WRITE_DROPPED
        && n > (size_t) (w->end - w->out) / JSON_WRITE_ESCAPE)
    {
        n = (size_t) (w->end - w->out) / JSON_WRITE_ESCAPE;
    }

    rc = NTHRIFT_OK;

    if (w->string == JSON_WRITE_TEXT) {
        rc = json_write_text(w, b->p, n);

    } else if (w->string == JSON_WRITE_BINARY) {
        json_write_bytes(w, b->p, n);
    }

    b->p += n;
    w->left -= (uint32_t) n;

    return rc;
}


size_t
nthrift_json_write_size(uint32_t max_depth)
{
    return max_depth * sizeof(nthrift_json_write_level_t);
}


void
nthrift_json_write_start(nthrift_json_write_t *w, void *memory,
    uint32_t max_depth, unsigned protocol, const nthrift_schema_t *st,
    nthrift_bytes_t *body, nthrift_error_t *err)
{
    err->text = NULL;

    w->protocol = nthrift_bind_protocols[protocol].token;
    w->body = body;
    w->base = memory;
    w->top = w->base + max_depth - 1;
    w->level = w->base;
    w->dropping = NULL;
    w->err = err;
    w->string = JSON_WRITE_NONE;

    /* its brace is written with the first part */

    w->base->st = st;
    w->base->at.fields = 0;
}


int
nthrift_json_write_part(nthrift_json_write_t *w, uint64_t bytes,
    uint8_t **out, uint8_t *end)
{
    int       rc;
    uint64_t  offset;

    offset = nthrift_bytes_offset(w->body);

    w->stop = (bytes < UINT64_MAX - offset) ? offset + bytes : UINT64_MAX;
    w->out = *out;
    w->end = end;

    if (!w->base->at.fields) {
        json_write_start_struct(w, w->base, w->base->st);
    }

    do {
        if (w->end - w->out < NTHRIFT_JSON_WRITE_ROOM
            || nthrift_bytes_offset(w->body) >= w->stop)
        {
            rc = NTHRIFT_AGAIN;
            break;
        }

        rc = w->string ? json_write_string_part(w) : json_write_step(w);

    } while (rc == NTHRIFT_OK);

    *out = w->out;

    return (rc == NTHRIFT_DECLINED) ? NTHRIFT_OK : rc;
}
