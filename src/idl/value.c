/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/value.c: parses the values of constants and defaults.  Whether a value
 * fits its type is the checker's affair: check.c.
 */

#include "idl/parser.h"


static int  value_parse_elem(nthrift_parser_t *parser,
    nthrift_idl_value_t **value);


static int
value_parse_list(nthrift_parser_t *parser, nthrift_idl_value_t *value)
{
    nthrift_idl_value_t  **last;

    value->kind = NTHRIFT_IDL_VALUE_LIST;
    last = &value->u.list.first;

    nthrift_parser_next(parser);

    while (!nthrift_parser_skip_symbol(parser, ']')) {
        if (value_parse_elem(parser, last) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        nthrift_parser_skip_separator(parser);

        last = &(*last)->next;
        value->u.list.n++;
    }

    return NTHRIFT_OK;
}


static int
value_parse_map(nthrift_parser_t *parser, nthrift_idl_value_t *value)
{
    nthrift_idl_value_t  **last;

    value->kind = NTHRIFT_IDL_VALUE_MAP;
    last = &value->u.list.first;

    nthrift_parser_next(parser);

    while (!nthrift_parser_skip_symbol(parser, '}')) {
        if (value_parse_elem(parser, last) != NTHRIFT_OK
            || nthrift_parser_symbol(parser, ':') != NTHRIFT_OK)
        {
            return NTHRIFT_ERROR;
        }

        last = &(*last)->next;

        if (value_parse_elem(parser, last) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        nthrift_parser_skip_separator(parser);

        last = &(*last)->next;
        value->u.list.n++;
    }

    return NTHRIFT_OK;
}


static int
value_parse_elem(nthrift_parser_t *parser, nthrift_idl_value_t **value)
{
    int  rc;

    if (nthrift_parser_enter(parser) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    rc = nthrift_value_parse(parser, value);

    nthrift_parser_leave(parser);

    return rc;
}


/* A name; "Name {" is how fbthrift writes a struct. */

static int
value_parse_name(nthrift_parser_t *parser, nthrift_idl_value_t *value)
{
    value->kind = NTHRIFT_IDL_VALUE_NAMED;
    value->u.s = parser->token.text;

    nthrift_parser_next(parser);

    if (!nthrift_lexer_symbol(&parser->token, '{')) {
        return NTHRIFT_OK;
    }

    return nthrift_report_error(parser->report, parser->program,
                                parser->token.pos,
                                "unexpected \"{\" after \"%.*s\": struct "
                                "initializers with a name are of fbthrift, "
                                "not of Apache Thrift",
                                nthrift_report_str(&value->u.s));
}


int
nthrift_value_parse(nthrift_parser_t *parser, nthrift_idl_value_t **out)
{
    nthrift_token_t      *token;
    nthrift_idl_value_t  *value;

    token = &parser->token;

    value = nthrift_parser_alloc(parser, sizeof(nthrift_idl_value_t));
    if (value == NULL) {
        return NTHRIFT_ERROR;
    }

    value->pos = token->pos;
    *out = value;

    switch (token->kind) {

    case NTHRIFT_TOKEN_INT:
        value->kind = NTHRIFT_IDL_VALUE_INT;
        value->u.i = token->u.i;
        break;

    case NTHRIFT_TOKEN_DOUBLE:
        value->kind = NTHRIFT_IDL_VALUE_DOUBLE;
        value->u.d = token->u.d;
        break;

    case NTHRIFT_TOKEN_LITERAL:
        value->kind = NTHRIFT_IDL_VALUE_STRING;
        value->u.s = token->u.s;
        break;

    case NTHRIFT_TOKEN_NAME:
        return value_parse_name(parser, value);

    default:
        if (nthrift_lexer_symbol(token, '[')) {
            return value_parse_list(parser, value);
        }

        if (nthrift_lexer_symbol(token, '{')) {
            return value_parse_map(parser, value);
        }

        return nthrift_parser_unexpected(parser, "a value");
    }

    nthrift_parser_next(parser);

    return NTHRIFT_OK;
}
