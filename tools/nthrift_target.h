/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_target.h: the files that a command is about, and services and
 * methods in them, for the commands that take "--idl FILE" and
 * "Service.method".
 */

#ifndef NTHRIFT_TOOL_TARGET_H
#define NTHRIFT_TOOL_TARGET_H

#include "nthrift_option.h"

#include "idl/model.h"


/* Options that all of them have, and words to put in their tables. */

typedef struct {
    char                    *idl;
    nthrift_option_list_t    dirs;
    unsigned                 negative_ids;
    unsigned                 help;
} nthrift_target_options_t;

#define nthrift_target_options(t)                                             \
    { "--idl", NTHRIFT_OPTION_TEXT, &(t)->idl, 0, 0 },                        \
    nthrift_target_files(t)

/* The same where files are words. */

#define nthrift_target_files(t)                                               \
    { "-I", NTHRIFT_OPTION_LIST, &(t)->dirs, 0, 0 },                          \
    { "--negative-ids", NTHRIFT_OPTION_SET, &(t)->negative_ids, 1, 0 },       \
    { "--help", NTHRIFT_OPTION_SET, &(t)->help, 1, 0 },                       \
    { "-h", NTHRIFT_OPTION_SET, &(t)->help, 1, 0 }

/* Options of TLS. */

#define nthrift_target_tls(t)                                                 \
    { "--tls", NTHRIFT_OPTION_SET, &(t)->on, 1, 0 },                          \
    { "--ca", NTHRIFT_OPTION_TEXT, &(t)->ca, 0, 0 },                          \
    { "--cert", NTHRIFT_OPTION_TEXT, &(t)->cert, 0, 0 },                      \
    { "--key", NTHRIFT_OPTION_TEXT, &(t)->key, 0, 0 },                        \
    { "--tls-name", NTHRIFT_OPTION_TEXT, &(t)->name, 0, 0 },                  \
    { "--insecure", NTHRIFT_OPTION_SET, &(t)->insecure, 1, 0 }


void nthrift_target_init(nthrift_target_options_t *t, int argc);
void nthrift_target_free(nthrift_target_options_t *t);

/* The program of `file` in `arena`.  0, or -1: it is printed why. */
int nthrift_target_load(const nthrift_target_options_t *t,
    nthrift_arena_t *arena, char *file, nthrift_idl_program_t **program);

/*
 * The service "Users", or "shop.Users" of an included file; and the method
 * "Users.get".  0, or -1: it is printed why.
 */
int nthrift_target_service(const nthrift_idl_program_t *program,
    const char *text, const nthrift_idl_service_t **service);
int nthrift_target_method(const nthrift_idl_program_t *program,
    const char *text, const nthrift_idl_service_t **service,
    const nthrift_idl_method_t **method);

/* Prints that `of`, behind `what`, has no such thing; `best` may be NULL. */
void nthrift_target_unknown(const char *what, const nthrift_str_t *of,
    const char *no, const nthrift_str_t *name, const nthrift_str_t *best);


#endif /* NTHRIFT_TOOL_TARGET_H */
