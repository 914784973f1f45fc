/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/type.c: parses types and annotations.  Names of types are noted for
 * the resolver, who knows what they stand for.
 */

#include "idl/parser.h"


static int
type_parse_annotation(nthrift_parser_t *parser, nthrift_idl_annotation_t *a)
{
    static nthrift_str_t  one = nthrift_string("1");

    a->pos = parser->token.pos;

    if (nthrift_parser_name(parser, &a->name, "the name of an annotation")
        != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    a->value = one;

    if (nthrift_parser_skip_symbol(parser, '=')
        && nthrift_parser_literal(parser, &a->value,
                                  "the value of an annotation in quotes")
           != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    nthrift_parser_skip_separator(parser);

    return NTHRIFT_OK;
}


int
nthrift_type_parse_annotations(nthrift_parser_t *parser,
    nthrift_idl_annotation_t **first)
{
    nthrift_idl_annotation_t  *a;

    *first = NULL;

    if (!nthrift_parser_skip_symbol(parser, '(')) {
        return NTHRIFT_OK;
    }

    while (!nthrift_parser_skip_symbol(parser, ')')) {
        a = nthrift_parser_alloc(parser, sizeof(nthrift_idl_annotation_t));
        if (a == NULL) {
            return NTHRIFT_ERROR;
        }

        if (type_parse_annotation(parser, a) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        *first = a;
        first = &a->next;
    }

    return NTHRIFT_OK;
}


static int
type_parse_cpp_type(nthrift_parser_t *parser, nthrift_idl_type_t *type)
{
    if (!nthrift_parser_skip(parser, NTHRIFT_TOKEN_CPP_TYPE)) {
        return NTHRIFT_OK;
    }

    return nthrift_parser_literal(parser, &type->cpp_type,
                                  "the name of a C++ type in quotes");
}


static int
type_parse_elem(nthrift_parser_t *parser, nthrift_idl_type_t **type)
{
    int  rc;

    if (nthrift_parser_enter(parser) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    rc = nthrift_type_parse(parser, type);

    nthrift_parser_leave(parser);

    return rc;
}


/* After "list", the "cpp_type" may stand behind: the deprecated place. */

static int
type_parse_list_end(nthrift_parser_t *parser, nthrift_idl_type_t *type)
{
    nthrift_idl_pos_t  pos;

    pos = parser->token.pos;

    if (type->elem == &parser->base[NTHRIFT_IDL_I8]) {
        nthrift_report_warning(parser->report, parser->program, pos,
                               "a list of bytes costs more than \"binary\"");
    }

    if (parser->token.kind == NTHRIFT_TOKEN_CPP_TYPE) {
        nthrift_report_warning(parser->report, parser->program, pos,
                               "\"cpp_type\" behind the list is deprecated: "
                               "write it before \"<\"");
    }

    return type_parse_cpp_type(parser, type);
}


static int
type_parse_container(nthrift_parser_t *parser, nthrift_idl_kind_e kind,
    nthrift_idl_type_t **out)
{
    nthrift_idl_type_t  *type;

    type = nthrift_parser_alloc(parser, sizeof(nthrift_idl_type_t));
    if (type == NULL) {
        return NTHRIFT_ERROR;
    }

    type->kind = kind;
    type->real = type;

    nthrift_parser_next(parser);

    if (type_parse_cpp_type(parser, type) != NTHRIFT_OK
        || nthrift_parser_symbol(parser, '<') != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (kind == NTHRIFT_IDL_MAP
        && (type_parse_elem(parser, &type->key) != NTHRIFT_OK
            || nthrift_parser_symbol(parser, ',') != NTHRIFT_OK))
    {
        return NTHRIFT_ERROR;
    }

    if (type_parse_elem(parser, &type->elem) != NTHRIFT_OK
        || nthrift_parser_symbol(parser, '>') != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (kind == NTHRIFT_IDL_LIST
        && type_parse_list_end(parser, type) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    *out = type;

    return nthrift_type_parse_annotations(parser, &type->annotations);
}


static int
type_parse_named(nthrift_parser_t *parser, nthrift_idl_type_t **out)
{
    nthrift_idl_type_t  *type;

    type = nthrift_parser_alloc(parser, sizeof(nthrift_idl_type_t));
    if (type == NULL) {
        return NTHRIFT_ERROR;
    }

    type->kind = NTHRIFT_IDL_NAMED;
    type->name = parser->token.text;
    type->pos = parser->token.pos;

    *parser->named_end = type;
    parser->named_end = &type->next_named;

    nthrift_parser_next(parser);

    if (nthrift_lexer_symbol(&parser->token, '<')) {
        return nthrift_report_error(parser->report, parser->program,
                                    parser->token.pos,
                                    "unexpected \"<\" after \"%.*s\": only "
                                    "list, set and map have types of their "
                                    "own (stream and sink are of fbthrift)",
                                    nthrift_report_str(&type->name));
    }

    *out = type;

    return NTHRIFT_OK;
}


/* A base type with annotations is a type of its own. */

static int
type_parse_base(nthrift_parser_t *parser, nthrift_idl_kind_e kind,
    nthrift_idl_type_t **out)
{
    nthrift_idl_type_t        *type;
    nthrift_idl_annotation_t  *annotations;

    nthrift_parser_next(parser);

    if (nthrift_type_parse_annotations(parser, &annotations) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    *out = &parser->base[kind];

    if (annotations == NULL) {
        return NTHRIFT_OK;
    }

    type = nthrift_parser_alloc(parser, sizeof(nthrift_idl_type_t));
    if (type == NULL) {
        return NTHRIFT_ERROR;
    }

    type->kind = kind;
    type->real = type;
    type->annotations = annotations;

    *out = type;

    return NTHRIFT_OK;
}


int
nthrift_type_parse(nthrift_parser_t *parser, nthrift_idl_type_t **type)
{
    switch (parser->token.kind) {

    case NTHRIFT_TOKEN_NAME:
        return type_parse_named(parser, type);

    case NTHRIFT_TOKEN_BOOL:
        return type_parse_base(parser, NTHRIFT_IDL_BOOL, type);

    case NTHRIFT_TOKEN_BYTE:
    case NTHRIFT_TOKEN_I8:
        return type_parse_base(parser, NTHRIFT_IDL_I8, type);

    case NTHRIFT_TOKEN_I16:
        return type_parse_base(parser, NTHRIFT_IDL_I16, type);

    case NTHRIFT_TOKEN_I32:
        return type_parse_base(parser, NTHRIFT_IDL_I32, type);

    case NTHRIFT_TOKEN_I64:
        return type_parse_base(parser, NTHRIFT_IDL_I64, type);

    case NTHRIFT_TOKEN_DOUBLE_WORD:
        return type_parse_base(parser, NTHRIFT_IDL_DOUBLE, type);

    case NTHRIFT_TOKEN_STRING:
        return type_parse_base(parser, NTHRIFT_IDL_STRING, type);

    case NTHRIFT_TOKEN_BINARY:
        return type_parse_base(parser, NTHRIFT_IDL_BINARY, type);

    case NTHRIFT_TOKEN_UUID:
        return type_parse_base(parser, NTHRIFT_IDL_UUID, type);

    case NTHRIFT_TOKEN_LIST:
        return type_parse_container(parser, NTHRIFT_IDL_LIST, type);

    case NTHRIFT_TOKEN_SET:
        return type_parse_container(parser, NTHRIFT_IDL_SET, type);

    case NTHRIFT_TOKEN_MAP:
        return type_parse_container(parser, NTHRIFT_IDL_MAP, type);

    default:
        return nthrift_parser_unexpected(parser, "a type");
    }
}


int
nthrift_type_parse_return(nthrift_parser_t *parser, nthrift_idl_type_t **type)
{
    if (nthrift_parser_skip(parser, NTHRIFT_TOKEN_VOID)) {
        *type = &parser->base[NTHRIFT_IDL_VOID];
        return NTHRIFT_OK;
    }

    return nthrift_type_parse(parser, type);
}
