/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/lexer.c: reads one token at a time for the parser.  One pass over the
 * text, nothing is read twice but the beginnings of numbers.
 */

#include "idl/lexer.h"

#include <errno.h>
#include <stdlib.h>


typedef struct {
    nthrift_str_t    word;
    nthrift_token_e  kind;
} lexer_word_t;


static const lexer_word_t  lexer_words[] = {
    { nthrift_string("async"),        NTHRIFT_TOKEN_ASYNC },
    { nthrift_string("binary"),       NTHRIFT_TOKEN_BINARY },
    { nthrift_string("bool"),         NTHRIFT_TOKEN_BOOL },
    { nthrift_string("byte"),         NTHRIFT_TOKEN_BYTE },
    { nthrift_string("const"),        NTHRIFT_TOKEN_CONST },
    { nthrift_string("cpp_include"),  NTHRIFT_TOKEN_CPP_INCLUDE },
    { nthrift_string("cpp_type"),     NTHRIFT_TOKEN_CPP_TYPE },
    { nthrift_string("double"),       NTHRIFT_TOKEN_DOUBLE_WORD },
    { nthrift_string("enum"),         NTHRIFT_TOKEN_ENUM },
    { nthrift_string("exception"),    NTHRIFT_TOKEN_EXCEPTION },
    { nthrift_string("extends"),      NTHRIFT_TOKEN_EXTENDS },
    { nthrift_string("false"),        NTHRIFT_TOKEN_INT },
    { nthrift_string("i16"),          NTHRIFT_TOKEN_I16 },
    { nthrift_string("i32"),          NTHRIFT_TOKEN_I32 },
    { nthrift_string("i64"),          NTHRIFT_TOKEN_I64 },
    { nthrift_string("i8"),           NTHRIFT_TOKEN_I8 },
    { nthrift_string("include"),      NTHRIFT_TOKEN_INCLUDE },
    { nthrift_string("list"),         NTHRIFT_TOKEN_LIST },
    { nthrift_string("map"),          NTHRIFT_TOKEN_MAP },
    { nthrift_string("namespace"),    NTHRIFT_TOKEN_NAMESPACE },
    { nthrift_string("oneway"),       NTHRIFT_TOKEN_ONEWAY },
    { nthrift_string("optional"),     NTHRIFT_TOKEN_OPTIONAL },
    { nthrift_string("required"),     NTHRIFT_TOKEN_REQUIRED },
    { nthrift_string("service"),      NTHRIFT_TOKEN_SERVICE },
    { nthrift_string("set"),          NTHRIFT_TOKEN_SET },
    { nthrift_string("string"),       NTHRIFT_TOKEN_STRING },
    { nthrift_string("struct"),       NTHRIFT_TOKEN_STRUCT },
    { nthrift_string("throws"),       NTHRIFT_TOKEN_THROWS },
    { nthrift_string("true"),         NTHRIFT_TOKEN_INT },
    { nthrift_string("typedef"),      NTHRIFT_TOKEN_TYPEDEF },
    { nthrift_string("union"),        NTHRIFT_TOKEN_UNION },
    { nthrift_string("uuid"),         NTHRIFT_TOKEN_UUID },
    { nthrift_string("void"),         NTHRIFT_TOKEN_VOID },
    { nthrift_string("xsd_all"),      NTHRIFT_TOKEN_XSD_ALL },
    { nthrift_string("xsd_attrs"),    NTHRIFT_TOKEN_XSD_ATTRS },
    { nthrift_string("xsd_nillable"), NTHRIFT_TOKEN_XSD_NILLABLE },
    { nthrift_string("xsd_optional"), NTHRIFT_TOKEN_XSD_OPTIONAL }
};

#define LEXER_N_WORDS  (sizeof(lexer_words) / sizeof(lexer_words[0]))


void
nthrift_lexer_init(nthrift_lexer_t *lexer,
    const nthrift_idl_program_t *program, const nthrift_str_t *text,
    uint32_t max_name, nthrift_report_t *report, nthrift_arena_t *arena)
{
    lexer->p = text->data;
    lexer->last = text->data + text->len;
    lexer->line = 1;
    lexer->max_name = max_name;
    lexer->program = program;
    lexer->report = report;
    lexer->arena = arena;

    if (text->len >= 3 && memcmp(text->data, "\xef\xbb\xbf", 3) == 0) {
        lexer->p += 3;
    }

    lexer->start = lexer->p;
}


static nthrift_idl_pos_t
lexer_pos(const nthrift_lexer_t *lexer, const uint8_t *p)
{
    nthrift_idl_pos_t  pos;

    pos.line = lexer->line;
    pos.column = (uint32_t) (p - lexer->start) + 1;

    return pos;
}


static void
lexer_newline(nthrift_lexer_t *lexer, const uint8_t *p)
{
    lexer->line++;
    lexer->start = p + 1;
}


/* Nothing is read after an error: the caller has reported it. */

static void
lexer_fail(nthrift_lexer_t *lexer, nthrift_token_t *token)
{
    lexer->p = lexer->last;
    token->kind = NTHRIFT_TOKEN_ERROR;
}


static inline int
lexer_digit(uint8_t ch)
{
    return ch >= '0' && ch <= '9';
}


static inline int
lexer_hex_digit(uint8_t ch)
{
    return lexer_digit(ch) || ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'f');
}


static inline int
lexer_letter(uint8_t ch)
{
    return ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z') || ch == '_';
}


/*
 * Skips a comment whose opening is read, up to and with its end.  Returns
 * the end, or NULL if there is none.
 */

static const uint8_t *
lexer_comment_end(nthrift_lexer_t *lexer, const uint8_t *p)
{
    for ( /* void */ ; p < lexer->last; p++) {
        if (*p == '\n') {
            lexer_newline(lexer, p);

        } else if (*p == '*' && p + 1 < lexer->last && p[1] == '/') {
            return p + 2;
        }
    }

    return NULL;
}


/* A comment from its slash and star; a doc comment is kept for the token. */

static int
lexer_comment(nthrift_lexer_t *lexer, nthrift_token_t *token)
{
    const uint8_t      *p, *end;
    nthrift_idl_pos_t   pos;

    p = lexer->p;
    pos = lexer_pos(lexer, p);

    end = lexer_comment_end(lexer, p + 2);
    if (end == NULL) {
        token->pos = pos;

        return nthrift_report_error(lexer->report, lexer->program, pos,
                                    "unterminated comment");
    }

    lexer->p = end;

    if (p[2] != '*' || end - p < 5) {
        return NTHRIFT_OK;
    }

    for (p += 3; p < end - 1; p++) {
        if (*p != '*') {
            token->doc.data = (uint8_t *) p;
            token->doc.len = (size_t) (end - 2 - p);
            break;
        }
    }

    return NTHRIFT_OK;
}


/* Skips what stands between tokens. */

static int
lexer_space(nthrift_lexer_t *lexer, nthrift_token_t *token)
{
    const uint8_t  *p;

    while (lexer->p < lexer->last) {
        p = lexer->p;

        if (*p == '\n') {
            lexer_newline(lexer, p);
            lexer->p++;

        } else if (*p == ' ' || *p == '\t' || *p == '\r') {
            lexer->p++;

        } else if (*p == '#'
                   || (*p == '/' && lexer->last - p > 1 && p[1] == '/'))
        {
            p = memchr(p, '\n', (size_t) (lexer->last - p));
            lexer->p = (p != NULL) ? p : lexer->last;

        } else if (*p == '/' && lexer->last - p > 1 && p[1] == '*') {
            if (lexer_comment(lexer, token) != NTHRIFT_OK) {
                return NTHRIFT_ERROR;
            }

        } else {
            break;
        }
    }

    return NTHRIFT_OK;
}


static void
lexer_name(nthrift_lexer_t *lexer, nthrift_token_t *token)
{
    size_t          i;
    const uint8_t  *p, *last;

    p = lexer->p + 1;
    last = lexer->last;

    while (p < last) {
        if (*p == '.' && p + 1 < last
            && (lexer_letter(p[1]) || lexer_digit(p[1])))
        {
            p += 2;

        } else if (lexer_letter(*p) || lexer_digit(*p)) {
            p++;

        } else {
            break;
        }
    }

    token->kind = NTHRIFT_TOKEN_NAME;
    token->text.len = (size_t) (p - lexer->p);
    lexer->p = p;

    if (token->text.len > lexer->max_name) {
        nthrift_report_error(lexer->report, lexer->program, token->pos,
                             "the name \"%.*s...\" is longer than %u bytes",
                             nthrift_report_str(&token->text),
                             (unsigned) lexer->max_name);
        lexer_fail(lexer, token);
        return;
    }

    for (i = 0; i < LEXER_N_WORDS; i++) {
        if (lexer_words[i].word.data[0] == token->text.data[0]
            && nthrift_str_equal(&lexer_words[i].word, &token->text))
        {
            token->kind = lexer_words[i].kind;
            token->u.i = (token->text.data[0] == 't');
            return;
        }
    }
}


/*
 * Where a decimal number ends; *real is set if it has a fraction or an
 * exponent.  Without digits nothing is read and the end is the beginning.
 */

static const uint8_t *
lexer_decimal(const uint8_t *p, const uint8_t *last, int *real)
{
    const uint8_t  *e, *start;

    start = p;
    *real = 0;

    while (p < last && lexer_digit(*p)) {
        p++;
    }

    if (last - p > 1 && *p == '.' && lexer_digit(p[1])) {
        *real = 1;
        p += 2;

        while (p < last && lexer_digit(*p)) {
            p++;
        }
    }

    if (p == start || p == last || (*p | 0x20) != 'e') {
        return p;
    }

    e = p + 1;

    if (e < last && (*e == '+' || *e == '-')) {
        e++;
    }

    if (e == last || !lexer_digit(*e)) {
        return p;
    }

    while (e < last && lexer_digit(*e)) {
        e++;
    }

    *real = 1;

    return e;
}


/*
 * The value of the number `token->text`.  strtod() needs the C locale's point:
 * neither nginx nor the tool sets another one.
 */

static int
lexer_number_value(nthrift_lexer_t *lexer, nthrift_token_t *token, int real,
    int hex)
{
    char  buf[NTHRIFT_LEXER_NUMBER + 1];

    if (token->text.len > NTHRIFT_LEXER_NUMBER) {
        return nthrift_report_error(lexer->report, lexer->program, token->pos,
                                   "the number \"%.*s...\" is longer than "
                                   "%d bytes", nthrift_report_str(&token->text),
                                   NTHRIFT_LEXER_NUMBER);
    }

    memcpy(buf, token->text.data, token->text.len);
    buf[token->text.len] = '\0';

    if (real) {
        token->kind = NTHRIFT_TOKEN_DOUBLE;
        token->u.d = strtod(buf, NULL);
        return NTHRIFT_OK;
    }

    errno = 0;
    token->kind = NTHRIFT_TOKEN_INT;
    token->u.i = strtoll(buf, NULL, hex ? 16 : 10);

    if (errno == ERANGE || (hex && token->u.i == INT64_MIN)) {
        return nthrift_report_error(lexer->report, lexer->program, token->pos,
                                    "the integer \"%.*s\" does not fit in "
                                    "64 bits",
                                    nthrift_report_str(&token->text));
    }

    return NTHRIFT_OK;
}


static int
lexer_number(nthrift_lexer_t *lexer, nthrift_token_t *token)
{
    int             real, hex;
    const uint8_t  *p, *last, *end;

    p = lexer->p;
    last = lexer->last;
    real = 0;
    hex = 0;

    if (*p == '+' || *p == '-') {
        p++;
    }

    if (last - p > 2 && p[0] == '0' && p[1] == 'x' && lexer_hex_digit(p[2])) {
        hex = 1;
        end = p + 2;

        while (end < last && lexer_hex_digit(*end)) {
            end++;
        }

    } else {
        end = lexer_decimal(p, last, &real);
    }

    if (end == p) {
        return NTHRIFT_DECLINED;
    }

    token->text.len = (size_t) (end - lexer->p);
    lexer->p = end;

    return lexer_number_value(lexer, token, real, hex);
}


/* The byte that stands for an escape, 0 if there is no such escape. */

static uint8_t
lexer_escape(uint8_t ch)
{
    switch (ch) {

    case 'r':
        return '\r';

    case 'n':
        return '\n';

    case 't':
        return '\t';

    case '"':
    case '\'':
    case '\\':
        return ch;

    default:
        return 0;
    }
}


/* Replaces the escapes of a literal that is known to be right. */

static int
lexer_unescape(nthrift_lexer_t *lexer, nthrift_str_t *s)
{
    size_t    i;
    uint8_t  *p, *start;

    start = nthrift_arena_alloc(lexer->arena, s->len);
    if (start == NULL) {
        return nthrift_report_memory(lexer->report);
    }

    p = start;

    for (i = 0; i < s->len; i++) {
        if (s->data[i] == '\\') {
            *p++ = lexer_escape(s->data[++i]);

        } else {
            *p++ = s->data[i];
        }
    }

    s->data = start;
    s->len = (size_t) (p - start);

    return NTHRIFT_OK;
}


/*
 * Checks a literal from its opening quote.  Returns its closing quote, or
 * NULL after reporting what is wrong.
 */

static const uint8_t *
lexer_literal_end(nthrift_lexer_t *lexer, const nthrift_token_t *token,
    int *escapes)
{
    const uint8_t  *p;

    for (p = lexer->p + 1; p < lexer->last && *p != '\n'; p++) {
        if (*p == *lexer->p) {
            return p;
        }

        if (*p != '\\') {
            continue;
        }

        if (++p == lexer->last) {
            break;
        }

        if (lexer_escape(*p) == 0) {
            nthrift_report_error(lexer->report, lexer->program,
                                 lexer_pos(lexer, p - 1),
                                 "unknown escape \"\\%c\" in a literal: there "
                                 "are \\r \\n \\t \\\" \\' and \\\\", *p);
            return NULL;
        }

        *escapes = 1;
    }

    nthrift_report_error(lexer->report, lexer->program, token->pos,
                         "unterminated literal");

    return NULL;
}


static int
lexer_literal(nthrift_lexer_t *lexer, nthrift_token_t *token)
{
    int             escapes;
    const uint8_t  *end;

    escapes = 0;

    end = lexer_literal_end(lexer, token, &escapes);
    if (end == NULL) {
        return NTHRIFT_ERROR;
    }

    token->kind = NTHRIFT_TOKEN_LITERAL;
    token->text.len = (size_t) (end + 1 - lexer->p);
    token->u.s.data = token->text.data + 1;
    token->u.s.len = token->text.len - 2;

    lexer->p = end + 1;

    return escapes ? lexer_unescape(lexer, &token->u.s) : NTHRIFT_OK;
}


static int
lexer_unknown(nthrift_lexer_t *lexer, const nthrift_token_t *token)
{
    if (*lexer->p == '@') {
        return nthrift_report_error(lexer->report, lexer->program, token->pos,
                                    "unexpected \"@\": structured annotations "
                                    "are of fbthrift, not of Apache Thrift");
    }

    return nthrift_report_error(lexer->report, lexer->program, token->pos,
                                "unexpected character \"%c\"", *lexer->p);
}


static int
lexer_token(nthrift_lexer_t *lexer, nthrift_token_t *token)
{
    int      rc;
    uint8_t  ch;

    ch = *lexer->p;

    if (lexer_letter(ch)) {
        lexer_name(lexer, token);
        return NTHRIFT_OK;
    }

    if (lexer_digit(ch) || ch == '+' || ch == '-' || ch == '.') {
        rc = lexer_number(lexer, token);
        if (rc != NTHRIFT_DECLINED) {
            return rc;
        }
    }

    if (ch == '"' || ch == '\'') {
        return lexer_literal(lexer, token);
    }

    if (ch == '\0' || strchr(":;,{}()=<>[]*&", ch) == NULL) {
        return lexer_unknown(lexer, token);
    }

    token->kind = NTHRIFT_TOKEN_SYMBOL;
    token->text.len = 1;
    lexer->p++;

    return NTHRIFT_OK;
}


void
nthrift_lexer_next(nthrift_lexer_t *lexer, nthrift_token_t *token)
{
    if (token->kind == NTHRIFT_TOKEN_ERROR) {
        return;
    }

    token->doc.len = 0;
    token->text.len = 0;

    if (lexer_space(lexer, token) != NTHRIFT_OK) {
        lexer_fail(lexer, token);
        return;
    }

    token->pos = lexer_pos(lexer, lexer->p);
    token->text.data = (uint8_t *) lexer->p;

    if (lexer->p == lexer->last) {
        token->kind = NTHRIFT_TOKEN_END;
        return;
    }

    if (lexer_token(lexer, token) != NTHRIFT_OK) {
        lexer_fail(lexer, token);
    }
}


int
nthrift_lexer_symbol(const nthrift_token_t *token, char ch)
{
    return token->kind == NTHRIFT_TOKEN_SYMBOL
           && token->text.data[0] == (uint8_t) ch;
}


int
nthrift_lexer_field_name(const nthrift_token_t *token)
{
    switch (token->kind) {

    case NTHRIFT_TOKEN_CPP_TYPE:
    case NTHRIFT_TOKEN_XSD_ALL:
    case NTHRIFT_TOKEN_XSD_ATTRS:
    case NTHRIFT_TOKEN_XSD_NILLABLE:
    case NTHRIFT_TOKEN_XSD_OPTIONAL:
        return 0;

    default:
        return token->kind == NTHRIFT_TOKEN_NAME
               || token->kind >= NTHRIFT_TOKEN_ASYNC;
    }
}
