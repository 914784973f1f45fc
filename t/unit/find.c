/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/find.c: paths of names, the values at their ends in both protocols,
 * whole and in runs, and their text; and UTF-8 and runs by themselves.
 */

#include "bind/find.h"
#include "bind/utf8.h"
#include "bind.h"


static const char  idl[] =
    "enum Color { RED = 1, BLUE = 10 }\n"
    "struct Geo { 1: double lat, 2: double long_deg }\n"
    "struct Location { 1: string city, 2: Geo geo, 3: string city_name }\n"
    "struct Loc { 1: string ation_city, 2: Location ation, 9: i32 x_y }\n"
    "struct X { 1: i32 y, 2: X x, 3: X x_x }\n"
    "union Either { 1: i32 number, 2: string text }\n"
    "struct All {\n"
    "    1: bool b, 2: i8 y, 3: i16 h, 4: i32 i, 5: i64 l, 6: double d,\n"
    "    7: string s, 8: binary raw, 9: uuid u, 10: Color color,\n"
    "    11: Location location, 12: list<i32> list, 13: Loc loc, 14: X x,\n"
    "    15: Loc loc_x, 16: i32 loc_x_y, 17: Either either,\n"
    "    18: i32 user_id, 19: map<string, Location> places, 100: bool far\n"
    "}\n"
    "struct Camel { 1: i32 userId, 2: Location home, 3: Location Home,\n"
    "    4: Location Office, 5: i32 office }\n"
    "service All2 { void get(1: All all, 2: i64 user_id,\n"
    "                        3: Location location) }\n";


static nthrift_idl_program_t  *program;
static nthrift_schema_set_t    set;


/* Paths. */

typedef struct {
    const char  *name;
    const char  *st;
    int          rc;
    int          ambiguous;
    const char  *path;          /* with dots */
} find_path_t;


static const find_path_t  paths[] = {
    { "user_id", "All", NTHRIFT_OK, 0, "user_id" },
    { "b", "All", NTHRIFT_OK, 0, "b" },
    { "location_city", "All", NTHRIFT_OK, 0, "location.city" },
    { "location_city_name", "All", NTHRIFT_OK, 0, "location.city_name" },
    { "location_geo_long_deg", "All", NTHRIFT_OK, 0,
      "location.geo.long_deg" },
    { "location_geo_lat", "All2.get", NTHRIFT_OK, 0, "location.geo.lat" },
    { "all_user_id", "All2.get", NTHRIFT_OK, 0, "all.user_id" },
    { "user_id", "All2.get", NTHRIFT_OK, 0, "user_id" },
    { "loc_ation_city", "All", NTHRIFT_OK, 1, "loc.ation_city" },
    { "loc_ation_city_name", "All", NTHRIFT_OK, 0, "loc.ation.city_name" },
    { "loc_x_y", "All", NTHRIFT_OK, 1, "loc_x_y" },
    { "loc_x_x_y", "All", NTHRIFT_OK, 0, "loc_x.x_y" },
    { "x_x_x_y", "All", NTHRIFT_OK, 1, "x.x_x.y" },
    { "x_x_y", "All", NTHRIFT_OK, 0, "x.x.y" },
    { "either_text", "All", NTHRIFT_OK, 0, "either.text" },
    { "color", "All", NTHRIFT_OK, 0, "color" },
    { "u", "All", NTHRIFT_OK, 0, "u" },
    { "raw", "All", NTHRIFT_OK, 0, "raw" },

    { "Location_city", "All", NTHRIFT_OK, 0, "location.city" },
    { "USER_ID", "All", NTHRIFT_OK, 0, "user_id" },
    { "userid", "Camel", NTHRIFT_OK, 0, "userId" },
    { "home_city", "Camel", NTHRIFT_OK, 1, NULL },
    { "office_city", "Camel", NTHRIFT_OK, 0, "Office.city" },

    { "", "All", NTHRIFT_DECLINED, 0, NULL },
    { "_", "All", NTHRIFT_DECLINED, 0, NULL },
    { "location", "All", NTHRIFT_DECLINED, 0, NULL },
    { "location_", "All", NTHRIFT_DECLINED, 0, NULL },
    { "_b", "All", NTHRIFT_DECLINED, 0, NULL },
    { "b_", "All", NTHRIFT_DECLINED, 0, NULL },
    { "location__city", "All", NTHRIFT_DECLINED, 0, NULL },
    { "location_cit", "All", NTHRIFT_DECLINED, 0, NULL },
    { "list", "All", NTHRIFT_DECLINED, 0, NULL },
    { "places", "All", NTHRIFT_DECLINED, 0, NULL },
    { "places_city", "All", NTHRIFT_DECLINED, 0, NULL },
    { "b_b", "All", NTHRIFT_DECLINED, 0, NULL },
    { "x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_y", "X", NTHRIFT_OK, 1, NULL },
    { "x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x"
      "_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_y",
      "X", NTHRIFT_DECLINED, 0, NULL },
    { "x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_z", "X",
      NTHRIFT_DECLINED, 0, NULL },
};


static int
path_of(const char *st, const char *name, nthrift_find_path_t *path)
{
    nthrift_str_t            s = bind_str(name);
    const nthrift_schema_t  *table;

    table = nthrift_schema_build(&set, bind_struct(program, st));

    return nthrift_find_path(table, &s, path);
}


static void
test_paths(void)
{
    int                   rc;
    char                  text[256];
    size_t                i, j, n;
    nthrift_find_path_t   path;

    for (i = 0; i < unit_array_size(paths); i++) {
        rc = path_of(paths[i].st, paths[i].name, &path);
        n = 0;

        for (j = 0; rc == NTHRIFT_OK && j < path.n; j++) {
            n += (size_t) sprintf(text + n, "%s%.*s", j ? "." : "",
                                  (int) path.fields[j]->name.len,
                                  path.fields[j]->name.data);
        }

        text[n] = '\0';

        if (!ok(rc == paths[i].rc
                && (rc != NTHRIFT_OK
                    || (path.ambiguous == (unsigned) paths[i].ambiguous
                        && (paths[i].path == NULL
                            || strcmp(text, paths[i].path) == 0))),
                "path: \"%s\"", paths[i].name))
        {
            diag("rc %d, ambiguous %u, %s", rc, path.ambiguous, text);
        }
    }
}


/* Values: the text, or NULL for none. */

typedef struct {
    const char  *name;
    const char  *body;
    const char  *text;
} find_value_t;


static const find_value_t  values[] = {
    { "b", "1:b1", "true" },
    { "b", "1:b0 2:y1", "false" },
    { "far", "99:b0 100:b1", "true" },
    { "y", "2:y-128", "-128" },
    { "h", "1:b1 3:h-300", "-300" },
    { "h", "3:h32767", "32767" },
    { "i", "4:i2147483647", "2147483647" },
    { "i", "4:i-2147483648", "-2147483648" },
    { "l", "5:l9223372036854775807", "9223372036854775807" },
    { "l", "5:l-9223372036854775808", "-9223372036854775808" },
    { "l", "5:l0", "0" },
    { "d", "6:d0.1", "0.1" },
    { "d", "6:d-2.5e300", "-2.5e+300" },
    { "d", "6:d0.30000000000000004", "0.30000000000000004" },
    { "d", "6:d1", "1" },
    { "d", "6:d-0", "-0" },
    { "d", "6:dinf", "inf" },
    { "d", "6:d-inf", "-inf" },
    { "d", "6:dnan", "nan" },
    { "d", "6:d-nan", "nan" },
    { "d", "6:d-1.7976931348623157e308", "-1.7976931348623157e+308" },
    { "d", "6:d5e-324", "4.94065645841247e-324" },
    { "s", "7:\"some text\"", "some text" },
    { "s", "7:\"\"", "" },
    { "s", "1:b1 4:i5 7:\"behind others\" 9:u1", "behind others" },
    { "raw", "8:\"\xff\xfe\"", "\xff\xfe" },
    { "u", "9:u160", "a0a1a2a3-a4a5-a6a7-a8a9-aaabacadaeaf" },
    { "color", "10:i10", "10" },
    { "color", "10:i99", "99" },
    { "user_id", "18:i7", "7" },
    { "either_text", "17:{2:\"t\"}", "t" },
    { "either_text", "17:{1:i5}", NULL },
    { "location_city", "11:{1:\"Bern\"}", "Bern" },
    { "location_geo_long_deg", "11:{1:\"Bern\" 2:{1:d1 2:d7.44}}", "7.44" },

    { "location_city", "11:{2:{1:d1} 3:\"x\"} 12:[i i1 i2]", NULL },
    { "location_city", "", NULL },
    { "location_city", "1:b1 13:{1:\"x\" 2:{1:\"y\"}}", NULL },
    { "location_city", "12:[i i1 i70000] 19:<s{ \"a\" {1:\"no\"}>"
      "20:[{ {1:\"no\"} {11:{1:\"no\"}}] 11:{1:\"yes\"} 21:{11:{1:\"no\"}}",
      "yes" },
    { "location_city", "30:<{{ {1:\"no\"} {1:\"no\"}> 31:([ [i i1] [s \"x\"])"
      "32:<yl y1 l1> 33:<is i1 \"x\"> 34:[b b1] 11:{1:\"yes\"}", "yes" },

    /* another type than declared is no value, and the last one counts */

    { "i", "4:l5", NULL },
    { "i", "4:i5 4:l6", "5" },
    { "i", "4:i5 4:i6", "6" },
    { "s", "7:\"a\" 7:\"b\"", "b" },
    { "location_city", "11:\"x\"", NULL },
    { "location_city", "11:{1:\"a\"} 11:{1:\"b\"}", "b" },
    { "location_city", "11:{1:\"a\"} 11:{}", NULL },
    { "location_city", "11:{1:\"a\" 1:\"c\"} 11:i5", "c" },
};


static int
value_is(const nthrift_find_path_t *path, unsigned protocol,
    const uint8_t *bytes, size_t n, size_t split, size_t step,
    const char *expected)
{
    int                    rc, same;
    uint8_t               *text, *end;
    bind_runs_t            runs, again;
    nthrift_bytes_t        b;
    nthrift_find_value_t   value;

    memset(&value, 0xa5, sizeof(value));

    bind_runs_start(&runs, &b, bytes, n, split, step);
    rc = nthrift_find_value(protocol, path, &b, &value);

    if (expected == NULL || rc != NTHRIFT_OK) {
        bind_runs_free(&runs);
        return expected == NULL && rc == NTHRIFT_DECLINED;
    }

    bind_runs_start(&again, &b, bytes, n, split, step);
    text = malloc(nthrift_find_size(&value));
    end = nthrift_find_write(text, &value, &b);

    same = end != NULL && (size_t) (end - text) == strlen(expected)
           && memcmp(text, expected, strlen(expected)) == 0
           && (split != n || value.type != NTHRIFT_STRING
               || value.text.data != NULL);

    if (!same && end != NULL) {
        diag("\"%.*s\"", (int) (end - text), text);
    }

    free(text);
    bind_runs_free(&again);
    bind_runs_free(&runs);

    return same;
}


static void
test_value(const find_value_t *v, unsigned protocol)
{
    int                   passed;
    size_t                i, n;
    uint8_t              *p;
    nthrift_bytes_t       b;
    nthrift_find_path_t   path;
    nthrift_find_value_t  value;
    static uint8_t        bytes[BIND_SIZE];

    (void) path_of("All", v->name, &path);
    n = bind_body(protocol, v->body, bytes);
    passed = value_is(&path, protocol, bytes, n, n, 1, v->text);

    for (i = 0; i < n && passed; i++) {
        passed = value_is(&path, protocol, bytes, n, i, n, v->text);

        /* what is cut off has no value, and nothing is read behind it */

        p = unit_guard(bytes, i);
        nthrift_bytes_init(&b, p, p + i, NULL, NULL);
        passed &= nthrift_find_value(protocol, &path, &b, &value)
                  == NTHRIFT_DECLINED;
    }

    for (i = 1; i < 8 && passed; i++) {
        passed = value_is(&path, protocol, bytes, n, 0, i, v->text);
    }

    ok(passed, "%s: %s of %s",
       protocol == NTHRIFT_BINARY ? "binary" : "compact", v->name, v->body);
}


/* More levels than there can be. */

static void
test_levels(unsigned protocol)
{
    size_t                n;
    nthrift_bytes_t       b;
    nthrift_find_path_t   path;
    nthrift_find_value_t  value;
    uint8_t               bytes[2048], *p;

    (void) path_of("All", "b", &path);
    p = bytes;
    n = (protocol == NTHRIFT_BINARY) ? 3 : 1;

    while (p < bytes + 300 * n) {
        memcpy(p, (n == 3) ? "\x0c\x00\x20" : "\x1c", n);
        p += n;
    }

    memset(p, 0, 300);
    p += 300;
    nthrift_bytes_init(&b, bytes, p, NULL, NULL);

    is_int(nthrift_find_value(protocol, &path, &b, &value), NTHRIFT_DECLINED,
           "too many levels");
}


static void
test_utf8_text(const char *text, int good)
{
    int              rc, passed;
    size_t           i, j, n;
    uint8_t         *p;
    nthrift_utf8_t   u;

    n = strlen(text);
    p = unit_guard(text, n);
    passed = (nthrift_utf8_check(p, p + n) == p + n) == good;

    for (i = 0; i <= n; i++) {
        for (j = i; j <= n; j++) {
            memset(&u, 0, sizeof(u));
            rc = nthrift_utf8_read(&u, p, p + i);
            rc |= (rc == NTHRIFT_OK) ? nthrift_utf8_read(&u, p + i, p + j) : 0;
            rc |= (rc == NTHRIFT_OK) ? nthrift_utf8_read(&u, p + j, p + n) : 0;
            passed &= (rc == NTHRIFT_OK && u.have == 0) == good;
        }
    }

    if (!ok(passed, "UTF-8: %s, %zu bytes", good ? "good" : "wrong", n)) {
        diag("%s", text);
    }
}


/* Every character there can be, and everything like one. */

static int
utf8_expected(const uint8_t *p, int n)
{
    uint32_t  c;

    if (n == 2) {
        return (p[0] & 0xe0) == 0xc0 && (p[1] & 0xc0) == 0x80 && p[0] >= 0xc2;
    }

    if (n == 3) {
        c = (uint32_t) (p[0] & 0x0f) << 12 | (p[1] & 0x3fu) << 6
            | (p[2] & 0x3f);
        return (p[0] & 0xf0) == 0xe0 && (p[1] & 0xc0) == 0x80
               && (p[2] & 0xc0) == 0x80 && c >= 0x800
               && (c < 0xd800 || c > 0xdfff);
    }

    c = (uint32_t) (p[0] & 0x07) << 18 | (p[1] & 0x3fu) << 12
        | (p[2] & 0x3fu) << 6 | (p[3] & 0x3f);

    return (p[0] & 0xf8) == 0xf0 && (p[1] & 0xc0) == 0x80
           && (p[2] & 0xc0) == 0x80 && (p[3] & 0xc0) == 0x80
           && c >= 0x10000 && c <= 0x10ffff;
}


static void
test_utf8_all(void)
{
    int       n, wrong;
    uint8_t   p[4], q[8];
    uint32_t  i, few;

    static const uint8_t  ends[] = { 0x00, 0x41, 0x7f, 0x80, 0xbf, 0xc0, 0xff };

    wrong = 0;

    for (i = 0x8000; i < 0x10000; i++) {
        p[0] = (uint8_t) (i >> 8);
        p[1] = (uint8_t) i;

        for (few = 0; few < 49; few++) {
            p[2] = ends[few % 7];
            p[3] = ends[few / 7];

            n = (p[0] < 0xe0) ? 2 : (p[0] < 0xf0) ? 3 : 4;
            wrong += (nthrift_utf8_check(p, p + n) == p + n)
                     != utf8_expected(p, n);

            /* the same with another character behind it */

            memcpy(q, p, 4);
            memcpy(q + n, "text", 4);
            wrong += (nthrift_utf8_check(q, q + n + 4) == q + n + 4)
                     != utf8_expected(p, n);
        }
    }

    is_int(wrong, 0, "UTF-8: all characters, and what is like them");
}


static void
test_utf8(void)
{
    char  text[256];
    int   i;

    test_utf8_text("", 1);
    test_utf8_text("ascii", 1);
    test_utf8_text("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 mixed \xc3\xa4", 1);
    test_utf8_text("\xf4\x8f\xbf\xbf\xef\xbf\xbf\xdf\xbf\x7f", 1);
    test_utf8_text("\x80", 0);
    test_utf8_text("abc\xc3", 0);
    test_utf8_text("abc\xe2\x82", 0);
    test_utf8_text("abc\xf0\x9f\x98", 0);
    test_utf8_text("\xc0\xaf", 0);
    test_utf8_text("\xe0\x80\xaf", 0);
    test_utf8_text("\xed\xa0\x80\xed\xb0\x80", 0);
    test_utf8_text("\xf4\x90\x80\x80", 0);
    test_utf8_text("\xf8\x88\x80\x80\x80", 0);
    test_utf8_text("\xfe", 0);
    test_utf8_text("\xe2\x82" "ab", 0);
    test_utf8_text("\xe2\xc3\xa4", 0);

    /* a wrong byte at every place of what is looked at together */

    memset(text, 'x', 80);
    text[80] = '\0';
    test_utf8_text(text, 1);

    for (i = 0; i < 80; i += 9) {
        text[i] = (char) 0xff;
        test_utf8_text(text, 0);
        text[i] = 'x';
    }

    test_utf8_all();
}


static void
test_bytes(void)
{
    size_t           split, step;
    uint8_t          to[16];
    bind_runs_t      runs;
    nthrift_bytes_t  b;

    int              passed = 1;

    for (split = 0; split <= 10; split++) {
        for (step = 1; step < 11; step++) {
            bind_runs_start(&runs, &b, (const uint8_t *) "0123456789", 10,
                            split, step);

            passed &= nthrift_bytes_skip(&b, 3) == NTHRIFT_OK
                      && nthrift_bytes_offset(&b) == 3
                      && nthrift_bytes_copy(&b, to, 4) == NTHRIFT_OK
                      && memcmp(to, "3456", 4) == 0
                      && nthrift_bytes_offset(&b) == 7
                      && nthrift_bytes_copy(&b, to, 0) == NTHRIFT_OK
                      && nthrift_bytes_skip(&b, 4) == NTHRIFT_DECLINED
                      && nthrift_bytes_offset(&b) == 10
                      && nthrift_bytes_copy(&b, to, 1) == NTHRIFT_DECLINED
                      && nthrift_bytes_next(&b) == NTHRIFT_DECLINED
                      && nthrift_bytes_skip(&b, UINT64_MAX)
                         == NTHRIFT_DECLINED;
            bind_runs_free(&runs);
        }
    }

    ok(passed, "bytes in runs");
}


int
main(void)
{
    size_t            i;
    nthrift_arena_t  *arena;

    arena = nthrift_arena_create(65536, 0);
    program = bind_load(arena, idl);
    nthrift_schema_init(&set, arena);

    test_bytes();
    test_utf8();
    test_paths();

    for (i = 0; i < unit_array_size(values); i++) {
        test_value(&values[i], NTHRIFT_BINARY);
        test_value(&values[i], NTHRIFT_COMPACT);
    }

    test_levels(NTHRIFT_BINARY);
    test_levels(NTHRIFT_COMPACT);

    nthrift_arena_destroy(arena);

    done();

    return unit_result();
}
