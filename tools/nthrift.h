/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift.h: what the files of the command line tool share.
 */

#ifndef NTHRIFT_TOOL_H
#define NTHRIFT_TOOL_H

#include "idl/annotation.h"
#include "idl/loader.h"

#include <stdio.h>


/* As CHANGES has it. */

#define NTHRIFT_VERSION  "0.1"


/*
 * Writes the program and all that it includes to `out` as JSON: the schema
 * is in docs/idl.md.  Returns 0, or -1 when there is no memory or no room.
 */
int nthrift_dump(const nthrift_loader_t *loader,
    const nthrift_idl_program_t *program, FILE *out);

/*
 * Writes C headers for what the loader has loaded, which was one file and what
 * it includes, to `dir`.  `prefixes` are "FILE=NAME".  Returns 0, or -1: errors
 * are in the report, those of writing and of `prefixes` are printed.
 */
int nthrift_gen(nthrift_loader_t *loader, char *dir,
    const nthrift_str_t *prefixes, size_t n_prefixes);

/*
 * The program of `file` and all that it includes, in `arena`.  Errors are
 * printed, warnings are not.  Returns 0, or -1.
 */
int nthrift_load(nthrift_arena_t *arena, nthrift_str_t *dirs, size_t n_dirs,
    int negative_ids, char *file, nthrift_idl_program_t **program);

/*
 * The same for several files, `programs` has room for all of them: included
 * files that they share are there once.
 */
int nthrift_load_all(nthrift_arena_t *arena, nthrift_str_t *dirs,
    size_t n_dirs, int negative_ids, char **files, size_t n,
    nthrift_idl_program_t **programs);

/* Prints "nthrift: ..." to standard error. */
void nthrift_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Memory to be freed with free(); where there is none the program ends. */
void *nthrift_malloc(size_t size);

/* Prints a text and a line feed.  0, or -1: it is said that it cannot. */
int nthrift_print(const nthrift_str_t *text);

/* A seed for tables that are looked up by what others send. */
uint64_t nthrift_seed(void);

/* "nthrift call": returns the exit code. */
int nthrift_call(int argc, char **argv);

/* "nthrift new", "nthrift run": the same. */
int nthrift_new(int argc, char **argv);
int nthrift_run(int argc, char **argv);

/* "nthrift bench", "nthrift tail", "nthrift top": the same. */
int nthrift_bench(int argc, char **argv);
int nthrift_tail(int argc, char **argv);
int nthrift_top(int argc, char **argv);

/* "nthrift compat": the same. */
int nthrift_compat(int argc, char **argv);

/* "nthrift openapi": the same. */
int nthrift_openapi(int argc, char **argv);

/* "nthrift probe": the same. */
int nthrift_probe(int argc, char **argv);

/* "nthrift list", "nthrift describe", "nthrift template": the same. */
int nthrift_list(int argc, char **argv);
int nthrift_describe(int argc, char **argv);
int nthrift_template(int argc, char **argv);


#endif /* NTHRIFT_TOOL_H */
