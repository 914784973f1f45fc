/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/field.c: parses the fields of structs, arguments and throws, and gives
 * ids to those that have none.
 */

#include "idl/parser.h"


static int32_t
field_next_id(int32_t *next)
{
    int32_t  id;

    id = *next;
    *next = (int32_t) ((uint32_t) id - 1);

    return id;
}


/*
 * The id of a field, whose first token is `token`.  Apache's compiler gives
 * -1, -2, ... to fields without an id, and to those whose id is not positive
 * unless --allow-neg-keys is given; ids beyond 16 bits, which no wire can
 * carry, are only warned about.
 */

static void
field_set_id(nthrift_parser_t *parser, nthrift_idl_field_t *field,
    const nthrift_token_t *token, int32_t *next)
{
    int64_t            id;
    nthrift_idl_pos_t  pos;

    pos = token->pos;
    id = token->u.i;

    if (token->kind != NTHRIFT_TOKEN_INT) {
        field->implicit = 1;
        field->id = field_next_id(next);

        nthrift_report_warning(parser->report, parser->program, pos,
                               "a field without an id: %d is used",
                               (int) field->id);

    } else if (id > 0) {
        field->id = (int32_t) (uint32_t) id;

    } else if (parser->negative_ids) {
        field->id = (int32_t) (uint32_t) id;
        *next = (int32_t) ((uint32_t) id - 1);

    } else {
        field->implicit = 1;
        field->id = field_next_id(next);

        nthrift_report_warning(parser->report, parser->program, pos,
                               "the field id %lld is not positive: %d is used "
                               "instead", (long long) id, (int) field->id);
    }

    if (field->id < INT16_MIN || field->id > INT16_MAX) {
        nthrift_report_warning(parser->report, parser->program, pos,
                               "the field id %d does not fit in 16 bits",
                               (int) field->id);
    }
}


/* [ int ':' ] [ required | optional ] */

static int
field_parse_head(nthrift_parser_t *parser, nthrift_idl_field_t *field)
{
    if (nthrift_parser_doc(parser, &field->doc) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (parser->token.kind == NTHRIFT_TOKEN_INT) {
        nthrift_parser_next(parser);

        if (nthrift_parser_symbol(parser, ':') != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }
    }

    if (nthrift_parser_skip(parser, NTHRIFT_TOKEN_REQUIRED)) {
        field->req = NTHRIFT_IDL_REQUIRED;

    } else if (nthrift_parser_skip(parser, NTHRIFT_TOKEN_OPTIONAL)) {
        field->req = NTHRIFT_IDL_OPTIONAL;
    }

    return NTHRIFT_OK;
}


/* The name: nearly every word can be one. */

static int
field_parse_name(nthrift_parser_t *parser, nthrift_idl_field_t *field)
{
    if (!nthrift_lexer_field_name(&parser->token)) {
        return nthrift_parser_unexpected(parser, "the name of a field");
    }

    field->name = parser->token.text;
    field->pos = parser->token.pos;

    if (memchr(field->name.data, '.', field->name.len) != NULL) {
        return nthrift_report_error(parser->report, parser->program,
                                    field->pos,
                                    "the name \"%.*s\" must not have a dot",
                                    nthrift_report_str(&field->name));
    }

    nthrift_parser_next(parser);

    return NTHRIFT_OK;
}


static int
field_parse_xsd_attrs(nthrift_parser_t *parser, nthrift_idl_field_t *field)
{
    int                    rc;
    nthrift_idl_struct_t  *attrs;

    if (!nthrift_parser_skip(parser, NTHRIFT_TOKEN_XSD_ATTRS)) {
        return NTHRIFT_OK;
    }

    attrs = nthrift_parser_alloc(parser, sizeof(nthrift_idl_struct_t));
    if (attrs == NULL || nthrift_parser_enter(parser) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    attrs->what = NTHRIFT_IDL_KIND_XSD_ATTRS;
    attrs->def.kind = NTHRIFT_IDL_DEF_STRUCT;
    attrs->def.name = field->name;
    attrs->def.pos = field->pos;
    attrs->def.program = parser->program;

    field->xsd_attrs = attrs;

    rc = nthrift_field_parse_list(parser, attrs, '{', '}');

    nthrift_parser_leave(parser);

    return rc;
}


/* [ '=' value ] and what XML Schema had once */

static int
field_parse_tail(nthrift_parser_t *parser, nthrift_idl_field_t *field)
{
    if (nthrift_parser_skip_symbol(parser, '=')
        && nthrift_value_parse(parser, &field->value) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (nthrift_parser_skip(parser, NTHRIFT_TOKEN_XSD_OPTIONAL)) {
        field->xsd_optional = 1;
    }

    if (nthrift_parser_skip(parser, NTHRIFT_TOKEN_XSD_NILLABLE)) {
        field->xsd_nillable = 1;
    }

    if (field_parse_xsd_attrs(parser, field) != NTHRIFT_OK
        || nthrift_type_parse_annotations(parser, &field->annotations)
           != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    nthrift_parser_skip_separator(parser);

    return NTHRIFT_OK;
}


static int
field_parse(nthrift_parser_t *parser, nthrift_idl_field_t *field,
    int32_t *next)
{
    nthrift_token_t  first;

    first = parser->token;

    if (field_parse_head(parser, field) != NTHRIFT_OK
        || nthrift_type_parse(parser, &field->type) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (nthrift_parser_skip_symbol(parser, '&')) {
        field->reference = 1;
    }

    if (field_parse_name(parser, field) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    field_set_id(parser, field, &first, next);

    return field_parse_tail(parser, field);
}


/* "required" and "optional" where they have no meaning. */

static void
field_fix_requiredness(nthrift_parser_t *parser,
    const nthrift_idl_struct_t *st, nthrift_idl_field_t *field)
{
    const char  *where;

    where = NULL;

    switch (st->what) {

    case NTHRIFT_IDL_KIND_UNION:
        if (field->req == NTHRIFT_IDL_REQUIRED) {
            where = "in a union";
        }

        field->req = NTHRIFT_IDL_OPTIONAL;
        break;

    case NTHRIFT_IDL_KIND_ARGS:
    case NTHRIFT_IDL_KIND_THROWS:
        if (field->req == NTHRIFT_IDL_OPTIONAL) {
            where = "in an argument list";
            field->req = NTHRIFT_IDL_DEFAULT;

        } else if (field->req == NTHRIFT_IDL_REQUIRED
                   && st->what == NTHRIFT_IDL_KIND_THROWS)
        {
            where = "in \"throws\"";
            field->req = NTHRIFT_IDL_DEFAULT;
        }

        break;

    case NTHRIFT_IDL_KIND_STRUCT:
    case NTHRIFT_IDL_KIND_EXCEPTION:
    case NTHRIFT_IDL_KIND_RESULT:
    case NTHRIFT_IDL_KIND_XSD_ATTRS:
        break;
    }

    if (where != NULL) {
        nthrift_report_warning(parser->report, parser->program, field->pos,
                               "the requiredness of \"%.*s\" is ignored %s",
                               nthrift_report_str(&field->name), where);
    }
}


int
nthrift_field_parse_list(nthrift_parser_t *parser, nthrift_idl_struct_t *st,
    char open, char close)
{
    int32_t                next;
    nthrift_idl_field_t   *field, **last;

    if (nthrift_parser_symbol(parser, open) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    next = -1;
    last = &st->first;

    while (!nthrift_parser_skip_symbol(parser, close)) {
        field = nthrift_parser_alloc(parser, sizeof(nthrift_idl_field_t));
        if (field == NULL) {
            return NTHRIFT_ERROR;
        }

        if (field_parse(parser, field, &next) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        field_fix_requiredness(parser, st, field);

        field->index = (uint32_t) st->n++;
        *last = field;
        last = &field->next;
    }

    return NTHRIFT_OK;
}
