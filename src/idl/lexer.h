/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/lexer.h: from the text of a .thrift file to tokens.  The rules are
 * those of compiler/cpp/src/thrift/thriftl.ll of Apache Thrift 0.25.
 */

#ifndef NTHRIFT_IDL_LEXER_H
#define NTHRIFT_IDL_LEXER_H

#include "idl/report.h"


/* Bytes of a number as written. */

#define NTHRIFT_LEXER_NUMBER  1024


typedef enum {
    NTHRIFT_TOKEN_END = 0,          /* of the file */
    NTHRIFT_TOKEN_ERROR,            /* reported already; nothing follows */
    NTHRIFT_TOKEN_SYMBOL,           /* one of :;,{}()=<>[]*& */
    NTHRIFT_TOKEN_NAME,
    NTHRIFT_TOKEN_LITERAL,
    NTHRIFT_TOKEN_INT,              /* also true and false */
    NTHRIFT_TOKEN_DOUBLE,

    /* words */

    NTHRIFT_TOKEN_ASYNC,
    NTHRIFT_TOKEN_BINARY,
    NTHRIFT_TOKEN_BOOL,
    NTHRIFT_TOKEN_BYTE,
    NTHRIFT_TOKEN_CONST,
    NTHRIFT_TOKEN_CPP_INCLUDE,
    NTHRIFT_TOKEN_CPP_TYPE,
    NTHRIFT_TOKEN_DOUBLE_WORD,
    NTHRIFT_TOKEN_ENUM,
    NTHRIFT_TOKEN_EXCEPTION,
    NTHRIFT_TOKEN_EXTENDS,
    NTHRIFT_TOKEN_I8,
    NTHRIFT_TOKEN_I16,
    NTHRIFT_TOKEN_I32,
    NTHRIFT_TOKEN_I64,
    NTHRIFT_TOKEN_INCLUDE,
    NTHRIFT_TOKEN_LIST,
    NTHRIFT_TOKEN_MAP,
    NTHRIFT_TOKEN_NAMESPACE,
    NTHRIFT_TOKEN_ONEWAY,
    NTHRIFT_TOKEN_OPTIONAL,
    NTHRIFT_TOKEN_REQUIRED,
    NTHRIFT_TOKEN_SERVICE,
    NTHRIFT_TOKEN_SET,
    NTHRIFT_TOKEN_STRING,
    NTHRIFT_TOKEN_STRUCT,
    NTHRIFT_TOKEN_THROWS,
    NTHRIFT_TOKEN_TYPEDEF,
    NTHRIFT_TOKEN_UNION,
    NTHRIFT_TOKEN_UUID,
    NTHRIFT_TOKEN_VOID,
    NTHRIFT_TOKEN_XSD_ALL,
    NTHRIFT_TOKEN_XSD_ATTRS,
    NTHRIFT_TOKEN_XSD_NILLABLE,
    NTHRIFT_TOKEN_XSD_OPTIONAL
} nthrift_token_e;

typedef struct {
    nthrift_token_e     kind;
    nthrift_idl_pos_t   pos;
    nthrift_str_t       text;       /* as written, quotes included */
    nthrift_str_t       doc;        /* the last doc comment before the token,
                                       without its slashes; empty: none */
    union {
        int64_t         i;          /* INT */
        double          d;          /* DOUBLE */
        nthrift_str_t   s;          /* LITERAL, escapes replaced */
    } u;
} nthrift_token_t;

typedef struct {
    const uint8_t                *p;
    const uint8_t                *last;
    const uint8_t                *start;    /* of the line */
    uint32_t                      line;
    uint32_t                      max_name; /* bytes of a name */
    const nthrift_idl_program_t  *program;
    nthrift_report_t             *report;
    nthrift_arena_t              *arena;    /* literals with escapes */
} nthrift_lexer_t;


/*
 * Begins at the first byte of `text`, or behind its UTF-8 byte order mark.
 * The tokens point into `text`.
 */
void nthrift_lexer_init(nthrift_lexer_t *lexer,
    const nthrift_idl_program_t *program, const nthrift_str_t *text,
    uint32_t max_name, nthrift_report_t *report, nthrift_arena_t *arena);

/*
 * Reads the next token.  What is wrong is reported here, and the token's
 * kind is NTHRIFT_TOKEN_ERROR then and ever after.
 */
void nthrift_lexer_next(nthrift_lexer_t *lexer, nthrift_token_t *token);

/* 1 if the token is the symbol `ch`. */
int nthrift_lexer_symbol(const nthrift_token_t *token, char ch);

/*
 * 1 if the token can name a field: a name, or a word that is none of
 * cpp_type, xsd_*.
 */
int nthrift_lexer_field_name(const nthrift_token_t *token);


#endif /* NTHRIFT_IDL_LEXER_H */
