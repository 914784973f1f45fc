/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/parser.h: from tokens to definitions whose names are not resolved yet.
 * The grammar is that of compiler/cpp/src/thrift/thrifty.yy of Apache Thrift
 * 0.25, and the few things in which docs/idl.md says we are more lenient.
 */

#ifndef NTHRIFT_IDL_PARSER_H
#define NTHRIFT_IDL_PARSER_H

#include "idl/lexer.h"


typedef struct {
    nthrift_lexer_t           lexer;
    nthrift_token_t           token;    /* the one to be looked at next */
    nthrift_arena_t          *arena;
    nthrift_report_t         *report;
    nthrift_idl_program_t    *program;
    nthrift_idl_type_t       *base;     /* NTHRIFT_IDL_N_BASE shared types */
    uint64_t                  seed;     /* of maps */
    uint32_t                  max_nesting;
    uint32_t                  depth;    /* of types, values, field lists */
    uint32_t                  begun;    /* the line of the definition that is
                                           being read; 0: none is */
    unsigned                  negative_ids:1;

    /* what the resolver has to look at, text order */

    nthrift_idl_type_t       *named;    /* by next_named */
    nthrift_idl_type_t      **named_end;

    nthrift_idl_def_t       **defs_end;
    nthrift_idl_include_t   **includes_end;
    nthrift_idl_namespace_t **namespaces_end;
    nthrift_idl_annotation_t **cpp_includes_end;
} nthrift_parser_t;


/*
 * Reads a whole file into `parser->program`, whose maps are initialized and
 * whose path is set.  The text must live as long as the arena.  NTHRIFT_OK,
 * or NTHRIFT_ERROR after the first syntax error was reported.
 */
int nthrift_parser_file(nthrift_parser_t *parser, const nthrift_str_t *text,
    uint32_t max_name);

/* Steps that the files of the parser share. */

void *nthrift_parser_alloc(nthrift_parser_t *parser, size_t size);
void nthrift_parser_next(nthrift_parser_t *parser);

/* 1 and the next token if the current one is the symbol (of that kind). */
int nthrift_parser_skip_symbol(nthrift_parser_t *parser, char ch);
int nthrift_parser_skip(nthrift_parser_t *parser, nthrift_token_e kind);

/* One "," or ";" if there is one. */
void nthrift_parser_skip_separator(nthrift_parser_t *parser);

/* "unexpected X, expected <what>"; returns NTHRIFT_ERROR. */
int nthrift_parser_unexpected(nthrift_parser_t *parser, const char *what);

/* The symbol, or an error. */
int nthrift_parser_symbol(nthrift_parser_t *parser, char ch);

/* A literal, or an error. */
int nthrift_parser_literal(nthrift_parser_t *parser, nthrift_str_t *s,
    const char *what);

/* A name, or an error; without dots in it for names that are declared. */
int nthrift_parser_name(nthrift_parser_t *parser, nthrift_str_t *name,
    const char *what);
int nthrift_parser_simple_name(nthrift_parser_t *parser, nthrift_str_t *name,
    nthrift_idl_pos_t *pos, const char *what);

/* One level deeper, or an error; and back. */
int nthrift_parser_enter(nthrift_parser_t *parser);
void nthrift_parser_leave(nthrift_parser_t *parser);

/* The doc comment before the current token, cleaned; empty if there is none. */
int nthrift_parser_doc(nthrift_parser_t *parser, nthrift_str_t *doc);

/*
 * define.c and method.c: a definition of which the first word is skipped.
 * nthrift_define_parser() knows which word begins what: NULL if none does.
 */

typedef int (*nthrift_define_pt)(nthrift_parser_t *parser,
    const nthrift_str_t *doc);

nthrift_define_pt nthrift_define_parser(nthrift_token_e kind);
int nthrift_method_parse_service(nthrift_parser_t *parser,
    const nthrift_str_t *doc);

/* Adds a definition to the program; its name; the fields of another one. */
void nthrift_define_add(nthrift_parser_t *parser, nthrift_idl_def_t *def,
    nthrift_idl_def_e kind, const nthrift_str_t *doc);
int nthrift_define_name(nthrift_parser_t *parser, nthrift_idl_def_t *def,
    const char *what);
nthrift_idl_struct_t *nthrift_define_struct_alloc(nthrift_parser_t *parser,
    nthrift_idl_struct_e what);

/* type.c: [ '(' (name [= literal] sep)* ')' ] */
int nthrift_type_parse_annotations(nthrift_parser_t *parser,
    nthrift_idl_annotation_t **first);

/* type.c: the type of a field or constant; what a method returns */
int nthrift_type_parse(nthrift_parser_t *parser, nthrift_idl_type_t **type);
int nthrift_type_parse_return(nthrift_parser_t *parser,
    nthrift_idl_type_t **type);

/* value.c: a constant's value */
int nthrift_value_parse(nthrift_parser_t *parser, nthrift_idl_value_t **value);

/*
 * field.c: the fields between "{" and "}" or "(" and ")"; the opening is
 * the current token, the closing is skipped.
 */
int nthrift_field_parse_list(nthrift_parser_t *parser,
    nthrift_idl_struct_t *st, char open, char close);

/* hint.c: what to say of a name that stands where none can; NULL: nothing */
const char *nthrift_hint_definition(const nthrift_str_t *name);
const char *nthrift_hint_type(const nthrift_str_t *name);
const char *nthrift_hint_foreign(const nthrift_str_t *name);


#endif /* NTHRIFT_IDL_PARSER_H */
