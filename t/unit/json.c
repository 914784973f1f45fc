/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/json.c: the JSON protocol: what Apache's readers would refuse, or not
 * all read alike, and what is written.  What Apache's library writes is read
 * in message.c.
 */

#include "wire/exception.h"
#include "wire/head.h"
#include "ways.h"

#include <time.h>


#define HEAD  "[1,\"a\",1,1,"


static const nthrift_rules_t  rules = {
    .text = 1,
    .validate = 1,
    .max_depth = 8,
    .max_frame = 65536,
    .max_message = 65536
};


/* A body without the bracket that ends its message; NULL: it is good. */

typedef struct {
    const char  *body;
    const char  *error;
} json_case_t;


#define UNEXPECTED  "unexpected character in JSON"
#define RANGE       "number out of range in JSON"
#define TYPE        "unknown type in JSON"
#define HALF        "half of a surrogate pair in JSON"
#define ESCAPE      "unknown escape in JSON"
#define UUID        "bad uuid in JSON"


static const json_case_t  body_cases[] = {

    /* structs */

    { "{}", NULL },
    { "{\"1\":{\"rec\":{}}}", NULL },
    { "{\"1\":{\"tf\":1},\"2\":{\"tf\":0}}", NULL },
    { "{\"-1\":{\"i8\":1},\"32767\":{\"i8\":1},\"-32768\":{\"i8\":1}}", NULL },
    { "{\"32768\":{\"i8\":1}}", RANGE },
    { "{\"-32769\":{\"i8\":1}}", RANGE },
    { "{\"01\":{\"i8\":1}}", RANGE },
    { "{\"\":{\"i8\":1}}", UNEXPECTED },
    { "{\"+1\":{\"i8\":1}}", UNEXPECTED },
    { "{\"name\":{\"i8\":1}}", UNEXPECTED },
    { "{1:{\"i8\":1}}", UNEXPECTED },
    { " {}", UNEXPECTED },
    { "{ }", UNEXPECTED },
    { "{\"1\": {\"i8\":1}}", UNEXPECTED },
    { "{\"1\":{\"i8\":1,}}", UNEXPECTED },
    { "{\"1\":{\"i8\":1},}", UNEXPECTED },
    { "{\"1\":{\"i8\":1}\"2\":{\"i8\":1}}", UNEXPECTED },
    { "{\"1\":{}}", UNEXPECTED },
    { "{,}", UNEXPECTED },
    { "{}}", UNEXPECTED },
    { "[]", UNEXPECTED },

    /* types: the C++ reader looks at their first letters only */

    { "{\"1\":{\"i9\":1}}", TYPE },
    { "{\"1\":{\"i\":1}}", TYPE },
    { "{\"1\":{\"\":1}}", TYPE },
    { "{\"1\":{\"double\":1}}", TYPE },
    { "{\"1\":{\"dbx\":1}}", TYPE },
    { "{\"1\":{\"STR\":\"\"}}", TYPE },
    { "{\"1\":{\"\\u0069\":1}}", TYPE },

    /* integers */

    { "{\"1\":{\"tf\":2}}", RANGE },
    { "{\"1\":{\"tf\":-1}}", UNEXPECTED },
    { "{\"1\":{\"tf\":true}}", UNEXPECTED },
    { "{\"1\":{\"i8\":-128},\"2\":{\"i8\":127}}", NULL },
    { "{\"1\":{\"i8\":-129}}", RANGE },
    { "{\"1\":{\"i8\":128}}", RANGE },
    { "{\"1\":{\"i16\":-32768},\"2\":{\"i16\":32767}}", NULL },
    { "{\"1\":{\"i16\":-32769}}", RANGE },
    { "{\"1\":{\"i16\":32768}}", RANGE },
    { "{\"1\":{\"i32\":-2147483648},\"2\":{\"i32\":2147483647}}", NULL },
    { "{\"1\":{\"i32\":-2147483649}}", RANGE },
    { "{\"1\":{\"i32\":2147483648}}", RANGE },
    { "{\"1\":{\"i64\":-9223372036854775808},"
      "\"2\":{\"i64\":9223372036854775807}}", NULL },
    { "{\"1\":{\"i64\":-9223372036854775809}}", RANGE },
    { "{\"1\":{\"i64\":9223372036854775808}}", RANGE },
    { "{\"1\":{\"i64\":18446744073709551617}}", RANGE },
    { "{\"1\":{\"i64\":99999999999999999999}}", RANGE },
    { "{\"1\":{\"i32\":-0}}", NULL },
    { "{\"1\":{\"i32\":00}}", RANGE },
    { "{\"1\":{\"i32\":007}}", RANGE },
    { "{\"1\":{\"i64\":-000000000001}}", NULL },
    { "{\"1\":{\"i64\":00}}", NULL },
    { "{\"1\":{\"i64\":-009223372036854775808}}", NULL },
    { "{\"1\":{\"i64\":009223372036854775808}}", RANGE },
    { "{\"1\":{\"map\":[\"i64\",\"i8\",1,{\"-000000000001\":1}]}}", NULL },
    { "{\"1\":{\"i32\":+7}}", UNEXPECTED },
    { "{\"1\":{\"i32\":--7}}", UNEXPECTED },
    { "{\"1\":{\"i32\":-}}", UNEXPECTED },
    { "{\"1\":{\"i32\":}}", UNEXPECTED },
    { "{\"1\":{\"i32\":1.0}}", UNEXPECTED },
    { "{\"1\":{\"i32\":1e3}}", UNEXPECTED },
    { "{\"1\":{\"i32\":\"7\"}}", UNEXPECTED },
    { "{\"1\":{\"i32\":null}}", UNEXPECTED },

    /* doubles; Python itself writes "nan", which no reader takes */

    { "{\"1\":{\"dbl\":0}}", NULL },
    { "{\"1\":{\"dbl\":-0}}", NULL },
    { "{\"1\":{\"dbl\":-0.0},\"2\":{\"dbl\":10.25}}", NULL },
    { "{\"1\":{\"dbl\":1e+300},\"2\":{\"dbl\":1.5E-7},\"3\":{\"dbl\":0e0}}",
      NULL },
    { "{\"1\":{\"dbl\":\"NaN\"},\"2\":{\"dbl\":\"Infinity\"},"
      "\"3\":{\"dbl\":\"-Infinity\"}}", NULL },
    { "{\"1\":{\"dbl\":nan}}", UNEXPECTED },
    { "{\"1\":{\"dbl\":NaN}}", UNEXPECTED },
    { "{\"1\":{\"dbl\":-Infinity}}", UNEXPECTED },
    { "{\"1\":{\"dbl\":\"-NaN\"}}", UNEXPECTED },
    { "{\"1\":{\"dbl\":\"Inf\"}}", UNEXPECTED },
    { "{\"1\":{\"dbl\":\"\"}}", UNEXPECTED },
    { "{\"1\":{\"dbl\":\"1.5\"}}", UNEXPECTED },
    { "{\"1\":{\"dbl\":\"-1.5\"}}", UNEXPECTED },
    { "{\"1\":{\"dbl\":\"NaN\"\"}}", UNEXPECTED },
    { "{\"1\":{\"dbl\":}}", UNEXPECTED },
    { "{\"1\":{\"dbl\":-}}", UNEXPECTED },
    { "{\"1\":{\"dbl\":--1}}", UNEXPECTED },
    { "{\"1\":{\"dbl\":.5}}", UNEXPECTED },
    { "{\"1\":{\"dbl\":5.}}", UNEXPECTED },
    { "{\"1\":{\"dbl\":01}}", UNEXPECTED },
    { "{\"1\":{\"dbl\":1e}}", UNEXPECTED },
    { "{\"1\":{\"dbl\":1e+}}", UNEXPECTED },
    { "{\"1\":{\"dbl\":1.e5}}", UNEXPECTED },
    { "{\"1\":{\"dbl\":1e5.5}}", UNEXPECTED },
    { "{\"1\":{\"dbl\":1.5.5}}", UNEXPECTED },
    { "{\"1\":{\"dbl\":0x10}}", UNEXPECTED },

    /* strings */

    { "{\"1\":{\"str\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}}", NULL },
    { "{\"1\":{\"str\":\"\\u0000\\u00e9\\u20ac\\ud83d\\ude00\\uffff\"}}",
      NULL },
    { "{\"1\":{\"str\":\"\x01\x1f\x7f\xc3\xa9\xff}]\"}}", NULL },
    { "{\"1\":{\"str\":\"AAE=\"},\"2\":{\"str\":\"AAE\"}}", NULL },
    { "{\"1\":{\"str\":\"\\u00E9\"}}", ESCAPE },
    { "{\"1\":{\"str\":\"\\u00\"}}", ESCAPE },
    { "{\"1\":{\"str\":\"\\U0000\"}}", ESCAPE },
    { "{\"1\":{\"str\":\"\\x00\"}}", ESCAPE },
    { "{\"1\":{\"str\":\"\\a\"}}", ESCAPE },
    { "{\"1\":{\"str\":\"\\ud83d\"}}", HALF },
    { "{\"1\":{\"str\":\"\\ud83dx\"}}", HALF },
    { "{\"1\":{\"str\":\"\\ud83d\\n\"}}", HALF },
    { "{\"1\":{\"str\":\"\\ud83d\\u0041\"}}", HALF },
    { "{\"1\":{\"str\":\"\\ud83d\\ud83d\\ude00\"}}", HALF },
    { "{\"1\":{\"str\":\"\\ude00\"}}", HALF },
    { "{\"1\":{\"str\":\"\\ud83d\\ude00\\ude00\"}}", HALF },
    { "{\"1\":{\"str\":7}}", UNEXPECTED },
    { "{\"1\":{\"str\":null}}", UNEXPECTED },

    { "{\"1\":{\"uid\":\"00112233-4455-6677-8899-aabbccddEEFF\"}}", NULL },
    { "{\"1\":{\"uid\":\"00112233-4455-6677-8899-aabbccddeef\"}}", UUID },
    { "{\"1\":{\"uid\":\"00112233-4455-6677-8899-aabbccddeeff0\"}}",
      UNEXPECTED },
    { "{\"1\":{\"uid\":\"001122334455-6677-8899-aabbccddeeff\"}}", UUID },
    { "{\"1\":{\"uid\":\"0011223g-4455-6677-8899-aabbccddeeff\"}}", UUID },
    { "{\"1\":{\"uid\":\"\"}}", UUID },

    /* containers */

    { "{\"1\":{\"lst\":[\"i32\",0]},\"2\":{\"set\":[\"uid\",0]}}", NULL },
    { "{\"1\":{\"lst\":[\"i32\",2,1,2]}}", NULL },
    { "{\"1\":{\"lst\":[\"rec\",2,{},{}]}}", NULL },
    { "{\"1\":{\"lst\":[\"map\",1,[\"tf\",\"tf\",0,{}]]}}", NULL },
    { "{\"1\":{\"lst\":[\"lst\",2,[\"tf\",0],[\"dbl\",2,1.5,\"NaN\"]]}}",
      NULL },
    { "{\"1\":{\"lst\":[\"i32\",2,1]}}", UNEXPECTED },
    { "{\"1\":{\"lst\":[\"i32\",1,1,2]}}", UNEXPECTED },
    { "{\"1\":{\"lst\":[\"i32\",0,]}}", UNEXPECTED },
    { "{\"1\":{\"lst\":[\"i32\"]}}", UNEXPECTED },
    { "{\"1\":{\"lst\":[]}}", UNEXPECTED },
    { "{\"1\":{\"lst\":[\"i32\",-1]}}", UNEXPECTED },
    { "{\"1\":{\"lst\":[\"i32\",2147483648]}}", RANGE },
    { "{\"1\":{\"lst\":[\"i32\",2147483647,1]}}",
      "list longer than its message" },
    { "{\"1\":{\"lst\":[\"map\",4000,1]}}", "list longer than its message" },
    { "{\"1\":{\"lst\":[\"i33\",0]}}", TYPE },
    { "{\"1\":{\"lst\":{}}}", UNEXPECTED },

    { "{\"1\":{\"map\":[\"i32\",\"str\",0,{}]}}", NULL },
    { "{\"1\":{\"map\":[\"i32\",\"str\",2,{\"-1\":\"a\",\"2\":\"\"}]}}",
      NULL },
    { "{\"1\":{\"map\":[\"tf\",\"dbl\",2,{\"1\":0.5,\"0\":\"NaN\"}]}}", NULL },
    { "{\"1\":{\"map\":[\"dbl\",\"i8\",4,{\"NaN\":1,\"-Infinity\":2,"
      "\"-1.5e7\":3,\"0\":4}]}}", NULL },
    { "{\"1\":{\"map\":[\"uid\",\"i8\",1,"
      "{\"00112233-4455-6677-8899-aabbccddeeff\":1}]}}", NULL },
    { "{\"1\":{\"map\":[\"rec\",\"rec\",1,{{}:{\"1\":{\"i32\":1}}}]}}",
      NULL },
    { "{\"1\":{\"map\":[\"lst\",\"i32\",1,{[\"i32\",1,5]:7}]}}", NULL },
    { "{\"1\":{\"map\":[\"lst\",\"i32\",1,{[\"i32\",1,\"5\"]:7}]}}",
      UNEXPECTED },
    { "{\"1\":{\"map\":[\"i32\",\"i32\",1,{1:1}]}}", UNEXPECTED },
    { "{\"1\":{\"map\":[\"i32\",\"i32\",1,{\"1\":\"1\"}]}}", UNEXPECTED },
    { "{\"1\":{\"map\":[\"dbl\",\"i32\",1,{1.5:1}]}}", UNEXPECTED },
    { "{\"1\":{\"map\":[\"dbl\",\"i32\",1,{\"1.5:1}]}}", UNEXPECTED },
    { "{\"1\":{\"map\":[\"i32\",\"i32\",2,{\"1\":1}]}}", UNEXPECTED },
    { "{\"1\":{\"map\":[\"i32\",\"i32\",1,{\"1\":1,\"2\":2}]}}", UNEXPECTED },
    { "{\"1\":{\"map\":[\"i32\",\"i32\",1,{\"1\"}]}}", UNEXPECTED },
    { "{\"1\":{\"map\":[\"i32\",\"i32\",0]}}", UNEXPECTED },
    { "{\"1\":{\"map\":[\"i32\",\"i32\",1,[\"1\",1]]}}", UNEXPECTED },
    { "{\"1\":{\"map\":[\"i32\",0,{}]}}", UNEXPECTED },
    { "{\"1\":{\"map\":[\"uid\",\"map\",1200,{", "map longer than its message"},
    { "{\"1\":{\"map\":[\"i32\",\"i32\",2147483647,{",
      "map longer than its message" },
};


/* The message of a body that is good, or that is not whatever follows. */

static size_t
json_message(const char *body, uint8_t *bytes, size_t size)
{
    return (size_t) snprintf((char *) bytes, size, "%s%s]", HEAD, body);
}


static void
test_bodies(void)
{
    size_t              i, n;
    uint8_t             bytes[512];
    const json_case_t  *c;

    for (i = 0; i < unit_array_size(body_cases); i++) {
        c = &body_cases[i];
        n = json_message(c->body, bytes, sizeof(bytes));

        way_is(&rules, bytes, n, c->error ? NTHRIFT_ERROR : NTHRIFT_OK,
               c->error, NULL, c->body);
    }
}


/* What is wrong with a framed body spoils that message alone. */

static void
test_frames(void)
{
    way_t    way;
    size_t   n;
    uint8_t  bytes[64];

    n = json_message("{}", bytes + 4, 60);
    memcpy(bytes, "\0\0\0", 3);
    bytes[3] = (uint8_t) n;

    way_is(&rules, bytes, n + 4, NTHRIFT_OK, NULL, &way, "framed");
    is_int(way.head.frame, (long long) n, "its length");
    is_int(way.head.size, 4 + 11, "its head");

    bytes[3]--;
    way_is(&rules, bytes, n + 4, NTHRIFT_OK, "frame shorter than its message",
           NULL, "the bracket is behind the frame");

    bytes[3] += 3;
    memcpy(bytes + 4 + n, "\r\n", 2);
    way_is(&rules, bytes, n + 6, NTHRIFT_OK, "frame longer than its message",
           NULL, "a line's end behind the bracket");

    n = json_message("{ }", bytes + 4, 60);
    bytes[3] = (uint8_t) n;
    way_is(&rules, bytes, n + 4, NTHRIFT_OK, UNEXPECTED, &way,
           "framed, not well formed");
    is_int((long long) way.consumed, (long long) n + 4, "it is passed over");
}


typedef struct {
    const char  *head;
    int          rc;
    const char  *error;
} json_head_t;


static const json_head_t  head_cases[] = {
    { "[1,\"a\",1,1,", NTHRIFT_AGAIN, NULL },
    { "[1,\"a\",255,-2147483648,{}]", NTHRIFT_OK, NULL },
    { "[1,\"a\",0,2147483647,{}]", NTHRIFT_OK, NULL },
    { "[1,\"S:m\xc3\xa9\",1,0,{}]", NTHRIFT_OK, NULL },
    { "[2,\"a\",1,1,{}]", NTHRIFT_ERROR, "unknown version of JSON protocol" },
    { "[11,\"a\",1,1,{}]", NTHRIFT_ERROR, "unknown version of JSON protocol" },
    { "[1]", NTHRIFT_ERROR, "unknown version of JSON protocol" },
    { "[1, \"a\",1,1,{}]", NTHRIFT_ERROR, "unknown version of JSON protocol" },
    { "[]", NTHRIFT_ERROR, "unknown version of JSON protocol" },
    { "[1,\"\",1,1,{}]", NTHRIFT_ERROR, "empty method name" },
    { "[1,\"\\u0061\",1,1,{}]", NTHRIFT_ERROR,
      "bad character in method name" },
    { "[1,\"a\n\",1,1,{}]", NTHRIFT_ERROR, "bad character in method name" },
    { "[1,\"a\",256,1,{}]", NTHRIFT_ERROR, "bad message type" },
    { "[1,\"a\",-1,1,{}]", NTHRIFT_ERROR, "bad message type" },
    { "[1,\"a\",01,1,{}]", NTHRIFT_ERROR, "bad message type" },
    { "[1,\"a\",1]", NTHRIFT_ERROR, "bad message type" },
    { "[1,\"a\",1,2147483648,{}]", NTHRIFT_ERROR, "bad seqid" },
    { "[1,\"a\",1,-2147483649,{}]", NTHRIFT_ERROR, "bad seqid" },
    { "[1,\"a\",1,\"1\",{}]", NTHRIFT_ERROR, "bad seqid" },
    { "[1,\"a\",1,1]", NTHRIFT_ERROR, "bad seqid" },
    { "[1,\"a\":1,1,{}]", NTHRIFT_ERROR, UNEXPECTED },
};


static void
test_heads(void)
{
    size_t           i;
    nthrift_rules_t  named;

    for (i = 0; i < unit_array_size(head_cases); i++) {
        way_is(&rules, (const uint8_t *) head_cases[i].head,
               strlen(head_cases[i].head), head_cases[i].rc,
               head_cases[i].error, NULL, head_cases[i].head);
    }

    named = rules;
    named.unnamed = 1;
    way_is(&named, (const uint8_t *) "[1,\"\",3,1,{}]", 13, NTHRIFT_OK, NULL,
           NULL, "exception without name");

    named.protocol = NTHRIFT_BINARY;
    way_is(&named, (const uint8_t *) HEAD "{}]", 14, NTHRIFT_ERROR,
           "JSON message where a binary one is expected", NULL, "not binary");

    named.text = 0;
    way_is(&named, (const uint8_t *) HEAD "{}]", 14, NTHRIFT_ERROR,
           "JSON protocol, which is not supported", NULL, "not asked for");

    named.protocol = NTHRIFT_JSON;
    way_is(&named, (const uint8_t *) HEAD "{}]", 14, NTHRIFT_OK, NULL, NULL,
           "JSON only");
    way_is_hex(&named, "80 01 00 01 00 00 00 01 61 00 00 00 01 00",
               NTHRIFT_ERROR, "binary message where a JSON one is expected",
               NULL, "not JSON");
}


/* The longest head of all is as long as wire.h says; one more is too long. */

static void
test_longest(void)
{
    way_t    way;
    size_t   n;
    char     name[NTHRIFT_MAX_NAME + 2];
    uint8_t  bytes[NTHRIFT_MAX_HEAD + 64];

    memset(name, 'n', sizeof(name));
    name[NTHRIFT_MAX_NAME] = '\0';

    n = (size_t) snprintf((char *) bytes + 4, sizeof(bytes) - 4,
                          "[1,\"%s\",255,-2147483648,{}]", name);
    memset(bytes, 0, 4);
    bytes[2] = (uint8_t) (n >> 8);
    bytes[3] = (uint8_t) n;

    way_is(&rules, bytes, n + 4, NTHRIFT_OK, NULL, &way, "longest head");
    is_int(way.head.size, NTHRIFT_MAX_HEAD, "its size");

    name[NTHRIFT_MAX_NAME] = 'n';
    name[NTHRIFT_MAX_NAME + 1] = '\0';

    n = (size_t) snprintf((char *) bytes, sizeof(bytes), "[1,\"%s\",1,1,{}]",
                          name);
    way_is(&rules, bytes, n, NTHRIFT_ERROR, "too long method name", NULL,
           "one more");
}


static void
json_head_write(const char *name, unsigned transport, int32_t seqid,
    const char *method, const char *expected)
{
    size_t          len;
    uint8_t         blank[128] = { 0 }, *p;
    nthrift_head_t  head;

    memset(&head, 0, sizeof(head));

    head.transport = (uint8_t) transport;
    head.protocol = NTHRIFT_JSON;
    head.type = NTHRIFT_REPLY;
    head.seqid = seqid;
    head.name.data = (uint8_t *) method;
    head.name.len = strlen(method);

    len = nthrift_head_size(&head);
    p = unit_guard(blank, len);

    ok(nthrift_head_write(p, &head, 3) == p + len, "%s", name);

    if (transport == NTHRIFT_FRAMED) {
        is_int(p[3], (long long) len - 4 + 3, "its length");
        p += 4;
        len -= 4;
    }

    is_bytes(p, len, expected, strlen(expected), "its bytes");
}


static void
test_head_write(void)
{
    json_head_write("head", NTHRIFT_UNFRAMED, 0, "ping", "[1,\"ping\",2,0,");
    json_head_write("head, framed", NTHRIFT_FRAMED, INT32_MIN, "ping",
                    "[1,\"ping\",2,-2147483648,");
    json_head_write("head with what must be escaped", NTHRIFT_UNFRAMED, 12,
                    "a\"\\\x1f\n", "[1,\"a\\\"\\\\\\u001f\\u000a\",2,12,");
}


static void
json_patch(const char *message, int32_t seqid, int rc, const char *expected)
{
    size_t           n;
    uint8_t         *p;
    nthrift_head_t   head;
    nthrift_error_t  err = { NULL };

    n = strlen(message);
    p = unit_guard(message, n);

    ok(nthrift_head_read(&rules, p, p + n, &head, &err) == NTHRIFT_OK
       && nthrift_head_patch_seqid(p, &head, seqid) == rc,
       "%s: seqid %d", message, seqid);
    is_bytes(p, n, expected, strlen(expected), "its bytes");
}


static void
test_patch(void)
{
    json_patch("[1,\"a\",1,7,{}]", 0, NTHRIFT_OK, "[1,\"a\",1,0,{}]");
    json_patch("[1,\"a,\",1,-7,{}]", 12, NTHRIFT_OK, "[1,\"a,\",1,12,{}]");
    json_patch("[1,\"a\",1,1234567890,{}]", INT32_MAX, NTHRIFT_OK,
               "[1,\"a\",1,2147483647,{}]");
    json_patch("[1,\"a\",1,9,{}]", 10, NTHRIFT_DECLINED, "[1,\"a\",1,9,{}]");
    json_patch("[1,\"a\",1,10,{}]", 9, NTHRIFT_DECLINED, "[1,\"a\",1,10,{}]");
}


static void
json_exception_write(const char *text, int32_t type, const char *expected)
{
    size_t         n;
    uint8_t       *p;
    nthrift_str_t  str;

    str.data = (uint8_t *) text;
    str.len = strlen(text);

    n = nthrift_exception_size(NTHRIFT_JSON, &str, type);
    p = malloc(n);

    ok(nthrift_exception_write(p, NTHRIFT_JSON, &str, type) == p + n,
       "exception %d: %s", type, expected);
    is_bytes(p, n, expected, strlen(expected), "its bytes");

    free(p);
}


typedef struct {
    const char  *body;
    const char  *text;          /* NULL: stays unset */
    int32_t      type;          /* -5: stays */
} json_exception_t;


static const json_exception_t  exception_cases[] = {
    { "{\"1\":{\"str\":\"no\"},\"2\":{\"i32\":6}}]", "no", 6 },
    { "{\"2\":{\"i32\":-1},\"1\":{\"str\":\"no\"}}]", "no", -1 },
    { "{\"1\":{\"str\":\"\\\"no\\\"\"},\"2\":{\"i32\":7}}]", "\\\"no\\\"",
      7 },
    { "{\"1\":{\"str\":\"no\"}}]", "no", -5 },
    { "{\"3\":{\"dbl\":\"NaN\"},\"4\":{\"tf\":1},\"5\":{\"str\":\"}\\\"{\"},"
      "\"1\":{\"str\":\"\"},\"2\":{\"i32\":1}}]", "", 1 },
    { "{\"1\":{\"i32\":1},\"2\":{\"str\":\"2\"}}]", NULL, -5 },
    { "{\"3\":{\"rec\":{\"1\":{\"str\":\"x\"}}},\"1\":{\"str\":\"no\"}}]",
      NULL, -5 },
    { "{\"1\":{\"str\":\"no", "no", -5 },
    { "{\"1\":{\"str\":\"no\"},\"2\":{\"i32\":1", "no", -5 },
    { "{}]", NULL, -5 },
    { "", NULL, -5 },
};


/* Reads it as it is, then every beginning: nothing behind is touched. */

static void
json_exception_read(const json_exception_t *c)
{
    size_t         i, n, len;
    uint8_t       *p;
    int32_t        type;
    nthrift_str_t  text, part;

    n = strlen(c->body);

    for (i = 0; i < n; i++) {
        p = unit_guard(c->body, i);
        nthrift_exception_read(NTHRIFT_JSON, p, p + i, &part, &type);
    }

    p = unit_guard(c->body, n);
    text.data = NULL;
    text.len = 0;
    type = -5;

    nthrift_exception_read(NTHRIFT_JSON, p, p + n, &text, &type);

    len = c->text ? strlen(c->text) : 0;

    if (!ok(type == c->type && text.len == len
            && (text.data != NULL) == (c->text != NULL)
            && (len == 0 || memcmp(text.data, c->text, len) == 0),
            "exception %s", c->body))
    {
        diag("text of %zu bytes, type %d", text.len, type);
    }
}


static void
test_exceptions(void)
{
    size_t  i;

    json_exception_write("no", NTHRIFT_EXC_INTERNAL_ERROR,
                         "{\"1\":{\"str\":\"no\"},\"2\":{\"i32\":6}}]");
    json_exception_write("\x01\"", INT32_MIN,
                         "{\"1\":{\"str\":\"\\u0001\\\"\"},"
                         "\"2\":{\"i32\":-2147483648}}]");

    for (i = 0; i < unit_array_size(exception_cases); i++) {
        json_exception_read(&exception_cases[i]);
    }
}


/* The outermost struct is level 1; what is empty is a level, too. */

static void
test_depth(void)
{
    size_t           i, n;
    uint8_t          bytes[256];
    nthrift_rules_t  few;

    static const struct {
        uint32_t     levels;
        const char  *body;
    } cases[] = {
        { 1, "{\"1\":{\"i32\":1}}" },
        { 2, "{\"1\":{\"rec\":{}}}" },
        { 3, "{\"1\":{\"rec\":{\"1\":{\"rec\":{}}}},\"2\":{\"rec\":{}}}" },
        { 2, "{\"1\":{\"lst\":[\"i32\",0]}}" },
        { 3, "{\"1\":{\"lst\":[\"lst\",1,[\"i32\",0]]}}" },
        { 2, "{\"1\":{\"map\":[\"i32\",\"i32\",0,{}]}}" },
        { 3, "{\"1\":{\"map\":[\"rec\",\"i32\",1,{{}:1}]}}" },
    };

    few = rules;

    for (i = 0; i < unit_array_size(cases); i++) {
        n = json_message(cases[i].body, bytes, sizeof(bytes));

        few.max_depth = cases[i].levels;
        way_is(&few, bytes, n, NTHRIFT_OK, NULL, NULL, cases[i].body);

        if (--few.max_depth != 0) {
            way_is(&few, bytes, n, NTHRIFT_ERROR,
                   "too many levels of nesting", NULL, "one level less");
        }
    }
}


static void
test_first(void)
{
    way_t    way;
    size_t   n;
    uint8_t  bytes[256];

    n = json_message("{\"-7\":{\"rec\":{\"1\":{\"i8\":1}}}}", bytes, 256);
    way_is(&rules, bytes, n, NTHRIFT_OK, NULL, &way, "field -7");
    ok(way.fields == 1 && way.first == -7, "it is told");

    n = json_message("{\"0\":{\"i8\":1},\"1\":{\"i8\":1}}", bytes, 256);
    way_is(&rules, bytes, n, NTHRIFT_OK, NULL, &way, "two fields");
    ok(way.fields == 2 && way.first == 0, "they are told");
}


static void
test_limits(void)
{
    size_t           n;
    uint8_t          bytes[256];
    nthrift_rules_t  small;

    small = rules;
    n = json_message("{\"1\":{\"str\":\"0123456789\"}}", bytes, 256);

    small.max_message = n;
    way_is(&small, bytes, n, NTHRIFT_OK, NULL, NULL,
           "message as long as allowed");

    small.max_message = n - 1;
    way_is(&small, bytes, n, NTHRIFT_ERROR, "message larger than allowed",
           NULL, "message longer than allowed");

    /* exactly as many elements as can follow, and one more */

    n = json_message("{\"1\":{\"lst\":[\"i8\",3,1,2,3]}}", bytes, 256);
    small.max_message = n - 3;
    way_is(&small, bytes, n, NTHRIFT_ERROR, "message larger than allowed",
           NULL, "list that could end");
    small.max_message = n - 4;
    way_is(&small, bytes, n, NTHRIFT_ERROR, "list longer than its message",
           NULL, "list that could not");
}


/* Time grows as the bytes do. */

#define COST_BYTES  (1024 * 1024)


static double
json_measure(const char *type, const char *element, size_t size)
{
    char                  *bytes, *end;
    size_t                 n, len, count;
    double                 took;
    struct timespec        start, stop;
    const uint8_t         *p;
    nthrift_skip_t         w;
    nthrift_error_t        err = { NULL };
    nthrift_skip_level_t   levels[64];

    bytes = malloc(size + 128);
    len = strlen(element);
    count = size / len;
    end = bytes + sprintf(bytes, "{\"1\":{\"lst\":[\"%s\",%zu", type, count);

    for (n = 0; n < count; n++) {
        memcpy(end, element, len);
        end += len;
    }

    end += sprintf(end, "]}}]");
    p = (uint8_t *) bytes;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    nthrift_skip_start(&w, NTHRIFT_JSON, levels, 64, (size_t) (end - bytes));
    ok(nthrift_skip_read(&w, &p, (uint8_t *) end, &err) == NTHRIFT_OK
       && p == (uint8_t *) end, "%zu of %s", count, element);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &stop);

    took = (double) (stop.tv_sec - start.tv_sec) * 1e9
           + (double) (stop.tv_nsec - start.tv_nsec);
    free(bytes);

    return took;
}


static void
json_cost(const char *type, const char *element)
{
    double  few, many;

    few = json_measure(type, element, COST_BYTES / 8);
    many = json_measure(type, element, COST_BYTES);

    /* linear is 8; a machine that others use as well needs some room */

    ok(many < 24 * few && many / COST_BYTES < 500, "their cost");
    diag("%.1f ns a byte, %.1f times as long for 8 times as much",
         many / COST_BYTES, many / few);
}


int
main(void)
{
    test_bodies();
    test_frames();
    test_heads();
    test_longest();
    test_head_write();
    test_patch();
    test_exceptions();
    test_depth();
    test_first();
    test_limits();

    json_cost("rec", ",{}");
    json_cost("lst", ",[\"i8\",0]");
    json_cost("i64", ",-1234567890123456789");
    json_cost("dbl", ",1.2345678901234567e-300");
    json_cost("str", ",\"\\u00e9\\ud83d\\ude00\"");

    done();

    return unit_result();
}
