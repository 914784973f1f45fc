/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/parser.c: parses headers, leads through the definitions, and has the
 * steps that all of them are made of.  One token is looked at, the grammar
 * needs no more; nesting is counted, everything else is a loop.  The first
 * error ends the file.
 */

#include "idl/parser.h"

#include "idl/doc.h"


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


/* A line begins with a definition, or none follows, where there is one. */

static int
parser_no_end(nthrift_parser_t *parser)
{
    const nthrift_token_t  *token;

    token = &parser->token;

    if (token->kind == NTHRIFT_TOKEN_END) {
        return nthrift_report_error(parser->report, parser->program,
                                    token->pos, "unexpected end of file: the "
                                    "definition in line %u has no end",
                                    (unsigned) parser->begun);
    }

    return nthrift_report_error(parser->report, parser->program, token->pos,
                                "unexpected \"%.*s\": the definition in line "
                                "%u has no end",
                                nthrift_report_str(&token->text),
                                (unsigned) parser->begun);
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

    if (parser->begun != 0
        && (token->kind == NTHRIFT_TOKEN_END
            || (token->pos.column == 1
                && nthrift_define_parser(token->kind) != NULL)))
    {
        return parser_no_end(parser);
    }

    if (token->kind == NTHRIFT_TOKEN_END) {
        return nthrift_report_error(parser->report, parser->program,
                                    token->pos, "unexpected end of file, "
                                    "expected %s", what);
    }

    if (token->kind == NTHRIFT_TOKEN_LITERAL) {
        return nthrift_report_error(parser->report, parser->program,
                                    token->pos, "unexpected literal %.*s, "
                                    "expected %s",
                                    nthrift_report_str(&token->text), what);
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


int
nthrift_parser_doc(nthrift_parser_t *parser, nthrift_str_t *doc)
{
    if (nthrift_doc_clean(parser->arena, &parser->token.doc, doc)
        != NTHRIFT_OK)
    {
        return nthrift_report_memory(parser->report);
    }

    return NTHRIFT_OK;
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
    inc->pos = parser->token.pos;

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

    if (nthrift_parser_name(parser, &ns->name, "a namespace without quotes, "
                            "as in \"namespace * shop\"")
        != NTHRIFT_OK)
    {
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
        if (nthrift_parser_doc(parser, &parser->program->doc) != NTHRIFT_OK) {
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


static int
parser_no_definition(nthrift_parser_t *parser)
{
    const char  *hint;

    hint = nthrift_hint_foreign(&parser->token.text);

    if (hint != NULL) {
        return nthrift_report_error(parser->report, parser->program,
                                    parser->token.pos,
                                    "unexpected \"%.*s\": %s",
                                    nthrift_report_str(&parser->token.text),
                                    hint);
    }

    switch (parser->token.kind) {

    case NTHRIFT_TOKEN_INCLUDE:
    case NTHRIFT_TOKEN_CPP_INCLUDE:
    case NTHRIFT_TOKEN_NAMESPACE:
        return nthrift_report_error(parser->report, parser->program,
                                    parser->token.pos,
                                    "\"%.*s\" must stand before all "
                                    "definitions",
                                    nthrift_report_str(&parser->token.text));

    default:
        return nthrift_parser_unexpected(parser, "a definition such as "
                                         "\"struct\" or \"service\"");
    }
}


/* A definition; one separator may follow it. */

static int
parser_definition(nthrift_parser_t *parser)
{
    nthrift_str_t      doc;
    nthrift_define_pt  parse;

    parse = nthrift_define_parser(parser->token.kind);

    if (parse == NULL) {
        return parser_no_definition(parser);
    }

    if (nthrift_parser_doc(parser, &doc) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    parser->begun = parser->token.pos.line;

    nthrift_parser_next(parser);

    if (parse(parser, &doc) != NTHRIFT_OK) {
        return NTHRIFT_ERROR;
    }

    parser->begun = 0;

    nthrift_parser_skip_separator(parser);

    return NTHRIFT_OK;
}


/*
 * Behind an error: the next definition that begins a line is read again, so
 * that its own errors are reported, too.  The file stays broken.
 */

static void
parser_recover(nthrift_parser_t *parser)
{
    parser->depth = 0;
    parser->begun = 0;

    while (parser->token.kind != NTHRIFT_TOKEN_END
           && parser->token.kind != NTHRIFT_TOKEN_ERROR
           && (parser->token.pos.column != 1
               || nthrift_define_parser(parser->token.kind) == NULL))
    {
        nthrift_parser_next(parser);
    }
}


/* Definitions to the end of the file. */

static int
parser_definitions(nthrift_parser_t *parser)
{
    int  rc;

    rc = NTHRIFT_OK;

    while (parser->token.kind != NTHRIFT_TOKEN_END) {
        if (parser_definition(parser) == NTHRIFT_OK) {
            continue;
        }

        rc = NTHRIFT_ERROR;

        if (parser->report->no_memory || !nthrift_report_room(parser->report)) {
            break;
        }

        parser_recover(parser);

        if (parser->token.kind == NTHRIFT_TOKEN_ERROR) {
            break;
        }
    }

    return rc;
}


int
nthrift_parser_file(nthrift_parser_t *parser, const nthrift_str_t *text,
    uint32_t max_name)
{
    int  rc;

    parser->depth = 0;
    parser->begun = 0;
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
