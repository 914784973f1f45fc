/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/json.c: from the text of JSON to a list of its values: see json.h.
 * Whether it is JSON is decided here, what it means in read.c.  It is read in
 * parts of any size, so that a worker has time for others between two of them;
 * where a part ends is one of the states below, or within a string.
 */

#include "plain/json.h"

#include "bind/utf8.h"


/*
 * Bytes that are gone on for at least, so that each part comes further: the
 * longest character has four.
 */

#define JSON_PART  16

#define JSON_NEAR  20       /* bytes of the text that an error shows */


typedef enum {
    JSON_VALUE = 0,         /* a value comes next */
    JSON_FIRST,             /* a value, or "]" */
    JSON_NAME,              /* a name */
    JSON_FIRST_NAME,        /* a name, or "}" */
    JSON_COLON,
    JSON_ELEMENT,           /* "," or "]" */
    JSON_MEMBER,            /* "," or "}" */
    JSON_END                /* nothing */
} json_state_e;

static const char *const  json_expected[JSON_END + 1] = {
    [JSON_VALUE] = "value",
    [JSON_FIRST] = "value or ']'",
    [JSON_NAME] = "string",
    [JSON_FIRST_NAME] = "string or '}'",
    [JSON_COLON] = "':'",
    [JSON_ELEMENT] = "',' or ']'",
    [JSON_MEMBER] = "',' or '}'",
    [JSON_END] = "end"
};


/* What ends the array or object there; 0: nothing. */

static const char  json_closing[JSON_END + 1] = {
    [JSON_FIRST] = ']',
    [JSON_FIRST_NAME] = '}',
    [JSON_ELEMENT] = ']',
    [JSON_MEMBER] = '}'
};


void
nthrift_plain_json_start(nthrift_plain_json_t *json, nthrift_arena_t *arena,
    const nthrift_str_t *text, nthrift_plain_error_t *err)
{
    memset(json, 0, sizeof(nthrift_plain_json_t));

    json->text = text->data;
    json->len = text->len;
    json->arena = arena;
    json->err = err;
    json->max_nodes = 1;
    json->max_values = 1;
}


/* Where a part ends that begins here. */

static size_t
json_stop(const nthrift_plain_json_t *json, size_t size)
{
    size_t  left;

    size = (size < JSON_PART) ? JSON_PART : size;
    left = json->len - json->pos;

    return json->pos + ((size < left) ? size : left);
}


/* Errors */

/* Its line and column, of characters, both from 1 on. */

static void
json_place(const nthrift_plain_json_t *json, size_t at, unsigned *line,
    unsigned *column)
{
    const uint8_t  *p, *found;

    *line = 1;
    *column = 1;
    p = json->text;

    while (at != 0 && (found = memchr(p, '\n', at)) != NULL) {
        at -= (size_t) (found + 1 - p);
        p = found + 1;
        (*line)++;
    }

    for ( /* void */ ; at != 0; at--) {
        *column += (*p++ & 0xc0) != 0x80;
    }
}


static int
json_say(nthrift_plain_json_t *json, size_t at, const char *what,
    const char *more)
{
    size_t    left;
    unsigned  line, column;

    json_place(json, at, &line, &column);

    left = json->len - at;

    if (left == 0) {
        return nthrift_plain_error_say(json->err, NTHRIFT_PLAIN_SYNTAX, NULL,
                                       "JSON:%u:%u: %s%s at the end", line,
                                       column, what, more);
    }

    /* a character is not cut */

    if (left > JSON_NEAR) {
        for (left = JSON_NEAR;
             left > JSON_NEAR - 4 && (json->text[at + left] & 0xc0) == 0x80;
             left--)
        {
            /* void */
        }
    }

    return nthrift_plain_error_say(json->err, NTHRIFT_PLAIN_SYNTAX, NULL,
                                   "JSON:%u:%u: %s%s near '%.*s'", line, column,
                                   what, more, (int) left,
                                   (const char *) json->text + at);
}


static int
json_fail(nthrift_plain_json_t *json, size_t at, const char *what)
{
    return json_say(json, at, what, "");
}


static int
json_unexpected(nthrift_plain_json_t *json)
{
    return json_say(json, json->pos, json_expected[json->state], " expected");
}


/* How much there is: quotes and brackets are all that is looked at. */

static void
json_measure_string(nthrift_plain_json_t *json, size_t stop)
{
    uint8_t  c;

    while (json->pos < stop) {
        c = json->text[json->pos++];

        if (c == '"') {
            json->string = 0;
            return;
        }

        if (c == '\\' && json->pos < json->len) {
            json->pos++;
        }
    }
}


static void
json_measure_byte(nthrift_plain_json_t *json)
{
    switch (json->text[json->pos++]) {

    case '"':
        json->string = 1;
        break;

    case '[':
    case '{':
        json->max_values++;
        json->max_nodes++;
        json->depth++;

        if (json->depth > json->max_depth) {
            json->max_depth = json->depth;
        }

        break;

    case ']':
    case '}':
        json->depth -= (json->depth != 0);
        break;

    case ',':
        json->max_values++;
        json->max_nodes++;
        break;

    case ':':
        json->max_nodes++;
        break;
    }
}


int
nthrift_plain_json_measure(nthrift_plain_json_t *json, size_t size)
{
    size_t  stop;

    stop = json_stop(json, size);

    while (json->pos < stop) {
        if (json->string) {
            json_measure_string(json, stop);

        } else {
            json_measure_byte(json);
        }
    }

    if (json->pos != json->len) {
        return NTHRIFT_AGAIN;
    }

    json->pos = 0;
    json->string = 0;
    json->depth = 0;

    return NTHRIFT_OK;
}


static int
json_alloc(nthrift_plain_json_t *json)
{
    json->nodes = nthrift_arena_take(json->arena,
                                     json->max_nodes
                                     * sizeof(nthrift_plain_node_t));
    json->open = nthrift_arena_alloc(json->arena,
                                     ((size_t) json->max_depth + 1)
                                     * sizeof(uint32_t));

    if (json->nodes == NULL || json->open == NULL) {
        return nthrift_plain_error_say(json->err, NTHRIFT_PLAIN_MEMORY, NULL,
                                       "not enough memory");
    }

    return NTHRIFT_OK;
}


/* Values */

static nthrift_plain_node_t *
json_add(nthrift_plain_json_t *json, nthrift_plain_json_e type, size_t at)
{
    nthrift_plain_node_t  *node;

    node = &json->nodes[json->n++];

    memset(node, 0, sizeof(nthrift_plain_node_t));

    node->at = (uint32_t) at;
    node->type = (uint8_t) type;

    return node;
}


/* A value is at its end. */

static void
json_done(nthrift_plain_json_t *json)
{
    nthrift_plain_node_t  *node;

    if (json->depth == 0) {
        json->state = JSON_END;
        return;
    }

    node = &json->nodes[json->open[json->depth - 1]];
    node->n++;

    json->state = (node->type == NTHRIFT_PLAIN_JSON_ARRAY) ? JSON_ELEMENT
                                                           : JSON_MEMBER;
}


static void
json_open(nthrift_plain_json_t *json, nthrift_plain_json_e type)
{
    json->open[json->depth++] = json->n;
    json_add(json, type, json->pos++);

    json->state = (type == NTHRIFT_PLAIN_JSON_ARRAY) ? JSON_FIRST
                                                     : JSON_FIRST_NAME;
}


static void
json_close(nthrift_plain_json_t *json)
{
    json->pos++;
    json->depth--;
    json->nodes[json->open[json->depth]].len = json->n;

    json_done(json);
}


static int
json_word(nthrift_plain_json_t *json, const char *word, size_t len,
    nthrift_plain_json_e type)
{
    if (json->len - json->pos < len
        || memcmp(json->text + json->pos, word, len) != 0)
    {
        return json_unexpected(json);
    }

    json_add(json, type, json->pos);
    json->pos += len;

    json_done(json);

    return NTHRIFT_OK;
}


/* Digits at `p`: how many. */

static size_t
json_digits(const uint8_t *p, const uint8_t *last)
{
    const uint8_t  *from;

    for (from = p; p != last && *p >= '0' && *p <= '9'; p++) { /* void */ }

    return (size_t) (p - from);
}


static int
json_number(nthrift_plain_json_t *json)
{
    size_t                 n, left;
    const uint8_t         *p, *from, *last;
    nthrift_plain_node_t  *node;

    left = json->len - json->pos;
    from = json->text + json->pos;
    last = from + ((left < NTHRIFT_PLAIN_JSON_NUMBER + 1)
                   ? left : NTHRIFT_PLAIN_JSON_NUMBER + 1);

    node = json_add(json, NTHRIFT_PLAIN_JSON_INTEGER, json->pos);

    p = from + (*from == '-');
    n = json_digits(p, last);

    if (n == 0 || (n > 1 && *p == '0')) {
        return json_fail(json, json->pos, "invalid number");
    }

    p += n;

    if (p != last && *p == '.') {
        node->type = NTHRIFT_PLAIN_JSON_REAL;
        n = json_digits(p + 1, last);
        p += n + 1;
    }

    if (n != 0 && p != last && (*p == 'e' || *p == 'E')) {
        node->type = NTHRIFT_PLAIN_JSON_REAL;
        p++;
        p += (p != last && (*p == '+' || *p == '-'));
        n = json_digits(p, last);
        p += n;
    }

    if (p - from > NTHRIFT_PLAIN_JSON_NUMBER) {
        return json_fail(json, json->pos, "too long number");
    }

    if (n == 0) {
        return json_fail(json, json->pos, "invalid number");
    }

    node->len = (uint32_t) (p - from);
    json->pos += node->len;

    json_done(json);

    return NTHRIFT_OK;
}


/* Strings */

static int
json_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') ? c - '0'
           : (c >= 'a' && c <= 'f') ? c - 'a' + 10
           : (c >= 'A' && c <= 'F') ? c - 'A' + 10 : -1;
}


/* The four digits of "\uXXXX", which begins at `p`; or -1. */

static int
json_unit(const uint8_t *p, const uint8_t *last)
{
    int  i, digit, unit;

    if (last - p < 6 || p[0] != '\\' || p[1] != 'u') {
        return -1;
    }

    unit = 0;

    for (i = 2; i < 6; i++) {
        digit = json_hex(p[i]);

        if (digit < 0) {
            return -1;
        }

        unit = unit << 4 | digit;
    }

    return unit;
}


/* The character of an escape at `p`, and its bytes in `*n`; or -1. */

static int32_t
json_escape(const uint8_t *p, const uint8_t *last, size_t *n)
{
    int         high, low;
    size_t      i;
    const char  from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

    *n = 2;

    for (i = 0; last - p >= 2 && i < sizeof(from) - 1; i++) {
        if (p[1] == from[i]) {
            return to[i];
        }
    }

    *n = 6;
    high = json_unit(p, last);

    if (high < 0xd800 || high > 0xdfff) {
        return high;
    }

    *n = 12;
    low = (high < 0xdc00) ? json_unit(p + 6, last) : -1;

    return (low >= 0xdc00 && low <= 0xdfff)
           ? 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00) : -1;
}


/* A character as UTF-8: its bytes. */

static size_t
json_utf8(uint8_t *p, int32_t c)
{
    if (c < 0x80) {
        p[0] = (uint8_t) c;
        return 1;
    }

    if (c < 0x800) {
        p[0] = (uint8_t) (0xc0 | c >> 6);
        p[1] = (uint8_t) (0x80 | (c & 0x3f));
        return 2;
    }

    if (c < 0x10000) {
        p[0] = (uint8_t) (0xe0 | c >> 12);
        p[1] = (uint8_t) (0x80 | (c >> 6 & 0x3f));
        p[2] = (uint8_t) (0x80 | (c & 0x3f));
        return 3;
    }

    p[0] = (uint8_t) (0xf0 | c >> 18);
    p[1] = (uint8_t) (0x80 | (c >> 12 & 0x3f));
    p[2] = (uint8_t) (0x80 | (c >> 6 & 0x3f));
    p[3] = (uint8_t) (0x80 | (c & 0x3f));

    return 4;
}


size_t
nthrift_plain_json_unescape(const nthrift_plain_json_t *json,
    const nthrift_plain_node_t *node, size_t *at, uint8_t *p, size_t room)
{
    size_t          n;
    uint8_t        *from, *end;
    const uint8_t  *text, *last;

    from = p;
    end = p + room;
    text = json->text + node->at + *at;
    last = json->text + node->at + node->len;

    while (text != last && end - p >= 4) {
        if (*text != '\\') {
            *p++ = *text++;
            continue;
        }

        p += json_utf8(p, json_escape(text, last, &n));
        text += n;
    }

    *at = (size_t) (text - json->text) - node->at;

    return (size_t) (p - from);
}


static void
json_start_string(nthrift_plain_json_t *json)
{
    json->name = (json->state == JSON_NAME || json->state == JSON_FIRST_NAME);
    json->string = 1;
    json->pos++;

    json_add(json, NTHRIFT_PLAIN_JSON_STRING, json->pos);
}


static int
json_end_string(nthrift_plain_json_t *json)
{
    nthrift_plain_node_t  *node;

    node = &json->nodes[json->n - 1];

    node->len = (uint32_t) (json->pos - node->at);
    node->n += node->len;

    json->pos++;
    json->string = 0;

    if (!json->name) {
        json_done(json);
        return NTHRIFT_OK;
    }

    if (node->zero) {
        return json_fail(json, node->at, "name with a 0 byte");
    }

    json->state = JSON_COLON;

    return NTHRIFT_OK;
}


/* By how much escapes are shorter than their text, node->n is less than 0. */

static int
json_pass_escape(nthrift_plain_json_t *json, nthrift_plain_node_t *node)
{
    size_t   n;
    int32_t  c;
    uint8_t  bytes[4];

    c = json_escape(json->text + json->pos, json->text + json->len, &n);

    if (c < 0) {
        return json_fail(json, json->pos, "invalid escape");
    }

    node->escaped = 1;
    node->zero |= (c == 0);
    node->n -= (uint32_t) (n - json_utf8(bytes, c));

    json->pos += n;

    return NTHRIFT_OK;
}


/* Characters that are not ASCII. */

static int
json_pass_utf8(nthrift_plain_json_t *json, size_t stop)
{
    size_t          n;
    const uint8_t  *p, *end, *good;

    /* one that has begun before the part's end is read to its own */

    n = json->len - json->pos;
    n = (n < 4) ? n : 4;
    stop = (stop - json->pos < n) ? json->pos + n : stop;

    p = json->text + json->pos;

    for (end = p; end != json->text + stop && *end >= 0x80; end++) {
        /* void */
    }

    good = nthrift_utf8_check(p, end);

    json->pos = (size_t) (good - json->text);

    if (good == end || (good != p && end == json->text + stop
                        && end - good < 4))
    {
        return NTHRIFT_OK;
    }

    return json_fail(json, json->pos, "invalid UTF-8");
}


static int
json_pass_string(nthrift_plain_json_t *json, size_t stop)
{
    int                    rc;
    uint8_t                c;
    const uint8_t         *p, *last;
    nthrift_plain_node_t  *node;

    node = &json->nodes[json->n - 1];
    last = json->text + stop;

    while (json->pos < stop) {
        for (p = json->text + json->pos;
             p != last && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\';
             p++)
        {
            /* void */
        }

        json->pos = (size_t) (p - json->text);

        if (json->name && json->pos - node->at > NTHRIFT_PLAIN_JSON_NAME) {
            return json_fail(json, node->at, "too long name");
        }

        if (p == last) {
            break;
        }

        c = *p;

        if (c == '"') {
            return json_end_string(json);
        }

        if (c < 0x20) {
            return json_fail(json, json->pos, "control character");
        }

        rc = (c == '\\') ? json_pass_escape(json, node)
                         : json_pass_utf8(json, stop);

        if (rc != NTHRIFT_OK) {
            return rc;
        }
    }

    return NTHRIFT_OK;
}


/* What begins with this byte, which is no blank. */

static int
json_value(nthrift_plain_json_t *json)
{
    switch (json->text[json->pos]) {

    case '"':
        json_start_string(json);
        return NTHRIFT_OK;

    case '[':
        json_open(json, NTHRIFT_PLAIN_JSON_ARRAY);
        return NTHRIFT_OK;

    case '{':
        json_open(json, NTHRIFT_PLAIN_JSON_OBJECT);
        return NTHRIFT_OK;

    case 't':
        return json_word(json, "true", 4, NTHRIFT_PLAIN_JSON_TRUE);

    case 'f':
        return json_word(json, "false", 5, NTHRIFT_PLAIN_JSON_FALSE);

    case 'n':
        return json_word(json, "null", 4, NTHRIFT_PLAIN_JSON_NULL);

    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return json_number(json);
    }

    return json_unexpected(json);
}


/* Passes over a byte that stands between two of what is read. */

static int
json_go_on(nthrift_plain_json_t *json, json_state_e state)
{
    json->pos++;
    json->state = state;

    return NTHRIFT_OK;
}


/* What begins or ends with this byte, which is no blank. */

static int
json_token(nthrift_plain_json_t *json)
{
    uint8_t  c;

    c = json->text[json->pos];

    if (c != '\0' && c == json_closing[json->state]) {
        json_close(json);
        return NTHRIFT_OK;
    }

    switch ((json_state_e) json->state) {

    case JSON_FIRST:
    case JSON_VALUE:
        return json_value(json);

    case JSON_FIRST_NAME:
    case JSON_NAME:
        if (c == '"') {
            json_start_string(json);
            return NTHRIFT_OK;
        }

        break;

    case JSON_COLON:
        if (c == ':') {
            return json_go_on(json, JSON_VALUE);
        }

        break;

    case JSON_ELEMENT:
        if (c == ',') {
            return json_go_on(json, JSON_VALUE);
        }

        break;

    case JSON_MEMBER:
        if (c == ',') {
            return json_go_on(json, JSON_NAME);
        }

        break;

    case JSON_END:
        break;
    }

    return json_unexpected(json);
}


static int
json_end(nthrift_plain_json_t *json)
{
    if (json->string) {
        return json_fail(json, json->pos, "'\"' expected");
    }

    return (json->state == JSON_END) ? NTHRIFT_OK : json_unexpected(json);
}


int
nthrift_plain_json_read(nthrift_plain_json_t *json, size_t size)
{
    int      rc;
    size_t   stop;
    uint8_t  c;

    if (json->nodes == NULL && json_alloc(json) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    stop = json_stop(json, size);

    while (json->pos < stop) {
        c = json->text[json->pos];

        if (json->string) {
            rc = json_pass_string(json, stop);

        } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            json->pos++;
            continue;

        } else {
            rc = json_token(json);
        }

        if (rc != NTHRIFT_OK) {
            return rc;
        }
    }

    return (json->pos == json->len) ? json_end(json) : NTHRIFT_AGAIN;
}
