/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/json.c: the JSON protocol: a message's head, and an exception's body.
 * head.c and exception.c come here by way of the row at the end; for skip.c
 * there is json_walk.c.  A body is all that is behind the head, the bracket
 * that ends the message included.
 *
 * Source: lib/cpp TJSONProtocol.cpp, lib/java TJSONProtocol.java, lib/py
 * TJSONProtocol.py.
 */

#include "wire/json.h"
#include "wire/protocol.h"


/* `[1,"name",type,seqid,` without blanks */

#define JSON_BEGIN      "[1,\""
#define JSON_NAME_END   "\","

/* What a head has at least besides its name. */

#define JSON_LEAST      (sizeof("[1,\"\",1,0,") - 1)

/* `{"1":{"str":"text"},"2":{"i32":type}}` and the message's end */

#define JSON_EXC_BEGIN   "{\"1\":{\"str\":\""
#define JSON_EXC_MIDDLE  "\"},\"2\":{\"i32\":"
#define JSON_EXC_END     "}}]"

/* A number of 32 bits has ten digits and a sign. */

#define JSON_NUMBER_SIZE  11


#define json_size(s)      (sizeof(s) - 1)
#define json_copy(p, s)   ((uint8_t *) memcpy(p, s, json_size(s))             \
                           + json_size(s))


uint8_t
nthrift_json_type(uint32_t name)
{
    switch (name) {

    case nthrift_json_name(0, 't', 'f'):
        return NTHRIFT_BOOL;

    case nthrift_json_name(0, 'i', '8'):
        return NTHRIFT_I8;

    case nthrift_json_name('i', '1', '6'):
        return NTHRIFT_I16;

    case nthrift_json_name('i', '3', '2'):
        return NTHRIFT_I32;

    case nthrift_json_name('i', '6', '4'):
        return NTHRIFT_I64;

    case nthrift_json_name('d', 'b', 'l'):
        return NTHRIFT_DOUBLE;

    case nthrift_json_name('s', 't', 'r'):
        return NTHRIFT_STRING;

    case nthrift_json_name('r', 'e', 'c'):
        return NTHRIFT_STRUCT;

    case nthrift_json_name('m', 'a', 'p'):
        return NTHRIFT_MAP;

    case nthrift_json_name('s', 'e', 't'):
        return NTHRIFT_SET;

    case nthrift_json_name('l', 's', 't'):
        return NTHRIFT_LIST;

    case nthrift_json_name('u', 'i', 'd'):
        return NTHRIFT_UUID;

    default:
        return NTHRIFT_STOP;
    }
}


uint64_t
nthrift_json_largest(uint8_t type)
{
    static const uint64_t  largest[NTHRIFT_UUID + 1] = {
        [NTHRIFT_BOOL] = 1,
        [NTHRIFT_I8] = INT8_MAX,
        [NTHRIFT_I16] = INT16_MAX,
        [NTHRIFT_I32] = INT32_MAX,
        [NTHRIFT_I64] = INT64_MAX
    };

    return largest[type];
}


/*
 * A number that is `largest` at most, and one less than its negative at least
 * if `negative`.  Returns its bytes, NTHRIFT_AGAIN when the byte behind it is
 * not there, or NTHRIFT_ERROR.
 */

static int
json_number_read(const uint8_t *p, const uint8_t *last, uint64_t largest,
    int negative, int64_t *value)
{
    unsigned        n;
    uint64_t        v;
    const uint8_t  *start;

    start = p;
    negative = negative && p != last && *p == '-';

    if (negative) {
        largest++;
        p++;
    }

    v = 0;

    for (n = 0; p != last && nthrift_json_is_digit(*p); n++) {
        if (nthrift_json_append(&v, n, *p++, largest) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }
    }

    if (p == last) {
        return NTHRIFT_AGAIN;
    }

    if (n == 0) {
        return NTHRIFT_ERROR;
    }

    *value = negative ? (int64_t) (0 - v) : (int64_t) v;

    return (int) (p - start);
}


/* The digits of a number, at the end of `place`. */

static const uint8_t *
json_number_digits(uint8_t place[JSON_NUMBER_SIZE], int32_t number)
{
    uint8_t   *p;
    uint32_t   value;

    p = place + JSON_NUMBER_SIZE;
    value = (number < 0) ? 0 - (uint32_t) number : (uint32_t) number;

    do {
        *--p = (uint8_t) ('0' + value % 10);
        value /= 10;
    } while (value != 0);

    if (number < 0) {
        *--p = '-';
    }

    return p;
}


static size_t
json_number_size(int32_t number)
{
    uint8_t  place[JSON_NUMBER_SIZE];

    return (size_t) (place + JSON_NUMBER_SIZE
                     - json_number_digits(place, number));
}


static uint8_t *
json_number_write(uint8_t *p, int32_t number)
{
    size_t          n;
    uint8_t         place[JSON_NUMBER_SIZE];
    const uint8_t  *digits;

    digits = json_number_digits(place, number);
    n = (size_t) (place + JSON_NUMBER_SIZE - digits);

    memcpy(p, digits, n);

    return p + n;
}


/* A string as C++ writes it, but for what has a short escape: \u00xx. */

static size_t
json_string_size(const nthrift_str_t *s)
{
    size_t  i, n;

    n = s->len;

    for (i = 0; i < s->len; i++) {
        if (s->data[i] < 0x20) {
            n += json_size("\\u0000") - 1;

        } else if (s->data[i] == '"' || s->data[i] == '\\') {
            n++;
        }
    }

    return n;
}


static uint8_t *
json_string_write(uint8_t *p, const nthrift_str_t *s)
{
    size_t             i;
    uint8_t            c;
    static const char  hex[] = "0123456789abcdef";

    for (i = 0; i < s->len; i++) {
        c = s->data[i];

        if (c < 0x20) {
            p = json_copy(p, "\\u00");
            *p++ = (uint8_t) hex[c >> 4];
            *p++ = (uint8_t) hex[c & 0x0f];
            continue;
        }

        if (c == '"' || c == '\\') {
            *p++ = '\\';
        }

        *p++ = c;
    }

    return p;
}


/*
 * The name up to its quote.  No name needs an escape, and there would be no
 * bytes that head->name could point to.
 */

static int
json_name_read(const uint8_t *p, const uint8_t *last, uint64_t limit,
    nthrift_head_t *head, nthrift_error_t *err)
{
    size_t  n;

    for (n = 0; n < (size_t) (last - p) && p[n] != '"'; n++) {
        if (p[n] == '\\' || p[n] < 0x20) {
            return nthrift_error_set(err, "bad character in method name");
        }

        if (n == NTHRIFT_MAX_NAME) {
            return nthrift_error_set(err, "too long method name");
        }
    }

    if (n == (size_t) (last - p)) {
        return NTHRIFT_AGAIN;
    }

    if (nthrift_protocol_check_name(head, n, JSON_LEAST, limit, err)
        != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    head->name.len = n;
    head->name.data = (uint8_t *) p;

    return (int) n;
}


/* Is `text` here?  NTHRIFT_OK, NTHRIFT_AGAIN: as far as it came; or not. */

static int
json_match(const uint8_t *p, const uint8_t *last, const char *text)
{
    for ( /* void */ ; *text != '\0'; text++) {
        if (p == last) {
            return NTHRIFT_AGAIN;
        }

        if (*p++ != (uint8_t) *text) {
            return NTHRIFT_ERROR;
        }
    }

    return NTHRIFT_OK;
}


/* A number of the head, and the comma behind it. */

static int
json_head_number(const uint8_t *p, const uint8_t *last, uint64_t largest,
    int negative, int64_t *value)
{
    int  n;

    n = json_number_read(p, last, largest, negative, value);

    if (n > 0) {
        n = (p[n] == ',') ? n + 1 : NTHRIFT_ERROR;
    }

    return n;
}


static int
json_head_read(const uint8_t *p, const uint8_t *last, uint64_t limit,
    nthrift_head_t *head, nthrift_error_t *err)
{
    int             n;
    int64_t         type, seqid;
    const uint8_t  *start;

    start = p;
    n = json_match(p, last, JSON_BEGIN);

    if (n != NTHRIFT_OK) {
        return (n == NTHRIFT_ERROR)
               ? nthrift_error_set(err, nthrift_json.version_error) : n;
    }

    p += json_size(JSON_BEGIN);
    n = json_name_read(p, last, limit, head, err);

    if (n < 0) {
        return n;
    }

    p += n;
    n = json_match(p, last, JSON_NAME_END);

    if (n != NTHRIFT_OK) {
        return (n == NTHRIFT_ERROR)
               ? nthrift_error_set(err, "unexpected character in JSON") : n;
    }

    p += json_size(JSON_NAME_END);
    n = json_head_number(p, last, UINT8_MAX, 0, &type);

    if (n < 0) {
        return (n == NTHRIFT_ERROR)
               ? nthrift_error_set(err, "bad message type") : n;
    }

    p += n;
    n = json_head_number(p, last, INT32_MAX, 1, &seqid);

    if (n < 0) {
        return (n == NTHRIFT_ERROR) ? nthrift_error_set(err, "bad seqid") : n;
    }

    head->type = (uint8_t) type;
    head->seqid = (int32_t) seqid;

    return (int) (p + n - start);
}


static size_t
json_head_size(const nthrift_head_t *head)
{
    return json_size(JSON_BEGIN) + json_string_size(&head->name)
           + json_size(JSON_NAME_END) + json_number_size(head->type) + 1
           + json_number_size(head->seqid) + 1;
}


static uint8_t *
json_head_write(uint8_t *p, const nthrift_head_t *head)
{
    p = json_copy(p, JSON_BEGIN);
    p = json_string_write(p, &head->name);
    p = json_copy(p, JSON_NAME_END);
    p = json_number_write(p, head->type);
    *p++ = ',';
    p = json_number_write(p, head->seqid);
    *p++ = ',';

    return p;
}


/* The seqid is between the last two commas. */

static int
json_head_patch(uint8_t *p, size_t size, int32_t seqid)
{
    size_t  n;

    p += size - 1;

    for (n = 0; p[-1] != ','; n++) {
        p--;
    }

    if (n != json_number_size(seqid)) {
        return NTHRIFT_DECLINED;
    }

    (void) json_number_write(p, seqid);

    return NTHRIFT_OK;
}


static size_t
json_exception_size(const nthrift_str_t *text, int32_t type)
{
    return json_size(JSON_EXC_BEGIN) + json_string_size(text)
           + json_size(JSON_EXC_MIDDLE) + json_number_size(type)
           + json_size(JSON_EXC_END);
}


static uint8_t *
json_exception_write(uint8_t *p, const nthrift_str_t *text, int32_t type)
{
    p = json_copy(p, JSON_EXC_BEGIN);
    p = json_string_write(p, text);
    p = json_copy(p, JSON_EXC_MIDDLE);
    p = json_number_write(p, type);

    return json_copy(p, JSON_EXC_END);
}


/* A string without its quotes, escapes as they are; as far as it came. */

static const uint8_t *
json_exception_string(const uint8_t *p, const uint8_t *last,
    nthrift_str_t *text)
{
    text->data = (uint8_t *) p;

    while (p != last && *p != '"') {
        p += (*p == '\\' && last - p > 1) ? 2 : 1;
    }

    text->len = (size_t) (p - text->data);

    return p;
}


/*
 * Passes over a number, or what in quotes is no string; where none of both is
 * here the reading ends, at the brace that should be behind.
 */

static const uint8_t *
json_exception_pass(const uint8_t *p, const uint8_t *last)
{
    nthrift_str_t  unused;

    if (p != last && *p == '"') {
        p = json_exception_string(p + 1, last, &unused);

        return (p != last) ? p + 1 : p;
    }

    while (p != last && *p != '}' && *p != '{' && *p != '[') {
        p++;
    }

    return p;
}


/* A field's head: `"id":{"type":`.  Returns its bytes. */

static int
json_exception_field(const uint8_t *p, const uint8_t *last, int64_t *id,
    nthrift_str_t *type)
{
    int             n;
    const uint8_t  *start;

    start = p;

    if (p == last || *p++ != '"') {
        return NTHRIFT_ERROR;
    }

    n = json_number_read(p, last, INT16_MAX, 1, id);

    if (n < 0 || json_match(p + n, last, "\":{\"") != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    p = json_exception_string(p + n + json_size("\":{\""), last, type);

    if (json_match(p, last, "\":") != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    return (int) (p + json_size("\":") - start);
}


static void
json_exception_read(const uint8_t *p, const uint8_t *last,
    nthrift_str_t *text, int32_t *type)
{
    int            n;
    int64_t        id, number;
    nthrift_str_t  name, str = nthrift_string("str");
    nthrift_str_t  i32 = nthrift_string("i32");

    /* a brace before the first field, and a comma before each of the others */

    while (p != last && (*p == '{' || *p == ',')) {
        p++;
        n = json_exception_field(p, last, &id, &name);

        if (n < 0) {
            return;
        }

        p += n;

        if (id == 2 && nthrift_str_equal(&name, &i32)
            && json_number_read(p, last, INT32_MAX, 1, &number) > 0)
        {
            *type = (int32_t) number;
        }

        if (id == 1 && nthrift_str_equal(&name, &str) && p != last
            && *p == '"')
        {
            (void) json_exception_string(p + 1, last, text);
        }

        p = json_exception_pass(p, last);

        if (p == last || *p++ != '}') {
            return;
        }
    }
}


const nthrift_protocol_t  nthrift_json = {
    .name = "json",

    .header_id = 1,

    .first = '[',
    .version = '1',
    .version_mask = 0xff,
    .version_error = "unknown version of JSON protocol",

    .text = 1,

    .unexpected = {
        [NTHRIFT_BINARY] = "JSON message where a binary one is expected",
        [NTHRIFT_COMPACT] = "JSON message where a compact one is expected"
    },

    .head_read = json_head_read,
    .head_size = json_head_size,
    .head_write = json_head_write,
    .head_patch = json_head_patch,

    .walk = nthrift_json_walk,

    .empty = nthrift_string("{}]"),

    .exception_size = json_exception_size,
    .exception_write = json_exception_write,
    .exception_read = json_exception_read
};
