/*
 * idl/parser.c: parses headers and definitions.  One token is looked at, the
 * grammar needs no more; nesting is counted, everything else is a loop.  The
 * first error ends the file.
 */

#include "idl/parser.h"

#include "idl/doc.h"


typedef int (*parser_def_pt)(nthrift_parser_t *parser, nthrift_str_t *doc);


void *
nthrift_parser_alloc(nthrift_parser_t *parser, size_t size)
{
    void  *p;

    p = nthrift_arena_alloc(parser->arena, size);
    if (p == NULL) {
        nthrift_report_memory(parser->report);
    }

    return p;
}


void
nthrift_parser_next(nthrift_parser_t *parser)
{
    nthrift_lexer_next(&parser->lexer, &parser->token);
}


int
nthrift_parser_skip_symbol(nthrift_parser_t *parser, char ch)
{
    if (!nthrift_lexer_symbol(&parser->token, ch)) {
        return 0;
    }

    nthrift_parser_next(parser);

    return 1;
}


int
nthrift_parser_skip(nthrift_parser_t *parser, nthrift_token_e kind)
{
    if (parser->token.kind != kind) {
        return 0;
    }

    nthrift_parser_next(parser);

    return 1;
}


void
nthrift_parser_skip_separator(nthrift_parser_t *parser)
{
    if (!nthrift_parser_skip_symbol(parser, ',')) {
        (void) nthrift_parser_skip_symbol(parser, ';');
    }
}


int
nthrift_parser_unexpected(nthrift_parser_t *parser, const char *what)
{
    const char             *hint;
    const nthrift_token_t  *token;

    token = &parser->token;

    if (token->kind == NTHRIFT_TOKEN_ERROR) {
        return NTHRIFT_ERROR;
    }

    if (token->kind == NTHRIFT_TOKEN_END) {
        return nthrift_report_error(parser->report, parser->program,
                                    token->pos, "unexpected end of file, "
                                    "expected %s", what);
    }

    hint = nthrift_hint_definition(&token->text);

    if (token->kind == NTHRIFT_TOKEN_NAME && hint != NULL) {
        return nthrift_report_error(parser->report, parser->program,
                                    token->pos, "unexpected \"%.*s\": %s",
                                    nthrift_report_str(&token->text), hint);
    }

    return nthrift_report_error(parser->report, parser->program, token->pos,
                                "unexpected \"%.*s\", expected %s",
                                nthrift_report_str(&token->text), what);
}


int
nthrift_parser_symbol(nthrift_parser_t *parser, char ch)
{
    char  what[] = "\"?\"";

    if (nthrift_parser_skip_symbol(parser, ch)) {
        return NTHRIFT_OK;
    }

    what[1] = ch;

    return nthrift_parser_unexpected(parser, what);
}


int
nthrift_parser_literal(nthrift_parser_t *parser, nthrift_str_t *s,
    const char *what)
{
    if (parser->token.kind != NTHRIFT_TOKEN_LITERAL) {
        return nthrift_parser_unexpected(parser, what);
    }

    *s = parser->token.u.s;
    nthrift_parser_next(parser);

    return NTHRIFT_OK;
}


int
nthrift_parser_name(nthrift_parser_t *parser, nthrift_str_t *name,
    const char *what)
{
    if (parser->token.kind != NTHRIFT_TOKEN_NAME) {
        return nthrift_parser_unexpected(parser, what);
    }

    *name = parser->token.text;
    nthrift_parser_next(parser);

    return NTHRIFT_OK;
}


int
nthrift_parser_simple_name(nthrift_parser_t *parser, nthrift_str_t *name,
    nthrift_idl_pos_t *pos, const char *what)
{
    *pos = parser->token.pos;

    if (nthrift_parser_name(parser, name, what) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (memchr(name->data, '.', name->len) != NULL) {
        return nthrift_report_error(parser->report, parser->program, *pos,
                                    "the name \"%.*s\" must not have a dot",
                                    nthrift_report_str(name));
    }

    return NTHRIFT_OK;
}


int
nthrift_parser_enter(nthrift_parser_t *parser)
{
    if (parser->depth >= parser->max_nesting) {
        return nthrift_report_error(parser->report, parser->program,
                                    parser->token.pos,
                                    "nested deeper than %u levels",
                                    (unsigned) parser->max_nesting);
    }

    parser->depth++;

    return NTHRIFT_OK;
}


void
nthrift_parser_leave(nthrift_parser_t *parser)
{
    parser->depth--;
}


static int
parser_doc(nthrift_parser_t *parser, nthrift_str_t *doc)
{
    if (nthrift_doc_clean(parser->arena, &parser->token.doc, doc)
        != NTHRIFT_OK)
    {
        return nthrift_report_memory(parser->report);
    }

    return NTHRIFT_OK;
}


/* Adds a definition, complete but for its annotations, to the program. */

static void
parser_add(nthrift_parser_t *parser, nthrift_idl_def_t *def,
    nthrift_idl_def_e kind, const nthrift_str_t *doc)
{
    def->kind = kind;
    def->doc = *doc;
    def->program = parser->program;
    def->order = ++parser->program->n_defs;

    *parser->defs_end = def;
    parser->defs_end = &def->next;
}


static int
parser_def_name(nthrift_parser_t *parser, nthrift_idl_def_t *def,
    const char *what)
{
    return nthrift_parser_simple_name(parser, &def->name, &def->pos, what);
}


/* Headers */

static int
parser_include(nthrift_parser_t *parser)
{
    nthrift_idl_include_t  *inc;

    inc = nthrift_parser_alloc(parser, sizeof(nthrift_idl_include_t));
    if (inc == NULL) {
        return NTHRIFT_ERROR;
    }

    nthrift_parser_next(parser);
    inc->pos = parser->token.pos;

    if (nthrift_parser_literal(parser, &inc->name, "a file name in quotes")
        != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    *parser->includes_end = inc;
    parser->includes_end = &inc->next;

    return NTHRIFT_OK;
}


static int
parser_cpp_include(nthrift_parser_t *parser)
{
    nthrift_idl_annotation_t  *inc;

    inc = nthrift_parser_alloc(parser, sizeof(nthrift_idl_annotation_t));
    if (inc == NULL) {
        return NTHRIFT_ERROR;
    }

    nthrift_parser_next(parser);

    *parser->cpp_includes_end = inc;
    parser->cpp_includes_end = &inc->next;

    return nthrift_parser_literal(parser, &inc->value,
                                  "a file name in quotes");
}


static int
parser_namespace(nthrift_parser_t *parser)
{
    nthrift_idl_namespace_t  *ns;

    ns = nthrift_parser_alloc(parser, sizeof(nthrift_idl_namespace_t));
    if (ns == NULL) {
        return NTHRIFT_ERROR;
    }

    nthrift_parser_next(parser);

    *parser->namespaces_end = ns;
    parser->namespaces_end = &ns->next;

    ns->scope = parser->token.text;

    if (!nthrift_parser_skip_symbol(parser, '*')
        && nthrift_parser_name(parser, &ns->scope, "a language or \"*\"")
           != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    if (nthrift_parser_name(parser, &ns->name, "a namespace") != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (ns->scope.data[0] == '*') {
        return NTHRIFT_OK;
    }

    return nthrift_type_parse_annotations(parser, &ns->annotations);
}


/* Headers up to the first definition; thriftpy2 allows a ";" behind each. */

static int
parser_headers(nthrift_parser_t *parser)
{
    int  rc;

    switch (parser->token.kind) {

    case NTHRIFT_TOKEN_INCLUDE:
    case NTHRIFT_TOKEN_CPP_INCLUDE:
    case NTHRIFT_TOKEN_NAMESPACE:
        if (parser_doc(parser, &parser->program->doc) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        break;

    default:
        return NTHRIFT_OK;
    }

    for ( ;; ) {
        switch (parser->token.kind) {

        case NTHRIFT_TOKEN_INCLUDE:
            rc = parser_include(parser);
            break;

        case NTHRIFT_TOKEN_CPP_INCLUDE:
            rc = parser_cpp_include(parser);
            break;

        case NTHRIFT_TOKEN_NAMESPACE:
            rc = parser_namespace(parser);
            break;

        default:
            return NTHRIFT_OK;
        }

        if (rc != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        nthrift_parser_skip_separator(parser);
    }
}


/* Definitions */

static int
parser_const(nthrift_parser_t *parser, nthrift_str_t *doc)
{
    nthrift_idl_const_t  *c;

    c = nthrift_parser_alloc(parser, sizeof(nthrift_idl_const_t));
    if (c == NULL) {
        return NTHRIFT_ERROR;
    }

    parser_add(parser, &c->def, NTHRIFT_IDL_DEF_CONST, doc);

    if (nthrift_type_parse(parser, &c->type) != NTHRIFT_OK
        || parser_def_name(parser, &c->def, "the name of a constant")
           != NTHRIFT_OK
        || nthrift_parser_symbol(parser, '=') != NTHRIFT_OK
        || nthrift_value_parse(parser, &c->value) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    return nthrift_type_parse_annotations(parser, &c->def.annotations);
}


static int
parser_typedef(nthrift_parser_t *parser, nthrift_str_t *doc)
{
    nthrift_idl_type_t     **names;
    nthrift_idl_typedef_t   *td;

    td = nthrift_parser_alloc(parser, sizeof(nthrift_idl_typedef_t));
    if (td == NULL) {
        return NTHRIFT_ERROR;
    }

    parser_add(parser, &td->def, NTHRIFT_IDL_DEF_TYPEDEF, doc);
    names = parser->named_end;

    if (nthrift_type_parse(parser, &td->type) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    /* those added since: names_end is the place behind the last of them */

    td->names = *names;
    td->names_end = parser->named_end;

    if (parser_def_name(parser, &td->def, "the name of a type") != NTHRIFT_OK)
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
parser_item(nthrift_parser_t *parser, nthrift_idl_item_t *item, int64_t *last)
{
    int64_t  number;

    item->pos = parser->token.pos;

    if (parser_doc(parser, &item->doc) != NTHRIFT_OK
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
parser_enum(nthrift_parser_t *parser, nthrift_str_t *doc)
{
    int64_t               number;
    nthrift_idl_enum_t   *en;
    nthrift_idl_item_t   *item, **last;

    en = nthrift_parser_alloc(parser, sizeof(nthrift_idl_enum_t));
    if (en == NULL) {
        return NTHRIFT_ERROR;
    }

    parser_add(parser, &en->def, NTHRIFT_IDL_DEF_ENUM, doc);

    if (parser_def_name(parser, &en->def, "the name of an enum") != NTHRIFT_OK
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

        if (parser_item(parser, item, &number) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        nthrift_parser_skip_separator(parser);

        *last = item;
        last = &item->next;
        en->n++;
    }

    return nthrift_type_parse_annotations(parser, &en->def.annotations);
}


static nthrift_idl_struct_t *
parser_struct_alloc(nthrift_parser_t *parser, nthrift_idl_struct_e what)
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
parser_struct_of(nthrift_parser_t *parser, nthrift_str_t *doc,
    nthrift_idl_struct_e what, const char *expected)
{
    nthrift_idl_struct_t  *st;

    st = parser_struct_alloc(parser, what);
    if (st == NULL) {
        return NTHRIFT_ERROR;
    }

    parser_add(parser, &st->def, NTHRIFT_IDL_DEF_STRUCT, doc);

    if (parser_def_name(parser, &st->def, expected) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    if (what != NTHRIFT_IDL_KIND_EXCEPTION) {
        st->xsd_all = (unsigned)
            nthrift_parser_skip(parser, NTHRIFT_TOKEN_XSD_ALL);
    }

    if (nthrift_field_parse_list(parser, st, '{', '}') != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    return nthrift_type_parse_annotations(parser, &st->def.annotations);
}


static int
parser_struct(nthrift_parser_t *parser, nthrift_str_t *doc)
{
    return parser_struct_of(parser, doc, NTHRIFT_IDL_KIND_STRUCT,
                            "the name of a struct");
}


static int
parser_union(nthrift_parser_t *parser, nthrift_str_t *doc)
{
    return parser_struct_of(parser, doc, NTHRIFT_IDL_KIND_UNION,
                            "the name of a union");
}


static int
parser_exception(nthrift_parser_t *parser, nthrift_str_t *doc)
{
    return parser_struct_of(parser, doc, NTHRIFT_IDL_KIND_EXCEPTION,
                            "the name of an exception");
}


/* [oneway | async] type name */

static int
parser_method_head(nthrift_parser_t *parser, nthrift_idl_method_t *method)
{
    nthrift_idl_pos_t  pos;

    pos = parser->token.pos;

    if (parser_doc(parser, &method->doc) != NTHRIFT_OK) {
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

    return nthrift_parser_simple_name(parser, &method->name, &method->pos,
                                      "the name of a method");
}


static int
parser_method(nthrift_parser_t *parser, nthrift_idl_method_t *method)
{
    if (parser_method_head(parser, method) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    method->args = parser_struct_alloc(parser, NTHRIFT_IDL_KIND_ARGS);
    method->throws = parser_struct_alloc(parser, NTHRIFT_IDL_KIND_THROWS);

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
parser_methods(nthrift_parser_t *parser, nthrift_idl_service_t *service)
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

        if (parser_method(parser, method) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        *last = method;
        last = &method->next;
    }

    return NTHRIFT_OK;
}


static int
parser_service(nthrift_parser_t *parser, nthrift_str_t *doc)
{
    nthrift_idl_service_t  *service;

    service = nthrift_parser_alloc(parser, sizeof(nthrift_idl_service_t));
    if (service == NULL) {
        return NTHRIFT_ERROR;
    }

    nthrift_map_init(&service->names, parser->arena, parser->seed);
    parser_add(parser, &service->def, NTHRIFT_IDL_DEF_SERVICE, doc);

    if (parser_def_name(parser, &service->def, "the name of a service")
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
        || parser_methods(parser, service) != NTHRIFT_OK)
    {
        return NTHRIFT_ERROR;
    }

    return nthrift_type_parse_annotations(parser, &service->def.annotations);
}


static parser_def_pt
parser_definition(nthrift_token_e kind)
{
    switch (kind) {

    case NTHRIFT_TOKEN_CONST:
        return parser_const;

    case NTHRIFT_TOKEN_TYPEDEF:
        return parser_typedef;

    case NTHRIFT_TOKEN_ENUM:
        return parser_enum;

    case NTHRIFT_TOKEN_STRUCT:
        return parser_struct;

    case NTHRIFT_TOKEN_UNION:
        return parser_union;

    case NTHRIFT_TOKEN_EXCEPTION:
        return parser_exception;

    case NTHRIFT_TOKEN_SERVICE:
        return parser_service;

    default:
        return NULL;
    }
}


/* Definitions to the end of the file; one separator may follow each. */

static int
parser_definitions(nthrift_parser_t *parser)
{
    nthrift_str_t  doc;
    parser_def_pt  parse;

    while (parser->token.kind != NTHRIFT_TOKEN_END) {
        parse = parser_definition(parser->token.kind);

        if (parse == NULL) {
            return nthrift_parser_unexpected(parser, "a definition");
        }

        if (parser_doc(parser, &doc) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        nthrift_parser_next(parser);

        if (parse(parser, &doc) != NTHRIFT_OK) {
            return NTHRIFT_ERROR;
        }

        nthrift_parser_skip_separator(parser);
    }

    return NTHRIFT_OK;
}


int
nthrift_parser_file(nthrift_parser_t *parser, const nthrift_str_t *text,
    uint32_t max_name)
{
    int  rc;

    parser->depth = 0;
    parser->named_end = &parser->named;
    parser->defs_end = &parser->program->defs;
    parser->includes_end = &parser->program->includes;
    parser->namespaces_end = &parser->program->namespaces;
    parser->cpp_includes_end = &parser->program->cpp_includes;

    nthrift_lexer_init(&parser->lexer, parser->program, text, max_name,
                       parser->report, parser->arena);
    nthrift_parser_next(parser);

    rc = parser_headers(parser);

    if (rc == NTHRIFT_OK) {
        rc = parser_definitions(parser);
    }

    parser->program->lines = parser->lexer.line;

    return rc;
}
