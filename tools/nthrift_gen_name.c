/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_gen_name.c: names in C.  All headers of a run share one space of
 * them, for a source may include them all: a name that two definitions come
 * to is an error here, where both can be named, and not in a compiler.
 *
 * Struct members are no such names: see nthrift_gen_type.c.
 */

#include "nthrift_gen.h"

#include <ctype.h>
#include <stdarg.h>


/* A name that is taken, and by whom. */

typedef struct {
    const void                   *owner;
    const nthrift_idl_program_t  *program;
    nthrift_idl_pos_t             pos;
} name_taken_t;


void
nthrift_gen_at(nthrift_gen_t *gen, const void *owner, nthrift_idl_pos_t pos)
{
    gen->owner = owner;
    gen->pos = pos;
}


int
nthrift_gen_error(nthrift_gen_t *gen, const char *format, ...)
{
    char     text[NTHRIFT_REPORT_TEXT];
    va_list  args;

    va_start(args, format);
    (void) vsnprintf(text, sizeof(text), format, args);
    va_end(args);

    return nthrift_report_error(gen->report, gen->program, gen->pos, "%s",
                                text);
}


/* One message for an owner: all of its names are taken by the same one. */

static void
name_conflict(nthrift_gen_t *gen, const char *name, const name_taken_t *taken)
{
    if (nthrift_gen_tell_apart(gen, gen->program, taken->program)
        || gen->blamed == gen->owner)
    {
        return;
    }

    gen->blamed = gen->owner;

    nthrift_gen_error(gen, "the name \"%.*s\" in C is also that of %s:%u:%u; "
                      "rename one%s", NTHRIFT_REPORT_QUOTE, name,
                      (const char *) taken->program->path.data,
                      (unsigned) taken->pos.line, (unsigned) taken->pos.column,
                      (taken->program == gen->program) ? ""
                      : ", or let the names of one file begin otherwise, with "
                        "--prefix FILE=NAME");
}


void
nthrift_gen_take(nthrift_gen_t *gen, const char *name)
{
    nthrift_str_t  key;
    name_taken_t  *taken;

    key.data = (uint8_t *) name;
    key.len = strlen(name);

    taken = nthrift_map_find(&gen->names, &key);

    if (taken != NULL) {
        if (taken->owner != gen->owner) {
            name_conflict(gen, name, taken);
        }

        return;
    }

    taken = nthrift_gen_alloc(gen, sizeof(name_taken_t));

    taken->owner = gen->owner;
    taken->program = gen->program;
    taken->pos = gen->pos;

    key.data = (uint8_t *) nthrift_gen_format(gen, "%s", name);

    if (nthrift_map_add(&gen->names, &key, taken) == NTHRIFT_ERROR) {
        (void) nthrift_report_memory(gen->report);
    }
}


void
nthrift_gen_extern(nthrift_gen_t *gen, const char *type, const char *name)
{
    nthrift_gen_take(gen, nthrift_gen_format(gen, "%.*s",
                                             (int) strcspn(name, "["), name));

    nthrift_gen_declarator(gen, nthrift_gen_format(gen, "extern NTHRIFT_HIDDEN "
                                                   "const %s", type), name);
    nthrift_gen_print(gen, ";\n");
}


/* Dots, which enum values and namespaces may have, are no letters of C. */

const char *
nthrift_gen_plain(nthrift_gen_t *gen, const nthrift_str_t *name)
{
    char  *p, *plain;

    plain = nthrift_gen_format(gen, "%.*s", nthrift_gen_str(name));

    for (p = plain; *p != '\0'; p++) {
        if (!isalnum((unsigned char) *p)) {
            *p = '_';
        }
    }

    return plain;
}


/* Names that begin so are ours. */

static void
name_check(nthrift_gen_t *gen, const char *name)
{
    if (strncmp(name, "nthrift_", 8) != 0 && strncmp(name, "NTHRIFT_", 8) != 0)
    {
        return;
    }

    if (gen->blamed != gen->owner) {
        gen->blamed = gen->owner;
        nthrift_gen_error(gen, "the name \"%.*s\" in C begins as those of "
                          "nthrift_handler.h do; rename it, or let the names "
                          "of the file begin otherwise, with --prefix "
                          "FILE=NAME", NTHRIFT_REPORT_QUOTE, name);
    }
}


const char *
nthrift_gen_name(nthrift_gen_t *gen, const nthrift_idl_def_t *def)
{
    const char  *name;

    name = nthrift_gen_format(gen, "%s%s",
                              nthrift_gen_prefix(gen, def->program),
                              nthrift_gen_plain(gen, &def->name));
    name_check(gen, name);

    return nthrift_gen_reserved(nthrift_gen_format(gen, "%s_t", name))
           ? nthrift_gen_format(gen, "%s_", name) : name;
}


const char *
nthrift_gen_const(nthrift_gen_t *gen, const nthrift_idl_def_t *def)
{
    const char  *name;

    name = nthrift_gen_format(gen, "%s%s",
                              nthrift_gen_prefix(gen, def->program),
                              nthrift_gen_plain(gen, &def->name));
    name_check(gen, name);

    return (nthrift_gen_reserved(name) || nthrift_gen_begins(name)
            || nthrift_gen_function(name))
           ? nthrift_gen_format(gen, "%s_", name) : name;
}


const char *
nthrift_gen_word(nthrift_gen_t *gen, const nthrift_str_t *name)
{
    const char  *word;

    word = nthrift_gen_plain(gen, name);

    return (nthrift_gen_reserved(word) || nthrift_gen_begins(word))
           ? nthrift_gen_format(gen, "%s_", word) : word;
}


/* What the enum has itself stays its own. */

const char *
nthrift_gen_item(nthrift_gen_t *gen, const nthrift_idl_item_t *item)
{
    const char  *name;

    name = nthrift_gen_plain(gen, &item->name);

    return nthrift_gen_format(gen, "%s_%s%s",
                              nthrift_gen_name(gen, &item->parent->def), name,
                              (strcmp(name, "t") == 0) ? "_" : "");
}
