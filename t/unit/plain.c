/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/plain.c: plain JSON by the IDL: what JSON and queries stand for in
 * both protocols and back, what is wrong and where, limits, and memory that
 * ends at each place.
 */

#include "plain/plain.h"
#include "wire/exception.h"
#include "bind.h"

#include <jansson.h>


#define PLAIN_SIZE  65536


static const char  idl[] =
    "enum Color { RED = 1, GREEN = 2 }\n"
    "union Id { 1: i64 number, 2: string name }\n"
    "exception Missing { 1: string what, 2: i32 code = 404 }\n"
    "struct Point { 1: required i32 x, 2: required i32 y }\n"
    "struct Tree { 1: string name, 2: list<Tree> kids,\n"
    "    3: map<string, Tree> named }\n"
    "const Point ORIGIN = {'x': 0, 'y': 0}\n"
    "const uuid NONE = '00000000-0000-0000-0000-000000000000'\n"
    "struct Defaults { 1: i32 number = 7, 2: string text = 'none',\n"
    "    3: Color color = Color.GREEN, 4: list<i16> some = [1, 2],\n"
    "    5: map<string, Point> points = {'a': {'x': 1, 'y': 2}},\n"
    "    6: binary bytes = 'abc', 7: bool flag = true, 8: double real = 3,\n"
    "    9: Point origin = ORIGIN, 10: Id id = {'name': 'x'},\n"
    "    11: uuid key = NONE, 12: optional Missing missing = {} }\n"
    "struct Endless { 1: Endless one = {}, 2: Endless two = {} }\n"
    "struct All { 1: bool flag, 2: i8 tiny, 3: i16 small, 4: i32 middle,\n"
    "    5: i64 large, 6: double real, 7: string text, 8: binary bytes,\n"
    "    9: Color color, 10: Point point, 11: Id id, 12: list<bool> flags,\n"
    "    13: set<string> names, 14: map<string, i32> counts,\n"
    "    15: map<Color, i64> colors, 16: map<i64, string> longs,\n"
    "    17: map<double, string> reals, 18: map<bool, string> words,\n"
    "    19: map<Point, i32> places, 20: map<binary, i32> blobs,\n"
    "    21: uuid key, 22: list<Id> ids, 23: list<double> doubles,\n"
    "    24: map<string, map<string, i32>> nested }\n"
    "struct Card { 1: string owner, 2: Point number (nthrift.secret) }\n"
    "service Plain {\n"
    "    All all(1: All all) throws (1: Missing missing),\n"
    "    void put(1: Defaults value), void endless(1: Endless value),\n"
    "    i32 add(1: required i32 a, 2: i32 b = 5),\n"
    "    Tree tree(1: Tree tree),\n"
    "    void scalars(1: bool flag, 2: i64 id, 3: double real, 4: string s,\n"
    "        5: Color color, 6: binary bytes, 7: uuid key,\n"
    "        8: list<i32> numbers, 9: set<bool> flags, 10: i32 n = 9),\n"
    "    string mixed(1: i32 a, 2: Point p),\n"
    "    void many(1: i32 the_first_of_many_long_names,\n"
    "        2: i32 the_second_of_many_long_names,\n"
    "        3: i32 the_third_of_many_long_names,\n"
    "        4: i32 the_fourth_of_many_long_names,\n"
    "        5: i32 the_last_of_many_long_names),\n"
    "    oneway void drop(1: string what),\n"
    "    void card(1: Card card, 2: string pin (nthrift.secret),\n"
    "        3: list<Point> points, 4: map<string, i32> counts, 5: string s)\n"
    "}\n";


static const nthrift_plain_rules_t  usual = {
    .max_depth = 16,
    .max_values = 1000,
    .max_size = PLAIN_SIZE,
    .seed = 1
};

static nthrift_arena_t        *model;
static nthrift_arena_t        *arena;
static nthrift_schema_set_t    set;
static nthrift_idl_program_t  *program;
static uint8_t                 bytes[PLAIN_SIZE];
static nthrift_plain_error_t   error;


static nthrift_plain_method_t
method(const char *name)
{
    nthrift_str_t           s, plain = nthrift_string("Plain");
    nthrift_plain_method_t  m;

    s = bind_str(name);

    if (nthrift_plain_method_init(&m, &set,
            nthrift_idl_method(nthrift_idl_service(program, &plain), &s))
        != NTHRIFT_OK)
    {
        exit(2);
    }

    return m;
}


/* The same in parts as small as they can be: 1, or 0 if something differs. */

static int
parts_agree(const nthrift_plain_rules_t *rules,
    const nthrift_plain_method_t *m, const nthrift_str_t *text,
    unsigned protocol, int rc, const nthrift_str_t *body)
{
    int                     part;
    nthrift_str_t           again;
    nthrift_plain_call_t   *call;
    nthrift_plain_error_t   err;

    call = nthrift_plain_call_create(rules, arena, m, text, protocol, &err);

    do {
        part = nthrift_plain_call_read(call, 1, &again);
    } while (part == NTHRIFT_AGAIN);

    if (part != rc) {
        return 0;
    }

    return (rc == NTHRIFT_OK) ? nthrift_str_equal(&again, body)
                              : (err.kind == error.kind
                                 && strcmp(err.text, error.text) == 0);
}


/* What is read comes from memory that ends with it. */

static int
read_json(const nthrift_plain_rules_t *rules, const char *name,
    const char *json, unsigned protocol, nthrift_str_t *body)
{
    int                     rc;
    nthrift_str_t           text;
    nthrift_plain_method_t  m;

    m = method(name);
    text.len = strlen(json);
    text.data = unit_guard(json, text.len);

    rc = nthrift_plain_read(rules, arena, &m, &text, protocol, body, &error);

    if (!parts_agree(rules, &m, &text, protocol, rc, body)) {
        ok(0, "in parts: %s", json);
    }

    return rc;
}


static int
read_query(const char *name, const char *query, nthrift_str_t *body)
{
    nthrift_str_t           text;
    nthrift_plain_method_t  m;

    m = method(name);
    text.len = strlen(query);
    text.data = unit_guard(query, text.len);

    return nthrift_plain_read_query(&usual, arena, &m, &text, NTHRIFT_COMPACT,
                                    body, &error);
}


/* A reply, at once and in parts as small as they can be: both are the same. */

static int
reply_json(const nthrift_plain_rules_t *rules, const nthrift_plain_method_t *m,
    unsigned protocol, unsigned type, const uint8_t *p, const uint8_t *last,
    nthrift_plain_reply_t *reply)
{
    int                      rc, part;
    nthrift_plain_reply_t    again;
    nthrift_plain_error_t    err;
    nthrift_plain_answer_t  *answer;

    rc = nthrift_plain_reply(rules, arena, m, protocol, type, p, last, reply,
                             &error);

    answer = nthrift_plain_answer_create(rules, arena, m, protocol, type, p,
                                         last, &again, &err);
    do {
        part = nthrift_plain_answer_write(answer, 1);
    } while (part == NTHRIFT_AGAIN);

    if (part != rc
        || (rc == NTHRIFT_OK
            ? !nthrift_str_equal(&again.text, &reply->text)
              || again.kind != reply->kind || again.base64 != reply->base64
              || !nthrift_str_equal(&again.type, &reply->type)
            : err.kind != error.kind || strcmp(err.text, error.text) != 0))
    {
        ok(0, "in parts: %.*s", (int) reply->text.len,
           (char *) reply->text.data);
    }

    return rc;
}


static int
show(const nthrift_plain_rules_t *rules, const char *name, unsigned protocol,
    const char *notation, nthrift_plain_reply_t *reply)
{
    size_t                  n;
    uint8_t                *p;
    nthrift_plain_method_t  m;

    m = method(name);
    n = bind_body(protocol, notation, bytes);
    p = unit_guard(bytes, n);

    return reply_json(rules, &m, protocol, NTHRIFT_REPLY, p, p + n, reply);
}


/* The arguments of `all` and a result of it that says the same. */

typedef struct {
    const char  *json;
    const char  *body;
    const char  *shown;         /* NULL: as `json` */
} plain_case_t;

static const plain_case_t  cases[] = {
    { "{}", "", NULL },
    { "{\"flag\":true,\"tiny\":-128,\"small\":32767}",
      "1:b1 2:y-128 3:h32767", NULL },
    { "{\"flag\":false,\"middle\":-2147483648}", "1:b0 4:i-2147483648", NULL },
    { "{\"large\":9223372036854775807}", "5:l9223372036854775807", NULL },
    { "{\"large\":\"-9007199254740993\"}", "5:l-9007199254740993",
      "{\"large\":-9007199254740993}" },
    { "{\"real\":0.1}", "6:d0.1", NULL },
    { "{\"real\":1}", "6:d1", "{\"real\":1.0}" },
    { "{\"real\":-0.0}", "6:d-0.0", NULL },
    { "{\"real\":1e300}", "6:d1e300", "{\"real\":1e+300}" },
    { "{\"real\":0.30000000000000004}", "6:d0.30000000000000004", NULL },
    { "{\"real\":\"NaN\"}", "6:dnan", NULL },
    { "{\"real\":\"-Infinity\"}", "6:d-inf", NULL },
    { "{\"doubles\":[0.1,0.3333333333333333]}",
      "23:[d d0.1 d0.3333333333333333]", NULL },
    { "{\"text\":\"a\\\\/\\n\\t\"}", "7:\"a\\/\n\t\"", NULL },
    { "{\"text\":\"\xc3\xa4\xf0\x9f\x98\x80\\u0001\"}",
      "7:\"\xc3\xa4\xf0\x9f\x98\x80\x01\"", NULL },
    { "{\"text\":{\"base64\":\"/w==\"}}", "7:\"\xff\"", NULL },
    { "{\"bytes\":\"AP8=\"}", NULL, NULL },
    { "{\"bytes\":\"YWI\"}", "8:\"ab\"", "{\"bytes\":\"YWI=\"}" },
    { "{\"bytes\":\"_-8\"}", "8:\"\xff\xef\"", "{\"bytes\":\"/+8=\"}" },
    { "{\"bytes\":{\"text\":\"abc\"}}", "8:\"abc\"",
      "{\"bytes\":\"YWJj\"}" },
    { "{\"bytes\":{\"base64\":\"YWJj\"}}", "8:\"abc\"",
      "{\"bytes\":\"YWJj\"}" },
    { "{\"color\":\"GREEN\"}", "9:i2", NULL },
    { "{\"color\":77}", "9:i77", NULL },
    { "{\"point\":{\"x\":1,\"y\":-1}}", "10:{1:i1 2:i-1}", NULL },
    { "{\"id\":{\"name\":\"x\"}}", "11:{2:\"x\"}", NULL },
    { "{\"flags\":[true,false]}", "12:[b b1 b0]", NULL },
    { "{\"flags\":[]}", "12:[b]", NULL },
    { "{\"names\":[\"a\",\"\"]}", "13:(s \"a\" \"\")", NULL },
    { "{\"counts\":{\"a\":1,\"\":2}}", "14:<si \"a\" i1 \"\" i2>", NULL },
    { "{\"counts\":[[\"a\",1],[\"a\",2],[\"b\\\\\",3]]}",
      "14:<si \"a\" i1 \"a\" i2 \"b\\\" i3>", NULL },
    { "{\"counts\":{}}", "14:<si>", NULL },
    { "{\"colors\":{\"RED\":1,\"9\":2}}", "15:<il i1 l1 i9 l2>", NULL },
    { "{\"colors\":[[\"RED\",1],[9,2],[9,3]]}",
      "15:<il i1 l1 i9 l2 i9 l3>", NULL },
    { "{\"longs\":{\"-5\":\"a\",\"7\":\"b\"}}", "16:<ls l-5 \"a\" l7 \"b\">",
      NULL },
    { "{\"longs\":[[-5,\"a\"],[-5,\"b\"]]}", "16:<ls l-5 \"a\" l-5 \"b\">",
      NULL },
    { "{\"reals\":{\"1.5\":\"a\",\"Infinity\":\"b\"}}",
      "17:<ds d1.5 \"a\" dinf \"b\">", NULL },
    { "{\"reals\":[[1.5,\"a\"],[\"NaN\",\"b\"],[1.5,\"c\"]]}",
      "17:<ds d1.5 \"a\" dnan \"b\" d1.5 \"c\">", NULL },
    { "{\"words\":[[true,\"yes\"]]}", "18:<bs b1 \"yes\">", NULL },
    { "{\"places\":[[{\"x\":1,\"y\":2},3]]}", "19:<{i {1:i1 2:i2} i3>", NULL },
    { "{\"blobs\":[[\"YQ==\",3]]}", "20:<si \"a\" i3>", NULL },
    { "{\"key\":\"01020304-0506-0708-090a-0b0c0d0e0f10\"}", "21:u1", NULL },
    { "{\"key\":\"{01020304-0506-0708-090A-0B0C0D0E0F10}\"}", "21:u1",
      "{\"key\":\"01020304-0506-0708-090a-0b0c0d0e0f10\"}" },
    { "{\"ids\":[{\"number\":1},{\"name\":\"a\"}]}",
      "22:[{ {1:l1} {2:\"a\"}]", NULL },
    { "{\"nested\":{\"a\":[[\"x\",1],[\"x\",2]],\"b\":{\"x\":1}}}",
      "24:<s< \"a\" <si \"x\" i1 \"x\" i2> \"b\" <si \"x\" i1>>", NULL },
    { "{\"nested\":[[\"a\",[[\"x\",1],[\"x\",2]]],[\"a\",{\"y\":3}]]}",
      "24:<s< \"a\" <si \"x\" i1 \"x\" i2> \"a\" <si \"y\" i3>>", NULL }
};


/* The argument of `all` as its result, which has the id 0 in place of 1. */

static int
show_again(unsigned protocol, const nthrift_str_t *body,
    nthrift_plain_reply_t *reply)
{
    size_t                  n;
    uint8_t                *p;
    nthrift_plain_method_t  m;

    n = bind_body(protocol, "0:{}", bytes) - 2;
    memcpy(bytes + n, body->data + (protocol == NTHRIFT_BINARY ? 3 : 1),
           body->len);
    n += body->len - (protocol == NTHRIFT_BINARY ? 3 : 1);

    m = method("all");
    p = unit_guard(bytes, n);

    return reply_json(&usual, &m, protocol, NTHRIFT_REPLY, p,
                               p + n, reply);
}


static void
test_cases(unsigned protocol)
{
    char                    text[1024];
    size_t                  i, n;
    const char             *shown;
    nthrift_str_t           body;
    const plain_case_t     *c;
    nthrift_plain_reply_t   reply;

    for (i = 0; i < unit_array_size(cases); i++) {
        c = &cases[i];

        snprintf(text, sizeof(text), "{\"all\":%s}", c->json);

        if (read_json(&usual, "all", text, protocol, &body) != NTHRIFT_OK) {
            ok(0, "%s: %s", c->json, error.text);
            continue;
        }

        if (c->body != NULL) {
            snprintf(text, sizeof(text), "1:{%s}", c->body);
            n = bind_body(protocol, text, bytes);
            is_bytes(body.data, body.len, bytes, n, c->json);
        }

        if (show_again(protocol, &body, &reply) != NTHRIFT_OK) {
            ok(0, "%s: %s", c->json, error.text);
            continue;
        }

        shown = (c->shown != NULL) ? c->shown : c->json;
        is_bytes(reply.text.data, reply.text.len, shown, strlen(shown),
                 shown);
    }
}


/* What is not given */

static void
test_defaults(void)
{
    size_t         n;
    nthrift_str_t  body;

    is_int(read_json(&usual, "put", "[{}]", NTHRIFT_BINARY, &body), NTHRIFT_OK,
           "defaults");
    n = bind_body(NTHRIFT_BINARY, "1:{1:i7 2:\"none\" 3:i2 4:[h h1 h2] "
                  "5:<s{ \"a\" {1:i1 2:i2}> 6:\"abc\" 7:b1 8:d3 "
                  "9:{1:i0 2:i0} 10:{2:\"x\"} 11:u0 12:{2:i404}}", bytes);
    memset(bytes + n - 1 - 1 - 1 - 7 - 3 - 16, 0, 16);
    is_bytes(body.data, body.len, bytes, n, "what defaults are");

    is_int(read_json(&usual, "put", "{\"value\":{\"number\":null,\"text\":null,"
                     "\"color\":null,\"some\":null,\"points\":null,"
                     "\"bytes\":null,\"flag\":null,\"real\":null,"
                     "\"origin\":null,\"id\":null,\"key\":null,"
                     "\"missing\":{}}}", NTHRIFT_COMPACT, &body), NTHRIFT_OK,
           "null");
    n = bind_body(NTHRIFT_COMPACT, "1:{12:{2:i404}}", bytes);
    is_bytes(body.data, body.len, bytes, n, "null has no default");

    is_int(read_json(&usual, "add", "[3]", NTHRIFT_BINARY, &body), NTHRIFT_OK,
           "array of arguments");
    n = bind_body(NTHRIFT_BINARY, "1:i3 2:i5", bytes);
    is_bytes(body.data, body.len, bytes, n, "default of an argument");

    is_int(read_json(&usual, "drop", "", NTHRIFT_BINARY, &body), NTHRIFT_OK,
           "no text");
    is_bytes(body.data, body.len, "\0", 1, "no arguments");
}


/* What is wrong */

typedef struct {
    const char             *method;
    const char             *json;
    nthrift_plain_error_e   kind;
    const char             *text;
} plain_wrong_t;

static const plain_wrong_t  wrongs[] = {
    { "add", "[", NTHRIFT_PLAIN_SYNTAX,
      "JSON:1:2: value or ']' expected at the end" },
    { "add", "{\"a\"", NTHRIFT_PLAIN_SYNTAX,
      "JSON:1:5: ':' expected at the end" },
    { "add", "{\"a\":1,}", NTHRIFT_PLAIN_SYNTAX,
      "JSON:1:8: string expected near '}'" },
    { "add", "{a:1}", NTHRIFT_PLAIN_SYNTAX,
      "JSON:1:2: string or '}' expected near 'a:1}'" },
    { "add", "[1 2]", NTHRIFT_PLAIN_SYNTAX,
      "JSON:1:4: ',' or ']' expected near '2]'" },
    { "add", "{\"a\":1]", NTHRIFT_PLAIN_SYNTAX,
      "JSON:1:7: ',' or '}' expected near ']'" },
    { "add", "\n\n [\r\n\t1,\xd1\x8f]", NTHRIFT_PLAIN_SYNTAX,
      "JSON:4:4: value expected near '\xd1\x8f]'" },
    { "add", "[\"\xd1\x8f\" 1]", NTHRIFT_PLAIN_SYNTAX,
      "JSON:1:6: ',' or ']' expected near '1]'" },
    { "add", "[nul]", NTHRIFT_PLAIN_SYNTAX,
      "JSON:1:2: value or ']' expected near 'nul]'" },
    { "add", "[1.]", NTHRIFT_PLAIN_SYNTAX,
      "JSON:1:2: invalid number near '1.]'" },
    { "add", "[01]", NTHRIFT_PLAIN_SYNTAX,
      "JSON:1:2: invalid number near '01]'" },
    { "add", "[1e+]", NTHRIFT_PLAIN_SYNTAX,
      "JSON:1:2: invalid number near '1e+]'" },
    { "add", "[-", NTHRIFT_PLAIN_SYNTAX,
      "JSON:1:2: invalid number near '-'" },
    { "add", "[\"\\ud800\"]", NTHRIFT_PLAIN_SYNTAX,
      "JSON:1:3: invalid escape near '\\ud800\"]'" },
    { "add", "[\"\\x\"]", NTHRIFT_PLAIN_SYNTAX,
      "JSON:1:3: invalid escape near '\\x\"]'" },
    { "add", "[\"a\nb\"]", NTHRIFT_PLAIN_SYNTAX,
      "JSON:1:4: control character near '?b\"]'" },
    { "add", "{\"a\\u0000\":1}", NTHRIFT_PLAIN_SYNTAX,
      "JSON:1:3: name with a 0 byte near 'a\\u0000\":1}'" },
    { "add", "[99999999999999999999]", NTHRIFT_PLAIN_ARGUMENTS,
      "a: 99999999999999999999 does not fit in i64" },
    { "scalars", "{\"real\":-1e999}", NTHRIFT_PLAIN_ARGUMENTS,
      "real: -1e999 does not fit in double" },
    { "all", "{\"all\":{\"counts\":{\"a\":1,\"b\":2,\"\\u0061\":3}}}",
      NTHRIFT_PLAIN_ARGUMENTS, "all.counts: \"a\" is given twice" },
    { "scalars", "{\"binary\":1,\"bytes\":\"QQ==QQ==\"}",
      NTHRIFT_PLAIN_ARGUMENTS,
      "arguments: scalars has no argument \"binary\": it has \"flag\", "
      "\"id\", \"real\", \"s\", \"color\", \"bytes\", \"key\", "
      "\"numbers\", \"flags\" and \"n\"" },
    { "scalars", "{\"bytes\":\"QQ==QQ==\"}", NTHRIFT_PLAIN_ARGUMENTS,
      "bytes: the string is not base64" },
    { "add", "{\"a\":1} x", NTHRIFT_PLAIN_SYNTAX,
      "JSON:1:9: end expected near 'x'" },
    { "add", "\"abc", NTHRIFT_PLAIN_SYNTAX,
      "JSON:1:5: '\"' expected at the end" },
    { "add", "[\"\xff\"]", NTHRIFT_PLAIN_SYNTAX,
      "JSON:1:3: invalid UTF-8 near '?\"]'" },
    { "add", "{\"a\":1,\"a\":1}", NTHRIFT_PLAIN_ARGUMENTS,
      "arguments: \"a\" is given twice" },
    { "add", "5", NTHRIFT_PLAIN_ARGUMENTS,
      "arguments: object or array expected, add has \"a\" and \"b\"" },
    { "add", "{}", NTHRIFT_PLAIN_ARGUMENTS, "a: required, but missing" },
    { "add", "[1, 2, 3]", NTHRIFT_PLAIN_ARGUMENTS,
      "arguments: 3 given, add has \"a\" and \"b\"" },
    { "drop", "[1, 2]", NTHRIFT_PLAIN_ARGUMENTS,
      "arguments: 2 given, drop has \"what\"" },
    { "many", "{\"x\":1}", NTHRIFT_PLAIN_ARGUMENTS,
      "arguments: many has no argument \"x\": it has "
      "\"the_first_of_many_long_names\", \"the_second_of_many_long_names\", "
      "\"the_third_of_many_long_names\", \"the_fourth_of_many_long_names\" "
      "and 1 more" },
    { "add", "{\"aa\":1}", NTHRIFT_PLAIN_ARGUMENTS,
      "arguments: add has no argument \"aa\" (did you mean \"a\"?)" },
    { "add", "{\"a\\nb\\u007f\":1}", NTHRIFT_PLAIN_ARGUMENTS,
      "arguments: add has no argument \"a?b?\": it has \"a\" and \"b\"" },
    { "add", "[\"1\"]", NTHRIFT_PLAIN_ARGUMENTS, "a: number expected" },
    { "add", "[1.0]", NTHRIFT_PLAIN_ARGUMENTS,
      "a: number without a fraction expected" },
    { "add", "[2147483648]", NTHRIFT_PLAIN_ARGUMENTS,
      "a: 2147483648 does not fit in i32" },
    { "all", "[{\"flag\":1}]", NTHRIFT_PLAIN_ARGUMENTS,
      "all.flag: true or false expected" },
    { "all", "[{\"flags\":[true,1]}]", NTHRIFT_PLAIN_ARGUMENTS,
      "all.flags[1]: true or false expected" },
    { "all", "[{\"names\":[\"a\",null]}]", NTHRIFT_PLAIN_ARGUMENTS,
      "all.names[1]: string expected" },
    { "all", "[{\"counts\":{\"a b\":\"1\"}}]", NTHRIFT_PLAIN_ARGUMENTS,
      "all.counts{a b}: number expected" },
    { "all", "[{\"places\":{\"x\":1}}]", NTHRIFT_PLAIN_ARGUMENTS,
      "all.places: array of [key, value] expected, as the keys are of type "
      "struct" },
    { "all", "[{\"counts\":[[1]]}]", NTHRIFT_PLAIN_ARGUMENTS,
      "all.counts[0]: [key, value] expected" },
    { "all", "[{\"color\":\"GREED\"}]", NTHRIFT_PLAIN_ARGUMENTS,
      "all.color: Color has no value \"GREED\" (did you mean \"GREEN\"?)" },
    { "all", "[{\"id\":{\"number\":1,\"name\":\"\"}}]",
      NTHRIFT_PLAIN_ARGUMENTS,
      "all.id: exactly one field of the union Id expected, 2 given" },
    { "all", "[{\"bytes\":\"A\"}]", NTHRIFT_PLAIN_ARGUMENTS,
      "all.bytes: the string is not base64" },
    { "all", "[{\"bytes\":1}]", NTHRIFT_PLAIN_ARGUMENTS,
      "all.bytes: string in base64, or {\"text\": \"...\"}, expected" },
    { "all", "[{\"text\":{\"text\":\"\"}}]", NTHRIFT_PLAIN_ARGUMENTS,
      "all.text: string expected" },
    { "all", "[{\"key\":\"1\"}]", NTHRIFT_PLAIN_ARGUMENTS,
      "all.key: uuid expected, 8-4-4-4-12 hexadecimal digits" },
    { "endless", "[{}]", NTHRIFT_PLAIN_DEPTH, NULL },
    { "tree", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]", NTHRIFT_PLAIN_DEPTH,
      "JSON nested more than 33 levels deep" }
};


static void
test_wrong(void)
{
    int                   rc;
    size_t                i;
    nthrift_str_t         body;
    const plain_wrong_t  *w;

    for (i = 0; i < unit_array_size(wrongs); i++) {
        w = &wrongs[i];

        rc = read_json(&usual, w->method, w->json, NTHRIFT_BINARY, &body);

        ok(rc == NTHRIFT_ERROR && error.kind == w->kind, "%s: kind %d",
           w->json, error.kind);
        is_str(error.text, (w->text != NULL) ? w->text : error.text, w->json);
    }

    (void) read_json(&usual, "all", "[{\"names\":[\"a\",null]}]",
                     NTHRIFT_BINARY, &body);
    is_int((long long) error.path, sizeof("all.names[1]") - 1,
           "length of the path");
}


/* Queries */

static void
test_query(void)
{
    size_t                  i, n;
    nthrift_str_t           body;
    nthrift_plain_method_t  m;

    static const struct {
        const char  *query;
        const char  *body;
        const char  *error;
    } queries[] = {
        { "", "10:i9", NULL },
        { "&&", "10:i9", NULL },
        { "flag=true&id=-9007199254740993", "1:b1 2:l-9007199254740993 10:i9",
          NULL },
        { "flag=false&real=1.5&s=a+b%20%c3%A4%", "1:b0 3:d1.5 4:\"a b "
          "\xc3\xa4%\" 10:i9", NULL },
        { "s=", "4:\"\" 10:i9", NULL },
        { "s", "4:\"\" 10:i9", NULL },
        { "s=a=b", "4:\"a=b\" 10:i9", NULL },
        { "color=GREEN&bytes=YWI&n=1", "5:i2 6:\"ab\" 10:i1", NULL },
        { "color=7", "5:i7 10:i9", NULL },
        { "%6eumbers=1&n=2&numbers=3", "8:[i i1 i3] 10:i2", NULL },
        { "flags=true", "9:(b b1) 10:i9", NULL },
        { "flag=1", NULL, "flag: true or false expected" },
        { "flags=1", NULL, "flags[0]: true or false expected" },
        { "id=x", NULL, "id: number expected" },
        { "id=", NULL, "id: number expected" },
        { "id=1&id=2", NULL, "id: given 2 times" },
        { "id=9223372036854775808", NULL,
          "id: 9223372036854775808 does not fit in i64" },
        { "ID=1", NULL, "arguments: scalars has no argument \"ID\" (did you "
          "mean \"id\"?)" },
        { "s=%00", NULL, "query with a 0 byte" },
        { "s=%ff", NULL, "s: the string is not UTF-8" },
        { "%ff=", NULL, "arguments: scalars has no argument \"?\": it has "
          "\"flag\", \"id\", \"real\", \"s\", \"color\", \"bytes\", "
          "\"key\", \"numbers\", \"flags\" and \"n\"" },
        { "key=x", NULL,
          "key: uuid expected, 8-4-4-4-12 hexadecimal digits" }
    };

    for (i = 0; i < unit_array_size(queries); i++) {
        if (read_query("scalars", queries[i].query, &body) != NTHRIFT_OK) {
            is_str(error.text, queries[i].error, queries[i].query);
            continue;
        }

        n = bind_body(NTHRIFT_COMPACT, queries[i].body ? queries[i].body : "",
                      bytes);
        is_bytes(body.data, body.len, bytes, n, queries[i].query);
    }

    is_int(read_query("add", "b=1", &body), NTHRIFT_ERROR,
           "a query without what is required");
    is_str(error.text, "a: required, but missing", "what is required");
    is_int(read_query("mixed", "p=1", &body), NTHRIFT_ERROR, "a struct");
    is_str(error.text, "p: a struct, which a query cannot give", "its error");

    m = method("scalars");
    is_int(nthrift_plain_is_query(m.idl), 1, "scalars can be a query");
    m = method("mixed");
    is_int(nthrift_plain_is_query(m.idl), 0, "a struct cannot");
    m = method("all");
    is_int(nthrift_plain_is_query(m.idl), 0, "nor can another");
}


/* Replies */

typedef struct {
    const char             *method;
    const char             *body;
    nthrift_plain_reply_e   kind;
    const char             *type;
    const char             *text;
} plain_reply_case_t;

static const plain_reply_case_t  replies[] = {
    { "add", "0:i5", NTHRIFT_PLAIN_RESULT, "", "5" },
    { "put", "", NTHRIFT_PLAIN_VOID, "", "null" },
    { "put", "0:i5 7:\"x\"", NTHRIFT_PLAIN_VOID, "",
      "{\"#0\":5,\"#7\":\"x\"}" },
    { "add", "0:i5 7:\"x\"", NTHRIFT_PLAIN_RESULT, "", "5" },
    { "all", "1:{1:\"x\"}", NTHRIFT_PLAIN_DECLARED, "Missing",
      "{\"exception\":{\"type\":\"Missing\",\"value\":{\"what\":\"x\"}}}" },
    { "add", "5:{1:l6}", NTHRIFT_PLAIN_UNDECLARED, "#5",
      "{\"exception\":{\"type\":\"#5\",\"value\":{\"#1\":6}}}" },
    { "all", "0:{99:<ii i1 i2> 98:<b{> 97:[{ {} {1:b1}] 96:<bb b1 b0> 95:u0 "
      "94:<{i {} i1> 93:<ii i1 i2 i1 i3>}", NTHRIFT_PLAIN_RESULT, "",
      "{\"#99\":{\"1\":2},\"#98\":{},\"#97\":[{},{\"#1\":true}],"
      "\"#96\":[[true,false]],"
      "\"#95\":\"00010203-0405-0607-0809-0a0b0c0d0e0f\","
      "\"#94\":[[{},1]],\"#93\":[[1,2],[1,3]]}" }
};


static void
test_replies(unsigned protocol)
{
    int                        rc;
    size_t                     i;
    nthrift_plain_reply_t      reply;
    const plain_reply_case_t  *c;

    for (i = 0; i < unit_array_size(replies); i++) {
        c = &replies[i];

        rc = show(&usual, c->method, protocol, c->body, &reply);

        if (rc != NTHRIFT_OK) {
            ok(0, "%s: %s", c->body, error.text);
            continue;
        }

        is_int(reply.kind, c->kind, c->body);
        is_bytes(reply.type.data, reply.type.len, c->type, strlen(c->type),
                 "its type");
        is_bytes(reply.text.data, reply.text.len, c->text, strlen(c->text),
                 c->text);
    }
}


static void
test_wrong_replies(void)
{
    size_t                  i;
    nthrift_plain_reply_t   reply;

    static const struct {
        const char  *method;
        const char  *body;
        const char  *error;
    } wrong[] = {
        { "add", "0:\"x\"", "success: wrong type, i32 expected" },
        { "add", "", "result without a value" },
        { "add", "7:i1 8:i2", "result without a value" },
        { "all", "0:{} 1:{}", "result with more than one field" },
        { "all", "0:{10:{1:i1}}", "success.point.y: missing required field" },
        { "all", "0:{11:{}}", "success.id: union without a field" }
    };

    for (i = 0; i < unit_array_size(wrong); i++) {
        is_int(show(&usual, wrong[i].method, NTHRIFT_BINARY, wrong[i].body,
                    &reply), NTHRIFT_ERROR, wrong[i].body);
        is_str(error.text, wrong[i].error, "its text");
        is_int(error.kind, NTHRIFT_PLAIN_REPLY, "its kind");
    }
}


/* A good reply that ends too early is wrong, and nothing behind it is read. */

static void
test_cut_replies(unsigned protocol)
{
    int                      good;
    size_t                   i, n;
    uint8_t                 *p;
    nthrift_plain_reply_t    reply;
    nthrift_plain_method_t   m;

    m = method("all");
    n = bind_body(protocol, "0:{7:\"abc\" 14:<si \"a\" i1 \"a\" i2> 12:[b b1] "
                  "22:[{ {1:l1}] 99:<{i {1:i5} i1>}", bytes);
    good = 0;

    for (i = 0; i < n; i++) {
        p = unit_guard(bytes, i);
        good += reply_json(&usual, &m, protocol, NTHRIFT_REPLY, p, p + i,
                           &reply)
                == NTHRIFT_OK;
    }

    is_int(good, 0, "all that is cut off is wrong");

    bytes[n] = 0;
    p = unit_guard(bytes, n + 1);
    is_int(reply_json(&usual, &m, protocol, NTHRIFT_REPLY, p,
                               p + n + 1, &reply), NTHRIFT_ERROR,
           "a byte too many");
    is_str(error.text, "malformed body", "it is malformed");
}


static void
test_exceptions(unsigned protocol)
{
    size_t                  n;
    nthrift_str_t           text = nthrift_string("no \"such\" thing");
    nthrift_plain_reply_t   reply;
    nthrift_plain_method_t  m;

    static const char  want[] =
        "{\"exception\":{\"type\":\"TApplicationException\",\"code\":6,"
        "\"name\":\"INTERNAL_ERROR\",\"message\":\"no \\\"such\\\" thing\"}}";
    static const char  other[] =
        "{\"exception\":{\"type\":\"TApplicationException\",\"code\":63,"
        "\"name\":null,\"message\":{\"base64\":\"/w==\"}}}";

    m = method("add");
    n = nthrift_exception_size(protocol, &text, 6);
    nthrift_exception_write(bytes, protocol, &text, 6);

    is_int(reply_json(&usual, &m, protocol, NTHRIFT_EXCEPTION, bytes,
                      bytes + n, &reply), NTHRIFT_OK,
           "TApplicationException");
    is_int(reply.kind, NTHRIFT_PLAIN_APPLICATION, "its kind");
    is_int(reply.code, 6, "its code");
    is_bytes(reply.text.data, reply.text.len, want, sizeof(want) - 1,
             "its JSON");

    text = bind_str("\xff");
    n = nthrift_exception_size(protocol, &text, 63);
    nthrift_exception_write(bytes, protocol, &text, 63);

    is_int(reply_json(&usual, &m, protocol, NTHRIFT_EXCEPTION, bytes,
                      bytes + n, &reply), NTHRIFT_OK,
           "one without a name");
    is_bytes(reply.text.data, reply.text.len, other, sizeof(other) - 1,
             "its JSON");
    is_int(reply.base64, 1, "a string is base64");
}


static void
test_long_strings(void)
{
    nthrift_plain_reply_t   reply;
    nthrift_plain_rules_t   rules = usual;

    static const char  want[] =
        "{\"large\":\"-1\",\"middle\":1,\"longs\":[[\"1\",\"a\"],"
        "[\"1\",\"b\"]],\"colors\":{\"RED\":\"5\"},\"#99\":\"7\"}";

    rules.long_strings = 1;

    is_int(show(&rules, "all", NTHRIFT_BINARY, "0:{5:l-1 4:i1 16:<ls l1 \"a\" "
                "l1 \"b\"> 15:<il i1 l5> 99:l7}", &reply), NTHRIFT_OK,
           "long_strings");
    is_bytes(reply.text.data, reply.text.len, want, sizeof(want) - 1,
             "i64 is a string");
}


static void
test_indent(void)
{
    size_t         i;
    nthrift_str_t  text, out;

    static const struct {
        const char  *text;
        const char  *want;
    } texts[] = {
        { "5", "5" }, { "{}", "{}" }, { "[]", "[]" }, { "\"{,\\\"}\"",
          "\"{,\\\"}\"" },
        { "{\"a\":1,\"b\":[]}", "{\n  \"a\": 1,\n  \"b\": []\n}" },
        { "[[1,2],{\"x:\":{}}]",
          "[\n  [\n    1,\n    2\n  ],\n  {\n    \"x:\": {}\n  }\n]" }
    };

    for (i = 0; i < unit_array_size(texts); i++) {
        text = bind_str(texts[i].text);
        nthrift_plain_indent(arena, &text, &out);
        is_bytes(out.data, out.len, texts[i].want, strlen(texts[i].want),
                 texts[i].text);
    }
}


/* Limits */

static void
test_limits(void)
{
    nthrift_str_t          body;
    nthrift_plain_rules_t  rules = usual;
    nthrift_plain_reply_t  reply;

    rules.max_size = 9;
    is_int(read_json(&rules, "drop", "[\"a\"]", NTHRIFT_BINARY, &body),
           NTHRIFT_OK, "arguments of max_size");
    is_int(read_json(&rules, "drop", "[\"ab\"]", NTHRIFT_BINARY, &body),
           NTHRIFT_ERROR, "one more");
    is_int(error.kind, NTHRIFT_PLAIN_SIZE, "kind of the error");
    is_str(error.text, "arguments larger than 9 bytes", "its text");

    is_int(show(&rules, "tree", NTHRIFT_BINARY, "0:{1:\"\"}", &reply),
           NTHRIFT_ERROR, "JSON larger than max_size");
    is_str(error.text, "JSON larger than 9 bytes", "its text");

    rules = usual;
    rules.max_values = 2;
    is_int(read_json(&rules, "add", "[1,2]", NTHRIFT_BINARY, &body),
           NTHRIFT_OK, "max_values");
    is_int(read_json(&rules, "tree", "[{\"name\":\"\",\"kids\":[]}]",
                     NTHRIFT_BINARY, &body), NTHRIFT_ERROR, "one more");
    is_int(error.kind, NTHRIFT_PLAIN_VALUES, "kind of the error");
    is_int(read_json(&rules, "tree", "[[[[[[[[]]]]]]]]", NTHRIFT_BINARY,
                     &body), NTHRIFT_ERROR, "far more");
    is_str(error.text, "JSON with more than 2 values", "is seen in the text");
    is_int(show(&rules, "tree", NTHRIFT_BINARY, "0:{1:\"\" 2:[{]}", &reply),
           NTHRIFT_ERROR, "a reply with more");
    is_int(error.kind, NTHRIFT_PLAIN_VALUES, "kind of the error");
    is_int(show(&rules, "tree", NTHRIFT_BINARY, "0:{3:<s{ \"\" {}>}", &reply),
           NTHRIFT_ERROR, "a map with more");
    is_int(error.kind, NTHRIFT_PLAIN_VALUES, "kind of the error");

    rules = usual;
    rules.max_depth = 4;
    is_int(read_json(&rules, "tree", "[{\"kids\":[{\"name\":\"\"}]}]",
                     NTHRIFT_BINARY, &body), NTHRIFT_OK, "max_depth");
    is_int(read_json(&rules, "tree", "[{\"kids\":[{\"kids\":[]}]}]",
                     NTHRIFT_BINARY, &body), NTHRIFT_ERROR, "one more");
    is_str(error.text, "tree.kids[0].kids: nested more than 4 levels deep",
           "its text");
    is_int(show(&rules, "tree", NTHRIFT_BINARY, "0:{2:[{ {2:[{]}]}", &reply),
           NTHRIFT_ERROR, "a reply that is deeper");
}


/* Each allocation of the arena fails once. */

static void
test_no_memory(void)
{
    int                     rc;
    size_t                  limit, n;
    uint8_t                *p;
    nthrift_str_t           text, body;
    nthrift_plain_reply_t   reply;
    nthrift_plain_method_t  m;

    m = method("all");
    text = bind_str("{\"all\":{\"text\":\"abc\",\"bytes\":\"YWJj\","
                    "\"point\":{\"x\":1,\"y\":2},\"counts\":{\"a\":1}}}");
    n = bind_body(NTHRIFT_BINARY, "0:{7:\"abc\" 14:<si \"a\" i1 \"a\" i2>}",
                  bytes);
    p = unit_guard(bytes, n);

    for (limit = 1; limit < 100000; limit += 8) {
        nthrift_arena_t  *small = nthrift_arena_create(8, limit);

        rc = nthrift_plain_read(&usual, small, &m, &text, NTHRIFT_BINARY,
                                &body, &error);
        nthrift_arena_destroy(small);

        if (rc == NTHRIFT_OK) {
            break;
        }

        if (error.kind != NTHRIFT_PLAIN_MEMORY) {
            ok(0, "%zu bytes: %s", limit, error.text);
        }
    }

    ok(rc == NTHRIFT_OK && limit > 1, "arguments, once there is memory");

    for (limit = 1; limit < 100000; limit += 8) {
        nthrift_arena_t  *small = nthrift_arena_create(8, limit);

        rc = nthrift_plain_reply(&usual, small, &m, NTHRIFT_BINARY,
                                 NTHRIFT_REPLY, p, p + n, &reply, &error);
        nthrift_arena_destroy(small);

        if (rc == NTHRIFT_OK) {
            break;
        }

        if (error.kind != NTHRIFT_PLAIN_MEMORY) {
            ok(0, "%zu bytes: %s", limit, error.text);
        }
    }

    ok(rc == NTHRIFT_OK && limit > 1, "a reply, once there is memory");
}


/* The same for a document. */

static void
test_openapi(void)
{
    int                       rc;
    size_t                    limit;
    json_t                   *json;
    nthrift_str_t             text, plain = nthrift_string("Plain");
    nthrift_plain_rules_t     rules = usual;
    nthrift_plain_service_t   service;
    nthrift_plain_openapi_t   options;

    memset(&options, 0, sizeof(nthrift_plain_openapi_t));

    service.name = plain;
    service.idl = nthrift_idl_service(program, &plain);
    options.services = &service;
    options.n = 1;

    for (limit = 1; limit < 1000000; limit += limit / 16 + 1) {
        nthrift_arena_t  *small = nthrift_arena_create(8, limit);

        rc = nthrift_plain_openapi(&rules, small, &options, &text, &error);
        nthrift_arena_destroy(small);

        if (rc == NTHRIFT_OK) {
            break;
        }

        if (error.kind != NTHRIFT_PLAIN_MEMORY) {
            ok(0, "%zu bytes: %s", limit, error.text);
        }
    }

    ok(rc == NTHRIFT_OK && limit > 1, "a document, once there is memory");

    options.declared = 422;
    options.oneway = 204;
    is_int(nthrift_plain_openapi(&rules, arena, &options, &text, &error),
           NTHRIFT_OK, "a document with statuses");

    json = json_loadb((char *) text.data, text.len, JSON_REJECT_DUPLICATES,
                      NULL);
    ok(json != NULL, "it is JSON");
    json_decref(json);

    rules.max_size = 1000;
    is_int(nthrift_plain_openapi(&rules, arena, &options, &text, &error),
           NTHRIFT_ERROR, "a document that is too large");
    is_int(error.kind, NTHRIFT_PLAIN_SIZE, "kind of the error");

    options.n = 0;
    is_int(nthrift_plain_openapi(&rules, arena, &options, &text, &error),
           NTHRIFT_OK, "a document without services");
}


/*
 * Of arguments what is shown is the beginning of all of it, however much there
 * is of the body, and however much room; without secrets.
 */

static void
test_arguments(unsigned protocol)
{
    int                     rc;
    size_t                  i, n;
    unsigned                good, secret;
    uint8_t                *copy;
    nthrift_str_t           body, text;
    nthrift_arena_t        *small;
    nthrift_plain_rules_t   rules;
    nthrift_plain_method_t  m;

    static const char  json[] =
        "{\"card\":{\"owner\":\"\xe2\x82\xac\"},"
        "\"points\":[{\"x\":1,\"y\":2},{\"x\":3,\"y\":4}],"
        "\"counts\":{\"a\":1,\"b\":2},\"s\":\"\\\"<b>\"}";

    m = method("card");
    text = bind_str("{\"card\":{\"owner\":\"\xe2\x82\xac\","
                    "\"number\":{\"x\":77777,\"y\":7}},\"pin\":\"77777\","
                    "\"points\":[{\"x\":1,\"y\":2},{\"x\":3,\"y\":4}],"
                    "\"counts\":{\"a\":1,\"b\":2},\"s\":\"\\\"<b>\"}");
    rules = usual;

    is_int(nthrift_plain_read(&rules, arena, &m, &text, protocol, &body,
                              &error), NTHRIFT_OK, "arguments: read");

    is_int(nthrift_plain_arguments(&rules, arena, m.idl, protocol, body.data,
                                   body.data + body.len, &text), NTHRIFT_OK,
           "arguments: shown");
    ok(text.len == sizeof(json) - 1 && memcmp(text.data, json, text.len) == 0,
       "arguments: without secrets");

    good = 0;
    secret = 0;

    for (i = 0; i <= body.len; i++) {
        copy = unit_guard(body.data, i);

        for (n = 1; n < sizeof(json) + 8; n++) {
            rules.max_size = n;

            rc = nthrift_plain_arguments(&rules, arena, m.idl, protocol, copy,
                                         copy + i, &text);

            good += text.len < sizeof(json) && text.len <= n
                    && (text.len == 0 || memcmp(text.data, json, text.len) == 0)
                    && (rc == NTHRIFT_OK) == (i == body.len
                                              && n >= sizeof(json) - 1);
            secret += text.len != 0
                      && memmem(text.data, text.len, "77777", 5) != NULL;
        }
    }

    is_int(good, (body.len + 1) * (sizeof(json) + 7), "arguments: beginnings");
    is_int(secret, 0, "arguments: no secret");

    rules = usual;
    good = 0;

    for (n = 64; n < 8192; n += 64) {
        small = nthrift_arena_create(64, n);

        rc = nthrift_plain_arguments(&rules, small, m.idl, protocol, body.data,
                                     body.data + body.len, &text);
        good += (text.len == 0 || memcmp(text.data, json, text.len) == 0)
                && (rc == NTHRIFT_OK || rc == NTHRIFT_AGAIN);

        nthrift_arena_destroy(small);
    }

    is_int(good, 127, "arguments: memory that ends");
}


int
main(void)
{
    model = nthrift_arena_create(4096, 0);
    arena = nthrift_arena_create(65536, 0);
    program = bind_load(model, idl);
    nthrift_schema_init(&set, model);

    test_cases(NTHRIFT_BINARY);
    test_cases(NTHRIFT_COMPACT);
    test_defaults();
    test_wrong();
    test_query();
    test_replies(NTHRIFT_BINARY);
    test_replies(NTHRIFT_COMPACT);
    test_wrong_replies();
    test_cut_replies(NTHRIFT_BINARY);
    test_cut_replies(NTHRIFT_COMPACT);
    test_exceptions(NTHRIFT_BINARY);
    test_exceptions(NTHRIFT_COMPACT);
    test_long_strings();
    test_arguments(NTHRIFT_BINARY);
    test_arguments(NTHRIFT_COMPACT);
    test_indent();
    test_limits();
    test_no_memory();
    test_openapi();

    nthrift_arena_destroy(arena);
    nthrift_arena_destroy(model);

    done();

    return unit_result();
}
