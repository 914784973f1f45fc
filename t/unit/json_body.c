/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/json_body.c: bodies in JSON by their definition: what each thing is in
 * the other protocols, and back; what is left out and what is refused; random
 * bodies, there and back, in pieces and buffers of every size.
 */

#include "bind/json_read.h"
#include "bind/json_write.h"
#include "bind.h"
#include "unit.h"

#include <math.h>


#define SIZE    65536
#define DEPTH   16
#define PATH    64
#define BODIES  4000


static const char  idl[] =
    "enum Color { RED = 1, BLUE = 10 }\n"
    "struct Box {\n"
    "    1: bool on, 2: i8 y, 3: i16 h, 4: i32 i, 5: i64 l, 6: double d,\n"
    "    7: string text, 8: binary raw, 9: uuid key, 10: Color color,\n"
    "    11: list<string> texts, 12: set<binary> raws, 13: list<i64> numbers,\n"
    "    14: map<string, binary> named, 15: map<binary, string> hidden,\n"
    "    16: map<i32, double> reals, 17: map<double, bool> odd,\n"
    "    18: map<bool, Box> boxes, 19: list<Box> more, 20: Box box,\n"
    "    21: map<list<i8>, set<string>> strange, 22: map<Box, i32> worse,\n"
    "    23: list<list<binary>> deep, 24: map<uuid, i8> keys,\n"
    "    300: list<bool> flags, -7: string old }\n";


static const nthrift_schema_t  *box;


/* JSON to binary: what came of it. */

typedef struct {
    int                     rc;
    size_t                  n;
    uint32_t                dropped;
    const char             *error;
    char                    path[PATH + 1];
    uint8_t                 out[SIZE];
} read_t;


static void
read_body(read_t *r, const char *text, size_t n, size_t step, size_t room,
    unsigned fields)
{
    size_t                  left, size;
    uint8_t                *out, *end;
    const uint8_t          *p, *piece;
    nthrift_json_read_t     read;
    nthrift_check_error_t   err;

    uint64_t  memory[SIZE / 8];

    memset(&read, 0xa5, sizeof(read));
    memset(memory, 0xa5, nthrift_json_read_size(DEPTH));

    err.path = (uint8_t *) r->path;
    err.size = PATH;

    nthrift_json_read_start(&read, memory, DEPTH, box, n, fields, &err);

    r->n = 0;
    left = n;

    do {
        size = (left < step) ? left : step;
        piece = p = unit_guard(text + n - left, size);

        do {
            out = r->out + r->n;
            end = out + ((room < SIZE - r->n) ? room : SIZE - r->n);
            r->rc = nthrift_json_read_part(&read, &p, piece + size, &out, end);
            r->n = (size_t) (out - r->out);

        } while (r->rc == NTHRIFT_AGAIN && p != piece + size);

        left -= (size_t) (p - piece);

    } while (r->rc == NTHRIFT_AGAIN && left != 0);

    r->error = err.text;
    r->path[err.len] = '\0';
    r->dropped = read.dropped;

    if (r->rc == NTHRIFT_OK && left != 0) {
        r->rc = NTHRIFT_DECLINED;
    }
}


/* Binary or compact to JSON. */

typedef struct {
    int          rc;
    size_t       n;
    const char  *error;
    char         out[SIZE * 8];
} write_t;


static void
write_body(write_t *r, unsigned protocol, const uint8_t *body, size_t n,
    size_t part, size_t room)
{
    uint8_t               *out, *end;
    nthrift_error_t        err = { NULL };
    nthrift_bytes_t        bytes;
    nthrift_json_write_t   w;

    uint64_t  memory[SIZE / 8];

    memset(&w, 0xa5, sizeof(w));
    memset(memory, 0xa5, nthrift_json_write_size(DEPTH));

    body = unit_guard(body, n);

    nthrift_bytes_init(&bytes, body, body + n, NULL, NULL);
    nthrift_json_write_start(&w, memory, DEPTH, protocol, box, &bytes, &err);

    r->n = 0;

    do {
        out = (uint8_t *) r->out + r->n;
        end = out + room;
        r->rc = nthrift_json_write_part(&w, part, &out, end);
        r->n = (size_t) (out - (uint8_t *) r->out);

    } while (r->rc == NTHRIFT_AGAIN && r->n + room < sizeof(r->out));

    r->error = err.text;

    if (r->rc == NTHRIFT_OK && bytes.p != bytes.last) {
        r->rc = NTHRIFT_DECLINED;
    }
}


static read_t   got, other;
static write_t  text, again;


/* What is written, as Apache's libraries do but for doubles, and what it is. */

typedef struct {
    const char  *json;
    const char  *body;
} pair_t;


static const pair_t  pairs[] = {
    { "{}", "" },
    { "{\"1\":{\"tf\":1},\"2\":{\"i8\":-128},\"3\":{\"i16\":-300},"
      "\"4\":{\"i32\":70000},\"5\":{\"i64\":-5000000000}}",
      "1:b1 2:y-128 3:h-300 4:i70000 5:l-5000000000" },
    { "{\"6\":{\"dbl\":1.5}}", "6:d1.5" },
    { "{\"6\":{\"dbl\":-0}}", "6:d-0.0" },
    { "{\"6\":{\"dbl\":0.1}}", "6:d0.1" },
    { "{\"6\":{\"dbl\":0}}", "6:d0" },
    { "{\"6\":{\"dbl\":-1000.000001}}", "6:d-1000.000001" },
    { "{\"6\":{\"dbl\":123456789.012}}", "6:d123456789.012" },
    { "{\"6\":{\"dbl\":999999999999999}}", "6:d999999999999999" },
    { "{\"6\":{\"dbl\":1e+15}}", "6:d1e15" },
    { "{\"6\":{\"dbl\":0.14285714285714285}}",
      "6:d0.14285714285714285" },
    { "{\"6\":{\"dbl\":1e-07}}", "6:d1e-7" },
    { "{\"6\":{\"dbl\":1.7976931348623157e+308}}",
      "6:d1.7976931348623157e308" },
    { "{\"6\":{\"dbl\":4.94065645841247e-324}}", "6:d4.9e-324" },
    { "{\"6\":{\"dbl\":\"Infinity\"}}", "6:dinf" },
    { "{\"6\":{\"dbl\":\"-Infinity\"}}", "6:d-inf" },
    { "{\"7\":{\"str\":\"\"}}", "7:\"\"" },
    { "{\"7\":{\"str\":\"a\\\\b\\n\\t\\u0001/\303\251\360\237\230\200\"}}",
      "7:\"a\\b\n\t\001/\303\251\360\237\230\200\"" },
    { "{\"8\":{\"str\":\"\"}}", "8:\"\"" },
    { "{\"8\":{\"str\":\"YQ==\"}}", "8:\"a\"" },
    { "{\"8\":{\"str\":\"YWI=\"}}", "8:\"ab\"" },
    { "{\"8\":{\"str\":\"YWJj\"}}", "8:\"abc\"" },
    { "{\"8\":{\"str\":\"//79AQ==\"}}", "8:\"\377\376\375\001\"" },
    { "{\"10\":{\"i32\":10}}", "10:i10" },
    { "{\"11\":{\"lst\":[\"str\",2,\"a\",\"\"]}}", "11:[s \"a\" \"\"]" },
    { "{\"11\":{\"lst\":[\"str\",0]}}", "11:[s]" },
    { "{\"12\":{\"set\":[\"str\",1,\"YQ==\"]}}", "12:(s \"a\")" },
    { "{\"14\":{\"map\":[\"str\",\"str\",2,{\"YQ\":\"YQ==\",\"b\":\"\"}]}}",
      "14:<ss \"YQ\" \"a\" \"b\" \"\">" },
    { "{\"15\":{\"map\":[\"str\",\"str\",1,{\"YQ==\":\"YQ\"}]}}",
      "15:<ss \"a\" \"YQ\">" },
    { "{\"16\":{\"map\":[\"i32\",\"dbl\",2,{\"-1\":0.5,\"2\":2}]}}",
      "16:<id i-1 d0.5 i2 d2>" },
    { "{\"17\":{\"map\":[\"dbl\",\"tf\",2,{\"1.5\":0,\"-Infinity\":1}]}}",
      "17:<db d1.5 b0 d-inf b1>" },
    { "{\"18\":{\"map\":[\"tf\",\"rec\",1,{\"1\":{\"8\":{\"str\":\"YQ==\"}}}"
      "]}}", "18:<b{ b1 {8:\"a\"}>" },
    { "{\"19\":{\"lst\":[\"rec\",2,{},{\"1\":{\"tf\":0}}]},"
      "\"20\":{\"rec\":{\"20\":{\"rec\":{}}}}}",
      "19:[{ {} {1:b0}] 20:{20:{}}" },
    { "{\"21\":{\"map\":[\"lst\",\"set\",1,{[\"i8\",2,1,2]:[\"str\",1,\"x\"]}"
      "]}}", "21:<[( [y y1 y2] (s \"x\")>" },
    { "{\"22\":{\"map\":[\"rec\",\"i32\",1,{{\"2\":{\"i8\":5}}:7}]}}",
      "22:<{i {2:y5} i7>" },
    { "{\"23\":{\"lst\":[\"lst\",2,[\"str\",1,\"YQ==\"],[\"str\",0]]}}",
      "23:[[ [s \"a\"] [s]]" },
    { "{\"300\":{\"lst\":[\"tf\",3,1,0,1]},\"-7\":{\"str\":\"x\"}}",
      "300:[b b1 b0 b1] -7:\"x\"" }
};


static void
test_pair(const pair_t *pair)
{
    size_t   n, m, len;
    char     json[1024];
    uint8_t  body[1024];

    n = bind_body(NTHRIFT_BINARY, pair->body, body);
    len = (size_t) sprintf(json, "%s]", pair->json);

    for (m = 1; m <= len; m += (m < 4) ? 1 : len - m + (m == len)) {
        read_body(&got, json, len, m, (m == len) ? SIZE : NTHRIFT_JSON_ROOM,
                  NTHRIFT_CHECK_PASS);

        is_int(got.rc, NTHRIFT_OK, pair->json);
        is_bytes(got.out, got.n, body, n, "to binary");
    }

    write_body(&text, NTHRIFT_BINARY, body, n, SIZE_MAX, 4096);
    is_int(text.rc, NTHRIFT_OK, "and back");
    is_bytes((uint8_t *) text.out, text.n, (uint8_t *) json, len,
             "the same text");

    n = bind_body(NTHRIFT_COMPACT, pair->body, body);

    write_body(&text, NTHRIFT_COMPACT, body, n, 1, NTHRIFT_JSON_WRITE_ROOM);
    is_int(text.rc, NTHRIFT_OK, "from compact");
    is_bytes((uint8_t *) text.out, text.n, (uint8_t *) json, len,
             "the same text from compact");
}


/* Texts that are not what is written here, but mean the same. */

static const pair_t  others[] = {
    { "{\"7\":{\"str\":\"\\u00e9\\ud83d\\ude00\\/\\b\\f\\r\\\"\\u0000\"}}",
      NULL },
    { "{\"8\":{\"str\":\"YQ\"}}", "8:\"a\"" },
    { "{\"8\":{\"str\":\"YQ=\"}}", "8:\"a\"" },
    { "{\"8\":{\"str\":\"YWI\"}}", "8:\"ab\"" },
    { "{\"8\":{\"str\":\"\\/\\/79AQ\"}}", "8:\"\377\376\375\001\"" },
    { "{\"8\":{\"str\":\"\\u0059Q\"}}", "8:\"a\"" },
    { "{\"6\":{\"dbl\":1.50E0}}", "6:d1.5" },
    { "{\"6\":{\"dbl\":15e-1}}", "6:d1.5" },
    { "{\"6\":{\"dbl\":1e-999}}", "6:d0" },
    { "{\"4\":{\"i32\":-0}}", "4:i0" },
    { "{\"5\":{\"i64\":-000000000001}}", "5:l-1" },

    /* not declared */

    { "{\"99\":{\"str\":\"YQ\"},\"4\":{\"i32\":1}}", "4:i1" },
    { "{\"4\":{\"i32\":1},\"99\":{\"map\":[\"str\",\"lst\",1,"
      "{\"a\":[\"rec\",2,{\"1\":{\"tf\":1}},{}]}]},\"1\":{\"tf\":1}}",
      "4:i1 1:b1" },
    { "{\"20\":{\"rec\":{\"99\":{\"dbl\":1.5},\"98\":{\"uid\":"
      "\"00010203-0405-0607-0809-0a0b0c0d0e0f\"}}},\"4\":{\"i32\":1}}",
      "20:{} 4:i1" },

    /* another type than declared is for the check to refuse */

    { "{\"7\":{\"i32\":1},\"8\":{\"rec\":{\"1\":{\"str\":\"YQ\"}}}}",
      "7:i1 8:{1:\"YQ\"}" },
    { "{\"12\":{\"lst\":[\"str\",1,\"YQ\"]}}", "12:[s \"YQ\"]" },
    { "{\"14\":{\"map\":[\"i8\",\"i8\",0,{}]}}", "14:<yy>" }
};


static const char  escaped[] = "\v\0\7\0\0\0\f\303\251\360\237\230\200/\b\f\r"
                               "\"\0";


static void
test_others(void)
{
    size_t   i, n, len;
    char     json[1024];
    uint8_t  body[1024];

    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {

        if (others[i].body == NULL) {
            n = sizeof(escaped);
            memcpy(body, escaped, n);

        } else {
            n = bind_body(NTHRIFT_BINARY, others[i].body, body);
        }

        len = (size_t) sprintf(json, "%s]", others[i].json);
        read_body(&got, json, len, len, SIZE, NTHRIFT_CHECK_PASS);

        is_int(got.rc, NTHRIFT_OK, others[i].json);
        is_bytes(got.out, got.n, body, n, "means the same");

        read_body(&other, json, len, 1, NTHRIFT_JSON_ROOM,
                  NTHRIFT_CHECK_PASS);
        ok(other.rc == NTHRIFT_OK && other.n == n
           && memcmp(other.out, body, n) == 0, "byte by byte");
    }
}


static void
test_uuid(void)
{
    static const char     json[] = "{\"9\":{\"uid\":\"00112233-4455-6677-8899-"
                                   "aAbBcCdDeEfF\"}}]";
    static const uint8_t  body[] = { 16, 0, 9, 0, 0x11, 0x22, 0x33, 0x44,
                                     0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb,
                                     0xcc, 0xdd, 0xee, 0xff, 0 };

    read_body(&got, json, sizeof(json) - 1, 1, NTHRIFT_JSON_ROOM, 0);
    is_int(got.rc, NTHRIFT_OK, "a uuid");
    is_bytes(got.out, got.n, body, sizeof(body), "its bytes");

    write_body(&text, NTHRIFT_BINARY, body, sizeof(body), 1, 4096);
    text.out[text.n] = '\0';
    is_str(text.out, "{\"9\":{\"uid\":\"00112233-4455-6677-8899-"
                     "aabbccddeeff\"}}]", "and back");
}


typedef struct {
    const char  *json;
    const char  *error;
    const char  *path;
    unsigned     fields;
} bad_t;


#define BASE64  "bad base64 in JSON"


static const bad_t  bads[] = {
    { "{\"8\":{\"str\":\"Y\"}}", BASE64, "raw", 0 },
    { "{\"8\":{\"str\":\"YWJjZ\"}}", BASE64, "raw", 0 },
    { "{\"8\":{\"str\":\"YQ===\"}}", BASE64, "raw", 0 },
    { "{\"8\":{\"str\":\"=\"}}", BASE64, "raw", 0 },
    { "{\"8\":{\"str\":\"YWJj=\"}}", BASE64, "raw", 0 },
    { "{\"8\":{\"str\":\"YQ=a\"}}", BASE64, "raw", 0 },
    { "{\"8\":{\"str\":\"Y Q\"}}", BASE64, "raw", 0 },
    { "{\"8\":{\"str\":\"Y-_Q\"}}", BASE64, "raw", 0 },
    { "{\"8\":{\"str\":\"\303\251\"}}", BASE64, "raw", 0 },
    { "{\"8\":{\"str\":\"\\n\"}}", BASE64, "raw", 0 },
    { "{\"20\":{\"rec\":{\"12\":{\"set\":[\"str\",2,\"YQ\",\"!\"]}}}}",
      BASE64, "box.raws[1]", 0 },
    { "{\"14\":{\"map\":[\"str\",\"str\",1,{\"!\":\"!\"}]}}",
      BASE64, "named{}", 0 },
    { "{\"23\":{\"lst\":[\"lst\",1,[\"str\",1,\"!\"]]}}",
      BASE64, "deep[0][0]", 0 },
    { "{\"6\":{\"dbl\":1e999}}", "number out of range in JSON", "d", 0 },
    { "{\"6\":{\"dbl\":-1e999}}", "number out of range in JSON", "d", 0 },
    { "{\"20\":{\"rec\":{\"99\":{\"tf\":1}}}}", "undeclared field", "box.99",
      NTHRIFT_CHECK_REFUSE },
    { "{\"7\":{\"str\":\"\\ud83d\"}}", "half of a surrogate pair in JSON", "",
      0 },
    { "{\"4\":{\"i32\":2147483648}}", "number out of range in JSON", "", 0 },
    { "{\"4\":{\"i32\":1}", NULL, NULL, 0 }
};


static void
test_bads(void)
{
    int     rc;
    size_t  i, len;
    char    json[1024];

    for (i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
        len = (size_t) sprintf(json, "%s%s", bads[i].json,
                               bads[i].error ? "]" : "");

        read_body(&got, json, len, 1, NTHRIFT_JSON_ROOM, bads[i].fields);
        rc = bads[i].error ? NTHRIFT_ERROR : NTHRIFT_AGAIN;
        is_int(got.rc, rc, bads[i].json);

        if (bads[i].error != NULL) {
            is_str(got.error, bads[i].error, "says why");
            is_str(got.path, bads[i].path, "and where");
        }
    }
}


/* Digits without end are refused, in memory that does not grow. */

static void
test_digits(void)
{
    size_t  i, n;
    char   *json;

    json = malloc(SIZE);

    for (i = NTHRIFT_JSON_DIGITS; i <= NTHRIFT_JSON_DIGITS + 1; i++) {
        n = (size_t) sprintf(json, "{\"6\":{\"dbl\":0.");
        memset(json + n, '1', i - 2);
        n += i - 2;
        n += (size_t) sprintf(json + n, "}}]");

        read_body(&got, json, n, 7, NTHRIFT_JSON_ROOM, 0);
        is_int(got.rc, (i == NTHRIFT_JSON_DIGITS) ? NTHRIFT_OK : NTHRIFT_ERROR,
               "many digits");
    }

    is_str(got.error, "too long number in JSON", "too many");
    free(json);
}


/* What cannot be written. */

static const bad_t  unwritten[] = {
    { "7:\"\377\"", "text that is not UTF-8", NULL, 0 },
    { "7:\"\303\"", "text that is not UTF-8", NULL, 0 },
    { "15:<ss \"\377\" \"\377\">", "text that is not UTF-8", NULL, 0 },
    { "7:i1", "field of another type than declared", NULL, 0 },
    { "12:[s]", "field of another type than declared", NULL, 0 },
    { "11:[i i1]", "element of another type than declared", NULL, 0 },
    { "14:<si \"a\" i1>", "element of another type than declared", NULL, 0 },
    { "20:{7:i1}", "field of another type than declared", NULL, 0 },
    { "20:{20:{20:{20:{20:{20:{20:{20:{20:{20:{20:{20:{20:{20:{20:{20:{}}}}}}"
      "}}}}}}}}}}", "too many levels of nesting", NULL, 0 }
};


static void
test_unwritten(void)
{
    size_t    i, n;
    uint8_t   body[1024];
    unsigned  protocol;

    for (protocol = NTHRIFT_BINARY; protocol <= NTHRIFT_COMPACT; protocol++) {

        for (i = 0; i < sizeof(unwritten) / sizeof(unwritten[0]); i++) {
            n = bind_body(protocol, unwritten[i].json, body);

            write_body(&text, protocol, body, n, 1, 4096);
            is_int(text.rc, NTHRIFT_ERROR, unwritten[i].json);
            is_str(text.error, unwritten[i].error, "says why");
        }

        n = bind_body(protocol, "99:\"\377\" 4:i1 98:<s{ \"\377\" {1:b1}> "
                      "97:[{ {4:i1} {}] 1:b1 20:{99:{4:i1} 4:i2}", body);
        write_body(&text, protocol, body, n, 1, 4096);
        text.out[text.n] = '\0';
        is_str(text.out, "{\"4\":{\"i32\":1},\"1\":{\"tf\":1},"
                         "\"20\":{\"rec\":{\"4\":{\"i32\":2}}}}]",
               "undeclared fields are left out");

        n = bind_body(protocol, "14:<yy> 11:[y]", body);
        write_body(&text, protocol, body, n, 1, 4096);
        text.out[text.n] = '\0';
        is_str(text.out, "{\"14\":{\"map\":[\"str\",\"str\",0,{}]},"
                         "\"11\":{\"lst\":[\"str\",0]}}]",
               "nothing has the types that are declared");

        for (i = 0; i < n; i++) {
            write_body(&text, protocol, body, i, SIZE_MAX, 4096);

            if (text.rc != NTHRIFT_ERROR) {
                break;
            }
        }

        is_int((long) i, (long) n, "a body that is cut off");
    }
}


/* Random values of the table's types, in the notation's protocol. */

typedef struct {
    uint8_t  *p;
    uint8_t  *end;
} random_t;


static void random_struct(random_t *r, const nthrift_schema_t *st, int depth);


static void
random_bytes(random_t *r, size_t n)
{
    while (n-- != 0) {
        *r->p++ = (uint8_t) random();
    }
}


static void
random_text(random_t *r)
{
    int       i, n;
    uint8_t  *length;

    static const char *const  parts[] = {
        "a", "\"", "\\", "/", "\n", "\001", "\037", "\177", "\303\251",
        "\342\202\254", "\360\237\230\200", "<", "=", "long enough, or not"
    };

    length = r->p;
    r->p += 4;
    n = (int) (random() % 8);

    for (i = 0; i < n; i++) {
        r->p = (uint8_t *) stpcpy((char *) r->p, parts[random() % 14]);
    }

    (void) nthrift_binary_put32(length, (uint32_t) (r->p - length - 4));
}


static void
random_double(random_t *r)
{
    double    real;
    uint64_t  bits;

    do {
        bits = (uint64_t) random() << 40 ^ (uint64_t) random() << 16
               ^ (uint64_t) random();
        memcpy(&real, &bits, 8);
    } while (isnan(real));

    switch (random() % 8) {
    case 3: real = (double) (random() % 100000000) / 1000; break;
    case 4: real = (double) random() * 1e-7; break;
    case 0: real = NAN; break;
    case 1: real = INFINITY; break;
    case 2: real = (double) random() / 8; break;
    default: break;
    }

    memcpy(&bits, &real, 8);
    r->p = nthrift_binary_put64(r->p, bits);
}


static void
random_value(random_t *r, const nthrift_schema_type_t *type, int depth)
{
    uint32_t  i, n;

    static const uint8_t  sizes[] = { NTHRIFT_BINARY_FIXED };

    n = (depth > 0 && r->end - r->p > SIZE / 2) ? (uint32_t) random() % 5 : 0;

    switch (type->type) {

    case NTHRIFT_BOOL:
        *r->p++ = random() & 1;
        break;

    case NTHRIFT_DOUBLE:
        random_double(r);
        break;

    case NTHRIFT_STRING:
        if (type->flags & NTHRIFT_SCHEMA_TEXT) {
            random_text(r);
            break;
        }

        n = (uint32_t) random() % 20;
        r->p = nthrift_binary_put32(r->p, n);
        random_bytes(r, n);
        break;

    case NTHRIFT_STRUCT:
        random_struct(r, type->st, depth - 1);
        break;

    case NTHRIFT_MAP:
        *r->p++ = type->key->type;
        *r->p++ = type->elem->type;
        r->p = nthrift_binary_put32(r->p, n);

        for (i = 0; i < n; i++) {
            random_value(r, type->key, depth - 1);
            random_value(r, type->elem, depth - 1);
        }

        break;

    case NTHRIFT_LIST:
    case NTHRIFT_SET:
        *r->p++ = type->elem->type;
        r->p = nthrift_binary_put32(r->p, n);

        for (i = 0; i < n; i++) {
            random_value(r, type->elem, depth - 1);
        }

        break;

    default:
        random_bytes(r, sizes[type->type]);
    }
}


static void
random_struct(random_t *r, const nthrift_schema_t *st, int depth)
{
    int                            n;
    const nthrift_schema_field_t  *field;

    for (n = (int) (random() % 5); n > 0 && depth > 0; n--) {
        field = &st->fields[(uint32_t) random() % st->n];

        *r->p++ = field->type.type;
        r->p = nthrift_binary_put16(r->p, (uint16_t) field->id);
        random_value(r, &field->type, depth);
    }

    *r->p++ = 0;
}


static void
test_random(void)
{
    int              i, bad;
    size_t           n, step, room;
    random_t         r;
    static uint8_t   body[SIZE * 2];

    srandom(1);
    bad = 0;

    for (i = 0; i < BODIES; i++) {
        r.p = body;
        r.end = body + SIZE;
        random_struct(&r, box, 6);
        n = (size_t) (r.p - body);

        if (n > SIZE / 8) {
            continue;
        }

        step = 1 + (size_t) random() % 40;
        room = NTHRIFT_JSON_WRITE_ROOM + (size_t) random() % 60;

        write_body(&text, NTHRIFT_BINARY, body, n, SIZE_MAX, 60000);
        write_body(&again, NTHRIFT_BINARY, body, n, step, room);
        bad += text.rc != NTHRIFT_OK || again.rc != NTHRIFT_OK
               || text.n != again.n || memcmp(text.out, again.out, text.n);

        read_body(&got, text.out, text.n, text.n, SIZE, NTHRIFT_CHECK_REFUSE);
        read_body(&other, text.out, text.n, step,
                  NTHRIFT_JSON_ROOM + room % 30, NTHRIFT_CHECK_REFUSE);

        bad += got.rc != NTHRIFT_OK || other.rc != NTHRIFT_OK
               || got.n != n || memcmp(got.out, body, n) != 0
               || other.n != n || memcmp(other.out, body, n) != 0;

        if (bad) {
            diag("body %d: %s, %s: %.*s", i, text.error ? text.error : "",
                 got.error ? got.error : "", (int) text.n, text.out);
            break;
        }
    }

    is_int(bad, 0, "random bodies, there and back");
}


int
main(void)
{
    size_t                  i;
    nthrift_arena_t        *arena;
    nthrift_schema_set_t    set;

    arena = nthrift_arena_create(65536, 0);
    nthrift_schema_init(&set, arena);

    box = nthrift_schema_build(&set, bind_struct(bind_load(arena, idl),
                                                 "Box"));

    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        test_pair(&pairs[i]);
    }

    test_others();
    test_uuid();
    test_bads();
    test_digits();
    test_unwritten();
    test_random();

    nthrift_arena_destroy(arena);

    done();

    return unit_result();
}
