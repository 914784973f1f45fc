/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * idl/compare.h: what the files behind compat.h share.  Private to them.
 */

#ifndef NTHRIFT_IDL_COMPARE_H
#define NTHRIFT_IDL_COMPARE_H

#include "idl/compat.h"
#include "idl/report.h"


/* Bytes of a type or a value in a sentence, and of what has it. */

#define NTHRIFT_COMPARE_WORDS  128
#define NTHRIFT_COMPARE_PLACE  256


/* Ways that a type goes: bits. */

#define NTHRIFT_COMPARE_IN     1    /* in arguments: a client writes it */
#define NTHRIFT_COMPARE_OUT    2    /* in results: a server does */


/* How two types differ: bits. */

#define NTHRIFT_COMPARE_WIRE        1   /* not the same on the wire */
#define NTHRIFT_COMPARE_OLD_READS   2   /* an old reader may not take what a
                                           new writer sends */
#define NTHRIFT_COMPARE_NEW_READS   4   /* the other way round */
#define NTHRIFT_COMPARE_MEANING     8   /* another type of the same form */

#define NTHRIFT_COMPARE_EACH_READS                                            \
    (NTHRIFT_COMPARE_OLD_READS|NTHRIFT_COMPARE_NEW_READS)

#define NTHRIFT_COMPAT_EVERYBODY                                              \
    (NTHRIFT_COMPAT_OLD_CLIENTS|NTHRIFT_COMPAT_OLD_SERVERS)


/* Two things that stand for each other. */

struct nthrift_compat_pair_s {
    const void              *met[2];    /* the key's bytes; [1] is NULL for
                                           what was met with anything */
    nthrift_compat_pair_t   *next;      /* structs and enums; programs */
    nthrift_compat_pair_t   *next_waiting;
    uint8_t                  ways;
    uint8_t                  bits;      /* containers: how they differ */
    uint8_t                  waits;
};


/* Two lists of fields. */

typedef struct {
    const nthrift_idl_struct_t  *was;
    const nthrift_idl_struct_t  *now;
    const nthrift_idl_method_t  *method;    /* whose they are, or NULL */
    unsigned                     ways;
} nthrift_compare_fields_t;


/*
 * The pair of these two (`now` may be NULL): NTHRIFT_DECLINED; or a new one,
 * NTHRIFT_OK; or NTHRIFT_ERROR.
 */
int nthrift_compare_meet(nthrift_compat_t *c, const void *was,
    const void *now, nthrift_compat_pair_t **pair);

/* Notes that two structs, or enums, stand for each other. */
int nthrift_compare_meet_defs(nthrift_compat_t *c,
    const nthrift_idl_def_t *was, const nthrift_idl_def_t *now,
    unsigned ways);

/* Who is concerned if some side does not read well what goes these ways. */
unsigned nthrift_compare_who(unsigned ways, unsigned bits);

/* A finding. */
void nthrift_compare_say(nthrift_compat_t *c, nthrift_compat_level_e level,
    unsigned who, nthrift_compat_place_t was, nthrift_compat_place_t now,
    const char *format, ...) __attribute__((format(printf, 6, 7)));

nthrift_compat_place_t nthrift_compare_place(
    const nthrift_idl_program_t *program, nthrift_idl_pos_t pos);
nthrift_compat_place_t nthrift_compare_def(const nthrift_idl_def_t *def);


/*
 * compare_type.c: how two types differ, whose enums and structs are noted; and
 * a type as the IDL writes it.
 */
int nthrift_compare_types(nthrift_compat_t *c, const nthrift_idl_type_t *was,
    const nthrift_idl_type_t *now, unsigned ways, unsigned *bits);
const char *nthrift_compare_type_words(char words[NTHRIFT_COMPARE_WORDS],
    const nthrift_idl_type_t *type);

/*
 * compare_value.c: whether two values, or none (NULL), are the same; and a
 * value as text, or NULL if it is not a simple one.
 */
int nthrift_compare_values(nthrift_compat_t *c,
    const nthrift_idl_value_t *was, const nthrift_idl_value_t *now);
const char *nthrift_compare_value_words(char words[NTHRIFT_COMPARE_WORDS],
    const nthrift_idl_value_t *value);

/*
 * compare_struct.c: compares the fields of two structs, argument lists or
 * lists of exceptions; two structs; and two enums.
 */
int nthrift_compare_fields(nthrift_compat_t *c,
    const nthrift_compare_fields_t *fields);
int nthrift_compare_structs(nthrift_compat_t *c,
    const nthrift_idl_struct_t *was, const nthrift_idl_struct_t *now,
    unsigned ways);
void nthrift_compare_enums(nthrift_compat_t *c,
    const nthrift_idl_enum_t *was, const nthrift_idl_enum_t *now,
    unsigned ways);


#endif /* NTHRIFT_IDL_COMPARE_H */
