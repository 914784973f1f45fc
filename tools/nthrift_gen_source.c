/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_gen_source.c: what the headers of the files are called, and what
 * names in C of a file begin with.  Both stay the same when files are included
 * in another order:
 *
 * A header is called as its file; where several files are called the same,
 * all but the first have as many of their directories before it as it takes
 * to tell them.  Names begin with --prefix, or with "namespace nthrift"; else
 * names of an included file that come to the same in C as those of another
 * file begin with the name of its header.  The names of the file that was
 * named on the command line are never changed.
 */

#include "nthrift_gen.h"

#include <ctype.h>
#include <stdlib.h>


/* What a path ends with: the file without ".thrift", and `n` directories. */

static const char *
source_label(nthrift_gen_t *gen, const nthrift_idl_program_t *program,
    unsigned n)
{
    char        *label, *p;
    size_t       from;
    const char  *path;

    if (n == 0) {
        return nthrift_gen_format(gen, "%.*s",
                                  nthrift_gen_str(&program->prefix));
    }

    path = (const char *) program->id.data;
    from = program->id.len;

    while (from > 0 && path[from - 1] != '/') {
        from--;
    }

    for ( /* void */ ; n != 0 && from > 1; n--) {
        for (from--; from > 0 && path[from - 1] != '/'; from--) { /* void */ }
    }

    label = nthrift_gen_format(gen, "%.*s", (int) (program->id.len - from),
                               path + from);

    p = strrchr(label, '.');

    if (p != NULL && strchr(p, '/') == NULL) {
        *p = '\0';
    }

    for (p = label; *p != '\0'; p++) {
        if (!isalnum((unsigned char) *p)) {
            *p = '_';
        }
    }

    return label;
}


/* Guards are compared, as they are what headers are told by. */

static const nthrift_idl_program_t *
source_same(nthrift_gen_t *gen, const nthrift_idl_program_t *first,
    const nthrift_idl_program_t *program)
{
    const char                   *guard;
    const nthrift_idl_program_t  *other;

    guard = nthrift_gen_guard(gen, program);

    for (other = first; other != NULL; other = other->next) {
        if (other != program
            && strcmp(nthrift_gen_guard(gen, other), guard) == 0)
        {
            return other;
        }
    }

    return NULL;
}


/* One more directory for all that are called as another one. */

static int
source_lengthen(nthrift_gen_t *gen, const nthrift_idl_program_t *first)
{
    int                           more;
    const char                   *label;
    nthrift_gen_source_t         *source;
    const nthrift_idl_program_t  *program;

    more = 0;

    for (program = first->next; program != NULL; program = program->next) {
        source = nthrift_gen_source(gen, program);
        source->same = (source_same(gen, first, program) != NULL);
    }

    for (program = first->next; program != NULL; program = program->next) {
        source = nthrift_gen_source(gen, program);

        if (!source->same) {
            continue;
        }

        label = source_label(gen, program, source->dirs + 1);

        if (strcmp(label, source->label) != 0) {
            source->label = label;
            source->dirs++;
            more = 1;
        }
    }

    return more;
}


/* "namespace nthrift PREFIX", where the last one counts. */

static const char *
source_namespace(nthrift_gen_t *gen, const nthrift_idl_program_t *program)
{
    const nthrift_str_t            *prefix;
    const nthrift_idl_namespace_t  *ns;
    static const nthrift_str_t      scope = nthrift_string("nthrift");

    prefix = NULL;

    for (ns = program->namespaces; ns != NULL; ns = ns->next) {
        if (nthrift_str_equal(&ns->scope, &scope)) {
            prefix = &ns->name;
        }
    }

    return (prefix != NULL) ? nthrift_gen_plain(gen, prefix) : NULL;
}


/* Whether the file is the one that is meant: a path may have directories. */

static int
source_is(const nthrift_idl_program_t *program, const char *file, size_t len)
{
    size_t                i;
    const nthrift_str_t  *paths[2];

    paths[0] = &program->path;
    paths[1] = &program->id;

    if (program->prefix.len == len
        && memcmp(program->prefix.data, file, len) == 0)
    {
        return 1;
    }

    for (i = 0; i < 2; i++) {
        if (paths[i]->len >= len && len != 0
            && memcmp(paths[i]->data + paths[i]->len - len, file, len) == 0
            && (paths[i]->len == len
                || paths[i]->data[paths[i]->len - len - 1] == '/'))
        {
            return 1;
        }
    }

    return 0;
}


/* One "FILE=NAME" of the command line. */

static int
source_set_prefix(nthrift_gen_t *gen, const nthrift_idl_program_t *first,
    const char *option)
{
    int                     found;
    size_t                  len;
    const char             *equals, *name;
    nthrift_str_t           text;
    nthrift_gen_source_t   *source;

    equals = strrchr(option, '=');

    if (equals == NULL || equals == option) {
        fprintf(stderr, "nthrift: --prefix %s: it must be FILE=NAME\n",
                option);
        return -1;
    }

    found = 0;
    len = (size_t) (equals - option);

    text.data = (uint8_t *) equals + 1;
    text.len = strlen(equals + 1);

    name = nthrift_gen_plain(gen, &text);

    if (isdigit((unsigned char) name[0])) {
        fprintf(stderr, "nthrift: --prefix %s: names in C do not begin with "
                "a digit\n", option);
        return -1;
    }

    for ( /* void */ ; first != NULL; first = first->next) {
        if (source_is(first, option, len)) {
            source = nthrift_gen_source(gen, first);
            source->prefix = name;
            source->fixed = 1;
            found = 1;
        }
    }

    if (!found) {
        fprintf(stderr, "nthrift: --prefix %s: no such file is included\n",
                option);
        return -1;
    }

    return 0;
}


nthrift_gen_source_t *
nthrift_gen_source(nthrift_gen_t *gen, const nthrift_idl_program_t *program)
{
    return &gen->sources[program->order - 1];
}


int
nthrift_gen_sources(nthrift_gen_t *gen, const nthrift_loader_t *loader,
    const nthrift_str_t *prefixes, size_t n)
{
    size_t                        i;
    nthrift_gen_source_t         *source;
    const nthrift_idl_program_t  *program;

    gen->sources = nthrift_gen_alloc(gen, loader->n_files
                                          * sizeof(nthrift_gen_source_t));
    gen->first = loader->programs;

    for (program = gen->first; program != NULL; program = program->next) {
        source = nthrift_gen_source(gen, program);

        source->label = source_label(gen, program, 0);
        source->prefix = source_namespace(gen, program);
        source->fixed = (source->prefix != NULL);
    }

    while (source_lengthen(gen, gen->first)) { /* void */ }

    for (i = 0; i < n; i++) {
        if (source_set_prefix(gen, gen->first, (char *) prefixes[i].data)
            != 0)
        {
            return -1;
        }
    }

    return 0;
}


/* 1: names of the program begin otherwise from now on. */

static int
source_begin(nthrift_gen_t *gen, const nthrift_idl_program_t *program)
{
    char                  *p, *prefix;
    nthrift_gen_source_t  *source;

    source = nthrift_gen_source(gen, program);

    if (program == gen->first || source->fixed || source->prefix != NULL) {
        return 0;
    }

    prefix = nthrift_gen_format(gen, "%s%s",
                                isdigit((unsigned char) source->label[0])
                                    ? "n" : "", source->label);

    for (p = prefix; *p != '\0'; p++) {
        if (!isalnum((unsigned char) *p)) {
            *p = '_';
        }
    }

    source->prefix = prefix;
    gen->again = 1;

    return 1;
}


int
nthrift_gen_tell_apart(nthrift_gen_t *gen, const nthrift_idl_program_t *a,
    const nthrift_idl_program_t *b)
{
    int  told;

    if (a == b) {
        return 0;
    }

    told = source_begin(gen, a);

    return source_begin(gen, b) || told;
}


const char *
nthrift_gen_prefix(nthrift_gen_t *gen, const nthrift_idl_program_t *program)
{
    const char  *prefix;

    prefix = nthrift_gen_source(gen, program)->prefix;

    return (prefix == NULL || prefix[0] == '\0')
           ? "" : nthrift_gen_format(gen, "%s_", prefix);
}
