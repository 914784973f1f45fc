/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/define.c: parses constants, typedefs, enums, structs, unions and
 * exceptions; services are in method.c.
 */

#include "idl/parser.h"


/* Adds a definition, complete but for its annotations, to the program. */

void
nthrift_define_add(nthrift_parser_t *parser, nthrift_idl_def_t *def,
    nthrift_idl_def_e kind, const nthrift_str_t *doc)
{
    def->kind = kind;
    def->doc = *doc;
    def->program = parser->program;
    def->order = ++parser->program->n_defs;

    *parser->defs_end = def;
    parser->defs_end = &def->next;
}


int
nthrift_define_name(nthrift_parser_t *parser, nthrift_idl_def_t *def,
    const char *what)
{
    return nthrift_parser_simple_name(parser, &def->name, &def->pos, what);
}


nthrift_idl_struct_t *
nthrift_define_struct_alloc(nthrift_parser_t *parser, nthrift_idl_struct_e what)
{
    nthrift_idl_struct_t  *st;

    st = nthrift_parser_alloc(parser, sizeof(nthrift_idl_struct_t));

    if (st != NULL) {
        st->what = what;
        st->def.kind = NTHRIFT_IDL_DEF_STRUCT;
        st->def.program = parser->program;
    }

    return st;
}


static int
define_const(nthrift_parser_t *parser, const nthrift_str_t *doc)
{
    nthrift_idl_const_t  *c;

    c = nthrift_parser_alloc(parser, sizeof(nthrift_idl_const_t));
    if (c == NULL) {
        return NTHRIFT_ERROR;
    }

    nthrift_define_add(parser, &c->def, NTHRIFT_IDL_DEF_CONST, doc);

    if (nthrift_type_parse(parser, &c->type) != NTHRIFT_OK
        || nthrift_define_name(parser, &c->def, "the name of a constant")
           != NTHRIFT_OK
        || nthrift_parser_symbol(parser, '=') != NTHRIFT_OK
        || nthrift_value_parse(parser, &c->value) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    return nthrift_type_parse_annotations(parser, &c->def.annotations);
}


static int
define_typedef(nthrift_parser_t *parser, const nthrift_str_t *doc)
{
    nthrift_idl_type_t     **names;
    nthrift_idl_typedef_t   *td;

    td = nthrift_parser_alloc(parser, sizeof(nthrift_idl_typedef_t));
    if (td == NULL) {
        return NTHRIFT_ERROR;
    }

    nthrift_define_add(parser, &td->def, NTHRIFT_IDL_DEF_TYPEDEF, doc);
    names = parser->named_end;

    if (nthrift_type_parse(parser, &td->type) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    /* those added since: names_end is the place behind the last of them */

    td->names = *names;
    td->names_end = parser->named_end;

    if (nthrift_define_name(parser, &td->def, "the name of a type")
        != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    return nthrift_type_parse_annotations(parser, &td->def.annotations);
}


/*
 * NAME ['=' int]: the number is the last one plus 1 if it is not written.
 * A name with a dot is allowed if the number is written.
 */

static int
define_item(nthrift_parser_t *parser, nthrift_idl_item_t *item, int64_t *last)
{
    int64_t  number;

    item->pos = parser->token.pos;

    if (nthrift_parser_doc(parser, &item->doc) != NTHRIFT_OK
        || nthrift_parser_name(parser, &item->name, "the name of a value")
           != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (nthrift_parser_skip_symbol(parser, '=')) {
        number = parser->token.u.i;

        if (!nthrift_parser_skip(parser, NTHRIFT_TOKEN_INT)) {
            return nthrift_parser_unexpected(parser, "an integer");
        }

    } else {
        number = *last + 1;
        item->implicit = 1;

        if (memchr(item->name.data, '.', item->name.len) != NULL) {
            return nthrift_report_error(parser->report, parser->program,
                                        item->pos, "the name \"%.*s\" must "
                                        "not have a dot",
                                        nthrift_report_str(&item->name));
        }
    }

    if (number < INT32_MIN || number > INT32_MAX) {
        return nthrift_report_error(parser->report, parser->program, item->pos,
                                    "the value %lld of \"%.*s\" does not fit "
                                    "in 32 bits", (long long) number,
                                    nthrift_report_str(&item->name));
    }

    item->number = (int32_t) number;
    *last = number;

    return nthrift_type_parse_annotations(parser, &item->annotations);
}


static int
define_enum(nthrift_parser_t *parser, const nthrift_str_t *doc)
{
    int64_t               number;
    nthrift_idl_enum_t   *en;
    nthrift_idl_item_t   *item, **last;

    en = nthrift_parser_alloc(parser, sizeof(nthrift_idl_enum_t));
    if (en == NULL) {
        return NTHRIFT_ERROR;
    }

    nthrift_define_add(parser, &en->def, NTHRIFT_IDL_DEF_ENUM, doc);

    if (nthrift_define_name(parser, &en->def, "the name of an enum")
        != NTHRIFT_OK
        || nthrift_parser_symbol(parser, '{') != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    number = -1;
    last = &en->items;

    while (!nthrift_parser_skip_symbol(parser, '}')) {
        item = nthrift_parser_alloc(parser, sizeof(nthrift_idl_item_t));
        if (item == NULL) {
            return NTHRIFT_ERROR;
        }

        item->parent = en;

        if (define_item(parser, item, &number) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        nthrift_parser_skip_separator(parser);

        *last = item;
        last = &item->next;
        en->n++;
    }

    return nthrift_type_parse_annotations(parser, &en->def.annotations);
}


static int
define_struct_of(nthrift_parser_t *parser, const nthrift_str_t *doc,
    nthrift_idl_struct_e what, const char *expected)
{
    nthrift_idl_struct_t  *st;

    st = nthrift_define_struct_alloc(parser, what);
    if (st == NULL) {
        return NTHRIFT_ERROR;
    }

    nthrift_define_add(parser, &st->def, NTHRIFT_IDL_DEF_STRUCT, doc);

    if (nthrift_define_name(parser, &st->def, expected) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (what != NTHRIFT_IDL_KIND_EXCEPTION
        && nthrift_parser_skip(parser, NTHRIFT_TOKEN_XSD_ALL))
    {
        st->xsd_all = 1;
    }

    if (nthrift_field_parse_list(parser, st, '{', '}') != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    return nthrift_type_parse_annotations(parser, &st->def.annotations);
}


static int
define_struct(nthrift_parser_t *parser, const nthrift_str_t *doc)
{
    return define_struct_of(parser, doc, NTHRIFT_IDL_KIND_STRUCT,
                            "the name of a struct");
}


static int
define_union(nthrift_parser_t *parser, const nthrift_str_t *doc)
{
    return define_struct_of(parser, doc, NTHRIFT_IDL_KIND_UNION,
                            "the name of a union");
}


static int
define_exception(nthrift_parser_t *parser, const nthrift_str_t *doc)
{
    return define_struct_of(parser, doc, NTHRIFT_IDL_KIND_EXCEPTION,
                            "the name of an exception");
}


nthrift_define_pt
nthrift_define_parser(nthrift_token_e kind)
{
    switch (kind) {

    case NTHRIFT_TOKEN_CONST:
        return define_const;

    case NTHRIFT_TOKEN_TYPEDEF:
        return define_typedef;

    case NTHRIFT_TOKEN_ENUM:
        return define_enum;

    case NTHRIFT_TOKEN_STRUCT:
        return define_struct;

    case NTHRIFT_TOKEN_UNION:
        return define_union;

    case NTHRIFT_TOKEN_EXCEPTION:
        return define_exception;

    case NTHRIFT_TOKEN_SERVICE:
        return nthrift_method_parse_service;

    default:
        return NULL;
    }
}
