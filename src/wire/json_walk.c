/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * wire/json_walk.c: the walk over a body in the JSON protocol.  skip.c comes
 * here by way of json.c's row.
 *
 *     message  [1,"name",type,seqid,{...}]      the walk begins at the brace
 *     struct   {"id":{"type":value},...}        and ends behind the bracket
 *     list     ["type",size,value,...]
 *     map      ["type","type",size,{key:value,...}]
 *
 * A string or a number has no length, so that the walk goes from byte to byte
 * and keeps in w->text where it is; a piece is always read to its end.  Who
 * wants to know what the bytes say is told by w->sink: json.h.
 *
 * What is refused is what one of Apache's readers would refuse, or read as
 * something else: the C++ one takes no blanks and no \u00E9, and makes 127 of
 * a number that is too large, which Java and Python cut off or keep.
 *
 * Source: lib/cpp TJSONProtocol.cpp, lib/java TJSONProtocol.java, lib/py
 * TJSONProtocol.py.
 */

#include "wire/json.h"
#include "wire/walk.h"


/* What is read next, once w->text.want was met. */

typedef enum {
    JSON_START = 0,             /* as nthrift_skip_start() leaves it */
    JSON_FIRST,                 /* a struct's first field, or its end */
    JSON_NEXT,                  /* another one, or its end */
    JSON_ID,
    JSON_FIELD_TYPE,
    JSON_LIST_TYPE,
    JSON_KEY_TYPE,
    JSON_VALUE_TYPE,
    JSON_SIZE,
    JSON_VALUE,
    JSON_STRUCT,
    JSON_INTEGER,
    JSON_DOUBLE,
    JSON_STRING,
    JSON_ESCAPE,
    JSON_HEX,
    JSON_UUID,
    JSON_VALUE_END,
    JSON_CONTAINER_END,
    JSON_END
} json_state_e;


/* What is known of a number or a string, in w->text.flags. */

#define JSON_KEY       0x01     /* a key: has quotes if it is a number */
#define JSON_NEGATIVE  0x02
#define JSON_QUOTED    0x04     /* a double that began with a quote */
#define JSON_HALF      0x08     /* the first one of two surrogates was read */


/* What must come as it is, w->text.at tells how much of it came. */

typedef enum {
    JSON_NOTHING = 0,
    JSON_BRACE,
    JSON_QUOTE,
    JSON_COLON,
    JSON_COMMA,
    JSON_TO_FIELD_TYPE,
    JSON_TO_CONTAINER,
    JSON_TO_VALUE_TYPE,
    JSON_TO_PAIRS,
    JSON_NO_PAIRS,
    JSON_FIELD_DONE,
    JSON_LIST_DONE,
    JSON_MAP_DONE,
    JSON_NAN,
    JSON_INFINITY
} json_want_e;


static const char *const  json_wants[] = {
    [JSON_NOTHING] = "",
    [JSON_BRACE] = "{",
    [JSON_QUOTE] = "\"",
    [JSON_COLON] = ":",
    [JSON_COMMA] = ",",
    [JSON_TO_FIELD_TYPE] = "\":{\"",
    [JSON_TO_CONTAINER] = "[\"",
    [JSON_TO_VALUE_TYPE] = ",\"",
    [JSON_TO_PAIRS] = ",{",
    [JSON_NO_PAIRS] = ",{}]",
    [JSON_FIELD_DONE] = "}",
    [JSON_LIST_DONE] = "]",
    [JSON_MAP_DONE] = "}]",
    [JSON_NAN] = "aN\"",
    [JSON_INFINITY] = "nfinity\""
};


/* Bytes that a value has at least, as an element and as a key of a map. */

static const uint8_t  json_least[NTHRIFT_UUID + 1] = {
    [NTHRIFT_BOOL] = 1,
    [NTHRIFT_I8] = 1,
    [NTHRIFT_DOUBLE] = 1,
    [NTHRIFT_I16] = 1,
    [NTHRIFT_I32] = 1,
    [NTHRIFT_I64] = 1,
    [NTHRIFT_STRING] = sizeof("\"\"") - 1,
    [NTHRIFT_STRUCT] = sizeof("{}") - 1,
    [NTHRIFT_MAP] = sizeof("[\"tf\",\"tf\",0,{}]") - 1,
    [NTHRIFT_SET] = sizeof("[\"tf\",0]") - 1,
    [NTHRIFT_LIST] = sizeof("[\"tf\",0]") - 1,
    [NTHRIFT_UUID] = 36 + 2
};


/* A number that is a key has quotes. */

static inline uint64_t
json_key_least(uint8_t type)
{
    return json_least[type] == 1 ? 3 : json_least[type];
}


static inline int
json_expect(nthrift_skip_t *w, uint8_t want, uint8_t state)
{
    w->text.want = want;
    w->text.at = 0;
    w->text.n = 0;
    w->text.flags = 0;
    w->text.value = 0;
    w->text.state = state;

    return NTHRIFT_OK;
}


#define json_refuse(w, text)  nthrift_walk_refuse(w, 0, text)


static int
json_unexpected(nthrift_skip_t *w)
{
    return json_refuse(w, "unexpected character in JSON");
}


/*
 * What follows a value.  A level of a map has `fields` 2; its keys come while
 * `left` is even.
 */

static int
json_value_end(nthrift_skip_t *w)
{
    nthrift_skip_level_t  *level;

    level = &w->levels[w->depth - 1];

    if (level->fields == 1) {
        return json_expect(w, JSON_FIELD_DONE, JSON_NEXT);
    }

    level->left--;

    if (level->left == 0) {
        return json_expect(w, level->fields ? JSON_MAP_DONE : JSON_LIST_DONE,
                           JSON_CONTAINER_END);
    }

    return json_expect(w, level->fields && (level->left & 1) ? JSON_COLON
                                                              : JSON_COMMA,
                       JSON_VALUE);
}


static int
json_leave(nthrift_skip_t *w)
{
    nthrift_walk_leave(w);

    if (w->depth == 0) {
        return json_expect(w, JSON_LIST_DONE, JSON_END);
    }

    return json_value_end(w);
}


/* What is told by the functions of json.h, if anybody wants to know. */

#define json_tells(w)  ((w)->sink != NULL)


static int
json_tell_type(nthrift_skip_t *w, uint8_t type)
{
    uint16_t  id;

    if (!json_tells(w)) {
        return NTHRIFT_OK;
    }

    id = (uint16_t) w->levels[w->depth - 1].left;

    return w->sink->tell->field(w, (int16_t) id, type);
}


static int
json_tell_stop(nthrift_skip_t *w)
{
    return json_tells(w) ? w->sink->tell->stop(w) : NTHRIFT_OK;
}


static int
json_tell_begin(nthrift_skip_t *w, uint8_t type, uint32_t count)
{
    return json_tells(w) ? w->sink->tell->begin(w, type, count) : NTHRIFT_OK;
}


static int
json_tell_integer(nthrift_skip_t *w)
{
    uint64_t  value;

    if (!json_tells(w)) {
        return NTHRIFT_OK;
    }

    value = (w->text.flags & JSON_NEGATIVE) ? 0 - w->text.value
                                            : w->text.value;

    return w->sink->tell->integer(w, w->text.type, (int64_t) value);
}


static int
json_tell_value(nthrift_skip_t *w, uint8_t type)
{
    return json_tells(w) ? w->sink->tell->value(w, type) : NTHRIFT_OK;
}


static int
json_tell_bytes(nthrift_skip_t *w, const uint8_t *p, size_t n)
{
    return json_tells(w) ? w->sink->tell->bytes(w, p, n) : NTHRIFT_OK;
}


static int
json_tell_byte(nthrift_skip_t *w, uint8_t c)
{
    return json_tell_bytes(w, &c, 1);
}


static int
json_tell_unit(nthrift_skip_t *w)
{
    return json_tells(w) ? w->sink->tell->unit(w, (uint16_t) w->text.value)
                         : NTHRIFT_OK;
}


static int
json_tell_end(nthrift_skip_t *w)
{
    return json_tells(w) ? w->sink->tell->end(w) : NTHRIFT_OK;
}


static int
json_value(nthrift_skip_t *w)
{
    uint8_t                type, key;
    nthrift_skip_level_t  *level;

    level = &w->levels[w->depth - 1];
    type = (level->fields == 1) ? w->text.type : level->type[level->left & 1];
    key = level->fields == 2 && (level->left & 1) == 0;

    if (json_tell_value(w, type) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    switch (type) {

    case NTHRIFT_DOUBLE:
        (void) json_expect(w, JSON_NOTHING, JSON_DOUBLE);
        break;

    case NTHRIFT_STRING:
        return json_expect(w, JSON_QUOTE, JSON_STRING);

    case NTHRIFT_UUID:
        return json_expect(w, JSON_QUOTE, JSON_UUID);

    case NTHRIFT_STRUCT:
        return json_expect(w, JSON_BRACE, JSON_STRUCT);

    case NTHRIFT_MAP:
        w->text.type = type;
        return json_expect(w, JSON_TO_CONTAINER, JSON_KEY_TYPE);

    case NTHRIFT_SET:
    case NTHRIFT_LIST:
        w->text.type = type;
        return json_expect(w, JSON_TO_CONTAINER, JSON_LIST_TYPE);

    default: /* integers and bools */
        (void) json_expect(w, key ? JSON_QUOTE : JSON_NOTHING, JSON_INTEGER);
        break;
    }

    w->text.type = type;
    w->text.flags = key ? JSON_KEY : 0;

    return NTHRIFT_OK;
}


/* The size of a container was read: its values come, if there are any. */

static int
json_list(nthrift_skip_t *w, uint64_t count, uint64_t rest)
{
    uint8_t  type;

    type = w->text.elem;

    if (count * (1 + json_least[type]) + 1 > rest) {
        return json_refuse(w, "list longer than its message");
    }

    if (nthrift_walk_enter(w, 0, 0, (uint32_t) count, type, type)
        != NTHRIFT_OK
        || json_tell_begin(w, w->text.type, (uint32_t) count) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (count == 0) {
        return json_expect(w, JSON_LIST_DONE, JSON_CONTAINER_END);
    }

    return json_expect(w, JSON_COMMA, JSON_VALUE);
}


static int
json_map(nthrift_skip_t *w, uint64_t count, uint64_t rest)
{
    uint64_t  least;

    /* "k:v" and a comma, of which the last one has none */

    least = json_key_least(w->text.key) + json_least[w->text.elem] + 2;

    if (count * least - (count != 0) + sizeof(",{}]") - 1 > rest) {
        return json_refuse(w, "map longer than its message");
    }

    if (nthrift_walk_enter(w, 0, 2, (uint32_t) count * 2, w->text.key,
                           w->text.elem)
        != NTHRIFT_OK
        || json_tell_begin(w, NTHRIFT_MAP, (uint32_t) count) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (count == 0) {
        return json_expect(w, JSON_NO_PAIRS, JSON_CONTAINER_END);
    }

    return json_expect(w, JSON_TO_PAIRS, JSON_VALUE);
}


/* The name of a type: letters up to the quote. */

static int
json_type(nthrift_skip_t *w, uint8_t c)
{
    uint8_t  type, state;

    if (c != '"') {
        w->text.value = w->text.value << 8 | c;
        w->text.n++;

        return (w->text.n <= NTHRIFT_JSON_TYPE_NAME)
               ? NTHRIFT_OK : json_refuse(w, "unknown type in JSON");
    }

    type = nthrift_json_type((uint32_t) w->text.value);

    if (type == NTHRIFT_STOP) {
        return json_refuse(w, "unknown type in JSON");
    }

    state = w->text.state;

    if (state == JSON_FIELD_TYPE) {
        if (json_tell_type(w, type) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        w->text.type = type;
        return json_expect(w, JSON_COLON, JSON_VALUE);
    }

    if (state == JSON_KEY_TYPE) {
        w->text.key = type;
        return json_expect(w, JSON_TO_VALUE_TYPE, JSON_VALUE_TYPE);
    }

    w->text.elem = type;

    return json_expect(w, JSON_COMMA, JSON_SIZE);
}


/*
 * A byte of a number.  Returns NTHRIFT_OK; NTHRIFT_DECLINED when the number
 * was whole before this byte; NTHRIFT_ERROR.
 */

static int
json_number(nthrift_skip_t *w, uint8_t c, uint64_t largest, int negative)
{
    if (c == '-' && w->text.n == 0 && negative
        && !(w->text.flags & JSON_NEGATIVE))
    {
        w->text.flags |= JSON_NEGATIVE;
        return NTHRIFT_OK;
    }

    if (w->text.flags & JSON_NEGATIVE) {
        largest++;
    }

    if (!nthrift_json_is_digit(c)) {
        return (w->text.n != 0) ? NTHRIFT_DECLINED : json_unexpected(w);
    }

    if (nthrift_json_append(&w->text.value, w->text.n, c, largest)
        != NTHRIFT_OK)
    {
        return json_refuse(w, "number out of range in JSON");
    }

    w->text.n++;

    return NTHRIFT_OK;
}


static int
json_id(nthrift_skip_t *w, uint8_t c)
{
    int      rc;
    int16_t  id;

    rc = json_number(w, c, INT16_MAX, 1);

    if (rc != NTHRIFT_DECLINED) {
        return rc;
    }

    id = (int16_t) ((w->text.flags & JSON_NEGATIVE)
                    ? -(int32_t) w->text.value : (int32_t) w->text.value);

    w->levels[w->depth - 1].left = (uint16_t) id;

    if (w->depth == 1) {
        nthrift_walk_count_field(w, id);
    }

    (void) json_expect(w, JSON_TO_FIELD_TYPE, JSON_FIELD_TYPE);

    return NTHRIFT_DECLINED;
}


static int
json_size(nthrift_skip_t *w, uint8_t c, uint64_t rest)
{
    int  rc;

    rc = json_number(w, c, INT32_MAX, 0);

    if (rc != NTHRIFT_DECLINED) {
        return rc;
    }

    rc = (w->text.type == NTHRIFT_MAP) ? json_map(w, w->text.value, rest)
                                       : json_list(w, w->text.value, rest);

    return (rc == NTHRIFT_OK) ? NTHRIFT_DECLINED : rc;
}


/* Apache's library for Node writes a negative i64 as "-000000000001". */

static int
json_integer(nthrift_skip_t *w, uint8_t c)
{
    int  rc;

    if (w->text.type == NTHRIFT_I64 && w->text.value == 0
        && nthrift_json_is_digit(c))
    {
        w->text.n = 0;
    }

    rc = json_number(w, c, nthrift_json_largest(w->text.type),
                     w->text.type != NTHRIFT_BOOL);

    if (rc == NTHRIFT_DECLINED) {
        if (json_tell_integer(w) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        (void) json_expect(w, (w->text.flags & JSON_KEY) ? JSON_QUOTE
                                                         : JSON_NOTHING,
                           JSON_VALUE_END);
    }

    return rc;
}


/*
 * RFC 8259, section 6: "[-] int [frac] [exp]".  What came last is in `n`.  A
 * key has quotes, as have "NaN", "Infinity" and "-Infinity".
 */

typedef enum {
    JSON_DBL_START = 0,
    JSON_DBL_MINUS,
    JSON_DBL_ZERO,
    JSON_DBL_INT,
    JSON_DBL_POINT,
    JSON_DBL_FRACTION,
    JSON_DBL_E,
    JSON_DBL_SIGN,
    JSON_DBL_EXPONENT
} json_double_e;


static int
json_double_digit(nthrift_skip_t *w, uint8_t c)
{
    /* quotes are where they should be: both or none */

    if (w->text.flags == JSON_KEY || w->text.flags == JSON_QUOTED) {
        return json_unexpected(w);
    }

    switch ((json_double_e) w->text.n) {

    case JSON_DBL_START:
    case JSON_DBL_MINUS:
        w->text.n = (c == '0') ? JSON_DBL_ZERO : JSON_DBL_INT;
        return NTHRIFT_OK;

    case JSON_DBL_ZERO:
        return json_unexpected(w);

    case JSON_DBL_INT:
        return NTHRIFT_OK;

    case JSON_DBL_POINT:
    case JSON_DBL_FRACTION:
        w->text.n = JSON_DBL_FRACTION;
        return NTHRIFT_OK;

    case JSON_DBL_E:
    case JSON_DBL_SIGN:
    case JSON_DBL_EXPONENT:
        break;
    }

    w->text.n = JSON_DBL_EXPONENT;

    return NTHRIFT_OK;
}


/* Its first letter tells which one it is, if the others follow. */

static int
json_double_name(nthrift_skip_t *w, uint8_t c, uint8_t want)
{
    if (json_tell_byte(w, c) != NTHRIFT_OK || json_tell_end(w) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    return json_expect(w, want, JSON_VALUE_END);
}


static int
json_double_begin(nthrift_skip_t *w, uint8_t c)
{
    if (c == '"' && w->text.n == JSON_DBL_START
        && !(w->text.flags & JSON_QUOTED))
    {
        w->text.flags |= JSON_QUOTED;
        return NTHRIFT_OK;
    }

    if (c == '-' && w->text.n == JSON_DBL_START) {
        w->text.n = JSON_DBL_MINUS;
        return json_tell_byte(w, c);
    }

    if (c == 'I' && (w->text.flags & JSON_QUOTED)) {
        return json_double_name(w, c, JSON_INFINITY);
    }

    if (c == 'N' && (w->text.flags & JSON_QUOTED)
        && w->text.n == JSON_DBL_START)
    {
        return json_double_name(w, c, JSON_NAN);
    }

    return json_unexpected(w);
}


static int
json_double(nthrift_skip_t *w, uint8_t c)
{
    uint8_t  n;

    if (nthrift_json_is_digit(c)) {
        return (json_double_digit(w, c) == NTHRIFT_OK) ? json_tell_byte(w, c)
                                                       : NTHRIFT_ERROR;
    }

    n = w->text.n;

    if (n <= JSON_DBL_MINUS) {
        return json_double_begin(w, c);
    }

    if (c == '.' && (n == JSON_DBL_ZERO || n == JSON_DBL_INT)) {
        w->text.n = JSON_DBL_POINT;
        return json_tell_byte(w, c);
    }

    if ((c == 'e' || c == 'E')
        && (n == JSON_DBL_ZERO || n == JSON_DBL_INT
            || n == JSON_DBL_FRACTION))
    {
        w->text.n = JSON_DBL_E;
        return json_tell_byte(w, c);
    }

    if ((c == '+' || c == '-') && n == JSON_DBL_E) {
        w->text.n = JSON_DBL_SIGN;
        return json_tell_byte(w, c);
    }

    if (n == JSON_DBL_POINT || n == JSON_DBL_E || n == JSON_DBL_SIGN) {
        return json_unexpected(w);
    }

    if (json_tell_end(w) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    (void) json_expect(w, (w->text.flags & JSON_QUOTED) ? JSON_QUOTE
                                                        : JSON_NOTHING,
                       JSON_VALUE_END);

    return NTHRIFT_DECLINED;
}


/*
 * A byte of a string.  A surrogate (RFC 8259, section 7) must be one of two.
 * Python puts control characters there as they are.
 */

static int
json_string(nthrift_skip_t *w, uint8_t c)
{
    if (c == '\\') {
        w->text.state = JSON_ESCAPE;
        return NTHRIFT_OK;
    }

    if (w->text.flags) {
        return json_refuse(w, "half of a surrogate pair in JSON");
    }

    if (c == '"') {
        return (json_tell_end(w) == NTHRIFT_OK)
               ? json_expect(w, JSON_NOTHING, JSON_VALUE_END) : NTHRIFT_ERROR;
    }

    return json_tell_byte(w, c);
}


/* What stands for what behind a backslash; 0: nothing. */

static uint8_t
json_escaped(uint8_t c)
{
    switch (c) {

    case '"':
    case '\\':
    case '/':
        return c;

    case 'b':
        return '\b';

    case 'f':
        return '\f';

    case 'n':
        return '\n';

    case 'r':
        return '\r';

    case 't':
        return '\t';

    default:
        return 0;
    }
}


static int
json_escape(nthrift_skip_t *w, uint8_t c)
{
    if (c == 'u') {
        w->text.state = JSON_HEX;
        w->text.n = 0;
        w->text.value = 0;
        return NTHRIFT_OK;
    }

    if (w->text.flags) {
        return json_refuse(w, "half of a surrogate pair in JSON");
    }

    c = json_escaped(c);

    if (c == 0) {
        return json_refuse(w, "unknown escape in JSON");
    }

    w->text.state = JSON_STRING;

    return json_tell_byte(w, c);
}


/* Four digits; large ones are none for C++ and Java. */

static int
json_hex(nthrift_skip_t *w, uint8_t c)
{
    uint8_t  digit;

    if (nthrift_json_is_digit(c)) {
        digit = (uint8_t) (c - '0');

    } else if (c >= 'a' && c <= 'f') {
        digit = (uint8_t) (c - 'a' + 10);

    } else {
        return json_refuse(w, "unknown escape in JSON");
    }

    w->text.value = w->text.value << 4 | digit;

    if (++w->text.n < 4) {
        return NTHRIFT_OK;
    }

    if ((w->text.value & 0xfc00) == 0xdc00 ? !w->text.flags : w->text.flags) {
        return json_refuse(w, "half of a surrogate pair in JSON");
    }

    w->text.flags = (w->text.value & 0xfc00) == 0xd800 ? JSON_HALF : 0;
    w->text.state = JSON_STRING;

    return json_tell_unit(w);
}


static int
json_uuid(nthrift_skip_t *w, uint8_t c)
{
    uint8_t  n;

    n = w->text.n;

    if (n == 8 || n == 13 || n == 18 || n == 23) {
        if (c != '-') {
            return json_refuse(w, "bad uuid in JSON");
        }

    } else if (!nthrift_json_is_digit(c) && !(c >= 'a' && c <= 'f')
               && !(c >= 'A' && c <= 'F'))
    {
        return json_refuse(w, "bad uuid in JSON");
    }

    if (json_tell_byte(w, c) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (++w->text.n == 36) {
        return (json_tell_end(w) == NTHRIFT_OK)
               ? json_expect(w, JSON_QUOTE, JSON_VALUE_END) : NTHRIFT_ERROR;
    }

    return NTHRIFT_OK;
}


static int
json_field(nthrift_skip_t *w, uint8_t c)
{
    if (c == '}') {
        return (json_tell_stop(w) == NTHRIFT_OK) ? json_leave(w)
                                                 : NTHRIFT_ERROR;
    }

    if (w->text.state == JSON_FIRST) {
        return (c == '"') ? json_expect(w, JSON_NOTHING, JSON_ID)
                          : json_unexpected(w);
    }

    return (c == ',') ? json_expect(w, JSON_QUOTE, JSON_ID)
                      : json_unexpected(w);
}


/*
 * What needs no byte.  Done at once when what was wanted has come: where a
 * piece ends makes no difference.  NTHRIFT_DECLINED: a byte is needed.
 */

static int
json_step(nthrift_skip_t *w)
{
    switch ((json_state_e) w->text.state) {

    case JSON_START:
        return json_expect(w, JSON_BRACE, JSON_FIRST);

    case JSON_VALUE:
        return json_value(w);

    case JSON_STRUCT:
        if (nthrift_walk_enter(w, 0, 1, 0, 0, 0) != NTHRIFT_OK
            || json_tell_begin(w, NTHRIFT_STRUCT, 0) != NTHRIFT_OK)
        {
            return NTHRIFT_ERROR;
        }

        return json_expect(w, JSON_NOTHING, JSON_FIRST);

    case JSON_VALUE_END:
        return json_value_end(w);

    case JSON_CONTAINER_END:
        return json_leave(w);

    case JSON_FIRST:
    case JSON_NEXT:
    case JSON_ID:
    case JSON_FIELD_TYPE:
    case JSON_LIST_TYPE:
    case JSON_KEY_TYPE:
    case JSON_VALUE_TYPE:
    case JSON_SIZE:
    case JSON_INTEGER:
    case JSON_DOUBLE:
    case JSON_STRING:
    case JSON_ESCAPE:
    case JSON_HEX:
    case JSON_UUID:
    case JSON_END:
        break;
    }

    return NTHRIFT_DECLINED;
}


/* A byte.  NTHRIFT_DECLINED: the next state takes it. */

static int
json_byte(nthrift_skip_t *w, uint8_t c, uint64_t rest)
{
    switch ((json_state_e) w->text.state) {

    case JSON_FIRST:
    case JSON_NEXT:
        return json_field(w, c);

    case JSON_ID:
        return json_id(w, c);

    case JSON_FIELD_TYPE:
    case JSON_LIST_TYPE:
    case JSON_KEY_TYPE:
    case JSON_VALUE_TYPE:
        return json_type(w, c);

    case JSON_SIZE:
        return json_size(w, c, rest);

    case JSON_INTEGER:
        return json_integer(w, c);

    case JSON_DOUBLE:
        return json_double(w, c);

    case JSON_STRING:
        return json_string(w, c);

    case JSON_ESCAPE:
        return json_escape(w, c);

    case JSON_HEX:
        return json_hex(w, c);

    case JSON_UUID:
        return json_uuid(w, c);

    case JSON_START:
    case JSON_VALUE:
    case JSON_STRUCT:
    case JSON_VALUE_END:
    case JSON_CONTAINER_END:
    case JSON_END:
        break;
    }

    /* json_step() has left none of these */

    return json_unexpected(w);
}


/* A byte of what must come as it is. */

static int
json_want(nthrift_skip_t *w, uint8_t c)
{
    const char  *want;

    want = json_wants[w->text.want];

    if (c != (uint8_t) want[w->text.at]) {
        return json_unexpected(w);
    }

    if (want[++w->text.at] == '\0') {
        w->text.want = JSON_NOTHING;
    }

    return NTHRIFT_OK;
}


/* Passes over what is nothing but itself; NULL: it is refused. */

static const uint8_t *
json_walk_string(nthrift_skip_t *w, const uint8_t *p, const uint8_t *last)
{
    size_t          n;
    const uint8_t  *start;

    if (w->text.flags != 0) {
        return p;
    }

    if (json_tells(w)) {
        n = (size_t) (w->sink->end - w->sink->out);
        last = ((size_t) (last - p) > n) ? p + n : last;
    }

    start = p;

    while (p != last && *p != '"' && *p != '\\') {
        p++;
    }

    return (json_tell_bytes(w, start, (size_t) (p - start)) == NTHRIFT_OK)
           ? p : NULL;
}


/* 0: whoever is told has no room for it. */

static int
json_has_room(const nthrift_skip_t *w)
{
    return !json_tells(w)
           || w->sink->end - w->sink->out >= NTHRIFT_JSON_ROOM;
}


/*
 * Goes on by a byte, by a string as far as it is there, or by what needs no
 * byte.  NTHRIFT_DECLINED: no room.
 */

static int
json_advance(nthrift_skip_t *w, const uint8_t **pp, const uint8_t *last)
{
    int             rc;
    const uint8_t  *p;

    if (!json_has_room(w)) {
        return NTHRIFT_DECLINED;
    }

    p = *pp;

    if (w->text.want == JSON_NOTHING) {
        rc = json_step(w);

        if (rc != NTHRIFT_DECLINED) {
            return rc;
        }

        if (w->text.state == JSON_STRING) {
            p = json_walk_string(w, p, last);

            if (p == NULL) {
                return NTHRIFT_ERROR;
            }

            if (p != *pp) {
                *pp = p;
                return NTHRIFT_OK;
            }
        }
    }

    if (p == last) {
        return NTHRIFT_AGAIN;
    }

    rc = (w->text.want != JSON_NOTHING)
         ? json_want(w, *p) : json_byte(w, *p, nthrift_walk_rest(w, p));

    if (rc == NTHRIFT_DECLINED) {
        return NTHRIFT_OK;
    }

    *pp += (rc == NTHRIFT_OK);

    return rc;
}


int
nthrift_json_walk(nthrift_skip_t *w, const uint8_t **p, const uint8_t *last)
{
    int  rc;

    for ( ;; ) {
        if (w->text.want == JSON_NOTHING && w->text.state == JSON_END) {
            return NTHRIFT_OK;
        }

        rc = json_advance(w, p, last);

        if (rc != NTHRIFT_OK) {
            return rc;
        }
    }
}
