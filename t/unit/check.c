/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/check.c: bodies against their tables: every rule, in both protocols,
 * whole before a guard page, in runs split at every byte, byte by byte, and
 * cut off everywhere.
 */

#include "bind/check.h"
#include "bind.h"
#include "wire/skip.h"


#define DEPTH  16


static const char  idl[] =
    "enum Color { RED = 1, GREEN = 2, BLUE = 10 }\n"
    "union Id { 1: i64 number, 2: string name, 20: list<string> parts }\n"
    "exception Missing { 1: required string what }\n"
    "exception Denied { 1: i32 code }\n"
    "struct Keys { 1: list<list<uuid>> keys }\n"
    "struct Zip { 1: required string code, 2: i32 plus }\n"
    "struct Address { 1: string street, 2: Zip zip, 3: required string city }\n"
    "struct Item { 1: double price, 2: optional Color color, 3: binary raw }\n"
    "struct User {\n"
    "    1: required i64 id\n"
    "    2: string name\n"
    "    3: Address address\n"
    "    4: list<Item> items\n"
    "    5: map<string, Item> prices\n"
    "    6: Id other\n"
    "    7: bool on\n"
    "    8: i8 small\n"
    "    9: i16 middle\n"
    "    10: set<i32> numbers\n"
    "    11: uuid key\n"
    "    12: list<list<string>> words\n"
    "    13: map<i32, i64> pairs\n"
    "    14: list<Color> colors\n"
    "    15: map<Color, Color> mixed\n"
    "    16: list<bool> flags\n"
    "    17: map<i8, i64> bytes\n"
    "    18: list<User> friends\n"
    "    19: map<string, string> strings\n"
    "    23: list<uuid> keys\n"
    "    24: map<uuid, i64> by_key\n"
    "    25: map<i8, uuid> to_key\n"
    "    26: Keys more\n"
    "    -3: i32 negative\n"
    "    1000: i32 far\n"
    "}\n"
    "service Users {\n"
    "    User get(1: required i64 id, 2: Color color)"
    " throws (1: Missing missing, 3: Denied denied)\n"
    "    void put(1: User user) throws (1: Missing missing)\n"
    "    list<i32> all()\n"
    "}\n";


#define ENUMS  1
#define UTF8   2
#define BOTH   3
#define UUIDS  4
#define REPLY  8
#define TELL   16      /* enums: passed, and told */
#define KNOWN  32      /* fields: refused */
#define TOLD   64      /* fields: passed, and told */
#define TEXT   128     /* utf8: passed, and told */
#define DROP   256     /* fields: passed, told, and well formed only */
#define FLAT   512     /* undeclared_depth: 4 */


#define UUID  "uuid in an undeclared field"
#define DEEP  "too many levels of nesting in an undeclared field"

typedef struct {
    const char   *name;
    const char   *st;
    int           rules;
    const char   *body;
    const char   *error;
    const char   *path;         /* or, of a good body, what is told */
} check_case_t;


static const check_case_t  cases[] = {
    { "every field", "User", BOTH,
      "-3:i-9 1:l5 2:\"a\" 3:{1:\"b\" 2:{1:\"c\" 2:i7} 3:\"d\"}"
      "4:[{ {1:d1.5 2:i10} {3:\"\xff\"}] 5:<s{ \"k\" {1:d2}> 6:{1:l-1} 7:b0"
      "8:y-1 9:h300 10:(i i1 i70000 i-1) 11:u7 12:[[ [s \"x\" \"y\"] [s]]"
      "13:<il i1 l2 i300 l70000> 14:[i i1 i2 i10] 15:<ii i1 i2>"
      "16:[b b1 b0] 17:<yl y1 l1000> 18:[{ {1:l6}] 19:<ss \"a\" \"b\">"
      "1000:i4", NULL, NULL },
    { "only what must be", "User", BOTH, "1:l5", NULL, NULL },
    { "fields in any order", "User", BOTH, "7:b1 2:\"x\" 1:l5 -3:i1", NULL,
      NULL },
    { "a field twice", "User", BOTH, "1:l5 1:l6 2:\"x\" 2:\"y\"", NULL, NULL },

    { "unknown fields of every type", "User", BOTH,
      "1:l5 30:b1 31:y1 32:h1 33:i1 34:l1 35:d1 36:\"\xc3\xa9\" "
      "38:{1:\"x\" 2:{} 3:[i i1]} 39:[{ {1:i1} {}] 40:<s{ \"y\" {}>"
      "41:(s \"a\" \"b\") 42:<il i1 l300> 43:[b b1 b0] 44:<yl y1 l300>"
      "45:[[ [s \"a\"] [i i1]] 46:<ss>", NULL, NULL },
    { "unknown field, told", "User", TOLD, "1:l5 30:{1:{}} 7:b1", NULL,
      "field" },
    { "unknown field in a list, told", "User", TOLD,
      "1:l5 4:[{ {1:d1} {1:d1 9:[b b1]}]", NULL, "field" },
    { "unknown uuid, told", "User", TOLD, "1:l5 37:u1", UUID, "37" },
    { "unknown field of a union, told", "User", TOLD, "1:l5 6:{9:l1}",
      "undeclared field of a union", "other.9" },
    { "no unknown field, told", "User", TOLD, "1:l5 3:{3:\"d\"} 4:[{ {}]",
      NULL, NULL },
    { "unknown field, refused", "User", KNOWN, "1:l5 30:{1:{}}",
      "undeclared field", "30" },
    { "unknown field further in, refused", "User", KNOWN,
      "1:l5 5:<s{ \"k\" {1:d2 9:i1}>", "undeclared field", "prices{}.9" },
    { "no unknown field, refused", "User", KNOWN, "1:l5 3:{3:\"d\"}", NULL,
      NULL },

    { "unknown fields of every type, dropped", "User", BOTH | DROP,
      "1:l5 30:b1 31:y1 32:h1 33:i1 34:l1 35:d1 36:\"\xff\" 37:u1 "
      "38:{1:\"\xff\" 2:{} 3:[i i1] 4:u1} 39:[{ {1:i1} {}] "
      "40:<s{ \"\xff\" {1:u1}> 41:(s \"a\" \"\x80\") 42:<iu i1 u3> "
      "43:[b b1 b0] 44:[u u1 u2] 45:[[ [s \"\xff\"] [u u1]] 46:<su>", NULL,
      "field" },
    { "no unknown field, dropped", "User", BOTH | DROP, "1:l5 3:{3:\"d\"}",
      NULL, NULL },
    { "text beside a dropped field", "User", BOTH | DROP,
      "1:l5 30:\"\xff\" 2:\"\xff\"", "string is not UTF-8", "name" },
    { "text beside a dropped field, told", "User", TEXT | DROP,
      "1:l5 30:\"\xff\" 2:\"\xff\"", NULL, "fieldtext" },
    { "text in a dropped field, not told", "User", TEXT | DROP,
      "1:l5 30:\"\xff\" 2:\"x\"", NULL, "field" },
    { "enum beside a dropped field", "User", BOTH | DROP,
      "1:l5 30:i70000 14:[i i1 i3]", "number that its enum does not have",
      "colors[1]" },
    { "wrong type beside a dropped field", "User", BOTH | DROP,
      "1:l5 30:(u u1) 10:(u u1)", "wrong type, i32 expected", "numbers[]" },
    { "missing field beside a dropped one", "User", BOTH | DROP,
      "1:l5 3:{30:{3:\"d\"}}", "missing required field", "address.city" },
    { "unknown field of a union, dropped", "User", BOTH | DROP,
      "1:l5 6:{9:l1}", "undeclared field of a union", "other.9" },
    { "unknown field of a union with another, dropped", "User", BOTH | DROP,
      "1:l5 6:{1:l1 9:l1}", "undeclared field of a union", "other.9" },
    { "levels of a dropped field", "Users.all", BOTH | DROP,
      "50:[{ {1:[{ {1:[{ {1:[{ {1:[{ {1:[{ {1:[{ {1:[{ {}]}]}]}]}]}]}]}]",
      "too many levels of nesting",
      "50[0].1[0].1[0].1[0].1[0].1[0].1[0].1[0]" },

    { "an unknown field between 15 and 16", "User", BOTH,
      "1:l5 40:i1 7:b1", NULL, NULL },

    { "an unknown uuid", "User", BOTH, "1:l5 37:u1", UUID, "37" },
    { "an unknown uuid of a negative id", "User", BOTH, "-32768:u1", UUID,
      "-32768" },
    { "an unknown list of uuids", "User", BOTH, "37:[u u1 u2]", UUID,
      "37[]" },
    { "an unknown set of uuids", "User", BOTH, "37:(u u1)", UUID, "37[]" },
    { "an unknown list of no uuid", "User", BOTH, "37:[u]", UUID, "37[]" },
    { "an unknown map of uuids to bools", "User", BOTH, "37:<ub u1 b1>", UUID,
      "37{}" },
    { "an unknown map of bytes to uuids", "User", BOTH, "37:<yu y1 u1>", UUID,
      "37{}" },
    { "an unknown map of uuids to lists", "User", BOTH, "37:<u[ u1 [u]>", UUID,
      "37{}" },
    { "a uuid in an unknown struct", "User", BOTH, "37:{1:i1 2:u1}", UUID,
      "37.2" },
    { "a uuid in structs in unknown lists", "User", BOTH,
      "37:[[ [{ {}] [{ {} {3:<y{ y1 {1:u1}>}]]", UUID, "37[1][1].3{}.1" },
    { "lists of uuids in an unknown list", "User", BOTH,
      "37:[[ [i i1] [u u1]]", UUID, "37[1][]" },
    { "an unknown uuid in a struct", "User", BOTH,
      "1:l5 4:[{ {1:d1} {1:d1 9:u1}]", UUID, "items[1].9" },
    { "an unknown set of uuids two structs in", "User", BOTH,
      "3:{2:{9:{1:i1} 8:(u u1)}}", UUID, "address.zip.8[]" },
    { "an unknown uuid in a union", "Id", REPLY, "9:u1", UUID, "9" },
    { "an unknown uuid in a result", "Users.put()", BOTH, "7:u1", UUID, "7" },
    { "unknown uuids, by rule", "User", UUIDS, "1:l5 37:u1 38:[u u1] 39:(u)"
      "40:{1:<yu y1 u1>} 41:<u{ u1 {1:u1}>", NULL, NULL },
    { "uuids of the wrong type, by rule", "User", UUIDS, "10:(u u1)",
      "wrong type, i32 expected", "numbers[]" },
    { "a uuid that is declared", "User", BOTH, "1:l5 11:u1 18:[{ {1:l1 11:u7}]"
      " 23:[u u1 u2] 24:<ul u1 l1> 25:<yu y1 u3> 26:{1:[[ [u] [u u5]]}", NULL,
      NULL },
    { "a declared uuid, and another", "User", BOTH, "11:u1 12:[[ [u u1]]",
      "wrong type, string expected", "words[0][]" },
    { "elements that are uuids", "User", BOTH, "10:(u u1)",
      "wrong type, i32 expected", "numbers[]" },
    { "elements that are uuids, but there is none", "User", BOTH, "10:(u)",
      "wrong type, i32 expected", "numbers[]" },

    { "wrong type: i32 for i64", "User", BOTH, "1:i5",
      "wrong type, i64 expected", "id" },
    { "wrong type: i64 for string", "User", BOTH, "1:l5 2:l6",
      "wrong type, string expected", "name" },
    { "wrong type: bool for i8", "User", BOTH, "1:l5 8:b1",
      "wrong type, i8 expected", "small" },
    { "wrong type: i8 for bool", "User", BOTH, "1:l5 7:y1",
      "wrong type, bool expected", "on" },
    { "wrong type: false for i16", "User", BOTH, "1:l5 9:b0",
      "wrong type, i16 expected", "middle" },
    { "wrong type: string for uuid", "User", BOTH, "1:l5 11:\"0\"",
      "wrong type, uuid expected", "key" },
    { "wrong type: i32 for double", "User", BOTH, "1:l5 4:[{ {} {1:i1}]",
      "wrong type, double expected", "items[1].price" },
    { "wrong type: list for set", "User", BOTH, "1:l5 10:[i i1]",
      "wrong type, set expected", "numbers" },
    { "wrong type: set for list", "User", BOTH, "1:l5 4:({ {})",
      "wrong type, list expected", "items" },
    { "wrong type: list for map", "User", BOTH, "1:l5 5:[{ {}]",
      "wrong type, map expected", "prices" },
    { "wrong type: string for struct", "User", BOTH, "1:l5 3:\"x\"",
      "wrong type, struct expected", "address" },
    { "wrong type: i64 for i32", "User", BOTH, "1:l5 1000:l5",
      "wrong type, i32 expected", "far" },
    { "wrong type: of a negative id", "User", BOTH, "-3:l5",
      "wrong type, i32 expected", "negative" },

    { "elements of a wrong type", "User", BOTH, "1:l5 10:(l l1)",
      "wrong type, i32 expected", "numbers[]" },
    { "elements of elements", "User", BOTH,
      "1:l5 12:[[ [s \"a\"] [s] [i i1]]",
      "wrong type, string expected", "words[2][]" },
    { "keys of a wrong type", "User", BOTH, "1:l5 5:<i{ i1 {}>",
      "wrong type, string expected", "prices{}" },
    { "values of a wrong type", "User", BOTH, "1:l5 5:<si \"a\" i1>",
      "wrong type, struct expected", "prices{}" },
    { "empty containers have any type", "User", BOTH,
      "1:l5 4:[s] 5:<ii> 10:(l) 12:[i]", NULL, NULL },
    { "bools for i8 elements", "User", BOTH, "1:l5 17:<bl b1 l1>",
      "wrong type, i8 expected", "bytes{}" },

    { "missing required field", "User", BOTH, "2:\"x\"",
      "missing required field", "id" },
    { "missing in an empty body", "User", BOTH, "", "missing required field",
      "id" },
    { "missing in a struct", "User", BOTH, "1:l5 3:{1:\"x\"}",
      "missing required field", "address.city" },
    { "missing two levels down", "User", BOTH, "1:l5 3:{2:{2:i1} 3:\"d\"}",
      "missing required field", "address.zip.code" },
    { "missing in a list", "User", BOTH, "1:l5 18:[{ {1:l1} {1:l2} {2:\"\"}]",
      "missing required field", "friends[2].id" },
    { "unknown struct misses nothing", "User", BOTH, "1:l5 50:{2:\"x\"}",
      NULL, NULL },
    { "missing argument", "Users.get", BOTH, "2:i1",
      "missing required field", "id" },
    { "arguments", "Users.get", BOTH, "1:l1 2:i2", NULL, NULL },
    { "arguments that are not required", "Users.put", BOTH, "", NULL, NULL },
    { "no arguments", "Users.all", BOTH, "", NULL, NULL },

    { "union", "Id", BOTH, "2:\"x\"", NULL, NULL },
    { "union without a field", "Id", BOTH, "", "union without a field", "" },
    { "union with two fields", "Id", BOTH, "1:l1 2:\"x\"",
      "union with more than one field", "" },
    { "union with a field twice", "Id", BOTH, "1:l1 1:l1",
      "union with more than one field", "" },
    { "union with a field of tomorrow", "Id", BOTH, "9:l1",
      "undeclared field of a union", "9" },
    { "union with a field of tomorrow, by rule", "Id", REPLY, "9:l1", NULL,
      NULL },
    { "union with two fields of tomorrow, by rule", "Id", REPLY, "9:l1 10:l1",
      "union with more than one field", "" },
    { "union with a field of tomorrow and another", "Id", BOTH, "1:l1 9:l1",
      "undeclared field of a union", "9" },
    { "the same, by rule", "Id", REPLY, "1:l1 9:l1",
      "union with more than one field", "" },
    { "field of tomorrow in a union in a struct", "User", BOTH,
      "1:l5 6:{9:l1}", "undeclared field of a union", "other.9" },
    { "union in a struct", "User", BOTH, "1:l5 6:{}",
      "union without a field", "other" },
    { "text in a union", "User", UTF8, "1:l5 6:{20:[s \"a\" \"\xff\"]}",
      "string is not UTF-8", "other.parts[1]" },

    { "result", "Users.get()", BOTH, "0:{1:l5}", NULL, NULL },
    { "result that is an exception", "Users.get()", BOTH, "3:{1:i403}", NULL,
      NULL },
    { "result of nothing", "Users.get()", BOTH, "", "result without a value",
      "" },
    { "result of two", "Users.get()", BOTH, "0:{1:l5} 1:{1:\"x\"}",
      "result with more than one field", "" },
    { "result of the same twice", "Users.get()", BOTH, "0:{1:l5} 0:{1:l5}",
      "result with more than one field", "" },
    { "result that is an exception of tomorrow", "Users.get()", BOTH,
      "7:{1:l5}", NULL, NULL },
    { "result with a field of tomorrow", "Users.get()", BOTH,
      "0:{1:l5} 7:i1", NULL, NULL },
    { "result of a void method", "Users.put()", BOTH, "", NULL, NULL },
    { "exception of a void method", "Users.put()", BOTH, "1:{1:\"x\"}", NULL,
      NULL },
    { "result that is wrong", "Users.get()", BOTH, "0:{1:l5 2:i1}",
      "wrong type, string expected", "success.name" },
    { "exception that misses a field", "Users.put()", BOTH, "1:{}",
      "missing required field", "missing.what" },
    { "result that is a list", "Users.all()", BOTH, "0:[i i1 i2]", NULL,
      NULL },

    { "enum", "Users.get", ENUMS, "1:l1 2:i3",
      "number that its enum does not have", "color" },
    { "enum, not asked for", "Users.get", UTF8, "1:l1 2:i3", NULL, NULL },
    { "enum, told", "Users.get", TELL, "1:l1 2:i3", NULL, "enum" },
    { "enum in a list, told", "User", TELL, "1:l5 14:[i i1 i10 i3 i2]", NULL,
      "enum" },
    { "enums that are declared, told", "User", TELL,
      "1:l5 14:[i i1 i10] 15:<ii i1 i2> 30:i70000", NULL, NULL },
    { "enum in a list", "User", ENUMS, "1:l5 14:[i i1 i10 i2 i70000]",
      "number that its enum does not have", "colors[3]" },
    { "enum in a list, not asked for", "User", UTF8, "1:l5 14:[i i70000]",
      NULL, NULL },
    { "enum that is a key", "User", ENUMS, "1:l5 15:<ii i1 i1 i5 i1>",
      "number that its enum does not have", "mixed{}" },
    { "enum that is a value", "User", ENUMS, "1:l5 15:<ii i1 i-1>",
      "number that its enum does not have", "mixed{}" },
    { "enum in a struct in a map", "User", ENUMS,
      "1:l5 5:<s{ \"a\" {} \"b\" {2:i0}>",
      "number that its enum does not have", "prices{}.color" },

    { "text", "User", UTF8, "1:l5 2:\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"",
      NULL, NULL },
    { "text that is none", "User", UTF8, "1:l5 2:\"abc\xff\"",
      "string is not UTF-8", "name" },
    { "text, not asked for", "User", ENUMS, "1:l5 2:\"abc\xff\"", NULL,
      NULL },
    { "text, told", "User", TEXT, "1:l5 2:\"abc\xff def\" 7:b1", NULL,
      "text" },
    { "text that is cut off, told", "User", TEXT, "1:l5 2:\"abc\xe2\x82\"",
      NULL, "text" },
    { "text that is none, and more, told", "User", TEXT, "1:l5 2:\"a\xff"
      " 0123456789 abcdefgh\" 12:[[ [s \"\xc3\xa9\" \"\x80 23\" \"b\"]] "
      "16:[b b1 b0 b1] 7:b0", NULL, "text" },
    { "no text, told", "User", TEXT, "1:l5 2:\"\xc3\xa9\" 4:[{ {3:\"\xff\"}]",
      NULL, NULL },
    { "undeclared text", "User", UTF8, "1:l5 30:\"abc\xff\"",
      "string is not UTF-8", "30" },
    { "undeclared text further in", "User", UTF8,
      "1:l5 30:[{ {1:<s{ \"a\" {7:\"\x80\"}>}]", "string is not UTF-8",
      "30[0].1{}.7" },
    { "undeclared text, told", "User", TEXT, "1:l5 30:\"abc\xff\"", NULL,
      "text" },
    { "undeclared text in a reply", "User", UTF8 | REPLY,
      "1:l5 30:\"abc\xff\"", NULL, NULL },
    { "undeclared text, not asked for", "User", ENUMS, "1:l5 30:\"abc\xff\"",
      NULL, NULL },
    { "text that is cut off", "User", UTF8, "1:l5 2:\"abc\xe2\x82\"",
      "string is not UTF-8", "name" },
    { "text of surrogates", "User", UTF8, "1:l5 2:\"\xed\xa0\x80\"",
      "string is not UTF-8", "name" },
    { "text of overlong forms", "User", UTF8, "1:l5 2:\"\xc0\xaf\"",
      "string is not UTF-8", "name" },
    { "text in a list of lists", "User", UTF8,
      "1:l5 12:[[ [s] [s \"a\" \"b\" \"\x80\"]]",
      "string is not UTF-8", "words[1][2]" },
    { "text that is a key", "User", UTF8, "1:l5 5:<s{ \"\xff\" {}>",
      "string is not UTF-8", "prices{}" },
    { "text in a map of texts", "User", UTF8,
      "1:l5 19:<ss \"a\" \"b\" \"c\" \"\xff\">",
      "string is not UTF-8", "strings{}" },
    { "binary is not text", "User", UTF8, "1:l5 4:[{ {3:\"\xff\"}]", NULL,
      NULL },

    { "levels", "User", BOTH, "1:l5 18:[{ {1:l5 18:[{ {1:l5 18:[{ {1:l5"
      " 18:[{ {1:l5 18:[{ {1:l5 18:[{ {1:l5 18:[{ {1:l5 18:[{"
      "{1:l5}]}]}]}]}]}]}]}]", "too many levels of nesting",
      "friends[0].friends[0].friends[0].friends[0].friends[0].friends[0]."
      "friends[0].friends[0]" },
    { "undeclared levels, as many as others", "User", 0,
      "1:l5 30:{1:{1:{1:{1:{1:l1}}}}}", NULL, NULL },
    { "undeclared levels, few", "User", FLAT, "1:l5 30:{1:{1:{1:l1 2:\"a\"}}}",
      NULL, NULL },
    { "undeclared levels, one too many", "User", FLAT,
      "1:l5 30:{1:{1:{1:{}}}}", DEEP, "30.1.1.1" },
    { "undeclared levels, one too many, dropped", "User", FLAT | DROP,
      "1:l5 30:{1:{1:{1:{}}}}", NULL, "field" },
    { "undeclared levels, a list", "User", FLAT,
      "1:l5 30:{1:{1:{1:[s \"a\"]}}}",
      DEEP, "30.1.1.1" },
    { "undeclared levels, numbers", "User", FLAT, "1:l5 30:{1:{1:{1:[d d2]}}}",
      DEEP, "30.1.1.1" },
    { "undeclared levels, a map", "User", FLAT,
      "1:l5 30:[[ [[ [< <ii i1 i2>]]]", DEEP, "30[0][0][0]" },
    { "undeclared levels further in", "User", FLAT,
      "1:l5 18:[{ {1:l5 18:[{ {1:l5 30:{}}]}]", DEEP,
      "friends[0].friends[0].30" },
    { "declared levels are not of them", "User", FLAT,
      "1:l5 18:[{ {1:l5 18:[{ {1:l5 18:[{ {1:l5 10:(i i1 i2)}]}]}]", NULL,
      NULL },
    { "levels that are just few enough", "User", BOTH, "1:l5 18:[{ {1:l5"
      " 18:[{ {1:l5 18:[{ {1:l5 18:[{ {1:l5 18:[{ {1:l5 18:[{ {1:l5 18:[{"
      "{1:l5}]}]}]}]}]}]}]", NULL, NULL },
};


static nthrift_idl_program_t  *program;
static nthrift_schema_set_t    set;


typedef struct {
    int           rc;
    const char   *error;
    char          path[200];    /* or what is told */
    size_t        left;         /* bytes behind the stop */
} check_result_t;


/* Bytes after which a check stops at the end of a run; 0: it never does. */

static uint64_t  part;


static int
check_in_parts(const nthrift_check_rules_t *rules, void *memory,
    unsigned protocol, const nthrift_schema_t *st, nthrift_bytes_t *b,
    nthrift_check_error_t *err)
{
    int  rc;

    if (nthrift_check_start(rules, memory, protocol, st, b, err) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    do {
        rc = nthrift_check_part(rules, memory, part);
    } while (rc == NTHRIFT_AGAIN);

    return rc;
}


static void
check_one(check_result_t *r, int rules, unsigned protocol,
    const nthrift_schema_t *st, nthrift_bytes_t *b)
{
    void                   *memory;
    nthrift_check_error_t   err;
    nthrift_check_rules_t   ru;

    memset(&ru, 0, sizeof(ru));
    ru.max_depth = DEPTH;
    ru.max_required = set.max_required;
    ru.enums = (rules & TELL) ? NTHRIFT_CHECK_TELL : rules & 1;
    ru.utf8 = (rules & TEXT) ? NTHRIFT_CHECK_TELL : rules >> 1 & 1;
    ru.uuids = rules >> 2 & 1;
    ru.reply = rules >> 3 & 1;
    ru.fields = (rules & DROP) ? NTHRIFT_CHECK_DROP
                : (rules & TOLD) ? NTHRIFT_CHECK_TELL : rules >> 5 & 1;
    ru.undeclared_depth = (rules & FLAT) ? 4 : 0;

    memory = malloc(nthrift_check_size(&ru));
    memset(memory, 0xa5, nthrift_check_size(&ru));

    err.path = (uint8_t *) r->path;
    err.size = sizeof(r->path) - 1;

    r->rc = part ? check_in_parts(&ru, memory, protocol, st, b, &err)
                 : nthrift_check_body(&ru, memory, protocol, st, b, &err);
    r->error = err.text;
    r->path[err.len] = '\0';

    if (r->rc == NTHRIFT_OK) {
        strcpy(r->path, (err.told & NTHRIFT_CHECK_ENUM) ? "enum" : "");
        strcat(r->path, (err.told & NTHRIFT_CHECK_FIELD) ? "field" : "");
        strcat(r->path, (err.told & NTHRIFT_CHECK_TEXT) ? "text" : "");
    }

    r->left = (size_t) (b->last - b->p);

    free(memory);
}


static int
check_same(const check_result_t *a, const check_result_t *b)
{
    return a->rc == b->rc && unit_same(a->error, b->error)
           && strcmp(a->path, b->path) == 0;
}


/* In runs that end at `split` and then after `step` bytes. */

static int
check_runs(const check_result_t *whole, int rules, unsigned protocol,
    const nthrift_schema_t *st, const uint8_t *bytes, size_t n, size_t split,
    size_t step)
{
    bind_runs_t      runs;
    nthrift_bytes_t  b;
    check_result_t   r;

    bind_runs_start(&runs, &b, bytes, n, split, step);
    check_one(&r, rules, protocol, st, &b);
    bind_runs_free(&runs);

    if (check_same(&r, whole)) {
        return 1;
    }

    diag("split at %zu, then %zu: %s at \"%s\"", split, step,
         r.error ? r.error : "no error", r.path);

    return 0;
}


/* What is cut off is refused, or was wrong before. */

static int
check_cut(const check_result_t *whole, int rules, unsigned protocol,
    const nthrift_schema_t *st, const uint8_t *bytes, size_t n)
{
    uint8_t          *p;
    nthrift_bytes_t   b;
    check_result_t    r;

    p = unit_guard(bytes, n);
    nthrift_bytes_init(&b, p, p + n, NULL, NULL);
    check_one(&r, rules, protocol, st, &b);

    if (r.rc == NTHRIFT_ERROR
        && (unit_same(r.error, "malformed body") || check_same(&r, whole)))
    {
        return 1;
    }

    diag("cut off at %zu: %s at \"%s\"", n, r.error ? r.error : "no error",
         r.path);

    return 0;
}


static void
check_all(check_result_t *whole, int *passed, int rules, unsigned protocol,
    const nthrift_schema_t *st, const uint8_t *bytes, size_t n)
{
    size_t            i;
    uint8_t          *p;
    nthrift_bytes_t   b;

    p = unit_guard(bytes, n);
    nthrift_bytes_init(&b, p, p + n, NULL, NULL);
    check_one(whole, rules, protocol, st, &b);

    *passed = whole->rc == NTHRIFT_ERROR || whole->left == 0;

    for (i = 0; i <= n && *passed; i++) {
        *passed = check_runs(whole, rules, protocol, st, bytes, n, i, n)
                  && (i == n
                      || check_cut(whole, rules, protocol, st, bytes, i));
    }

    for (i = 1; i < 8 && *passed; i++) {
        *passed = check_runs(whole, rules, protocol, st, bytes, n, 0, i);

        for (part = 1; part < 4 && *passed; part++) {
            *passed = check_runs(whole, rules, protocol, st, bytes, n, 0, i);
        }

        part = 0;
    }
}


/* Whether the walk that comes before finds it well formed. */

static int
walk(unsigned protocol, const uint8_t *bytes, size_t n)
{
    const uint8_t         *p;
    nthrift_skip_t         w;
    nthrift_error_t        err = { NULL };
    nthrift_skip_level_t   levels[64];

    p = bytes;
    nthrift_skip_start(&w, protocol, levels, 64, n);

    return nthrift_skip_read(&w, &p, bytes + n, &err) == NTHRIFT_OK
           && p == bytes + n;
}


static void
test_bytes(const check_case_t *c, unsigned protocol, const uint8_t *bytes,
    size_t n)
{
    int                      passed;
    check_result_t           whole;
    const nthrift_schema_t  *st;

    st = nthrift_schema_build(&set, bind_struct(program, c->st));

    check_all(&whole, &passed, c->rules, protocol, st, bytes, n);

    passed = passed && walk(protocol, bytes, n)
             && unit_same(whole.error, c->error)
             && strcmp(whole.path, c->path ? c->path : "") == 0;

    if (!ok(passed, "%s: %s",
            protocol == NTHRIFT_BINARY ? "binary" : "compact", c->name))
    {
        diag("got: %s at \"%s\", well formed: %d",
             whole.error ? whole.error : "no error", whole.path,
             walk(protocol, bytes, n));
    }
}


static void
test_case(const check_case_t *c, unsigned protocol)
{
    size_t          n;
    static uint8_t  bytes[BIND_SIZE];

    n = bind_body(protocol, c->body, bytes);
    test_bytes(c, protocol, bytes, n);
}


/*
 * Containers that say what is no type of theirs, or no type at all, and have
 * no elements: what the notation cannot say.  The walk lets all of them pass.
 */

#define LIST   "unknown type of list elements"
#define MAP    "unknown type of map elements"
#define HEAD   "undeclared field that begins as a message does"
#define ODD    "type 2 of bools in a container, which is 1"


static const struct {
    unsigned      protocol;
    check_case_t  c;
} empty_cases[] = {
    { NTHRIFT_BINARY, { "unknown empty list of sets", "Users.all", BOTH,
      "0f 0032 0e 00000000 00", NULL, NULL } },
    { NTHRIFT_BINARY, { "unknown empty list of stops", "Users.all", BOTH,
      "0f 0032 00 00000000 00", LIST, "50[]" } },
    { NTHRIFT_BINARY, { "unknown empty list of voids", "Users.all", BOTH,
      "0f 0032 01 00000000 00", LIST, "50[]" } },
    { NTHRIFT_BINARY, { "unknown empty set of type 9", "Users.all", BOTH,
      "0e 0032 09 00000000 00", LIST, "50[]" } },
    { NTHRIFT_BINARY, { "unknown empty list of type 17", "Users.all", BOTH,
      "0f 0032 11 00000000 00", LIST, "50[]" } },
    { NTHRIFT_BINARY, { "unknown empty list of type 255", "Users.all", BOTH,
      "0f 0032 ff 00000000 00", LIST, "50[]" } },
    { NTHRIFT_BINARY, { "unknown empty map of type 5", "Users.all", BOTH,
      "0d 0032 05 08 00000000 00", MAP, "50{}" } },
    { NTHRIFT_BINARY, { "unknown empty map to type 200", "Users.all", BOTH,
      "0d 0032 08 c8 00000000 00", MAP, "50{}" } },
    { NTHRIFT_BINARY, { "unknown empty map of uuids", "Users.all", BOTH,
      "0d 0032 10 08 00000000 00", UUID, "50{}" } },
    { NTHRIFT_BINARY, { "unknown empty map to uuids", "Users.all", BOTH,
      "0d 0032 08 10 00000000 00", UUID, "50{}" } },
    { NTHRIFT_BINARY, { "unknown empty map without types", "Users.all", BOTH,
      "0d 0032 00 00 00000000 00", NULL, NULL } },
    { NTHRIFT_BINARY, { "unknown list of empty lists", "Users.all", BOTH,
      "0f 0032 0f 00000002 03 00000000 07 00000000 00", LIST, "50[1][]" } },
    { NTHRIFT_BINARY, { "unknown empty list of type 255, dropped", "Users.all",
      BOTH | DROP, "0f 0032 ff 00000000 00", NULL, "field" } },
    { NTHRIFT_BINARY, { "unknown empty map to type 200, dropped", "Users.all",
      BOTH | DROP, "0d 0032 08 c8 00000000 00", NULL, "field" } },
    { NTHRIFT_BINARY, { "empty list of type 17, dropping others", "User",
      BOTH | DROP, "0a 0001 0000000000000005 0f 0010 11 00000000 00",
      "wrong type, bool expected", "flags[]" } },
    { NTHRIFT_BINARY, { "empty list of type 17", "User", BOTH,
      "0a 0001 0000000000000005 0f 0010 11 00000000 00",
      "wrong type, bool expected", "flags[]" } },
    { NTHRIFT_BINARY, { "empty map of type 7", "User", BOTH,
      "0a 0001 0000000000000005 0d 000d 07 0a 00000000 00",
      "wrong type, i32 expected", "pairs{}" } },
    { NTHRIFT_BINARY, { "empty map to uuids", "User", BOTH,
      "0a 0001 0000000000000005 0d 000d 08 10 00000000 00",
      "wrong type, i64 expected", "pairs{}" } },
    { NTHRIFT_BINARY, { "empty map without types", "User", BOTH,
      "0a 0001 0000000000000005 0d 000d 00 00 00000000 00", NULL, NULL } },
    { NTHRIFT_BINARY, { "empty map of uuids, to others", "User", BOTH,
      "0a 0001 0000000000000005 0d 0018 10 08 00000000 00", NULL, NULL } },
    { NTHRIFT_COMPACT, { "bools", "User", BOTH,
      "16 0a f9 51 0102010201 09 64 21 0102 0b 66 01 11 0102 00", NULL, NULL }
    },
    { NTHRIFT_COMPACT, { "bool that is none", "User", BOTH,
      "16 0a f9 31 010200 00", "bool that is neither 1 nor 2", "flags[]" } },
    { NTHRIFT_COMPACT, { "unknown bool that is none", "Users.all", BOTH,
      "09 64 11 03 00", "bool that is neither 1 nor 2", "50[]" } },
    { NTHRIFT_COMPACT, { "unknown key that is no bool", "Users.all", BOTH,
      "0b 64 02 13 0100 0500 00", "bool that is neither 1 nor 2", "50{}" } },
    { NTHRIFT_COMPACT, { "bools that are none, in a reply", "User", REPLY,
      "16 0a f9 31 010200 0b 64 01 13 0500 00", NULL, NULL } },
    { NTHRIFT_COMPACT, { "bools that are none, dropped", "Users.all",
      BOTH | DROP, "09 64 21 0300 0b 66 02 13 0100 0500 09 68 32 010005 0b 6a"
      "01 25 0201 00", NULL, "field" } },
    { NTHRIFT_COMPACT, { "bool that is none, dropping others", "User",
      BOTH | DROP, "16 0a f9 31 010200 00", "bool that is neither 1 nor 2",
      "flags[]" } },
    { NTHRIFT_COMPACT, { "bools of type 2, dropping others", "User",
      BOTH | DROP, "16 0a f9 32 010201 00", ODD, "flags[]" } },
    { NTHRIFT_COMPACT, { "unknown empty list of type 14, dropped", "Users.all",
      BOTH | DROP, "09 64 0e 00", NULL, "field" } },
    { NTHRIFT_COMPACT, { "bools of type 2", "User", BOTH,
      "16 0a f9 32 010201 00", ODD, "flags[]" } },
    { NTHRIFT_COMPACT, { "no bools of type 2", "Users.all", BOTH,
      "09 64 02 00", ODD, "50[]" } },
    { NTHRIFT_COMPACT, { "bools of type 2 in a map", "Users.all", BOTH,
      "0b 64 01 32 0101 00", ODD, "50{}" } },
    { NTHRIFT_COMPACT, { "bools of type 2, in a reply", "User", REPLY,
      "16 0a f9 32 010201 00", NULL, NULL } },
    { NTHRIFT_COMPACT, { "unknown empty list of type 14", "Users.all", BOTH,
      "09 64 0e 00", LIST, "50[]" } },
    { NTHRIFT_COMPACT, { "unknown empty set of type 15", "Users.all", BOTH,
      "0a 64 0f 00", LIST, "50[]" } },
    { NTHRIFT_COMPACT, { "unknown empty list of stops", "Users.all", BOTH,
      "09 64 00 00", LIST, "50[]" } },
    { NTHRIFT_COMPACT, { "unknown empty list, long, of type 14", "Users.all",
      BOTH, "09 64 fe 00 00", LIST, "50[]" } },
    { NTHRIFT_COMPACT, { "unknown empty map", "Users.all", BOTH,
      "0b 64 00 00", NULL, NULL } },
    { NTHRIFT_COMPACT, { "unknown empty map, long", "Users.all", BOTH,
      "0b 64 808000 00", NULL, NULL } },
    { NTHRIFT_COMPACT, { "unknown list of empty lists", "Users.all", BOTH,
      "09 64 29 03 0e 00", LIST, "50[1][]" } },
    { NTHRIFT_COMPACT, { "empty list of type 14", "User", BOTH,
      "16 0a 39 0e 00", "wrong type, struct expected", "items[]" } },
    { NTHRIFT_COMPACT, { "arguments that begin as a message", "Users.all", BOTH,
      "82 21 18 0161 00", HEAD, "8" } },
    { NTHRIFT_COMPACT, { "begins as a message, dropped", "Users.all",
      BOTH | DROP, "82 21 18 0161 00", NULL, "field" } },
    { NTHRIFT_COMPACT, { "the same field, true", "Users.all", BOTH,
      "81 21 18 0161 00", NULL, NULL } },
    { NTHRIFT_COMPACT, { "the same field, its id written out", "Users.all",
      BOTH, "02 10 21 18 0161 00", NULL, NULL } },
    { NTHRIFT_COMPACT, { "a struct that begins as a message", "Users.all",
      BOTH, "1c 82 21 00 00", NULL, NULL } },
    { NTHRIFT_COMPACT, { "a reply that begins as a message", "Users.all",
      REPLY, "82 21 18 0161 00", NULL, NULL } },
    { NTHRIFT_COMPACT, { "a call behind what ends a reader", "Users.all", BOTH,
      "09 880e 0e 8221180463616c6c 00", LIST, "900[]" } },
};


static void
test_empty(void)
{
    size_t               i, n;
    uint8_t              bytes[64];
    const check_case_t  *c;

    for (i = 0; i < unit_array_size(empty_cases); i++) {
        c = &empty_cases[i].c;
        n = unit_hex(c->body, bytes, sizeof(bytes));
        test_bytes(c, empty_cases[i].protocol, bytes, n);
    }
}


/* More required fields than a level has bits for. */

#define MANY_SIZE  32768


static const nthrift_schema_t *
many_build(nthrift_arena_t *arena, int n)
{
    int    i;
    char  *text, *p;

    /* names point into the text */

    text = nthrift_arena_alloc(arena, MANY_SIZE);
    p = text + sprintf(text, "struct S {");

    for (i = 1; i <= n; i++) {
        p += sprintf(p, "%d: required bool f%d\n", i, i);
    }

    sprintf(p, "}\nstruct T { 1: S s, 2: S t }");

    nthrift_schema_init(&set, arena);

    return nthrift_schema_build(&set,
                                bind_struct(bind_load(arena, text), "T"));
}


/* All are there in the first struct, all but one in the second. */

static int
many_check(check_result_t *r, unsigned protocol, const nthrift_schema_t *st,
    int n, int missing)
{
    int              i;
    char             name[16], *text, *p;
    size_t           size;
    uint8_t         *bytes;
    nthrift_bytes_t  b;

    text = malloc(MANY_SIZE);
    bytes = malloc(MANY_SIZE);
    p = text + sprintf(text, "1:{");

    for (i = n; i > 0; i--) {
        p += sprintf(p, "%d:b1 ", i);
    }

    p += sprintf(p, "} 2:{");

    for (i = 1; i <= n; i++) {
        if (i != missing) {
            p += sprintf(p, "%d:b1 ", i);
        }
    }

    sprintf(p, "}");
    size = bind_body(protocol, text, bytes);
    nthrift_bytes_init(&b, bytes, bytes + size, NULL, NULL);
    check_one(r, 0, protocol, st, &b);

    free(bytes);
    free(text);
    sprintf(name, "t.f%d", missing);

    return missing ? unit_same(r->error, "missing required field")
                     && strcmp(r->path, name) == 0
                   : r->rc == NTHRIFT_OK;
}


static void
test_required(unsigned protocol)
{
    int                      n, missing, passed;
    check_result_t           r;
    nthrift_arena_t         *arena;
    nthrift_schema_set_t     saved;
    const nthrift_schema_t  *st;

    saved = set;
    passed = 1;

    for (n = 62; n <= 300 && passed; n += (n < 130) ? 1 : 85) {
        arena = nthrift_arena_create(65536, 0);
        st = many_build(arena, n);

        for (missing = 0; missing <= n && passed;
             missing += (missing < 2 || n - missing < 3) ? 1 : 7)
        {
            passed = many_check(&r, protocol, st, n, missing);
        }

        if (n == 128) {
            set.max_required = 64;
            (void) many_check(&r, protocol, st, n, 0);
            passed &= unit_same(r.error,
                                "struct with too many required fields");
        }

        nthrift_arena_destroy(arena);
    }

    ok(passed, "%s: many required fields",
       protocol == NTHRIFT_BINARY ? "binary" : "compact");

    set = saved;
}


/* Places for a path that are too short for it. */

static void
test_path(void)
{
    int                      passed;
    size_t                   n, size;
    uint8_t                 *place, bytes[256];
    uint64_t                 memory[512];
    nthrift_bytes_t          b;
    const nthrift_schema_t  *st;
    nthrift_check_error_t    err;
    nthrift_check_rules_t    rules = { .max_depth = 8 };
    static const char        path[] = "address.zip.code";

    passed = 1;
    st = nthrift_schema_build(&set, bind_struct(program, "User"));
    n = bind_body(NTHRIFT_BINARY, "1:l5 3:{2:{2:i1} 3:\"d\"}", bytes);

    for (size = 0; size < sizeof(path) + 3; size++) {
        place = malloc(size);
        err.path = place;
        err.size = size;

        nthrift_bytes_init(&b, bytes, bytes + n, NULL, NULL);
        (void) nthrift_check_body(&rules, memory, NTHRIFT_BINARY, st, &b,
                                  &err);

        if (size >= strlen(path)) {
            passed &= err.len == strlen(path)
                      && memcmp(place, path, err.len) == 0;

        } else {
            passed &= err.len == size
                      && (size < 3
                          || (memcmp(place, path, size - 3) == 0
                              && memcmp(place + size - 3, "...", 3) == 0));
        }

        free(place);
    }

    ok(passed && sizeof(memory) >= nthrift_check_size(&rules),
       "path that is longer than its place");
}


/* Bodies that nobody finds well formed. */

static void
test_malformed(void)
{
    size_t                   i, n;
    uint8_t                  bytes[64], *p;
    check_result_t           r;
    nthrift_bytes_t          b;
    const nthrift_schema_t  *st;

    static const struct {
        unsigned     protocol;
        const char  *hex;
    } bad[] = {
        { NTHRIFT_BINARY, "01 0001" },
        { NTHRIFT_BINARY, "11 0001" },
        { NTHRIFT_BINARY, "0b 0002 ffffffff" },
        { NTHRIFT_BINARY, "0b 0002 7fffffff 61" },
        { NTHRIFT_BINARY, "0f 0032 40 00000001 00" },
        { NTHRIFT_BINARY, "0f 0032 01 00000001 00" },
        { NTHRIFT_BINARY, "0f 0032 08 7fffffff 00" },
        { NTHRIFT_BINARY, "0f 0032 10 7fffffff 00" },
        { NTHRIFT_BINARY, "0d 0032 40 08 00000001 00" },
        { NTHRIFT_BINARY, "0d 0032 08 ff 00000001 00" },
        { NTHRIFT_BINARY, "0d 0032 10 10 7fffffff 00" },
        { NTHRIFT_BINARY, "0d 0005 0b 0c 00000001 00000001" },
        { NTHRIFT_BINARY, "0f 000c 0f 00000002 0b 00000000" },
        { NTHRIFT_BINARY, "" },
        { NTHRIFT_COMPACT, "1e" },
        { NTHRIFT_COMPACT, "10" },
        { NTHRIFT_COMPACT, "f5 8080808080 01" },
        { NTHRIFT_COMPACT, "05 808080808001 01" },
        { NTHRIFT_COMPACT, "28 ffffffff0f 00" },
        { NTHRIFT_COMPACT, "28 ffffffff07 00" },
        { NTHRIFT_COMPACT, "a9 10 00" },
        { NTHRIFT_COMPACT, "aa f5 ffffffff07 00" },
        { NTHRIFT_COMPACT, "ab 0a 00" },
        { NTHRIFT_COMPACT, "" },
    };

    st = nthrift_schema_build(&set, bind_struct(program, "User"));

    for (i = 0; i < unit_array_size(bad); i++) {
        n = unit_hex(bad[i].hex, bytes, sizeof(bytes));
        p = unit_guard(bytes, n);
        nthrift_bytes_init(&b, p, p + n, NULL, NULL);
        check_one(&r, BOTH, bad[i].protocol, st, &b);

        if (!ok(r.rc == NTHRIFT_ERROR && r.error != NULL,
                "%s: malformed: %s",
                bad[i].protocol == NTHRIFT_BINARY ? "binary" : "compact",
                bad[i].hex))
        {
            diag("%s at \"%s\"", r.error ? r.error : "no error", r.path);
        }
    }
}


int
main(void)
{
    size_t            i;
    nthrift_arena_t  *arena;

    arena = nthrift_arena_create(65536, 0);
    program = bind_load(arena, idl);
    nthrift_schema_init(&set, arena);

    for (i = 0; i < unit_array_size(cases); i++) {
        test_case(&cases[i], NTHRIFT_BINARY);
        test_case(&cases[i], NTHRIFT_COMPACT);
    }

    test_empty();
    test_required(NTHRIFT_BINARY);
    test_required(NTHRIFT_COMPACT);
    test_path();
    test_malformed();

    nthrift_arena_destroy(arena);

    done();

    return unit_result();
}
