/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/compat.h: what of a set of definitions breaks those who still use the
 * set that it replaces.
 *
 * A peer of either side may be old while the other one is new: an old client
 * calls a new server, or a new client calls an old one.  What is compared is
 * what they write to each other: services and methods by their names, fields
 * by their ids, types by what they are on the wire and by what they mean.
 * Names of structs and enums, typedefs, namespaces, annotations, `xsd_attrs`
 * and the order of definitions are not on the wire: changing them is fine, and
 * so is adding a service, a method, or a field that is not required.
 *
 * Both sides are models that were loaded without errors, each by a loader of
 * its own; neither is changed.
 */

#ifndef NTHRIFT_IDL_COMPAT_H
#define NTHRIFT_IDL_COMPAT_H

#include "idl/model.h"


/*
 * Values of constants and defaults that are compared, at most: those beyond
 * are taken to be the same.
 */
#define NTHRIFT_COMPAT_VALUES  1000000


typedef enum {
    NTHRIFT_COMPAT_ERROR = 0,       /* calls fail, or are misread */
    NTHRIFT_COMPAT_WARNING          /* it depends on who reads */
} nthrift_compat_level_e;


/* Whose calls: bits.  None of them: code that uses the definition. */

#define NTHRIFT_COMPAT_OLD_CLIENTS  1   /* which call new servers */
#define NTHRIFT_COMPAT_OLD_SERVERS  2   /* which new clients call */


/* Line 0: the file as a whole. */

typedef struct {
    const nthrift_idl_program_t  *program;
    nthrift_idl_pos_t             pos;
} nthrift_compat_place_t;


typedef struct {
    nthrift_compat_level_e   level;
    unsigned                 who;
    nthrift_compat_place_t   was;
    nthrift_compat_place_t   now;

    /*
     * A sentence up to where " in " and the old place follow: "argument "b"
     * of Calc.add is i64, it was i32".  Lower case, printable ASCII.
     */
    const char              *text;

    /* "breaks old clients", "may matter to old clients and old servers" */
    const char              *effect;
} nthrift_compat_finding_t;


/* Is told of each finding; the text lives as long as the call. */

typedef void (*nthrift_compat_found_pt)(void *data,
    const nthrift_compat_finding_t *finding);

typedef struct nthrift_compat_pair_s  nthrift_compat_pair_t;

typedef struct {
    nthrift_arena_t          *arena;
    nthrift_compat_found_pt   found;
    void                     *data;

    /* what was met on both sides; private to compat.c and compare*.c */

    nthrift_map_t             pairs;
    nthrift_compat_pair_t    *first;        /* structs and enums, as met */
    nthrift_compat_pair_t   **last;
    nthrift_compat_pair_t    *waiting;      /* whose fields have to be met */
    nthrift_compat_pair_t    *programs;
    nthrift_compat_pair_t   **last_program;
    uint32_t                  values;       /* compared so far */
} nthrift_compat_t;


/* `arena` is for the memory that comparing takes. */
void nthrift_compat_init(nthrift_compat_t *c, nthrift_arena_t *arena,
    nthrift_compat_found_pt found, void *data);

/*
 * Compares two services, inherited methods too, and keeps the types that they
 * use for nthrift_compat_finish(); nthrift_compat_no_service() is for one that
 * `now`, a file of the new side, should have and has not.  Each pair counts
 * once.
 *
 * nthrift_compat_programs() compares all that two files define, and the files
 * that both include under the same name.
 *
 * NTHRIFT_OK, or NTHRIFT_ERROR: there is no memory.
 */
int nthrift_compat_services(nthrift_compat_t *c,
    const nthrift_idl_service_t *was, const nthrift_idl_service_t *now);
int nthrift_compat_no_service(nthrift_compat_t *c,
    const nthrift_idl_service_t *was, const nthrift_idl_program_t *now);
int nthrift_compat_programs(nthrift_compat_t *c,
    const nthrift_idl_program_t *was, const nthrift_idl_program_t *now);

/*
 * Compares the types that were met, each pair of them once.  To be called
 * last, and once.
 */
int nthrift_compat_finish(nthrift_compat_t *c);


#endif /* NTHRIFT_IDL_COMPAT_H */
