/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * plain/error.h: how an error tells its place.  Private to plain/.
 */

#ifndef NTHRIFT_PLAIN_ERROR_H
#define NTHRIFT_PLAIN_ERROR_H

#include "plain/plain.h"


/* Arguments of "%.*s" */

#define nthrift_plain_str(s)  (int) (s)->len, (const char *) (s)->data


/* Where a value is: what is written of it, and what it is in. */

typedef enum {
    NTHRIFT_PLAIN_ROOT = 0,
    NTHRIFT_PLAIN_FIELD,            /* .name */
    NTHRIFT_PLAIN_INDEX,            /* [3] */
    NTHRIFT_PLAIN_KEY               /* {name} */
} nthrift_plain_path_e;

typedef struct nthrift_plain_path_s  nthrift_plain_path_t;

struct nthrift_plain_path_s {
    const nthrift_plain_path_t  *up;        /* NULL: it is the root */
    nthrift_plain_path_e         kind;
    nthrift_str_t                name;
    size_t                       index;
};


/*
 * Says what is wrong, unless something has been said.  `path` may be NULL: the
 * sentence stands alone.  Returns NTHRIFT_ERROR.
 */
int nthrift_plain_error_say(nthrift_plain_error_t *err,
    nthrift_plain_error_e kind, const nthrift_plain_path_t *path,
    const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));


/*
 * The names that there are in place of a wrong one, as a part of a sentence:
 * "a", "b" and 3 more.  Names that have no room are counted.
 */

#define NTHRIFT_PLAIN_NAMES  160        /* bytes of the text */

typedef struct {
    size_t   len;
    size_t   n;                                 /* that were added */
    size_t   more;                              /* and have no room */
    char     text[NTHRIFT_PLAIN_NAMES];         /* ends with a 0 byte */
} nthrift_plain_names_t;

/* Lists the fields of a struct, or the values of an enum, in their order. */
void nthrift_plain_names_fields(nthrift_plain_names_t *names,
    const nthrift_idl_struct_t *st);
void nthrift_plain_names_items(nthrift_plain_names_t *names,
    const nthrift_idl_enum_t *en);


#endif /* NTHRIFT_PLAIN_ERROR_H */
