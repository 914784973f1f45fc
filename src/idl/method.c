/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/method.c: parses services and their methods.
 */

#include "idl/parser.h"


/* A qualifier of fbthrift, which was taken for a type. */

static int
method_foreign(nthrift_parser_t *parser, const nthrift_idl_method_t *method)
{
    const char                *hint;
    const nthrift_idl_type_t  *type;

    type = method->returns;

    if (type->kind != NTHRIFT_IDL_NAMED
        || parser->token.kind == NTHRIFT_TOKEN_NAME
        || parser->token.kind == NTHRIFT_TOKEN_ERROR)
    {
        return NTHRIFT_OK;
    }

    hint = nthrift_hint_definition(&type->name);
    if (hint == NULL) {
        return NTHRIFT_OK;
    }

    return nthrift_report_error(parser->report, parser->program, type->pos,
                                "unexpected \"%.*s\": %s",
                                nthrift_report_str(&type->name), hint);
}


/* [oneway | async] type name */

static int
method_parse_head(nthrift_parser_t *parser, nthrift_idl_method_t *method)
{
    nthrift_idl_pos_t  pos;

    pos = parser->token.pos;

    if (nthrift_parser_doc(parser, &method->doc) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (nthrift_parser_skip(parser, NTHRIFT_TOKEN_ONEWAY)) {
        method->oneway = 1;

    } else if (nthrift_parser_skip(parser, NTHRIFT_TOKEN_ASYNC)) {
        method->oneway = 1;

        nthrift_report_warning(parser->report, parser->program, pos,
                               "\"async\" is deprecated: write \"oneway\"");
    }

    if (nthrift_type_parse_return(parser, &method->returns) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (nthrift_lexer_symbol(&parser->token, ',')) {
        return nthrift_report_error(parser->report, parser->program,
                                    parser->token.pos, "unexpected \",\" after "
                                    "the type that a method returns: streams "
                                    "and interactions are of fbthrift, not of "
                                    "Apache Thrift");
    }

    if (method_foreign(parser, method) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    return nthrift_parser_simple_name(parser, &method->name, &method->pos,
                                      "the name of a method");
}


static int
method_parse(nthrift_parser_t *parser, nthrift_idl_method_t *method)
{
    if (method_parse_head(parser, method) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    method->args = nthrift_define_struct_alloc(parser, NTHRIFT_IDL_KIND_ARGS);
    method->throws = nthrift_define_struct_alloc(parser,
                                                 NTHRIFT_IDL_KIND_THROWS);

    if (method->args == NULL || method->throws == NULL) {
        return NTHRIFT_ERROR;
    }

    method->args->def.name = method->name;
    method->args->def.pos = method->pos;
    method->throws->def.name = method->name;
    method->throws->def.pos = method->pos;

    if (nthrift_field_parse_list(parser, method->args, '(', ')')
        != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (nthrift_parser_skip(parser, NTHRIFT_TOKEN_THROWS)
        && nthrift_field_parse_list(parser, method->throws, '(', ')')
           != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (nthrift_type_parse_annotations(parser, &method->annotations)
        != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    nthrift_parser_skip_separator(parser);

    return NTHRIFT_OK;
}


static int
method_parse_list(nthrift_parser_t *parser, nthrift_idl_service_t *service)
{
    nthrift_idl_method_t  *method, **last;

    last = &service->methods;

    while (!nthrift_parser_skip_symbol(parser, '}')) {
        method = nthrift_parser_alloc(parser, sizeof(nthrift_idl_method_t));
        if (method == NULL) {
            return NTHRIFT_ERROR;
        }

        method->service = service;
        method->index = (uint32_t) service->n++;

        if (method_parse(parser, method) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        *last = method;
        last = &method->next;
    }

    return NTHRIFT_OK;
}


int
nthrift_method_parse_service(nthrift_parser_t *parser,
    const nthrift_str_t *doc)
{
    nthrift_idl_service_t  *service;

    service = nthrift_parser_alloc(parser, sizeof(nthrift_idl_service_t));
    if (service == NULL) {
        return NTHRIFT_ERROR;
    }

    nthrift_map_init(&service->names, parser->arena, parser->seed);
    nthrift_define_add(parser, &service->def, NTHRIFT_IDL_DEF_SERVICE, doc);

    if (nthrift_define_name(parser, &service->def, "the name of a service")
        != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (nthrift_parser_skip(parser, NTHRIFT_TOKEN_EXTENDS)) {
        service->extends_pos = parser->token.pos;

        if (nthrift_parser_name(parser, &service->extends,
                                "the name of a service") != NTHRIFT_OK)
        {
            return NTHRIFT_ERROR;
        }
    }

    if (nthrift_parser_symbol(parser, '{') != NTHRIFT_OK
        || method_parse_list(parser, service) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    return nthrift_type_parse_annotations(parser, &service->def.annotations);
}
