/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/lexer.c: src/idl/lexer.c and src/idl/doc.c: tokens, their places,
 * and the text of comments; every text ends at a page that cannot be read.
 */

#include "unit.h"

#include "idl/doc.h"
#include "idl/lexer.h"


#define TEST_BLOCK   4096


static int
same(const nthrift_str_t *s, const char *expected)
{
    return s->len == strlen(expected)
           && (s->len == 0 || memcmp(s->data, expected, s->len) == 0);
}


typedef struct {
    const char       *text;
    nthrift_token_e   kind;     /* of the first token */
    size_t            len;      /* of its text */
    uint32_t          line;
    uint32_t          column;
} lexer_case_t;


static const lexer_case_t  lexer_cases[] = {
    { "",                    NTHRIFT_TOKEN_END,     0, 1, 1 },
    { " \t\r\n",             NTHRIFT_TOKEN_END,     0, 2, 1 },
    { "\xef\xbb\xbf" "a",    NTHRIFT_TOKEN_NAME,    1, 1, 1 },
    { " \xef\xbb\xbf" "a",   NTHRIFT_TOKEN_ERROR,   0, 1, 2 },
    { "// x\n# y\n\n  a",    NTHRIFT_TOKEN_NAME,    1, 4, 3 },
    { "/* \n */ a",          NTHRIFT_TOKEN_NAME,    1, 2, 5 },
    { "/**/a",               NTHRIFT_TOKEN_NAME,    1, 1, 5 },
    { "/***/a",              NTHRIFT_TOKEN_NAME,    1, 1, 6 },
    { "/*/ a */b",           NTHRIFT_TOKEN_NAME,    1, 1, 9 },
    { "/* a",                NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "/*",                  NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "/* *",                NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "/",                   NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "//",                  NTHRIFT_TOKEN_END,     0, 1, 3 },
    { "a.b.c.",              NTHRIFT_TOKEN_NAME,    5, 1, 1 },
    { "a..b",                NTHRIFT_TOKEN_NAME,    1, 1, 1 },
    { "_9.9",                NTHRIFT_TOKEN_NAME,    4, 1, 1 },
    { "structs",             NTHRIFT_TOKEN_NAME,    7, 1, 1 },
    { "struct",              NTHRIFT_TOKEN_STRUCT,  6, 1, 1 },
    { "true",                NTHRIFT_TOKEN_INT,     4, 1, 1 },
    { "True",                NTHRIFT_TOKEN_NAME,    4, 1, 1 },
    { "e10",                 NTHRIFT_TOKEN_NAME,    3, 1, 1 },
    { "1e10",                NTHRIFT_TOKEN_DOUBLE,  4, 1, 1 },
    { "1e",                  NTHRIFT_TOKEN_INT,     1, 1, 1 },
    { "1e+",                 NTHRIFT_TOKEN_INT,     1, 1, 1 },
    { "1.",                  NTHRIFT_TOKEN_INT,     1, 1, 1 },
    { "1.5.5",               NTHRIFT_TOKEN_DOUBLE,  3, 1, 1 },
    { "-.5E-3",              NTHRIFT_TOKEN_DOUBLE,  6, 1, 1 },
    { ".",                   NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "-",                   NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "+0x1fG",              NTHRIFT_TOKEN_INT,     5, 1, 1 },
    { "0x",                  NTHRIFT_TOKEN_INT,     1, 1, 1 },
    { "0X1",                 NTHRIFT_TOKEN_INT,     1, 1, 1 },
    { "9223372036854775807", NTHRIFT_TOKEN_INT,    19, 1, 1 },
    { "9223372036854775808", NTHRIFT_TOKEN_ERROR,  19, 1, 1 },
    { "-9223372036854775808", NTHRIFT_TOKEN_INT,   20, 1, 1 },
    { "-0x8000000000000000", NTHRIFT_TOKEN_ERROR,  19, 1, 1 },
    { "'a\"b'",              NTHRIFT_TOKEN_LITERAL, 5, 1, 1 },
    { "\"\\\"\"",            NTHRIFT_TOKEN_LITERAL, 4, 1, 1 },
    { "\"",                  NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "\"\\",                NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "\"\\\"",              NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "\"\\0\"",             NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "'a\nb'",              NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "<",                   NTHRIFT_TOKEN_SYMBOL,  1, 1, 1 },
    { "@",                   NTHRIFT_TOKEN_ERROR,   0, 1, 1 },
    { "\xff",                NTHRIFT_TOKEN_ERROR,   0, 1, 1 }
};


static void
lexer_first(const char *text, nthrift_arena_t *arena,
    nthrift_report_t *report, nthrift_token_t *token)
{
    size_t                         len;
    nthrift_str_t                  s;
    nthrift_lexer_t                lexer;
    static nthrift_idl_program_t   program;

    len = strlen(text);

    s.data = unit_guard(text, len);
    s.len = len;

    memset(report, 0, sizeof(nthrift_report_t));
    memset(token, 0, sizeof(nthrift_token_t));

    report->arena = arena;
    report->max_errors = 1;

    nthrift_lexer_init(&lexer, &program, &s, 1024, report, arena);
    nthrift_lexer_next(&lexer, token);
}


static void
lexer_tests(void)
{
    size_t               i;
    nthrift_arena_t     *arena;
    nthrift_token_t      token;
    nthrift_report_t     report;
    const lexer_case_t  *c;

    arena = nthrift_arena_create(TEST_BLOCK, 0);

    for (i = 0; i < unit_array_size(lexer_cases); i++) {
        c = &lexer_cases[i];
        lexer_first(c->text, arena, &report, &token);

        if (!ok(token.kind == c->kind && token.text.len == c->len
                && token.pos.line == c->line && token.pos.column == c->column
                && (report.errors != 0)
                   == (c->kind == NTHRIFT_TOKEN_ERROR),
                "lexer: case %zu", i))
        {
            diag("kind %d, %zu bytes, %u:%u", (int) token.kind,
                 token.text.len, (unsigned) token.pos.line,
                 (unsigned) token.pos.column);
        }
    }

    lexer_first("-0x10", arena, &report, &token);
    is_int(token.u.i, -16, "lexer: hexadecimal");

    lexer_first("010", arena, &report, &token);
    is_int(token.u.i, 10, "lexer: no octal");

    lexer_first("-.5E1", arena, &report, &token);
    ok(token.u.d == -5.0, "lexer: double");

    lexer_first("'\\r\\n\\t\\\"\\'\\\\x'", arena, &report, &token);
    ok(same(&token.u.s, "\r\n\t\"'\\x"), "lexer: escapes");

    lexer_first("/** a */ /** b */ /* c */ x", arena, &report, &token);
    ok(same(&token.doc, " b "), "lexer: the last doc comment");

    nthrift_arena_destroy(arena);
}


static const char *const  doc_cases[][2] = {
    { "",                             "" },
    { " one ",                        "one" },
    { "\n * one\n * two\n ",          "one\ntwo" },
    { "\r\n * one\r\n *   two\r\n ",  "one\n  two" },
    { "\n   one\n     two\n\n",       "one\n  two" },
    { " first\n * second\n",          "first\nsecond" },
    { "\n *\n * one\n *\n * two\n *\n", "one\n\ntwo" },
    { "\n * one\n two\n",             "* one\ntwo" },
    { "\n\n\n",                       "" },
    { "**\n * x\n **",                "**\n x\n*" }
};


static void
doc_tests(void)
{
    size_t            i;
    nthrift_str_t     raw, doc;
    nthrift_arena_t  *arena;

    arena = nthrift_arena_create(TEST_BLOCK, 0);

    for (i = 0; i < unit_array_size(doc_cases); i++) {
        raw.len = strlen(doc_cases[i][0]);
        raw.data = unit_guard(doc_cases[i][0], raw.len);

        nthrift_doc_clean(arena, &raw, &doc);

        if (!ok(same(&doc, doc_cases[i][1]), "doc: case %zu", i)) {
            diag("got \"%.*s\"", (int) doc.len, (char *) doc.data);
        }
    }

    nthrift_arena_destroy(arena);
}


int
main(void)
{
    lexer_tests();
    doc_tests();

    done();

    return unit_result();
}
