/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nthrift_new.h: what the files of "nthrift new" share.  Names in C are those
 * of "nthrift gen".
 */

#ifndef NTHRIFT_TOOL_NEW_H
#define NTHRIFT_TOOL_NEW_H

#include "nthrift_gen.h"


typedef struct {
    nthrift_gen_t                 gen;      /* for names, and `out` */
    const nthrift_idl_service_t  *service;  /* NULL: that of a new file */
    const char                   *title;    /* the service, as in the IDL */
    const char                   *name;     /* the same in lower case */
    const char                   *base;     /* what names in C begin with */
    const char                   *header;   /* without ".h" */

    const char                   *idl;      /* seen from the project */
    const char                  **dirs;     /* the same, for what it includes */
    size_t                        n_dirs;
    const char                   *tool;     /* on this machine */
    const char                   *include;
    const char                   *module;
    const char                   *stream;   /* nginx's own module, or NULL */
    int                           port;
} nthrift_new_t;


/* nthrift_new_text.c: each writes a file to p->gen.out. */

void nthrift_new_idl(nthrift_new_t *p);
void nthrift_new_source(nthrift_new_t *p);
void nthrift_new_makefile(nthrift_new_t *p);
void nthrift_new_conf(nthrift_new_t *p);
void nthrift_new_test(nthrift_new_t *p);
void nthrift_new_ignore(nthrift_new_t *p);


#endif /* NTHRIFT_TOOL_NEW_H */
